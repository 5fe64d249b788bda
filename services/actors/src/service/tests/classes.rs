//! What people write in their own words is sealed, and members of k2 and k3 are for the owner and central roles.

use super::*;

fn full() -> Value {
    let mut full = with(
        card("Hjälpen", 0),
        json!({
            "capabilities": [{ "kind": "generator", "count": 2, "detail": "granitdetalj" }],
            "agreements": [{ "title": "granitavtal", "from": "2026-01-01" }],
            "availability": { "aroundTheClock": false, "hours": "granittid", "exceptions": [{ "date": "2026-12-24", "text": "granitjul" }] },
            "contacts": [{ "function": "granitjour", "purpose": "granitlarm", "ways": [{ "kind": "phone", "value": "08-1" }] }],
            "aliases": ["Stödet"], "orgNumber": "802003-5146",
        }),
    );
    full["sites"][0]["tags"] = json!(["trygghetspunkt"]);
    full["sites"][0]["safetyPoint"] = json!({ "state": "opened", "hours": "granitöppet", "services": ["granitvärme"] });
    full
}

fn recorded(house: &House) -> String {
    house.events.iter().map(|event| event.data.get()).collect()
}

#[test]
fn own_words_are_in_no_event_and_come_back_whole() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &full());
    assert!(!recorded(&house).contains("granit"));
    let read = house.act("norrmalm", "read-actor", &json!({ "id": id })).unwrap();
    for (member, value) in full().as_object().unwrap() {
        assert_eq!(&read[member], value, "{member}");
    }
    let before = house.events.len();
    house.act("norrmalm", "change-actor", &json!({ "id": id, "patch": full() })).unwrap();
    assert_eq!(house.events.len(), before, "nothing was changed");
}

#[test]
fn a_member_of_k2_is_for_the_owner_and_central_roles_by_every_way() {
    let members = ["capabilities", "agreements", "contacts", "aliases", "sites", "orgNumber"];
    let mut house = House::of_three();
    let klass: Value =
        members.iter().map(|member| ((*member).to_owned(), json!("k2r2t1"))).collect::<serde_json::Map<_, _>>().into();
    let id = house.register("norrmalm", &with(full(), json!({ "klass": klass })));
    assert_eq!(house.events.iter().find(|event| event.subject.id() == id).unwrap().klass.k, 2);
    let clear = recorded(&house);
    assert!(!clear.contains("generator") && !clear.contains("08-1") && !clear.contains("Stödet"), "{clear}");
    for (principal, sees) in
        [(coordinator("norrmalm"), true), (somebody(Role::Ckl, None), true), (coordinator("farsta"), false)]
    {
        let read = house.act_as(&principal, "read-actor", &json!({ "id": id })).unwrap();
        for member in members {
            let shown = !(read[member].is_null() || read[member] == json!([]));
            assert_eq!(shown, sees, "{member} for {}", principal.id);
            assert_eq!(read["withheld"].to_string().contains(&format!("\"{member}\"")), !sees, "{member}");
        }
        let found = |search: Value| house.ask(&principal, "actors", &search).unwrap()["items"] != json!([]);
        assert!(found(json!({ "q": "hjälpen" })), "its name is in every list");
        for search in [
            json!({ "near": "18.05,59.3,500" }),
            json!({ "bbox": "18,59,19,60" }),
            json!({ "tag": "trygghetspunkt" }),
            json!({ "q": "lokalen" }),
        ] {
            assert_eq!(found(search.clone()), sees, "{search}");
        }
        let export = house.ask(&principal, "export", &json!({})).unwrap()["rows"].to_string();
        assert_eq!(export.contains("generator") && export.contains("08-1") && export.contains("802003"), sees);
        assert_eq!(export.contains("generator") || export.contains("08-1") || export.contains("802003"), sees);
        let incident = json!({ "incidentId": "i-1", "areas": ["norrmalm"], "place": { "type": "Point", "coordinates": [18.05, 59.3] } });
        let ranked = house.ask(&principal, "relevant-actors", &incident).unwrap();
        let item = &ranked["items"][0];
        assert_eq!((item["distanceM"].is_null(), item["contacts"] == json!([])), (!sees, !sees), "{item}");
    }
}

#[test]
fn a_dashboard_reads_no_text_in_an_export_either() {
    let mut house = House::of_three();
    let mut card = with(card("Hjälpen", 0), json!({ "notes": "granitnot" }));
    card["sites"][0]["address"] = json!("granitgatan");
    card["byHand"] = json!([{ "area": "farsta", "include": true, "reason": "granitskäl" }]);
    card["contacts"] = json!([{ "function": "granitjour", "ways": [{ "kind": "phone", "value": "08-1" }] }]);
    card["capabilities"] = json!([{ "kind": "generator", "count": 1, "detail": "granitdetalj" }]);
    card["availability"] = json!({ "hours": "granittid", "aroundTheClock": false });
    house.register("norrmalm", &card);
    for (role, texts) in [(Role::Coordinator, 6), (Role::Dashboard, 0)] {
        let export = house.ask(&somebody(role, Some("norrmalm")), "export", &json!({})).unwrap();
        assert_eq!(export["rows"].to_string().matches("granit").count(), texts, "{role}: {export}");
        let calls = house.ask(&somebody(role, Some("norrmalm")), "call-list", &json!({})).unwrap();
        assert_eq!(calls["items"].to_string().matches("granit").count(), usize::from(texts > 0) * 2, "{role}: {calls}");
        let found = house.ask(&somebody(role, Some("norrmalm")), "actors", &json!({})).unwrap();
        assert_eq!(found["items"].to_string().matches("granit").count(), texts, "{role}: {found}");
    }
}

#[test]
fn a_class_is_for_a_member_that_can_be_hidden() {
    let mut house = House::of_three();
    for (member, klass) in [("granit", "k1r2t1"), ("name", "k2r2t1"), ("kind", "k3r2t1"), ("protection", "k3r2t1")] {
        let wrong = with(card("Hjälpen", 0), json!({ "klass": { member: klass } }));
        let refused = house.act("norrmalm", "register-actor", &wrong).unwrap_err();
        assert_eq!(refused.errors[0].pointer.as_deref(), Some("/klass"), "{member}");
    }
    house.register("norrmalm", &with(card("Hjälpen", 0), json!({ "klass": { "name": "k1r3t1", "notes": "k3r2t1" } })));
}
