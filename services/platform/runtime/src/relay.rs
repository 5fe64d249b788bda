//! Log → stream: whole frames, in order, fenced, and no cursor of its own.
//!
//! One routine covers a fresh start, a lost acknowledgement, a broker that lost its tail and a wiped one: read the
//! partition's last message, check that the log has the same event at that position, go on behind it.

use crate::{
    seek::first_above,
    stamp::{NotStamped, Stamp, frame_headers, frame_of},
};
use narhet_bus::{Bus, BusError, Fence, Outgoing, PublishError, Published};
use narhet_event_store::{AdoptError, Frame, ReadError, Store};
use narhet_kernel::{Context, Uuid, Vector, limits::FRAME_EVENTS_MAX};
use narhet_proto::{Event, subject};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Bytes in one batch when the relay is behind; NATS holds a batch in memory.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// An atomic batch costs nats-server a store of its own, several times a single message: only a backlog is worth one.
const BATCH_FRAMES_MIN: usize = 10;
/// How long to wait before trying again on a broker that does not answer.
const RETRY: Duration = Duration::from_millis(100);
/// How long to wait before looking again whether another relay has published a cause.
const CAUSE_RETRY: Duration = Duration::from_millis(2);

/// Why a log cannot be relayed; the role must not go on deciding.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error(
        "the log of {context} and the stream part at position {position}: the log has {here}, the stream {there}. \
         Nothing was changed; stop every role and run `narhet fork --keep log|stream`"
    )]
    Fork { context: Context, position: u64, here: String, there: String },
    #[error("the log cannot be read for the stream")]
    Read(#[from] ReadError),
    #[error("bytes of the stream cannot be adopted")]
    Adopt(#[source] AdoptError),
    #[error(transparent)]
    NotStamped(#[from] NotStamped),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error("an own stored event cannot be read: {0}")]
    Undecodable(String),
}

/// How far the stream is known to hold a log, and whether it is known to be this one.
#[derive(Clone, Copy, Debug)]
pub struct Relayed {
    pub position: u64,
    pub settled: bool,
}

/// What the stream holds of a log.
#[derive(Clone, Copy, Debug)]
struct Tail {
    position: u64,
    sequence: u64,
}

/// Before serving: takes over what this log has published and lost, or refuses a stream that says something else.
/// How many events were adopted.
pub async fn reconcile(bus: &Bus, store: &Store, context: Context) -> Result<u64, RelayError> {
    let partition = subject::partition(context);
    let Some(last) = bus.last(&partition).await? else { return Ok(0) };
    let stamp = Stamp::of(&last)?;
    check_store(store, context, &stamp)?;
    let (head, mut adopted) = (store.head(), 0);
    if stamp.position <= head {
        check_same(store, context, &stamp)?;
        return Ok(0);
    }
    let mut sequence = first_above(bus, &partition, head, last.sequence).await?;
    while let Some(first) = bus.next_from(&partition, sequence).await? {
        let count = Stamp::of(&first)?.count;
        let mut messages: Vec<Published> = vec![first];
        while (messages.len() as u64) < count {
            let after = messages.last().map_or(sequence, |message| message.sequence + 1);
            let next = bus.next_from(&partition, after).await?;
            messages.push(next.ok_or(NotStamped { sequence: after, header: "Narhet-Frame-Events" })?);
        }
        sequence = messages.last().map_or(sequence, |message| message.sequence + 1);
        let frame = frame_of(&messages)?;
        let position = frame.first;
        let store = store.clone();
        let adopt = tokio::task::spawn_blocking(move || store.adopt(frame));
        match adopt.await.map_err(|error| RelayError::Undecodable(error.to_string()))? {
            Ok(()) => adopted += messages.len() as u64,
            Err(AdoptError::Stopped(stopped)) => return Err(RelayError::Adopt(AdoptError::Stopped(stopped))),
            Err(error) => {
                let (here, there) = (error.to_string(), messages[0].sequence.to_string());
                return Err(RelayError::Fork { context, position, here, there: format!("message {there}") });
            }
        }
    }
    Ok(adopted)
}

fn check_store(store: &Store, context: Context, stamp: &Stamp) -> Result<(), RelayError> {
    if stamp.store == store.store_id() {
        return Ok(());
    }
    let (here, there) = (format!("store {}", store.store_id()), format!("store {}", stamp.store));
    Err(RelayError::Fork { context, position: stamp.position, here, there })
}

fn check_same(store: &Store, context: Context, stamp: &Stamp) -> Result<(), RelayError> {
    let id = id_at(store, stamp.position)?;
    if id == Some(stamp.id) {
        return Ok(());
    }
    let here = id.map_or_else(|| "nothing".to_owned(), |id| format!("event {id}"));
    Err(RelayError::Fork { context, position: stamp.position, here, there: format!("event {}", stamp.id) })
}

fn id_at(store: &Store, position: u64) -> Result<Option<Uuid>, RelayError> {
    let found = store.read_all(position, 1, usize::MAX)?;
    found
        .first()
        .filter(|stored| stored.position == position)
        .map(|stored| event_of(&stored.bytes).map(|event| event.id))
        .transpose()
}

fn event_of(bytes: &[u8]) -> Result<Event, RelayError> {
    Event::decode(bytes).map_err(|error| RelayError::Undecodable(error.to_string()))
}

/// Relays until shutdown; an error means that the role must stop deciding. `relayed` says how far the stream is known to be.
pub async fn run(
    bus: Bus,
    store: Store,
    context: Context,
    relayed: watch::Sender<Relayed>,
    shutdown: CancellationToken,
) -> Result<(), RelayError> {
    let mut epoch = bus.epoch();
    loop {
        epoch.mark_unchanged();
        let outcome = tokio::select! {
            outcome = relay(&bus, &store, context, &relayed) => outcome,
            // Maybe another broker, with an older stream: others may wait for what we believe to be in it.
            changed = epoch.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return Ok(()),
            },
            () = shutdown.cancelled() => return Ok(()),
        };
        match outcome {
            // A refused or unanswered publish, or a broker that is away: establish anew where the stream is.
            Ok(()) => {}
            Err(RelayError::Bus(error)) => tracing::debug!(%context, %error, "the stream cannot be reached"),
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = shutdown.cancelled() => return Ok(()),
        }
    }
}

/// Relays until something has to be established anew.
async fn relay(bus: &Bus, store: &Store, context: Context, relayed: &watch::Sender<Relayed>) -> Result<(), RelayError> {
    bus.ensure_stream().await?;
    let mut tail = establish(bus, store, context).await?;
    relayed.send_replace(Relayed { position: tail.position, settled: true });
    let mut committed = store.committed();
    let mut seen = Vector::new();
    loop {
        let next = tail.position + 1;
        if committed.wait_for(|position| *position >= next).await.is_err() {
            return std::future::pending().await;
        }
        let frames = store.frames(next, BATCH_BYTES_MAX)?;
        // A frame that still waits for its cause must not hold back those before it: the cause may wait for them.
        let ready = frames.iter().take_while(|frame| is_seen(context, frame, &seen)).count().max(1);
        for frame in &frames[..ready.min(frames.len())] {
            wait_for_causes(bus, context, &frame.consumed, &mut seen).await?;
        }
        let Some(batch) = first_batch(&frames[..ready.min(frames.len())]) else { continue };
        // A broker may have lost the end of a frame: what it still has is not published again.
        let messages = messages_of(store, context, batch, next)?;
        let fence = Fence { partition: subject::partition(context), last_sequence: tail.sequence };
        match bus.publish(&messages, &fence).await {
            Ok(sequence) => tail = Tail { position: next + messages.len() as u64 - 1, sequence },
            Err(error) => {
                // Somebody else may write this partition: nothing more is decided until that is known.
                relayed.send_modify(|relayed| relayed.settled = !matches!(error, PublishError::Refused(_)));
                tracing::warn!(%context, %error, position = next, "publishing");
                return Ok(());
            }
        }
        relayed.send_replace(Relayed { position: tail.position, settled: true });
    }
}

/// Where the stream is, if it says what the log says.
async fn establish(bus: &Bus, store: &Store, context: Context) -> Result<Tail, RelayError> {
    let Some(last) = bus.last(&subject::partition(context)).await? else {
        return Ok(Tail { position: 0, sequence: 0 });
    };
    let stamp = Stamp::of(&last)?;
    check_store(store, context, &stamp)?;
    check_same(store, context, &stamp)?;
    Ok(Tail { position: stamp.position, sequence: last.sequence })
}

/// Cause before effect: returns once the stream holds all that was consumed.
async fn wait_for_causes(bus: &Bus, own: Context, consumed: &Vector, seen: &mut Vector) -> Result<(), RelayError> {
    for (context, mark) in consumed.iter().filter(|(context, _)| *context != own) {
        let mut retry = CAUSE_RETRY;
        while !seen.has_seen(context, mark) {
            let last = bus.last(&subject::partition(context)).await?;
            if let Some(last) = last {
                let stamp = Stamp::of(&last)?;
                seen.set(context, narhet_kernel::Mark { position: stamp.position, store: stamp.store.short() });
            }
            if !seen.has_seen(context, mark) {
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(RETRY);
            }
        }
    }
    Ok(())
}

fn is_seen(own: Context, frame: &Frame, seen: &Vector) -> bool {
    frame.consumed.iter().all(|(context, mark)| context == own || seen.has_seen(context, mark))
}

/// Whole frames from the first on, as many as an atomic batch may hold; a frame of one event alone, unless many wait.
fn first_batch(frames: &[Frame]) -> Option<&[Frame]> {
    if frames.len() < BATCH_FRAMES_MIN && frames.first().is_some_and(|frame| frame.events.len() == 1) {
        return Some(&frames[..1]);
    }
    let mut events = 0;
    let count = frames
        .iter()
        .take_while(|frame| {
            events += frame.events.len();
            events <= FRAME_EVENTS_MAX
        })
        .count();
    (count > 0).then(|| &frames[..count])
}

fn messages_of(store: &Store, context: Context, frames: &[Frame], from: u64) -> Result<Vec<Outgoing>, RelayError> {
    let mut messages = Vec::new();
    for frame in frames {
        for (bytes, position) in frame.events.iter().zip(frame.first..).filter(|(_, position)| *position >= from) {
            let event = event_of(bytes)?;
            let stamp = Stamp {
                store: store.store_id(),
                position,
                id: event.id,
                frame: frame.first,
                count: frame.events.len() as u64,
                consumed: frame.consumed.clone(),
            };
            let mut headers = stamp.headers();
            if position == frame.first {
                headers.extend(frame_headers(frame));
            }
            let subject = subject::event(context, &event.event_type);
            messages.push(Outgoing { subject, headers, payload: bytes.clone() });
        }
    }
    Ok(messages)
}
