//! A signed webhook: the receiver checks the signature and honours the key.

use super::{Parcel, Secret, Way, config::WebhookConfig, signature};
use futures::future::BoxFuture;
use narhet_kernel::Timestamp;
use narhet_runtime::Refusal;

/// The header with the key of a delivery.
const KEY: &str = "Idempotency-Key";

pub struct Webhook {
    client: reqwest::Client,
    secret: Secret,
    test: Option<String>,
    plain_http: bool,
}

impl Webhook {
    pub fn open(config: &WebhookConfig) -> Result<Self, String> {
        Ok(Self {
            client: client()?,
            secret: config.secret.clone(),
            test: config.test_receiver.clone(),
            plain_http: config.plain_http,
        })
    }
}

impl Way for Webhook {
    fn carry(&self, address: String, parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>> {
        if !allowed(&address, self.plain_http) {
            return super::refuse("the address is not an https URL".to_owned());
        }
        let body = serde_json::to_vec(&parcel).unwrap_or_default();
        // Real time: the receiver judges by its own clock, not by the house's.
        let signature = signature::sign(&self.secret, Timestamp::now(), &body);
        let request = self
            .client
            .post(address)
            .header("Content-Type", "application/json")
            .header(KEY, parcel.key)
            .header(signature::HEADER, signature)
            .body(body);
        Box::pin(async move { outcome(request.send().await) })
    }

    fn test_receiver(&self) -> Option<&str> {
        self.test.as_deref()
    }

    fn honours_the_key(&self) -> bool {
        true
    }
}

/// Redirects are not followed: a signed alarm goes where it was addressed or nowhere.
pub(super) fn client() -> Result<reqwest::Client, String> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.build().map_err(|error| error.to_string())
}

pub(super) fn allowed(url: &str, plain_http: bool) -> bool {
    url.starts_with("https://") || (plain_http && url.starts_with("http://"))
}

/// Never the URL: it may hold a secret and is an address.
pub(super) fn outcome(sent: Result<reqwest::Response, reqwest::Error>) -> Result<String, Refusal> {
    match sent {
        Ok(answer) if answer.status().is_success() => Ok(answer.status().as_u16().to_string()),
        Ok(answer) => {
            let status = answer.status();
            // 4xx says the same next time, but for a time-out and too many at once.
            let may_heal = !status.is_client_error() || matches!(status.as_u16(), 408 | 425 | 429);
            let may_be_done = status.is_server_error() || status.as_u16() == 408;
            Err(Refusal { detail: format!("answered {}", status.as_u16()), may_heal, may_be_done })
        }
        Err(error) => {
            let may_be_done = !error.is_connect() && !error.is_builder();
            Err(Refusal { detail: error.without_url().to_string(), may_heal: true, may_be_done })
        }
    }
}
