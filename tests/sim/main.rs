//! The three contexts on the in-process bus, driven by a seed: reports and repeated reports while the bus forgets its tail,
//! roles restart and the clock runs. Whatever the order, every incident ends with one case per affected board.
//!
//! `NARHET_SIM_SEEDS=N` runs more seeds, `NARHET_SIM_SEED=S` one of them.

// In a test a panic is the report.
#![allow(clippy::unwrap_used)]

mod custody;

use narhet_bus::{Bus, Twin};
use narhet_kernel::{BoardId, Clock, Context, Principal, Role, Timestamp, Uuid, Vector};
use narhet_proto::{
    Event, Message,
    events::{
        duty::SupportCaseOpened,
        situation::{IncidentReported, SupportHeld},
    },
    wire::{Answer, ErrorCode, Problem, Request},
};
use narhet_runtime::{Caller, HostError, HostOptions, host, read_page};
use narhet_tests::{Folder, until};
use serde_json::{Value, json, value::to_raw_value};
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Seeds of an ordinary run; each is a different night.
const SEEDS: u64 = 8;
const STEPS: usize = 60;

/// SplitMix64: small, and the same everywhere for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

struct House {
    twin: Twin,
    caller: Caller,
    clock: Clock,
    folder: Folder,
    roles: BTreeMap<Context, (CancellationToken, JoinHandle<Result<(), HostError>>)>,
}

impl House {
    fn start() -> House {
        let twin = Twin::default();
        let mut house = House {
            caller: Caller::new(Bus::Twin(twin.clone())),
            twin,
            clock: Clock::manual("2026-11-20T14:00:00Z".parse().expect("an instant")),
            folder: Folder::new("sim"),
            roles: BTreeMap::new(),
        };
        for context in Context::ALL {
            house.start_role(context);
        }
        house
    }

    fn start_role(&mut self, context: Context) {
        let stop = CancellationToken::new();
        let keys = self.folder.path().join("keys").join(context.name());
        let options = HostOptions {
            folder: self.folder.path().join(context.name()),
            keys_folder: keys.clone(),
            kek_folder: keys,
            clock: self.clock.clone(),
        };
        let (bus, token) = (Bus::Twin(self.twin.clone()), stop.clone());
        let task = match context {
            Context::Area => tokio::spawn(host::run(narhet_area::AreaService::default(), bus, options, token)),
            Context::Duty => tokio::spawn(host::run(narhet_duty::Duty::default(), bus, options, token)),
            Context::Situation => tokio::spawn(host::run(narhet_situation::Situation::default(), bus, options, token)),
            Context::Actors => tokio::spawn(host::run(narhet_actors::Actors::default(), bus, options, token)),
        };
        self.roles.insert(context, (stop, task));
    }

    async fn restart(&mut self, context: Context) {
        self.stop(context).await;
        self.start_role(context);
    }

    async fn stop(&mut self, context: Context) {
        if let Some((stop, task)) = self.roles.remove(&context) {
            stop.cancel();
            task.await.expect("the role does not panic").expect("the role stops well");
        }
    }

