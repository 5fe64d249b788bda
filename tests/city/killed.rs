//! Every service killed by itself, the broker too, at any instant of their alarms, on a clock that runs fast: no alarm is lost,
//! each key has one effect at who honours it, every timer fires, and every step keeps its full time whatever time nobody was there.

use crate::{
    SERGELS_TORG,
    alarms::{config, put, staff},
    broker::import_outline,
    held, incident,
};
use jiff::{SignedDuration, Timestamp};
use narhet_tests::{Folder, House, NatsProcess, Receiver, house::json, until};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::{Duration, Instant},
};

/// How many cases in a normal test run; `NARHET_CRASH_CASES` says otherwise.
const CASES: usize = 16;
/// The longest pause between two reports, between two deaths, and before who has died is started again.
const REPORT_MS: u64 = 300;
const LIFE_MS: u64 = 900;
const AWAY_MS: u64 = 500;
/// How much faster the house's clock runs, and where it begins: a Friday night.
const RATE: i32 = 60;
const NIGHT: &str = "2026-11-20T22:00:00Z";
/// How much later than it would be each new life begins: it reads the others' logs a moment after its clock was chosen, and time
/// never runs backwards.
const AHEAD_S: i64 = 30;
/// What the first step has, in the house's seconds.
const STEP_S: i64 = 120;

const ROLES: [&str; 5] = ["area", "duty", "situation", "actors", "gateway"];
/// Who dies: duty, who has the timers, more often than the others.
const VICTIMS: [&str; 9] = ["duty", "situation", "area", "duty", "gateway", "actors", "duty", "broker", "everybody"];

/// A house of five processes and a broker.
struct Split {
    roles: BTreeMap<&'static str, House>,
    nats: NatsProcess,
    folder: Folder,
    config: PathBuf,
    port: String,
    born: Instant,
    lives: i32,
}

impl Split {
    /// The webhook honours keys; text messages go to the same receiver and do not.
    fn start(receiver: &Receiver) -> Split {
        let folder = Folder::new("services-killed");
        std::fs::create_dir_all(folder.path().join("nats")).unwrap();
        let nats = NatsProcess::start(&folder.path().join("nats"));
        let sms = format!("[channels.sms]\nurl = \"{}\"\nsecret = \"prov\"\nplain-http = true\n", receiver.url);
        let config = config(&folder, &sms);
        // The gateway comes back where it was.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut split =
            Split { roles: BTreeMap::new(), nats, folder, config, port: free, born: Instant::now(), lives: 0 };
        ROLES.iter().for_each(|role| split.bring_up(role));
        split
    }

    /// A role at the time that it would be had it never died.
    fn bring_up(&mut self, role: &'static str) {
        let elapsed = SignedDuration::try_from(self.born.elapsed()).unwrap() * RATE;
        self.lives += 1;
        let elapsed = elapsed + SignedDuration::from_secs(AHEAD_S) * self.lives;
        let clock = format!("{}x{RATE}", NIGHT.parse::<Timestamp>().unwrap() + elapsed);
        let (url, credentials) = (self.nats.url(), self.nats.credentials_file(role).display().to_string());
        let config = self.config.display().to_string();
        let mut arguments = vec!["run", "--role", role, "--nats", &url, "--nats-creds", &credentials];
        arguments.extend(["--config", &config, "--demo=empty", "--clock", &clock]);
        if role == "gateway" {
            arguments.extend(["--http", &self.port]);
        }
        let house = House::start(&self.folder.path().join("data"), &arguments);
        self.roles.insert(role, house);
    }

    fn gateway(&self) -> &House {
        &self.roles["gateway"]
    }

    /// kill -9, a while nobody is there, and a new life.
    fn kill(&mut self, victim: &'static str) {
        let away = Duration::from_millis(random(AWAY_MS));
        match victim {
            "broker" => {
                self.nats.kill();
                std::thread::sleep(away);
                self.nats.restart();
            }
            "everybody" => {
                self.roles.clear();
                std::thread::sleep(away);
                ROLES.iter().for_each(|role| self.bring_up(role));
            }
            role => {
                self.roles.remove(role);
                std::thread::sleep(away);
                self.bring_up(role);
            }
        }
    }
}

fn random(bound: u64) -> u64 {
    u64::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(bound)).unwrap()
}

async fn prepare(house: &House, receiver: &Receiver) {
    let way = json!([{ "channel": "webhook", "address": receiver.url }]);
    let (status, reply) = staff(house, "socialnamnden", "socialjouren", way).await;
    assert_eq!(status, 201, "{reply}");
    let tib = json!({ "kind": "officer-on-duty", "name": "Stadens TiB", "contactWays": [{ "channel": "sms", "address": "+46700000000" }], "source": "prov" });
    let token = house.token("duty-officer", Some("kommunstyrelsen"));
    let (status, reply) = put(house, "/v1/functions/city-tib", &token, None, &tib).await;
    assert_eq!(status, 201, "{reply}");
    let steps = json!([{ "functions": ["socialjouren"], "acknowledgeWithinS": STEP_S }]);
    let path = json!({ "name": "Krisstöd", "steps": steps, "source": "prov" });
    let token = house.token("duty-officer", Some("socialnamnden"));
    let (status, reply) = put(house, "/v1/alarm-paths/socialnamnden", &token, None, &path).await;
    assert_eq!(status, 201, "{reply}");
}

