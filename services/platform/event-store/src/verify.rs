//! Reads everything again and says where it breaks.

use crate::{
    codec::RawFrame,
    disk::{Disk, RealDisk},
    error::{Damage, Doing, OpenError, VerifyError},
    keys::{StreamKey, StreamMap},
    open,
    segment::{self, SEGMENT_HEADER_BYTES, Segment, Step, Walk, find_valid_frame, journal_folder},
    store::Store,
    suffix::Suffix,
};
use narhet_kernel::{StoreId, StreamId};
use std::{io, path::Path, sync::Arc};
use uuid::Uuid;

/// What a log holds, as far as it is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub store: StoreId,
    pub segments: usize,
    pub frames: u64,
    /// Also the last sound position.
    pub events: u64,
    pub streams: usize,
    /// Bytes of the events themselves.
    pub event_bytes: u64,
    /// BLAKE3 of the last sound event.
    pub last_hash: [u8; 32],
    /// Bytes of a frame that a crash left half written; the next open cuts it.
    pub torn_tail_bytes: u64,
    /// The first place that is not as it was written; `None` when all is well.
    pub broken: Option<Damage>,
}

/// Checks a stopped log without changing anything.
pub fn verify(folder: &Path) -> Result<Report, VerifyError> {
    let disk = RealDisk;
    if !journal_folder(folder).is_dir() {
        return Err(VerifyError::NoLog(folder.to_path_buf()));
    }
    let _lock = open::lock(&disk, folder).map_err(|error| match error {
        OpenError::Locked(folder) => VerifyError::InUse(folder),
        OpenError::Io { doing, source } => VerifyError::Io { doing, source },
        other => VerifyError::Io { doing: "locking the log", source: io::Error::other(other) },
    })?;
    read_everything(&disk, folder, u64::MAX)
}

impl Store {
    /// Checks everything that is committed, while the log is in use.
    pub fn verify(&self) -> Result<Report, VerifyError> {
        let shared = self.shared();
        read_everything(&RealDisk, &shared.options.folder, self.committed_position())
    }
}

/// Checks frames, chain, versions and the events' own members up to `through`.
pub fn read_everything(disk: &dyn Disk, folder: &Path, through: u64) -> Result<Report, VerifyError> {
    let journal = journal_folder(folder);
    let store = segment::read_store_id(disk, &journal)
        .doing::<VerifyError>("reading the store id")?
        .ok_or_else(|| VerifyError::NoLog(folder.to_path_buf()))?;
    let segments = segment::list(disk, &journal).doing::<VerifyError>("listing the journal")?;
    let mut check = Check {
        report: Report {
            store,
            segments: segments.len(),
            frames: 0,
            events: 0,
            streams: 0,
            event_bytes: 0,
            last_hash: [0; 32],
            torn_tail_bytes: 0,
            broken: None,
        },
        heads: StreamMap::default(),
        time: i64::MIN,
    };
    let count = segments.len();
    for (index, segment) in segments.iter().enumerate() {
        if check.report.events >= through {
            break;
        }
        check
            .segment(disk, &journal, segment, index + 1 == count, through)
            .doing::<VerifyError>("reading the journal")?;
        if check.report.broken.is_some() {
            break;
        }
        if segment.ordinal as usize != index + 1 {
            check.broken(segment, 0, &format!("segment {} is missing", index + 1));
            break;
        }
    }
    check.report.streams = check.heads.len();
    Ok(check.report)
}

struct Check {
    report: Report,
    heads: StreamMap<u64>,
    time: i64,
}

impl Check {
    fn broken(&mut self, segment: &Segment, offset: u64, what: &str) {
        let position = self.report.events + 1;
        self.report.broken = Some(Damage { segment: segment.name(), offset, position, what: what.to_owned() });
    }

    fn segment(
        &mut self,
        disk: &dyn Disk,
        folder: &Path,
        segment: &Segment,
        last: bool,
        through: u64,
    ) -> io::Result<()> {
        let file: Arc<dyn crate::disk::DiskFile> = disk.open(&folder.join(segment.name()))?.into();
        if let Err(what) = segment::check_header(&*file, segment, self.report.store)? {
            self.broken(segment, 0, what);
            return Ok(());
        }
        if segment.first != self.report.events + 1 {
            self.broken(segment, 0, "the segment before does not reach up to this one");
            return Ok(());
        }
        let mut walk = Walk::new(Arc::clone(&file), SEGMENT_HEADER_BYTES);
        while self.report.events < through {
            let what = match walk.next(true)? {
                Step::Frame(offset, frame) => {
                    if let Err(what) = self.frame(&frame) {
                        self.broken(segment, offset, &what);
                        return Ok(());
                    }
                    continue;
                }
                Step::End => None,
                Step::Bad(what) => Some(what),
            };
            // Below a live watermark nothing is torn.
            let follows = if last { find_valid_frame(&*file, walk.offset)? } else { None };
            match (what, follows) {
                _ if through != u64::MAX && last => {
                    self.broken(segment, walk.offset, what.unwrap_or("a frame is gone"))
                }
                (what, Some(at)) => {
                    let what =
                        format!("{}, but a whole frame follows at {at}", what.unwrap_or("a frame's header is gone"));
                    self.broken(segment, walk.offset, &what);
                }
                (Some(_), None) if last => self.report.torn_tail_bytes = file.length()?.saturating_sub(walk.offset),
                (Some(what), None) => self.broken(segment, walk.offset, what),
                (None, None) => {}
            }
            return Ok(());
        }
        Ok(())
    }

    fn frame(&mut self, frame: &RawFrame) -> Result<(), String> {
        #[derive(serde::Deserialize)]
        struct Members {
            id: Uuid,
            subject: StreamId,
        }
        if frame.header.first != self.report.events + 1 {
            return Err("a frame with other positions lies here".to_owned());
        }
        let records = frame.records().ok_or("the frame is not made of records")?;
        frame.extras().ok_or("what follows the frame's events cannot be read")?;
        for record in records {
            let position = record.position;
            let event = frame.event(&record);
            let stream = frame.stream(&record).ok_or_else(|| format!("event {position}: its stream is not text"))?;
            let suffix = Suffix::read(&event).ok_or_else(|| format!("event {position} does not end as events do"))?;
            let members: Members =
                serde_json::from_slice(&event).map_err(|error| format!("event {position} is not an event: {error}"))?;
            if members.id != record.id || members.subject.as_str() != stream {
                return Err(format!("event {position} is filed under another id or stream than it says"));
            }
            let head = self.heads.entry(StreamKey::of(stream)).or_insert(0);
            if suffix.position != position || suffix.version != record.version || record.version != *head + 1 {
                return Err(format!("event {position} has another position or version than the next one"));
            }
            if suffix.previous != self.report.last_hash {
                return Err(format!("event {position} does not continue the hash chain"));
            }
            if suffix.time <= self.time {
                return Err(format!("event {position} is recorded no later than the one before"));
            }
            *head += 1;
            self.time = suffix.time;
            self.report.last_hash = *blake3::hash(&event).as_bytes();
            self.report.events = position;
            self.report.event_bytes += event.len() as u64;
        }
        self.report.frames += 1;
        Ok(())
    }
}
