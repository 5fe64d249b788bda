//! What a context implements to run: a fold over its own events, views of others', and the decisions it owns.

use crate::{
    errand::{Carried, Errand, UnderWay},
    sealing::Keys,
};
use narhet_event_store::Expected;
use narhet_kernel::{Clock, Context, Principal, StreamId, SubjectId, Timestamp, Uuid, derived_id};
use narhet_proto::{
    Draft, Event, Sealed,
    wire::{Problem, Request},
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::any::Any;

/// A context. One thread owns it and calls everything here serially, so no method ever waits.
pub trait Service: Send + 'static {
    const CONTEXT: Context;

    /// Whose events are followed, and from where.
    const FOLLOWS: &'static [Follow];

    /// The commands it takes, as they stand in subjects: `report-incident`.
    const COMMANDS: &'static [&'static str];

    /// The queries it answers.
    const QUERIES: &'static [&'static str];

    /// The commands and queries whose requests are prepared before the loop takes them.
    const PREPARED: &'static [&'static str] = &[];

    /// The part of a large request's work that needs no state: reading and checking it. Done on a thread of its own, so that
    /// nobody else waits for it; what comes out is found again in [`Env::prepared`].
    fn prepare(_name: &str, _request: &Request) -> Option<Prepared> {
        None
    }

    /// What a new house records before anything else, when the log is empty.
    fn first_start(&self, env: &Env) -> Vec<Write>;

    /// Folds an own event; called for every event of the log, in order, at start and ever after. Total and infallible.
    fn evolve(&mut self, event: &Event);

    /// Folds a followed context's event into a view. Views hold nothing that is decided here.
    fn observe(&mut self, event: &Event);

    /// What a followed event causes here. It must depend only on the event and on state that replay rebuilds; ids come
    /// from [`Env::effect_id`], so a re-run finds its own events. Called only for events above the consumed mark. A cause
    /// that may have more effects than a frame holds must list them all, in the same order, also when some are recorded.
    fn react(&self, event: &Event, env: &Env) -> Vec<Write>;

    /// Decides a command. No writes means "already so", and then `answered_by` names what to answer from.
    fn decide(&self, command: &str, request: &Request, env: &Env) -> Result<Decision, Problem>;

    /// The reply to a command, rebuilt from the state that the events with these ids led to; asked again with the same
    /// idempotency key it must come out the same.
    fn reply(&self, command: &str, event_ids: &[Uuid], env: &Env) -> Result<AnswerBody, Problem>;

    /// Answers a query.
    fn answer(&self, query: &str, request: &Request, env: &Env) -> Result<AnswerBody, Problem>;

    /// When the next timer is due, derived from the state; `None` when nothing is waited for.
    fn next_due(&self) -> Option<Timestamp>;

    /// What is due at `env.now`; events with derived ids. Called at or after [`Service::next_due`].
    fn fire(&mut self, env: &Env) -> Vec<Write>;

    /// What has to be done outside the house now and is not under way, derived from the state: nothing is begun that the log
    /// does not have, and nothing is asked for twice while it is under way.
    fn errands(&self, _under_way: &UnderWay<'_>, _env: &Env<'_>) -> Vec<Errand> {
        Vec::new()
    }

    /// What the outcome of an errand makes of the state; without events the errand is asked for again.
    fn carried(&self, _carried: &Carried, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    /// Whether the context can do its work now; the text says why not.
    fn health(&self, now: Timestamp) -> Result<(), String>;
}

/// What [`Service::prepare`] made of a request.
pub type Prepared = Box<dyn Any + Send>;

/// A followed context. `from_start` views are folded anew from position 1 at each start; the others only from the mark.
#[derive(Clone, Copy, Debug)]
pub struct Follow {
    pub context: Context,
    pub from_start: bool,
}

/// Events for one stream.
#[derive(Clone, Debug)]
pub struct Write {
    pub stream: StreamId,
    pub expected: Expected,
    pub drafts: Vec<Draft>,
}

