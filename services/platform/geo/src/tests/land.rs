//! Small lands drawn by hand: coverage, union, location, overlay and measures.

use crate::{AreaError, AreaMap, DefectKind, Match, Point, Shape, coverage, dissolve, measure};
use geo::{Distance, Geodesic, GeodesicArea};
use serde_json::{Value, json};

fn shape(geometry: Value) -> Shape {
    Shape::from_geojson(&geometry).unwrap()
}

/// A polygon of one ring on a grid of hundredths of a degree from 18 east 59 north, not closed.
fn ring(corners: &[(f64, f64)]) -> Shape {
    let mut corners: Vec<[f64; 2]> = corners.iter().map(|(x, y)| [18.0 + x / 100.0, 59.0 + y / 100.0]).collect();
    corners.push(corners[0]);
    shape(json!({ "type": "Polygon", "coordinates": [corners] }))
}

fn block(west: f64, south: f64, east: f64, north: f64) -> Shape {
    ring(&[(west, south), (east, south), (east, north), (west, north)])
}

fn at(x: f64, y: f64) -> Point {
    Point::new(18.0 + x / 100.0, 59.0 + y / 100.0).unwrap()
}

fn named(shapes: Vec<(&str, Shape)>) -> Vec<(String, Shape)> {
    shapes.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect()
}

/// Eight blocks around an empty middle, as one ring of land in two areas with all common corners.
fn around_a_hole() -> Vec<(String, Shape)> {
    named(vec![
        ("a", ring(&[(0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0)])),
        ("b", ring(&[(3.0, 1.0), (3.0, 3.0), (0.0, 3.0), (0.0, 2.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0)])),
    ])
}

#[test]
fn land_that_fits_has_no_defects() {
    let found = coverage(&named(vec![("a", block(0.0, 0.0, 1.0, 1.0)), ("b", block(1.0, 0.0, 2.0, 1.0))]));
    assert!(found.is_exact());
    assert_eq!(found.outer_rings().len(), 1);
    assert!(coverage(&[]).is_exact());
}

#[test]
fn a_corner_on_a_straight_common_edge_is_no_defect() {
    let found = coverage(&named(vec![
        ("south", block(0.0, 0.0, 2.0, 1.0)),
        ("north-west", block(0.0, 1.0, 1.0, 2.0)),
        ("north-east", block(1.0, 1.0, 2.0, 2.0)),
    ]));
    assert!(found.is_exact(), "{found:?}");
}

#[test]
fn a_gap_and_an_overlap_are_told_apart_and_measured() {
    let found = coverage(&around_a_hole());
    let [gap] = found.defects() else { panic!("{found:?}") };
    assert_eq!((gap.kind, gap.between.join(" ")), (DefectKind::Gap, "a b".to_owned()));
    // A hundredth of a degree there is 573 m by 1,114 m.
    assert!((gap.width_m - 573.0).abs() < 2.0, "{}", gap.width_m);
    assert!((gap.area_m2 - 573.5 * 1_114.0).abs() < 1_500.0, "{}", gap.area_m2);
    assert!(gap.id.starts_with("gap-"));
    assert_eq!(coverage(&around_a_hole()).defects()[0].id, gap.id);

    let wide = block(0.0, 0.0, 10.0, 10.0);
    let found = coverage(&named(vec![("a", wide), ("b", block(2.0, 2.0, 3.0, 3.0))]));
    let [overlap] = found.defects() else { panic!("{found:?}") };
    assert_eq!(overlap.kind, DefectKind::Overlap);
}

#[test]
fn the_same_land_twice_is_an_overlap() {
    let found = coverage(&named(vec![("a", block(0.0, 0.0, 1.0, 1.0)), ("b", block(0.0, 0.0, 1.0, 1.0))]));
    assert_eq!(found.edge_defects().len(), 1);
    assert_eq!(found.edge_defects()[0].kind, DefectKind::Overlap);
    assert_eq!(found.outer_rings().len(), 1);
}

