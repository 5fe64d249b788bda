//! Reads boundaries from a file of any known format.

use crate::{
    domain::{
        Boundaries, Refusal,
        boundaries::{Exception, Feature},
        names::fold,
    },
    limits::FEATURES_MAX,
};
use narhet_formats::{FormatError, GeometryFault, Layer, Record, Wanted};
use std::collections::HashMap;

/// The columns that are looked at, whatever their case; the first that is filled names the feature.
const NAMES: [&str; 2] = ["name", "namn"];
const APPROXIMATE: &str = "approximate";
/// The columns that make a feature an exception: they name the stadsdel that it is cut out of.
const EXCEPTIONS: [&str; 2] = ["undantag", "exceptionfor"];

/// Reads boundaries, with exceptions of a file of their own where there is one. A feature that is refused does not keep the
/// others from being read.
///
/// # Errors
/// When the file gives no features at all.
pub fn read(bytes: &[u8], layer: Option<&str>, exceptions: Option<&[u8]>) -> Result<Boundaries, FormatError> {
    let mut boundaries = Boundaries::default();
    let mut number_of: HashMap<String, usize> = HashMap::new();
    take(layer_of(bytes, layer)?, false, &mut number_of, &mut boundaries);
    if let Some(bytes) = exceptions {
        take(layer_of(bytes, None)?, true, &mut HashMap::new(), &mut boundaries);
    }
    Ok(boundaries)
}

fn layer_of(bytes: &[u8], layer: Option<&str>) -> Result<Layer, FormatError> {
    let properties = &[NAMES[0], NAMES[1], APPROXIMATE, EXCEPTIONS[0], EXCEPTIONS[1]];
    narhet_formats::read(bytes, &Wanted { layer, properties, features_max: FEATURES_MAX })
}

fn take(layer: Layer, only_exceptions: bool, number_of: &mut HashMap<String, usize>, boundaries: &mut Boundaries) {
    for record in layer.records {
        let number = record.number;
        let text = |name: &str| record.properties.get(name).cloned();
        let of = EXCEPTIONS.into_iter().find_map(text);
        let name = NAMES.into_iter().find_map(text);
        let feature = feature(record, layer.approximate);
        match (feature, of) {
            (Err(refusal), _) => boundaries.refused.push(refusal),
            (Ok(_), None) if only_exceptions => {
                boundaries.refused.push(Refusal::ExceptionWithoutWhole { name: name.unwrap_or_default() });
            }
            (Ok(Feature { name, shape, .. }), Some(of)) => boundaries.exceptions.push(Exception { name, of, shape }),
            (Ok(feature), None) => match number_of.insert(fold(&feature.name), number) {
                Some(first) => {
                    boundaries.refused.push(Refusal::FeatureTwice { name: feature.name, first, second: number });
                }
                None => boundaries.features.push(feature),
            },
        }
    }
}

fn feature(record: Record, approximate: bool) -> Result<Feature, Refusal> {
    let text = |name: &str| record.properties.get(name).map(String::as_str);
    let Some(name) = NAMES.into_iter().find_map(text).map(str::to_owned) else {
        return Err(Refusal::FeatureWithoutName { number: record.number });
    };
    let approximate = approximate || text(APPROXIMATE) == Some("true");
    match record.shape {
        Ok(shape) => Ok(Feature { name, shape, approximate }),
        Err(GeometryFault::Broken(source)) => Err(Refusal::Geometry { name, source }),
        Err(GeometryFault::NotAnArea { found }) => Err(Refusal::NotAnArea { name, found }),
        Err(fault) => Err(Refusal::Unreadable { name, fault: fault.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(geometry: &str) -> Refusal {
        let feature = format!(r#"{{"type":"Feature","properties":{{"name":"Järva"}},"geometry":{geometry}}}"#);
        let text = format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#);
        let read = read(text.as_bytes(), None, None).unwrap();
        assert!(read.features.is_empty());
        read.refused[0].clone()
    }

    #[test]
    fn a_geometry_that_is_no_area_is_refused_by_its_name() {
        let deep = format!(r#"{{"type":"Polygon","coordinates":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let swapped = r#"{"type":"Polygon","coordinates":[[[59.3,18.0],[59.3,18.1],[59.4,18.1],[59.3,18.0]]]}"#;
        for (geometry, said) in [
            ("null", "no geometry"),
            (r#"{"type":"Point","coordinates":[18.0,59.3]}"#, "Point"),
            (deep.as_str(), "nests too deep"),
            (swapped, "swapped"),
        ] {
            let refusal = refused(geometry).to_string();
            assert!(refusal.contains("Järva") && refusal.contains(said), "{refusal}");
        }
    }

    #[test]
    fn a_column_called_namn_names_features_too_and_two_of_one_name_are_refused() {
        let cell = r#"{"type":"Polygon","coordinates":[[[18,59],[18.1,59],[18.1,59.1],[18,59]]]}"#;
        let feature = |properties: &str| format!(r#"{{"type":"Feature","properties":{properties},"geometry":{cell}}}"#);
        let features = [r#"{"NAMN":"Kista"}"#, r#"{"name":"","namn":"KISTA"}"#, "{}"].map(feature).join(",");
        let text = format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#);
        let read = read(text.as_bytes(), None, None).unwrap();
        assert_eq!(read.features.len(), 1);
        assert!(matches!(
            read.refused[..],
            [Refusal::FeatureTwice { first: 1, second: 2, .. }, Refusal::FeatureWithoutName { number: 3 }]
        ));
    }
}
