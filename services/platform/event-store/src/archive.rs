//! A copy of a log up to a position, and a log made from such a copy.
//!
//! ```text
//! archive = magic | store id | frames as in the journal | end: magic u64 | last position u64 | BLAKE3 of all before 32
//! ```

use crate::{
    codec::{FrameWriter, HEADER_BYTES, Header, RawFrame},
    disk::RealDisk,
    error::{BackupError, Doing, RestoreError},
    limits::SEGMENT_BYTES,
    segment::{self, SEGMENT_HEADER_BYTES, STORE_ID, Segment, journal_folder},
    store::Store,
};
use bytes::Bytes;
use narhet_kernel::{Mark, StoreId, Vector};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
    sync::Arc,
};
use uuid::Uuid;

const MAGIC: &[u8; 8] = b"NARHETA1";
const END: &[u8; 8] = b"NARHETA.";
const END_BYTES: u64 = 48;

/// Writes the whole frames that end at or before `up_to` into a new file, while the log is in use, and returns the last
/// position in it. The file appears under its name only when it is complete and durable.
pub fn backup(store: &Store, up_to: u64, archive: &Path) -> Result<u64, BackupError> {
    if archive.exists() {
        return Err(BackupError::Exists(archive.to_path_buf()));
    }
    let unready = archive.with_extension("unready");
    let file = File::create(&unready).doing::<BackupError>("making the archive")?;
    let mut writer = Hashing { inner: BufWriter::new(file), hasher: blake3::Hasher::new() };
    writer
        .put(MAGIC)
        .and_then(|()| writer.put(store.store_id().0.as_bytes()))
        .doing::<BackupError>("writing the archive")?;
    let through = up_to.min(store.committed_position());
    let mut reached = 0;
    let mut written = Ok(());
    if through > 0 {
        store.shared().journal.frames(1, through, |_, _, frame| {
            if frame.header.last() > through {
                return false;
            }
            written = writer.put(&frame.bytes);
            reached = frame.header.last();
            written.is_ok()
        })?;
    }
    written.doing::<BackupError>("writing the archive")?;
    let hash = *writer.hasher.finalize().as_bytes();
    let mut end = END.to_vec();
    end.extend_from_slice(&reached.to_le_bytes());
    end.extend_from_slice(&hash);
    let synced = writer.inner.write_all(&end).and_then(|()| writer.inner.flush());
    synced.and_then(|()| writer.inner.get_ref().sync_all()).doing::<BackupError>("writing the archive")?;
    fs::rename(&unready, archive).doing::<BackupError>("naming the archive")?;
    sync_parent(archive).doing::<BackupError>("syncing the archive's folder")?;
    Ok(reached)
}

