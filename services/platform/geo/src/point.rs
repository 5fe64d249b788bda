//! A place on earth: longitude and latitude in degrees, CRS84.

use crate::{
    error::GeometryError,
    limits::{SWEDEN_LAT, SWEDEN_LON},
};
use geo::Coord;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longitude and latitude in degrees (CRS84, WGS 84; SWEREF 99 differs by less than a metre and is not corrected).
/// Always finite and on earth: it is made by [`Point::new`] only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
#[non_exhaustive]
pub struct Point {
    /// Degrees east, -180 to 180.
    pub lon: f64,
    /// Degrees north, -90 to 90.
    pub lat: f64,
}

impl Point {
    /// Takes a longitude and a latitude in degrees.
    ///
    /// # Errors
    /// `NotFinite`, `OutOfRange`, and `SwappedAxes` for a pair that is in Sweden only when read the other way round.
    pub fn new(lon: f64, lat: f64) -> Result<Point, GeometryError> {
        Point::named("the point", lon, lat)
    }

    /// [`Point::new`] with a name of the place in the document, for the error.
    pub(crate) fn named(at: &str, lon: f64, lat: f64) -> Result<Point, GeometryError> {
        if !lon.is_finite() || !lat.is_finite() {
            return Err(GeometryError::NotFinite { at: at.to_owned() });
        }
        if SWEDEN_LAT.contains(&lon) && SWEDEN_LON.contains(&lat) {
            return Err(GeometryError::SwappedAxes { at: at.to_owned(), lon, lat });
        }
        if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
            return Err(GeometryError::OutOfRange { at: at.to_owned(), lon, lat });
        }
        // Minus zero becomes zero, so that equal vertices also have equal bits.
        Ok(Point { lon: lon + 0.0, lat: lat + 0.0 })
    }

    /// Only for coordinates that came out of a `Point` or lie between such.
    pub(crate) fn from_coord(coord: Coord<f64>) -> Point {
        Point { lon: coord.x, lat: coord.y }
    }

    pub(crate) fn coord(self) -> Coord<f64> {
        Coord { x: self.lon, y: self.lat }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lon {} lat {}", self.lon, self.lat)
    }
}

#[derive(Deserialize)]
struct Unchecked {
    lon: f64,
    lat: f64,
}

impl TryFrom<Unchecked> for Point {
    type Error = GeometryError;

    fn try_from(pair: Unchecked) -> Result<Self, Self::Error> {
        Point::new(pair.lon, pair.lat)
    }
}
