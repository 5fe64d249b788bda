//! The HTTP edge over a real connection, with the services faked.

use crate::{
    gateway::Limits,
    testing::{House, status_changed},
};
use futures::StreamExt as _;
use narhet_kernel::{Context, Role};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn problem(response: Response) -> Value {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["instance"], format!("urn:uuid:{request_id}"));
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    problem
}

fn code(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().strip_prefix("urn:narhet:problem:").unwrap()
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let house = House::start(Limits::default()).await;
    let ask = |method, path| house.request(method, path, Role::Ckl);
    let long_query = format!("/v1/boards?at={}", "x".repeat(5_000));
    let rows: Vec<(reqwest::RequestBuilder, u16, &str)> = vec![
        (ask("GET", "/nowhere"), 404, "not-found"),
        (house.client.get(format!("{}/nowhere", house.url)), 401, "unauthenticated"),
        (house.client.get(format!("{}/v1/boards", house.url)), 401, "unauthenticated"),
        (house.client.get(format!("{}/v1/boards", house.url)).bearer_auth("a.b.c"), 401, "unauthenticated"),
        (house.client.get(format!("{}/v1/boards", house.url)).basic_auth("a", Some("b")), 401, "unauthenticated"),
        (ask("DELETE", "/v1/incidents"), 405, "method-not-allowed"),
        (ask("POST", "/healthz"), 405, "method-not-allowed"),
        (ask("GET", "/v1/boards?bord=x"), 400, "invalid-input"),
        (ask("GET", "/v1/responsibility?lon=NaN&lat=59"), 400, "invalid-input"),
        (ask("GET", "/v1/responsibility?lon=59.33&lat=18.06"), 400, "invalid-input"),
        (ask("GET", "/v1/events?after=x"), 400, "invalid-input"),
        (ask("GET", "/v1/events?limit=0"), 400, "invalid-input"),
        (ask("GET", "/v1/events?type=nope"), 400, "invalid-input"),
        (ask("GET", &long_query), 413, "too-large"),
        (ask("GET", "/v1/boards").header("x-large", "x".repeat(40_000)), 413, "too-large"),
        (ask("GET", "/v1/incidents/missing"), 404, "not-found"),
        (ask("GET", "/v1/incidents/panic"), 500, "internal"),
        (ask("GET", "/v1/incidents/%ff"), 400, "invalid-input"),
        (ask("POST", "/v1/incidents").body("{}"), 415, "unsupported-media-type"),
        (json_post(&house, "{"), 400, "invalid-input"),
        (json_post(&house, "[]"), 400, "invalid-input"),
        (json_post(&house, "{}"), 400, "invalid-input"),
        (json_post(&house, "{\"title\":\"x\"}").header("idempotency-key", "a b"), 400, "invalid-input"),
        (ask("PATCH", "/v1/incidents/x").json(&json!({ "status": "ended" })), 400, "invalid-input"),
        (ask("POST", "/v1/areas/import"), 403, "forbidden"),
        (house.request("POST", "/v1/areas/import", Role::CitySecurity), 415, "unsupported-media-type"),
        (house.request("GET", "/v1/events", Role::Liaison), 403, "forbidden"),
        (house.request("GET", "/v1/incidents", Role::Liaison), 403, "forbidden"),
        (house.request("POST", "/v1/incidents", Role::Liaison), 403, "forbidden"),
    ];
    for (index, (request, status, expected)) in rows.into_iter().enumerate() {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "row {index}");
        let problem = problem(response).await;
        assert_eq!(code(&problem), expected, "row {index}: {problem}");
        if status == 403 {
            assert!(problem["right"].is_string(), "row {index}: {problem}");
        }
    }
}

