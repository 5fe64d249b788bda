//! From the request to the durable case: a report is decided and written by situation, routed and written by duty, both on
//! real disks; the bus between them is the in-process twin, so that what is measured is the house and not a broker.

use crate::row;
use narhet_bus::{Bus, Twin};
use narhet_kernel::{BoardId, Clock, Context, Principal, Role, Timestamp, Uuid, Vector};
use narhet_proto::wire::Request;
use narhet_runtime::{Caller, HostOptions, host};
use narhet_tests::Folder;
use serde_json::{Value, json, value::to_raw_value};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const REPORTS: usize = 2_000;
/// Not counted: files grow, caches fill.
const WARM_UP: usize = 200;

pub fn routing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let (mut whole, mut routed) = runtime.expect("a runtime").block_on(measure());
    let note = format!("{} reports one after the other", whole.len());
    row("report asked to its case durable, p99", &percentile(&mut whole, 99), &note);
    row("report asked to its case durable, p50", &percentile(&mut whole, 50), "");
    row("report durable to its case durable (routing), p99", &percentile(&mut routed, 99), "asked for: under 5 ms");
    row("report durable to its case durable (routing), p50", &percentile(&mut routed, 50), "");
}

fn percentile(times: &mut [Duration], percent: usize) -> String {
    times.sort();
    let at = times[(times.len() - 1) * percent / 100];
    format!("{:.2} ms", at.as_secs_f64() * 1_000.0)
}

async fn measure() -> (Vec<Duration>, Vec<Duration>) {
    let (twin, folder, stop) = (Twin::default(), Folder::new("bench-routing"), CancellationToken::new());
    let caller = Caller::new(Bus::Twin(twin.clone()));
    let options = |context: Context| {
        let keys = folder.path().join("keys").join(context.name());
        let folder = folder.path().join(context.name());
        HostOptions { folder, keys_folder: keys.clone(), kek_folder: keys, clock: Clock::system() }
    };
    let bus = || Bus::Twin(twin.clone());
    let mut roles = tokio::task::JoinSet::new();
    roles.spawn(host::run(narhet_area::AreaService::default(), bus(), options(Context::Area), stop.clone()));
    roles.spawn(host::run(narhet_actors::Actors::default(), bus(), options(Context::Actors), stop.clone()));
    roles.spawn(host::run(narhet_duty::Duty::default(), bus(), options(Context::Duty), stop.clone()));
    roles.spawn(host::run(narhet_situation::Situation::default(), bus(), options(Context::Situation), stop.clone()));
    for context in Context::ALL {
        narhet_tests::until("everybody is ready", || async {
            caller.health(context).await.is_ok_and(|health| health.ready).then_some(())
        })
        .await;
    }
    let (mut whole, mut routed) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + REPORTS {
        let body = json!({
            "title": "Händelse", "place": null, "needsSupport": true,
            "affectedBoards": [{ "id": "socialnamnden", "reason": "prov" }],
        });
        let asked = Instant::now();
        let report = request(Some(&format!("n-{number}")), None, &body);
        let reported = caller.command(Context::Situation, "report-incident", report).await.expect("a report is taken");
        let durable = Instant::now();
        let id = reported.created.expect("a report creates");
        // Answered once duty has applied the report and what it caused is on disk.
        let question = request(None, Some(reported.cursor), &json!({ "incidentId": id }));
        let cases = caller.query(Context::Duty, "cases", question).await.expect("duty answers");
        let done = Instant::now();
        let cases: Value = serde_json::from_str(cases.body.get()).expect("an answer is JSON");
        assert_eq!(cases["items"].as_array().map(Vec::len), Some(1), "the report has its case: {cases}");
        if number >= WARM_UP {
            whole.push(done - asked);
            routed.push(done - durable);
        }
    }
    stop.cancel();
    while roles.join_next().await.is_some() {}
    (whole, routed)
}

fn request(key: Option<&str>, min_cursor: Option<Vector>, body: &Value) -> Request {
    Request {
        principal: Principal { roles: vec![Role::Ckl], board: BoardId::new("kommunstyrelsen"), ..Principal::house() },
        deadline: Timestamp::now() + jiff::SignedDuration::from_secs(20),
        correlation_id: Uuid::new_v4(),
        idempotency_key: key.map(str::to_owned),
        if_match: None,
        min_cursor,
        body: to_raw_value(body).expect("JSON serializes"),
    }
}
