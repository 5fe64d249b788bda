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
/// Changes of two calendars that are passed over in search of one that counts: while a board's own is open all day, those of
/// the central one do not, twice a working day for two years.
pub const CALENDAR_CHANGES_MAX: usize = 1_000;

/// Names of accepted holes in one change: more is a change that nobody has thought through, or `<area>/*`.
pub const COVER_ACCEPT_MAX: usize = 200;
/// Holes listed in a refusal: enough to see the pattern.
pub const COVER_SHOWN_MAX: usize = 50;
/// Days that a question about cover may span: two years, for a budget and the one after it.
pub const COVER_DAYS_MAX: i64 = 731;
/// Holes in one answer; a roster that leaves every night open for a year has 365 for each area.
pub const COVER_HOLES_MAX: usize = 1_000;
/// Contact ways of one function or member: nobody waits for a seventh.
pub const WAYS_MAX: usize = 6;
/// Characters of an address: the longest mail address there can be has 254, a URL is kept to one line.
pub const ADDRESS_CHARS_MAX: usize = 512;
/// Characters of a name, a source or a reason: one line.
pub const LINE_CHARS_MAX: usize = 200;
/// Capabilities of one function.
pub const CAPABILITIES_MAX: usize = 32;
/// Layers of a roster, members of a layer, shifts of a layer: a year of it must be computed in milliseconds.
pub const LAYERS_MAX: usize = 8;
pub const CREW_MAX: usize = 60;
pub const SHIFTS_MAX: usize = 24;
/// Leave, and overrides, of a roster: one a day for a year.
pub const ABSENCES_MAX: usize = 400;
/// Steps of a path and rounds through it: at 5 minutes a step the last resort is reached within hours, not days.
pub const STEPS_MAX: usize = 10;
pub const ROUNDS_MAX: u32 = 5;
/// Functions of one step: a call-in of a whole staff.
pub const STEP_FUNCTIONS_MAX: usize = 1_000;
/// Seconds that a step may take: from as long as a phone rings to a day.
pub const STEP_S_MIN: u32 = 10;
pub const STEP_S_MAX: u32 = 86_400;
/// Deliveries in one event: an event is at most 512 KiB, and a sealed address of 512 characters takes up to 1.5 KiB.
pub const DELIVERIES_PER_EVENT_MAX: usize = 250;
/// Characters of a message: one long text message.
pub const MESSAGE_CHARS_MAX: usize = 480;
/// Records of one kind in a house: boards times what a board has.
pub const RECORDS_MAX: usize = 5_000;
/// Hours for which a dead letter says that a way out is not well; it is listed after that too.
pub const DEAD_LETTER_FRESH_H: i64 = 7 * 24;
/// Alarms in one page.
pub const ALARMS_SHOWN_MAX: usize = 200;
