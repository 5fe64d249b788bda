//! Square metres and metres on the WGS 84 ellipsoid. Edges are straight in longitude and latitude, as GeoJSON defines them
//! (RFC 7946 section 3.1.1), not geodesics.

use crate::{exact::Edge, shape::rings};
use geo::{Coord, Distance, Geodesic, MultiPolygon, Polygon};

/// Semi-major axis of WGS 84 in metres.
const A: f64 = 6_378_137.0;
/// Flattening of WGS 84.
const F: f64 = 1.0 / 298.257_223_563;
/// First eccentricity squared.
const E2: f64 = F * (2.0 - F);

/// Area of a multipolygon in square metres.
pub(crate) fn area_m2(polygons: &MultiPolygon<f64>) -> f64 {
    polygons.iter().map(polygon_area_m2).sum()
}

/// Holes run clockwise, so their area is negative already.
fn polygon_area_m2(polygon: &Polygon<f64>) -> f64 {
    rings(polygon).map(|ring| ring_area_m2(&ring.0)).sum()
}

/// Signed area in square metres of a closed ring (first vertex repeated or not), counter-clockwise positive: minus the
/// integral of the authalic function over longitude (Green's theorem), by five-point Gauss-Legendre quadrature per edge.
pub(crate) fn ring_area_m2(ring: &[Coord<f64>]) -> f64 {
    // Abscissae and weights on 0..1; the rule is exact to the tenth degree, edges here are at most a few degrees long.
    const RULE: [(f64, f64); 5] = [
        (0.046_910_077_030_668_0, 0.118_463_442_528_094_5),
        (0.230_765_344_947_158_45, 0.239_314_335_249_683_2),
        (0.5, 0.284_444_444_444_444_4),
        (0.769_234_655_052_841_5, 0.239_314_335_249_683_2),
        (0.953_089_922_969_332, 0.118_463_442_528_094_5),
    ];
    let Some(first) = ring.first() else { return 0.0 };
    // A closed curve may take any latitude as zero; one of its own keeps the terms, and so the rounding, small.
    let zero = authalic(first.y);
    let closing = ring.iter().skip(1).chain(std::iter::once(first));
    ring.iter()
        .zip(closing)
        .map(|(a, b)| {
            let mean: f64 = RULE.iter().map(|(at, weight)| weight * (authalic(a.y + (b.y - a.y) * at) - zero)).sum();
            -(b.x - a.x).to_radians() * mean
        })
        .sum()
}

/// Square metres per radian of longitude between the equator and a latitude in degrees: b²/2 · q(φ), with q of Snyder, *Map
/// Projections: A Working Manual* (1987), equation 3-12.
fn authalic(lat: f64) -> f64 {
    let (sin, e) = (lat.to_radians().sin(), E2.sqrt());
    let b = A * (1.0 - F);
    b * b / 2.0 * (sin / (1.0 - E2 * sin * sin) + (e * sin).atanh() / e)
}

/// Metres per degree of longitude and of latitude at a latitude in degrees: N cos φ and M.
pub(crate) fn metres_per_degree(lat: f64) -> (f64, f64) {
    let (sin, cos) = lat.to_radians().sin_cos();
    let w = (1.0 - E2 * sin * sin).sqrt();
    ((A / w * cos).to_radians(), (A * (1.0 - E2) / (w * w * w)).to_radians())
}

/// Geodesic distance in metres (Karney 2013).
pub(crate) fn distance_m(a: Coord<f64>, b: Coord<f64>) -> f64 {
    Geodesic.distance(geo::Point(a), geo::Point(b))
}

/// A place in metres from the earth's centre.
pub(crate) type Cartesian = [f64; 3];

/// Earth-centred coordinates of a point on the ellipsoid.
pub(crate) fn cartesian(point: Coord<f64>) -> Cartesian {
    let (sin, cos) = point.y.to_radians().sin_cos();
    let (sin_lon, cos_lon) = point.x.to_radians().sin_cos();
    let n = A / (1.0 - E2 * sin * sin).sqrt();
    [n * cos * cos_lon, n * cos * sin_lon, n * (1.0 - E2) * sin]
}

/// An edge made ready for many distances: its ends in metres, and how far its straight line in degrees can be from its chord.
#[derive(Clone, Debug)]
pub(crate) struct Chord {
    start: Cartesian,
    along: Cartesian,
    length_2: f64,
    slack_m: f64,
}

impl Chord {
    pub(crate) fn new([a, b]: Edge) -> Chord {
        let (start, end) = (cartesian(a), cartesian(b));
        let along = [end[0] - start[0], end[1] - start[1], end[2] - start[2]];
        let length_2 = dot(along, along);
        // Sagitta of the arc below the chord, and of the parallel beside the geodesic, which bends with tan φ.
        let bend = 1.0 + a.y.abs().max(b.y.abs()).min(89.0).to_radians().tan();
        Chord { start, along, length_2, slack_m: length_2 / (8.0 * A) * bend }
    }

    /// The least and the greatest that the straight distance in metres to the edge can be.
    pub(crate) fn distance_range_m(&self, point: Cartesian) -> (f64, f64) {
        let away = [0, 1, 2].map(|axis| point[axis] - self.start[axis]);
        let share = self.nearest_share(point);
        let gap = [0, 1, 2].map(|axis| away[axis] - share * self.along[axis]);
        let distance = dot(gap, gap).sqrt();
        (distance - self.slack_m, distance + self.slack_m)
    }

    /// How far along the chord, 0 to 1, its nearest place lies.
    fn nearest_share(&self, point: Cartesian) -> f64 {
        let away = [0, 1, 2].map(|axis| point[axis] - self.start[axis]);
        if self.length_2 > 0.0 { (dot(away, self.along) / self.length_2).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Geodesic distance in metres from a point to the edge this chord was made of, straight in degrees; to well under a
    /// centimetre. The chord tells the nearest place of a short edge; along a long one the minimum is bracketed ever more closely.
    pub(crate) fn edge_distance_m(&self, point: Coord<f64>, [a, b]: Edge) -> f64 {
        /// An edge this close to its chord (about 160 m long) needs no search.
        const SLACK_M: f64 = 0.001;
        /// Each step keeps two thirds: 40 steps leave 1e-7 of the edge, where the distance is flat.
        const STEPS: usize = 40;
        let at = |share: f64| distance_m(point, a + (b - a) * share);
        if self.slack_m < SLACK_M {
            return at(self.nearest_share(cartesian(point)));
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..STEPS {
            let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if at(left) <= at(right) { high = right } else { low = left }
        }
        // An end is often the nearest place, and is then wanted to the last digit.
        at((low + high) / 2.0).min(at(0.0)).min(at(1.0))
    }
}

fn dot(a: Cartesian, b: Cartesian) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
