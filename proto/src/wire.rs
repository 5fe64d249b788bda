//! Requests, replies and problems as they cross the bus and, for problems, the HTTP edge.

use narhet_kernel::{Principal, Timestamp, Uuid, Vector};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A command or query to the one owner of a context.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub principal: Principal,
    /// Real time by which the caller has given up; a later start is refused.
    pub deadline: Timestamp,
    pub correlation_id: Uuid,
    /// Present on commands that must not be done twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The version the caller has seen (`If-Match`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<u64>,
    /// Wait until this has been applied before answering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_cursor: Option<Vector>,
    pub body: Box<RawValue>,
}

/// The answer to a [`Request`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    Ok(Answer),
    Problem(Problem),
}

/// A successful answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub body: Box<RawValue>,
    /// What the answering service has applied, its own log included.
    pub cursor: Vector,
    /// The version of the one record answered, for `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The id of what was created, for `Location`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

/// The closed list of public error codes; `urn:narhet:problem:<code>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    Conflict,
    Forbidden,
    IdempotencyKeyReuse,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    RefusedByRule,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnknownOutcome,
    UnsupportedMediaType,
}

impl ErrorCode {
    pub const ALL: [ErrorCode; 13] = [
        ErrorCode::Conflict,
        ErrorCode::Forbidden,
        ErrorCode::IdempotencyKeyReuse,
        ErrorCode::InvalidInput,
        ErrorCode::NotFound,
        ErrorCode::PreconditionFailed,
        ErrorCode::RefusedByRule,
        ErrorCode::TooLarge,
        ErrorCode::TooManyRequests,
        ErrorCode::Unauthenticated,
        ErrorCode::Unavailable,
        ErrorCode::UnknownOutcome,
        ErrorCode::UnsupportedMediaType,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            ErrorCode::Conflict => "conflict",
            ErrorCode::Forbidden => "forbidden",
            ErrorCode::IdempotencyKeyReuse => "idempotency-key-reuse",
            ErrorCode::InvalidInput => "invalid-input",
            ErrorCode::NotFound => "not-found",
            ErrorCode::PreconditionFailed => "precondition-failed",
            ErrorCode::RefusedByRule => "refused-by-rule",
            ErrorCode::TooLarge => "too-large",
            ErrorCode::TooManyRequests => "too-many-requests",
            ErrorCode::Unauthenticated => "unauthenticated",
            ErrorCode::Unavailable => "unavailable",
            ErrorCode::UnknownOutcome => "unknown-outcome",
            ErrorCode::UnsupportedMediaType => "unsupported-media-type",
        }
    }

    /// The HTTP status this code is answered with.
    pub const fn status(self) -> u16 {
        match self {
            ErrorCode::InvalidInput => 400,
            ErrorCode::Unauthenticated => 401,
            ErrorCode::Forbidden => 403,
            ErrorCode::NotFound => 404,
            ErrorCode::Conflict | ErrorCode::IdempotencyKeyReuse => 409,
            ErrorCode::PreconditionFailed => 412,
            ErrorCode::TooLarge => 413,
            ErrorCode::UnsupportedMediaType => 415,
            ErrorCode::RefusedByRule => 422,
            ErrorCode::TooManyRequests => 429,
            ErrorCode::Unavailable => 503,
            ErrorCode::UnknownOutcome => 504,
        }
    }

    /// The fixed English title of the problem type.
    pub const fn title(self) -> &'static str {
        match self {
            ErrorCode::Conflict => "The state does not allow this",
            ErrorCode::Forbidden => "A right is missing",
            ErrorCode::IdempotencyKeyReuse => "The idempotency key was used with another body",
            ErrorCode::InvalidInput => "The input is not valid",
            ErrorCode::NotFound => "There is no such thing, or not for you",
            ErrorCode::PreconditionFailed => "It has changed since you read it",
            ErrorCode::RefusedByRule => "A rule refuses this",
            ErrorCode::TooLarge => "The input is larger than the limit",
            ErrorCode::TooManyRequests => "Too many requests",
            ErrorCode::Unauthenticated => "A valid token is missing",
            ErrorCode::Unavailable => "Not available right now",
            ErrorCode::UnknownOutcome => "The outcome is unknown",
            ErrorCode::UnsupportedMediaType => "This media type is not taken here",
        }
    }
}

/// Why a request was refused: what the caller may know. RFC 9457 with `errors[]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{}: {detail}", code.code())]
pub struct Problem {
    pub code: ErrorCode,
    /// What was wrong and what to do next.
    pub detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The rule that refused, or the right that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// One thing that was wrong with the input, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// JSON pointer into the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Name of the query parameter or header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    pub detail: String,
}

