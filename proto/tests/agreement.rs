//! Rust and .proto agree: the `data` that serde writes is the ProtoJSON form of its message, and back.

#![allow(clippy::unwrap_used, reason = "helpers of a test binary are outside what clippy takes for tests")]

mod samples;

use narhet_kernel::Timestamp;
use narhet_proto::{
    EVENT_TYPES,
    table::{self, EventType},
};
use prost_reflect::{
    Cardinality, DescriptorPool, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor,
    SerializeOptions,
};
use samples::Sample;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every .proto file under `folder`, by its path from proto/.
fn proto_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(proto_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found
}

fn pool() -> DescriptorPool {
    let files = protox::compile(proto_files(&root().join("narhet")), [root()]).unwrap();
    DescriptorPool::from_file_descriptor_set(files).unwrap()
}

fn message_of(pool: &DescriptorPool, known: &EventType) -> MessageDescriptor {
    pool.get_message_by_name(known.proto).unwrap_or_else(|| {
        panic!("{} names {}, which no file under proto/narhet has: add the message", known.name, known.proto)
    })
}

/// Reads ProtoJSON strictly: unknown members, wrong types and text after the end are errors.
fn read(message: &MessageDescriptor, json: &str) -> Result<DynamicMessage, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let read = DynamicMessage::deserialize_with_options(message.clone(), &mut deserializer, &options)?;
    deserializer.end()?;
    Ok(read)
}

/// Writes ProtoJSON with fields that have no presence always there: shared.proto, point 1.
fn write(message: &DynamicMessage) -> String {
    let mut json = Vec::new();
    let options = SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options).unwrap();
    String::from_utf8(json).unwrap()
}

fn samples_of(known: &EventType) -> Vec<Sample> {
    samples::all().into_iter().filter(|sample| sample.event_type == known.name).collect()
}

#[test]
fn every_event_type_has_a_message_and_both_samples() {
    let pool = pool();
    for known in EVENT_TYPES {
        message_of(&pool, known);
        let full: Vec<bool> = samples_of(known).iter().map(|sample| sample.full).collect();
        let both = full.starts_with(&[true, false]);
        assert!(both, "{} needs a full and then a least sample in proto/tests/samples", known.name);
    }
    for sample in samples::all() {
        assert!(table::event_type(sample.event_type).is_some(), "{} has samples but no table entry", sample.event_type);
    }
}

#[test]
fn what_rust_writes_is_strict_protojson_and_comes_back_equal() {
    let pool = pool();
    for known in EVENT_TYPES {
        let message = message_of(&pool, known);
        for sample in samples_of(known) {
            let json = sample.data.get();
            let dynamic = read(&message, json).unwrap_or_else(|error| panic!("{}: {error} in {json}", known.name));
            let back = write(&dynamic);
            let reread = (known.round_trip)(&back).unwrap_or_else(|error| panic!("{}: {error} in {back}", known.name));
            assert_eq!(reread.get(), json, "{}: ProtoJSON gave {back}", known.name);
        }
    }
}

#[test]
fn an_unknown_member_is_refused_so_that_one_missing_in_proto_is_noticed() {
    let pool = pool();
    for known in EVENT_TYPES {
        let message = message_of(&pool, known);
        let mut data: Value = serde_json::from_str(samples_of(known)[0].data.get()).unwrap();
        data["unheardOf"] = Value::from("x");
        assert!(read(&message, &data.to_string()).is_err(), "{}", known.name);
    }
}

/// How often a field of a message was there and not, in some samples.
#[derive(Debug, Default)]
struct Seen {
    with_a_value: usize,
    absent: usize,
}

/// By message and field.
type Tally = BTreeMap<(String, String), Seen>;

fn is_optional(field: &FieldDescriptor) -> bool {
    field.field_descriptor_proto().proto3_optional()
}

fn ours(message: &MessageDescriptor) -> bool {
    message.package_name().starts_with("narhet.")
}

