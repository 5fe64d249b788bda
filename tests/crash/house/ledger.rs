//! What the clients asked and what they were told, kept outside the house.

use futures::StreamExt;
use narhet_kernel::{Context, Timestamp, Vector};
use narhet_tests::{House, house::json, until};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Requests of the checks at a time.
const CHECKS_AT_A_TIME: usize = 8;
/// A client waits for an answer so long; the outcome is unknown then.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// A client rests up to this long between two reports, so that a thousand lives stay readable.
const PAUSE: Duration = Duration::from_millis(40);

/// A small generator of our own, so that a seed replays a run's choices.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    pub async fn sleep_within(&mut self, bound: Duration) {
        let micros = u64::try_from(bound.as_micros()).expect("a test is short").max(1);
        tokio::time::sleep(Duration::from_micros(self.below(micros))).await;
    }
}

#[derive(Clone, Debug)]
pub struct Asked {
    key: String,
    token: String,
    body: Value,
}

/// What clients know: the acknowledged by key, and what they never got an answer to.
#[derive(Default)]
pub struct Ledger {
    acknowledged: BTreeMap<String, (Asked, Value)>,
    unknown: Vec<Asked>,
    /// Keys whose incident was not looked at since it was acknowledged.
    fresh: Vec<String>,
    /// How many requests never got an answer, and how many of them the house had recorded all the same.
    pub unanswered: usize,
    pub unanswered_but_recorded: usize,
}

impl Ledger {
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    pub fn unknown(&self) -> usize {
        self.unknown.len()
    }

    /// Every incident that anybody was told of, with the position of situation's log that the answer named.
    pub fn incidents(&self) -> BTreeMap<String, u64> {
        self.acknowledged.values().map(|(_, reply)| (id(reply), cursor(reply).position(Context::Situation))).collect()
    }

    pub fn note(&mut self, heard: Vec<(Asked, Option<Value>)>) {
        for (asked, reply) in heard {
            match reply {
                Some(reply) => self.acknowledge(asked, reply),
                None => self.unknown.push(asked),
            }
        }
    }

    fn acknowledge(&mut self, asked: Asked, reply: Value) {
        self.fresh.push(asked.key.clone());
        self.acknowledged.insert(asked.key.clone(), (asked, reply));
    }

    /// What was never answered is asked again with the same key, until it is; and everything acknowledged since the last
    /// time is as it was acknowledged, asked again it is the same incident, and its support is held. Answers the cursor
    /// that covers all that was seen.
    pub async fn settle(&mut self, house: &House, reader: &str) -> Vector {
        let unknown = std::mem::take(&mut self.unknown);
        let asked_at = Timestamp::now();
        let answers = futures::stream::iter(unknown)
            .map(|asked| async move { (again(house, &asked).await, asked) })
            .buffer_unordered(CHECKS_AT_A_TIME);
        for (reply, asked) in answers.collect::<Vec<_>>().await {
            let reported_at: Timestamp = reply["reportedAt"].as_str().expect("a time").parse().expect("RFC 3339");
            self.unanswered += 1;
            self.unanswered_but_recorded += usize::from(reported_at < asked_at);
            self.acknowledge(asked, reply);
        }
        let fresh = std::mem::take(&mut self.fresh);
        self.check(house, reader, &fresh, true).await
    }

    /// Every acknowledged incident is as it was acknowledged.
    pub async fn check_all(&self, house: &House, reader: &str) {
        let keys: Vec<String> = self.acknowledged.keys().cloned().collect();
        self.check(house, reader, &keys, false).await;
    }

    async fn check(&self, house: &House, reader: &str, keys: &[String], ask_again: bool) -> Vector {
        let told = keys.iter().map(|key| &self.acknowledged[key]);
        let checks = futures::stream::iter(told).map(|(asked, reply)| async move {
            if ask_again {
                let second = again(house, asked).await;
                assert_eq!(id(&second), id(reply), "the same key is the same incident");
                same(&second, reply);
            }
            is_there(house, reader, asked, reply).await
        });
        let cursors = checks.buffer_unordered(CHECKS_AT_A_TIME);
        cursors
            .fold(Vector::new(), async |mut all, cursor| {
                all.join(&cursor);
                all
            })
            .await
    }
}

fn id(reply: &Value) -> String {
    reply["id"].as_str().expect("an incident has an id").to_owned()
}

fn cursor(reply: &Value) -> Vector {
    reply["cursor"].as_str().expect("a reply has a cursor").parse().expect("a cursor is a vector")
}

