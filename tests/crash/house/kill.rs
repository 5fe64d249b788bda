//! kill -9 in a loop on one folder: while it starts, while it works, while it stops.

use crate::{
    feed::Feed,
    ledger::{Ledger, Random, report_until_killed},
};
use narhet_tests::{Folder, House, house, until};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How many lives in a normal test run; `NARHET_CRASH_CYCLES` says otherwise.
const CYCLES: usize = 12;
/// Clients that report at the same time.
const CLIENTS: u64 = 4;
/// The whole feed is read again after so many lives, and at the end; in between only what is new.
const WHOLE_FEED_EVERY: usize = 10;
/// The first house is killed within this; later ones within the time that the last start took, and a tenth more.
const FIRST_START: Duration = Duration::from_millis(700);
/// A house that works is killed within this after its first client began.
const WORK: Duration = Duration::from_millis(900);
/// A house that stops is killed within this after it was told to.
const STOP: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    Starting,
    Working,
    Stopping,
}

impl Death {
    /// The first house never gets as far as being ready; the rest is fate.
    fn of(cycle: usize, random: &mut Random) -> Death {
        match random.below(8) {
            _ if cycle == 0 => Death::Starting,
            0..=2 => Death::Starting,
            3 => Death::Stopping,
            _ => Death::Working,
        }
    }
}

struct Tokens {
    reporters: Vec<String>,
    reader: String,
    auditor: String,
}

