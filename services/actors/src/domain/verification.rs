//! When a card must be checked again: data per kind, until the city decides otherwise.

use jiff::{SignedDuration, Timestamp};
use narhet_proto::codes::ActorKind;
use serde::Serialize;

/// The rule as answers name it. ASSUMPTION: no programme says how often; the intervals follow how fast such contacts change.
pub const RULE: &str = "verifiering/1";
pub const SOURCE: &str =
    "Antagande: programmet anger inget intervall; ett år för stadiga organisationer, ett halvår för andra";

/// How long a verification lasts, in days.
const INTERVALS: &[(ActorKind, i64)] = &[
    (ActorKind::Authority, 365),
    (ActorKind::MunicipalBoard, 365),
    (ActorKind::MunicipalCompany, 365),
    (ActorKind::Infrastructure, 365),
    (ActorKind::Region, 365),
    (ActorKind::School, 365),
    (ActorKind::Care, 180),
    (ActorKind::Housing, 180),
    (ActorKind::Company, 180),
    (ActorKind::Voluntary, 180),
    (ActorKind::Faith, 180),
    (ActorKind::Other, 180),
];

/// How long before it is due a verification is `due` and not `verified` any more.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Where an actor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Verified,
    Due,
    Overdue,
    /// Somebody tried and reached nobody.
    Unreachable,
    /// Never verified.
    Unverified,
}

impl Standing {
    pub const ALL: [Standing; 5] =
        [Standing::Verified, Standing::Due, Standing::Overdue, Standing::Unreachable, Standing::Unverified];

    pub const fn name(self) -> &'static str {
        match self {
            Standing::Verified => "verified",
            Standing::Due => "due",
            Standing::Overdue => "overdue",
            Standing::Unreachable => "unreachable",
            Standing::Unverified => "unverified",
        }
    }
}

/// Days until somebody who was not reached is tried again. ASSUMPTION, as the intervals are.
const RETRY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// When a card of which nobody was reached must be checked again.
pub fn retry(tried_at: Timestamp) -> Timestamp {
    tried_at.checked_add(RETRY).unwrap_or(Timestamp::MAX)
}

/// When a card of this kind that was checked at an instant must be checked again.
pub fn next_due(kind: ActorKind, verified_at: Timestamp) -> Timestamp {
    let days = INTERVALS.iter().find(|(known, _)| *known == kind).map_or(180, |(_, days)| *days);
    verified_at.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}

/// Where a card stands at an instant: last check (and whether anybody was reached) and next due.
pub fn standing(last: Option<(Timestamp, bool)>, due: Timestamp, now: Timestamp) -> Standing {
    match last {
        Some((_, false)) => Standing::Unreachable,
        _ if due <= now => Standing::Overdue,
        None => Standing::Unverified,
        Some(_) if due.duration_since(now) <= SOON => Standing::Due,
        Some(_) => Standing::Verified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_interval_and_a_card_goes_from_verified_to_overdue() {
        assert!(ActorKind::ALL.iter().all(|kind| INTERVALS.iter().any(|(known, _)| known == kind)));
        let checked: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let due = next_due(ActorKind::Care, checked);
        let at = |day: i64| checked + SignedDuration::from_hours(24 * day);
        let stands = |day| standing(Some((checked, true)), due, at(day));
        assert_eq!(
            [stands(1), stands(149), stands(150), stands(180)].map(Standing::name),
            ["verified", "verified", "due", "overdue"]
        );
        assert_eq!(standing(None, due, at(1)), Standing::Unverified);
        assert_eq!(standing(Some((checked, false)), due, at(1)), Standing::Unreachable);
    }
}
