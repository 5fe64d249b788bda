//! The context as its host drives it: an incident comes in, cases come out, somebody asks.

mod alarms;
mod calendars;
mod cover;
mod handover;
mod house;
mod paths;
mod protocol;
mod readiness;
mod swaps;
mod traps;

use house::{House, instant, principal};
use narhet_kernel::Role;
use narhet_runtime::Service;
use serde_json::{Value, json};

/// Friday 2026-11-20 was a working day; the house runs on it at noon Stockholm time.
const NOON: &str = "2026-11-20T11:00:00Z";

fn holders(cases: &[Value]) -> Vec<(&str, &str)> {
    let id = |board: &Value| board["id"].as_str().map(str::to_owned);
    cases
        .iter()
        .map(|case| {
            assert!(["held", "alarmed"].contains(&case["status"].as_str().unwrap()), "{case}");
            assert!(id(&case["holder"]).is_some(), "{case}");
            (case["responsibleBoard"]["id"].as_str().unwrap_or("-"), case["holder"]["id"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn who_holds_a_new_case_as_a_table() {
    let rows = [
        ("inside office hours", Some("2026-11-20T10:00:00+01:00"), "jarva"),
        ("at opening", Some("2026-11-20T08:00:00+01:00"), "jarva"),
        ("a second before opening", Some("2026-11-20T07:59:59+01:00"), "socialnamnden"),
        ("at closing", Some("2026-11-19T16:30:00+01:00"), "socialnamnden"),
        ("a second before closing", Some("2026-11-19T16:29:59+01:00"), "jarva"),
        ("on a Saturday", Some("2026-11-14T12:00:00+01:00"), "socialnamnden"),
        ("on a public holiday", Some("2026-01-06T12:00:00+01:00"), "socialnamnden"),
        ("on Christmas Eve", Some("2025-12-24T12:00:00+01:00"), "socialnamnden"),
        ("at night", Some("2026-11-20T02:00:00+01:00"), "socialnamnden"),
        ("before any calendar", Some("1980-01-07T10:00:00Z"), "socialnamnden"),
        ("unknown time, reported at noon", None, "jarva"),
    ];
    for (name, occurred_at, holder) in rows {
        let mut house = House::at(NOON);
        let incident = house.incident(occurred_at, &["jarva"], true);
        assert_eq!(holders(&house.cases(&incident)), [("jarva", holder)], "{name}");
    }
}

#[test]
fn what_happened_at_night_and_is_reported_at_noon_is_still_socialnamndens() {
    let mut house = House::at(NOON);
    let incident = house.incident(Some("2026-11-20T02:00:00+01:00"), &["jarva"], true);
    let case = &house.cases(&incident)[0];
    assert_eq!(case["holder"], json!({ "id": "socialnamnden", "name": "Socialnämnden" }));
    assert_eq!(case["since"], NOON, "custody begins when it is recorded");
    assert_eq!(case["exercise"], true);
}

#[test]
fn a_case_stays_with_socialnamnden_until_the_district_accepts() {
    let mut house = House::at("2026-11-20T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    for later in ["2026-11-23T06:59:59Z", "2026-11-23T07:00:00Z", "2026-11-23T12:00:00Z", "2027-11-23T12:00:00Z"] {
        house.goes_on_until(later);
        assert_eq!(holders(&house.cases(&incident)), [("jarva", "socialnamnden")], "{later}");
    }
    while house.cases(&incident)[0]["offer"]["status"] != "offered" {
        let due = house.duty.next_due().unwrap();
        house.goes_on_until(&due.to_string());
    }
    let accepted = house.act("accept-offer", "jarva", &incident, json!({})).unwrap();
    assert_eq!(accepted["holder"]["id"], "jarva");
}

#[test]
fn every_affected_board_gets_one_case() {
    let mut house = House::at(NOON);
    let incident = house.incident(None, &["jarva", "bromma", "jarva", "stockholm-vatten"], true);
    assert_eq!(
        holders(&house.cases(&incident)),
        [("bromma", "bromma"), ("jarva", "jarva"), ("stockholm-vatten", "stockholm-vatten")]
    );
}

#[test]
fn an_incident_that_needs_no_support_gets_no_case() {
    let mut house = House::at(NOON);
    let incident = house.incident(None, &["jarva"], false);
    assert!(house.cases(&incident).is_empty());
}

#[test]
fn a_case_without_a_board_is_held_by_socialnamnden_and_alarms_the_citys_tib() {
    let mut house = House::at(NOON);
    let incident = house.incident(None, &[], true);
    let cases = house.cases(&incident);
    assert_eq!(holders(&cases), [("-", "socialnamnden")]);
    assert_eq!(cases[0]["responsibleBoard"], Value::Null);
    let alarm = &cases[0]["alarms"][0];
    assert_eq!((&alarm["function"], &alarm["task"]), (&json!("city-tib"), &json!("place-the-case")));
    assert_eq!(alarm["board"]["id"], "kommunstyrelsen");
}

#[test]
fn the_same_incident_seen_twice_yields_no_second_case() {
    let mut house = House::at(NOON);
    let incident = house.reported(None, &["jarva", "bromma"], true);
    let ids = |writes: &[narhet_runtime::Write]| -> Vec<_> {
        writes.iter().flat_map(|write| write.drafts.iter().map(|draft| (draft.id, draft.stream.clone()))).collect()
    };
    let first = house.with_env(|duty, env| duty.react(&incident, env));
    let again = house.with_env(|duty, env| duty.react(&incident, env));
    assert_eq!(ids(&first), ids(&again), "a re-run before the commit finds the same ids");
    assert!(first.iter().all(|write| write.stream.id() == write.drafts[0].id.to_string()), "a case is its event's id");
    house.commit(first, Some(incident.id));
    assert!(house.with_env(|duty, env| duty.react(&incident, env)).is_empty());
}

#[test]
fn a_late_report_is_held_by_the_successor_of_a_dissolved_board() {
    use narhet_proto::events::{Named, area::BoardDissolved};
    let mut house = House::at(NOON);
    house.area(
        &BoardDissolved {
            id: "vasterort".to_owned(),
            valid_to: instant("2023-06-30T22:00:00Z"),
            successor: Named::new("jarva", "Järva stadsdelsnämnd"),
            division_id: Some(house::DIVISION.to_owned()),
        },
        "board",
    );
    let incident = house.incident(Some("2023-06-30T10:00:00+02:00"), &["vasterort"], true);
    let opened: Value = serde_json::from_str(house.log.last().unwrap().data.get()).unwrap();
    assert_eq!(opened["responsibleBoard"]["id"], "vasterort", "it was opened for the board of then");
    assert_eq!(holders(&house.cases(&incident)), [("jarva", "jarva")], "and is answered by the board of now");
}

#[test]
fn every_reason_has_a_source_and_assumptions_say_so() {
    let mut house = House::at("2026-11-20T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    let why = house.cases(&incident)[0]["why"].as_array().unwrap().clone();
    let rules: Vec<_> = why.iter().map(|why| why["rule"].as_str().unwrap()).collect();
    assert_eq!(
        rules,
        ["krisstod/2020", "kontorstid/1", "omradesansvar/2020", "okand-tid/1", "krisstod/2020-giltighet"]
    );
    for reason in &why {
        assert!(!reason["source"].as_str().unwrap().is_empty(), "{reason}");
        assert!(reason["text"].as_str().unwrap().ends_with('.'), "{reason}");
    }
    let assumed: Vec<_> = why.iter().map(|why| why["assumption"] == true).collect();
    assert_eq!(assumed, [false, true, false, true, true]);
    assert_eq!(why[0]["eventIds"], json!([incident.id]));
    assert_eq!(why[1]["eventIds"], json!([house.log[0].id]));
    assert_eq!(why[1]["calendarVersion"], "1");
    assert_eq!(why[2]["areaVersion"], house::DIVISION);
    assert_eq!(
        why[0]["text"],
        "Det som inträffar utanför kontorstid har Socialnämnden det operativa ansvaret för, tills jarva stadsdelsnämnd övertar det."
    );
}

#[test]
fn who_is_on_duty_and_until_when_as_a_table() {
    let house = House::at(NOON);
    let ask = |lon: f64, at: &str| house.ask("duty", json!({ "lon": lon, "lat": 59.3, "occurredAt": at })).unwrap();
    let rows = [
        // Friday noon → closing; Friday evening → Monday's opening; the eve of a holiday → the day after.
        (17.9, "2026-11-20T11:00:00Z", "jarva", true, "2026-11-20T15:30:00Z", "socialnamnden"),
        (17.9, "2026-11-20T19:00:00Z", "socialnamnden", false, "2026-11-23T07:00:00Z", "jarva"),
        (18.1, "2027-01-05T20:00:00Z", "socialnamnden", false, "2027-01-07T07:00:00Z", "bromma"),
        // The last evening of a division: the holder stays, the board behind it changes at midnight.
        (18.1, "2023-06-30T21:59:59Z", "socialnamnden", false, "2023-06-30T22:00:00Z", "socialnamnden"),
    ];
    for (lon, at, holder, open, until, next) in rows {
        let answer = ask(lon, at);
        assert_eq!(answer["holder"]["id"], holder, "{at}");
        assert_eq!(answer["officeOpen"], open, "{at}");
        assert_eq!(answer["until"], until, "{at}");
        assert_eq!(answer["next"]["id"], next, "{at}");
        assert_eq!(answer["match"], "inside");
        assert!(answer["why"].as_array().unwrap().iter().all(|why| why["source"] != ""), "{answer}");
    }
    assert_eq!(ask(18.1, "2023-06-30T21:59:59Z")["responsibleBoard"]["id"], "vasterort");
}

#[test]
fn outside_the_city_nobody_is_on_duty_and_the_answer_says_why() {
    let house = House::at(NOON);
    let answer = house.ask("duty", json!({ "lon": 17.0, "lat": 59.3 })).unwrap();
    for null in ["holder", "responsibleBoard", "until", "next"] {
        assert_eq!(answer[null], Value::Null, "{null}");
    }
    assert_eq!(answer["match"], "outside");
    assert_eq!(answer["at"], NOON);
    assert!(!answer["why"].as_array().unwrap().is_empty());
    // Before the first division nobody answers, until it begins.
    let early = house.ask("duty", json!({ "lon": 17.9, "lat": 59.3, "occurredAt": "2019-01-07T10:00:00Z" })).unwrap();
    assert_eq!((&early["holder"], &early["until"]), (&Value::Null, &json!("2020-06-30T22:00:00Z")));
}

#[test]
fn bad_questions_are_refused_and_name_the_parameter() {
    let house = House::at(NOON);
    let rows = [
        ("duty", json!({ "lat": 59.3 }), "lon"),
        ("duty", json!({ "lon": 18.0 }), "lat"),
        ("duty", json!({ "lon": "NaN", "lat": 59.3 }), "lon"),
        ("duty", json!({ "lon": 18.0, "lat": "infinity" }), "lat"),
        ("duty", json!({ "lon": 18.0, "lat": true }), "lat"),
        ("duty", json!({ "lon": 59.3, "lat": 18.0 }), "lon"),
        ("duty", json!({ "lon": 181.0, "lat": 18.0 }), "lon"),
        ("duty", json!({ "lon": 18.0, "lat": 91.0 }), "lat"),
        ("duty", json!({ "lon": 18.0, "lat": 59.3, "occurredAt": "igår" }), "occurredAt"),
        ("duty", json!({ "lon": 18.0, "lat": 59.3, "at": "2026-11-20T11:00:00Z" }), "at"),
        ("cases", json!({}), "incidentId"),
        ("cases", json!({ "incidentId": 7 }), "incidentId"),
    ];
    for (query, body, parameter) in rows {
        let problem = house.ask(query, body.clone()).unwrap_err();
        assert_eq!(problem.code.status(), 400, "{body}");
        assert_eq!(problem.errors[0].parameter.as_deref(), Some(parameter), "{body}: {problem}");
    }
    assert!(house.ask("duty", json!({ "lon": "18.0", "lat": "59.3" })).is_ok(), "text from a URL is taken");
}

#[test]
fn who_may_read_a_case() {
    let mut house = House::at("2026-11-20T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    let rows = [
        (&[Role::Coordinator][..], Some("jarva"), true),
        (&[Role::DutyOfficer], Some("socialnamnden"), true), // the holder
        (&[Role::Coordinator], Some("farsta"), true),        // the reporter's board
        (&[Role::Dashboard], Some("jarva"), true),
        (&[Role::CrisisLead], Some("kommunstyrelsen"), true),
        (&[Role::Coordinator], Some("bromma"), false),
        (&[Role::Dashboard], Some("bromma"), false),
        (&[Role::Ckl], None, true),
        (&[Role::CrisisChair], None, true),
        (&[Role::CrisisBoard], None, true),
        (&[Role::CitySecurity], None, true),
        (&[Role::Communicator], None, true),
        (&[Role::Registrar], None, true),
        (&[Role::Auditor], None, true),
        (&[Role::Liaison], None, false),
        (&[Role::Admin], None, false),
    ];
    for (roles, board, reads) in rows {
        let body = json!({ "incidentId": incident.subject.id() });
        let answer = house.ask_as(&principal(roles, board), "cases", body).unwrap();
        assert_eq!(!answer["items"].as_array().unwrap().is_empty(), reads, "{roles:?} {board:?}");
    }
    let nobody = house.ask_as(&principal(&[], None), "duty", json!({ "lon": 17.9, "lat": 59.3 }));
    assert_eq!(nobody.unwrap_err().code.status(), 403);
}

#[test]
fn a_case_in_daytime_is_not_for_socialnamnden_to_read() {
    let mut house = House::at(NOON);
    let incident = house.incident(None, &["jarva"], true);
    let body = json!({ "incidentId": incident.subject.id() });
    let answer = house.ask_as(&principal(&[Role::DutyOfficer], Some("socialnamnden")), "cases", body).unwrap();
    assert_eq!(answer["items"], json!([]));
}

#[test]
fn a_history_replays_to_the_same_answers() {
    let mut house = House::at(NOON);
    readiness::staffed(&mut house, "jarva", Some("2026-11-26T12:00:00Z"));
    readiness::staffed(&mut house, "bromma", None);
    readiness::staffed(&mut house, "socialnamnden", None);
    let night = house.incident(Some("2026-11-20T02:00:00+01:00"), &["jarva", "bromma"], true);
    house.incident(None, &[], true);
    house.goes_on_until("2026-11-20T12:00:00Z");
    house.act("take-over-case", "bromma", &night, json!({})).unwrap();
    let lead = principal(&[Role::CrisisLead], Some("jarva"));
    let weekly = json!([{ "weekday": "monday", "from": "10:00", "to": "12:00" }]);
    let hours = json!({ "id": "jarva", "weekly": weekly, "validFrom": "2026-11-23T00:00:00+01:00", "source": "prov" });
    house.command(&lead, "record-calendar", hours).unwrap();
    readiness::dissolved(&mut house, "bromma", "2026-11-22T23:00:00Z", "jarva");
    house.goes_on_until("2026-11-24T12:00:00Z");
    let answers = |house: &House| -> Vec<Value> {
        [
            ("support-cases", json!({})),
            ("alarms", json!({})),
            ("records", json!({ "kind": "function" })),
            ("records", json!({ "kind": "roster" })),
            ("path-health", json!({})),
            ("coverage", json!({})),
            ("endurance", json!({})),
            ("calendar", json!({ "id": "jarva" })),
            ("duty", json!({ "lon": 18.1, "lat": 59.3 })),
        ]
        .map(|(query, body)| {
            let mut answer = house.ask(query, body).unwrap();
            // When a roster without a border is looked at again follows from when it was looked at, not from the log.
            for item in answer["items"].as_array_mut().into_iter().flatten() {
                item.as_object_mut().and_then(|item| item.remove("nextLookAt"));
            }
            answer
        })
        .into()
    };
    let before = answers(&house);
    let purposes: std::collections::BTreeSet<&str> =
        before[1]["items"].as_array().unwrap().iter().map(|alarm| alarm["purpose"].as_str().unwrap()).collect();
    assert_eq!(purposes.len(), 6, "there is something to replay: {purposes:?}");
    let due = house.next_due();
    house.restarts();
    // What is looked at next is computed anew; nothing of it is written.
    let log = house.log.len();
    house.fires();
    assert_eq!((house.log.len(), house.next_due()), (log, due));
    for (before, after) in before.iter().zip(answers(&house)) {
        assert_eq!(before, &after);
    }
}

#[test]
fn a_case_inherits_class_exercise_and_readers_and_belongs_to_the_responsible_board() {
    let mut house = House::at("2026-11-20T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    let opened = house.log.last().unwrap();
    assert_eq!(opened.owner.as_str(), "jarva");
    assert_eq!((opened.klass, opened.exercise), (incident.klass, true));
    assert_eq!(opened.readers, format!("{},socialnamnden", incident.readers));
}

#[test]
fn duty_is_not_well_without_a_calendar() {
    assert!(crate::Duty::default().health(instant(NOON)).unwrap_err().contains("calendar"));
    assert_eq!(House::at(NOON).duty.health(instant(NOON)), Ok(()));
}
