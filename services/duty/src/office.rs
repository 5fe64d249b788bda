//! Calendars of kontorstid as folded from duty's own log: the central one decides the rule, and no board's moves it; a board's
//! own steers when it is asked and reached. A board without one is asked by the central calendar (ASSUMPTION).

use crate::{
    domain::{
        handover::Hours,
        why::{CalendarVersion, OfficeAnswer},
    },
    limits::CALENDAR_CHANGES_MAX,
};
use jiff::SignedDuration;
use narhet_calendar::{Calendars, OfficeHours};
use narhet_kernel::{Timestamp, Uuid};
use std::collections::BTreeMap;

/// The stream `calendar/<id>` of the calendar that decides the rule.
pub const CENTRAL: &str = "kontorstid";

/// As known at the head of the log.
pub const NOW: u64 = u64::MAX;

/// The recorded versions of one calendar.
#[derive(Clone, Debug, Default)]
pub struct Office {
    /// From one recording to a removal, if there has been one: the next begins with nothing.
    eras: Vec<Era>,
    /// The event of each version, version 1 first.
    recorded: Vec<Recorded>,
}

#[derive(Clone, Debug, Default)]
struct Era {
    calendars: Calendars,
    /// How many versions there were before it, and where in the log it begins and ends; the end with its recorded time.
    before: u64,
    begins: u64,
    ends: Option<(u64, Timestamp)>,
}

/// When and as what a version entered the log.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub event: Uuid,
    pub position: u64,
    pub time: Timestamp,
    pub hours: OfficeHours,
}

/// Every calendar, by the id of its stream.
#[derive(Clone, Debug, Default)]
pub struct Offices {
    by_id: BTreeMap<String, Office>,
    /// What stands in for a calendar nobody has recorded.
    none: Office,
}

impl Offices {
    /// Takes the next recorded version of a calendar.
    pub fn record(&mut self, recorded: Recorded) {
        self.by_id.entry(recorded.hours.id.clone()).or_default().record(recorded);
    }

    /// A calendar was taken away at this position of the log.
    pub fn remove(&mut self, id: &str, position: u64, time: Timestamp) {
        if let Some(office) = self.by_id.get_mut(id) {
            office.remove(position, time);
        }
    }

    /// Whether a board has a calendar of its own now.
    pub fn keeps(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|office| office.is_kept(NOW))
    }

    pub fn central(&self) -> &Office {
        self.by_id.get(CENTRAL).unwrap_or(&self.none)
    }

    /// The calendar with this id, when one is recorded.
    pub fn get(&self, id: &str) -> Option<&Office> {
        self.by_id.get(id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Office> {
        self.by_id.values()
    }

    /// What steers when a board is asked, as known at an instant or now.
    pub fn of_board(&self, board: &str, known_at: Option<Timestamp>) -> BoardOffice<'_> {
        let known = |office: &Office| known_at.map_or(NOW, |at| office.known_at(at));
        let own = self.by_id.get(board).map(|office| (office, known(office)));
        BoardOffice { own, central: (self.central(), known(self.central())) }
    }
}

/// The hours of a board: by its own calendar where that is in force, else by the central one. Each comes with the position
/// up to which it is known.
#[derive(Clone, Copy, Debug)]
pub struct BoardOffice<'a> {
    own: Option<(&'a Office, u64)>,
    central: (&'a Office, u64),
}

impl BoardOffice<'_> {
    fn in_force(&self, at: Timestamp) -> (&Office, u64) {
        self.own.filter(|(office, known)| office.in_force(at, *known).is_some()).unwrap_or(self.central)
    }

    /// Whether the board's own calendar decides at an instant.
    pub fn is_own(&self, at: Timestamp) -> bool {
        self.own.is_some_and(|(office, known)| office.in_force(at, known).is_some())
    }

    pub fn at(&self, at: Timestamp) -> OfficeAnswer {
        let (office, known) = self.in_force(at);
        office.at_as_known(at, known)
    }

    /// The instant by which the office has been open for so many minutes; `None` when it opens no more.
    pub fn after_open_minutes(&self, from: Timestamp, minutes: i64) -> Option<Timestamp> {
        let mut cursor = if self.is_open(from) { from } else { self.next_opening(from)? };
        let mut left = SignedDuration::from_mins(minutes);
        for _ in 0..CALENDAR_CHANGES_MAX {
            let Some(closes) = self.next_change(cursor) else { return cursor.checked_add(left).ok() };
            let open = closes.duration_since(cursor);
            if left <= open {
                return cursor.checked_add(left).ok();
            }
            left -= open;
            cursor = self.next_opening(closes)?;
        }
        None
    }

    /// When the next day closes that the office opens on.
    pub fn end_of_next_day(&self, after: Timestamp) -> Option<Timestamp> {
        self.next_change(self.next_opening(after)?)
    }

    /// The next instant at which the office opens or closes.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        // The first instant of a calendar counts as a change of it.
        let of = |(office, known): (&Office, u64), after| office.next_change(after, known);
        let before = self.is_open(after);
        let (mut own, mut central) = (self.own.and_then(|own| of(own, after)), of(self.central, after));
        let mut cursor = after;
        for _ in 0..CALENDAR_CHANGES_MAX {
            if own.is_none() && self.is_own(cursor) {
                // It decides and does not change: what the central one does is of no matter.
                return None;
            }
            cursor = own.into_iter().chain(central).min()?;
            if self.is_open(cursor) != before {
                return Some(cursor);
            }
            // To find no change takes a walk over a year, so only the one that was passed is asked again.
            if own == Some(cursor) {
                own = self.own.and_then(|own| of(own, cursor));
            }
            if central == Some(cursor) {
                central = of(self.central, cursor);
            }
        }
        None
    }
}

