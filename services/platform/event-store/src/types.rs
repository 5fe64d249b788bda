//! What goes into the log and what comes out of it.

use bytes::Bytes;
use jiff::Timestamp;
use narhet_kernel::{StreamId, Vector};
use uuid::Uuid;

/// What is decided at once and stored wholly or not at all.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub writes: Vec<StreamWrite>,
    /// Marks after this commit; empty leaves them as they were.
    pub consumed: Vector,
    pub outcome: Option<Outcome>,
    pub progress: Option<Progress>,
    /// Time of the cause: what is recorded here is never recorded as earlier.
    pub not_before: Option<Timestamp>,
}

/// Events for one stream, with what the caller believes about it.
#[derive(Clone, Debug)]
pub struct StreamWrite {
    pub stream: StreamId,
    pub expected: Expected,
    pub events: Vec<NewEvent>,
}

/// What a stream's version must be for a write to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Any,
    NoStream,
    Exactly(u64),
}

/// An event before it has a place in the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The same as the `id` inside `head`.
    pub id: Uuid,
    /// The CloudEvents JSON object's text without its closing brace, not empty, without `position`, `version`, `time`
    /// and `prevhash`; its `subject` is the stream's id.
    pub head: Vec<u8>,
}

/// An event with its place; `bytes` is the text that is hashed, relayed and fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub position: u64,
    pub version: u64,
    pub bytes: Bytes,
}

/// What a commit became; not durable until its last position is committed.
#[derive(Clone, Debug)]
pub struct Appended {
    pub events: Vec<Stored>,
}

impl Appended {
    /// The position to wait for.
    pub fn last(&self) -> u64 {
        self.events.last().map_or(0, |event| event.position)
    }
}

/// The answer that a keyed request got, to be given again: kept 24 hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub principal: String,
    pub route: String,
    pub key: String,
    /// Keyed hash of the request's body: the same key with another body is refused.
    pub body_hash: [u8; 32],
    pub event_ids: Vec<Uuid>,
}

/// How far a process has worked off one cause that has more effects than a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub process: String,
    pub cause: Uuid,
    /// The next ordinal to do; [`Progress::DONE`] removes the record.
    pub next: u32,
}

impl Progress {
    pub const DONE: u32 = u32::MAX;
}

/// One commit group as it is relayed and adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Position of the first event.
    pub first: u64,
    pub events: Vec<Bytes>,
    /// All marks as of this frame.
    pub consumed: Vector,
    pub outcomes: Vec<Outcome>,
    pub progress: Vec<Progress>,
}

impl Frame {
    /// Position of the last event.
    pub fn last(&self) -> u64 {
        self.first + self.events.len() as u64 - 1
    }
}
