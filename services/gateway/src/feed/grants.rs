//! Readers that a handover added since an event was written: stored bytes stay, the right is wider.

use crate::feed::Entry;
use narhet_kernel::Principal;
use narhet_proto::{
    Event,
    access::may_read,
    events::{
        duty::SupportCaseOpened,
        handover::{HandoverAccepted, SupportCaseInherited, SupportCaseTakenOver},
        situation::{SupportHeld, SupportMoved},
    },
};
use parking_lot::RwLock;
use std::collections::HashMap;

/// For each incident the boards that have held a case of it, comma-separated as `readers` are.
#[derive(Debug, Default)]
pub struct Grants(RwLock<HashMap<String, String>>);

impl Grants {
    /// Notes the holder that an event names.
    pub fn observe(&self, event: &Event) {
        let held = if let Some(Ok(opened)) = event.data::<SupportCaseOpened>() {
            (opened.incident_id, opened.holder.id)
        } else if let Some(Ok(held)) = event.data::<SupportHeld>() {
            (held.incident_id, held.holder.id)
        } else if let Some(Ok(moved)) = event.data::<SupportMoved>() {
            (moved.incident_id, moved.holder.id)
        } else if let Some(Ok(accepted)) = event.data::<HandoverAccepted>() {
            (accepted.incident_id, accepted.holder.id)
        } else if let Some(Ok(taken)) = event.data::<SupportCaseTakenOver>() {
            (taken.incident_id, taken.holder.id)
        } else if let Some(Ok(inherited)) = event.data::<SupportCaseInherited>() {
            (inherited.incident_id, inherited.to.id)
        } else {
            return;
        };
        let (incident, holder) = held;
        let mut grants = self.0.write();
        let boards = grants.entry(incident).or_default();
        if !boards.split(',').any(|board| board == holder) {
            if !boards.is_empty() {
                boards.push(',');
            }
            boards.push_str(&holder);
        }
    }

    pub fn clear(&self) {
        self.0.write().clear();
    }

    /// Whether the principal may read the event, by its own readers or by those added since.
    pub fn may_read(&self, principal: &Principal, entry: &Entry) -> bool {
        may_read(principal, &entry.owner, &entry.readers)
            || self.with(entry, |boards| may_read(principal, &entry.owner, boards))
    }

    /// Whether the event concerns the board: it owns it, or is among its readers.
    pub fn concerns(&self, board: &str, entry: &Entry) -> bool {
        entry.owner == board
            || entry.readers.split(',').any(|reader| reader == board)
            || self.with(entry, |boards| boards.split(',').any(|reader| reader == board))
    }

    fn with(&self, entry: &Entry, judge: impl FnOnce(&str) -> bool) -> bool {
        let Some(incident) = &entry.incident else { return false };
        self.0.read().get(incident).is_some_and(|boards| judge(boards))
    }
}
