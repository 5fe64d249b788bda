//! A geometry that is known to be sound: the place of an incident, or the land of an area.

use crate::{
    crs::Crs,
    error::GeometryError,
    exact::Edge,
    measure::area_m2,
    parts::{self, Ring},
    point::Point,
    read, validity,
};
use geo::{Coord, Geometry, LineString, MultiPolygon, Polygon};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Value, json};

/// A validated geometry in CRS84. Rings are closed, simple and ordered by the right-hand rule (exterior counter-clockwise,
/// holes clockwise); vertices have the very bits they were given with. It is made by [`Shape::from_geojson`] and by
/// [`dissolve`](crate::dissolve), so a `Shape` is never broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    geometry: Geometry<f64>,
}

/// What a shape is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Counted.
    Points,
    /// Measured in metres.
    Lines,
    /// Measured in square metres.
    Polygons,
}

/// The smallest box of degrees around a shape, edges included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl Bounds {
    /// The box of some coordinates; of none it is empty and holds nothing.
    pub(crate) fn of(coords: impl IntoIterator<Item = Coord<f64>>) -> Bounds {
        let nothing =
            Bounds { west: f64::INFINITY, south: f64::INFINITY, east: f64::NEG_INFINITY, north: f64::NEG_INFINITY };
        coords.into_iter().fold(nothing, |bounds, c| Bounds {
            west: bounds.west.min(c.x),
            south: bounds.south.min(c.y),
            east: bounds.east.max(c.x),
            north: bounds.north.max(c.y),
        })
    }

    /// Whether the point lies in the box or on its edge.
    pub fn holds(&self, point: Point) -> bool {
        self.west <= point.lon && point.lon <= self.east && self.south <= point.lat && point.lat <= self.north
    }

    /// The box with so many degrees more on every side.
    pub(crate) fn wider_by(&self, degrees: f64) -> Bounds {
        Bounds {
            west: self.west - degrees,
            south: self.south - degrees,
            east: self.east + degrees,
            north: self.north + degrees,
        }
    }

    /// Two opposite corners.
    pub(crate) fn corners(&self) -> [Coord<f64>; 2] {
        [Coord { x: self.west, y: self.south }, Coord { x: self.east, y: self.north }]
    }

    pub(crate) fn meets(&self, other: &Bounds) -> bool {
        self.west <= other.east && other.west <= self.east && self.south <= other.north && other.south <= self.north
    }
}

impl Shape {
    /// Reads one GeoJSON geometry (RFC 7946 section 3.1) and checks it; altitudes and foreign members are dropped, ring
    /// order and repeated positions are put right, everything else that is wrong is refused.
    ///
    /// # Errors
    /// Every [`GeometryError`]; the first that is found, with its place.
    pub fn from_geojson(value: &Value) -> Result<Shape, GeometryError> {
        Shape::from_geojson_in(value, Crs::Degrees)
    }

    /// [`Shape::from_geojson`] of a geometry in another coordinate system, as files from before RFC 7946 have it.
    ///
    /// # Errors
    /// As [`Shape::from_geojson`], and those of [`Crs::point`].
    pub fn from_geojson_in(value: &Value, crs: Crs) -> Result<Shape, GeometryError> {
        Shape::checked(read::geometry(value, crs)?)
    }

    /// Takes polygons, the first ring of each its exterior, and checks them as [`Shape::from_geojson`] does.
    ///
    /// # Errors
    /// Every [`GeometryError`] about rings; the first that is found, with its place.
    pub fn from_polygons(polygons: &[Vec<Ring>], crs: Crs) -> Result<Shape, GeometryError> {
        Shape::checked(parts::polygons(polygons, crs)?)
    }

    /// Takes rings that do not say which of them are holes, as a Shapefile has them, and finds out by which lies in which.
    ///
    /// # Errors
    /// As [`Shape::from_polygons`].
    pub fn from_rings(rings: &[Ring], crs: Crs) -> Result<Shape, GeometryError> {
        Shape::checked(parts::rings(rings, crs)?)
    }

    pub(crate) fn checked(mut geometry: Geometry<f64>) -> Result<Shape, GeometryError> {
        validity::check(&mut geometry)?;
        Ok(Shape { geometry })
    }

    /// A shape of one point.
    pub fn point(point: Point) -> Shape {
        Shape { geometry: Geometry::Point(point.coord().into()) }
    }

    /// The geometry as GeoJSON (RFC 7946, right-hand rule, longitude before latitude).
    pub fn to_geojson(&self) -> Value {
        write(&self.geometry)
    }

