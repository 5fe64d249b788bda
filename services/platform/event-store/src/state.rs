//! What an append decides on, under one lock: heads, the end of the chain, and what waits for the disk.

use crate::{
    codec::Extras,
    error::{AppendError, Stopped},
    keys::{OutcomeKey, StreamKey, StreamMap},
    suffix::Suffixes,
    types::{Expected, NewEvent, Outcome, Progress, Stored},
};
use bytes::Bytes;
use narhet_kernel::{StreamId, Vector};
use std::collections::{HashMap, HashSet, VecDeque};
use uuid::Uuid;

/// One stream's part of a commit, with its key computed before the lock is taken.
#[derive(Debug)]
pub struct KeyedWrite {
    pub stream: StreamId,
    pub key: StreamKey,
    pub expected: Expected,
    pub events: Vec<NewEvent>,
}

/// An appended commit on its way to the disk.
#[derive(Debug)]
pub struct Pending {
    pub events: Vec<PendingEvent>,
    pub streams: Vec<(StreamId, StreamKey)>,
    /// All marks after this commit, if it changed any.
    pub consumed: Option<Vector>,
    pub outcomes: Vec<(i64, Outcome)>,
    pub progress: Vec<Progress>,
    pub bytes: usize,
    /// Id and hash of the last event.
    pub last: (Uuid, [u8; 32]),
    /// An adopted frame stays the frame it was.
    pub alone: bool,
}

#[derive(Debug)]
pub struct PendingEvent {
    pub id: Uuid,
    /// Index into [`Pending::streams`].
    pub stream: u32,
    pub stored: Stored,
}

/// The last ids appended, newest last.
#[derive(Debug, Default)]
pub struct Seen {
    known: HashSet<Uuid>,
    order: VecDeque<Uuid>,
    limit: usize,
}

impl Seen {
    pub fn new(limit: usize) -> Seen {
        Seen { limit, ..Seen::default() }
    }

    pub fn insert(&mut self, id: Uuid) {
        if self.known.insert(id) {
            self.order.push_back(id);
            if self.order.len() > self.limit
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
    }

    pub fn contains(&self, id: Uuid) -> bool {
        self.known.contains(&id)
    }
}

#[derive(Debug)]
pub struct State {
    pub stopped: Option<Stopped>,
    /// A clean stop was asked for: nothing more is appended, what is pending is written.
    pub closing: bool,
    pub heads: StreamMap<u64>,
    /// The last position assigned.
    pub head: u64,
    /// Recorded time of the last event, microseconds since 1970.
    pub time: i64,
    /// BLAKE3 of the last event's bytes; zeros before the first.
    pub hash: [u8; 32],
    pub suffixes: Suffixes,
    pub seen: Seen,
    pub consumed: Vector,
    /// Outcomes and progress that the index does not have yet, with the position that brought them.
    pub outcomes: HashMap<OutcomeKey, (u64, i64, Outcome)>,
    pub progress: HashMap<String, (u64, Progress)>,
    pub pending: VecDeque<Pending>,
    pub pending_bytes: usize,
    /// The writer thread sleeps until told.
    pub writer_idle: bool,
}

impl State {
    /// Whether the writes fit the streams as they are; a later write sees the earlier ones of the same commit.
    fn check(&self, writes: &[KeyedWrite]) -> Result<(), AppendError> {
        for (index, write) in writes.iter().enumerate() {
            let earlier = writes[..index].iter().filter(|earlier| earlier.key == write.key);
            let earlier: u64 = earlier.map(|earlier| earlier.events.len() as u64).sum();
            let actual = self.heads.get(&write.key).copied().unwrap_or(0) + earlier;
            let fits = match write.expected {
                Expected::Any => true,
                Expected::NoStream => actual == 0,
                Expected::Exactly(version) => actual == version,
            };
            if !fits {
                return Err(AppendError::Conflict { stream: write.stream.clone(), actual });
            }
        }
        Ok(())
    }

    /// Gives the events their places and queues them. `now` is the earliest time they may be recorded at.
    pub fn append(&mut self, writes: Vec<KeyedWrite>, now: i64, extras: Extras) -> Result<Vec<Stored>, AppendError> {
        self.check(&writes)?;
        let count = writes.iter().map(|write| write.events.len()).sum();
        let mut pending = Pending {
            events: Vec::with_capacity(count),
            streams: Vec::with_capacity(writes.len()),
            consumed: None,
            outcomes: Vec::new(),
            progress: extras.progress,
            bytes: 0,
            last: (Uuid::nil(), [0; 32]),
            alone: false,
        };
        let mut answer = Vec::with_capacity(count);
        for write in writes {
            let stream = pending.streams.len() as u32;
            let version = self.heads.entry(write.key).or_insert(0);
            for NewEvent { id, head } in write.events {
                let mut bytes = head;
                *version += 1;
                self.head += 1;
                self.time = now.max(self.time + 1);
                self.suffixes.write(&mut bytes, self.head, *version, self.time, &self.hash);
                self.hash = *blake3::hash(&bytes).as_bytes();
                self.seen.insert(id);
                pending.bytes += bytes.len();
                let stored = Stored { position: self.head, version: *version, bytes: Bytes::from(bytes) };
                answer.push(stored.clone());
                pending.events.push(PendingEvent { id, stream, stored });
                pending.last.0 = id;
            }
            pending.streams.push((write.stream, write.key));
        }
        pending.last.1 = self.hash;
        let outcomes = extras.outcomes.into_iter().map(|(_, outcome)| (self.time, outcome)).collect();
        self.queue(pending, &extras.consumed, outcomes);
        Ok(answer)
    }

    /// Takes over what the commit says beside its events, and hands it to the writer thread.
    pub fn queue(&mut self, mut pending: Pending, consumed: &Vector, outcomes: Vec<(i64, Outcome)>) {
        if !consumed.is_empty() {
            for (context, mark) in consumed.iter() {
                self.consumed.set(context, mark);
            }
            pending.consumed = Some(self.consumed.clone());
        }
        for (time, outcome) in &outcomes {
            self.outcomes.insert(OutcomeKey::of(outcome), (self.head, *time, outcome.clone()));
        }
        for progress in &pending.progress {
            self.progress.insert(progress.process.clone(), (self.head, progress.clone()));
        }
        pending.outcomes = outcomes;
        self.pending_bytes += pending.bytes;
        self.pending.push_back(pending);
    }

    /// Forgets what the index has by now.
    pub fn folded(&mut self, through: u64) {
        self.outcomes.retain(|_, (position, _, _)| *position > through);
        self.progress.retain(|_, (position, _)| *position > through);
    }
}
