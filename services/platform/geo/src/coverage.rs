//! Whether areas cover their land once and without gaps, decided without any tolerance: edges that two neighbours share
//! cancel out, and every loop that is left is the outer boundary, a gap or an overlap.

use crate::{
    exact::{Edge, EdgeIndex, Side},
    inscribed::largest_circle,
    measure::ring_area_m2,
    planar::{Hug, Loop, loops},
    point::Point,
    shape::{Shape, edges},
};
use geo::{Coord, MultiPolygon};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefectKind {
    /// No area has the land, though areas lie all around it.
    Gap,
    /// Two areas or more have the land.
    Overlap,
}

impl fmt::Display for DefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DefectKind::Gap => "gap",
            DefectKind::Overlap => "overlap",
        })
    }
}

/// One loop of edges that do not match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Defect {
    /// `gap-` or `overlap-` and 16 hex digits of BLAKE3 over the vertices: the same loop has the same id in every import, so
    /// that it can be accepted by id.
    pub id: String,
    pub kind: DefectKind,
    /// Square metres on the ellipsoid. A loop that crosses itself (two lines that were digitised apart and cross on the way)
    /// counts the difference of its two sides, and its kind is that of the larger.
    pub area_m2: f64,
    /// Diameter in metres of the largest circle inside, to a thousandth or, for very long slivers, at least this wide.
    pub width_m: f64,
    /// The areas whose edges make the loop, ascending.
    pub between: Vec<String>,
    /// The centre of that circle: a point inside.
    pub at: Point,
    /// The loop, closed, counter-clockwise, from its westernmost vertex.
    pub ring: Vec<Point>,
}

/// The answer of [`coverage`].
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    defects: Vec<Defect>,
    edge_defects: Vec<Defect>,
    outer: Vec<Vec<Point>>,
}

impl Coverage {
    /// Gaps and overlaps in the midst of the areas, largest first.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// Gaps and overlaps that hang on a vertex of the outer boundary, largest first. Whoever refuses large defects must
    /// look at these too.
    pub fn edge_defects(&self) -> &[Defect] {
        &self.edge_defects
    }

    /// The outer rings of the union, closed, counter-clockwise, longest first.
    pub fn outer_rings(&self) -> &[Vec<Point>] {
        &self.outer
    }

    /// Whether every place within the outer rings has exactly one area.
    pub fn is_exact(&self) -> bool {
        self.defects.is_empty() && self.edge_defects.is_empty()
    }
}

/// Examines areas (or neighbourhoods) with their ids or names. Adjoining areas must have the same vertices along their
/// common boundary; a vertex that only one of them has leaves a loop, unless it lies on the other's edge exactly.
/// Points and lines cover nothing.
pub fn coverage(features: &[(String, Shape)]) -> Coverage {
    let areas: Vec<_> = features.iter().filter_map(|(name, shape)| Some((name.as_str(), shape.as_area()?))).collect();
    examine(&areas)
}

/// [`coverage`] of what is known to be areas.
pub(crate) fn examine(areas: &[(&str, MultiPolygon<f64>)]) -> Coverage {
    let all = loops(areas.iter().map(|(_, land)| edges(land)), Hug::Water);
    let mut found = Coverage::default();
    for one in &all {
        let kind = if one.is_outer() {
            found.outer.push(from_the_westernmost(one.ring.clone()));
            continue;
        } else if one.is_gap() {
            DefectKind::Gap
        } else if one.is_overlap() {
            DefectKind::Overlap
        } else {
            // Land inside an overlap that is covered once less: it is subtracted there.
            continue;
        };
        let mut between: Vec<String> = one.owners.iter().map(|&owner| areas[owner].0.to_owned()).collect();
        between.sort();
        let defect = defect(kind, one, &all, between);
        if one.touches_outside { found.edge_defects.push(defect) } else { found.defects.push(defect) }
    }
    for defects in [&mut found.defects, &mut found.edge_defects] {
        defects.sort_by(|one, other| other.area_m2.total_cmp(&one.area_m2).then_with(|| one.id.cmp(&other.id)));
    }
    keep_outermost(&mut found.outer);
    found
}

/// Land inside a gap (an island that touches nothing) has an outer boundary too, but not the union's.
fn keep_outermost(outer: &mut Vec<Vec<Point>>) {
    outer.sort_by_key(|ring| std::cmp::Reverse(ring.len()));
    let index = |ring: &[Point]| EdgeIndex::new(ring_edges(ring).collect());
    let indices: Vec<EdgeIndex> = outer.iter().map(|ring| index(ring)).collect();
    let nested = |number: usize, ring: &[Point]| {
        let holds = |index: &EdgeIndex| {
            ring.iter().map(|vertex| index.side(vertex.coord())).find(|side| *side != Side::Boundary)
                == Some(Side::Inside)
        };
        indices.iter().enumerate().any(|(other, index)| other != number && holds(index))
    };
    let keep: Vec<bool> = outer.iter().enumerate().map(|(number, ring)| !nested(number, ring)).collect();
    let mut keep = keep.into_iter();
    outer.retain(|_| keep.next().unwrap_or(true));
}

pub(crate) fn ring_edges(ring: &[Point]) -> impl Iterator<Item = Edge> + '_ {
    ring.windows(2).map(|pair| [pair[0].coord(), pair[1].coord()])
}

fn defect(kind: DefectKind, one: &Loop, all: &[Loop], between: Vec<String>) -> Defect {
    let mut outline = one.ring.clone();
    if !one.counter_clockwise {
        outline.reverse();
    }
    let ring = from_the_westernmost(outline);
    let mut rings: Vec<Vec<Coord<f64>>> = vec![ring.iter().map(|point| point.coord()).collect()];
    let index = EdgeIndex::new(ring_edges(&ring).collect());
    // Islands of land in a gap, and patches in an overlap that are covered once less, are not part of the defect.
    let (hole_order, hole_around) = (!one.counter_clockwise, one.around + if one.counter_clockwise { 1 } else { -1 });
    for other in all.iter().filter(|other| other.counter_clockwise == hole_order && other.around == hole_around) {
        let inside = other.ring.iter().map(|&vertex| index.side(vertex)).find(|side| *side != Side::Boundary);
        if inside == Some(Side::Inside) {
            let mut hole = other.ring.clone();
            if other.counter_clockwise {
                hole.reverse();
            }
            hole.push(hole[0]);
            rings.push(hole);
        }
    }
    let circle = largest_circle(&rings);
    Defect {
        id: format!("{kind}-{}", fingerprint(&ring)),
        kind,
        area_m2: rings.iter().map(|ring| ring_area_m2(ring)).sum::<f64>().max(0.0),
        width_m: 2.0 * circle.radius_m,
        between,
        at: Point::from_coord(circle.center),
        ring,
    }
}

/// 16 hex digits of BLAKE3 over the vertices in order.
fn fingerprint(ring: &[Point]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("narhet 2026 coverage defect id");
    for vertex in ring {
        hasher.update(&vertex.lon.to_be_bytes());
        hasher.update(&vertex.lat.to_be_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// Closes a loop, beginning at its westernmost vertex.
fn from_the_westernmost(mut ring: Vec<Coord<f64>>) -> Vec<Point> {
    let key = |number: usize| (ring[number].x, ring[number].y);
    let first = (1..ring.len()).fold(0, |best, number| if key(number) < key(best) { number } else { best });
    ring.rotate_left(first);
    ring.push(ring[0]);
    ring.into_iter().map(Point::from_coord).collect()
}
