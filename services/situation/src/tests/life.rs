//! Commands after the report, duty's cases, replay.

use super::{house::reporter, *};
use narhet_kernel::{Clock, Principal, clock::Anchor};
use narhet_runtime::{Env, Service};

fn reported(house: &mut House, changes: Value) -> Value {
    house.report(&report(changes)).unwrap()["id"].clone()
}

#[test]
fn a_status_goes_forward_and_the_same_again_is_one_event() {
    let mut house = House::new();
    let id = reported(&mut house, json!({ "status": "expected" }));
    let mut to =
        |status: &str| house.command(&reporter(), "change-status", &json!({ "id": id, "status": status }), None);
    let (ongoing, recorded) = to("ongoing").unwrap();
    assert_eq!((&ongoing["status"], &ongoing["version"], recorded), (&json!("ongoing"), &json!(2), 1));
    assert_eq!(to("ongoing").unwrap(), (ongoing, 0), "already so, answered from the event that made it so");
    assert_eq!(to("expected").unwrap_err().rule.as_deref(), Some("incident-goes-forward"));
    assert_eq!(to("ended").unwrap().1, 1);
}

#[test]
fn who_has_read_an_older_version_is_told_so() {
    let mut house = House::new();
    let id = reported(&mut house, json!({}));
    let body = json!({ "id": id, "status": "ended" });
    let stale = house.command(&reporter(), "change-status", &body, Some(7)).unwrap_err();
    assert_eq!(stale.code, ErrorCode::PreconditionFailed);
    assert!(house.command(&reporter(), "change-status", &body, Some(1)).is_ok());
}

#[test]
fn who_may_move_an_incident_on_as_a_table() {
    let rows = [
        (Role::Coordinator, "farsta", None), // the owner
        (Role::DutyOfficer, "jarva", None),  // the lead
        (Role::Ckl, "kommunstyrelsen", None),
        (Role::Coordinator, "stockholm-vatten", Some(ErrorCode::Forbidden)), // affected, not leading
        (Role::CrisisLead, "bromma", Some(ErrorCode::NotFound)),             // not theirs to read
        (Role::Communicator, "farsta", Some(ErrorCode::Forbidden)),
        (Role::Dashboard, "jarva", Some(ErrorCode::Forbidden)),
    ];
    for (role, board, refused) in rows {
        let mut house = House::new();
        let named = json!([{ "id": "stockholm-vatten", "reason": "vattnet är borta" }]);
        let id = reported(&mut house, json!({ "affectedBoards": named }));
        let body = json!({ "id": id, "status": "ended" });
        let outcome = house.command(&principal(&[role], Some(board)), "change-status", &body, None);
        assert_eq!(outcome.err().map(|problem| problem.code), refused, "{role} {board}");
    }
}

#[test]
fn a_reply_comes_out_the_same_however_late_it_is_asked_for_again() {
    let mut house = House::new();
    let (event_ids, _) = house.decide(&reporter(), "report-incident", &report(json!({})), None).unwrap();
    let reply = |house: &House| {
        house::read(house.situation.reply("report-incident", &event_ids, &house.env(&reporter())).unwrap())
    };
    let first = reply(&house);
    house.case(&first["id"].clone(), "a", Some("jarva"), "jarva");
    house.command(&reporter(), "change-status", &json!({ "id": first["id"], "status": "ended" }), None).unwrap();
    assert_eq!(reply(&house), first);
    assert_eq!((&first["status"], &first["support"]), (&json!("ongoing"), &json!("requested")));
}

#[test]
fn support_is_held_when_every_affected_board_has_its_case() {
    let mut house = House::new();
    let named = json!([{ "id": "farsta", "reason": "de omkomna bodde i Farsta" }]);
    let id = reported(&mut house, json!({ "affectedBoards": named }));
    house.case(&id, "a", Some("jarva"), "socialnamnden");
    assert_eq!(house.incident(&id)["support"], "requested");
    house.case(&id, "b", Some("farsta"), "socialnamnden");
    let incident = house.incident(&id);
    assert_eq!((&incident["support"], &incident["version"]), (&json!("held"), &json!(3)));
    let texts: Vec<_> =
        incident["history"].as_array().unwrap().iter().map(|entry| entry["text"].as_str().unwrap()).collect();
    assert_eq!(
        texts,
        [
            "Händelsen rapporterades som pågående och Järva stadsdelsnämnd föreslogs samordna.",
            "socialnamnden håller krisstödsärendet för jarva.",
            "socialnamnden håller krisstödsärendet för farsta.",
        ]
    );
}

