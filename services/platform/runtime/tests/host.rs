//! The host on the in-process bus, with two toy contexts: effects of any size, restarts, timers, asking twice.

// In a test a panic is the report.
#![allow(clippy::unwrap_used)]

use narhet_bus::{Bus, Twin};
use narhet_event_store::{Options, Store};
use narhet_kernel::{BoardId, Clock, Context, Klass, Principal, Role, StreamId, Timestamp, Uuid, Vector};
use narhet_proto::{
    Draft, Event,
    wire::{Answer, ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Caller, Decision, Env, Expected, Follow, HostOptions, Service, Write, host};
use serde_json::{
    json,
    value::{RawValue, to_raw_value},
};
use std::{collections::HashMap, path::PathBuf, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

fn draft(id: Uuid, stream: StreamId, event_type: &'static str, number: u64) -> Draft {
    Draft {
        id,
        stream,
        event_type,
        owner: BoardId::new("jarva").unwrap(),
        readers: "*".to_owned(),
        klass: Klass::DEFAULT,
        exercise: false,
        occurred_at: None,
        data: to_raw_value(&json!({ "number": number })).unwrap(),
    }
}

fn number(raw: &RawValue) -> u64 {
    serde_json::from_str::<serde_json::Value>(raw.get()).unwrap()["number"].as_u64().unwrap()
}

/// Records causes: each says how many effects it shall have.
#[derive(Default)]
struct Causes {
    numbers: HashMap<Uuid, u64>,
}

impl Service for Causes {
    const CONTEXT: Context = Context::Situation;
    const FOLLOWS: &'static [Follow] = &[];
    const COMMANDS: &'static [&'static str] = &["cause"];
    const QUERIES: &'static [&'static str] = &["count"];

    fn first_start(&self, _: &Env) -> Vec<Write> {
        Vec::new()
    }
    fn evolve(&mut self, event: &Event) {
        if event.event_type.ends_with(".caused.v1") {
            self.numbers.insert(event.id, number(&event.data));
        }
    }
    fn observe(&mut self, _: &Event) {}
    fn react(&self, _: &Event, _: &Env) -> Vec<Write> {
        Vec::new()
    }
    fn decide(&self, _: &str, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let id = env.new_id();
        let stream = StreamId::new("cause", &id.to_string());
        let draft = draft(id, stream, "se.narhet.situation.caused.v1", number(&request.body));
        Ok(Decision { writes: vec![Write::one(Expected::NoStream, draft)], role: Some(Role::Ckl), answered_by: vec![] })
    }
    fn reply(&self, _: &str, event_ids: &[Uuid], _: &Env) -> Result<AnswerBody, Problem> {
        Ok(AnswerBody::of(&json!({ "id": event_ids[0], "number": self.numbers[&event_ids[0]] })))
    }
    fn answer(&self, _: &str, _: &Request, _: &Env) -> Result<AnswerBody, Problem> {
        Ok(AnswerBody::of(&json!({ "count": self.numbers.len() })))
    }
    fn next_due(&self) -> Option<Timestamp> {
        None
    }
    fn fire(&mut self, _: &Env) -> Vec<Write> {
        Vec::new()
    }
    fn health(&self, _: Timestamp) -> Result<(), String> {
        Ok(())
    }
}

/// Has as many effects as a cause says, and a timer a minute after the first of them.
#[derive(Default)]
struct Effects {
    effects: u64,
    first: Option<(Timestamp, Uuid)>,
    fired: u64,
}

