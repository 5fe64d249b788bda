//! Why a geometry is refused: what, where, and what to do next.

use crate::{
    crs::Crs,
    limits::{COLLECTION_DEPTH_MAX, CROSSING_PAIRS_MAX, PLACE_PIECES_MAX},
    point::Point,
};

/// A geometry that cannot be a place. `at: String` names the position in the document (`/coordinates/0/3`), `at: Point` the
/// place on the map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GeometryError {
    #[error("{at}: a coordinate is not a finite number; write longitude and latitude in degrees as plain JSON numbers")]
    NotFinite { at: String },
    #[error(
        "{at}: longitude {lon}, latitude {lat} is not on earth; degrees are wanted, longitude -180 to 180 before latitude -90 to 90 \
         (metres of SWEREF 99 must be converted first)"
    )]
    OutOfRange { at: String, lon: f64, lat: f64 },
    #[error(
        "{at}: longitude {lon}, latitude {lat} is in Sweden only when swapped; write longitude before latitude: {lat}, {lon}"
    )]
    SwappedAxes { at: String, lon: f64, lat: f64 },
    #[error(
        "{at}: {first}, {second} is in Sweden in {crs} only when swapped (northing before easting); write easting before northing: \
         {second}, {first}"
    )]
    SwappedMetres { at: String, first: f64, second: f64, crs: Crs },
    #[error("{at}: easting {east}, northing {north} is not in Sweden in {crs}{}; give the file its right coordinate system", looks_like(*.other))]
    NotInSweden { at: String, east: f64, north: f64, crs: Crs, other: Option<Crs> },
    #[error(
        "ring {ring} crosses or touches itself or another ring at {at}; draw it without the crossing, or as two polygons"
    )]
    SelfIntersection { ring: usize, at: Point },
    #[error("the hole, ring {ring}, lies outside its polygon at {at}; make it a polygon of its own or remove it")]
    HoleOutside { ring: usize, at: Point },
    #[error("two parts of the multipolygon overlap at {at}; join them into one or cut one back")]
    PartsOverlap { at: Point },
    #[error("{at}: the ring ends elsewhere than it began, at {first}; repeat the first position as the last")]
    RingNotClosed { at: String, first: Point },
    #[error("{at}: {count} distinct positions are too few, {needed} are needed")]
    TooFewPoints { at: String, count: usize, needed: usize },
    #[error("{at}: the geometry is empty; give at least one position, or null for no place at all")]
    EmptyGeometry { at: String },
    #[error("the geometry has {count} vertices or more, {limit} are allowed; simplify it")]
    TooManyVertices { count: usize, limit: usize },
    #[error("{at}: geometry collections nest deeper than {COLLECTION_DEPTH_MAX}; flatten them")]
    TooDeep { at: String },
    #[error(
        "the rings are so tangled that more than {CROSSING_PAIRS_MAX} pairs of edges would have to be compared; simplify the geometry"
    )]
    TooTangled,
    #[error("not a GeoJSON geometry: {0}")]
    NotGeoJson(String),
    #[error(
        "{at}: {found:?} is not a geometry; use Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon or GeometryCollection"
    )]
    UnsupportedType { at: String, found: String },
}

fn looks_like(other: Option<Crs>) -> String {
    other.map_or_else(String::new, |crs| format!(", it looks like {crs}"))
}

/// Why areas or neighbourhoods cannot be put together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AreaError {
    #[error("no area is given; a division has at least one")]
    NoAreas,
    #[error("{count} areas are given, {limit} are allowed")]
    TooManyAreas { count: usize, limit: usize },
    #[error("the area id {0:?} stands twice; join its parts with `dissolve` first")]
    DuplicateArea(String),
    #[error("{id:?} is a {found}; an area is a Polygon or a MultiPolygon")]
    NotAnArea { id: String, found: &'static str },
    #[error("the union of the parts is not a valid area: {0}; correct the boundaries named by the coverage report")]
    BrokenUnion(GeometryError),
}

/// Why a question about a place is not answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlaceError {
    #[error(
        "near the areas the place has {count} points and pieces of line of 160 m, {PLACE_PIECES_MAX} are allowed; ask about a \
         part of it, or simplify it"
    )]
    TooManyPieces { count: usize },
}