/// Notes for every field of `message`, and of the messages in it, whether it is there.
fn tally(message: &MessageDescriptor, json: &Value, seen: &mut Tally) {
    for field in message.fields() {
        let value = json.get(field.json_name());
        let entry = seen.entry((message.full_name().to_owned(), field.json_name().to_owned())).or_default();
        match value {
            None => entry.absent += 1,
            Some(value) if !is_zero(value) => entry.with_a_value += 1,
            Some(_) => {}
        }
        if let (Some(value), Kind::Message(inner)) = (value, field.kind())
            && ours(&inner)
        {
            match value {
                Value::Array(items) => items.iter().for_each(|item| tally(&inner, item, seen)),
                one => tally(&inner, one, seen),
            }
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => false,
    }
}

#[test]
fn every_field_in_proto_is_in_the_full_sample_and_every_message_in_some_event() {
    let pool = pool();
    let mut messages = BTreeSet::new();
    for known in EVENT_TYPES {
        let message = message_of(&pool, known);
        let mut seen = Tally::new();
        tally(&message, &serde_json::from_str(samples_of(known)[0].data.get()).unwrap(), &mut seen);
        for ((message, field), counts) in seen {
            assert!(counts.with_a_value > 0, "{}: {message}.{field} is in .proto, not in the full sample", known.name);
            messages.insert(message);
        }
    }
    for message in pool.all_messages().filter(ours) {
        assert!(messages.contains(message.full_name()), "{} is in no event", message.full_name());
    }
}

#[test]
fn what_is_optional_in_proto_is_what_rust_may_leave_out() {
    let pool = pool();
    let mut seen = Tally::new();
    for known in EVENT_TYPES {
        for sample in samples_of(known) {
            tally(&message_of(&pool, known), &serde_json::from_str(sample.data.get()).unwrap(), &mut seen);
        }
    }
    for ((name, json_name), counts) in &seen {
        let field = pool.get_message_by_name(name).unwrap().get_field_by_json_name(json_name).unwrap();
        let singular = field.cardinality() != Cardinality::Repeated;
        if is_optional(&field) {
            assert!(counts.absent > 0, "{name}.{json_name} is optional in .proto and never absent");
        } else if singular && field.kind() != Kind::Bool {
            assert_eq!(counts.absent, 0, "{name}.{json_name} is left out by Rust and not optional in .proto");
        }
    }
}

#[test]
fn code_lists_are_strings_and_nothing_is_binary() {
    let pool = pool();
    let own_enums: Vec<_> = pool.all_enums().filter(|list| list.package_name().starts_with("narhet.")).collect();
    assert!(own_enums.is_empty(), "code lists are strings in .proto, never enums: {own_enums:?}");
    for field in pool.all_messages().filter(ours).flat_map(|message| message.fields().collect::<Vec<_>>()) {
        assert!(field.kind() != Kind::Bytes, "{}: bytes would be recoded; use a base64 string", field.full_name());
    }
}

#[test]
fn an_instant_reads_the_same_in_rust_and_in_protojson() {
    let pool = pool();
    let message = pool.get_message_by_name("google.protobuf.Timestamp").unwrap();
    for text in [
        "2026-11-20T19:00:00Z",
        "2026-11-20T19:00:00.5Z",
        "2026-11-20T19:00:00.123456Z",
        "2026-11-20T19:00:00.123456789Z",
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T22:00:00.000001Z",
    ] {
        let instant: Timestamp = text.parse().unwrap();
        assert_eq!(instant.to_string(), text, "jiff writes UTC with Z and no needless digit");
        let dynamic = read(&message, &serde_json::to_string(&instant).unwrap()).unwrap();
        let back: Timestamp = serde_json::from_str(&write(&dynamic)).unwrap();
        assert_eq!(back, instant);
    }
    // What other writers of ProtoJSON give: 3, 6 or 9 digits, and an offset.
    for (given, expected) in [
        ("\"2026-11-20T19:00:00.500Z\"", "2026-11-20T19:00:00.5Z"),
        ("\"2026-11-20T20:00:00.500000+01:00\"", "2026-11-20T19:00:00.5Z"),
    ] {
        assert_eq!(serde_json::from_str::<Timestamp>(given).unwrap().to_string(), expected);
    }
}

#[test]
fn every_field_and_message_in_proto_has_a_comment_above_it() {
    for path in proto_files(&root().join("narhet")) {
        let text = fs::read_to_string(&path).unwrap();
        let mut above = "";
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let declares = line.starts_with("message ") || (line.ends_with(';') && line.contains(" = "));
            assert!(
                !declares || line.starts_with("syntax") || above.starts_with("//"),
                "{}:{}: say what this is, in which unit, and when it is absent",
                path.display(),
                number + 1
            );
            above = line;
        }
    }
}
