//! Bounds of a calendar. Each says why it is what it is.

/// How many days ahead a change or an opening is looked for: a year, and a month for a calendar that only opens then.
pub const CHANGE_SEARCH_DAYS_MAX: i32 = 400;
/// The longest range `open_intervals` answers: ten years, so that an asked-for range never decides how much memory is used.
/// Who takes a range from outside refuses longer ones; the function itself stops there.
pub const OPEN_INTERVALS_DAYS_MAX: i32 = 3_660;
/// Spans in one day: morning, afternoon, evening, and one to spare.
pub const DAY_SPANS_MAX: usize = 4;
/// Dated exceptions in one version: some twenty years of them, and the event stays far below `EVENT_BYTES_MAX`.
pub const EXCEPTIONS_MAX: usize = 500;
/// A name, a reason or a source: a sentence or two.
pub const TEXT_BYTES_MAX: usize = 400;
