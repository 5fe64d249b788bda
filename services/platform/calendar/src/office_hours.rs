//! One version of one calendar: when the office is open, when that changes next, and why it is closed.

use crate::{
    closed::ClosedBecause,
    holidays::{Holiday, holiday_on},
    hours::{ClockTime, Exception, HolidayRule, Span, Weekday, WeeklyHours},
    limits::{CHANGE_SEARCH_DAYS_MAX, DAY_SPANS_MAX, EXCEPTIONS_MAX, OPEN_INTERVALS_DAYS_MAX, TEXT_BYTES_MAX},
    zone::{Zone, local_midnight},
};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use narhet_kernel::{Timestamp, id::is_slug};
use serde::{Deserialize, Serialize};

/// Kontorstid as it is stored inside a calendar-recorded event.
///
/// A date is judged in this order: its exception if it has one, else closed on a named holiday, else the week's hours. A
/// Sunday is a holiday by law but is judged by the week, since a calendar that lists Sunday hours means them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfficeHours {
    /// A slug: `kontorstid`, or the board's id.
    pub id: String,
    pub name: String,
    pub zone: Zone,
    #[serde(default)]
    pub weekly: Vec<WeeklyHours>,
    pub public_holidays: HolidayRule,
    /// Whether midsommarafton, julafton and nyårsafton are closed too; asks nothing when `public_holidays` is none.
    #[serde(default)]
    pub de_facto_holidays: bool,
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    pub valid_from: Timestamp,
    /// The decision or document it rests on, in Swedish, shown in `why`.
    pub source: String,
    /// Shown beside every answer that rests on it.
    #[serde(default)]
    pub assumption: bool,
}

