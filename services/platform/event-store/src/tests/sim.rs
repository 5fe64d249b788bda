//! A crash at every single operation of the disk, with what was not synced arriving in any order and in part.

use super::*;
use crate::{
    AppendError, OpenError, Progress,
    sim::{Fault, Random, SimDisk},
};
use narhet_kernel::{Context, Mark, Vector};

fn options() -> Options {
    small("/data/duty")
}

/// What the caller was told.
#[derive(Clone, Default)]
struct Ledger {
    acked: Vec<Stored>,
    /// Commits by their first position with their number of events: each is there wholly or not at all.
    commits: Vec<(u64, usize)>,
    outcomes: Vec<(u64, String)>,
}

/// Commits until the disk fails or all is done; tells what was acknowledged.
fn work(store: &Store, seed: u64, commits: usize, ledger: &mut Ledger) {
    let mut random = Random(seed);
    for number in 0..commits {
        let head = store.head();
        let mut next_id = u128::from(head) * 1_000 + 1;
        let mut writes = Vec::new();
        let mut count = 0;
        for _ in 0..=random.below(2) {
            let events = 1 + random.below(3) as u128;
            // Some events are larger than a sector, some commits larger than a segment has room for.
            let padding = [5, 300, 900][random.below(3)];
            writes.push(write(random.below(4), Expected::Any, next_id..next_id + events, padding));
            next_id += events;
            count += events as usize;
        }
        let key = format!("key-{head}");
        let mark = Mark { position: head + 1, store: 9 };
        let commit = Commit {
            consumed: Vector::new().with(Context::Area, mark),
            outcome: Some(outcome(&key, &[next_id])),
            progress: Some(Progress { process: "support".to_owned(), cause: Uuid::nil(), next: number as u32 }),
            ..commit(writes)
        };
        let Ok(appended) = store.append(commit) else { return };
        ledger.commits.push((head + 1, count));
        if store.wait_durable(appended.last()).is_err() {
            return;
        }
        ledger.outcomes.push((head + 1, key));
        ledger.acked.extend(appended.events);
    }
}

