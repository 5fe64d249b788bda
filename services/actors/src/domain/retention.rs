//! How long a person is kept when nobody needs them any more: data per kind, until a document plan decides otherwise.

use jiff::{SignedDuration, Timestamp};
use narhet_proto::codes::ActorKind;

/// The rule as answers name it. ASSUMPTION: no board's document plan is known.
pub const RULE: &str = "gallring/1";
pub const SOURCE: &str = "Antagande: nämndens dokumenthanteringsplan saknas";
pub const TEXT: &str = "Kontaktuppgifter gallras när kontakten inte längre gäller: ett år efter det för föreningar, samfund, \
    bostadsbolag och övriga, två år för andra.";

/// Where contacts are often private persons.
const ONE_YEAR: &[ActorKind] = &[ActorKind::Voluntary, ActorKind::Faith, ActorKind::Housing, ActorKind::Other];

/// When a person of an actor of this kind is to be erased who has been on no card since an instant.
pub fn due(kind: ActorKind, since: Timestamp) -> Timestamp {
    let days = if ONE_YEAR.contains(&kind) { 365 } else { 730 };
    since.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}
