//! Calendars as the host drives them: the central one at a house's first start, every version to the fold.

use crate::{
    calendar_view::VersionView,
    case_log::read,
    intake::{self, Members, board_name},
    office::{CENTRAL, NOW, Office, Recorded},
    readiness::cover,
    service::Duty,
};
use narhet_calendar::{CalendarError, OfficeHours};
use narhet_kernel::{BoardId, Principal, Role, StreamId, Uuid};
use narhet_proto::{
    Draft, Event, Message,
    codes::BoardKind,
    events::{Named, duty::CalendarRecorded, readiness::RecordRemoved},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};
use serde_json::Value;

/// What a new house records: the central calendar of kontorstid.
pub fn first_start(env: &Env<'_>) -> Vec<Write> {
    let stream = StreamId::new("calendar", CENTRAL);
    let message = CalendarRecorded { calendar: OfficeHours::central(), accepted: Vec::new() };
    let draft = Draft::public(env.new_id(), stream, Principal::house().owner(), &message);
    vec![Write::one(Expected::NoStream, draft)]
}

/// Folds a recorded version, or that a calendar is no more.
pub fn evolve(duty: &mut Duty, event: &Event) {
    if event.event_type == RecordRemoved::TYPE && event.subject.kind() == "calendar" {
        duty.offices.remove(event.subject.id(), event.position, event.time);
        duty.set_case_timers();
    }
    if event.event_type == CalendarRecorded::TYPE {
        let CalendarRecorded { calendar, .. } = read(event);
        duty.offices.record(Recorded { event: event.id, position: event.position, time: event.time, hours: calendar });
        // A board's own steers when it is asked, and the central one stands in for those that are missing.
        duty.set_case_timers();
    }
}

/// Who keeps a board's calendar, for that board.
const KEEPERS: &[Role] = &[Role::Coordinator, Role::CrisisLead];
const RIGHT: &str = "record-calendar";

/// The members of a calendar that people write; id, name and zone follow from whose it is.
const MEMBERS: [&str; 6] = ["weekly", "publicHolidays", "deFactoHolidays", "exceptions", "validFrom", "source"];

/// Command `record-calendar`: a whole new version, or with `merge` what changes of the last one.
pub fn record(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let known: Vec<&str> = MEMBERS.into_iter().chain(["id", "merge", "accept"]).collect();
    let mut members = intake::members(request.body.get(), &known)?;
    let id = intake::id(&members, "id")?.to_owned();
    let merge = intake::flag(&members, "merge")?;
    let accept = accept(&members)?;
    members.retain(|name, _| MEMBERS.contains(&name.as_str()));
    let owner = owner(duty, &id)?;
    let role = may_keep(&id, env.principal).ok_or_else(|| not_kept(&id, &owner))?;
    let last = duty.offices.get(&id).filter(|office| office.is_kept(NOW)).and_then(|office| office.versions().last());
    check_version(last.is_some(), duty.offices.get(&id).map_or(0, Office::version), request.if_match)?;
    let base = match (merge, last) {
        (true, None) => {
            let detail = "there is no calendar to change yet: record a whole one first";
            return Err(Problem::new(ErrorCode::NotFound, detail));
        }
        (true, Some(last)) => serde_json::to_value(&last.hours).unwrap_or_default(),
        (false, _) => serde_json::json!({ "publicHolidays": "SE-1989:253", "deFactoHolidays": true }),
    };
    let calendar = hours(&id, &owner, base, members)?;
    if let Some(same) = last.filter(|last| last.hours == calendar) {
        return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![same.event] });
    }
    let stream = StreamId::new("calendar", &id);
    let board = if id == CENTRAL {
        Principal::house().owner()
    } else {
        owner.board_id().unwrap_or_else(|| Principal::house().owner())
    };
    // Who holds when is the central calendar's to say, so a change of it may leave a board nobody can be reached at.
    let accepted =
        if id == CENTRAL { cover::check_hours(duty, calendar.clone(), &accept, env.now)? } else { Vec::new() };
    let draft = Draft::public(env.new_id(), stream, board, &CalendarRecorded { calendar, accepted });
    Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
}

/// Command `remove-calendar`: a board's own, for which kontorstid stands in from then on. What was known stays known.
pub fn remove(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id"])?;
    let id = intake::id(&members, "id")?.to_owned();
    let owner = owner(duty, &id)?;
    let role = may_keep(&id, env.principal).ok_or_else(|| not_kept(&id, &owner))?;
    if id == CENTRAL {
        return Err(Problem::refused("kontorstid", "kontorstid decides who holds, and cannot be taken away"));
    }
    let office = duty.offices.get(&id).filter(|office| office.is_kept(NOW));
    let office = office
        .ok_or_else(|| Problem::new(ErrorCode::NotFound, format!("{} has no calendar of its own", owner.name)))?;
    check_version(true, office.version(), request.if_match)?;
    let removed = RecordRemoved { kind: "calendar".to_owned(), id: id.clone(), accepted: Vec::new() };
    let board = owner.board_id().unwrap_or_else(|| Principal::house().owner());
    let draft = Draft::public(env.new_id(), StreamId::new("calendar", &id), board, &removed);
    Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
}

