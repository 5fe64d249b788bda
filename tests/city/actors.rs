//! The registry of local actors, from a messy spreadsheet to an erased contact, through restarts and rebuilds.

use crate::{SERGELS_TORG, all_events, check_order, incident, report};
use narhet_tests::{Folder, House, house, house::json, until};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

const MESSY: &str = "deploy/demo/actors-messy.csv";

async fn get(house: &House, path: &str, role: &str, board: Option<&str>) -> (u16, Value) {
    json(house.get(path, &house.token(role, board))).await
}

async fn post(house: &House, path: &str, board: &str, body: &Value) -> (u16, Value) {
    json(house.post(path, &house.token("coordinator", Some(board))).json(body)).await
}

async fn import(house: &House, board: &str, query: &str, bytes: Vec<u8>) -> (u16, Value) {
    let request = house.post(&format!("/v1/actors/import{query}"), &house.token("coordinator", Some(board)));
    json(request.header("content-type", "text/csv").body(bytes)).await
}

/// A division into two halves, at a longitude.
fn halves(west: (&str, &str), east: (&str, &str), border: f64) -> Value {
    let half = |name: &str, from: f64, to: f64| {
        json!({ "type": "Feature", "properties": { "name": name }, "geometry": { "type": "Polygon", "coordinates":
            [[[from, 59.2], [to, 59.2], [to, 59.45], [from, 59.45], [from, 59.2]]] } })
    };
    json!({ "type": "FeatureCollection", "features": [half(west.1, 17.7, border), half(east.1, border, 18.3)] })
}

async fn divide(house: &House, from: &str, boundaries: &Value) {
    let part = reqwest::multipart::Part::bytes(boundaries.to_string().into_bytes()).file_name("areas.geojson");
    let form = reqwest::multipart::Form::new().part("boundaries", part);
    let request = house.post(&format!("/v1/areas/import?validFrom={from}"), &house.token("city-security", None));
    let (status, reply) = json(request.multipart(form)).await;
    assert_eq!(status, 200, "{reply}");
}

