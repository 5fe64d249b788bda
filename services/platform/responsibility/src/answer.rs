//! What is said about a place: the JSON of `GET /v1/responsibility` and its relatives.

use narhet_geo::Match;
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::{BoardKind, LeadRule, Tier},
    events::{Named, Why},
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// A board as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardName {
    pub id: String,
    /// The Swedish name: `Järva stadsdelsnämnd`.
    pub name: String,
    pub kind: BoardKind,
}

impl BoardName {
    pub fn named(&self) -> Named {
        Named::new(self.id.as_str(), self.name.as_str())
    }
}

/// One tier's answer for a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Responsible {
    pub tier: Tier,
    pub board: BoardName,
    pub area: Named,
    /// `area`, `takeover`, `city` or `county`.
    pub basis: &'static str,
    /// Since when this board has answered for this very point in this area without a break; null = since before any record.
    pub valid_from: Option<Timestamp>,
    /// Until when it will, as known; null = no end is known.
    pub valid_to: Option<Timestamp>,
    /// With basis `takeover`: the area's own board, which answers again when the takeover is returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_over_from: Option<BoardName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takeover_id: Option<String>,
}

/// The reply to `GET /v1/responsibility`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// About the district tier.
    #[serde(rename = "match")]
    pub matched: Match,
    /// 0 for `inside` and `boundary`, else metres to the nearest area; null where no division is in force.
    pub distance_m: Option<f64>,
    pub at: Timestamp,
    /// When the last event that counts was recorded; null in a house that has recorded nothing.
    pub known_at: Option<Timestamp>,
    /// The position of area's log that `knownAt` resolved to.
    #[serde(serialize_with = "narhet_proto::envelope::decimal::serialize")]
    pub known_position: u64,
    /// District, city and county inside the city; empty outside.
    pub responsible: Vec<Responsible>,
    /// The other areas whose boundary the point lies on, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_at: Vec<Named>,
    pub why: Vec<Why>,
}

impl Answer {
    /// The board whose area has the place, whoever has taken over its area responsibility: crisis support stays with it.
    pub fn area_board(&self) -> Option<&BoardName> {
        self.district().map(|district| district.taken_over_from.as_ref().unwrap_or(&district.board))
    }

    /// The district board that answers, when the place is in the city.
    pub fn district(&self) -> Option<&Responsible> {
        self.responsible.iter().find(|responsible| responsible.tier == Tier::District)
    }
}

/// A board whose area a place touches.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Affected {
    pub board: BoardName,
    pub area: Named,
    /// Square metres on the ellipsoid of the place's polygons in the area; 0 for points and lines.
    pub area_m2: f64,
    /// Geodesic metres of the place's lines in the area.
    pub length_m: f64,
    /// 0 to 1, of what lies in the city, counted in the place's highest dimension.
    pub share: f64,
    /// Who has taken over the area responsibility; the area's own board stays the affected one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_over_by: Option<BoardName>,
}

/// An area that a place does not touch and lies near.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearbyArea {
    pub board: BoardName,
    pub area: Named,
    /// Metres from the place to the area.
    pub distance_m: f64,
}

/// The boards that a place touches, largest share first, ties by area id.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overlay {
    /// A point is matched as a lookup matches it; any other place is `inside` as soon as an area has a part of it.
    #[serde(rename = "match")]
    pub matched: Match,
    pub at: Timestamp,
    pub known_at: Option<Timestamp>,
    #[serde(serialize_with = "narhet_proto::envelope::decimal::serialize")]
    pub known_position: u64,
    /// Empty outside the city and before the first division.
    pub affected: Vec<Affected>,
    /// The division that was asked: the area version.
    pub division_id: Option<String>,
    pub why: Vec<Why>,
}

impl Overlay {
    /// The board that is proposed to coordinate, and by which rule: the largest share, ties by area id, else kommunstyrelsen
    /// (`None`).
    pub fn lead(&self) -> (Option<&BoardName>, LeadRule) {
        match self.affected.first() {
            Some(largest) => (Some(&largest.board), LeadRule::LargestShare),
            None => (None, LeadRule::Kommunstyrelsen),
        }
    }
}

/// A board and the time it exists, as known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    pub id: String,
    pub name: String,
    pub kind: BoardKind,
    /// The first instant we know of; null = since before any record.
    pub valid_from: Option<Timestamp>,
    pub valid_to: Option<Timestamp>,
    /// Who took over when it was dissolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<Named>,
    /// Where the fact comes from.
    pub source: String,
}

/// An area of the timeline, as `GET /v1/areas` lists it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AreaView {
    pub area: Named,
    pub board: BoardName,
    pub tier: Tier,
    /// Since when the board has held the area with this very outline.
    pub valid_from: Option<Timestamp>,
    pub valid_to: Option<Timestamp>,
    pub approximate: bool,
    /// The area version; null for city and county, which no division changes.
    pub division_id: Option<String>,
    /// GeoJSON MultiPolygon, CRS84; null for city and county.
    pub geometry: Option<Arc<Value>>,
}
