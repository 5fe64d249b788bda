//! What was recorded about one calendar and when: the version in force at an instant, as known at a log position.

use crate::office_hours::OfficeHours;
use narhet_kernel::Timestamp;

/// The recorded versions of *one* calendar, in the order of the log: a fold that is kept per calendar id.
#[derive(Clone, Debug, Default)]
pub struct Calendars {
    recorded: Vec<(u64, OfficeHours)>,
}

impl Calendars {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next recorded version.
    ///
    /// # Panics
    /// When `position` is not above the last one: a consumer applies each position once and in order.
    pub fn record(&mut self, position: u64, hours: OfficeHours) {
        assert!(self.recorded.last().is_none_or(|(last, _)| *last < position), "calendar versions out of log order");
        self.recorded.push((position, hours));
    }

    /// The version in force at `at` as known at a position, and its number (1 is the first that was recorded): the latest
    /// `validFrom` at or before `at` among those recorded at or before the position; of two with the same `validFrom` the
    /// one recorded last, which is how a version is corrected. `None` before the first.
    pub fn in_force(&self, at: Timestamp, known_at_position: u64) -> Option<(&OfficeHours, u64)> {
        self.known(known_at_position)
            .filter(|(_, hours)| hours.valid_from <= at)
            .max_by_key(|(version, hours)| (hours.valid_from, *version))
            .map(|(version, hours)| (hours, version))
    }

    /// Whether the office is open by the version in force; `None` when none is.
    pub fn is_open(&self, at: Timestamp, known_at_position: u64) -> Option<bool> {
        self.in_force(at, known_at_position).map(|(hours, _)| hours.is_open(at))
    }

    /// The next instant strictly after `after` at which [`Self::is_open`] changes, across the borders between versions.
    /// `None` when it does not within `CHANGE_SEARCH_DAYS_MAX` days of `after` and of each later border.
    pub fn next_change(&self, after: Timestamp, known_at_position: u64) -> Option<Timestamp> {
        let before = self.is_open(after, known_at_position);
        let mut cursor = after;
        loop {
            let border = self.next_border(cursor, known_at_position);
            let change = self.in_force(cursor, known_at_position).and_then(|(hours, _)| hours.next_change(cursor));
            if let Some(change) = change.filter(|change| border.is_none_or(|border| *change < border)) {
                return Some(change);
            }
            cursor = border?;
            if self.is_open(cursor, known_at_position) != before {
                return Some(cursor);
            }
        }
    }

    /// The next instant after `after` at which some version begins to hold.
    fn next_border(&self, after: Timestamp, known_at_position: u64) -> Option<Timestamp> {
        self.known(known_at_position).map(|(_, hours)| hours.valid_from).filter(|border| *border > after).min()
    }

    fn known(&self, at_position: u64) -> impl Iterator<Item = (u64, &OfficeHours)> {
        (1..)
            .zip(&self.recorded)
            .take_while(move |(_, (position, _))| *position <= at_position)
            .map(|(version, (_, hours))| (version, hours))
    }
}

#[cfg(test)]
mod tests;
