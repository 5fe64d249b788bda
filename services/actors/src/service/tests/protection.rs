//! Protected sites: few at a time, and whoever is to know is told.

use super::*;

const PROTECTED: &str = "skyddsobjekt";

fn protected(name: &str) -> Value {
    let mut card = card(name, 0);
    card["sites"][0]["tags"] = json!([PROTECTED]);
    card
}

#[test]
fn fifty_protected_sites_may_be_listed_and_one_more_only_by_city_security_and_registrar_as_an_event() {
    let mut house = House::of_three();
    for number in 0..50 {
        house.register("norrmalm", &protected(&format!("Plats {number}")));
    }
    let (owner, query) = (coordinator("norrmalm"), json!({ "tag": PROTECTED, "limit": "500" }));
    let listed = house.ask(&owner, "actors", &query).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 50);
    assert_eq!(listed["items"][0]["sites"][0]["tags"], json!([PROTECTED]));

    house.register("norrmalm", &protected("Plats 50"));
    let refused = house.ask(&owner, "actors", &query).unwrap_err();
    assert_eq!((refused.code, refused.rule.as_deref()), (ErrorCode::Forbidden, Some("list protected sites")));
    let all = house.ask(&owner, "actors", &json!({ "limit": "500" })).unwrap();
    assert!(!all.to_string().contains(PROTECTED), "in a list of everything they are ordinary sites");
    for principal in [owner, somebody(Role::Ckl, None)] {
        assert_eq!(house.act_as(&principal, "list-protected", &json!({})).unwrap_err().code, ErrorCode::Forbidden);
    }
    assert_eq!(house.count("se.narhet.actors.protected-listed.v1"), 0);
    for (index, role) in [Role::CitySecurity, Role::Registrar].into_iter().enumerate() {
        let listed = house.act_as(&somebody(role, None), "list-protected", &json!({})).unwrap();
        assert_eq!(listed["total"], 51);
        assert_eq!(house.count("se.narhet.actors.protected-listed.v1"), index + 1);
    }
}

#[test]
fn protection_is_seen_by_the_owner_and_central_roles_and_is_no_board_elses() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &protected("Platsen"));
    let ckl = somebody(Role::Ckl, None);
    for (principal, sees) in [(coordinator("norrmalm"), true), (coordinator("farsta"), false), (ckl, true)] {
        let read = house.act_as(&principal, "read-actor", &json!({ "id": id })).unwrap();
        assert_eq!(read["sites"][0].to_string().contains(PROTECTED), sees, "{}", principal.id);
    }
}

#[test]
fn a_change_of_protection_is_told_to_every_holder_and_its_receipt_follows_the_boards_lineage() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &with(card("Platsen", 0), json!({ "readers": ["farsta"] })));
    let sites = protected("Platsen")["sites"].clone();
    house.act("norrmalm", "change-actor", &json!({ "id": id, "patch": { "sites": sites } })).unwrap();
    let waiting = |house: &House, board: &str| {
        let health = house.ask(&coordinator(board), "registry-health", &json!({ "id": board })).unwrap();
        health["unacknowledgedProtection"].as_array().unwrap().clone()
    };
    assert_eq!(["norrmalm", "farsta", "ostermalm"].map(|board| waiting(&house, board).len()), [1, 1, 0]);
    let change = waiting(&house, "farsta")[0]["change"].clone();
    let receipt = json!({ "id": id, "change": change });
    house.act("farsta", "acknowledge-protection", &receipt).unwrap();
    assert_eq!(["norrmalm", "farsta"].map(|board| waiting(&house, board).len()), [1, 0]);

    // Norrmalm is dissolved before it has answered: its successor is told, and answers.
    let ending = [("norrmalm", "innerstaden"), ("ostermalm", "innerstaden")];
    house.divide("2026-02-01T00:00:00Z", &["innerstaden", "farsta"], &ending);
    house.set_clock("2026-02-01T00:00:00Z");
    assert_eq!(["innerstaden", "farsta"].map(|board| waiting(&house, board).len()), [1, 0]);
    house.act("innerstaden", "acknowledge-protection", &receipt).unwrap();
    assert_eq!(["innerstaden", "farsta"].map(|board| waiting(&house, board).len()), [0, 0]);
}
