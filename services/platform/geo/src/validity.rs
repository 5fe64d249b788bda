//! Soundness of rings, decided exactly: simple, not crossing one another, holes inside, parts apart. Ring order is put right.

use crate::{
    error::GeometryError,
    exact::{Edge, EdgeIndex, Side, on_segment, turn},
    limits::CROSSING_PAIRS_MAX,
    point::Point,
    shape::{Bounds, rings},
};
use geo::{
    Coord, Geometry, LineString, MultiPolygon, Polygon,
    algorithm::kernels::Orientation::{Clockwise, Collinear, CounterClockwise},
};

/// Checks every polygon and orders its rings by the right-hand rule.
pub(crate) fn check(geometry: &mut Geometry<f64>) -> Result<(), GeometryError> {
    match geometry {
        Geometry::Polygon(polygon) => polygons(std::slice::from_mut(polygon)),
        Geometry::MultiPolygon(MultiPolygon(parts)) => polygons(parts),
        Geometry::GeometryCollection(parts) => parts.0.iter_mut().try_for_each(check),
        // Points and lines may repeat and cross themselves: a march that returns on its own way is a real place.
        _ => Ok(()),
    }
}

fn polygons(parts: &mut [Polygon<f64>]) -> Result<(), GeometryError> {
    no_crossings(parts)?;
    for polygon in parts.iter_mut() {
        orient(polygon);
        holes_inside(polygon)?;
    }
    parts_apart(parts)
}

/// One edge with where it comes from.
#[derive(Clone, Copy)]
struct Piece {
    edge: Edge,
    ring: usize,
    number: usize,
    ring_edges: usize,
}

fn no_crossings(parts: &[Polygon<f64>]) -> Result<(), GeometryError> {
    match first_collision(parts.iter().flat_map(rings))? {
        Some((_, other, at)) => Err(GeometryError::SelfIntersection { ring: other.ring, at: Point::from_coord(at) }),
        None => Ok(()),
    }
}

/// Two edges of one closed ring (by their numbers, the lower first) that collide, and where.
pub(crate) fn self_collision(ring: &LineString<f64>) -> Result<Option<(usize, usize, Coord<f64>)>, GeometryError> {
    let found = first_collision(std::iter::once(ring))?;
    Ok(found.map(|(one, other, at)| (one.number.min(other.number), one.number.max(other.number), at)))
}

/// Sweeps from west to east: only edges whose longitudes overlap are compared.
fn first_collision<'ring>(
    rings: impl Iterator<Item = &'ring LineString<f64>>,
) -> Result<Option<(Piece, Piece, Coord<f64>)>, GeometryError> {
    let mut pieces = Vec::new();
    for (ring, line) in rings.enumerate() {
        let ring_edges = line.0.len() - 1;
        for (number, pair) in line.0.windows(2).enumerate() {
            pieces.push(Piece { edge: [pair[0], pair[1]], ring, number, ring_edges });
        }
    }
    pieces.sort_by(|one, other| west(one.edge).total_cmp(&west(other.edge)));
    let mut pairs = 0_usize;
    for (position, one) in pieces.iter().enumerate() {
        let east = one.edge[0].x.max(one.edge[1].x);
        let (south, north) = (one.edge[0].y.min(one.edge[1].y), one.edge[0].y.max(one.edge[1].y));
        for other in pieces[position + 1..].iter().take_while(|other| west(other.edge) <= east) {
            pairs += 1;
            let [c, d] = other.edge;
            if c.y.max(d.y) < south || c.y.min(d.y) > north {
                continue;
            }
            if let Some(at) = collision(one, other) {
                return Ok(Some((*one, *other, at)));
            }
        }
        if pairs > CROSSING_PAIRS_MAX {
            return Err(GeometryError::TooTangled);
        }
    }
    Ok(None)
}

fn west([a, b]: Edge) -> f64 {
    a.x.min(b.x)
}

/// Where two edges meet in a way that no sound polygon allows. Neighbours in a ring share their vertex; edges of different
/// rings may touch in a point; everything else is a crossing.
fn collision(one: &Piece, other: &Piece) -> Option<Coord<f64>> {
    let ([a, b], [c, d]) = (one.edge, other.edge);
    let (c_side, d_side) = (turn(a, b, c), turn(a, b, d));
    let (a_side, b_side) = (turn(c, d, a), turn(c, d, b));
    let opposite = |one, other| matches!((one, other), (Clockwise, CounterClockwise) | (CounterClockwise, Clockwise));
    if opposite(c_side, d_side) && opposite(a_side, b_side) {
        return Some(crossing(one.edge, other.edge));
    }
    let collinear = c_side == Collinear && d_side == Collinear;
    let distance = one.number.abs_diff(other.number);
    let same_ring = one.ring == other.ring;
    if same_ring && (distance == 1 || distance == one.ring_edges - 1) {
        // Neighbours: only a way that turns back upon itself is wrong, at the vertex where it turns.
        let shared = if b == c { b } else { a };
        return (collinear && overlaps(one.edge, other.edge)).then_some(shared);
    }
    let touch = [c, d].into_iter().find(|&end| on_segment(end, one.edge));
    let touch = touch.or_else(|| [a, b].into_iter().find(|&end| on_segment(end, other.edge)));
    if same_ring { touch } else { touch.filter(|_| collinear && overlaps(one.edge, other.edge)) }
}

