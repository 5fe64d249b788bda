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
    let foreign = house.ask(&coordinator("farsta"), "export", &json!({})).unwrap();
    assert!(!foreign.to_string().contains(PROTECTED));
    for principal in [owner, somebody(Role::Ckl, None)] {
        assert_eq!(house.act_as(&principal, "list-protected", &json!({})).unwrap_err().code, ErrorCode::Forbidden);
    }
    assert_eq!(house.count("se.narhet.actors.protected-listed.v1"), 0);
    let told = all["withheld"][0]["field"].as_str();
    assert_eq!(told, Some("items/*/sites/*/tags"), "and no site is named");
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
fn sites_are_counted_not_actors_and_whoever_may_list_them_all_pages_and_exports_them_once_that_is_recorded() {
    let mut house = House::of_three();
    let site = |number: u32| {
        json!({ "name": format!("Plats {number}"), "address": "x".repeat(450), "tags": [PROTECTED],
                "place": { "type": "Point", "coordinates": [18.05, 59.3] } })
    };
    let sites: Vec<Value> = (0..51).map(site).collect();
    for number in 0..30 {
        house.register("norrmalm", &with(card(&format!("Hjälpen {number}"), 0), json!({ "sites": sites })));
    }
    let owner = coordinator("norrmalm");
    assert!(
        house.ask(&owner, "actors", &json!({ "q": "hjälpen 7", "tag": PROTECTED })).is_err(),
        "51 sites of one actor"
    );
    let stranger = house.ask(&coordinator("farsta"), "actors", &json!({})).unwrap();
    assert!(stranger["withheld"].is_null(), "what one does not see is not counted");

    let lister = somebody(Role::CitySecurity, None);
    let refused = house.ask(&lister, "export", &json!({})).unwrap();
    assert_eq!((&refused["mustBeListed"], &refused["rows"]), (&json!(true), &json!([])));
    let listed = house.act_as(&lister, "list-protected", &json!({ "purpose": "export" })).unwrap();
    let recorded = json!({ "listing": listed["listing"] });
    let export = house.ask(&lister, "export", &recorded).unwrap();
    assert!(export["rows"].to_string().contains(PROTECTED));
    let other = house.ask(&somebody(Role::Registrar, None), "export", &recorded).unwrap();
    assert_eq!(other["mustBeListed"], true, "recorded for somebody else");

    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = house.act_as(&lister, "list-protected", &json!({ "after": after })).unwrap();
        assert_eq!(page["total"], 30 * 51);
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].to_string()));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    names.dedup();
    assert_eq!(names.len(), 30);
    let page = house.events.last().unwrap().id;
    let again = |house: &House| house.service.reply("list-protected", &[page], &house.env(&lister)).map(|_| ());
    again(&house).unwrap();
    house.register("norrmalm", &protected("Ny"));
    assert_eq!(again(&house).unwrap_err().code, ErrorCode::Conflict, "more than was recorded");
}

#[test]
fn the_board_whose_verksamhet_is_run_is_told_and_answers_without_reading_the_card() {
    let mut house = House::of_three();
    house.register("norrmalm", &with(protected("Platsen"), json!({ "onBehalfOf": "farsta", "readers": ["own"] })));
    let ask = |house: &House| house.ask(&coordinator("farsta"), "registry-health", &json!({ "id": "farsta" })).unwrap();
    let told = ask(&house)["unacknowledgedProtection"][0].clone();
    let receipt = json!({ "id": told["actorId"], "change": told["change"] });
    let answered = house.act("farsta", "acknowledge-protection", &receipt).unwrap();
    assert_eq!(answered, json!({ "id": told["actorId"], "acknowledged": true }), "and nothing of the card");
    assert_eq!(ask(&house)["unacknowledgedProtection"], json!([]));
}

#[test]
fn another_styrel_class_is_one_notice() {
    let mut house = House::of_three();
    let tagged = |class: &str| {
        let mut card = card("Platsen", 0);
        card["sites"][0]["tags"] = json!([class]);
        card
    };
    let id = house.register("norrmalm", &tagged("styrel-1"));
    for (patch, notices) in [
        (json!({ "sites": tagged("styrel-2")["sites"] }), 2),
        (json!({ "notes": "x" }), 2),
        (json!({ "sites": tagged("kyrka")["sites"] }), 3),
    ] {
        house.act("norrmalm", "change-actor", &json!({ "id": id, "patch": patch })).unwrap();
        let history = house.ask(&coordinator("norrmalm"), "actor-history", &json!({ "id": id })).unwrap();
        let changes = history["protectionChanges"].as_array().unwrap();
        assert_eq!(changes.len(), notices);
        assert!(changes.iter().all(|change| change["sites"] == json!(["Lokalen"])), "{history}");
    }
}

