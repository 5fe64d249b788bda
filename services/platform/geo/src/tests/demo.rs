//! The hand-made outline that `narhet up --demo` loads.

use crate::{AreaMap, Match, Point, Shape};
use serde_json::{Value, json};

#[path = "../../examples/demo_outline/table.rs"]
mod table;

fn outline() -> Value {
    serde_json::from_str(include_str!("../../../../../deploy/demo/areas.geojson")).unwrap()
}

fn areas() -> Vec<(String, Shape)> {
    let document = outline();
    let features = document["features"].as_array().unwrap().iter();
    features
        .map(|feature| {
            assert_eq!(feature["properties"]["approximate"], true);
            (
                feature["properties"]["name"].as_str().unwrap().to_owned(),
                Shape::from_geojson(&feature["geometry"]).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_demo_outline_covers_its_land_exactly_once() {
    assert_eq!(outline()["approximate"], true);
    let areas = areas();
    let vertices: usize = areas.iter().map(|(_, shape)| shape.vertices()).sum();
    assert!((200..600).contains(&vertices), "{vertices} vertices");
    let map = AreaMap::build(areas).unwrap();
    assert_eq!(map.territories().len(), 11);
    assert_eq!(map.coverage().defects(), []);
    assert_eq!(map.coverage().edge_defects(), []);
    assert_eq!(map.coverage().outer_rings().len(), 1);
}

#[test]
fn well_known_places_lie_in_the_right_demo_area() {
    let map = AreaMap::build(areas()).unwrap();
    for (place, lon, lat, area) in [
        ("Sergels torg", 18.0649, 59.3326, "Norra innerstaden"),
        ("Karlaplan", 18.091, 59.339, "Norra innerstaden"),
        ("Medborgarplatsen", 18.0725, 59.3143, "Södermalm"),
        ("Rinkeby", 17.928, 59.388, "Järva"),
        ("Spånga torg", 17.900, 59.383, "Järva"),
        ("Husby", 17.926, 59.410, "Järva"),
        ("Brommaplan", 17.939, 59.338, "Bromma"),
        ("Vällingby", 17.872, 59.363, "Hässelby-Vällingby"),
        ("Fridhemsplan", 18.029, 59.334, "Kungsholmen"),
        ("Skärholmens centrum", 17.907, 59.277, "Skärholmen"),
        ("Telefonplan", 17.997, 59.298, "Hägersten-Älvsjö"),
        ("Älvsjö", 18.011, 59.279, "Hägersten-Älvsjö"),
        ("Globen", 18.083, 59.293, "Enskede-Årsta-Vantör"),
        ("Farsta centrum", 18.090, 59.243, "Farsta"),
        ("Skarpnäck", 18.133, 59.267, "Skarpnäck"),
    ] {
        let answer = map.locate(Point::new(lon, lat).unwrap());
        assert_eq!((answer.matched, answer.area.as_deref()), (Match::Inside, Some(area)), "{place}");
    }
    assert_eq!(map.locate(Point::new(18.0, 59.36).unwrap()).matched, Match::Outside, "Solna");
}

#[test]
fn the_demo_outline_is_what_its_tables_draw() {
    for (feature, (name, lines)) in outline()["features"].as_array().unwrap().iter().zip(table::AREAS) {
        let ring: Vec<[f64; 2]> = table::ring(lines).into_iter().map(|(lon, lat)| [lon, lat]).collect();
        let drawn = Shape::from_geojson(&json!({ "type": "Polygon", "coordinates": [ring] })).unwrap();
        assert_eq!((&feature["properties"]["name"], &feature["geometry"]), (&json!(name), &drawn.to_geojson()));
    }
    assert_eq!(outline()["features"].as_array().unwrap().len(), table::AREAS.len());
}
