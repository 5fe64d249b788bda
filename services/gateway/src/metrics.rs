//! Counters of the HTTP edge in Prometheus' text format; hand-written, because the format is smaller than a library.

use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// Upper bounds of the latency histogram; the aim is p50 under 5 ms and p99 under 25 ms.
const BUCKETS_MS: [u64; 11] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000, 10_000];

/// What has been served.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, String, u16), u64>>,
    latency: Mutex<BTreeMap<&'static str, Histogram>>,
    sse_clients: AtomicI64,
}

#[derive(Debug, Default)]
struct Histogram {
    /// Not cumulative; the last one is for everything slower.
    counts: [u64; BUCKETS_MS.len() + 1],
    sum: Duration,
}

/// A counted client of the event stream; leaving is dropping.
pub struct SseClient(std::sync::Arc<Metrics>);

impl Drop for SseClient {
    fn drop(&mut self) {
        self.0.sse_clients.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub fn served(&self, route: &'static str, method: &str, status: u16, took: Duration) {
        *self.requests.lock().entry((route, method.to_owned(), status)).or_default() += 1;
        let mut latency = self.latency.lock();
        let histogram = latency.entry(route).or_default();
        let bucket = BUCKETS_MS.iter().position(|limit| took <= Duration::from_millis(*limit));
        histogram.counts[bucket.unwrap_or(BUCKETS_MS.len())] += 1;
        histogram.sum += took;
    }

    pub fn sse_client(self: &std::sync::Arc<Self>) -> SseClient {
        self.sse_clients.fetch_add(1, Ordering::Relaxed);
        SseClient(std::sync::Arc::clone(self))
    }

    /// The edge's own families.
    pub fn render(&self, out: &mut String) {
        family(out, "narhet_http_requests_total", "counter", "Requests by route, method and status.");
        for ((route, method, status), count) in &*self.requests.lock() {
            sample(
                out,
                "narhet_http_requests_total",
                &[("route", route), ("method", method), ("status", &status.to_string())],
                count,
            );
        }
        family(out, "narhet_http_request_seconds", "histogram", "Time to the head of the answer, by route.");
        for (route, histogram) in &*self.latency.lock() {
            let mut cumulative = 0;
            for (limit_ms, count) in BUCKETS_MS.iter().zip(&histogram.counts) {
                cumulative += count;
                let limit = Duration::from_millis(*limit_ms).as_secs_f64().to_string();
                sample(out, "narhet_http_request_seconds_bucket", &[("route", route), ("le", &limit)], cumulative);
            }
            cumulative += histogram.counts[BUCKETS_MS.len()];
            sample(out, "narhet_http_request_seconds_bucket", &[("route", route), ("le", "+Inf")], cumulative);
            sample(out, "narhet_http_request_seconds_sum", &[("route", route)], histogram.sum.as_secs_f64());
            sample(out, "narhet_http_request_seconds_count", &[("route", route)], cumulative);
        }
        family(out, "narhet_sse_clients", "gauge", "Clients of the event stream.");
        sample(out, "narhet_sse_clients", &[], self.sse_clients.load(Ordering::Relaxed));
    }
}

/// The head of a metric family.
pub fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String cannot fail.
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

/// One sample. Label values are route templates, methods and context names: nothing that would need escaping.
pub fn sample(out: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(out, "{name}{labels} {value}");
}
