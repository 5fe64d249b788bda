//! Who reads what, pages, and what is withheld.

use super::*;
use narhet_kernel::Uuid;

#[test]
fn who_may_read_an_incident() {
    let mut house = House::new();
    let id = house.report(&report(json!({}))).unwrap()["id"].clone();
    house.case(&id, "a", Some("jarva"), "socialnamnden");
    let rows = [
        (&[Role::Coordinator][..], Some("farsta"), true, true), // the owner
        (&[Role::Coordinator], Some("jarva"), true, true),      // affected
        (&[Role::DutyOfficer], Some("socialnamnden"), true, true), // the holder
        (&[Role::CrisisLead], Some("kommunstyrelsen"), true, true),
        (&[Role::Dashboard], Some("jarva"), true, false),
        (&[Role::Coordinator], Some("bromma"), false, false),
        (&[Role::Dashboard], Some("bromma"), false, false),
        (&[Role::Ckl], None, true, true),
        (&[Role::CrisisChair], None, true, true),
        (&[Role::CrisisBoard], None, true, true),
        (&[Role::CitySecurity], None, true, true),
        (&[Role::Communicator], None, true, true),
        (&[Role::Registrar], None, true, true),
        (&[Role::Auditor], None, true, true),
        (&[Role::Liaison], Some("jarva"), false, false),
        (&[Role::Admin], None, false, false),
        (&[], Some("jarva"), false, false),
    ];
    for (roles, board, reads, text) in rows {
        let by = principal(roles, board);
        let answer = house.ask(&by, "incident", &json!({ "id": id }));
        let page = house.ask(&by, "incidents", &json!({})).unwrap();
        assert_eq!(page["items"].as_array().unwrap().len(), usize::from(reads), "{roles:?} {board:?}");
        match answer {
            Ok(incident) => {
                assert!(reads, "{roles:?} {board:?}");
                assert_eq!(incident.get("title").is_some(), text, "{roles:?} {board:?}");
                assert_eq!(incident.get("withheld").is_none(), text, "{roles:?} {board:?}");
                assert_eq!(page["items"][0].get("title").is_some(), text, "{roles:?} {board:?}");
            }
            Err(problem) => {
                assert!(!reads && problem.code == ErrorCode::NotFound, "{roles:?} {board:?}: {problem}");
            }
        }
    }
}

#[test]
fn the_text_of_an_incident_is_withheld_when_its_key_is_destroyed() {
    let mut house = House::new();
    let named = json!([{ "id": "farsta", "reason": "de omkomna bodde i Farsta" }]);
    let body = report(json!({ "description": "d", "placeText": "p", "klass": "k2r2t1", "affectedBoards": named }));
    let id = house.report(&body).unwrap()["id"].clone();
    let before = house.incident(&id);
    assert_eq!((&before["place"], &before["placeText"]), (&point(17.9, 59.3), &json!("p")));
    assert_eq!(before["affected"][1]["reason"], "de omkomna bodde i Farsta");

    let data: Value = serde_json::from_str(house.log[0].0.data.get()).unwrap();
    let key: Uuid = data["title"]["sealed"]["key"].as_str().unwrap().parse().unwrap();
    house.keys.destroy(&[key]).unwrap();
    let after = house.incident(&id);
    let fields: Vec<_> =
        after["withheld"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["title", "description", "place", "placeText", "affected/1/reason"]);
    assert!(after["withheld"][0]["why"].as_str().unwrap().contains("förstörd"));
    assert_eq!(after["lead"], before["lead"]);
}

#[test]
fn pages_go_from_the_newest_back_and_lose_nothing() {
    let mut house = House::new();
    let reported: Vec<Value> =
        (0..5).map(|n| house.report(&report(json!({ "title": format!("nr {n}") }))).unwrap()["id"].clone()).collect();
    let by = principal(&[Role::Ckl], None);
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = house.ask(&by, "incidents", &json!({ "limit": "2", "after": after })).unwrap();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        assert!(page["items"][0].get("history").is_none());
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(seen, reported.into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn lists_are_filtered_by_status_and_board() {
    let mut house = House::new();
    let jarva = house.report(&report(json!({ "exercise": true }))).unwrap()["id"].clone();
    let bromma = house.report(&report(json!({ "place": point(18.1, 59.3), "status": "ended" }))).unwrap()["id"].clone();
    let by = principal(&[Role::Ckl], None);
    for (body, expected) in [
        (json!({}), vec![&bromma, &jarva]),
        (json!({ "status": "ended" }), vec![&bromma]),
        (json!({ "board": "jarva" }), vec![&jarva]),
        (json!({ "board": "jarva", "status": "ended" }), vec![]),
        (json!({ "board": "farsta" }), vec![]),
    ] {
        let page = house.ask(&by, "incidents", &body).unwrap();
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.iter().map(|item| &item["id"]).collect::<Vec<_>>(), expected, "{body}");
        assert_eq!(page["next"], Value::Null);
        assert!(items.iter().all(|item| (item["exercise"] == true) == (item["id"] == jarva)));
    }
}

#[test]
fn bad_questions_are_refused_and_name_the_parameter() {
    let house = House::new();
    let by = principal(&[Role::Ckl], None);
    for (body, parameter) in [
        (json!({ "status": "over" }), "status"),
        (json!({ "board": "gondor" }), "board"),
        (json!({ "limit": 0 }), "limit"),
        (json!({ "limit": 101 }), "limit"),
        (json!({ "limit": "många" }), "limit"),
        (json!({ "after": "-1" }), "after"),
        (json!({ "kind": "fire" }), "kind"),
    ] {
        let problem = house.ask(&by, "incidents", &body).unwrap_err();
        assert_eq!(problem.code, ErrorCode::InvalidInput, "{body}");
        assert_eq!(problem.errors[0].parameter.as_deref(), Some(parameter), "{body}");
    }
    for (body, code) in [(json!({}), ErrorCode::InvalidInput), (json!({ "id": "x" }), ErrorCode::NotFound)] {
        assert_eq!(house.ask(&by, "incident", &body).unwrap_err().code, code, "{body}");
    }
}
