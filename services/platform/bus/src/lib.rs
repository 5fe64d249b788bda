//! The bus: NATS with JetStream, and a small in-process twin whose one purpose is seeded simulation and quick contract tests.
//!
//! One contract suite (`tests/contract`) runs on both. The bus knows subjects and bytes, never events: what a message means
//! is the runtime's business. This is the only crate that names `async-nats`.

mod nats;
mod twin;

pub use nats::{Credentials, NatsOptions};
pub use twin::Twin;

use bytes::Bytes;
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// Headers of a message; names as they are written.
pub type Headers = BTreeMap<String, String>;

/// A connection to the bus; cheap to clone.
#[derive(Clone)]
pub enum Bus {
    Nats(std::sync::Arc<nats::Nats>),
    Twin(Twin),
}

/// The one stream of a site.
#[derive(Clone, Debug)]
pub struct StreamNames {
    pub name: String,
    /// The subjects it takes: `narhet.stad.evt.>`.
    pub subjects: String,
}

/// A message for the stream.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub subject: String,
    pub headers: Headers,
    pub payload: Bytes,
}

/// A message of the stream.
#[derive(Clone, Debug)]
pub struct Published {
    /// The stream's sequence: a hint, never stored as truth.
    pub sequence: u64,
    pub subject: String,
    pub headers: Headers,
    pub payload: Bytes,
}

/// What a batch is fenced by: the sequence of the partition's last message, 0 for an empty partition.
#[derive(Clone, Debug)]
pub struct Fence {
    /// A subject with wildcard: `narhet.stad.evt.area.>`.
    pub partition: String,
    pub last_sequence: u64,
}

/// A request that waits for its answer.
pub struct Incoming {
    pub subject: String,
    pub headers: Headers,
    pub payload: Bytes,
    pub(crate) answer: Answer,
}

/// How to answer an [`Incoming`].
pub enum Answer {
    Nats {
        client: async_nats::Client,
        reply: async_nats::Subject,
    },
    Twin(oneshot::Sender<Bytes>),
    /// Nobody waits: a request without a reply subject.
    None,
}

impl Incoming {
    /// Splits what was asked from how to answer it.
    pub fn into_parts(self) -> (String, Headers, Bytes, Answer) {
        (self.subject, self.headers, self.payload, self.answer)
    }
}

impl Answer {
    /// Answers; a caller that has gone is nobody's error.
    pub async fn send(self, payload: Bytes) {
        match self {
            Answer::Nats { client, reply } => {
                if let Err(error) = client.publish(reply, payload).await {
                    tracing::warn!(%error, "a reply could not be sent");
                }
            }
            Answer::Twin(sender) => drop(sender.send(payload)),
            Answer::None => {}
        }
    }
}

/// Requests to a subject that is served here. Ends when the connection is closed for good.
pub struct Requests(pub(crate) mpsc::Receiver<Incoming>);

impl Requests {
    pub async fn next(&mut self) -> Option<Incoming> {
        self.0.recv().await
    }
}

/// Messages of the stream in stream order. `None` means "start anew from where you are": after a reconnect, a broker that
/// lost its tail or any error, sequences may name other messages.
pub struct Messages(pub(crate) mpsc::Receiver<Published>);

impl Messages {
    pub async fn next(&mut self) -> Option<Published> {
        self.0.recv().await
    }
}

/// A connection or the stream could not be used.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error("cannot connect to NATS at {url}: {reason}")]
    Connect { url: String, reason: String },
    #[error("NATS {version} is too old: at least 2.12 is needed, `make tools` fetches one")]
    TooOld { version: String },
    #[error("the stream is missing")]
    NoStream,
    #[error("{doing} failed: {reason}")]
    Failed { doing: &'static str, reason: String },
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestError {
    #[error("nobody serves {0}")]
    NoResponders(String),
    #[error("no answer from {0} in time; whether it was done is unknown")]
    TimedOut(String),
    #[error("the request to {0} could not be sent: {1}")]
    NotSent(String, String),
}

/// Why a batch is not known to be in the stream.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The partition's last message is another one than the fence says, or the server refused the batch otherwise.
    #[error("the stream refused the batch: {0}")]
    Refused(String),
    /// No answer: it may be there or not. Read the last message before deciding.
    #[error("whether the batch is in the stream is unknown: {0}")]
    Unknown(String),
}

impl Bus {
    /// Sends a request to whoever serves the subject and waits for the answer.
    pub async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, RequestError> {
        match self {
            Bus::Nats(nats) => nats.request(subject, headers, payload, timeout).await,
            Bus::Twin(twin) => twin.request(subject, headers, payload, timeout).await,
        }
    }

    /// Serves a subject, which may end in `>`. At most `capacity` requests wait here; more are left to time out.
    pub async fn serve(&self, pattern: &str, capacity: usize) -> Result<Requests, BusError> {
        match self {
            Bus::Nats(nats) => nats.serve(pattern, capacity).await,
            Bus::Twin(twin) => Ok(twin.serve(pattern, capacity)),
        }
    }

    /// Makes the site's stream if it is missing.
    pub async fn ensure_stream(&self) -> Result<(), BusError> {
        match self {
            Bus::Nats(nats) => nats.ensure_stream().await,
            Bus::Twin(_) => Ok(()),
        }
    }

    /// Publishes a batch whole or not at all, if the fence holds; the sequence of its last message.
    pub async fn publish(&self, batch: &[Outgoing], fence: &Fence) -> Result<u64, PublishError> {
        match self {
            Bus::Nats(nats) => nats.publish(batch, fence).await,
            Bus::Twin(twin) => twin.publish(batch, fence),
        }
    }

    /// The last message of a partition.
    pub async fn last(&self, partition: &str) -> Result<Option<Published>, BusError> {
        match self {
            Bus::Nats(nats) => nats.last(partition).await,
            Bus::Twin(twin) => Ok(twin.last(partition)),
        }
    }

    /// The first message of a partition at or after a sequence.
    pub async fn next_from(&self, partition: &str, sequence: u64) -> Result<Option<Published>, BusError> {
        match self {
            Bus::Nats(nats) => nats.next_from(partition, sequence).await,
            Bus::Twin(twin) => Ok(twin.next_from(partition, sequence)),
        }
    }

    /// The messages of some partitions from a sequence on, live.
    pub async fn consume(&self, partitions: &[String], from_sequence: u64) -> Result<Messages, BusError> {
        match self {
            Bus::Nats(nats) => nats.consume(partitions, from_sequence).await,
            Bus::Twin(twin) => Ok(twin.consume(partitions, from_sequence)),
        }
    }

    /// Counts connections: a change says that the broker may be another one than before.
    pub fn epoch(&self) -> watch::Receiver<u64> {
        match self {
            Bus::Nats(nats) => nats.epoch(),
            Bus::Twin(twin) => twin.epoch(),
        }
    }

    /// Sends what is buffered and closes the connection.
    pub async fn close(&self) {
        if let Bus::Nats(nats) = self {
            nats.close().await;
        }
    }
}

/// Whether a subject matches a pattern that may end in `>`.
pub(crate) fn matches(pattern: &str, subject: &str) -> bool {
    match pattern.strip_suffix('>') {
        Some(prefix) => subject.len() > prefix.len() && subject.starts_with(prefix),
        None => pattern == subject,
    }
}
