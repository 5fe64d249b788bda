//! What the context `area` records about the crisis board, takeovers of responsibility, and boards that no import makes.

use super::{Message, Named};
use crate::codes::TakeoverGround;
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A board is called otherwise from an instant on; stream `board/<id>`. Its id stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardRenamed {
    pub id: String,
    /// The new Swedish name.
    pub name: String,
    pub valid_from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// The decision's registry number: `KS 2023/456`.
    pub reference: String,
}

impl Message for BoardRenamed {
    const TYPE: &'static str = "se.narhet.area.board-renamed.v1";
    const PROTO: &'static str = "narhet.area.v1.BoardRenamed";
}

/// Krisledningsnämnden is in function from an instant on; stream `crisis-board/<activationId>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrisisBoardActivated {
    pub activation_id: String,
    pub valid_from: Timestamp,
    /// `chair` or `stand-in`: who decided it (LEH 2 kap. 3 §).
    pub decided_by: String,
    pub decided_at: Timestamp,
    pub reference: String,
}

impl Message for CrisisBoardActivated {
    const TYPE: &'static str = "se.narhet.area.crisis-board-activated.v1";
    const PROTO: &'static str = "narhet.area.v1.CrisisBoardActivated";
}

/// Krisledningsnämnden is no longer in function; stream `crisis-board/<activationId>`. What it has taken over stays with it until
/// each return is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrisisBoardEnded {
    pub activation_id: String,
    pub valid_to: Timestamp,
    pub decided_at: Timestamp,
    pub reference: String,
}

impl Message for CrisisBoardEnded {
    const TYPE: &'static str = "se.narhet.area.crisis-board-ended.v1";
    const PROTO: &'static str = "narhet.area.v1.CrisisBoardEnded";
}

/// Responsibility is taken over from other boards; stream `takeover/<takeoverId>`. It lasts until its return is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeoverRecorded {
    pub takeover_id: String,
    pub ground: TakeoverGround,
    /// Who takes over.
    pub by: Named,
    pub from: Vec<Named>,
    /// The areas whose geographic responsibility is taken over; only these change what is answered for a place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Named>,
    /// The verksamhetsområde, or part of one, in a few words; absent when it is the areas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    pub valid_from: Timestamp,
    pub decided_at: Timestamp,
    /// The decision's registry number.
    pub reference: String,
    /// The chair decided alone because the decision could not wait; to be reported to krisledningsnämnden.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// When it has to be reported to kommunfullmäktige at the latest: its next meeting.
    pub report_due: Timestamp,
}

impl Message for TakeoverRecorded {
    const TYPE: &'static str = "se.narhet.area.takeover-recorded.v1";
    const PROTO: &'static str = "narhet.area.v1.TakeoverRecorded";
}

/// A takeover was reported to the body it is owed to; stream `takeover/<takeoverId>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeoverReported {
    pub takeover_id: String,
    /// `council` (kommunfullmäktige) or `crisis-board` (krisledningsnämnden, of the chair's urgent decision).
    pub to: String,
    pub reported_at: Timestamp,
    pub reference: String,
}

impl Message for TakeoverReported {
    const TYPE: &'static str = "se.narhet.area.takeover-reported.v1";
    const PROTO: &'static str = "narhet.area.v1.TakeoverReported";
}

/// The responsibility goes back to the boards it was taken from; stream `takeover/<takeoverId>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeoverReturned {
    pub takeover_id: String,
    pub valid_to: Timestamp,
    pub decided_at: Timestamp,
    pub reference: String,
}

impl Message for TakeoverReturned {
    const TYPE: &'static str = "se.narhet.area.takeover-returned.v1";
    const PROTO: &'static str = "narhet.area.v1.TakeoverReturned";
}
