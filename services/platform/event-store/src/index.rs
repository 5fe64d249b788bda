//! What is asked of the log beside its bytes, as a fold over durable frames: in memory until enough has gathered,
//! then in pages, a large batch at a time.

use crate::{
    codec::{Reader, read_outcome, read_progress, write_outcome, write_progress},
    keys::{Key, OutcomeKey, StreamKey, StreamMap},
    limits::{OUTCOMES_PRUNED_MAX, POSTINGS_PER_CHUNK, SNAPSHOT_BYTES_MAX, SNAPSHOT_CHUNK_BYTES},
    pages::{IndexError, Pages},
    segment::Location,
    types::{Outcome, Progress},
};
use bytes::BufMut;
use narhet_kernel::StoreId;
use std::{collections::HashMap, sync::Arc};

/// Of the index; another one is built anew from the journal.
const FORMAT: u32 = 2;
const POSTING_BYTES: usize = 12;
const CRC_BYTES: usize = 4;

/// Consecutive events of one stream.
#[derive(Clone, Debug)]
pub struct Run {
    /// Version of the first.
    pub first: u64,
    pub locations: Vec<Location>,
}

impl Run {
    /// Version of the last.
    fn last(&self) -> u64 {
        self.first + self.locations.len() as u64 - 1
    }
}

/// What a stretch of frames adds to the index.
#[derive(Debug, Default)]
pub struct Generation {
    pub runs: StreamMap<Run>,
    pub outcomes: HashMap<OutcomeKey, (i64, Outcome)>,
    pub progress: HashMap<String, Progress>,
    /// The last position in it; 0 when empty.
    pub last: u64,
    pub events: usize,
}

impl Generation {
    pub fn add_event(&mut self, stream: StreamKey, version: u64, location: Location) {
        let run = self.runs.entry(stream).or_insert_with(|| Run { first: version, locations: Vec::new() });
        debug_assert_eq!(run.first + run.locations.len() as u64, version, "versions of a stream are dense");
        run.locations.push(location);
        self.events += 1;
    }

    pub fn add_extras(&mut self, outcomes: &[(i64, Outcome)], progress: &[Progress], last: u64) {
        for (time, outcome) in outcomes {
            self.outcomes.insert(OutcomeKey::of(outcome), (*time, outcome.clone()));
        }
        for progress in progress {
            self.progress.insert(progress.process.clone(), progress.clone());
        }
        self.last = last;
    }
}

/// Generations that are not in the pages yet: one gathers, one is being folded.
#[derive(Debug, Default)]
pub struct Unfolded {
    pub gathering: Generation,
    pub folding: Option<Arc<Generation>>,
}

impl Unfolded {
    /// Locations from `from` on, and the lowest version that is in memory at all (everything below is in the pages).
    pub fn locations(&self, stream: StreamKey, from: u64, limit: usize) -> (Option<u64>, Vec<Location>) {
        let mut lowest = None;
        let mut found = Vec::new();
        for generation in self.folding.as_deref().into_iter().chain([&self.gathering]) {
            let Some(run) = generation.runs.get(&stream) else { continue };
            lowest.get_or_insert(run.first);
            let skip = from.saturating_sub(run.first) as usize;
            found.extend(run.locations.iter().skip(skip).take(limit - found.len()));
        }
        (lowest, found)
    }
}

/// Adds a CRC over key and value: damaged files made sled answer wrongly without an error.
fn sealed(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let crc = crc32c::crc32c_append(crc32c::crc32c(key), &value);
    value.put_u32_le(crc);
    value
}

fn opened<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], IndexError> {
    match value.split_last_chunk::<4>() {
        Some((content, crc)) if crc32c::crc32c_append(crc32c::crc32c(key), content) == u32::from_le_bytes(*crc) => {
            Ok(content)
        }
        _ => Err(IndexError("a value in the index is not what was put there".to_owned())),
    }
}

