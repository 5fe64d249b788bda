//! The time axis walked: at every instant of every division each place within the city's outer ring has a board.

use super::{super::*, house::House, real};
use narhet_geo::{Match, Point, Shape, coverage};
use serde_json::Value;

/// Places within the outer ring of the union of the neighbourhoods: its vertices, and a lattice of about 300 m inside.
fn places(features: &[(String, Shape)]) -> Vec<Point> {
    let found = coverage(features);
    let ring = &found.outer_rings()[0];
    let map = narhet_geo::AreaMap::build(features.to_vec()).unwrap();
    let lattice = (0..90).flat_map(|row| (0..90).map(move |column| (column, row)));
    let at = |(column, row): (i32, i32)| {
        Point::new(17.75 + 0.46 * f64::from(column) / 90.0, 59.22 + 0.23 * f64::from(row) / 90.0).unwrap()
    };
    let inside = lattice.map(at).filter(|point| map.locate(*point).matched != Match::Outside);
    ring.iter().copied().chain(inside).collect()
}

/// Instants on both sides of every cut of the time axis, and far after the last.
fn instants(house: &House) -> Vec<Timestamp> {
    let timeline = house.responsibility().timeline(house.head());
    let second = jiff::SignedDuration::from_secs(1);
    let starts: Vec<Timestamp> = timeline.divisions().iter().map(|division| division.valid_from()).collect();
    let mut instants = starts.clone();
    // Just before the first division nobody answers, and the reply says so.
    instants.extend(starts.iter().skip(1).map(|start| *start - second));
    instants.extend(starts.iter().map(|start| *start + second));
    instants.push("2100-01-01T00:00:00Z".parse().unwrap());
    instants
}

/// Places at which nobody answers, and when.
fn uncovered(house: &House, places: &[Point]) -> Vec<(Point, Timestamp)> {
    let at_instant = |at: Timestamp| {
        let batch = house.responsibility().batch(places, at, house.head());
        let hole = move |(place, result): (&Point, narhet_responsibility::PointResult)| {
            result.answer.is_none().then_some((*place, at))
        };
        places.iter().zip(batch.results).filter_map(hole).collect::<Vec<_>>()
    };
    instants(house).into_iter().flat_map(at_instant).collect()
}

/// NOT MET to the last place: one vertex of Kärrtorp's sticks out of the city by 0.2 mm. Two outlines that were digitised apart cross
/// there, and the crossing became a vertex of the area (see `narhet_geo::dissolve`). It is this one and no other.
fn is_the_hair(place: &Point) -> bool {
    (place.lon, place.lat) == (18.13334310554516, 59.283872673794335)
}

fn features(boundaries: &str) -> Vec<(String, Shape)> {
    let document: Value = serde_json::from_str(boundaries).unwrap();
    let features = document["features"].as_array().unwrap().iter();
    features
        .map(|feature| {
            let name = feature["properties"]["name"].as_str().unwrap().to_owned();
            (name, Shape::from_geojson(&feature["geometry"]).unwrap())
        })
        .collect()
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn every_place_in_the_city_has_a_board_at_every_instant_of_every_division() {
    let import = real::import();
    let places = places(&features(import["boundaries"].as_str().unwrap()));
    assert!(places.len() > 4_000, "{}", places.len());
    let mut house = House::started();
    house.import(&import).unwrap();
    assert_eq!(instants(&house).len(), 9);
    let uncovered = uncovered(&house, &places);
    assert!(uncovered.iter().all(|(place, _)| is_the_hair(place)), "{uncovered:?}");
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn one_neighbourhood_taken_out_is_refused_by_name_as_lost_land_and_found_by_the_walk() {
    let import = real::import();
    let boundaries = import["boundaries"].as_str().unwrap();
    let places = places(&features(boundaries));
    // Out of the mapping alone: refused by its name.
    let mapping = import["mapping"].as_str().unwrap();
    let kept = |line: &&str| !line.starts_with("Akalla,");
    let without: String = mapping.lines().filter(kept).flat_map(|line| [line, "\n"]).collect();
    let mut body = import.clone();
    body["mapping"] = without.into();
    let mut house = House::started();
    let refused = house.refused(&body);
    assert!(refused.errors.iter().any(|error| error.detail.contains("\"AKALLA\" stands in no row")), "{refused}");
    // Out of the map too: it lies at the city's edge, so its own map has no hole; the division before has.
    let mut document: Value = serde_json::from_str(boundaries).unwrap();
    document["features"].as_array_mut().unwrap().retain(|feature| feature["properties"]["name"] != "AKALLA");
    body["boundaries"] = document.to_string().into();
    body["divisions"] = serde_json::json!(["2023-07-01"]);
    let mut before = import.clone();
    before["divisions"] = serde_json::json!(["2020-07-01"]);
    house.import(&before).unwrap();
    let lost = house.refused(&body);
    assert_eq!(lost.rule.as_deref(), Some("tackning/1"));
    assert!(lost.detail.contains("of rinkeby-kista would have no board any more"), "{lost}");
    assert!(uncovered(&house, &places).iter().all(|(place, _)| is_the_hair(place)));
    // Accepted by its id it is recorded and listed for ever, and the walk finds it.
    let id =
        lost.detail.split_whitespace().find_map(|word| word.strip_suffix(';').filter(|word| word.starts_with("lost-")));
    body["accept"] = serde_json::json!([id.unwrap()]);
    let report = house.import(&body).unwrap().report;
    assert!(!report["warnings"].to_string().contains("lost-"), "{report}");
    let listed = report["defects"].as_array().unwrap().iter().find(|defect| defect["kind"] == "lost").unwrap();
    assert!(listed["areaM2"].as_f64().unwrap() > 1e6 && listed["accepted"] == "id", "{listed}");
    let found = uncovered(&house, &places);
    let in_akalla: Vec<&Timestamp> = found.iter().filter(|(place, _)| !is_the_hair(place)).map(|(_, at)| at).collect();
    assert!(!in_akalla.is_empty(), "the walk finds where nobody answers");
    assert!(in_akalla.iter().all(|at| **at >= "2023-06-30T22:00:00Z".parse().unwrap()), "and only after the change");
}
