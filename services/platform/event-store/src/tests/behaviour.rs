//! What append, read, adopt, backup, restore and fork do when nothing goes wrong.

use super::*;
use crate::{
    AdoptError, AppendError, ForkError, NewIds, OpenError, Progress, RestoreError, backup, fork_cut, restore, verify,
};
use narhet_kernel::{Context, Mark, StoreId, Vector};

fn fill(store: &Store, commits: u128) -> u64 {
    let mut last = 0;
    for number in 0..commits {
        let write = write(number as usize % 5, Expected::Any, number * 10..number * 10 + 1 + number % 3, 120);
        last = store.append(commit(vec![write])).unwrap().last();
        if number % 4 == 0 {
            store.wait_durable(last).unwrap();
        }
    }
    store.wait_durable(last).unwrap();
    last
}

#[test]
fn a_commit_that_is_refused_changes_nothing() {
    let folder = Folder::new();
    let store = Store::open(small(folder.path())).unwrap();
    fill(&store, 3);
    let head = store.head();
    for writes in [
        vec![write(9, Expected::NoStream, 100..102, 5), write(9, Expected::NoStream, 102..103, 5)],
        vec![write(9, Expected::NoStream, 100..102, 5), write(9, Expected::Exactly(1), 102..103, 5)],
        vec![write(0, Expected::NoStream, 100..102, 5)],
        vec![write(9, Expected::Exactly(1), 100..102, 5)],
    ] {
        assert!(matches!(store.append(commit(writes)), Err(AppendError::Conflict { .. })));
    }
    assert_eq!(store.append(commit(vec![])).unwrap_err(), AppendError::EventCount { got: 0 });
    let many = commit(vec![write(9, Expected::Any, 0..1_001, 1)]);
    assert_eq!(store.append(many).unwrap_err(), AppendError::EventCount { got: 1_001 });
    let large = commit(vec![write(9, Expected::Any, 0..1, 600_000)]);
    assert!(matches!(store.append(large).unwrap_err(), AppendError::EventTooLarge { .. }));
    assert_eq!((store.head(), store.version(&stream(9))), (head, 0));
    assert!(!store.contains(Uuid::from_u128(100)));
    let both = vec![write(9, Expected::NoStream, 100..102, 5), write(9, Expected::Exactly(2), 102..103, 5)];
    let appended = store.append(commit(both)).unwrap();
    assert_eq!(appended.events.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3]);
    store.wait_durable(appended.last()).unwrap();
    sound(&store);
}

