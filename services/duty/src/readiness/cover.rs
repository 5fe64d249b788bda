//! What the proof of cover rests on, gathered from the map, the office hours and the rosters; and what a change would open.

use super::Readiness;
use crate::{
    domain::{
        coverage::{self, AreaSpan, FunctionCover, NightSpan, Staffed, World},
        holder_rule::SupportRule,
        intervals::{Interval, Intervals},
        roster,
    },
    intake::board_name,
    limits::{COVER_ACCEPT_MAX, COVER_SHOWN_MAX},
    office::{NOW, Office},
    service::Duty,
};
use narhet_calendar::OfficeHours;
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::Channel,
    events::{Named, alarm::Hole},
    wire::{ErrorCode, FieldError, Problem},
};

/// How far ahead a change must leave cover whole.
pub const AHEAD_DAYS: i64 = 365;

/// The world that cover is computed on.
pub fn world(duty: &Duty, during: Interval) -> World {
    world_with(duty, &duty.readiness, duty.offices.central(), during)
}

/// The same with a change that is only being considered.
fn world_with(duty: &Duty, readiness: &Readiness, office: &Office, during: Interval) -> World {
    let timeline = duty.map.timeline(duty.map.head().0);
    let divisions = timeline.divisions();
    let mut spans = Vec::new();
    for (index, division) in divisions.iter().enumerate() {
        let until = divisions.get(index + 1).map_or(Timestamp::MAX, |next| next.valid_from());
        let valid = Interval { from: division.valid_from(), to: until };
        let Some(valid) = valid.cut(&during) else { continue };
        let span = |area: &narhet_responsibility::DistrictArea| AreaSpan {
            area: area.area.clone(),
            board: area.board.clone(),
            during: valid,
        };
        spans.extend(division.areas.iter().map(span));
    }
    let night: Vec<NightSpan> = SupportRule::spans(during.from, during.to)
        .into_iter()
        .map(|(from, to, rule)| NightSpan {
            board: board_name(&duty.map, &rule.outside_office_hours),
            during: Interval { from, to },
        })
        .collect();
    let areas = areas(&spans);
    let mut boards: Vec<Named> =
        spans.iter().map(|span| &span.board).chain(night.iter().map(|night| &night.board)).cloned().collect();
    boards.sort_by(|a, b| a.id.cmp(&b.id));
    boards.dedup_by(|a, b| a.id == b.id);
    World {
        during,
        areas,
        spans,
        office_open: open_hours(office, during),
        night,
        functions: boards.iter().flat_map(|board| functions(readiness, board, during)).collect(),
        failed: readiness.failed_channels(),
    }
}

fn areas(spans: &[AreaSpan]) -> Vec<Named> {
    let mut areas: Vec<Named> = spans.iter().map(|span| span.area.clone()).collect();
    areas.sort_by(|a, b| a.id.cmp(&b.id));
    areas.dedup_by(|a, b| a.id == b.id);
    areas
}

fn functions(readiness: &Readiness, board: &Named, during: Interval) -> Vec<FunctionCover> {
    let cover = |id: String| {
        let own: Vec<Channel> = readiness
            .function(&id)
            .map(|function| function.contact_ways.iter().map(|way| way.channel).collect())
            .unwrap_or_default();
        let (mut has_roster, mut staffed) = (false, Vec::new());
        for roster in readiness.rosters.values().filter(|roster| roster.function == id) {
            has_roster = true;
            for entry in roster::entries(roster, &readiness.taken(&roster.id), during.from, during.to) {
                let members = roster.layers.iter().flat_map(|layer| &layer.crew);
                let member = members.into_iter().find(|member| member.id == entry.member);
                let ways = member.into_iter().flat_map(|member| &member.contact_ways).map(|way| way.channel);
                staffed.push(Staffed {
                    during: Interval { from: entry.from, to: entry.to },
                    channels: ways.chain(own.iter().copied()).collect(),
                });
            }
        }
        FunctionCover { board: board.id.clone(), has_roster, staffed }
    };
    let known = readiness.alarmed_functions(board).into_iter().filter(|id| readiness.functions.get(id).is_some());
    known.map(cover).collect()
}

