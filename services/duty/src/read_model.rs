//! The fold that answers are made from: every support case, by incident.

use crate::domain::support_case::{self, State};
use narhet_kernel::{BoardId, Principal, Timestamp};
use narhet_proto::{
    Event, Message, access,
    events::{
        Named, Why,
        duty::{FunctionAlarmed, SupportCaseOpened},
    },
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Every support case of the house.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    by_id: HashMap<String, Case>,
    by_incident: BTreeMap<String, Vec<String>>,
}

/// One case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub opened: SupportCaseOpened,
    /// When the holder began to hold: the recorded time of the event.
    pub since: Timestamp,
    pub owner: BoardId,
    pub readers: String,
    pub state: State,
    pub alarms: Vec<AlarmView>,
}

/// A case as its readers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseView<'a> {
    pub id: &'a str,
    pub incident_id: &'a str,
    pub status: &'static str,
    /// Null while the place is unknown.
    pub responsible_board: Option<&'a Named>,
    pub holder: &'a Named,
    pub since: Timestamp,
    pub occurred_at: Timestamp,
    pub office_open: bool,
    pub exercise: bool,
    pub alarms: &'a [AlarmView],
    pub why: &'a [Why],
}

/// An alarm as readers see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmView {
    pub function: String,
    pub board: Named,
    pub task: String,
    pub time: Timestamp,
}

impl Cases {
    /// Folds an event of duty's log; other types leave everything as it is.
    pub fn apply(&mut self, event: &Event) {
        let Some(happened) = decoded(event) else { return };
        let id = event.subject.id();
        if let support_case::Event::Opened(opened) = &happened
            && !self.by_id.contains_key(id)
        {
            self.by_incident.entry(opened.incident_id.clone()).or_default().push(id.to_owned());
            self.by_id.insert(id.to_owned(), Case::new(event, (**opened).clone()));
        }
        let Some(case) = self.by_id.get_mut(id) else { return };
        case.state = support_case::evolve(std::mem::take(&mut case.state), &happened);
        if let support_case::Event::Alarmed(FunctionAlarmed { function, board, task, .. }) = happened {
            case.alarms.push(AlarmView { function, board, task, time: event.time });
        }
    }

    /// The state a decision about this case starts from.
    pub fn state(&self, id: &str) -> State {
        self.by_id.get(id).map(|case| case.state.clone()).unwrap_or_default()
    }

    /// The cases of an incident that a principal may read, by board, the one without board last.
    pub fn of_incident(&self, incident_id: &str, principal: &Principal) -> Vec<CaseView<'_>> {
        let ids = self.by_incident.get(incident_id).into_iter().flatten();
        let mut cases: Vec<(&String, &Case)> = ids
            .filter_map(|id| self.by_id.get_key_value(id))
            .filter(|(_, case)| access::may_read(principal, case.owner.as_str(), &case.readers))
            .collect();
        cases.sort_by_key(|(id, case)| {
            let board = case.opened.responsible_board.as_ref().map(|board| &board.id);
            (board.is_none(), board, *id)
        });
        cases.into_iter().map(|(id, case)| case.view(id)).collect()
    }
}

impl Case {
    fn new(event: &Event, opened: SupportCaseOpened) -> Case {
        Case {
            opened,
            since: event.time,
            owner: event.owner.clone(),
            readers: event.readers.clone(),
            state: State::default(),
            alarms: Vec::new(),
        }
    }

    fn view<'a>(&'a self, id: &'a str) -> CaseView<'a> {
        CaseView {
            id,
            incident_id: &self.opened.incident_id,
            status: "held",
            responsible_board: self.opened.responsible_board.as_ref(),
            holder: &self.opened.holder,
            since: self.since,
            occurred_at: self.opened.occurred_at,
            office_open: self.opened.office_open,
            exercise: self.opened.exercise,
            alarms: &self.alarms,
            why: &self.opened.why,
        }
    }
}

fn decoded(event: &Event) -> Option<support_case::Event> {
    match event.event_type.as_str() {
        SupportCaseOpened::TYPE => Some(support_case::Event::Opened(Box::new(read(event)))),
        FunctionAlarmed::TYPE => Some(support_case::Event::Alarmed(read(event))),
        _ => None,
    }
}

/// Decodes the data of an event whose type is known.
pub(crate) fn read<M: Message>(event: &Event) -> M {
    serde_json::from_str(event.data.get()).unwrap_or_else(|error| {
        // The host checks every event against the table before it hands it on: this is a broken invariant.
        panic!("the {} at position {} cannot be decoded: {error}", event.event_type, event.position)
    })
}
