//! Stream → folds: every event of some contexts, dense per context, cause before effect, whatever becomes of the broker.
//!
//! The stream is read from where the vector says, found by bisection, since sequences are only hints. Events at or below
//! the vector are dropped, a gap is fetched from the owner's log, and an event waits until all that its frame had consumed
//! has been delivered. After a reconnect everything starts anew from the vector.

use crate::{caller::Caller, seek::first_above, stamp::Stamp};
use bytes::Bytes;
use narhet_bus::{Bus, BusError, Messages, Published};
use narhet_kernel::{Context, Mark, StoreId, Vector};
use narhet_proto::{
    Event, subject, table,
    wire::{LogPage, Problem},
};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Events that wait for the folder; a slow one holds the follower, never the bus.
const DELIVERED_CAPACITY: usize = 256;
/// Ids remembered per context to tell a redelivery from a fork.
const RECENT_IDS: usize = 1_024;
/// Events that wait for a gap to be filled; past it the stream is left to wait, and the owner is asked.
const WAITING_MAX: usize = 10_000;
/// How long to wait before asking an owner again that did not answer.
const FETCH_RETRY: Duration = Duration::from_millis(100);
/// How often an idle follower looks whether the stream has more than it was told of.
const IDLE_CHECK: Duration = Duration::from_secs(2);
/// How long to wait before trying to read a stream again that could not be read.
const OPEN_RETRY: Duration = Duration::from_millis(100);

/// One event, in an order that everybody who follows the same contexts may rely on.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub context: Context,
    pub event: Event,
    /// The stored bytes.
    pub bytes: Bytes,
    /// What had been consumed when its frame was decided.
    pub consumed: Vector,
    /// What has been delivered, this event included.
    pub vector: Vector,
}

/// Why following stopped.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FollowError {
    /// The log that was followed is not the one that is there now; fold that context anew from nothing.
    #[error("the log of {context} has forked: position {position} is another event now")]
    Fork { context: Context, position: u64 },
    #[error("event {position} of {context} cannot be read by this version: {reason}")]
    Undecodable { context: Context, position: u64, reason: String },
    #[error("event {position} of {context} does not follow from the one before: its prevhash differs")]
    BrokenChain { context: Context, position: u64 },
    #[error("the follower has stopped")]
    Stopped,
}

/// A running follower; dropping it stops it.
pub struct Follower(mpsc::Receiver<Result<Delivered, FollowError>>);

impl Follower {
    /// Follows `contexts` from `from` (exclusive) on.
    pub fn start(bus: Bus, caller: Caller, contexts: Vec<Context>, from: Vector) -> Follower {
        let (sender, receiver) = mpsc::channel(DELIVERED_CAPACITY);
        tokio::spawn(async move {
            let mut state = State::new(contexts, from);
            if let Err(error) = follow(&bus, &caller, &mut state, &sender).await {
                // The receiver may be gone; then nobody needs to know.
                let _ = sender.send(Err(error)).await;
            }
        });
        Follower(receiver)
    }

    /// The next event. Cancel-safe.
    pub async fn next(&mut self) -> Result<Delivered, FollowError> {
        self.0.recv().await.unwrap_or(Err(FollowError::Stopped))
    }
}

async fn follow(
    bus: &Bus,
    caller: &Caller,
    state: &mut State,
    out: &mpsc::Sender<Result<Delivered, FollowError>>,
) -> Result<(), FollowError> {
    let mut epoch = bus.epoch();
    loop {
        epoch.mark_unchanged();
        let mut messages = match open(bus, &state.contexts, &state.vector).await {
            Ok(messages) => messages,
            Err(NotOpened::Fork(context, position)) => return Err(FollowError::Fork { context, position }),
            Err(NotOpened::Bus(error)) => {
                tracing::debug!(%error, "the stream cannot be read yet");
                tokio::select! {
                    () = out.closed() => return Ok(()),
                    _ = epoch.changed() => {}
                    () = tokio::time::sleep(OPEN_RETRY) => {}
                }
                continue;
            }
        };
        let mut retry_at: Option<Instant> = None;
        loop {
            while let Some(delivered) = state.take_ready()? {
                if out.send(Ok(delivered)).await.is_err() {
                    return Ok(());
                }
            }
            if retry_at.is_none_or(|at| at <= Instant::now())
                && let Some((context, from)) = state.missing()
            {
                match caller.log_page(context, from).await {
                    Ok(page) if !page.events.is_empty() => {
                        retry_at = None;
                        state.arrive_page(context, from, &page)?;
                        continue;
                    }
                    // Nobody there, or a log shorter than the stream says: the stream or a later try will tell.
                    Ok(_) | Err(Problem { .. }) => retry_at = Some(Instant::now() + FETCH_RETRY),
                }
            }
            let wake_at = retry_at.unwrap_or_else(|| Instant::now() + IDLE_CHECK);
            tokio::select! {
                () = out.closed() => return Ok(()),
                message = messages.next(), if state.waiting_count() < WAITING_MAX => match message {
                    Some(message) => state.arrive_message(message)?,
                    None => break,
                },
                () = tokio::time::sleep_until(wake_at) => {
                    if retry_at.take().is_none() && lags(bus, state).await {
                        break;
                    }
                }
            }
        }
    }
}

