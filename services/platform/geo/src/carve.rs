//! A part of one area taken out of it, so that both sides of the cut have the same vertices and every neighbour still fits.
//!
//! Where the cut meets an old boundary a vertex is put into that boundary on all sides of it at once. Everything else stays bit
//! for bit: what is taken and what is left are chosen among the edges that are there, nothing is computed anew.

use crate::{
    dissolve::join,
    error::{AreaError, GeometryError},
    exact::{Edge, EdgeIndex, Side, turn},
    limits::{CARVE_ROUNDS_MAX, CARVE_SNAP_DEGREES, CROSSING_PAIRS_MAX},
    shape::{Shape, edges, rings},
    validity::crossing,
};
use geo::{Coord, Geometry, LineString, MultiPolygon, Polygon, algorithm::kernels::Orientation};
use std::collections::{HashMap, HashSet};

/// Why a part cannot be taken out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CarveError {
    #[error("its outline has nothing of the area")]
    Nothing,
    #[error("its outline has the whole area; give the area itself to the other one")]
    Everything,
    #[error(transparent)]
    Area(#[from] AreaError),
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

/// An undirected edge by the bits of its vertices, the lower vertex first.
type Name = [(u64, u64); 2];

/// Takes the part of `areas[from]` that lies in `outline` out of it and gives it back. What of the outline lies elsewhere
/// takes nothing. Areas that have an edge in common with the cut get its vertices there.
///
/// # Errors
/// Every [`CarveError`]; the areas are then as they were.
pub fn carve(areas: &mut [Shape], from: usize, outline: &Shape) -> Result<Shape, CarveError> {
    let land = |shape: &Shape| {
        shape.as_area().ok_or_else(|| AreaError::NotAnArea { id: "the outline".to_owned(), found: shape.kind() })
    };
    let (mut whole, mut cut) = (land(&areas[from])?, land(outline)?);
    cut = snapped(&cut, &EdgeIndex::new(edges(&whole).collect()));
    let mut all_points: Vec<Points> = Vec::new();
    // A crossing is rounded to a vertex, which may let the new halves cross something else by a hair: look again.
    for round in 0.. {
        let points = meetings(&whole, &cut)?;
        if points.0.is_empty() {
            break;
        }
        if round == CARVE_ROUNDS_MAX {
            return Err(GeometryError::TooTangled.into());
        }
        whole = points.put_into(&whole);
        cut = points.put_into(&cut);
        all_points.push(points);
    }
    let part_edges = part(&whole, &cut);
    if part_edges.is_empty() {
        return Err(CarveError::Nothing);
    }
    let part = join([part_edges.clone()])?;
    let rest: Vec<Edge> = part_edges.iter().map(|[a, b]| [*b, *a]).collect();
    let rest = match join([edges(&whole).collect(), rest]) {
        Err(AreaError::NoAreas) => return Err(CarveError::Everything),
        rest => rest?,
    };
    let mut fitted = Vec::new();
    for (number, area) in areas.iter().enumerate().filter(|(number, _)| *number != from) {
        let Some(before) = area.as_area() else { continue };
        let after = all_points.iter().fold(before.clone(), |land, points| points.put_into(&land));
        if after != before {
            let geometry = match area.geometry() {
                Geometry::Polygon(_) => Geometry::Polygon(after.0.into_iter().next().expect("a polygon stays one")),
                _ => Geometry::MultiPolygon(after),
            };
            fitted.push((number, Shape::checked(geometry)?));
        }
    }
    for (number, shape) in fitted {
        areas[number] = shape;
    }
    areas[from] = rest;
    Ok(part)
}

/// Vertices to be put into edges.
#[derive(Default)]
struct Points(HashMap<Name, Vec<Coord<f64>>>);

impl Points {
    fn add(&mut self, edge: Edge, point: Coord<f64>) {
        if point != edge[0] && point != edge[1] {
            self.0.entry(name(edge)).or_default().push(point);
        }
    }

    fn put_into(&self, land: &MultiPolygon<f64>) -> MultiPolygon<f64> {
        let ring = |ring: &LineString<f64>| {
            let mut out = Vec::with_capacity(ring.0.len());
            for pair in ring.0.windows(2) {
                out.push(pair[0]);
                if let Some(points) = self.0.get(&name([pair[0], pair[1]])) {
                    let mut points = points.clone();
                    let reach = |point: &Coord<f64>| (point.x - pair[0].x).abs() + (point.y - pair[0].y).abs();
                    points.sort_by(|one, other| reach(one).total_cmp(&reach(other)));
                    points.dedup();
                    out.extend(points);
                    out.dedup();
                }
            }
            out.extend(ring.0.last());
            LineString(out)
        };
        let polygon = |polygon: &Polygon<f64>| {
            let mut rings = rings(polygon).map(ring);
            let exterior = rings.next().expect("a polygon has an exterior");
            Polygon::new(exterior, rings.collect())
        };
        MultiPolygon(land.iter().map(polygon).collect())
    }
}

fn name([a, b]: Edge) -> Name {
    let key = |c: Coord<f64>| (c.x.to_bits(), c.y.to_bits());
    let (a, b) = (key(a), key(b));
    if a < b { [a, b] } else { [b, a] }
}

/// The outline with the vertices that lie within a hair of the area's boundary put on it. Only the outline moves.
fn snapped(cut: &MultiPolygon<f64>, whole: &EdgeIndex) -> MultiPolygon<f64> {
    let snap = |at: Coord<f64>| {
        let near = whole.between_latitudes(at.y - CARVE_SNAP_DEGREES, at.y + CARVE_SNAP_DEGREES);
        let near: Vec<Edge> = near.into_iter().map(|number| whole.edges()[number as usize]).collect();
        let candidates = near.iter().flatten().copied();
        let projected = near.iter().map(|&edge| nearest(at, edge));
        candidates.chain(projected).find(|&place| distance(place, at) <= CARVE_SNAP_DEGREES).unwrap_or(at)
    };
    let ring = |ring: &LineString<f64>| {
        let mut moved: Vec<Coord<f64>> = ring.0.iter().map(|&at| snap(at)).collect();
        moved.dedup();
        LineString(moved)
    };
    let polygon = |polygon: &Polygon<f64>| {
        let mut rings = rings(polygon).map(ring);
        let exterior = rings.next().expect("a polygon has an exterior");
        Polygon::new(exterior, rings.collect())
    };
    MultiPolygon(cut.iter().map(polygon).collect())
}

/// The place on an edge that is nearest to a point, rounded.
fn nearest(point: Coord<f64>, [a, b]: Edge) -> Coord<f64> {
    let (along, to) = (b - a, point - a);
    let share = (to.x * along.x + to.y * along.y) / (along.x * along.x + along.y * along.y);
    if share <= 0.0 {
        a
    } else if share >= 1.0 {
        b
    } else {
        a + along * share
    }
}

fn distance(one: Coord<f64>, other: Coord<f64>) -> f64 {
    (one.x - other.x).hypot(one.y - other.y)
}

fn is_near(point: Coord<f64>, edge: Edge) -> bool {
    distance(nearest(point, edge), point) <= CARVE_SNAP_DEGREES
}

/// Where edges of the two meet otherwise than in a vertex of both.
fn meetings(whole: &MultiPolygon<f64>, cut: &MultiPolygon<f64>) -> Result<Points, GeometryError> {
    let index = EdgeIndex::new(edges(whole).collect());
    let (mut points, mut pairs) = (Points::default(), 0_usize);
    for cut_edge @ [c, d] in edges(cut) {
        let (south, north) = (c.y.min(d.y) - CARVE_SNAP_DEGREES, c.y.max(d.y) + CARVE_SNAP_DEGREES);
        for number in index.between_latitudes(south, north) {
            let edge @ [a, b] = index.edges()[number as usize];
            pairs += 1;
            let apart =
                a.x.min(b.x) > c.x.max(d.x) + CARVE_SNAP_DEGREES || a.x.max(b.x) < c.x.min(d.x) - CARVE_SNAP_DEGREES;
            if apart || name(edge) == name(cut_edge) {
                continue;
            }
            let before = points.0.len();
            for end in [c, d].into_iter().filter(|&end| is_near(end, edge)) {
                points.add(edge, end);
            }
            for end in [a, b].into_iter().filter(|&end| is_near(end, cut_edge)) {
                points.add(cut_edge, end);
            }
            let ends_meet = points.0.len() > before || [a, b].iter().any(|end| [c, d].contains(end));
            let opposite = |one: Orientation, other: Orientation| {
                one != other && one != Orientation::Collinear && other != Orientation::Collinear
            };
            if !ends_meet && opposite(turn(a, b, c), turn(a, b, d)) && opposite(turn(c, d, a), turn(c, d, b)) {
                let at = crossing(edge, cut_edge);
                points.add(edge, at);
                points.add(cut_edge, at);
            }
        }
        if pairs > CROSSING_PAIRS_MAX {
            return Err(GeometryError::TooTangled);
        }
    }
    Ok(points)
}

/// The edges of what both have; they meet in common vertices only.
fn part(whole: &MultiPolygon<f64>, cut: &MultiPolygon<f64>) -> Vec<Edge> {
    let directed = |[a, b]: Edge| [a.x.to_bits(), a.y.to_bits(), b.x.to_bits(), b.y.to_bits()];
    let names = |land| edges(land).map(name).collect::<HashSet<Name>>();
    let (whole_names, cut_names) = (names(whole), names(cut));
    let cut_directed: HashSet<_> = edges(cut).map(directed).collect();
    let (whole_index, cut_index) = (EdgeIndex::new(edges(whole).collect()), EdgeIndex::new(edges(cut).collect()));
    let inside = |index: &EdgeIndex, [a, b]: Edge| index.side(a + (b - a) / 2.0) == Side::Inside;
    // An edge of both bounds the part where both have their land on the same side of it.
    let of_whole = edges(whole).filter(|&edge| {
        if cut_names.contains(&name(edge)) { cut_directed.contains(&directed(edge)) } else { inside(&cut_index, edge) }
    });
    let of_cut = edges(cut).filter(|&edge| !whole_names.contains(&name(edge)) && inside(&whole_index, edge));
    of_whole.chain(of_cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{coverage, measure::area_m2};
    use proptest::prelude::*;
    use serde_json::json;

    fn shape(ring: &[[f64; 2]]) -> Shape {
        Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] })).unwrap()
    }

    fn area(shape: &Shape) -> f64 {
        area_m2(&shape.as_area().unwrap())
    }

    /// Three cells in a row whose common boundaries are no round numbers.
    fn row() -> Vec<Shape> {
        let (a, b) = (18.1 / 3.0 * 3.001, 18.2 / 3.0 * 3.001);
        vec![
            shape(&[[18.0, 59.0], [a, 59.01], [a, 59.09], [18.0, 59.1], [18.0, 59.0]]),
            shape(&[[a, 59.01], [b, 59.02], [b + 0.01, 59.05], [b, 59.08], [a, 59.09], [a, 59.01]]),
            shape(&[[b, 59.02], [18.4, 59.0], [18.4, 59.1], [b, 59.08], [b + 0.01, 59.05], [b, 59.02]]),
        ]
    }

    /// Whether all of them cover what the row covered, once and without gaps.
    fn fits(areas: &[Shape], part: &Shape) -> bool {
        let named = |shapes: &[Shape]| -> Vec<(String, Shape)> {
            shapes.iter().cloned().enumerate().map(|(number, shape)| (number.to_string(), shape)).collect()
        };
        let mut all = areas.to_vec();
        all.push(part.clone());
        let found = coverage(&named(&all));
        let (before, after): (f64, f64) = (row().iter().map(area).sum(), all.iter().map(area).sum());
        found.is_exact() && found.outer_rings().len() == 1 && (before - after).abs() < 1e-3
    }

    #[test]
    fn a_part_across_two_boundaries_leaves_no_gap_and_no_overlap() {
        let mut areas = row();
        let outline = shape(&[[18.05, 59.03], [18.35, 59.031], [18.35, 59.07], [18.06, 59.069], [18.05, 59.03]]);
        let part = carve(&mut areas, 1, &outline).unwrap();
        assert!(fits(&areas, &part));
        assert_eq!(areas[1].kind(), "MultiPolygon", "the middle cell is cut in two");
        assert_eq!(areas[0].vertices(), row()[0].vertices() + 2, "the neighbour has the cut's ends");
    }

    #[test]
    fn an_island_leaves_a_hole_that_it_fills_and_a_shared_border_stays() {
        let mut areas = row();
        let island = shape(&[[18.13, 59.04], [18.15, 59.04], [18.14, 59.06], [18.13, 59.04]]);
        let part = carve(&mut areas, 1, &island).unwrap();
        assert!(fits(&areas, &part));
        assert_eq!(part.vertices(), island.vertices());
        // The outline follows the eastern border vertex by vertex, and has a vertex in the middle of the western one.
        let mut areas = row();
        let cell = row()[1].to_geojson();
        let at = |number: usize| {
            let at = &cell["coordinates"][0][number];
            [at[0].as_f64().unwrap(), at[1].as_f64().unwrap()]
        };
        let west = [at(0)[0], 59.05];
        let outline = shape(&[at(0), at(1), at(2), at(3), west, at(0)]);
        let part = carve(&mut areas, 1, &outline).unwrap();
        assert!(fits(&areas, &part) && part.vertices() == 6);
    }

    #[test]
    fn nothing_and_everything_are_refused_and_change_nothing() {
        let mut areas = row();
        let around = shape(&[[17.0, 58.0], [19.0, 58.0], [19.0, 60.0], [17.0, 60.0], [17.0, 58.0]]);
        let beside = shape(&[[18.3, 59.04], [18.39, 59.04], [18.39, 59.06], [18.3, 59.04]]);
        assert_eq!(carve(&mut areas, 1, &around), Err(CarveError::Everything));
        assert_eq!(carve(&mut areas, 1, &row()[1]), Err(CarveError::Everything));
        assert_eq!(carve(&mut areas, 1, &beside), Err(CarveError::Nothing));
        assert_eq!(carve(&mut areas, 1, &row()[2]), Err(CarveError::Nothing));
        assert_eq!(areas, row());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn whatever_is_carved_every_place_has_exactly_one_area(
            corners in proptest::collection::vec((18.02..18.38_f64, 59.005..59.095_f64), 3),
            more in (18.02..18.38_f64, 59.005..59.095_f64),
        ) {
            let ring = |corners: &[(f64, f64)]| {
                let mut ring: Vec<[f64; 2]> = corners.iter().map(|&(lon, lat)| [lon, lat]).collect();
                ring.push(ring[0]);
                Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] }))
            };
            let Ok(outline) = ring(&corners) else { return Ok(()) };
            let mut areas = row();
            match carve(&mut areas, 1, &outline) {
                Err(refused) => prop_assert!(matches!(refused, CarveError::Nothing), "{refused:?}"),
                Ok(part) => {
                    prop_assert!(fits(&areas, &part));
                    // And another cut through what is left and through the neighbour that was cut already.
                    let Ok(second) = ring(&[corners[0], corners[1], more]) else { return Ok(()) };
                    areas.push(part);
                    if let Ok(part) = carve(&mut areas, 1, &second) {
                        prop_assert!(fits(&areas, &part));
                    }
                }
            }
        }
    }
}
