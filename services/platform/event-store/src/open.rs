//! Opening a log after whatever happened to it, in the order that keeps promises: lock, journal, index, window of ids.

use crate::{
    disk::Disk,
    error::{Doing, OpenError, ReadError},
    folder::Folds,
    index::{Applied, Generation, Index, Unfolded},
    journal::{self, Journal, Opened, Tail},
    keys::{StreamKey, StreamMap},
    limits::{DEDUPE_BYTES, SLED_FLUSH_MS},
    pages::{IndexError, MemoryPages, SledPages},
    recent::Recent,
    segment::{Location, journal_folder},
    state::{Seen, State},
    store::{Last, Options, Shared},
    suffix::{Suffix, Suffixes},
    waiters::Waiters,
};
use narhet_kernel::{StoreId, Vector};
use parking_lot::{Condvar, Mutex, RwLock};
use std::{
    any::Any,
    collections::{HashMap, HashSet, VecDeque},
    fs, io,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};
use uuid::Uuid;

/// What holds the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKind {
    Sled,
    Memory,
}

/// A log that is ready to serve, before its threads run.
pub struct Ready {
    pub shared: Shared,
    pub tail: Tail,
    pub lock: Box<dyn Any + Send + Sync>,
}

/// Takes the exclusive lock of a log's folder.
pub fn lock(disk: &dyn Disk, folder: &Path) -> Result<Box<dyn Any + Send + Sync>, OpenError> {
    disk.lock(&folder.join("lock")).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => OpenError::Locked(folder.to_path_buf()),
        _ => OpenError::Io { doing: "locking the log", source: error },
    })
}

pub fn open(disk: Arc<dyn Disk>, options: Options, kind: IndexKind) -> Result<Ready, OpenError> {
    let folder = options.folder.clone();
    disk.create_folder(&folder).doing::<OpenError>("making the log's folder")?;
    let lock = lock(&*disk, &folder)?;
    if kind == IndexKind::Sled {
        crate::fork::finish_interrupted(&folder).doing::<OpenError>("finishing an interrupted fork")?;
    }
    disk.create_folder(&journal_folder(&folder)).doing::<OpenError>("making the journal's folder")?;
    let new_store = StoreId(Uuid::new_v4());
    let Opened { journal, tail, last } =
        journal::open(disk, &folder, new_store, options.segment_bytes, options.allocate_step_bytes)?;

    let mut end = End::default();
    if let Some(last) = &last {
        end = End::of(&last.frame).ok_or_else(|| OpenError::Index("the last frame cannot be read".to_owned()))?;
    }
    let (index, mut unfolded) = match kind {
        IndexKind::Memory => (Index::new(Box::new(MemoryPages::default()), journal.store), Folded::default()),
        IndexKind::Sled => open_sled(&options, &journal, end.last.position)?,
    };
    unfolded.replay(&journal, &index, end.last.position, options.fold_events)?;
    let seen = window(&journal, end.last.position, options.dedupe_events)?;
    let reached = end.last.position;
    let state = State {
        stopped: None,
        closing: false,
        heads: unfolded.heads,
        head: reached,
        time: end.time,
        hash: end.last.hash,
        suffixes: Suffixes::default(),
        seen,
        consumed: end.consumed.clone(),
        outcomes: unfolded
            .generation
            .outcomes
            .iter()
            .map(|(key, (time, outcome))| (*key, (reached, *time, outcome.clone())))
            .collect(),
        progress: unfolded
            .generation
            .progress
            .iter()
            .map(|(process, progress)| (process.clone(), (reached, progress.clone())))
            .collect(),
        pending: VecDeque::new(),
        pending_bytes: 0,
        writer_idle: false,
    };
    let shared = Shared {
        options,
        journal,
        index,
        index_broken: AtomicBool::new(false),
        state: Mutex::new(state),
        work: Condvar::new(),
        waiters: Waiters::new(reached),
        unfolded: RwLock::new(Unfolded { gathering: unfolded.generation, folding: None }),
        recent: RwLock::new(Recent::default()),
        last: Mutex::new((reached > 0).then_some(end.last)),
        consumed_durable: Mutex::new(end.consumed),
        folds: Folds::default(),
    };
    Ok(Ready { shared, tail, lock })
}

/// What the last frame says about the log's end.
#[derive(Default)]
struct End {
    last: Last,
    time: i64,
    consumed: Vector,
}

impl End {
    fn of(frame: &crate::codec::RawFrame) -> Option<End> {
        let record = frame.records()?.pop()?;
        let event = frame.event(&record);
        let hash = *blake3::hash(&event).as_bytes();
        let time = Suffix::read(&event)?.time;
        let last = Last { position: record.position, id: record.id, hash };
        Some(End { last, time, consumed: frame.extras()?.consumed })
    }
}

/// Heads, and what the index does not have yet.
#[derive(Default)]
struct Folded {
    heads: StreamMap<u64>,
    applied: u64,
    generation: Generation,
}

/// sled if it can be trusted, else sled built anew from the journal.
fn open_sled(options: &Options, journal: &Journal, reached: u64) -> Result<(Index, Folded), OpenError> {
    let boot_id = match &options.boot_id {
        Some(boot_id) => boot_id.clone(),
        // Without a boot id every unclean end counts as a power cut.
        None => fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map_or_else(|_| Uuid::new_v4().to_string(), |id| id.trim().to_owned()),
    };
    if let Some(pages) = SledPages::keep(&options.folder, &boot_id, options.sled_cache_bytes, SLED_FLUSH_MS) {
        let index = Index::new(Box::new(pages), journal.store);
        match trusted(&index, journal, reached) {
            Ok(folded) => return Ok((index, folded)),
            Err(error) => {
                tracing::warn!(%error, "sled does not fit the journal; the index is built anew");
                // Closing marks it as broken; whether that works does not matter, it is removed next.
                let _ = index.close(false);
            }
        }
    }
    let pages = SledPages::anew(&options.folder, &boot_id, options.sled_cache_bytes, SLED_FLUSH_MS)
        .map_err(|error| OpenError::Index(error.to_string()))?;
    Ok((Index::new(Box::new(pages), journal.store), Folded::default()))
}

