//! kill -9 in a loop on the same folder; the ledger of what was acknowledged is kept here, outside.

use crate::child;
use narhet_event_store::{Store, suffix::Suffix, verify};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    time::Duration,
};

/// How many lives in a normal test run; `NARHET_CRASH_CYCLES` says otherwise.
const CYCLES: usize = 100;

/// What the child said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    id: String,
    fingerprint: String,
    /// The key under which the outcome of its commit is asked for.
    key: String,
}

/// By position.
type Ledger = BTreeMap<u64, Told>;

pub fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("narhet-crash-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_a_killed_process_acknowledged_is_there_once_and_in_its_place() {
    let cycles = std::env::var("NARHET_CRASH_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(CYCLES);
    let folder = folder("kill");
    let mut ledger = Ledger::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64 ^ u64::from(std::process::id());
    let mut killed_in_open = 0;
    for cycle in 0..cycles {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // A third die while they open, the others after a number of acknowledgements.
        let during_open = cycle % 3 == 2;
        let mut child = child::command(&folder).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        if during_open {
            std::thread::sleep(Duration::from_micros(random % 12_000));
        } else {
            let wanted = 1 + random % 60;
            let mut heard = 0;
            for line in lines.by_ref() {
                let line = line.unwrap();
                note(&mut ledger, &line, cycle);
                heard += u64::from(line.starts_with("ack"));
                if heard >= wanted {
                    break;
                }
            }
            std::thread::sleep(Duration::from_micros(random % 900));
        }
        child.kill().unwrap();
        let mut opened = !during_open;
        for line in lines.map_while(Result::ok) {
            opened |= line.starts_with("open");
            note(&mut ledger, &line, cycle);
        }
        child.wait().unwrap();
        killed_in_open += usize::from(!opened);
        if cycle % 10 == 9 || cycle + 1 == cycles {
            check(&folder, &ledger, cycle);
        }
    }
    assert!(!ledger.is_empty());
    println!("{cycles} lives, {killed_in_open} ended before the store was open, {} events told of", ledger.len());
    assert!(killed_in_open > 0 || cycles < 10, "kills during open were part of it");
    let _ = fs::remove_dir_all(folder);
}

fn note(ledger: &mut Ledger, line: &str, cycle: usize) {
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next(), words.next(), words.next()) {
        (Some("ack"), Some(position), Some(id), Some(fingerprint), Some(key)) => {
            let told = Told { id: id.to_owned(), fingerprint: fingerprint.to_owned(), key: key.to_owned() };
            let before = ledger.insert(position.parse().unwrap(), told.clone());
            assert!(before.is_none_or(|before| before == told), "position {position} was given twice, cycle {cycle}");
        }
        (Some("open"), Some(reached), None, None, None) => {
            let reached: u64 = reached.parse().unwrap();
            let told = ledger.keys().next_back().copied().unwrap_or(0);
            assert!(reached >= told, "cycle {cycle}: the log opened at {reached}, {told} was acknowledged");
        }
        _ => panic!("the child said in cycle {cycle}: {line}"),
    }
}

fn check(folder: &std::path::Path, ledger: &Ledger, cycle: usize) {
    let report = verify(folder).unwrap();
    assert_eq!(report.broken, None, "cycle {cycle}");
    let store = Store::open(child::options(folder)).unwrap();
    let mut ids = HashSet::new();
    let mut versions: HashMap<String, u64> = HashMap::new();
    let mut next = 1;
    while next <= store.committed_position() {
        for event in store.read_all(next, 500, 1 << 20).unwrap() {
            assert_eq!(event.position, next, "positions are gapless");
            let json: serde_json::Value = serde_json::from_slice(&event.bytes).unwrap();
            let id = json["id"].as_str().unwrap().to_owned();
            let version = versions.entry(json["subject"].as_str().unwrap().to_owned()).or_default();
            *version += 1;
            assert_eq!(Suffix::read(&event.bytes).unwrap().version, *version, "versions are dense");
            if let Some(told) = ledger.get(&next) {
                let fingerprint = child::fingerprint(&event.bytes);
                assert_eq!((&told.id, &told.fingerprint), (&id, &fingerprint), "position {next}");
            }
            assert!(ids.insert(id), "an event is there once");
            next += 1;
        }
    }
    assert!(ledger.keys().next_back().is_none_or(|last| *last < next), "cycle {cycle}: acknowledged events are gone");
    for (stream, version) in versions {
        let (kind, id) = stream.split_once('/').unwrap();
        let events = store.read(&narhet_kernel::StreamId::new(kind, id), 1, usize::MAX >> 1).unwrap();
        assert_eq!(events.len() as u64, version, "a stream reads as the log says");
    }
    // What was answered once is answered again: every commit's outcome is there and names this event as its own.
    for (position, told) in ledger {
        let outcome = store.outcome("p", "r", &told.key);
        let outcome = outcome.unwrap_or_else(|| panic!("cycle {cycle}: the outcome of position {position} is gone"));
        assert_eq!(outcome.key, told.key, "cycle {cycle}");
        assert!(outcome.event_ids.iter().any(|id| id.to_string() == told.id), "cycle {cycle}: {outcome:?}, {told:?}");
    }
    assert_eq!(store.outcome("p", "r", "never given"), None);
}
