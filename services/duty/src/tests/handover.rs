//! Handover as its people live it: a night with socialnämnden, a morning offer, an answer or none.

use super::{
    NOON,
    house::{House, instant, principal},
    readiness::dissolved,
};
use narhet_kernel::Role;
use serde_json::{Value, json};

/// Friday evening.
const EVENING: &str = "2026-11-20T21:00:00Z";
/// Monday, when the office opens.
const OPENING: &str = "2026-11-23T07:00:00Z";

fn custody(case: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    case["custody"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["holder"]["id"]).unwrap(), text(&one["since"]).unwrap(), text(&one["until"])))
        .collect()
}

/// A house with one night case of Järva's; its id.
fn night() -> (House, String) {
    let mut house = House::at(EVENING);
    let incident = house.incident(None, &["jarva"], true);
    let id = house.cases(&incident)[0]["id"].as_str().unwrap().to_owned();
    (house, id)
}

#[test]
fn the_offer_is_made_by_itself_when_the_office_opens_and_the_district_accepts() {
    let (mut house, id) = night();
    house.goes_on_until("2026-11-23T06:59:59Z");
    assert_eq!(house.case(&id)["offer"], Value::Null, "a minute before");
    assert_eq!(house.case(&id)["nextOfferAt"], OPENING);
    house.goes_on_until(OPENING);
    let case = house.case(&id);
    assert_eq!((&case["offer"]["status"], &case["offer"]["to"]["id"]), (&json!("offered"), &json!("jarva")));
    assert_eq!(case["holder"]["id"], "socialnamnden", "an offer moves nothing");
    house.goes_on_until("2026-11-23T07:04:00Z");
    let accepted = house.act_on(&id, "accept-offer", "jarva", json!({})).unwrap();
    assert_eq!((&accepted["holder"]["id"], &accepted["status"]), (&json!("jarva"), &json!("active")));
    let at = "2026-11-23T07:04:00Z".to_owned();
    let expected = [("socialnamnden".to_owned(), EVENING.to_owned(), Some(at.clone())), ("jarva".to_owned(), at, None)];
    assert_eq!(custody(&house.case(&id)), expected);
}

#[test]
fn an_office_that_is_open_when_the_case_starts_is_asked_at_once() {
    let mut house = House::at(NOON);
    let incident = house.incident(Some("2026-11-20T02:00:00+01:00"), &["jarva"], true);
    let id = house.cases(&incident)[0]["id"].as_str().unwrap().to_owned();
    house.goes_on_until(NOON);
    assert_eq!(house.case(&id)["offer"]["status"], "offered");
}

#[test]
fn a_refusal_keeps_the_holder_tells_the_citys_tib_and_is_asked_again_at_its_time() {
    let (mut house, id) = night();
    house.goes_on_until("2026-11-23T07:10:00Z");
    let refused = json!({ "reason": "Gruppen är samlad kl. 10, ring 121212-1212", "retryAt": "2026-11-23T09:00:00Z" });
    let case = house.act_on(&id, "refuse-offer", "jarva", refused).unwrap();
    assert_eq!((&case["holder"]["id"], &case["offer"]["status"]), (&json!("socialnamnden"), &json!("refused")));
    assert_eq!(
        case["offer"]["reason"],
        json!({ "text": "Gruppen är samlad kl. 10, ring [personnummer]", "masked": true })
    );
    assert_eq!(case["alarms"][0]["task"], "handover-refused");
    house.goes_on_until("2026-11-23T08:59:59Z");
    assert_eq!(house.case(&id)["offer"]["status"], "refused");
    house.goes_on_until("2026-11-23T09:00:00Z");
    assert_eq!(house.case(&id)["offer"]["status"], "offered");
}

#[test]
fn silence_is_reminded_noted_and_told_and_moves_nothing() {
    let (mut house, id) = night();
    house.goes_on_until("2026-11-23T07:15:00Z");
    assert_eq!(house.case(&id)["offer"]["remindedAt"], "2026-11-23T07:15:00Z");
    house.goes_on_until("2026-11-23T07:30:00Z");
    let case = house.case(&id);
    assert_eq!(case["offer"]["status"], "timed-out");
    assert_eq!(case["alarms"][0]["task"], "handover-unanswered");
    assert_eq!(case["holder"]["id"], "socialnamnden");
    house.goes_on_until("2026-11-23T08:30:00Z");
    assert_eq!(house.case(&id)["offer"]["status"], "offered", "it is asked again after an hour");
}