fn areas(actor: &Value) -> Vec<String> {
    actor["links"].as_array().unwrap().iter().map(|link| link["area"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_from_spreadsheet_to_erasure_survives_everything() {
    let folder = Folder::new("actors");
    let arguments = ["--demo=empty", "--clock", "2023-05-15T12:00:00+02:00"];
    let mut house = House::up(folder.path(), &arguments);
    divide(&house, "2007-01-01", &halves(("norrmalm", "Norrmalm"), ("ostermalm", "Östermalm"), 18.06)).await;

    // The messy spreadsheet: a dry run says everything and does nothing.
    let messy = std::fs::read(narhet_tests::root().join(MESSY)).unwrap();
    let (status, dry) = import(&house, "ostermalm", "?dryRun=true", messy.clone()).await;
    assert_eq!(status, 200, "{dry}");
    let (_, none) = get(&house, "/v1/actors", "coordinator", Some("ostermalm")).await;
    assert_eq!(none["items"], json!([]));
    let (_, done) = import(&house, "ostermalm", "", messy.clone()).await;
    assert_eq!(done["counts"], dry["counts"]);
    assert_eq!(done["counts"], json!({ "created": 7, "refused": 6 }), "{done}");
    for row in done["rows"].as_array().unwrap().iter().filter(|row| row["outcome"] == "refused") {
        assert!(row["why"].as_str().is_some_and(|why| why.len() > 10), "{row}");
    }
    let (_, again) = import(&house, "ostermalm", "", messy).await;
    assert_eq!(again["counts"], json!({ "unchanged": 7, "refused": 6 }), "{again}");

    // Links, search in Swedish, rights.
    let search = |path: &'static str| get(&house, path, "coordinator", Some("ostermalm"));
    let (_, found) = search("/v1/actors?area=ostermalm").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 7);
    let names: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names[4..], ["Åkerblads Byggvaror", "Ängbygårdens Äldreboende", "Östra Kapellet"], "{names:?}");
    for (q, expected) in [
        ("q=angby", 1),
        ("q=röda+stug", 1),
        ("q=o", 1),
        ("kind=school", 1),
        ("capability=generator&q=aker", 1),
        ("near=18.0649,59.3326,200", 4),
        ("tag=trygghetspunkt", 1),
        ("tag=samhällsviktig+verksamhet", 1),
        ("bbox=18,59.31,18.1,59.32", 3),
        ("verification=unverified&kind=company", 2),
    ] {
        let (status, found) = get(&house, &format!("/v1/actors?{q}"), "coordinator", Some("ostermalm")).await;
        assert_eq!((status, found["items"].as_array().map(Vec::len)), (200, Some(expected)), "{q}: {found}");
    }
    let id = found["items"][4]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/actors/{id}");
    assert_eq!(get(&house, &path, "coordinator", Some("norrmalm")).await.0, 404, "own readers only");
    assert_eq!(get(&house, &path, "liaison", None).await.0, 403);
    assert_eq!(get(&house, &path, "ckl", None).await.0, 200);

    // A person, sealed; read only with an event before it.
    let person = json!({ "contacts": [{ "function": "jour", "person": { "name": "Granitnamnet Basalt", "phone": "070-9988776" } }] });
    let (_, actor) = get(&house, &path, "coordinator", Some("ostermalm")).await;
    let token = house.token("coordinator", Some("ostermalm"));
    let patch = house.http.patch(format!("{}{path}", house.url)).bearer_auth(&token);
    let (status, changed) = json(patch.header("if-match", format!("\"v{}\"", actor["version"])).json(&person)).await;
    assert_eq!(status, 200, "{changed}");
    let subject = changed["contacts"][0]["person"]["subjectId"].as_str().unwrap().to_owned();
    assert!(changed["contacts"][0]["person"]["name"].is_null(), "{changed}");
    let (_, read) = get(&house, &path, "coordinator", Some("ostermalm")).await;
    assert_eq!(read["contacts"][0]["person"]["name"], "Granitnamnet Basalt");
    let (events, _) = all_events(&house).await;
    let readings: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "se.narhet.actors.sealed-field-read.v1").collect();
    assert_eq!(readings.len(), 1);
    assert_eq!(readings[0]["data"]["readings"][0]["subjectId"], subject.as_str());

    // The border moves to the east of some, and the boards merge.
    divide(&house, "2023-06-01", &halves(("norrmalm", "Norrmalm"), ("ostermalm", "Östermalm"), 18.0652)).await;
    let moved = until("links follow the border", || async {
        let (_, found) = get(&house, "/v1/actors?area=norrmalm&at=2023-06-15T00:00:00Z", "ckl", None).await;
        (found["items"].as_array().is_some_and(|items| !items.is_empty())).then_some(found)
    })
    .await;
    assert!(moved["items"].as_array().unwrap().iter().all(|actor| areas(actor) == ["norrmalm"]));
    let whole = json!({ "type": "FeatureCollection", "features": [{ "type": "Feature", "properties": { "name": "Norra innerstaden" },
        "geometry": { "type": "Polygon", "coordinates": [[[17.7, 59.2], [18.3, 59.2], [18.3, 59.45], [17.7, 59.45], [17.7, 59.2]]] } }] });
    divide(&house, "2023-07-01", &whole).await;
    let then = "2023-06-30T22:00:00Z";
    until("every actor is linked to the new area from its first instant", || async {
        let (_, found) =
            get(&house, &format!("/v1/actors?area=norra-innerstaden&board=norra-innerstaden&at={then}"), "ckl", None)
                .await;
        (found["items"].as_array()?.len() == 7).then_some(())
    })
    .await;
    let before = "2023-06-30T21:59:59Z";
    let (_, links) = get(&house, &format!("{path}/links?at={before}"), "ckl", None).await;
    assert_eq!(
        (&links["owner"], &links["items"][0]["area"]["id"]),
        (&json!("ostermalm"), &json!("ostermalm")),
        "{links}"
    );
    let (_, history) = get(&house, &format!("{path}/history"), "ckl", None).await;
    assert_eq!(history["owners"].as_array().unwrap().len(), 2, "{history}");
    assert_eq!(get(&house, &path, "coordinator", Some("norra-innerstaden")).await.0, 404, "not before the instant");

    // At the instant rights pass, whether or not a service runs meanwhile.
    assert!(house.stop());
    house = House::up(folder.path(), &["--demo=empty", "--clock", "2023-07-01T00:00:01+02:00"]);
    let (status, mine) = get(&house, &path, "coordinator", Some("norra-innerstaden")).await;
    assert_eq!((status, &mine["owner"]), (200, &json!("norra-innerstaden")), "{mine}");
    assert_eq!(areas(&mine), ["norra-innerstaden"]);
    assert_eq!(mine["links"][0]["since"], then);
    let verified = post(&house, &format!("{path}/verify"), "norra-innerstaden", &json!({})).await;
    assert_eq!((verified.0, &verified.1["verification"]["status"]), (200, &json!("verified")), "{verified:?}");

    // An open incident holds; then the contact is erased, everywhere.
    let reply = report(&house, &incident("Brand", SERGELS_TORG)).await;
    let registrar = house.token("registrar", None);
    let order = json!({ "ground": "gallring", "reference": "KS 2023/77" });
    let erase = || json(house.post(&format!("/v1/subjects/{subject}/erase"), &registrar).json(&order));
    until("the incident is known to hold the data", || async { (erase().await.0 == 422).then_some(()) }).await;
    assert_eq!(post(&house, &format!("/v1/subjects/{subject}/erase"), "norra-innerstaden", &order).await.0, 403);
    let incident = format!("{}/v1/incidents/{}", house.url, reply["id"].as_str().unwrap());
    let ckl = house.token("ckl", None);
    let (_, seen) = json(house.http.get(&incident).bearer_auth(&ckl)).await;
    let end = house.http.patch(&incident).bearer_auth(&ckl).header("if-match", format!("\"v{}\"", seen["version"]));
    let (status, ended) = json(end.json(&json!({ "status": "ended" }))).await;
    assert_eq!(status, 200, "{ended}");
    let old_keys = key_ids(folder.path());
    let token_of_heir = house.token("coordinator", Some("norra-innerstaden"));
    let told = house.get(&path, &token_of_heir).send().await.unwrap();
    let etag = told.headers()["etag"].to_str().unwrap().to_owned();
    let known = |house: &House| house.get(&path, &token_of_heir).header("if-none-match", &etag).send();
    assert_eq!(known(&house).await.unwrap().status(), 304);
    until("the data is erased", || async { (erase().await.0 == 200).then_some(()) }).await;
    let (_, after) = get(&house, &path, "coordinator", Some("norra-innerstaden")).await;
    assert!(!after.to_string().contains("Granitnamnet") && after["withheld"].is_array(), "{after}");
    assert_eq!(known(&house).await.unwrap().status(), 200, "the version is the same and the answer is not");
    until("every role says that it has forgotten", || async {
        let (events, _) = all_events(&house).await;
        check_order(&events);
        let forgotten = events.iter().filter(|event| event["type"].as_str().unwrap().ends_with("subject-forgotten.v1"));
        (forgotten.count() == 3).then_some(())
    })
    .await;
    let (_, all_before) = get(&house, "/v1/actors?limit=500", "auditor", None).await;

    // Restart, then every projection from zero: the same.
    assert!(house.stop());
    assert!(house::run(folder.path(), &["verify"]).0, "the log verifies");
    let secrets = ["Granitnamnet", "070-9988776", "121212-1212"];
    // The key is gone and every other one is there, whatever they are wrapped in now.
    let lost: Vec<[u8; 16]> = old_keys.difference(&key_ids(folder.path())).copied().collect();
    assert_eq!(lost.len(), 1, "of {} keys", old_keys.len());
    nothing_left(folder.path(), &secrets, &lost[0]);
    for role in ["area", "duty", "situation", "actors"] {
        std::fs::remove_dir_all(folder.path().join(role).join("sled")).unwrap();
    }
    house = House::up(folder.path(), &["--demo=empty"]);
    let (_, all_after) = get(&house, "/v1/actors?limit=500", "auditor", None).await;
    assert_eq!(all_before["items"], all_after["items"]);
    nothing_left(folder.path(), &secrets, &lost[0]);
    for secret in secrets {
        assert!(!house.log().contains(secret), "{secret} is in the log");
    }
}

