//! An unwanted event, from its report to its end.
//!
//! ```text
//! (nothing) ──report──► expected ──► ongoing ──► ended        forward only; a step may be left out
//!                           └── a support case is held, moves to another board, is closed: noted from duty's log, at any stage
//! ```

use super::{affected::Lead, occurrence::Occurrence};
use narhet_proto::{
    Sealed,
    codes::{IncidentKind, IncidentStatus, SupportState},
    events::{
        Named,
        situation::{Affected, IncidentReported, IncidentStatusChanged, SupportClosed, SupportHeld, SupportMoved},
    },
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody, or duty's log, wants of an incident.
#[derive(Clone, Debug)]
pub enum Command {
    Report(Box<Report>),
    ChangeStatus(IncidentStatus),
    NoteSupport(SupportHeld),
    NoteMove(SupportMoved),
    NoteClosing(SupportClosed),
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
    /// The members in which something was masked.
    pub masked: Vec<String>,
}

/// What has happened to an incident; the messages live in `proto`, because they are the stored contract.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Reported(Box<IncidentReported>),
    StatusChanged(IncidentStatusChanged),
    SupportHeld(SupportHeld),
    SupportMoved(SupportMoved),
    SupportClosed(SupportClosed),
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
    /// Known cases by id.
    cases: BTreeMap<String, KnownCase>,
}

/// What is known here of a case: duty owns the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KnownCase {
    /// The affected board it was opened for; what it makes complete does not change when it is placed or inherited.
    of: Option<String>,
    responsible: Option<Named>,
    holder: Named,
    stage: CaseStage,
}

/// How far a case has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseStage {
    Held,
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
    use Command::{ChangeStatus, NoteClosing, NoteMove, NoteSupport, Report};
    match (command, state) {
        (Report(report), State::Unreported) => Ok(vec![Event::Reported(Box::new(reported(*report)))]),
        (Report(_), State::Reported { .. }) => Ok(vec![]),
        (ChangeStatus(_) | NoteSupport(_) | NoteMove(_) | NoteClosing(_), State::Unreported) => {
            Err(Rejection::NotReported)
        }
        (ChangeStatus(to), State::Reported { status, .. }) if to == *status => Ok(vec![]),
        (ChangeStatus(to), State::Reported { status, .. }) if to < *status => {
            Err(Rejection::Backwards { from: *status, to })
        }
        (ChangeStatus(to), State::Reported { incident_id, .. }) => Ok(vec![status_changed(incident_id, to)]),
        (NoteSupport(held), State::Reported { support, .. }) if support.knows(&held.case_id) => Ok(vec![]),
        (NoteSupport(held), State::Reported { .. }) => Ok(vec![Event::SupportHeld(held)]),
        (NoteMove(moved), State::Reported { support, .. }) if support.stands(&moved) => Ok(vec![]),
        (NoteMove(moved), State::Reported { .. }) => Ok(vec![Event::SupportMoved(moved)]),
        (NoteClosing(closed), State::Reported { support, .. }) if support.is_closed(&closed.case_id) => Ok(vec![]),
        (NoteClosing(closed), State::Reported { .. }) => Ok(vec![Event::SupportClosed(closed)]),
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
        (State::Reported { incident_id, status, support }, Event::SupportMoved(moved)) => {
            State::Reported { incident_id, status, support: support.moved(moved) }
        }
        (State::Reported { incident_id, status, support }, Event::SupportClosed(closed)) => {
            State::Reported { incident_id, status, support: support.closed(closed) }
        }
        (state @ State::Reported { .. }, Event::Reported(_)) => state,
        (State::Unreported, _) => State::Unreported,
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
        } else if self.cases.values().all(|case| case.stage == CaseStage::Closed) {
            SupportState::Closed
        } else {
            SupportState::Held
        }
    }

    /// Whether every affected board has its case.
    pub fn is_complete(&self) -> bool {
        self.needed.iter().all(|board| self.cases.values().any(|case| case.of == *board))
    }

    pub fn knows(&self, case_id: &str) -> bool {
        self.cases.contains_key(case_id)
    }

    fn with(mut self, held: &SupportHeld) -> Support {
        let board = held.responsible_board.as_ref().map(|board| board.id.clone());
        let (responsible, holder) = (held.responsible_board.clone(), held.holder.clone());
        let case = KnownCase { of: board, responsible, holder, stage: CaseStage::Held };
        self.cases.insert(held.case_id.clone(), case);
        self
    }

    fn moved(mut self, moved: &SupportMoved) -> Support {
        if let Some(case) = self.cases.get_mut(&moved.case_id) {
            case.responsible.clone_from(&moved.responsible_board);
            case.holder.clone_from(&moved.holder);
        }
        self
    }

    fn closed(mut self, closed: &SupportClosed) -> Support {
        if let Some(case) = self.cases.get_mut(&closed.case_id) {
            case.stage = CaseStage::Closed;
        }
        self
    }

    /// Whether a case is known to be as this says.
    fn stands(&self, moved: &SupportMoved) -> bool {
        self.cases.get(&moved.case_id).is_some_and(|case| {
            let id = |board: &Option<Named>| board.as_ref().map(|board| board.id.clone());
            case.holder.id == moved.holder.id && id(&case.responsible) == id(&moved.responsible_board)
        })
    }

    fn is_closed(&self, case_id: &str) -> bool {
        self.cases.get(case_id).is_some_and(|case| case.stage == CaseStage::Closed)
    }

    /// Whether a board holds a case or is responsible for one.
    pub fn concerns(&self, board: &str) -> bool {
        let is = |named: &Named| named.id == board;
        self.cases.values().any(|case| is(&case.holder) || case.responsible.as_ref().is_some_and(is))
    }

    /// The responsible board and the holder of a known case.
    pub fn case(&self, case_id: &str) -> Option<(Option<Named>, Named)> {
        self.cases.get(case_id).map(|case| (case.responsible.clone(), case.holder.clone()))
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
        masked: report.masked,
    }
}

fn status_changed(incident_id: &str, status: IncidentStatus) -> Event {
    Event::StatusChanged(IncidentStatusChanged { incident_id: incident_id.to_owned(), status })
}

#[cfg(test)]
mod tests;
