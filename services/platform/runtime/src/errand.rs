//! Effects outside the house: what a service wants carried out, as futures that begin once what they rest on is durable.
//!
//! ```text
//! intent in the log ─► errands() names it ─► durable ─► carried out ─► carried() records the outcome ─► no errand any more
//! ```
//! An errand's id is its idempotency key. Errands are derived from the state, so one that a crash cut off is named again with the
//! same id; nothing here is remembered for longer than the process.

use futures::future::BoxFuture;
use narhet_kernel::Uuid;
use std::collections::HashSet;

/// Errands under way at once; more wait in the state that they are derived from.
pub const ERRANDS_MAX: usize = 256;

/// Something to do outside. The future owns all it needs and has a time limit of its own.
pub struct Errand {
    /// The same for the same intent, also after a restart.
    pub id: Uuid,
    pub carry: BoxFuture<'static, Result<String, Refusal>>,
}

/// Why an errand was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Never an address or a secret: it is recorded.
    pub detail: String,
    /// Whether trying again can help.
    pub may_heal: bool,
    /// Whether it may have been carried out all the same: nobody said that it was not.
    pub may_be_done: bool,
}

/// What became of an errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub id: Uuid,
    pub result: Result<String, Refusal>,
    /// It was there before this process began: another one may have carried it out and died before recording that.
    pub maybe_twice: bool,
}

/// What a service is told when asked for errands.
#[derive(Debug)]
pub struct UnderWay<'a> {
    pub(crate) ids: &'a HashSet<Uuid>,
    /// How many more may begin.
    pub room: usize,
}

impl UnderWay<'_> {
    pub fn has(&self, id: Uuid) -> bool {
        self.ids.contains(&id)
    }
}
