//! From the bodies of queries and the events of others to what the domain takes.

use crate::{
    domain::support::{AffectedBoard, Request},
    limits::ID_CHARS_MAX,
};
use narhet_geo::{GeometryError, Point};
use narhet_kernel::Timestamp;
use narhet_proto::{
    Event,
    events::{Named, situation::IncidentReported},
    wire::{FieldError, Problem},
};
use narhet_responsibility::Responsibility;
use serde_json::{Map, Value};

/// Query `duty`: a point, and the instant asked about if one is given.
pub fn duty(body: &str) -> Result<(Point, Option<Timestamp>), Problem> {
    let members = members(body, &["lon", "lat", "occurredAt"])?;
    let lon = degrees(&members, "lon")?;
    let lat = degrees(&members, "lat")?;
    let point = Point::new(lon, lat).map_err(|error| refused_point(lon, &error))?;
    let occurred_at = match members.get("occurredAt") {
        None | Some(Value::Null) => None,
        Some(value) => Some(instant("occurredAt", value)?),
    };
    Ok((point, occurred_at))
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
    let known = map.head().0;
    let mut affected: Vec<AffectedBoard> = Vec::with_capacity(report.affected.len());
    for board in report.affected {
        // Situation names each board once; a forged double must not become two cases.
        if affected.iter().all(|known| known.board.id != board.board.id) {
            let successor = map.successor(&board.board.id, report.reported_at, known);
            affected.push(AffectedBoard { board: board.board, basis: board.basis, successor });
        }
    }
    Request {
        incident_id: report.incident_id,
        event_id: event.id.to_string(),
        occurred_at: report.occurred_at,
        reported_at: report.reported_at,
        affected,
        area_version: report.area_version,
        exercise: event.exercise,
    }
}

/// A board's name on the map; its id while the map does not know it.
pub fn board_name(map: &Responsibility, id: &str) -> Named {
    Named::new(id, map.board(id).map_or_else(|| id.to_owned(), |board| board.name))
}

fn members(body: &str, known: &[&str]) -> Result<Map<String, Value>, Problem> {
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

fn instant(name: &str, value: &Value) -> Result<Timestamp, Problem> {
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
