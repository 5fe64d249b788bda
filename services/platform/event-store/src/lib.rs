//! The durable log: a journal that is the truth, sled for what is asked of it.
//!
//! An event is decided once and stored once, as the text of a CloudEvents object; [`Store::append`] gives it its
//! place in the log at once, one thread writes whole commit groups as frames and syncs them, and only then does the
//! committed watermark move and anybody learn of it. Everything else (heads, where a stream's events lie, outcomes,
//! progress, snapshots) is a fold over durable frames that may be thrown away at any time.
//!
//! # Invariants
//!
//! Each with the tests that fail without it: `sim`, `model`, `damage` and `behaviour` are in `src/tests`, `crash-store`
//! is `tests/crash/store` of the repository.
//!
//! 1. What was acknowledged is there after any crash, once, at its position (`sim`, `crash-store`).
//! 2. A commit is there wholly or not at all (`sim`).
//! 3. Positions are gapless, versions dense, recorded times rising, the hash chain unbroken (`model`, `sim`,
//!    `crash-store`).
//! 4. Nobody is told of an event, and nobody can read it, before its frame is synced (`crash-store`: `order`; `sim`).
//! 5. After an error of the disk nothing is written any more; a failed sync is never tried again (`sim`; on a really
//!    full disk `crash-store`).
//! 6. What opening has shown to anyone is not taken back by a later power cut (`sim`).
//! 7. The index can be lost, damaged, old or cut off in the middle of a fold without losing, repeating or changing
//!    anything that is read (`damage`, `crash-store`).
//! 8. One process has a log open (`behaviour`).
//! 9. Damage before the last frame is refused and named, never cut away (`damage`, `sim`).
//!
//! # A rotten last frame after an unclean end
//!
//! Frames are whole or they are not; of the *last* one, nothing tells whether it was torn while being written (nobody
//! was told of it) or synced, acknowledged, and then rotted. After a clean stop the file `floor` tells: a log that ends
//! before it is refused. After a kill or a power cut there is no such witness, and a last frame that does not fit its
//! CRC is cut as torn. So one rotten sector, in the one frame written last, between an unclean end and the next open,
//! can lose that frame locally. What of it had been published is in the bus's stream, which is then ahead of the log;
//! the relay sees that and gives it back by [`Store::adopt`]. What had not been published is gone, as by any loss of
//! the disk. Rot anywhere before the last frame is never mistaken for this (invariant 9).
//!
//! # Map, in reading order
//!
//! | module | what it is |
//! | --- | --- |
//! | [`types`], [`error`], [`limits`] | what goes in and comes out, what can fail, every bound with its reason |
//! | [`store`] | the handle: append, wait, read, ask |
//! | `state` | what an append decides on, under one lock |
//! | [`suffix`], [`codec`] | the stored text's last members; the frame as bytes |
//! | `writer`, `waiters` | the one thread that writes; those who wait for it |
//! | `segment`, `journal` | a file of frames and the walk over them; the files as one log, and its repair |
//! | [`disk`] | what the journal asks of a disk, and the real one |
//! | `recent` | the last frames in memory, for followers |
//! | `index`, [`keys`], `pages`, `folder` | the fold that is asked, its keys, what holds them (sled), the thread that folds |
//! | `open` | the order in which opening keeps the promises above |
//! | `verify`, [`archive`], `fork` | re-reading everything; backup and restore; giving up the end of a log |
//! | [`sim`] | a disk that crashes where it is told to |

pub mod archive;
pub mod codec;
pub mod disk;
pub mod error;
mod folder;
mod fork;
mod index;
mod journal;
pub mod keys;
pub mod limits;
mod open;
mod pages;
mod recent;
mod segment;
pub mod sim;
mod state;
pub mod store;
pub mod suffix;
pub mod types;
mod verify;
mod waiters;
mod writer;

pub use archive::{NewIds, archived_store, backup, restore};
pub use disk::{Disk, DiskFile, RealDisk};
pub use error::{
    AdoptError, AppendError, BackupError, Damage, ForkError, OpenError, ReadError, RestoreError, Stopped, VerifyError,
};
pub use fork::fork_cut;
pub use store::{Options, Store};
pub use types::{Appended, Commit, Expected, Frame, NewEvent, Outcome, Progress, Stored, StreamWrite};
pub use verify::{Report, verify};

#[cfg(test)]
mod tests;