fn json_post(house: &House, body: &str) -> reqwest::RequestBuilder {
    let body = body.to_owned();
    house.request("POST", "/v1/incidents", Role::Ckl).header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn large_and_deep_json_is_refused_quickly_and_reaches_nobody() {
    let house = House::start(Limits::default()).await;
    let started = Instant::now();
    let fifty_mb = "[".repeat(50_000_000);
    for (body, status) in [(fifty_mb, 413), ("x".repeat(2 << 20), 413), ("{\"a\":".repeat(100), 400)] {
        let response = json_post(&house, &body).send().await.unwrap();
        assert_eq!(response.status(), status);
        problem(response).await;
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(house.fake.asked.lock().is_empty());
}

#[tokio::test]
async fn an_incident_is_reported_read_and_changed() {
    let house = House::start(Limits::default()).await;
    let id = "0197e8a0-0000-7000-8000-000000000001";
    let body = "{\"title\": \"x\",  \"a\":1}";
    let response =
        json_post(&house, body).header("idempotency-key", "k1").header("x-request-id", id).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["location"], "/v1/incidents/new");
    assert!(response.headers()["etag"].to_str().unwrap().starts_with("\"v2-"));
    assert_eq!(response.headers()["x-request-id"], id);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["cursor"], "situation.3.00000007");
    {
        let asked = house.fake.asked.lock();
        let (context, name, request) = &asked[0];
        assert_eq!((*context, *name, request.body.get()), (Context::Situation, "report-incident", body), "as it came");
        assert_eq!(request.idempotency_key.as_deref(), Some("k1"));
        assert_eq!(request.correlation_id.to_string(), id);
        assert_eq!(request.principal.roles, [Role::Ckl]);
    }
    let response = house.get("/v1/incidents/x?minCursor=situation.3.00000007", Role::Ckl).await;
    assert_eq!(response.headers()["narhet-cursor"], "duty.3.00000007_situation.3.00000007");
    let etag = response.headers()["etag"].to_str().unwrap().to_owned();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["supportCases"], json!([{ "id": "case" }]));
    assert_eq!(answer["cursor"], "duty.3.00000007_situation.3.00000007");
    assert!(house.fake.asked.lock()[1].2.min_cursor.is_some(), "passed on");

    let same = house.request("GET", "/v1/incidents/x", Role::Ckl).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!((same.status(), same.bytes().await.unwrap().len()), (StatusCode::NOT_MODIFIED, 0));

    let change = house.request("PATCH", "/v1/incidents/x", Role::Ckl).json(&json!({ "status": "ended" }));
    let changed = change.header("if-match", &etag).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    let asked = house.fake.asked.lock();
    let (_, name, request) = asked.last().unwrap();
    assert_eq!(
        (*name, request.if_match, request.body.get()),
        ("change-status", Some(2), r#"{"id":"x","status":"ended"}"#)
    );
}

