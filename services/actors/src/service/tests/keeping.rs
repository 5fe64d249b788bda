//! Keeping the registry true: duplicates, merging, archiving, what a division leaves hanging, what matters to an incident.

use super::*;
use proptest::prelude::*;

fn names(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[test]
fn duplicates_are_found_by_number_and_by_alike_names_nearby() {
    let mut house = House::of_three();
    let number = json!({ "orgNumber": "802003-5146" });
    let id = house.register("norrmalm", &with(card("Föreningen Hjälpen", 0), number.clone()));
    house.register("farsta", &with(card("Något annat", 2), number));
    house.register("ostermalm", &card("Hjälpen Föreningen", 0));
    house.register("ostermalm", &card("Föreningen Hjälpen", 1));
    house.register("ostermalm", &card("Skytteföreningen", 0));
    let found = house.ask(&coordinator("norrmalm"), "actor-duplicates", &json!({ "id": id })).unwrap();
    assert_eq!(names(&found), ["Något annat", "Hjälpen Föreningen"], "the far one of the same name is another");
}

#[test]
fn a_merge_joins_two_cards_and_keeps_both_histories() {
    let mut house = House::of_three();
    let contacts = |function: &str| json!({ "contacts": [{ "function": function }] });
    let kept = house.register("norrmalm", &with(card("Hjälpen", 0), contacts("jour")));
    let gone = house.register("norrmalm", &with(card("Hjälpen Söder", 1), contacts("kansli")));
    house.act("norrmalm", "verify-actor", &json!({ "id": gone })).unwrap();
    let others = house.register("farsta", &card("Hjälpen Farsta", 2));
    let foreign = house.act("norrmalm", "merge-actors", &json!({ "id": kept, "other": others })).unwrap_err();
    assert_eq!(foreign.code, ErrorCode::Forbidden);
    let merged = house.act("norrmalm", "merge-actors", &json!({ "id": kept, "other": gone })).unwrap();
    assert_eq!((&merged["aliases"], merged["sites"].as_array().unwrap().len()), (&json!(["Hjälpen Söder"]), 2));
    let functions: Vec<&Value> = merged["contacts"].as_array().unwrap().iter().map(|c| &c["function"]).collect();
    assert_eq!(functions, ["jour", "kansli"]);
    assert_eq!(merged["links"].as_array().unwrap().len(), 2, "{merged}");
    let owner = coordinator("norrmalm");
    let kinds = |house: &House, id: &str| -> Vec<String> {
        let history = house.ask(&owner, "actor-history", &json!({ "id": id })).unwrap();
        let items = history["items"].as_array().unwrap().iter();
        items.map(|item| item["type"].as_str().unwrap().replace("se.narhet.actors.", "")).collect()
    };
    assert_eq!(kinds(&house, &kept), ["actor-registered.v1", "actor-changed.v1"]);
    assert_eq!(kinds(&house, &gone), ["actor-registered.v1", "actor-verified.v1", "actor-archived.v1"]);
    let late = house.act("norrmalm", "change-actor", &json!({ "id": gone, "patch": { "name": "X" } })).unwrap_err();
    assert!(late.code == ErrorCode::Conflict && late.detail.contains(&kept), "{late}");
}

#[test]
fn a_merge_loses_nothing_that_the_other_had_and_is_not_undone_by_the_next_import() {
    let mut house = House::of_three();
    let kept = house.register("norrmalm", &with(card("Hjälpen", 0), json!({ "notes": "Egen." })));
    let gone = house.register(
        "norrmalm",
        &with(
            card("Stödet", 1),
            json!({ "externalId": "7", "notes": "Deras.", "orgNumber": "640823-3234", "onBehalfOf": "farsta", "readers": ["farsta"],
                    "operatingArea": { "scope": "areas", "areas": ["farsta"] },
                    "availability": { "aroundTheClock": true }, "byHand": [{ "area": "farsta", "include": true, "reason": "x" }] }),
        ),
    );
    let sole = |house: &mut House, id: &str| -> Vec<Value> {
        house.act("norrmalm", "read-actor", &json!({ "id": id })).unwrap();
        let data: Value = serde_json::from_str(house.events.last().unwrap().data.get()).unwrap();
        data["readings"].as_array().unwrap().iter().map(|reading| reading["subjectId"].clone()).collect()
    };
    let before = sole(&mut house, &gone);
    house.act("norrmalm", "merge-actors", &json!({ "id": kept, "other": gone })).unwrap();
    let card = house.act("norrmalm", "read-actor", &json!({ "id": kept })).unwrap();
    assert_eq!((&card["notes"], &card["externalId"]), (&json!("Egen.\n\nDeras."), &json!("7")));
    assert_eq!((&card["onBehalfOf"], &card["readers"]), (&json!("farsta"), &json!(["all-boards", "farsta"])));
    assert!(card["operatingArea"].is_object() && card["byHand"].is_array() && card["availability"].is_object());
    assert_eq!(sole(&mut house, &kept), before, "a sole trader is one person still");
}

#[test]
fn areas_named_by_hand_become_those_of_the_heirs_and_what_is_recorded_then_goes_to_them() {
    let mut house = House::of_three();
    let away = with(
        card("Hjälpen", 2),
        json!({ "operatingArea": { "scope": "areas", "areas": ["norrmalm"] }, "readers": ["ostermalm"],
                "byHand": [{ "area": "ostermalm", "include": true, "reason": "De hjälper till." }] }),
    );
    let id = house.register("norrmalm", &away);
    let ending = [("norrmalm", "innerstaden"), ("ostermalm", "innerstaden")];
    house.divide("2026-02-01T00:00:00Z", &["innerstaden", "farsta"], &ending);
    let linked = |house: &House, board: &str, at: &str| -> Vec<String> {
        let links = house.ask(&coordinator(board), "actor-links", &json!({ "id": id, "at": at })).unwrap();
        links["items"].as_array().unwrap().iter().map(|link| link["area"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(linked(&house, "norrmalm", NOW), ["farsta", "norrmalm", "ostermalm"]);
    assert_eq!(linked(&house, "norrmalm", "2026-02-01T00:00:00Z"), ["farsta", "innerstaden"]);
    let registering = |house: &mut House, board: &str| house.act(board, "register-actor", &card("Nya", 0)).map(|_| ());
    assert_eq!(registering(&mut house, "innerstaden").unwrap_err().code, ErrorCode::Forbidden, "not yet");

    house.set_clock("2026-02-01T00:00:00Z");
    assert_eq!(registering(&mut house, "norrmalm").unwrap_err().code, ErrorCode::Forbidden, "not any more");
    house.act("innerstaden", "verify-actor", &json!({ "id": id })).unwrap();
    let verified = house.events.last().unwrap();
    let readers: Vec<&str> = verified.readers.split(',').collect();
    assert_eq!(verified.owner.as_str(), "innerstaden");
    assert!(readers.contains(&"innerstaden") && !readers.iter().any(|board| board.contains("malm")), "{readers:?}");
    let incident = json!({ "incidentId": "i-1", "areas": ["norrmalm"] });
    let ranked = house.ask(&coordinator("innerstaden"), "relevant-actors", &incident).unwrap();
    assert_eq!(names(&ranked), ["Hjälpen"], "an incident that was reported in an area that has become another");
}

#[test]
fn health_asks_for_somebody_who_answers_for_the_boards_own_functions_and_tries_again_those_not_reached() {
    let mut house = House::of_three();
    let contact = |function: &str| json!([{ "function": function, "ways": [{ "kind": "phone", "value": "08-1" }] }]);
    let always = json!({ "aroundTheClock": true });
    house.register("norrmalm", &with(card("Utan kontakt", 0), json!({ "availability": always })));
    let company =
        json!({ "kind": "municipal-company", "availability": always, "contacts": contact("säkerhetssamordnare") });
    let id = house.register("norrmalm", &with(card("Bolaget", 0), company));
    let health =
        |house: &House| house.ask(&coordinator("norrmalm"), "registry-health", &json!({ "id": "norrmalm" })).unwrap();
    let before = health(&house);
    assert_eq!(before["missing247Contact"]["items"][0]["name"], "Utan kontakt");
    assert_eq!(before["missing247Contact"]["total"], 1);
    assert_eq!(before["missingFunctions"].as_array().unwrap().len(), 2, "a company's coordinator is not the board's");
    let board = json!({ "kind": "municipal-board", "contacts": contact("säkerhetssamordnare") });
    house.register("norrmalm", &with(card("Förvaltningen", 0), board));
    assert_eq!(health(&house)["missingFunctions"], json!(["informationssäkerhetssamordnare"]));

    house.act("norrmalm", "verify-actor", &json!({ "id": id, "reached": false })).unwrap();
    house.set_clock("2026-01-16T00:00:00Z");
    house.fire();
    assert_eq!(house.count("se.narhet.actors.verification-due.v1"), 1, "reminded after a fortnight, not a year");
}

#[test]
fn a_call_list_gives_functions_in_order_and_who_has_answered_in_the_round() {
    let mut house = House::of_three();
    let way = |kind: &str, value: &str| json!({ "kind": kind, "value": value });
    let contacts = json!([
        { "function": "jour", "ways": [way("phone", "08-1"), way("radio", "rakel 7")] },
        { "function": "kansli", "ways": [way("email", "k@x.example")], "person": { "name": "Granitnamnet", "phone": "070-1" } },
    ]);
    let id = house.register("norrmalm", &with(card("Hjälpen", 0), json!({ "contacts": contacts })));
    house.register("norrmalm", &card("Åkeriet", 1));
    let logged = json!({ "id": id, "occasion": "contact-round", "outcome": "answered", "reference": "vinter-2026" });
    house.act("norrmalm", "log-contact", &logged).unwrap();
    let list = house.ask(&coordinator("norrmalm"), "call-list", &json!({ "round": "vinter-2026" })).unwrap();
    assert_eq!(names(&list), ["Hjälpen", "Åkeriet"]);
    let calls = list["items"][0]["calls"].as_array().unwrap();
    assert_eq!((&calls[0]["order"], &calls[0]["function"], &calls[1]["order"]), (&json!(1), &json!("jour"), &json!(2)));
    assert_eq!(calls[0]["ways"][1]["value"], "rakel 7");
    assert_eq!(
        (&list["items"][0]["outcome"]["outcome"], &list["items"][1]["outcome"]),
        (&json!("answered"), &Value::Null)
    );
    assert!(
        !list.to_string().contains("Granit") && !list.to_string().contains("070"),
        "persons are read one at a time"
    );
    let other =
        house.ask(&coordinator("norrmalm"), "call-list", &json!({ "round": "sommar-2026", "q": "hjälpen" })).unwrap();
    assert_eq!((names(&other), &other["items"][0]["outcome"]), (vec!["Hjälpen"], &Value::Null));
}

#[test]
fn an_archived_actor_is_in_no_list_has_no_links_and_is_still_read_by_its_id() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Hjälpen", 0));
    let owner = coordinator("norrmalm");
    let order = json!({ "id": id, "reason": "Föreningen är upplöst." });
    house.act("norrmalm", "archive-actor", &order).unwrap();
    assert_eq!(names(&house.ask(&owner, "actors", &json!({})).unwrap()), Vec::<&str>::new());
    let links = house.ask(&owner, "actor-links", &json!({ "id": id })).unwrap();
    assert_eq!(links["items"], json!([]));
    assert_eq!(links["history"].as_array().unwrap().len(), 2, "that it was linked stays");
    let read = house.act("norrmalm", "read-actor", &json!({ "id": id })).unwrap();
    assert!(read["archived"]["at"].is_string(), "{read}");
    assert_eq!(house.act("norrmalm", "archive-actor", &order).unwrap_err().code, ErrorCode::Conflict);
}

#[test]
fn a_coming_division_names_the_actors_whose_board_ends_and_who_inherits_them() {
    let mut house = House::of_three();
    house.register("norrmalm", &card("Hjälpen", 0));
    house.register("farsta", &card("Kvar", 2));
    let named = |id: &str| json!({ "id": id, "name": id });
    let question = json!({ "validFrom": "2026-06-01T00:00:00Z", "remaining": [named("innerstaden")],
        "ending": [{ "board": named("norrmalm"), "successor": named("innerstaden") }] });
    let answer = house.ask(&somebody(Role::CitySecurity, None), "dangling", &question).unwrap();
    assert_eq!((&answer["total"], names(&answer)), (&json!(1), vec!["Hjälpen"]));
    assert_eq!(answer["items"][0]["passesTo"]["id"], "innerstaden");
}

#[test]
fn links_and_ownership_pass_at_the_instant_and_may_be_read_beforehand() {
    let mut house = House::of_three();
    let id = house.register("norrmalm", &card("Hjälpen", 0));
    house.divide(
        "2026-02-01T00:00:00Z",
        &["innerstaden", "farsta"],
        &[("norrmalm", "innerstaden"), ("ostermalm", "innerstaden")],
    );
    let owner = coordinator("norrmalm");
    for (at, area) in [(NOW, "norrmalm"), ("2026-01-31T23:59:59Z", "norrmalm"), ("2026-02-01T00:00:00Z", "innerstaden")]
    {
        let links = house.ask(&owner, "actor-links", &json!({ "id": id, "at": at })).unwrap();
        assert_eq!((&links["items"][0]["area"]["id"], &links["owner"]), (&json!(area), &json!(area)), "{at}");
    }
    house.set_clock("2026-02-01T00:00:00Z");
    let patch = json!({ "id": id, "patch": { "name": "Hjälpen 2" } });
    assert_eq!(house.act("norrmalm", "change-actor", &patch).unwrap_err().code, ErrorCode::Forbidden);
    house.act("innerstaden", "change-actor", &patch).unwrap();
}

#[test]
fn actors_near_and_able_come_first_for_an_incident_each_with_the_reason() {
    let mut house = House::of_three();
    let generator = json!({ "capabilities": [{ "kind": "generator", "count": 2 }] });
    house.register("norrmalm", &card("Nära", 0));
    house.register("norrmalm", &with(card("Nära med elverk", 0), generator.clone()));
    house.register("farsta", &with(card("Långt bort med elverk", 2), generator));
    let incident = json!({ "incidentId": "i-1", "kind": "power", "areas": ["norrmalm"],
        "place": { "type": "Point", "coordinates": [18.05, 59.301] } });
    let ranked = house.ask(&coordinator("norrmalm"), "relevant-actors", &incident).unwrap();
    assert_eq!(names(&ranked), ["Nära med elverk", "Nära"]);
    assert!(ranked["items"][0]["why"].to_string().contains("har generator"), "{ranked}");
    assert!(ranked["items"].as_array().unwrap().iter().all(|item| !item["why"].as_array().unwrap().is_empty()));
}

/// Things that say how something is to be; said again they say nothing new.
fn order() -> impl Strategy<Value = (&'static str, Value)> {
    let patch = prop_oneof![
        "[a-zåäö]{1,12}".prop_map(|name| json!({ "name": name })),
        "[a-zåäö]{1,12}".prop_map(|notes| json!({ "notes": notes })),
        (0_u32..3).prop_map(|stripe| json!({ "sites": card("", stripe)["sites"] })),
        any::<bool>().prop_map(|named| json!({ "contacts": [{ "function": "jour",
            "person": named.then(|| json!({ "subjectId": "01977420-9c00-7000-8000-00000000d001", "name": "Jouren" })) }] })),
    ];
    let row = ("[a-c]", "[a-zåäö]{1,12}", 1_u32..99).prop_map(|(id, name, count)| {
        json!({ "columns": ["externt id", "namn", "resurser"],
            "rows": [{ "row": 2, "cells": [id, name, format!("generator:{count}")] }] })
    });
    prop_oneof![
        patch.prop_map(|patch| ("change-actor", json!({ "patch": patch }))),
        row.prop_map(|row| ("import-actors", row))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_command_sent_again_leaves_every_actor_as_it_is(orders in prop::collection::vec(order(), 1..12)) {
        let mut house = House::of_three();
        let id = house.register("norrmalm", &card("Hjälpen", 0));
        for (command, mut body) in orders {
            if command == "change-actor" {
                body["id"] = json!(id);
            }
            let told = |house: &House| house.events.iter().filter(|event| event.subject.kind() != "import").count();
            house.act("norrmalm", command, &body).unwrap();
            let before = told(&house);
            house.act("norrmalm", command, &body).unwrap();
            prop_assert_eq!(told(&house), before, "{} {}", command, body);
        }
    }
}
