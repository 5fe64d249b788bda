//! Which areas lie near a place, and how near.

use crate::{
    area_map::{AreaMap, Territory},
    error::PlaceError,
    exact::Edge,
    limits::PLACE_PIECES_MAX,
    measure::{Cartesian, Chord, arc_m, cartesian, metres_per_degree},
    nearest::{cut, pieces_in},
    shape::{Bounds, Shape, rings},
    tree::{Block, Tree},
};
use geo::{Coord, Geometry};

/// An area near a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    pub area: String,
    /// Metres from the place to the area's boundary; 0 where they meet.
    pub distance_m: f64,
}

impl AreaMap {
    /// The areas whose boundary lies within so many metres of the shape, nearest first, ties by id; but for those that
    /// `beside` names. An area in whose midst the shape lies is not among them unless its boundary is that near.
    ///
    /// # Errors
    /// As [`AreaMap::admit`].
    pub fn neighbours(&self, shape: &Shape, within_m: f64, beside: &[&str]) -> Result<Vec<Neighbour>, PlaceError> {
        self.admit(shape, within_m)?;
        let degrees = self.degrees(within_m);
        let place = Pieces::new(self.edges_near(shape, degrees).flat_map(cut));
        let reach = Bounds::of(place.list.iter().flat_map(|piece| piece.edge)).wider_by(degrees);
        let mut found: Vec<Neighbour> = self
            .territories()
            .iter()
            .filter(|territory| !beside.contains(&territory.id()) && territory.bounds().meets(&reach))
            .filter_map(|territory| {
                let chord_m = chord_m(&boundary(territory, &reach), &place, within_m)?;
                let distance_m = arc_m(chord_m, reach.south);
                (distance_m <= within_m).then(|| Neighbour { area: territory.id().to_owned(), distance_m })
            })
            .collect();
        found.sort_by(|one, other| one.distance_m.total_cmp(&other.distance_m).then_with(|| one.area.cmp(&other.area)));
        Ok(found)
    }

    /// Whether a place is so small that questions about it, and what is within so many metres of it, are answered in
    /// milliseconds. What lies further from every area does not count.
    ///
    /// # Errors
    /// `TooManyPieces`.
    pub fn admit(&self, shape: &Shape, within_m: f64) -> Result<(), PlaceError> {
        let edges = self.edges_near(shape, self.degrees(within_m));
        let count: usize = edges.map(pieces_in).sum();
        if count > PLACE_PIECES_MAX {
            return Err(PlaceError::TooManyPieces { count });
        }
        Ok(())
    }

    /// The parts of a shape's edges, and its points as edges, that lie so near the box around all areas.
    fn edges_near<'a>(&self, shape: &'a Shape, degrees: f64) -> impl Iterator<Item = Edge> + 'a {
        let land = self.bounds().wider_by(degrees);
        edges_of(shape.geometry()).filter_map(move |edge| within(edge, &land))
    }

    /// Degrees that are no less than so many metres, of longitude or latitude, anywhere near the areas.
    fn degrees(&self, metres: f64) -> f64 {
        let bounds = self.bounds();
        let lat = bounds.north.abs().max(bounds.south.abs()) + metres / 100_000.0;
        let (lon_m, lat_m) = metres_per_degree(lat.min(89.0));
        // A way over higher latitudes is a little shorter than the parallel.
        1.01 * metres / lon_m.min(lat_m)
    }
}

/// Short pieces of lines, or points twice.
struct Pieces {
    list: Vec<Piece>,
    tree: Tree,
}

struct Piece {
    edge: Edge,
    chord: Chord,
    ends: [Cartesian; 2],
}

impl Pieces {
    fn new(edges: impl Iterator<Item = Edge>) -> Pieces {
        let list: Vec<Piece> =
            edges.map(|edge| Piece { edge, chord: Chord::new(edge), ends: edge.map(cartesian) }).collect();
        let blocks: Vec<Block> = list.iter().map(|piece| piece.chord.block()).collect();
        Pieces { tree: Tree::new(&blocks), list }
    }
}

impl Piece {
    /// Straight metres to another; 0 when they cross.
    fn apart_m(&self, other: &Piece) -> f64 {
        let meets = Bounds::of(self.edge).meets(&Bounds::of(other.edge))
            && geo::Intersects::intersects(&line(self.edge), &line(other.edge));
        if meets {
            return 0.0;
        }
        let to_other = self.ends.iter().map(|&end| other.chord.nearest(end).0);
        let to_this = other.ends.iter().map(|&end| self.chord.nearest(end).0);
        to_other.chain(to_this).fold(f64::INFINITY, f64::min)
    }
}

fn line([a, b]: Edge) -> geo::Line<f64> {
    geo::Line::new(a, b)
}

/// A territory's boundary within `reach`.
fn boundary(territory: &Territory, reach: &Bounds) -> Pieces {
    let index = territory.index();
    let near = index.between_latitudes(reach.south, reach.north).into_iter();
    let edges = near.filter_map(|number| within(index.edges()[number as usize], reach));
    Pieces::new(edges.flat_map(cut))
}

/// Straight metres between a boundary and a place; `None` when that is more than `within_m`.
fn chord_m(boundary: &Pieces, place: &Pieces, within_m: f64) -> Option<f64> {
    let mut least_m: Option<f64> = None;
    boundary.tree.look_between(&place.tree, within_m, |shore, piece| {
        let metres = boundary.list[shore as usize].apart_m(&place.list[piece as usize]);
        if metres <= least_m.unwrap_or(within_m) {
            least_m = Some(metres);
        }
        // Where they meet there is nothing more to look for.
        least_m.map_or(within_m, |metres| if metres > 0.0 { metres } else { f64::NEG_INFINITY })
    });
    least_m
}

/// The part of an edge that lies in a box, if any (Liang and Barsky 1984).
fn within([a, b]: Edge, bounds: &Bounds) -> Option<Edge> {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let sides =
        [(-dx, a.x - bounds.west), (dx, bounds.east - a.x), (-dy, a.y - bounds.south), (dy, bounds.north - a.y)];
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    for (out, room) in sides {
        if out == 0.0 && room < 0.0 {
            return None;
        }
        if out < 0.0 {
            enters = enters.max(room / out);
        } else if out > 0.0 {
            leaves = leaves.min(room / out);
        }
    }
    let at = |share: f64| Coord { x: a.x + dx * share, y: a.y + dy * share };
    let ends = [if enters > 0.0 { at(enters) } else { a }, if leaves < 1.0 { at(leaves) } else { b }];
    (enters <= leaves).then_some(ends)
}

fn edges_of(geometry: &Geometry<f64>) -> Box<dyn Iterator<Item = Edge> + '_> {
    let of_line =
        |line: &'_ geo::LineString<f64>| -> Vec<Edge> { line.0.windows(2).map(|pair| [pair[0], pair[1]]).collect() };
    match geometry {
        Geometry::Point(point) => Box::new(std::iter::once([point.0, point.0])),
        Geometry::MultiPoint(points) => Box::new(points.iter().map(|point| [point.0, point.0])),
        Geometry::LineString(line) => Box::new(of_line(line).into_iter()),
        Geometry::MultiLineString(lines) => Box::new(lines.iter().flat_map(of_line)),
        Geometry::Polygon(polygon) => Box::new(rings(polygon).flat_map(of_line)),
        Geometry::MultiPolygon(polygons) => Box::new(polygons.iter().flat_map(rings).flat_map(of_line)),
        Geometry::GeometryCollection(parts) => Box::new(parts.iter().flat_map(edges_of)),
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => Box::new(std::iter::empty()),
    }
}
