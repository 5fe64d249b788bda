//! When a board is asked to take a case, how long it has, and who is told when it does not answer.
//!
//! ```text
//! asked when its office opens ──► offered ──► accepted
//!          ▲                        │ ├─► refused   ─► asked again at the time it named; the city's TiB is told
//!          │                        │ ├─► timed out ─► reminded before; asked again; the city's TiB is told
//!          └────────────────────────┘ └─► recalled  ─► asked at the next opening
//! ```

use jiff::SignedDuration;
use narhet_kernel::Timestamp;
use narhet_proto::events::Named;
use serde::Deserialize;

/// How long an offer is open, as data of the programme's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    pub remind_after_minutes: i64,
    pub answer_within_minutes: i64,
    pub ask_again_after_minutes: i64,
    /// The longest time that a refusal may ask for.
    pub retry_within_minutes: i64,
}

impl Terms {
    pub fn remind_at(&self, offered_at: Timestamp) -> Timestamp {
        after(offered_at, self.remind_after_minutes)
    }

    pub fn answer_by(&self, offered_at: Timestamp) -> Timestamp {
        after(offered_at, self.answer_within_minutes)
    }

    pub fn ask_again_at(&self, answered_at: Timestamp) -> Timestamp {
        after(answered_at, self.ask_again_after_minutes)
    }

    pub fn retry_by(&self, answered_at: Timestamp) -> Timestamp {
        after(answered_at, self.retry_within_minutes)
    }
}

fn after(instant: Timestamp, minutes: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

/// The one open offer of a case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offer {
    pub id: String,
    pub to: Named,
    pub remind_at: Timestamp,
    pub answer_by: Timestamp,
    pub reminded: bool,
}

/// How the last offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    Accepted,
    Refused,
    TimedOut,
    Recalled,
}

impl Ended {
    pub const fn code(self) -> &'static str {
        match self {
            Ended::Accepted => "accepted",
            Ended::Refused => "refused",
            Ended::TimedOut => "timed-out",
            Ended::Recalled => "recalled",
        }
    }
}

/// When the responsible board is to be asked by itself, as far as the case knows it; its calendar says the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// At once when the office is open then, else when it opens.
    WhenOpen { from: Timestamp },
    /// When the office opens the next time.
    AtNextOpening { after: Timestamp },
    /// At the time the board itself named.
    At(Timestamp),
}

impl Ask {
    /// The instant, by the calendar of the board that is asked. `looked_at`: when this came due before and the office had
    /// closed again, so that it waits for the next opening.
    pub fn due(self, hours: &impl Hours, looked_at: Option<Timestamp>) -> Option<Timestamp> {
        let due = match self {
            Ask::At(instant) => return Some(instant),
            Ask::WhenOpen { from } => open_from(hours, from)?,
            Ask::AtNextOpening { after } => hours.next_opening(after)?,
        };
        match looked_at {
            Some(looked_at) if due < looked_at => open_from(hours, looked_at),
            _ => Some(due),
        }
    }

    /// Whether the board is asked now: what came due while nobody was there waits for an open office.
    pub fn is_due(self, hours: &impl Hours, now: Timestamp) -> bool {
        self.due(hours, None).is_some_and(|due| due <= now) && (matches!(self, Ask::At(_)) || hours.is_open(now))
    }
}

/// What is asked of a calendar here.
pub trait Hours {
    fn is_open(&self, at: Timestamp) -> bool;
    fn next_opening(&self, after: Timestamp) -> Option<Timestamp>;
}

fn open_from(hours: &impl Hours, from: Timestamp) -> Option<Timestamp> {
    if hours.is_open(from) { Some(from) } else { hours.next_opening(from) }
}
