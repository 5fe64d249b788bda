//! `proto/openapi.json` is the contract: it must be a sound OpenAPI 3.1 document and agree with the routes both ways.

use super::{Gate, ROUTES, health::OPENAPI};
use serde_json::Value;
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
        .collect()
}

/// The object itself, or what its `$ref` points to.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

#[test]
fn the_description_and_the_routes_agree() {
    let document = document();
    let described: BTreeSet<(String, String)> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path.to_owned())).collect();
    let routed: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    assert_eq!(described, routed);
    for (method, path, operation) in operations(&document) {
        let route = ROUTES.iter().find(|route| route.path == path && route.method.as_str() == method).unwrap();
        let open = operation["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(open, route.gate == Gate::Open, "{method} {path}");
        let says_403 = operation["responses"].get("403").is_some();
        assert_eq!(says_403, !matches!(route.gate, Gate::Open | Gate::Authenticated), "{method} {path}");
    }
}

#[test]
fn it_is_a_sound_openapi_3_1_document() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    for member in ["title", "version", "description", "contact", "license"] {
        assert!(!document["info"][member].is_null(), "info.{member}");
    }
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["externalDocs"]["url"].is_string());
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().expect(&at)), "{at}: the operationId stands twice");
        assert!(operation["description"].as_str().unwrap().contains("\n\n"), "{at}: English, then Swedish");
        check_parameters(&document, path, operation);
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("default"), "{at}");
        for (status, response) in responses {
            let response = resolve(&document, response);
            assert!(response["description"].is_string(), "{at} {status}");
            let content = response["content"].as_object();
            if status == "default" || status.starts_with('4') || status.starts_with('5') {
                assert!(content.unwrap().contains_key("application/problem+json"), "{at} {status}");
            }
            for (media, body) in content.into_iter().flatten() {
                assert!(body["schema"].is_object() && !body["example"].is_null(), "{at} {status} {media}");
            }
        }
        if let Some(body) = operation.get("requestBody") {
            for (media, body) in body["content"].as_object().unwrap() {
                assert!(body["schema"].is_object() && !body["example"].is_null(), "{at} {media}");
            }
        }
    }
}

fn check_parameters(document: &Value, path: &str, operation: &Value) {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let mut in_path = BTreeSet::new();
    for parameter in &parameters {
        let parameter = resolve(document, parameter);
        let name = parameter["name"].as_str().unwrap();
        assert!(parameter["schema"].is_object() && parameter["description"].is_string(), "{path} {name}");
        match parameter["in"].as_str().unwrap() {
            "path" => {
                assert_eq!(parameter["required"], true, "{path} {name}");
                in_path.insert(name.to_owned());
            }
            "query" => assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{path} {name}: camelCase"),
            "header" => {}
            other => panic!("{path} {name}: in {other}"),
        }
    }
    let wanted: BTreeSet<String> =
        path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(str::to_owned).collect();
    assert_eq!(in_path, wanted, "{path}");
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| collect(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    for kind in ["schemas", "parameters", "responses", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(references.contains(&format!("#/components/{kind}/{name}")), "{kind}/{name} is never used");
        }
    }
}

/// Of tags whose answers every city test holds against what is described here (`tests/src/contract.rs`).
#[test]
fn no_object_of_a_described_tag_keeps_its_members_to_itself() {
    fn look<'a>(document: &'a Value, value: &'a Value, at: &str, seen: &mut BTreeSet<&'a str>) {
        if value["type"] == "object" {
            let says = value["properties"].is_object() || !value["additionalProperties"].is_null();
            assert!(says, "{at}: an object of which nothing is said");
        }
        let reference = value["$ref"].as_str().filter(|reference| seen.insert(reference));
        reference.into_iter().for_each(|reference| look(document, resolve(document, value), reference, seen));
        let members = value.as_object().into_iter().flatten().filter(|(name, _)| *name != "example");
        members.for_each(|(_, value)| look(document, value, at, seen));
        value.as_array().into_iter().flatten().for_each(|value| look(document, value, at, seen));
    }
    const DESCRIBED_TAGS: [&str; 5] = ["actors", "duty", "incidents", "readiness", "support-cases"];
    let document = document();
    let mut seen = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        if operation["tags"].as_array().unwrap().iter().any(|tag| DESCRIBED_TAGS.iter().any(|known| tag == known)) {
            look(&document, &operation["requestBody"], &format!("{method} {path}"), &mut seen);
            look(&document, &operation["responses"], &format!("{method} {path}"), &mut seen);
        }
    }
}

#[test]
fn code_lists_and_limits_are_those_of_the_code() {
    use narhet_proto::{
        codes::{
            ActorKind, AlarmOutcome, AlarmPurpose, BoardKind, Channel, FunctionKind, IncidentKind, IncidentStatus,
            LinkBasis, OnHolidays, Reach, SupportState, SwapOutcome, Tier,
        },
        wire::ErrorCode,
    };
    let document = document();
    let schemas = &document["components"]["schemas"];
    let codes = |value: &Value| -> Vec<String> { serde_json::from_value(value["enum"].clone()).unwrap() };
    let report = &schemas["Report"]["properties"];
    assert_eq!(codes(&report["kind"]), IncidentKind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>());
    assert_eq!(codes(&report["status"]), IncidentStatus::ALL.iter().map(|status| status.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["BoardKind"]), BoardKind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["Tier"]), Tier::ALL.iter().map(|tier| tier.code()).collect::<Vec<_>>());
    let support = &schemas["Incident"]["properties"]["support"];
    assert_eq!(codes(support), SupportState::ALL.iter().map(|state| state.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["ActorKind"]), ActorKind::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["LinkBasis"]), LinkBasis::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["Channel"]), Channel::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["FunctionKind"]), FunctionKind::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["AlarmPurpose"]), AlarmPurpose::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["SwapOutcome"]), SwapOutcome::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    assert_eq!(codes(&schemas["Reach"]), Reach::ALL.iter().map(|one| one.code()).collect::<Vec<_>>());
    let ended = AlarmOutcome::ALL.iter().map(|one| one.code());
    assert_eq!(codes(&schemas["AlarmStatus"]), ["open"].into_iter().chain(ended).collect::<Vec<_>>());
    let reached = Reach::ALL.iter().map(|one| one.code());
    let states = ["ordered", "retrying", "dispatched", "dead"].into_iter().chain(reached).collect::<Vec<_>>();
    assert_eq!(codes(&schemas["Delivery"]["properties"]["state"]), states);
    let holidays = OnHolidays::ALL.iter().map(|one| one.code()).collect::<Vec<_>>();
    assert_eq!(codes(&schemas["Shift"]["properties"]["onHolidays"]), holidays);
    let events = &document["paths"]["/v1/events"]["get"]["parameters"];
    let limit = events.as_array().unwrap().iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!(limit["schema"]["maximum"], crate::limits::PAGE_LIMIT_MAX);
    assert_eq!(limit["schema"]["default"], crate::limits::PAGE_LIMIT_DEFAULT);
    for response in document["components"]["responses"].as_object().unwrap().values() {
        let example = &response["content"]["application/problem+json"]["example"];
        let code = example["type"].as_str().unwrap().strip_prefix("urn:narhet:problem:").unwrap();
        if let Some(known) = ErrorCode::ALL.iter().find(|known| known.code() == code) {
            assert_eq!(
                (known.status(), known.title()),
                (u16::try_from(example["status"].as_u64().unwrap()).unwrap(), example["title"].as_str().unwrap())
            );
        }
    }
}
