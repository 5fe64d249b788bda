//! The bus on a real NATS server.

use crate::{
    Answer, BusError, Fence, Headers, Incoming, Messages, Outgoing, PublishError, Published, RequestError, Requests,
    StreamNames,
};
use async_nats::{
    Client, HeaderMap,
    client::RequestErrorKind,
    jetstream::{
        self,
        consumer::{DeliverPolicy, pull::OrderedConfig},
        context::GetStreamErrorKind,
        stream::{DiscardPolicy, LastRawMessageErrorKind, RetentionPolicy, StorageType},
    },
};
use bytes::Bytes;
use futures::StreamExt;
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};
use tokio::sync::{mpsc, watch};

/// Time for one call to JetStream's API; a healthy server answers in a millisecond.
const API_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two tries to reach the server: short, because nothing flows meanwhile.
const RECONNECT_DELAY: Duration = Duration::from_millis(100);
/// Messages on the way from the connection to a consumer.
const CONSUMER_CAPACITY: usize = 1_024;

/// How to reach the server.
#[derive(Clone, Debug)]
pub struct NatsOptions {
    pub url: String,
    /// The role, for the server's log and the inbox prefix: no role can read another's replies.
    pub name: String,
    pub credentials: Credentials,
    pub stream: StreamNames,
}

/// Who we are to the server.
#[derive(Clone)]
pub enum Credentials {
    None,
    UserPassword {
        user: String,
        password: String,
    },
    /// A NATS `.creds` file (JWT and seed).
    File(PathBuf),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Credentials::None => f.write_str("None"),
            Credentials::UserPassword { user, .. } => write!(f, "UserPassword({user})"),
            Credentials::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

/// One connection.
#[derive(Clone)]
pub struct Nats {
    client: Client,
    context: jetstream::Context,
    stream: StreamNames,
    epoch: watch::Receiver<u64>,
}

impl crate::Bus {
    /// Connects; fails when the server cannot be reached now or is too old. Later losses are healed in the background.
    pub async fn connect(options: NatsOptions) -> Result<crate::Bus, BusError> {
        Nats::connect(options).await.map(|nats| crate::Bus::Nats(std::sync::Arc::new(nats)))
    }
}

impl Nats {
    async fn connect(options: NatsOptions) -> Result<Nats, BusError> {
        let failed = |reason: String| BusError::Connect { url: options.url.clone(), reason };
        let (epoch_sender, epoch) = watch::channel(0);
        let name = options.name.clone();
        let connect = async_nats::ConnectOptions::new()
            .name(&options.name)
            .custom_inbox_prefix(format!("_INBOX_{}", options.name))
            .max_reconnects(None)
            .reconnect_delay_callback(|attempts| if attempts <= 1 { Duration::ZERO } else { RECONNECT_DELAY })
            .request_timeout(Some(API_TIMEOUT))
            .event_callback(move |event| {
                let (sender, name) = (epoch_sender.clone(), name.clone());
                async move {
                    match event {
                        async_nats::Event::Connected => sender.send_modify(|epoch| *epoch += 1),
                        closing @ (async_nats::Event::Draining | async_nats::Event::Closed) => {
                            tracing::debug!(connection = %name, event = %closing, "bus");
                        }
                        other => tracing::info!(connection = %name, event = %other, "bus"),
                    }
                }
            });
        let connect = match &options.credentials {
            Credentials::None => connect,
            Credentials::UserPassword { user, password } => connect.user_and_password(user.clone(), password.clone()),
            Credentials::File(path) => {
                connect.credentials_file(path).await.map_err(|error| failed(format!("{}: {error}", path.display())))?
            }
        };
        let client = connect.connect(&options.url).await.map_err(|error| failed(error.to_string()))?;
        if !client.is_server_compatible(2, 12, 0) {
            return Err(BusError::TooOld { version: client.server_info().version });
        }
        let mut context = jetstream::new(client.clone());
        context.set_timeout(API_TIMEOUT);
        Ok(Nats { client, context, stream: options.stream, epoch })
    }

    pub(crate) fn epoch(&self) -> watch::Receiver<u64> {
        self.epoch.clone()
    }

