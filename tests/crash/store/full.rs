//! A file system that is really full: the store stops, keeps what it acknowledged, and goes on once there is room.

use crate::{child, kill::folder, skipped};
use narhet_event_store::{AppendError, Commit, Expected, NewEvent, Store, StreamWrite, verify};
use narhet_kernel::StreamId;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use uuid::Uuid;

const MOUNT_BYTES: usize = 6 * 1024 * 1024;
const BALLAST_BYTES: usize = 1024 * 1024;
/// More than the mount can take.
const COMMITS_MAX: usize = 10_000;

/// A small tmpfs, gone at the end.
struct Mount(PathBuf);

impl Mount {
    fn new(at: PathBuf) -> Result<Mount, String> {
        let size = format!("size={MOUNT_BYTES}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        let output = mounted.map_err(|error| format!("mount cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(Mount(at));
        }
        Err(format!("a tmpfs cannot be mounted: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

fn commit(id: Uuid, number: usize) -> Commit {
    let stream = StreamId::new("case", &(number % 7).to_string());
    let head = format!(r#"{{"id":"{id}","subject":"{stream}","data":"{}""#, "x".repeat(1_000));
    let events = vec![NewEvent { id, head: head.into_bytes() }];
    let writes = vec![StreamWrite { stream, expected: Expected::Any, events }];
    Commit { writes, outcome: Some(child::outcome(&[id])), ..Commit::default() }
}

/// Commits one event after the other, waiting for each; the ids of those acknowledged, and whether all were.
fn work(store: &Store, commits: usize) -> (Vec<Uuid>, bool) {
    let mut acknowledged = Vec::new();
    for number in 0..commits {
        let id = Uuid::now_v7();
        let Ok(appended) = store.append(commit(id, number)) else { return (acknowledged, false) };
        if store.wait_durable(appended.last()).is_err() {
            return (acknowledged, false);
        }
        acknowledged.push(id);
    }
    (acknowledged, true)
}

/// Every acknowledged event is there, at its position.
fn holds(store: &Store, acknowledged: &[Uuid]) {
    let mut found = Vec::new();
    while (found.len() as u64) < store.committed_position() {
        for event in store.read_all(found.len() as u64 + 1, 500, 1 << 20).unwrap() {
            let json: serde_json::Value = serde_json::from_slice(&event.bytes).unwrap();
            found.push(json["id"].as_str().unwrap().parse::<Uuid>().unwrap());
        }
    }
    assert!(found.len() >= acknowledged.len());
    assert_eq!(found[..acknowledged.len()], *acknowledged);
    for id in acknowledged {
        assert!(store.outcome("p", "r", &id.to_string()).is_some(), "the outcome of {id} is gone");
    }
}

fn log(mount: &Path) -> PathBuf {
    mount.join("log")
}

#[test]
fn a_full_disk_stops_the_store_which_keeps_its_word_and_goes_on_when_there_is_room() {
    let mount = match Mount::new(folder("full")) {
        Ok(mount) => mount,
        Err(why) => {
            return skipped(&format!("{why}; a really full disk was NOT tried (the simulated one is, in event-store)"));
        }
    };
    let ballast = mount.0.join("ballast");
    fs::write(&ballast, vec![1; BALLAST_BYTES]).unwrap();
    let store = Store::open(child::options(&log(&mount.0))).unwrap();
    let (acknowledged, all) = work(&store, COMMITS_MAX);
    assert!(!all && acknowledged.len() > 100, "{} were acknowledged", acknowledged.len());
    let stopped = store.stopped().expect("a store that cannot write has stopped").to_string();
    assert!(matches!(store.append(commit(Uuid::now_v7(), 0)), Err(AppendError::Stopped(_))));
    drop(store);
    // Whatever is left of it, the journal is whole up to what was acknowledged.
    let report = verify(&log(&mount.0)).unwrap();
    assert_eq!(report.broken, None);
    assert!(report.events >= acknowledged.len() as u64, "{stopped}");
    // Without room it opens and serves, or says why not; it does not lose anything by the try.
    let opened_full = Store::open(child::options(&log(&mount.0)));
    match &opened_full {
        Ok(store) => holds(store, &acknowledged),
        Err(error) => assert!(error.to_string().contains("No space left"), "{error}"),
    }
    let opened = opened_full.map(drop);
    fs::remove_file(&ballast).unwrap();
    let store = Store::open(child::options(&log(&mount.0))).unwrap();
    holds(&store, &acknowledged);
    let (more, all) = work(&store, 50);
    assert!(all, "{:?}", store.stopped());
    holds(&store, &acknowledged);
    assert_eq!(more.len(), 50);
    drop(store);
    assert_eq!(verify(&log(&mount.0)).unwrap().broken, None);
    println!("{} acknowledged, then: {stopped}; opening without room: {opened:?}", acknowledged.len());
}
