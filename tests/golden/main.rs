//! Golden bytes: whole stored events of every type and version ever written decode for ever, and are written the same today.
//!
//! `tests/golden/events/<type>.<n>.json` holds exactly the stored bytes, without a line end. `UPDATE_GOLDEN=1 cargo test -p
//! narhet-tests --test golden` adds a file for what the samples of today look like and no file has; it never touches one that
//! is there. A file that fails here is right and the code is wrong: a new member is `Option`, or left out while it is empty
//! or false; anything else is a new version of the event.

#![allow(clippy::unwrap_used, reason = "helpers of a test binary are outside what clippy takes for tests")]

#[path = "../../proto/tests/samples/mod.rs"]
mod samples;

use narhet_event_store::suffix::{Suffix, Suffixes};
use narhet_kernel::{BoardId, Klass, Role, Timestamp, Uuid, derived_id};
use narhet_proto::{
    Draft, EVENT_TYPES, Event,
    envelope::{Cause, head},
    subject, table,
};
use samples::Sample;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::PathBuf,
    sync::LazyLock,
};

/// The bytes by file name; with UPDATE_GOLDEN read after adding.
static GOLDEN: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        add_what_no_file_has();
    }
    on_disk()
});

fn folder() -> PathBuf {
    narhet_tests::root().join("tests/golden/events")
}

fn on_disk() -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// Writes a new file for each sample whose bytes are in none; `create_new` makes rewriting impossible.
fn add_what_no_file_has() {
    let mut known = on_disk();
    for (event_type, bytes) in stored_today() {
        if known.values().any(|golden| *golden == bytes) {
            continue;
        }
        let free = (1..).map(|number| format!("{event_type}.{number}.json")).find(|name| !known.contains_key(name));
        let name = free.unwrap();
        fs::File::create_new(folder().join(&name)).unwrap().write_all(&bytes).unwrap();
        known.insert(name, bytes);
    }
}

/// What a store would hold today for each sample, by event type.
fn stored_today() -> Vec<(&'static str, Vec<u8>)> {
    samples::all().into_iter().map(|sample| (sample.event_type, stored(sample))).collect()
}

/// A sample as a store would hold it: a full one with every optional member of the envelope, a least one with none.
fn stored(sample: Sample) -> Vec<u8> {
    let id = |what: &str| derived_id(&format!("golden {what} {} {}", sample.event_type, sample.data), Uuid::nil(), 0);
    let known = table::event_type(sample.event_type).unwrap();
    let source = subject::source(known.context);
    let cause = Cause {
        source: &source,
        correlation_id: id("correlation"),
        causation_id: sample.full.then(|| id("cause")),
        principal: if sample.full { "p-0123456789abcdef" } else { "p-house" },
        role: sample.full.then_some(Role::DutyOfficer),
    };
    let draft = Draft {
        id: id("event"),
        stream: sample.stream,
        event_type: sample.event_type,
        owner: BoardId::new(BoardId::SOCIALNAMNDEN).unwrap(),
        readers: if sample.full { "jarva,kommunstyrelsen,ckl".to_owned() } else { "*".to_owned() },
        klass: if sample.full { Klass { k: 2, r: 3, t: 1 } } else { Klass::PUBLIC },
        exercise: sample.full,
        occurred_at: sample.full.then(|| "2026-11-20T19:00:00.5Z".parse().unwrap()),
        data: sample.data,
    };
    let time: Timestamp = "2026-11-20T19:04:31.000001Z".parse().unwrap();
    let mut bytes = head(&draft, cause);
    // 2^53 + 1: the first number that a reader in JavaScript would lose if it were not a string.
    let position = if sample.full { 9_007_199_254_740_993 } else { 1 };
    let previous: [u8; 32] = std::array::from_fn(|index| index as u8 * 7);
    Suffixes::default().write(&mut bytes, position, 1, time.as_microsecond(), &previous);
    bytes
}

/// Decodes stored bytes and writes the event again, from the types of today.
fn written_again(name: &str, bytes: &[u8]) -> Vec<u8> {
    let event = Event::decode(bytes).unwrap_or_else(|error| panic!("{name}: the envelope does not decode: {error}"));
    let known = table::event_type(&event.event_type).unwrap_or_else(|| {
        panic!("{name}: {} is not in EVENT_TYPES any more; what was written stays readable for ever", event.event_type)
    });
    assert!(name.starts_with(&format!("{}.", known.name)), "{name} holds {}", known.name);
    assert_eq!(event.specversion, "1.0", "{name}");
    let data = (known.round_trip)(event.data.get())
        .unwrap_or_else(|error| panic!("{name}: data does not decode as {}: {error}", known.name));
    let cause = Cause {
        source: &event.source,
        correlation_id: event.correlationid,
        causation_id: event.causationid,
        principal: &event.principal,
        role: event.role,
    };
    let draft = Draft {
        id: event.id,
        stream: event.subject,
        event_type: known.name,
        owner: event.owner,
        readers: event.readers,
        klass: event.klass,
        exercise: event.exercise,
        occurred_at: event.occurredat,
        data,
    };
    let suffix = Suffix::read(bytes).unwrap_or_else(|| panic!("{name} does not end as the store ends an event"));
    assert_eq!((suffix.position, suffix.version), (event.position, event.version), "{name}");
    let mut again = head(&draft, cause);
    Suffixes::default().write(&mut again, suffix.position, suffix.version, suffix.time, &suffix.previous);
    again
}

#[test]
fn every_golden_event_decodes_and_is_written_today_as_the_same_bytes() {
    for (name, bytes) in GOLDEN.iter() {
        let again = written_again(name, bytes);
        assert_eq!(
            String::from_utf8_lossy(&again),
            String::from_utf8_lossy(bytes),
            "{name} would be written otherwise"
        );
    }
}

#[test]
fn every_event_type_has_golden_bytes() {
    let held: BTreeSet<String> = GOLDEN.values().map(|bytes| Event::decode(bytes).unwrap().event_type).collect();
    for known in EVENT_TYPES {
        assert!(
            held.contains(known.name),
            "{} has no file in tests/golden/events: run UPDATE_GOLDEN=1 cargo test -p narhet-tests --test golden",
            known.name
        );
    }
}

#[test]
fn what_is_written_today_is_among_the_golden_bytes() {
    for (event_type, bytes) in stored_today() {
        assert!(
            GOLDEN.values().any(|golden| *golden == bytes),
            "{event_type} is written in a form no golden file has: run UPDATE_GOLDEN=1 cargo test -p narhet-tests --test \
             golden, and commit the new file beside the old ones. It is now:\n{}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn what_may_be_absent_from_an_envelope_is_there_in_one_sample_and_not_in_another() {
    for known in EVENT_TYPES {
        let texts: Vec<String> = stored_today()
            .into_iter()
            .filter(|(event_type, _)| *event_type == known.name)
            .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
            .collect();
        assert!(texts.len() >= 2, "{}", known.name);
        for member in ["\"causationid\":", "\"role\":", "\"occurredat\":"] {
            assert!(texts[0].contains(member) && !texts[1].contains(member), "{}: {member}", known.name);
        }
    }
}
