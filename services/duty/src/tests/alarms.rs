//! Alarms as the house raises them by itself: of an offer, of an approaching hole, of the nightly proof.

use super::{
    NOON,
    house::{House, principal},
    readiness::{dissolved, function, officer, put, put_at, roster, staffed, version},
};
use crate::alarms::courier;
use narhet_kernel::{Role, Uuid};
use narhet_proto::codes::Channel;
use narhet_runtime::Carried;
use serde_json::{Value, json};

/// Friday evening, and the Monday after it.
const EVENING: &str = "2026-11-20T21:00:00Z";
const OPENING: &str = "2026-11-23T07:00:00Z";

pub fn alarms(house: &House, purpose: &str) -> Vec<Value> {
    let answer = house.ask("alarms", json!({ "purpose": purpose })).unwrap();
    answer["items"].as_array().unwrap().clone()
}

fn acknowledge(house: &mut House, board: &str, alarm: &Value) {
    let body = json!({ "id": alarm["id"] });
    house.command(&officer(board), "acknowledge-alarm", body).unwrap();
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
    assert_eq!((&path["provenAt"], &path["failing"]), (&Value::Null, &json!(["webhook"])));
    assert_eq!(alarms(&house, "proof")[0]["status"], "unproven");
    let only = house.ask("coverage", json!({ "area": "bromma" })).unwrap();
    assert_eq!(only["areas"].as_array().map(Vec::len), Some(1));
    assert!(only["holes"].as_array().unwrap().iter().all(|hole| hole["area"]["id"] == "bromma"), "{only}");
    assert_eq!(house.ask("coverage", json!({ "area": "nowhere" })).unwrap_err().code.status(), 400);
    let cover = house.ask("coverage", json!({})).unwrap();
    let failed = |hole: &Value| hole["area"]["id"] == "jarva" && hole["reason"] == "channel-failed";
    assert!(cover["holes"].as_array().unwrap().iter().any(failed), "{}", cover["holes"][0]);
}