/// Opens what a crash left and checks every promise.
fn check(disk: &SimDisk, ledger: &Ledger, what: &str) {
    let store = Store::open_on(disk.clone(), options()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let all = sound(&store);
    assert!(all.len() >= ledger.acked.len(), "{what}: acknowledged events are gone");
    assert_eq!(all[..ledger.acked.len()], ledger.acked[..], "{what}: acknowledged events have changed");
    for (first, count) in &ledger.commits {
        let last = first + *count as u64 - 1;
        let reached = all.len() as u64;
        assert!(reached < *first || reached >= last, "{what}: half a commit is visible");
    }
    for (position, key) in &ledger.outcomes {
        assert!(store.outcome("p-1", "POST /v1/incidents", key).is_some(), "{what}: outcome at {position} is gone");
    }
    let first_of_last = ledger.commits.iter().map(|(first, _)| *first).take_while(|first| *first <= all.len() as u64);
    assert_eq!(
        store.consumed().position(Context::Area),
        first_of_last.last().unwrap_or(0),
        "{what}: the mark is wrong"
    );
    store.stop();
    drop(store);
    // Opening once more changes nothing.
    let before = disk.contents();
    let again = Store::open_on(disk.clone(), options()).unwrap();
    assert_eq!(sound(&again), all, "{what}");
    drop(again);
    let after = disk.contents();
    assert_eq!(before, after, "{what}: opening twice changed the files");
}

#[test]
fn nothing_acknowledged_is_lost_whatever_operation_the_machine_dies_at() {
    let mut at = 1;
    loop {
        let disk = SimDisk::default();
        disk.fail_at(at, Fault::Crash);
        let mut ledger = Ledger::default();
        if let Ok(store) = Store::open_on(disk.clone(), options()) {
            work(&store, 42, 14, &mut ledger);
        }
        let crashed = disk.crashed();
        for seed in 0..6 {
            check(&disk.after_crash(seed * 1_000 + at), &ledger, &format!("crash at {at}, seed {seed}"));
        }
        check(&disk.after_kill(), &ledger, &format!("kill at {at}"));
        if !crashed {
            assert!(at > 60, "the run is long enough to mean something: {at}");
            return;
        }
        at += 1;
    }
}

#[test]
fn a_crash_during_recovery_loses_nothing_either() {
    let mut random = Random(7);
    for round in 0..60 {
        let disk = SimDisk::default();
        disk.fail_at(15 + random.below(70) as u64, Fault::Crash);
        let mut ledger = Ledger::default();
        if let Ok(store) = Store::open_on(disk.clone(), options()) {
            work(&store, round, 14, &mut ledger);
        }
        let mut found = if round % 2 == 0 { disk.after_kill() } else { disk.after_crash(round) };
        // Every operation of this recovery, each from the same remains.
        for at in 1.. {
            let trial = found.after_kill();
            trial.fail_at(at, Fault::Crash);
            let opened = Store::open_on(trial.clone(), options());
            let crashed = trial.crashed();
            drop(opened);
            check(&trial.after_crash(random.number()), &ledger, &format!("round {round}, recovery crash at {at}"));
            if !crashed {
                break;
            }
        }
        // And go on working after an interrupted recovery, on remains of remains.
        found.fail_at(1 + random.below(12) as u64, Fault::Crash);
        if let Ok(store) = Store::open_on(found.clone(), options()) {
            work_on(&store, round + 1_000, &mut ledger);
        }
        found = found.after_crash(round * 31);
        check(&found, &ledger, &format!("round {round}, second crash"));
    }
}

/// Works on with a ledger that knows only what was acknowledged before; the rest may or may not have survived.
fn work_on(store: &Store, seed: u64, ledger: &mut Ledger) {
    let survived = store.read_all(1, usize::MAX, usize::MAX).unwrap_or_default();
    if (survived.len() as u64) < store.head() {
        return;
    }
    ledger.commits.retain(|(first, _)| *first <= survived.len() as u64);
    ledger.acked = survived;
    work(store, seed, 6, ledger);
}

#[test]
fn a_published_frame_is_never_taken_back_by_a_power_cut_after_a_kill() {
    // Killed after the write and before the sync: the frame is readable, and nothing of it need be on the disk.
    let mut unacknowledged = 0;
    for seed in 0..40 {
        let disk = SimDisk::default();
        let store = Store::open_on(disk.clone(), options()).unwrap();
        let mut ledger = Ledger::default();
        work(&store, seed, 3, &mut ledger);
        let appended = ledger.acked.len() as u64;
        // The next operation is the write (or an allocation before it), the one after at the latest the sync.
        disk.fail_at(2, Fault::Once);
        let _ = store
            .append(commit(vec![write(0, Expected::Any, 900_000..900_002, 300)]))
            .map(|appended| store.wait_durable(appended.last()));
        drop(store);
        let killed = disk.after_kill();
        let reopened = Store::open_on(killed.clone(), options()).unwrap();
        let exposed = sound(&reopened);
        assert!(exposed.len() as u64 >= appended);
        unacknowledged += usize::from(exposed.len() as u64 > appended);
        // The power fails right after the log was opened and shown to others.
        let cut = killed.after_crash(seed);
        let store = Store::open_on(cut, options()).unwrap();
        assert_eq!(sound(&store), exposed, "seed {seed}");
    }
    assert!(unacknowledged > 10, "frames that nobody was told of were shown in {unacknowledged} runs");
}

#[test]
fn after_a_failing_write_or_sync_the_store_does_nothing_any_more() {
    let mut stopped = 0;
    for at in 1..12 {
        let disk = SimDisk::default();
        let store = Store::open_on(disk.clone(), options()).unwrap();
        let mut ledger = Ledger::default();
        work(&store, 3, 4, &mut ledger);
        disk.fail_at(at, Fault::Once);
        work(&store, 4, 12, &mut ledger);
        let operations = disk.operations();
        if store.stopped().is_none() {
            // An allocation that fails costs nothing but time.
            continue;
        }
        stopped += 1;
        let refused = store.append(commit(vec![write(0, Expected::Any, 1..2, 5)]));
        assert!(matches!(refused, Err(AppendError::Stopped(_))), "{refused:?}");
        assert!(store.wait_durable(store.head() + 1).is_err());
        assert!(store.read_all(1, 10, 10_000).is_err());
        drop(store);
        assert_eq!(disk.operations(), operations, "a stopped store left the disk alone");
        disk.heal();
        check(&disk.after_crash(at), &ledger, &format!("failure at {at}"));
        check(&disk, &ledger, &format!("failure at {at}, same machine"));
    }
    assert!(stopped >= 8, "{stopped} of the failures were such");
}

#[test]
fn a_full_disk_stops_the_store_and_keeps_what_was_acknowledged() {
    for at in 1..30 {
        let disk = SimDisk::default();
        let store = Store::open_on(disk.clone(), options()).unwrap();
        let mut ledger = Ledger::default();
        work(&store, 5, 3, &mut ledger);
        disk.fail_at(at, Fault::Full);
        work(&store, 6, 40, &mut ledger);
        assert!(store.stopped().is_some(), "40 commits do not fit");
        drop(store);
        // Still full: what was acknowledged can be opened and read.
        let store = Store::open_on(disk.clone(), options()).unwrap();
        assert_eq!(sound(&store)[..ledger.acked.len()], ledger.acked[..]);
        drop(store);
        disk.heal();
        check(&disk, &ledger, &format!("full at {at}"));
    }
}

#[test]
fn a_flipped_bit_before_the_last_frame_is_named_and_never_cut_away() {
    let disk = SimDisk::default();
    let store = Store::open_on(disk.clone(), options()).unwrap();
    let mut ledger = Ledger::default();
    work(&store, 8, 30, &mut ledger);
    drop(store);
    let files = disk.contents();
    let journals: Vec<_> = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "journal")).collect();
    assert!(journals.len() > 3);
    let mut random = Random(1);
    let (mut named, mut tail) = (0, 0);
    for round in 0..300 {
        let (path, bytes) = journals[random.below(journals.len())];
        let offset = random.below(bytes.len());
        let trial = disk.after_kill();
        trial.flip(path, offset, (round % 8) as u8);
        match Store::open_on(trial.clone(), options()) {
            Err(OpenError::Corrupt(damage)) => {
                assert_eq!(damage.segment, path.file_name().unwrap().to_string_lossy());
                assert!(damage.offset <= offset as u64, "{damage} for a flip at {offset}");
                named += 1;
            }
            Err(other) => panic!("{other}"),
            // Of the last frame only the floor, how far the log reached at the clean stop, tells rot from tearing.
            Ok(_) => tail += 1,
        }
        assert!(trial.contents()[path].len() == bytes.len(), "nothing was cut");
    }
    assert_eq!((named, tail), (300, 0));
}

#[test]
fn after_a_kill_a_rotten_last_frame_is_taken_for_a_torn_one_and_any_other_is_named() {
    let disk = SimDisk::default();
    let store = Store::open_on(disk.clone(), Options { segment_bytes: 1 << 20, ..options() }).unwrap();
    for id in 0..20 {
        let last = store.append(commit(vec![write(0, Expected::Any, id..id + 1, 100)])).unwrap().last();
        store.wait_durable(last).unwrap();
    }
    let killed = disk.after_kill();
    drop(store);
    let files = killed.contents();
    let (path, bytes) = files.iter().find(|(path, _)| path.extension().is_some_and(|e| e == "journal")).unwrap();
    let starts: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&crate::codec::MAGIC)).collect();
    assert_eq!(starts.len(), 20);
    for (frame, start) in starts.iter().enumerate() {
        let trial = killed.after_kill();
        trial.flip(path, start + 60, 3);
        match Store::open_on(trial, options()) {
            Ok(store) => assert_eq!((frame, store.head()), (19, 19)),
            Err(OpenError::Corrupt(damage)) => {
                assert_eq!(damage.offset, *start as u64);
                assert!(frame < 19);
            }
            Err(other) => panic!("{other}"),
        }
    }
}