#[test]
fn a_case_that_is_announced_twice_is_noted_once() {
    let mut house = House::new();
    let id = reported(&mut house, json!({}));
    assert_eq!(house.case(&id, "a", Some("jarva"), "jarva"), 1);
    assert_eq!(house.case(&id, "a", Some("jarva"), "jarva"), 0);
    assert_eq!(house.case(&json!("nobody-reported-this"), "b", None, "jarva"), 0);
}

#[test]
fn missing_support_turns_situation_red_and_names_the_incident() {
    let mut house = House::new();
    reported(&mut house, json!({ "needsSupport": false }));
    assert_eq!(house.situation.next_due(), None);
    let id = reported(&mut house, json!({}));
    let due = instant("2026-11-20T11:00:30Z");
    assert_eq!(house.situation.next_due(), Some(due));
    assert_eq!(house.situation.health(instant("2026-11-20T11:00:29Z")), Ok(()));
    house.clock.set(due);
    let principal = Principal::house();
    let env = Env::new(due, &principal, &house.keys, &house.clock, 0);
    assert!(house.situation.fire(&env).is_empty());
    assert_eq!(house.situation.next_due(), None, "it is named once");
    assert!(house.situation.health(due).unwrap_err().contains(id.as_str().unwrap()));
    house.case(&id, "a", Some("jarva"), "jarva");
    assert_eq!(house.situation.health(due), Ok(()), "late is better than never");
}

#[test]
fn half_a_minute_is_real_time_also_in_a_house_that_runs_fast() {
    let mut house = House::new();
    reported(&mut house, json!({}));
    let real = instant("2026-11-20T10:00:00Z");
    let fast = Clock::house(Anchor { house: instant(NOON), real, rate: 60.0 });
    let principal = Principal::house();
    let env = Env::new(instant("2026-11-20T11:00:30Z"), &principal, &house.keys, &fast, 0);
    assert!(house.situation.fire(&env).is_empty());
    assert_eq!(house.situation.next_due(), Some(instant("2026-11-20T11:30:00Z")));
    assert_eq!(house.situation.health(instant("2026-11-20T11:29:59Z")), Ok(()));
    assert!(house.situation.health(instant("2026-11-20T11:30:00Z")).is_err());
}

#[test]
fn a_history_replays_to_the_same_answers() {
    let mut house = House::new();
    let id = reported(&mut house, json!({ "klass": "k3r1t1" }));
    reported(&mut house, json!({ "place": null }));
    house.case(&id, "a", Some("jarva"), "socialnamnden");
    house.command(&reporter(), "change-status", &json!({ "id": id, "status": "ended" }), None).unwrap();
    let mut again = crate::Situation::default();
    house.log.iter().for_each(|(event, _)| again.evolve(event));
    assert_eq!(again.incidents(), house.situation.incidents());
}

#[test]
fn every_later_event_has_the_incidents_owner_class_and_exercise_mark() {
    let mut house = House::new();
    let id = reported(&mut house, json!({ "klass": "k2r1t1", "exercise": true }));
    house.case(&id, "a", Some("jarva"), "socialnamnden");
    let [(first, _), (second, _)] = house.log.as_slice() else { panic!("two events") };
    let (first, second) = (first.clone(), second.clone());
    assert_eq!((&second.owner, second.klass, second.exercise), (&first.owner, first.klass, true));
    assert_eq!(second.readers, format!("{},socialnamnden", first.readers));
    house.case(&id, "b", Some("bromma"), "socialnamnden");
    let read = &house.log.last().unwrap().0.readers;
    assert!(read.split(',').any(|reader| reader == "bromma"), "whose case it is reads what it is about: {read}");
    assert!(house.incident(&id)["exercise"] == true);
}
