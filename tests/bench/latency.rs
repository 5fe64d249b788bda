//! From POST to the line on the event stream, at a steady rate against a real house, beside the floor of this machine.
//!
//! The schedule is open: a command is due every 5 ms whether or not earlier ones were answered, and its time counts from
//! when it was due. So a house that stalls pays for every command that it kept waiting.

use crate::row;
use bytes::Bytes;
use futures::StreamExt;
use narhet_bus::Headers;
use narhet_tests::{Folder, House, NatsProcess};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs::File,
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

const RATE_PER_S: u32 = 200;
const TIME: Duration = Duration::from_secs(20);
/// Not counted: connections open, caches fill.
const WARM_UP: Duration = Duration::from_secs(2);
const FLOOR_TIME: Duration = Duration::from_secs(4);
/// How long the last events may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
const REPORTED: &str = "event: se.narhet.situation.incident-reported.v1";

/// When each incident's line came.
type Lines = Arc<Mutex<HashMap<String, Instant>>>;

/// One command: when it was due, when its 201 came, its incident.
struct Done {
    due: Instant,
    answered: Instant,
    id: String,
}

pub fn latency() {
    if let Err(why) = binary() {
        row("POST to 201, to the SSE line", "not measured", &why);
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let load_before = load();
        floor().await;
        measure(&load_before).await;
    });
}

/// The release binary beside this bench, or NARHET_BINARY.
fn binary() -> Result<(), String> {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.ancestors().nth(2)?.join("narhet")));
    let binary = std::env::var_os("NARHET_BINARY").map(PathBuf::from).or(beside).unwrap_or_default();
    if binary.is_file() {
        return Ok(());
    }
    Err(format!("{} is missing: cargo build --release -p narhet, or make bench", binary.display()))
}

/// What no house on this machine can go below: one sync and one round trip over the bus, at the same pace.
async fn floor() {
    let folder = folder("floor");
    let nats = NatsProcess::start(folder.path());
    let (server, client) = (nats.connect("situation").await, nats.connect("gateway").await);
    let mut requests = server.serve("narhet.stad.cmd.situation.>", 16).await.expect("the subject can be served");
    let answering = tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let (_, _, payload, answer) = request.into_parts();
            answer.send(payload).await;
        }
    });
    let mut file = File::create(folder.path().join("floor")).expect("the folder can be written");
    let (block, payload) = ([7_u8; 1_024], Bytes::from(vec![7_u8; 512]));
    let (mut syncs, mut trips, mut both) = (Vec::new(), Vec::new(), Vec::new());
    let mut pace = Pace::start();
    let started = Instant::now();
    while started.elapsed() < FLOOR_TIME {
        tokio::task::block_in_place(|| pace.next());
        let begun = Instant::now();
        file.write_all(&block).and_then(|()| file.sync_data()).expect("the disk takes 1 KiB");
        let synced = Instant::now();
        let answer =
            client.request("narhet.stad.cmd.situation.echo", Headers::new(), payload.clone(), Duration::from_secs(5));
        answer.await.expect("nats-server answers");
        let ended = Instant::now();
        // The first second opens what is opened once.
        if started.elapsed() > Duration::from_secs(1) {
            syncs.push(synced - begun);
            trips.push(ended - synced);
            both.push(ended - begun);
        }
    }
    answering.abort();
    let note = format!("{} of each at {RATE_PER_S}/s", both.len());
    row("floor: 1 KiB appended + fdatasync, p50 / p99", &figures(&mut syncs), &note);
    row("floor: NATS request and reply, p50 / p99", &figures(&mut trips), "a real nats-server, two connections");
    row("floor: both, p50 / p99", &figures(&mut both), "");
}

