//! Areas that are not unions of stadsdelar: parts that belong elsewhere.

use super::{house::SOUTH, *};
use house::{CELL, WEST};
use narhet_geo::Shape;

/// A square across the boundary of cells 1 and 2 and beyond their northern edge, of which cell 1's part is meant.
fn holme(of: &str) -> Value {
    let (west, east) = (WEST + 1.6 * CELL, WEST + 2.2 * CELL);
    let (south, north) = (SOUTH + 0.006, SOUTH + 0.012);
    let ring = [[west, south], [east, south + 0.0001], [east, north], [west, north], [west, south]];
    json!({ "type": "Feature", "properties": { "name": "Kista holme", "undantag": of },
        "geometry": { "type": "Polygon", "coordinates": [ring] } })
}

fn file(feature: &Value) -> String {
    json!({ "type": "FeatureCollection", "features": [feature] }).to_string()
}

/// The mapping with a row for the exception: Tensta's board has it from 2020 until 2023.
fn mapping() -> String {
    format!("{MAPPING}Kista holme,,Spånga-Tensta,,\n")
}

/// Board ids in the middle of the exception and in the middle of Kista.
fn boards(house: &House, instant: &str) -> (String, String) {
    let board = |lon: f64, lat: f64| {
        let answer = house.responsibility().locate(Point::new(lon, lat).unwrap(), at(instant), u64::MAX);
        answer.district().map(|district| district.board.id.clone()).unwrap()
    };
    (board(WEST + 1.8 * CELL, SOUTH + 0.008), board(WEST + 1.3 * CELL, SOUTH + 0.005))
}

#[test]
fn a_part_of_a_stadsdel_belongs_to_another_area_in_the_divisions_whose_row_says_so() {
    let mut house = House::started();
    let body = json!({ "boundaries": row(), "mapping": mapping(), "exceptions": file(&holme("Kista")), "source": "x" });
    let report = house.import(&body).unwrap().report;
    assert_eq!(report["warnings"], json!([]));
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(boards(&house, "2008-01-01T00:00:00Z"), pair("rinkeby-kista", "rinkeby-kista"));
    assert_eq!(boards(&house, "2021-01-01T00:00:00Z"), pair("spanga-tensta", "rinkeby-kista"));
    assert_eq!(boards(&house, "2024-01-01T00:00:00Z"), pair("jarva", "jarva"));
    let areas = house.responsibility().areas(at("2021-01-01T00:00:00Z"), u64::MAX);
    let drawn: Vec<(String, Shape)> = areas
        .iter()
        .filter_map(|area| {
            Some((
                area.area.id.to_string(),
                Shape::from_geojson(&serde_json::to_value(area.geometry.as_ref()?).unwrap()).unwrap(),
            ))
        })
        .collect();
    let found = narhet_geo::coverage(&drawn);
    assert!(drawn.len() == 4 && found.is_exact() && found.outer_rings().len() == 1, "{found:?}");
}

#[test]
fn an_exception_may_stand_among_the_boundaries_and_needs_no_mapping() {
    let mut boundaries: Value = serde_json::from_str(&row()).unwrap();
    let mut feature = holme("KISTA");
    feature["properties"]["name"] = json!("TENSTA");
    boundaries["features"].as_array_mut().unwrap().push(feature);
    let mut house = House::started();
    let body = json!({ "boundaries": boundaries.to_string(), "validFrom": "2020-07-01", "source": "x" });
    house.import(&body).unwrap();
    assert_eq!(boards(&house, "2021-01-01T00:00:00Z"), ("tensta".to_owned(), "kista".to_owned()));
}

#[test]
fn an_exception_that_cannot_be_cut_out_is_refused_by_name_and_nothing_is_written() {
    let house = House::started();
    let refused = |exceptions: String, mapping: String| {
        let body = json!({ "boundaries": row(), "mapping": mapping, "exceptions": exceptions, "source": "x" });
        let problem = house.refused(&body);
        assert!(problem.detail.contains("Kista holme"), "{}", problem.detail);
        problem.detail
    };
    assert!(refused(file(&holme("Rissne")), mapping()).contains("\"Rissne\""));
    assert!(refused(file(&holme("Gärdet")), mapping()).contains("has nothing of the area"));
    assert!(refused(file(&holme("Kista")), MAPPING.to_owned()).contains("no row"));
    let mut without = holme("Kista");
    without["properties"].as_object_mut().unwrap().remove("undantag");
    assert!(refused(file(&without), mapping()).contains("undantag"));
    let mut whole = holme("Kista");
    whole["geometry"]["coordinates"] = cell(1);
    assert!(refused(file(&whole), mapping()).contains("the whole area"));
}
