//! Support cases as the host drives them: incidents to cases, queries to answers, events to the fold.

use crate::{
    case_log::{self, read},
    case_view::{self, Sight},
    domain::{
        support::{Owed, Request as Need},
        support_case::{Command, Event as Happened, decide},
    },
    intake,
    read_model::{Case, with_readers},
    service::Duty,
};
use narhet_kernel::{Klass, Principal, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event, Message,
    events::situation::IncidentReported,
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Env, Expected, Write};
use serde::Serialize;

/// The names of the process that opens cases, and of its alarms; part of the ids of what they cause.
const SUPPORT: &str = "support";
const SUPPORT_ALARM: &str = "support-alarm";

/// Folds an event of duty's log.
pub fn evolve(duty: &mut Duty, event: &Event) {
    if let Some(id) = duty.cases.apply(event) {
        duty.set_case_timer(&id, None);
    }
}

/// What a followed event causes: an incident that needs support, its cases.
pub fn react(duty: &Duty, event: &Event, env: &Env<'_>) -> Vec<Write> {
    if event.event_type != IncidentReported::TYPE {
        return Vec::new();
    }
    let report: IncidentReported = read(event);
    if !report.needs_support {
        return Vec::new();
    }
    let need = intake::request(event, report, &duty.map);
    let ids = |ordinal| (env.effect_id(SUPPORT, event.id, ordinal), env.effect_id(SUPPORT_ALARM, event.id, ordinal));
    let envelope = Envelope { readers: &event.readers, klass: event.klass, exercise: event.exercise };
    open(duty, &need, ids, &envelope)
}

/// What the events of a new case have in common.
pub(crate) struct Envelope<'a> {
    pub readers: &'a str,
    pub klass: Klass,
    pub exercise: bool,
}

/// The cases that a need makes necessary and that are not open yet; `ids` names the opening and the alarm of the nth, and
/// the opening's id is the case's too.
pub(crate) fn open(duty: &Duty, need: &Need, ids: impl Fn(u32) -> (Uuid, Uuid), envelope: &Envelope<'_>) -> Vec<Write> {
    let office = duty.offices.central().at(need.decisive_instant());
    let owed = need.owed(&office, |ordinal| ids(ordinal).0.to_string(), |id| intake::board_name(&duty.map, id));
    (0..).zip(owed).filter_map(|(ordinal, owed)| open_case(duty, owed, ids(ordinal), envelope)).collect()
}

/// One case, with its alarm if it has one; `None` when it is already open.
pub(crate) fn open_case(duty: &Duty, owed: Owed, ids: (Uuid, Uuid), envelope: &Envelope<'_>) -> Option<Write> {
    let Owed { opening, successor } = owed;
    let stream = StreamId::new(case_log::STREAM, &opening.case_id);
    let boards = [Some(&opening.holder), opening.responsible_board.as_ref(), successor.as_ref()];
    let readers = with_readers(envelope.readers, boards.into_iter().flatten().map(|board| board.id.as_str()));
    let owner = opening.responsible_board.as_ref().unwrap_or(&opening.holder).board_id();
    let owner = owner.unwrap_or_else(|| Principal::house().owner());
    let state = duty.cases.state(&opening.case_id);
    let occurred_at = opening.occurred_at;
    let incident = opening.incident_id.clone();
    let events = match decide(Command::Open(Box::new(opening)), &state) {
        Ok(events) => events,
        // Ids are derived from the incident's own event: only a forged log gets here.
        Err(rejection) => {
            tracing::error!(%rejection, incident, "a support case was not opened");
            return None;
        }
    };
    let draft = |event: Happened| {
        let id = if matches!(event, Happened::Opened(_)) { ids.0 } else { ids.1 };
        let (event_type, data) = case_log::stored(&event);
        Draft {
            id,
            stream: stream.clone(),
            event_type,
            owner: owner.clone(),
            readers: readers.clone(),
            klass: envelope.klass,
            exercise: envelope.exercise,
            occurred_at: Some(occurred_at),
            data,
        }
    };
    let drafts: Vec<Draft> = events.into_iter().map(draft).collect();
    (!drafts.is_empty()).then(|| Write { stream: stream.clone(), expected: Expected::NoStream, drafts })
}