/// Why a calendar is refused. Facts for a problem document; the text is for developers and for `detail`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("calendar id {0:?} is not a slug")]
    IdIsNotASlug(String),
    #[error("{field} is empty")]
    TextIsEmpty { field: &'static str },
    #[error("{field} has {bytes} bytes, at most {TEXT_BYTES_MAX} are taken")]
    TextIsTooLong { field: &'static str, bytes: usize },
    #[error("{day}: {span} does not end after it starts; hours past midnight are written as one span a day")]
    SpanIsNotForward { day: String, span: Span },
    #[error("{day}: {earlier} and {later} overlap")]
    SpansOverlap { day: String, earlier: Span, later: Span },
    #[error("{day} has {count} spans, at most {DAY_SPANS_MAX} are taken")]
    TooManySpans { day: String, count: usize },
    #[error("{count} exceptions, at most {EXCEPTIONS_MAX} are taken")]
    TooManyExceptions { count: usize },
    #[error("{date} has more than one exception")]
    ExceptionTwice { date: Date },
    #[error("the calendar never opens")]
    NeverOpen,
}

impl OfficeHours {
    /// The central calendar that decides the rule of crisis support until the city says otherwise: ASSUMPTION
    /// 08:00-16:30 on working days. Valid from 1990, the first year the holidays have been checked for.
    pub fn central() -> Self {
        const OPENS: ClockTime = ClockTime::new(8, 0).expect("eight o'clock is a time");
        const CLOSES: ClockTime = ClockTime::new(16, 30).expect("half past four is a time");
        Self {
            id: "kontorstid".to_owned(),
            name: "Kontorstid, Stockholms stad".to_owned(),
            zone: Zone::stockholm(),
            weekly: Weekday::ALL[..5]
                .iter()
                .map(|weekday| WeeklyHours { weekday: *weekday, from: OPENS, to: CLOSES })
                .collect(),
            public_holidays: HolidayRule::Se1989_253,
            de_facto_holidays: true,
            exceptions: Vec::new(),
            valid_from: local_midnight(date(1990, 1, 1)),
            source: "ASSUMPTION 08:00-16:30 på arbetsdagar, helgdagar enligt lag (1989:253): säkerhetsprogrammet \
                     2020-2023, avsnittet Krisberedskap, skiljer på händelser inom och utanför kontorstid men anger inga \
                     klockslag"
                .to_owned(),
            assumption: true,
        }
    }

    /// Whether the calendar may be recorded; the first thing that is wrong.
    pub fn validate(&self) -> Result<(), CalendarError> {
        if !is_slug(&self.id) {
            return Err(CalendarError::IdIsNotASlug(self.id.clone()));
        }
        check_text("name", &self.name)?;
        check_text("source", &self.source)?;
        for weekday in Weekday::ALL {
            check_spans(&self.weekly_spans(weekday), || weekday.name().to_lowercase())?;
        }
        self.check_exceptions()?;
        if self.weekly.is_empty() && self.exceptions.iter().all(|exception| exception.hours.is_empty()) {
            return Err(CalendarError::NeverOpen);
        }
        Ok(())
    }

    /// Whether the office is open at an instant, by this version alone ([`crate::Calendars`] chooses the version).
    pub fn is_open(&self, at: Timestamp) -> bool {
        let today = self.date_at(at);
        // A clock that is set back over midnight lets a day's hours reach into its neighbour's.
        self.intervals(days_after(today, -1), days_after(today, 1)).any(|(start, end)| start <= at && at < end)
    }

    /// The next instant strictly after `after` at which [`Self::is_open`] changes. `None` when it does not within
    /// `CHANGE_SEARCH_DAYS_MAX` days.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        let (today, last) = self.search_range(after);
        let horizon = self.zone.start(days_after(last, 1).into());
        self.intervals(days_after(today, -1), last)
            .find(|(_, end)| *end > after)
            .map(|(start, end)| if start > after { start } else { end })
            // Hours that last to where the search stops have not been seen to end.
            .filter(|change| *change < horizon)
    }

    /// The next instant strictly after `after` at which the office goes from closed to open. `None` when it does not
    /// within `CHANGE_SEARCH_DAYS_MAX` days.
    pub fn next_opening(&self, after: Timestamp) -> Option<Timestamp> {
        let (today, last) = self.search_range(after);
        self.intervals(days_after(today, -1), last).map(|(start, _)| start).find(|start| *start > after)
    }

    /// The half-open intervals within `[from, to)` in which the office is open, in order and never touching. Looks at most
    /// `OPEN_INTERVALS_DAYS_MAX` days ahead of `from`.
    pub fn open_intervals(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let first = self.date_at(from);
        let last = days_after(self.date_at(to), 1).min(days_after(first, OPEN_INTERVALS_DAYS_MAX));
        self.intervals(days_after(first, -1), last)
            .map(|(start, end)| (start.max(from), end.min(to)))
            .filter(|(start, end)| start < end)
            .collect()
    }

    /// Why the office is closed at an instant; `None` when it is open.
    pub fn why_closed(&self, at: Timestamp) -> Option<ClosedBecause> {
        if self.is_open(at) {
            return None;
        }
        let date = self.date_at(at);
        let weekday = Weekday::of(date);
        let hours = self.hours_on(date);
        Some(match (self.exception_on(date), self.holiday_on(date)) {
            (Some(Exception { reason, .. }), _) if hours.is_empty() => {
                ClosedBecause::ClosedByException { date, reason: reason.clone() }
            }
            (Some(Exception { reason, .. }), _) => {
                ClosedBecause::OutsideExceptionHours { date, hours, reason: reason.clone() }
            }
            (None, Some(holiday)) => ClosedBecause::Holiday(holiday),
            (None, None) if hours.is_empty() => ClosedBecause::WeekdayWithoutHours(weekday),
            (None, None) => ClosedBecause::OutsideHours { hours },
        })
    }

    /// The spans of one date on the wall clock, in order; empty when closed all day.
    pub fn hours_on(&self, date: Date) -> Vec<Span> {
        let weekly = self.weekly_spans(Weekday::of(date));
        match self.exception_on(date) {
            Some(exception) => sorted(exception.hours.iter().copied()),
            // The week is asked first because it is the cheap question.
            None if weekly.is_empty() || self.holiday_on(date).is_some() => Vec::new(),
            None => weekly,
        }
    }

    fn date_at(&self, at: Timestamp) -> Date {
        self.zone.wall(at).date()
    }

    fn search_range(&self, after: Timestamp) -> (Date, Date) {
        let today = self.date_at(after);
        (today, days_after(today, CHANGE_SEARCH_DAYS_MAX))
    }

    /// Open intervals of the dates `first..=last`, in order, those that touch or overlap made one.
    fn intervals(&self, first: Date, last: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let mut spans = first
            .series(1.day())
            .take_while(move |date| *date <= last)
            .flat_map(|date| self.hours_on(date).into_iter().map(move |span| (date, span)))
            .map(|(date, span)| (self.zone.start(span.from.on(date)), self.zone.end(span.to.on(date))))
            // Hours that lie wholly in the hour that spring skips do not happen.
            .filter(|(start, end)| start < end)
            .peekable();
        std::iter::from_fn(move || {
            let (start, mut end) = spans.next()?;
            while let Some((_, later_end)) = spans.next_if(|(next_start, _)| *next_start <= end) {
                end = end.max(later_end);
            }
            Some((start, end))
        })
    }

    fn weekly_spans(&self, weekday: Weekday) -> Vec<Span> {
        sorted(self.weekly.iter().filter(|hours| hours.weekday == weekday).map(WeeklyHours::span))
    }

    fn exception_on(&self, date: Date) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.date == date)
    }

    /// The holiday that closes this calendar on a date.
    fn holiday_on(&self, date: Date) -> Option<Holiday> {
        match self.public_holidays {
            HolidayRule::None => None,
            HolidayRule::Se1989_253 => holiday_on(date).filter(|day| self.de_facto_holidays || !day.de_facto()),
        }
    }

    fn check_exceptions(&self) -> Result<(), CalendarError> {
        if self.exceptions.len() > EXCEPTIONS_MAX {
            return Err(CalendarError::TooManyExceptions { count: self.exceptions.len() });
        }
        let mut dates: Vec<Date> = self.exceptions.iter().map(|exception| exception.date).collect();
        dates.sort();
        if let Some(twice) = dates.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(CalendarError::ExceptionTwice { date: twice[0] });
        }
        for exception in &self.exceptions {
            check_text("reason", &exception.reason)?;
            check_spans(&sorted(exception.hours.iter().copied()), || exception.date.to_string())?;
        }
        Ok(())
    }
}

fn days_after(date: Date, days: i32) -> Date {
    date.saturating_add(days.days())
}

fn sorted(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut spans: Vec<Span> = spans.collect();
    spans.sort();
    spans
}

fn check_text(field: &'static str, text: &str) -> Result<(), CalendarError> {
    if text.trim().is_empty() {
        return Err(CalendarError::TextIsEmpty { field });
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(CalendarError::TextIsTooLong { field, bytes: text.len() });
    }
    Ok(())
}

/// Spans of one day, sorted. Those that touch are allowed: 08:00-12:00 and 12:00-16:30 is one working day.
fn check_spans(spans: &[Span], day: impl Fn() -> String) -> Result<(), CalendarError> {
    if spans.len() > DAY_SPANS_MAX {
        return Err(CalendarError::TooManySpans { day: day(), count: spans.len() });
    }
    if let Some(span) = spans.iter().find(|span| span.from >= span.to) {
        return Err(CalendarError::SpanIsNotForward { day: day(), span: *span });
    }
    match spans.windows(2).find(|pair| pair[1].from < pair[0].to) {
        Some(pair) => Err(CalendarError::SpansOverlap { day: day(), earlier: pair[0], later: pair[1] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