/// Whether two collinear segments have more than a point in common.
fn overlaps([a, b]: Edge, [c, d]: Edge) -> bool {
    let key = |p: Coord<f64>| (p.x, p.y);
    let order = |p, q| if key(p) <= key(q) { (p, q) } else { (q, p) };
    let ((a, b), (c, d)) = (order(a, b), order(c, d));
    key(a).max_of(key(c)) < key(b).min_of(key(d))
}

/// Larger and smaller of two lexicographic keys; `Ord` is not there for floats.
trait Lexicographic: Copy + PartialOrd {
    fn max_of(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
    fn min_of(self, other: Self) -> Self {
        if self < other { self } else { other }
    }
}

impl Lexicographic for (f64, f64) {}

/// The crossing point of two edges that do cross, to within rounding.
pub(crate) fn crossing([a, b]: Edge, [c, d]: Edge) -> Coord<f64> {
    let (u, v, w) = (b - a, d - c, c - a);
    let along = (w.x * v.y - w.y * v.x) / (u.x * v.y - u.y * v.x);
    a + u * along.clamp(0.0, 1.0)
}

/// Turns the exterior counter-clockwise and the holes clockwise.
fn orient(polygon: &mut Polygon<f64>) {
    polygon.exterior_mut(|ring| {
        if !counter_clockwise(ring) {
            ring.0.reverse();
        }
    });
    polygon.interiors_mut(|holes| {
        for hole in holes {
            if counter_clockwise(hole) {
                hole.0.reverse();
            }
        }
    });
}

/// The order of a simple ring, exactly: the turn at its lowest, westernmost vertex, which is convex.
pub(crate) fn counter_clockwise(ring: &LineString<f64>) -> bool {
    let open = &ring.0[..ring.0.len() - 1];
    let key = |number: usize| (open[number].x, open[number].y);
    let lowest = (1..open.len()).fold(0, |best, number| if key(number) < key(best) { number } else { best });
    let before = open[(lowest + open.len() - 1) % open.len()];
    let after = open[(lowest + 1) % open.len()];
    turn(before, open[lowest], after) == CounterClockwise
}

fn holes_inside(polygon: &Polygon<f64>) -> Result<(), GeometryError> {
    if polygon.interiors().is_empty() {
        return Ok(());
    }
    let exterior = EdgeIndex::new(ring_edges(polygon.exterior()).collect());
    for (number, hole) in polygon.interiors().iter().enumerate() {
        if let Some(&at) = hole.0.iter().find(|&&vertex| exterior.side(vertex) == Side::Outside) {
            return Err(GeometryError::HoleOutside { ring: number + 1, at: Point::from_coord(at) });
        }
    }
    Ok(())
}

/// Rings that do not cross lie wholly inside or outside one another, so one vertex off the boundary decides.
fn parts_apart(parts: &[Polygon<f64>]) -> Result<(), GeometryError> {
    if parts.len() < 2 {
        return Ok(());
    }
    let bounds: Vec<Bounds> = parts.iter().map(|part| Bounds::of(part.exterior().0.iter().copied())).collect();
    for (number, part) in parts.iter().enumerate() {
        let mut index = None;
        for (place, other) in parts.iter().enumerate() {
            if place == number || !bounds[place].meets(&bounds[number]) {
                continue;
            }
            let index = index.get_or_insert_with(|| EdgeIndex::new(rings(part).flat_map(ring_edges).collect()));
            let decisive = other.exterior().0.iter().find(|&&vertex| index.side(vertex) != Side::Boundary);
            if let Some(&at) = decisive.filter(|&&vertex| index.side(vertex) == Side::Inside) {
                return Err(GeometryError::PartsOverlap { at: Point::from_coord(at) });
            }
        }
    }
    Ok(())
}

fn ring_edges(ring: &LineString<f64>) -> impl Iterator<Item = Edge> + '_ {
    ring.0.windows(2).map(|pair| [pair[0], pair[1]])
}
