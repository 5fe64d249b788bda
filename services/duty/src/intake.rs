//! From the bodies of queries and the events of others to what the domain takes.

use crate::{
    domain::{
        custody::Life,
        support::{AffectedBoard, Request},
    },
    limits::{ID_CHARS_MAX, PAGE_DEFAULT, PAGE_MAX, REASON_CHARS_MAX},
    read_model::Case,
};
use narhet_geo::{GeometryError, Point};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Event,
    events::{Named, situation::IncidentReported},
    wire::{FieldError, Problem},
};
use narhet_responsibility::Responsibility;
use serde_json::{Map, Value};

/// Query `duty`: a point, and the instants on both axes if they are given.
#[derive(Debug)]
pub struct DutyQuestion {
    pub point: Point,
    pub occurred_at: Option<Timestamp>,
    pub known_at: Option<Timestamp>,
}

/// Query `duty`.
pub fn duty(body: &str) -> Result<DutyQuestion, Problem> {
    let members = members(body, &["lon", "lat", "occurredAt", "knownAt"])?;
    let lon = degrees(&members, "lon")?;
    let lat = degrees(&members, "lat")?;
    let point = Point::new(lon, lat).map_err(|error| refused_point(lon, &error))?;
    let instant = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => instant(name, value).map(Some),
    };
    Ok(DutyQuestion { point, occurred_at: instant("occurredAt")?, known_at: instant("knownAt")? })
}

/// Query `cases`: the incident whose cases are wanted.
pub fn cases(body: &str) -> Result<String, Problem> {
    let members = members(body, &["incidentId"])?;
    match members.get("incidentId") {
        Some(Value::String(id)) if !id.is_empty() && id.chars().count() <= ID_CHARS_MAX => Ok(id.clone()),
        Some(_) => Err(Problem::parameter("incidentId", "not the id of an incident")),
        None => Err(Problem::parameter("incidentId", "\"incidentId\" is missing")),
    }
}

/// A report that asks for support, with what the map knows about its boards by the time it was recorded.
pub fn request(event: &Event, report: IncidentReported, map: &Responsibility) -> Request {
    need(event.id, event.exercise, report, map)
}

/// The same, of a report that was recorded earlier.
pub fn need(event_id: Uuid, exercise: bool, report: IncidentReported, map: &Responsibility) -> Request {
    let known = map.head().0;
    let mut affected: Vec<AffectedBoard> = Vec::with_capacity(report.affected.len());
    for board in report.affected {
        // Situation names each board once; a forged double must not become two cases.
        if affected.iter().all(|known| known.board.id != board.board.id) {
            let successor = map.successor(&board.board.id, report.reported_at, known);
            affected.push(AffectedBoard { board: board.board, area: board.area, basis: board.basis, successor });
        }
    }
    Request {
        incident_id: report.incident_id,
        event_id: event_id.to_string(),
        occurred_at: report.occurred_at,
        reported_at: report.reported_at,
        affected,
        area_version: report.area_version,
        exercise,
    }
}

/// A board's name on the map; its id while the map does not know it.
pub fn board_name(map: &Responsibility, id: &str) -> Named {
    Named::new(id, map.board(id).map_or_else(|| id.to_owned(), |board| board.name))
}

/// The members of a body.
pub(crate) type Members = Map<String, Value>;

/// A page of cases.
#[derive(Debug)]
pub struct CaseFilter {
    status: Option<String>,
    board: Option<String>,
    holder: Option<String>,
    incident: Option<String>,
    exercise: Option<bool>,
    pub limit: usize,
    pub before: u64,
}

/// Query `support-cases`.
pub fn case_filter(body: &str) -> Result<CaseFilter, Problem> {
    const STATUSES: [&str; 6] = ["open", "held", "alarmed", "acknowledged", "active", "closed"];
    let known = ["status", "board", "holder", "incident", "exercise", "limit", "after"];
    let members = members(body, &known)?;
    let status = optional_id(&members, "status").map_err(as_parameter)?;
    if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(Problem::parameter("status", format!("no such status; there are {}", STATUSES.join(", "))));
    }
    let exercise = match members.get("exercise") {
        None => None,
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) if text == "true" || text == "false" => Some(text == "true"),
        Some(_) => return Err(Problem::parameter("exercise", "exercise is true or false")),
    };
    let number = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_u64()
            .or_else(|| value.as_str()?.parse().ok())
            .map(Some)
            .ok_or_else(|| Problem::parameter(name, format!("{name} is not a whole number"))),
    };
    let limit = match number("limit")? {
        None => PAGE_DEFAULT,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=PAGE_MAX).contains(limit))
            .ok_or_else(|| Problem::parameter("limit", format!("limit is a number from 1 to {PAGE_MAX}")))?,
    };
    Ok(CaseFilter {
        status,
        board: optional_id(&members, "board").map_err(as_parameter)?,
        holder: optional_id(&members, "holder").map_err(as_parameter)?,
        incident: optional_id(&members, "incident").map_err(as_parameter)?,
        exercise,
        limit,
        before: number("after")?.unwrap_or(u64::MAX),
    })
}

