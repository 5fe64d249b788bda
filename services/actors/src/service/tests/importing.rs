//! Spreadsheets: whose a cell is, which actor a row is about, what the report says.

use super::*;

/// Each row's outcome and why.
fn import(house: &mut House, board: &str, columns: &str, rows: &[&str]) -> Vec<(String, String)> {
    let columns: Vec<&str> = columns.split(';').collect();
    let rows: Vec<Value> = (2..)
        .zip(rows)
        .map(|(row, cells)| json!({ "row": row, "cells": cells.split(';').collect::<Vec<_>>() }))
        .collect();
    let report = house.act(board, "import-actors", &json!({ "columns": columns, "rows": rows })).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    report["rows"].as_array().unwrap().iter().map(|row| (text(&row["outcome"]), text(&row["why"]))).collect()
}

fn outcomes(report: &[(String, String)]) -> Vec<&str> {
    report.iter().map(|(outcome, _)| outcome.as_str()).collect()
}

fn all(house: &mut House, board: &str) -> Vec<Value> {
    let listed = house.ask(&coordinator(board), "actors", &json!({})).unwrap();
    let ids: Vec<Value> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    ids.iter().map(|id| house.act(board, "read-actor", &json!({ "id": id })).unwrap()).collect()
}

#[test]
fn a_telephone_beside_a_person_and_no_function_is_the_persons_and_is_sealed() {
    let mut house = House::of_three();
    let columns = "Namn;Kontaktperson;Funktion;Telefon;E-post;Växel";
    let rows = [
        "Bara person;Granitnamnet;;070-1;granit@x.example;08-9",
        "Bara funktion;;jour;08-2;jour@x.example;",
        "Båda;Basaltnamnet;jour;08-3;;",
    ];
    import(&mut house, "norrmalm", columns, &rows);
    let read = all(&mut house, "norrmalm");
    let [function, person, both] = [0, 1, 2].map(|index| &read[index]["contacts"][0]);
    assert_eq!((&person["person"]["phone"], &person["person"]["email"]), (&json!("070-1"), &json!("granit@x.example")));
    assert_eq!(person["ways"], json!([{ "kind": "phone", "value": "08-9" }]));
    assert_eq!(function["ways"].as_array().unwrap().len(), 2);
    assert_eq!((&both["ways"][0]["value"], &both["person"]["phone"]), (&json!("08-3"), &Value::Null));
    // With a column for the person's telephone, the plain one is the organisation's.
    import(&mut house, "farsta", "Id;Namn;Kontaktperson;Telefon;Mobil", &["V1;Öppet hus;Granitnamnet;08-4;070-4"]);
    let open = &all(&mut house, "farsta")[0];
    assert_eq!((&open["contacts"][0]["ways"][0]["value"], &open["externalId"]), (&json!("08-4"), &json!("V1")));
    import(&mut house, "farsta", "Id;Namn;Adress", &["V1;Öppet hus;Gatan 12"]);
    assert_eq!(all(&mut house, "farsta").len(), 1, "their own number finds it again");
    let recorded = house.events.iter().map(|event| event.data.get()).collect::<String>();
    assert!(!recorded.contains("070-1") && !recorded.contains("granit@") && recorded.contains("08-9"));
}

#[test]
fn another_name_is_another_person_who_inherits_nothing_and_an_erased_one_is_followed_by_somebody_new() {
    let mut house = House::of_three();
    let columns = "Externt id;Namn;Kontaktperson;Mobil";
    let person = |house: &mut House| all(house, "norrmalm")[0]["contacts"][0]["person"].clone();
    import(&mut house, "norrmalm", columns, &["1;Hjälpen;Granitnamnet;070-1"]);
    let first = person(&mut house);
    import(&mut house, "norrmalm", columns, &["1;Hjälpen;Basaltnamnet;"]);
    let second = person(&mut house);
    assert_eq!((&second["name"], &second["phone"]), (&json!("Basaltnamnet"), &Value::Null));
    assert_ne!(first["subjectId"], second["subjectId"]);

    // By hand: the id of the one before does not make the next one the same person.
    let id = all(&mut house, "norrmalm")[0]["id"].clone();
    let patch = |house: &mut House, person: Value| {
        let patch = json!({ "contacts": [{ "function": "kontakt", "person": person }] });
        house.act("norrmalm", "change-actor", &json!({ "id": id, "patch": patch })).unwrap();
    };
    let third = json!({ "subjectId": second["subjectId"], "name": "Diabasnamnet" });
    patch(&mut house, third.clone());
    let third_subject = person(&mut house)["subjectId"].clone();
    assert_ne!(third_subject, second["subjectId"]);
    patch(&mut house, third);
    assert_eq!(person(&mut house)["subjectId"], third_subject, "said again it is the same person");
    patch(&mut house, json!({ "subjectId": third_subject, "name": "Diabas-namnet", "correction": true }));
    let corrected = person(&mut house);
    assert_eq!((&corrected["subjectId"], &corrected["name"]), (&third_subject, &json!("Diabas-namnet")));

    let erase = json!({ "id": third_subject, "ground": "gallring", "reference": "KS 2026/1" });
    house.act_as(&somebody(Role::Registrar, None), "erase-subject", &erase).unwrap();
    for expected in ["updated", "unchanged"] {
        let report = import(&mut house, "norrmalm", columns, &["1;Hjälpen;Gnejsnamnet;070-4"]);
        assert_eq!(outcomes(&report), [expected]);
    }
    let after = person(&mut house);
    assert_eq!((&after["name"], &after["phone"]), (&json!("Gnejsnamnet"), &json!("070-4")));
    patch(&mut house, json!({ "subjectId": third_subject, "name": "Marmornamnet" }));
    assert_eq!(person(&mut house)["name"], "Marmornamnet", "nothing is lost to a key that is gone");
}

