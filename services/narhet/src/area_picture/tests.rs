//! What must stand in the picture; how it looks is looked at.

use super::*;
use narhet_geo::{Shape, coverage};
use serde_json::json;

fn feature(name: &str, ring: &[[f64; 2]]) -> Feature {
    let shape = Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] })).unwrap();
    Feature { name: name.to_owned(), shape, approximate: false }
}

/// Two neighbours with a sliver of half a millimetre between them, and a third that overlaps the second.
fn features() -> Vec<Feature> {
    let west = [[18.0, 59.0], [18.1, 59.0], [18.1, 59.04], [18.1, 59.06], [18.1, 59.1], [18.0, 59.1], [18.0, 59.0]];
    let east = [
        [18.1, 59.0],
        [18.2, 59.0],
        [18.2, 59.1],
        [18.15, 59.1],
        [18.1, 59.1],
        [18.1, 59.06],
        [18.1 + 1e-8, 59.05],
        [18.1, 59.04],
        [18.1, 59.0],
    ];
    let north = [
        [18.0, 59.1],
        [18.1, 59.1],
        [18.12, 59.08],
        [18.15, 59.1],
        [18.2, 59.1],
        [18.2, 59.2],
        [18.0, 59.2],
        [18.0, 59.1],
    ];
    vec![feature("A & O", &west), feature("Östra", &east), feature("Norra", &north)]
}

fn drawn(features: &[Feature]) -> String {
    let shapes: Vec<_> = features.iter().map(|feature| (feature.name.clone(), feature.shape.clone())).collect();
    let found = coverage(&shapes);
    assert!(found.edge_defects().is_empty(), "{:?}", found.edge_defects());
    svg("prov.geojson", features, &found)
}

#[test]
fn every_defect_stands_on_the_map_in_a_card_and_in_the_description() {
    let picture = drawn(&features());
    let description = picture.split("<desc id=\"desc\">").nth(1).unwrap().split("</desc>").next().unwrap();
    assert!(description.contains("1 luckor och 1 överlapp"), "{description}");
    assert!(description.contains("mellan A &amp; O och Östra") && description.contains("mellan Norra och Östra"));
    assert_eq!(picture.matches("role=\"group\"").count(), 2, "a card each");
    assert_eq!(picture.matches("bredaste stället").count(), 1, "the sliver's own window");
    assert!(picture.contains("<title id=\"title\">Luckor och överlapp i prov.geojson</title>"));
    assert!(!picture.contains("A & O") && picture.contains("A &amp; O"));
    // Nothing is drawn far off the sheet, at whatever scale: renderers lose their digits there.
    let paths = picture.split("d=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let numbers = paths.flat_map(|path| path.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')));
    assert!(numbers.filter(|number| !number.is_empty()).all(|number| number.parse::<f64>().unwrap() < 10_000.0));
}

#[test]
fn a_sound_division_is_a_map_without_cards() {
    let picture = drawn(&features()[..1]);
    assert!(picture.contains("1 områden täcker sin mark en gång") && !picture.contains("role=\"group\""));
    assert!(drawn(&[]).contains("0 områden"));
}