impl Write {
    /// One event.
    pub fn one(expected: Expected, draft: Draft) -> Self {
        Self { stream: draft.stream.clone(), expected, drafts: vec![draft] }
    }
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Decision {
    pub writes: Vec<Write>,
    /// The role that gave the right; part of each event.
    pub role: Option<narhet_kernel::Role>,
    /// With no writes: the ids of the events that made it so already, for [`Service::reply`].
    pub answered_by: Vec<Uuid>,
}

/// The body of an answer before it is sent.
#[derive(Debug)]
pub struct AnswerBody {
    pub body: Box<RawValue>,
    /// The version of the one record answered, for `ETag`.
    pub version: Option<u64>,
    /// The id of what was created, for `Location`.
    pub created: Option<String>,
}

impl AnswerBody {
    pub fn of(body: &impl Serialize) -> Self {
        let body = to_raw_value(body).expect("answers hold strings, finite numbers and JSON objects only");
        Self { body, version: None, created: None }
    }

    pub fn version(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }

    pub fn created(self, id: impl Into<String>) -> Self {
        Self { created: Some(id.into()), ..self }
    }
}

/// What a decision may know about the world; everything arrives as an argument.
pub struct Env<'a> {
    /// The house's present.
    pub now: Timestamp,
    pub principal: &'a Principal,
    pub(crate) keys: &'a Keys,
    pub(crate) clock: &'a Clock,
    prepared: Option<&'a Prepared>,
    /// This context's committed-or-assigned head, for `knownAt` and cursors.
    pub head: u64,
}

impl<'a> Env<'a> {
    pub fn new(now: Timestamp, principal: &'a Principal, keys: &'a Keys, clock: &'a Clock, head: u64) -> Self {
        Self { now, principal, keys, clock, prepared: None, head }
    }

    pub(crate) fn with(self, prepared: Option<&'a Prepared>) -> Self {
        Self { prepared, ..self }
    }

    /// What the request that is decided on was made into beforehand, when it was.
    pub fn prepared<T: 'static>(&self) -> Option<&'a T> {
        self.prepared.and_then(|prepared| prepared.downcast_ref())
    }

    /// The id of an event that a person commands.
    pub fn new_id(&self) -> Uuid {
        let since_epoch = self.now.as_duration();
        let seconds = u64::try_from(since_epoch.as_secs()).unwrap_or(0);
        let nanos = u32::try_from(since_epoch.subsec_nanos()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
    }

    /// The id of the `ordinal`th event that `process` causes on seeing `cause`.
    pub fn effect_id(&self, process: &str, cause: Uuid, ordinal: u32) -> Uuid {
        derived_id(process, cause, ordinal)
    }

    /// Seals `text` as member `field` (a path like `data.title`) of the event `event` under the record's key.
    /// All members of one event share one key.
    pub fn seal(&self, event: Uuid, field: &str, text: &str) -> Sealed {
        self.keys.seal(event, field, text)
    }

    /// Seals a person's text as member `field` of the event `event` under the key of that person, so that erasing the subject
    /// erases it here too. The role must follow `Context::Actors`, who records erasures. Opened with [`Env::open`].
    pub fn seal_subject(&self, subject: SubjectId, event: Uuid, field: &str, text: &str) -> Sealed {
        self.keys.seal_subject(subject, event, field, text)
    }

    /// Whether the subject has been erased, as far as is known here.
    pub fn is_erased(&self, subject: SubjectId) -> bool {
        self.keys.is_erased(subject)
    }

    /// Opens what was sealed as member `field` of event `event`; `None` when the key is destroyed (show `withheld`).
    pub fn open(&self, event: Uuid, field: &str, sealed: &Sealed) -> Option<String> {
        self.keys.open_sealed(event, field, sealed)
    }

    /// A hash that only this role can make: for secrets that follow from an id and are kept nowhere.
    pub fn keyed_hash(&self, bytes: &[u8]) -> [u8; 32] {
        self.keys.keyed_hash(bytes)
    }

    /// How many house seconds pass in a real one; time-outs of people run in house time.
    pub fn rate(&self) -> f64 {
        self.clock.rate()
    }
}
