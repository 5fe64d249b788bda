//! From rings of numbers, as binary files give them, to geometry.

use crate::{
    crs::Crs,
    error::GeometryError,
    exact::{EdgeIndex, Side},
    limits::{FLAT_RINGS_MAX, SHAPE_VERTICES_MAX},
    planar::doubled_area,
    shape::Bounds,
};
use geo::{Geometry, LineString, MultiPolygon, Polygon};

/// A closed ring of pairs, easting or longitude first.
pub type Ring = Vec<[f64; 2]>;

/// Polygons that say which ring is the exterior: the first of each.
pub(crate) fn polygons(polygons: &[Vec<Ring>], crs: Crs) -> Result<Geometry<f64>, GeometryError> {
    count(polygons.iter().flatten())?;
    if polygons.is_empty() {
        return Err(GeometryError::EmptyGeometry { at: "the geometry".to_owned() });
    }
    let mut parts = Vec::with_capacity(polygons.len());
    for (number, rings) in polygons.iter().enumerate() {
        let place = format!("polygon {}", number + 1);
        let mut read = Vec::with_capacity(rings.len());
        for (ring, pairs) in rings.iter().enumerate() {
            read.push(self::ring(pairs, crs, &format!("{place}, ring {}", ring + 1))?);
        }
        if read.is_empty() {
            return Err(GeometryError::EmptyGeometry { at: place });
        }
        let exterior = read.remove(0);
        parts.push(Polygon::new(exterior, read));
    }
    Ok(one_or_many(parts))
}

/// Rings without any order among them: one that lies in an even number of others is an exterior, the others are holes. The way
/// round they are drawn decides nothing, because writers differ.
pub(crate) fn rings(rings: &[Ring], crs: Crs) -> Result<Geometry<f64>, GeometryError> {
    count(rings)?;
    if rings.is_empty() {
        return Err(GeometryError::EmptyGeometry { at: "the geometry".to_owned() });
    }
    if rings.len() > FLAT_RINGS_MAX {
        return Err(GeometryError::TooTangled);
    }
    let mut read = Vec::with_capacity(rings.len());
    for (number, pairs) in rings.iter().enumerate() {
        read.push(ring(pairs, crs, &format!("ring {}", number + 1))?);
    }
    // Largest first: whatever holds a ring stands before it.
    read.sort_by(|one, other| doubled_area(&other.0).abs().total_cmp(&doubled_area(&one.0).abs()));
    let nest = Nest::of(&read);
    let mut polygon_of: Vec<Option<usize>> = vec![None; read.len()];
    let mut parts: Vec<Polygon<f64>> = Vec::new();
    for (number, ring) in read.iter().enumerate() {
        let around = nest.around(number);
        // Rings that cross may lie in a hole alone; the check of soundness will name them.
        let exterior = around.last().filter(|_| around.len() % 2 == 1).and_then(|&innermost| polygon_of[innermost]);
        match exterior {
            Some(polygon) => parts[polygon].interiors_push(ring.clone()),
            None => {
                polygon_of[number] = Some(parts.len());
                parts.push(Polygon::new(ring.clone(), Vec::new()));
            }
        }
    }
    Ok(one_or_many(parts))
}

fn one_or_many(mut parts: Vec<Polygon<f64>>) -> Geometry<f64> {
    match parts.len() {
        1 => Geometry::Polygon(parts.remove(0)),
        _ => Geometry::MultiPolygon(MultiPolygon(parts)),
    }
}

fn count<'a>(rings: impl IntoIterator<Item = &'a Ring>) -> Result<(), GeometryError> {
    let count = rings.into_iter().map(Vec::len).sum();
    if count > SHAPE_VERTICES_MAX {
        return Err(GeometryError::TooManyVertices { count, limit: SHAPE_VERTICES_MAX });
    }
    Ok(())
}

/// A closed ring of three distinct positions or more.
fn ring(pairs: &Ring, crs: Crs, at: &str) -> Result<LineString<f64>, GeometryError> {
    let mut ring = Vec::with_capacity(pairs.len());
    for (vertex, &[x, y]) in pairs.iter().enumerate() {
        // The name of the place is made only when it is needed.
        let point = crs.point(x, y, "").or_else(|_| crs.point(x, y, &format!("{at}, vertex {}", vertex + 1)))?;
        ring.push(point.coord());
    }
    let Some(&first) = ring.first() else { return Err(GeometryError::EmptyGeometry { at: at.to_owned() }) };
    if ring.last() != Some(&first) {
        return Err(GeometryError::RingNotClosed { at: at.to_owned(), first: crate::Point::from_coord(first) });
    }
    ring.dedup();
    if ring.len() < 4 {
        return Err(GeometryError::TooFewPoints { at: at.to_owned(), count: ring.len().max(1) - 1, needed: 3 });
    }
    Ok(LineString(ring))
}

/// Which rings lie in which.
struct Nest<'a> {
    rings: &'a [LineString<f64>],
    bounds: Vec<Bounds>,
    indices: Vec<EdgeIndex>,
}

impl Nest<'_> {
    fn of(rings: &[LineString<f64>]) -> Nest<'_> {
        let edges = |ring: &LineString<f64>| ring.0.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        let bounds = rings.iter().map(|ring| Bounds::of(ring.0.iter().copied())).collect();
        Nest { rings, bounds, indices: rings.iter().map(|ring| EdgeIndex::new(edges(ring))).collect() }
    }

    /// The rings around one, largest first; only larger ones can be.
    fn around(&self, number: usize) -> Vec<usize> {
        let holds = |other: usize| {
            let mut sides = self.rings[number].0.iter().map(|&vertex| self.indices[other].side(vertex));
            self.bounds[other].meets(&self.bounds[number])
                && sides.find(|side| *side != Side::Boundary) == Some(Side::Inside)
        };
        (0..number).filter(|&other| holds(other)).collect()
    }
}
