//! What duty knows of situation's incidents: enough to open a case by hand and to judge a corrected place by the same rule.

use crate::{case_log::read, domain::support::Request as Need, intake};
use narhet_kernel::{BoardId, Klass, Principal, Uuid};
use narhet_proto::{Event, Message, access, events::situation::IncidentReported};
use narhet_responsibility::Responsibility;
use std::collections::HashMap;

/// Every reported incident, by id.
#[derive(Debug, Default)]
pub struct Incidents(HashMap<String, Incident>);

/// One incident: the report without its sealed text.
#[derive(Debug)]
pub struct Incident {
    pub event_id: Uuid,
    pub owner: BoardId,
    pub readers: String,
    pub klass: Klass,
    pub exercise: bool,
    report: IncidentReported,
}

impl Incidents {
    /// Folds an event of situation's log.
    pub fn observe(&mut self, event: &Event) {
        if event.event_type != IncidentReported::TYPE {
            return;
        }
        let report: IncidentReported = read(event);
        let incident = Incident {
            event_id: event.id,
            owner: event.owner.clone(),
            readers: event.readers.clone(),
            klass: event.klass,
            exercise: event.exercise,
            // The place stays where it is owned; here only boards and times are needed.
            report: IncidentReported { place: None, place_text: None, description: None, ..report },
        };
        self.0.insert(incident.report.incident_id.clone(), incident);
    }

    pub fn get(&self, id: &str) -> Option<&Incident> {
        self.0.get(id)
    }
}

impl Incident {
    pub fn may_be_read_by(&self, principal: &Principal) -> bool {
        access::may_read(principal, self.owner.as_str(), &self.readers)
    }

    /// The need for support that the report told of.
    pub fn need(&self, map: &Responsibility) -> Need {
        intake::need(self.event_id, self.exercise, self.report.clone(), map)
    }
}
