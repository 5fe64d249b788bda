//! One version of the city's map: its areas, who holds them, and the index that answers lookups.

use narhet_geo::{AreaError, AreaMap, GeometryError, Shape};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::events::{
    Named,
    area::{AreaDrawn, DivisionRecorded},
};
use serde_json::Value;
use std::sync::Arc;

/// An area of a division.
#[derive(Clone, Debug)]
pub struct DistrictArea {
    pub area: Named,
    pub board: Named,
    /// GeoJSON MultiPolygon, CRS84. Areas of consecutive divisions with equal outlines share one value, so that equality is
    /// a pointer comparison and an unchanged area costs nothing.
    pub geometry: Arc<Value>,
    pub neighbourhoods: Vec<String>,
    pub approximate: bool,
    pub event_id: Uuid,
}

/// A recorded division with its index; never changed once it is made.
#[derive(Debug)]
pub struct Division {
    pub recorded: DivisionRecorded,
    /// Where in area's log it was recorded.
    pub position: u64,
    pub event_id: Uuid,
    pub areas: Vec<DistrictArea>,
    pub map: AreaMap,
}

/// Why a recorded division could not be made into a map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UnreadableDivision {
    #[error("the area {area} of the division {division} was never drawn")]
    AreaMissing { division: String, area: String },
    #[error("the area {area} has no geometry")]
    NoGeometry { area: String },
    #[error("the geometry of the area {area}: {source}")]
    Geometry { area: String, source: GeometryError },
    #[error("the division {division}: {source}")]
    Map { division: String, source: AreaError },
}

impl Division {
    /// Builds the map of a division from the areas that were drawn for it; `known` lends outlines that are already held.
    pub(crate) fn build<'a>(
        recorded: DivisionRecorded,
        position: u64,
        event_id: Uuid,
        mut drawn: Vec<(AreaDrawn, Uuid)>,
        known: impl Iterator<Item = &'a DistrictArea> + Clone,
    ) -> Result<Division, UnreadableDivision> {
        let mut areas = Vec::with_capacity(recorded.area_ids.len());
        let mut shapes = Vec::with_capacity(recorded.area_ids.len());
        for id in &recorded.area_ids {
            let Some(place) = drawn.iter().position(|(area, _)| area.area_id == *id) else {
                return Err(UnreadableDivision::AreaMissing {
                    division: recorded.division_id.clone(),
                    area: id.clone(),
                });
            };
            let (area, event_id) = drawn.swap_remove(place);
            let geometry = area.geometry.ok_or_else(|| UnreadableDivision::NoGeometry { area: id.clone() })?;
            let shape = Shape::from_geojson(&geometry)
                .map_err(|source| UnreadableDivision::Geometry { area: id.clone(), source })?;
            shapes.push((id.clone(), shape));
            let held = known.clone().find(|held| held.area.id == *id && *held.geometry == geometry);
            areas.push(DistrictArea {
                area: Named::new(area.area_id, area.name),
                board: area.board,
                geometry: held.map_or_else(|| Arc::new(geometry), |held| Arc::clone(&held.geometry)),
                neighbourhoods: area.neighbourhoods,
                approximate: area.approximate,
                event_id,
            });
        }
        let map = AreaMap::build(shapes)
            .map_err(|source| UnreadableDivision::Map { division: recorded.division_id.clone(), source })?;
        Ok(Division { recorded, position, event_id, areas, map })
    }

    pub fn id(&self) -> &str {
        &self.recorded.division_id
    }

    pub fn valid_from(&self) -> Timestamp {
        self.recorded.valid_from
    }

    pub fn area(&self, id: &str) -> Option<&DistrictArea> {
        self.areas.iter().find(|area| area.area.id == id)
    }

    /// Whether the board holds an area of this division.
    pub fn has_board(&self, board: &str) -> bool {
        self.areas.iter().any(|area| area.board.id == board)
    }
}
