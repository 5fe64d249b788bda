//! Support cases as the host drives them: incidents to cases, queries to answers, events to the fold.

use crate::{
    domain::{
        support::Owed,
        support_case::{Command, Event as Happened, decide},
    },
    intake,
    read_model::{CaseView, read},
    service::Duty,
};
use narhet_kernel::{Principal, StreamId};
use narhet_proto::{
    Draft, Event, Message,
    events::{
        Named,
        duty::{FunctionAlarmed, SupportCaseOpened},
        situation::IncidentReported,
    },
    wire::{Problem, Request},
};
use narhet_runtime::{AnswerBody, Env, Expected, Write};
use serde::Serialize;

/// The names of the process that opens cases, and of its alarms; part of the ids of what they cause.
const SUPPORT: &str = "support";
const SUPPORT_ALARM: &str = "support-alarm";

/// The reply to the query `cases`.
#[derive(Serialize)]
struct CaseList<'a> {
    items: Vec<CaseView<'a>>,
}

/// What a followed event causes: an incident that needs support, its cases.
pub fn react(duty: &Duty, event: &Event, env: &Env<'_>) -> Vec<Write> {
    if event.event_type != IncidentReported::TYPE {
        return Vec::new();
    }
    let report: IncidentReported = read(event);
    if report.needs_support { open_cases(duty, event, report, env) } else { Vec::new() }
}

/// Query `cases`.
pub fn of_incident(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let incident_id = intake::cases(request.body.get())?;
    Ok(AnswerBody::of(&CaseList { items: duty.cases.of_incident(&incident_id, env.principal) }))
}

/// The process `support`: what an incident that needs support causes here.
fn open_cases(duty: &Duty, event: &Event, report: IncidentReported, env: &Env<'_>) -> Vec<Write> {
    let request = intake::request(event, report, &duty.map);
    let office = duty.office.at(request.decisive_instant());
    let case_id = |ordinal| env.effect_id(SUPPORT, event.id, ordinal).to_string();
    let owed = request.owed(&office, case_id, |id| intake::board_name(&duty.map, id));
    (0..).zip(owed).filter_map(|(ordinal, owed)| open_case(duty, event, ordinal, owed, env)).collect()
}

/// One case, with its alarm if it has one; `None` when it is already open.
fn open_case(duty: &Duty, cause: &Event, ordinal: u32, owed: Owed, env: &Env<'_>) -> Option<Write> {
    let Owed { opening, successor } = owed;
    let stream = StreamId::new("support-case", &opening.case_id);
    let boards = [Some(&opening.holder), opening.responsible_board.as_ref(), successor.as_ref()];
    let readers = with_readers(&cause.readers, boards.into_iter().flatten());
    let owner = opening.responsible_board.as_ref().unwrap_or(&opening.holder).board_id();
    let state = duty.cases.state(&opening.case_id);
    let occurred_at = opening.occurred_at;
    let events = match decide(Command::Open(Box::new(opening)), &state) {
        Ok(events) => events,
        // Ids are derived from the incident's own event: only a forged log gets here.
        Err(rejection) => {
            tracing::error!(%rejection, incident = %cause.subject, "a support case was not opened");
            return None;
        }
    };
    let draft = |event: Happened| {
        let (id, event_type, data) = match event {
            Happened::Opened(opened) => {
                (env.effect_id(SUPPORT, cause.id, ordinal), SupportCaseOpened::TYPE, opened.to_raw())
            }
            Happened::Alarmed(alarmed) => {
                (env.effect_id(SUPPORT_ALARM, cause.id, ordinal), FunctionAlarmed::TYPE, alarmed.to_raw())
            }
        };
        Draft {
            id,
            stream: stream.clone(),
            event_type,
            owner: owner.clone().unwrap_or_else(|| Principal::house().owner()),
            readers: readers.clone(),
            klass: cause.klass,
            exercise: cause.exercise,
            occurred_at: Some(occurred_at),
            data,
        }
    };
    let drafts: Vec<Draft> = events.into_iter().map(draft).collect();
    (!drafts.is_empty()).then(|| Write { stream: stream.clone(), expected: Expected::NoStream, drafts })
}

/// The readers of the incident, and the boards that the case concerns.
fn with_readers<'a>(readers: &str, boards: impl Iterator<Item = &'a Named>) -> String {
    let mut all = readers.to_owned();
    for board in boards {
        if !all.split(',').any(|reader| reader == board.id) {
            all.push(',');
            all.push_str(&board.id);
        }
    }
    all
}
