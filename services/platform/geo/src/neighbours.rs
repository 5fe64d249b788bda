//! Which areas lie near a place, and how near.

use crate::{
    area_map::{AreaMap, Territory},
    exact::Edge,
    measure::{Cartesian, Chord, arc_m, cartesian, metres_per_degree},
    nearest::cut,
    shape::{Bounds, Shape},
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
    /// The areas whose boundary lies within so many metres of the shape, nearest first, ties by id. An area in whose midst the
    /// shape lies is not among them unless its boundary is that near.
    pub fn neighbours(&self, shape: &Shape, within_m: f64) -> Vec<Neighbour> {
        let bounds = shape.bounds();
        let (lon_m, lat_m) = metres_per_degree(bounds.north.abs().max(bounds.south.abs()).min(89.0));
        let reach = bounds.wider_by(within_m / lon_m.min(lat_m).max(1.0));
        let place: Vec<Piece> = pieces_of(shape.geometry()).map(Piece::new).collect();
        let mut found: Vec<Neighbour> = self
            .territories()
            .iter()
            .filter(|territory| territory.bounds().meets(&reach))
            .filter_map(|territory| {
                let distance_m = arc_m(chord_m(territory, &place, &reach)?, bounds.south);
                (distance_m <= within_m).then(|| Neighbour { area: territory.id().to_owned(), distance_m })
            })
            .collect();
        found.sort_by(|one, other| one.distance_m.total_cmp(&other.distance_m).then_with(|| one.area.cmp(&other.area)));
        found
    }
}

/// A short piece of a line, or a point twice.
struct Piece {
    edge: Edge,
    chord: Chord,
    ends: [Cartesian; 2],
}

impl Piece {
    fn new(edge: Edge) -> Piece {
        Piece { edge, chord: Chord::new(edge), ends: edge.map(cartesian) }
    }

    /// Straight metres to another; they do not cross, or meet in an end.
    fn apart_m(&self, other: &Piece) -> f64 {
        let to_other = self.ends.iter().map(|&end| other.chord.nearest(end).0);
        let to_this = other.ends.iter().map(|&end| self.chord.nearest(end).0);
        to_other.chain(to_this).fold(f64::INFINITY, f64::min)
    }

    fn meets(&self, other: &Piece) -> bool {
        let of = |edge: Edge| Bounds::of(edge);
        of(self.edge).meets(&of(other.edge)) && geo::Intersects::intersects(&line(self.edge), &line(other.edge))
    }
}

fn line([a, b]: Edge) -> geo::Line<f64> {
    geo::Line::new(a, b)
}

/// Straight metres between a territory's boundary within `reach` and a place; `None` when none of it lies there.
fn chord_m(territory: &Territory, place: &[Piece], reach: &Bounds) -> Option<f64> {
    let index = territory.index();
    let near =
        index.between_latitudes(reach.south, reach.north).into_iter().map(|number| index.edges()[number as usize]);
    let boundary: Vec<Piece> =
        near.flat_map(cut).filter(|edge| Bounds::of(*edge).meets(reach)).map(Piece::new).collect();
    let mut least = None;
    for piece in place {
        for shore in &boundary {
            if piece.meets(shore) {
                return Some(0.0);
            }
            let metres = piece.apart_m(shore);
            if least.is_none_or(|least| metres < least) {
                least = Some(metres);
            }
        }
    }
    least
}

fn pieces_of(geometry: &Geometry<f64>) -> Box<dyn Iterator<Item = Edge> + '_> {
    let of_line = |line: &'_ [Coord<f64>]| line.windows(2).map(|pair| [pair[0], pair[1]]).collect::<Vec<_>>();
    match geometry {
        Geometry::Point(point) => Box::new(std::iter::once([point.0, point.0])),
        Geometry::MultiPoint(points) => Box::new(points.iter().map(|point| [point.0, point.0])),
        Geometry::LineString(line) => Box::new(of_line(&line.0).into_iter().flat_map(cut)),
        Geometry::MultiLineString(lines) => Box::new(lines.iter().flat_map(move |line| of_line(&line.0)).flat_map(cut)),
        Geometry::Polygon(polygon) => {
            Box::new(crate::shape::rings(polygon).flat_map(move |ring| of_line(&ring.0)).flat_map(cut))
        }
        Geometry::MultiPolygon(polygons) => {
            Box::new(polygons.iter().flat_map(crate::shape::rings).flat_map(move |ring| of_line(&ring.0)).flat_map(cut))
        }
        Geometry::GeometryCollection(parts) => Box::new(parts.iter().flat_map(pieces_of)),
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => Box::new(std::iter::empty()),
    }
}