#[test]
fn an_answer_is_waited_for_while_the_office_of_the_board_is_open() {
    // Friday 16:25 Stockholm time: five minutes today, and the rest on Monday.
    let mut house = House::at("2026-11-20T15:25:00Z");
    let incident = house.incident(Some("2026-11-20T02:00:00+01:00"), &["jarva"], true);
    house.goes_on_until("2026-11-20T15:25:00Z");
    let offer = house.cases(&incident)[0]["offer"].clone();
    assert_eq!(offer["answerBy"], "2026-11-23T07:25:00Z");
    house.goes_on_until("2026-11-23T07:09:59Z");
    assert_eq!(house.cases(&incident)[0]["offer"]["remindedAt"], Value::Null);
    house.goes_on_until("2026-11-23T07:10:00Z");
    assert_eq!(house.cases(&incident)[0]["offer"]["remindedAt"], "2026-11-23T07:10:00Z");
    // By hand, to who has the nights: within half an hour, whatever the hour; to who has not, from its opening on.
    let (mut house, id) = night();
    house.act_on(&id, "take-over-case", "jarva", json!({})).unwrap();
    let to_night = house.act_on(&id, "offer-case", "jarva", json!({ "to": "socialnamnden" })).unwrap();
    assert_eq!(to_night["offer"]["answerBy"], "2026-11-20T21:30:00Z");
    let (mut house, id) = night();
    let by_night = house.act_on(&id, "offer-case", "socialnamnden", json!({ "to": "jarva" })).unwrap();
    assert_eq!(by_night["offer"]["answerBy"], "2026-11-23T07:30:00Z");
}

#[test]
fn when_a_board_that_refuses_is_asked_again_as_a_table() {
    // The day before Christmas Eve 2026, a Wednesday; the next day of the office is Monday the 28th.
    for (retry_at, asked) in [
        (None, Ok("2026-12-28T07:00:00Z")),
        (Some("2026-12-28T12:00:00Z"), Ok("2026-12-28T12:00:00Z")),
        (Some("2026-12-24T20:00:00Z"), Ok("2026-12-24T20:00:00Z")),
        (Some("2026-12-29T07:00:00Z"), Err(400)),
        (Some("2026-12-23T15:00:00Z"), Err(400)),
    ] {
        let mut house = House::at("2026-12-23T15:25:00Z");
        let incident = house.incident(Some("2026-12-23T02:00:00+01:00"), &["jarva"], true);
        house.goes_on_until("2026-12-23T15:25:00Z");
        let refusal = json!({ "reason": "inte ännu", "retryAt": retry_at });
        let refused = house.act("refuse-offer", "jarva", &incident, refusal);
        let got = refused.map(|case| case["offer"]["retryAt"].as_str().unwrap().to_owned());
        assert_eq!(got.as_deref().map_err(|problem| problem.code.status()), asked, "{retry_at:?}");
    }
}

#[test]
fn the_responsible_board_takes_over_at_any_minute_of_the_night() {
    let (mut house, id) = night();
    house.goes_on_until("2026-11-21T02:17:00Z");
    let case = house.act_on(&id, "take-over-case", "jarva", json!({})).unwrap();
    assert_eq!((&case["holder"]["id"], &case["since"]), (&json!("jarva"), &json!("2026-11-21T02:17:00Z")));
    house.goes_on_until("2026-12-01T00:00:00Z");
    assert_eq!(house.case(&id)["offer"], Value::Null, "who holds is not asked");
    let refused = house.act_on(&id, "take-over-case", "bromma", json!({})).unwrap_err();
    assert_eq!((refused.code.status(), refused.rule.as_deref()), (404, None), "Bromma does not read it");
}

#[test]
fn who_may_do_what_as_a_table() {
    // (command, board, status of the answer) while an offer to Järva is open; kommunstyrelsen reads every case.
    for (command, board, status) in [
        ("accept-offer", "kommunstyrelsen", 403),
        ("accept-offer", "socialnamnden", 403),
        ("refuse-offer", "socialnamnden", 403),
        ("take-over-case", "socialnamnden", 403),
        ("take-over-case", "kommunstyrelsen", 403),
        ("acknowledge-case", "jarva", 403),
        ("offer-case", "jarva", 403),
        ("recall-offer", "jarva", 403),
        ("close-case", "jarva", 403),
        ("relocate-case", "jarva", 403),
        ("acknowledge-case", "socialnamnden", 200),
        ("recall-offer", "socialnamnden", 200),
        ("offer-case", "socialnamnden", 200),
        ("accept-offer", "jarva", 200),
        ("refuse-offer", "jarva", 200),
        ("take-over-case", "jarva", 200),
        ("close-case", "socialnamnden", 200),
        ("relocate-case", "socialnamnden", 200),
        ("relocate-case", "kommunstyrelsen", 200),
        ("close-case", "bromma", 404),
    ] {
        let (mut house, id) = night();
        house.goes_on_until(OPENING);
        let members = match command {
            "refuse-offer" => json!({ "reason": "inte ännu" }),
            "offer-case" => json!({ "to": "jarva" }),
            "relocate-case" => json!({ "reason": "fel", "place": { "type": "Point", "coordinates": [17.9, 59.3] } }),
            _ => json!({}),
        };
        let answer = house.act_on(&id, command, board, members.clone());
        let got = answer.as_ref().map_or_else(|problem| problem.code.status(), |_| 200);
        assert_eq!(got, status, "{command} by {board}: {answer:?}");
        let mut body = members;
        body["id"] = json!(id);
        let other = house.command(&principal(&[Role::Coordinator], Some(board)), command, body).unwrap_err();
        assert_eq!((other.code.status(), other.rule.as_deref()), (403, Some(command)), "a coordinator has no duty");
    }
}

