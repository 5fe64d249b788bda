//! The coordinate systems that boundaries come in, and how a pair of numbers in one of them becomes a [`Point`].
//!
//! SWEREF 99 is taken for WGS 84: the two drift apart by 2.5 cm a year and differ by less than a metre, less than what any
//! boundary was measured with.

mod wkt;

use crate::{
    error::GeometryError,
    krueger::TransverseMercator,
    limits::{SWEREF99_1800_EASTING, SWEREF99_NORTHING, SWEREF99_TM_EASTING},
    point::Point,
};
use std::{fmt, ops::RangeInclusive};

/// A coordinate system that is known here; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crs {
    /// Degrees, longitude before latitude: CRS84, EPSG:4326 and EPSG:4619 (SWEREF 99) as files write them.
    Degrees,
    /// EPSG:3006: transverse Mercator on GRS 80, central meridian 15°, scale 0.9996, false easting 500,000 m.
    Sweref99Tm,
    /// EPSG:3011, Stockholm's own zone: central meridian 18°, scale 1, false easting 150,000 m.
    Sweref99_1800,
}

/// Why a coordinate system is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrsError {
    #[error(
        "the coordinate system {found} is not taken here; convert the file to EPSG:3006 (SWEREF 99 TM), EPSG:3011 (SWEREF 99 18 00) \
         or EPSG:4326 (longitude and latitude)"
    )]
    Unknown { found: String },
    #[error("the description of the coordinate system cannot be read: {0}")]
    Unreadable(String),
}

/// Characters shown of a text that names no known system.
const SHOWN_CHARS_MAX: usize = 120;

impl Crs {
    pub const ALL: [Crs; 3] = [Crs::Degrees, Crs::Sweref99Tm, Crs::Sweref99_1800];

    /// The system with an EPSG code.
    ///
    /// # Errors
    /// `Unknown`, naming the code.
    pub fn from_epsg(code: u32) -> Result<Crs, CrsError> {
        match code {
            4326 | 4619 => Ok(Crs::Degrees),
            3006 => Ok(Crs::Sweref99Tm),
            3011 => Ok(Crs::Sweref99_1800),
            _ => Err(CrsError::Unknown { found: format!("EPSG:{code}") }),
        }
    }

    /// The system by its name: `EPSG:3006`, `urn:ogc:def:crs:EPSG::3006`, `http://www.opengis.net/def/crs/EPSG/0/3006`,
    /// `urn:ogc:def:crs:OGC:1.3:CRS84`, `3006`.
    ///
    /// # Errors
    /// `Unknown`, with the name that was found.
    pub fn from_name(name: &str) -> Result<Crs, CrsError> {
        let name = name.trim();
        let upper = name.to_uppercase();
        if upper == "CRS84" || upper.ends_with(":CRS84") || upper.ends_with("/CRS84") {
            return Ok(Crs::Degrees);
        }
        let code = upper.rsplit([':', '/']).next().unwrap_or_default();
        match code.parse::<u32>() {
            Ok(number) if code == name || upper.contains("EPSG:") || upper.contains("EPSG/") => Crs::from_epsg(number),
            _ => Err(unknown(name)),
        }
    }

    /// The system that a well-known text describes: a `.prj` of ESRI's or OGC's kind, or WKT 2. It is recognised by datum,
    /// ellipsoid, unit and the parameters of the projection; its name decides nothing.
    ///
    /// # Errors
    /// `Unreadable`, and `Unknown` with what was found.
    pub fn from_wkt(text: &str) -> Result<Crs, CrsError> {
        wkt::crs(text)
    }

    /// The EPSG code by which it is named.
    pub fn epsg(self) -> u32 {
        match self {
            Crs::Degrees => 4326,
            Crs::Sweref99Tm => 3006,
            Crs::Sweref99_1800 => 3011,
        }
    }

    pub(crate) fn projection(self) -> Option<TransverseMercator> {
        match self {
            Crs::Degrees => None,
            Crs::Sweref99Tm => {
                Some(TransverseMercator { central_meridian: 15.0, scale: 0.9996, false_easting: 500_000.0 })
            }
            Crs::Sweref99_1800 => {
                Some(TransverseMercator { central_meridian: 18.0, scale: 1.0, false_easting: 150_000.0 })
            }
        }
    }

    fn eastings(self) -> RangeInclusive<f64> {
        if self == Crs::Sweref99Tm { SWEREF99_TM_EASTING } else { SWEREF99_1800_EASTING }
    }

    /// The place of a pair of numbers, easting (or longitude) first. Equal pairs give equal points, bit for bit, so what two
    /// neighbours share stays shared. `at` names the position in the document.
    ///
    /// # Errors
    /// `NotFinite`, `OutOfRange`, `SwappedAxes`; for metres `SwappedMetres` when the pair is in Sweden only the other way round
    /// and `NotInSweden` when it is not at all: a wrong coordinate system would otherwise move the city.
    pub fn point(self, x: f64, y: f64, at: &str) -> Result<Point, GeometryError> {
        let Some(projection) = self.projection() else { return Point::named(at, x, y) };
        if !x.is_finite() || !y.is_finite() {
            return Err(GeometryError::NotFinite { at: at.to_owned() });
        }
        let in_sweden =
            |crs: Crs, east: f64, north: f64| crs.eastings().contains(&east) && SWEREF99_NORTHING.contains(&north);
        if in_sweden(self, x, y) {
            let (lon, lat) = projection.inverse(x, y);
            return Point::named(at, lon, lat);
        }
        let at = at.to_owned();
        if in_sweden(self, y, x) {
            return Err(GeometryError::SwappedMetres { at, first: x, second: y, crs: self });
        }
        let degrees = x.abs() <= 180.0 && y.abs() <= 90.0;
        let other = Crs::ALL.into_iter().find(|&other| match other {
            Crs::Degrees => degrees,
            metres => metres != self && (in_sweden(metres, x, y) || in_sweden(metres, y, x)),
        });
        Err(GeometryError::NotInSweden { at, east: x, north: y, crs: self, other })
    }

    /// Easting and northing in metres, or longitude and latitude in degrees, of a place.
    pub fn coordinates(self, point: Point) -> [f64; 2] {
        match self.projection() {
            None => [point.lon, point.lat],
            Some(projection) => {
                let (east, north) = projection.forward(point.lon, point.lat);
                [east, north]
            }
        }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EPSG:{}", self.epsg())
    }
}

fn unknown(found: &str) -> CrsError {
    CrsError::Unknown { found: format!("{:?}", found.chars().take(SHOWN_CHARS_MAX).collect::<String>()) }
}

#[cfg(test)]
mod tests;
