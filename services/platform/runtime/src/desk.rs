//! What the loop does with each input: decide, append, fold, answer. Owned by one thread.

mod append;
mod effects;
mod erasure;
mod errands;

use crate::{
    caller::Health,
    follow::Delivered,
    host::{HostError, stopped},
    relay::Relayed,
    sealing::Keys,
    service::{AnswerBody, Decision, Env, Prepared, Service},
};
use append::Origin;
use effects::Unfinished;
use errands::Errands;
use narhet_bus::Answer as ReplyTo;
use narhet_event_store::{Outcome, Store};
use narhet_kernel::{Clock, Context, Mark, Principal, Timestamp, Uuid, Vector};
use narhet_proto::wire::{Answer, ErrorCode, Problem, Reply, Request};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// How long a read waits for its `minCursor`.
const MIN_CURSOR_WAIT: Duration = Duration::from_secs(2);
/// Reads that wait for their cursor; more are answered at once with 503.
const WAITING_MAX: usize = 1_024;
/// Events read at a time while folding the log at start.
const REPLAY_EVENTS: usize = 4_096;
const REPLAY_BYTES: usize = 8 * 1024 * 1024;

/// Answers to commands that changed nothing, remembered for their idempotency keys; those that did are in the log.
const ALREADY_MAX: usize = 1_000;

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
    /// Commands that found it "already so": an outcome without events has no frame to lie in.
    already: VecDeque<Outcome>,
    relayed: Option<watch::Receiver<Relayed>>,
    board: watch::Sender<Board>,
    unknown_events: u64,
    failure: Option<String>,
    replies: tokio::sync::mpsc::UnboundedSender<(u64, ReplyTo, Vec<u8>)>,
    errands: Option<Errands>,
}

struct Waiting {
    until: Instant,
    asked: Asked,
    reply: ReplyTo,
}

/// A command or a query, and what it was made into before it came here.
pub(crate) struct Asked {
    pub name: String,
    pub request: Request,
    pub prepared: Option<Prepared>,
}

/// The last state of health and when the loop looked: answered beside the loop, which may be deep in a large command.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub health: Health,
    pub looked_at: Instant,
}

