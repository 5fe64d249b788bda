//! Waiting for support: which incidents lack a case of an affected board, since when, and when that becomes an error.
//!
//! It is a timer derived from the fold, so nothing of it is stored: after a restart it is the same again, and what is still
//! missing is named again.

use crate::{limits::SUPPORT_MISSING_S, read_model::Incident};
use jiff::SignedDuration;
use narhet_kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The incidents whose support is requested and not complete.
#[derive(Clone, Debug)]
pub struct SupportWatch {
    /// By id: when the report was recorded.
    waiting: BTreeMap<String, Timestamp>,
    /// Already named in the log of the process.
    named: BTreeSet<String>,
    /// How long to wait, in house time.
    patience: SignedDuration,
}

impl Default for SupportWatch {
    fn default() -> SupportWatch {
        let patience = SignedDuration::from_secs(SUPPORT_MISSING_S);
        SupportWatch { waiting: BTreeMap::new(), named: BTreeSet::new(), patience }
    }
}

impl SupportWatch {
    /// How many house seconds pass in a real one: the wait is for machines and so in real time. Until it is told, a house
    /// is taken to run at real speed; a fast one is then asked too early once, and is told before it judges.
    pub fn run_at(&mut self, rate: f64) {
        if let Ok(patience) = SignedDuration::try_from_secs_f64(SUPPORT_MISSING_S as f64 * rate) {
            self.patience = patience;
        }
    }

    /// Takes note of where an incident stands now.
    pub fn look_at(&mut self, incident: &Incident) {
        let id = &incident.report.incident_id;
        if incident.support().is_some_and(|support| !support.is_complete()) {
            self.waiting.insert(id.clone(), incident.recorded_at);
        } else {
            self.waiting.remove(id);
            self.named.remove(id);
        }
    }

    /// When the next incident has waited too long.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting.iter().filter(|(id, _)| !self.named.contains(*id)).map(|(_, since)| self.due(*since)).min()
    }

    /// The incidents that have waited too long and were not named before.
    pub fn newly_overdue(&mut self, now: Timestamp) -> Vec<String> {
        let new: Vec<String> = self.overdue(now).filter(|id| !self.named.contains(*id)).cloned().collect();
        self.named.extend(new.iter().cloned());
        new
    }

    /// All incidents that have waited too long.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &String> {
        self.waiting.iter().filter(move |(_, since)| self.due(**since) <= now).map(|(id, _)| id)
    }

    fn due(&self, since: Timestamp) -> Timestamp {
        since.checked_add(self.patience).unwrap_or(Timestamp::MAX)
    }
}
