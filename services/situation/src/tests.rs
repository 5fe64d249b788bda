//! The context as its host drives it: commands, duty's cases, questions.

mod house;
mod life;
mod reading;

use house::{DIVISION, House, NOON, instant, principal};
use narhet_kernel::Role;
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{Value, json};

fn point(lon: f64, lat: f64) -> Value {
    json!({ "type": "Point", "coordinates": [lon, lat] })
}

/// A report with these members changed; null takes one away.
fn report(changes: Value) -> Value {
    let mut body = json!({ "title": "Brand i flerbostadshus", "place": point(17.9, 59.3), "needsSupport": true });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Board, share and basis of each affected board.
fn ids(affected: &Value) -> Vec<(&str, f64, &str)> {
    let rows = affected.as_array().unwrap().iter();
    rows.map(|one| {
        (one["board"]["id"].as_str().unwrap(), one["share"].as_f64().unwrap(), one["basis"].as_str().unwrap())
    })
    .collect()
}

#[test]
fn a_report_is_located_and_gets_a_coordinating_board() {
    let mut house = House::new();
    let reply = house.report(&report(json!({}))).unwrap();
    assert_eq!(reply["status"], "ongoing");
    assert_eq!(reply["kind"], "other");
    assert_eq!(reply["support"], "requested");
    assert_eq!(reply["lead"], json!({ "id": "jarva", "name": "Järva stadsdelsnämnd" }));
    assert_eq!(ids(&reply["affected"]), [("jarva", 1.0, "place")]);
    assert_eq!(reply["affected"][0]["area"]["name"], "Järva");
    assert_eq!(reply["place"], point(17.9, 59.3));
    assert_eq!(reply["areaVersion"], DIVISION);
    let (event, _) = &house.log[0];
    assert_eq!((reply["id"].as_str(), event.id.get_version_num()), (Some(event.id.to_string().as_str()), 7));
    assert_eq!(event.subject.to_string(), format!("incident/{}", event.id));
    assert_eq!(event.owner.as_str(), "farsta");
}

#[test]
fn where_an_incident_lies_as_a_table() {
    let across = json!({ "type": "Polygon", "coordinates":
        [[[17.98, 59.3], [18.06, 59.3], [18.06, 59.31], [17.98, 59.31], [17.98, 59.3]]] });
    let by_hand = json!([{ "id": "farsta", "reason": "de omkomna bodde i Farsta" }]);
    let rows = [
        ("in two areas", json!({ "place": across }), "bromma", vec!["bromma", "jarva"]),
        ("named by hand too", json!({ "affectedBoards": by_hand }), "jarva", vec!["jarva", "farsta"]),
        ("outside the city", json!({ "place": point(15.0, 59.3) }), "kommunstyrelsen", vec![]),
        (
            "outside, named by hand",
            json!({ "place": point(15.0, 59.3), "affectedBoards": by_hand }),
            "kommunstyrelsen",
            vec!["farsta"],
        ),
        ("unknown place", json!({ "place": null }), "kommunstyrelsen", vec![]),
        ("unknown place, named by hand", json!({ "place": null, "affectedBoards": by_hand }), "farsta", vec!["farsta"]),
        ("before the first division", json!({ "occurredAt": "2020-01-01T12:00:00Z" }), "kommunstyrelsen", vec![]),
    ];
    for (name, changes, lead, affected) in rows {
        let reply = House::new().report(&report(changes)).unwrap();
        assert_eq!(reply["lead"]["id"], lead, "{name}");
        assert_eq!(ids(&reply["affected"]).iter().map(|one| one.0).collect::<Vec<_>>(), affected, "{name}");
        assert_eq!(reply["support"], "requested", "{name}");
        for why in reply["why"].as_array().unwrap() {
            assert!(why["source"] != "" && why["text"].as_str().unwrap().ends_with('.'), "{name}: {why}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_report_is_said_where_it_is_wrong() {
    let long = |count| "x".repeat(count);
    let bow_tie = json!({ "type": "Polygon", "coordinates":
        [[[17.9, 59.3], [17.95, 59.35], [17.95, 59.3], [17.9, 59.35], [17.9, 59.3]]] });
    let rows = [
        (json!({ "title": null }), "/title", "missing"),
        (json!({ "title": "  " }), "/title", "empty"),
        (json!({ "title": 7 }), "/title", "a number"),
        (json!({ "title": long(201) }), "/title", "at most 200"),
        (json!({ "title": "a\u{0}b" }), "/title", "control"),
        (json!({ "description": long(10_001) }), "/description", "at most 10000"),
        (json!({ "placeText": long(501) }), "/placeText", "at most 500"),
        (json!({ "kind": "dragon" }), "/kind", "fire"),
        (json!({ "status": "over" }), "/status", "expected, ongoing, ended"),
        (json!({ "klass": "k4r0t0" }), "/klass", "k1r2t1"),
        (json!({ "needsSupport": null }), "/needsSupport", "missing"),
        (json!({ "needsSupport": "yes" }), "/needsSupport", "true or false"),
        (json!({ "exercise": 1 }), "/exercise", "true or false"),
        (json!({ "occurredAt": "i natt" }), "/occurredAt", "RFC 3339"),
        (json!({ "place": point(59.3, 17.9) }), "/place/coordinates", "swapped"),
        (json!({ "place": { "type": "Point", "coordinates": ["NaN", 59.3] } }), "/place/coordinates", "finite"),
        (json!({ "place": bow_tie }), "/place/coordinates", "crosses"),
        (json!({ "place": "Sergels torg" }), "/place", "GeoJSON"),
        (json!({ "place": { "type": "Blob" } }), "/place/type", "Blob"),
        (json!({ "affectedBoards": {} }), "/affectedBoards", "an object"),
        (json!({ "affectedBoards": vec![json!({}); 61] }), "/affectedBoards", "at most 60"),
        (json!({ "affectedBoards": ["farsta"] }), "/affectedBoards/0", "a text"),
        (json!({ "affectedBoards": [{ "id": "gondor", "reason": "r" }] }), "/affectedBoards/0/id", "gondor"),
        (
            json!({ "affectedBoards": [{ "id": "lansstyrelsen-stockholm", "reason": "r" }] }),
            "/affectedBoards/0/id",
            "city",
        ),
        (json!({ "affectedBoards": [{ "id": "farsta" }] }), "/affectedBoards/0/reason", "missing"),
        (json!({ "affectedBoards": [{ "id": "farsta", "reason": " " }] }), "/affectedBoards/0/reason", "empty"),
        (json!({ "affectedBoards": [{ "id": "farsta", "reason": "r", "x": 1 }] }), "/affectedBoards/0", "x"),
        (
            json!({ "affectedBoards": [{ "id": "farsta", "reason": "r" }, { "id": "farsta", "reason": "r" }] }),
            "/affectedBoards/1/id",
            "twice",
        ),
        (json!({ "personnummer": "x" }), "/personnummer", "no such member"),
        (json!({ "a/b~": 1 }), "/a~1b~0", "no such member"),
    ];
    let mut house = House::new();
    for (changes, pointer, detail) in rows {
        let problem = house.report(&report(changes.clone())).unwrap_err();
        assert_eq!(problem.code, ErrorCode::InvalidInput, "{changes}");
        let wrong = &problem.errors[0];
        assert!(wrong.pointer.as_deref().unwrap().starts_with(pointer), "{changes}: {problem:?}");
        assert!(wrong.detail.contains(detail), "{changes}: {problem:?}");
    }
    assert!(house.log.is_empty(), "nothing is half-applied");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let problem = House::new().report(&report(json!({ "title": "", "kind": "x", "place": "y" }))).unwrap_err();
    let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_deref().unwrap()).collect();
    assert_eq!(pointers, ["/title", "/kind", "/place"]);
}

#[test]
fn what_lies_ahead_of_the_clock_is_refused_unless_it_is_expected() {
    let mut house = House::new();
    let tomorrow = json!({ "occurredAt": "2026-11-21T11:00:00Z" });
    let problem = house.report(&report(tomorrow)).unwrap_err();
    assert_eq!((problem.code, problem.rule.as_deref()), (ErrorCode::RefusedByRule, Some("occurred-at-not-ahead")));
    assert_eq!(problem.errors[0].pointer.as_deref(), Some("/occurredAt"));
    let expected = json!({ "occurredAt": "2026-11-21T11:00:00Z", "status": "expected" });
    assert_eq!(house.report(&report(expected)).unwrap()["status"], "expected");
}

#[test]
fn who_may_report_as_a_table() {
    for role in Role::ALL {
        let allowed = [Role::Coordinator, Role::DutyOfficer, Role::CrisisLead, Role::Ckl].contains(&role);
        let outcome =
            House::new().command(&principal(&[role], Some("farsta")), "report-incident", &report(json!({})), None);
        match outcome {
            Ok(_) => assert!(allowed, "{role}"),
            Err(problem) => {
                assert!(!allowed, "{role}");
                let Problem { code, rule, .. } = problem;
                assert_eq!((code, rule.as_deref()), (ErrorCode::Forbidden, Some("report-incident")), "{role}");
            }
        }
    }
    let mut admin = principal(&[Role::Admin], None);
    admin.demo = true;
    assert!(House::new().command(&admin, "report-incident", &report(json!({})), None).is_ok());
}

#[test]
fn no_sealed_text_is_in_the_bytes() {
    let mut house = House::new();
    let secret = "Anna Andersson";
    house
        .report(&report(json!({
            "title": secret, "description": secret, "placeText": secret, "klass": "k2r2t1",
            "affectedBoards": [{ "id": "farsta", "reason": secret }],
        })))
        .unwrap();
    let bytes = String::from_utf8(house.log[0].1.clone()).unwrap();
    assert!(!bytes.contains(secret) && !bytes.contains("17.9"), "{bytes}");
}

#[test]
fn members_that_nobody_reads_do_not_reach_the_log() {
    let mut house = House::new();
    let place = json!({ "type": "Point", "coordinates": [17.9, 59.3], "note": "Anna Andersson" });
    house.report(&report(json!({ "place": place }))).unwrap();
    let bytes = String::from_utf8(house.log[0].1.clone()).unwrap();
    assert!(!bytes.contains("Anna") && bytes.contains("17.9"), "{bytes}");
}

#[test]
fn the_largest_report_fits_an_event() {
    let mut house = House::new();
    let wide = |count: usize| "𐍈".repeat(count);
    let boards = ["jarva", "bromma", "farsta", "stockholm-vatten", "kommunstyrelsen"];
    let named: Vec<Value> = boards.iter().map(|id| json!({ "id": id, "reason": wide(500) })).collect();
    let ring: Vec<Value> = (0..4_000)
        .map(|step| f64::from(step) / 4_000.0 * std::f64::consts::TAU)
        .map(|angle| json!([17.9 + 0.05 * angle.cos(), 59.3 + 0.05 * angle.sin()]))
        .collect();
    let mut ring: Vec<Value> = ring;
    ring.push(ring[0].clone());
    house
        .report(&report(json!({
            "title": wide(200), "description": wide(10_000), "placeText": wide(500), "klass": "k3r3t3",
            "affectedBoards": named, "place": { "type": "Polygon", "coordinates": [ring] },
        })))
        .unwrap();
    let most_reasons = crate::limits::AFFECTED_BOARDS_MAX * crate::limits::REASON_CHARS_MAX * 4 * 4 / 3;
    let bytes = house.log[0].1.len() + most_reasons;
    assert!(bytes < narhet_kernel::limits::EVENT_BYTES_MAX, "{bytes}");
}

#[test]
fn no_rule_knows_a_kind() {
    for source in
        [include_str!("domain/affected.rs"), include_str!("domain/incident.rs"), include_str!("domain/occurrence.rs")]
    {
        assert!(!source.contains("IncidentKind::"), "a domain file branches on the kind of an incident");
    }
}

#[test]
fn a_late_report_of_last_minute_is_located_as_of_then() {
    let mut house = House::new();
    house.clock.set(instant("2026-11-20T12:00:00Z"));
    let reply = house.report(&report(json!({ "occurredAt": NOON }))).unwrap();
    assert_eq!((&reply["occurredAt"], &reply["reportedAt"]), (&json!(NOON), &json!("2026-11-20T12:00:00Z")));
    assert_eq!(house.incident(&reply["id"])["history"][0]["time"], "2026-11-20T12:00:00Z");
}