#[test]
fn recorded_time_never_runs_backwards_and_never_precedes_the_cause() {
    let folder = Folder::new();
    let options = small(folder.path());
    let clock = options.clock.clone();
    let store = Store::open(options).unwrap();
    let time = |id: u128, not_before: Option<Timestamp>| {
        let commit = Commit { not_before, ..commit(vec![write(1, Expected::Any, id..id + 1, 5)]) };
        Suffix::read(&store.append(commit).unwrap().events[0].bytes).unwrap().time
    };
    let first = time(1, None);
    clock.set("2020-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(time(2, None), first + 1);
    let cause: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    assert_eq!(time(3, Some(cause)), cause.as_microsecond());
    assert_eq!(time(4, None), cause.as_microsecond() + 1);
}

#[test]
fn only_one_process_has_a_log_open() {
    let folder = Folder::new();
    let store = Store::open(small(folder.path())).unwrap();
    assert!(matches!(Store::open(small(folder.path())), Err(OpenError::Locked(_))));
    drop(store);
    Store::open(small(folder.path())).unwrap();
}

#[test]
fn outcome_progress_marks_and_snapshots_are_there_after_a_reopening() {
    let folder = Folder::new();
    for round in 0..4_u32 {
        let options = Options { fold_events: if round == 1 { 2 } else { 1_000 }, ..small(folder.path()) };
        let clock = options.clock.clone();
        let store = Store::open(options).unwrap();
        if round > 0 {
            let key = format!("key-{}", round - 1);
            assert_eq!(store.outcome("p-1", "POST /v1/incidents", &key), Some(outcome(&key, &[1])));
            assert_eq!(store.outcome("p-2", "POST /v1/incidents", &key), None);
            assert_eq!(store.progress("support").map(|progress| progress.next), Some(round));
            assert_eq!(store.consumed().position(Context::Area), u64::from(round));
            let (position, content) = store.snapshot("cases").unwrap();
            assert_eq!((position, content), (store.head(), vec![round as u8; 10_000 / round as usize]));
        }
        let id = u128::from(round);
        let commit = Commit {
            consumed: Vector::new().with(Context::Area, Mark { position: u64::from(round) + 1, store: 1 }),
            outcome: Some(outcome(&format!("key-{round}"), &[1])),
            progress: Some(Progress { process: "support".into(), cause: Uuid::nil(), next: round + 1 }),
            ..commit(vec![write(1, Expected::Any, id..id + 1, 5)])
        };
        let last = store.append(commit).unwrap().last();
        store.wait_durable(last).unwrap();
        store.put_snapshot("cases", last, &vec![round as u8 + 1; 10_000 / (round as usize + 1)]);
        if round == 3 {
            clock.set("2026-11-21T20:00:01Z".parse().unwrap());
            assert_eq!(store.outcome("p-1", "POST /v1/incidents", "key-3"), None, "a day is over");
            let done = Progress { process: "support".into(), cause: Uuid::nil(), next: Progress::DONE };
            let done = Commit { progress: Some(done), ..super::commit(vec![write(1, Expected::Any, 50..51, 5)]) };
            store.append(done).unwrap();
            assert_eq!(store.progress("support"), None);
        }
    }
    let store = Store::open(small(folder.path())).unwrap();
    assert_eq!(store.progress("support"), None);
}

#[test]
fn frames_read_from_memory_and_from_the_file_are_the_same() {
    let folder = Folder::new();
    let store = Store::open(Options { recent_bytes: usize::MAX, ..small(folder.path()) }).unwrap();
    let last = fill(&store, 60);
    let from_memory = store.frames(1, usize::MAX).unwrap();
    let all = sound(&store);
    drop(store);
    let store = Store::open(small(folder.path())).unwrap();
    let from_file = store.frames(1, usize::MAX).unwrap();
    assert_eq!(from_memory, from_file);
    let events: Vec<_> = from_file.iter().flat_map(|frame| frame.events.clone()).collect();
    assert_eq!(events, all.iter().map(|event| event.bytes.clone()).collect::<Vec<_>>());
    for from in 1..=last {
        let frame = &store.frames(from, 1).unwrap()[0];
        assert!((frame.first..=frame.last()).contains(&from));
        assert_eq!(store.read_all(from, 1, 0).unwrap()[0], all[from as usize - 1]);
    }
    assert!(store.frames(last + 1, 1).unwrap().is_empty());
}

#[test]
fn a_log_that_lost_its_end_adopts_what_it_published() {
    let (whole, short) = (Folder::new(), Folder::new());
    let store = Store::open(small(whole.path())).unwrap();
    let last = fill(&store, 20);
    let archive = short.path().join("archive");
    let reached = backup(&store, last / 2, &archive).unwrap();
    assert!(reached > 0 && reached < last);
    let restored = short.path().join("log");
    assert_eq!(restore(&archive, &restored, &NewIds::new()).unwrap(), store.store_id());
    let behind = Store::open(small(&restored)).unwrap();
    assert_eq!(behind.head(), reached);
    let missing = store.frames(reached + 1, usize::MAX).unwrap();
    assert!(matches!(behind.adopt(store.frames(1, 1).unwrap().remove(0)), Err(AdoptError::NotNext { .. })));
    let mut forged = missing[0].clone();
    let mut bytes = forged.events[0].to_vec();
    let quote = bytes.len() - 3;
    bytes[quote] = if bytes[quote] == b'0' { b'1' } else { b'0' };
    forged.events[0] = bytes.into();
    assert!(matches!(behind.adopt(forged), Err(AdoptError::ChainBroken { .. })));
    for frame in missing {
        behind.adopt(frame).unwrap();
    }
    assert_eq!(sound(&behind), sound(&store));
    assert_eq!(behind.frames(reached + 1, usize::MAX).unwrap(), store.frames(reached + 1, usize::MAX).unwrap());
}

#[test]
fn logs_restored_together_get_new_ids_and_their_marks_follow() {
    let folder = Folder::new();
    let store = Store::open(small(folder.path().join("log"))).unwrap();
    fill(&store, 10);
    let (other, new, new_other) = (StoreId(Uuid::new_v4()), StoreId(Uuid::new_v4()), StoreId(Uuid::new_v4()));
    let consumed = Vector::new().with(Context::Area, Mark { position: 3, store: other.short() });
    let write = write(99, Expected::Any, 9_900..9_901, 1);
    store.append(Commit { consumed, ..commit(vec![write]) }).unwrap();
    store.wait_durable(store.head()).unwrap();
    let archive = folder.path().join("archive");
    backup(&store, u64::MAX, &archive).unwrap();
    let ids = NewIds::from([(store.store_id(), new), (other, new_other)]);
    let restored = folder.path().join("restored");
    assert_eq!(restore(&archive, &restored, &ids).unwrap(), new);
    let restored = Store::open(small(&restored)).unwrap();
    assert_eq!(restored.store_id(), new);
    assert_eq!(restored.consumed().mark(Context::Area), Some(Mark { position: 3, store: new_other.short() }));
    assert_eq!(
        restored.read_all(1, usize::MAX, usize::MAX).unwrap(),
        store.read_all(1, usize::MAX, usize::MAX).unwrap(),
        "the events are the same bytes"
    );
}

#[test]
fn restore_refuses_a_damaged_archive_and_a_folder_in_use() {
    let folder = Folder::new();
    let store = Store::open(small(folder.path().join("log"))).unwrap();
    fill(&store, 10);
    let archive = folder.path().join("archive");
    backup(&store, u64::MAX, &archive).unwrap();
    assert!(matches!(
        restore(&archive, store.shared().options.folder.as_path(), &NewIds::new()),
        Err(RestoreError::NotEmpty(_))
    ));
    let bytes = std::fs::read(&archive).unwrap();
    for offset in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[offset] ^= 4;
        std::fs::write(&archive, &damaged).unwrap();
        let target = folder.path().join(format!("target-{offset}"));
        assert!(restore(&archive, &target, &NewIds::new()).is_err(), "a flip at {offset} was not noticed");
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);
    }
}

