//! Who answers for a place at an instant, as it was known at a position: the bitemporal fold of area's events.
//!
//! area decides on this fold; gateway, situation and duty keep one each as their map view. It is pure: no clock, no disk,
//! every instant and position is an argument.
//!
//! Words: *at* is valid time, the instant asked about. *known* is recorded time, written as the last position of area's
//! log that counts ([`Responsibility::known_at`] turns an instant into one). A *division* is the whole city cut into areas
//! from an instant on; the *timeline* is what is left of the divisions when corrections have superseded them.
//!
//! Invariants, each guarded by the test named:
//! 1. The answer for (point, at, known) never changes, whatever is recorded later, and equals that of a list of all facts,
//!    filtered (`every_answer_equals_that_of_the_naive_list`).
//! 2. Inside the city the tiers are `district` exactly once, then `city`, then `county`; outside it none
//!    (`three_tiers_answer_inside_the_city_and_none_outside`).
//! 3. A map that cannot be read is never skipped in silence: [`Responsibility::health`] says so
//!    (`a_division_that_cannot_be_read_turns_health_red`).
//!
//! Reading order: [`ledger`] the fold and its questions, [`division`] one version of the map, [`boards`] who exists when,
//! [`answer`] what is said, [`why`] what it rests on.

pub mod answer;
pub mod batch;
pub mod boards;
mod course;
pub mod division;
pub mod history;
pub mod ledger;
pub mod takeovers;
pub mod why;

pub use answer::{Affected, Answer, AreaView, Board, BoardName, NearbyArea, Overlay, Responsible};
pub use batch::{Batch, PointResult};
pub use division::{DistrictArea, Division};
pub use history::{BoardHistory, HistoryEntry};
pub use ledger::{Prepared, Responsibility, Timeline, Unreadable};
pub use narhet_geo::Match;
pub use takeovers::{CrisisBoardView, Takeover, TakeoverView};
