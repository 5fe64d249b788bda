//! The journal as a whole: opening it after whatever happened, appending to its end, reading from anywhere.

use crate::{
    codec::{RawFrame, Record},
    disk::{Disk, DiskFile},
    error::{Damage, Doing, OpenError, ReadError},
    limits::OPEN_SEGMENTS_MAX,
    segment::{
        self, FLOOR, Location, SEGMENT_HEADER_BYTES, STORE_ID, Segment, Step, UNREADY, Walk, find_valid_frame,
        journal_folder,
    },
    types::Stored,
};
use bytes::Bytes;
use narhet_kernel::StoreId;
use parking_lot::{Mutex, RwLock};
use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};
use uuid::Uuid;

/// The readable part, shared by all threads.
pub struct Journal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    pub store: StoreId,
    segments: RwLock<Vec<Arc<Segment>>>,
    open: Mutex<VecDeque<(u32, Arc<dyn DiskFile>)>>,
}

/// The end, owned by the writer thread.
pub struct Tail {
    journal: Arc<Journal>,
    segment: Arc<Segment>,
    file: Arc<dyn DiskFile>,
    offset: u64,
    allocated: u64,
    segment_bytes: u64,
    allocate_step: u64,
}

/// The last frame, with the segment and offset where it lies.
pub struct LastFrame {
    pub ordinal: u32,
    pub offset: u64,
    pub frame: RawFrame,
}

/// What opening found.
pub struct Opened {
    pub journal: Arc<Journal>,
    pub tail: Tail,
    /// `None` for an empty log.
    pub last: Option<LastFrame>,
}

