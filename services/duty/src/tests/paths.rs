//! What has been shown of a path: of the path as it is now, and only what was shown.

use super::{
    NOON,
    alarms::{alarms, carried},
    house::House,
    readiness::{function, officer, put, put_at, staffed, version},
};
use narhet_runtime::Refusal;
use serde_json::{Value, json};

fn health(house: &House) -> Value {
    house.ask("path-health", json!({})).unwrap()
}

/// The warnings about a board's path.
fn warnings(house: &House, board: &str) -> Vec<String> {
    let health = health(house);
    let path = health["items"].as_array().unwrap().iter().find(|path| path["id"] == board).expect("it is listed");
    path["warnings"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn path(seconds: u32) -> Value {
    let steps = json!([{ "functions": ["krisstod-jarva"], "acknowledgeWithinS": seconds }]);
    json!({ "name": "Krisstöd", "steps": steps, "source": "prov" })
}

/// Everything that waits goes out.
fn all_go_out(house: &mut House, purpose: &str) {
    for alarm in alarms(house, purpose) {
        for delivery in alarm["deliveries"].as_array().unwrap().iter().filter(|one| one["state"] == "ordered") {
            carried(house, delivery, Ok("200".to_owned()), false);
        }
    }
    house.fires();
}

/// Proven by machine and exercised by people.
fn shown(house: &mut House) {
    house.command(&officer("jarva"), "prove-path", json!({ "id": "jarva" })).unwrap();
    let exercise = house.command(&officer("jarva"), "start-exercise", json!({ "id": "jarva" })).unwrap();
    let now = house.clock.now().to_string();
    house.goes_on_until(&now);
    all_go_out(house, "proof");
    house.command(&officer("jarva"), "acknowledge-alarm", json!({ "id": exercise["id"] })).unwrap();
}

#[test]
fn what_was_shown_of_a_path_says_nothing_of_the_next_version() {
    let mut house = House::at(NOON);
    put(&mut house, "kommunstyrelsen", "function", "city-tib", &function("https://larm.example/tib")).unwrap();
    staffed(&mut house, "jarva", None);
    assert_eq!(warnings(&house, "jarva"), ["unrecorded", "unproven", "unexercised"], "its functions in turn");
    shown(&mut house);
    assert_eq!(warnings(&house, "jarva"), ["unrecorded"]);
    put(&mut house, "jarva", "alarm-path", "jarva", &path(300)).unwrap();
    house.restarts();
    assert!(warnings(&house, "jarva").contains(&"unproven".to_owned()), "{:?}", warnings(&house, "jarva"));
    shown(&mut house);
    assert_eq!(warnings(&house, "jarva"), [""; 0]);
    let seen = version(&house, "alarm-path", "jarva");
    put_at(&mut house, "jarva", ("alarm-path", "jarva"), &path(600), seen).unwrap();
    assert_eq!(warnings(&house, "jarva"), ["unproven", "unexercised"]);
    // Nor does a proof that was under way.
    house.command(&officer("jarva"), "prove-path", json!({ "id": "jarva" })).unwrap();
    house.goes_on_until(NOON);
    let seen = version(&house, "alarm-path", "jarva");
    put_at(&mut house, "jarva", ("alarm-path", "jarva"), &path(900), seen).unwrap();
    all_go_out(&mut house, "proof");
    assert!(alarms(&house, "proof").iter().all(|proof| proof["status"] == "proven"));
    assert_eq!(warnings(&house, "jarva"), ["unproven", "unexercised"]);
    house.goes_on_until("2026-11-21T02:30:00Z");
    assert!(alarms(&house, "proof").iter().any(|proof| proof["pathId"] == "jarva" && proof["status"] == "open"));
}

#[test]
fn a_proof_that_no_channel_carries_proves_nothing() {
    let mut house = House::at(NOON);
    let mut inside = function("x");
    inside["contactWays"] = json!([{ "channel": "exercise", "address": "x" }]);
    put(&mut house, "jarva", "function", "krisstod-jarva", &inside).unwrap();
    shown(&mut house);
    assert_eq!(alarms(&house, "proof")[0]["status"], "unproven");
    assert!(warnings(&house, "jarva").contains(&"unproven".to_owned()));
}

#[test]
fn a_dead_letter_is_listed_and_after_a_week_says_nothing_of_how_the_ways_are() {
    let mut house = House::at(NOON);
    house.exercise = false;
    put(&mut house, "kommunstyrelsen", "function", "city-tib", &function("https://larm.example/tib")).unwrap();
    staffed(&mut house, "jarva", None);
    put(&mut house, "jarva", "alarm-path", "jarva", &path(300)).unwrap();
    shown(&mut house);
    assert_eq!(health(&house)["healthy"], true);
    house.incident(None, &["jarva"], true);
    house.goes_on_until(NOON);
    let delivery = alarms(&house, "case")[0]["deliveries"][0].clone();
    carried(
        &mut house,
        &delivery,
        Err(Refusal { detail: "404".to_owned(), may_heal: false, may_be_done: false }),
        false,
    );
    assert_eq!(health(&house)["healthy"], false);
    let case = alarms(&house, "case")[0]["id"].clone();
    house.command(&officer("jarva"), "acknowledge-alarm", json!({ "id": case })).unwrap();
    house.goes_on_until("2026-11-28T02:30:00Z");
    all_go_out(&mut house, "proof");
    let health = health(&house);
    assert_eq!((health["deadLetters"].as_array().unwrap().len(), &health["healthy"]), (1, &json!(true)));
}

#[test]
fn alarms_and_cases_are_counted_apart_from_exercises() {
    let mut house = House::at(NOON);
    house.incident(None, &["jarva"], true);
    house.exercise = false;
    house.incident(None, &["jarva"], true);
    house.incident(None, &["bromma"], true);
    house.goes_on_until(NOON);
    for (query, filter) in [("alarms", json!({ "purpose": "case" })), ("support-cases", json!({ "limit": 1 }))] {
        let page = house.ask(query, filter).unwrap();
        assert_eq!((&page["real"], &page["exercises"]), (&json!(2), &json!(1)), "{query}");
        for (exercise, count) in [("true", 1), ("false", 2)] {
            let page = house.ask(query, json!({ "exercise": exercise })).unwrap();
            assert_eq!(page["items"].as_array().unwrap().len(), count, "{query} {exercise}");
        }
    }
    let rest = house.ask("support-cases", json!({ "limit": 1, "after": "1" })).unwrap();
    assert_eq!(rest["real"], 2, "of the whole filter, not of what is left of it");
}

#[test]
fn endurance_remembers_who_has_been_on_duty_since_yesterday() {
    let mut house = House::at("2026-11-20T04:00:00Z");
    put(&mut house, "jarva", "function", "krisstod-jarva", &function("https://larm.example/1")).unwrap();
    let mut long = super::readiness::roster("krisstod-jarva", None);
    long["layers"][0]["shifts"][0]["weekdays"] = json!(["thursday"]);
    put(&mut house, "jarva", "roster", "krisstod-jarva", &long).unwrap();
    let tired = |house: &House| {
        let endurance = house.ask("endurance", json!({})).unwrap();
        endurance["items"][0]["tooLittleRest"].as_array().unwrap().len()
    };
    assert_eq!(tired(&house), 1, "21 hours into 24");
    house.clock.set(super::house::instant("2026-11-20T07:00:00Z"));
    assert_eq!(tired(&house), 0, "over");
}
