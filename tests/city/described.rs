//! Every operation of the registry and of readiness is asked, and what it answers is what `proto/openapi.json` says.

use crate::{
    SERGELS_TORG,
    alarms::{SECRET, roster},
    incident, report,
};
use narhet_duty::channels::{Secret, signature};
use narhet_tests::{Folder, House, Receiver, contract::Operation, house, until};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeSet};

/// A Friday night; socialnämnden holds what happens.
const NIGHT: &str = "2026-11-20T22:00:00Z";

/// Asks with a token, and notes which operations have answered well.
struct Asker<'a> {
    house: &'a House,
    token: String,
    answered: RefCell<BTreeSet<&'static str>>,
}

impl Asker<'_> {
    async fn sent(&self, method: Method, path: &str, request: RequestBuilder) -> Value {
        let (status, headers, mut body) = house::answer(request).await;
        assert!(status < 300, "{method} {path} {status}: {body}");
        let operation = Operation::of(method.as_str(), path.split('?').next().unwrap()).unwrap();
        self.answered.borrow_mut().insert(operation.id);
        // What comes next needs the version, which stands in a header.
        body["etag"] = headers.get("etag").and_then(|etag| etag.to_str().ok()).into();
        body
    }

    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        self.house.http.request(method.clone(), format!("{}{path}", self.house.url)).bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> Value {
        self.sent(Method::GET, path, self.request(&Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.sent(Method::POST, path, self.request(&Method::POST, path).json(&body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Value {
        self.sent(Method::PUT, path, self.request(&Method::PUT, path).json(&body)).await
    }

    /// Changes or takes away the version that stands now.
    async fn update(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let etag = self.get(path).await["etag"].as_str().unwrap().to_owned();
        let request = self.request(&method, path).header("if-match", etag);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        self.sent(method, path, request).await
    }

    fn has_asked_all(&self, tag: &str) {
        let all = Operation::ids_under(tag);
        let missed: Vec<&&str> = all.iter().filter(|id| !self.answered.borrow().contains(**id)).collect();
        assert!(missed.is_empty(), "nobody has looked at the answers of {missed:?}");
    }
}

fn function(channel: &str, address: &str) -> Value {
    json!({ "kind": "social-emergency", "name": "Socialjouren", "capabilities": ["samtalsstod"],
            "contactWays": [{ "channel": channel, "address": address }], "source": "delegationsordning" })
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_and_alarms_answer_as_they_are_described() {
    let (folder, receiver) = (Folder::new("described-readiness"), Receiver::start().await);
    let config = folder.path().join("narhet.toml");
    let url = &receiver.url;
    // Unlike elsewhere its proofs arrive, for a channel that fails is tried for half a minute.
    let channel = format!("[channels.webhook]\nsecret = \"{SECRET}\"\nplain-http = true\ntest-receiver = \"{url}\"\n");
    std::fs::write(&config, channel).unwrap();
    let arguments = ["--config", config.to_str().unwrap(), "--demo", "--clock", NIGHT];
    let house = House::up(&folder.path().join("data"), &arguments);
    let token = house.token("duty-officer", Some("socialnamnden"));
    let asker = Asker { house: &house, token, answered: RefCell::default() };

    // Records: new, read, changed.
    let first = function("webhook", &receiver.url);
    asker.put("/v1/functions/socialjouren", first.clone()).await;
    asker.update(Method::PUT, "/v1/functions/socialjouren", Some(first)).await;
    asker.get("/v1/functions").await;
    let mut crew = roster("socialjouren", &["lag-a", "lag-b", "lag-c"]);
    crew["leave"] = json!([{ "member": "lag-c", "from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z" }]);
    crew["overrides"] = json!([{ "from": "2027-01-04T07:00:00Z", "to": "2027-01-05T07:00:00Z", "member": "lag-a", "reason": "utbildning" }]);
    crew["layers"][0]["crew"][0]["contactWays"] = json!([{ "channel": "webhook", "address": receiver.url }]);
    asker.put("/v1/rosters/socialjouren", crew).await;
    let centre = json!({ "name": "Centrum", "address": "Sergels torg 3", "opening": [{ "weekdays": ["friday"], "from": "12:00", "to": "23:30" }],
                         "validFrom": "2026-11-01T00:00:00Z", "validTo": "2026-12-20T00:00:00Z" });
    asker.put("/v1/centres/torget", centre).await;
    assert_eq!(asker.get("/v1/centres").await["items"][0]["openNow"], true);
    let steps = json!([{ "functions": ["socialjouren"], "acknowledgeWithinS": 300, "nextWayAfterS": 60 }]);
    asker.put("/v1/alarm-paths/socialnamnden", json!({ "name": "Larmväg", "steps": steps, "source": "beslut" })).await;
    asker.post("/v1/alarm-paths/socialnamnden/read", json!({})).await;

    // Swaps: one stands in the roster while it is open and after.
    let entry = asker.get("/v1/rosters/socialjouren").await;
    assert_eq!(entry["overrides"][0]["reason"], "utbildning");
    let (from, to) = ("2026-11-24T07:00:00Z", "2026-11-25T07:00:00Z");
    let offered = swap(&asker, from, to).await;
    asker.get("/v1/rosters").await;
    asker.get(&format!("/v1/swaps/{offered}")).await;
    asker.post(&format!("/v1/swaps/{offered}/settle"), json!({ "outcome": "taken" })).await;
    assert_eq!(asker.get(&format!("/v1/swaps/{offered}")).await["outcome"], "taken");
    let feed = asker.post("/v1/rosters/socialjouren/feeds", json!({})).await;
    let path = format!("/v1/calendar-feeds/{}", feed["id"].as_str().unwrap());
    asker.sent(Method::DELETE, &path, asker.request(&Method::DELETE, &path)).await;

    // An alarm of every purpose that can be had for the asking.
    report(&house, &incident("Brand i trapphus", SERGELS_TORG)).await;
    let (key, _) = until("the webhook is called", || async { receiver.taken().into_iter().next() }).await;
    let alarms = asker.get("/v1/alarms?purpose=case").await;
    let alarm = format!("/v1/alarms/{}", alarms["items"][0]["id"].as_str().unwrap());
    asker.get(&alarm).await;
    asker.post(&format!("{alarm}/deliveries/{key}/reach"), json!({ "reach": "read" })).await;
    let receipt = json!({ "key": key, "reach": "declined" }).to_string();
    let signed = signature::sign(&Secret::new(SECRET), jiff::Timestamp::now(), receipt.as_bytes());
    let path = "/v1/webhooks/webhook/receipts";
    let request = house.http.post(format!("{}{path}", house.url)).header("content-type", "application/json");
    asker.sent(Method::POST, path, request.header(signature::HEADER, signed).body(receipt)).await;
    let taken = asker.post(&format!("{alarm}/acknowledge"), json!({ "function": "socialjouren" })).await;
    assert_eq!(taken["status"], "acknowledged");
    asker.post("/v1/alarm-paths/socialnamnden/exercise", json!({ "message": "Kvartalsövning" })).await;
    let proof = asker.post("/v1/alarm-paths/socialnamnden/prove", json!({})).await;
    let waves = json!([{ "functions": ["socialjouren"], "acknowledgeWithinS": 600 }]);
    let call = json!({ "accept": 1, "capability": "samtalsstod", "waves": waves, "message": "Samling" });
    let called = asker.post("/v1/call-ins", call).await;
    asker.get(&format!("/v1/call-ins/{}", called["id"].as_str().unwrap())).await;
    until("the proof is through", || async {
        let settled = asker.get(&format!("/v1/alarms/{}", proof["id"].as_str().unwrap())).await;
        (settled["status"] == "proven").then_some(())
    })
    .await;
    asker.get("/v1/alarms").await;
    let health = asker.get("/v1/alarm-paths").await;
    assert!(health["items"].as_array().unwrap().iter().any(|path| !path["channels"].as_array().unwrap().is_empty()));
    assert!(!asker.get("/v1/duty/coverage").await["holes"].as_array().unwrap().is_empty());
    asker.get("/v1/duty/endurance").await;

    // What nobody needs goes again.
    let spare = json!({ "kind": "other", "name": "Reserv", "source": "beslut" });
    asker.put("/v1/functions/reserv", spare).await;
    asker.put("/v1/rosters/reserv", roster("reserv", &["lag-r"])).await;
    for path in ["/v1/rosters/reserv", "/v1/functions/reserv", "/v1/centres/torget", "/v1/alarm-paths/socialnamnden"] {
        asker.update(Method::DELETE, path, None).await;
    }
    asker.has_asked_all("readiness");
}

/// Whoever is on duty then offers it to the other.
async fn swap(asker: &Asker<'_>, from: &str, to: &str) -> String {
    for (giver, taker) in [("lag-a", "lag-b"), ("lag-b", "lag-a"), ("lag-c", "lag-a")] {
        let path = "/v1/rosters/socialjouren/swaps";
        let offer = json!({ "from": from, "to": to, "giver": giver, "taker": taker });
        let (status, body) = house::json(asker.request(&Method::POST, path).json(&offer)).await;
        if status == 201 {
            asker.answered.borrow_mut().insert("offerSwap");
            return body["id"].as_str().unwrap().to_owned();
        }
    }
    panic!("nobody is on duty from {from}")
}
