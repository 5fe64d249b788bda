//! Ten thousand points in one request to a real house with the city's own areas: over HTTP, JSON in and out.

use crate::{lookup, row};
use narhet_tests::{Folder, House, house};
use std::time::{Duration, Instant};

const POINTS: usize = 10_000;
const REQUESTS: usize = 200;
/// Not counted: the connection opens, memory is touched.
const WARM_UP: usize = 20;

pub fn batch() {
    const WHAT: &str = "batch over HTTP: 10,000 points, three divisions";
    let Some(data) = lookup::data() else {
        row(WHAT, "not measured", "NARHET_TEST_DATA has no stadsdelar.geojson");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let folder = Folder::new("bench-batch");
        let home = folder.path().join("data");
        let node = House::up(&home, &["--demo=empty"]);
        let files = [data.join("stadsdelar.geojson"), data.join("stadsdelar.csv")];
        let [boundaries, mapping] = files.map(|file| file.display().to_string());
        let (good, out, err) = house::run(&home, &["area", "import", &boundaries, "--mapping", &mapping]);
        if !good {
            return row(WHAT, "not measured", &format!("{out}{err}"));
        }
        let token = node.token("dashboard", Some("jarva"));
        let points = lookup::uniform_in([17.757_9, 59.227_2, 18.194_5, 59.440_4], POINTS, 5);
        let body = serde_json::json!({ "points": points }).to_string();
        let mut times = Vec::with_capacity(REQUESTS);
        let mut bytes = 0;
        for number in 0..WARM_UP + REQUESTS {
            let request = node.post("/v1/responsibility/batch", &token).header("content-type", "application/json");
            let begun = Instant::now();
            let answer = request.body(body.clone()).send().await.expect("the house answers");
            let good = answer.status() == 200;
            bytes = answer.bytes().await.expect("a body").len();
            if !good {
                return row(WHAT, "not measured", "the house refused the batch");
            }
            if number >= WARM_UP {
                times.push(begun.elapsed());
            }
        }
        times.sort_unstable();
        let rate = |time: Duration| POINTS as f64 / time.as_secs_f64() / 1e6;
        let note = format!(
            "p50 {:.1} ms, p99 {:.1} ms a request; {} KB in, {} KB out, client included; target 1 M points/s",
            times[REQUESTS / 2].as_secs_f64() * 1e3,
            times[REQUESTS * 99 / 100].as_secs_f64() * 1e3,
            body.len() / 1000,
            bytes / 1000
        );
        row(WHAT, &format!("{:.2} M/s", rate(times[REQUESTS / 2])), &note);
    });
}
