//! One event as bytes: the JSON text of a CloudEvents 1.0 envelope, decided once and written once.

use crate::events::Message;
use narhet_kernel::{BoardId, Klass, Role, StreamId, Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A stored event as its reader sees it; decoded from the stored bytes, which stay the truth.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    pub specversion: String,
    pub id: Uuid,
    pub source: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub subject: StreamId,
    pub correlationid: Uuid,
    #[serde(default)]
    pub causationid: Option<Uuid>,
    pub principal: String,
    #[serde(default)]
    pub role: Option<Role>,
    pub owner: BoardId,
    pub readers: String,
    pub klass: Klass,
    #[serde(default)]
    pub exercise: bool,
    #[serde(default)]
    pub occurredat: Option<Timestamp>,
    pub data: Box<RawValue>,
    #[serde(with = "decimal")]
    pub position: u64,
    #[serde(with = "decimal")]
    pub version: u64,
    pub time: Timestamp,
    pub prevhash: String,
}

impl Event {
    pub fn decode(bytes: &[u8]) -> Result<Event, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Decodes `data`, when this event is an `M`.
    pub fn data<M: Message>(&self) -> Option<Result<M, serde_json::Error>> {
        (self.event_type == M::TYPE).then(|| serde_json::from_str(self.data.get()))
    }
}

/// 64-bit numbers are decimal strings, as ProtoJSON has them: a reader in JavaScript loses no digit.
pub mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Everything about an event that is known before the store gives it a place in the log.
#[derive(Clone, Debug)]
pub struct Draft {
    pub id: Uuid,
    pub stream: StreamId,
    pub event_type: &'static str,
    pub owner: BoardId,
    /// Board and role names, comma-separated; `*` = every authenticated role but liaison.
    pub readers: String,
    pub klass: Klass,
    pub exercise: bool,
    pub occurred_at: Option<Timestamp>,
    pub data: Box<RawValue>,
}

impl Draft {
    /// An event that everybody who is authenticated may read: boards, areas, calendars.
    pub fn public<M: Message>(id: Uuid, stream: StreamId, owner: BoardId, message: &M) -> Self {
        Self {
            id,
            stream,
            event_type: M::TYPE,
            owner,
            readers: "*".to_owned(),
            klass: Klass::PUBLIC,
            exercise: false,
            occurred_at: None,
            data: message.to_raw(),
        }
    }
}

/// Why an event came to be: the members that the runtime adds to a [`Draft`].
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    /// `/narhet/<site>/<context>`.
    pub source: &'a str,
    pub correlation_id: Uuid,
    pub causation_id: Option<Uuid>,
    pub principal: &'a str,
    pub role: Option<Role>,
}

#[derive(Serialize)]
struct Head<'a> {
    specversion: &'static str,
    id: Uuid,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'static str,
    subject: &'a StreamId,
    datacontenttype: &'static str,
    correlationid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<Uuid>,
    principal: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    owner: &'a BoardId,
    readers: &'a str,
    klass: Klass,
    exercise: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurredat: Option<Timestamp>,
    data: &'a RawValue,
}

/// The envelope's text without its closing brace; the store appends position, version, time and prevhash at commit.
pub fn head(draft: &Draft, cause: Cause<'_>) -> Vec<u8> {
    let head = Head {
        specversion: "1.0",
        id: draft.id,
        source: cause.source,
        event_type: draft.event_type,
        subject: &draft.stream,
        datacontenttype: "application/json",
        correlationid: cause.correlation_id,
        causationid: cause.causation_id,
        principal: cause.principal,
        role: cause.role,
        owner: &draft.owner,
        readers: &draft.readers,
        klass: draft.klass,
        exercise: draft.exercise,
        occurredat: draft.occurred_at,
        data: &draft.data,
    };
    let mut bytes = serde_json::to_vec(&head).expect("strings, ids and checked JSON always serialize");
    bytes.pop();
    bytes
}

/// A text that only the owner of its key can read; destroying the key erases it from a log that is for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub sealed: SealedBox,
}

/// XChaCha20-Poly1305 under the data key `key`; `box` is base64 of a 24-byte nonce and the ciphertext with its tag.
/// The associated data are the event id, the field path and the key id, so a box cannot be moved to another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBox {
    pub key: String,
    #[serde(rename = "box")]
    pub boxed: String,
}
