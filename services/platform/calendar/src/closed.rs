//! Why an office is closed, as facts and as the Swedish words of a `why`.

use crate::{
    holidays::Holiday,
    hours::{Span, Weekday},
};
use jiff::civil::Date;
use std::fmt;

/// The reason an office is closed at an instant. Its `Display` is the Swedish text of a `why`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClosedBecause {
    /// A working day, before, between or after its hours.
    OutsideHours { hours: Vec<Span> },
    /// The week has no hours that day: Saturday and Sunday in the central calendar.
    WeekdayWithoutHours(Weekday),
    /// A day of law 1989:253, or an eve that is kept free like one.
    Holiday(Holiday),
    /// The date is an exception without hours.
    ClosedByException { date: Date, reason: String },
    /// The date is an exception with other hours, such as a half day, and it is not within them.
    OutsideExceptionHours { date: Date, hours: Vec<Span>, reason: String },
}

impl fmt::Display for ClosedBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideHours { hours } => write!(f, "utanför kontorstid {}", Hours(hours)),
            Self::WeekdayWithoutHours(weekday) => write!(f, "{} är inte arbetsdag", weekday.name()),
            Self::Holiday(holiday) if holiday.de_facto() => write!(f, "{holiday} är inte arbetsdag"),
            Self::Holiday(holiday) => write!(f, "{holiday} är allmän helgdag"),
            Self::ClosedByException { date, reason } => write!(f, "stängt {date}: {reason}"),
            Self::OutsideExceptionHours { date, hours, reason } => {
                write!(f, "utanför kontorstid {} som gäller {date}: {reason}", Hours(hours))
            }
        }
    }
}

/// Spans as they are read out: "08:00-12:00 och 13:00-16:30".
struct Hours<'a>(&'a [Span]);

impl fmt::Display for Hours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, span) in self.0.iter().enumerate() {
            let separator = match index {
                0 => "",
                last if last + 1 == self.0.len() => " och ",
                _ => ", ",
            };
            write!(f, "{separator}{span}")?;
        }
        Ok(())
    }
}