#[tokio::test]
async fn a_command_needs_a_body_only_where_something_is_left_to_say() {
    let house = House::start(Limits::default()).await;
    let path = "/v1/support-cases/x/acknowledge";
    let done = house.request("POST", path, Role::DutyOfficer).send().await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    let unnamed = house.request("POST", path, Role::DutyOfficer).body("{\"a\":1}").send().await.unwrap();
    assert_eq!(unnamed.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "a body of no kind is not passed over");
    let asked = house.fake.asked.lock();
    let (context, name, request) = asked.last().unwrap();
    assert_eq!((*context, *name, request.body.get()), (Context::Duty, "acknowledge-case", r#"{"id":"x"}"#));
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn a_signed_receipt_is_passed_on_byte_for_byte() {
    let house = House::start(Limits::default()).await;
    let sent = " {\"delivery\":\"x\"}\n";
    let request = house.request("POST", "/v1/webhooks/partner/receipts", Role::Liaison).body(sent);
    request.header("content-type", "application/json").send().await.unwrap();
    let asked = house.fake.asked.lock();
    let body: Value = serde_json::from_str(asked.last().unwrap().2.body.get()).unwrap();
    assert_eq!(body["body"], sent, "the signature is over the bytes as they came");
}

#[tokio::test]
async fn admin_reads_no_incidents_outside_demo_mode_and_liaison_never() {
    let house = House::start(Limits::default()).await;
    assert_eq!(house.get("/v1/incidents", Role::Admin).await.status(), StatusCode::OK, "demo mode");
    for role in Role::ALL {
        for path in ["/v1/incidents", "/v1/incidents/x", "/v1/events"] {
            let expected = if role == Role::Liaison { StatusCode::FORBIDDEN } else { StatusCode::OK };
            assert_eq!(house.get(path, role).await.status(), expected, "{role} {path}");
        }
        for path in
            ["/v1/boards", "/v1/areas", "/v1/responsibility?lon=18.06&lat=59.33", "/v1/duty?lon=18.06&lat=59.33"]
        {
            assert_eq!(house.get(path, role).await.status(), StatusCode::OK, "{role} {path}");
        }
    }
}

#[tokio::test]
async fn an_import_is_one_command_and_a_rehearsal_one_query() {
    let house = House::start(Limits::default()).await;
    let form = || {
        let boundaries =
            reqwest::multipart::Part::text("{\"type\":\"FeatureCollection\"}").file_name("stadsdelar.geojson");
        reqwest::multipart::Form::new().part("boundaries", boundaries).text("mapping", "a;b\n")
    };
    for (query, name) in
        [("?dryRun=true", "rehearse-import"), ("?accept=g1&accept=g2&division=2023-07-01", "import-division")]
    {
        let path = format!("/v1/areas/import{query}");
        let response = house.request("POST", &path, Role::CitySecurity).multipart(form()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(house.fake.asked.lock().last().unwrap().1, name);
    }
    let asked = house.fake.asked.lock();
    let body: Value = serde_json::from_str(asked[1].2.body.get()).unwrap();
    assert_eq!(
        body,
        json!({
            "boundaries": "{\"type\":\"FeatureCollection\"}", "mapping": "a;b\n", "divisions": ["2023-07-01"],
            "accept": ["g1", "g2"], "dryRun": false, "source": "stadsdelar.geojson",
        })
    );
}

#[tokio::test]
async fn readiness_is_red_for_every_role_that_is_not_ready() {
    let house = House::start(Limits::default()).await;
    let open = |path: &str| house.client.get(format!("{}{path}", house.url)).send();
    let green: Value = open("/readyz").await.unwrap().json().await.unwrap();
    assert_eq!(green["ready"], true);
    for context in Context::ALL {
        *house.fake.red.lock() = Some(context);
        let red = open("/readyz").await.unwrap();
        assert_eq!(red.status(), StatusCode::SERVICE_UNAVAILABLE);
        let red = problem(red).await;
        assert_eq!(red["roles"][context.name()]["ready"], false);
        assert_eq!(red["roles"]["gateway"]["ready"], true);
    }
    *house.fake.red.lock() = None;
    house.fold.stop("an event could not be read".to_owned());
    let red = problem(open("/readyz").await.unwrap()).await;
    assert_eq!(red["roles"]["gateway"]["ready"], false);
    assert_eq!(open("/healthz").await.unwrap().status(), StatusCode::OK);
    assert_eq!(house.get("/v1/boards", Role::Ckl).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let metrics = open("/metrics").await.unwrap().text().await.unwrap();
    let red = Context::ALL.len() + 1;
    let counted = format!("narhet_http_requests_total{{route=\"/readyz\",method=\"GET\",status=\"503\"}} {red}");
    assert!(metrics.contains(&counted), "{metrics}");
    let info: Value = open("/v1/api-info").await.unwrap().json().await.unwrap();
    assert_eq!(info["apiName"], "Närhet");
}

#[tokio::test]
async fn min_cursor_waits_for_the_fold_and_no_longer_than_it_may() {
    let house = House::start(Limits::default()).await;
    let logged = status_changed(1, "a", "*");
    let path = "/v1/boards?minCursor=situation.1.00000007";
    let (response, ()) = tokio::join!(house.get(path, Role::Ckl), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        house.record(&logged);
    });
    assert_eq!(response.status(), StatusCode::OK);
    let late = house.get("/v1/boards?minCursor=situation.2.00000007", Role::Ckl).await;
    assert_eq!(code(&problem(late).await), "unavailable");
}

/// The ids and the data of the next `count` events of a stream.
async fn next_events(response: Response, count: usize) -> Vec<(String, String)> {
    let mut stream = response.bytes_stream();
    let (mut text, mut events) = (String::new(), Vec::new());
    while events.len() < count {
        text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        while let Some((block, rest)) = text.split_once("\n\n") {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let (Some(id), Some(data)) = (field("id: "), field("data: ")) {
                events.push((id, data));
            }
            text = rest.to_owned();
        }
    }
    events
}

#[tokio::test]
async fn a_stream_is_live_and_resumes_and_a_page_has_the_same_events() {
    let house = House::start(Limits { ring_events: 4, ..Limits::default() }).await;
    house.record(&status_changed(1, "a", "*"));
    let stream = |after: Option<String>, path: &'static str| {
        let request = house.request("GET", path, Role::Ckl).header("accept", "text/event-stream");
        after.into_iter().fold(request, |request, after| request.header("last-event-id", after)).send()
    };
    let live = stream(None, "/v1/events").await.unwrap();
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    (2..=3).for_each(|position| house.record(&status_changed(position, "a", "*")));
    let live = next_events(live, 2).await;
    assert!(live[0].1.contains("\"position\":\"2\""), "starts at the present");
    (4..=9).for_each(|position| house.record(&status_changed(position, "a", "*")));
    let resumed = next_events(stream(Some(live[0].0.clone()), "/v1/events").await.unwrap(), 7).await;
    assert_eq!(resumed[0], live[1]);
    let all = next_events(stream(None, "/v1/events?after=-").await.unwrap(), 9).await;
    assert_eq!(all[2..], resumed);

    let mut after = "-".to_owned();
    let mut paged = Vec::new();
    loop {
        let page: Value =
            house.get(&format!("/v1/events?limit=4&after={after}"), Role::Ckl).await.json().await.unwrap();
        let events = page["events"].as_array().unwrap();
        paged.extend(events.iter().map(|event| event["position"].as_str().unwrap().to_owned()));
        after = page["next"].as_str().unwrap().to_owned();
        if events.is_empty() {
            break;
        }
    }
    assert_eq!(paged, (1..=9).map(|position: u64| position.to_string()).collect::<Vec<_>>());
    assert_eq!(after, all[8].0);
    let bytes = house.get("/v1/events?limit=1", Role::Ckl).await.text().await.unwrap();
    assert!(bytes.starts_with(&format!("{{\"events\":[{}],", all[0].1)), "the stored bytes");
}

#[tokio::test]
async fn there_are_so_many_places_for_streams_and_a_place_left_is_free_again() {
    let house = House::start(Limits { sse_clients: 1, ..Limits::default() }).await;
    let stream = || house.request("GET", "/v1/events", Role::Ckl).header("accept", "text/event-stream").send();
    let first = stream().await.unwrap();
    let second = stream().await.unwrap();
    assert_eq!(code(&problem(second).await), "too-many-requests");
    drop(first);
    loop {
        // The server notices at its next write or read that the client is gone.
        house.record(&status_changed(house.fold.vector().position(Context::Situation) + 1, "a", "*"));
        if stream().await.unwrap().status() == StatusCode::OK {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let house = House::start(Limits::default()).await;
    // Two seconds of skew are left of a token that ended 58 s ago.
    let token = house.issuer.mint_until(&[Role::Ckl], "someone", narhet_kernel::Timestamp::now().as_second() - 58);
    let request = house.client.get(format!("{}/v1/events", house.url)).bearer_auth(token.unwrap());
    let response = request.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let ended = tokio::time::timeout(Duration::from_secs(10), response.bytes_stream().count()).await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn areas_are_also_geojson() {
    let house = House::start(Limits::default()).await;
    let response = house
        .request("GET", "/v1/areas", Role::Dashboard)
        .header("accept", "application/geo+json")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/geo+json");
    let collection: Value = response.json().await.unwrap();
    assert_eq!(collection["type"], "FeatureCollection");
}
