//! Bounds of what duty takes, each with its reason.

/// Characters of an id in a query: a UUID has 36, a slug at most 64.
pub const ID_CHARS_MAX: usize = 64;
/// How many changes of map and office hours are looked at when the next other answer is sought. Every change of office hours
/// is another answer inside the city, so only divisions that change nothing for the place are passed over; there is about
/// one division every five years.
pub const CHANGES_LOOKED_AT_MAX: usize = 64;
/// Characters of a reason: some sentences for whoever goes on from there.
pub const REASON_CHARS_MAX: usize = 2_000;
/// Cases in a page where nobody says how many: a screen or two.
pub const PAGE_DEFAULT: usize = 50;
/// Cases in a page at the most: each has a few KiB of reasons, and a bus message holds 1 MiB.
pub const PAGE_MAX: usize = 200;
/// Bytes of a corrected place, written out: as many as situation takes of a reported one.
pub const PLACE_BYTES_MAX: usize = 160 * 1024;
/// The longest range of days a calendar is shown for: a year and what is left of the month.
pub const CALENDAR_DAYS_MAX: i64 = 400;
