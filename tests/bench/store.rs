//! The event store: durable appends against PostgreSQL and the bare disk, reading, memory, disk space, reopening.

use crate::{postgres, row};
use narhet_event_store::{Commit, Expected, NewEvent, Options, Store, StreamWrite};
use narhet_kernel::{Clock, StreamId};
use std::{
    fs,
    io::Write,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const WRITERS: usize = 64;
const STREAMS: u64 = 20_000;
const EVENTS: u64 = 1_000_000;
const DATA_BYTES: usize = 300;
const APPEND_TIME: Duration = Duration::from_secs(8);

/// A folder on the disk that is measured; a RAM disk would make every sync free.
fn folder(name: &str) -> PathBuf {
    let base = std::env::var_os("NARHET_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = base.join(format!("narhet-bench-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the bench folder can be made");
    folder
}

fn stream(number: u64) -> StreamId {
    StreamId::new(
        "incident",
        &format!("{:08x}-7c1e-4a54-9d0b-{number:012x}", number.wrapping_mul(2_654_435_761) as u32),
    )
}

/// A head as the services write it, with 300 bytes of data.
fn event(stream: &StreamId) -> NewEvent {
    let id = Uuid::now_v7();
    let mut head = Vec::with_capacity(1_100);
    let data = "d".repeat(DATA_BYTES - 12);
    write!(
        head,
        concat!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/narhet/stad/situation","#,
            r#""type":"se.narhet.situation.incident-noted.v1","subject":"{stream}","#,
            r#""datacontenttype":"application/json","correlationid":"{id}","causationid":"{id}","#,
            r#""principal":"p-0123456789abcdef","role":"duty-officer","owner":"norra-innerstaden","readers":"*","#,
            r#""klass":"k1r2t1","exercise":"false","occurredat":"2026-11-20T19:58:00Z","data":{{"note":"{data}"}}"#
        ),
        id = id,
        stream = stream,
        data = data
    )
    .expect("writing to memory does not fail");
    NewEvent { id, head }
}

fn commit(stream: StreamId) -> Commit {
    let events = vec![event(&stream)];
    Commit { writes: vec![StreamWrite { stream, expected: Expected::Any, events }], ..Commit::default() }
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

pub fn appends() {
    let bare = bare_sync();
    let one = one_writer();
    row("bare pwrite + fdatasync, p50", &micros(bare), "1 KiB into allocated space");
    row("one writer, append to durable, p50", &micros(one), &format!("{:.1}x bare (target 2x)", ratio(one, bare)));
    let (rate, stored_bytes, p99) = many_writers();
    let note = format!("{WRITERS} writers, {STREAMS} streams, {stored_bytes} B stored each, p99 {}", micros(p99));
    row("durable single-event appends", &format!("{rate:.0}/s"), &note);
    match postgres::inserts_per_second(&folder("postgres"), APPEND_TIME, stored_bytes) {
        Ok((peer, note)) => {
            row("PostgreSQL 15 inserts, 32 clients", &format!("{peer:.0}/s"), &note);
            row("ratio", &format!("{:.1}x", rate / peer), "target 9x");
        }
        Err(why) => row("PostgreSQL 15 inserts, 32 clients", "not measured", &why),
    }
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn bare_sync() -> Duration {
    let folder = folder("bare");
    let file = fs::File::create(folder.join("file")).expect("a file can be made");
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, 8 << 20).expect("space can be allocated");
    file.sync_all().expect("the file can be synced");
    let bytes = vec![b'x'; 1_024];
    let mut times = Vec::new();
    for number in 0..3_000 {
        let start = Instant::now();
        file.write_all_at(&bytes, number * 1_024).expect("the file can be written");
        file.sync_data().expect("the file can be synced");
        times.push(start.elapsed());
    }
    let _ = fs::remove_dir_all(folder);
    percentile(&mut times, 50)
}

fn one_writer() -> Duration {
    let folder = folder("one");
    let store = Store::open(Options::new(&folder, Clock::system())).expect("the store opens");
    let mut times = Vec::new();
    for number in 0..3_000 {
        let commit = commit(stream(number % STREAMS));
        let start = Instant::now();
        let last = store.append(commit).expect("the append is accepted").last();
        store.wait_durable(last).expect("the append is durable");
        times.push(start.elapsed());
    }
    drop(store);
    let _ = fs::remove_dir_all(folder);
    percentile(&mut times, 50)
}

/// Events a second, bytes an event, p99 of an append.
fn many_writers() -> (f64, u64, Duration) {
    let folder = folder("many");
    let store = Store::open(Options::new(&folder, Clock::system())).expect("the store opens");
    let (rate, mut times) = append_for(&store, APPEND_TIME, u64::MAX);
    let stored = store.read_all(1, 1, 0).expect("the log can be read")[0].bytes.len() as u64;
    drop(store);
    let _ = fs::remove_dir_all(folder);
    (rate, stored, percentile(&mut times, 99))
}

/// The defaults, unless the environment says otherwise: for finding better ones.
fn options(folder: &Path) -> Options {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let mut options = Options::new(folder, Clock::system());
    if let Some(events) = number("NARHET_BENCH_FOLD_EVENTS") {
        options.fold_events = events as usize;
    }
    if let Some(bytes) = number("NARHET_BENCH_SLED_CACHE_BYTES") {
        options.sled_cache_bytes = bytes;
    }
    options
}

/// Runs the writers as tasks, as a service does, each waiting for its event before the next.
fn append_for(store: &Store, time: Duration, events: u64) -> (f64, Vec<Duration>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts");
    let names: Arc<Vec<StreamId>> = Arc::new((0..STREAMS).map(stream).collect());
    let given = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut times = Vec::new();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..WRITERS {
            let (store, names, given) = (store.clone(), Arc::clone(&names), Arc::clone(&given));
            tasks.push(tokio::spawn(async move {
                let mut times = Vec::new();
                while start.elapsed() < time {
                    let number = given.fetch_add(1, Ordering::Relaxed);
                    if number >= events {
                        break;
                    }
                    let name = names[(number.wrapping_mul(7_919) % STREAMS) as usize].clone();
                    let begun = Instant::now();
                    let last = store.append(commit(name)).expect("the append is accepted").last();
                    store.durable(last).await.expect("the append is durable");
                    if number % 8 == 0 {
                        times.push(begun.elapsed());
                    }
                }
                times
            }));
        }
        for task in tasks {
            times.extend(task.await.expect("a writer ends by itself"));
        }
    });
    (store.committed_position() as f64 / start.elapsed().as_secs_f64(), times)
}

