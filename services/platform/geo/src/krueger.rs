//! Gauss-Krüger: the transverse Mercator projection of the GRS 80 ellipsoid, both ways, by Krüger's series in the third
//! flattening n.
//!
//! Source: L. Krüger, *Konforme Abbildung des Erdellipsoids in der Ebene* (1912), as Lantmäteriet publishes it for SWEREF 99
//! ("Gauss Conformal Projection"), with the coefficients of C. F. F. Karney, *Transverse Mercator with an accuracy of a few
//! nanometers*, J. Geodesy 85 (2011): equations 7-9 and 11 forward, 15-21 inverse, 35 and 36 the series, here to n⁴. What is
//! left out is below 10⁻⁷ m within a thousand kilometres of the central meridian.

/// Semi-major axis of GRS 80 in metres.
const A: f64 = 6_378_137.0;
/// Flattening of GRS 80.
const F: f64 = 1.0 / 298.257_222_101;
/// First eccentricity squared.
const E2: f64 = F * (2.0 - F);
/// Third flattening.
const N: f64 = F / (2.0 - F);
/// Metres per radian of the rectifying sphere (Karney, equation 14).
const RADIUS: f64 = A / (1.0 + N) * (1.0 + N * N / 4.0 + N * N * N * N / 64.0);

const ALPHA: [f64; 4] = [
    N / 2.0 - 2.0 / 3.0 * N * N + 5.0 / 16.0 * N * N * N + 41.0 / 180.0 * N * N * N * N,
    13.0 / 48.0 * N * N - 3.0 / 5.0 * N * N * N + 557.0 / 1440.0 * N * N * N * N,
    61.0 / 240.0 * N * N * N - 103.0 / 140.0 * N * N * N * N,
    49_561.0 / 161_280.0 * N * N * N * N,
];
const BETA: [f64; 4] = [
    N / 2.0 - 2.0 / 3.0 * N * N + 37.0 / 96.0 * N * N * N - N * N * N * N / 360.0,
    N * N / 48.0 + N * N * N / 15.0 - 437.0 / 1440.0 * N * N * N * N,
    17.0 / 480.0 * N * N * N - 37.0 / 840.0 * N * N * N * N,
    4_397.0 / 161_280.0 * N * N * N * N,
];

/// Newton's steps from conformal to geographic latitude; the third one already changes nothing (Karney, section 3).
const NEWTON_STEPS: usize = 4;

/// One transverse Mercator projection; the latitude of origin is the equator and the false northing zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TransverseMercator {
    /// Degrees east.
    pub central_meridian: f64,
    pub scale: f64,
    /// Metres.
    pub false_easting: f64,
}

impl TransverseMercator {
    /// Easting and northing in metres of a longitude and a latitude in degrees.
    pub fn forward(&self, lon: f64, lat: f64) -> (f64, f64) {
        let (sin, cos) = (lon - self.central_meridian).to_radians().sin_cos();
        let conformal = conformal(lat.to_radians().tan());
        let xi = conformal.atan2(cos);
        let eta = (sin / conformal.hypot(cos)).asinh();
        let (xi, eta) = series(&ALPHA, 1.0, xi, eta);
        let radius = self.scale * RADIUS;
        (self.false_easting + radius * eta, radius * xi)
    }

    /// Longitude and latitude in degrees of an easting and a northing in metres.
    pub fn inverse(&self, easting: f64, northing: f64) -> (f64, f64) {
        let radius = self.scale * RADIUS;
        let (xi, eta) = series(&BETA, -1.0, northing / radius, (easting - self.false_easting) / radius);
        let conformal = xi.sin() / eta.sinh().hypot(xi.cos());
        let lon = self.central_meridian + eta.sinh().atan2(xi.cos()).to_degrees();
        (lon, geographic(conformal).atan().to_degrees())
    }
}

/// Adds Krüger's four terms, with their sign.
fn series(coefficients: &[f64; 4], sign: f64, xi: f64, eta: f64) -> (f64, f64) {
    let add = |(x, e): (f64, f64), (coefficient, twice): (&f64, f64)| {
        let term = sign * coefficient;
        (x + term * (twice * xi).sin() * (twice * eta).cosh(), e + term * (twice * xi).cos() * (twice * eta).sinh())
    };
    coefficients.iter().zip([2.0, 4.0, 6.0, 8.0]).fold((xi, eta), add)
}

/// The tangent of the conformal latitude by that of the geographic one (Karney, equations 7-9).
fn conformal(tan: f64) -> f64 {
    let e = E2.sqrt();
    let secant = tan.hypot(1.0);
    let sigma = (e * (e * tan / secant).atanh()).sinh();
    tan * sigma.hypot(1.0) - sigma * secant
}

/// The other way round, by Newton's method (Karney, equations 19-21).
fn geographic(wanted: f64) -> f64 {
    (0..NEWTON_STEPS).fold(wanted, |tan, _| {
        let reached = conformal(tan);
        let slope = (1.0 + (1.0 - E2) * tan * tan) / ((1.0 - E2) * tan.hypot(1.0));
        tan + (wanted - reached) / reached.hypot(1.0) * slope
    })
}
