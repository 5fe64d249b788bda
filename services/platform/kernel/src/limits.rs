//! Bounds that hold in more than one service. Each says why it is what it is.

/// Ids are slugs of at most this; the longest board id today has 23 bytes.
pub const SLUG_BYTES_MAX: usize = 64;
/// One event with its envelope; NATS carries 1 MiB a message, headers and batch overhead included.
pub const EVENT_BYTES_MAX: usize = 512 * 1024;
/// Events in one frame: NATS's limit for an atomic batch.
pub const FRAME_EVENTS_MAX: usize = 1_000;
/// One message on the bus that is not an event: requests, replies and chunks of large requests.
pub const BUS_CHUNK_BYTES_MAX: usize = 512 * 1024;
/// The files of one import together.
pub const IMPORT_BYTES_MAX: usize = 128 * 1024 * 1024;
/// A request that comes in chunks: the largest import as it travels, in Base64 and with its envelope.
pub const UPLOAD_BYTES_MAX: usize = IMPORT_BYTES_MAX / 3 * 4 + 1024 * 1024;
/// A JSON body.
pub const JSON_BODY_BYTES_MAX: usize = 1024 * 1024;
/// How deep JSON may nest before a reader refuses it.
pub const JSON_DEPTH_MAX: usize = 64;
/// How far ahead of the clock an `occurredAt` may lie when the incident is not `expected`: clocks differ by minutes.
pub const OCCURRED_AHEAD_MAX_S: i64 = 5 * 60;