#[test]
fn what_the_state_does_not_allow_is_a_conflict() {
    let (mut house, id) = night();
    let conflict = |house: &mut House, command: &str, board: &str, members: Value| {
        let problem = house.act_on(&id, command, board, members).unwrap_err();
        assert_eq!(problem.code.status(), 409, "{command}: {problem}");
        problem.detail
    };
    conflict(&mut house, "accept-offer", "jarva", json!({}));
    conflict(&mut house, "recall-offer", "socialnamnden", json!({}));
    conflict(&mut house, "offer-case", "socialnamnden", json!({ "to": "bromma" }));
    conflict(&mut house, "offer-case", "socialnamnden", json!({ "to": "socialnamnden" }));
    let first = house.act_on(&id, "offer-case", "socialnamnden", json!({ "to": "jarva" })).unwrap();
    house.act_on(&id, "recall-offer", "socialnamnden", json!({})).unwrap();
    house.act_on(&id, "offer-case", "socialnamnden", json!({ "to": "jarva" })).unwrap();
    let stale = first["offer"]["offerId"].clone();
    conflict(&mut house, "accept-offer", "jarva", json!({ "offerId": stale.clone() }));
    conflict(&mut house, "refuse-offer", "jarva", json!({ "offerId": stale, "reason": "x" }));
    house.act_on(&id, "close-case", "socialnamnden", json!({})).unwrap();
    let place = json!({ "type": "Point", "coordinates": [18.1, 59.3] });
    let log = house.log.len();
    for (command, board, members) in [
        ("accept-offer", "jarva", json!({})),
        ("take-over-case", "jarva", json!({})),
        ("acknowledge-case", "socialnamnden", json!({})),
        // The last holder, who was never offered it and is not responsible.
        ("accept-offer", "socialnamnden", json!({ "offerId": "00000000-0000-7000-8000-000000000000" })),
        ("take-over-case", "socialnamnden", json!({})),
        ("relocate-case", "socialnamnden", json!({ "place": place, "reason": "x" })),
        ("relocate-case", "jarva", json!({ "place": place, "reason": "x" })),
    ] {
        conflict(&mut house, command, board, members);
    }
    assert_eq!(house.log.len(), log, "and nothing has happened elsewhere");
    assert_eq!(house.case(&id)["status"], "closed");
    house.goes_on_until("2026-12-01T00:00:00Z");
    assert_eq!(house.case(&id)["offer"]["status"], "recalled", "nobody is asked about a closed case");
}

#[test]
fn an_act_decided_on_an_older_version_is_refused() {
    let (mut house, id) = night();
    house.goes_on_until(OPENING);
    let jarva = principal(&[Role::DutyOfficer], Some("jarva"));
    let body = json!({ "id": id });
    let stale = house.command_at(&jarva, "accept-offer", body.clone(), Some(1)).unwrap_err();
    assert_eq!(stale.code.status(), 412);
    assert!(house.command_at(&jarva, "accept-offer", body, Some(2)).is_ok());
}

#[test]
fn a_board_may_offer_the_night_to_socialnamnden_who_must_accept_and_is_asked_at_the_next_opening() {
    let mut house = House::at(NOON);
    let incident = house.incident(None, &["jarva"], true);
    let id = house.cases(&incident)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.case(&id)["holder"]["id"], "jarva");
    house.goes_on_until("2026-11-20T15:00:00Z");
    house.act_on(&id, "offer-case", "jarva", json!({ "to": "socialnamnden" })).unwrap();
    assert_eq!(house.case(&id)["holder"]["id"], "jarva", "until it is accepted");
    house.act_on(&id, "accept-offer", "socialnamnden", json!({})).unwrap();
    house.goes_on_until("2026-11-20T15:20:00Z");
    assert_eq!(house.case(&id)["offer"]["status"], "accepted", "it is still open, and not asked back the same minute");
    house.goes_on_until(OPENING);
    assert_eq!(house.case(&id)["offer"]["status"], "offered");
}