#[test]
fn nobody_else_learns_which_sites_are_protected_by_any_way() {
    let mut house = House::of_three();
    let mut count = house.events.len();
    let mut registered = |house: &mut House, card: &Value| {
        let id = house.register("norrmalm", card);
        let new: Vec<&str> = house.events[count..].iter().map(|event| event.event_type.as_str()).collect();
        let told = (id, new.join(" "), house.events.last().unwrap().data.get().len());
        count = house.events.len();
        told
    };
    let (secret, events, bytes) = registered(&mut house, &protected("Platsen"));
    let (plain, same_events, same_bytes) = registered(&mut house, &card("En annan", 0));
    assert_eq!((events, bytes), (same_events, same_bytes), "no gap in what others read tells the two apart");
    let stranger = coordinator("farsta");
    let found = house.ask(&stranger, "actors", &json!({ "tag": "styrel-1" })).unwrap();
    assert_eq!(found["items"], json!([]));
    let found = house.ask(&stranger, "actors", &json!({ "tag": PROTECTED })).unwrap();
    assert_eq!(found["items"], json!([]), "the tag cannot be searched for");
    let export = house.ask(&stranger, "export", &json!({ "tag": PROTECTED })).unwrap();
    assert_eq!(export["rows"], json!([]));
    let mut seen = [&secret, &plain].map(|id| {
        let mut read = house.act_as(&stranger, "read-actor", &json!({ "id": id })).unwrap();
        let mut history = house.ask(&stranger, "actor-history", &json!({ "id": id })).unwrap();
        for (member, of) in [("id", 0), ("name", 0), ("id", 1), ("items", 1), ("links", 1)] {
            [&mut read, &mut history][of][member] = Value::Null;
        }
        (read, history)
    });
    for (read, _) in &mut seen {
        for link in read["links"].as_array_mut().unwrap() {
            link["position"] = Value::Null;
        }
    }
    assert_eq!(seen[0], seen[1], "but for the names nothing tells the two apart");

    // Nor does what is recorded: every site has the sealed member, as long as any other's.
    let event = |id: &str| {
        let of_actor = |event: &&Event| event.event_type.ends_with("actor-registered.v1") && event.subject.id() == id;
        house.events.iter().find(of_actor).unwrap()
    };
    let length = |event: &Event| {
        let data: Value = serde_json::from_str(event.data.get()).unwrap();
        data["card"]["sites"][0]["protection"].to_string().len()
    };
    let (secret, plain) = (event(&secret), event(&plain));
    assert_eq!((length(secret), secret.klass, &secret.readers), (length(plain), plain.klass, &plain.readers));
    let notice = house.events.iter().find(|event| event.event_type.ends_with("protection-changed.v1")).unwrap();
    assert!(!notice.readers.split(',').any(|reader| reader == "*" || reader == "farsta"), "{}", notice.readers);
    assert!(notice.klass.k == 3 && !notice.data.get().contains("Lokalen"), "{}", notice.data);
    assert_eq!(notice.subject.kind(), "protection");
    let [before, rebuilt] = [false, true].map(|rebuild| {
        if rebuild {
            house.rebuilt();
        }
        house.ask(&coordinator("norrmalm"), "registry-health", &json!({ "id": "norrmalm" })).unwrap()["unacknowledgedProtection"].clone()
    });
    assert_eq!((before.as_array().unwrap().len(), &before), (1, &rebuilt));
}

#[test]
fn who_sees_protection_follows_from_the_owner_of_now_whatever_instant_is_asked_about() {
    let mut house = House::of_three();
    house.register("norrmalm", &protected("Platsen"));
    let ending = [("norrmalm", "innerstaden"), ("ostermalm", "innerstaden")];
    house.divide("2026-02-01T00:00:00Z", &["innerstaden", "farsta"], &ending);
    let sees = |house: &House, board: &str, at: &str| {
        let all = house.ask(&coordinator(board), "actors", &json!({ "at": at })).unwrap();
        let tagged = house.ask(&coordinator(board), "actors", &json!({ "at": at, "tag": PROTECTED })).unwrap();
        let shown = all.to_string().contains(PROTECTED);
        assert_eq!(shown, tagged["items"] != json!([]));
        shown
    };
    let (before, after) = (NOW, "2026-03-01T00:00:00Z");
    for (at, old, new) in [(before, true, false), (after, true, false)] {
        assert_eq!((sees(&house, "norrmalm", at), sees(&house, "innerstaden", at)), (old, new), "{at}");
    }
    house.set_clock("2026-02-01T00:00:00Z");
    for (at, old, new) in [(before, false, true), (after, false, true)] {
        assert_eq!((sees(&house, "norrmalm", at), sees(&house, "innerstaden", at)), (old, new), "{at}");
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
    assert_eq!(house.act("ostermalm", "acknowledge-protection", &receipt).unwrap_err().code, ErrorCode::NotFound);
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
