//! 200,000 actors: a filtered query, and every link anew after a new division while commands go on.

use crate::row;
use narhet_tests::{Folder, House, house::json, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ACTORS: usize = 200_000;
const FILE_ROWS: usize = 25_000;
const QUERIES: usize = 1_000;
/// Commands a second while links follow.
const RATE_PER_S: u32 = 20;
const KINDS: [&str; 8] = ["company", "voluntary", "school", "care", "housing", "authority", "infrastructure", "other"];
const WEST: f64 = 17.8;
const SOUTH: f64 = 59.2;

pub fn actors() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

/// A division of the square into stripes.
fn stripes(count: usize, name: &str) -> Value {
    let width = 0.4 / count as f64;
    let stripe = |index: usize| {
        let (west, east) = (WEST + width * index as f64, WEST + width * (index + 1) as f64);
        json!({ "type": "Feature", "properties": { "name": format!("{name} {index}") }, "geometry": { "type": "Polygon", "coordinates":
            [[[west, SOUTH], [east, SOUTH], [east, 59.45], [west, 59.45], [west, SOUTH]]] } })
    };
    json!({ "type": "FeatureCollection", "features": (0..count).map(stripe).collect::<Vec<_>>() })
}

async fn divide(house: &House, from: &str, boundaries: &Value) {
    let part = reqwest::multipart::Part::bytes(boundaries.to_string().into_bytes()).file_name("areas.geojson");
    let form = reqwest::multipart::Form::new().part("boundaries", part);
    let request = house.post(&format!("/v1/areas/import?validFrom={from}"), &house.token("city-security", None));
    let (status, reply) = json(request.multipart(form)).await;
    assert_eq!(status, 200, "{reply}");
}

fn file(first: usize) -> Vec<u8> {
    use std::fmt::Write as _;
    let mut text = String::from("externt id;namn;typ;lat;lon;resurser;märkning;funktion;telefon\n");
    for number in first..first + FILE_ROWS {
        // Golden-ratio steps spread the points over the square.
        let (x, y) = ((number as f64 * 0.618_034).fract(), (number as f64 * 0.754_878).fract());
        let (kind, count) = (KINDS[number % KINDS.len()], number % 5 + 1);
        let tag = if number % 50 == 0 { "trygghetspunkt" } else { "" };
        let _ = writeln!(
            text,
            "B-{number};Verksamhet {} {number};{kind};{};{};generator:{count};{tag};jour;08-{number:07}",
            ["Åsen", "Ängen", "Örnen", "Backen"][number % 4],
            SOUTH + 0.25 * y,
            WEST + 0.4 * x,
        );
    }
    text.into_bytes()
}

async fn measure() {
    let folder = Folder::new("bench-actors");
    let house = House::up(folder.path(), &["--demo=empty"]);
    divide(&house, "2020-01-01", &stripes(13, "Remsa")).await;
    let token = house.token("coordinator", Some("kommunstyrelsen"));
    let started = Instant::now();
    for first in (0..ACTORS).step_by(FILE_ROWS) {
        let request = house.post("/v1/actors/import", &token).body(file(first));
        let (status, report) = json(request.timeout(Duration::from_secs(150))).await;
        assert_eq!((status, &report["counts"]["created"]), (200, &json!(FILE_ROWS)), "{}", report["counts"]);
    }
    row(
        "actors: import of 200,000 rows",
        &format!("{:.1} s", started.elapsed().as_secs_f64()),
        "eight files, one after the other",
    );
    queries(&house, &token).await;
    relink(&house, &token).await;
}

async fn queries(house: &House, token: &str) {
    let filters = [
        "area=remsa-3&kind=school",
        "q=angen+1234",
        "kind=company&capability=generator&near=18,59.3,800",
        "tag=trygghetspunkt&area=remsa-5",
        "bbox=17.9,59.25,17.91,59.26&kind=care",
        "verification=unverified&board=kommunstyrelsen&limit=50",
        "q=verk&kind=housing&area=remsa-12",
    ];
    let mut times = vec![Vec::new(); filters.len()];
    for index in 0..QUERIES {
        let begun = Instant::now();
        let (status, page) = json(house.get(&format!("/v1/actors?{}", filters[index % filters.len()]), token)).await;
        times[index % filters.len()].push(begun.elapsed());
        assert!(status == 200 && page["items"].is_array(), "{page}");
    }
    for (filter, times) in filters.iter().zip(&mut times) {
        row("  one filter, p50 / p99", &percentiles(times), filter);
    }
    let mut times = times.concat();
    row(
        "actors: filtered query over HTTP, p50 / p99",
        &percentiles(&mut times),
        "200,000 actors, seven filters in turn",
    );
}

async fn relink(house: &House, token: &str) {
    let body = json!({ "name": "Provaktör", "kind": "other", "sites": [{ "place": { "type": "Point", "coordinates": [18.0, 59.3] } }] });
    let (status, actor) = json(house.post("/v1/actors", token).json(&body)).await;
    assert_eq!(status, 201, "{actor}");
    let path = format!("/v1/actors/{}/contacts", actor["id"].as_str().expect("an id"));
    let auditor = house.token("auditor", None);
    let after = std::cell::RefCell::new(String::from("-"));
    // One page of the feed on; whether it told that all are linked.
    let read_on = async || {
        let path = format!("/v1/events?type=se.narhet.actors.relink-done.v1&after={}", after.borrow());
        let (status, page) = json(house.get(&path, &auditor)).await;
        assert_eq!(status, 200, "{page}");
        let next = page["next"].as_str().expect("a cursor").to_owned();
        let events = page["events"].as_array().expect("events");
        let done = events.iter().any(|event| event["data"]["actors"].as_u64() > Some(ACTORS as u64));
        (after.replace(next.clone()) == next, done)
    };
    while !read_on().await.0 {}
    divide(house, "2021-01-01", &stripes(17, "Ny remsa")).await;
    let started = Instant::now();
    let commands = async {
        let (mut times, mut number) = (Vec::new(), 0_u32);
        while started.elapsed() < Duration::from_secs(8) {
            let due = started + Duration::from_secs(1) / RATE_PER_S * number;
            tokio::time::sleep_until(due.into()).await;
            let call =
                json!({ "occasion": "contact-round", "outcome": "answered", "reference": format!("prov-{number}") });
            let (status, answer) = json(house.post(&path, token).json(&call)).await;
            assert_eq!(status, 200, "{answer}");
            times.push(due.elapsed());
            number += 1;
        }
        times
    };
    let followed =
        async { until("links follow the division", async || read_on().await.1.then(|| started.elapsed())).await };
    let (mut times, followed) = tokio::join!(commands, followed);
    row(
        "actors: 200,000 actors linked anew after a division",
        &format!("{:.2} s", followed.as_secs_f64()),
        "until relink-done is on the feed",
    );
    row("actors: 20 commands/s meanwhile, p50 / p99", &percentiles(&mut times), "counted from when each was due");
}

fn percentiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    format!("{:.1} / {:.1} ms", at(0.5), at(0.99))
}