impl Service for Effects {
    const CONTEXT: Context = Context::Duty;
    const FOLLOWS: &'static [Follow] = &[Follow { context: Context::Situation, from_start: false }];
    const COMMANDS: &'static [&'static str] = &[];
    const QUERIES: &'static [&'static str] = &["count"];

    fn first_start(&self, env: &Env) -> Vec<Write> {
        vec![Write::one(
            Expected::NoStream,
            draft(env.new_id(), StreamId::new("toy", "start"), "se.narhet.duty.started.v1", 0),
        )]
    }
    fn evolve(&mut self, event: &Event) {
        if event.event_type.ends_with(".effected.v1") {
            self.effects += 1;
            self.first.get_or_insert((event.time, event.id));
        } else if event.event_type.ends_with(".fired.v1") {
            self.fired += 1;
        }
    }
    fn observe(&mut self, _: &Event) {}
    fn react(&self, event: &Event, env: &Env) -> Vec<Write> {
        if !event.event_type.ends_with(".caused.v1") {
            return Vec::new();
        }
        (0..number(&event.data))
            .map(|index| {
                let ordinal = u32::try_from(index).unwrap();
                let id = env.effect_id("effects", event.id, ordinal);
                let stream = StreamId::new("effect", &id.to_string());
                Write::one(Expected::NoStream, draft(id, stream, "se.narhet.duty.effected.v1", index))
            })
            .collect()
    }
    fn decide(&self, _: &str, _: &Request, _: &Env) -> Result<Decision, Problem> {
        Err(Problem::new(ErrorCode::NotFound, "no commands"))
    }
    fn reply(&self, _: &str, _: &[Uuid], _: &Env) -> Result<AnswerBody, Problem> {
        Err(Problem::new(ErrorCode::NotFound, "no commands"))
    }
    fn answer(&self, _: &str, _: &Request, _: &Env) -> Result<AnswerBody, Problem> {
        Ok(AnswerBody::of(&json!({ "count": self.effects, "fired": self.fired })))
    }
    fn next_due(&self) -> Option<Timestamp> {
        let (first, _) = self.first.filter(|_| self.fired == 0)?;
        Some(first + jiff::SignedDuration::from_secs(60))
    }
    fn fire(&mut self, env: &Env) -> Vec<Write> {
        let Some((_, cause)) = self.first else { return Vec::new() };
        let id = env.effect_id("timer", cause, 0);
        vec![Write::one(
            Expected::NoStream,
            draft(id, StreamId::new("timer", &id.to_string()), "se.narhet.duty.fired.v1", 0),
        )]
    }
    fn health(&self, _: Timestamp) -> Result<(), String> {
        Ok(())
    }
}

/// Writes down how many causes it has seen as soon as it may act on any.
#[derive(Default)]
struct Hasty {
    observed: u64,
    fired: Option<u64>,
}

impl Service for Hasty {
    const CONTEXT: Context = Context::Actors;
    const FOLLOWS: &'static [Follow] = &[Follow { context: Context::Situation, from_start: true }];
    const COMMANDS: &'static [&'static str] = &[];
    const QUERIES: &'static [&'static str] = &["count"];

    fn first_start(&self, _: &Env) -> Vec<Write> {
        Vec::new()
    }
    fn evolve(&mut self, event: &Event) {
        self.fired = Some(number(&event.data));
    }
    fn observe(&mut self, event: &Event) {
        self.observed += u64::from(event.event_type.ends_with(".caused.v1"));
    }
    fn react(&self, _: &Event, _: &Env) -> Vec<Write> {
        Vec::new()
    }
    fn decide(&self, _: &str, _: &Request, _: &Env) -> Result<Decision, Problem> {
        Err(Problem::new(ErrorCode::NotFound, "no commands"))
    }
    fn reply(&self, _: &str, _: &[Uuid], _: &Env) -> Result<AnswerBody, Problem> {
        Err(Problem::new(ErrorCode::NotFound, "no commands"))
    }
    fn answer(&self, _: &str, _: &Request, _: &Env) -> Result<AnswerBody, Problem> {
        Ok(AnswerBody::of(&json!({ "count": self.fired })))
    }
    fn next_due(&self) -> Option<Timestamp> {
        (self.observed > 0 && self.fired.is_none()).then_some(Timestamp::MIN)
    }
    fn fire(&mut self, env: &Env) -> Vec<Write> {
        let stream = StreamId::new("toy", "hasty");
        vec![Write::one(Expected::NoStream, draft(env.new_id(), stream, "se.narhet.actors.fired.v1", self.observed))]
    }
    fn health(&self, _: Timestamp) -> Result<(), String> {
        Ok(())
    }
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), narhet_runtime::HostError>>,
}

