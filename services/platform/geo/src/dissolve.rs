//! The union of neighbourhoods: edges that two parts share disappear, the others stay bit for bit.

use crate::{
    error::{AreaError, GeometryError},
    exact::{Edge, EdgeIndex, Side},
    limits::{COVERAGE_FEATURES_MAX, UNTANGLED_CROSSINGS_MAX},
    planar::{Hug, doubled_area, loops},
    shape::{Shape, edges},
    validity::self_collision,
};
use geo::{Coord, Geometry, LineString, MultiPolygon, Polygon};

/// Joins polygons that share their edges exactly into one `MultiPolygon`. Gaps between them become holes, overlaps are land
/// once. Nothing is snapped or rounded: every vertex of the answer has the bits of a part's vertex, but for those few where a
/// boundary crosses itself by a hair and the crossing must become a vertex.
///
/// # Errors
/// `NoAreas`, `TooManyAreas`, `NotAnArea`, and `BrokenUnion` when boundaries cross without a common vertex so that no sound polygon
/// can be made of the given vertices alone.
pub fn dissolve(parts: &[&Shape]) -> Result<Shape, AreaError> {
    if parts.is_empty() {
        return Err(AreaError::NoAreas);
    }
    if parts.len() > COVERAGE_FEATURES_MAX {
        return Err(AreaError::TooManyAreas { count: parts.len(), limit: COVERAGE_FEATURES_MAX });
    }
    let mut areas = Vec::with_capacity(parts.len());
    for (number, part) in parts.iter().enumerate() {
        let not_an_area = || AreaError::NotAnArea { id: format!("part {number}"), found: part.kind() };
        areas.push(part.as_area().ok_or_else(not_an_area)?);
    }
    join(areas.iter().map(|area| edges(area).collect()))
}

/// The land that edges bound, those of each part in a vector; edges that run both ways are none.
pub(crate) fn join(parts: impl IntoIterator<Item = Vec<Edge>>) -> Result<Shape, AreaError> {
    let mut shores = Vec::new();
    for one in loops(parts, Hug::Land).into_iter().filter(|one| one.is_outer() || one.is_gap()) {
        shores.extend(untangle(one.ring).map_err(AreaError::BrokenUnion)?);
    }
    if shores.is_empty() {
        return Err(AreaError::NoAreas);
    }
    Shape::checked(Geometry::MultiPolygon(assemble(shores))).map_err(AreaError::BrokenUnion)
}

/// Cuts off the lobes of an open loop that crosses itself by a hair, as real boundaries do where two lines were digitised
/// apart: the crossing becomes a vertex, the smaller side of it goes. What goes is no land: a lobe that runs the same way
/// round lies within the rest, one that runs the other way is covered once less than nothing but for an overlap.
fn untangle(mut ring: Vec<Coord<f64>>) -> Result<Option<Vec<Coord<f64>>>, GeometryError> {
    for _ in 0..UNTANGLED_CROSSINGS_MAX {
        let mut closed = ring.clone();
        closed.push(closed[0]);
        let Some((first, second, at)) = self_collision(&LineString(closed))? else {
            return Ok(Some(ring));
        };
        let lobe: Vec<_> = ring[first + 1..=second].iter().copied().chain([at]).collect();
        let rest: Vec<_> = ring[second + 1..].iter().chain(&ring[..=first]).copied().chain([at]).collect();
        ring = if doubled_area(&lobe).abs() > doubled_area(&rest).abs() { lobe } else { rest };
        ring.dedup();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        if ring.len() < 3 {
            return Ok(None);
        }
    }
    Ok(Some(ring))
}

/// Sorts loops into exteriors and the holes inside them.
fn assemble(loops: Vec<Vec<Coord<f64>>>) -> MultiPolygon<f64> {
    let (mut exteriors, holes): (Vec<_>, Vec<_>) =
        loops.into_iter().map(from_the_lowest).partition(|ring| doubled_area(ring) > 0.0);
    // Smallest first: the first exterior that holds a hole is the innermost. Then by place, so that the answer depends on
    // nothing but the parts.
    exteriors.sort_by(|one, other| {
        let key = |ring: &[Coord<f64>]| (ring[0].x, ring[0].y);
        doubled_area(one)
            .total_cmp(&doubled_area(other))
            .then_with(|| key(one).partial_cmp(&key(other)).unwrap_or(std::cmp::Ordering::Equal))
    });
    let indices: Vec<EdgeIndex> =
        exteriors.iter().map(|ring| EdgeIndex::new(ring.windows(2).map(|pair| [pair[0], pair[1]]).collect())).collect();
    let mut inside = vec![Vec::new(); exteriors.len()];
    for hole in holes {
        let holds = |index: &EdgeIndex| {
            let sides = hole.iter().map(|&vertex| index.side(vertex));
            sides.into_iter().find(|side| *side != Side::Boundary) == Some(Side::Inside)
        };
        if let Some(exterior) = indices.iter().position(holds) {
            inside[exterior].push(LineString(hole));
        }
    }
    let mut polygons: Vec<Polygon<f64>> =
        exteriors.into_iter().zip(inside).map(|(ring, holes)| Polygon::new(LineString(ring), holes)).collect();
    // The main land first, as people expect.
    polygons.reverse();
    MultiPolygon(polygons)
}

/// Closes a loop, beginning at its westernmost vertex.
fn from_the_lowest(mut ring: Vec<Coord<f64>>) -> Vec<Coord<f64>> {
    let key = |number: usize| (ring[number].x, ring[number].y);
    let lowest = (1..ring.len()).fold(0, |best, number| if key(number) < key(best) { number } else { best });
    ring.rotate_left(lowest);
    ring.push(ring[0]);
    ring
}
