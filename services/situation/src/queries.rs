//! The two questions: one incident, and pages of incidents, newest first; nobody sees one that is not theirs to read.

use crate::{
    intake::{Fields, ID_CHARS_MAX, status, text},
    limits::{PAGE_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX},
    read_model::{Incident, Incidents},
    view::{self, IncidentView},
};
use narhet_kernel::Principal;
use narhet_proto::{
    access,
    codes::IncidentStatus,
    wire::{ErrorCode, FieldError, Problem},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Env};
use serde::Serialize;
use serde_json::{Value, value::RawValue, value::to_raw_value};

/// A page of incidents.
#[derive(Serialize)]
struct Page {
    items: Vec<Box<RawValue>>,
    next: Option<String>,
}

struct Filter {
    status: Option<IncidentStatus>,
    board: Option<String>,
    limit: usize,
    before: u64,
}

/// The incident with this id, when the principal may read it; otherwise there is none, for them.
pub fn readable<'a>(incidents: &'a Incidents, id: &str, principal: &Principal) -> Result<&'a Incident, Problem> {
    incidents
        .get(id)
        .filter(|incident| may_read(incident, principal))
        .ok_or_else(|| Problem::new(ErrorCode::NotFound, "no incident with this id exists, or it is not yours to read"))
}

/// Query `incident`.
pub fn incident(incidents: &Incidents, body: &str, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let mut fields = Fields::of(body, &["id"])?;
    let id = fields.required("id", |value| text(value, ID_CHARS_MAX));
    fields.finish()?;
    let incident = readable(incidents, &id.unwrap_or_default(), env.principal)?;
    Ok(AnswerBody::of(&view::incident_with_history(incident, env)).version(incident.version))
}

/// Query `incidents`.
pub fn incidents(
    incidents: &Incidents,
    map: &Responsibility,
    body: &str,
    env: &Env<'_>,
) -> Result<AnswerBody, Problem> {
    let filter = filter(body, map)?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut bytes = 0;
    let mut last = None;
    for incident in incidents.before(filter.before).filter(|incident| filter.takes(incident, env.principal)) {
        let item = raw(&view::incident(incident, incident.standing(), env));
        bytes += item.get().len();
        // At least one, else a large one would end every page before itself.
        if page.items.len() == filter.limit || (bytes > PAGE_BYTES_MAX && !page.items.is_empty()) {
            page.next = last.map(|position: u64| position.to_string());
            break;
        }
        page.items.push(item);
        last = Some(incident.position);
    }
    Ok(AnswerBody::of(&page))
}

impl Filter {
    fn takes(&self, incident: &Incident, principal: &Principal) -> bool {
        self.status.is_none_or(|status| incident.status() == status)
            && self.board.as_ref().is_none_or(|board| incident.concerns(board))
            && may_read(incident, principal)
    }
}

pub fn may_read(incident: &Incident, principal: &Principal) -> bool {
    access::may_read(principal, incident.owner.as_str(), &incident.readers)
}

fn filter(body: &str, map: &Responsibility) -> Result<Filter, Problem> {
    let mut fields = Fields::of(body, &["status", "board", "limit", "after"])?;
    let filter = Filter {
        status: fields.optional("status", status),
        board: fields.optional("board", |value| board(value, map)),
        limit: fields.optional("limit", limit).unwrap_or(PAGE_DEFAULT),
        before: fields.optional("after", position).unwrap_or(u64::MAX),
    };
    fields.finish().map_err(about_parameters)?;
    Ok(filter)
}

fn board(value: Value, map: &Responsibility) -> Result<String, String> {
    let id = text(value, ID_CHARS_MAX)?;
    if map.is_established(&id) { Ok(id) } else { Err(format!("no board is called {id:?}")) }
}

/// Query parameters arrive as text or as numbers.
fn limit(value: Value) -> Result<usize, String> {
    whole(&value)
        .and_then(|limit| usize::try_from(limit).ok())
        .filter(|limit| (1..=PAGE_MAX).contains(limit))
        .ok_or_else(|| format!("not a whole number from 1 to {PAGE_MAX}"))
}

fn position(value: Value) -> Result<u64, String> {
    whole(&value).ok_or_else(|| "not a page of this list: take it unchanged from `next`".to_owned())
}

fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// The members of this query are parameters to whoever asks.
fn about_parameters(problem: Problem) -> Problem {
    let as_parameter = |error: FieldError| FieldError {
        parameter: error.pointer.map(|pointer| pointer.trim_start_matches('/').to_owned()),
        pointer: None,
        detail: error.detail,
    };
    Problem { errors: problem.errors.into_iter().map(as_parameter).collect(), ..problem }
}

fn raw(view: &IncidentView) -> Box<RawValue> {
    to_raw_value(view).expect("answers hold strings, finite numbers and JSON objects only")
}
