//! Bounds of what actors takes and gives, each with its reason. Together they keep a card below `EVENT_BYTES_MAX` (512 KiB).

/// Characters in a name: one line in a list.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters in any other short text: an address, a function, a detail.
pub const TEXT_CHARS_MAX: usize = 500;
/// Characters in notes: a page.
pub const NOTES_CHARS_MAX: usize = 5_000;
/// Entries in any list of a card: the largest owner of sites in the city has fewer per district.
pub const ENTRIES_MAX: usize = 100;
/// Bytes of an operating area's own geometry: a district's boundary has fewer.
pub const GEOMETRY_BYTES_MAX: usize = 64 * 1024;
/// Metres of a radius: across the city.
pub const RADIUS_M_MAX: f64 = 50_000.0;
/// Corners of the polygon that stands for a circle: off by less than 0.3 % of the radius.
pub const CIRCLE_CORNERS: usize = 48;

/// Protected sites in one answer or export for others than `city-security` and `registrar`: a district's own, not the city's
/// map of them (issue 4).
pub const PROTECTED_LIST_MAX: usize = 50;

/// Actors on a page when nobody says how many.
pub const PAGE_DEFAULT: usize = 50;
pub const PAGE_MAX: usize = 500;
/// Bytes of a page, after which it ends early and `after` goes on: one message on the bus with room for the envelope.
pub const PAGE_BYTES_MAX: usize = 448 * 1024;
/// Rows of a file decided in one command: a frame holds 1,000 events, and a row has at most three.
pub const IMPORT_ROWS_MAX: usize = 250;
/// Degrees of longitude and latitude of a cell of the index of places: about a kilometre each way in Stockholm.
pub const CELL_DEG: (f64, f64) = (0.02, 0.01);
/// Matches that are sorted rather than walked to in name order.
pub const SORTED_MAX: u64 = 2_000;
/// Actors whose links are looked at before commands are served again: about 10 ms.
pub const RELINK_SLICE: usize = 2_000;
/// Actor ids in one event about links: 37 bytes each, well below 512 KiB.
pub const LINK_EVENT_ACTORS_MAX: usize = 5_000;
/// Cards whose protected tags are opened before commands are served again: about 5 ms.
pub const OPENING_SLICE: usize = 2_000;
/// Characters of a tag: a word or two.
pub const TAG_CHARS_MAX: usize = 60;
/// Reminders that fall due at once and are recorded in one go.
pub const REMINDERS_MAX: usize = 500;
/// Answers to reads that opened personal data, kept for whoever asks again.
pub const READINGS_MAX: usize = 1_000;
/// Nearest duplicates shown for one actor.
pub const DUPLICATES_MAX: usize = 20;
/// Metres within which two actors of similar names may be the same.
pub const DUPLICATE_DISTANCE_M: f64 = 300.0;
/// Actors that an answer about an incident ranks.
pub const RELEVANT_MAX: usize = 200;
