//! The proof of cover: at every instant each area has exactly one holder and somebody of that holder's who can be reached, or
//! here are the places and times where not.
//!
//! ```text
//! divisions × rule × office hours ─► who holds, piece by piece ─┐
//! rosters × ways × proofs ─► when each board can be reached ────┴─► what is left is a hole, with its reason
//! ```
//! Computed on intervals, so the answer is exact to the instant.

use super::intervals::{Interval, Intervals};
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::Channel,
    events::{Named, alarm::Hole},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// An area has a board for a time.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaSpan {
    pub area: Named,
    pub board: Named,
    pub during: Interval,
}

/// For a time the rule names this board for what occurs while the office is closed.
#[derive(Clone, Debug, PartialEq)]
pub struct NightSpan {
    pub board: Named,
    pub during: Interval,
}

/// Somebody of a function is on duty and has these ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Staffed {
    pub during: Interval,
    pub channels: Vec<Channel>,
}

/// A function that the alarms of a board come to. The last resort is not among them.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCover {
    pub board: String,
    pub has_roster: bool,
    pub staffed: Vec<Staffed>,
}

/// Everything that the answer rests on, for one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    pub during: Interval,
    /// The areas that must be covered, each while it is on the map, whoever holds them.
    pub areas: Vec<Named>,
    pub spans: Vec<AreaSpan>,
    pub office_open: Intervals,
    pub night: Vec<NightSpan>,
    pub functions: Vec<FunctionCover>,
    /// Channels whose last proof failed.
    pub failed: Vec<Channel>,
}

/// Why nobody can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    NoDivision,
    NoFunction,
    NoRoster,
    NotStaffed,
    NoContactWay,
    ChannelFailed,
}

impl Reason {
    pub const fn code(self) -> &'static str {
        match self {
            Reason::NoDivision => "no-division",
            Reason::NoFunction => "no-function",
            Reason::NoRoster => "no-roster",
            Reason::NotStaffed => "not-staffed",
            Reason::NoContactWay => "no-contact-way",
            Reason::ChannelFailed => "channel-failed",
        }
    }

    /// One Swedish clause that goes on from the holder's name.
    pub const fn text(self) -> &'static str {
        match self {
            Reason::NoDivision => "ingen områdesindelning gäller",
            Reason::NoFunction => "nämnden har ingen funktion i beredskap som larmvägen når",
            Reason::NoRoster => "nämndens funktioner har inget schema",
            Reason::NotStaffed => "ingen står på schemat",
            Reason::NoContactWay => "den som står på schemat har ingen kontaktväg ut ur huset",
            Reason::ChannelFailed => "den som står på schemat nås bara på kanaler vars senaste prov misslyckades",
        }
    }
}

/// When a board can be reached, and what it would take.
#[derive(Default)]
struct BoardCover {
    has_function: bool,
    has_roster: bool,
    staffed: Intervals,
    with_a_way: Intervals,
    reachable: Intervals,
}

/// Whether a channel reaches anybody outside the house.
pub fn leaves_the_house(channel: Channel) -> bool {
    channel != Channel::Exercise
}

/// Every hole, by area and time; none is the proof.
pub fn holes(world: &World) -> Vec<Hole> {
    let covers = covers(world);
    let nobody = BoardCover::default();
    let undivided = undivided(world);
    let mut holes = Vec::new();
    for area in &world.areas {
        let mut held = Intervals::default();
        for (board, during) in holders(world, &area.id) {
            held = held.union(&during);
            let cover = covers.get(board.id.as_str()).unwrap_or(&nobody);
            let open = during.subtract(&cover.reachable);
            for (reason, during) in cover.reasons(&open) {
                holes.extend(during.iter().map(|hole| hole_of(area, board, hole, reason)));
            }
        }
        let unheld = owed(world, &undivided, &area.id).subtract(&held);
        let nobody = Named::new("", "");
        holes.extend(unheld.iter().map(|hole| hole_of(area, &nobody, hole, Reason::NoDivision)));
    }
    holes.sort_by(|a, b| (&a.area.id, a.from, a.to).cmp(&(&b.area.id, b.from, b.to)));
    holes
}

/// When no division is in force: every area is open then.
fn undivided(world: &World) -> Intervals {
    Intervals::of([world.during]).subtract(&spans(world, |_| true))
}

fn spans(world: &World, wanted: impl Fn(&AreaSpan) -> bool) -> Intervals {
    let wanted = world.spans.iter().filter(|span| wanted(span));
    Intervals::of(wanted.filter_map(|span| span.during.cut(&world.during)))
}

