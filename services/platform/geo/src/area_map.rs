//! One division, prepared once: which area answers for a point, exactly.

use crate::{
    coverage::{Coverage, examine, ring_edges},
    error::AreaError,
    exact::{EdgeIndex, Side},
    limits::COVERAGE_FEATURES_MAX,
    measure::{Chord, cartesian},
    point::Point,
    shape::{Bounds, Shape, edges},
};
use geo::MultiPolygon;
use serde::{Deserialize, Serialize};

/// How a point was matched with an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// In the interior of at least one area.
    Inside,
    /// On an edge or a vertex of at least one area, and in the interior of none.
    Boundary,
    /// In a hole that areas enclose: the nearest of them answers.
    Nearest,
    /// Outside the union of the areas.
    Outside,
}

/// The answer of [`AreaMap::locate`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    #[serde(rename = "match")]
    pub matched: Match,
    /// Zero inside and on a boundary, else geodesic metres to the nearest area.
    pub distance_m: f64,
    /// The area that answers; `None` outside only.
    pub area: Option<String>,
    /// Other areas that have the point: neighbours at a boundary, the others of an overlap.
    pub also_at: Vec<String>,
}

/// The exact land of one area, prepared for questions.
#[derive(Clone, Debug)]
pub struct Territory {
    id: String,
    geometry: MultiPolygon<f64>,
    bounds: Bounds,
    index: EdgeIndex,
    /// One for each edge of `index`.
    chords: Vec<Chord>,
}

impl Territory {
    fn new(id: String, shape: &Shape) -> Result<Territory, AreaError> {
        let not_an_area = || AreaError::NotAnArea { id: id.clone(), found: shape.kind() };
        let geometry = shape.as_area().ok_or_else(not_an_area)?;
        let index = EdgeIndex::new(edges(&geometry).collect());
        let chords = index.edges().iter().map(|&edge| Chord::new(edge)).collect();
        Ok(Territory { id, bounds: shape.bounds(), geometry, index, chords })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// The box around the area, degrees.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    pub(crate) fn geometry(&self) -> &MultiPolygon<f64> {
        &self.geometry
    }

    pub(crate) fn index(&self) -> &EdgeIndex {
        &self.index
    }

    fn side(&self, point: Point) -> Side {
        if self.bounds.holds(point) { self.index.side(point.coord()) } else { Side::Outside }
    }
}

/// The areas of one division. Immutable: a new version of the map is a new `AreaMap`.
#[derive(Clone, Debug)]
pub struct AreaMap {
    /// Ascending by id, so that the lowest id is met first.
    territories: Vec<Territory>,
    coverage: Coverage,
    outer: Vec<EdgeIndex>,
}

impl AreaMap {
    /// Prepares areas, each with its id. Gaps and overlaps are not refused here: whether they are small enough or accepted
    /// is decided by who imports, on [`AreaMap::coverage`]; here every enclosed hole counts as accepted.
    ///
    /// # Errors
    /// `NoAreas`, `TooManyAreas`, `DuplicateArea`, `NotAnArea`.
    pub fn build(areas: Vec<(String, Shape)>) -> Result<AreaMap, AreaError> {
        if areas.is_empty() {
            return Err(AreaError::NoAreas);
        }
        if areas.len() > COVERAGE_FEATURES_MAX {
            return Err(AreaError::TooManyAreas { count: areas.len(), limit: COVERAGE_FEATURES_MAX });
        }
        let mut territories: Vec<Territory> =
            areas.into_iter().map(|(id, shape)| Territory::new(id, &shape)).collect::<Result<_, _>>()?;
        territories.sort_by(|one, other| one.id.cmp(&other.id));
        if let Some(pair) = territories.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(AreaError::DuplicateArea(pair[0].id.clone()));
        }
        let lands: Vec<_> = territories.iter().map(|area| (area.id.as_str(), area.geometry.clone())).collect();
        let coverage = examine(&lands);
        let outer = coverage.outer_rings().iter().map(|ring| EdgeIndex::new(ring_edges(ring).collect())).collect();
        Ok(AreaMap { territories, coverage, outer })
    }

    /// The areas, ascending by id.
    pub fn territories(&self) -> &[Territory] {
        &self.territories
    }

    /// The gaps and overlaps among the areas.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Which area answers for a point. Exact: the answer is that of real numbers, for every floating-point coordinate.
    pub fn locate(&self, point: Point) -> Location {
        let (mut inside, mut boundary) = (Vec::new(), Vec::new());
        for territory in &self.territories {
            match territory.side(point) {
                Side::Inside => inside.push(territory.id.clone()),
                Side::Boundary => boundary.push(territory.id.clone()),
                Side::Outside => {}
            }
        }
        let matched = if inside.is_empty() { Match::Boundary } else { Match::Inside };
        let mut having = inside;
        having.append(&mut boundary);
        if having.is_empty() {
            return self.locate_beside(point);
        }
        let area = having.remove(0);
        having.sort_unstable();
        Location { matched, distance_m: 0.0, area: Some(area), also_at: having }
    }

    /// The answer for a point that no area has.
    fn locate_beside(&self, point: Point) -> Location {
        let (area, distance_m) = self.nearest(point);
        let enclosed = self.outer.iter().any(|ring| ring.side(point.coord()) == Side::Inside);
        if enclosed {
            Location { matched: Match::Nearest, distance_m, area: Some(area.to_owned()), also_at: Vec::new() }
        } else {
            Location { matched: Match::Outside, distance_m, area: None, also_at: Vec::new() }
        }
    }

    /// The area whose boundary is nearest (the lowest id of equals), and the geodesic metres to it. Chords sort out the few edges that
    /// can be nearest; those are measured on the ellipsoid. To well under a centimetre within a hundred kilometres.
    fn nearest(&self, point: Point) -> (&str, f64) {
        let from = cartesian(point.coord());
        let ranges =
            self.territories.iter().flat_map(|area| area.chords.iter().map(|chord| chord.distance_range_m(from)));
        let reach = ranges.map(|(_, most)| most).fold(f64::INFINITY, f64::min);
        let mut best = (self.territories[0].id.as_str(), f64::INFINITY);
        for area in &self.territories {
            for (chord, &edge) in area.chords.iter().zip(area.index.edges()) {
                if chord.distance_range_m(from).0 <= reach {
                    let distance = chord.edge_distance_m(point.coord(), edge);
                    if distance < best.1 {
                        best = (&area.id, distance);
                    }
                }
            }
        }
        best
    }
}
