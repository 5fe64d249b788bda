//! The main job, as a user tries it: an incident goes in, the right board answers, everyone sees it live.

use crate::{MEDBORGARPLATSEN, SERGELS_TORG, all_events, check_order, held, incident, report};
use narhet_tests::{Folder, House, house::json};
use serde_json::{Value, json};

fn at((lon, lat): (f64, f64)) -> String {
    format!("lon={lon}&lat={lat}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_goes_in_and_the_right_board_answers() {
    let folder = Folder::new("main-job");
    let house = House::up(folder.path(), &["--demo"]);
    let coordinator = house.token("coordinator", Some("norra-innerstaden"));

    let (status, answer) = json(house.get(&format!("/v1/responsibility?{}", at(SERGELS_TORG)), &coordinator)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["match"], "inside");
    assert_eq!(answer["distanceM"].as_f64(), Some(0.0));
    let tiers: Vec<(&str, &str, &str)> = answer["responsible"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |value: &'static str, of: &'static str| one[value][of].as_str().unwrap();
            (one["tier"].as_str().unwrap(), text("board", "id"), text("area", "name"))
        })
        .collect();
    assert_eq!(
        tiers,
        [
            ("district", "norra-innerstaden", "Norra innerstaden"),
            ("city", "kommunstyrelsen", "Stockholms stad"),
            ("county", "lansstyrelsen-stockholm", "Stockholms län"),
        ]
    );
    assert_eq!(answer["responsible"][0]["board"]["name"], "Norra innerstadens stadsdelsnämnd");
    assert!(!answer["why"].as_array().unwrap().is_empty());

    let evening = "occurredAt=2026-11-20T20:00:00%2B01:00";
    let (status, duty) = json(house.get(&format!("/v1/duty?{}&{evening}", at(SERGELS_TORG)), &coordinator)).await;
    assert_eq!(status, 200, "{duty}");
    assert_eq!(duty["holder"]["id"], "socialnamnden");
    assert_eq!(duty["responsibleBoard"]["id"], "norra-innerstaden");
    assert_eq!(duty["officeOpen"], false);
    assert_eq!(duty["until"], "2026-11-23T07:00:00Z", "Monday 08:00 local");
    assert_eq!(duty["next"]["id"], "norra-innerstaden");
    let why = duty["why"].as_array().unwrap();
    assert!(why.iter().all(|one| one["source"].is_string()) && why.iter().any(|one| one["assumption"] == true));
    let (_, day) =
        json(house.get(&format!("/v1/duty?{}&occurredAt=2026-11-20T10:00:00%2B01:00", at(SERGELS_TORG)), &coordinator))
            .await;
    assert_eq!((&day["holder"]["id"], &day["officeOpen"]), (&json!("norra-innerstaden"), &json!(true)));

    let mut body = incident("Rökutveckling i tunnelbanan", SERGELS_TORG);
    body["occurredAt"] = json!("2026-11-20T20:00:00+01:00");
    body["status"] = json!("expected");
    let reply = report(&house, &body).await;
    assert_eq!(reply["lead"]["id"], "norra-innerstaden");
    assert_eq!(reply["affected"][0]["board"]["id"], "norra-innerstaden");
    assert_eq!(reply["support"], "requested");
    let incident = held(&house, reply["id"].as_str().unwrap()).await;
    let case = &incident["supportCases"][0];
    assert_eq!(case["responsibleBoard"]["id"], "norra-innerstaden");
    assert_eq!(case["holder"]["id"], "socialnamnden");
    assert_eq!(case["status"], "held");
    assert!(case["since"].is_string() && !case["why"].as_array().unwrap().is_empty());
    assert!(incident["history"].as_array().unwrap().len() >= 2);
    assert_eq!(incident["title"], "Rökutveckling i tunnelbanan");

    let (events, _) = all_events(&house).await;
    check_order(&events);
    assert!(events.iter().any(|event| event["type"] == "se.narhet.duty.support-case-opened.v1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_case_for_each_affected_board_and_one_for_none() {
    let folder = Folder::new("cases");
    let house = House::up(folder.path(), &["--demo", "--clock=2026-11-20T10:00:00+01:00"]);
    // A line from Norra innerstaden to Södermalm, and a board named by hand.
    let ((west, north), (east, south)) = (SERGELS_TORG, MEDBORGARPLATSEN);
    let body = json!({
        "title": "Översvämning", "kind": "water", "needsSupport": true,
        "place": { "type": "LineString", "coordinates": [[west, north], [east, south]] },
        "affectedBoards": [{ "id": "jarva", "reason": "boende därifrån är drabbade" }],
    });
    let reply = report(&house, &body).await;
    let incident = held(&house, reply["id"].as_str().unwrap()).await;
    let boards = |of: &str, path: [&str; 2]| -> Vec<String> {
        let mut boards: Vec<String> = incident[of]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one[path[0]][path[1]].as_str().unwrap().to_owned())
            .collect();
        boards.sort();
        boards
    };
    let affected = boards("affected", ["board", "id"]);
    assert!(affected.contains(&"jarva".to_owned()) && affected.contains(&"sodermalm".to_owned()));
    assert_eq!(boards("supportCases", ["responsibleBoard", "id"]), affected);
    assert_eq!(boards("supportCases", ["holder", "id"]), affected, "in office hours each board holds its own case");

    let unknown = report(&house, &json!({ "title": "Okänd plats", "place": null, "needsSupport": true })).await;
    assert_eq!(unknown["lead"]["id"], "kommunstyrelsen");
    let unknown = held(&house, unknown["id"].as_str().unwrap()).await;
    let cases = unknown["supportCases"].as_array().unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!((&cases[0]["responsibleBoard"], &cases[0]["holder"]["id"]), (&Value::Null, &json!("socialnamnden")));

    let none = report(&house, &json!({ "title": "Inget stöd", "place": null, "needsSupport": false })).await;
    assert_eq!(none["support"], "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_goes_on_after_a_good_stop_and_after_a_kill() {
    let folder = Folder::new("restart");
    let mut house = House::up(folder.path(), &["--demo"]);
    let id = report(&house, &incident("Strömavbrott", SERGELS_TORG)).await["id"].as_str().unwrap().to_owned();
    held(&house, &id).await;
    let (before, _) = all_events(&house).await;
    assert!(house.stop(), "a good stop ends with success");
    let mut house = House::up(folder.path(), &["--demo"]);
    held(&house, &id).await;
    assert_eq!(all_events(&house).await.0, before, "a restart adds nothing and loses nothing");
    house.kill();
    let house = House::up(folder.path(), &["--demo"]);
    held(&house, &id).await;
    assert_eq!(all_events(&house).await.0, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_token_answers_without_and_everything_else_does_not() {
    let folder = Folder::new("open");
    let house = House::up(folder.path(), &["--demo=empty"]);
    for path in ["/healthz", "/readyz", "/metrics", "/v1/api-info", "/v1/openapi.json"] {
        let answer = house.http.get(format!("{}{path}", house.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    for path in ["/v1/boards", "/v1/areas", "/v1/events", "/v1/incidents", "/v1/duty?lon=18&lat=59.3", "/nowhere"] {
        let answer = house.http.get(format!("{}{path}", house.url)).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}