impl Hours for BoardOffice<'_> {
    fn is_open(&self, at: Timestamp) -> bool {
        self.at(at).open
    }

    fn next_opening(&self, after: Timestamp) -> Option<Timestamp> {
        let change = self.next_change(after)?;
        if self.is_open(change) { Some(change) } else { self.next_change(change) }
    }
}

impl Office {
    fn record(&mut self, recorded: Recorded) {
        if self.eras.last().is_none_or(|era| era.ends.is_some()) {
            let era = Era { before: self.version(), begins: recorded.position, ..Era::default() };
            self.eras.push(era);
        }
        if let Some(era) = self.eras.last_mut() {
            era.calendars.record(recorded.position, recorded.hours.clone());
        }
        self.recorded.push(recorded);
    }

    fn remove(&mut self, position: u64, time: Timestamp) {
        if let Some(era) = self.eras.last_mut() {
            era.ends.get_or_insert((position, time));
        }
    }

    /// What was kept as known at a position of the log.
    fn era(&self, known: u64) -> Option<&Era> {
        self.eras.iter().find(|era| era.begins <= known && era.ends.is_none_or(|(ends, _)| known < ends))
    }

    /// Whether it was recorded and not taken away, as known at a position of the log.
    pub fn is_kept(&self, known: u64) -> bool {
        self.era(known).is_some()
    }

    /// The calendar as it would be with one more version.
    pub fn considering(&self, hours: OfficeHours, now: Timestamp) -> Office {
        let mut office = self.clone();
        let position = self.recorded.last().map_or(0, |last| last.position) + 1;
        office.record(Recorded { event: Uuid::nil(), position, time: now, hours });
        office
    }

    pub fn is_recorded(&self) -> bool {
        !self.recorded.is_empty()
    }

    /// The number of the last recorded version.
    pub fn version(&self) -> u64 {
        self.recorded.len() as u64
    }

    /// The recorded versions, version 1 first.
    pub fn versions(&self) -> &[Recorded] {
        &self.recorded
    }

    /// The version that an event recorded, with its number.
    pub fn of_event(&self, event: Uuid) -> Option<(u64, &Recorded)> {
        (1..).zip(&self.recorded).find(|(_, recorded)| recorded.event == event)
    }

    /// The log position up to which something was recorded or taken away at an instant.
    pub fn known_at(&self, instant: Timestamp) -> u64 {
        let recorded = self.recorded.iter().map(|recorded| (recorded.position, recorded.time));
        let until = recorded.chain(self.eras.iter().filter_map(|era| era.ends)).filter(|(_, time)| *time <= instant);
        until.map(|(position, _)| position).max().unwrap_or(0)
    }

    pub fn at(&self, at: Timestamp) -> OfficeAnswer {
        self.at_as_known(at, NOW)
    }

    /// Whether it was open at an instant, as known at a position of the log.
    pub fn at_as_known(&self, at: Timestamp, known: u64) -> OfficeAnswer {
        let Some((hours, number)) = self.in_force(at, known) else {
            return OfficeAnswer { at, open: false, closed_because: None, calendar: None };
        };
        let recorded = usize::try_from(number).ok().and_then(|number| self.recorded.get(number.checked_sub(1)?));
        let calendar = CalendarVersion {
            number,
            event_id: recorded.map(|recorded| recorded.event.to_string()).unwrap_or_default(),
            source: hours.source.clone(),
            assumption: hours.assumption,
        };
        let closed_because = hours.why_closed(at).map(|because| because.to_string());
        OfficeAnswer { at, open: closed_because.is_none(), closed_because, calendar: Some(calendar) }
    }

    /// The version in force at an instant, and its number.
    pub fn in_force(&self, at: Timestamp, known: u64) -> Option<(&OfficeHours, u64)> {
        let era = self.era(known)?;
        era.calendars.in_force(at, known).map(|(hours, number)| (hours, era.before + number))
    }

    /// The next instant at which the office opens or closes, as known at a position of the log.
    pub fn next_change(&self, after: Timestamp, known: u64) -> Option<Timestamp> {
        self.era(known)?.calendars.next_change(after, known)
    }
}
