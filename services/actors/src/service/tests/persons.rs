//! Personal data: what is held on somebody, and what keeps it from being erased.

use super::*;
use narhet_proto::wire::Problem;

fn house_with_person() -> (House, String, String) {
    let mut house = House::of_three();
    let contacts =
        json!([{ "function": "jour", "person": { "name": "Funktionen Jourhavande", "email": "jour@exempel.se" } }]);
    let id = house.register("norrmalm", &with(card("Hjälpen", 0), json!({ "contacts": contacts })));
    let read = house.act("norrmalm", "read-actor", &json!({ "id": id })).unwrap();
    let subject = read["contacts"][0]["person"]["subjectId"].as_str().unwrap().to_owned();
    (house, id, subject)
}

fn erase(house: &mut House, subject: &str) -> Result<Value, Problem> {
    let order = json!({ "id": subject, "ground": "rectification", "reference": "KS 2026/17" });
    house.act_as(&somebody(Role::Registrar, None), "erase-subject", &order)
}

fn hold(house: &mut House, subject: &str, held: bool) {
    let order = json!({ "id": subject, "held": held, "ground": "release-request", "reference": "KS 2026/18" });
    house.act_as(&somebody(Role::Registrar, None), "hold-subject", &order).unwrap();
}

#[test]
fn an_export_gives_all_that_is_held_on_a_person_and_is_recorded_as_a_reading() {
    let (mut house, id, subject) = house_with_person();
    let mistaken = erase(&mut house, &id).unwrap_err();
    assert!(mistaken.code == ErrorCode::NotFound && mistaken.detail.contains("subjectId"), "{mistaken}");
    assert_eq!(
        house.act("norrmalm", "export-subject", &json!({ "id": subject })).unwrap_err().code,
        ErrorCode::Forbidden
    );
    let readings = house.count("se.narhet.actors.sealed-field-read.v1");
    let export = house.act_as(&somebody(Role::Registrar, None), "export-subject", &json!({ "id": subject })).unwrap();
    assert_eq!((&export["items"][0]["actorId"], &export["erased"]), (&json!(id), &json!(false)));
    let person = &export["items"][0]["contacts"][0]["person"];
    assert_eq!((&person["name"], &person["email"]), (&json!("Funktionen Jourhavande"), &json!("jour@exempel.se")));
    assert_eq!(house.count("se.narhet.actors.sealed-field-read.v1"), readings + 1);
}

#[test]
fn a_hold_refuses_erasure_until_it_ends_and_then_the_person_is_gone() {
    let (mut house, id, subject) = house_with_person();
    hold(&mut house, &subject, true);
    let refused = erase(&mut house, &subject).unwrap_err();
    assert_eq!(refused.rule.as_deref(), Some("no-erasure-under-hold"));
    assert!(refused.detail.contains("KS 2026/18"), "{refused}");
    assert!(house.holds_key_of(&subject));
    hold(&mut house, &subject, false);
    erase(&mut house, &subject).unwrap();
    assert!(!house.holds_key_of(&subject));
    let read = house.act("norrmalm", "read-actor", &json!({ "id": id })).unwrap();
    assert!(!read.to_string().contains("Jourhavande") && read["withheld"].to_string().contains("raderade"), "{read}");
    let export = house.act_as(&somebody(Role::Registrar, None), "export-subject", &json!({ "id": subject })).unwrap();
    assert_eq!((&export["items"], &export["erased"]), (&json!([]), &json!(true)));
}

#[test]
fn each_request_for_release_is_a_hold_of_its_own_and_whoever_is_known_elsewhere_is_held_too() {
    let (mut house, _, subject) = house_with_person();
    let stranger = "01977420-9c00-7000-8000-00000000d00f";
    let registrar = somebody(Role::Registrar, None);
    for subject in [subject.as_str(), stranger] {
        let set = |house: &mut House, held: bool, reference: &str| {
            let order = json!({ "id": subject, "held": held, "ground": "release-request", "reference": reference });
            house.act_as(&registrar, "hold-subject", &order)
        };
        set(&mut house, true, "KS 2026/1").unwrap();
        set(&mut house, true, "KS 2026/2").unwrap();
        set(&mut house, false, "KS 2026/1").unwrap();
        assert_eq!(set(&mut house, false, "KS 2026/3").unwrap_err().code, ErrorCode::NotFound);
        assert!(erase(&mut house, subject).unwrap_err().detail.contains("KS 2026/2"));
        set(&mut house, false, "KS 2026/2").unwrap();
        house.act_as(&registrar, "export-subject", &json!({ "id": subject })).unwrap();
        erase(&mut house, subject).unwrap();
    }
}

