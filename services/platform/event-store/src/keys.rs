//! Every key in sled, as one enum: the first byte says what it is, integers are big-endian so that they sort.
//!
//! Ordinals are part of the stored format: they are never given to anything else, even when a kind is retired. So is
//! [`crate::limits::POSTINGS_PER_CHUNK`].

use crate::types::Outcome;
use std::hash::{BuildHasherDefault, Hasher};

/// The first 16 bytes of BLAKE3 over a stream's name: short, of one length, and without collisions that anyone can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamKey(pub [u8; 16]);

impl StreamKey {
    pub fn of(stream: &str) -> StreamKey {
        StreamKey(short_hash(blake3::hash(stream.as_bytes())))
    }
}

impl std::hash::Hash for StreamKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

/// Names an idempotency outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutcomeKey(pub [u8; 16]);

impl OutcomeKey {
    pub fn new(principal: &str, route: &str, key: &str) -> OutcomeKey {
        let mut hasher = blake3::Hasher::new();
        for part in [principal, route, key] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        OutcomeKey(short_hash(hasher.finalize()))
    }

    pub fn of(outcome: &Outcome) -> OutcomeKey {
        OutcomeKey::new(&outcome.principal, &outcome.route, &outcome.key)
    }
}

fn short_hash(hash: blake3::Hash) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&hash.as_bytes()[..16]);
    short
}

/// Takes the bytes of a [`StreamKey`] as they are: they are a hash already.
#[derive(Clone, Debug, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }
}

pub type StreamMap<V> = std::collections::HashMap<StreamKey, V, BuildHasherDefault<AlreadyHashed>>;

/// A key in sled.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// -> format version, store id, last position folded, last position whose folding was begun.
    Applied,
    /// stream -> version.
    Head(StreamKey),
    /// stream, chunk number -> up to [`crate::limits::POSTINGS_PER_CHUNK`] locations of 12 bytes.
    Postings(StreamKey, u32),
    /// outcome -> time, outcome.
    Outcome(OutcomeKey),
    /// time, outcome -> nothing; says what to forget first.
    OutcomeTime(i64, OutcomeKey),
    /// process -> progress.
    Progress(&'a str),
    /// name -> position, bytes, CRC.
    Snapshot(&'a str),
    /// name, chunk number -> piece.
    SnapshotChunk(&'a str, u32),
}

impl Key<'_> {
    pub const HEADS: [u8; 1] = [2];
    pub const OUTCOME_TIMES: [u8; 1] = [5];

    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Key::Applied => vec![1],
            Key::Head(stream) => [&[2], stream.0.as_slice()].concat(),
            Key::Postings(stream, chunk) => [&[3], stream.0.as_slice(), &chunk.to_be_bytes()].concat(),
            Key::Outcome(outcome) => [&[4], outcome.0.as_slice()].concat(),
            Key::OutcomeTime(time, outcome) => [&[5], time.to_be_bytes().as_slice(), &outcome.0].concat(),
            Key::Progress(process) => [&[6], process.as_bytes()].concat(),
            Key::Snapshot(name) => [&[7], name.as_bytes()].concat(),
            Key::SnapshotChunk(name, chunk) => [&[8], StreamKey::of(name).0.as_slice(), &chunk.to_be_bytes()].concat(),
        }
    }
}