#[test]
fn a_row_about_somebody_elses_actor_or_one_that_is_gone_makes_no_new_one_and_nothing_is_doubled_within_a_file() {
    let mut house = House::of_three();
    let foreign = house.register("farsta", &card("Hjälpen Farsta", 2));
    let kept = house.register("norrmalm", &card("Hjälpen", 0));
    let gone = house.register("norrmalm", &with(card("Stödet", 0), json!({ "externalId": "7" })));
    house.act("norrmalm", "merge-actors", &json!({ "id": kept, "other": gone })).unwrap();
    let report = import(
        &mut house,
        "norrmalm",
        "id;externt id;namn;organisationsnummer;adress",
        &[
            &format!("{foreign};;Hjälpen Farsta;;"),
            &format!("{gone};;Stödet;;"),
            ";;Stödet;;",
            ";;Nya;556000-0001;",
            ";;Nya igen;5560000001;",
            ";;Utan nyckel;;Torget",
            ";;Utan nyckel;;Torget",
            ";;Utan nyckel;;Gården",
        ],
    );
    let expected = ["refused", "refused", "refused", "created", "refused", "created", "refused", "created"];
    assert_eq!(outcomes(&report), expected, "{report:?}");
    assert!(report[0].1.contains("föreslå") && report[1].1.contains(&kept) && report[4].1.contains("rad 5"));
    let report = import(&mut house, "norrmalm", "externt id;namn;orgnr", &["12;Nya;556000-0001"]);
    assert_eq!(outcomes(&report), ["updated"], "an external id that is new falls through to the number");
}

#[test]
fn a_report_says_where_and_never_what() {
    let mut house = House::of_three();
    let columns = "namn;på uppdrag av;verkar i;mer (json)";
    let rows = [
        "A;granitnämnden;;",
        "B;;granitområdet;",
        r#"C;;;{"kind": "granit"}"#,
        r#"D;;;{"granit": 1}"#,
        r#"E;;;{"name": granit}"#,
        r#"F;;;{"byHand": [{"area": "granit", "include": true, "reason": "x"}]}"#,
    ];
    let report = import(&mut house, "norrmalm", columns, &rows);
    assert!(report.iter().all(|(outcome, why)| outcome == "refused" && !why.contains("granit")), "{report:?}");
    assert!(report[4].1.contains("tecken 10"), "{report:?}");
}

#[test]
fn protected_tags_are_known_in_a_list_with_commas_and_a_site_that_moves_loses_its_old_place() {
    let mut house = House::of_three();
    let columns = "externt id;namn;plats;adress;lat;lon;märkning";
    import(&mut house, "norrmalm", columns, &["1;Hjälpen;;Gatan 1;59.3;18.05;Skyddsobjekt, Styr-el klass 2,kyrka"]);
    let site = all(&mut house, "norrmalm")[0]["sites"][0].clone();
    assert_eq!(site["tags"], json!(["kyrka", "skyddsobjekt", "styr-el-klass-2"]));
    let recorded = house.events.iter().map(|event| event.data.get()).collect::<String>();
    assert!(!recorded.contains("styr-el") && recorded.contains("kyrka"));

    import(&mut house, "norrmalm", columns, &["1;;;Gatan 2;;;"]);
    let site = all(&mut house, "norrmalm")[0]["sites"][0].clone();
    assert_eq!((&site["address"], &site["place"]), (&json!("Gatan 2"), &Value::Null));
    for (row, sites) in [("1;;Förrådet;Gatan 3;;;", 1), ("1;;Gården;Gatan 4;;;", 2)] {
        import(&mut house, "norrmalm", columns, &[row]);
        let card = all(&mut house, "norrmalm").remove(0);
        assert_eq!(card["sites"].as_array().unwrap().len(), sites, "another name is another site: {card}");
    }
}

#[test]
fn what_a_cell_cannot_say_comes_back_from_an_export_unchanged() {
    let mut house = House::of_three();
    let tricky = json!({
        "aliases": ["Hjälpen; Norr"],
        "capabilities": [{ "kind": "generator", "count": 2, "detail": "8 kVA; diesel (ny)" }],
        "availability": { "aroundTheClock": true, "hours": "jouren svarar" },
        "agreements": (0..60).map(|number| json!({ "title": format!("Avtal {number} {}", "x".repeat(400)) })).collect::<Vec<_>>(),
    });
    house.register("norrmalm", &with(card("Hjälpen", 0), tricky));
    house.register(
        "norrmalm",
        &with(card("Enkel", 0), json!({ "capabilities": [{ "kind": "tolk", "count": 3, "detail": "finska" }] })),
    );
    let export = house.ask(&coordinator("norrmalm"), "export", &json!({})).unwrap();
    assert!(export["rows"][1].to_string().len() > 20_000);
    let rows: Vec<Value> = (2..)
        .zip(export["rows"].as_array().unwrap())
        .map(|(row, cells)| json!({ "row": row, "cells": cells }))
        .collect();
    let file = json!({ "columns": export["columns"], "rows": rows });
    let report = house.act("norrmalm", "import-actors", &file).unwrap();
    let outcomes: Vec<&Value> = report["rows"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["unchanged", "unchanged"], "{report}");
}
