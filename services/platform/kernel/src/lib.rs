//! Words every service shares, and nothing that touches a disk, a socket or a clock.
//!
//! Reading order: [`context`] names who owns what, [`id`] names things, [`klass`] how sensitive they are,
//! [`principal`] who asks, [`vector`] how far somebody has read, [`clock`] what time it is,
//! [`personnummer`] what no free text may keep, [`limits`] the bounds that hold everywhere.

pub mod clock;
pub mod context;
pub mod id;
pub mod klass;
pub mod limits;
pub mod personnummer;
pub mod principal;
pub mod vector;

pub use clock::Clock;
pub use context::Context;
pub use id::{BoardId, StreamId, SubjectId, derived_id};
pub use jiff::Timestamp;
pub use klass::Klass;
pub use principal::{Principal, Role};
pub use uuid::Uuid;
pub use vector::{Mark, StoreId, Vector};