impl Running {
    fn start<S: Service>(service: S, twin: &Twin, folder: &std::path::Path, clock: &Clock) -> Running {
        let stop = CancellationToken::new();
        let options = HostOptions {
            folder: folder.join(S::CONTEXT.name()),
            keys_folder: folder.join("keys").join(S::CONTEXT.name()),
            kek_folder: folder.join("keys").join(S::CONTEXT.name()),
            clock: clock.clone(),
        };
        let task = tokio::spawn(host::run(service, Bus::Twin(twin.clone()), options, stop.clone()));
        Running { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

struct House {
    twin: Twin,
    caller: Caller,
    folder: PathBuf,
    clock: Clock,
}

impl House {
    fn new(name: &str) -> House {
        let twin = Twin::default();
        let folder = std::env::temp_dir().join(format!("narhet-host-{name}-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let clock = Clock::manual("2026-11-22T01:00:00Z".parse().unwrap());
        House { caller: Caller::new(Bus::Twin(twin.clone())), twin, folder, clock }
    }

    fn start<S: Service>(&self, service: S) -> Running {
        Running::start(service, &self.twin, &self.folder, &self.clock)
    }

    /// Asks again while nobody is there or log and stream are being compared, as a careful client does.
    async fn cause(&self, number: u64, key: Option<&str>) -> Result<Answer, Problem> {
        let key = key.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let started = std::time::Instant::now();
        loop {
            let mut request = request(json!({ "number": number }));
            request.idempotency_key = Some(key.clone());
            match self.caller.command(Context::Situation, "cause", request).await {
                Err(problem) if problem.code == ErrorCode::Unavailable && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                answered => return answered,
            }
        }
    }

    async fn count(&self, context: Context) -> serde_json::Value {
        let answer = self.caller.query(context, "count", request(json!({}))).await;
        answer.map_or(serde_json::Value::Null, |answer| serde_json::from_str(answer.body.get()).unwrap())
    }

    async fn until_count(&self, context: Context, count: u64) {
        let started = std::time::Instant::now();
        while self.count(context).await["count"] != count {
            assert!(started.elapsed() < PATIENCE, "{context} has {} and never {count}", self.count(context).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The events of a stopped context.
    fn events(&self, context: Context) -> Vec<Event> {
        let store = Store::open(Options::new(self.folder.join(context.name()), self.clock.clone())).unwrap();
        let stored = store.read_all(1, usize::MAX, usize::MAX).unwrap();
        store.stop();
        stored.iter().map(|stored| Event::decode(&stored.bytes).unwrap()).collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn request(body: serde_json::Value) -> Request {
    Request {
        principal: Principal {
            id: "p-0123456789abcdef".to_owned(),
            subject: "saknas".to_owned(),
            ..Principal::house()
        },
        deadline: Timestamp::now() + jiff::SignedDuration::from_secs(30),
        correlation_id: Uuid::new_v4(),
        idempotency_key: None,
        if_match: None,
        min_cursor: None,
        body: to_raw_value(&body).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_with_more_effects_than_a_frame_is_worked_off_once_across_restarts() {
    let house = House::new("effects");
    let causes = house.start(Causes::default());
    let mut effects = house.start(Effects::default());
    house.until_count(Context::Duty, 0).await;
    house.until_count(Context::Situation, 0).await;
    // Small ones before and behind it keep their order.
    for number in [2, 3_500, 1] {
        house.cause(number, None).await.unwrap();
    }
    // Stopped again and again while it works.
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(3)).await;
        effects.stop().await;
        effects = house.start(Effects::default());
    }
    house.until_count(Context::Duty, 3_503).await;
    effects.stop().await;
    causes.stop().await;
    let events = house.events(Context::Duty);
    let of = |number: usize| {
        let causes = house.events(Context::Situation);
        let cause = causes.iter().filter(|event| event.event_type.ends_with(".caused.v1")).nth(number).unwrap().id;
        events
            .iter()
            .filter(|event| event.causationid == Some(cause))
            .map(|event| self::number(&event.data))
            .collect::<Vec<_>>()
    };
    assert_eq!((of(0), of(2)), (vec![0, 1], vec![0]));
    assert_eq!(of(1), (0..3_500).collect::<Vec<u64>>(), "each once, in order, across frames and restarts");
    let last = events.iter().rposition(|event| event.event_type.ends_with(".effected.v1")).unwrap();
    assert_eq!(number(&events[last].data), 0, "what came behind the large cause was worked off behind it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fires_once_at_its_time_and_not_again_after_a_restart() {
    let house = House::new("timer");
    let causes = house.start(Causes::default());
    let effects = house.start(Effects::default());
    house.until_count(Context::Duty, 0).await;
    house.cause(1, None).await.unwrap();
    house.until_count(Context::Duty, 1).await;
    house.clock.set("2026-11-22T01:00:59Z".parse().unwrap());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(house.count(Context::Duty).await["fired"], 0, "a second early");
    effects.stop().await;
    // Due while nobody ran: it fires when the role is back.
    house.clock.set("2026-11-22T02:00:00Z".parse().unwrap());
    let effects = house.start(Effects::default());
    let started = std::time::Instant::now();
    while house.count(Context::Duty).await["fired"] != 1 {
        assert!(started.elapsed() < PATIENCE, "the timer never fires");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    effects.stop().await;
    let effects = house.start(Effects::default());
    house.until_count(Context::Duty, 1).await;
    assert_eq!(house.count(Context::Duty).await["fired"], 1);
    effects.stop().await;
    causes.stop().await;
    let fired = house.events(Context::Duty).iter().filter(|event| event.event_type.ends_with(".fired.v1")).count();
    assert_eq!(fired, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_timer_fires_on_a_view_that_is_half_folded() {
    let house = House::new("hasty");
    let causes = house.start(Causes::default());
    for _ in 0..200 {
        house.cause(0, None).await.unwrap();
    }
    let hasty = house.start(Hasty::default());
    house.until_count(Context::Actors, 200).await;
    hasty.stop().await;
    causes.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_asked_twice_is_done_once_and_answered_alike_also_after_the_index_is_lost() {
    let house = House::new("twice");
    let causes = house.start(Causes::default());
    house.until_count(Context::Situation, 0).await;
    let first = house.cause(7, Some("nyckel")).await.unwrap();
    causes.stop().await;
    std::fs::remove_dir_all(house.folder.join("situation/sled")).unwrap();
    let causes = house.start(Causes::default());
    house.until_count(Context::Situation, 1).await;
    let again = house.cause(7, Some("nyckel")).await.unwrap();
    assert_eq!(first.body.get(), again.body.get());
    assert_eq!(house.cause(8, Some("nyckel")).await.unwrap_err().code, ErrorCode::IdempotencyKeyReuse);
    assert_eq!(house.count(Context::Situation).await["count"], 1);
    causes.stop().await;
    let seen =
        house.events(Context::Situation).iter().filter(|event| event.event_type.contains("principal-seen")).count();
    assert_eq!(seen, 1, "who it was is recorded once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_command_and_a_cursor_ahead_are_refused_in_time() {
    let house = House::new("late");
    let causes = house.start(Causes::default());
    house.until_count(Context::Situation, 0).await;
    let mut late = request(json!({ "number": 1 }));
    late.deadline = Timestamp::now() + jiff::SignedDuration::from_millis(1);
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(house.caller.command(Context::Situation, "cause", late).await.is_err());
    let mut ahead = request(json!({}));
    ahead.min_cursor = Some(Vector::new().with(Context::Situation, narhet_kernel::Mark { position: 99, store: 0 }));
    let refused = house.caller.query(Context::Situation, "count", ahead).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Unavailable);
    let answer = house.cause(1, None).await.unwrap();
    let mut caught_up = request(json!({}));
    caught_up.min_cursor = Some(answer.cursor);
    assert!(house.caller.query(Context::Situation, "count", caught_up).await.is_ok());
    let unknown = house.caller.command(Context::Situation, "no-such", request(json!({}))).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    causes.stop().await;
    assert_eq!(
        house.events(Context::Situation).iter().filter(|event| event.event_type.ends_with(".caused.v1")).count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_forgets_its_tail_is_filled_again_and_no_effect_is_repeated() {
    let house = House::new("rollback");
    let causes = house.start(Causes::default());
    let effects = house.start(Effects::default());
    house.until_count(Context::Duty, 0).await;
    house.until_count(Context::Situation, 0).await;
    let mut expected = 0;
    for round in 0..20 {
        for number in 1..=3 {
            house.cause(number, None).await.unwrap();
            expected += number;
        }
        // A seeded place in what the stream holds by now.
        house.twin.roll_back_to(round * 7 % (expected + 1));
    }
    house.until_count(Context::Duty, expected).await;
    effects.stop().await;
    causes.stop().await;
    let events = house.events(Context::Duty);
    let effects = events.iter().filter(|event| event.event_type.ends_with(".effected.v1")).count();
    assert_eq!(effects as u64, expected);
}
