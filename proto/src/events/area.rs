//! What the context `area` records: boards, areas, divisions.

use super::{Message, Named};
use crate::codes::{BoardKind, Tier};
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A board exists from an instant on; stream `board/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardEstablished {
    pub id: String,
    /// The Swedish name: `Järva stadsdelsnämnd`.
    pub name: String,
    pub kind: BoardKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Where the fact comes from.
    pub source: String,
    /// The division whose import needed this board, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division_id: Option<String>,
}

impl Message for BoardEstablished {
    const TYPE: &'static str = "se.narhet.area.board-established.v1";
    const PROTO: &'static str = "narhet.area.v1.BoardEstablished";
}

/// A board ends at an instant and its open duties pass to `successor`; stream `board/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardDissolved {
    pub id: String,
    pub valid_to: Timestamp,
    /// The board with the largest share of the old area.
    pub successor: Named,
    /// The division that ends it; absent for boards without an area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division_id: Option<String>,
}

impl Message for BoardDissolved {
    const TYPE: &'static str = "se.narhet.area.board-dissolved.v1";
    const PROTO: &'static str = "narhet.area.v1.BoardDissolved";
}

/// One area of a division, or a tier without geometry (city, county); stream `area/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AreaDrawn {
    pub area_id: String,
    /// The area's own name: `Järva`.
    pub name: String,
    pub board: Named,
    pub tier: Tier,
    /// Absent for the tiers above the district, which no division changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// GeoJSON MultiPolygon, CRS84; absent for city and county.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Value>,
    /// The stadsdelar it was dissolved from, as the source spells them.
    #[serde(default)]
    pub neighbourhoods: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
}

impl Message for AreaDrawn {
    const TYPE: &'static str = "se.narhet.area.area-drawn.v1";
    const PROTO: &'static str = "narhet.area.v1.AreaDrawn";
}

/// A whole division of the city into areas, recorded after its areas in the same frame; stream `division/<id>`.
/// A later division with the same `validFrom` is a correction and supersedes it on the recorded axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DivisionRecorded {
    pub division_id: String,
    pub valid_from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    pub area_ids: Vec<String>,
    /// File name, feature count or whatever tells a reader where this came from.
    pub source: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approximate: bool,
    /// Accepted holes and overlaps; they are listed for ever.
    #[serde(default)]
    pub defects: Vec<AcceptedDefect>,
    /// Stadsdelar whose row is marked as split between areas.
    #[serde(default)]
    pub uncertain: Vec<String>,
    /// Whether it replaces a division with the same `validFrom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// How many features the boundaries had.
    #[serde(default)]
    pub features: u32,
    /// What whoever imported was told, so that the reply can be given again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Message for DivisionRecorded {
    const TYPE: &'static str = "se.narhet.area.division-recorded.v1";
    const PROTO: &'static str = "narhet.area.v1.DivisionRecorded";
}

/// A hole or overlap that a division was recorded with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedDefect {
    pub id: String,
    /// `gap` or `overlap`.
    pub kind: String,
    pub area_m2: f64,
    pub width_m: f64,
    pub between: Vec<String>,
    /// `[lon, lat]` of a point inside.
    pub at: Vec<f64>,
    /// `limit` (smaller than the stated limit) or `id` (accepted by hand).
    pub accepted_by: String,
}
