//! What the context `situation` records: incidents.

use super::{Message, Named};
use crate::{
    Sealed,
    codes::{AffectedBasis, IncidentKind, IncidentStatus},
};
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An unwanted event was reported and located; stream `incident/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentReported {
    pub incident_id: String,
    pub title: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Sealed>,
    pub kind: IncidentKind,
    pub status: IncidentStatus,
    /// Absent = unknown; then the time of the report decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    pub reported_at: Timestamp,
    /// GeoJSON geometry, or a sealed member when the class has k ≥ 2; absent = unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_text: Option<Sealed>,
    /// What the map said when the report came: replay looks nothing up.
    pub affected: Vec<Affected>,
    /// The coordinating board that is proposed; coordination gives no right to command.
    pub lead: Named,
    /// The rule that proposed it.
    pub lead_rule: String,
    pub needs_support: bool,
    /// The division the place was looked up in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_version: Option<String>,
    /// The members in which something that looked like a personnummer was masked: `title`, `affected/0/reason`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<String>,
}

impl Message for IncidentReported {
    const TYPE: &'static str = "se.narhet.situation.incident-reported.v1";
    const PROTO: &'static str = "narhet.situation.v1.IncidentReported";
}

/// One affected board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Affected {
    pub board: Named,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Named>,
    /// The board's share of what of the place lies in the city, 0-1; 0 for a board named by hand.
    pub share: f64,
    pub basis: AffectedBasis,
    /// Why a board was named by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
}

/// The incident's life moved on: expected → ongoing → ended; stream `incident/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentStatusChanged {
    pub incident_id: String,
    pub status: IncidentStatus,
}

impl Message for IncidentStatusChanged {
    const TYPE: &'static str = "se.narhet.situation.incident-status-changed.v1";
    const PROTO: &'static str = "narhet.situation.v1.IncidentStatusChanged";
}

/// Duty has opened the support case of one affected board; stream `incident/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportHeld {
    pub incident_id: String,
    pub case_id: String,
    /// Absent for the one case without a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_board: Option<Named>,
    pub holder: Named,
}

impl Message for SupportHeld {
    const TYPE: &'static str = "se.narhet.situation.support-held.v1";
    const PROTO: &'static str = "narhet.situation.v1.SupportHeld";
}

/// Duty's log says that a case has another holder, or another responsible board; stream `incident/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportMoved {
    pub incident_id: String,
    pub case_id: String,
    /// Absent while the case has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_board: Option<Named>,
    pub holder: Named,
}

impl Message for SupportMoved {
    const TYPE: &'static str = "se.narhet.situation.support-moved.v1";
    const PROTO: &'static str = "narhet.situation.v1.SupportMoved";
}

/// Duty's log says that a case is closed; stream `incident/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportClosed {
    pub incident_id: String,
    pub case_id: String,
}

impl Message for SupportClosed {
    const TYPE: &'static str = "se.narhet.situation.support-closed.v1";
    const PROTO: &'static str = "narhet.situation.v1.SupportClosed";
}