/// Whether the stream holds more than has arrived here although nothing is coming.
async fn lags(bus: &Bus, state: &State) -> bool {
    for context in &state.contexts {
        let last = bus.last(&subject::partition(*context)).await;
        if let Ok(Some(last)) = last
            && let Ok(stamp) = Stamp::of(&last)
            && stamp.position > state.arrived(*context)
        {
            return true;
        }
    }
    false
}

/// Why the stream cannot be read from the vector on.
enum NotOpened {
    Bus(BusError),
    /// The stream holds another log of this context than the vector has read.
    Fork(Context, u64),
}

impl From<BusError> for NotOpened {
    fn from(error: BusError) -> Self {
        NotOpened::Bus(error)
    }
}

async fn open(bus: &Bus, contexts: &[Context], vector: &Vector) -> Result<Messages, NotOpened> {
    let mut first = u64::MAX;
    for context in contexts {
        first = first.min(seek(bus, *context, vector.mark(*context).unwrap_or_default()).await?);
    }
    let partitions: Vec<String> = contexts.iter().map(|context| subject::partition(*context)).collect();
    Ok(bus.consume(&partitions, first).await?)
}

/// The sequence from which everything of a context above its mark comes.
async fn seek(bus: &Bus, context: Context, mark: Mark) -> Result<u64, NotOpened> {
    let (partition, position) = (subject::partition(context), mark.position);
    let Some(last) = bus.last(&partition).await? else { return Ok(1) };
    let stamp = Stamp::of(&last).ok();
    if let Some(stamp) = stamp.as_ref().filter(|stamp| position > 0 && stamp.store.short() != mark.store) {
        return Err(NotOpened::Fork(context, stamp.position));
    }
    if stamp.map_or(0, |stamp| stamp.position) <= position {
        return Ok(last.sequence + 1);
    }
    Ok(first_above(bus, &partition, position, last.sequence).await?)
}

struct Arrived {
    store: StoreId,
    bytes: Bytes,
    consumed: Vector,
}

/// What has been delivered and what waits for its turn; no IO.
struct State {
    contexts: Vec<Context>,
    vector: Vector,
    waiting: BTreeMap<Context, BTreeMap<u64, Arrived>>,
    last_hash: HashMap<Context, blake3::Hash>,
    recent: HashMap<Context, VecDeque<(u64, blake3::Hash)>>,
}

impl State {
    fn new(contexts: Vec<Context>, vector: Vector) -> Self {
        Self { contexts, vector, waiting: BTreeMap::new(), last_hash: HashMap::new(), recent: HashMap::new() }
    }