#[test]
fn the_successor_inherits_at_midnight_also_when_nobody_was_there() {
    for down in [false, true] {
        let (mut house, id) = night();
        house.act_on(&id, "take-over-case", "jarva", json!({})).unwrap();
        dissolved(&mut house, "jarva", "2026-12-31T23:00:00Z", "bromma");
        if down {
            house.clock.set(instant("2027-01-01T01:00:00Z"));
            // Nobody has fired anything yet, and the answer is right all the same.
            let case = house.case(&id);
            assert_eq!((&case["holder"]["id"], &case["responsibleBoard"]["id"]), (&json!("bromma"), &json!("bromma")));
            house.restarts();
            house.fires();
        } else {
            house.goes_on_until("2026-12-31T22:59:59Z");
            assert_eq!(house.case(&id)["holder"]["id"], "jarva");
            house.goes_on_until("2027-01-01T01:00:00Z");
        }
        let case = house.case(&id);
        assert_eq!(case["holder"]["id"], "bromma");
        let last = case["custody"].as_array().unwrap().last().unwrap();
        assert_eq!(last["effectiveAt"], "2026-12-31T23:00:00Z");
        let recorded = if down { "2027-01-01T01:00:00Z" } else { "2026-12-31T23:00:00Z" };
        assert_eq!(last["since"], recorded, "the recorded instant");
        assert_eq!(house.duty.cases().of_incident(case["incidentId"].as_str().unwrap()).len(), 1);
    }
}

#[test]
fn the_successor_acts_the_minute_after_midnight_before_any_timer_has_fired() {
    let (mut house, id) = night();
    dissolved(&mut house, "jarva", "2026-11-30T23:00:00Z", "bromma");
    house.clock.set(instant("2026-11-30T23:00:01Z"));
    let case = house.act_on(&id, "take-over-case", "socialnamnden", json!({})).unwrap_err();
    assert_eq!(case.code.status(), 403);
    let kommunstyrelsen = principal(&[Role::Admin], None);
    let admin = narhet_kernel::Principal { demo: true, board: None, ..kommunstyrelsen };
    let case = house.command(&admin, "take-over-case", json!({ "id": id })).unwrap();
    assert_eq!(case["holder"]["id"], "bromma");
    assert_eq!(case["responsibleBoard"]["id"], "bromma");
}

#[test]
fn a_corrected_place_moves_no_holder() {
    let mut house = House::at(EVENING);
    let incident = house.incident(None, &[], true);
    let unplaced = house.cases(&incident)[0]["id"].as_str().unwrap().to_owned();
    // A line over both areas, most of it in Järva.
    let place = json!({ "type": "LineString", "coordinates": [[17.85, 59.3], [18.01, 59.3]] });
    let body = json!({ "place": place, "reason": "adressen är känd nu" });
    let case = house.act_on(&unplaced, "relocate-case", "kommunstyrelsen", body.clone()).unwrap();
    assert_eq!((&case["responsibleBoard"]["id"], &case["holder"]["id"]), (&json!("jarva"), &json!("socialnamnden")));
    let said = case["history"].as_array().unwrap().last().unwrap()["reason"].clone();
    assert_eq!(said, json!({ "text": "adressen är känd nu", "masked": false }));
    let cases = house.cases(&incident);
    let of = |cases: &[Value]| -> Vec<(String, String, bool)> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        cases
            .iter()
            .map(|case| (text(&case["responsibleBoard"]["id"]), text(&case["holder"]["id"]), case["affected"] == true))
            .collect()
    };
    let owned = |rows: [(&str, &str, bool); 2]| rows.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c)).to_vec();
    assert_eq!(of(&cases), owned([("bromma", "socialnamnden", true), ("jarva", "socialnamnden", true)]));
    let log = house.log.len();
    house.act_on(&unplaced, "relocate-case", "kommunstyrelsen", body).unwrap();
    assert_eq!(house.log.len(), log, "the same place again changes nothing");
    // It was in Bromma alone: Järva's case is marked and stays where it is.
    let body = json!({ "place": { "type": "Point", "coordinates": [18.1, 59.3] }, "reason": "det var fel" });
    house.act_on(&unplaced, "relocate-case", "socialnamnden", body).unwrap();
    assert_eq!(
        of(&house.cases(&incident)),
        owned([("bromma", "socialnamnden", true), ("jarva", "socialnamnden", false)])
    );
    house.goes_on_until(OPENING);
    let offers: Vec<Value> = house.cases(&incident).iter().map(|case| case["offer"]["to"]["id"].clone()).collect();
    assert_eq!(offers, [json!("bromma"), Value::Null], "only the affected board is asked");
}