    /// The smallest box around the shape.
    pub fn bounds(&self) -> Bounds {
        use geo::CoordsIter;
        Bounds::of(self.geometry.coords_iter())
    }

    /// How many vertices the shape has; the closing one of a ring counts.
    pub fn vertices(&self) -> usize {
        use geo::CoordsIter;
        self.geometry.coords_count()
    }

    /// Square metres on the WGS 84 ellipsoid of the polygons; 0 for points and lines.
    pub fn area_m2(&self) -> f64 {
        fn of(geometry: &Geometry<f64>) -> f64 {
            match geometry {
                Geometry::Polygon(polygon) => area_m2(&MultiPolygon(vec![polygon.clone()])),
                Geometry::MultiPolygon(polygons) => area_m2(polygons),
                Geometry::GeometryCollection(parts) => parts.iter().map(of).sum(),
                _ => 0.0,
            }
        }
        of(&self.geometry)
    }

    /// Every vertex, the closing one of a ring too.
    pub fn corners(&self) -> Vec<Point> {
        use geo::CoordsIter;
        self.geometry.coords_iter().map(Point::from_coord).collect()
    }

    /// The highest dimension among the shape's parts.
    pub fn dimension(&self) -> Dimension {
        dimension(&self.geometry)
    }

    /// The GeoJSON name of the geometry's type.
    pub fn kind(&self) -> &'static str {
        match &self.geometry {
            Geometry::Point(_) => "Point",
            Geometry::MultiPoint(_) => "MultiPoint",
            Geometry::LineString(_) => "LineString",
            Geometry::MultiLineString(_) => "MultiLineString",
            Geometry::Polygon(_) => "Polygon",
            Geometry::MultiPolygon(_) => "MultiPolygon",
            _ => "GeometryCollection",
        }
    }

    pub(crate) fn geometry(&self) -> &Geometry<f64> {
        &self.geometry
    }

    /// The polygons, when the shape is a `Polygon` or a `MultiPolygon`; only such can be an area.
    pub(crate) fn as_area(&self) -> Option<MultiPolygon<f64>> {
        match &self.geometry {
            Geometry::Polygon(polygon) => Some(MultiPolygon(vec![polygon.clone()])),
            Geometry::MultiPolygon(polygons) => Some(polygons.clone()),
            _ => None,
        }
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_geojson().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Shape::from_geojson(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The edges of all rings, in ring order; the land is on the left of each.
pub(crate) fn edges(polygons: &MultiPolygon<f64>) -> impl Iterator<Item = Edge> + '_ {
    polygons.iter().flat_map(rings).flat_map(|ring| ring.0.windows(2).map(|pair| [pair[0], pair[1]]))
}

/// The exterior ring and then the holes.
pub(crate) fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

fn dimension(geometry: &Geometry<f64>) -> Dimension {
    match geometry {
        Geometry::Point(_) | Geometry::MultiPoint(_) => Dimension::Points,
        Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_) => Dimension::Lines,
        Geometry::GeometryCollection(parts) => parts.iter().map(dimension).max().unwrap_or(Dimension::Points),
        _ => Dimension::Polygons,
    }
}

fn write(geometry: &Geometry<f64>) -> Value {
    let position = |c: &Coord<f64>| json!([c.x, c.y]);
    let line = |line: &LineString<f64>| Value::Array(line.0.iter().map(position).collect());
    let polygon = |polygon: &Polygon<f64>| Value::Array(rings(polygon).map(line).collect());
    match geometry {
        Geometry::Point(point) => json!({ "type": "Point", "coordinates": position(&point.0) }),
        Geometry::MultiPoint(points) => {
            json!({ "type": "MultiPoint", "coordinates": points.iter().map(|p| position(&p.0)).collect::<Vec<_>>() })
        }
        Geometry::LineString(path) => json!({ "type": "LineString", "coordinates": line(path) }),
        Geometry::MultiLineString(paths) => {
            json!({ "type": "MultiLineString", "coordinates": paths.iter().map(line).collect::<Vec<_>>() })
        }
        Geometry::Polygon(one) => json!({ "type": "Polygon", "coordinates": polygon(one) }),
        Geometry::MultiPolygon(many) => {
            json!({ "type": "MultiPolygon", "coordinates": many.iter().map(polygon).collect::<Vec<_>>() })
        }
        Geometry::GeometryCollection(parts) => {
            json!({ "type": "GeometryCollection", "geometries": parts.iter().map(write).collect::<Vec<_>>() })
        }
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {
            unreachable!("`read` makes GeoJSON types only")
        }
    }
}
