//! One context on one thread: commands, followed events and timers, decided serially; replies when they are durable.

use crate::{
    caller::Caller,
    desk::{Asked, Desk, Refused},
    errand::Carried,
    follow::{Delivered, FollowError, Follower},
    relay::{self, RelayError, Relayed},
    sealing::{KeyError, Keys},
    service::Service,
    serving,
};
use narhet_bus::{Answer as ReplyTo, Bus, BusError};
use narhet_event_store::{OpenError, Options as StoreOptions, Store};
use narhet_kernel::{Clock, Context, Mark, StoreId, Vector};
use narhet_proto::subject;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Requests and followed events that wait for the loop.
const INPUT_CAPACITY: usize = 1_024;
/// The longest nap of the loop: the house's clock may run faster than real time, and a manual one may be set.
const NAP_MAX: Duration = Duration::from_millis(250);

/// Where a role keeps its things and how it runs.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// `DATA/<role>`: the log.
    pub folder: PathBuf,
    /// `DATA/keys/<role>`: data keys.
    pub keys_folder: PathBuf,
    /// Where the key-encryption key lies; the same folder unless it is kept elsewhere.
    pub kek_folder: PathBuf,
    pub clock: Clock,
}

/// Why a role could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("the log of {context} cannot be opened")]
    Open { context: Context, source: OpenError },
    #[error("the keys of {context} cannot be opened")]
    Keys { context: Context, source: KeyError },
    #[error("the bus cannot be used")]
    Bus(#[from] BusError),
    #[error("the log of {context} cannot be relayed")]
    Relay { context: Context, source: RelayError },
    #[error("{context} cannot go on following")]
    Follow { context: Context, source: FollowError },
    #[error("the log of {context} has stopped: {reason}")]
    Stopped { context: Context, reason: String },
    #[error("a stored event of {context} cannot be read: {reason}")]
    Undecodable { context: Context, reason: String },
}

impl HostError {
    /// Whether starting the role again may heal it: a log recovers from its journal, a fork needs a person.
    pub fn may_heal(&self) -> bool {
        match self {
            // A followed log that has forked is folded anew by a start.
            HostError::Stopped { .. } | HostError::Bus(_) | HostError::Follow { .. } => true,
            HostError::Relay { source, .. } => matches!(source, RelayError::Bus(_) | RelayError::Read(_)),
            HostError::Open { .. } | HostError::Keys { .. } | HostError::Undecodable { .. } => false,
        }
    }
}

/// What the loop is woken by.
pub(crate) enum Input {
    Command { asked: Asked, reply: ReplyTo },
    Query { asked: Asked, reply: ReplyTo },
    Delivered(Box<Delivered>),
    Carried(Carried),
    Failed(HostError),
}

/// Runs a context until shutdown or until it must not go on. Opens its log and keys, settles with the stream, serves.
pub async fn run<S: Service>(
    service: S,
    bus: Bus,
    options: HostOptions,
    shutdown: CancellationToken,
) -> Result<(), HostError> {
    let context = S::CONTEXT;
    let opened = tokio::task::spawn_blocking(move || open(service, &options));
    let (mut desk, store) = opened.await.map_err(|error| stopped(context, &error))??;
    bus.ensure_stream().await?;
    let adopted =
        relay::reconcile(&bus, &store, context).await.map_err(|source| HostError::Relay { context, source })?;
    if adopted > 0 {
        tracing::warn!(%context, events = adopted, "took over events from the stream that the log had lost");
    }
    desk.catch_up()?;
    desk.first_start()?;
    desk.set_targets(heads(&bus, &desk.followed()).await?);

    // Stopping anything below stops all of it; the caller's own token is only listened to.
    let stop = shutdown.child_token();
    let (relayed, relayed_seen) = watch::channel(Relayed { position: 0, settled: true });
    let (inputs, mut input) = mpsc::channel(INPUT_CAPACITY);
    let mut tasks = JoinSet::new();
    {
        let (bus, store, stop, inputs) = (bus.clone(), store.clone(), stop.clone(), inputs.clone());
        tasks.spawn(async move {
            if let Err(source) = relay::run(bus, store, context, relayed, stop).await {
                let _ = inputs.send(Input::Failed(HostError::Relay { context, source })).await;
            }
        });
    }
    tasks.spawn(feed(bus.clone(), desk.followed(), desk.follow_from(), inputs.clone(), stop.clone()));
    serving::start::<S>(&bus, &store, &inputs, desk.board(), &mut tasks, &stop).await?;
    desk.set_relayed(relayed_seen);
    desk.set_errands(inputs);

    let runtime = tokio::runtime::Handle::current();
    let stopping = stop.clone();
    let thread = std::thread::Builder::new()
        .name(context.name().to_owned())
        .spawn(move || runtime.block_on(work(&mut desk, &mut input, &stopping)))
        .map_err(|error| stopped(context, &error))?;
    let outcome = tokio::task::spawn_blocking(move || thread.join()).await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    let stop_store = tokio::task::spawn_blocking(move || store.stop());
    stop_store.await.map_err(|error| stopped(context, &error))?;
    match outcome {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(HostError::Stopped { context, reason: "its loop panicked".to_owned() }),
        Err(error) => Err(stopped(context, &error)),
    }
}

