//! Readiness at the size of a city: a year's cover for eleven areas, and how soon alarms have left the house for a real local
//! receiver, counted from the commit of what raised them.

use crate::row;
use narhet_bus::{Bus, Twin};
use narhet_duty::{
    Duty,
    channels::{Channels, ChannelsConfig},
};
use narhet_kernel::{Clock, Context, Principal, Role, Timestamp, Uuid};
use narhet_proto::wire::{Answer, Request};
use narhet_runtime::{Caller, HostOptions, host};
use narhet_tests::{Folder, Receiver, until};
use serde_json::{Value, json, value::to_raw_value};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const AREAS: usize = 11;
const ASKED: usize = 21;
/// Partners of a first step, and recipients of a large call-in.
const RECIPIENTS: [(usize, &str); 2] = [(40, "asked for: under 1 s"), (1_000, "asked for: under 10 s")];

pub fn duty() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let (twin, folder, stop) = (Twin::default(), Folder::new("bench-duty"), CancellationToken::new());
    let caller = Caller::new(Bus::Twin(twin.clone()));
    let options = |context: Context| {
        let keys = folder.path().join("keys").join(context.name());
        let folder = folder.path().join(context.name());
        HostOptions { folder, keys_folder: keys.clone(), kek_folder: keys, clock: Clock::system() }
    };
    let bus = || Bus::Twin(twin.clone());
    let config = json!({ "webhook": { "secret": "provhemlighet", "plain-http": true } });
    let config: ChannelsConfig = serde_json::from_value(config).expect("a configuration");
    let channels = Channels::open(&config, None).expect("the webhook can be set up");
    let mut roles = tokio::task::JoinSet::new();
    roles.spawn(host::run(narhet_area::AreaService::default(), bus(), options(Context::Area), stop.clone()));
    roles.spawn(host::run(narhet_actors::Actors::default(), bus(), options(Context::Actors), stop.clone()));
    roles.spawn(host::run(narhet_situation::Situation::default(), bus(), options(Context::Situation), stop.clone()));
    roles.spawn(host::run(Duty::with_channels(channels), bus(), options(Context::Duty), stop.clone()));
    for context in Context::ALL {
        until("everybody is ready", || async {
            caller.health(context).await.is_ok_and(|health| health.ready).then_some(())
        })
        .await;
    }
    let receiver = Receiver::start().await;
    // First, while there are no rosters: every change looks at the cover of a year.
    for (count, note) in RECIPIENTS {
        let took = call_in(&caller, &receiver, count).await;
        row(&format!("call-in durable to {count} webhooks received"), &format!("{:.0} ms", millis(took)), note);
    }
    cover(&caller).await;
    stop.cancel();
    while roles.join_next().await.is_some() {}
}

/// Every area has a board of its own with a rotation round the clock, and so has socialnämnden.
async fn cover(caller: &Caller) {
    let imported = command(caller, Context::Area, "import-division", &map()).await;
    until("duty has the map", || async {
        let health = caller.health(Context::Duty).await.ok()?;
        (health.vector.position(Context::Area) >= imported.cursor.position(Context::Area)).then_some(())
    })
    .await;
    let asked = json!({});
    let areas = query(caller, "coverage", &asked).await["areas"].clone();
    let areas = areas.as_array().expect("areas").clone();
    assert_eq!(areas.len(), AREAS, "{areas:?}");
    let boards = areas.iter().filter_map(|area| area["id"].as_str()).chain(["socialnamnden"]);
    for board in boards {
        put(caller, "function", &format!("krisstod-{board}"), function(board, "http://127.0.0.1:1/larm")).await;
        put(caller, "roster", &format!("krisstod-{board}"), roster(board)).await;
    }
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let began = Instant::now();
        let cover = query(caller, "coverage", &asked).await;
        times.push(began.elapsed());
        assert_eq!(cover["covered"], true, "{cover}");
    }
    times.sort();
    row("a year's cover, 11 areas, median", &format!("{:.1} ms", millis(times[ASKED / 2])), "asked for: under 200 ms");
    row("a year's cover, 11 areas, slowest", &format!("{:.1} ms", millis(times[ASKED - 1])), "");
}

