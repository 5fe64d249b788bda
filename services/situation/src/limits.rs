//! Bounds of what situation takes and waits for, each with its reason. Together they keep an incident's one event below
//! `EVENT_BYTES_MAX` (512 KiB): sealing makes a text a third longer, and a character has up to four bytes.

/// Characters in a title: one line on a wall screen and in an alarm.
pub const TITLE_CHARS_MAX: usize = 200;
/// Characters in a description: some four pages; what is longer is a document and belongs in the case file.
pub const DESCRIPTION_CHARS_MAX: usize = 10_000;
/// Characters in a place described in words.
pub const PLACE_TEXT_CHARS_MAX: usize = 500;
/// Characters in the reason why a board was named by hand.
pub const REASON_CHARS_MAX: usize = 500;
/// Boards named by hand: more than the city has boards and companies.
pub const AFFECTED_BOARDS_MAX: usize = 60;
/// Bytes of the place as it is stored: some four thousand vertices at full precision, more than a district's
/// boundary has.
pub const PLACE_BYTES_MAX: usize = 160 * 1024;

/// Incidents on a page when nobody says how many: one screen.
pub const PAGE_DEFAULT: usize = 20;
/// Incidents on a page at most: with a place at its limit each, a reply still fits the bus in chunks.
pub const PAGE_MAX: usize = 100;
/// Bytes of a page, after which it ends early and `next` goes on: one chunk on the bus (512 KiB) with room for the envelope.
pub const PAGE_BYTES_MAX: usize = 448 * 1024;

/// Real seconds after which a support case that is still missing is an error of the house and makes situation not ready.
/// Between healthy roles it takes milliseconds; half a minute covers a restart of one of them.
pub const SUPPORT_MISSING_S: i64 = 30;
