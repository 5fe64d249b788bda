//! The thread that folds durable frames into the index, rarely and in large batches.

use crate::{pages::IndexError, store::Shared};
use jiff::ToSpan;
use parking_lot::{Condvar, Mutex};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How writer, folder and stopping thread talk.
#[derive(Debug, Default)]
pub struct Folds {
    orders: Mutex<Orders>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Orders {
    asked: bool,
    /// Nothing more will be gathered: fold what there is and end.
    finishing: bool,
    /// The store has failed: end as it is.
    stopped: bool,
    folding: bool,
}

impl Folds {
    /// Asks for a fold; waits for a running one to end when the next generation is full twice over, so that what waits
    /// in memory has a bound.
    pub fn ask_and_make_room(&self, events: usize, fold_events: usize) {
        let mut orders = self.orders.lock();
        orders.asked = true;
        self.changed.notify_all();
        while events >= 2 * fold_events && (orders.folding || orders.asked) && !orders.stopped && !orders.finishing {
            self.changed.wait(&mut orders);
        }
    }

    pub fn finish(&self) {
        self.orders.lock().finishing = true;
        self.changed.notify_all();
    }

    pub fn stop(&self) {
        self.orders.lock().stopped = true;
        self.changed.notify_all();
    }
}

/// Runs until the store ends; closes the index.
pub fn run(shared: &Shared) {
    let interval = Duration::from_millis(shared.options.fold_interval_ms);
    let mut clean = true;
    loop {
        let finishing = {
            let mut orders = shared.folds.orders.lock();
            let deadline = Instant::now() + interval;
            while !orders.asked && !orders.finishing && !orders.stopped {
                if shared.folds.changed.wait_until(&mut orders, deadline).timed_out() {
                    break;
                }
            }
            orders.asked = false;
            orders.folding = true;
            if orders.stopped && !orders.finishing {
                break;
            }
            orders.finishing
        };
        let folded = fold_once(shared);
        shared.folds.orders.lock().folding = false;
        shared.folds.changed.notify_all();
        if let Err(error) = folded {
            clean = false;
            shared.index_failed(&error);
            break;
        }
        if finishing {
            break;
        }
    }
    if let Err(error) = shared.index.close(clean && !shared.index_broken()) {
        tracing::warn!(%error, "the index will be rebuilt at the next open");
    }
}

/// Folds what has gathered.
pub fn fold_once(shared: &Shared) -> Result<(), IndexError> {
    let generation = {
        let mut unfolded = shared.unfolded.write();
        if unfolded.gathering.last == 0 {
            return Ok(());
        }
        let generation = Arc::new(std::mem::take(&mut unfolded.gathering));
        unfolded.folding = Some(Arc::clone(&generation));
        generation
    };
    shared.index.fold(&generation, shared.outcomes_from())?;
    shared.unfolded.write().folding = None;
    shared.state.lock().folded(generation.last);
    Ok(())
}

impl Shared {
    /// Outcomes recorded before this instant (microseconds since 1970) are forgotten.
    pub fn outcomes_from(&self) -> i64 {
        let now = self.options.clock.now();
        now.checked_sub(crate::limits::OUTCOME_HOURS.hours()).unwrap_or(jiff::Timestamp::MIN).as_microsecond()
    }
}