/// From the answer to the command, when it is durable, to the last recipient's effect.
async fn call_in(caller: &Caller, receiver: &Receiver, count: usize) -> Duration {
    let ids: Vec<String> = (0..count).map(|number| format!("mottagare-{count}-{number}")).collect();
    for id in &ids {
        put(caller, "function", id, function("kommunstyrelsen", &receiver.url)).await;
    }
    let before = receiver.taken().len();
    let waves = json!([{ "functions": ids, "acknowledgeWithinS": 3_600 }]);
    let call = json!({ "board": "kommunstyrelsen", "accept": count, "waves": waves });
    command(caller, Context::Duty, "start-call-in", &call).await;
    let durable = Instant::now();
    until("everybody is told", || async { (receiver.taken().len() >= before + count).then_some(()) }).await;
    durable.elapsed()
}

fn map() -> Value {
    let strip = |number: usize| {
        let edge = |number: usize| (1_780 + 2 * number) as f64 / 100.0;
        let (west, east) = (edge(number), edge(number + 1));
        let ring = json!([[west, 59.25], [east, 59.25], [east, 59.5], [west, 59.5], [west, 59.25]]);
        json!({
            "type": "Feature", "properties": { "name": format!("Område {number}") },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        })
    };
    let boundaries = json!({ "type": "FeatureCollection", "features": (0..AREAS).map(strip).collect::<Vec<_>>() });
    json!({ "boundaries": boundaries.to_string(), "validFrom": "2023-07-01", "source": "påhittad" })
}

fn function(board: &str, address: &str) -> Value {
    let ways = json!([{ "channel": "webhook", "address": address }]);
    json!({ "board": board, "kind": "crisis-support", "name": "Krisstöd", "contactWays": ways, "source": "mätning" })
}

fn roster(board: &str) -> Value {
    let crew: Vec<Value> = (0..6).map(|id| json!({ "id": format!("lag-{id}"), "name": format!("Lag {id}") })).collect();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let shift = |from: &str, to: &str| json!({ "weekdays": days, "from": from, "to": to, "onHolidays": "alike" });
    json!({
        "board": board, "function": format!("krisstod-{board}"), "name": "Dygnet runt", "validFrom": "2026-01-01T00:00:00Z",
        "layers": [{
            "name": "dygnet runt", "starts": "2026-01-05", "turnDays": 7, "crew": crew,
            "shifts": [shift("06:00", "14:00"), shift("14:00", "22:00"), shift("22:00", "06:00")],
        }],
    })
}

async fn put(caller: &Caller, kind: &str, id: &str, record: Value) {
    command(caller, Context::Duty, "put-record", &json!({ "kind": kind, "id": id, "record": record })).await;
}

async fn command(caller: &Caller, context: Context, name: &str, body: &Value) -> Answer {
    caller.command(context, name, request(Some(&Uuid::new_v4().to_string()), body)).await.expect("it is done")
}

async fn query(caller: &Caller, name: &str, body: &Value) -> Value {
    let reply = caller.query(Context::Duty, name, request(None, body)).await.expect("duty answers");
    serde_json::from_str(reply.body.get()).expect("an answer is JSON")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn request(key: Option<&str>, body: &Value) -> Request {
    Request {
        principal: Principal { roles: vec![Role::Admin], demo: true, ..Principal::house() },
        deadline: Timestamp::now() + jiff::SignedDuration::from_secs(60),
        correlation_id: Uuid::new_v4(),
        idempotency_key: key.map(str::to_owned),
        if_match: None,
        min_cursor: None,
        body: to_raw_value(body).expect("JSON serializes"),
    }
}
