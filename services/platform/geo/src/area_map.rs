//! One division, prepared once: which area answers for a point, exactly.

use crate::{
    coverage::{Coverage, examine, ring_edges},
    error::AreaError,
    exact::{EdgeIndex, Side},
    grid::{Entry, Grid, Layer},
    limits::AREAS_MAX,
    nearest::Nearest,
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
}

impl Territory {
    fn new(id: String, shape: &Shape) -> Result<Territory, AreaError> {
        let not_an_area = || AreaError::NotAnArea { id: id.clone(), found: shape.kind() };
        let geometry = shape.as_area().ok_or_else(not_an_area)?;
        let index = EdgeIndex::new(edges(&geometry).collect());
        Ok(Territory { id, bounds: shape.bounds(), geometry, index })
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
}

/// The areas of one division. Immutable: a new version of the map is a new `AreaMap`.
#[derive(Clone, Debug)]
pub struct AreaMap {
    /// Ascending by id, so that the lowest id is met first.
    territories: Vec<Territory>,
    bounds: Bounds,
    coverage: Coverage,
    grid: Grid,
    /// The short answer of each plain answer of the table; in a hole without its area, which is not the same everywhere.
    plain: Vec<Hit>,
    nearest: Nearest,
}

/// The short answer of [`AreaMap::hit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub matched: Match,
    /// The area that answers, as its number in [`AreaMap::territories`]; `None` outside only.
    pub area: Option<u16>,
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
        if areas.len() > AREAS_MAX {
            return Err(AreaError::TooManyAreas { count: areas.len(), limit: AREAS_MAX });
        }
        let mut territories: Vec<Territory> =
            areas.into_iter().map(|(id, shape)| Territory::new(id, &shape)).collect::<Result<_, _>>()?;
        territories.sort_by(|one, other| one.id.cmp(&other.id));
        if let Some(pair) = territories.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(AreaError::DuplicateArea(pair[0].id.clone()));
        }
        let lands: Vec<_> = territories.iter().map(|area| (area.id.as_str(), area.geometry.clone())).collect();
        let coverage = examine(&lands);
        let outer: Vec<EdgeIndex> =
            coverage.outer_rings().iter().map(|ring| EdgeIndex::new(ring_edges(ring).collect())).collect();
        let mut layers: Vec<Layer<'_>> = territories
            .iter()
            .map(|area| Layer { bounds: area.bounds, indices: std::slice::from_ref(&area.index) })
            .collect();
        let bounds = Bounds::of(territories.iter().flat_map(|area| area.bounds.corners()));
        layers.push(Layer { bounds, indices: &outer });
        let grid = Grid::new(&layers);
        let inside = |layers: &Vec<u16>| layers.iter().map(|layer| (*layer, Side::Inside)).collect::<Vec<_>>();
        let plain = grid.plain().iter().map(|layers| short(inside(layers).into_iter(), territories.len())).collect();
        let nearest = Nearest::new(&territories);
        Ok(AreaMap { territories, bounds, coverage, grid, plain, nearest })
    }

    /// The areas, ascending by id.
    pub fn territories(&self) -> &[Territory] {
        &self.territories
    }

    /// The box around all areas, degrees.
    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The gaps and overlaps among the areas.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Which area answers for a point, without a word more. Exact: the answer is that of real numbers, for every floating-point
    /// coordinate. A few nanoseconds, but for places in a hole, whose nearest area has to be sought.
    #[inline]
    pub fn hit(&self, point: Point) -> Hit {
        let hit = self.had(point);
        if hit.matched == Match::Nearest { Hit { area: Some(self.nearest.of(point.coord()).0), ..hit } } else { hit }
    }

    /// [`AreaMap::hit`], and how many metres the nearest area is away: 0 for a point that an area has.
    pub fn hit_and_distance_m(&self, point: Point) -> (Hit, f64) {
        let hit = self.had(point);
        match hit.matched {
            Match::Inside | Match::Boundary => (hit, 0.0),
            Match::Outside => (hit, self.nearest.of(point.coord()).1),
            Match::Nearest => {
                let (area, distance_m) = self.nearest.of(point.coord());
                (Hit { area: Some(area), ..hit }, distance_m)
            }
        }
    }

    /// Metres from a point that no area has to the nearest one.
    pub fn distance_m(&self, point: Point) -> f64 {
        self.nearest.of(point.coord()).1
    }

    /// What the table says of a point; in a hole without the area.
    #[inline]
    fn had(&self, point: Point) -> Hit {
        match self.grid.entry(point.coord()) {
            None => OUTSIDE,
            Some(Entry::Plain(number)) => self.plain[usize::from(number)],
            Some(Entry::Crossed(number)) => short(self.grid.crossed_at(number, point.coord()), self.territories.len()),
        }
    }

    /// Which area answers for a point, with everything there is to say. Exact as [`AreaMap::hit`].
    pub fn locate(&self, point: Point) -> Location {
        let (mut inside, mut boundary) = (Vec::new(), Vec::new());
        let mut enclosed = false;
        for (layer, side) in self.grid.layers_at(point.coord()) {
            match (self.territories.get(usize::from(layer)), side) {
                (None, _) => enclosed = true,
                (Some(area), Side::Boundary) => boundary.push(area.id.clone()),
                (Some(area), _) => inside.push(area.id.clone()),
            }
        }
        let matched = if inside.is_empty() { Match::Boundary } else { Match::Inside };
        let mut having = inside;
        having.append(&mut boundary);
        if having.is_empty() {
            return self.locate_beside(point, enclosed);
        }
        let area = having.remove(0);
        having.sort_unstable();
        Location { matched, distance_m: 0.0, area: Some(area), also_at: having }
    }

    /// The answer for a point that no area has.
    fn locate_beside(&self, point: Point, enclosed: bool) -> Location {
        let (area, distance_m) = self.nearest.of(point.coord());
        let area = enclosed.then(|| self.territories[usize::from(area)].id.clone());
        let matched = if enclosed { Match::Nearest } else { Match::Outside };
        Location { matched, distance_m, area, also_at: Vec::new() }
    }
}

const OUTSIDE: Hit = Hit { matched: Match::Outside, area: None };

/// The short answer from the layers at a point, of which number `areas` is what the outer rings enclose; in a hole without the
/// nearest area.
fn short(layers: impl Iterator<Item = (u16, Side)>, areas: usize) -> Hit {
    let mut hit = OUTSIDE;
    for (layer, side) in layers {
        if usize::from(layer) == areas {
            if hit.matched == Match::Outside {
                hit.matched = Match::Nearest;
            }
        } else if side == Side::Inside {
            return Hit { matched: Match::Inside, area: Some(layer) };
        } else if hit.area.is_none() {
            hit = Hit { matched: Match::Boundary, area: Some(layer) };
        }
    }
    hit
}
