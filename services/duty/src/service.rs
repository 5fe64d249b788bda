//! The wiring: incidents to cases, queries to answers, events to the folds.

use crate::{
    domain::{
        support::Owed,
        support_case::{Command, Event as Happened, decide},
    },
    intake,
    office::{CENTRAL, Office},
    on_duty,
    read_model::{CaseView, Cases, read},
};
use narhet_calendar::OfficeHours;
use narhet_kernel::{Context, Principal, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event, Message,
    events::{
        Named,
        duty::{CalendarRecorded, FunctionAlarmed, SupportCaseOpened},
        situation::IncidentReported,
    },
    wire::{ErrorCode, Problem, Request},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::Expected;
use narhet_runtime::{AnswerBody, Decision, Env, Follow, Service, Write};
use serde::Serialize;

/// The names of the process that opens cases, and of its alarms; part of the ids of what they cause.
const SUPPORT: &str = "support";
const SUPPORT_ALARM: &str = "support-alarm";

/// The context `duty`.
#[derive(Default)]
pub struct Duty {
    office: Office,
    cases: Cases,
    /// area's map as followed here.
    map: Responsibility,
}

/// The reply to the query `cases`.
#[derive(Serialize)]
struct CaseList<'a> {
    items: Vec<CaseView<'a>>,
}

impl Duty {
    pub fn cases(&self) -> &Cases {
        &self.cases
    }

    /// The process `support`: what an incident that needs support causes here.
    fn open_cases(&self, event: &Event, report: IncidentReported, env: &Env<'_>) -> Vec<Write> {
        let request = intake::request(event, report, &self.map);
        let office = self.office.at(request.decisive_instant());
        let case_id = |ordinal| env.effect_id(SUPPORT, event.id, ordinal).to_string();
        let owed = request.owed(&office, case_id, |id| intake::board_name(&self.map, id));
        (0..).zip(owed).filter_map(|(ordinal, owed)| self.open_case(event, ordinal, owed, env)).collect()
    }

    /// One case, with its alarm if it has one; `None` when it is already open.
    fn open_case(&self, cause: &Event, ordinal: u32, owed: Owed, env: &Env<'_>) -> Option<Write> {
        let Owed { opening, successor } = owed;
        let stream = StreamId::new("support-case", &opening.case_id);
        let boards = [Some(&opening.holder), opening.responsible_board.as_ref(), successor.as_ref()];
        let readers = with_readers(&cause.readers, boards.into_iter().flatten());
        let owner = opening.responsible_board.as_ref().unwrap_or(&opening.holder).board_id();
        let state = self.cases.state(&opening.case_id);
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
}

impl Service for Duty {
    const CONTEXT: Context = Context::Duty;
    const FOLLOWS: &'static [Follow] = &[
        Follow { context: Context::Area, from_start: true },
        Follow { context: Context::Situation, from_start: false },
    ];
    const COMMANDS: &'static [&'static str] = &[];
    const QUERIES: &'static [&'static str] = &["duty", "cases"];

    fn first_start(&self, env: &Env<'_>) -> Vec<Write> {
        let stream = StreamId::new("calendar", CENTRAL);
        let message = CalendarRecorded { calendar: OfficeHours::central() };
        let draft = Draft::public(env.new_id(), stream, Principal::house().owner(), &message);
        vec![Write::one(Expected::NoStream, draft)]
    }

    fn evolve(&mut self, event: &Event) {
        if event.event_type == CalendarRecorded::TYPE && event.subject.id() == CENTRAL {
            let recorded: CalendarRecorded = read(event);
            self.office.record(event.position, event.id, recorded.calendar);
        }
        self.cases.apply(event);
    }

    fn observe(&mut self, event: &Event) {
        self.map.apply(event);
    }

    fn react(&self, event: &Event, env: &Env<'_>) -> Vec<Write> {
        if event.event_type != IncidentReported::TYPE {
            return Vec::new();
        }
        let report: IncidentReported = read(event);
        if report.needs_support { self.open_cases(event, report, env) } else { Vec::new() }
    }

    fn decide(&self, command: &str, _request: &Request, _env: &Env<'_>) -> Result<Decision, Problem> {
        Err(unknown(command))
    }

    fn reply(&self, command: &str, _event_ids: &[Uuid], _env: &Env<'_>) -> Result<AnswerBody, Problem> {
        Err(unknown(command))
    }

    fn answer(&self, query: &str, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
        if env.principal.roles.is_empty() {
            return Err(Problem::forbidden(query));
        }
        match query {
            "duty" => {
                let (point, occurred_at) = intake::duty(request.body.get())?;
                let at = occurred_at.unwrap_or(env.now);
                Ok(AnswerBody::of(&on_duty::answer(point, at, &self.map, &self.office)))
            }
            "cases" => {
                let incident_id = intake::cases(request.body.get())?;
                Ok(AnswerBody::of(&CaseList { items: self.cases.of_incident(&incident_id, env.principal) }))
            }
            _ => Err(unknown(query)),
        }
    }

    /// Nothing is waited for: custody moves by acts, never by the clock.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn fire(&mut self, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn health(&self, _now: Timestamp) -> Result<(), String> {
        if let Err(unreadable) = self.map.health() {
            return Err(format!("the map cannot be trusted: {unreadable}"));
        }
        if !self.office.is_recorded() {
            return Err("the central calendar of office hours is not recorded".to_owned());
        }
        Ok(())
    }
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

fn unknown(name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("duty knows nothing called {name:?}"))
}
