//! What the store promises, tried on disks that crash and files that rot.

mod behaviour;
mod damage;
mod model;
mod sim;

use crate::{Commit, Expected, NewEvent, Options, Outcome, Store, Stored, StreamWrite, suffix::Suffix};
use narhet_kernel::{Clock, StreamId, Timestamp};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use uuid::Uuid;

/// A folder of its own for a test, removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("narhet-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn clock() -> Clock {
    Clock::manual("2026-11-20T20:00:00Z".parse::<Timestamp>().unwrap())
}

/// Small everything, so that a few events reach every path.
pub fn small(folder: impl Into<PathBuf>) -> Options {
    Options {
        segment_bytes: 6_000,
        allocate_step_bytes: 2_048,
        recent_bytes: 1_500,
        dedupe_events: 64,
        fold_events: 16,
        fold_interval_ms: 60_000,
        sled_cache_bytes: 1_000_000,
        ..Options::new(folder, clock())
    }
}

pub fn stream(number: usize) -> StreamId {
    StreamId::new("case", &number.to_string())
}

pub fn event(id: u128, stream: &StreamId, padding: usize) -> NewEvent {
    let id = Uuid::from_u128(id);
    let head = format!(r#"{{"id":"{id}","subject":"{stream}","data":"{}""#, "x".repeat(padding));
    NewEvent { id, head: head.into_bytes() }
}

pub fn write(stream_number: usize, expected: Expected, ids: std::ops::Range<u128>, padding: usize) -> StreamWrite {
    let stream = stream(stream_number);
    let events = ids.map(|id| event(id, &stream, padding)).collect();
    StreamWrite { stream, expected, events }
}

pub fn commit(writes: Vec<StreamWrite>) -> Commit {
    Commit { writes, ..Commit::default() }
}

pub fn outcome(key: &str, ids: &[u128]) -> Outcome {
    Outcome {
        principal: "p-1".to_owned(),
        route: "POST /v1/incidents".to_owned(),
        key: key.to_owned(),
        body_hash: [7; 32],
        event_ids: ids.iter().map(|id| Uuid::from_u128(*id)).collect(),
    }
}

/// Everything in the log, after checking that positions are gapless, versions dense, the chain unbroken and streams
/// read as the log says.
pub fn sound(store: &Store) -> Vec<Stored> {
    let mut all: Vec<Stored> = Vec::new();
    while let Some(page) = Some(store.read_all(all.len() as u64 + 1, 7, 2_000).unwrap()).filter(|page| !page.is_empty())
    {
        all.extend(page);
    }
    assert_eq!(all.len() as u64, store.committed_position(), "everything up to the watermark can be read");
    let mut hash = [0; 32];
    let mut time = i64::MIN;
    let mut streams: HashMap<String, Vec<Stored>> = HashMap::new();
    for (position, stored) in (1..).zip(&all) {
        assert_eq!(stored.position, position);
        let suffix = Suffix::read(&stored.bytes).expect("stored bytes end in a suffix");
        assert_eq!((suffix.position, suffix.version), (position, stored.version));
        assert_eq!(suffix.previous, hash, "the chain breaks at {position}");
        assert!(suffix.time > time);
        (hash, time) = (*blake3::hash(&stored.bytes).as_bytes(), suffix.time);
        let json: serde_json::Value = serde_json::from_slice(&stored.bytes).unwrap();
        streams.entry(json["subject"].as_str().unwrap().to_owned()).or_default().push(stored.clone());
        assert_eq!(store.last().map(|_| ()), Some(()));
    }
    for (name, events) in streams {
        let (kind, id) = name.split_once('/').unwrap();
        let stream = StreamId::new(kind, id);
        assert!(events.iter().map(|event| event.version).eq(1..=events.len() as u64), "versions of {name} are dense");
        assert_eq!(store.read(&stream, 1, usize::MAX >> 1).unwrap(), events);
        assert_eq!(store.version(&stream), events.len() as u64);
    }
    if let Some((position, _, last)) = store.last() {
        assert_eq!((position, last), (all.len() as u64, hash));
    }
    all
}
