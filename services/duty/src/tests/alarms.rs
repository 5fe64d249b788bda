//! Alarms as the house raises them by itself: of an offer, of an approaching hole, of the nightly proof.

use super::{
    NOON,
    house::House,
    readiness::{function, put, roster, staffed},
};
use crate::alarms::courier;
use narhet_kernel::Uuid;
use narhet_proto::codes::Channel;
use narhet_runtime::Carried;
use serde_json::{Value, json};

/// Friday evening, and the Monday after it.
const EVENING: &str = "2026-11-20T21:00:00Z";
const OPENING: &str = "2026-11-23T07:00:00Z";

fn alarms(house: &House, purpose: &str) -> Vec<Value> {
    let answer = house.ask("alarms", json!({ "purpose": purpose })).unwrap();
    answer["items"].as_array().unwrap().clone()
}

fn acknowledge(house: &mut House, board: &str, alarm: &Value) {
    let body = json!({ "id": alarm["id"] });
    house.command(&super::readiness::officer(board), "acknowledge-alarm", body).unwrap();
}

/// A night case of Järva's in a house where Järva is staffed; its id.
fn night(exercise: bool) -> (House, String) {
    let mut house = House::at(EVENING);
    house.exercise = exercise;
    staffed(&mut house, "jarva", None);
    let incident = house.incident(None, &["jarva"], true);
    let id = house.cases(&incident)[0]["id"].as_str().unwrap().to_owned();
    (house, id)
}

#[test]
fn an_offer_alarms_the_board_it_is_made_to_until_it_is_answered() {
    for (answer, outcome) in [
        (Some(("accept-offer", "jarva", json!({}))), "acknowledged"),
        (Some(("refuse-offer", "jarva", json!({ "reason": "inte ännu" }))), "acknowledged"),
        (Some(("recall-offer", "socialnamnden", json!({}))), "stood-down"),
        (None, "stood-down"),
    ] {
        let (mut house, id) = night(false);
        house.goes_on_until("2026-11-23T06:59:59Z");
        assert!(alarms(&house, "answer-the-offer").is_empty(), "nothing is offered before the office opens");
        house.goes_on_until(OPENING);
        let raised = alarms(&house, "answer-the-offer");
        assert_eq!(raised.len(), 1);
        assert_eq!((&raised[0]["board"]["id"], &raised[0]["caseId"]), (&json!("jarva"), &json!(id)));
        let delivery = &raised[0]["deliveries"][0];
        assert_eq!(
            (&delivery["function"], &delivery["channel"]),
            (&json!("krisstod-jarva"), &json!("webhook")),
            "down the board's own path: {}",
            raised[0]
        );
        house.restarts();
        match &answer {
            Some((command, board, members)) => drop(house.act_on(&id, command, board, members.clone()).unwrap()),
            None => house.goes_on_until("2026-11-23T07:30:00Z"),
        }
        house.fires();
        let ended = alarms(&house, "answer-the-offer");
        assert_eq!((ended.len(), &ended[0]["status"]), (1, &json!(outcome)), "{answer:?}");
    }
}

#[test]
fn a_reminder_alarms_again_when_somebody_took_the_first_and_did_not_answer() {
    let (mut house, _) = night(false);
    house.goes_on_until("2026-11-23T07:05:00Z");
    let first = alarms(&house, "answer-the-offer");
    acknowledge(&mut house, "jarva", &first[0]);
    house.goes_on_until("2026-11-23T07:14:59Z");
    assert_eq!(alarms(&house, "answer-the-offer").len(), 1, "whoever took it has its time");
    house.goes_on_until("2026-11-23T07:15:00Z");
    let both = alarms(&house, "answer-the-offer");
    assert_eq!((both.len(), &both[0]["status"]), (2, &json!("open")), "the newest first");
    house.goes_on_until("2026-11-23T07:30:00Z");
    assert_eq!(alarms(&house, "answer-the-offer")[0]["status"], "stood-down", "silence ends the offer");
    assert_eq!(alarms(&house, "handover").len(), 1, "and the city's TiB is told of it");
}

#[test]
fn what_an_exercise_offers_and_tells_stays_on_the_exercise_channel() {
    let (mut house, _) = night(true);
    house.goes_on_until("2026-11-23T07:30:00Z");
    for purpose in ["case", "answer-the-offer", "handover"] {
        let raised = alarms(&house, purpose);
        assert_eq!((raised.len(), &raised[0]["exercise"]), (1, &json!(true)), "{purpose}");
        let deliveries = raised[0]["deliveries"].as_array().unwrap();
        assert!(!deliveries.is_empty(), "{purpose}");
        assert!(deliveries.iter().all(|one| one["channel"] == "exercise"), "{purpose}: {deliveries:?}");
    }
}

#[test]
fn a_hole_is_warned_of_before_it_is_there_and_once() {
    let mut house = House::at(NOON);
    // Järva's cover ends on a Thursday in office hours.
    staffed(&mut house, "jarva", Some("2026-11-26T12:00:00Z"));
    staffed(&mut house, "bromma", None);
    staffed(&mut house, "socialnamnden", None);
    house.goes_on_until("2026-11-23T11:59:59Z");
    assert!(alarms(&house, "gap").is_empty(), "three days before is soon enough");
    house.goes_on_until("2026-11-23T12:00:00Z");
    let warned = alarms(&house, "gap");
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert_eq!((&warned[0]["hole"]["area"]["id"], &warned[0]["board"]["id"]), (&json!("jarva"), &json!("jarva")));
    assert_eq!(warned[0]["hole"]["from"], "2026-11-26T12:00:00Z");
    assert_eq!(warned[0]["deliveries"][0]["function"], "krisstod-jarva");
    house.restarts();
    house.goes_on_until("2026-11-24T06:59:59Z");
    assert_eq!(alarms(&house, "gap").len(), 1, "one warning a hole, also after a restart");
    house.goes_on_until("2026-11-24T07:00:00Z");
    assert_eq!(alarms(&house, "gap")[0]["hole"]["from"], "2026-11-27T07:00:00Z", "the next day's is another");
}