/// Opens the journal, repairs its tail and makes its last frame durable before anyone sees it. The caller has the lock.
pub fn open(
    disk: Arc<dyn Disk>,
    folder: &Path,
    new_store: StoreId,
    segment_bytes: u64,
    allocate_step: u64,
) -> Result<Opened, OpenError> {
    let folder = journal_folder(folder);
    disk.create_folder(&folder).doing::<OpenError>("making the journal's folder")?;
    let names = disk.list(&folder).doing::<OpenError>("listing the journal")?;
    if names.iter().any(|name| name == UNREADY) {
        disk.remove(&folder.join(UNREADY)).doing::<OpenError>("removing an unready segment")?;
    }
    let mut segments: Vec<Arc<Segment>> =
        segment::list(&*disk, &folder).doing::<OpenError>("listing the journal")?.into_iter().map(Arc::new).collect();
    let store = match segment::read_store_id(&*disk, &folder) {
        Ok(Some(store)) => store,
        Ok(None) if segments.is_empty() => {
            segment::write_small(&*disk, &folder, STORE_ID, new_store.0.as_bytes())
                .doing::<OpenError>("writing the store id")?;
            new_store
        }
        Ok(None) => return Err(OpenError::StoreId(folder)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(OpenError::StoreId(folder)),
        Err(error) => return Err(("reading the store id", error).into()),
    };
    if segments.is_empty() {
        let first = Segment::new(1, 1);
        segment::create(&*disk, &folder, &first, store, allocate_step).doing::<OpenError>("making a segment")?;
        segments.push(Arc::new(first));
    }
    for (expected, segment) in (1..).zip(&segments) {
        if segment.ordinal != expected {
            return Err(OpenError::Corrupt(Damage {
                segment: segment.name(),
                offset: 0,
                position: segment.first,
                what: format!("segment {expected} is missing"),
            }));
        }
    }
    let journal = Arc::new(Journal { disk, folder, store, segments: RwLock::new(segments), open: Mutex::default() });
    let (offset, last) = journal.repair_tail()?;
    let segment = journal.last_segment();
    let file = journal.file(&segment).doing::<OpenError>("opening the last segment")?;
    let allocated = file.length().doing::<OpenError>("measuring the last segment")?;
    let tail = Tail { journal: Arc::clone(&journal), segment, file, offset, allocated, segment_bytes, allocate_step };
    Ok(Opened { journal, tail, last })
}

impl Journal {
    fn last_segment(&self) -> Arc<Segment> {
        let segments = self.segments.read();
        Arc::clone(segments.last().expect("a journal is opened with at least one segment"))
    }

    pub fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().clone()
    }

    pub fn file(&self, segment: &Segment) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock();
        if let Some((_, file)) = open.iter().find(|(ordinal, _)| *ordinal == segment.ordinal) {
            return Ok(Arc::clone(file));
        }
        let file: Arc<dyn DiskFile> = self.disk.open(&self.folder.join(segment.name()))?.into();
        if open.len() >= OPEN_SEGMENTS_MAX {
            open.pop_front();
        }
        open.push_back((segment.ordinal, Arc::clone(&file)));
        Ok(file)
    }

    /// As [`Journal::file`], after looking once at whether the segment is what its name says.
    fn checked_file(&self, segment: &Segment) -> Result<Arc<dyn DiskFile>, ReadError> {
        let file = self.file(segment)?;
        if !segment.header_seen.load(Ordering::Relaxed) {
            if let Err(what) = segment::check_header(&*file, segment, self.store)? {
                let (segment, position) = (segment.name(), segment.first);
                return Err(ReadError::Corrupt(Damage { segment, offset: 0, position, what: what.to_owned() }));
            }
            segment.header_seen.store(true, Ordering::Relaxed);
        }
        Ok(file)
    }

    /// Cuts a torn tail, refuses damage, and writes the last frame once more in place with everything synced: a kill
    /// between write and sync leaves a frame that is readable now and gone after a power cut.
    ///
    /// A last frame that rots between an unclean end and this looks exactly like one that was torn by that end, and is
    /// cut with whatever was acknowledged in it; see the crate's documentation.
    fn repair_tail(&self) -> Result<(u64, Option<LastFrame>), OpenError> {
        let segments = self.segments();
        let (tail, before) = segments.split_last().expect("a journal is opened with at least one segment");
        let (offset, mut last) = self.scan(tail, true)?;
        if last.is_none()
            && let Some(previous) = before.last()
        {
            last = self.scan(previous, false)?.1;
            if last.as_ref().is_none_or(|last| last.frame.header.last() + 1 != tail.first) {
                return Err(OpenError::Corrupt(Damage {
                    segment: tail.name(),
                    offset: 0,
                    position: tail.first,
                    what: "the segment before does not reach up to this one".to_owned(),
                }));
            }
        }
        // Refused before anything is cut: what looks torn may be a frame that was acknowledged.
        self.check_floor(last.as_ref())?;
        let file = self.file(tail).doing::<OpenError>("opening the last segment")?;
        let length = file.length().doing::<OpenError>("measuring the last segment")?;
        if length > offset {
            file.truncate(offset).doing::<OpenError>("cutting the tail")?;
        }
        file.sync_data().doing::<OpenError>("syncing the last segment")?;
        if let Some(LastFrame { ordinal, offset, frame }) = &last {
            let segment = segments.iter().find(|segment| segment.ordinal == *ordinal).unwrap_or(tail);
            let file = self.file(segment).doing::<OpenError>("opening the last frame's segment")?;
            file.write_all_at(&frame.bytes, *offset).doing::<OpenError>("rewriting the last frame")?;
            file.sync_data().doing::<OpenError>("syncing the last frame")?;
        }
        self.disk.sync_folder(&self.folder).doing::<OpenError>("syncing the journal's folder")?;
        Ok((offset, last))
    }

    /// Walks a segment to its end: the end's offset and the last frame.
    fn scan(&self, segment: &Segment, may_be_torn: bool) -> Result<(u64, Option<LastFrame>), OpenError> {
        let file = self.file(segment).doing::<OpenError>("opening a segment")?;
        let damage = |offset, position, what: &str| {
            OpenError::Corrupt(Damage { segment: segment.name(), offset, position, what: what.to_owned() })
        };
        if let Err(what) =
            segment::check_header(&*file, segment, self.store).doing::<OpenError>("reading a segment's header")?
        {
            return Err(damage(0, segment.first, what));
        }
        let mut walk = Walk::new(Arc::clone(&file), SEGMENT_HEADER_BYTES);
        let mut last: Option<LastFrame> = None;
        let mut expected = segment.first;
        loop {
            let what = match walk.next(true).doing::<OpenError>("reading the journal")? {
                Step::Frame(offset, frame) => {
                    if frame.header.first != expected {
                        return Err(damage(offset, expected, "a frame with other positions lies here"));
                    }
                    segment.note(expected, offset);
                    expected = frame.header.last() + 1;
                    last = Some(LastFrame { ordinal: segment.ordinal, offset, frame });
                    continue;
                }
                Step::End => None,
                Step::Bad(what) => Some(what),
            };
            if may_be_torn {
                let follows = find_valid_frame(&*file, walk.offset).doing::<OpenError>("reading the journal's tail")?;
                if let Some(at) = follows {
                    let what = what.unwrap_or("a frame's header is gone");
                    return Err(damage(walk.offset, expected, &format!("{what}, but a whole frame follows at {at}")));
                }
            } else if let Some(what) = what {
                return Err(damage(walk.offset, expected, what));
            }
            segment.noted_all();
            return Ok((walk.offset, last));
        }
    }

    /// After a clean stop the log never ends before where it was then.
    fn check_floor(&self, last: Option<&LastFrame>) -> Result<(), OpenError> {
        let floor = match segment::read_small(&*self.disk, &self.folder, FLOOR) {
            Ok(bytes) => bytes.and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?))).unwrap_or(0),
            // The file only adds to what the frames themselves prove.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => 0,
            Err(error) => return Err(("reading the floor", error).into()),
        };
        let reached = last.map_or(0, |last| last.frame.header.last());
        if reached < floor {
            let segment = self.last_segment();
            return Err(OpenError::Corrupt(Damage {
                segment: segment.name(),
                offset: last.map_or(SEGMENT_HEADER_BYTES, |last| last.offset + last.frame.bytes.len() as u64),
                position: reached + 1,
                what: format!("the log ends at {reached}, at the last clean stop it reached {floor}"),
            }));
        }
        Ok(())
    }

    pub fn write_floor(&self, reached: u64) -> io::Result<()> {
        segment::write_small(&*self.disk, &self.folder, FLOOR, &reached.to_le_bytes())
    }

    /// Hands out whole frames in order, from the one that holds `from`, until `take` says stop, `through` is passed or
    /// the log ends before `through` (which is damage).
    pub fn frames(
        &self,
        from: u64,
        through: u64,
        mut take: impl FnMut(u32, u64, RawFrame) -> bool,
    ) -> Result<(), ReadError> {
        let segments = self.segments();
        let mut index = segments.partition_point(|segment| segment.first <= from).max(1) - 1;
        let mut expected = None;
        let mut file = self.checked_file(&segments[index])?;
        let start = segments[index].offset_before(from, &file)?;
        let mut walk = Walk::new(Arc::clone(&file), start);
        loop {
            let position = expected.unwrap_or(from);
            if position > through {
                return Ok(());
            }
            let before = expected.is_none();
            if let Some(next) = segments.get(index + 1)
                && !before
                && position == next.first
            {
                index += 1;
                file = self.checked_file(&segments[index])?;
                walk = Walk::new(Arc::clone(&file), SEGMENT_HEADER_BYTES);
            }
            let damage = |offset, what: &str| {
                let segment = segments[index].name();
                ReadError::Corrupt(Damage { segment, offset, position, what: what.to_owned() })
            };
            // Frames before the one that holds `from` are only passed over.
            let at = walk.offset;
            match walk.next(false)? {
                Step::Frame(_, frame) if before && frame.header.last() < from => {}
                Step::Frame(offset, frame) => {
                    frame.check().map_err(|what| damage(offset, what))?;
                    if !before && frame.header.first != position || before && frame.header.first > from {
                        return Err(damage(offset, "a frame with other positions lies here"));
                    }
                    expected = Some(frame.header.last() + 1);
                    if !take(segments[index].ordinal, offset, frame) {
                        return Ok(());
                    }
                }
                Step::End => return Err(damage(at, "the frame is gone")),
                Step::Bad(what) => return Err(damage(at, what)),
            }
        }
    }

    /// One event by its place.
    pub fn record(&self, location: Location) -> Result<(Uuid, Stored), ReadError> {
        let segments = self.segments.read();
        let segment = Arc::clone(segments.get((location.ordinal as usize).wrapping_sub(1)).ok_or_else(no_segment)?);
        drop(segments);
        let file = self.checked_file(&segment)?;
        let mut buffer = vec![0; location.bytes as usize];
        let filled = file.read_full_at(&mut buffer, u64::from(location.offset))?;
        buffer.truncate(filled);
        let Some(record) = Record::read_alone(&buffer) else {
            return Err(ReadError::Corrupt(Damage {
                segment: segment.name(),
                offset: u64::from(location.offset),
                position: 0,
                what: "the record's CRC does not fit its bytes".to_owned(),
            }));
        };
        let bytes = Bytes::from(buffer).slice(record.event.clone());
        Ok((record.id, Stored { position: record.position, version: record.version, bytes }))
    }
}