    async fn ready(&self) {
        until("everybody is ready", || async {
            for context in Context::ALL {
                if !self.caller.health(context).await.is_ok_and(|health| health.ready) {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// Asks until the outcome is known, as a careful client does.
    async fn command(&self, context: Context, name: &str, key: &str, body: &Value) -> Answer {
        until("the command is answered", || async {
            match self.caller.command(context, name, request(Some(key), body)).await {
                Ok(answer) => Some(answer),
                Err(Problem { code: ErrorCode::Unavailable | ErrorCode::UnknownOutcome, .. }) => None,
                Err(problem) => panic!("{problem}"),
            }
        })
        .await
    }

    async fn support(&self, id: &str) -> Option<Value> {
        let answer =
            self.caller.query(Context::Situation, "incident", request(None, &json!({ "id": id }))).await.ok()?;
        serde_json::from_str::<Value>(answer.body.get()).ok()
    }
}

fn request(key: Option<&str>, body: &Value) -> Request {
    Request {
        principal: Principal {
            id: "p-5151515151515151".to_owned(),
            roles: vec![Role::Ckl, Role::CitySecurity],
            board: BoardId::new("kommunstyrelsen"),
            subject: "tib-funktionen".to_owned(),
            ..Principal::house()
        },
        deadline: Timestamp::now() + jiff::SignedDuration::from_secs(20),
        correlation_id: Uuid::new_v4(),
        idempotency_key: key.map(str::to_owned),
        if_match: None,
        min_cursor: None,
        body: to_raw_value(body).expect("JSON serializes"),
    }
}

/// Two square areas side by side.
fn map() -> Value {
    let square = |west: f64, name: &str| {
        json!({ "type": "Feature", "properties": { "name": name }, "geometry": { "type": "Polygon", "coordinates":
            [[[west, 59.25], [west + 0.25, 59.25], [west + 0.25, 59.5], [west, 59.5], [west, 59.25]]] } })
    };
    division("2023-07-01", &[square(17.75, "Väst"), square(18.0, "Öst")])
}

/// One area where there were two.
fn merged(valid_from: &str) -> Value {
    let whole = json!({ "type": "Feature", "properties": { "name": "Ett" }, "geometry": { "type": "Polygon",
        "coordinates": [[[17.75, 59.25], [18.25, 59.25], [18.25, 59.5], [17.75, 59.5], [17.75, 59.25]]] } });
    division(valid_from, &[whole])
}

fn division(valid_from: &str, areas: &[Value]) -> Value {
    let boundaries = json!({ "type": "FeatureCollection", "features": areas });
    json!({ "boundaries": boundaries.to_string(), "validFrom": valid_from, "source": "påhittad" })
}

fn incident(random: &mut Random, number: usize) -> Value {
    let place = if random.below(4) == 0 { Value::Null } else { place(random) };
    json!({ "title": format!("Händelse {number}"), "place": place, "needsSupport": random.below(5) > 0 })
}

fn place(random: &mut Random) -> Value {
    let lon = |random: &mut Random| 17.8 + 0.4 * (random.below(1_000) as f64 / 1_000.0);
    match random.below(3) {
        0 => json!({ "type": "LineString", "coordinates": [[lon(random), 59.3], [lon(random), 59.4]] }),
        _ => json!({ "type": "Point", "coordinates": [lon(random), 59.3] }),
    }
}

async fn night(seed: u64) {
    let mut random = Random(seed);
    let mut house = House::start();
    house.ready().await;
    let imported = house.command(Context::Area, "import-division", "karta", &map()).await;
    until("situation has the map", || async {
        let health = house.caller.health(Context::Situation).await.ok()?;
        (health.vector.position(Context::Area) >= imported.cursor.position(Context::Area)).then_some(())
    })
    .await;
    let mut reported: Vec<(String, Value, String)> = Vec::new();
    for step in 0..STEPS {
        match random.below(10) {
            0 => {
                let last = Bus::Twin(house.twin.clone()).last("narhet.stad.evt.>").await.ok().flatten();
                let last = last.map_or(0, |message| message.sequence);
                house.twin.roll_back_to(random.below(last + 1));
            }
            1 => {
                let context = Context::ALL[random.below(3) as usize];
                house.restart(context).await;
            }
            2 => {
                let minutes = i64::try_from(random.below(600)).expect("small");
                house.clock.set(house.clock.now() + jiff::SignedDuration::from_mins(minutes));
            }
            3 if !reported.is_empty() => {
                let (key, body, id) = &reported[random.below(reported.len() as u64) as usize];
                let answer = house.command(Context::Situation, "report-incident", key, body).await;
                // A day later the key is forgotten, and asking again is a new report.
                if answer.created.as_ref() != Some(id) {
                    let id = answer.created.expect("a report creates");
                    reported.push((key.clone(), body.clone(), id));
                }
            }
            _ => {
                let (key, body) = (format!("nyckel-{step}"), incident(&mut random, step));
                let answer = house.command(Context::Situation, "report-incident", &key, &body).await;
                reported.push((key, body, answer.created.expect("a report creates")));
            }
        }
    }
    let ids: HashSet<&String> = reported.iter().map(|(_, _, id)| id).collect();
    for id in &ids {
        until("support is held or was not asked for", || async {
            let incident = house.support(id).await?;
            ["held", "none"].contains(&incident["support"].as_str()?).then_some(())
        })
        .await;
    }
    house.ready().await;
    let events = everything(&house.caller).await;
    check(&events, ids.len());
    for context in Context::ALL {
        house.stop(context).await;
    }
}

/// Every event of the three logs, merged as the feed merges them.
async fn everything(caller: &Caller) -> Vec<Event> {
    let (mut events, mut from) = (Vec::new(), Vector::new());
    loop {
        let page = read_page(caller, &Context::ALL, &from, 500).await.expect("the owners answer");
        let Some(last) = page.last() else { return events };
        from = last.vector.clone();
        events.extend(page.into_iter().map(|delivered| delivered.event));
    }
}

fn check(events: &[Event], incidents: usize) {
    let mut seen: HashSet<Uuid> = HashSet::new();
    let mut cases: HashMap<String, Vec<Option<String>>> = HashMap::new();
    let mut notes: HashMap<String, usize> = HashMap::new();
    let mut wanted: HashMap<String, Vec<Option<String>>> = HashMap::new();
    for event in events {
        assert!(event.causationid.is_none_or(|cause| seen.contains(&cause)), "{} comes before its cause", event.id);
        assert!(seen.insert(event.id), "{} comes twice", event.id);
        if event.event_type == IncidentReported::TYPE {
            let reported: IncidentReported = event.data().expect("its type").expect("its data");
            assert_eq!(
                reported.place.is_some(),
                !reported.affected.is_empty(),
                "every known place lies in the map, also for a role that has just started"
            );
            let boards: Vec<Option<String>> = match (reported.needs_support, reported.affected.is_empty()) {
                (false, _) => Vec::new(),
                (true, true) => vec![None],
                (true, false) => reported.affected.iter().map(|affected| Some(affected.board.id.clone())).collect(),
            };
            wanted.insert(reported.incident_id, boards);
        } else if event.event_type == SupportCaseOpened::TYPE {
            let case: SupportCaseOpened = event.data().expect("its type").expect("its data");
            assert!(!case.holder.id.is_empty(), "a case is born with its holder");
            cases.entry(case.incident_id).or_default().push(case.responsible_board.map(|board| board.id));
        } else if event.event_type == SupportHeld::TYPE {
            let held: SupportHeld = event.data().expect("its type").expect("its data");
            *notes.entry(held.incident_id).or_default() += 1;
        }
    }
    assert_eq!(wanted.len(), incidents, "every acknowledged report is there once");
    for (incident, mut boards) in wanted {
        let mut opened = cases.remove(&incident).unwrap_or_default();
        boards.sort();
        opened.sort();
        assert_eq!(opened, boards, "one case per affected board of {incident}");
        assert_eq!(notes.remove(&incident).unwrap_or(0), boards.len(), "each noted once in {incident}");
    }
    assert!(cases.is_empty() && notes.is_empty(), "no case without its incident");
}

/// The seeds of this run: those of an ordinary one, or what the environment asks for.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("NARHET_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("NARHET_SIM_SEEDS").unwrap_or(SEEDS),
    }
}

fn run(night: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("tokio starts").block_on(night);
}

#[test]
fn every_night_ends_with_one_case_per_affected_board() {
    for seed in seeds() {
        eprintln!("NARHET_SIM_SEED={seed}");
        run(night(seed));
    }
}

#[test]
fn custody_is_exact_and_every_timer_fires_whatever_a_night_of_handovers_brings() {
    for seed in seeds() {
        eprintln!("NARHET_SIM_SEED={seed} custody");
        run(custody::night(seed));
    }
}