/// Reports until it is answered: the same key each time.
async fn report_surely(http: &reqwest::Client, url: &str, token: &str, key: &str) -> String {
    until("a report is taken", || async {
        let request = http.post(format!("{url}/v1/incidents")).bearer_auth(token).header("idempotency-key", key);
        let answer = request.json(&incident("Brand i trapphus", SERGELS_TORG)).send().await.ok()?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.ok()?;
        assert!([201, 503, 504].contains(&status), "{status}: {body}");
        (status == 201).then(|| body["id"].as_str().unwrap().to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn services_killed_in_the_middle_of_their_alarms_lose_none_and_send_each_key_for_one_effect() {
    let cases = std::env::var("NARHET_CRASH_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let receiver = Receiver::start().await;
    let mut split = Split::start(&receiver);
    import_outline(split.gateway()).await;
    prepare(split.gateway(), &receiver).await;
    let (http, url) = (reqwest::Client::new(), split.gateway().url.clone());
    let token = split.gateway().token("coordinator", Some("norra-innerstaden"));
    let reporter = tokio::spawn(async move {
        let mut incidents = Vec::new();
        for number in 0..cases {
            incidents.push(report_surely(&http, &url, &token, &format!("rapport-{number}")).await);
            tokio::time::sleep(Duration::from_millis(random(REPORT_MS))).await;
        }
        incidents
    });
    let mut deaths: BTreeMap<&str, usize> = BTreeMap::new();
    // Each at least once, and on until everything is reported.
    for victim in VICTIMS.into_iter().cycle() {
        if reporter.is_finished() && deaths.len() > ROLES.len() + 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(random(LIFE_MS))).await;
        // What is sent before duty dies has its effect, and the answer does not come any more.
        if victim == "duty" {
            receiver.falls_silent();
            tokio::time::sleep(Duration::from_millis(random(REPORT_MS))).await;
        }
        split = tokio::task::spawn_blocking(move || {
            split.kill(victim);
            split
        })
        .await
        .unwrap();
        receiver.answer(200);
        *deaths.entry(victim).or_default() += 1;
    }
    let incidents = reporter.await.unwrap();
    let house = split.gateway();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut opened = BTreeSet::new();
    for incident in &incidents {
        let case = held(house, incident).await["supportCases"][0]["id"].as_str().unwrap().to_owned();
        let alarm = escalated(house, &case).await;
        full_time(&alarm);
        assert!(opened.insert(case.clone()), "a case is one incident's");
        let taken = receiver.taken();
        for delivery in alarm["deliveries"].as_array().unwrap() {
            let key = delivery["id"].as_str().unwrap().to_owned();
            let sent = delivery["state"] == "dispatched";
            assert!(!sent || taken.contains_key(&key), "said to be sent and never came: {delivery}");
            known.insert(key, case.clone());
        }
    }
    let taken = receiver.taken();
    let first: Vec<_> = taken.iter().filter(|(_, one)| one.body["function"] == "socialjouren").collect();
    assert_eq!(first.len(), incidents.len(), "one effect for each case at the first function");
    let stranger = first.iter().find(|(key, _)| !known.contains_key(key.as_str()));
    assert!(stranger.is_none(), "sent without an intent in the log: {stranger:?}");
    let mut again = [0; 2];
    for (key, one) in taken.iter().filter(|(_, one)| one.times > 1) {
        let text = one.body["kind"] == "sms";
        again[usize::from(text)] += one.times - 1;
        // An alarm that went on after it was looked at is not in what was seen of it.
        if let Some(case) = known.get(key.as_str()).filter(|_| text) {
            shown_twice(house, case, key).await;
        }
    }
    println!(
        "{cases} cases, {} keys, deaths {deaths:?}; again under a known key: {} webhooks, {} text messages, shown",
        taken.len(),
        again[0],
        again[1]
    );
}

/// A delivery that came twice to who does not honour keys says that it may have.
async fn shown_twice(house: &House, case: &str, key: &str) {
    let ckl = house.token("ckl", None);
    until("what came twice is shown", || async {
        let (_, found) = json(house.get(&format!("/v1/alarms?caseId={case}&purpose=case"), &ckl)).await;
        let mut deliveries = found["items"][0]["deliveries"].as_array()?.iter();
        (deliveries.find(|one| one["id"] == key)?["maybeTwice"] == true).then_some(())
    })
    .await;
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

/// The last resort was not alarmed before the first step had had its time from its first recorded dispatch on; save that a first
/// attempt which failed passes the alarm on at once.
fn full_time(alarm: &Value) {
    let instant = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let of_step = |step: u64| alarm["deliveries"].as_array().unwrap().iter().filter(move |one| one["step"] == step);
    let began = of_step(0).map(|one| instant(&one["dispatchedAt"])).min().unwrap();
    let next = of_step(1).map(|one| instant(&one["orderedAt"])).min().unwrap();
    let failed_first = next < began && of_step(0).all(|one| one["attempts"].as_u64() > Some(1));
    assert!(failed_first || next >= began + SignedDuration::from_secs(STEP_S), "{alarm}");
}
