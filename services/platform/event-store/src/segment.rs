//! A segment: a file of frames with a header that says whose it is; and the walk over its frames.

use crate::{
    codec::{HEADER_BYTES, Header, MAGIC, RawFrame},
    disk::{Disk, DiskFile},
    limits::{READ_CHUNK_BYTES, SPARSE_BYTES},
};
use bytes::{BufMut, Bytes};
use narhet_kernel::StoreId;
use parking_lot::Mutex;
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};
use uuid::Uuid;

/// Frames begin here; a sector of its own, so that a torn frame never takes the header with it.
pub const SEGMENT_HEADER_BYTES: u64 = 512;
const SEGMENT_MAGIC: [u8; 8] = *b"NARHETJ1";
const ENDING: &str = ".journal";
/// The name of a segment that is not ready yet; removed on open.
pub const UNREADY: &str = "segment.unready";

/// Where a record lies in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    pub ordinal: u32,
    pub offset: u32,
    pub bytes: u32,
}

#[derive(Debug)]
pub struct Segment {
    pub ordinal: u32,
    /// Position of its first event.
    pub first: u64,
    /// Its header has been found to be right since it was opened.
    pub header_seen: AtomicBool,
    sparse: Mutex<Sparse>,
}

/// Where some frames begin, about one each [`SPARSE_BYTES`].
#[derive(Debug, Default)]
struct Sparse {
    entries: Vec<(u64, u64)>,
    complete: bool,
}

impl Segment {
    pub fn new(ordinal: u32, first: u64) -> Segment {
        Segment { ordinal, first, header_seen: AtomicBool::new(false), sparse: Mutex::default() }
    }

    pub fn name(&self) -> String {
        format!("{:08}-{:020}{ENDING}", self.ordinal, self.first)
    }

    /// The segment that a file name stands for.
    pub fn from_name(name: &str) -> Option<Segment> {
        let (ordinal, first) = name.strip_suffix(ENDING)?.split_once('-')?;
        let segment = Segment::new(ordinal.parse().ok()?, first.parse().ok()?);
        (segment.name() == name).then_some(segment)
    }

    /// Remembers that the frame that begins with `position` lies at `offset`; called in order.
    pub fn note(&self, position: u64, offset: u64) {
        self.sparse.lock().note(position, offset);
    }

    /// Says that every frame so far was noted.
    pub fn noted_all(&self) {
        self.sparse.lock().complete = true;
    }

    /// The offset of a frame at or shortly before the one that holds `position`.
    pub fn offset_before(&self, position: u64, file: &Arc<dyn DiskFile>) -> io::Result<u64> {
        let mut sparse = self.sparse.lock();
        if !sparse.complete {
            let mut walk = Walk::new(Arc::clone(file), SEGMENT_HEADER_BYTES);
            *sparse = Sparse { entries: Vec::new(), complete: true };
            while let Step::Frame(offset, frame) = walk.next(false)? {
                sparse.note(frame.header.first, offset);
            }
        }
        let after = sparse.entries.partition_point(|(first, _)| *first <= position);
        Ok(after.checked_sub(1).map_or(SEGMENT_HEADER_BYTES, |index| sparse.entries[index].1))
    }
}

impl Sparse {
    fn note(&mut self, position: u64, offset: u64) {
        if self.entries.last().is_none_or(|(_, last)| offset >= last + SPARSE_BYTES) {
            self.entries.push((position, offset));
        }
    }
}

fn header_bytes(ordinal: u32, first: u64, store: StoreId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES as usize);
    bytes.put_slice(&SEGMENT_MAGIC);
    bytes.put_u32_le(ordinal);
    bytes.put_u64_le(first);
    bytes.put_slice(store.0.as_bytes());
    let crc = crc32c::crc32c(&bytes);
    bytes.put_u32_le(crc);
    bytes.resize(SEGMENT_HEADER_BYTES as usize, 0);
    bytes
}

/// Makes a segment file that is durable, header and name, before anything is written into it.
pub fn create(
    disk: &dyn Disk,
    folder: &Path,
    segment: &Segment,
    store: StoreId,
    allocate: u64,
) -> io::Result<Arc<dyn DiskFile>> {
    let unready = folder.join(UNREADY);
    let file = disk.create(&unready)?;
    file.write_all_at(&header_bytes(segment.ordinal, segment.first, store), 0)?;
    // A full disk shows itself at the next write; the allocation is only there for speed.
    let _ = file.allocate(SEGMENT_HEADER_BYTES, allocate);
    file.sync_data()?;
    disk.rename(&unready, &folder.join(segment.name()))?;
    disk.sync_folder(folder)?;
    Ok(file.into())
}

/// Whether the file's header is the one that this segment of this log must have.
pub fn check_header(file: &dyn DiskFile, segment: &Segment, store: StoreId) -> io::Result<Result<(), &'static str>> {
    let mut found = vec![0; SEGMENT_HEADER_BYTES as usize];
    let filled = file.read_full_at(&mut found, 0)?;
    Ok(if filled == found.len() && found == header_bytes(segment.ordinal, segment.first, store) {
        Ok(())
    } else {
        Err("the segment's header is not the one this log wrote")
    })
}

/// Finds the segments of a folder, in order.
pub fn list(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments: Vec<Segment> = disk.list(folder)?.iter().filter_map(|name| Segment::from_name(name)).collect();
    segments.sort_by_key(|segment| segment.ordinal);
    Ok(segments)
}