/// Checks sled against the journal: where it ends, the sum of its heads, and the heads and postings of the last events
/// that it has folded.
fn trusted(index: &Index, journal: &Journal, reached: u64) -> Result<Folded, IndexError> {
    const CHECKED_EVENTS: u64 = 200;
    let Applied { through: applied, begun } = index.applied()?;
    if begun > reached {
        return Err(IndexError(format!("it has folded position {begun}, the journal ends at {reached}")));
    }
    let heads = heads_as_of(index, journal, applied, begun)?;
    let mut newest: HashMap<StreamKey, (u64, Location)> = HashMap::new();
    if applied > 0 {
        let from = applied.saturating_sub(CHECKED_EVENTS).max(1);
        journal
            .frames(from, applied, |ordinal, offset, frame| {
                frame.each_record(|record| {
                    if let Some(stream) = frame.stream(&record)
                        && record.position <= applied
                    {
                        let location = location(ordinal, offset, &record.span);
                        newest.insert(StreamKey::of(stream), (record.version, location));
                    }
                });
                true
            })
            .map_err(|error| IndexError(error.to_string()))?;
    }
    for (stream, (version, location)) in newest {
        if heads.get(&stream) != Some(&version) || index.locations(stream, version, version)? != [location] {
            return Err(IndexError("the last events are not where it says".to_owned()));
        }
    }
    Ok(Folded { heads, applied, generation: Generation::default() })
}

/// Every stream's version as of `applied`, whatever a fold that was cut off has already raised on its way to `begun`.
/// Each event raised one version by one, so their sum tells whether any head is missing or old.
fn heads_as_of(index: &Index, journal: &Journal, applied: u64, begun: u64) -> Result<StreamMap<u64>, IndexError> {
    let mut heads = index.heads()?;
    if begun > applied {
        let mut taken_back = HashSet::new();
        let walked = journal.frames(applied + 1, begun, |_, _, frame| {
            frame.each_record(|record| {
                let stream = frame.stream(&record).map(StreamKey::of);
                if let Some(stream) = stream.filter(|_| record.position > applied)
                    && taken_back.insert(stream)
                {
                    heads.insert(stream, record.version - 1);
                }
            })
        });
        walked.map_err(|error| IndexError(error.to_string()))?;
        heads.retain(|_, version| *version > 0);
    }
    let sum = heads.values().fold(0_u64, |sum, version| sum.wrapping_add(*version));
    if sum == applied { Ok(heads) } else { Err(IndexError(format!("heads sum to {sum}, not to {applied}"))) }
}

fn location(ordinal: u32, offset: u64, span: &std::ops::Range<usize>) -> Location {
    Location { ordinal, offset: offset as u32 + span.start as u32, bytes: span.len() as u32 }
}

impl Folded {
    /// Reads the journal behind what was folded, folding full generations on the way.
    fn replay(&mut self, journal: &Journal, index: &Index, reached: u64, fold_events: usize) -> Result<(), OpenError> {
        if self.applied >= reached {
            return Ok(());
        }
        let mut failure = None;
        let walked = journal.frames(self.applied + 1, reached, |ordinal, offset, frame| {
            let mut sound = true;
            sound &= frame.each_record(|record| {
                let Some(stream) = frame.stream(&record) else {
                    sound = false;
                    return;
                };
                let key = StreamKey::of(stream);
                let head = self.heads.entry(key).or_insert(0);
                if record.position > self.applied && record.version == *head + 1 {
                    *head = record.version;
                    self.generation.add_event(key, record.version, location(ordinal, offset, &record.span));
                } else {
                    sound = false;
                }
            });
            match frame.extras() {
                Some(extras) if sound => {
                    self.generation.add_extras(&extras.outcomes, &extras.progress, frame.header.last());
                }
                _ => {
                    failure = Some(format!("the frame at {offset} of segment {ordinal} does not continue its streams"))
                }
            }
            if failure.is_none() && self.generation.events >= fold_events {
                failure = index.fold(&self.generation, i64::MIN).err().map(|error| error.to_string());
                self.generation = Generation::default();
            }
            failure.is_none()
        });
        walked.map_err(opening)?;
        failure.map_or(Ok(()), |failure| Err(OpenError::Index(failure)))
    }
}

fn opening(error: ReadError) -> OpenError {
    match error {
        ReadError::Corrupt(damage) => OpenError::Corrupt(damage),
        ReadError::Io(source) => OpenError::Io { doing: "reading the journal", source },
        other => OpenError::Index(other.to_string()),
    }
}

/// The ids of the last events.
fn window(journal: &Journal, reached: u64, events: usize) -> Result<Seen, OpenError> {
    let mut seen = Seen::new(events);
    let mut from = reached.saturating_sub(events as u64) + 1;
    let mut bytes = 0;
    // Large events would make this a long read; the window is then shorter.
    for segment in journal.segments().iter().rev() {
        if segment.first <= from {
            break;
        }
        bytes += journal.file(segment).and_then(|file| file.length()).doing::<OpenError>("measuring a segment")?;
        if bytes > DEDUPE_BYTES {
            from = segment.first;
            break;
        }
    }
    if reached > 0 {
        let collect = |_, _, frame: crate::codec::RawFrame| frame.each_record(|record| seen.insert(record.id));
        journal.frames(from, reached, collect).map_err(opening)?;
    }
    Ok(seen)
}
