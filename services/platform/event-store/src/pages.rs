//! Sorted keys and values that can be lost and folded again: sled on a real disk, a map where the disk is simulated.

use parking_lot::RwLock;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

/// A key and its new value; `None` removes it.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// How often and how long apart sled's folder is tried while its lock is still held: half a second in all.
const LOCK_TRIES: usize = 100;
const LOCK_RETRY: std::time::Duration = std::time::Duration::from_millis(5);

/// The index cannot be trusted any more; it is rebuilt at the next open.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct IndexError(pub String);

pub trait Pages: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError>;
    /// One change by itself.
    fn change(&self, change: Change) -> Result<(), IndexError>;
    /// All changes or none. For few changes: sled keeps every older version of every page that a batch touches until
    /// the batch is over (190 MB for the 40,000 keys of a fold), and nobody can read meanwhile.
    fn apply(&self, changes: Vec<Change>) -> Result<(), IndexError>;
    /// Visits keys with the prefix in order until told to stop.
    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError>;
    /// Ends the use of the pages; `clean` when everything durable was folded.
    fn close(&self, clean: bool) -> Result<(), IndexError>;
}

/// Pages in memory, for simulated disks.
#[derive(Debug, Default)]
pub struct MemoryPages(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Pages for MemoryPages {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.read().get(key).cloned())
    }

    fn change(&self, change: Change) -> Result<(), IndexError> {
        self.apply(vec![change])
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), IndexError> {
        let mut pages = self.0.write();
        for (key, value) in changes {
            match value {
                Some(value) => pages.insert(key, value),
                None => pages.remove(&key),
            };
        }
        Ok(())
    }

    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        for (key, value) in self.0.read().range(prefix.to_vec()..) {
            if !key.starts_with(prefix) || !visit(key, value) {
                break;
            }
        }
        Ok(())
    }

    fn close(&self, _clean: bool) -> Result<(), IndexError> {
        Ok(())
    }
}

/// Pages in sled. Every call is guarded: damaged files make sled panic rather than answer.
pub struct SledPages {
    folder: PathBuf,
    database: RwLock<Option<sled::Db>>,
}

const STATE: &str = "sled.state";
const CLEAN: &str = "clean";
const BROKEN: &str = "broken";

/// Whether what lies in the sled folder may be used, and otherwise why not.
fn may_keep(folder: &Path, boot_id: &str) -> Result<(), &'static str> {
    if !folder.join("sled").is_dir() {
        return Err("there is no sled folder");
    }
    match fs::read_to_string(folder.join(STATE)) {
        Ok(state) if state == CLEAN => Ok(()),
        Ok(state) if state == format!("open {boot_id}") => Ok(()),
        Ok(state) if state == BROKEN => Err("it failed before"),
        Ok(_) => Err("the machine was restarted since it was written"),
        Err(_) => Err("it is not known how it was left"),
    }
}

fn write_state(folder: &Path, state: &str) -> io::Result<()> {
    let unready = folder.join("sled.state.unready");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&unready)?;
    file.write_all(state.as_bytes())?;
    file.sync_data()?;
    fs::rename(&unready, folder.join(STATE))?;
    File::open(folder)?.sync_all()
}

/// A start-up snapshot that a kill left half written is taken for the newest one and makes every later open fail.
fn remove_generating(sled: &Path) -> io::Result<()> {
    for entry in fs::read_dir(sled)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn guarded<T>(call: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(IndexError(format!("sled panicked: {text}")))
    })
}

fn failed(error: impl std::fmt::Display) -> IndexError {
    IndexError(error.to_string())
}

impl SledPages {
    /// Opens what is there, if it may be kept; `None` says that it must be built anew.
    pub fn keep(folder: &Path, boot_id: &str, cache_bytes: u64, flush_ms: u64) -> Option<SledPages> {
        if let Err(why) = may_keep(folder, boot_id) {
            tracing::info!(folder = %folder.display(), why, "the index is built from the journal");
            return None;
        }
        // From here on only a clean stop may say clean.
        let opened = write_state(folder, &format!("open {boot_id}"))
            .and_then(|()| remove_generating(&folder.join("sled")))
            .map_err(failed)
            .and_then(|()| Self::open(folder, cache_bytes, flush_ms));
        opened
            .inspect_err(|error| tracing::warn!(%error, "sled does not open; the index is built from the journal"))
            .ok()
    }

    /// Throws away what is there and begins with nothing.
    pub fn anew(folder: &Path, boot_id: &str, cache_bytes: u64, flush_ms: u64) -> Result<SledPages, IndexError> {
        write_state(folder, BROKEN).map_err(failed)?;
        match fs::remove_dir_all(folder.join("sled")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let pages = Self::open(folder, cache_bytes, flush_ms)?;
        Ok(pages).inspect(|_| {
            // Until the first fold is in, an empty index is as good as any; the journal tells how far it is.
            if let Err(error) = write_state(folder, &format!("open {boot_id}")) {
                tracing::warn!(%error, "the index will be rebuilt at the next open");
            }
        })
    }

    fn open(folder: &Path, cache_bytes: u64, flush_ms: u64) -> Result<SledPages, IndexError> {
        let config =
            sled::Config::new().path(folder.join("sled")).cache_capacity(cache_bytes).flush_every_ms(Some(flush_ms));
        let open = || guarded(|| config.open().map_err(failed));
        let mut database = open();
        // Our own lock is held, so nobody else uses this folder: only a child that is just being spawned, by whatever
        // thread, still holds sled's lock of an earlier use for an instant.
        for _ in 0..LOCK_TRIES {
            if !database.as_ref().is_err_and(|IndexError(text)| text.contains("could not acquire lock")) {
                break;
            }
            std::thread::sleep(LOCK_RETRY);
            database = open();
        }
        let database = database?;
        Ok(SledPages { folder: folder.to_path_buf(), database: RwLock::new(Some(database)) })
    }

    fn with<T>(&self, call: impl FnOnce(&sled::Db) -> Result<T, IndexError>) -> Result<T, IndexError> {
        let database = self.database.read();
        let database = database.as_ref().ok_or_else(|| IndexError("the index is closed".to_owned()))?;
        guarded(|| call(database))
    }
}

impl Pages for SledPages {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.with(|database| Ok(database.get(key).map_err(failed)?.map(|value| value.to_vec())))
    }

    fn change(&self, (key, value): Change) -> Result<(), IndexError> {
        self.with(|database| {
            let before = match value {
                Some(value) => database.insert(key, value),
                None => database.remove(key),
            };
            before.map(drop).map_err(failed)
        })
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), IndexError> {
        self.with(|database| {
            let mut batch = sled::Batch::default();
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            database.apply_batch(batch).map_err(failed)
        })
    }

    fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), IndexError> {
        self.with(|database| {
            for entry in database.scan_prefix(prefix) {
                let (key, value) = entry.map_err(failed)?;
                if !visit(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn close(&self, clean: bool) -> Result<(), IndexError> {
        let Some(database) = self.database.write().take() else { return Ok(()) };
        let closed = guarded(|| {
            database.flush().map_err(failed)?;
            drop(database);
            // sled's flush does not reach the disk itself; a second descriptor covers the same file.
            let sled = self.folder.join("sled");
            for entry in fs::read_dir(&sled).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_file() {
                    File::open(path).and_then(|file| file.sync_all()).map_err(failed)?;
                }
            }
            File::open(&sled).and_then(|folder| folder.sync_all()).map_err(failed)
        });
        let state = if closed.is_ok() && clean { CLEAN } else { BROKEN };
        write_state(&self.folder, state).map_err(failed)?;
        closed
    }
}
