//! The handle that everybody holds: append, wait, read, ask.

use crate::{
    codec::Extras,
    disk::{Disk, RealDisk},
    error::{AdoptError, AppendError, OpenError, ReadError, Stopped},
    folder::{self, Folds},
    index::{Index, Unfolded},
    journal::Journal,
    keys::{OutcomeKey, StreamKey},
    limits,
    open::{self, IndexKind},
    pages::IndexError,
    recent::{self, Recent},
    segment::Location,
    state::{KeyedWrite, Pending, PendingEvent, State},
    suffix::{SUFFIX_BYTES_MAX, Suffix},
    types::{Appended, Commit, Frame, Outcome, Progress, Stored},
    waiters::Waiters,
    writer,
};
use bytes::Bytes;
use narhet_kernel::{Clock, StoreId, StreamId, Vector};
use parking_lot::{Condvar, Mutex, RwLock};
use std::{
    any::Any,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};
use tokio::sync::watch;
use uuid::Uuid;

/// The reason given by a store that was stopped on request.
pub const CLOSED: &str = "it was closed";

/// How to open a log.
#[derive(Clone, Debug)]
pub struct Options {
    /// `DATA/<role>`: holds `journal/` and `sled/`.
    pub folder: PathBuf,
    pub clock: Clock,
    /// A segment is closed at this size; default [`limits::SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// How far ahead the journal is allocated; default [`limits::ALLOCATE_STEP_BYTES`].
    pub allocate_step_bytes: u64,
    /// Committed frames kept in memory; default [`limits::RECENT_BYTES`].
    pub recent_bytes: usize,
    /// Ids remembered by [`Store::contains`]; default [`limits::DEDUPE_EVENTS`].
    pub dedupe_events: usize,
    /// Events that gather before a fold into sled; default [`limits::FOLD_EVENTS`].
    pub fold_events: usize,
    /// Longest time between folds; default [`limits::FOLD_INTERVAL_MS`].
    pub fold_interval_ms: u64,
    /// Memory of sled's pages; default [`limits::SLED_CACHE_BYTES`].
    pub sled_cache_bytes: u64,
    /// The machine's boot, if not the one the kernel names; for tests.
    pub boot_id: Option<String>,
}

impl Options {
    /// The defaults for a log in `folder`.
    pub fn new(folder: impl Into<PathBuf>, clock: Clock) -> Options {
        Options {
            folder: folder.into(),
            clock,
            segment_bytes: limits::SEGMENT_BYTES,
            allocate_step_bytes: limits::ALLOCATE_STEP_BYTES,
            recent_bytes: limits::RECENT_BYTES,
            dedupe_events: limits::DEDUPE_EVENTS,
            fold_events: limits::FOLD_EVENTS,
            fold_interval_ms: limits::FOLD_INTERVAL_MS,
            sled_cache_bytes: limits::SLED_CACHE_BYTES,
            boot_id: None,
        }
    }
}

/// The last committed event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Last {
    pub position: u64,
    pub id: Uuid,
    pub hash: [u8; 32],
}

/// What the handle and the two threads share.
pub struct Shared {
    pub options: Options,
    pub journal: Arc<Journal>,
    pub index: Index,
    pub index_broken: AtomicBool,
    pub state: Mutex<State>,
    /// Tells the writer thread that something is pending.
    pub work: Condvar,
    pub waiters: Waiters,
    pub unfolded: RwLock<Unfolded>,
    pub recent: RwLock<Recent>,
    pub last: Mutex<Option<Last>>,
    /// Marks as of the last durable frame.
    pub consumed_durable: Mutex<Vector>,
    pub folds: Folds,
}

/// A log that is open; clones share it. Dropping the last one stops it cleanly.
#[derive(Clone)]
pub struct Store(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    watermark: watch::Receiver<u64>,
    running: Mutex<Option<Running>>,
}

struct Running {
    writer: JoinHandle<()>,
    folder: JoinHandle<()>,
    _lock: Box<dyn Any + Send + Sync>,
}

impl Store {
    /// Opens the log in `options.folder`, making it if there is none.
    pub fn open(options: Options) -> Result<Store, OpenError> {
        Self::start(Arc::new(RealDisk), options, IndexKind::Sled)
    }