/// How far the pages have folded. Whatever lies between `through` and `begun` may be there, partly: a fold was cut off,
/// and the frames in between are to be folded again before the pages are believed about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub through: u64,
    /// At least `through`.
    pub begun: u64,
}

/// The folded part.
pub struct Index {
    pages: Box<dyn Pages>,
    store: StoreId,
}

impl Index {
    pub fn new(pages: Box<dyn Pages>, store: StoreId) -> Index {
        Index { pages, store }
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let Some(mut value) = self.pages.get(key)? else { return Ok(None) };
        let bytes = opened(key, &value)?.len();
        value.truncate(bytes);
        Ok(Some(value))
    }

    fn change(&self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), IndexError> {
        let value = value.map(|value| sealed(&key, value));
        self.pages.change((key, value))
    }

    /// How far it has folded: nothing for new pages, an error when they belong to another log or format.
    pub fn applied(&self) -> Result<Applied, IndexError> {
        let Some(value) = self.get(&Key::Applied.bytes())? else { return Ok(Applied::default()) };
        let mut reader = Reader(&value);
        let (format, store) = (reader.number(), reader.take(16));
        match (reader.long(), reader.long()) {
            (Some(through), Some(begun))
                if format == Some(FORMAT) && store == Some(self.store.0.as_bytes()) && begun >= through =>
            {
                Ok(Applied { through, begun })
            }
            _ => Err(IndexError("the index belongs to another log or format".to_owned())),
        }
    }

    fn put_applied(&self, applied: Applied) -> Result<(), IndexError> {
        let mut value = FORMAT.to_le_bytes().to_vec();
        value.put_slice(self.store.0.as_bytes());
        value.put_u64_le(applied.through);
        value.put_u64_le(applied.begun);
        self.change(Key::Applied.bytes(), Some(value))
    }

    /// Every stream's version as it stands in the pages; see [`Applied`] for what a fold that was cut off leaves.
    pub fn heads(&self) -> Result<StreamMap<u64>, IndexError> {
        let mut heads = StreamMap::default();
        let mut sound = Ok(());
        self.pages.scan(&Key::HEADS, &mut |key, value| {
            sound = opened(key, value).and_then(|value| match (key[1..].try_into(), value.try_into()) {
                (Ok(stream), Ok(version)) => {
                    heads.insert(StreamKey(stream), u64::from_be_bytes(version));
                    Ok(())
                }
                _ => Err(IndexError("a head is not a version".to_owned())),
            });
            sound.is_ok()
        })?;
        sound.map(|()| heads)
    }

    /// Takes a generation in, key by key; forgets outcomes recorded before `forget_before`. Each change can be made
    /// again, and [`Applied::begun`] is put first: after a kill in between, the same frames are folded once more.
    pub fn fold(&self, generation: &Generation, forget_before: i64) -> Result<(), IndexError> {
        let before = self.applied()?;
        let begun = before.begun.max(generation.last);
        self.put_applied(Applied { through: before.through, begun })?;
        // In the order of the keys, so that neighbours in a page are changed while it is at hand.
        let mut runs: Vec<(&StreamKey, &Run)> = generation.runs.iter().collect();
        runs.sort_unstable_by_key(|(stream, _)| **stream);
        for (stream, run) in &runs {
            self.fold_run(**stream, run)?;
        }
        for (stream, run) in &runs {
            self.change(Key::Head(**stream).bytes(), Some(run.last().to_be_bytes().to_vec()))?;
        }
        for (key, (time, outcome)) in &generation.outcomes {
            let mut value = time.to_le_bytes().to_vec();
            write_outcome(&mut value, outcome);
            // The time first: an outcome without one would never be forgotten.
            self.change(Key::OutcomeTime(*time, *key).bytes(), Some(Vec::new()))?;
            self.change(Key::Outcome(*key).bytes(), Some(value))?;
        }
        for (process, progress) in &generation.progress {
            let value = (progress.next != Progress::DONE).then(|| {
                let mut value = Vec::new();
                write_progress(&mut value, progress);
                value
            });
            self.change(Key::Progress(process).bytes(), value)?;
        }
        self.forget_outcomes(generation, forget_before)?;
        self.put_applied(Applied { through: generation.last, begun })
    }

