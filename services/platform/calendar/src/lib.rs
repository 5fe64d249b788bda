//! Swedish days, office hours and zone rules; pure: no clock, no disk, every instant is an argument.
//!
//! Words: *kontorstid* ([`OfficeHours`]) is dated data with a source, never a code constant; *allmän helgdag* is a day
//! of law 1989:253 ([`Holiday`]), Sundays included; a *de facto* holiday is an eve that semesterlagen 7 § equals with a
//! Sunday; a half day or klämdag is an [`Exception`], because no law names it.
//!
//! Invariants, each guarded by the test named:
//! 1. Open intervals are half-open: 08:00:00 is open, 16:30:00 is closed (`the_day_opens_at_eight_and_closes_at_half_past_four`).
//! 2. An ambiguous hour overlaps and never leaves a gap (`hours_that_touch_in_the_repeated_hour_overlap_and_never_gap`).
//! 3. `next_change` is what asking every minute of a year would find (`next_change_is_what_asking_every_minute_finds`).
//! 4. What was known at a position stays the answer for that position (`a_retroactive_change_leaves_the_answer_of_that_day`).
//!
//! Reading order: [`zone`] turns wall clocks into instants, [`holidays`] knows the law, [`hours`] has the words of a
//! working day, [`office_hours`] answers for one calendar, [`closed`] says why, [`versions`] chooses among what was
//! recorded when, [`limits`] bounds it all.

pub mod closed;
pub mod holidays;
pub mod hours;
pub mod limits;
pub mod office_hours;
pub mod versions;
pub mod zone;

pub use closed::ClosedBecause;
pub use holidays::{Holiday, easter_sunday, holiday_on, is_public_holiday, is_sunday, public_holidays};
pub use hours::{ClockTime, Exception, HolidayRule, Span, Weekday, WeeklyHours};
pub use jiff::civil::Date;
pub use narhet_kernel::Timestamp;
pub use office_hours::{CalendarError, OfficeHours};
pub use versions::Calendars;
pub use zone::{STOCKHOLM, Zone, local_midnight};