#[test]
fn a_corrected_place_gives_no_board_a_second_case() {
    let point = |lon: f64| json!({ "place": { "type": "Point", "coordinates": [lon, 59.3] }, "reason": "rättad" });
    // It happened before Västerort was divided, and its case is its heir's.
    let mut house = House::at(NOON);
    dissolved(&mut house, "vasterort", "2023-06-30T22:00:00Z", "jarva");
    let incident = house.incident(Some("2023-06-30T10:00:00+02:00"), &["vasterort"], true);
    let case = house.act("relocate-case", "jarva", &incident, point(18.1)).unwrap();
    assert_eq!((&case["responsibleBoard"]["id"], &case["affected"]), (&json!("jarva"), &json!(true)));
    assert_eq!(house.cases(&incident).len(), 1);
    let lead = principal(&[Role::CrisisLead], Some("kommunstyrelsen"));
    let by_hand = json!({ "incidentId": incident.subject.id(), "board": "vasterort", "reason": "x" });
    assert_eq!(house.command(&lead, "open-case", by_hand).unwrap()["id"], case["id"], "named by its old name");

    // A case at an unknown place has nobody left to go to once the board of its place has one that was opened by hand.
    let mut house = House::at(NOON);
    let incident = house.incident(None, &[], true);
    let by_hand = json!({ "incidentId": incident.subject.id(), "board": "jarva", "reason": "x" });
    house.command(&lead, "open-case", by_hand).unwrap();
    let tib = principal(&[Role::DutyOfficer], Some("kommunstyrelsen"));
    let unplaced = house.cases(&incident).into_iter().find(|case| case["responsibleBoard"].is_null()).unwrap();
    let mut place = point(17.9);
    place["id"] = unplaced["id"].clone();
    let refused = house.command(&tib, "relocate-case", place).unwrap_err();
    assert!(refused.code == narhet_proto::wire::ErrorCode::Conflict && refused.detail.contains("jarva"), "{refused}");

    // Järva's case is closed: what is corrected in Bromma's opens no second one.
    let mut house = House::at(NOON);
    let incident = house.incident(None, &["bromma", "jarva"], true);
    let ids: Vec<String> = house.cases(&incident).iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    house.act_on(&ids[1], "close-case", "jarva", json!({})).unwrap();
    house.act_on(&ids[0], "relocate-case", "bromma", point(17.9)).unwrap();
    assert_eq!(house.cases(&incident).len(), 2);
}

#[test]
fn a_case_is_opened_by_hand_once_for_a_board_and_says_why() {
    let (mut house, id) = night();
    let incident = house.case(&id)["incidentId"].clone();
    let lead = principal(&[Role::CrisisLead], Some("kommunstyrelsen"));
    let body = json!({ "incidentId": incident, "board": "bromma", "reason": "de drabbade bor där" });
    let case = house.command(&lead, "open-case", body.clone()).unwrap();
    assert_eq!((&case["responsibleBoard"]["id"], &case["basis"]), (&json!("bromma"), &json!("named")));
    assert_eq!(case["reason"]["text"], "de drabbade bor där");
    let again = house.command(&lead, "open-case", body).unwrap();
    assert_eq!(again["id"], case["id"]);
    for (wrong, pointer) in [("board", "/board"), ("reason", "/reason")] {
        let mut body = json!({ "incidentId": incident, "board": "farsta", "reason": "x" });
        body[wrong] = json!("");
        let problem = house.command(&lead, "open-case", body).unwrap_err();
        assert_eq!((problem.code.status(), problem.errors[0].pointer.as_deref()), (400, Some(pointer)));
    }
}

#[test]
fn cases_are_listed_newest_first_in_pages_with_exercises_apart() {
    let mut house = House::at(EVENING);
    for _ in 0..3 {
        house.incident(None, &["jarva"], true);
    }
    let page = house.ask("support-cases", json!({ "limit": "2", "board": "jarva", "status": "open" })).unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let rest = house.ask("support-cases", json!({ "limit": "2", "after": page["next"] })).unwrap();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    assert_eq!(house.ask("support-cases", json!({ "exercise": "false" })).unwrap()["items"], json!([]));
    assert_eq!(house.ask("support-cases", json!({ "status": "lost" })).unwrap_err().code.status(), 400);
}
