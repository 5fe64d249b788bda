//! The rules of takeovers, of krisledningsnämnden, and of boards without a map. The house's present is 2026-01-01.

use super::{
    super::{Role, acts},
    all, board_at,
    house::House,
};
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{Value, json};

const NOW: &str = "2026-01-01T00:00:00Z";

fn house() -> House {
    let mut house = House::started();
    house.import(&all()).unwrap();
    house
}

fn in_function(house: &mut House) {
    house.act(Role::CrisisChair, acts::ACTIVATE, &json!({ "reference": "KLN 2026/1" })).unwrap();
}

fn of_jarva() -> Value {
    json!({
        "ground": "leh", "by": "krisledningsnamnden", "from": ["jarva"], "areas": ["jarva"],
        "reference": "KLN 2026/2", "reportDue": "2026-01-26T15:00:00Z",
    })
}

fn with(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn refused(house: &mut House, role: Role, body: &Value) -> Problem {
    let head = house.head();
    let problem = house.act(role, acts::TAKE_OVER, body).expect_err("this takeover must be refused");
    assert_eq!(house.head(), head, "nothing is recorded");
    problem
}

#[test]
fn krisledningsnamnden_takes_over_an_area_only_while_in_function_and_until_its_return() {
    let mut house = house();
    let resting = refused(&mut house, Role::CrisisBoard, &of_jarva());
    assert!(resting.code == ErrorCode::Conflict && resting.detail.contains("not in function"), "{resting}");
    in_function(&mut house);
    let taken = house.act(Role::CrisisBoard, acts::TAKE_OVER, &of_jarva()).unwrap();
    assert_eq!((taken["validTo"].is_null(), taken["overdue"].as_bool()), (true, Some(false)));
    assert_eq!(board_at(&house, 0, NOW).as_deref(), Some("krisledningsnamnden"));
    assert_eq!(board_at(&house, 3, NOW).as_deref(), Some("norra-innerstaden"));

    let ended = house.act(Role::CrisisChair, acts::END, &json!({ "reference": "KLN 2026/3" })).unwrap();
    assert_eq!(ended["inFunction"], false);
    assert_eq!(board_at(&house, 0, NOW).as_deref(), Some("krisledningsnamnden"), "it lasts until its return");
    let id = taken["id"].as_str().unwrap();
    let back = json!({ "id": id, "reference": "KLN 2026/4" });
    let returned = house.act(Role::CrisisBoard, acts::RETURN, &back).unwrap();
    assert_eq!(returned["validTo"], NOW);
    assert_eq!(board_at(&house, 0, NOW).as_deref(), Some("jarva"));
    let again = house.act(Role::CrisisBoard, acts::RETURN, &back).unwrap_err();
    assert_eq!(again.code, ErrorCode::Conflict);
}

#[test]
fn what_the_law_gives_one_body_only_that_body_can_do() {
    let mut house = house();
    in_function(&mut house);
    let urgent = with(of_jarva(), json!({ "urgent": true }));
    let war = with(of_jarva(), json!({ "ground": "war", "by": "kommunstyrelsen" }));
    let activation = json!({ "reference": "KLN 2026/9" });
    for role in Role::ALL {
        let mut may = |command: &str, body: &Value| house.decided(role, command, body).is_ok();
        assert_eq!(may(acts::TAKE_OVER, &urgent), matches!(role, Role::CrisisBoard | Role::CrisisChair), "{role}");
        assert_eq!(may(acts::TAKE_OVER, &war), role == Role::CitySecurity, "{role} in war");
        assert_eq!(may(acts::ACTIVATE, &activation), role == Role::CrisisChair, "{role} activates");
    }
}

#[test]
fn the_chair_alone_takes_over_only_what_is_urgent_and_owes_a_report() {
    let mut house = house();
    in_function(&mut house);
    let calm = refused(&mut house, Role::CrisisChair, &of_jarva());
    assert_eq!((calm.code, calm.rule.as_deref()), (ErrorCode::RefusedByRule, Some("overtagande/2006")));
    let urgent = with(of_jarva(), json!({ "urgent": true }));
    let taken = house.act(Role::CrisisChair, acts::TAKE_OVER, &urgent).unwrap();
    assert!(taken["urgent"] == true && taken["reportedToCrisisBoardAt"].is_null());
    let report = json!({ "id": taken["id"], "to": "crisis-board", "reference": "KLN 2026/5" });
    let reported = house.act(Role::CrisisChair, acts::REPORT, &report).unwrap();
    assert_eq!(reported["reportedToCrisisBoardAt"], NOW);
    let to_council = json!({ "id": taken["id"], "reference": "KF 2026/5" });
    assert_eq!(house.act(Role::CrisisBoard, acts::REPORT, &to_council).unwrap()["reportedAt"], NOW);
    assert_eq!(house.act(Role::CrisisBoard, acts::REPORT, &to_council).unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_company_or_a_federation_keeps_its_own_responsibility() {
    let mut house = house();
    in_function(&mut house);
    for (name, kind) in [("Stockholm Vatten och Avfall", "company"), ("Storstockholms brandförsvar", "federation")] {
        let board = json!({ "name": name, "kind": kind, "source": "Stadens bolagsordning" });
        let established = house.act(Role::CitySecurity, acts::ESTABLISH, &board).unwrap();
        assert_eq!(established["kind"], kind);
        let body =
            with(of_jarva(), json!({ "from": [established["id"]], "areas": [], "activity": "Vattenförsörjning" }));
        let problem = refused(&mut house, Role::CrisisBoard, &body);
        assert_eq!(problem.code, ErrorCode::RefusedByRule);
        assert!(problem.detail.contains("legal person of its own"), "{problem}");
    }
    let state = with(of_jarva(), json!({ "from": ["lansstyrelsen-stockholm"], "areas": [], "activity": "Allt" }));
    assert!(refused(&mut house, Role::CrisisBoard, &state).detail.contains("not a nämnd of the city"));
}

#[test]
fn a_takeover_that_makes_no_sense_is_refused_by_what_is_wrong() {
    let mut house = house();
    in_function(&mut house);
    let rows = [
        (json!({ "areas": [] }), ErrorCode::InvalidInput, "name areas, or an activity"),
        (json!({ "areas": ["norra-innerstaden"] }), ErrorCode::RefusedByRule, "held by norra-innerstaden"),
        (json!({ "areas": ["nowhere"] }), ErrorCode::InvalidInput, "no district area"),
        (json!({ "from": ["nobody"] }), ErrorCode::InvalidInput, "no board is called"),
        (json!({ "from": ["rinkeby-kista"] }), ErrorCode::RefusedByRule, "does not exist"),
        (json!({ "from": [] }), ErrorCode::InvalidInput, "name the boards"),
        (json!({ "by": "kommunstyrelsen" }), ErrorCode::RefusedByRule, "only krisledningsnamnden"),
        (json!({ "from": ["krisledningsnamnden"] }), ErrorCode::RefusedByRule, "from itself"),
        (json!({ "decidedAt": "2026-02-01T00:00:00Z" }), ErrorCode::RefusedByRule, "still to come"),
        (json!({ "validFrom": "2025-12-01T00:00:00Z" }), ErrorCode::RefusedByRule, "before it was decided"),
        (json!({ "reportDue": "2025-12-01T00:00:00Z" }), ErrorCode::RefusedByRule, "reported at"),
        (json!({ "ground": "because" }), ErrorCode::InvalidInput, "\"leh\" or \"war\""),
        (json!({ "reference": "" }), ErrorCode::InvalidInput, "1 to 80 letters"),
        (json!({ "activity": "hemtjänst åt 19121212 1212" }), ErrorCode::InvalidInput, "personnummer"),
        (json!({ "activity": "<b>" }), ErrorCode::InvalidInput, "label"),
        (json!({ "surprise": 1 }), ErrorCode::InvalidInput, "unknown field"),
    ];
    for (changes, code, detail) in rows {
        let problem = refused(&mut house, Role::CrisisBoard, &with(of_jarva(), changes.clone()));
        assert!(problem.code == code && problem.detail.contains(detail), "{changes}: {problem}");
    }
    house.act(Role::CrisisBoard, acts::TAKE_OVER, &of_jarva()).unwrap();
    let twice = refused(&mut house, Role::CrisisBoard, &of_jarva());
    assert!(twice.code == ErrorCode::Conflict && twice.detail.contains("already taken over Järva"), "{twice}");
}

#[test]
fn in_war_kommunfullmaktige_gives_it_to_kommunstyrelsen_or_borgarradsberedningen() {
    let mut house = house();
    let war = with(of_jarva(), json!({ "ground": "war", "by": "borgarradsberedningen", "reference": "KF 2026/1" }));
    house.act(Role::CitySecurity, acts::TAKE_OVER, &war).unwrap();
    assert_eq!(board_at(&house, 0, NOW).as_deref(), Some("borgarradsberedningen"));
    let board = house.responsibility().board("borgarradsberedningen").unwrap();
    assert_eq!(board.name, "Borgarrådsberedningen");
    let other = with(war, json!({ "by": "socialnamnden" }));
    assert!(refused(&mut house, Role::CitySecurity, &other).detail.contains("kommunstyrelsen or"));
}

#[test]
fn activating_what_is_in_function_is_already_so_and_ending_what_rests_is_a_conflict() {
    let mut house = house();
    let resting = house.act(Role::CrisisChair, acts::END, &json!({ "reference": "KLN 2026/1" })).unwrap_err();
    assert_eq!(resting.code, ErrorCode::Conflict);
    in_function(&mut house);
    let head = house.head();
    in_function(&mut house);
    assert_eq!(house.head(), head);
    let stand_in = json!({ "reference": "KLN 2026/2", "decidedBy": "somebody" });
    assert_eq!(house.act(Role::CrisisChair, acts::ACTIVATE, &stand_in).unwrap_err().code, ErrorCode::InvalidInput);
}

#[test]
fn a_board_without_a_map_is_established_renamed_and_dissolved_into_its_successor() {
    let mut house = house();
    let board =
        json!({ "name": "Idrottsnämnden", "kind": "specialist", "source": "Reglemente", "validFrom": "2010-01-01" });
    house.act(Role::CitySecurity, acts::ESTABLISH, &board).unwrap();
    let head = house.head();
    house.act(Role::CitySecurity, acts::ESTABLISH, &board).unwrap();
    assert_eq!(house.head(), head, "the very same is already so");
    let other = with(board, json!({ "kind": "company" }));
    assert_eq!(house.act(Role::CitySecurity, acts::ESTABLISH, &other).unwrap_err().code, ErrorCode::Conflict);
    let renamed = json!({
        "id": "idrottsnamnden", "name": "Fritidsnämnden", "validFrom": "2026-02-01", "reference": "KF 2025/9",
    });
    assert_eq!(house.act(Role::CitySecurity, acts::RENAME, &renamed).unwrap()["name"], "Fritidsnämnden");
    let dissolved = json!({ "id": "idrottsnamnden", "validTo": "2027-01-01", "successor": "socialnamnden" });
    let gone = house.act(Role::CitySecurity, acts::DISSOLVE, &dissolved).unwrap();
    assert_eq!(gone["successor"]["id"], "socialnamnden");
    let later = "2027-06-01T00:00:00Z".parse().unwrap();
    let heir = house.responsibility().successor("idrottsnamnden", later, house.head());
    assert_eq!(heir.unwrap().id, "socialnamnden");
    let rows = [
        (json!({ "id": "jarva", "validTo": "2027-01-01", "successor": "farsta" }), "no board"),
        (json!({ "id": "jarva", "validTo": "2027-01-01", "successor": "socialnamnden" }), "import a division"),
        (json!({ "id": "socialnamnden", "validTo": "2027-01-01", "successor": "jarva" }), "every house has"),
        (json!({ "id": "jarva", "validTo": "2027-01-01", "successor": "jarva" }), "succeed itself"),
        (json!({ "id": "idrottsnamnden", "validTo": "2028-01-01", "successor": "jarva" }), "ends already"),
    ];
    for (body, detail) in rows {
        let problem = house.act(Role::CitySecurity, acts::DISSOLVE, &body).unwrap_err();
        assert!(problem.detail.contains(detail), "{body}: {problem}");
    }
    let district = json!({ "name": "Nya", "kind": "district", "source": "x" });
    assert!(
        house.act(Role::CitySecurity, acts::ESTABLISH, &district).unwrap_err().detail.contains("import a division")
    );
    let role = json!({ "id": "ckl", "name": "Ckl", "kind": "specialist", "source": "x" });
    assert_eq!(house.act(Role::CitySecurity, acts::ESTABLISH, &role).unwrap_err().code, ErrorCode::InvalidInput);
}

#[test]
fn a_time_in_function_that_is_to_come_is_the_only_one_and_can_be_taken_back() {
    let mut house = house();
    let coming = json!({ "reference": "KLN 2026/1", "validFrom": "2026-01-02T00:00:00Z" });
    let state = house.act(Role::CrisisChair, acts::ACTIVATE, &coming).unwrap();
    assert_eq!(state["inFunction"], false, "not yet");
    let now = house.act(Role::CrisisChair, acts::ACTIVATE, &json!({ "reference": "KLN 2026/2" })).unwrap_err();
    assert!(now.code == ErrorCode::Conflict && now.detail.contains("2026-01-02"), "{now}");
    house.act(Role::CrisisChair, acts::END, &json!({ "reference": "KLN 2026/3" })).unwrap();
    let tomorrow = "2026-01-03T00:00:00Z".parse().unwrap();
    assert!(house.responsibility().crisis_board_activation(tomorrow, house.head()).is_none());
    in_function(&mut house);
}

#[test]
fn an_end_in_the_future_can_be_brought_forward_and_the_last_end_counts() {
    let mut house = house();
    in_function(&mut house);
    let far = json!({ "reference": "KLN 2026/2", "validTo": "2062-01-01T00:00:00Z" });
    assert_eq!(house.act(Role::CrisisChair, acts::END, &far).unwrap()["inFunction"], true, "until then");
    let now = house.act(Role::CrisisChair, acts::END, &json!({ "reference": "KLN 2026/3" })).unwrap();
    assert_eq!((&now["inFunction"], &now["activation"]["validTo"]), (&json!(false), &json!(NOW)));
}

#[test]
fn a_takeover_is_decided_while_in_function_and_not_twice_for_overlapping_times() {
    let mut house = house();
    in_function(&mut house);
    let before = with(of_jarva(), json!({ "decidedAt": "2025-12-30T00:00:00Z", "validFrom": NOW }));
    assert!(refused(&mut house, Role::CrisisBoard, &before).detail.contains("not in function at 2025-12-30"));
    let later = with(of_jarva(), json!({ "validFrom": "2026-02-01T00:00:00Z" }));
    house.act(Role::CrisisBoard, acts::TAKE_OVER, &later).unwrap();
    assert_eq!(refused(&mut house, Role::CrisisBoard, &of_jarva()).code, ErrorCode::Conflict);
}

#[test]
fn a_mistyped_return_is_put_right_and_what_was_known_before_stays() {
    let mut house = house();
    in_function(&mut house);
    let taken = house.act(Role::CrisisBoard, acts::TAKE_OVER, &of_jarva()).unwrap();
    let back = json!({ "id": taken["id"], "reference": "KLN 2026/4", "validTo": "2062-01-01T00:00:00Z" });
    house.act(Role::CrisisBoard, acts::RETURN, &back).unwrap();
    let known = house.head();
    let again = with(back, json!({ "validTo": NOW }));
    assert_eq!(house.act(Role::CrisisBoard, acts::RETURN, &again).unwrap_err().code, ErrorCode::Conflict);
    house.act(Role::CrisisBoard, acts::RETURN, &with(again, json!({ "correct": true }))).unwrap();
    assert_eq!(board_at(&house, 0, NOW).as_deref(), Some("jarva"));
    assert_eq!(super::board_known(&house, 0, NOW, known).as_deref(), Some("krisledningsnamnden"));
}

#[test]
fn a_registry_number_of_ten_digits_is_no_personnummer() {
    let mut house = house();
    let activation = json!({ "reference": "Dnr 2023-000412" });
    assert!(house.act(Role::CrisisChair, acts::ACTIVATE, &activation).is_ok());
}
