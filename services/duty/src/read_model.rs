//! The fold that answers and decisions start from: every support case with its history, by id and by incident.

use crate::{
    case_log::{self, decoded},
    domain::{
        custody::Life,
        support_case::{Event as Happened, State},
    },
};
use narhet_kernel::{BoardId, Klass, Principal, Timestamp, Uuid};
use narhet_proto::{Event, access, events::duty::SupportCaseOpened};
use std::collections::{BTreeMap, HashMap};

/// Every support case of the house.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    by_id: HashMap<String, Case>,
    by_incident: BTreeMap<String, Vec<String>>,
    /// By the position of the opening in duty's log: newest last.
    by_position: BTreeMap<u64, String>,
    /// The case of an event, for replies that must come out the same.
    by_event: HashMap<Uuid, String>,
}

/// One case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub opened: SupportCaseOpened,
    pub position: u64,
    pub owner: BoardId,
    /// Widened by every board that the case came to concern.
    pub readers: String,
    pub klass: Klass,
    /// Of the stream.
    pub version: u64,
    pub life: Life,
    pub history: Vec<Entry>,
}

/// One event of a case's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub event_id: Uuid,
    pub event_type: &'static str,
    pub time: Timestamp,
    pub version: u64,
    /// Who commanded it; `None` for what a process caused.
    pub principal: Option<String>,
    pub event: Happened,
}

impl Cases {
    /// Folds an event of duty's log and says which case it concerned; other streams leave everything as it is.
    pub fn apply(&mut self, event: &Event) -> Option<String> {
        if event.subject.kind() != case_log::STREAM {
            return None;
        }
        let id = event.subject.id();
        let happened = decoded(event);
        if let Some((Happened::Opened(opened), _)) = &happened
            && !self.by_id.contains_key(id)
        {
            self.by_incident.entry(opened.incident_id.clone()).or_default().push(id.to_owned());
            self.by_position.insert(event.position, id.to_owned());
            self.by_id.insert(id.to_owned(), Case::new(event, (**opened).clone()));
        }
        let case = self.by_id.get_mut(id)?;
        case.version = event.version;
        self.by_event.insert(event.id, id.to_owned());
        if let Some((happened, event_type)) = happened {
            case.fold(event, event_type, happened);
        }
        Some(id.to_owned())
    }

    pub fn get(&self, id: &str) -> Option<&Case> {
        self.by_id.get(id)
    }

    /// The state a decision about this case starts from.
    pub fn state(&self, id: &str) -> State {
        self.by_id.get(id).map(|case| case.life.state.clone()).unwrap_or_default()
    }

    pub fn of_event(&self, event: Uuid) -> Option<&Case> {
        self.by_event.get(&event).and_then(|id| self.by_id.get(id))
    }

    /// The cases of an incident, by board, those without board last.
    pub fn of_incident(&self, incident_id: &str) -> Vec<&Case> {
        let ids = self.by_incident.get(incident_id).into_iter().flatten();
        let mut cases: Vec<&Case> = ids.filter_map(|id| self.by_id.get(id)).collect();
        cases.sort_by_key(|case| {
            let board = case.responsible().map(|board| &board.id);
            (board.is_none(), board.cloned(), case.opened.case_id.clone())
        });
        cases
    }

    /// Newest first, those opened before a position.
    pub fn before(&self, position: u64) -> impl Iterator<Item = &Case> {
        self.by_position.range(..position).rev().filter_map(|(_, id)| self.by_id.get(id))
    }

    pub fn all(&self) -> impl Iterator<Item = &Case> {
        self.by_id.values()
    }
}

impl Case {
    fn new(event: &Event, opened: SupportCaseOpened) -> Case {
        Case {
            opened,
            position: event.position,
            owner: event.owner.clone(),
            readers: event.readers.clone(),
            klass: event.klass,
            version: event.version,
            life: Life::default(),
            history: Vec::new(),
        }
    }

    fn fold(&mut self, event: &Event, event_type: &'static str, happened: Happened) {
        self.life.apply(&happened, event.id, event.time);
        if let Some(case) = self.life.state.case() {
            self.readers = with_readers(&self.readers, case.boards().map(|board| board.id.as_str()));
        }
        self.history.push(Entry {
            event_id: event.id,
            event_type,
            time: event.time,
            version: event.version,
            principal: event.role.is_some().then(|| event.principal.clone()),
            event: happened,
        });
    }

    pub fn may_be_read_by(&self, principal: &Principal) -> bool {
        access::may_read(principal, self.owner.as_str(), &self.readers)
    }

    pub fn responsible(&self) -> Option<&narhet_proto::events::Named> {
        self.life.state.case().and_then(|case| case.responsible.as_ref())
    }

    pub fn is_open(&self) -> bool {
        matches!(self.life.state, State::Open(_))
    }

    /// The last event of the history.
    pub fn last_event(&self) -> Option<&Entry> {
        self.history.last()
    }

    /// The case as it was right after a version of its stream.
    pub fn life_at(&self, version: u64) -> Life {
        let mut life = Life::default();
        for entry in self.history.iter().take_while(|entry| entry.version <= version) {
            life.apply(&entry.event, entry.event_id, entry.time);
        }
        life
    }
}

/// Readers with some boards more.
pub fn with_readers<'a>(readers: &str, boards: impl Iterator<Item = &'a str>) -> String {
    let mut all = readers.to_owned();
    for board in boards {
        if !all.split(',').any(|reader| reader == board) {
            all.push(',');
            all.push_str(board);
        }
    }
    all
}