#[test]
fn the_nightly_proof_goes_to_the_channels_own_test_receivers_and_to_nobody_else() {
    let mut house = House::at(NOON);
    staffed(&mut house, "jarva", None);
    let steps = json!([{ "functions": ["krisstod-jarva"], "acknowledgeWithinS": 300 }]);
    put(&mut house, "jarva", "alarm-path", "jarva", &json!({ "name": "Krisstöd", "steps": steps, "source": "prov" }))
        .unwrap();
    house.goes_on_until("2026-11-21T02:29:59Z");
    assert!(alarms(&house, "proof").is_empty(), "before half past three at night");
    house.goes_on_until("2026-11-21T02:30:00Z");
    let proof = &alarms(&house, "proof")[0];
    let deliveries = proof["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 1, "one a channel: {proof}");
    assert_eq!((&deliveries[0]["channel"], &deliveries[0]["member"]), (&json!("webhook"), &Value::Null));
    let ordered = house.log.iter().rev().find(|event| event.data.get().contains("deliveries")).unwrap();
    assert!(!ordered.data.get().contains("address"), "a proof knows no address of a function: {}", ordered.data.get());

    // The receiver did not answer for good: the path fails, and so does cover that rests on it.
    carried(
        &mut house,
        &deliveries[0],
        Err(narhet_runtime::Refusal { detail: "404".to_owned(), may_heal: false, may_be_done: false }),
        false,
    );
    house.fires();
    let path = house.ask("record", json!({ "kind": "alarm-path", "id": "jarva" })).unwrap();
    assert_eq!((&path["provenAt"], &path["failing"]), (&json!("2026-11-21T02:30:00Z"), &json!(["webhook"])));
    let cover = house.ask("coverage", json!({})).unwrap();
    let failed = |hole: &Value| hole["area"]["id"] == "jarva" && hole["reason"] == "channel-failed";
    assert!(cover["holes"].as_array().unwrap().iter().any(failed), "{}", cover["holes"][0]);
}

/// An attempt ended so.
fn carried(house: &mut House, delivery: &Value, result: Result<String, narhet_runtime::Refusal>, maybe_twice: bool) {
    let id: Uuid = delivery["id"].as_str().unwrap().parse().unwrap();
    let outcome = Carried { id, result, maybe_twice };
    let writes = house.with_env(|duty, env| courier::carried(duty, &outcome, env));
    house.commit(writes, None);
}

#[test]
fn what_a_restart_cut_off_is_to_send_under_the_same_key_and_its_outcome_is_marked() {
    let mut house = House::at(NOON);
    house.exercise = false;
    let way = json!([{ "channel": Channel::Mail, "address": "larm@example.org" }]);
    let mut by_mail = function("");
    by_mail["contactWays"] = way;
    put(&mut house, "jarva", "function", "krisstod-jarva", &by_mail).unwrap();
    put(&mut house, "jarva", "roster", "krisstod-jarva", &roster("krisstod-jarva", None)).unwrap();
    house.incident(None, &["jarva"], true);
    house.goes_on_until(NOON);
    let before = house.duty.alarms.to_send.clone();
    assert!(!before.is_empty(), "the intent is in the log");
    house.restarts();
    assert_eq!(house.duty.alarms.to_send, before, "and is there again under the same keys");
    let delivery = alarms(&house, "case")[0]["deliveries"][0].clone();
    carried(&mut house, &delivery, Ok("250".to_owned()), true);
    let sent = &alarms(&house, "case")[0]["deliveries"][0];
    assert_eq!((&sent["state"], &sent["maybeTwice"]), (&json!("dispatched"), &json!(true)));
    assert_eq!(house.ask("path-health", json!({})).unwrap()["maybeTwice"], 1, "counted and shown");
    let count = house.log.len();
    carried(&mut house, &delivery, Ok("250".to_owned()), false);
    assert_eq!(house.log.len(), count, "a second outcome of the same attempt records nothing");
}

#[test]
fn what_got_no_answer_and_is_sent_again_is_marked_where_nobody_honours_the_key() {
    for (answered, marked) in [(false, true), (true, false)] {
        let mut house = House::at(NOON);
        house.exercise = false;
        let mut by_mail = function("");
        by_mail["contactWays"] = json!([{ "channel": Channel::Mail, "address": "larm@example.org" }]);
        put(&mut house, "jarva", "function", "krisstod-jarva", &by_mail).unwrap();
        put(&mut house, "jarva", "roster", "krisstod-jarva", &roster("krisstod-jarva", None)).unwrap();
        house.incident(None, &["jarva"], true);
        house.goes_on_until(NOON);
        let delivery = alarms(&house, "case")[0]["deliveries"][0].clone();
        let refusal = narhet_runtime::Refusal { detail: "saknas".to_owned(), may_heal: true, may_be_done: !answered };
        carried(&mut house, &delivery, Err(refusal), false);
        let tried = &alarms(&house, "case")[0]["deliveries"][0];
        assert_eq!((&tried["state"], &tried["maybeTwice"]), (&json!("retrying"), &json!(marked)), "{tried}");
    }
}
