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
    answered: &'a RefCell<BTreeSet<&'static str>>,
}

impl<'a> Asker<'a> {
    fn new(house: &'a House, role: &str, board: Option<&str>, answered: &'a RefCell<BTreeSet<&'static str>>) -> Self {
        Self { house, token: house.token(role, board), answered }
    }

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
    let answered = RefCell::default();
    let asker = Asker::new(&house, "duty-officer", Some("socialnamnden"), &answered);

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

const OWN: &str = "norra-innerstaden";

/// A card with every member that there is.
fn card() -> Value {
    let (lon, lat) = SERGELS_TORG;
    json!({
        "name": "Hjälpföreningen Torget", "kind": "voluntary", "aliases": ["Torghjälpen"], "orgNumber": "556036-0793",
        "externalId": "H-7", "notes": "Nyckel i receptionen.", "onBehalfOf": OWN, "readers": ["all-boards"],
        "klass": { "agreements": "k2r1t1" },
        "sites": [{
            "name": "Lokalen", "place": { "type": "Point", "coordinates": [lon, lat] }, "address": "Sergels torg 3",
            "tags": ["trygghetspunkt", "skyddsobjekt"],
            "safetyPoint": { "state": "opened", "hours": "8-20", "services": ["el"] },
        }],
        "operatingArea": { "scope": "radius", "radiusM": 800.0 },
        "capabilities": [{ "kind": "generator", "count": 1, "detail": "20 kVA" }],
        "availability": { "aroundTheClock": true, "hours": "dygnet runt", "exceptions": [{ "date": "2026-12-24", "text": "stängt" }] },
        "contacts": [{
            "function": "jour", "purpose": "larm", "ways": [{ "kind": "phone", "value": "08-000 00 00" }],
            "person": { "name": "Granitnamnet Basalt", "phone": "070-0000000", "email": "jour@example.org" },
        }],
        "agreements": [{ "title": "Lokalavtal", "from": "2026-01-01", "until": "2027-01-01" }],
        "byHand": [{ "area": "jarva", "include": true, "reason": "hjälper till där" }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_answers_as_it_is_described() {
    let folder = Folder::new("described-registry");
    let house = House::up(folder.path(), &["--demo", "--clock", NIGHT]);
    let answered = RefCell::default();
    let own = Asker::new(&house, "coordinator", Some(OWN), &answered);
    let other = Asker::new(&house, "coordinator", Some("jarva"), &answered);
    let security = Asker::new(&house, "city-security", None, &answered);
    let registrar = Asker::new(&house, "registrar", None, &answered);
    let id = |actor: &Value| actor["id"].as_str().unwrap().to_owned();

    let first = id(&own.post("/v1/actors", card()).await);
    let actor = format!("/v1/actors/{first}");
    let second = id(&own.post("/v1/actors", card()).await);
    let office = json!({ "name": "Förvaltningen", "kind": "municipal-board", "sites": card()["sites"], "contacts": card()["contacts"] });
    let office = format!("/v1/actors/{}", id(&own.post("/v1/actors", office).await));
    own.update(Method::PATCH, &actor, Some(json!({ "notes": "Nyckel hos vakten." }))).await;
    own.post(&format!("{actor}/verify"), json!({ "reached": true })).await;

    // Proposed by somebody else, read while it is open, settled.
    let proposed = json!({ "patch": { "aliases": ["Torgets hjälp"] }, "reason": "nytt namn" });
    other.post(&format!("{actor}/propose"), proposed).await;
    let open = own.get(&actor).await;
    let settle = json!({ "proposalId": open["proposals"][0]["id"], "accept": true });
    own.post(&format!("{actor}/settle"), settle).await;

    // Called, invited, told of protection.
    let called = json!({ "occasion": "contact-round", "outcome": "answered", "reference": "vinter-2026" });
    own.post(&format!("{actor}/contacts"), called).await;
    let invited = json!({ "occasion": "invitation", "outcome": "accepted", "reference": "vinter-2026" });
    own.post(&format!("{office}/contacts"), invited).await;
    let calls = own.get("/v1/actors/call-list?round=vinter-2026").await;
    assert!(calls["items"].as_array().unwrap().iter().any(|item| item["outcome"]["outcome"] == "answered"), "{calls}");
    let invitations = own.get(&format!("/v1/boards/{OWN}/invitations")).await;
    assert!(invitations["items"].as_array().unwrap().iter().any(|item| item["outcome"].is_object()), "{invitations}");
    let health = own.get(&format!("/v1/boards/{OWN}/registry-health")).await;
    let told = health["unacknowledgedProtection"].as_array().unwrap().iter().find(|told| told["actorId"] == *first);
    own.post(&format!("{actor}/acknowledge"), json!({ "change": told.unwrap()["change"] })).await;

    for asker in [&own, &other, &security] {
        asker.get("/v1/actors").await;
        asker.get(&actor).await;
        asker.get(&format!("{actor}/history")).await;
    }
    let links = own.get(&format!("{actor}/links")).await;
    assert!(links["items"].as_array().unwrap().len() > 1, "{links}");
    let twins = own.get(&format!("{actor}/duplicates")).await;
    assert_eq!(twins["items"][0]["id"], second.as_str(), "{twins}");
    let listed = security.post("/v1/actors/protected", json!({})).await;
    assert!(!listed["items"].as_array().unwrap().is_empty(), "{listed}");
    let reported = report(&house, &incident("Brand i trapphus", SERGELS_TORG)).await;
    let relevant = own.get(&format!("/v1/incidents/{}/actors", id(&reported))).await;
    assert!(!relevant["items"].as_array().unwrap().is_empty(), "{relevant}");

    // A file, an actor that goes, and a person who does.
    let path = "/v1/actors/import";
    let messy = std::fs::read(narhet_tests::root().join("deploy/demo/actors-messy.csv")).unwrap();
    let request = own.request(&Method::POST, path).header("content-type", "text/csv").body(messy);
    own.sent(Method::POST, path, request).await;
    own.post(&format!("{actor}/merge"), json!({ "other": second })).await;
    own.get(&format!("/v1/actors/{second}")).await;
    own.post(&format!("{office}/archive"), json!({ "reason": "upphört" })).await;
    registrar.get("/v1/subjects/due").await;
    let person = own.get(&office).await["contacts"][0]["person"]["subjectId"].as_str().unwrap().to_owned();
    let subject = format!("/v1/subjects/{person}");
    let hold = |held: bool| json!({ "held": held, "ground": "evaluation", "reference": "KS 2026/7" });
    registrar.post(&format!("{subject}/hold"), hold(true)).await;
    let kept = registrar.post(&format!("{subject}/export"), json!({})).await;
    assert!(!kept["holds"].as_array().unwrap().is_empty() && !kept["items"].as_array().unwrap().is_empty(), "{kept}");
    registrar.post(&format!("{subject}/hold"), hold(false)).await;
    registrar.post(&format!("{subject}/erase"), json!({ "ground": "gallring", "reference": "KS 2026/8" })).await;
    own.get(&office).await;
    own.has_asked_all("actors");
}