async fn measure(load_before: &str) {
    let folder = folder("house");
    let house = House::up(&folder.path().join("data"), &["--demo"]);
    let lines = Lines::default();
    let auditor = house.token("auditor", None);
    let request = house.get("/v1/events", &auditor).header("accept", "text/event-stream");
    let answer = request.send().await.expect("the house answers");
    let listening = tokio::spawn(listen(answer, Arc::clone(&lines)));

    let token = house.token("coordinator", Some("norra-innerstaden"));
    let (due, mut dues) = mpsc::unbounded_channel();
    // A thread of its own: the runtime's timers wake a millisecond late.
    let pacing = std::thread::spawn(move || {
        let mut pace = Pace::start();
        let commands = (TIME + WARM_UP).as_secs_f64() * f64::from(RATE_PER_S);
        for _ in 0..commands as u64 {
            let _ = due.send(pace.next());
        }
    });
    let started = Instant::now();
    let mut commands = Vec::new();
    while let Some(due) = dues.recv().await {
        let body = serde_json::json!({
            "title": "Rökutveckling i tunnelbanan", "kind": "fire", "needsSupport": true,
            "place": { "type": "Point", "coordinates": [18.0649, 59.3326] },
        });
        let key = format!("latency-{}", commands.len());
        let request = house.post("/v1/incidents", &token).header("idempotency-key", key).json(&body);
        commands.push(tokio::spawn(async move {
            let answer = request.send().await.expect("the house answers");
            let (status, reply) = (answer.status(), answer.bytes().await.expect("a body"));
            let answered = Instant::now();
            if status != 201 {
                return Err(format!("{status}: {}", String::from_utf8_lossy(&reply)));
            }
            let reply: Value = serde_json::from_slice(&reply).expect("JSON");
            Ok(Done { due, answered, id: reply["id"].as_str().expect("an id").to_owned() })
        }));
    }
    pacing.join().expect("the pace ends");
    let mut done = Vec::new();
    for command in commands {
        match command.await.expect("a command ends") {
            Ok(one) => done.push(one),
            Err(refused) => {
                row(
                    "POST to 201, to the SSE line",
                    "not measured",
                    &format!("after {} commands {refused}", done.len()),
                );
                return;
            }
        }
    }
    let took = started.elapsed();
    while lines.lock().expect("nobody panics").len() < done.len() {
        assert!(started.elapsed() < took + PATIENCE, "not every incident came on the stream");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    listening.abort();
    let lines = lines.lock().expect("nobody panics");
    let counted: Vec<&Done> = done.iter().filter(|done| done.due - started > WARM_UP).collect();
    let mut answers: Vec<Duration> = counted.iter().map(|done| done.answered - done.due).collect();
    let mut streamed: Vec<Duration> =
        counted.iter().map(|done| lines[&done.id].saturating_duration_since(done.due)).collect();
    let note = format!("{} commands at {:.0}/s", counted.len(), done.len() as f64 / took.as_secs_f64());
    row("POST to 201, p50 / p99", &figures(&mut answers), &note);
    let verdict = verdict(&mut streamed);
    row("POST to the SSE line of its event, p50 / p99", &figures(&mut streamed), &verdict);
    row("  the slowest of them: 201 / SSE line", &slowest(&answers, &streamed), "");
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let note = format!("{processors} processors; before {load_before}; house, client and bus share them");
    row("  load of the machine (1, 5, 15 min)", &load(), &note);
}

/// Notes when the line of each incident came.
async fn listen(answer: reqwest::Response, lines: Lines) {
    let (mut chunks, mut buffer) = (answer.bytes_stream(), Vec::new());
    let mut reported = false;
    while let Some(Ok(chunk)) = chunks.next().await {
        let came = Instant::now();
        buffer.extend_from_slice(&chunk);
        let mut rest = buffer.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if line.starts_with(b"event: ") {
                reported = line == REPORTED.as_bytes();
            } else if let Some(data) = line.strip_prefix(b"data: ")
                && reported
            {
                let event: Value = serde_json::from_slice(data).expect("an event is JSON");
                let id = event["data"]["incidentId"].as_str().expect("it names its incident").to_owned();
                lines.lock().expect("nobody panics").insert(id, came);
            }
        }
        let read = buffer.len() - rest.len();
        buffer.drain(..read);
    }
}

/// Instants a fixed time apart, whatever happens in between.
struct Pace {
    next: Instant,
}

impl Pace {
    fn start() -> Pace {
        Pace { next: Instant::now() }
    }

    /// Sleeps until the next one is due, not at all when it is overdue; when it was due.
    fn next(&mut self) -> Instant {
        let due = self.next;
        self.next += Duration::from_secs(1) / RATE_PER_S;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due
    }
}

/// On the disk that is measured, as the store's bench has it.
fn folder(name: &str) -> Folder {
    Folder::new(&format!("latency-{name}"))
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

fn figures(times: &mut [Duration]) -> String {
    format!("{} / {} ms", millis(percentile(times, 50)), millis(percentile(times, 99)))
}

fn slowest(answers: &[Duration], streamed: &[Duration]) -> String {
    let most = |times: &[Duration]| millis(times.iter().max().copied().unwrap_or_default());
    format!("{} / {} ms", most(answers), most(streamed))
}

fn verdict(streamed: &mut [Duration]) -> String {
    let good =
        percentile(streamed, 50) < Duration::from_millis(5) && percentile(streamed, 99) < Duration::from_millis(25);
    format!("wanted: p50 < 5 ms, p99 < 25 ms: {}", if good { "met" } else { "MISSED" })
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
