//! The days of lag (1989:253) om allmänna helgdagar, as amended by 2004:1320, and the three eves nobody works on.

use jiff::{
    ToSpan,
    civil::{Date, Weekday, date},
};
use std::fmt;

/// The first year in which 6 June is a public holiday and annandag pingst is not (SFS 2004:1320).
const NATIONAL_DAY_SINCE: i16 = 2005;

/// A named holiday: one of law 1989:253 1 §, or an eve that semesterlagen (1977:480) 7 § equals with a Sunday. Sundays
/// are public holidays by the same law without a name of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holiday {
    Nyarsdagen,
    TrettondedagJul,
    Langfredagen,
    Paskdagen,
    AnnandagPask,
    ForstaMaj,
    KristiHimmelsfardsdag,
    Pingstdagen,
    /// Until 2004.
    AnnandagPingst,
    /// From 2005.
    Nationaldagen,
    Midsommarafton,
    Midsommardagen,
    AllaHelgonsDag,
    Julafton,
    Juldagen,
    AnnandagJul,
    Nyarsafton,
}

impl Holiday {
    /// As it begins a sentence: "Annandag påsk".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nyarsdagen => "Nyårsdagen",
            Self::TrettondedagJul => "Trettondedag jul",
            Self::Langfredagen => "Långfredagen",
            Self::Paskdagen => "Påskdagen",
            Self::AnnandagPask => "Annandag påsk",
            Self::ForstaMaj => "Första maj",
            Self::KristiHimmelsfardsdag => "Kristi himmelsfärdsdag",
            Self::Pingstdagen => "Pingstdagen",
            Self::AnnandagPingst => "Annandag pingst",
            Self::Nationaldagen => "Nationaldagen",
            Self::Midsommarafton => "Midsommarafton",
            Self::Midsommardagen => "Midsommardagen",
            Self::AllaHelgonsDag => "Alla helgons dag",
            Self::Julafton => "Julafton",
            Self::Juldagen => "Juldagen",
            Self::AnnandagJul => "Annandag jul",
            Self::Nyarsafton => "Nyårsafton",
        }
    }

    /// Whether nobody works although law 1989:253 does not name the day: midsommarafton, julafton and nyårsafton, which
    /// semesterlagen (1977:480) 7 § equals with Sundays.
    pub const fn de_facto(self) -> bool {
        matches!(self, Self::Midsommarafton | Self::Julafton | Self::Nyarsafton)
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Every named holiday of a year in date order, the de-facto ones included ([`Holiday::de_facto`]).
///
/// A date can come twice: 2008-05-01 was both första maj and Kristi himmelsfärdsdag. Years before the law get its days all
/// the same, since an answer about them must not fail; a year outside -9999..=9999 has none.
pub fn public_holidays(year: i16) -> Vec<(Date, Holiday)> {
    let Some(easter) = easter_sunday(year) else { return Vec::new() };
    let after_easter = |days: i32| easter.saturating_add(days.days());
    let midsummer_day = saturday_from(date(year, 6, 20));
    let mut days = vec![
        (date(year, 1, 1), Holiday::Nyarsdagen),
        (date(year, 1, 6), Holiday::TrettondedagJul),
        (after_easter(-2), Holiday::Langfredagen),
        (easter, Holiday::Paskdagen),
        (after_easter(1), Holiday::AnnandagPask),
        (date(year, 5, 1), Holiday::ForstaMaj),
        (after_easter(39), Holiday::KristiHimmelsfardsdag),
        (after_easter(49), Holiday::Pingstdagen),
        if year >= NATIONAL_DAY_SINCE {
            (date(year, 6, 6), Holiday::Nationaldagen)
        } else {
            (after_easter(50), Holiday::AnnandagPingst)
        },
        (midsummer_day.saturating_sub(1.day()), Holiday::Midsommarafton),
        (midsummer_day, Holiday::Midsommardagen),
        (saturday_from(date(year, 10, 31)), Holiday::AllaHelgonsDag),
        (date(year, 12, 24), Holiday::Julafton),
        (date(year, 12, 25), Holiday::Juldagen),
        (date(year, 12, 26), Holiday::AnnandagJul),
        (date(year, 12, 31), Holiday::Nyarsafton),
    ];
    days.sort();
    days
}

/// The named holiday on a date; where two fall together, the one that [`Holiday`] lists first.
pub fn holiday_on(day: Date) -> Option<Holiday> {
    public_holidays(day.year()).into_iter().find_map(|(date, holiday)| (date == day).then_some(holiday))
}

pub fn is_sunday(day: Date) -> bool {
    day.weekday() == Weekday::Sunday
}

/// Whether the date is an allmän helgdag by law 1989:253: a Sunday or a named day, but not the three de-facto eves.
pub fn is_public_holiday(day: Date) -> bool {
    is_sunday(day) || holiday_on(day).is_some_and(|holiday| !holiday.de_facto())
}

/// Påskdagen by the Gregorian computus (Meeus, Jones and Butcher); `None` for a year outside -9999..=9999.
pub fn easter_sunday(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (golden, century, year_of_century) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let moon_correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - century.div_euclid(4) - moon_correction + 15).rem_euclid(30);
    let to_sunday =
        (32 + 2 * century.rem_euclid(4) + 2 * (year_of_century / 4) - epact - year_of_century % 4).rem_euclid(7);
    let late_moon = (golden + 11 * epact + 22 * to_sunday).div_euclid(451);
    let days = epact + to_sunday - 7 * late_moon + 114;
    Date::new(year, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}

/// The Saturday in the week that starts on `first`: the law places midsommardagen and alla helgons dag so.
fn saturday_from(first: Date) -> Date {
    first.saturating_add(i32::from(first.weekday().until(Weekday::Saturday)).days())
}

#[cfg(test)]
mod tests;