#[test]
fn a_wedge_along_the_whole_common_edge_is_told_from_the_outer_boundary() {
    let west = ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 2.0), (0.0, 2.0)]);
    let east = |middle: f64| ring(&[(1.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 2.0), (middle, 1.0)]);
    for (middle, kind) in [(1.1, DefectKind::Gap), (0.9, DefectKind::Overlap)] {
        let found = coverage(&named(vec![("east", east(middle)), ("west", west.clone())]));
        let [wedge] = found.edge_defects() else { panic!("{middle}: {found:?}") };
        assert_eq!((wedge.kind, wedge.ring.len(), found.outer_rings().len()), (kind, 4, 1));
    }
}

#[test]
fn an_island_in_a_gap_is_not_part_of_the_gap() {
    let mut areas = around_a_hole();
    let whole = coverage(&areas).defects()[0].area_m2;
    areas.push(("island".to_owned(), block(1.4, 1.4, 1.6, 1.6)));
    let found = coverage(&areas);
    let [gap] = found.defects() else { panic!("{found:?}") };
    assert!((gap.area_m2 / whole - 0.96).abs() < 0.001, "{} of {whole}", gap.area_m2);
    assert_eq!(found.outer_rings().len(), 1);
}

#[test]
fn neighbourhoods_dissolve_into_areas_with_the_same_vertices() {
    let areas = around_a_hole();
    let union = dissolve(&areas.iter().map(|(_, shape)| shape).collect::<Vec<_>>()).unwrap();
    let written = union.to_geojson();
    assert_eq!(written["coordinates"].as_array().unwrap().len(), 1, "one polygon");
    assert_eq!(written["coordinates"][0].as_array().unwrap().len(), 2, "with the gap as its hole");
    let apart = dissolve(&[&block(0.0, 0.0, 1.0, 1.0), &block(1.0, 1.0, 2.0, 2.0)]).unwrap();
    assert_eq!(apart.to_geojson()["coordinates"].as_array().unwrap().len(), 2, "they meet in a corner only");
    assert_eq!(dissolve(&[]), Err(AreaError::NoAreas));
    assert!(matches!(dissolve(&[&Shape::point(at(0.0, 0.0))]), Err(AreaError::NotAnArea { .. })));
}

#[test]
fn every_kind_of_match_has_its_place() {
    let map = AreaMap::build(around_a_hole()).unwrap();
    let inside = map.locate(at(0.5, 0.5));
    assert_eq!((inside.matched, inside.area.as_deref(), inside.distance_m), (Match::Inside, Some("a"), 0.0));
    let boundary = map.locate(at(0.0, 2.0));
    assert_eq!((boundary.matched, boundary.area.as_deref()), (Match::Boundary, Some("a")));
    assert_eq!(boundary.also_at, ["b"]);
    let nearest = map.locate(at(1.5, 1.1));
    assert_eq!((nearest.matched, nearest.area.as_deref()), (Match::Nearest, Some("a")));
    assert!((nearest.distance_m - 111.4).abs() < 0.1, "{nearest:?}");
    let outside = map.locate(at(-1.0, 1.0));
    assert_eq!((outside.matched, outside.area), (Match::Outside, None));
    let geodesic = Geodesic.distance(geo::Point::new(17.99, 59.01), geo::Point::new(18.0, 59.01));
    assert!((outside.distance_m - geodesic).abs() < 0.01, "{} {geodesic}", outside.distance_m);
    let text = serde_json::to_value(&boundary).unwrap();
    assert_eq!(text, json!({ "match": "boundary", "distanceM": 0.0, "area": "a", "alsoAt": ["b"] }));
}

