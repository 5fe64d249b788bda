//! What the loop does with each input: decide, append, fold, answer. Owned by one thread.

use crate::{
    caller::Health,
    follow::Delivered,
    host::{HostError, stopped},
    sealing::Keys,
    service::{AnswerBody, Decision, Env, Service, Write},
};
use narhet_bus::Answer as ReplyTo;
use narhet_event_store::{AppendError, Commit, Expected, NewEvent, Outcome, Progress, Store, Stored, StreamWrite};
use narhet_kernel::{
    BoardId, Clock, Context, Mark, Principal, Role, StreamId, Timestamp, Uuid, Vector, limits::FRAME_EVENTS_MAX,
};
use narhet_proto::{
    Draft, Event,
    access::records_readers,
    envelope::{Cause, head},
    events::{
        Message,
        house::{AreaPrincipalSeen, DutyPrincipalSeen, PrincipalSeen, SituationPrincipalSeen},
    },
    subject, table,
    wire::{Answer, ErrorCode, Problem, Reply, Request},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// How long a read waits for its `minCursor`.
const MIN_CURSOR_WAIT: Duration = Duration::from_secs(2);
/// Reads that wait for their cursor; more are answered at once with 503.
const WAITING_MAX: usize = 1_024;
/// Events read at a time while folding the log at start.
const REPLAY_EVENTS: usize = 4_096;
const REPLAY_BYTES: usize = 8 * 1024 * 1024;

/// A context with its log, its keys and its marks.
pub(crate) struct Desk<S: Service> {
    service: S,
    store: Store,
    keys: Arc<Keys>,
    clock: Clock,
    house: Principal,
    /// The last own position folded.
    folded: u64,
    /// What has been reacted to.
    marks: Vector,
    /// What has been observed; behind `marks` while a view is folded anew.
    observed: Vector,
    /// The followed heads found at start.
    targets: Vector,
    /// A cause whose effects take more than one frame, and followed events that wait behind it.
    unfinished: Option<Unfinished>,
    held_back: VecDeque<Delivered>,
    waiting: Vec<Waiting>,
    relayed: Option<watch::Receiver<u64>>,
    unknown_events: u64,
    failure: Option<String>,
    replies: tokio::sync::mpsc::UnboundedSender<(u64, ReplyTo, Vec<u8>)>,
}

struct Unfinished {
    cause: Box<Event>,
    mark: Mark,
    context: Context,
    /// What is left, oldest first.
    writes: VecDeque<Write>,
    done: u32,
}

struct Waiting {
    until: Instant,
    name: String,
    request: Request,
    reply: ReplyTo,
}

/// Why there is no answer yet.
pub(crate) enum Refused {
    Problem(Problem),
    /// The reader wants to see more than has been applied.
    Wait(Box<Request>),
    Stop(HostError),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Refused::Problem(problem)
    }
}

/// An answer and the own position it rests on, which must be durable before it leaves.
pub(crate) type Answered = Result<(Answer, u64), Refused>;

impl<S: Service> Desk<S> {
    pub fn new(service: S, store: Store, keys: Arc<Keys>, clock: Clock) -> Self {
        let (replies, outgoing) = tokio::sync::mpsc::unbounded_channel();
        tokio::runtime::Handle::current().spawn(send_when_durable(store.clone(), outgoing));
        let marks = store.consumed();
        Self {
            service,
            store,
            keys,
            clock,
            house: Principal::house(),
            folded: 0,
            observed: marks
                .iter()
                .filter(|(context, _)| S::FOLLOWS.iter().any(|follow| follow.context == *context && !follow.from_start))
                .fold(Vector::new(), |vector, (context, mark)| vector.with(context, mark)),
            marks,
            targets: Vector::new(),
            unfinished: None,
            held_back: VecDeque::new(),
            waiting: Vec::new(),
            relayed: None,
            unknown_events: 0,
            failure: None,
            replies,
        }
    }

    pub fn followed(&self) -> Vec<Context> {
        S::FOLLOWS.iter().map(|follow| follow.context).collect()
    }

    /// Where following starts: views from nothing, processes from their mark.
    pub fn follow_from(&self) -> Vector {
        self.observed.clone()
    }

    pub fn set_targets(&mut self, targets: Vector) {
        self.targets = targets;
    }

    pub fn set_relayed(&mut self, relayed: watch::Receiver<u64>) {
        self.relayed = Some(relayed);
    }