/// The year that begins now.
pub fn year(now: Timestamp) -> Interval {
    let to = now.checked_add(jiff::SignedDuration::from_hours(24 * AHEAD_DAYS)).unwrap_or(Timestamp::MAX);
    Interval { from: now, to }
}

/// Refuses a change of readiness that opens a hole which is not accepted by its name; the names that were needed.
pub fn check(duty: &Duty, changed: &Readiness, accept: &[String], now: Timestamp) -> Result<Vec<String>, Problem> {
    check_world(duty, changed, duty.offices.central(), accept, now)
}

/// The same of a change of the hours that decide who holds.
pub fn check_hours(duty: &Duty, hours: OfficeHours, accept: &[String], now: Timestamp) -> Result<Vec<String>, Problem> {
    let changed = duty.offices.central().considering(hours, now);
    check_world(duty, &duty.readiness, &changed, accept, now)
}

fn check_world(
    duty: &Duty,
    readiness: &Readiness,
    office: &Office,
    accept: &[String],
    now: Timestamp,
) -> Result<Vec<String>, Problem> {
    if accept.len() > COVER_ACCEPT_MAX {
        return Err(Problem::at(
            "/accept",
            format!("at most {COVER_ACCEPT_MAX} names are taken; an area's all holes are \"<area>/*\""),
        ));
    }
    let during = year(now);
    let before = coverage::holes(&world(duty, during));
    let after = coverage::holes(&world_with(duty, readiness, office, during));
    let opened = coverage::opened(&before, &after);
    let accepted = |hole: &Hole| {
        let (name, whole) = (name_within(hole, during), format!("{}/*", hole.area.id));
        accept.iter().find(|given| **given == name || **given == whole).cloned()
    };
    let (mut used, mut refused) = (Vec::new(), Vec::new());
    for hole in &opened {
        match accepted(hole) {
            Some(name) if used.contains(&name) => {}
            Some(name) => used.push(name),
            None => refused.push(hole),
        }
    }
    if refused.is_empty() { Ok(used) } else { Err(refusal(&refused, during)) }
}

fn refusal(refused: &[&Hole], during: Interval) -> Problem {
    let shown = refused.iter().take(COVER_SHOWN_MAX).map(|hole| FieldError {
        pointer: Some("/accept".to_owned()),
        parameter: None,
        detail: format!("{}: {} {}", name_within(hole, during), hole.board.name, reason_text(&hole.reason)),
    });
    let detail = format!(
        "this would open {} holes in the cover of the coming year (the first {} are listed): close them, or accept each by its \
         name in \"accept\", an area's all by \"<area>/*\"",
        refused.len(),
        refused.len().min(COVER_SHOWN_MAX)
    );
    Problem {
        errors: shown.collect(),
        rule: Some("tackning".to_owned()),
        ..Problem::new(ErrorCode::RefusedByRule, detail)
    }
}

/// The name of a hole; its ends are `now` and `onwards` where they are the ends of what was looked at.
pub fn name_within(hole: &Hole, during: Interval) -> String {
    let from = if hole.from == during.from { "now".to_owned() } else { hole.from.to_string() };
    let to = if hole.to == during.to { "onwards".to_owned() } else { hole.to.to_string() };
    format!("{}/{from}/{to}", hole.area.id)
}

pub fn reason_text(code: &str) -> &'static str {
    use coverage::Reason::{ChannelFailed, NoContactWay, NoDivision, NoFunction, NoRoster, NotStaffed};
    [NoDivision, NoFunction, NoRoster, NotStaffed, NoContactWay, ChannelFailed]
        .into_iter()
        .find(|reason| reason.code() == code)
        .map_or("går inte att nå", coverage::Reason::text)
}

/// When the office is open: from change to change, so that versions of the calendar need no thought here.
fn open_hours(office: &Office, during: Interval) -> Intervals {
    let (mut from, mut open) = (during.from, office.at(during.from).open);
    let mut hours = Vec::new();
    while from < during.to {
        let to = office.next_change(from, NOW).unwrap_or(Timestamp::MAX).min(during.to);
        if open {
            hours.push(Interval { from, to });
        }
        (from, open) = (to, !open);
    }
    Intervals::of(hours)
}
