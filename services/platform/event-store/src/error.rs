//! One error for each thing that can fail, each saying what was being done.

use std::{fmt, io, path::PathBuf, sync::Arc};

/// Where and how the journal is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// File name of the segment inside `journal/`.
    pub segment: String,
    /// Byte offset of the frame or record in it.
    pub offset: u64,
    /// The position that was expected there.
    pub position: u64,
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} (position {}): {}", self.segment, self.offset, self.position, self.what)
    }
}

/// The store has ended, on request or because the disk failed; it never comes back without being opened again.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the event store has stopped: {reason}")]
pub struct Stopped {
    pub reason: Arc<str>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another process has the log in {0} open")]
    Locked(PathBuf),
    #[error("the journal is damaged: {0}; nothing was changed, restore from a backup or the stream")]
    Corrupt(Damage),
    #[error("the journal's store-id file in {0} is missing or damaged")]
    StoreId(PathBuf),
    #[error("while {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
    #[error("the index could not be built: {0}")]
    Index(String),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AppendError {
    /// A stream is not where the caller believed; nothing was stored.
    #[error("stream {stream} is at version {actual}")]
    Conflict { stream: narhet_kernel::StreamId, actual: u64 },
    #[error("a commit holds 1 to {max} events, this one {got}", max = crate::limits::FRAME_EVENTS_MAX)]
    EventCount { got: usize },
    #[error("event {id} would be {bytes} bytes, more than an event may be")]
    EventTooLarge { id: uuid::Uuid, bytes: usize },
    #[error("the commit would be {bytes} bytes, more than a commit may be")]
    CommitTooLarge { bytes: usize },
    #[error("event {id} has no text")]
    EventEmpty { id: uuid::Uuid },
    #[error("a name in the outcome or progress record is too long")]
    NameTooLong,
    #[error("too much is waiting for the disk")]
    Busy,
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the journal is damaged: {0}")]
    Corrupt(Damage),
    #[error("while reading the journal: {0}")]
    Io(#[from] io::Error),
    #[error("the index failed: {0}")]
    Index(String),
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error("the frame starts at {got}, the log goes on at {expected}")]
    NotNext { expected: u64, got: u64 },
    #[error("the frame does not continue the log at position {position}: {what}")]
    ChainBroken { position: u64, what: &'static str },
    #[error("event {position} of the frame is not a stored event: {what}")]
    Malformed { position: u64, what: String },
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("another process has the log in {0} open; ask it to verify")]
    InUse(PathBuf),
    #[error("there is no log in {0}")]
    NoLog(PathBuf),
    #[error("while {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0} is there already")]
    Exists(PathBuf),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("while {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
}

#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{0} is not empty; a log is restored into an empty folder only")]
    NotEmpty(PathBuf),
    #[error("the archive is damaged at byte {offset}: {what}; nothing was restored")]
    Damaged { offset: u64, what: String },
    #[error("while {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
}

#[derive(Debug, thiserror::Error)]
pub enum ForkError {
    #[error("another process has the log in {0} open; stop every role first")]
    InUse(PathBuf),
    #[error("there is no log in {0}")]
    NoLog(PathBuf),
    #[error("position {keep_through} is inside a frame or beyond the log; the last frame end before it is {frame_end}")]
    NotAFrameEnd { keep_through: u64, frame_end: u64 },
    #[error("{0} is not empty; what is given up needs a folder of its own")]
    AsideNotEmpty(PathBuf),
    #[error("the journal is damaged: {0}")]
    Corrupt(Damage),
    #[error("while {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
}

/// Puts a name to what was being done when the disk failed.
pub(crate) trait Doing<T> {
    fn doing<E: From<(&'static str, io::Error)>>(self, doing: &'static str) -> Result<T, E>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing<E: From<(&'static str, io::Error)>>(self, doing: &'static str) -> Result<T, E> {
        self.map_err(|source| E::from((doing, source)))
    }
}

impl From<(&'static str, io::Error)> for OpenError {
    fn from((doing, source): (&'static str, io::Error)) -> Self {
        OpenError::Io { doing, source }
    }
}

impl From<(&'static str, io::Error)> for VerifyError {
    fn from((doing, source): (&'static str, io::Error)) -> Self {
        VerifyError::Io { doing, source }
    }
}

impl From<(&'static str, io::Error)> for BackupError {
    fn from((doing, source): (&'static str, io::Error)) -> Self {
        BackupError::Io { doing, source }
    }
}

impl From<(&'static str, io::Error)> for RestoreError {
    fn from((doing, source): (&'static str, io::Error)) -> Self {
        RestoreError::Io { doing, source }
    }
}

impl From<(&'static str, io::Error)> for ForkError {
    fn from((doing, source): (&'static str, io::Error)) -> Self {
        ForkError::Io { doing, source }
    }
}
