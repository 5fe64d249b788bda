//! Every bound of the HTTP edge beside its reason, and the checks that need no context.

use narhet_kernel::limits::{IMPORT_BYTES_MAX, JSON_DEPTH_MAX};
use narhet_proto::wire::{ErrorCode, Problem};
use std::time::Duration;

/// Connections at a time; each costs a task and some kilobytes, and one host may open a few.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Clients of the event stream at a time, unless the options say otherwise.
pub const SSE_CLIENTS_MAX: usize = 1_000;
/// Imports at a time: each holds up to 128 MiB of body in memory.
pub const IMPORTS_MAX: usize = 1;
/// Points in one batch (issue 3); with all their digits they fill half of a JSON body.
pub const BATCH_POINTS_MAX: usize = 10_000;
/// Areas this near a place are its neighbours, unless the question says otherwise: a smoke plume, a water main, a school run.
pub const NEIGHBOURS_M_DEFAULT: f64 = 500.0;
/// And at the most: half the city.
pub const NEIGHBOURS_M_MAX: f64 = 10_000.0;
/// Query string; the longest meaningful one (two cursors, two instants) is below 500 bytes.
pub const QUERY_BYTES_MAX: usize = 4 * 1024;
/// Names and values of all headers; a token with many roles takes about 4 KiB.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Headers in a request; browsers send about 20.
pub const HEADERS_MAX: usize = 64;
/// The connection is cut where a head is twice as large as what is answered with a problem.
pub const CONNECTION_BUFFER_BYTES: usize = 2 * HEADER_BYTES_MAX;
/// A bearer token; larger ones are not tokens.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// `Idempotency-Key`: a UUID, or whatever else the client counts with.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// How long a request's head may take to arrive.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take no byte before its connection is cut.
pub const WRITE_STALL_MAX: Duration = Duration::from_secs(20);
/// A read; the owner of a context answers in milliseconds, `minCursor` waits 2 s.
pub const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// A command; longer than a role takes to restart.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// An import; the whole city's polygons take seconds, a slow uplink the rest.
pub const IMPORT_TIMEOUT: Duration = Duration::from_secs(120);
/// A check or a copy of every log: 1 M events a second are read, and a house keeps decades.
pub const KEEPER_TIMEOUT: Duration = Duration::from_secs(600);
/// The multipart framing of an import comes on top of its two files.
pub const IMPORT_REQUEST_BYTES_MAX: usize = IMPORT_BYTES_MAX + 64 * 1024;
/// A file of actors: 10,000 rows take 3 MB.
pub const ACTORS_FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What a workbook of that size unpacks to at the most; more is a zip bomb.
pub const ACTORS_UNPACKED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Rows of a file of actors: five times what the largest district has.
pub const ACTORS_ROWS_MAX: usize = 50_000;
/// Columns of a file of actors.
pub const ACTORS_CELLS_MAX: usize = 100;
/// Bytes of the rows decided in one command: with the envelope they fit into one message on the bus.
pub const ACTORS_IMPORT_BYTES: usize = 256 * 1024;
/// Rows decided in one command, so that others' commands come in between.
pub const ACTORS_IMPORT_ROWS: usize = 100;
/// `minCursor` waits this long, then 503 (CONTRACT).
pub const MIN_CURSOR_WAIT: Duration = Duration::from_secs(2);
/// A role that does not say how it is within this is not ready.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);
/// Running requests get this long to finish at shutdown; streams of events end at once.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// What is read and thrown away of a body that is too large, so that the client gets the answer and not a reset.
pub const DRAIN_BYTES_MAX: usize = 64 * 1024 * 1024;
/// And how long that may take.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// Events kept in memory for clients that resume: hours of a busy city.
pub const RING_EVENTS_MAX: usize = 20_000;
/// And their bytes.
pub const RING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Events looked at per step of a reader, so that no step holds the ring or the processor for long.
pub const STEP_EVENTS_MAX: usize = 512;
/// Events looked at for one page; a narrow filter gets a short page and goes on from `next`.
pub const PAGE_SCAN_MAX: usize = 10_000;
/// Bytes of one page of events.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Events in one page.
pub const PAGE_LIMIT_MAX: usize = 1_000;
/// Events in a page when the caller does not say.
pub const PAGE_LIMIT_DEFAULT: usize = 100;
/// Chunks of the event stream that wait for one client; everything else waits in the ring, which all share.
pub const SSE_CHUNKS_MAX: usize = 4;
/// Bytes after which a chunk is sent.
pub const SSE_CHUNK_BYTES: usize = 64 * 1024;
/// How long one chunk may wait for its client before the client is dropped; it resumes with `Last-Event-ID`.
pub const SSE_SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// A comment line, so that proxies and clients know that the stream lives (DESIGN, issue 2).
pub const SSE_COMMENT_EVERY: Duration = Duration::from_secs(15);
/// What clients are told to wait before they come back.
pub const SSE_RETRY_MS: u64 = 2_000;

/// How often the keys of an issuer may be fetched because a token names an unknown one.
pub const JWKS_REFETCH_MIN: Duration = Duration::from_secs(30);
/// Fetched keys are fetched again after this, so that a withdrawn key ends.
pub const JWKS_FRESH: Duration = Duration::from_secs(600);
/// A set of keys; real ones have a few kilobytes.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
pub const JWKS_FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Difference between the issuer's clock and ours (CONTRACT).
pub const TOKEN_SKEW_S: u64 = 60;

/// Refuses JSON that nests deeper than [`JSON_DEPTH_MAX`], before any parser sees it: one pass, no recursion.
pub fn check_depth(json: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_DEPTH_MAX {
            return Err(Problem::at("", format!("JSON nests deeper than {JSON_DEPTH_MAX} levels")));
        }
    }
    Ok(())
}

/// An `Idempotency-Key` is 1 to 128 visible ASCII characters.
pub fn check_idempotency_key(key: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(key)
        .ok()
        .filter(|text| {
            (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        })
        .ok_or_else(|| {
            Problem::parameter(
                "Idempotency-Key",
                format!("give 1 to {IDEMPOTENCY_KEY_BYTES_MAX} visible ASCII characters"),
            )
        })
}

/// The problem of an input that is larger than `limit_bytes`.
pub fn too_large(what: &str, limit_bytes: usize) -> Problem {
    Problem::new(ErrorCode::TooLarge, format!("{what} is larger than {limit_bytes} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings_only() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(check_depth(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
        assert!(check_depth(nested(JSON_DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(check_depth(format!(r#"{{"a":"{}\"[["}}"#, "[".repeat(500)).as_bytes()).is_ok());
        assert!(check_depth("[]".repeat(10_000).as_bytes()).is_ok());
    }

    #[test]
    fn idempotency_keys_are_short_and_visible() {
        assert!(check_idempotency_key(b"a").is_ok());
        assert!(check_idempotency_key(&[b'x'; 128]).is_ok());
        for bad in [&b""[..], b"a b", b"\xc3\xa5", &[b'x'; 129]] {
            assert_eq!(check_idempotency_key(bad).unwrap_err().code, ErrorCode::InvalidInput);
        }
    }
}
