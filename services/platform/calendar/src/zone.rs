//! From wall clocks to instants, by the zone database that is compiled in (so every machine answers alike).

use jiff::{
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The zone of everything in this city; law (1979:988) om svensk normaltid and förordning (2001:127) om sommartid.
pub const STOCKHOLM: &str = "Europe/Stockholm";

static STOCKHOLM_ZONE: LazyLock<Zone> =
    LazyLock::new(|| Zone::named(STOCKHOLM).expect("the compiled-in zone database has Europe/Stockholm"));

/// A zone of the compiled-in database; written as its IANA name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// The instant at which `date` begins in Stockholm: 2023-07-01 is 2023-06-30T22:00:00Z. A date at the very end of time
/// gives the last instant there is.
pub fn local_midnight(date: Date) -> Timestamp {
    Zone::stockholm().start(date.into())
}

impl Zone {
    pub fn stockholm() -> Self {
        STOCKHOLM_ZONE.clone()
    }

    /// `None` when the database has no zone of that name.
    pub fn named(name: &str) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        zone.iana_name().is_some().then_some(Self(zone))
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(STOCKHOLM)
    }

    /// What the clock on the wall shows.
    pub fn wall(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// Where something that starts at this wall clock time starts: the first of two, and the first instant after the gap
    /// for a time that is skipped (02:30 on the spring night is 03:00 summer time).
    pub fn start(&self, wall: DateTime) -> Timestamp {
        self.resolve(wall, Occurrence::First)
    }

    /// Where something that ends at this wall clock time ends: the last of two, so that hours which touch overlap instead
    /// of leaving a gap; a skipped time ends where it would start, so that nothing is left between them.
    pub fn end(&self, wall: DateTime) -> Timestamp {
        self.resolve(wall, Occurrence::Last)
    }

    fn resolve(&self, wall: DateTime, occurrence: Occurrence) -> Timestamp {
        let ambiguous = self.0.to_ambiguous_timestamp(wall);
        let resolved = match (ambiguous.offset(), occurrence) {
            // Read with the offset after the gap, a skipped time lies before the transition, which is the next one.
            (AmbiguousOffset::Gap { after, .. }, _) => after
                .to_timestamp(wall)
                .map(|before_gap| self.0.following(before_gap).next().map_or(before_gap, |gap| gap.timestamp())),
            (_, Occurrence::First) => ambiguous.earlier(),
            (_, Occurrence::Last) => ambiguous.later(),
        };
        // Only the first and last days of a twenty-thousand-year range have wall clock times without an instant.
        resolved.unwrap_or(if wall.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }
}

#[derive(Clone, Copy)]
enum Occurrence {
    First,
    Last,
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::named(&name).ok_or_else(|| format!("{name:?} is not a zone of the IANA database"))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, civil::date};

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_stockholm_midnight_in_summer_and_winter() {
        for (day, expected) in [
            (date(2023, 7, 1), "2023-06-30T22:00:00Z"),
            (date(2020, 7, 1), "2020-06-30T22:00:00Z"),
            (date(2007, 1, 1), "2006-12-31T23:00:00Z"),
            (date(2027, 3, 28), "2027-03-27T23:00:00Z"),
            (date(2027, 3, 29), "2027-03-28T22:00:00Z"),
        ] {
            assert_eq!(local_midnight(day), instant(expected), "{day}");
        }
        assert_eq!(local_midnight(Date::MAX), Timestamp::MAX);
        assert_eq!(local_midnight(Date::MIN), Timestamp::MIN);
    }

    #[test]
    fn the_spring_day_has_twenty_three_hours_and_the_autumn_day_twenty_five() {
        for (day, hours) in [
            (date(2026, 3, 29), 23),
            (date(2026, 10, 25), 25),
            (date(2027, 3, 28), 23),
            (date(2027, 10, 31), 25),
            (date(2028, 3, 26), 23),
            (date(2028, 10, 29), 25),
            (date(2029, 3, 25), 23),
            (date(2029, 10, 28), 25),
            (date(2027, 3, 27), 24),
        ] {
            let length = local_midnight(day.tomorrow().unwrap()).duration_since(local_midnight(day));
            assert_eq!(length, SignedDuration::from_hours(hours), "{day}");
        }
    }

    #[test]
    fn half_past_two_happens_twice_in_october_and_never_in_march() {
        let zone = Zone::stockholm();
        let twice = date(2026, 10, 25).at(2, 30, 0, 0);
        assert_eq!(zone.start(twice), instant("2026-10-25T00:30:00Z"));
        assert_eq!(zone.end(twice), instant("2026-10-25T01:30:00Z"));
        for minute in [0, 30, 59] {
            let never = date(2026, 3, 29).at(2, minute, 0, 0);
            assert_eq!(zone.start(never), instant("2026-03-29T01:00:00Z"));
            assert_eq!(zone.end(never), instant("2026-03-29T01:00:00Z"));
        }
        let after = date(2026, 3, 29).at(3, 0, 0, 0);
        assert_eq!(zone.start(after), instant("2026-03-29T01:00:00Z"));
    }

    #[test]
    fn an_unknown_zone_is_refused_and_a_known_one_keeps_its_name() {
        assert!(Zone::named("Europe/Stokholm").is_none());
        assert!(serde_json::from_str::<Zone>("\"Mars/Olympus\"").is_err());
        assert_eq!(serde_json::to_string(&Zone::stockholm()).unwrap(), "\"Europe/Stockholm\"");
    }
}
