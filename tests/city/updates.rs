//! Asking twice and changing what has changed: Idempotency-Key, ETag, If-Match, minCursor.

use crate::{SERGELS_TORG, all_events, held, incident, report};
use narhet_tests::{Folder, House, house::json};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_body_give_the_same_answer_also_after_a_restart() {
    let folder = Folder::new("idempotency");
    let mut house = House::up(folder.path(), &["--demo"]);
    let token = house.token("coordinator", Some("norra-innerstaden"));
    let body = incident("En gång", SERGELS_TORG);
    let ask = |house: &House, body: &serde_json::Value| {
        house.post("/v1/incidents", &token).header("idempotency-key", "nyckel-1").json(body)
    };
    let (status, mut first) = json(ask(&house, &body)).await;
    assert_eq!(status, 201);
    held(&house, first["id"].as_str().unwrap()).await;
    let (before, _) = all_events(&house).await;
    let (status, mut again) = json(ask(&house, &body)).await;
    // The cursor says how far the house is now; everything else is the answer of the first time.
    first["cursor"].take();
    again["cursor"].take();
    assert_eq!((status, &again), (201, &first));
    assert!(house.stop());
    let house = House::up(folder.path(), &["--demo"]);
    let (status, mut later) = json(ask(&house, &body)).await;
    later["cursor"].take();
    assert_eq!((status, &later), (201, &first));
    let (status, problem) = json(ask(&house, &incident("Annan kropp", SERGELS_TORG))).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:narhet:problem:idempotency-key-reuse")));
    // Another principal's same key is another key.
    let other = house.token("coordinator", Some("jarva"));
    let request = house
        .post("/v1/incidents", &other)
        .header("idempotency-key", "nyckel-1")
        .json(&json!({ "title": "x", "place": null, "needsSupport": false }));
    assert_eq!(json(request).await.0, 409, "the demo tokens share a subject, so it is the same principal");
    assert_eq!(all_events(&house).await.0, before, "nothing was recorded twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_needs_the_version_it_was_made_for() {
    let folder = Folder::new("if-match");
    let house = House::up(folder.path(), &["--demo"]);
    let token = house.token("coordinator", Some("norra-innerstaden"));
    let id = report(&house, &incident("Ändras", SERGELS_TORG)).await["id"].as_str().unwrap().to_owned();
    held(&house, &id).await;
    let path = format!("/v1/incidents/{id}");
    let answer = house.get(&path, &token).send().await.unwrap();
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let unchanged = house.get(&path, &token).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(unchanged.status(), 304);
    let patch = |if_match: Option<&str>| {
        let request = house.http.patch(format!("{}{path}", house.url)).bearer_auth(&token);
        let request = request.json(&json!({ "status": "ended" }));
        if_match.map_or(request.try_clone().unwrap(), |etag| request.header("if-match", etag))
    };
    assert_eq!(json(patch(None)).await.0, 400, "without If-Match");
    assert_eq!(json(patch(Some("\"v999\""))).await.0, 412);
    let (status, body) = json(patch(Some(&etag))).await;
    assert_eq!((status, &body["status"]), (200, &json!("ended")), "{body}");
    assert_eq!(json(patch(Some(&etag))).await.0, 412, "the version has moved on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_with_a_cursor_sees_what_the_cursor_names() {
    let folder = Folder::new("min-cursor");
    let house = House::up(folder.path(), &["--demo"]);
    let token = house.token("ckl", None);
    for index in 0..20 {
        let reply = report(&house, &incident(&format!("Läs {index}"), SERGELS_TORG)).await;
        let (id, cursor) = (reply["id"].as_str().unwrap(), reply["cursor"].as_str().unwrap());
        let (status, _) = json(house.get(&format!("/v1/incidents/{id}?minCursor={cursor}"), &token)).await;
        assert_eq!(status, 200);
        let (_, page) =
            json(house.get(&format!("/v1/responsibility?lon=18.06&lat=59.33&minCursor={cursor}"), &token)).await;
        assert_eq!(page["match"], "inside");
    }
    let reply = report(&house, &incident("Framtid", SERGELS_TORG)).await;
    let cursor = reply["cursor"].as_str().unwrap();
    let situation = cursor.split('_').find(|part| part.starts_with("situation.")).unwrap();
    let store = situation.rsplit('.').next().unwrap();
    let ahead = format!("situation.999999.{store}");
    let (status, problem) = json(house.get(&format!("/v1/incidents?minCursor={ahead}"), &token)).await;
    assert_eq!((status, &problem["type"]), (503, &json!("urn:narhet:problem:unavailable")));
}