/// When an area has to be covered: while it is on the map, and while there is none.
fn owed(world: &World, undivided: &Intervals, area: &str) -> Intervals {
    spans(world, |span| span.area.id == area).union(undivided)
}

/// Who holds new cases of an area, when: pieces that do not overlap.
pub fn holders<'a>(world: &'a World, area: &'a str) -> Vec<(&'a Named, Intervals)> {
    let mut pieces = Vec::new();
    for span in world.spans.iter().filter(|span| span.area.id == area) {
        let Some(during) = span.during.cut(&world.during) else { continue };
        let during = Intervals::of([during]);
        let by_day = during.intersect(&world.office_open);
        for night in &world.night {
            let by_night = Intervals::of([night.during]).intersect(&during).subtract(&world.office_open);
            pieces.push((&night.board, by_night));
        }
        pieces.push((&span.board, by_day));
    }
    pieces.retain(|(_, during)| !during.is_empty());
    pieces
}

fn covers(world: &World) -> BTreeMap<&str, BoardCover> {
    let mut covers: BTreeMap<&str, BoardCover> = BTreeMap::new();
    let reaches = |staffed: &&Staffed| {
        staffed.channels.iter().any(|channel| leaves_the_house(*channel) && !world.failed.contains(channel))
    };
    for function in &world.functions {
        let cover = covers.entry(function.board.as_str()).or_default();
        let when = |staffed: &Staffed| staffed.during;
        let all = Intervals::of(function.staffed.iter().map(when));
        let way = |staffed: &&Staffed| staffed.channels.iter().any(|channel| leaves_the_house(*channel));
        cover.has_function = true;
        cover.has_roster |= function.has_roster;
        cover.staffed = cover.staffed.union(&all);
        cover.with_a_way = cover.with_a_way.union(&Intervals::of(function.staffed.iter().filter(way).map(when)));
        cover.reachable = cover.reachable.union(&Intervals::of(function.staffed.iter().filter(reaches).map(when)));
    }
    covers
}

impl BoardCover {
    /// Cuts a hole into pieces by what it would take to close them.
    fn reasons(&self, hole: &Intervals) -> Vec<(Reason, Intervals)> {
        if !self.has_function || !self.has_roster {
            let reason = if self.has_function { Reason::NoRoster } else { Reason::NoFunction };
            return vec![(reason, hole.clone())];
        }
        let staffed = hole.intersect(&self.staffed);
        vec![
            (Reason::NotStaffed, hole.subtract(&self.staffed)),
            (Reason::NoContactWay, staffed.subtract(&self.with_a_way)),
            (Reason::ChannelFailed, staffed.intersect(&self.with_a_way)),
        ]
    }
}

fn hole_of(area: &Named, board: &Named, during: &Interval, reason: Reason) -> Hole {
    Hole {
        area: area.clone(),
        board: board.clone(),
        from: during.from,
        to: during.to,
        reason: reason.code().to_owned(),
    }
}

/// The holes of `after` that `before` did not have, whole or in part: what a change opens.
pub fn opened(before: &[Hole], after: &[Hole]) -> Vec<Hole> {
    let mut opened = Vec::new();
    let mut areas: BTreeMap<&str, Intervals> = BTreeMap::new();
    for hole in before {
        let known = areas.entry(&hole.area.id).or_default();
        *known = known.union(&Intervals::one(hole.from, hole.to));
    }
    let none = Intervals::default();
    for hole in after {
        let known = areas.get(hole.area.id.as_str()).unwrap_or(&none);
        let new = Intervals::one(hole.from, hole.to).subtract(known);
        opened.extend(new.iter().map(|piece| Hole { from: piece.from, to: piece.to, ..hole.clone() }));
    }
    opened
}

/// The name by which a hole is accepted: `jarva/2026-12-24T15:00:00Z/2026-12-25T07:00:00Z`.
pub fn name_of(hole: &Hole) -> String {
    format!("{}/{}/{}", hole.area.id, hole.from, hole.to)
}

/// How much of the whole is covered, in microseconds of area-time: (covered, all).
pub fn covered_micros(world: &World, holes: &[Hole]) -> (i128, i128) {
    let micros = |from: Timestamp, to: Timestamp| to.duration_since(from).as_micros();
    let undivided = undivided(world);
    let owed = world.areas.iter().map(|area| owed(world, &undivided, &area.id));
    let all: i128 = owed.map(|owed| owed.iter().map(|one| micros(one.from, one.to)).sum::<i128>()).sum();
    let open: i128 = holes.iter().map(|hole| micros(hole.from, hole.to)).sum();
    (all - open, all)
}

#[cfg(test)]
mod tests;