    /// Folds what the log has and the service has not seen.
    pub fn catch_up(&mut self) -> Result<(), HostError> {
        loop {
            let read = self.store.read_all(self.folded + 1, REPLAY_EVENTS, REPLAY_BYTES);
            let stored = read.map_err(|error| stopped(S::CONTEXT, &error))?;
            if stored.is_empty() {
                return Ok(());
            }
            self.fold(&stored)?;
        }
    }

    /// Records what a new house needs.
    pub fn first_start(&mut self) -> Result<(), HostError> {
        if self.store.head() > 0 {
            return Ok(());
        }
        let house = self.house.clone();
        let writes = self.service.first_start(&self.env(&house));
        if writes.is_empty() {
            return Ok(());
        }
        let origin = Origin { correlation: Uuid::new_v4(), cause: None, principal: &house, role: None };
        self.commit(&writes, &origin, None, None)?;
        self.store.wait_durable(self.folded).map_err(|error| stopped(S::CONTEXT, &error))
    }

    /// Decides a command, or finds that it was decided before.
    pub fn command(&mut self, name: &str, request: &Request) -> Answered {
        if Timestamp::now() > request.deadline {
            let late = "the command came after its deadline and was not done; send it again";
            return Err(Problem::new(ErrorCode::Unavailable, late).into());
        }
        if !S::COMMANDS.contains(&name) {
            return Err(unknown("command", name).into());
        }
        let body_hash = *blake3::hash(request.body.get().as_bytes()).as_bytes();
        let principal = &request.principal;
        if let Some(key) = &request.idempotency_key
            && let Some(outcome) = self.store.outcome(&principal.id, name, key)
        {
            if outcome.body_hash != body_hash {
                let reuse =
                    format!("Idempotency-Key {key:?} was used with another body: use a new key for a new command");
                return Err(Problem::new(ErrorCode::IdempotencyKeyReuse, reuse).into());
            }
            return self.reply(name, principal, &outcome.event_ids);
        }
        let decision = self.service.decide(name, request, &self.env(principal))?;
        let Decision { mut writes, role, answered_by } = decision;
        if writes.is_empty() {
            return self.reply(name, principal, &answered_by);
        }
        let event_ids: Vec<Uuid> = writes.iter().flat_map(|write| &write.drafts).map(|draft| draft.id).collect();
        writes.extend(self.principal_seen(principal));
        let outcome = request.idempotency_key.as_ref().map(|key| Outcome {
            principal: principal.id.clone(),
            route: name.to_owned(),
            key: key.clone(),
            body_hash,
            event_ids: event_ids.clone(),
        });
        let origin = Origin { correlation: request.correlation_id, cause: None, principal, role };
        self.commit_command(&writes, &origin, outcome)?;
        self.reply(name, principal, &event_ids)
    }

    /// Answers a query, unless it has to wait for its cursor.
    pub fn query(&mut self, name: &str, request: Request) -> Answered {
        if !S::QUERIES.contains(&name) {
            return Err(unknown("query", name).into());
        }
        if request.min_cursor.as_ref().is_some_and(|wanted| !self.has_applied(wanted)) {
            return Err(Refused::Wait(Box::new(request)));
        }
        let answer = self.service.answer(name, &request, &self.env(&request.principal))?;
        Ok((self.answer_of(answer), self.folded))
    }

    /// Keeps a query until its cursor is reached.
    pub fn wait(&mut self, name: String, request: Request, reply: ReplyTo) {
        let until = if self.waiting.len() < WAITING_MAX { Instant::now() + MIN_CURSOR_WAIT } else { Instant::now() };
        self.waiting.push(Waiting { until, name, request, reply });
    }

    /// Sends an answer once what it rests on is durable.
    pub fn answer(&mut self, answered: Answered, reply: ReplyTo) -> Result<(), HostError> {
        let (message, position) = match answered {
            Ok((answer, position)) => (Reply::Ok(answer), position),
            Err(Refused::Problem(problem)) => (Reply::Problem(problem), 0),
            Err(Refused::Wait(_)) => (Reply::Problem(behind()), 0),
            Err(Refused::Stop(error)) => return Err(error),
        };
        let bytes = serde_json::to_vec(&message).map_err(|error| stopped(S::CONTEXT, &error))?;
        self.replies.send((position, reply, bytes)).map_err(|error| stopped(S::CONTEXT, &error))
    }