/// One step of a walk over frames.
#[derive(Debug)]
pub enum Step {
    /// A frame and its offset.
    Frame(u64, RawFrame),
    /// Nothing but zeros or the end of the file where a header would be.
    End,
    /// Something that is not a whole frame.
    Bad(&'static str),
}

/// Reads frame after frame in large pieces.
pub struct Walk {
    file: Arc<dyn DiskFile>,
    /// Where the next frame begins.
    pub offset: u64,
    chunk: Bytes,
    chunk_offset: u64,
}

impl Walk {
    pub fn new(file: Arc<dyn DiskFile>, offset: u64) -> Walk {
        Walk { file, offset, chunk: Bytes::new(), chunk_offset: offset }
    }

    /// The bytes at the current offset, at least `needed` unless the file ends before.
    fn available(&mut self, needed: usize) -> io::Result<Bytes> {
        let skip = (self.offset - self.chunk_offset) as usize;
        if skip + needed > self.chunk.len() {
            let mut buffer = vec![0; needed.max(READ_CHUNK_BYTES)];
            let filled = self.file.read_full_at(&mut buffer, self.offset)?;
            buffer.truncate(filled);
            self.chunk = Bytes::from(buffer);
            self.chunk_offset = self.offset;
            return Ok(self.chunk.clone());
        }
        Ok(self.chunk.slice(skip..))
    }

    /// The next frame; with `check` its CRC is computed. Does not move past anything that is not a frame.
    pub fn next(&mut self, check: bool) -> io::Result<Step> {
        let bytes = self.available(HEADER_BYTES)?;
        let head = &bytes[..bytes.len().min(HEADER_BYTES)];
        if head.iter().all(|byte| *byte == 0) {
            return Ok(Step::End);
        }
        let header = match Header::read(head) {
            Ok(header) => header,
            Err(what) => return Ok(Step::Bad(what)),
        };
        let bytes = self.available(header.frame_bytes())?;
        if bytes.len() < header.frame_bytes() {
            return Ok(Step::Bad("the file ends inside a frame"));
        }
        let frame = RawFrame { header, bytes: bytes.slice(..header.frame_bytes()) };
        if check && let Err(what) = frame.check() {
            return Ok(Step::Bad(what));
        }
        let offset = self.offset;
        self.offset += header.frame_bytes() as u64;
        Ok(Step::Frame(offset, frame))
    }
}

/// The offset of a whole frame anywhere after `from`: a sign that what is bad at `from` is not a torn tail.
pub fn find_valid_frame(file: &dyn DiskFile, from: u64) -> io::Result<Option<u64>> {
    const BLOCK: usize = 4096;
    let length = file.length()?;
    let mut bytes = vec![0; length.saturating_sub(from) as usize];
    let filled = file.read_full_at(&mut bytes, from)?;
    bytes.truncate(filled);
    for (index, block) in bytes.chunks(BLOCK).enumerate() {
        // Allocated space is zeros, and comparing a block at once is quick in any build.
        if block == &[0; BLOCK][..block.len()] {
            continue;
        }
        for within in 0..block.len() {
            let at = index * BLOCK + within;
            if bytes[at] != MAGIC[0] || !bytes[at..].starts_with(&MAGIC) {
                continue;
            }
            let Ok(header) = Header::read(&bytes[at..]) else { continue };
            let Some(whole) = bytes.get(at..at + header.frame_bytes()) else { continue };
            if (RawFrame { header, bytes: Bytes::copy_from_slice(whole) }).check().is_ok() {
                return Ok(Some(from + at as u64));
            }
        }
    }
    Ok(None)
}

/// Name of the file that says which log this is.
pub const STORE_ID: &str = "store-id";
/// Name of the file that says how far the log reached at the last clean stop.
pub const FLOOR: &str = "floor";

/// Writes a small file so that it is there wholly and durably, or as before.
pub fn write_small(disk: &dyn Disk, folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let mut bytes = content.to_vec();
    bytes.put_u32_le(crc32c::crc32c(content));
    let unready = folder.join(format!("{name}.unready"));
    match disk.remove(&unready) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = disk.create(&unready)?;
    file.write_all_at(&bytes, 0)?;
    file.sync_data()?;
    disk.rename(&unready, &folder.join(name))?;
    disk.sync_folder(folder)
}

/// What [`write_small`] wrote; `None` when there is no such file, an error of kind `InvalidData` when it is damaged.
pub fn read_small(disk: &dyn Disk, folder: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(&folder.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![0; file.length()?.min(4096) as usize];
    let filled = file.read_full_at(&mut bytes, 0)?;
    let (content, crc) = bytes[..filled].split_last_chunk::<4>().ok_or(io::ErrorKind::InvalidData)?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Some(content.to_vec()))
}

/// The identity of the log in the folder, if there is one.
pub fn read_store_id(disk: &dyn Disk, folder: &Path) -> io::Result<Option<StoreId>> {
    let Some(bytes) = read_small(disk, folder, STORE_ID)? else { return Ok(None) };
    Ok(Some(StoreId(Uuid::from_slice(&bytes).map_err(|_| io::ErrorKind::InvalidData)?)))
}

/// The folder with the segments.
pub fn journal_folder(folder: &Path) -> PathBuf {
    folder.join("journal")
}