    pub(crate) async fn close(&self) {
        if let Err(error) = self.client.drain().await {
            tracing::debug!(%error, "closing the connection");
        }
    }

    pub(crate) async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, RequestError> {
        let request = async_nats::Request::new().payload(payload).headers(header_map(&headers)).timeout(Some(timeout));
        match self.client.send_request(subject.to_owned(), request).await {
            Ok(message) => Ok(message.payload),
            Err(error) => Err(match error.kind() {
                RequestErrorKind::NoResponders => RequestError::NoResponders(subject.to_owned()),
                RequestErrorKind::TimedOut => RequestError::TimedOut(subject.to_owned()),
                RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::Other => {
                    RequestError::NotSent(subject.to_owned(), error.to_string())
                }
            }),
        }
    }

    pub(crate) async fn serve(&self, pattern: &str, capacity: usize) -> Result<Requests, BusError> {
        let failed = |reason: String| BusError::Failed { doing: "serving requests", reason };
        let mut subscriber =
            self.client.subscribe(pattern.to_owned()).await.map_err(|error| failed(error.to_string()))?;
        // Served only once the server knows: a caller that sees us ready must not get "no responders".
        self.client.flush().await.map_err(|error| failed(error.to_string()))?;
        let (sender, receiver) = mpsc::channel(capacity);
        let client = self.client.clone();
        tokio::spawn(async move {
            loop {
                let message = tokio::select! {
                    message = subscriber.next() => message,
                    () = sender.closed() => None,
                };
                let Some(message) = message else { return };
                let answer = match message.reply {
                    Some(reply) => Answer::Nats { client: client.clone(), reply },
                    None => Answer::None,
                };
                let incoming = Incoming {
                    subject: message.subject.to_string(),
                    headers: message.headers.map(headers_of).unwrap_or_default(),
                    payload: message.payload,
                    answer,
                };
                if sender.send(incoming).await.is_err() {
                    return;
                }
            }
        });
        Ok(Requests(receiver))
    }

    pub(crate) async fn ensure_stream(&self) -> Result<(), BusError> {
        let config = jetstream::stream::Config {
            name: self.stream.name.clone(),
            subjects: vec![self.stream.subjects.clone()],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            deny_delete: true,
            deny_purge: true,
            // Reads must see their own writes, which a direct get does not promise.
            allow_direct: false,
            allow_atomic_publish: true,
            num_replicas: 1,
            ..Default::default()
        };
        match self.context.get_stream(&self.stream.name).await {
            Ok(_) => Ok(()),
            Err(error) if is_missing(&error.kind()) => self
                .context
                .create_stream(config)
                .await
                .map(|_| ())
                .map_err(|error| BusError::Failed { doing: "making the stream", reason: error.to_string() }),
            Err(error) => Err(BusError::Failed { doing: "looking for the stream", reason: error.to_string() }),
        }
    }

    pub(crate) async fn publish(&self, batch: &[Outgoing], fence: &Fence) -> Result<u64, PublishError> {
        let Some((last, before)) = batch.split_last() else { return Ok(fence.last_sequence) };
        let batch_id = uuid::Uuid::new_v4().simple().to_string();
        for (index, message) in before.iter().enumerate() {
            let mut headers = header_map(&message.headers);
            headers.insert("Nats-Batch-Id", batch_id.as_str());
            headers.insert("Nats-Batch-Sequence", (index + 1).to_string());
            if index == 0 {
                add_fence(&mut headers, fence);
            }
            self.client
                .publish_with_headers(message.subject.clone(), headers, message.payload.clone())
                .await
                .map_err(|error| PublishError::Unknown(error.to_string()))?;
        }
        let mut headers = header_map(&last.headers);
        if before.is_empty() {
            add_fence(&mut headers, fence);
        } else {
            headers.insert("Nats-Batch-Id", batch_id.as_str());
            headers.insert("Nats-Batch-Sequence", batch.len().to_string());
            headers.insert("Nats-Batch-Commit", "1");
        }
        let request =
            async_nats::Request::new().payload(last.payload.clone()).headers(headers).timeout(Some(API_TIMEOUT));
        let reply = self
            .client
            .send_request(last.subject.clone(), request)
            .await
            .map_err(|error| PublishError::Unknown(error.to_string()))?;
        let ack: PublishAck = serde_json::from_slice(&reply.payload)
            .map_err(|error| PublishError::Unknown(format!("an answer that is no acknowledgement: {error}")))?;
        match ack {
            PublishAck { error: Some(error), .. } => {
                Err(PublishError::Refused(format!("{} ({})", error.description, error.err_code)))
            }
            PublishAck { seq: Some(sequence), .. } => Ok(sequence),
            PublishAck { .. } => Err(PublishError::Unknown("an acknowledgement without a sequence".to_owned())),
        }
    }

