//! The wiring: subjects to intake, decisions to streams, events to the fold.

use crate::{
    domain::incident::{Command, Event as Happened, Rejection, State, decide},
    intake, queries,
    read_model::{Incident, Incidents},
    sealing, support, view,
    watch::SupportWatch,
};
use narhet_kernel::{BoardId, Context, Klass, Principal, Role, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event, Message, access,
    events::{
        duty::SupportCaseOpened,
        situation::{IncidentReported, SupportHeld},
    },
    wire::{ErrorCode, Problem, Request, dangling},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::Expected;
use narhet_runtime::{AnswerBody, Decision, Env, Follow, Service, Write};

/// Who reports incidents and moves them on (CONTRACT, "Tokens and rights").
const REPORTERS: &[Role] = &[Role::Coordinator, Role::DutyOfficer, Role::CrisisLead, Role::Ckl];

const REPORT: &str = "report-incident";
const CHANGE_STATUS: &str = "change-status";
/// The name of the process that notes duty's cases; part of the ids of what it causes.
const NOTE_SUPPORT: &str = "support-held";

/// The context `situation`.
#[derive(Default)]
pub struct Situation {
    incidents: Incidents,
    /// area's map as followed here.
    map: Responsibility,
    watch: SupportWatch,
}

impl Situation {
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    fn report(&self, body: &str, env: &Env<'_>) -> Result<Decision, Problem> {
        let role = env.principal.acting_as(REPORTERS).ok_or_else(|| Problem::forbidden(REPORT))?;
        if let Some(board) = env.principal.board.as_ref().filter(|board| self.map.board(board.as_str()).is_none()) {
            let detail =
                format!("the token is for board {board:?}, which this house does not know: ask for another token");
            return Err(Problem { rule: Some(REPORT.to_owned()), ..Problem::new(ErrorCode::Forbidden, detail) });
        }
        let reading = intake::report(body, env.now, &self.map)?;
        let (klass, exercise) = (reading.klass, reading.exercise);
        let event_id = env.new_id();
        let report = sealing::seal(reading, event_id, env);
        let events = decide(Command::Report(Box::new(report)), &State::default()).map_err(problem)?;
        let owner = env.principal.owner();
        let drafts = events.iter().filter_map(|event| match event {
            Happened::Reported(report) => Some(reported(report, event_id, owner.clone(), klass, exercise)),
            _ => None,
        });
        let writes = drafts.map(|draft| Write::one(Expected::NoStream, draft)).collect();
        Ok(Decision { writes, role: Some(role), answered_by: Vec::new() })
    }

    fn change_status(&self, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
        let role = env.principal.acting_as(REPORTERS).ok_or_else(|| Problem::forbidden(CHANGE_STATUS))?;
        let (id, to) = intake::change_status(request.body.get())?;
        let incident = queries::readable(&self.incidents, &id, env.principal)?;
        if !moves_on(incident, env.principal) {
            return Err(Problem::forbidden(CHANGE_STATUS));
        }
        if request.if_match.is_some_and(|seen| seen != incident.version) {
            let detail = format!("the incident is at version {} now: read it again, then decide", incident.version);
            return Err(Problem::new(ErrorCode::PreconditionFailed, detail));
        }
        let events = decide(Command::ChangeStatus(to), &incident.state).map_err(problem)?;
        let mut answered_by = Vec::new();
        if events.is_empty() {
            answered_by.push(incident.status_event());
        }
        let drafts = events.iter().filter_map(|event| match event {
            Happened::StatusChanged(changed) => {
                Some(draft(incident, env.new_id(), changed, incident.readers.clone(), None))
            }
            _ => None,
        });
        let writes = drafts.map(|draft| Write::one(Expected::Exactly(incident.version), draft)).collect();
        Ok(Decision { writes, role: Some(role), answered_by })
    }

    /// Duty has opened a case: the incident notes who holds it.
    fn note_support(&self, event: &Event, opened: SupportCaseOpened, env: &Env<'_>) -> Vec<Write> {
        let Some(incident) = self.incidents.get(&opened.incident_id) else {
            // Duty opens cases for incidents that were recorded here first: only a forged or forked log gets here.
            tracing::error!(
                incident = opened.incident_id,
                case = opened.case_id,
                "a support case of an incident nobody reported"
            );
            return Vec::new();
        };
        let held = SupportHeld {
            incident_id: opened.incident_id,
            case_id: opened.case_id,
            responsible_board: opened.responsible_board,
            holder: opened.holder,
        };
        let events = decide(Command::NoteSupport(held), &incident.state).unwrap_or_default();
        let drafts = events.iter().filter_map(|noted| match noted {
            Happened::SupportHeld(held) => {
                let id = env.effect_id(NOTE_SUPPORT, event.id, 0);
                let readers = incident.readers_with(std::iter::once(&held.holder).chain(&held.responsible_board));
                Some(draft(incident, id, held, readers, Some(event.time)))
            }
            _ => None,
        });
        drafts.map(|draft| Write::one(Expected::Any, draft)).collect()
    }
}

impl Service for Situation {
    const CONTEXT: Context = Context::Situation;
    const FOLLOWS: &'static [Follow] = &[
        Follow { context: Context::Area, from_start: true },
        Follow { context: Context::Duty, from_start: false },
        // Erasures: the role's own keys of an erased subject are destroyed.
        Follow { context: Context::Actors, from_start: false },
    ];
    const COMMANDS: &'static [&'static str] = &[REPORT, CHANGE_STATUS];
    const QUERIES: &'static [&'static str] = &["incident", "incidents", dangling::QUERY];

    fn first_start(&self, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn evolve(&mut self, event: &Event) {
        self.incidents.apply(event);
        if let Some(incident) = self.incidents.get(event.subject.id()) {
            self.watch.look_at(incident);
        }
    }

    fn observe(&mut self, event: &Event) {
        self.map.apply(event);
    }

    fn react(&self, event: &Event, env: &Env<'_>) -> Vec<Write> {
        match event.data::<SupportCaseOpened>() {
            Some(Ok(opened)) => self.note_support(event, opened, env),
            // The host checks every event against the table before it hands it on: this is a broken invariant.
            Some(Err(error)) => panic!("duty's event {} cannot be decoded: {error}", event.id),
            None => support::note(&self.incidents, event, env),
        }
    }

    fn decide(&self, command: &str, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
        match command {
            REPORT => self.report(request.body.get(), env),
            CHANGE_STATUS => self.change_status(request, env),
            _ => Err(unknown(command)),
        }
    }

    fn reply(&self, command: &str, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
        let found = event_ids.first().and_then(|id| self.incidents.at_event(*id));
        let Some((incident, standing)) = found else {
            return Err(Problem::new(ErrorCode::NotFound, "the incident this command led to is not in the log"));
        };
        let answer = AnswerBody::of(&view::incident(incident, standing, env)).version(standing.version);
        Ok(if command == REPORT { answer.created(incident.report.incident_id.as_str()) } else { answer })
    }

    fn answer(&self, query: &str, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
        match query {
            "incident" => queries::incident(&self.incidents, request.body.get(), env),
            dangling::QUERY => {
                let answer = crate::dangling::dangling(&self.incidents, request.body.get(), env.principal)?;
                Ok(AnswerBody::of(&answer))
            }
            "incidents" => queries::incidents(&self.incidents, &self.map, request.body.get(), env),
            _ => Err(unknown(query)),
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.watch.next_due()
    }

    fn fire(&mut self, env: &Env<'_>) -> Vec<Write> {
        self.watch.run_at(env.rate());
        for incident in self.watch.newly_overdue(env.now) {
            tracing::error!(incident, "crisis support was asked for and a case is still missing: is duty running?");
        }
        Vec::new()
    }

    fn health(&self, now: Timestamp) -> Result<(), String> {
        if let Err(unreadable) = self.map.health() {
            return Err(format!("the map cannot be trusted: {unreadable}"));
        }
        let overdue: Vec<&str> = self.watch.overdue(now).map(String::as_str).collect();
        match overdue.as_slice() {
            [] => Ok(()),
            [id] => Err(format!("crisis support for incident {id} was asked for and a case is still missing")),
            ids => Err(format!(
                "crisis support was asked for and a case is still missing for incidents {}",
                ids.join(", ")
            )),
        }
    }
}

/// The owner's and the lead's board move an incident on, and the officials of central crisis management.
fn moves_on(incident: &Incident, principal: &Principal) -> bool {
    let board = access::reading_board(principal).map(BoardId::as_str);
    principal.has(Role::Ckl)
        || principal.is_demo_admin()
        || board.is_some_and(|board| board == incident.owner.as_str() || board == incident.report.lead.id)
}

fn reported(report: &IncidentReported, id: Uuid, owner: BoardId, klass: Klass, exercise: bool) -> Draft {
    let boards = report.affected.iter().map(|affected| affected.board.id.as_str()).chain([owner.as_str()]);
    let readers = access::incident_readers(boards);
    Draft {
        id,
        stream: StreamId::new("incident", &report.incident_id),
        event_type: IncidentReported::TYPE,
        owner,
        readers,
        klass,
        exercise,
        occurred_at: report.occurred_at,
        data: report.to_raw(),
    }
}

/// A later event of an incident: it has the incident's owner, class and exercise mark.
pub(crate) fn draft<M: Message>(
    incident: &Incident,
    id: Uuid,
    message: &M,
    readers: String,
    occurred_at: Option<Timestamp>,
) -> Draft {
    Draft {
        id,
        stream: StreamId::new("incident", &incident.report.incident_id),
        event_type: M::TYPE,
        owner: incident.owner.clone(),
        readers,
        klass: incident.klass,
        exercise: incident.exercise,
        occurred_at,
        data: message.to_raw(),
    }
}

fn problem(rejection: Rejection) -> Problem {
    match rejection {
        Rejection::NotReported => Problem::new(ErrorCode::NotFound, "no such incident was reported"),
        Rejection::Backwards { from, to } => {
            let detail =
                format!("an incident that is {} cannot become {}: its life goes forward only", from.code(), to.code());
            Problem::refused("incident-goes-forward", detail)
        }
    }
}

fn unknown(name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("situation knows nothing called {name:?}"))
}
