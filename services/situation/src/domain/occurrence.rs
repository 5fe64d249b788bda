//! When an incident occurs, beside when it was reported: a time that lies too far ahead of the clock cannot be built.

use narhet_kernel::{Timestamp, limits::OCCURRED_AHEAD_MAX_S};
use narhet_proto::codes::IncidentStatus;

/// The status at the report, with a time that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    status: IncidentStatus,
    occurred_at: Option<Timestamp>,
    reported_at: Timestamp,
}

/// The time lies ahead of the clock by more than clocks differ, and the incident is not `expected`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{occurred_at} lies ahead of {now} by more than {OCCURRED_AHEAD_MAX_S} s and the incident is {}", status.code())]
pub struct AheadOfTheClock {
    pub occurred_at: Timestamp,
    pub now: Timestamp,
    pub status: IncidentStatus,
}

impl Occurrence {
    pub fn new(
        status: IncidentStatus,
        occurred_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Occurrence, AheadOfTheClock> {
        match occurred_at {
            Some(occurred_at)
                if status != IncidentStatus::Expected
                    && occurred_at.duration_since(now).as_secs_f64() > OCCURRED_AHEAD_MAX_S as f64 =>
            {
                Err(AheadOfTheClock { occurred_at, now, status })
            }
            occurred_at => Ok(Occurrence { status, occurred_at, reported_at: now }),
        }
    }

    pub fn status(self) -> IncidentStatus {
        self.status
    }

    pub fn occurred_at(self) -> Option<Timestamp> {
        self.occurred_at
    }

    pub fn reported_at(self) -> Timestamp {
        self.reported_at
    }

    /// The instant that decides where and by whom: when it occurs, else when it was reported (ASSUMPTION of DESIGN section 3).
    pub fn decisive_instant(self) -> Timestamp {
        self.occurred_at.unwrap_or(self.reported_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_expected_may_lie_ahead_of_the_clock() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let rows = [
            (None, IncidentStatus::Ongoing, true),
            (at("2026-11-20T11:00:00Z"), IncidentStatus::Ongoing, true),
            (at("2026-11-20T12:05:00Z"), IncidentStatus::Ongoing, true),
            (at("2026-11-20T12:05:00.000001Z"), IncidentStatus::Ongoing, false),
            (at("2026-11-21T12:00:00Z"), IncidentStatus::Ended, false),
            (at("2026-11-21T12:00:00Z"), IncidentStatus::Expected, true),
        ];
        for (occurred_at, status, taken) in rows {
            let occurrence = Occurrence::new(status, occurred_at, now);
            assert_eq!(occurrence.is_ok(), taken, "{occurred_at:?} {status:?}");
            if let Ok(occurrence) = occurrence {
                assert_eq!(occurrence.decisive_instant(), occurred_at.unwrap_or(now));
            }
        }
    }
}
