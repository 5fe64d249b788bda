//! The whole house over HTTP and SSE, every service on a real nats-server. Each test owns its house.

// In a test a panic is the report.
#![allow(clippy::unwrap_used)]

mod actors;
pub mod alarms;
mod bad_input;
mod broker;
mod custody;
mod described;
mod formats;
mod keeping;
mod killed;
mod mail;
mod main_job;
mod merger;
mod real_data;
mod rights;
mod sealing;
mod sse;
mod takeovers;
mod updates;

use narhet_tests::{House, house::json, until};
use serde_json::{Value, json};

/// Sergels torg, in Norra innerstaden since 2023-07-01.
pub const SERGELS_TORG: (f64, f64) = (18.0649, 59.3326);
/// Medborgarplatsen, in Södermalm.
pub const MEDBORGARPLATSEN: (f64, f64) = (18.0725, 59.3143);

/// An incident at a point, as a coordinator reports it.
pub fn incident(title: &str, (lon, lat): (f64, f64)) -> Value {
    json!({
        "title": title,
        "kind": "fire",
        "place": { "type": "Point", "coordinates": [lon, lat] },
        "needsSupport": true,
    })
}

/// Reports an incident as the coordinator of Norra innerstaden; the 201's body.
pub async fn report(house: &House, body: &Value) -> Value {
    report_as(house, "norra-innerstaden", body).await
}

/// Reports an incident as the coordinator of a board; the 201's body.
pub async fn report_as(house: &House, board: &str, body: &Value) -> Value {
    let token = house.token("coordinator", Some(board));
    let key = uuid::Uuid::new_v4().to_string();
    // As a careful client does it: when the outcome is unknown or nobody was there, ask again with the same key.
    until("the incident is taken", || async {
        let request = house.post("/v1/incidents", &token).header("idempotency-key", &key).json(body);
        let (status, reply) = json(request).await;
        assert!([201, 503, 504].contains(&status), "{reply}");
        (status == 201).then_some(reply)
    })
    .await
}

/// The incident once its support is held.
pub async fn held(house: &House, id: &str) -> Value {
    let token = house.token("ckl", None);
    until("support is held", || async {
        let (status, body) = json(house.get(&format!("/v1/incidents/{id}"), &token)).await;
        (status == 200 && body["support"] == "held").then_some(body)
    })
    .await
}

/// Every event that a reader of everything sees, in feed order, and the cursor behind them.
pub async fn all_events(house: &House) -> (Vec<Value>, String) {
    let token = house.token("auditor", None);
    let (mut events, mut after) = (Vec::new(), "-".to_owned());
    loop {
        let (status, page) = json(house.get(&format!("/v1/events?limit=100&after={after}"), &token)).await;
        assert_eq!(status, 200, "{page}");
        let found = page["events"].as_array().expect("a page has events");
        events.extend(found.iter().cloned());
        let next = page["next"].as_str().expect("a page has next").to_owned();
        if found.is_empty() && next == after {
            return (events, after);
        }
        after = next;
    }
}

/// Positions are dense per context, versions dense per stream, the chain holds, causes come before effects.
pub fn check_order(events: &[Value]) {
    use std::collections::{HashMap, HashSet};
    let mut positions: HashMap<String, u64> = HashMap::new();
    let mut versions: HashMap<String, u64> = HashMap::new();
    let mut seen: HashSet<String> = HashSet::new();
    let number = |event: &Value, name: &str| event[name].as_str().and_then(|text| text.parse::<u64>().ok());
    for event in events {
        let source = event["source"].as_str().expect("source").to_owned();
        let position = positions.entry(source.clone()).or_default();
        *position += 1;
        assert_eq!(number(event, "position"), Some(*position), "positions of {source} are dense");
        let version = versions.entry(format!("{source} {}", event["subject"])).or_default();
        *version += 1;
        assert_eq!(number(event, "version"), Some(*version), "versions of {} are dense", event["subject"]);
        if let Some(cause) = event["causationid"].as_str() {
            assert!(seen.contains(cause), "the cause of {} comes before it", event["id"]);
        }
        assert!(seen.insert(event["id"].as_str().expect("id").to_owned()), "no event comes twice");
    }
}
