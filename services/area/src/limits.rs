//! Bounds of this context, each with its reason.

use narhet_kernel::limits::{EVENT_BYTES_MAX, FRAME_EVENTS_MAX};

/// A hole or overlap up to this is accepted by itself, and listed for ever. The largest in the city's own map is 5,217 m²
/// (between Fagersjö and Högdalen); a forgotten stadsdel is at least twenty times this.
pub const HOLE_ACCEPTED_M2_MAX: f64 = 10_000.0;
/// A shortened name stands for a longer one when it is its only beginning and has at least this many letters: files cut
/// names at 20 characters or so, and shorter beginnings (`Norra `, `Södra `) are shared.
pub const NAME_PREFIX_LETTERS_MIN: usize = 12;
/// The longest area name today has 22 letters; more than this would be cut in its id, where two names could meet.
pub const AREA_NAME_LETTERS_MAX: usize = 60;
/// Features in one file: the city has 117 stadsdelar, and each is compared with its neighbours while others wait.
pub const FEATURES_MAX: usize = 5_000;
/// Division columns in one mapping: the city has changed its division five times in thirty years.
pub const DIVISIONS_MAX: usize = 20;
/// What the envelope adds to an event's `data`: ids, times, hashes and names, about 700 bytes; the rest is room.
pub const ENVELOPE_BYTES_MAX: usize = 4 * 1024;
/// What is left for `data`.
pub const DATA_BYTES_MAX: usize = EVENT_BYTES_MAX - ENVELOPE_BYTES_MAX;
/// Events of one import: it is one frame, and room is left for what the host adds to it.
pub const IMPORT_EVENTS_MAX: usize = FRAME_EVENTS_MAX - 10;
/// Refusals that are listed one by one; a wrong file would otherwise answer with as many lines as it has.
pub const REFUSALS_LISTED_MAX: usize = 100;
/// The name of the source in a division: a file name, not a text.
pub const SOURCE_LETTERS_MAX: usize = 200;
/// A decision may be dated this much after the house's clock: clocks of people and machines differ.
pub const CLOCK_SKEW_MAX: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);
/// Letters of a registry number (`KS 2023/456-12`) and of where a board is known from; neither is a text.
pub const REFERENCE_LETTERS_MAX: usize = 80;
/// Letters of a verksamhet that is taken over: its name, not a description.
pub const ACTIVITY_LETTERS_MAX: usize = 120;
/// Boards or areas in one takeover: the city has about fifty boards.
pub const TAKEOVER_PARTS_MAX: usize = 100;