impl Tokens {
    /// Minted once: they must be good for every later life of the house.
    fn mint(house: &House) -> Tokens {
        let boards = ["norra-innerstaden", "sodermalm"];
        Tokens {
            reporters: boards.iter().map(|board| house.token("coordinator", Some(board))).collect(),
            reader: house.token("ckl", None),
            auditor: house.token("auditor", None),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_killed_at_any_instant_keeps_what_it_acknowledged_and_does_what_it_owes() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cycles = number("NARHET_CRASH_CYCLES").map_or(CYCLES, |cycles| usize::try_from(cycles).unwrap());
    let seed = number("NARHET_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("{cycles} lives; NARHET_CRASH_SEED={seed} makes the same choices again");
    let mut random = Random::new(seed);
    let folder = Folder::new("crash-house");
    let data = folder.path().join("data");
    let (mut ledger, mut feed, mut tokens) = (Ledger::default(), None, None);
    let mut deaths = [0; 3];
    let (mut settling, mut starting) = (Duration::ZERO, FIRST_START);
    for cycle in 0..cycles {
        let death = Death::of(cycle, &mut random);
        deaths[death as usize] += 1;
        let born = Instant::now();
        if death == Death::Starting {
            let mut child = house::spawn(&data, &["up", "--http", "127.0.0.1:0", "--demo"]);
            random.sleep_within(starting).await;
            house::kill_group(&mut child);
            println!("cycle {cycle}: {death:?}, killed after {:?}", born.elapsed());
            continue;
        }
        let mut house = start(&data).await;
        let ready = born.elapsed();
        starting = ready * 11 / 10;
        let tokens = tokens.get_or_insert_with(|| Tokens::mint(&house));
        settle(&house, tokens, &mut ledger, &mut feed, cycle % WHOLE_FEED_EVERY == 0).await;
        settling += born.elapsed() - ready;

        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let token = tokens.reporters[client as usize % tokens.reporters.len()].clone();
                let name = format!("{seed}-{cycle}-{client}");
                tokio::spawn(report_until_killed(house.url.clone(), token, name, random.below(u64::MAX)))
            })
            .collect();
        random.sleep_within(WORK).await;
        if death == Death::Stopping {
            terminate(house.pid());
            random.sleep_within(STOP).await;
        }
        house.kill();
        for client in clients {
            ledger.note(client.await.expect("a client ends well"));
        }
        println!(
            "cycle {cycle}: {death:?}, ready after {ready:?}, life {:?}; {} told of, {} unknown",
            born.elapsed(),
            ledger.acknowledged(),
            ledger.unknown()
        );
    }

    let mut house = start(&data).await;
    let tokens = tokens.unwrap_or_else(|| Tokens::mint(&house));
    settle(&house, &tokens, &mut ledger, &mut feed, true).await;
    let checking = Instant::now();
    ledger.check_all(&house, &tokens.reader).await;
    settling += checking.elapsed();
    assert!(house.stop(), "a good stop ends with success");
    no_nats_server_of(&data).await;
    let feed = feed.unwrap();
    verified(&data, &feed);
    let log = std::fs::read_to_string(house::log_path(&data)).unwrap();
    assert!(!log.contains("panicked"), "nothing panicked in any life: {}", house::log_path(&data).display());
    assert!(cycles < 5 || ledger.acknowledged() > cycles, "the house worked between its deaths");
    let [starting, working, stopping] = deaths;
    println!(
        "{cycles} lives: {starting} ended while starting, {working} while working, {stopping} while stopping; {} incidents \
         ({} unanswered, of which {} had been recorded), {} events, {settling:?} of settling and checking",
        ledger.acknowledged(),
        ledger.unanswered,
        ledger.unanswered_but_recorded,
        feed.events()
    );
}

/// At once, while the kernel may still be busy with the one before. It has one nats-server and no other is left.
async fn start(data: &Path) -> House {
    let house = House::up(data, &["--demo"]);
    until("one nats-server serves the folder", || async { (nats_servers_of(data).len() == 1).then_some(()) }).await;
    house
}

/// What is owed gets done, and the feed is what it was and more.
async fn settle(house: &House, tokens: &Tokens, ledger: &mut Ledger, feed: &mut Option<Feed>, whole: bool) {
    let reached = ledger.settle(house, &tokens.reader).await;
    match feed {
        Some(feed) if !whole => feed.go_on(house, &tokens.auditor, &reached).await,
        _ => {
            let read = Feed::whole(house, &tokens.auditor, &reached).await;
            if let Some(earlier) = feed {
                read.continues(earlier);
            }
            *feed = Some(read);
        }
    }
    let feed = feed.as_ref().expect("it was just read");
    feed.is_settled();
    let told = ledger.incidents();
    assert!(told.keys().eq(feed.reported.keys()), "told of and recorded are the same incidents, each once");
    for (incident, position) in told {
        assert!(feed.positions[&incident] <= position, "{incident}: the answer named a later place than it has");
    }
}

fn verified(data: &Path, feed: &Feed) {
    let (good, out, err) = house::run(data, &["verify", "--json"]);
    assert!(good, "{out}{err}");
    let mut reports = 0;
    for line in out.lines() {
        let report: Value = serde_json::from_str(line).expect("one report a line");
        let context = report["context"].as_str().expect("a report names its context");
        let events = report["events"].as_u64().or_else(|| report["events"].as_str()?.parse().ok());
        assert_eq!(events, Some(feed.lengths()[context]), "{context}: {report}");
        reports += 1;
    }
    assert_eq!(reports, feed.lengths().len());
}

fn terminate(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("the house has a process");
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
}

async fn no_nats_server_of(data: &Path) {
    until("no nats-server outlives its house", || async { nats_servers_of(data).is_empty().then_some(()) }).await;
}

/// The process ids of the nats-servers that were started for this folder.
fn nats_servers_of(data: &Path) -> Vec<String> {
    let config = data.join("nats/nats.conf").display().to_string();
    let processes = std::fs::read_dir("/proc").expect("/proc can be listed").flatten();
    processes
        .filter(|process| {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let arguments: Vec<_> = line.split(|byte| *byte == 0).collect();
            arguments[0].ends_with(b"nats-server") && arguments.contains(&config.as_bytes())
        })
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_nats_server_outlives_a_killed_house() {
    let folder = Folder::new("crash-nats");
    let data = folder.path().join("data");
    let mut house = House::up(&data, &["--demo=empty"]);
    assert_eq!(nats_servers_of(&data).len(), 1, "a house has a nats-server of its own");
    house.kill();
    no_nats_server_of(&data).await;
}
