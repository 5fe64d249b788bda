//! The durable log: a journal that is the truth, sled for what is asked of it.
//!
//! An event is decided once and stored once, as the text of a CloudEvents object; [`Store::append`] gives it its
//! place in the log at once, one thread writes whole commit groups as frames and syncs them, and only then does the
//! committed watermark move and anybody learn of it. Everything else (heads, where a stream's events lie, outcomes,
//! progress, snapshots) is a fold over durable frames that may be thrown away at any time.
//!
//! Invariants, each with the test that fails without it:
//! 1. What was acknowledged is there after any crash, once, at its position (`sim`, `crash-store`).
//! 2. A commit is there wholly or not at all (`sim`).
//! 3. Positions are gapless, versions dense, the chain unbroken (`model`, `sim`).
//! 4. After an error of the disk nothing is written any more (`sim`).
//! 5. sled can be lost or damaged without losing or repeating anything (`damage`).
//!
//! Reading order: [`types`], [`store`], `state`, `writer`, [`codec`], `segment`, `journal`, `index`, `pages`, [`keys`].

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

pub use archive::{backup, restore};
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