impl CaseFilter {
    /// Whether a case as it is now belongs to the list.
    pub fn takes(&self, case: &Case, life: &Life) -> bool {
        let facts = life.state.case();
        let status = life.state.status();
        let is = |wanted: &Option<String>, board: Option<&Named>| {
            wanted.as_ref().is_none_or(|wanted| board.is_some_and(|board| board.id == *wanted))
        };
        self.status.as_deref().is_none_or(|wanted| wanted == status || (wanted == "open" && status != "closed"))
            && is(&self.board, facts.and_then(|facts| facts.responsible.as_ref()))
            && is(&self.holder, facts.map(|facts| &facts.holder))
            && self.incident.as_ref().is_none_or(|incident| case.opened.incident_id == *incident)
            && self.exercise.is_none_or(|exercise| case.opened.exercise == exercise)
    }
}

fn as_parameter(problem: Problem) -> Problem {
    let errors = problem.errors.into_iter().map(|error| FieldError {
        parameter: error.pointer.map(|pointer| pointer.trim_start_matches('/').to_owned()),
        pointer: None,
        detail: error.detail,
    });
    Problem { errors: errors.collect(), ..problem }
}

/// An id that must be there.
pub(crate) fn id<'a>(members: &'a Members, name: &str) -> Result<&'a str, Problem> {
    match members.get(name) {
        Some(Value::String(id)) if !id.is_empty() && id.chars().count() <= ID_CHARS_MAX => Ok(id),
        Some(_) => Err(Problem::at(&format!("/{name}"), format!("not an id of 1 to {ID_CHARS_MAX} characters"))),
        None => Err(Problem::at(&format!("/{name}"), format!("\"{name}\" is missing"))),
    }
}

pub(crate) fn optional_id(members: &Members, name: &str) -> Result<Option<String>, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => id(members, name).map(|id| Some(id.to_owned())),
    }
}

pub(crate) fn optional_instant(members: &Members, name: &str) -> Result<Option<Timestamp>, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            instant(name, value).map(Some).map_err(|problem| Problem::at(&format!("/{name}"), problem.detail))
        }
    }
}

/// True or false; absent is false.
pub(crate) fn flag(members: &Members, name: &str) -> Result<bool, Problem> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Problem::at(&format!("/{name}"), format!("\"{name}\" is true or false"))),
    }
}

/// The reason that an act needs.
pub(crate) fn reason(members: &Members) -> Result<String, Problem> {
    let wrong = |detail: String| Problem::at("/reason", detail);
    match members.get("reason") {
        None => Err(wrong("\"reason\" is missing: say why, so that the next one can go on from there".to_owned())),
        Some(Value::String(text)) if text.trim().is_empty() => Err(wrong("the reason is empty".to_owned())),
        Some(Value::String(text)) if text.chars().count() > REASON_CHARS_MAX => {
            Err(wrong(format!("{} characters, at most {REASON_CHARS_MAX} are taken", text.chars().count())))
        }
        Some(Value::String(text)) => Ok(text.trim().to_owned()),
        Some(_) => Err(wrong("the reason is not a text".to_owned())),
    }
}

pub(crate) fn members(body: &str, known: &[&str]) -> Result<Map<String, Value>, Problem> {
    let Ok(Value::Object(members)) = serde_json::from_str(body) else {
        return Err(Problem::at("", "the query is not a JSON object that can be read"));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => {
            let name: String = unknown.chars().take(ID_CHARS_MAX).collect();
            Err(Problem::parameter(&name, format!("no such parameter; known are {}", known.join(", "))))
        }
        None => Ok(members),
    }
}

/// Degrees arrive as a number, or as the text that stood in a URL.
fn degrees(members: &Map<String, Value>, name: &str) -> Result<f64, Problem> {
    let degrees = match members.get(name) {
        None | Some(Value::Null) => return Err(Problem::parameter(name, format!("\"{name}\" is missing"))),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    degrees
        .filter(|degrees| degrees.is_finite())
        .ok_or_else(|| Problem::parameter(name, format!("\"{name}\" is not a finite number of degrees")))
}

pub(crate) fn instant(name: &str, value: &Value) -> Result<Timestamp, Problem> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        Problem::parameter(name, "not an instant of RFC 3339 such as 2026-11-20T20:00:00+01:00 or …Z".to_owned())
    })
}

/// Names the parameter that is wrong; both, when they were given the wrong way round.
fn refused_point(lon: f64, error: &GeometryError) -> Problem {
    let detail = error.to_string();
    let wrong: &[&str] = match error {
        GeometryError::SwappedAxes { .. } => &["lon", "lat"],
        _ if (-180.0..=180.0).contains(&lon) => &["lat"],
        _ => &["lon"],
    };
    let named = |name: &&str| FieldError { pointer: None, parameter: Some((*name).to_owned()), detail: detail.clone() };
    Problem { errors: wrong.iter().map(named).collect(), ..Problem::parameter(wrong[0], detail.clone()) }
}
