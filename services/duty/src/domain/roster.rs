//! From a roster to who is on duty when: half-open UTC intervals that everything else asks.
//!
//! ```text
//! layers × shifts × dates ─► turns ─► taken swaps ─► minus leave ─► overrides instead ─► entries
//! ```
//! Wall clocks are read so that shifts which touch overlap in the repeated hour and never gap; a skipped time is the end of the
//! skipped hour.

use super::intervals::Interval;
use jiff::ToSpan;
use narhet_calendar::{Date, Weekday, holiday_on};
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::OnHolidays,
    events::readiness::{Layer, Override, Roster, Shift},
};

/// Somebody of a roster's crew is on duty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub from: Timestamp,
    pub to: Timestamp,
    /// The place of the layer; what an override puts in stands before all layers' own order, at 0.
    pub layer: usize,
    pub member: String,
}

/// A swap that was taken: only these move anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSwap {
    pub during: Interval,
    pub giver: String,
    pub taker: String,
}

/// Who is on duty within `[from, to)`, in order of time and layer.
pub fn entries(roster: &Roster, swaps: &[TakenSwap], from: Timestamp, to: Timestamp) -> Vec<Entry> {
    let within = Interval { from: from.max(roster.valid_from), to: to.min(roster.valid_to.unwrap_or(Timestamp::MAX)) };
    let mut entries: Vec<Entry> = Vec::new();
    for (index, layer) in roster.layers.iter().enumerate() {
        turns(roster, index, layer, within, &mut entries);
    }
    for swap in swaps {
        entries = swapped(entries, swap);
    }
    for leave in &roster.leave {
        let away = Interval { from: leave.from, to: leave.to };
        entries = entries
            .into_iter()
            .flat_map(|entry| if entry.member == leave.member { without(entry, away) } else { vec![entry] })
            .collect();
    }
    for instead in &roster.overrides {
        overridden(&mut entries, instead, within);
    }
    joined(entries)
}

/// Who is on duty at an instant, in the order in which they are called.
pub fn on_duty(roster: &Roster, swaps: &[TakenSwap], at: Timestamp) -> Vec<String> {
    let next = at.checked_add(1.microsecond()).unwrap_or(Timestamp::MAX);
    let mut now = entries(roster, swaps, at, next);
    now.sort_by_key(|entry| entry.layer);
    let mut members: Vec<String> = Vec::new();
    for entry in now {
        if !members.contains(&entry.member) {
            members.push(entry.member);
        }
    }
    members
}

/// The first instant after `after` at which somebody begins or ends, at most `days` ahead.
pub fn next_border(roster: &Roster, swaps: &[TakenSwap], after: Timestamp, days: i64) -> Option<Timestamp> {
    let horizon = after.checked_add((24 * days).hours()).unwrap_or(Timestamp::MAX);
    entries(roster, swaps, after, horizon)
        .into_iter()
        .flat_map(|entry| [entry.from, entry.to])
        .filter(|border| *border > after && *border < horizon)
        .min()
}

/// An instant some hours later, or earlier.
pub fn after_hours(instant: Timestamp, hours: i64) -> Timestamp {
    instant.checked_add(jiff::SignedDuration::from_hours(hours)).unwrap_or(if hours < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

fn turns(roster: &Roster, index: usize, layer: &Layer, within: Interval, entries: &mut Vec<Entry>) {
    if layer.crew.is_empty() || within.from >= within.to {
        return;
    }
    // A shift lasts into the next date at most, and clocks move by less than a day.
    let first = roster.zone.wall(within.from).date().saturating_sub(2.days()).max(layer.starts);
    let last = roster.zone.wall(within.to).date().saturating_add(1.day());
    let mut date = first;
    while date <= last {
        for shift in layer.shifts.iter().filter(|shift| falls_on(shift, date)) {
            let shift = Interval {
                from: roster.zone.start(shift.from.on(date)),
                to: roster.zone.end(shift.to.on(if shift.to <= shift.from {
                    date.saturating_add(1.day())
                } else {
                    date
                })),
            };
            if let Some(shift) = shift.cut(&within) {
                let member = layer.crew[turn_of(layer, date)].id.clone();
                entries.push(Entry { from: shift.from, to: shift.to, layer: index, member });
            }
        }
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => return,
        }
    }
}

/// Turns are counted in days from the first, so neither week 53 nor a new year moves them.
fn turn_of(layer: &Layer, date: Date) -> usize {
    let days = (date - layer.starts).get_days().max(0);
    let turns = days / i32::from(layer.turn_days.max(1));
    usize::try_from(turns).unwrap_or_default() % layer.crew.len()
}

fn falls_on(shift: &Shift, date: Date) -> bool {
    let holiday = || holiday_on(date).is_some();
    shift.weekdays.contains(&Weekday::of(date))
        && match shift.on_holidays {
            OnHolidays::Alike => true,
            OnHolidays::Skip => !holiday(),
            OnHolidays::Only => holiday(),
        }
}

fn swapped(entries: Vec<Entry>, swap: &TakenSwap) -> Vec<Entry> {
    let mut after = Vec::with_capacity(entries.len());
    for entry in entries {
        let moved = (entry.member == swap.giver).then(|| span(&entry).cut(&swap.during)).flatten();
        let Some(moved) = moved else {
            after.push(entry);
            continue;
        };
        after.push(Entry { from: moved.from, to: moved.to, layer: entry.layer, member: swap.taker.clone() });
        after.extend(without(entry, moved));
    }
    after
}

fn overridden(entries: &mut Vec<Entry>, instead: &Override, within: Interval) {
    let during = Interval { from: instead.from, to: instead.to };
    let Some(during) = during.cut(&within) else { return };
    *entries = std::mem::take(entries).into_iter().flat_map(|entry| without(entry, during)).collect();
    if let Some(member) = &instead.member {
        entries.push(Entry { from: during.from, to: during.to, layer: 0, member: member.clone() });
    }
}

fn span(entry: &Entry) -> Interval {
    Interval { from: entry.from, to: entry.to }
}

/// What is left of an entry when an interval is taken out of it.
fn without(entry: Entry, gone: Interval) -> Vec<Entry> {
    if span(&entry).cut(&gone).is_none() {
        return vec![entry];
    }
    let before = Entry { to: gone.from.min(entry.to), ..entry.clone() };
    let after = Entry { from: gone.to.max(entry.from), ..entry };
    [before, after].into_iter().filter(|rest| rest.from < rest.to).collect()
}

/// In order; what touches and has the same member in the same layer is one.
fn joined(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| (a.layer, &a.member, a.from).cmp(&(b.layer, &b.member, b.from)));
    let mut joined: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match joined.last_mut() {
            Some(last) if last.layer == entry.layer && last.member == entry.member && entry.from <= last.to => {
                last.to = last.to.max(entry.to);
            }
            _ => joined.push(entry),
        }
    }
    joined.sort();
    joined
}

#[cfg(test)]
mod tests;
