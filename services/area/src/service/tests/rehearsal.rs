//! What a coming division ends and begins, before it is recorded and after; nothing is changed by asking.

use super::{
    super::{REHEARSE_DIVISION, Role, acts},
    house::House,
    only,
};
use narhet_proto::wire::ErrorCode;
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|named| named["id"].as_str().unwrap()).collect()
}

#[test]
fn a_rehearsal_names_who_ends_who_inherits_and_who_begins_whether_it_is_recorded_or_not() {
    let mut house = House::started();
    house.import(&only("2020-07-01")).unwrap();
    let head = house.head();
    let coming = house.ask(REHEARSE_DIVISION, &only("2023-07-01")).unwrap();
    assert_eq!(coming["validFrom"], "2023-06-30T22:00:00Z");
    let ending: Vec<(&str, &str)> = coming["ending"]
        .as_array()
        .unwrap()
        .iter()
        .map(|end| (end["board"]["id"].as_str().unwrap(), end["successor"]["id"].as_str().unwrap()))
        .collect();
    let expected = [
        ("norrmalm", "norra-innerstaden"),
        ("ostermalm", "norra-innerstaden"),
        ("rinkeby-kista", "jarva"),
        ("spanga-tensta", "jarva"),
    ];
    assert_eq!(ending, expected);
    assert_eq!(ids(&coming["beginning"]), ["jarva", "norra-innerstaden"]);
    assert_eq!(ids(&coming["remaining"]), ["jarva", "norra-innerstaden"]);
    assert_eq!(coming["report"]["areas"], 2);
    assert_eq!(house.head(), head, "asking changes nothing");

    house.import(&only("2023-07-01")).unwrap();
    let mut recorded = house.ask(REHEARSE_DIVISION, &json!({ "division": "2023-07-01" })).unwrap();
    recorded["report"] = coming["report"].clone();
    assert_eq!(recorded, coming);
    let unknown = house.ask(REHEARSE_DIVISION, &json!({ "division": "2024-01-01" })).unwrap_err();
    assert!(unknown.code == ErrorCode::NotFound && unknown.detail.contains("2023-06-30T22:00:00Z"), "{unknown}");
    let mut both = only("2023-07-01");
    both["divisions"] = json!(["2020-07-01", "2023-07-01"]);
    assert!(house.ask(REHEARSE_DIVISION, &both).unwrap_err().detail.contains("one division at a time"));
}

#[test]
fn a_takeover_of_an_area_that_ends_dangles() {
    let mut house = House::started();
    house.import(&only("2020-07-01")).unwrap();
    let takeover = json!({
        "ground": "war", "by": "kommunstyrelsen", "from": ["norrmalm"], "areas": ["norrmalm"],
        "reference": "KF 2022/1", "reportDue": "2026-02-01T00:00:00Z", "decidedAt": "2022-01-01T00:00:00Z",
        "validFrom": "2022-01-01T00:00:00Z",
    });
    let taken = house.act(Role::CitySecurity, acts::TAKE_OVER, &takeover).unwrap();
    let coming = house.ask(REHEARSE_DIVISION, &only("2023-07-01")).unwrap();
    assert_eq!(coming["dangling"][0]["id"], taken["id"]);
    assert_eq!(coming["dangling"].as_array().unwrap().len(), 1);
}

#[test]
fn a_division_with_a_hole_is_rehearsed_with_the_hole_listed() {
    let house = House::started();
    let features = [("Järva", super::cell_with_notch(0, 0.9)), ("Bromma", super::cell_with_notch(1, 0.0))];
    let body = json!({ "boundaries": super::map(&features), "validFrom": "2027-01-01", "source": "x" });
    let coming = house.ask(REHEARSE_DIVISION, &body).unwrap();
    let refused = coming["report"]["refused"].as_array().unwrap();
    assert!(refused.len() == 1 && refused[0]["defect"].as_str().unwrap().starts_with("gap-"), "{coming}");
    assert_eq!(ids(&coming["beginning"]), ["bromma", "jarva"]);
}

#[test]
fn only_who_may_import_may_rehearse() {
    let mut house = House::started();
    house.principal.roles = vec![Role::Coordinator];
    assert_eq!(house.ask(REHEARSE_DIVISION, &only("2023-07-01")).unwrap_err().code, ErrorCode::Forbidden);
}