/// Why there is no answer yet.
pub(crate) enum Refused {
    Problem(Problem),
    /// The reader wants to see more than has been applied.
    Wait(Box<Asked>),
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
        let board = Board { health: starting(&store), looked_at: Instant::now() };
        Self {
            service,
            store,
            keys,
            clock,
            house: Principal::house(),
            folded: 0,
            observed: Vector::new(),
            marks: Vector::new(),
            targets: Vector::new(),
            unfinished: None,
            held_back: VecDeque::new(),
            waiting: Vec::new(),
            already: VecDeque::new(),
            relayed: None,
            board: watch::Sender::new(board),
            unknown_events: 0,
            failure: None,
            replies,
            errands: None,
        }
    }

    pub fn followed(&self) -> Vec<Context> {
        S::FOLLOWS.iter().map(|follow| follow.context).collect()
    }

    /// Where following starts: views from nothing, processes from their mark.
    pub fn follow_from(&self) -> Vector {
        self.observed.clone()
    }

    /// Takes the heads that the stream has: to be reached before this is ready. What was read of a log that has been given
    /// up for another one is read anew from nothing.
    pub fn set_targets(&mut self, targets: Vector) {
        for (context, head) in targets.iter() {
            let marked = self.marks.mark(context);
            if marked.is_some_and(|mark| mark.position > 0 && mark.store != head.store) {
                tracing::warn!(%context, "its log is another one than was followed before; folding it anew");
                self.forget(context);
            }
        }
        self.targets = targets;
        for (context, mark) in self.marks.iter() {
            // What was reacted to before must be in the views again, whatever stream there is now.
            if self.targets.mark(context).is_none_or(|target| target.store == mark.store) {
                self.targets.join(&Vector::new().with(context, mark));
            }
        }
    }

    /// Whether what is decided on has been folded. A view that has nothing yet is one whose owner has not spoken: a place
    /// must not be located on an empty map.
    fn caught_up(&self) -> bool {
        let views = S::FOLLOWS.iter().filter(|follow| follow.from_start && follow.context.speaks_first());
        self.observed.covers(&self.targets) && views.into_iter().all(|view| self.observed.position(view.context) > 0)
    }

    /// Whether timers may fire: on a half-folded map a board looks dissolved that was not, and a log that is being compared with
    /// the stream may yet be given up.
    fn may_act(&self) -> bool {
        self.caught_up() && self.is_settled()
    }

    fn is_settled(&self) -> bool {
        self.relayed.as_ref().is_none_or(|relayed| relayed.borrow().settled)
    }

    fn refuse_while_folding(&self) -> Result<(), Problem> {
        if self.caught_up() {
            return Ok(());
        }
        let folding = "this service is starting and has not yet read what it decides on: try again";
        Err(Problem::new(ErrorCode::Unavailable, folding))
    }

    pub fn set_relayed(&mut self, relayed: watch::Receiver<Relayed>) {
        self.relayed = Some(relayed);
    }

    pub fn board(&self) -> watch::Receiver<Board> {
        self.board.subscribe()
    }

    /// Posts how this is, for whoever asks.
    pub fn post_health(&self) {
        self.board.send_replace(Board { health: self.health(), looked_at: Instant::now() });
    }

    /// Folds what the log has and the service has not seen, and takes its marks.
    pub fn catch_up(&mut self) -> Result<(), HostError> {
        self.marks = self.store.consumed();
        self.observed = self
            .marks
            .iter()
            .filter(|(context, _)| S::FOLLOWS.iter().any(|follow| follow.context == *context && !follow.from_start))
            .fold(Vector::new(), |vector, (context, mark)| vector.with(context, mark));
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
    pub fn command(&mut self, asked: &Asked) -> Answered {
        let Asked { name, request, prepared } = asked;
        if Timestamp::now() > request.deadline {
            let late = "the command came after its deadline and was not done; send it again";
            return Err(Problem::new(ErrorCode::Unavailable, late).into());
        }
        if !S::COMMANDS.contains(&name.as_str()) {
            return Err(unknown("command", name).into());
        }
        self.refuse_while_folding()?;
        if !self.is_settled() {
            let unsettled = "the log and the stream are being compared; nothing is decided meanwhile: try again";
            return Err(Problem::new(ErrorCode::Unavailable, unsettled).into());
        }
        let body_hash = self.keys.keyed_hash(request.body.get().as_bytes());
        let principal = &request.principal;
        if let Some(key) = &request.idempotency_key
            && let Some(outcome) = self.outcome(&principal.id, name, key)
        {
            if outcome.body_hash != body_hash {
                let reuse =
                    format!("Idempotency-Key {key:?} was used with another body: use a new key for a new command");
                return Err(Problem::new(ErrorCode::IdempotencyKeyReuse, reuse).into());
            }
            return self.reply(name, principal, &outcome.event_ids);
        }
        let decision = self.service.decide(name, request, &self.env(principal).with(prepared.as_ref()))?;
        let Decision { mut writes, role, answered_by } = decision;
        let outcome = |event_ids: &[Uuid]| {
            request.idempotency_key.as_ref().map(|key| Outcome {
                principal: principal.id.clone(),
                route: name.clone(),
                key: key.clone(),
                body_hash,
                event_ids: event_ids.to_vec(),
            })
        };
        if writes.is_empty() {
            if self.already.len() == ALREADY_MAX {
                self.already.pop_front();
            }
            self.already.extend(outcome(&answered_by));
            return self.reply(name, principal, &answered_by);
        }
        let event_ids: Vec<Uuid> = writes.iter().flat_map(|write| &write.drafts).map(|draft| draft.id).collect();
        let outcome = outcome(&event_ids);
        writes.extend(self.principal_seen(principal));
        let origin = Origin { correlation: request.correlation_id, cause: None, principal, role };
        self.commit_command(&writes, &origin, outcome)?;
        self.reply(name, principal, &event_ids)
    }

    /// What became of a command with this key.
    fn outcome(&self, principal: &str, route: &str, key: &str) -> Option<Outcome> {
        let same = |outcome: &&Outcome| outcome.principal == principal && outcome.route == route && outcome.key == key;
        self.store.outcome(principal, route, key).or_else(|| self.already.iter().rfind(same).cloned())
    }

    /// Answers a query, unless it has to wait for its cursor.
    pub fn query(&mut self, asked: Asked) -> Answered {
        let Asked { name, request, prepared } = &asked;
        if !S::QUERIES.contains(&name.as_str()) {
            return Err(unknown("query", name).into());
        }
        self.refuse_while_folding()?;
        if request.min_cursor.as_ref().is_some_and(|wanted| !self.has_applied(wanted)) {
            return Err(Refused::Wait(Box::new(asked)));
        }
        let answer = self.service.answer(name, request, &self.env(&request.principal).with(prepared.as_ref()))?;
        Ok((self.answer_of(answer), self.folded))
    }

    /// Keeps a query until its cursor is reached.
    pub fn wait(&mut self, asked: Asked, reply: ReplyTo) {
        let until = if self.waiting.len() < WAITING_MAX { Instant::now() + MIN_CURSOR_WAIT } else { Instant::now() };
        self.waiting.push(Waiting { until, asked, reply });
    }

    /// Sends an answer once what it rests on is durable.
    pub fn answer(&mut self, answered: Answered, reply: ReplyTo) -> Result<(), HostError> {
        let (message, position) = match answered {
            Ok((answer, position)) => (Reply::Ok(answer), position),
            // A refusal rests on what is folded just as an answer does.
            Err(Refused::Problem(problem)) => (Reply::Problem(problem), self.folded),
            Err(Refused::Wait(_)) => (Reply::Problem(behind()), 0),
            Err(Refused::Stop(error)) => return Err(error),
        };
        let bytes = serde_json::to_vec(&message).map_err(|error| stopped(S::CONTEXT, &error))?;
        self.replies.send((position, reply, bytes)).map_err(|error| stopped(S::CONTEXT, &error))
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
        let timer = self.service.next_due().filter(|_| self.may_act()).map(|due| {
            let house = due.duration_since(self.clock.now()).as_secs_f64().max(0.0);
            Duration::try_from_secs_f64(house / self.clock.rate().max(f64::MIN_POSITIVE)).unwrap_or(Duration::MAX)
        });
        let waiting = self.waiting.iter().map(|waiting| waiting.until.saturating_duration_since(Instant::now())).min();
        timer.unwrap_or(Duration::MAX).min(waiting.unwrap_or(Duration::MAX))
    }

    pub fn health(&self) -> Health {
        let reason = self.not_ready();
        Health {
            ready: reason.is_none(),
            reason,
            position: self.store.committed_position(),
            relayed: self.relayed.as_ref().map_or(0, |relayed| relayed.borrow().position),
            vector: self.observed.clone().with(S::CONTEXT, self.committed()),
            store: self.store.store_id().0,
            unknown_events: self.unknown_events,
        }
    }

    /// What is on disk of the own log: nobody is told of more.
    fn committed(&self) -> Mark {
        Mark { position: self.store.committed_position(), store: self.store.store_id().short() }
    }

    fn not_ready(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.clone());
        }
        if !self.caught_up() {
            return Some(format!("folding: at {}, the heads at start were {}", self.observed, self.targets));
        }
        self.service.health(self.clock.now()).err()
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
        let concerns =
            |context: Context| context == S::CONTEXT || S::FOLLOWS.iter().any(|follow| follow.context == context);
        let wanted = wanted.iter().filter(|(context, _)| concerns(*context));
        self.cursor().covers(&wanted.fold(Vector::new(), |wanted, (context, mark)| wanted.with(context, mark)))
    }

    fn env<'a>(&'a self, principal: &'a Principal) -> Env<'a> {
        Env::new(self.clock.now(), principal, &self.keys, &self.clock, self.folded)
    }
}

fn starting(store: &Store) -> Health {
    Health {
        ready: false,
        reason: Some("starting".to_owned()),
        position: store.committed_position(),
        relayed: 0,
        vector: Vector::new(),
        store: store.store_id().0,
        unknown_events: 0,
    }
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
