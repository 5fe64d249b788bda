//! The process that is killed: opens the store, says so, commits until it dies, and tells of each commit.

use narhet_event_store::{Commit, Expected, NewEvent, Options, Outcome, Store, StreamWrite};
use narhet_kernel::{Clock, StreamId};
use std::{
    io::Write,
    process::{Command, Stdio},
};
use uuid::Uuid;

const FOLDER: &str = "NARHET_CRASH_CHILD";

/// A command that runs this binary as the child on `folder`.
pub fn command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // Standard error is where acks go: the test harness writes to standard output itself.
    command
        .args(["--exact", "child::works_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

pub fn options(folder: &std::path::Path) -> Options {
    Options {
        // Small, so that a short life sees segments and folds come and go.
        segment_bytes: 48 * 1024,
        allocate_step_bytes: 16 * 1024,
        fold_events: 40,
        fold_interval_ms: 20,
        ..Options::new(folder, Clock::system())
    }
}

/// The outcome of a commit with these events; its key is the first one's id.
pub fn outcome(ids: &[Uuid]) -> Outcome {
    let key = ids[0].to_string();
    Outcome { principal: "p".to_owned(), route: "r".to_owned(), key, body_hash: [1; 32], event_ids: ids.to_vec() }
}

#[test]
fn works_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Store::open(options(folder.as_ref())).unwrap();
    let mut acks = std::io::stderr();
    writeln!(acks, "open {}", store.committed_position()).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let store = store.clone();
            scope.spawn(move || work(&store, writer));
        }
    });
}

fn work(store: &Store, writer: usize) {
    let mut acks = std::io::stderr();
    for number in 0.. {
        let stream = StreamId::new("case", &format!("{}", (number * 3 + writer) % 11));
        let count = 1 + number % 3;
        let ids: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        let events = ids.iter().map(|id| {
            let head = format!(r#"{{"id":"{id}","subject":"{stream}","data":"{}""#, "x".repeat(number * 37 % 900));
            NewEvent { id: *id, head: head.into_bytes() }
        });
        let events = events.collect();
        let commit = Commit {
            writes: vec![StreamWrite { stream: stream.clone(), expected: Expected::Any, events }],
            outcome: Some(outcome(&ids)),
            ..Commit::default()
        };
        let Ok(appended) = store.append(commit) else { return };
        if store.wait_durable(appended.last()).is_err() {
            return;
        }
        // One write a commit, so that a line is told wholly or not at all.
        let mut line = String::new();
        for (event, id) in appended.events.iter().zip(&ids) {
            line += &format!("ack {} {id} {} {}\n", event.position, fingerprint(&event.bytes), ids[0]);
        }
        if acks.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

/// A fingerprint of an event's bytes (FNV-1a), the store's own chain is checked apart.
pub fn fingerprint(bytes: &[u8]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
