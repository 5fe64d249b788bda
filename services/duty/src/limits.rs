//! Bounds of what duty takes, each with its reason.

/// Characters of an id in a query: a UUID has 36, a slug at most 64.
pub const ID_CHARS_MAX: usize = 64;
/// How many changes of map and office hours are looked at when the next other answer is sought. Every change of office hours
/// is another answer inside the city, so only divisions that change nothing for the place are passed over; there is about
/// one division every five years.
pub const CHANGES_LOOKED_AT_MAX: usize = 64;
