//! The last events in memory, bounded in number and bytes, shared by every client.

use crate::feed::Entry;
use narhet_kernel::{Context, Mark, Vector};
use parking_lot::RwLock;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::watch;

/// How much a ring keeps.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    pub events: usize,
    pub bytes: usize,
}

/// Recent events in the order in which the gateway folded them.
#[derive(Debug)]
pub struct Ring {
    limits: RingLimits,
    inner: RwLock<Inner>,
    /// Counts pushes and clears; readers wait on it.
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Arc<Entry>>,
    /// The sequence number of the first entry; numbers are never used again, not even after a clear.
    first: u64,
    bytes: usize,
    /// Everything that was here and no longer is.
    floor: Vector,
    /// Everything that has been here.
    present: Vector,
}

/// The sequence number asked for has left the ring.
#[derive(Debug, PartialEq, Eq)]
pub struct Overtaken;

impl Ring {
    pub fn new(limits: RingLimits) -> Self {
        Self { limits, inner: RwLock::default(), changed: watch::Sender::new(0) }
    }

    pub fn push(&self, entry: Entry) {
        let mut inner = self.inner.write();
        inner.present.set(entry.context, entry.mark);
        inner.bytes += entry.bytes.len();
        inner.entries.push_back(Arc::new(entry));
        while inner.entries.len() > self.limits.events || inner.bytes > self.limits.bytes {
            let Some(oldest) = inner.entries.pop_front() else { break };
            inner.bytes -= oldest.bytes.len();
            inner.first += 1;
            inner.floor.set(oldest.context, oldest.mark);
        }
        drop(inner);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Names the log of a context that may have no event yet, so that a cursor from another log is noticed all the same.
    pub fn know_store(&self, context: Context, store: u32) {
        let mut inner = self.inner.write();
        if inner.present.mark(context).is_none() {
            inner.present.set(context, Mark { position: 0, store });
        }
    }

    /// Forgets everything, because a log forked: whoever reads is overtaken and looks at its cursor again.
    pub fn clear(&self) {
        let mut inner = self.inner.write();
        let next = inner.first + inner.entries.len() as u64;
        *inner = Inner { first: next + 1, ..Inner::default() };
        drop(inner);
        self.changed.send_modify(|count| *count += 1);
    }

    /// Everything that has been here: where a client that wants only what is new begins.
    pub fn present(&self) -> Vector {
        self.inner.read().present.clone()
    }

    /// The cursor before the first event of every log.
    pub fn beginning(&self) -> Vector {
        let mut start = Vector::new();
        for (context, mark) in self.inner.read().present.iter() {
            start.set(context, Mark { position: 0, store: mark.store });
        }
        start
    }

    /// The part of a cursor that is of the logs that are there now: what must be folded before it can be gone on from.
    pub fn of_present_logs(&self, cursor: &Vector) -> Vector {
        let inner = self.inner.read();
        let present =
            |(context, mark): &(Context, Mark)| inner.present.mark(*context).is_some_and(|now| now.store == mark.store);
        cursor.iter().filter(present).fold(Vector::new(), |part, (context, mark)| part.with(context, mark))
    }

    /// Whether the cursor was read from a log that is not there any more.
    pub fn forked_from(&self, cursor: &Vector) -> bool {
        let inner = self.inner.read();
        cursor.iter().any(|(context, mark)| inner.present.mark(context).is_some_and(|now| now.store != mark.store))
    }

    /// The sequence number from which a reader that has seen `cursor` finds everything it lacks, if the ring has it all.
    pub fn join(&self, cursor: &Vector) -> Option<u64> {
        let inner = self.inner.read();
        let lacks = |entry: &Arc<Entry>| entry.mark.position > cursor.position(entry.context);
        let seen = || inner.entries.iter().position(lacks).unwrap_or(inner.entries.len());
        cursor.covers(&inner.floor).then(|| inner.first + seen() as u64)
    }

    /// Up to `limit` entries from a sequence number on; empty at the end.
    pub fn read(&self, from: u64, limit: usize) -> Result<Vec<Arc<Entry>>, Overtaken> {
        let inner = self.inner.read();
        let offset = from.checked_sub(inner.first).ok_or(Overtaken)?;
        let offset = usize::try_from(offset).map_err(|_| Overtaken)?;
        Ok(inner.entries.iter().skip(offset).take(limit).map(Arc::clone).collect())
    }

    /// A receiver that changes with every push.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
