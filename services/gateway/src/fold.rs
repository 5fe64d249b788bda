//! The gateway's fold over everyone's events: the map, the feed and who may read it. It decides nothing and keeps nothing;
//! each start folds from the first event.

use crate::{
    feed::{Entry, Grants, Ring, RingLimits},
    limits::MIN_CURSOR_WAIT,
};
use bytes::Bytes;
use narhet_kernel::{Context, Mark, Vector};
use narhet_proto::{
    Event, table,
    wire::{ErrorCode, Problem},
};
use narhet_responsibility::Responsibility;
use parking_lot::RwLock;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::watch;

/// Everything the gateway knows.
pub struct Fold {
    /// Readers take the map with them: nobody holds the lock while computing.
    map: RwLock<Arc<Responsibility>>,
    grants: Grants,
    ring: Ring,
    unknown_events: AtomicU64,
    progress: watch::Sender<Progress>,
}

/// How far the fold is.
#[derive(Clone, Debug, Default)]
struct Progress {
    vector: Vector,
    /// The heads found at start; until they are covered, answers would be of the past.
    heads: Option<Vector>,
    /// Why the fold has stopped.
    stopped: Option<String>,
}

impl Progress {
    fn ready(&self) -> Result<(), String> {
        match (&self.stopped, &self.heads) {
            (Some(reason), _) => Err(format!("the fold has stopped: {reason}")),
            (None, None) => Err("the heads of the logs are not known yet".to_owned()),
            (None, Some(heads)) if !self.vector.covers(heads) => Err(format!("folding: at {} of {heads}", self.vector)),
            (None, Some(_)) => Ok(()),
        }
    }
}

impl Fold {
    pub fn new(limits: RingLimits) -> Self {
        Self {
            map: RwLock::default(),
            grants: Grants::default(),
            ring: Ring::new(limits),
            unknown_events: AtomicU64::new(0),
            progress: watch::Sender::default(),
        }
    }

    /// Folds one event.
    pub fn apply(&self, context: Context, mark: Mark, event: &Event, bytes: Bytes) {
        if table::event_type(&event.event_type).is_none() {
            self.unknown_events.fetch_add(1, Ordering::Relaxed);
        }
        if context == Context::Area {
            // Only this fold writes, so what is built beside the readers still fits when they are shut out for an instant. While
            // a reader has the map, the next one is a copy of it; divisions are shared.
            let prepared = self.map().prepare(event);
            Arc::make_mut(&mut *self.map.write()).apply_prepared(event, prepared);
        }
        self.grants.observe(event);
        self.ring.push(Entry::new(context, mark, event, bytes));
        self.progress.send_modify(|progress| progress.vector.set(context, mark));
    }

    /// Says what "ready" means: everything up to here is folded.
    pub fn found_heads(&self, heads: Vector) {
        for (context, mark) in heads.iter() {
            self.ring.know_store(context, mark.store);
        }
        self.progress.send_modify(|progress| progress.heads = Some(heads));
    }

    /// The fold will not go on.
    pub fn stop(&self, reason: String) {
        self.progress.send_modify(|progress| progress.stopped = Some(reason));
    }

    /// Forgets everything, because a log has forked.
    pub fn clear(&self) {
        *self.map.write() = Arc::default();
        self.grants.clear();
        self.ring.clear();
        self.progress.send_modify(|progress| *progress = Progress::default());
    }

    /// Whether answers can be trusted; the text says why not.
    pub fn health(&self) -> Result<(), String> {
        self.progress.borrow().ready()?;
        self.map().health().map_err(|error| error.to_string())
    }

    pub fn vector(&self) -> Vector {
        self.progress.borrow().vector.clone()
    }

    pub fn unknown_events(&self) -> u64 {
        self.unknown_events.load(Ordering::Relaxed)
    }

    /// The map as it is now; it does not change under whoever has it.
    pub fn map(&self) -> Arc<Responsibility> {
        Arc::clone(&self.map.read())
    }

    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Waits until the fold can answer, and has come to `min_cursor`; 503 when that takes too long.
    pub async fn wait(&self, min_cursor: Option<&Vector>) -> Result<(), Problem> {
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|progress| {
            progress.stopped.is_some()
                || progress.ready().is_ok() && min_cursor.is_none_or(|cursor| progress.vector.covers(cursor))
        });
        let waited = tokio::time::timeout(MIN_CURSOR_WAIT, reached).await;
        let unavailable = |detail: String| Problem::new(ErrorCode::Unavailable, detail);
        match waited {
            Ok(_) => self.health().map_err(unavailable),
            Err(_) => Err(match self.health() {
                Ok(()) => unavailable("minCursor has not been reached here: try again".to_owned()),
                Err(reason) => unavailable(reason),
            }),
        }
    }
}
