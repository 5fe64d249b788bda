//! Changes that others propose.

use super::*;

fn proposed(house: &mut House, id: &str, patch: &Value) -> String {
    let body = json!({ "id": id, "patch": patch, "reason": "Vi ringde dem i går." });
    house.act("farsta", "propose-change", &body).unwrap();
    let history = house.ask(&coordinator("norrmalm"), "actor-history", &json!({ "id": id })).unwrap();
    history["proposals"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned()
}

fn settle(
    house: &mut House,
    board: &str,
    id: &str,
    proposal: &str,
    accept: bool,
) -> Result<Value, narhet_proto::wire::Problem> {
    house.act(board, "settle-proposal", &json!({ "id": id, "proposalId": proposal, "accept": accept }))
}

#[test]
fn only_the_owner_accepts_or_declines_what_another_board_proposes() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Hjälpen", 0));
    let patch = json!({ "name": "Hjälpen i Norrmalm" });
    assert_eq!(
        house.act("farsta", "change-actor", &json!({ "id": id, "patch": patch })).unwrap_err().code,
        ErrorCode::Forbidden
    );
    let (first, second) = (proposed(&mut house, &id, &patch), proposed(&mut house, &id, &json!({ "kind": "other" })));
    assert_eq!(settle(&mut house, "farsta", &id, &first, true).unwrap_err().code, ErrorCode::Forbidden);
    let accepted = settle(&mut house, "norrmalm", &id, &first, true).unwrap();
    assert_eq!((&accepted["name"], &accepted["openProposals"]), (&json!("Hjälpen i Norrmalm"), &json!(1)));
    let declined = settle(&mut house, "norrmalm", &id, &second, false).unwrap();
    assert_eq!((&declined["kind"], &declined["openProposals"]), (&json!("voluntary"), &json!(0)));
    assert_eq!(settle(&mut house, "norrmalm", &id, &second, true).unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn the_text_of_a_proposal_is_read_by_the_two_boards_it_concerns_and_by_nobody_else() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Hjälpen", 0));
    proposed(&mut house, &id, &json!({ "notes": "Nyckeln finns i receptionen." }));
    for (board, reads) in [("norrmalm", true), ("farsta", true), ("ostermalm", false)] {
        let history = house.ask(&coordinator(board), "actor-history", &json!({ "id": id })).unwrap();
        assert_eq!(history.to_string().contains("receptionen"), reads, "{board}");
    }
}

#[test]
fn central_roles_read_every_proposal_and_a_dashboard_none() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Hjälpen", 0));
    proposed(&mut house, &id, &json!({ "notes": "Nyckeln finns i receptionen." }));
    for (role, board, reads) in [
        (Role::Ckl, None, true),
        (Role::Registrar, None, true),
        (Role::Auditor, None, true),
        (Role::Dashboard, Some("norrmalm"), false),
    ] {
        let history = house.ask(&somebody(role, board), "actor-history", &json!({ "id": id })).unwrap();
        assert_eq!(history.to_string().contains("receptionen"), reads, "{role}");
    }
}

#[test]
fn a_proposal_takes_no_protection_away_and_nothing_that_was_changed_meanwhile() {
    let mut house = House::of_three();
    let mut secret = card("Hjälpen", 0);
    secret["sites"][0]["tags"] = json!(["skyddsobjekt", "kyrka"]);
    let id = house.register("norrmalm", &secret);
    let mut seen = house.act("farsta", "read-actor", &json!({ "id": id })).unwrap()["sites"].clone();
    assert_eq!(seen[0]["tags"], json!(["kyrka"]));
    seen[0]["address"] = json!("Gatan 2");
    seen[0]["name"] = json!("Nya lokalen");
    let proposal = proposed(&mut house, &id, &json!({ "sites": seen }));
    let late = proposed(&mut house, &id, &json!({ "sites": seen, "notes": "x" }));
    let accepted = settle(&mut house, "norrmalm", &id, &proposal, true).unwrap();
    let site = &accepted["sites"][0];
    assert_eq!((&site["address"], &site["tags"]), (&json!("Gatan 2"), &json!(["kyrka", "skyddsobjekt"])));
    let refused = settle(&mut house, "norrmalm", &id, &late, true).unwrap_err();
    assert!(refused.code == ErrorCode::Conflict && refused.detail.contains("sites"), "{refused}");
    settle(&mut house, "norrmalm", &id, &late, false).unwrap();
}