    pub(crate) async fn last(&self, partition: &str) -> Result<Option<Published>, BusError> {
        let stream = self.stream().await?;
        match stream.get_last_raw_message_by_subject(partition).await {
            Ok(message) => Ok(Some(published(message))),
            Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
            Err(error) => Err(BusError::Failed { doing: "reading the last message", reason: error.to_string() }),
        }
    }

    pub(crate) async fn next_from(&self, partition: &str, sequence: u64) -> Result<Option<Published>, BusError> {
        let stream = self.stream().await?;
        match stream.raw_message_builder().sequence(sequence.max(1)).next_by_subject(partition).send().await {
            Ok(message) => Ok(Some(published(message))),
            Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
            Err(error) => Err(BusError::Failed { doing: "reading a message", reason: error.to_string() }),
        }
    }

    pub(crate) async fn consume(&self, partitions: &[String], from_sequence: u64) -> Result<Messages, BusError> {
        let failed = |reason: String| BusError::Failed { doing: "reading the stream", reason };
        let stream = self.stream().await?;
        let mut epoch = self.epoch.clone();
        epoch.mark_unchanged();
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from_sequence.max(1) },
            filter_subjects: partitions.to_vec(),
            ..Default::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| failed(error.to_string()))?;
        let mut messages = consumer.messages().await.map_err(|error| failed(error.to_string()))?;
        let (sender, receiver) = mpsc::channel(CONSUMER_CAPACITY);
        tokio::spawn(async move {
            loop {
                let message = tokio::select! {
                    message = messages.next() => message,
                    // Another connection, maybe another broker: sequences may name other messages now.
                    _ = epoch.changed() => None,
                    () = sender.closed() => None,
                };
                let message = match message {
                    Some(Ok(message)) => message,
                    Some(Err(error)) => {
                        tracing::warn!(%error, "the stream's consumer broke; it starts anew");
                        return;
                    }
                    None => return,
                };
                let Ok(info) = message.info() else { return };
                let published = Published {
                    sequence: info.stream_sequence,
                    subject: message.subject.to_string(),
                    headers: message.headers.clone().map(headers_of).unwrap_or_default(),
                    payload: message.payload.clone(),
                };
                if sender.send(published).await.is_err() {
                    return;
                }
            }
        });
        Ok(Messages(receiver))
    }

    async fn stream(&self) -> Result<jetstream::stream::Stream<()>, BusError> {
        self.context
            .get_stream_no_info(&self.stream.name)
            .await
            .map_err(|error| BusError::Failed { doing: "naming the stream", reason: error.to_string() })
    }
}

fn is_missing(kind: &GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND)
}

/// JetStream's answer to a publish.
#[derive(Deserialize)]
struct PublishAck {
    seq: Option<u64>,
    error: Option<PublishRefusal>,
}

#[derive(Deserialize)]
struct PublishRefusal {
    err_code: u64,
    #[serde(default)]
    description: String,
}

fn add_fence(headers: &mut HeaderMap, fence: &Fence) {
    headers.insert("Nats-Expected-Last-Subject-Sequence", fence.last_sequence.to_string());
    headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", fence.partition.as_str());
}

fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(name.as_str(), value.as_str());
    }
    map
}

fn headers_of(map: HeaderMap) -> Headers {
    map.iter().filter_map(|(name, values)| Some((name.to_string(), values.first()?.to_string()))).collect()
}

fn published(message: jetstream::message::StreamMessage) -> Published {
    Published {
        sequence: message.sequence,
        subject: message.subject.to_string(),
        headers: headers_of(message.headers),
        payload: message.payload,
    }
}