#[test]
fn an_incident_that_is_open_over_a_merger_holds_the_data_of_the_heirs() {
    let (mut house, _, subject) = house_with_person();
    house.note_incident("i-1", true, &["norrmalm"]);
    house.divide(
        "2026-02-01T00:00:00Z",
        &["innerstaden", "farsta"],
        &[("norrmalm", "innerstaden"), ("ostermalm", "innerstaden")],
    );
    house.set_clock("2026-02-01T00:00:00Z");
    assert!(erase(&mut house, &subject).unwrap_err().detail.contains("i-1"));
    house.note_incident("i-1", false, &[]);
    erase(&mut house, &subject).unwrap();
}

#[test]
fn an_export_has_what_earlier_cards_said_while_it_can_be_opened() {
    let (mut house, id, subject) = house_with_person();
    house.act("norrmalm", "change-actor", &json!({ "id": id, "patch": { "contacts": [] } })).unwrap();
    let export = |house: &mut House| {
        house.act_as(&somebody(Role::Registrar, None), "export-subject", &json!({ "id": subject })).unwrap()
    };
    let held = export(&mut house);
    assert_eq!(held["items"][0]["past"], json!([{ "name": "Funktionen Jourhavande", "email": "jour@exempel.se" }]));
    let reading = house.events.last().unwrap();
    assert!(reading.data.get().contains("past.email"), "{}", reading.data);
    erase(&mut house, &subject).unwrap();
    assert_eq!(export(&mut house)["items"], json!([]));
}

#[test]
fn a_person_is_due_for_gallring_when_no_card_has_had_them_for_as_long_as_the_kind_says() {
    let (mut house, id, subject) = house_with_person();
    let sole = json!({ "orgNumber": "640823-3234", "kind": "company" });
    let firm = house.register("norrmalm", &with(card("Firman", 0), sole));
    let due = |house: &House| -> Vec<String> {
        let listed = house.ask(&somebody(Role::Registrar, None), "due-for-gallring", &json!({})).unwrap();
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["actors"][0]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    house.set_clock("2030-01-01T00:00:00Z");
    assert_eq!(due(&house), Vec::<String>::new(), "whoever is on a card is kept");
    house.act("norrmalm", "change-actor", &json!({ "id": id, "patch": { "contacts": [] } })).unwrap();
    house.act("norrmalm", "archive-actor", &json!({ "id": firm })).unwrap();
    for (instant, expected) in [
        ("2030-12-31T00:00:00Z", vec![]),
        ("2031-01-01T00:00:00Z", vec!["Hjälpen"]),
        ("2032-01-01T00:00:00Z", vec!["Hjälpen", "Firman"]),
    ] {
        house.set_clock(instant);
        assert_eq!(due(&house), expected, "{instant}");
    }
    assert_eq!(
        house.ask(&coordinator("norrmalm"), "due-for-gallring", &json!({})).unwrap_err().code,
        ErrorCode::Forbidden
    );
    erase(&mut house, &subject).unwrap();
    assert_eq!(due(&house), ["Firman"]);
}

#[test]
fn only_a_registrar_erases_and_only_with_a_ground_and_a_reference() {
    let (mut house, _, subject) = house_with_person();
    let order = json!({ "id": subject, "ground": "gallring", "reference": "KS 2026/17" });
    assert_eq!(house.act("norrmalm", "erase-subject", &order).unwrap_err().code, ErrorCode::Forbidden);
    let registrar = somebody(Role::Registrar, None);
    for members in [json!({ "ground": "tidsbrist" }), json!({ "reference": "" }), json!({ "reference": "ett samtal" })]
    {
        let refused = house.act_as(&registrar, "erase-subject", &with(order.clone(), members)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput);
    }
    assert!(house.holds_key_of(&subject));
}