#[test]
fn an_overlap_answers_inside_with_the_lowest_id_first() {
    let areas = named(vec![("b", block(0.0, 0.0, 2.0, 1.0)), ("a", block(1.0, 0.0, 3.0, 1.0))]);
    let answer = AreaMap::build(areas).unwrap().locate(at(1.5, 0.5));
    assert_eq!(
        (answer.matched, answer.area.as_deref(), answer.also_at),
        (Match::Inside, Some("a"), vec!["b".to_owned()])
    );
}

#[test]
fn a_map_needs_areas_with_distinct_ids() {
    assert!(matches!(AreaMap::build(Vec::new()), Err(AreaError::NoAreas)));
    let twice = named(vec![("a", block(0.0, 0.0, 1.0, 1.0)), ("a", block(1.0, 0.0, 2.0, 1.0))]);
    assert_eq!(AreaMap::build(twice).unwrap_err(), AreaError::DuplicateArea("a".into()));
    let point = named(vec![("a", Shape::point(at(0.0, 0.0)))]);
    assert!(matches!(AreaMap::build(point), Err(AreaError::NotAnArea { .. })));
}

#[test]
fn a_place_is_shared_by_area_length_or_count() {
    let map = AreaMap::build(named(vec![("a", block(0.0, 0.0, 1.0, 1.0)), ("b", block(1.0, 0.0, 2.0, 1.0))])).unwrap();
    let shares = |shape: &Shape| -> Vec<(String, f64)> {
        map.overlay(shape).into_iter().map(|share| (share.area, (share.share * 1e6).round() / 1e6)).collect()
    };
    let both = |a: f64, b: f64| {
        let mut both = vec![("a".to_owned(), a), ("b".to_owned(), b)];
        both.sort_by(|one, other| other.1.total_cmp(&one.1));
        both
    };
    // A quarter of the polygon in `a`, half of it in `b`, the rest outside the city.
    assert_eq!(shares(&block(0.75, 0.2, 1.5, 0.8)), both(0.333_333, 0.666_667));
    assert_eq!(shares(&block(0.5, 0.2, 1.5, 0.8)), both(0.5, 0.5));
    let line = |corners: &[(f64, f64)]| {
        let corners: Vec<_> = corners.iter().map(|(x, y)| [18.0 + x / 100.0, 59.0 + y / 100.0]).collect();
        shape(json!({ "type": "LineString", "coordinates": corners }))
    };
    assert_eq!(shares(&line(&[(-5.0, 0.5), (0.0, 0.5), (1.25, 0.5)])), both(0.8, 0.2));
    let points = json!({ "type": "MultiPoint", "coordinates": [[18.005, 59.005], [18.015, 59.005], [18.016, 59.005]] });
    assert_eq!(shares(&shape(points)), both(0.333_333, 0.666_667));
    assert_eq!(shares(&Shape::point(at(1.0, 0.5))), [("a".to_owned(), 1.0)], "a boundary is the lowest id's");
    assert_eq!(shares(&block(5.0, 5.0, 6.0, 6.0)), [], "outside");
    assert_eq!(shares(&block(2.0, 0.0, 3.0, 1.0)), [], "a common edge is no common area");
}

#[test]
fn a_place_within_an_accepted_hole_is_the_nearest_areas() {
    let map = AreaMap::build(around_a_hole()).unwrap();
    let shares = map.overlay(&block(1.4, 1.1, 1.6, 1.2));
    assert_eq!(shares.len(), 1);
    assert_eq!((shares[0].area.as_str(), shares[0].share), ("a", 1.0));
}

#[test]
fn areas_agree_with_karney_for_small_polygons() {
    let shape = block(0.0, 0.0, 1.0, 1.0);
    let land = shape.as_area().unwrap();
    let (ours, geodesic) = (measure::area_m2(&land), land.geodesic_area_unsigned());
    // The two differ by the bend between the parallel and the geodesic along 570 m: a few square metres in 640,000.
    assert!((ours - geodesic).abs() < 1.0, "{ours} {geodesic}");
}
