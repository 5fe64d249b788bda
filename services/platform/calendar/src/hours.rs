//! The words of a working day: a time on the wall, a span, a weekday's hours, a dated exception.

use jiff::{
    ToSpan,
    civil::{self, Date, DateTime},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A time on the wall in whole minutes, `00:00` to `24:00`; `24:00` is the midnight at which the day ends, so that hours
/// round the clock can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime {
    minutes: u16,
}

impl ClockTime {
    /// `None` when there is no such time.
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour > 24 || minute > 59 || hour == 24 && minute > 0 {
            return None;
        }
        Some(Self { minutes: hour * 60 + minute })
    }

    /// Takes exactly `HH:MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(hour) && digits(minute)) {
            return None;
        }
        Self::new(hour.parse().ok()?, minute.parse().ok()?)
    }

    /// This time on that date's wall; `24:00` is the next date's midnight.
    pub fn on(self, date: Date) -> DateTime {
        date.at(0, 0, 0, 0).saturating_add(i32::from(self.minutes).minutes())
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl TryFrom<String> for ClockTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a time from 00:00 to 24:00"))
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

/// From one wall clock time until, not including, a later one of the same day. What passes midnight is two spans, one a
/// day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub from: ClockTime,
    pub to: ClockTime,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// A day of the week, stored as its English name in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    pub fn of(date: Date) -> Self {
        match date.weekday() {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        }
    }

    /// The Swedish name as it begins a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monday => "Måndag",
            Self::Tuesday => "Tisdag",
            Self::Wednesday => "Onsdag",
            Self::Thursday => "Torsdag",
            Self::Friday => "Fredag",
            Self::Saturday => "Lördag",
            Self::Sunday => "Söndag",
        }
    }
}

/// One span of an ordinary week; a weekday may have several, a weekday without any is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WeeklyHours {
    pub weekday: Weekday,
    pub from: ClockTime,
    pub to: ClockTime,
}

impl WeeklyHours {
    pub const fn span(&self) -> Span {
        Span { from: self.from, to: self.to }
    }
}

/// One date on which the hours are these instead of the ordinary ones, holiday or not: a half day, a klämdag, a day the
/// office stays open. Half days are never law (local agreements decide), so they are always data with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exception {
    pub date: Date,
    /// Empty: closed all day.
    #[serde(default)]
    pub hours: Vec<Span>,
    /// Swedish, shown in `why`: "kortare dag före Kristi himmelsfärdsdag".
    pub reason: String,
}

/// Which law names the days on which the ordinary week does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HolidayRule {
    /// Lag (1989:253) om allmänna helgdagar.
    #[serde(rename = "SE-1989:253")]
    Se1989_253,
    /// Holidays are days like others: a function that is staffed round the clock.
    #[serde(rename = "none")]
    None,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_clock_time_is_exactly_two_digits_colon_two_digits() {
        for good in ["00:00", "08:00", "16:30", "23:59", "24:00"] {
            assert_eq!(ClockTime::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "8:00", "08:0", "08.00", "08:60", "24:01", "25:00", "+8:00", "08:00:00", "０8:00"] {
            assert!(ClockTime::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn twenty_four_o_clock_is_the_next_days_midnight() {
        let midnight = ClockTime::parse("24:00").unwrap();
        assert_eq!(midnight.on(date(2026, 12, 31)), date(2027, 1, 1).at(0, 0, 0, 0));
    }
}
