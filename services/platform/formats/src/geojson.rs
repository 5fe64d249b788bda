//! GeoJSON (RFC 7946), and what came before it with a `crs`.

use crate::{
    Format, Layer, Record, Wanted,
    error::{FormatError, GeometryFault},
    keep,
};
use narhet_geo::{Crs, Shape};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    crs: Option<Value>,
    #[serde(default)]
    approximate: bool,
    /// What a feature holds stays text until it is read, one at a time: as values a large file would take ten times its size.
    #[serde(borrow, default)]
    features: Vec<RawFeature<'a>>,
}

#[derive(Deserialize)]
struct RawFeature<'a> {
    #[serde(borrow, default)]
    properties: Option<&'a RawValue>,
    #[serde(borrow, default)]
    geometry: Option<&'a RawValue>,
}

pub(crate) fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Layer, FormatError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(text)
        .map_err(|error| FormatError::NotGeoJson(format!("it is not UTF-8 at byte {}", error.valid_up_to())))?;
    let collection: Collection<'_> =
        serde_json::from_str(text).map_err(|problem| FormatError::NotGeoJson(problem.to_string()))?;
    if collection.kind != "FeatureCollection" {
        return Err(FormatError::NotGeoJson(format!("its type is {:?}", collection.kind)));
    }
    let crs = crs(collection.crs.as_ref())?;
    wanted.check_count(collection.features.len())?;
    let records = collection.features.iter().enumerate();
    let records = records.map(|(index, feature)| Record {
        number: index + 1,
        properties: feature.properties.map(|text| properties(text, wanted)).unwrap_or_default(),
        shape: shape(feature.geometry, crs),
    });
    Ok(Layer { format: Format::GeoJson, crs, records: records.collect(), approximate: collection.approximate })
}

/// RFC 7946 has longitude and latitude only; older files say so, or something else, in `crs`.
fn crs(crs: Option<&Value>) -> Result<Crs, FormatError> {
    let Some(crs) = crs.filter(|crs| !crs.is_null()) else { return Ok(Crs::Degrees) };
    let name = crs.pointer("/properties/name").and_then(Value::as_str).map_or_else(|| crs.to_string(), str::to_owned);
    Crs::from_name(&name).map_err(|source| FormatError::Crs { what: "crs".to_owned(), source })
}

fn properties(text: &RawValue, wanted: &Wanted<'_>) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for (column, value) in serde_json::from_str::<Map<String, Value>>(text.get()).unwrap_or_default() {
        let Some(name) = wanted.name_of(&column) else { continue };
        match value {
            Value::String(text) => keep(&mut kept, name, &text),
            Value::Bool(_) | Value::Number(_) => keep(&mut kept, name, &value.to_string()),
            _ => {}
        }
    }
    kept
}

fn shape(geometry: Option<&RawValue>, crs: Crs) -> Result<Shape, GeometryFault> {
    let Some(text) = geometry.filter(|text| text.get() != "null") else { return Err(GeometryFault::Missing) };
    let geometry: Value = serde_json::from_str(text.get())
        .map_err(|_| GeometryFault::Unreadable("it is no sound JSON, or nests too deep".to_owned()))?;
    let shape = Shape::from_geojson_in(&geometry, crs)?;
    match shape.kind() {
        "Polygon" | "MultiPolygon" => Ok(shape),
        found => Err(GeometryFault::NotAnArea { found: found.to_owned() }),
    }
}
