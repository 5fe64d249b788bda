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

/// The first place and instant at which nobody answers.
fn uncovered(house: &House, places: &[Point]) -> Option<(Point, Timestamp)> {
    instants(house).into_iter().find_map(|at| {
        let batch = house.responsibility().batch(places, at, house.head());
        let hole = batch.results.iter().position(|result| result.answer.is_none())?;
        Some((places[hole], at))
    })
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
    assert_eq!(uncovered(&house, &places), None);
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn the_walk_finds_the_hole_when_one_neighbourhood_is_taken_out() {
    let import = real::import();
    let boundaries = import["boundaries"].as_str().unwrap();
    let places = places(&features(boundaries));
    // Out of the mapping alone it is refused by name; out of the map too, the hole is there for the walk to find.
    let mapping = import["mapping"].as_str().unwrap();
    let without: String = mapping.lines().filter(|line| !line.starts_with("Kista,")).map(|line| format!("{line}\n")).collect();
    let mut house = House::started();
    let mut body = import.clone();
    body["mapping"] = without.clone().into();
    let refused = house.refused(&body);
    assert!(refused.errors.iter().any(|error| error.detail.contains("\"KISTA\" stands in no row")), "{refused}");
    let mut document: Value = serde_json::from_str(boundaries).unwrap();
    document["features"].as_array_mut().unwrap().retain(|feature| feature["properties"]["name"] != "KISTA");
    body["boundaries"] = document.to_string().into();
    let hole = house.refused(&body);
    assert_eq!(hole.rule.as_deref(), Some("tackning/1"), "a hole as large as Kista is refused: {hole}");
    let ids: Vec<String> = hole
        .errors
        .iter()
        .filter_map(|error| error.detail.split_whitespace().find(|word| word.starts_with("gap-")).map(str::to_owned))
        .collect();
    assert!(!ids.is_empty(), "{hole}");
    body["accept"] = ids.into();
    house.import(&body).unwrap();
    // Accepted by its id, the hole is answered by the nearest area: covered, as long as it is enclosed.
    let kista = Point::new(17.9443, 59.4030).unwrap();
    let at = "2024-01-01T00:00:00Z".parse().unwrap();
    let answer = house.responsibility().locate(kista, at, house.head());
    let on_the_edge_of_the_city = uncovered(&house, &places).is_some();
    assert!(answer.matched == Match::Nearest || on_the_edge_of_the_city, "{answer:?}");
}
