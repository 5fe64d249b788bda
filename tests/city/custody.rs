//! Custody over HTTP, on a house whose clock runs fast: a night with socialnämnden, a morning offer by itself, an answer, a
//! take-over at night, a merger at midnight.

use crate::{MEDBORGARPLATSEN, SERGELS_TORG, all_events, check_order, held, incident, report};
use narhet_tests::{Folder, House, house::json, until};
use serde_json::{Value, json};

/// One night case at a point, reported by the coordinator of Norra innerstaden; its id.
async fn night_case(house: &House, point: (f64, f64)) -> (String, String) {
    let reply = report(house, &incident("Brand i trapphus", point)).await;
    let incident_id = reply["id"].as_str().unwrap().to_owned();
    let incident = held(house, &incident_id).await;
    let case = &incident["supportCases"][0];
    assert_eq!(case["holder"]["id"], "socialnamnden", "{case}");
    (incident_id, case["id"].as_str().unwrap().to_owned())
}

async fn case(house: &House, id: &str) -> Value {
    let token = house.token("ckl", None);
    let (status, body) = json(house.get(&format!("/v1/support-cases/{id}"), &token)).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The case once its offer has this status.
async fn offer(house: &House, id: &str, wanted: &str) -> Value {
    until(&format!("the offer is {wanted}"), || async {
        let case = case(house, id).await;
        (case["offer"]["status"] == wanted).then_some(case)
    })
    .await
}

async fn act(house: &House, id: &str, act: &str, board: &str, body: Value) -> (u16, Value) {
    let token = house.token("duty-officer", Some(board));
    json(house.post(&format!("/v1/support-cases/{id}/{act}"), &token).json(&body)).await
}

/// The boards of the custody, and that each interval begins where the one before ends.
fn holders(case: &Value) -> Vec<&str> {
    let custody = case["custody"].as_array().unwrap();
    for pair in custody.windows(2) {
        assert_eq!(pair[0]["until"], pair[1]["since"], "{case}");
    }
    assert!(custody.iter().all(|one| !one["why"].as_array().unwrap().is_empty()), "{case}");
    custody.iter().map(|one| one["holder"]["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_with_socialnamnden_a_morning_offer_and_custody_with_two_intervals() {
    let folder = Folder::new("custody-night");
    // Half a minute before Monday's opening, at real speed: the offer comes by itself.
    let house = House::up(folder.path(), &["--demo", "--clock=2026-11-23T07:59:50+01:00"]);
    let (incident_id, id) = night_case(&house, SERGELS_TORG).await;
    let before = case(&house, &id).await;
    assert_eq!((&before["nextOfferAt"], &before["offer"]), (&json!("2026-11-23T07:00:00Z"), &Value::Null));
    let (status, problem) = act(&house, &id, "accept", "norra-innerstaden", json!({})).await;
    assert_eq!(status, 409, "nothing is offered before the office opens: {problem}");

    let offered = offer(&house, &id, "offered").await;
    assert_eq!(offered["offer"]["to"]["id"], "norra-innerstaden");
    assert!(offered["offer"]["offeredAt"].as_str().unwrap().starts_with("2026-11-23T07:00:0"), "{offered}");
    assert_eq!(holders(&offered), ["socialnamnden"], "an offer moves nothing");
    for (board, wanted) in [("socialnamnden", 403), ("sodermalm", 404)] {
        let (status, problem) = act(&house, &id, "accept", board, json!({})).await;
        assert_eq!(status, wanted, "{board}: {problem}");
    }
    let offer_id = offered["offer"]["offerId"].clone();
    let (status, accepted) = act(&house, &id, "accept", "norra-innerstaden", json!({ "offerId": offer_id })).await;
    assert_eq!(status, 200, "{accepted}");
    assert_eq!(accepted["status"], "active");
    assert_eq!(holders(&case(&house, &id).await), ["socialnamnden", "norra-innerstaden"]);

    // What situation shows follows, and so does the feed of the new holder.
    let ckl = house.token("ckl", None);
    let path = format!("/v1/incidents/{incident_id}");
    let shown = until("the incident knows the new holder", || async {
        let (_, body) = json(house.get(&path, &ckl)).await;
        let history = body["history"].as_array().cloned().unwrap_or_default();
        history.iter().any(|entry| entry["type"] == "se.narhet.situation.support-moved.v1").then_some(body)
    })
    .await;
    assert_eq!(shown["supportCases"][0]["holder"]["id"], "norra-innerstaden");
    let (status, _) = act(&house, &id, "close", "socialnamnden", json!({})).await;
    assert_eq!(status, 403, "it is no longer socialnämnden's to close");
    let (status, closed) = act(&house, &id, "close", "norra-innerstaden", json!({})).await;
    assert_eq!((status, &closed["status"]), (200, &json!("closed")));
    until("support is closed", || async {
        let (_, body) = json(house.get(&path, &ckl)).await;
        (body["support"] == "closed").then_some(())
    })
    .await;
    check_order(&all_events(&house).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_keeps_the_holder_and_a_take_over_at_night_does_not_wait_for_morning() {
    let folder = Folder::new("custody-refusal");
    let mut house = House::up(folder.path(), &["--demo", "--clock=2026-11-21T02:00:00+01:00"]);
    let (_, id) = night_case(&house, MEDBORGARPLATSEN).await;
    let (status, offered) = act(&house, &id, "offer", "socialnamnden", json!({ "to": "sodermalm" })).await;
    assert_eq!(status, 200, "{offered}");
    let refusal = json!({ "reason": "Ingen i tjänst, ring 19121212-1212", "retryAt": "2026-11-21T06:00:00+01:00" });
    let (status, refused) = act(&house, &id, "refuse", "sodermalm", refusal).await;
    assert_eq!(status, 200, "{refused}");
    assert_eq!((&refused["holder"]["id"], &refused["offer"]["status"]), (&json!("socialnamnden"), &json!("refused")));
    assert_eq!(refused["offer"]["reason"], json!({ "text": "Ingen i tjänst, ring [personnummer]", "masked": true }));
    let (_, now) = (0, case(&house, &id).await);
    assert_eq!(now["nextOfferAt"], "2026-11-21T05:00:00Z", "it is asked again when it said");
    assert!(now["alarms"].as_array().unwrap().iter().any(|alarm| alarm["task"] == "handover-refused"), "{now}");

    let token = house.token("crisis-lead", Some("sodermalm"));
    let path = format!("/v1/support-cases/{id}/take-over");
    let send = || house.post(&path, &token).header("idempotency-key", "natt-1").json(&json!({}));
    let (status, taken) = json(send()).await;
    assert_eq!((status, &taken["holder"]["id"]), (200, &json!("sodermalm")), "{taken}");
    let (status, again) = json(send()).await;
    assert_eq!((status, &again["version"], &again["since"]), (200, &taken["version"], &taken["since"]));
    let stale = house.post(&path, &token).header("if-match", "\"v1\"").json(&json!({}));
    assert_eq!(json(stale).await.0, 412);
    assert_eq!(holders(&case(&house, &id).await), ["socialnamnden", "sodermalm"]);

    // A list shows it to whom it concerns and to nobody else.
    for (board, count) in [("sodermalm", 1), ("socialnamnden", 1), ("farsta", 0)] {
        let token = house.token("duty-officer", Some(board));
        let (status, page) = json(house.get("/v1/support-cases?status=open&holder=sodermalm", &token)).await;
        assert_eq!((status, page["items"].as_array().unwrap().len()), (200, count), "{board}: {page}");
    }
    let (status, opened) = json(
        house
            .post("/v1/support-cases", &house.token("crisis-lead", Some("socialnamnden")))
            .json(&json!({ "incidentId": now["incidentId"], "board": "farsta", "reason": "flera bor i Farsta" })),
    )
    .await;
    assert_eq!((status, &opened["responsibleBoard"]["id"]), (201, &json!("farsta")), "{opened}");
    // The reasons are in no file in the clear, masked or not.
    assert!(house.stop());
    let (found, looked_at) = crate::sealing::grep(folder.path(), &["Ingen i tjänst", "flera bor i Farsta", "19121212"]);
    assert!(looked_at > 10 && found.is_empty(), "{looked_at} files: {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_what_and_where() {
    let folder = Folder::new("custody-refused");
    let house = House::up(folder.path(), &["--demo", "--clock=2026-11-21T02:00:00+01:00"]);
    let (_, id) = night_case(&house, SERGELS_TORG).await;
    let rows = [
        ("offer", json!({}), 400, "/to"),
        ("offer", json!({ "to": "ingen-namnd" }), 400, "/to"),
        ("offer", json!({ "to": "farsta" }), 409, ""),
        ("offer", json!({ "to": "norra-innerstaden", "till": 1 }), 400, "till"),
        ("refuse", json!({}), 400, "/reason"),
        ("refuse", json!({ "reason": "x", "retryAt": "2026-11-20T00:00:00Z" }), 400, "/retryAt"),
        ("refuse", json!({ "reason": "x", "retryAt": "i morgon" }), 400, "/retryAt"),
        ("relocate", json!({ "reason": "x" }), 400, "/place"),
        (
            "relocate",
            json!({ "reason": "x", "place": { "type": "Point", "coordinates": [59.3, 18.0] } }),
            400,
            "/place",
        ),
        ("acknowledge", json!({ "active": "ja" }), 400, "/active"),
        ("accept", json!({ "offerId": 7 }), 400, "/offerId"),
        ("close", json!({ "id": "x" }), 400, "/id"),
    ];
    for (name, body, wanted, at) in rows {
        let (status, problem) = act(&house, &id, name, "socialnamnden", body.clone()).await;
        assert_eq!(status, wanted, "{name} {body}: {problem}");
        assert!(at.is_empty() || problem.to_string().contains(at), "{name} {body}: {problem}");
    }
    let (status, _) = act(&house, "no-such-case", "close", "socialnamnden", json!({})).await;
    assert_eq!(status, 404);
}