/// Set in the process that measures the million: memory that earlier measurements left would be counted with it.
const FRESH: &str = "NARHET_BENCH_FRESH";

/// What a log of a million events takes in memory, on disk and at start, measured in a process of its own.
pub fn a_million() {
    if std::env::var_os(FRESH).is_some() {
        return measure_a_million();
    }
    let program = std::env::current_exe().expect("the benchmark knows its own path");
    let output = Command::new(program).arg("million").env(FRESH, "1").stderr(Stdio::inherit()).output();
    let output = output.expect("the benchmark can start itself");
    // The table's head is there already.
    String::from_utf8_lossy(&output.stdout).lines().skip(1).for_each(|line| println!("{line}"));
    assert!(output.status.success(), "measuring a million events failed");
}

fn measure_a_million() {
    let folder = folder("million");
    let store = Store::open(options(&folder)).expect("the store opens");
    let before = resident_bytes("VmRSS:");
    let (rate, times) = append_for(&store, Duration::from_secs(600), EVENTS);
    drop(times);
    row("1 M events appended, no pause", &format!("{rate:.0}/s"), "includes every fold into sled");
    let (resident, peak) = (resident_bytes("VmRSS:"), resident_bytes("VmHWM:"));
    let note = format!(
        "target 250 MB; peak until then {} MB; {} MB before, benchmark included",
        peak / 1_000_000,
        before / 1_000_000
    );
    row("resident memory at 1 M events", &format!("{} MB", resident / 1_000_000), &note);
    let mut read = 0;
    let mut bytes = 0;
    let start = Instant::now();
    while read < EVENTS {
        let page = store.read_all(read + 1, 10_000, 1 << 20).expect("the log can be read");
        read += page.len() as u64;
        bytes += page.iter().map(|event| event.bytes.len() as u64).sum::<u64>();
    }
    let rate = EVENTS as f64 / start.elapsed().as_secs_f64();
    row("reading all, CRC checked", &format!("{rate:.0}/s"), "target 1 M/s; from the page cache");
    let start = Instant::now();
    store.stop();
    row("clean stop", &format!("{:.2} s", start.elapsed().as_secs_f64()), "folds the rest");
    drop(store);
    let disk = disk_bytes(&folder);
    let sled = disk_bytes(&folder.join("sled"));
    let note = format!("target 1.6x; {} MB stored, sled {} MB", bytes / 1_000_000, sled / 1_000_000);
    row("disk / stored bytes", &format!("{:.2}x", disk as f64 / bytes as f64), &note);
    let start = Instant::now();
    let store = Store::open(Options::new(&folder, Clock::system())).expect("the store opens");
    row("reopen after a clean stop", &format!("{:.2} s", start.elapsed().as_secs_f64()), "target 2 s");
    assert_eq!(store.head(), EVENTS);
    row("resident memory after the reopening", &format!("{} MB", resident_bytes("VmRSS:") / 1_000_000), "");
    drop(store);
    fs::remove_dir_all(folder.join("sled")).expect("sled can be removed");
    let start = Instant::now();
    let store = Store::open(Options::new(&folder, Clock::system())).expect("the store opens");
    row("reopen with sled deleted", &format!("{:.2} s", start.elapsed().as_secs_f64()), "the index is built anew");
    drop(store);
    let _ = fs::remove_dir_all(folder);
}

/// A figure of this process, by its name in `/proc/self/status`.
fn resident_bytes(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) * 1_024
}

/// Space taken on the disk, as du counts it.
fn disk_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
            Ok(metadata) => metadata.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}
