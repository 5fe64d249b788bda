//! The fold that answers are made from: every incident with its history, who reads it, and where its support stands.

use crate::domain::incident::{self, State, Support};
use narhet_kernel::{BoardId, Klass, Timestamp, Uuid};
use narhet_proto::{
    Event, Message,
    codes::{IncidentStatus, SupportState},
    events::Named,
    events::situation::{IncidentReported, IncidentStatusChanged, SupportClosed, SupportHeld, SupportMoved},
};
use std::collections::{BTreeMap, HashMap};

/// Every incident of the house.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incidents {
    by_id: HashMap<String, Incident>,
    /// By the position of the report in situation's log: newest last.
    by_position: BTreeMap<u64, String>,
    /// What each event of an incident led to, for replies that must come out the same.
    by_event: HashMap<Uuid, Moment>,
}

/// One incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub report: IncidentReported,
    /// The report's event: its id is part of what was sealed.
    pub event_id: Uuid,
    pub position: u64,
    /// When the report was recorded.
    pub recorded_at: Timestamp,
    pub owner: BoardId,
    /// Widened by every holder of a case.
    pub readers: String,
    pub klass: Klass,
    pub exercise: bool,
    pub state: State,
    /// Of the stream.
    pub version: u64,
    pub history: Vec<Entry>,
}

/// One event of an incident's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub event_id: Uuid,
    pub event_type: &'static str,
    pub time: Timestamp,
    pub version: u64,
    /// Who commanded it; `None` for what a process caused.
    pub principal: Option<String>,
    pub event: incident::Event,
}

/// Where an incident stood right after one of its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub incident_id: String,
    pub standing: Standing,
}

/// What changes in the life of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub status: IncidentStatus,
    pub support: SupportState,
    pub version: u64,
}

impl Incidents {
    /// Folds an event of situation's log; others' types leave everything as it is.
    pub fn apply(&mut self, event: &Event) {
        let Some((happened, event_type)) = decoded(event) else { return };
        let id = event.subject.id();
        if let incident::Event::Reported(report) = &happened
            && !self.by_id.contains_key(id)
        {
            self.by_position.insert(event.position, id.to_owned());
            self.by_id.insert(id.to_owned(), Incident::new(event, (**report).clone()));
        }
        let Some(incident) = self.by_id.get_mut(id) else { return };
        incident.fold(event, event_type, happened);
        let moment = Moment { incident_id: id.to_owned(), standing: incident.standing() };
        self.by_event.insert(event.id, moment);
    }

    pub fn get(&self, id: &str) -> Option<&Incident> {
        self.by_id.get(id)
    }

    /// The incident of an event and where it stood right after it.
    pub fn at_event(&self, event_id: Uuid) -> Option<(&Incident, Standing)> {
        let moment = self.by_event.get(&event_id)?;
        Some((self.by_id.get(&moment.incident_id)?, moment.standing))
    }

    /// Newest first, those reported before a position.
    pub fn before(&self, position: u64) -> impl Iterator<Item = &Incident> {
        self.by_position.range(..position).rev().filter_map(|(_, id)| self.by_id.get(id))
    }
}

impl Incident {
    fn new(event: &Event, report: IncidentReported) -> Incident {
        Incident {
            report,
            event_id: event.id,
            position: event.position,
            recorded_at: event.time,
            owner: event.owner.clone(),
            readers: event.readers.clone(),
            klass: event.klass,
            exercise: event.exercise,
            state: State::default(),
            version: event.version,
            history: Vec::new(),
        }
    }

    fn fold(&mut self, event: &Event, event_type: &'static str, happened: incident::Event) {
        self.state = incident::evolve(std::mem::take(&mut self.state), &happened);
        self.version = event.version;
        match &happened {
            incident::Event::SupportHeld(held) => {
                self.widen_readers(std::iter::once(&held.holder).chain(&held.responsible_board));
            }
            incident::Event::SupportMoved(moved) => {
                self.widen_readers(std::iter::once(&moved.holder).chain(&moved.responsible_board));
            }
            incident::Event::Reported(_) | incident::Event::StatusChanged(_) | incident::Event::SupportClosed(_) => {}
        }
        self.history.push(Entry {
            event_id: event.id,
            event_type,
            time: event.time,
            version: event.version,
            principal: event.causationid.is_none().then(|| event.principal.clone()),
            event: happened,
        });
    }

    /// The readers with some boards more: who holds, and whose case it is, so that nobody answers an offer blind.
    pub fn readers_with<'b>(&self, boards: impl IntoIterator<Item = &'b Named>) -> String {
        boards.into_iter().fold(self.readers.clone(), |readers, board| {
            if readers.split(',').any(|reader| reader == board.id) {
                readers
            } else {
                format!("{readers},{}", board.id)
            }
        })
    }

    fn widen_readers<'b>(&mut self, boards: impl IntoIterator<Item = &'b Named>) {
        self.readers = self.readers_with(boards);
    }

    pub fn standing(&self) -> Standing {
        Standing { status: self.status(), support: self.support_state(), version: self.version }
    }

    pub fn status(&self) -> IncidentStatus {
        match &self.state {
            State::Unreported => self.report.status,
            State::Reported { status, .. } => *status,
        }
    }

    pub fn support(&self) -> Option<&Support> {
        match &self.state {
            State::Unreported => None,
            State::Reported { support, .. } => Some(support),
        }
    }

    fn support_state(&self) -> SupportState {
        self.support().map_or(SupportState::None, Support::state)
    }

    /// The event that made the status what it is.
    pub fn status_event(&self) -> Uuid {
        let made_it =
            |entry: &&Entry| matches!(entry.event, incident::Event::Reported(_) | incident::Event::StatusChanged(_));
        self.history.iter().rev().find(made_it).map_or(self.event_id, |entry| entry.event_id)
    }

    /// Whether a board is affected, leads or holds a case.
    pub fn concerns(&self, board: &str) -> bool {
        self.report.lead.id == board
            || self.report.affected.iter().any(|affected| affected.board.id == board)
            || self.support().is_some_and(|support| support.concerns(board))
    }
}

/// The event as the domain knows it, with its type's constant.
fn decoded(event: &Event) -> Option<(incident::Event, &'static str)> {
    fn read<M: Message>(event: &Event) -> M {
        serde_json::from_str(event.data.get()).unwrap_or_else(|error| {
            // The host checks every event against the table before it folds it: this is a broken invariant.
            panic!("the {} at position {} cannot be decoded: {error}", event.event_type, event.position)
        })
    }
    match event.event_type.as_str() {
        IncidentReported::TYPE => Some((incident::Event::Reported(Box::new(read(event))), IncidentReported::TYPE)),
        IncidentStatusChanged::TYPE => Some((incident::Event::StatusChanged(read(event)), IncidentStatusChanged::TYPE)),
        SupportHeld::TYPE => Some((incident::Event::SupportHeld(read(event)), SupportHeld::TYPE)),
        SupportMoved::TYPE => Some((incident::Event::SupportMoved(read(event)), SupportMoved::TYPE)),
        SupportClosed::TYPE => Some((incident::Event::SupportClosed(read(event)), SupportClosed::TYPE)),
        _ => None,
    }
}