/// The reply to `remove-calendar`.
pub fn removed(duty: &Duty, event_ids: &[Uuid], _env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let found = event_ids.first().and_then(|id| duty.written.get(id));
    let (id, _) = found.ok_or_else(|| Problem::new(ErrorCode::NotFound, "nothing was taken away"))?;
    Ok(AnswerBody::of(&serde_json::json!({ "id": id })))
}

/// The reply to `record-calendar`: the version that was recorded.
pub fn recorded(duty: &Duty, event_ids: &[Uuid], _env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let found = event_ids.first().and_then(|event| duty.offices.all().find_map(|office| office.of_event(*event)));
    let Some((version, recorded)) = found else {
        return Err(Problem::new(ErrorCode::NotFound, "the calendar this command led to is not in the log"));
    };
    Ok(AnswerBody::of(&VersionView::of(version, recorded)).version(version))
}

/// The board whose calendar it is.
fn owner(duty: &Duty, id: &str) -> Result<Named, Problem> {
    if id == CENTRAL {
        return Ok(board_name(&duty.map, BoardId::KOMMUNSTYRELSEN));
    }
    match duty.map.board(id).filter(|board| board.kind != BoardKind::State) {
        Some(board) => Ok(Named::new(board.id, board.name)),
        None => Err(Problem::new(ErrorCode::NotFound, format!("no board of the city is called {id:?}"))),
    }
}

fn not_kept(id: &str, owner: &Named) -> Problem {
    let detail = match id == CENTRAL {
        true => "the city's kontorstid is for city-security and kommunstyrelsen's crisis-lead to record".to_owned(),
        false => format!("the calendar of {} is for its own coordinator and crisis-lead to record", owner.name),
    };
    Problem { rule: Some(RIGHT.to_owned()), ..Problem::new(ErrorCode::Forbidden, detail) }
}

fn may_keep(id: &str, principal: &Principal) -> Option<Role> {
    let of = |board: &str| principal.board.as_ref().is_some_and(|own| own.as_str() == board);
    if id == CENTRAL {
        let lead = principal.has(Role::CrisisLead) && of(BoardId::KOMMUNSTYRELSEN);
        return lead.then_some(Role::CrisisLead).or_else(|| principal.acting_as(&[Role::CitySecurity]));
    }
    let role = principal.acting_as(KEEPERS)?;
    (of(id) || role == Role::Admin).then_some(role)
}

/// A first version needs no `If-Match`; every later one does.
fn check_version(exists: bool, version: u64, if_match: Option<u64>) -> Result<(), Problem> {
    match if_match {
        Some(seen) if seen == version => Ok(()),
        Some(_) => {
            let detail = format!("the calendar is at version {version} now: read it again, then decide");
            Err(Problem::new(ErrorCode::PreconditionFailed, detail))
        }
        None if exists => {
            Err(Problem::parameter("If-Match", "a change needs If-Match with the ETag of the version you have read"))
        }
        None => Ok(()),
    }
}

/// The names of holes in cover that a change may open.
fn accept(members: &Members) -> Result<Vec<String>, Problem> {
    let names = members.get("accept").cloned().unwrap_or(Value::Array(Vec::new()));
    serde_json::from_value(names).map_err(|_| Problem::at("/accept", "a list of names of holes is wanted"))
}

/// A valid calendar, or what is wrong with it.
fn hours(id: &str, owner: &Named, base: Value, members: Members) -> Result<OfficeHours, Problem> {
    let Value::Object(mut whole) = base else { return Err(Problem::at("", "the calendar is no JSON object")) };
    // Hours that nobody has decided stay assumed, whatever else of the calendar is changed.
    if members.contains_key("weekly") {
        whole.remove("assumption");
    }
    whole.extend(members);
    let name = match id == CENTRAL {
        true => OfficeHours::central().name,
        false => format!("Öppettider, {}", owner.name),
    };
    for (member, value) in [("id", id), ("name", name.as_str()), ("zone", "Europe/Stockholm")] {
        whole.insert(member.to_owned(), value.into());
    }
    for needed in ["validFrom", "source"] {
        if !whole.contains_key(needed) {
            return Err(Problem::at(&format!("/{needed}"), format!("\"{needed}\" is missing")));
        }
    }
    let hours: OfficeHours =
        serde_json::from_value(Value::Object(whole)).map_err(|error| Problem::at("", error.to_string()))?;
    hours.validate().map_err(|error| Problem::at(pointer_of(&error), error.to_string()))?;
    Ok(hours)
}

fn pointer_of(error: &CalendarError) -> &'static str {
    match error {
        CalendarError::TextIsEmpty { field: "reason" } | CalendarError::TextIsTooLong { field: "reason", .. } => {
            "/exceptions"
        }
        CalendarError::TextIsEmpty { .. } | CalendarError::TextIsTooLong { .. } => "/source",
        CalendarError::TooManyExceptions { .. } | CalendarError::ExceptionTwice { .. } => "/exceptions",
        CalendarError::IdIsNotASlug(_) => "/id",
        CalendarError::SpanIsNotForward { .. }
        | CalendarError::SpansOverlap { .. }
        | CalendarError::TooManySpans { .. }
        | CalendarError::NeverOpen => "/weekly",
    }
}
