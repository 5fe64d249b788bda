//! `GET /v1/boards/{id}/calendar`: when an office is open within a range, by which version, and as known when.

use crate::{
    domain::handover::Hours as _,
    intake,
    limits::CALENDAR_DAYS_MAX,
    office::{BoardOffice, CENTRAL, NOW, Office, Recorded},
    service::Duty,
};
use jiff::SignedDuration;
use narhet_calendar::OfficeHours;
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    events::{Named, Why},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Env};
use serde::Serialize;

/// Days shown where nobody says how many.
const DAYS_DEFAULT: i64 = 14;

/// A recorded version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionView<'a> {
    pub id: &'a str,
    pub version: u64,
    pub recorded_at: Timestamp,
    pub event_id: Uuid,
    pub calendar: &'a OfficeHours,
}

impl<'a> VersionView<'a> {
    pub fn of(version: u64, recorded: &'a Recorded) -> Self {
        let Recorded { event, time, hours, .. } = recorded;
        Self { id: &hours.id, version, recorded_at: *time, event_id: *event, calendar: hours }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CalendarView<'a> {
    /// The calendar's: the board's own, or the city's where it has none.
    id: &'a str,
    board: Named,
    /// Whether the board has a calendar of its own.
    own: bool,
    from: Timestamp,
    to: Timestamp,
    /// As known then; null: now.
    known_at: Option<Timestamp>,
    open_now: bool,
    next_opening: Option<Timestamp>,
    /// Half-open intervals in which the office is open, in order.
    open: Vec<Interval>,
    /// Recorded versions, as known; version 1 first.
    versions: Vec<VersionView<'a>>,
    why: Vec<Why>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Interval {
    from: Timestamp,
    to: Timestamp,
}

/// Query `calendar`.
pub fn query(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let members = intake::members(request.body.get(), &["id", "from", "to", "knownAt"])?;
    let id = intake::id(&members, "id")?;
    let board = match duty.map.board(id) {
        Some(board) => Named::new(board.id, board.name),
        None if id == CENTRAL => Named::new(CENTRAL, OfficeHours::central().name),
        None => return Err(Problem::new(ErrorCode::NotFound, format!("no board is called {id:?}"))),
    };
    let known_at = instant(&members, "knownAt")?;
    let from = instant(&members, "from")?.unwrap_or(env.now);
    let days = |days: i64| from.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
    let to = instant(&members, "to")?.unwrap_or_else(|| days(DAYS_DEFAULT));
    if to <= from || to > days(CALENDAR_DAYS_MAX) {
        let detail = format!("to lies after from and at most {CALENDAR_DAYS_MAX} days later");
        return Err(Problem::parameter("to", detail));
    }
    let own = duty.offices.get(id).filter(|office| office.is_kept(known_at.map_or(NOW, |at| office.known_at(at))));
    let calendar = own.unwrap_or_else(|| duty.offices.central());
    let known = known_at.map_or(NOW, |at| calendar.known_at(at));
    let recorded: Vec<&Recorded> = calendar.versions().iter().filter(|one| one.position <= known).collect();
    // What is recorded may begin to hold only later: each instant is judged by the calendar in force then.
    let office = duty.offices.of_board(id, known_at);
    let now = duty.offices.of_board(id, None);
    let view = CalendarView {
        id: recorded.last().map_or(CENTRAL, |recorded| recorded.hours.id.as_str()),
        board,
        own: own.is_some(),
        from,
        to,
        known_at,
        open_now: now.is_open(env.now),
        next_opening: now.next_opening(env.now),
        open: open_intervals(&office, from, to),
        versions: (1..).zip(recorded).map(|(version, recorded)| VersionView::of(version, recorded)).collect(),
        why: vec![crate::domain::why::of_office(&office.at(from))],
    };
    // Of the board's own calendar: what `If-Match` of a change is compared with.
    let version = duty.offices.get(id).map_or(0, Office::version);
    let answer = AnswerBody::of(&view);
    Ok(if version > 0 { answer.version(version) } else { answer })
}

fn instant(members: &intake::Members, name: &str) -> Result<Option<Timestamp>, Problem> {
    match members.get(name) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(value) => intake::instant(name, value).map(Some),
    }
}

/// Across the borders of versions and calendars.
fn open_intervals(office: &BoardOffice<'_>, from: Timestamp, to: Timestamp) -> Vec<Interval> {
    let mut intervals = Vec::new();
    let mut cursor = from;
    while cursor < to {
        let change = office.next_change(cursor).map_or(to, |change| change.min(to));
        if office.is_open(cursor) {
            intervals.push(Interval { from: cursor, to: change });
        }
        cursor = change;
    }
    intervals
}
