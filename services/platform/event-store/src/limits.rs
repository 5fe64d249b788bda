//! Every bound of the store, each with its reason.

pub use narhet_kernel::limits::{EVENT_BYTES_MAX, FRAME_EVENTS_MAX};

/// One commit, records and all: a thousand ordinary events of 16 KiB; more than any decision writes at once.
pub const COMMIT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A frame stops taking in further commits here: beyond it the disk, not the flush, decides the pace.
pub const GROUP_BYTES_TARGET: usize = 2 * 1024 * 1024;
/// A frame's body as a reader believes it; larger lengths are damage, not a reason to allocate.
pub const FRAME_BYTES_MAX: usize = GROUP_BYTES_TARGET + COMMIT_BYTES_MAX + 1024 * 1024;
/// Appended but not yet durable; beyond it [`crate::AppendError::Busy`] tells the caller to wait.
pub const PENDING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A segment is closed once it has grown to this: small enough to scan on open in well under 100 ms.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// How far ahead the journal is allocated, so that a flush writes data and no file size.
pub const ALLOCATE_STEP_BYTES: u64 = 8 * 1024 * 1024;
/// Committed frames kept in memory for followers that are nearly up to date.
pub const RECENT_BYTES: usize = 16 * 1024 * 1024;
/// Event ids remembered by [`crate::Store::contains`]; a redelivery is seconds old, this is hours at the city's pace.
pub const DEDUPE_EVENTS: usize = 65_536;
/// How much journal is re-read on open to refill the window of ids, at most.
pub const DEDUPE_BYTES: u64 = 96 * 1024 * 1024;
/// Durable events that may wait for their index before they are folded into sled; while a fold runs, as many again.
/// Twelve bytes each; the larger, the fewer times a stream's postings are rewritten.
pub const FOLD_EVENTS: usize = 262_144;
/// The longest time that durable events wait to be folded into sled.
pub const FOLD_INTERVAL_MS: u64 = 5_000;
/// How long an idempotency outcome is remembered: a day, as clients are told.
pub const OUTCOME_HOURS: i64 = 24;
/// Outcomes forgotten in one fold, so that no batch grows without bound.
pub const OUTCOMES_PRUNED_MAX: usize = 20_000;
/// Text fields of an outcome or a process name, each.
pub const NAME_BYTES_MAX: usize = 1_024;
/// Memory that sled may use for its pages; its default would be 1 GiB.
pub const SLED_CACHE_BYTES: u64 = 24 * 1024 * 1024;
/// How often sled writes its own log out: what is lost by a kill is folded again from the journal.
pub const SLED_FLUSH_MS: u64 = 1_000;
/// One value of a snapshot in sled: sixteen of them share a leaf, and a leaf beyond 128 KiB goes to an unsynced blob.
pub const SNAPSHOT_CHUNK_BYTES: usize = 4 * 1024;
/// One read model; larger ones are rebuilt from the journal instead.
pub const SNAPSHOT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Postings in one value of the index: small enough to rewrite, large enough to be few. **Part of the stored format**:
/// it says which value holds a version, so another number needs another `FORMAT` in `index.rs`, and with it every index
/// is built anew from its journal.
pub const POSTINGS_PER_CHUNK: u64 = 32;
/// Distance between remembered frame offsets: a reader skips at most this much to find a position.
pub const SPARSE_BYTES: u64 = 64 * 1024;
/// Segment files kept open for reading.
pub const OPEN_SEGMENTS_MAX: usize = 64;
/// What one read takes from the file at a time.
pub const READ_CHUNK_BYTES: usize = 1024 * 1024;
