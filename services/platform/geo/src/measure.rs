//! Square metres and metres on the WGS 84 ellipsoid. Edges are straight in longitude and latitude, as GeoJSON defines them
//! (RFC 7946 section 3.1.1), not geodesics.

use crate::{exact::Edge, shape::rings, tree::Block};
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

/// A short edge made ready for many distances: its ends, and how far its straight line in degrees can be from its chord.
#[derive(Clone, Debug)]
pub(crate) struct Chord {
    edge: Edge,
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
        Chord { edge: [a, b], start, along, length_2, slack_m: length_2 / (8.0 * A) * bend }
    }

    /// The box around the edge, chord and all.
    pub(crate) fn block(&self) -> Block {
        // A micrometre covers the rounding of numbers as large as the earth.
        const ROUNDING_M: f64 = 1e-6;
        let end = [0, 1, 2].map(|axis| self.start[axis] + self.along[axis]);
        Block::around([self.start, end], self.slack_m + ROUNDING_M)
    }

    /// Straight metres to the chord, and how far along it, 0 to 1, its nearest place lies.
    pub(crate) fn nearest(&self, point: Cartesian) -> (f64, f64) {
        let away = [0, 1, 2].map(|axis| point[axis] - self.start[axis]);
        let share = if self.length_2 > 0.0 { (dot(away, self.along) / self.length_2).clamp(0.0, 1.0) } else { 0.0 };
        let gap = [0, 1, 2].map(|axis| away[axis] - share * self.along[axis]);
        (dot(gap, gap).sqrt(), share)
    }

    /// The place at a share of the edge.
    pub(crate) fn at(&self, share: f64) -> Coord<f64> {
        let [a, b] = self.edge;
        a + (b - a) * share
    }
}

/// The geodesic metres over a straight distance through the earth: the arc over a chord, on a sphere of the mean radius of
/// curvature √(M N) at a latitude in degrees. At 100 km a chord is 1 m short; the radius' dependence on direction is a two-hundredth
/// of that.
pub(crate) fn arc_m(chord_m: f64, lat: f64) -> f64 {
    let (lon_m, lat_m) = metres_per_degree(lat.clamp(-89.0, 89.0));
    let cos = lat.clamp(-89.0, 89.0).to_radians().cos();
    let radius = (lon_m / cos * lat_m).sqrt().to_degrees();
    2.0 * radius * (chord_m / (2.0 * radius)).min(1.0).asin()
}

fn dot(a: Cartesian, b: Cartesian) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