    fn fold_run(&self, stream: StreamKey, run: &Run) -> Result<(), IndexError> {
        let mut version = run.first;
        let mut rest = run.locations.as_slice();
        while !rest.is_empty() {
            let (chunk, slot) = chunk_of(version);
            let key = Key::Postings(stream, chunk).bytes();
            let mut value = if slot == 0 { Vec::new() } else { self.get(&key)?.unwrap_or_default() };
            if value.len() < slot * POSTING_BYTES {
                return Err(IndexError(format!("postings below version {version} of a stream are missing")));
            }
            value.truncate(slot * POSTING_BYTES);
            let (now, later) = rest.split_at(rest.len().min(POSTINGS_PER_CHUNK as usize - slot));
            value.reserve_exact(now.len() * POSTING_BYTES + CRC_BYTES);
            for location in now {
                value.put_u32(location.ordinal);
                value.put_u32(location.offset);
                value.put_u32(location.bytes);
            }
            self.change(key, Some(value))?;
            version += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    fn forget_outcomes(&self, generation: &Generation, before: i64) -> Result<(), IndexError> {
        let mut old = Vec::new();
        self.pages.scan(&Key::OUTCOME_TIMES, &mut |key, _| {
            let time = key.get(1..9).and_then(|time| time.try_into().ok()).map(i64::from_be_bytes);
            let go_on = time.is_some_and(|time| time < before) && old.len() < OUTCOMES_PRUNED_MAX;
            if go_on {
                old.push(key.to_vec());
            }
            go_on
        })?;
        for key in old {
            if let Some(outcome) = key.get(9..25).and_then(|key| key.try_into().ok()).map(OutcomeKey) {
                // A key that was used again after a day has a newer record, which stays.
                let current = self.get(&Key::Outcome(outcome).bytes())?;
                let same = current.is_some_and(|value| value.get(..8) == Some(&swapped(&key[1..9])));
                if same && !generation.outcomes.contains_key(&outcome) {
                    self.change(Key::Outcome(outcome).bytes(), None)?;
                }
            }
            self.change(key, None)?;
        }
        Ok(())
    }

    /// The version of a stream as folded; 0 when there is none.
    pub fn head(&self, stream: StreamKey) -> Result<u64, IndexError> {
        let Some(value) = self.get(&Key::Head(stream).bytes())? else { return Ok(0) };
        let version = value.try_into().map_err(|_| IndexError("a head is not a version".to_owned()))?;
        Ok(u64::from_be_bytes(version))
    }

    /// Locations of the events `from..=through` of a stream, all of which have been folded.
    pub fn locations(&self, stream: StreamKey, from: u64, through: u64) -> Result<Vec<Location>, IndexError> {
        let mut locations = Vec::with_capacity((through + 1 - from) as usize);
        let mut version = from;
        while version <= through {
            let (chunk, slot) = chunk_of(version);
            let value = self.get(&Key::Postings(stream, chunk).bytes())?.unwrap_or_default();
            for posting in value.chunks_exact(POSTING_BYTES).skip(slot) {
                if version > through {
                    break;
                }
                let number =
                    |at: usize| u32::from_be_bytes([posting[at], posting[at + 1], posting[at + 2], posting[at + 3]]);
                locations.push(Location { ordinal: number(0), offset: number(4), bytes: number(8) });
                version += 1;
            }
            if version <= through && chunk_of(version).0 == chunk {
                return Err(IndexError(format!("the posting of version {version} of a stream is missing")));
            }
        }
        Ok(locations)
    }

    pub fn outcome(&self, key: OutcomeKey) -> Result<Option<(i64, Outcome)>, IndexError> {
        let Some(value) = self.get(&Key::Outcome(key).bytes())? else { return Ok(None) };
        let mut reader = Reader(&value);
        let found = reader.long().and_then(|time| Some((time as i64, read_outcome(&mut reader)?)));
        found.map(Some).ok_or_else(|| IndexError("an outcome cannot be read".to_owned()))
    }

    pub fn progress(&self, process: &str) -> Result<Option<Progress>, IndexError> {
        let Some(value) = self.get(&Key::Progress(process).bytes())? else { return Ok(None) };
        let found = read_progress(&mut Reader(&value));
        found.map(Some).ok_or_else(|| IndexError("a progress record cannot be read".to_owned()))
    }

    /// Keeps a read model as of `position`; what does not fit is not kept.
    pub fn put_snapshot(&self, name: &str, position: u64, content: &[u8]) -> Result<bool, IndexError> {
        if content.len() > SNAPSHOT_BYTES_MAX {
            return Ok(false);
        }
        let key = Key::Snapshot(name).bytes();
        let before = self.get(&key)?.and_then(|value| SnapshotHead::read(&value)).map_or(0, SnapshotHead::chunks);
        let head = SnapshotHead { position, bytes: content.len() as u64, crc: crc32c::crc32c(content) };
        let mut changes = vec![(key, Some(head.write()))];
        for (chunk, piece) in (0..).zip(content.chunks(SNAPSHOT_CHUNK_BYTES)) {
            changes.push((Key::SnapshotChunk(name, chunk).bytes(), Some(piece.to_vec())));
        }
        for surplus in head.chunks()..before {
            changes.push((Key::SnapshotChunk(name, surplus).bytes(), None));
        }
        for (key, value) in &mut changes {
            *value = value.take().map(|value| sealed(key, value));
        }
        self.pages.apply(changes)?;
        Ok(true)
    }

    /// The snapshot, if there is a whole one.
    pub fn snapshot(&self, name: &str) -> Result<Option<(u64, Vec<u8>)>, IndexError> {
        let Some(value) = self.get(&Key::Snapshot(name).bytes())? else { return Ok(None) };
        let Some(head) = SnapshotHead::read(&value) else { return Ok(None) };
        let mut content = Vec::with_capacity(head.bytes.min(SNAPSHOT_BYTES_MAX as u64) as usize);
        for chunk in 0..head.chunks() {
            match self.get(&Key::SnapshotChunk(name, chunk).bytes())? {
                Some(piece) => content.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
        let whole = content.len() as u64 == head.bytes && crc32c::crc32c(&content) == head.crc;
        Ok(whole.then_some((head.position, content)))
    }

    pub fn close(&self, clean: bool) -> Result<(), IndexError> {
        self.pages.close(clean)
    }
}

#[derive(Clone, Copy)]
struct SnapshotHead {
    position: u64,
    bytes: u64,
    crc: u32,
}

impl SnapshotHead {
    fn chunks(self) -> u32 {
        self.bytes.div_ceil(SNAPSHOT_CHUNK_BYTES as u64) as u32
    }

    fn write(self) -> Vec<u8> {
        let mut value = Vec::with_capacity(24);
        value.put_u64_le(self.position);
        value.put_u64_le(self.bytes);
        value.put_u32_le(self.crc);
        let own = crc32c::crc32c(&value);
        value.put_u32_le(own);
        value
    }

    fn read(value: &[u8]) -> Option<SnapshotHead> {
        let mut reader = Reader(value);
        let head = SnapshotHead { position: reader.long()?, bytes: reader.long()?, crc: reader.number()? };
        (reader.number()? == crc32c::crc32c(&value[..20]) && head.bytes <= SNAPSHOT_BYTES_MAX as u64).then_some(head)
    }
}

fn chunk_of(version: u64) -> (u32, usize) {
    (((version - 1) / POSTINGS_PER_CHUNK) as u32, ((version - 1) % POSTINGS_PER_CHUNK) as usize)
}

/// Big-endian as it sorts in a key, little-endian as it is stored in a value.
fn swapped(bytes: &[u8]) -> [u8; 8] {
    let mut swapped = [0; 8];
    swapped.copy_from_slice(bytes);
    swapped.reverse();
    swapped
}