/// An attempt ended so.
pub fn carried(
    house: &mut House,
    delivery: &Value,
    result: Result<String, narhet_runtime::Refusal>,
    maybe_twice: bool,
) {
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
    let alarm = alarms(&house, "case").remove(0);
    let case = house.case(alarm["caseId"].as_str().unwrap());
    let shown = case["alarms"].as_array().unwrap().iter().find(|shown| shown["id"] == alarm["id"]).unwrap();
    assert_eq!((&shown["task"], &shown["status"], &shown["dispatched"]), (&json!("case"), &json!("open"), &json!(1)));
    assert_eq!(shown["function"], "krisstod-jarva", "who was told last");
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

/// Whom the only alarm of a purpose has told: function, member, channel, way.
fn told(house: &House, purpose: &str) -> Vec<(String, String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let raised = alarms(house, purpose);
    assert_eq!(raised.len(), 1, "{raised:?}");
    let deliveries = raised[0]["deliveries"].as_array().unwrap().iter();
    deliveries
        .map(|one| (text(&one["function"]), text(&one["member"]), text(&one["channel"]), one["way"].as_u64().unwrap()))
        .collect()
}

#[test]
fn what_cannot_be_resolved_is_a_dead_letter_and_the_alarm_goes_on() {
    let mut two_ways = function("https://larm.example/1");
    let mail = json!({ "channel": "mail", "address": "larm@example.org" });
    two_ways["contactWays"].as_array_mut().unwrap().push(mail);
    for lost in ["a way", "the keys"] {
        let mut house = House::at(NOON);
        house.exercise = false;
        put(&mut house, "kommunstyrelsen", "function", "city-tib", &function("https://larm.example/tib")).unwrap();
        put(&mut house, "jarva", "function", "krisstod-jarva", &two_ways).unwrap();
        put(&mut house, "jarva", "roster", "krisstod-jarva", &roster("krisstod-jarva", None)).unwrap();
        if lost == "the keys" {
            house.loses_its_keys();
        }
        house.incident(None, &["jarva"], true);
        house.goes_on_until(NOON);
        let first = alarms(&house, "case")[0]["deliveries"][0].clone();
        carried(&mut house, &first, Ok("200".to_owned()), false);
        if lost == "a way" {
            let seen = version(&house, "function", "krisstod-jarva");
            let change = ("function", "krisstod-jarva");
            put_at(&mut house, "jarva", change, &function("https://larm.example/1"), seen).unwrap();
        }
        house.goes_on_until("2026-11-20T11:02:30Z");
        let ordered = house.log.iter().rfind(|event| event.event_type.contains("deliveries-ordered")).unwrap();
        assert!(!ordered.data.get().contains("address"), "{lost}: {}", ordered.data.get());
        let second = alarms(&house, "case")[0]["deliveries"][1].clone();
        assert_eq!(second["way"], 1, "{lost}");
        let erased = narhet_runtime::Refusal { detail: "erased".to_owned(), may_heal: false, may_be_done: false };
        carried(&mut house, &second, Err(erased), false);
        house.goes_on_until("2026-11-20T11:05:00Z");
        let functions: Vec<_> = told(&house, "case").into_iter().map(|(function, ..)| function).collect();
        assert_eq!(functions, ["krisstod-jarva", "krisstod-jarva", "city-tib"], "{lost}");
    }
}

#[test]
fn the_last_resort_is_told_whatever_its_roster_says() {
    let valid = |from: &str, to: Option<&str>| {
        let mut roster = roster("city-tib", to);
        roster["validFrom"] = json!(from);
        roster
    };
    let mut nobody = valid("2026-01-01T00:00:00Z", None);
    nobody["layers"] = json!([]);
    let rows = [
        ("no roster", None, "-"),
        ("round the clock", Some(valid("2026-01-01T00:00:00Z", None)), "lag-a"),
        ("over", Some(valid("2026-01-01T00:00:00Z", Some("2026-11-01T00:00:00Z"))), "-"),
        ("not begun", Some(valid("2026-12-24T00:00:00Z", None)), "-"),
        ("empty", Some(nobody), "-"),
    ];
    for (name, roster, member) in rows {
        let mut house = House::at(NOON);
        house.exercise = false;
        put(&mut house, "kommunstyrelsen", "function", "city-tib", &function("https://larm.example/tib")).unwrap();
        if let Some(roster) = roster {
            put(&mut house, "kommunstyrelsen", "roster", "tib", &roster).unwrap();
        }
        house.incident(None, &[], true);
        house.goes_on_until(NOON);
        let expected = [("city-tib".to_owned(), member.to_owned(), "webhook".to_owned(), 0)];
        assert_eq!(told(&house, "place-the-case"), expected, "{name}");
    }
}

#[test]
fn a_last_resort_that_is_reached_only_weeks_from_now_is_told_then() {
    let mut house = House::at(NOON);
    house.exercise = false;
    let mut later = roster("city-tib", None);
    later["validFrom"] = json!("2026-12-10T07:00:00Z");
    later["layers"][0]["crew"][0]["contactWays"] = json!([{ "channel": "sms", "address": "0700000000" }]);
    put(&mut house, "kommunstyrelsen", "roster", "tib", &later).unwrap();
    house.incident(None, &[], true);
    house.goes_on_until("2026-12-10T06:59:59Z");
    assert_eq!(told(&house, "place-the-case"), []);
    house.goes_on_until("2026-12-10T07:00:00Z");
    assert_eq!(told(&house, "place-the-case")[0].1, "lag-a");
}

#[test]
fn a_member_is_reached_where_its_own_roster_says() {
    let mut house = House::at(NOON);
    house.exercise = false;
    put(&mut house, "jarva", "function", "krisstod-jarva", &function("https://larm.example/1")).unwrap();
    for (id, valid_to, channel) in [("a-gammal", Some("2026-11-01T00:00:00Z"), "mail"), ("b-ny", None, "sms")] {
        let mut roster = roster("krisstod-jarva", valid_to);
        roster["layers"][0]["crew"][0]["contactWays"] = json!([{ "channel": channel, "address": "x" }]);
        put(&mut house, "jarva", "roster", id, &roster).unwrap();
    }
    house.incident(None, &["jarva"], true);
    house.goes_on_until(NOON);
    let channels: Vec<_> = told(&house, "case").into_iter().map(|(_, member, channel, _)| (member, channel)).collect();
    assert_eq!(channels, [("lag-a".to_owned(), "sms".to_owned())]);
}

#[test]
fn the_heir_of_a_board_is_alarmed_about_what_its_predecessor_had_not_answered() {
    // A case that Järva holds, and an offer that Järva has not answered, when Järva ends.
    for (begins, purpose, ends) in
        [(NOON, "case", "2026-11-20T23:00:00Z"), (EVENING, "answer-the-offer", "2026-11-23T07:10:00Z")]
    {
        let mut house = House::at(begins);
        staffed(&mut house, "jarva", None);
        staffed(&mut house, "bromma", None);
        house.incident(None, &["jarva"], true);
        dissolved(&mut house, "jarva", ends, "bromma");
        house.goes_on_until(ends);
        house.restarts();
        house.goes_on_until("2026-11-23T07:16:00Z");
        let raised = alarms(&house, purpose);
        let status: Vec<_> = raised.iter().map(|one| (&one["board"]["id"], &one["status"])).collect();
        let wanted = [(&json!("bromma"), &json!("open")), (&json!("jarva"), &json!("stood-down"))];
        assert_eq!(status, wanted, "{purpose}");
        assert_eq!(raised[0]["deliveries"][0]["function"], "krisstod-bromma", "{purpose}");
    }
}

#[test]
fn who_takes_an_alarm_acts_in_its_case_and_a_told_board_does_too() {
    for (role, board, before, after) in [
        (Role::DutyOfficer, "jarva", 200, 200),
        (Role::CrisisLead, "kommunstyrelsen", 200, 200),
        (Role::Coordinator, "jarva", 403, 403),
        (Role::Coordinator, "bromma", 404, 403),
        // Told in the second step: until then it is no business of theirs.
        (Role::DutyOfficer, "bromma", 404, 200),
        (Role::DutyOfficer, "vasterort", 404, 404),
    ] {
        for (at, status) in [(NOON, before), ("2026-11-20T11:05:00Z", after)] {
            let mut house = House::at(NOON);
            staffed(&mut house, "jarva", None);
            staffed(&mut house, "bromma", None);
            let step = |function: &str| json!({ "functions": [function], "acknowledgeWithinS": 300 });
            let steps = json!([step("krisstod-jarva"), step("krisstod-bromma")]);
            let path = json!({ "name": "Krisstöd", "steps": steps, "source": "prov" });
            put(&mut house, "jarva", "alarm-path", "jarva", &path).unwrap();
            house.incident(None, &["jarva"], true);
            house.goes_on_until(NOON);
            let delivery = alarms(&house, "case")[0]["deliveries"][0].clone();
            carried(&mut house, &delivery, Ok(String::new()), false);
            house.goes_on_until(at);
            let id = alarms(&house, "case")[0]["id"].clone();
            house.restarts();
            let taken = house.command(&principal(&[role], Some(board)), "acknowledge-alarm", json!({ "id": id }));
            let got = taken.map_or_else(|problem| problem.code.status(), |_| 200);
            assert_eq!(got, status, "{role:?} of {board} at {at}");
        }
    }
}

#[test]
fn a_warning_ends_when_its_hole_does_and_is_given_again_when_it_is_opened_again() {
    let mut house = House::at(NOON);
    let short = Some("2026-11-26T12:00:00Z");
    staffed(&mut house, "jarva", short);
    staffed(&mut house, "bromma", None);
    staffed(&mut house, "socialnamnden", None);
    house.goes_on_until("2026-11-23T12:00:00Z");
    let change = |house: &mut House, valid_to: Option<&str>| {
        let mut changed = roster("krisstod-jarva", valid_to);
        changed["accept"] = json!(["jarva/*"]);
        let seen = version(house, "roster", "krisstod-jarva");
        put_at(house, "jarva", ("roster", "krisstod-jarva"), &changed, seen).unwrap();
        let now = house.clock.now().to_string();
        house.goes_on_until(&now);
    };
    let status = |house: &House| -> Vec<String> {
        alarms(house, "gap").iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(status(&house), ["open"]);
    change(&mut house, None);
    assert_eq!(status(&house), ["stood-down"], "the roster is mended");
    change(&mut house, short);
    assert_eq!(status(&house), ["open", "stood-down"], "and broken again: the newest first");
    house.restarts();
    // Two days more are warned of meanwhile; the first afternoon passes, and nobody is woken for it any more.
    house.goes_on_until("2026-11-26T15:29:59Z");
    assert_eq!(status(&house), ["open", "open", "stood-down"]);
    house.goes_on_until("2026-11-26T15:30:00Z");
    assert_eq!(status(&house), ["open", "stood-down", "stood-down"]);
}

#[test]
fn the_citys_tib_has_one_open_alarm_about_a_handover_however_often_it_fails() {
    let (mut house, id) = night(false);
    house.goes_on_until("2026-11-23T15:00:00Z");
    let told = house.case(&id)["alarms"].as_array().unwrap().len();
    assert!(told > 2, "{told} times nobody answered");
    assert_eq!(alarms(&house, "handover").len(), 1);
    let first = alarms(&house, "handover").remove(0);
    acknowledge(&mut house, "kommunstyrelsen", &first);
    house.goes_on_until("2026-11-24T07:30:00Z");
    assert_eq!(alarms(&house, "handover").len(), 2, "who took the first is told of the next morning's silence");
}
