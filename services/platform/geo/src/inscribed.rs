//! The largest circle inside a loop: its diameter is how wide a gap or an overlap is, its centre a point inside.

use crate::{
    exact::{Edge, EdgeIndex, Side},
    limits::{INSCRIBED_CELLS_MAX, INSCRIBED_PRECISION},
    measure::metres_per_degree,
    shape::Bounds,
};
use geo::Coord;
use std::{cmp::Ordering, collections::BinaryHeap};

/// A circle inside some rings, metres in the plane that touches the earth there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circle {
    pub center: Coord<f64>,
    pub radius_m: f64,
}

/// The largest circle inside closed rings (not necessarily simple; inside is where they wind). Quadtree search after
/// Mapbox's polylabel, begun from the middles of scan lines so that slivers are met at all. Within [`INSCRIBED_PRECISION`],
/// or, for a sliver longer than some ten thousand times its width, the best of [`INSCRIBED_CELLS_MAX`] cells: never too
/// large. A loop so thin that no floating-point number lies inside gets radius zero at one of its vertices.
pub(crate) fn largest_circle(rings: &[Vec<Coord<f64>>]) -> Circle {
    let bounds = Bounds::of(rings.iter().flatten().copied());
    let plane = Plane::new(rings, &bounds);
    let mut best = Circle { center: rings[0][0], radius_m: 0.0 };
    let offer = |best: &mut Circle, center| {
        let radius_m = plane.depth_m(center);
        if radius_m > best.radius_m {
            *best = Circle { center, radius_m };
        }
        radius_m
    };
    for middle in plane.scan_line_middles() {
        offer(&mut best, middle);
    }
    let (width, height) = (bounds.east - bounds.west, bounds.north - bounds.south);
    let (x_m, y_m) = plane.metres;
    let half = (width * x_m).min(height * y_m) / 2.0;
    if half <= 0.0 {
        return best;
    }
    let cell = |center: Coord<f64>, half_m: f64, depth_m: f64| Cell {
        center,
        half_m,
        reach_m: depth_m + half_m * std::f64::consts::SQRT_2,
    };
    let mut heap = BinaryHeap::new();
    let columns = ((width * x_m / (2.0 * half)).ceil() as usize).clamp(1, INSCRIBED_CELLS_MAX / 4);
    let rows = ((height * y_m / (2.0 * half)).ceil() as usize).clamp(1, INSCRIBED_CELLS_MAX / 4);
    let half = half.max(width * x_m / columns as f64 / 2.0).max(height * y_m / rows as f64 / 2.0);
    for column in 0..columns {
        for row in 0..rows {
            let center = Coord {
                x: bounds.west + (2 * column + 1) as f64 * half / x_m,
                y: bounds.south + (2 * row + 1) as f64 * half / y_m,
            };
            let depth_m = offer(&mut best, center);
            heap.push(cell(center, half, depth_m));
        }
    }
    for _ in 0..INSCRIBED_CELLS_MAX / 4 {
        let Some(top) = heap.pop() else { break };
        if top.reach_m <= best.radius_m * (1.0 + INSCRIBED_PRECISION) {
            break;
        }
        let half = top.half_m / 2.0;
        for (east, north) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
            let center = top.center + Coord { x: east * half / x_m, y: north * half / y_m };
            let depth_m = offer(&mut best, center);
            heap.push(cell(center, half, depth_m));
        }
    }
    best
}

/// A square that may hold a better centre, ordered by how good that could be at most.
struct Cell {
    center: Coord<f64>,
    half_m: f64,
    reach_m: f64,
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.reach_m.total_cmp(&other.reach_m)
    }
}

/// Degrees with a scale: defects are small, so the plane that touches the earth in their middle is true enough.
struct Plane {
    index: EdgeIndex,
    /// Metres per degree of longitude and latitude.
    metres: (f64, f64),
}

impl Plane {
    fn new(rings: &[Vec<Coord<f64>>], bounds: &Bounds) -> Plane {
        let edges: Vec<Edge> = rings.iter().flat_map(|ring| ring.windows(2).map(|pair| [pair[0], pair[1]])).collect();
        Plane { index: EdgeIndex::new(edges), metres: metres_per_degree((bounds.south + bounds.north) / 2.0) }
    }

    /// Distance in metres to the nearest edge, negative outside.
    fn depth_m(&self, point: Coord<f64>) -> f64 {
        let distance =
            self.index.edges().iter().map(|&edge| self.distance_m(point, edge)).fold(f64::INFINITY, f64::min);
        if self.index.side(point) == Side::Inside { distance } else { -distance }
    }

    fn distance_m(&self, point: Coord<f64>, [a, b]: Edge) -> f64 {
        let flat = |c: Coord<f64>| Coord { x: (c.x - point.x) * self.metres.0, y: (c.y - point.y) * self.metres.1 };
        let (a, b) = (flat(a), flat(b));
        let along = b - a;
        let length_2 = along.x * along.x + along.y * along.y;
        let share = if length_2 > 0.0 { (-(a.x * along.x + a.y * along.y) / length_2).clamp(0.0, 1.0) } else { 0.0 };
        (a.x + share * along.x).hypot(a.y + share * along.y)
    }

    /// Middles between the crossings of each latitude half-way between two neighbouring vertices.
    fn scan_line_middles(&self) -> Vec<Coord<f64>> {
        let mut latitudes: Vec<f64> = self.index.edges().iter().map(|edge| edge[0].y).collect();
        latitudes.sort_by(f64::total_cmp);
        latitudes.dedup();
        let mut middles = Vec::new();
        for y in latitudes.windows(2).map(|pair| pair[0] + (pair[1] - pair[0]) / 2.0) {
            let spans = self.index.edges().iter().filter(|[a, b]| (a.y <= y) != (b.y <= y));
            let mut crossings: Vec<f64> = spans.map(|[a, b]| a.x + (b.x - a.x) * ((y - a.y) / (b.y - a.y))).collect();
            crossings.sort_by(f64::total_cmp);
            middles.extend(crossings.windows(2).map(|pair| Coord { x: pair[0] + (pair[1] - pair[0]) / 2.0, y }));
        }
        middles
    }
}