fn same(now: &Value, then: &Value) {
    for member in ["id", "title", "lead", "affected", "place", "occurredAt", "reportedAt", "needsSupport"] {
        assert_eq!(now[member], then[member], "{member} of {}", then["id"]);
    }
}

async fn again(house: &House, asked: &Asked) -> Value {
    until("the incident is taken", || async {
        let request = house.post("/v1/incidents", &asked.token).header("idempotency-key", &asked.key);
        let (status, reply) = json(request.json(&asked.body)).await;
        assert!([201, 503, 504].contains(&status), "{status}: {reply}");
        (status == 201).then_some(reply)
    })
    .await
}

/// Answers the cursor at which all of it is so.
async fn is_there(house: &House, reader: &str, asked: &Asked, reply: &Value) -> Vector {
    let wanted = if asked.body["needsSupport"] == true { "held" } else { "none" };
    let incident = until("an acknowledged incident is there and its support is held", || async {
        let (status, incident) = json(house.get(&format!("/v1/incidents/{}", id(reply)), reader)).await;
        assert!([200, 503, 504].contains(&status), "{} was acknowledged, now {status}: {incident}", id(reply));
        (status == 200 && incident["support"] == wanted).then_some(incident)
    })
    .await;
    same(&incident, reply);
    // The text was sealed: its key has survived as well.
    assert_eq!(incident["title"], asked.body["title"]);
    if wanted == "none" {
        assert_eq!(incident["supportCases"], json!([]));
        return cursor(&incident);
    }
    let cases = incident["supportCases"].as_array().expect("cases");
    let boards: Vec<Option<&str>> = cases.iter().map(|case| case["responsibleBoard"]["id"].as_str()).collect();
    let affected = incident["affected"].as_array().expect("affected");
    let mut needed: BTreeSet<Option<&str>> = affected.iter().map(|one| one["board"]["id"].as_str()).collect();
    if needed.is_empty() {
        needed.insert(None);
    }
    assert_eq!(boards.iter().copied().collect::<BTreeSet<_>>(), needed, "{incident}");
    assert_eq!(boards.len(), needed.len(), "exactly one case per affected board: {incident}");
    // A case without place alarms the city's TiB at once.
    let born = |case: &Value| ["held", "alarmed"].iter().any(|status| case["status"] == *status);
    assert!(cases.iter().all(|case| born(case) && case["holder"]["id"].is_string()), "{incident}");
    cursor(&incident)
}

/// Reports one incident after the other until the house is gone; what it asked and what it was told.
pub async fn report_until_killed(url: String, token: String, name: String, seed: u64) -> Vec<(Asked, Option<Value>)> {
    let client = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build().expect("a client");
    let mut random = Random::new(seed);
    let mut heard = Vec::new();
    for number in 0.. {
        let body = incident(&mut random, &format!("{name}-{number}"));
        let asked = Asked { key: format!("{name}-{number}"), token: token.clone(), body };
        let request = client.post(format!("{url}/v1/incidents")).bearer_auth(&token);
        let answer = request.header("idempotency-key", &asked.key).json(&asked.body).send().await;
        let Ok(answer) = answer else {
            heard.push((asked, None));
            return heard;
        };
        let (status, reply) = (answer.status().as_u16(), answer.json::<Value>().await);
        match (status, reply) {
            (201, Ok(reply)) => heard.push((asked, Some(reply))),
            // Cut off within the answer, or the house is stopping.
            (201 | 503 | 504, _) => heard.push((asked, None)),
            (status, reply) => panic!("{status}: {reply:?}"),
        }
        random.sleep_within(PAUSE).await;
    }
    heard
}

/// One board, two boards, a board by hand, no place at all, no support wanted.
fn incident(random: &mut Random, title: &str) -> Value {
    let (sergels_torg, medborgarplatsen) = ([18.0649, 59.3326], [18.0725, 59.3143]);
    let mut body = json!({ "title": title, "kind": "fire", "needsSupport": true });
    body["place"] = match random.below(5) {
        0 => json!({ "type": "LineString", "coordinates": [sergels_torg, medborgarplatsen] }),
        1 => Value::Null,
        2 => json!({ "type": "Point", "coordinates": medborgarplatsen }),
        _ => json!({ "type": "Point", "coordinates": sergels_torg }),
    };
    if random.below(4) == 0 {
        body["affectedBoards"] = json!([{ "id": "jarva", "reason": "boende därifrån är drabbade" }]);
    }
    if random.below(6) == 0 {
        body["needsSupport"] = json!(false);
    }
    body
}
