//! One client's way through the feed: from an old cursor by the owners' logs, then by the ring, each event once.

use crate::{
    feed::{Entry, Grants, Ring},
    fold::Fold,
    limits::STEP_EVENTS_MAX,
    upstream::Upstream,
};
use narhet_kernel::{BoardId, Principal, Vector};
use narhet_proto::{table, wire::Problem};
use std::sync::Arc;
use tokio::sync::watch;

/// What a client wants to see of what it may see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Full type names or short ones (`incident-reported`); empty = every type.
    pub types: Vec<String>,
    /// Owned by this board, or with it among the readers.
    pub board: Option<BoardId>,
}

impl Filter {
    fn takes(&self, entry: &Entry, grants: &Grants) -> bool {
        let name = entry.event_type.as_str();
        (self.types.is_empty() || self.types.iter().any(|wanted| wanted == name || wanted == table::event_of(name)))
            && self.board.as_ref().is_none_or(|board| grants.concerns(board.as_str(), entry))
    }
}

/// What a step brought.
#[derive(Debug)]
pub enum Step {
    /// Visible events, each with the cursor after it; perhaps none, though others were passed.
    Events { events: Vec<(Vector, Arc<Entry>)>, scanned: usize },
    /// The cursor is of a log that forked; the reader stands at the beginning now.
    Reset,
    /// There is nothing more yet.
    AtHead,
}

/// A client's position and rights.
pub struct Reader {
    fold: Arc<Fold>,
    upstream: Arc<dyn Upstream>,
    principal: Principal,
    filter: Filter,
    cursor: Vector,
    /// The next sequence number in the ring, once joined.
    next: Option<u64>,
    changed: watch::Receiver<u64>,
}

impl Reader {
    pub fn new(
        fold: Arc<Fold>,
        upstream: Arc<dyn Upstream>,
        principal: Principal,
        filter: Filter,
        cursor: Vector,
    ) -> Self {
        let changed = fold.ring().watch();
        Self { fold, upstream, principal, filter, cursor, next: None, changed }
    }

    /// Everything passed so far, seen or not.
    pub fn cursor(&self) -> &Vector {
        &self.cursor
    }

    /// Goes on until `visible_max` events are found, a step's worth is looked at, or the end is reached. Cancel-safe:
    /// nothing is passed before the step is over.
    pub async fn step(&mut self, visible_max: usize) -> Result<Step, Problem> {
        self.changed.mark_unchanged();
        let fold = Arc::clone(&self.fold);
        if let Some(step) = self.step_in_ring(fold.ring(), visible_max) {
            return Ok(step);
        }
        if fold.ring().forked_from(&self.cursor) {
            self.cursor = fold.ring().beginning();
            return Ok(Step::Reset);
        }
        self.next = fold.ring().join(&self.cursor);
        if let Some(step) = self.step_in_ring(fold.ring(), visible_max) {
            return Ok(step);
        }
        let page = self.upstream.read_page(&self.cursor, STEP_EVENTS_MAX).await?;
        if page.is_empty() {
            return Ok(Step::AtHead);
        }
        Ok(self.pass(page.into_iter().map(Arc::new), visible_max))
    }

    /// Waits until there may be more.
    pub async fn changed(&mut self) {
        // The sender lives in the fold that this reader holds.
        let _ = self.changed.changed().await;
    }

    fn step_in_ring(&mut self, ring: &Ring, visible_max: usize) -> Option<Step> {
        let next = self.next?;
        match ring.read(next, STEP_EVENTS_MAX) {
            Ok(entries) if entries.is_empty() => Some(Step::AtHead),
            Ok(entries) => {
                let step = self.pass(entries.into_iter(), visible_max);
                if let Step::Events { scanned, .. } = &step {
                    self.next = Some(next + *scanned as u64);
                }
                Some(step)
            }
            // The ring went on without us, or was cleared: the logs have everything.
            Err(_) => {
                self.next = None;
                None
            }
        }
    }

    fn pass(&mut self, entries: impl Iterator<Item = Arc<Entry>>, visible_max: usize) -> Step {
        let mut events = Vec::new();
        let mut scanned = 0;
        for entry in entries {
            if events.len() >= visible_max {
                break;
            }
            // The log forked while this client read it; what it has seen before the break is delivered first.
            if self.cursor.mark(entry.context).is_some_and(|seen| seen.store != entry.mark.store) {
                if scanned > 0 {
                    break;
                }
                self.next = None;
                self.cursor = self.fold.ring().beginning();
                return Step::Reset;
            }
            scanned += 1;
            if entry.mark.position <= self.cursor.position(entry.context) {
                continue;
            }
            self.cursor.set(entry.context, entry.mark);
            let grants = self.fold.grants();
            if self.filter.takes(&entry, grants) && grants.may_read(&self.principal, &entry) {
                events.push((self.cursor.clone(), entry));
            }
        }
        Step::Events { events, scanned }
    }
}