    /// Folds a followed event and records what it causes here.
    pub fn deliver(&mut self, delivered: &Delivered) -> Result<(), HostError> {
        if self.unfinished.is_some() {
            self.held_back.push_back(delivered.clone());
            return Ok(());
        }
        let Delivered { context, event, vector, .. } = delivered;
        let mark = vector.mark(*context).unwrap_or_default();
        if table::event_type(&event.event_type).is_none() {
            self.unknown_events += 1;
        }
        self.service.observe(event);
        self.observed.set(*context, mark);
        if mark.position <= self.marks.position(*context) {
            return Ok(());
        }
        let house = self.house.clone();
        let writes = self.service.react(event, &self.env(&house));
        if count(&writes) > FRAME_EVENTS_MAX {
            let step = self.store.progress(&process_name(*context)).filter(|step| step.cause == event.id);
            let done = step.map_or(0, |step| step.next);
            self.unfinished = Some(Unfinished {
                cause: Box::new(event.clone()),
                mark,
                context: *context,
                writes: not_yet_worked_off(writes, done),
                done,
            });
            return Ok(());
        }
        let writes = self.not_done_yet(writes);
        self.marks.set(*context, mark);
        if writes.is_empty() {
            return Ok(());
        }
        let origin = Origin { correlation: event.correlationid, cause: Some(event), principal: &house, role: None };
        self.commit(&writes, &origin, None, None)
    }

    /// A followed log is another one now: its events come again from the first.
    pub fn forget(&mut self, context: Context) {
        let without = |vector: &Vector| {
            vector.iter().filter(|(kept, _)| *kept != context).fold(Vector::new(), |kept, (c, m)| kept.with(c, m))
        };
        self.marks = without(&self.marks);
        self.observed = without(&self.observed);
        self.held_back.retain(|delivered| delivered.context != context);
    }

    /// From now on not ready.
    pub fn fail(&mut self, error: &HostError) {
        let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
        self.failure = Some(format!("{error}{source}"));
    }

    /// How long until something is due; real time.
    pub fn until_due(&self) -> Duration {
        if self.unfinished.is_some() {
            return Duration::ZERO;
        }
        let timer = self.service.next_due().map(|due| {
            let house = due.duration_since(self.clock.now()).as_secs_f64().max(0.0);
            Duration::try_from_secs_f64(house / self.clock.rate().max(f64::MIN_POSITIVE)).unwrap_or(Duration::MAX)
        });
        let waiting = self.waiting.iter().map(|waiting| waiting.until.saturating_duration_since(Instant::now())).min();
        timer.unwrap_or(Duration::MAX).min(waiting.unwrap_or(Duration::MAX))
    }

