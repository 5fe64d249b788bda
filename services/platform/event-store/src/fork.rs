//! Giving up the end of a log that has parted from the stream: the log goes on shorter and under a new id.
//!
//! The kept part is written beside the old journal, which is then moved aside whole: nothing is deleted, and a crash
//! at any step leaves either the old log or the new one.

use crate::{
    disk::RealDisk,
    error::{Damage, Doing, ForkError, OpenError},
    open,
    segment::{self, SEGMENT_HEADER_BYTES, STORE_ID, Segment, Step, Walk, journal_folder},
};
use narhet_kernel::StoreId;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

/// The journal that takes the old one's place as soon as that is aside.
fn next_folder(folder: &Path) -> PathBuf {
    folder.join("journal.next")
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A crash between moving the old journal aside and the new one in: the new one is complete and goes in now.
pub fn finish_interrupted(folder: &Path) -> io::Result<()> {
    let (journal, next) = (journal_folder(folder), next_folder(folder));
    if next.is_dir() && !journal.exists() {
        // What sled holds belongs to the old log; its own store id would give it away too.
        match fs::remove_dir_all(folder.join("sled")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(next, journal)?;
        sync(folder)?;
    }
    Ok(())
}

/// Keeps the log of a stopped role up to and including `keep_through`, which must be the end of a frame (or 0), and
/// moves everything there was into the folder `aside`. Returns the new id of the log.
pub fn fork_cut(folder: &Path, keep_through: u64, aside: &Path) -> Result<StoreId, ForkError> {
    let _lock = open::lock(&RealDisk, folder).map_err(|error| match error {
        OpenError::Locked(folder) => ForkError::InUse(folder),
        OpenError::Io { doing, source } => ForkError::Io { doing, source },
        other => ForkError::Io { doing: "locking the log", source: io::Error::other(other) },
    })?;
    finish_interrupted(folder).doing::<ForkError>("finishing an interrupted fork")?;
    let (journal, next) = (journal_folder(folder), next_folder(folder));
    let old = segment::read_store_id(&RealDisk, &journal)
        .doing::<ForkError>("reading the store id")?
        .ok_or_else(|| ForkError::NoLog(folder.to_path_buf()))?;
    fs::create_dir_all(aside).doing::<ForkError>("making the folder for what is given up")?;
    if fs::read_dir(aside).doing::<ForkError>("listing the folder for what is given up")?.next().is_some() {
        return Err(ForkError::AsideNotEmpty(aside.to_path_buf()));
    }
    // Left by a fork that did not come to its end; the old journal is still whole.
    match fs::remove_dir_all(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(("removing an unfinished fork", error).into());
        }
        _ => {}
    }
    fs::create_dir(&next).doing::<ForkError>("making the new journal")?;
    let store = StoreId(Uuid::new_v4());
    copy_through(&journal, &next, old, store, keep_through)?;
    segment::write_small(&RealDisk, &next, STORE_ID, store.0.as_bytes()).doing::<ForkError>("writing the store id")?;
    sync(&next).and_then(|()| sync(folder)).doing::<ForkError>("syncing the new journal")?;
    if folder.join("sled").exists() {
        fs::rename(folder.join("sled"), aside.join("sled")).doing::<ForkError>("moving the index aside")?;
    }
    fs::rename(&journal, aside.join("journal")).doing::<ForkError>("moving the old journal aside")?;
    sync(aside).doing::<ForkError>("syncing what is given up")?;
    fs::rename(&next, &journal).doing::<ForkError>("moving the new journal in")?;
    sync(folder).doing::<ForkError>("syncing the log's folder")?;
    Ok(store)
}

/// Copies whole frames into segments with the new id.
fn copy_through(from: &Path, to: &Path, old: StoreId, new: StoreId, through: u64) -> Result<(), ForkError> {
    let disk = RealDisk;
    let mut reached = 0;
    for found in segment::list(&disk, from).doing::<ForkError>("listing the journal")? {
        if found.first > through {
            break;
        }
        let file: Arc<dyn crate::disk::DiskFile> =
            Arc::new(File::open(from.join(found.name())).doing::<ForkError>("opening a segment")?);
        let corrupt = |offset, what: &str| {
            let segment = found.name();
            ForkError::Corrupt(Damage { segment, offset, position: found.first, what: what.to_owned() })
        };
        if let Err(what) = segment::check_header(&*file, &found, old).doing::<ForkError>("reading a segment")? {
            return Err(corrupt(0, what));
        }
        let copy = segment::create(&disk, to, &Segment::new(found.ordinal, found.first), new, 0)
            .doing::<ForkError>("making a segment")?;
        let mut walk = Walk::new(file, SEGMENT_HEADER_BYTES);
        loop {
            match walk.next(true).doing::<ForkError>("reading the journal")? {
                Step::Frame(offset, frame) if frame.header.last() <= through => {
                    copy.write_all_at(&frame.bytes, offset).doing::<ForkError>("writing the new journal")?;
                    reached = frame.header.last();
                }
                Step::Bad(what) if reached < through => return Err(corrupt(walk.offset, what)),
                Step::Frame(..) | Step::End | Step::Bad(_) => break,
            }
        }
        copy.sync_data().doing::<ForkError>("syncing the new journal")?;
    }
    if reached != through {
        return Err(ForkError::NotAFrameEnd { keep_through: through, frame_end: reached });
    }
    Ok(())
}