/// A later event of a case: it has the case's owner, class and exercise mark, and `readers` also the boards it names.
pub(crate) fn draft(case: &Case, event: &Happened, id: Uuid, occurred_at: Option<Timestamp>) -> Draft {
    let (event_type, data) = case_log::stored(event);
    let named: Option<&str> = match event {
        Happened::Offered(offered) => Some(&offered.to.id),
        Happened::Inherited(inherited) => Some(&inherited.to.id),
        Happened::Relocated(relocated) => relocated.responsible_board.as_ref().map(|board| board.id.as_str()),
        _ => None,
    };
    Draft {
        id,
        stream: StreamId::new(case_log::STREAM, &case.opened.case_id),
        event_type,
        owner: case.owner.clone(),
        readers: with_readers(&case.readers, named.into_iter()),
        klass: case.klass,
        exercise: case.opened.exercise,
        occurred_at,
        data,
    }
}

/// Query `cases`: those of an incident that the principal may read.
pub fn of_incident(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    #[derive(Serialize)]
    struct CaseList<'a> {
        items: Vec<case_view::CaseView<'a>>,
    }
    let incident_id = intake::cases(request.body.get())?;
    let cases = duty.cases.of_incident(&incident_id);
    let lives: Vec<_> = cases
        .into_iter()
        .filter(|case| case.may_be_read_by(env.principal))
        .map(|case| (case, duty.life_now(case, env.now)))
        .collect();
    let items = lives.iter().map(|(case, life)| case_view::short(case, life, Sight::now(duty, case, env))).collect();
    Ok(AnswerBody::of(&CaseList { items }))
}

/// Query `case`.
pub fn one(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let members = intake::members(request.body.get(), &["id"])?;
    let case = readable(duty, intake::id(&members, "id")?, env)?;
    let life = duty.life_now(case, env.now);
    Ok(AnswerBody::of(&case_view::whole(case, &life, Sight::now(duty, case, env))).version(case.version))
}

/// The case with this id, when the principal may read it; otherwise there is none, for them.
pub(crate) fn readable<'a>(duty: &'a Duty, id: &str, env: &Env<'_>) -> Result<&'a Case, Problem> {
    duty.cases.get(id).filter(|case| case.may_be_read_by(env.principal)).ok_or_else(|| {
        Problem::new(ErrorCode::NotFound, "no support case with this id exists, or it is not yours to read")
    })
}

/// Query `support-cases`: a page, newest first, of those the principal may read.
pub fn list(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    #[derive(Serialize)]
    struct Page {
        items: Vec<serde_json::Value>,
        next: Option<String>,
        /// Of the whole filter, exercises apart: a real night is not hidden among practised ones.
        real: usize,
        exercises: usize,
    }
    let filter = intake::case_filter(request.body.get())?;
    let mut page = Page { items: Vec::new(), next: None, real: 0, exercises: 0 };
    let mut last = None;
    for case in duty.cases.before(u64::MAX).filter(|case| case.may_be_read_by(env.principal)) {
        let life = duty.life_now(case, env.now);
        if !filter.takes(case, &life) {
            continue;
        }
        *(if case.opened.exercise { &mut page.exercises } else { &mut page.real }) += 1;
        if case.position >= filter.before {
            continue;
        }
        if page.items.len() == filter.limit {
            page.next = last.map(|position: u64| position.to_string());
            continue;
        }
        let view = case_view::short(case, &life, Sight::now(duty, case, env));
        page.items.push(serde_json::to_value(&view).unwrap_or_default());
        last = Some(case.position);
    }
    Ok(AnswerBody::of(&page))
}