struct Hashing {
    inner: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Hashing {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// The id of the log that an archive was made of. The whole archive is checked.
pub fn archived_store(archive: &Path) -> Result<StoreId, RestoreError> {
    read_archive(archive, |_, _| Ok(()))
}

/// New ids for logs that are restored together, by the old ones: what was recorded after the backup is gone and its
/// positions will be used again, so no cursor of the old logs may be continued.
pub type NewIds = BTreeMap<StoreId, StoreId>;

/// Makes the log again in a folder that is empty or not there, with its new id, where `new_ids` has one; marks in other
/// logs' events are carried over to their new ids. The whole archive is checked before anything is written.
pub fn restore(archive: &Path, empty_folder: &Path, new_ids: &NewIds) -> Result<StoreId, RestoreError> {
    fs::create_dir_all(empty_folder).doing::<RestoreError>("making the folder")?;
    if fs::read_dir(empty_folder).doing::<RestoreError>("listing the folder")?.next().is_some() {
        return Err(RestoreError::NotEmpty(empty_folder.to_path_buf()));
    }
    let old = archived_store(archive)?;
    let store = new_ids.get(&old).copied().unwrap_or(old);
    // The journal gets its name last: a crash before leaves a folder that a log cannot be opened in by mistake.
    let unready = empty_folder.join("journal.unready");
    fs::create_dir(&unready).doing::<RestoreError>("making the journal")?;
    let mut current: Option<(u32, u64, Arc<dyn crate::disk::DiskFile>)> = None;
    read_archive(archive, |_, frame| {
        let bytes = with_new_ids(&frame, new_ids)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a frame that cannot be read"))?;
        let full = current.as_ref().is_none_or(|(_, offset, _)| offset + bytes.len() as u64 > SEGMENT_BYTES);
        if full {
            let ordinal = current.as_ref().map_or(1, |(ordinal, _, _)| ordinal + 1);
            if let Some((_, _, file)) = &current {
                file.sync_data()?;
            }
            let file = segment::create(&RealDisk, &unready, &Segment::new(ordinal, frame.header.first), store, 0)?;
            current = Some((ordinal, SEGMENT_HEADER_BYTES, file));
        }
        if let Some((_, offset, file)) = &mut current {
            file.write_all_at(&bytes, *offset)?;
            *offset += bytes.len() as u64;
        }
        Ok(())
    })?;
    if let Some((_, _, file)) = &current {
        file.sync_data().doing::<RestoreError>("syncing the journal")?;
    }
    segment::write_small(&RealDisk, &unready, STORE_ID, store.0.as_bytes())
        .doing::<RestoreError>("writing the store id")?;
    fs::rename(&unready, journal_folder(empty_folder)).doing::<RestoreError>("naming the journal")?;
    File::open(empty_folder).and_then(|folder| folder.sync_all()).doing::<RestoreError>("syncing the folder")?;
    sync_parent(empty_folder).doing::<RestoreError>("syncing the folder above")?;
    Ok(store)
}

/// The frame with its marks in the new logs; its events stay what they are, byte for byte.
fn with_new_ids(frame: &RawFrame, new_ids: &NewIds) -> Option<Vec<u8>> {
    let mut writer = FrameWriter::default();
    writer.begin(frame.header.first);
    for record in frame.records()? {
        writer.record(record.id, frame.stream(&record)?, record.version, &frame.event(&record));
    }
    let mut extras = frame.extras()?;
    let renamed = |mark: Mark| {
        let new = new_ids.iter().find(|(old, _)| old.short() == mark.store);
        Mark { store: new.map_or(mark.store, |(_, new)| new.short()), ..mark }
    };
    extras.consumed =
        extras.consumed.iter().fold(Vector::new(), |marks, (context, mark)| marks.with(context, renamed(mark)));
    Some(writer.finish(&extras).to_vec())
}

/// Reads an archive from its beginning to its end, checking everything; hands out each frame.
fn read_archive(
    archive: &Path,
    mut take: impl FnMut(StoreId, RawFrame) -> io::Result<()>,
) -> Result<StoreId, RestoreError> {
    let file = File::open(archive).doing::<RestoreError>("opening the archive")?;
    let length = file.metadata().doing::<RestoreError>("measuring the archive")?.len();
    let mut reader = BufReader::with_capacity(1024 * 1024, file);
    let mut hasher = blake3::Hasher::new();
    let damaged = |offset, what: &str| RestoreError::Damaged { offset, what: what.to_owned() };
    let frames_end = length.checked_sub(END_BYTES).ok_or_else(|| damaged(length, "it is too short"))?;
    let mut head = [0; 24];
    reader.read_exact(&mut head).doing::<RestoreError>("reading the archive")?;
    hasher.update(&head);
    if head[..8] != *MAGIC {
        return Err(damaged(0, "it is not an archive of a log"));
    }
    let store = StoreId(Uuid::from_slice(&head[8..]).map_err(|_| damaged(8, "the store id is gone"))?);
    let (mut offset, mut reached) = (24_u64, 0);
    while offset < frames_end {
        let mut bytes = vec![0; HEADER_BYTES];
        reader.read_exact(&mut bytes).doing::<RestoreError>("reading the archive")?;
        let header = Header::read(&bytes).map_err(|what| damaged(offset, what))?;
        bytes.resize(header.frame_bytes(), 0);
        reader.read_exact(&mut bytes[HEADER_BYTES..]).map_err(|_| damaged(offset, "it ends inside a frame"))?;
        hasher.update(&bytes);
        let frame = RawFrame { header, bytes: Bytes::from(bytes) };
        frame.check().map_err(|what| damaged(offset, what))?;
        if header.first != reached + 1 {
            return Err(damaged(offset, "a frame is missing"));
        }
        reached = header.last();
        offset += header.frame_bytes() as u64;
        take(store, frame).doing::<RestoreError>("writing the journal")?;
    }
    let mut end = [0; END_BYTES as usize];
    reader.read_exact(&mut end).map_err(|_| damaged(offset, "its end is missing"))?;
    let whole = end[..8] == *END && end[8..16] == reached.to_le_bytes() && end[16..] == *hasher.finalize().as_bytes();
    if whole { Ok(store) } else { Err(damaged(offset, "its end does not fit what is before")) }
}
