//! Mail over SMTP. The key is the message's id, which a mailbox may or may not take once.

use super::{Parcel, Way, config::MailConfig};
use futures::future::BoxFuture;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use narhet_runtime::Refusal;

pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
    domain: String,
    test: Option<String>,
}

impl Mail {
    pub fn open(config: &MailConfig) -> Result<Self, String> {
        let sender: Mailbox = config.sender.parse().map_err(|error| format!("the sender of mail: {error}"))?;
        let builder = if config.without_tls {
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
        } else {
            AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&config.host).map_err(|error| error.to_string())?
        };
        let builder = match (&config.user, &config.password) {
            (Some(user), Some(password)) => {
                builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()))
            }
            _ => builder,
        };
        Ok(Self {
            transport: builder.port(config.port).build(),
            domain: sender.email.domain().to_owned(),
            sender,
            test: config.test_receiver.clone(),
        })
    }
}

/// No connection came about, so nothing was said.
fn nobody_there(error: &lettre::transport::smtp::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

impl Way for Mail {
    fn carry(&self, address: String, parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>> {
        let Ok(to) = address.parse::<Mailbox>() else {
            return super::refuse("the address is not a mail address".to_owned());
        };
        let subject = if parcel.exercise { "ÖVNING: larm från Närhet" } else { "Larm från Närhet" };
        let message = Message::builder()
            .from(self.sender.clone())
            .to(to)
            .subject(subject)
            .message_id(Some(format!("<{}@{}>", parcel.key, self.domain)))
            .header(ContentType::TEXT_PLAIN)
            .body(parcel.text);
        let message = match message {
            Ok(message) => message,
            Err(error) => return super::refuse(error.to_string()),
        };
        let transport = self.transport.clone();
        Box::pin(async move {
            match transport.send(message).await {
                Ok(answer) => Ok(answer.code().to_string()),
                // A server may repeat the address in its words: only the code is kept.
                Err(error) => Err(Refusal {
                    detail: error
                        .status()
                        .map_or_else(|| "no mail server answered".to_owned(), |code| format!("answered {code}")),
                    may_heal: !error.is_permanent(),
                    may_be_done: error.status().is_none() && !nobody_there(&error),
                }),
            }
        })
    }

    fn test_receiver(&self) -> Option<&str> {
        self.test.as_deref()
    }

    fn honours_the_key(&self) -> bool {
        false
    }
}