#[test]
fn protection_stays_with_the_site_that_has_it_although_another_has_the_same_name() {
    for (patch, protected) in
        [(json!({ "notes": "ring växeln" }), [false, true]), (json!({ "sites": [] }), [false, true])]
    {
        let mut house = House::of_three();
        let mut twins = card("Förskolan", 0);
        let place = |lon: f64| json!({ "type": "Point", "coordinates": [lon, 59.3] });
        twins["sites"] = json!([
            { "name": "Huset", "place": place(18.05) },
            { "name": "Huset", "place": place(18.06), "tags": ["skyddsobjekt"] },
        ]);
        let id = house.register("norrmalm", &twins);
        let mut patch = patch;
        if patch.get("sites").is_some() {
            patch["sites"] = house.act("farsta", "read-actor", &json!({ "id": id })).unwrap()["sites"].clone();
            patch["sites"][1]["address"] = json!("Gatan 2");
        }
        let proposal = proposed(&mut house, &id, &patch);
        let accepted = settle(&mut house, "norrmalm", &id, &proposal, true).unwrap();
        let shown = [0, 1].map(|site| accepted["sites"][site]["tags"] == json!(["skyddsobjekt"]));
        assert_eq!(shown, protected, "{patch}");
    }
}

#[test]
fn an_erased_person_is_gone_from_the_card_and_from_every_proposal_that_named_them() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Hjälpen", 0));
    let person = json!({ "name": "Funktionen Jourhavande", "phone": "08-123 45 67" });
    let contacts = json!([{ "function": "jour", "person": person }]);
    let proposal = proposed(&mut house, &id, &json!({ "contacts": contacts }));
    let owner = coordinator("norrmalm");
    let history = house.ask(&owner, "actor-history", &json!({ "id": id })).unwrap();
    assert!(!history.to_string().contains("Jourhavande"), "a query opens no person: {history}");
    let subject = history["proposals"][0]["patch"]["contacts"][0]["person"]["subjectId"].as_str().unwrap().to_owned();
    let read = house.act_as(&owner, "read-actor", &json!({ "id": id })).unwrap();
    assert_eq!(read["proposals"][0]["patch"]["contacts"][0]["person"]["name"], "Funktionen Jourhavande");
    assert_eq!(house.count("se.narhet.actors.sealed-field-read.v1"), 1, "and a reading is recorded first");

    settle(&mut house, "norrmalm", &id, &proposal, true).unwrap();
    let again = json!([{ "function": "jour", "person": { "subjectId": subject, "name": "Funktionen Jourhavande" } }]);
    proposed(&mut house, &id, &json!({ "contacts": again }));
    let registrar = somebody(Role::Registrar, None);
    let held = house.act_as(&registrar, "export-subject", &json!({ "id": subject })).unwrap();
    assert_eq!(held["items"][0]["contacts"][0]["person"]["phone"], "08-123 45 67");
    assert_eq!(held["items"][0]["proposals"].as_array().unwrap().len(), 2);

    let erase = json!({ "id": subject, "ground": "gallring", "reference": "KS 2026/1042" });
    house.act_as(&registrar, "erase-subject", &erase).unwrap();
    assert!(!house.holds_key_of(&subject));
    for rebuilt in [false, true] {
        if rebuilt {
            house.rebuilt();
        }
        let read = house.act_as(&owner, "read-actor", &json!({ "id": id })).unwrap();
        let history = house.ask(&owner, "actor-history", &json!({ "id": id })).unwrap();
        for answer in [&read, &history] {
            assert!(!answer.to_string().contains("Jourhavande"), "{answer}");
            assert!(!answer.to_string().contains("123 45 67"), "{answer}");
        }
        assert_eq!(history["proposals"].as_array().unwrap().len(), 2, "that there were proposals stays");
    }
    let open = house.ask(&owner, "actor-history", &json!({ "id": id })).unwrap()["proposals"][1]["id"].clone();
    let accepted = settle(&mut house, "norrmalm", &id, open.as_str().unwrap(), true).unwrap();
    assert!(!accepted.to_string().contains("Jourhavande"), "accepting brings nothing back");
}

#[test]
fn a_sole_traders_number_in_a_proposal_is_sealed_as_the_person_it_is() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Firman", 0));
    let proposal = proposed(&mut house, &id, &json!({ "orgNumber": "640823-3234" }));
    let owner = coordinator("norrmalm");
    let history = house.ask(&owner, "actor-history", &json!({ "id": id })).unwrap();
    assert!(!history.to_string().contains("3234"), "{history}");
    settle(&mut house, "norrmalm", &id, &proposal, true).unwrap();
    let read = house.act_as(&owner, "read-actor", &json!({ "id": id })).unwrap();
    assert_eq!(read["orgNumber"], "640823-3234");
}