#[test]
fn a_fork_keeps_what_is_before_it_and_loses_nothing() {
    let folder = Folder::new();
    let (log, aside) = (folder.path().join("log"), folder.path().join("aside"));
    let store = Store::open(small(&log)).unwrap();
    let last = fill(&store, 40);
    let all = sound(&store);
    let id = store.store_id();
    let keep = store.frames(last / 2, 1).unwrap()[0].last();
    assert!(matches!(fork_cut(&log, keep, &aside), Err(ForkError::InUse(_))));
    drop(store);
    assert!(matches!(fork_cut(&log, last + 1, &aside), Err(ForkError::NotAFrameEnd { .. })));
    let new = fork_cut(&log, keep, &aside).unwrap();
    assert_ne!(new, id);
    let store = Store::open(small(&log)).unwrap();
    assert_eq!((store.store_id(), store.head()), (new, keep));
    assert_eq!(sound(&store)[..], all[..keep as usize]);
    fill(&store, 3);
    drop(store);
    assert_eq!(verify(&log).unwrap().broken, None);
    let old = verify(&aside).unwrap();
    assert_eq!((old.store, old.events, old.broken), (id, last, None));
}

#[test]
fn many_writers_at_once_get_dense_positions_and_versions() {
    let folder = Folder::new();
    let store = Store::open(small(folder.path())).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8_u128 {
            let store = store.clone();
            scope.spawn(move || {
                for number in 0..60 {
                    let id = writer * 1_000 + number;
                    let write = write(id as usize % 7, Expected::Any, id..id + 1, 80);
                    let last = store.append(commit(vec![write])).unwrap().last();
                    store.wait_durable(last).unwrap();
                    assert!(store.committed_position() >= last);
                }
            });
        }
    });
    assert_eq!(sound(&store).len(), 480);
    let report = store.verify().unwrap();
    assert_eq!((report.events, report.streams, report.broken), (480, 7, None));
    assert!(report.frames < 480, "commits that queue together share a frame");
}