impl Problem {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), rule: None }
    }

    /// Invalid input in the body at `pointer`.
    pub fn at(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            errors: vec![FieldError { pointer: Some(pointer.to_owned()), parameter: None, detail: detail.clone() }],
            ..Self::new(ErrorCode::InvalidInput, detail)
        }
    }

    /// Invalid input in the query parameter or header `parameter`.
    pub fn parameter(parameter: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            errors: vec![FieldError { pointer: None, parameter: Some(parameter.to_owned()), detail: detail.clone() }],
            ..Self::new(ErrorCode::InvalidInput, detail)
        }
    }

    /// The caller lacks `right`.
    pub fn forbidden(right: &str) -> Self {
        Self {
            rule: Some(right.to_owned()),
            ..Self::new(ErrorCode::Forbidden, format!("the right \"{right}\" is missing: ask for a role that has it"))
        }
    }

    pub fn refused(rule: &str, detail: impl Into<String>) -> Self {
        Self { rule: Some(rule.to_owned()), ..Self::new(ErrorCode::RefusedByRule, detail) }
    }
}

/// A chunk of a request that is larger than one bus message; headers carry upload id, index and count.
pub mod chunk {
    pub const UPLOAD: &str = "Narhet-Upload";
    pub const INDEX: &str = "Narhet-Chunk";
    pub const COUNT: &str = "Narhet-Chunks";
}

/// `log.<context>.read`: a range of a context's log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRead {
    /// First position wanted, from 1.
    pub from: u64,
}

/// A page of whole events from `from`, at most 512 KiB, empty when the log ends before.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    pub store: Uuid,
    /// The last committed position.
    pub head: u64,
    /// The stored bytes of each event, each a JSON object.
    pub events: Vec<Box<RawValue>>,
    /// For each event the vector consumed when its frame was decided.
    pub consumed: Vec<Vector>,
}

/// What a check of a whole log found: `adm.<context>.verify`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogReport {
    pub context: String,
    pub store: Uuid,
    pub events: u64,
    pub frames: u64,
    pub streams: u64,
    /// Bytes of the events themselves.
    pub event_bytes: u64,
    /// BLAKE3 of the last sound event, hexadecimal.
    pub last_hash: String,
    /// Bytes of a frame that a crash left half written; the next start cuts it.
    pub torn_tail_bytes: u64,
    /// The first place that is not as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// `adm.<context>.cut`: the largest position at or below `limit`'s own that rests on nothing above `limit`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cut {
    pub limit: Vector,
}

/// `adm.<context>.backup`: writes the log up to a position into a file on the owner's machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    pub up_to: u64,
    pub archive: std::path::PathBuf,
}

/// The answer to [`Cut`] and [`Backup`]: the position reached, or why not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reached {
    Position(u64),
    Failed(String),
}

/// `qry.<context>.dangling`: every context says which of its own things a coming division leaves without a board or
/// gives to another one. Nothing is changed by asking; a rehearsal of a division puts the answers together.
pub mod dangling {
    use crate::events::Named;
    use narhet_kernel::Timestamp;
    use serde::{Deserialize, Serialize};

    pub const QUERY: &str = "dangling";
    /// What one context lists at the most; `total` counts them all.
    pub const LISTED_MAX: usize = 1_000;

    /// The division that is rehearsed, as far as others must know it.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Question {
        /// When it would begin to hold.
        pub valid_from: Timestamp,
        /// The boards that would have no area any more.
        pub ending: Vec<Ending>,
        /// The boards that would have an area, old and new.
        pub remaining: Vec<Named>,
    }

    /// A board that a division ends.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Ending {
        pub board: Named,
        /// Who would inherit its open duties.
        pub successor: Named,
    }

    /// One thing that hangs on a board that ends, or that a new board lacks.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Dangling {
        /// `actor`, `support-case`, `calendar`, `roster`, `alarm-path`, `incident` …
        pub kind: String,
        /// Absent when a new board lacks such a thing altogether.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub id: Option<String>,
        /// What it is called, where that is no sealed text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        pub board: Named,
        /// The board that it passes to by itself; absent when somebody has to do something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub passes_to: Option<Named>,
        /// One Swedish sentence: what happens to it, or what is to be done.
        pub text: String,
    }

    /// The answer of one context.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct Answer {
        pub items: Vec<Dangling>,
        pub total: usize,
    }
}