    /// Opens the log on another disk; its index is kept in memory and built from the journal at every open.
    pub fn open_on<D: Disk>(disk: D, options: Options) -> Result<Store, OpenError> {
        Self::start(Arc::new(disk), options, IndexKind::Memory)
    }

    fn start(disk: Arc<dyn Disk>, options: Options, index: IndexKind) -> Result<Store, OpenError> {
        let open::Ready { shared, tail, lock } = open::open(disk, options, index)?;
        let shared = Arc::new(shared);
        let reached = shared.waiters.committed();
        let (sender, watermark) = watch::channel(reached);
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(run)
                .map_err(|source| OpenError::Io { doing: "starting a thread", source })
        };
        let for_writer = Arc::clone(&shared);
        let writer = spawn("journal", Box::new(move || writer::run(&for_writer, tail, &sender, reached)))?;
        let for_folder = Arc::clone(&shared);
        let folder = spawn("journal-index", Box::new(move || folder::run(&for_folder)))?;
        let running = Mutex::new(Some(Running { writer, folder, _lock: lock }));
        Ok(Store(Arc::new(Handle { shared, watermark, running })))
    }

    /// Assigns positions, versions and times and returns the final bytes at once. **Not yet durable**: nobody may be
    /// told before [`Store::durable`] or [`Store::wait_durable`] has returned for the last position. A commit that is
    /// refused changes nothing.
    pub fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        let shared = &self.0.shared;
        let Commit { writes, consumed, outcome, progress, not_before } = commit;
        let writes = prepare(writes)?;
        let names = outcome.iter().flat_map(|outcome| [&outcome.principal, &outcome.route, &outcome.key]);
        if names
            .chain(progress.iter().map(|progress| &progress.process))
            .any(|name| name.len() > limits::NAME_BYTES_MAX)
        {
            return Err(AppendError::NameTooLong);
        }
        let mut now = shared.options.clock.now().as_microsecond();
        if let Some(cause) = not_before {
            now = now.max(cause.as_microsecond());
        }
        let extras = Extras {
            consumed,
            outcomes: outcome.map(|outcome| (0, outcome)).into_iter().collect(),
            progress: progress.into_iter().collect(),
        };
        let mut state = shared.state.lock();
        running(&state)?;
        if state.pending_bytes >= limits::PENDING_BYTES_MAX {
            return Err(AppendError::Busy);
        }
        let events = state.append(writes, now, extras)?;
        let wake = state.writer_idle;
        drop(state);
        if wake {
            shared.work.notify_one();
        }
        Ok(Appended { events })
    }

    /// Blocks until everything up to `position` is durable and readable.
    pub fn wait_durable(&self, position: u64) -> Result<(), Stopped> {
        self.0.shared.waiters.wait(position)
    }

    /// Waits until everything up to `position` is durable and readable.
    pub async fn durable(&self, position: u64) -> Result<(), Stopped> {
        self.0.shared.waiters.durable(position).await
    }

    /// The watermark: everything up to it is durable and readable. `changed` fails when the store has stopped.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.0.watermark.clone()
    }

    /// The watermark, now.
    pub fn committed_position(&self) -> u64 {
        self.0.shared.waiters.committed()
    }

    /// Why the store has stopped, if it has.
    pub fn stopped(&self) -> Option<Stopped> {
        self.0.shared.failure()
    }

    /// The last position assigned, durable or not; 0 for an empty log.
    pub fn head(&self) -> u64 {
        self.0.shared.state.lock().head
    }

    /// Position, id and BLAKE3 of the last committed event.
    pub fn last(&self) -> Option<(u64, Uuid, [u8; 32])> {
        self.0.shared.last.lock().map(|last| (last.position, last.id, last.hash))
    }

    /// The stream's version, counting what is appended but not yet durable; 0 when there is no such stream.
    pub fn version(&self, stream: &StreamId) -> u64 {
        let key = StreamKey::of(stream.as_str());
        self.0.shared.state.lock().heads.get(&key).copied().unwrap_or(0)
    }

    /// Whether an event with this id is among the last [`Options::dedupe_events`], durable or not.
    pub fn contains(&self, id: Uuid) -> bool {
        self.0.shared.state.lock().seen.contains(id)
    }

    /// Marks as of the last appended commit.
    pub fn consumed(&self) -> Vector {
        self.0.shared.state.lock().consumed.clone()
    }

    /// What a keyed request led to, for 24 hours. It may not be durable yet: wait for [`Store::head`] before answering.
    pub fn outcome(&self, principal: &str, route: &str, key: &str) -> Option<Outcome> {
        let shared = &self.0.shared;
        let key_hash = OutcomeKey::new(principal, route, key);
        let waiting = shared.state.lock().outcomes.get(&key_hash).map(|(_, time, outcome)| (*time, outcome.clone()));
        let found = waiting.or_else(|| shared.asked(shared.index.outcome(key_hash)).flatten());
        found.filter(|(time, _)| *time >= shared.outcomes_from()).map(|(_, outcome)| outcome)
    }

    /// How far a process has worked off its cause; `None` when it has nothing under way.
    pub fn progress(&self, process: &str) -> Option<Progress> {
        let shared = &self.0.shared;
        let waiting = shared.state.lock().progress.get(process).map(|(_, progress)| progress.clone());
        let found = waiting.or_else(|| shared.asked(shared.index.progress(process)).flatten());
        found.filter(|progress| progress.next != Progress::DONE)
    }

    /// Keeps a read model as of `position` in sled. A cache: it may be gone at the next open.
    pub fn put_snapshot(&self, name: &str, position: u64, content: &[u8]) {
        let shared = &self.0.shared;
        if shared.failure().is_none() && name.len() <= limits::NAME_BYTES_MAX {
            shared.asked(shared.index.put_snapshot(name, position, content));
        }
    }

    /// The read model put last, whole, with its position, which is never above the watermark.
    pub fn snapshot(&self, name: &str) -> Option<(u64, Vec<u8>)> {
        let shared = &self.0.shared;
        let found = shared.asked(shared.index.snapshot(name)).flatten();
        found.filter(|(position, _)| *position <= self.committed_position())
    }

    /// The identity of this log.
    pub fn store_id(&self) -> StoreId {
        self.0.shared.journal.store
    }

    /// Committed events of a stream from `from_version` on, at most `limit`.
    pub fn read(&self, stream: &StreamId, from_version: u64, limit: usize) -> Result<Vec<Stored>, ReadError> {
        let shared = &self.0.shared;
        shared.readable()?;
        let key = StreamKey::of(stream.as_str());
        let watermark = self.committed_position();
        let from = from_version.max(1);
        let (lowest, in_memory) = shared.unfolded.read().locations(key, from, limit);
        // What is not in memory now has been folded, and may be looked up without a lock.
        let folded = match lowest {
            Some(lowest) => lowest - 1,
            None => shared.index.head(key).map_err(|error| shared.lies(&error))?,
        };
        let through = folded.min(from.saturating_add(limit as u64).saturating_sub(1));
        let mut locations = Vec::new();
        if from <= through {
            locations = shared.index.locations(key, from, through).map_err(|error| shared.lies(&error))?;
        }
        locations.extend(in_memory);
        locations.truncate(limit);
        let mut events = Vec::with_capacity(locations.len());
        for (version, location) in (from..).zip(locations) {
            let event = shared.event_at(location, version)?;
            if event.position > watermark {
                break;
            }
            events.push(event);
        }
        Ok(events)
    }

    /// Committed events from position `from` on: at least one if there is any, at most `limit_events`, and no further
    /// one once `limit_bytes` is passed.
    pub fn read_all(&self, from: u64, limit_events: usize, limit_bytes: usize) -> Result<Vec<Stored>, ReadError> {
        let shared = &self.0.shared;
        shared.readable()?;
        let (from, watermark) = (from.max(1), self.committed_position());
        if from > watermark || limit_events == 0 {
            return Ok(Vec::new());
        }
        let (mut events, mut bytes) = (Vec::new(), 0);
        let mut take = |event: Stored| {
            let room = events.is_empty() || bytes + event.bytes.len() <= limit_bytes;
            if room {
                bytes += event.bytes.len();
                events.push(event);
            }
            room && events.len() < limit_events
        };
        let mut size = 0;
        let recent = shared.recent.read().from(from, |frame| {
            size += frame.bytes;
            size >= limit_bytes
        });
        if let Some(frames) = recent {
            let all = frames.iter().flat_map(|frame| &frame.events);
            let wanted = all.filter(|event| (from..=watermark).contains(&event.position));
            wanted.cloned().take_while(|event| take(event.clone())).for_each(drop);
            return Ok(events);
        }
        shared.journal.frames(from, watermark, |_, _, frame| {
            let mut go_on = true;
            frame.each_record(|record| {
                if go_on && record.position >= from {
                    let bytes = frame.event(&record);
                    go_on = take(Stored { position: record.position, version: record.version, bytes });
                }
            });
            go_on
        })?;
        Ok(events)
    }

    /// Whole committed frames for the relay, starting with the one that holds `from`: at least one if there is any, and
    /// no further one once `limit_bytes` is passed.
    pub fn frames(&self, from: u64, limit_bytes: usize) -> Result<Vec<Frame>, ReadError> {
        let shared = &self.0.shared;
        shared.readable()?;
        let (from, watermark) = (from.max(1), self.committed_position());
        if from > watermark {
            return Ok(Vec::new());
        }
        let mut bytes = 0;
        let recent = shared.recent.read().from(from, |frame| {
            bytes += frame.bytes;
            bytes >= limit_bytes
        });
        if let Some(frames) = recent {
            return Ok(frames.iter().filter(|frame| frame.last() <= watermark).map(|frame| frame.frame()).collect());
        }
        let mut frames = Vec::new();
        let mut sound = true;
        shared.journal.frames(from, watermark, |_, _, raw| {
            let (Some(records), Some(extras)) = (raw.records(), raw.extras()) else {
                sound = false;
                return false;
            };
            bytes += raw.bytes.len();
            frames.push(Frame {
                first: raw.header.first,
                events: records.iter().map(|record| raw.event(record)).collect(),
                outcomes: recent::outcomes(&extras),
                consumed: extras.consumed,
                progress: extras.progress,
            });
            bytes < limit_bytes
        })?;
        if sound { Ok(frames) } else { Err(std::io::Error::from(std::io::ErrorKind::InvalidData).into()) }
    }

    /// Takes in a frame that this log published earlier and has lost: it must be the next one and continue the chain.
    /// Durable when this returns.
    pub fn adopt(&self, frame: Frame) -> Result<(), AdoptError> {
        let shared = &self.0.shared;
        let parsed: Vec<AdoptedEvent> = (frame.first..)
            .zip(&frame.events)
            .map(|(position, bytes)| parse(position, bytes))
            .collect::<Result<_, _>>()?;
        let mut state = shared.state.lock();
        running(&state)?;
        if frame.first != state.head + 1 || frame.events.is_empty() {
            return Err(AdoptError::NotNext { expected: state.head + 1, got: frame.first });
        }
        let (mut hash, mut time) = (state.hash, state.time);
        let mut heads = std::collections::HashMap::new();
        let mut pending = Pending {
            events: Vec::with_capacity(parsed.len()),
            streams: Vec::new(),
            consumed: None,
            outcomes: Vec::new(),
            progress: frame.progress,
            bytes: frame.events.iter().map(Bytes::len).sum(),
            last: (Uuid::nil(), [0; 32]),
            alone: true,
        };
        for (position, (event, bytes)) in (frame.first..).zip(parsed.into_iter().zip(frame.events)) {
            let key = StreamKey::of(event.stream.as_str());
            let head = heads.entry(key).or_insert_with(|| state.heads.get(&key).copied().unwrap_or(0));
            *head += 1;
            let broken = |what| Err(AdoptError::ChainBroken { position, what });
            if event.suffix.previous != hash {
                return broken("its prevhash is not the hash of the event before");
            }
            if event.suffix.position != position || event.suffix.version != *head {
                return broken("its position or version is not the next one");
            }
            if event.suffix.time <= time && position > 1 {
                return broken("its time is not later than that of the event before");
            }
            hash = *blake3::hash(&bytes).as_bytes();
            time = event.suffix.time;
            let stored = Stored { position, version: *head, bytes };
            pending.events.push(PendingEvent { id: event.id, stream: pending.streams.len() as u32, stored });
            pending.streams.push((event.stream, key));
            pending.last = (event.id, hash);
        }
        state.heads.extend(heads);
        (state.hash, state.time) = (hash, time);
        state.head += pending.events.len() as u64;
        for event in &pending.events {
            state.seen.insert(event.id);
        }
        let last = state.head;
        let outcomes = frame.outcomes.into_iter().map(|outcome| (time, outcome)).collect();
        state.queue(pending, &frame.consumed, outcomes);
        drop(state);
        shared.work.notify_one();
        Ok(self.wait_durable(last)?)
    }

    /// Writes what is pending, folds everything, closes the files and gives the lock back. Later calls say `Stopped`.
    pub fn stop(&self) {
        self.0.stop();
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl Handle {
    fn stop(&self) {
        let Some(running) = self.running.lock().take() else { return };
        {
            let mut state = self.shared.state.lock();
            state.closing = true;
            self.shared.work.notify_all();
        }
        let mut died = running.writer.join().is_err();
        // Only now: what the writer wrote last is to be folded too.
        self.shared.folds.finish();
        died |= running.folder.join().is_err();
        self.shared.fail(if died { "one of its threads panicked" } else { CLOSED });
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

fn running(state: &State) -> Result<(), Stopped> {
    match &state.stopped {
        Some(stopped) => Err(stopped.clone()),
        None if state.closing => Err(Stopped { reason: CLOSED.into() }),
        None => Ok(()),
    }
}

/// Checks sizes and makes room for the suffixes, so that little is left to do under the lock.
fn prepare(writes: Vec<crate::types::StreamWrite>) -> Result<Vec<KeyedWrite>, AppendError> {
    let (mut count, mut bytes) = (0, 0);
    let mut keyed = Vec::with_capacity(writes.len());
    for mut write in writes {
        for event in &mut write.events {
            if event.head.is_empty() {
                return Err(AppendError::EventEmpty { id: event.id });
            }
            let size = event.head.len() + SUFFIX_BYTES_MAX;
            if size > limits::EVENT_BYTES_MAX {
                return Err(AppendError::EventTooLarge { id: event.id, bytes: size });
            }
            event.head.reserve_exact(SUFFIX_BYTES_MAX);
            bytes += size + write.stream.as_str().len();
        }
        count += write.events.len();
        let key = StreamKey::of(write.stream.as_str());
        keyed.push(KeyedWrite { stream: write.stream, key, expected: write.expected, events: write.events });
    }
    if !(1..=limits::FRAME_EVENTS_MAX).contains(&count) {
        return Err(AppendError::EventCount { got: count });
    }
    if bytes > limits::COMMIT_BYTES_MAX {
        return Err(AppendError::CommitTooLarge { bytes });
    }
    Ok(keyed)
}

struct AdoptedEvent {
    id: Uuid,
    stream: StreamId,
    suffix: Suffix,
}

fn parse(position: u64, bytes: &[u8]) -> Result<AdoptedEvent, AdoptError> {
    #[derive(serde::Deserialize)]
    struct Members {
        id: Uuid,
        subject: StreamId,
    }
    let malformed = |what: String| AdoptError::Malformed { position, what };
    if bytes.len() > limits::EVENT_BYTES_MAX {
        return Err(malformed("it is too large".to_owned()));
    }
    let suffix = Suffix::read(bytes).ok_or_else(|| malformed("it does not end as stored events do".to_owned()))?;
    let members: Members = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    Ok(AdoptedEvent { id: members.id, stream: members.subject, suffix })
}

impl Shared {
    fn readable(&self) -> Result<(), ReadError> {
        self.failure().map_or(Ok(()), |stopped| Err(stopped.into()))
    }

    /// The answer of the index; when it failed, the store stops, to come back with an index built anew.
    fn asked<T>(&self, answer: Result<T, IndexError>) -> Option<T> {
        answer.inspect_err(|error| self.index_failed(error)).ok()
    }

    pub fn index_failed(&self, error: &IndexError) {
        if self.failure().is_none() {
            self.index_broken.store(true, Ordering::SeqCst);
            self.fail(&format!("the index failed and is rebuilt at the next open: {error}"));
        }
    }

    pub fn index_broken(&self) -> bool {
        self.index_broken.load(Ordering::SeqCst)
    }

    fn lies(&self, error: &IndexError) -> ReadError {
        self.index_failed(error);
        ReadError::Index(error.to_string())
    }

    fn event_at(&self, location: Location, version: u64) -> Result<Stored, ReadError> {
        let (_, event) = self.journal.record(location)?;
        if event.version == version {
            return Ok(event);
        }
        Err(self.lies(&IndexError(format!("it names version {} of a stream for {version}", event.version))))
    }
}
