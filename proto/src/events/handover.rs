//! What the context `duty` records of a support case after its opening; stream `support-case/<id>`.

use super::{Message, Named, Why};
use crate::Sealed;
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// The holder's function knows of the case, or already works on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseAcknowledged {
    pub case_id: String,
    pub incident_id: String,
    pub board: Named,
    /// The duty function that answered its alarm; absent when somebody of the board did it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Whether the work has begun: the case is active from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub active: bool,
}

impl Message for SupportCaseAcknowledged {
    const TYPE: &'static str = "se.narhet.duty.support-case-acknowledged.v1";
    const PROTO: &'static str = "narhet.duty.v1.SupportCaseAcknowledged";
}

/// The operative responsibility was offered to a board, which has to answer; nothing has moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverOffered {
    pub case_id: String,
    pub incident_id: String,
    pub offer_id: String,
    /// Who holds the case and goes on holding it.
    pub from: Named,
    pub to: Named,
    /// When silence is noted.
    pub answer_by: Timestamp,
    /// When the board is reminded.
    pub remind_at: Timestamp,
    pub why: Vec<Why>,
}

impl Message for HandoverOffered {
    const TYPE: &'static str = "se.narhet.duty.handover-offered.v1";
    const PROTO: &'static str = "narhet.duty.v1.HandoverOffered";
}

/// The board offered to was reminded of an open offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverReminded {
    pub case_id: String,
    pub incident_id: String,
    pub offer_id: String,
    pub board: Named,
}

impl Message for HandoverReminded {
    const TYPE: &'static str = "se.narhet.duty.handover-reminded.v1";
    const PROTO: &'static str = "narhet.duty.v1.HandoverReminded";
}

/// The board offered to took the case: it is the holder from the recorded time of this event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverAccepted {
    pub case_id: String,
    pub incident_id: String,
    pub offer_id: String,
    pub holder: Named,
    pub why: Vec<Why>,
}

impl Message for HandoverAccepted {
    const TYPE: &'static str = "se.narhet.duty.handover-accepted.v1";
    const PROTO: &'static str = "narhet.duty.v1.HandoverAccepted";
}

/// *Not yet*: the holder stays, and the board is asked again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverRefused {
    pub case_id: String,
    pub incident_id: String,
    pub offer_id: String,
    pub board: Named,
    pub reason: Sealed,
    pub retry_at: Timestamp,
    /// Whether something that looked like a personnummer was masked in the reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

impl Message for HandoverRefused {
    const TYPE: &'static str = "se.narhet.duty.handover-refused.v1";
    const PROTO: &'static str = "narhet.duty.v1.HandoverRefused";
}

/// Nobody answered an offer in time: the holder stays, and the board is asked again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverTimedOut {
    pub case_id: String,
    pub incident_id: String,
    pub offer_id: String,
    pub board: Named,
    pub retry_at: Timestamp,
}

impl Message for HandoverTimedOut {
    const TYPE: &'static str = "se.narhet.duty.handover-timed-out.v1";
    const PROTO: &'static str = "narhet.duty.v1.HandoverTimedOut";
}

/// The holder took an open offer back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverRecalled {
    pub case_id: String,
    pub incident_id: String,
    pub offer_id: String,
    pub board: Named,
}

impl Message for HandoverRecalled {
    const TYPE: &'static str = "se.narhet.duty.handover-recalled.v1";
    const PROTO: &'static str = "narhet.duty.v1.HandoverRecalled";
}

/// The responsible board took the case on its own initiative: it is the holder from the recorded time of this event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseTakenOver {
    pub case_id: String,
    pub incident_id: String,
    pub holder: Named,
    pub why: Vec<Why>,
}

impl Message for SupportCaseTakenOver {
    const TYPE: &'static str = "se.narhet.duty.support-case-taken-over.v1";
    const PROTO: &'static str = "narhet.duty.v1.SupportCaseTakenOver";
}

/// A board was dissolved: wherever it stood in the case (holder, responsible, offered to) its successor stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseInherited {
    pub case_id: String,
    pub incident_id: String,
    pub from: Named,
    pub to: Named,
    /// When the board ceased to be; the recorded time of this event is when that was entered in the log.
    pub effective_at: Timestamp,
    pub why: Vec<Why>,
}

impl Message for SupportCaseInherited {
    const TYPE: &'static str = "se.narhet.duty.support-case-inherited.v1";
    const PROTO: &'static str = "narhet.duty.v1.SupportCaseInherited";
}

/// The incident's place was corrected and the overlay made again; no holder moves by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseRelocated {
    pub case_id: String,
    pub incident_id: String,
    /// The responsible board from now on; only a case without one gets another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_board: Option<Named>,
    /// The coarse place: an area, never a dwelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Named>,
    /// Whether the responsible board is still affected.
    pub affected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_version: Option<String>,
    /// Why the place was corrected; in the case it was corrected on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    pub why: Vec<Why>,
}

impl Message for SupportCaseRelocated {
    const TYPE: &'static str = "se.narhet.duty.support-case-relocated.v1";
    const PROTO: &'static str = "narhet.duty.v1.SupportCaseRelocated";
}

/// The need is met; custody ends with the recorded time of this event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseClosed {
    pub case_id: String,
    pub incident_id: String,
    pub board: Named,
}

impl Message for SupportCaseClosed {
    const TYPE: &'static str = "se.narhet.duty.support-case-closed.v1";
    const PROTO: &'static str = "narhet.duty.v1.SupportCaseClosed";
}