fn no_segment() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Tail {
    /// Writes a frame behind the last; not durable until [`Tail::sync`]. Returns where it lies.
    pub fn append(&mut self, frame: &[u8], first: u64) -> io::Result<(u32, u64)> {
        let length = frame.len() as u64;
        if self.offset > SEGMENT_HEADER_BYTES && self.offset + length > self.segment_bytes {
            self.roll(first)?;
        }
        if self.offset + length > self.allocated {
            let step = self.allocate_step.max(length);
            // A full disk shows itself at the write that follows.
            if self.file.allocate(self.allocated, step).is_ok() {
                self.allocated += step;
            }
        }
        let offset = self.offset;
        self.file.write_all_at(frame, offset)?;
        self.segment.note(first, offset);
        self.offset += length;
        self.allocated = self.allocated.max(self.offset);
        Ok((self.segment.ordinal, offset))
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn roll(&mut self, first: u64) -> io::Result<()> {
        self.file.truncate(self.offset)?;
        self.file.sync_data()?;
        let segment = Arc::new(Segment::new(self.segment.ordinal + 1, first));
        let journal = &self.journal;
        self.file = segment::create(&*journal.disk, &journal.folder, &segment, journal.store, self.allocate_step)?;
        segment.noted_all();
        journal.segments.write().push(Arc::clone(&segment));
        self.segment = segment;
        self.offset = SEGMENT_HEADER_BYTES;
        self.allocated = SEGMENT_HEADER_BYTES + self.allocate_step;
        Ok(())
    }

    /// Gives back what was allocated ahead, and says how far the log reaches.
    pub fn close(&mut self, reached: u64) -> io::Result<()> {
        self.file.truncate(self.offset)?;
        self.file.sync_data()?;
        self.journal.write_floor(reached)
    }
}
