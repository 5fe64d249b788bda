//! The boundaries: named polygons, as a GeoJSON FeatureCollection gives them.

use crate::{
    domain::{Refusal, names::fold},
    limits::FEATURES_MAX,
};
use narhet_geo::{Dimension, Shape};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::collections::HashMap;

/// The features that could be read, and what was refused about the others.
#[derive(Clone, Debug, Default)]
pub struct Boundaries {
    pub features: Vec<Feature>,
    pub refused: Vec<Refusal>,
}

/// A stadsdel, or an area when there is no mapping.
#[derive(Clone, Debug)]
pub struct Feature {
    pub name: String,
    pub shape: Shape,
    /// Whether the file says that its outlines are approximate.
    pub approximate: bool,
}

/// Why a text has no boundaries at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoundariesError {
    #[error("the boundaries are not a GeoJSON FeatureCollection: {0}")]
    NotGeoJson(String),
    #[error("the coordinate system {0:?} is not taken here: give longitude and latitude (CRS84, EPSG:4326)")]
    UnknownCrs(String),
    #[error("the boundaries have no features")]
    Empty,
    #[error("the boundaries have {count} features, {FEATURES_MAX} are allowed")]
    TooMany { count: usize },
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    crs: Option<Value>,
    #[serde(default)]
    approximate: bool,
    /// Geometries stay text until they are read one by one: as values a large file would take ten times its size.
    #[serde(borrow)]
    features: Vec<RawFeature<'a>>,
}

#[derive(Deserialize)]
struct RawFeature<'a> {
    #[serde(default)]
    properties: Option<Properties>,
    #[serde(borrow)]
    geometry: &'a RawValue,
}

#[derive(Deserialize, Default)]
struct Properties {
    #[serde(default)]
    name: Option<Value>,
    #[serde(default)]
    approximate: Option<Value>,
}

/// Reads boundaries. A feature that is refused does not keep the others from being read.
pub fn read(text: &str) -> Result<Boundaries, BoundariesError> {
    let collection: Collection<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|problem| BoundariesError::NotGeoJson(problem.to_string()))?;
    if collection.kind != "FeatureCollection" {
        return Err(BoundariesError::NotGeoJson(format!("its type is {:?}", collection.kind)));
    }
    if let Some(crs) = collection.crs.filter(|crs| !crs.is_null()) {
        known_crs(&crs)?;
    }
    match collection.features.len() {
        0 => return Err(BoundariesError::Empty),
        count if count > FEATURES_MAX => return Err(BoundariesError::TooMany { count }),
        _ => {}
    }
    let mut boundaries = Boundaries::default();
    let mut number_of: HashMap<String, usize> = HashMap::new();
    for (index, raw) in collection.features.iter().enumerate() {
        let number = index + 1;
        match feature(number, raw, collection.approximate) {
            Err(refusal) => boundaries.refused.push(refusal),
            Ok(feature) => match number_of.insert(fold(&feature.name), number) {
                Some(first) => {
                    boundaries.refused.push(Refusal::FeatureTwice { name: feature.name, first, second: number });
                }
                None => boundaries.features.push(feature),
            },
        }
    }
    Ok(boundaries)
}

/// RFC 7946 has longitude and latitude only; older files say so, or something else, in `crs`.
fn known_crs(crs: &Value) -> Result<(), BoundariesError> {
    let name = crs.pointer("/properties/name").and_then(Value::as_str).map_or_else(|| crs.to_string(), str::to_owned);
    let upper = name.to_uppercase();
    let known = upper.ends_with("CRS84") || upper.ends_with("EPSG::4326") || upper.ends_with("EPSG:4326");
    if known { Ok(()) } else { Err(BoundariesError::UnknownCrs(name.chars().take(80).collect())) }
}

fn feature(number: usize, raw: &RawFeature<'_>, approximate: bool) -> Result<Feature, Refusal> {
    let properties = raw.properties.as_ref();
    let name = properties.and_then(|properties| properties.name.as_ref()).and_then(Value::as_str).map_or("", str::trim);
    if name.is_empty() {
        return Err(Refusal::FeatureWithoutName { number });
    }
    let not_an_area = |found: &str| Refusal::NotAnArea { name: name.to_owned(), found: found.to_owned() };
    let geometry: Value = serde_json::from_str(raw.geometry.get())
        .map_err(|_| not_an_area("geometry that cannot be read, or nests too deep"))?;
    if geometry.is_null() {
        return Err(not_an_area("feature without geometry"));
    }
    let shape = Shape::from_geojson(&geometry).map_err(|source| Refusal::Geometry { name: name.to_owned(), source })?;
    let kind = shape.kind();
    if shape.dimension() != Dimension::Polygons || kind == "GeometryCollection" {
        return Err(not_an_area(kind));
    }
    let says_so = properties.and_then(|properties| properties.approximate.as_ref()) == Some(&Value::Bool(true));
    Ok(Feature { name: name.to_owned(), shape, approximate: approximate || says_so })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(geometry: &str) -> Refusal {
        let feature = format!(r#"{{"type":"Feature","properties":{{"name":"Järva"}},"geometry":{geometry}}}"#);
        let read = read(&format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#)).unwrap();
        assert!(read.features.is_empty());
        read.refused[0].clone()
    }

    #[test]
    fn a_geometry_that_is_no_area_is_refused_by_its_name() {
        let deep = format!(r#"{{"type":"Polygon","coordinates":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let swapped = r#"{"type":"Polygon","coordinates":[[[59.3,18.0],[59.3,18.1],[59.4,18.1],[59.3,18.0]]]}"#;
        for (geometry, said) in [
            ("null", "without geometry"),
            (r#"{"type":"Point","coordinates":[18.0,59.3]}"#, "Point"),
            (deep.as_str(), "nests too deep"),
            (swapped, "swapped"),
        ] {
            let refusal = refused(geometry).to_string();
            assert!(refusal.contains("Järva") && refusal.contains(said), "{refusal}");
        }
    }

    #[test]
    fn numbers_that_are_none_and_texts_that_are_no_collection_are_refused_whole() {
        for text in ["", "[]", "{\"type\":\"FeatureCollection\",\"features\":[{\"geometry\":[NaN]}]}"] {
            assert!(matches!(read(text), Err(BoundariesError::NotGeoJson(_))), "{text}");
        }
        assert_eq!(read(r#"{"type":"FeatureCollection","features":[]}"#).unwrap_err(), BoundariesError::Empty);
    }
}
