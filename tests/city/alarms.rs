//! Alarms over the whole house: functions and rosters over HTTP, a case that goes out over a real webhook, and comes back.

use crate::{SERGELS_TORG, incident, report};
use narhet_duty::channels::{Secret, signature};
use narhet_tests::{Folder, House, Receiver, house::json, until};
use serde_json::{Value, json};
use std::path::PathBuf;

pub const SECRET: &str = "provhemlighet";
/// A Friday night; socialnämnden holds what happens.
const NIGHT: &str = "2026-11-20T22:00:00Z";

/// A configuration whose webhook goes to the test's receiver.
pub fn config(folder: &Folder, more: &str) -> PathBuf {
    let path = folder.path().join("narhet.toml");
    let text = format!(
        "[channels.webhook]\nsecret = \"{SECRET}\"\nplain-http = true\ntest-receiver = \"http://127.0.0.1:1/prov\"\n{more}"
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// A function with one way, and a roster that staffs it round the clock.
pub async fn staff(house: &House, board: &str, function: &str, ways: Value) -> (u16, Value) {
    let token = house.token("duty-officer", Some(board));
    let body = json!({ "kind": "crisis-support", "name": function, "contactWays": ways, "source": "prov" });
    let (status, reply) = put(house, &format!("/v1/functions/{function}"), &token, None, &body).await;
    assert_eq!(status, 201, "{reply}");
    put(house, &format!("/v1/rosters/{function}"), &token, None, &roster(function, &["lag-a", "lag-b"])).await
}

pub fn roster(function: &str, crew: &[&str]) -> Value {
    let crew: Vec<Value> = crew.iter().map(|id| json!({ "id": id, "name": format!("{function} {id}") })).collect();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    json!({
        "function": function, "name": function, "validFrom": "2026-01-01T00:00:00Z",
        "layers": [{
            "name": "dygnet runt", "starts": "2026-01-05", "turnDays": 7, "crew": crew,
            "shifts": [{ "weekdays": days, "from": "08:00", "to": "08:00", "onHolidays": "alike" }],
        }],
    })
}

pub async fn put(house: &House, path: &str, token: &str, etag: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = house.http.put(format!("{}{path}", house.url)).bearer_auth(token).json(body);
    if let Some(etag) = etag {
        request = request.header("if-match", etag);
    }
    json(request).await
}

/// A receipt as a channel sends it.
pub async fn receipt(house: &House, key: &str, reach: &str) -> (u16, Value) {
    let body = json!({ "key": key, "reach": reach }).to_string();
    let signature = signature::sign(&Secret::new(SECRET), jiff::Timestamp::now(), body.as_bytes());
    let request = house.http.post(format!("{}/v1/webhooks/webhook/receipts", house.url));
    json(request.header("content-type", "application/json").header(signature::HEADER, signature).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_out_over_a_real_webhook_and_its_receipt_ends_the_alarm() {
    let (folder, receiver) = (Folder::new("alarms"), Receiver::start().await);
    let config = config(&folder, "");
    let data = folder.path().join("data");
    let house = House::up(&data, &["--config", config.to_str().unwrap(), "--demo", "--clock", NIGHT]);
    let ckl = house.token("ckl", None);

    let (_, empty) = json(house.get("/v1/duty/coverage", &ckl)).await;
    assert_eq!((&empty["covered"], &empty["share"]), (&json!(false), &json!(0.0)), "an empty roster is a whole gap");
    assert!(empty["holes"].as_array().unwrap().iter().all(|hole| hole["reason"] == "no-function"), "{empty}");

    let way = json!([{ "channel": "webhook", "address": receiver.url }]);
    let (status, reply) = staff(&house, "socialnamnden", "socialjouren", way).await;
    assert_eq!(status, 201, "{reply}");
    let (_, cover) = json(house.get("/v1/duty/coverage", &ckl)).await;
    assert!(cover["share"].as_f64().unwrap() > 0.7, "nights and weekends are covered: {}", cover["share"]);
    assert!(cover["holes"].as_array().unwrap().iter().all(|hole| hole["board"]["id"] != "socialnamnden"), "{cover}");

    let made = report(&house, &incident("Brand i trapphus", SERGELS_TORG)).await;
    let taken = until("the webhook is called", || async { receiver.taken().into_iter().next() }).await;
    let (key, message) = taken;
    assert!(signature::verify(&Secret::new(SECRET), &message.signature, &message.raw, jiff::Timestamp::now()));
    assert_eq!((&message.body["purpose"], &message.body["function"]), (&json!("case"), &json!("socialjouren")));
    assert!(!String::from_utf8_lossy(&message.raw).contains("trapphus"), "nothing of the incident leaves the house");

    let forged = json(
        house
            .http
            .post(format!("{}/v1/webhooks/webhook/receipts", house.url))
            .json(&json!({ "key": key, "reach": "accepted" })),
    );
    assert_eq!(forged.await.0, 401);
    assert_eq!(receipt(&house, &key, "voicemail").await.0, 200);
    let alarms = |status: &'static str| format!("/v1/alarms?purpose=case&status={status}");
    let (_, open) = json(house.get(&alarms("open"), &ckl)).await;
    assert_eq!(open["total"], 1, "voicemail is not reach: {open}");
    assert_eq!(receipt(&house, &key, "accepted").await.0, 200);
    let settled = until("the alarm is acknowledged", || async {
        let (_, found) = json(house.get(&alarms("acknowledged"), &ckl)).await;
        (found["total"] == 1).then(|| found["items"][0].clone())
    })
    .await;
    assert_eq!(settled["takenBy"], "socialjouren");
    assert_eq!(settled["deliveries"][0]["state"], "accepted");
    assert!(made["id"].is_string());
    let text = std::fs::read_to_string(narhet_tests::house::log_path(&data)).unwrap_or_default();
    assert!(!text.contains(SECRET) && !text.contains(&receiver.url), "no secret and no address in a log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_killed_between_sending_and_noting_it_sends_again_under_the_same_key_and_says_so() {
    let (folder, receiver) = (Folder::new("alarms-twice"), Receiver::start().await);
    let more = format!("[channels.sms]\nsecret = \"{SECRET}\"\nplain-http = true\nurl = \"{}\"\n", receiver.url);
    let config = config(&folder, &more);
    let data = folder.path().join("data");
    let arguments = ["--config", config.to_str().unwrap(), "--demo", "--clock", NIGHT];
    let mut house = House::up(&data, &arguments);
    let way = json!([{ "channel": "sms", "address": "+4670000000" }]);
    let (status, reply) = staff(&house, "socialnamnden", "socialjouren", way).await;
    assert_eq!(status, 201, "{reply}");
    receiver.falls_silent();
    report(&house, &incident("Brand i trapphus", SERGELS_TORG)).await;
    let (key, _) = until("the message is through", || async { receiver.taken().into_iter().next() }).await;
    house.kill();

    receiver.answer(200);
    let house = House::up(&data, &arguments);
    let ckl = house.token("ckl", None);
    let counted = until("the message is noted as sent", || async {
        let (_, health) = json(house.get("/v1/alarm-paths", &ckl)).await;
        (health["maybeTwice"] == 1).then_some(health)
    })
    .await;
    assert_eq!(counted["deadLetters"], json!([]));
    let taken = receiver.taken();
    assert_eq!((taken.len(), taken[&key].times), (1, 2), "sent again, under the same key");
    let (_, found) = json(house.get("/v1/alarms?purpose=case", &ckl)).await;
    assert_eq!(found["items"][0]["deliveries"][0]["maybeTwice"], true, "{found}");
}
