//! An unwanted event, from its report to its end.
//!
//! ```text
//! (nothing) ──report──► expected ──► ongoing ──► ended        forward only; a step may be left out
//!                           └── a support case is held, noted once for each case, at any stage
//! ```

use super::{affected::Lead, occurrence::Occurrence};
use narhet_proto::{
    Sealed,
    codes::{IncidentKind, IncidentStatus, SupportState},
    events::situation::{Affected, IncidentReported, IncidentStatusChanged, SupportHeld},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody, or duty's log, wants of an incident.
#[derive(Clone, Debug)]
pub enum Command {
    Report(Box<Report>),
    ChangeStatus(IncidentStatus),
    NoteSupport(SupportHeld),
}

/// A whole report: located, and its free text sealed.
#[derive(Clone, Debug)]
pub struct Report {
    pub incident_id: String,
    pub title: Sealed,
    pub description: Option<Sealed>,
    pub kind: IncidentKind,
    pub occurrence: Occurrence,
    /// GeoJSON, or a sealed member.
    pub place: Option<Value>,
    pub place_text: Option<Sealed>,
    pub affected: Vec<Affected>,
    pub lead: Lead,
    pub needs_support: bool,
    pub area_version: Option<String>,
}

/// What has happened to an incident; the messages live in `proto`, because they are the stored contract.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Reported(Box<IncidentReported>),
    StatusChanged(IncidentStatusChanged),
    SupportHeld(SupportHeld),
}

/// What deciding needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Unreported,
    Reported {
        incident_id: String,
        status: IncidentStatus,
        support: Support,
    },
}

/// Where crisis support stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Support {
    /// The affected boards that need a case; `None` stands for the one case of an incident without any. Empty: not requested.
    needed: BTreeSet<Option<String>>,
    /// Known cases by id: whose they are, and how far they have come.
    cases: BTreeMap<String, (Option<String>, CaseStage)>,
}

/// What is known here of a case: duty owns the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseStage {
    Held,
    /// Nothing closes a case yet; the fold is ready for the event that will.
    Closed,
}

/// Why a command is refused, as facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the incident was never reported")]
    NotReported,
    #[error("an incident that is {} does not become {} again", from.code(), to.code())]
    Backwards { from: IncidentStatus, to: IncidentStatus },
}

/// No events means "already so".
pub fn decide(command: Command, state: &State) -> Result<Vec<Event>, Rejection> {
    use Command::{ChangeStatus, NoteSupport, Report};
    match (command, state) {
        (Report(report), State::Unreported) => Ok(vec![Event::Reported(Box::new(reported(*report)))]),
        (Report(_), State::Reported { .. }) => Ok(vec![]),
        (ChangeStatus(_) | NoteSupport(_), State::Unreported) => Err(Rejection::NotReported),
        (ChangeStatus(to), State::Reported { status, .. }) if to == *status => Ok(vec![]),
        (ChangeStatus(to), State::Reported { status, .. }) if to < *status => {
            Err(Rejection::Backwards { from: *status, to })
        }
        (ChangeStatus(to), State::Reported { incident_id, .. }) => Ok(vec![status_changed(incident_id, to)]),
        (NoteSupport(held), State::Reported { support, .. }) if support.knows(&held.case_id) => Ok(vec![]),
        (NoteSupport(held), State::Reported { .. }) => Ok(vec![Event::SupportHeld(held)]),
    }
}

/// Total: an event that does not fit the state leaves it as it is.
pub fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unreported, Event::Reported(report)) => State::Reported {
            incident_id: report.incident_id.clone(),
            status: report.status,
            support: Support::needed_by(report),
        },
        (State::Reported { incident_id, support, .. }, Event::StatusChanged(changed)) => {
            State::Reported { incident_id, status: changed.status, support }
        }
        (State::Reported { incident_id, status, support }, Event::SupportHeld(held)) => {
            State::Reported { incident_id, status, support: support.with(held) }
        }
        (state @ State::Reported { .. }, Event::Reported(_)) => state,
        (State::Unreported, Event::StatusChanged(_) | Event::SupportHeld(_)) => State::Unreported,
    }
}

impl Support {
    /// Every affected board needs a case; without any, one case is needed that somebody will place.
    pub fn needed_by(report: &IncidentReported) -> Support {
        let needed = match (report.needs_support, report.affected.as_slice()) {
            (false, _) => BTreeSet::new(),
            (true, []) => BTreeSet::from([None]),
            (true, affected) => affected.iter().map(|affected| Some(affected.board.id.clone())).collect(),
        };
        Support { needed, cases: BTreeMap::new() }
    }

    pub fn state(&self) -> SupportState {
        if self.needed.is_empty() && self.cases.is_empty() {
            SupportState::None
        } else if !self.is_complete() {
            SupportState::Requested
        } else if self.cases.values().all(|(_, stage)| *stage == CaseStage::Closed) {
            SupportState::Closed
        } else {
            SupportState::Held
        }
    }

    /// Whether every affected board has its case.
    pub fn is_complete(&self) -> bool {
        self.needed.iter().all(|board| self.cases.values().any(|(of, _)| of == board))
    }

    pub fn knows(&self, case_id: &str) -> bool {
        self.cases.contains_key(case_id)
    }

    fn with(mut self, held: &SupportHeld) -> Support {
        let board = held.responsible_board.as_ref().map(|board| board.id.clone());
        self.cases.insert(held.case_id.clone(), (board, CaseStage::Held));
        self
    }
}

fn reported(report: Report) -> IncidentReported {
    IncidentReported {
        incident_id: report.incident_id,
        title: report.title,
        description: report.description,
        kind: report.kind,
        status: report.occurrence.status(),
        occurred_at: report.occurrence.occurred_at(),
        reported_at: report.occurrence.reported_at(),
        place: report.place,
        place_text: report.place_text,
        affected: report.affected,
        lead: report.lead.board,
        lead_rule: report.lead.rule.code().to_owned(),
        needs_support: report.needs_support,
        area_version: report.area_version,
    }
}

fn status_changed(incident_id: &str, status: IncidentStatus) -> Event {
    Event::StatusChanged(IncidentStatusChanged { incident_id: incident_id.to_owned(), status })
}

#[cfg(test)]
mod tests;