/// The ids of the keys that the registry has.
fn key_ids(folder: &Path) -> BTreeSet<[u8; 16]> {
    let bytes = std::fs::read(folder.join("keys/actors/data-keys")).unwrap();
    // A header of 24 bytes, then records of 88: id, nonce, wrapped key.
    bytes[24..].chunks_exact(88).map(|record| *record.first_chunk().unwrap()).collect()
}

/// No file holds a text in the clear, or a record of the key.
fn nothing_left(folder: &Path, texts: &[&str], key: &[u8; 16]) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            nothing_left(&entry.path(), texts, key);
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            for text in texts {
                let holds = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(!holds, "{text} is in {}", entry.path().display());
            }
            let held = bytes.windows(key.len()).any(|window| window == key);
            assert!(!held, "the old key is in {}", entry.path().display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_files_are_refused_clearly_and_exports_come_back_unchanged() {
    let folder = Folder::new("actor-files");
    let house = House::up(folder.path(), &["--demo"]);
    let token = house.token("coordinator", Some("norra-innerstaden"));
    let messy = std::fs::read(narhet_tests::root().join(MESSY)).unwrap();
    let (_, done) = import(&house, "norra-innerstaden", "", messy).await;
    assert_eq!(done["counts"]["created"], 7, "{done}");
    for accept in
        ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/geo+json"]
    {
        let exported = house.get("/v1/actors/export", &token).header("accept", accept).send().await.unwrap();
        assert_eq!(exported.status(), 200);
        let bytes = exported.bytes().await.unwrap().to_vec();
        let (status, back) = import(&house, "norra-innerstaden", "", bytes).await;
        assert_eq!((status, &back["counts"]), (200, &json!({ "unchanged": 7 })), "{accept}: {back}");
    }
    // Long cells go over the bus in as many parts as they need, and a row that fits into none is refused alone.
    let mut long = format!("Namn;Anteckningar\n{}", "Hjälpen;".to_owned() + &"x".repeat(300_000) + "\n");
    (0..200).for_each(|number| long.push_str(&format!("Hjälpen {number};{}\n", "y".repeat(4_900))));
    let (status, dry) = import(&house, "norra-innerstaden", "?dryRun", long.into_bytes()).await;
    assert_eq!((status, &dry["counts"]), (200, &json!({ "created": 200, "refused": 1 })), "{}", dry["counts"]);
    assert_eq!((&dry["rows"][0]["row"], &dry["rows"][0]["outcome"]), (&json!(2), &json!("refused")));
    let refused = [
        (b"\xff\xfeN\0".to_vec(), 400),
        (b"PK\x03\x04 no zip".to_vec(), 400),
        (b"{\"type\":\"Feature\"}".to_vec(), 400),
        ("Ort;Land\nA;B".into(), 400),
        (vec![b'x'; 33 * 1024 * 1024], 413),
    ];
    for (bytes, expected) in refused {
        let (status, problem) = import(&house, "norra-innerstaden", "", bytes).await;
        assert_eq!(status, expected, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let (status, page) = json(house.get("/v1/boards/norra-innerstaden/registry-health", &token)).await;
    assert_eq!((status, &page["total"]), (200, &json!(7)), "{page}");
    assert_eq!(page["missingFunctions"].as_array().map(Vec::len), Some(2));
    let calls = house.get("/v1/actors/call-list?q=ängby&round=vinter-2026", &token);
    let calls = calls.header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    assert!(
        calls.contains("1. sjuksköterska i tjänst: <span class=\"way\">08-000 00 16</span>")
            && calls.contains("size:A4"),
        "{calls}"
    );
    assert_eq!(json(house.get("/v1/subjects/due", &token)).await.0, 403);
    let (status, due) = json(house.get("/v1/subjects/due", &house.token("registrar", None))).await;
    assert_eq!((status, &due["total"]), (200, &json!(0)), "{due}");
    let offline = house.get("/v1/actors/offline", &token).send().await.unwrap().text().await.unwrap();
    assert!(offline.contains("Ängbygårdens") && offline.contains("size:A4"));
    let file = narhet_tests::root().join(MESSY);
    let (_, out, err) =
        house::run(folder.path(), &["actors", "import", file.to_str().unwrap(), "--board", "norra-innerstaden"]);
    assert!(out.contains("7 unchanged, 6 refused"), "{out}{err}");
    let huge = folder.path().join("stor.csv");
    std::fs::File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    let import = |more: &[&str]| {
        let (good, _, err) = house::run(folder.path(), &[&["actors", "import", huge.to_str().unwrap()], more].concat());
        (good, err)
    };
    let (good, err) = import(&["--board", "norra-innerstaden"]);
    assert!(!good && err.contains("1073 MB") && err.contains("33 MB"), "{err}");
    assert!(import(&[]).1.contains("--board"), "nobody's actors are taken for kommunstyrelsen's");

    // An export by somebody who may have every protected site is recorded before it is one.
    let site =
        |number: usize| json!({ "name": format!("Plats {number}"), "address": "Gatan 1", "tags": ["skyddsobjekt"] });
    let many = json!({ "name": "Många platser", "kind": "other", "sites": (0..51).map(site).collect::<Vec<_>>() });
    assert_eq!(post(&house, "/v1/actors", "norra-innerstaden", &many).await.0, 201);
    for (token, listings) in [(&token, 0), (&house.token("city-security", None), 1)] {
        let exported =
            house.get("/v1/actors/export", token).header("accept", "application/geo+json").send().await.unwrap();
        let shown = exported.text().await.unwrap().contains("skyddsobjekt");
        let (events, _) = all_events(&house).await;
        let listed = events.iter().filter(|event| event["type"] == "se.narhet.actors.protected-listed.v1").count();
        assert_eq!((shown, listed), (listings == 1, listings));
    }
}
