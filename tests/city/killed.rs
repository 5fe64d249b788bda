//! A house killed at any instant of its alarms, on a clock that runs fast: no alarm is lost, each key has one effect, and every
//! step keeps its full time whatever time nobody was there.

use crate::{
    SERGELS_TORG,
    alarms::{config, put, staff},
    held, incident, report,
};
use jiff::{SignedDuration, Timestamp};
use narhet_tests::{Folder, House, Receiver, house::json, until};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

/// How many lives in a normal test run; `NARHET_CRASH_CYCLES` says otherwise.
const CYCLES: u64 = 4;
const CASES_PER_LIFE: usize = 3;
/// A life is killed within this after its last report.
const LIFE_MS: u128 = 2_000;
/// How much faster the house's clock runs, and where it begins: a Friday night.
const RATE: i32 = 60;
const NIGHT: &str = "2026-11-20T22:00:00Z";
/// How much longer nobody was there at each restart, in the house's seconds.
const AWAY_S: i64 = 10;
/// What the first step has, in the house's seconds.
const STEP_S: i64 = 120;

/// A house at the time that it would be had it never died, and a little later each time: no time is lived twice.
fn life(data: &Path, config: &Path, born: Instant, lived: u64) -> House {
    let away = SignedDuration::from_secs(AWAY_S * i64::try_from(lived).unwrap());
    let elapsed = SignedDuration::try_from(born.elapsed()).unwrap() * RATE + away;
    let clock = format!("{}x{RATE}", NIGHT.parse::<Timestamp>().unwrap() + elapsed);
    House::up(data, &["--config", config.to_str().unwrap(), "--demo", "--clock", &clock])
}

async fn prepare(house: &House, receiver: &Receiver) {
    let way = json!([{ "channel": "webhook", "address": receiver.url }]);
    let (status, reply) = staff(house, "socialnamnden", "socialjouren", way.clone()).await;
    assert_eq!(status, 201, "{reply}");
    let tib = json!({ "kind": "officer-on-duty", "name": "Stadens TiB", "contactWays": way, "source": "prov" });
    let token = house.token("duty-officer", Some("kommunstyrelsen"));
    let (status, reply) = put(house, "/v1/functions/city-tib", &token, None, &tib).await;
    assert_eq!(status, 201, "{reply}");
    let steps = json!([{ "functions": ["socialjouren"], "acknowledgeWithinS": STEP_S }]);
    let path = json!({ "name": "Krisstöd", "steps": steps, "source": "prov" });
    let token = house.token("duty-officer", Some("socialnamnden"));
    let (status, reply) = put(house, "/v1/alarm-paths/socialnamnden", &token, None, &path).await;
    assert_eq!(status, 201, "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_killed_in_the_middle_of_its_alarms_loses_none_and_sends_each_key_for_one_effect() {
    let cycles = std::env::var("NARHET_CRASH_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(CYCLES);
    let (folder, receiver, born) = (Folder::new("alarms-killed"), Receiver::start().await, Instant::now());
    let config = config(&folder, "");
    let data = folder.path().join("data");
    let mut incidents = Vec::new();
    for cycle in 0..cycles {
        let mut house = life(&data, &config, born, cycle);
        if cycle == 0 {
            prepare(&house, &receiver).await;
        }
        for _ in 0..CASES_PER_LIFE {
            let made = report(&house, &incident("Brand i trapphus", SERGELS_TORG)).await;
            incidents.push(made["id"].as_str().unwrap().to_owned());
        }
        let ms = u64::try_from(uuid::Uuid::new_v4().as_u128() % LIFE_MS).unwrap();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        house.kill();
    }
    let house = life(&data, &config, born, cycles);
    let mut known = BTreeSet::new();
    for incident in &incidents {
        let case = held(&house, incident).await["supportCases"][0]["id"].as_str().unwrap().to_owned();
        let alarm = escalated(&house, &case).await;
        full_time(&alarm);
        let keys = alarm["deliveries"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        known.extend(keys);
        let sent = alarm["deliveries"].as_array().unwrap().iter().filter(|one| one["state"] == "dispatched");
        let taken = receiver.taken();
        for delivery in sent {
            assert!(taken.contains_key(delivery["id"].as_str().unwrap()), "said to be sent and never came: {delivery}");
        }
    }
    let taken = receiver.taken();
    let effects: Vec<_> = taken.iter().filter(|(_, one)| one.body["purpose"] == "case").collect();
    let first = effects.iter().filter(|(_, one)| one.body["function"] == "socialjouren").count();
    assert_eq!(first, incidents.len(), "one effect for each case at the first function");
    let again: usize = effects.iter().map(|(_, one)| one.times - 1).sum();
    println!(
        "{cycles} lives, {} cases, {} effects, {again} came again under a known key",
        incidents.len(),
        effects.len()
    );
    let strangers: Vec<_> = effects
        .iter()
        .filter(|(key, one)| one.body["function"] == "socialjouren" && !known.contains(key.as_str()))
        .collect();
    assert!(strangers.is_empty(), "sent without an intent in the log: {strangers:?}");
}

/// The one alarm of a case, once it has come to the last resort.
async fn escalated(house: &House, case: &str) -> Value {
    let ckl = house.token("ckl", None);
    until("the alarm has come to the last resort", || async {
        let (_, found) = json(house.get(&format!("/v1/alarms?caseId={case}&purpose=case"), &ckl)).await;
        let alarm = found["items"][0].clone();
        assert!(found["total"].as_u64().unwrap_or(0) <= 1, "a case is alarmed once: {found}");
        let last = |one: &Value| one["function"] == "city-tib" && one["state"] == "dispatched";
        alarm["deliveries"].as_array().is_some_and(|all| all.iter().any(last)).then_some(alarm)
    })
    .await
}

/// The last resort was not alarmed before the first step had had its time from its first recorded dispatch on.
fn full_time(alarm: &Value) {
    let instant = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let deliveries = || alarm["deliveries"].as_array().unwrap().iter();
    let began = deliveries().filter(|one| one["step"] == 0).map(|one| instant(&one["dispatchedAt"])).min().unwrap();
    let next = deliveries().filter(|one| one["step"] == 1).map(|one| instant(&one["orderedAt"])).min().unwrap();
    assert!(next >= began + SignedDuration::from_secs(STEP_S), "{alarm}");
}