    /// Does what is due: the next slice of a large effect, timers, reads whose cursor was reached or whose time is up.
    pub fn tick(&mut self) -> Result<(), HostError> {
        self.go_on()?;
        if self.service.next_due().is_some_and(|due| due <= self.clock.now()) {
            let house = self.house.clone();
            let env = Env::new(self.clock.now(), &house, &self.keys, &self.clock, self.folded);
            let writes = self.service.fire(&env);
            let writes = self.not_done_yet(writes);
            for slice in slices(writes) {
                let origin = Origin { correlation: Uuid::new_v4(), cause: None, principal: &house, role: None };
                self.commit(&slice, &origin, None, None)?;
            }
        }
        let now = Instant::now();
        let (ripe, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(|waiting| {
            waiting.until <= now || waiting.request.min_cursor.as_ref().is_none_or(|wanted| self.has_applied(wanted))
        });
        self.waiting = waiting;
        for Waiting { name, request, reply, .. } in ripe {
            let answered = self.query(&name, request);
            self.answer(answered, reply)?;
        }
        Ok(())
    }

    pub fn health(&self) -> Health {
        let reason = self.not_ready();
        Health {
            ready: reason.is_none(),
            reason,
            position: self.folded,
            relayed: self.relayed.as_ref().map_or(0, |relayed| *relayed.borrow()),
            vector: self.cursor(),
            store: self.store.store_id().0,
            unknown_events: self.unknown_events,
        }
    }

    fn not_ready(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.clone());
        }
        if !self.observed.covers(&self.targets) {
            return Some(format!("folding: at {}, the heads at start were {}", self.observed, self.targets));
        }
        self.service.health(self.clock.now()).err()
    }

    /// The next frame of effects that do not fit into one; then what was held back behind them.
    fn go_on(&mut self) -> Result<(), HostError> {
        let Some(mut unfinished) = self.unfinished.take() else { return Ok(()) };
        let (mut slice, mut events) = (Vec::new(), 0);
        while let Some(write) = unfinished.writes.pop_front() {
            if events > 0 && events + write.drafts.len() > FRAME_EVENTS_MAX {
                unfinished.writes.push_front(write);
                break;
            }
            events += write.drafts.len();
            slice.push(write);
        }
        unfinished.done += u32::try_from(events).unwrap_or(u32::MAX);
        let finished = unfinished.writes.is_empty();
        if finished {
            self.marks.set(unfinished.context, unfinished.mark);
        }
        let house = self.house.clone();
        let cause = &unfinished.cause;
        let origin = Origin { correlation: cause.correlationid, cause: Some(cause), principal: &house, role: None };
        let step = Progress {
            process: process_name(unfinished.context),
            cause: cause.id,
            next: if finished { u32::MAX } else { unfinished.done },
        };
        if !slice.is_empty() {
            self.commit(&slice, &origin, None, Some(step))?;
        }
        if !finished {
            self.unfinished = Some(unfinished);
            return Ok(());
        }
        while self.unfinished.is_none()
            && let Some(delivered) = self.held_back.pop_front()
        {
            self.deliver(&delivered)?;
        }
        Ok(())
    }

    /// Leaves out what a run before a crash or fork has already recorded: derived ids find their own events.
    fn not_done_yet(&self, writes: Vec<Write>) -> Vec<Write> {
        let done = |write: &Write| {
            (write.expected == Expected::NoStream && self.store.version(&write.stream) > 0)
                || write.drafts.first().is_some_and(|draft| self.store.contains(draft.id))
        };
        writes.into_iter().filter(|write| !done(write)).collect()
    }

    fn principal_seen(&self, principal: &Principal) -> Option<Write> {
        let stream = StreamId::new("principal", &principal.id);
        if principal.subject.is_empty() || self.store.version(&stream) > 0 {
            return None;
        }
        let id = self.env(principal).new_id();
        let issuer = self.keys.seal(id, "data.issuer", &principal.issuer);
        let subject = self.keys.seal(id, "data.subject", &principal.subject);
        let seen = PrincipalSeen::<0> { principal: principal.id.clone(), issuer, subject };
        let draft = Draft {
            id,
            stream,
            event_type: match S::CONTEXT {
                Context::Area => AreaPrincipalSeen::TYPE,
                Context::Duty => DutyPrincipalSeen::TYPE,
                Context::Situation => SituationPrincipalSeen::TYPE,
            },
            owner: BoardId::new(BoardId::KOMMUNSTYRELSEN)?,
            readers: records_readers(),
            klass: narhet_kernel::Klass { k: 2, r: 2, t: 1 },
            exercise: false,
            occurred_at: None,
            data: seen.to_raw(),
        };
        Some(Write::one(Expected::NoStream, draft))
    }

    /// Appends a command's events; a refusal by the store is the caller's problem, a stopped store ends the role.
    fn commit_command(
        &mut self,
        writes: &[Write],
        origin: &Origin<'_>,
        outcome: Option<Outcome>,
    ) -> Result<(), Refused> {
        match self.append(writes, origin, outcome, None) {
            Ok(stored) => self.fold(&stored).map_err(Refused::Stop),
            Err(AppendError::Stopped(reason)) => Err(Refused::Stop(stopped(S::CONTEXT, &reason))),
            Err(error @ AppendError::Conflict { .. }) => {
                Err(Problem::new(ErrorCode::Conflict, error.to_string()).into())
            }
            Err(AppendError::Busy) => {
                Err(Problem::new(ErrorCode::TooManyRequests, "the disk is behind: try again").into())
            }
            Err(error) => Err(Problem::new(ErrorCode::TooLarge, error.to_string()).into()),
        }
    }

    fn commit(
        &mut self,
        writes: &[Write],
        origin: &Origin<'_>,
        outcome: Option<Outcome>,
        progress: Option<Progress>,
    ) -> Result<(), HostError> {
        let stored = self.append(writes, origin, outcome, progress).map_err(|error| stopped(S::CONTEXT, &error))?;
        self.fold(&stored)
    }

    fn append(
        &self,
        writes: &[Write],
        origin: &Origin<'_>,
        outcome: Option<Outcome>,
        progress: Option<Progress>,
    ) -> Result<Vec<Stored>, AppendError> {
        let source = subject::source(S::CONTEXT);
        let cause = Cause {
            source: &source,
            correlation_id: origin.correlation,
            causation_id: origin.cause.map(|event| event.id),
            principal: &origin.principal.id,
            role: origin.role,
        };
        let writes = writes
            .iter()
            .map(|write| StreamWrite {
                stream: write.stream.clone(),
                expected: write.expected,
                events: write.drafts.iter().map(|draft| NewEvent { id: draft.id, head: head(draft, cause) }).collect(),
            })
            .collect();
        let commit = Commit {
            writes,
            consumed: self.marks.clone(),
            outcome,
            progress,
            not_before: origin.cause.map(|event| event.time),
        };
        self.store.append(commit).map(|appended| appended.events)
    }

    fn fold(&mut self, stored: &[Stored]) -> Result<(), HostError> {
        for stored in stored {
            let event = Event::decode(&stored.bytes).map_err(|error| HostError::Undecodable {
                context: S::CONTEXT,
                reason: format!("position {}: {error}", stored.position),
            })?;
            match table::event_type(&event.event_type) {
                None => self.unknown_events += 1,
                Some(known) => drop((known.round_trip)(event.data.get()).map_err(|error| HostError::Undecodable {
                    context: S::CONTEXT,
                    reason: format!("position {}: {error}", stored.position),
                })?),
            }
            self.service.evolve(&event);
            self.folded = stored.position;
        }
        Ok(())
    }

    fn reply(&self, name: &str, principal: &Principal, event_ids: &[Uuid]) -> Answered {
        let answer = self.service.reply(name, event_ids, &self.env(principal))?;
        Ok((self.answer_of(answer), self.folded))
    }

    fn answer_of(&self, answer: AnswerBody) -> Answer {
        let AnswerBody { body, version, created } = answer;
        Answer { body, cursor: self.cursor(), version, created }
    }

    /// What has been applied: the own log and what is followed.
    fn cursor(&self) -> Vector {
        self.observed.clone().with(S::CONTEXT, Mark { position: self.folded, store: self.store.store_id().short() })
    }

    /// Whether of `wanted` everything that concerns this context has been applied.
    fn has_applied(&self, wanted: &Vector) -> bool {
        let cursor = self.cursor();
        wanted
            .iter()
            .filter(|(context, _)| *context == S::CONTEXT || S::FOLLOWS.iter().any(|follow| follow.context == *context))
            .all(|(context, mark)| cursor.position(context) >= mark.position)
    }

    fn env<'a>(&'a self, principal: &'a Principal) -> Env<'a> {
        Env::new(self.clock.now(), principal, &self.keys, &self.clock, self.folded)
    }
}