    fn waiting_count(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    /// The highest position of a context that has arrived.
    fn arrived(&self, context: Context) -> u64 {
        let waiting = self.waiting.get(&context).and_then(|waiting| waiting.keys().next_back().copied());
        waiting.unwrap_or(0).max(self.vector.position(context))
    }

    fn arrive_message(&mut self, message: Published) -> Result<(), FollowError> {
        let stamp = match Stamp::of(&message) {
            Ok(stamp) => stamp,
            Err(error) => {
                tracing::warn!(%error, "passed over");
                return Ok(());
            }
        };
        let context = message.subject.split('.').nth(3).and_then(|name| name.parse().ok());
        let Some(context) = context.filter(|context| self.contexts.contains(context)) else { return Ok(()) };
        self.arrive(
            context,
            stamp.position,
            Arrived { store: stamp.store, bytes: message.payload, consumed: stamp.consumed },
        )
    }

    fn arrive_page(&mut self, context: Context, from: u64, page: &LogPage) -> Result<(), FollowError> {
        for ((event, consumed), position) in page.events.iter().zip(&page.consumed).zip(from..) {
            let bytes = Bytes::copy_from_slice(event.get().as_bytes());
            self.arrive(context, position, Arrived { store: StoreId(page.store), bytes, consumed: consumed.clone() })?;
        }
        Ok(())
    }

    fn arrive(&mut self, context: Context, position: u64, arrived: Arrived) -> Result<(), FollowError> {
        if let Some(mark) = self.vector.mark(context)
            && mark.store != arrived.store.short()
        {
            return Err(FollowError::Fork { context, position });
        }
        if position <= self.vector.position(context) {
            let recent = self.recent.get(&context);
            let known = recent.and_then(|recent| recent.iter().find(|(known, _)| *known == position));
            return match known {
                Some((_, hash)) if *hash != blake3::hash(&arrived.bytes) => {
                    Err(FollowError::Fork { context, position })
                }
                _ => Ok(()),
            };
        }
        self.waiting.entry(context).or_default().entry(position).or_insert(arrived);
        Ok(())
    }

    /// Of the waiting events that are next in their context and whose causes are delivered, the first in context order.
    fn take_ready(&mut self) -> Result<Option<Delivered>, FollowError> {
        let ready = self.contexts.iter().copied().find(|context| {
            let next = self.vector.position(*context) + 1;
            self.waiting
                .get(context)
                .and_then(|waiting| waiting.get(&next))
                .is_some_and(|arrived| self.unmet(&arrived.consumed).is_none())
        });
        let Some(context) = ready else { return Ok(None) };
        let position = self.vector.position(context) + 1;
        let arrived = self.waiting.get_mut(&context).and_then(|waiting| waiting.remove(&position));
        arrived.map(|arrived| self.deliver(context, position, arrived)).transpose()
    }

    fn deliver(&mut self, context: Context, position: u64, arrived: Arrived) -> Result<Delivered, FollowError> {
        let undecodable = |reason: String| FollowError::Undecodable { context, position, reason };
        let event = Event::decode(&arrived.bytes).map_err(|error| undecodable(error.to_string()))?;
        if event.position != position {
            return Err(undecodable(format!("the event says it is at position {}", event.position)));
        }
        if let Some(known) = table::event_type(&event.event_type) {
            (known.check)(event.data.get()).map_err(|error| undecodable(error.to_string()))?;
        }
        let hash = blake3::hash(&arrived.bytes);
        if let Some(before) = self.last_hash.get(&context)
            && before.to_hex().as_str() != event.prevhash
        {
            return Err(FollowError::BrokenChain { context, position });
        }
        self.last_hash.insert(context, hash);
        let recent = self.recent.entry(context).or_default();
        if recent.len() == RECENT_IDS {
            recent.pop_front();
        }
        recent.push_back((position, hash));
        self.vector.set(context, Mark { position, store: arrived.store.short() });
        let Arrived { bytes, consumed, .. } = arrived;
        Ok(Delivered { context, event, bytes, consumed, vector: self.vector.clone() })
    }

    /// A followed context of which more must be delivered first.
    fn unmet(&self, consumed: &Vector) -> Option<Context> {
        consumed
            .iter()
            .find(|(context, mark)| self.contexts.contains(context) && !self.vector.has_seen(*context, *mark))
            .map(|(context, _)| context)
    }

    /// A range that nothing on the way will bring: the context and the first position to fetch.
    fn missing(&self) -> Option<(Context, u64)> {
        self.contexts.iter().find_map(|context| {
            let next = self.vector.position(*context) + 1;
            let waiting = self.waiting.get(context)?;
            let (first, arrived) = waiting.first_key_value()?;
            if *first > next {
                return Some((*context, next));
            }
            let unmet = self.unmet(&arrived.consumed)?;
            let next = self.vector.position(unmet) + 1;
            let comes = self.waiting.get(&unmet).is_some_and(|waiting| waiting.contains_key(&next));
            (!comes).then_some((unmet, next))
        })
    }
}

/// Up to `limit` events after `from`, read from the owners' logs and merged: dense per context, cause before effect, and
/// among what is ready the earliest recorded first. Empty at the head.
pub async fn read_page(
    caller: &Caller,
    contexts: &[Context],
    from: &Vector,
    limit: usize,
) -> Result<Vec<Delivered>, Problem> {
    let mut state = State::new(contexts.to_vec(), from.clone());
    let mut ended: Vec<Context> = Vec::new();
    let mut page = Vec::new();
    while page.len() < limit {
        for context in contexts {
            let next = state.vector.position(*context) + 1;
            let waits = state.waiting.get(context).is_some_and(|waiting| waiting.contains_key(&next));
            if !waits && !ended.contains(context) {
                let read = caller.log_page(*context, next).await?;
                if read.events.is_empty() {
                    ended.push(*context);
                }
                state.arrive_page(*context, next, &read).map_err(|error| stale(&error))?;
            }
        }
        let earliest = contexts
            .iter()
            .filter_map(|context| {
                let next = state.vector.position(*context) + 1;
                let arrived = state.waiting.get(context)?.get(&next)?;
                state.unmet(&arrived.consumed).is_none().then(|| (recorded(&arrived.bytes), *context, next))
            })
            .min();
        let Some((_, context, position)) = earliest else { break };
        let arrived = state.waiting.get_mut(&context).and_then(|waiting| waiting.remove(&position));
        let Some(arrived) = arrived else { break };
        page.push(state.deliver(context, position, arrived).map_err(|error| stale(&error))?);
    }
    Ok(page)
}

/// The recorded time of an event, for merging; an unreadable one comes first and is then reported.
fn recorded(bytes: &[u8]) -> Option<narhet_kernel::Timestamp> {
    #[derive(serde::Deserialize)]
    struct Recorded {
        time: narhet_kernel::Timestamp,
    }
    serde_json::from_slice::<Recorded>(bytes).ok().map(|recorded| recorded.time)
}

fn stale(error: &FollowError) -> Problem {
    Problem::new(narhet_proto::wire::ErrorCode::Conflict, format!("this cursor cannot be continued: {error}"))
}