fn open<S: Service>(service: S, options: &HostOptions) -> Result<(Desk<S>, Store), HostError> {
    let context = S::CONTEXT;
    // The log first: its lock keeps a second process away from the keys too.
    let store = Store::open(StoreOptions::new(options.folder.clone(), options.clock.clone()))
        .map_err(|source| HostError::Open { context, source })?;
    let keys =
        Keys::open(&options.keys_folder, &options.kek_folder).map_err(|source| HostError::Keys { context, source })?;
    let desk = Desk::new(service, store.clone(), Arc::new(keys), options.clock.clone());
    Ok((desk, store))
}

/// The heads of the followed contexts, reached before anything is decided: as their owners say, else as the stream has
/// them. A stream that was wiped or rolled back says less than its owner.
async fn heads(bus: &Bus, contexts: &[Context]) -> Result<Vector, HostError> {
    let (caller, mut vector) = (Caller::new(bus.clone()), Vector::new());
    for context in contexts {
        let last = bus.last(&subject::partition(*context)).await?;
        let streamed = last.and_then(|last| crate::stamp::Stamp::of(&last).ok());
        let head = match caller.log_page(*context, u64::MAX).await {
            Ok(page) => Some(Mark { position: page.head, store: StoreId(page.store).short() }),
            Err(_) => streamed.map(|stamp| Mark { position: stamp.position, store: stamp.store.short() }),
        };
        if let Some(head) = head {
            vector.set(*context, head);
        }
    }
    Ok(vector)
}

/// Brings followed events to the loop until following fails.
async fn feed(bus: Bus, contexts: Vec<Context>, from: Vector, inputs: mpsc::Sender<Input>, stop: CancellationToken) {
    if contexts.is_empty() {
        return stop.cancelled().await;
    }
    let mut follower = Follower::start(bus.clone(), Caller::new(bus), contexts, from);
    loop {
        let next = tokio::select! {
            next = follower.next() => next,
            () = stop.cancelled() => return,
        };
        let input = match next {
            Ok(delivered) => Input::Delivered(Box::new(delivered)),
            Err(FollowError::Stopped) => return,
            Err(
                source @ (FollowError::Fork { context, .. }
                | FollowError::Undecodable { context, .. }
                | FollowError::BrokenChain { context, .. }),
            ) => Input::Failed(HostError::Follow { context, source }),
        };
        let failed = matches!(input, Input::Failed(_));
        if inputs.send(input).await.is_err() || failed {
            return;
        }
    }
}

/// The loop: one input after the other, timers when they are due.
async fn work<S: Service>(
    desk: &mut Desk<S>,
    input: &mut mpsc::Receiver<Input>,
    stop: &CancellationToken,
) -> Result<(), HostError> {
    loop {
        let nap = desk.until_due().min(NAP_MAX);
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            next = input.recv() => next,
            () = tokio::time::sleep(nap) => {
                desk.tick()?;
                continue;
            }
        };
        let Some(next) = next else { return Ok(()) };
        match next {
            Input::Command { asked, reply } => {
                let answered = desk.command(&asked);
                desk.answer(answered, reply)?;
            }
            Input::Query { asked, reply } => match desk.query(asked) {
                Err(Refused::Wait(asked)) => desk.wait(*asked, reply),
                answered => desk.answer(answered, reply)?,
            },
            Input::Delivered(delivered) => desk.deliver(&delivered)?,
            Input::Carried(carried) => desk.carried(&carried)?,
            // A log that was given up for another one: starting again folds it anew.
            Input::Failed(error @ HostError::Follow { source: FollowError::Fork { .. }, .. }) => return Err(error),
            // Commands are still served; readiness says why nothing is followed until somebody acts.
            Input::Failed(error @ HostError::Follow { .. }) => {
                tracing::error!(%error, source = ?std::error::Error::source(&error), "following stopped");
                desk.fail(&error);
            }
            Input::Failed(error) => return Err(error),
        }
        desk.tick()?;
    }
}

pub(crate) fn stopped(context: Context, reason: &impl std::fmt::Display) -> HostError {
    HostError::Stopped { context, reason: reason.to_string() }
}