/// Who and what events come from.
struct Origin<'a> {
    correlation: Uuid,
    cause: Option<&'a Event>,
    principal: &'a Principal,
    role: Option<Role>,
}

fn count(writes: &[Write]) -> usize {
    writes.iter().map(|write| write.drafts.len()).sum()
}

/// What is left after the first `done` events, which earlier frames hold; frames are cut between writes.
fn not_yet_worked_off(writes: Vec<Write>, done: u32) -> VecDeque<Write> {
    let (done, mut passed) = (done as usize, 0);
    let mut left = VecDeque::from(writes);
    while passed < done
        && let Some(write) = left.pop_front()
    {
        passed += write.drafts.len();
    }
    left
}

fn process_name(followed: Context) -> String {
    format!("react-to-{followed}")
}

/// Whole writes, as many together as a frame may hold.
fn slices(writes: Vec<Write>) -> Vec<Vec<Write>> {
    let mut slices: Vec<Vec<Write>> = Vec::new();
    let mut events = 0;
    for write in writes {
        if slices.is_empty() || events + write.drafts.len() > FRAME_EVENTS_MAX {
            slices.push(Vec::new());
            events = 0;
        }
        events += write.drafts.len();
        if let Some(slice) = slices.last_mut() {
            slice.push(write);
        }
    }
    slices
}

fn unknown(what: &str, name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("no {what} is called {name:?}"))
}

fn behind() -> Problem {
    Problem::new(ErrorCode::Unavailable, "what this cursor names has not been applied here yet: try again")
}

/// Replies leave in order, each once the log is durable up to what it rests on; a stopped log answers nothing more.
async fn send_when_durable(store: Store, mut outgoing: tokio::sync::mpsc::UnboundedReceiver<(u64, ReplyTo, Vec<u8>)>) {
    while let Some((position, reply, bytes)) = outgoing.recv().await {
        if store.durable(position).await.is_err() {
            return;
        }
        reply.send(bytes.into()).await;
    }
}
