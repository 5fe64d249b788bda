//! From a JSON value to geometry, naming the position of whatever is wrong; soundness of rings is `validity`'s.

use crate::{
    crs::Crs,
    error::GeometryError,
    limits::{COLLECTION_DEPTH_MAX, SHAPE_VERTICES_MAX},
    point::Point,
};
use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Polygon};
use serde_json::Value;

/// Reads one GeoJSON geometry object with positions of a coordinate system.
pub(crate) fn geometry(value: &Value, crs: Crs) -> Result<Geometry<f64>, GeometryError> {
    Reader { vertices: 0, crs }.geometry(value, "", 0)
}

/// Counts what it has read, so that a body of many small parts is bounded like one large part.
struct Reader {
    vertices: usize,
    crs: Crs,
}

impl Reader {
    fn geometry(&mut self, value: &Value, at: &str, depth: usize) -> Result<Geometry<f64>, GeometryError> {
        let Some(object) = value.as_object() else {
            return Err(GeometryError::NotGeoJson(format!("{} is {}, not an object", place(at), json_kind(value))));
        };
        let Some(kind) = object.get("type").and_then(Value::as_str) else {
            return Err(GeometryError::NotGeoJson(format!("{} has no `type`", place(at))));
        };
        if kind == "GeometryCollection" {
            return self.collection(value, at, depth);
        }
        if !matches!(kind, "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon") {
            let found = kind.chars().take(40).collect();
            return Err(GeometryError::UnsupportedType { at: place(at).to_owned(), found });
        }
        let at = format!("{at}/coordinates");
        let Some(coordinates) = object.get("coordinates") else {
            return Err(GeometryError::NotGeoJson(format!("{at} is missing")));
        };
        Ok(match kind {
            "Point" => Geometry::Point(self.position(coordinates, &at)?.into()),
            "MultiPoint" => Geometry::MultiPoint(MultiPoint(
                self.positions(coordinates, &at)?.into_iter().map(Into::into).collect(),
            )),
            "LineString" => Geometry::LineString(self.line(coordinates, &at)?),
            "MultiLineString" => {
                Geometry::MultiLineString(MultiLineString(self.each(coordinates, &at, Reader::line)?))
            }
            "Polygon" => Geometry::Polygon(self.polygon(coordinates, &at)?),
            _ => Geometry::MultiPolygon(MultiPolygon(self.each(coordinates, &at, Reader::polygon)?)),
        })
    }

    fn collection(&mut self, value: &Value, at: &str, depth: usize) -> Result<Geometry<f64>, GeometryError> {
        if depth >= COLLECTION_DEPTH_MAX {
            return Err(GeometryError::TooDeep { at: place(at).to_owned() });
        }
        let at = format!("{at}/geometries");
        let parts = value.get("geometries").unwrap_or(&Value::Null);
        let parts = self.each(parts, &at, |reader, part, at| reader.geometry(part, at, depth + 1))?;
        Ok(Geometry::GeometryCollection(GeometryCollection(parts)))
    }

    fn polygon(&mut self, value: &Value, at: &str) -> Result<Polygon<f64>, GeometryError> {
        let mut rings = self.each(value, at, Reader::ring)?;
        let exterior = rings.remove(0);
        Ok(Polygon::new(exterior, rings))
    }

    /// A closed ring of at least three distinct positions; the geometry types close rings by themselves, so an open one must
    /// be noticed here.
    fn ring(&mut self, value: &Value, at: &str) -> Result<LineString<f64>, GeometryError> {
        let mut ring = self.positions(value, at)?;
        if ring.first() != ring.last() {
            return Err(GeometryError::RingNotClosed { at: at.to_owned(), first: Point::from_coord(ring[0]) });
        }
        ring.dedup();
        let count = ring.len() - 1;
        if count < 3 {
            return Err(GeometryError::TooFewPoints { at: at.to_owned(), count, needed: 3 });
        }
        Ok(LineString(ring))
    }

    fn line(&mut self, value: &Value, at: &str) -> Result<LineString<f64>, GeometryError> {
        let mut line = self.positions(value, at)?;
        line.dedup();
        if line.len() < 2 {
            return Err(GeometryError::TooFewPoints { at: at.to_owned(), count: line.len(), needed: 2 });
        }
        Ok(LineString(line))
    }

    fn positions(&mut self, value: &Value, at: &str) -> Result<Vec<Coord<f64>>, GeometryError> {
        self.each(value, at, Reader::position)
    }

    /// Reads a JSON array that must hold something.
    fn each<T>(
        &mut self,
        value: &Value,
        at: &str,
        mut read: impl FnMut(&mut Reader, &Value, &str) -> Result<T, GeometryError>,
    ) -> Result<Vec<T>, GeometryError> {
        let Some(values) = value.as_array() else {
            return Err(GeometryError::NotGeoJson(format!("{at} is {}, not an array", json_kind(value))));
        };
        if values.is_empty() {
            return Err(GeometryError::EmptyGeometry { at: at.to_owned() });
        }
        // Refused before anything is read, so that a large body costs nothing.
        if values.len() > SHAPE_VERTICES_MAX {
            return Err(GeometryError::TooManyVertices { count: values.len(), limit: SHAPE_VERTICES_MAX });
        }
        values.iter().enumerate().map(|(number, value)| read(self, value, &format!("{at}/{number}"))).collect()
    }

    fn position(&mut self, value: &Value, at: &str) -> Result<Coord<f64>, GeometryError> {
        self.vertices += 1;
        if self.vertices > SHAPE_VERTICES_MAX {
            return Err(GeometryError::TooManyVertices { count: self.vertices, limit: SHAPE_VERTICES_MAX });
        }
        let Some(numbers) = value.as_array() else {
            return Err(GeometryError::NotGeoJson(format!("{at} is {}, not a position [lon, lat]", json_kind(value))));
        };
        if numbers.is_empty() {
            return Err(GeometryError::EmptyGeometry { at: at.to_owned() });
        }
        if !(2..=4).contains(&numbers.len()) {
            return Err(GeometryError::NotGeoJson(format!(
                "{at} has {} numbers; a position is [lon, lat], perhaps with an altitude",
                numbers.len()
            )));
        }
        let number = |value: &Value| match value {
            // Text, true and objects are no coordinates; `null` and "NaN" are what writers make of one that is not finite.
            Value::Number(number) => Ok(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null | Value::String(_) => Err(GeometryError::NotFinite { at: at.to_owned() }),
            other => Err(GeometryError::NotGeoJson(format!("{at} holds {}, not numbers", json_kind(other)))),
        };
        Ok(self.crs.point(number(&numbers[0])?, number(&numbers[1])?, at)?.coord())
    }
}

fn place(at: &str) -> &str {
    if at.is_empty() { "the geometry" } else { at }
}

fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
