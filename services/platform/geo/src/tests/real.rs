//! The 117 real neighbourhoods and the areas of three divisions.

use crate::{
    AreaMap, DefectKind, Match, Point, Shape, coverage, dissolve,
    exact::{EdgeIndex, Side},
    shape::edges,
};
use geo::{BoundingRect, Contains, Coord, Covers, Intersects, MultiPolygon, Polygon};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

fn folder() -> PathBuf {
    std::env::var_os("NARHET_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"), PathBuf::from)
}

fn neighbourhoods() -> Vec<(String, Shape)> {
    let text =
        fs::read_to_string(folder().join("stadsdelar.geojson")).expect("NARHET_TEST_DATA has stadsdelar.geojson");
    let document: Value = serde_json::from_str(&text).unwrap();
    let features = document["features"].as_array().unwrap().iter();
    features
        .map(|feature| {
            let name = feature["properties"]["name"].as_str().unwrap().to_owned();
            (name, Shape::from_geojson(&feature["geometry"]).unwrap())
        })
        .collect()
}

/// The areas of one division column of the mapping, dissolved.
fn areas(neighbourhoods: &[(String, Shape)], column: usize) -> Vec<(String, Shape)> {
    let mapping = fs::read_to_string(folder().join("stadsdelar.csv")).unwrap();
    let mut parts: BTreeMap<String, Vec<&Shape>> = BTreeMap::new();
    for row in mapping.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let name = cells[0].to_uppercase();
        let found = neighbourhoods
            .iter()
            .find(|(other, _)| *other == name || other.chars().count() >= 12 && name.starts_with(other));
        let (_, shape) = found.unwrap_or_else(|| panic!("{name} is not among the polygons"));
        parts.entry(cells[column].to_owned()).or_default().push(shape);
    }
    parts.into_iter().map(|(name, shapes)| (name, dissolve(&shapes).unwrap())).collect()
}

/// A small generator, so that a failure can be repeated (SplitMix64).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn the_real_polygons_have_one_gap_and_nineteen_slivers() {
    let found = coverage(&neighbourhoods());
    for defect in found.defects().iter().chain(found.edge_defects()) {
        println!(
            "{} {:10.4} m² {:8.4} m {:?} {} vertices",
            defect.id,
            defect.area_m2,
            defect.width_m,
            defect.between,
            defect.ring.len()
        );
    }
    println!(
        "{} outer rings of {:?} vertices",
        found.outer_rings().len(),
        found.outer_rings().iter().map(Vec::len).collect::<Vec<_>>()
    );
    assert_eq!(found.defects().len(), 20);
    let gap = &found.defects()[0];
    // On the ellipsoid; 5,217 m² is what a sphere of the mean radius gives for the same ring.
    assert_eq!((gap.kind, gap.area_m2.round()), (DefectKind::Gap, 5245.0));
    assert_eq!(gap.between, ["FAGERSJÖ", "HÖGDALEN"]);
    assert!(found.defects()[1..].iter().all(|defect| defect.area_m2 < 5.0));
    // Four more, finger-wide, hang on the outer boundary.
    assert_eq!(found.edge_defects().len(), 4);
    assert!(found.edge_defects().iter().all(|defect| defect.area_m2 < 0.1));
    assert_eq!(found.outer_rings().len(), 1);
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn every_place_within_the_outer_ring_has_an_area_in_every_division() {
    let neighbourhoods = neighbourhoods();
    let all: Vec<&Shape> = neighbourhoods.iter().map(|(_, shape)| shape).collect();
    let city = dissolve(&all).unwrap();
    let exteriors = city
        .as_area()
        .unwrap()
        .into_iter()
        .map(|part| MultiPolygon(vec![Polygon::new(part.exterior().clone(), vec![])]));
    let exteriors: Vec<EdgeIndex> = exteriors.map(|part| EdgeIndex::new(edges(&part).collect())).collect();
    let box_ = city.bounds();
    for (column, count, sergels) in [(1, 14, "Norrmalm"), (2, 13, "Norrmalm"), (3, 11, "Norra innerstaden")] {
        let areas = areas(&neighbourhoods, column);
        assert_eq!(areas.len(), count);
        let map = AreaMap::build(areas).unwrap();
        println!(
            "{count} areas: {} defects, {} outer rings",
            map.coverage().defects().len(),
            map.coverage().outer_rings().len()
        );
        assert_eq!(map.locate(Point::new(18.0649, 59.3326).unwrap()).area.as_deref(), Some(sergels));
        let mut random = Random(column as u64);
        let uniform = (0..4_000).map(|_| {
            let (east, north) = (random.unit(), random.unit());
            Point::new(box_.west + (box_.east - box_.west) * east, box_.south + (box_.north - box_.south) * north)
                .unwrap()
        });
        let vertices = neighbourhoods.iter().flat_map(|(_, shape)| {
            edges(&shape.as_area().unwrap()).map(|edge| Point::from_coord(edge[0])).collect::<Vec<_>>()
        });
        let mut tally = BTreeMap::new();
        for point in uniform.chain(vertices) {
            let within = exteriors.iter().any(|ring| ring.side(point.coord()) != Side::Outside);
            let part = map.locate(point).matched;
            *tally.entry(format!("within {within} {part:?}")).or_insert(0) += 1;
            assert_eq!(within, part != Match::Outside, "{point}");
        }
        println!("{tally:?}");
    }
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn location_agrees_with_geo_on_random_vertex_midpoint_and_one_ulp_points() {
    let neighbourhoods = neighbourhoods();
    let divisions = [neighbourhoods.clone(), areas(&neighbourhoods, 3)];
    let mut random = Random(7);
    let mut asked = 0;
    for areas in divisions {
        let lands: Vec<(String, MultiPolygon<f64>)> =
            areas.iter().map(|(id, shape)| (id.clone(), shape.as_area().unwrap())).collect();
        let map = AreaMap::build(areas).unwrap();
        let boxes: Vec<_> = lands.iter().map(|(_, land)| land.bounding_rect().unwrap()).collect();
        let mut points = Vec::new();
        for edge in lands.iter().flat_map(|(_, land)| edges(land).collect::<Vec<_>>()) {
            if random.unit() < 0.09 {
                let middle = edge[0] + (edge[1] - edge[0]) / 2.0;
                for center in [edge[0], middle] {
                    points.push(center);
                    points.push(Coord { x: center.x.next_up(), y: center.y });
                    points.push(Coord { x: center.x, y: center.y.next_down() });
                    points.push(Coord { x: center.x.next_down(), y: center.y.next_up() });
                }
            }
        }
        for _ in 0..4_000 {
            points.push(Coord { x: 17.75 + random.unit() * 0.46, y: 59.22 + random.unit() * 0.23 });
        }
        asked += points.len();
        for point in points {
            let answer = map.locate(Point::new(point.x, point.y).unwrap());
            let at = geo::Point(point);
            // The oracle is slow without a box around each land.
            let near = lands.iter().zip(&boxes).filter(|(_, corner)| corner.intersects(&at)).map(|(land, _)| land);
            let mut covering: Vec<&str> =
                near.filter(|(_, land)| land.intersects(&at)).map(|(id, _)| id.as_str()).collect();
            covering.sort_unstable();
            let mut given: Vec<&str> = answer.also_at.iter().map(String::as_str).collect();
            if matches!(answer.matched, Match::Inside | Match::Boundary) {
                given.extend(answer.area.as_deref());
            }
            given.sort_unstable();
            assert_eq!(given, covering, "{point:?}");
            if let [only] = covering[..] {
                let (_, land) = lands.iter().find(|(id, _)| id == only).unwrap();
                assert!(land.covers(&at));
                let interior = land.contains(&at);
                assert_eq!(answer.matched == Match::Inside, interior, "{point:?}");
            }
        }
    }
    println!("{asked} points");
    assert!(asked >= 20_000);
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn a_point_in_the_gap_is_answered_by_the_nearest_area() {
    let map = AreaMap::build(areas(&neighbourhoods(), 3)).unwrap();
    let gap = &map.coverage().defects()[0];
    let answer = map.locate(gap.at);
    assert_eq!(answer.matched, Match::Nearest);
    assert!(["Farsta", "Enskede-Årsta-Vantör"].contains(&answer.area.as_deref().unwrap()));
    assert!((answer.distance_m - gap.width_m / 2.0).abs() < 0.1, "{answer:?} {}", gap.width_m);
}

/// Geodesic metres to an edge that is straight in degrees: sampled, then closed in on around the best sample.
fn metres_to(point: Coord<f64>, [a, b]: [Coord<f64>; 2]) -> f64 {
    let at = |share: f64| crate::measure::distance_m(point, a + (b - a) * share);
    let samples = 8;
    let best = (0..=samples).min_by(|one, other| {
        at(f64::from(*one) / f64::from(samples)).total_cmp(&at(f64::from(*other) / f64::from(samples)))
    });
    let middle = f64::from(best.unwrap()) / f64::from(samples);
    let (mut low, mut high) = ((middle - 0.125_f64).max(0.0), (middle + 0.125_f64).min(1.0));
    for _ in 0..60 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if at(left) <= at(right) { high = right } else { low = left }
    }
    at((low + high) / 2.0).min(at(0.0)).min(at(1.0))
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn the_nearest_area_and_its_distance_are_those_of_all_edges_measured_on_the_ellipsoid() {
    let areas = areas(&neighbourhoods(), 3);
    let lands: Vec<(String, MultiPolygon<f64>)> =
        areas.iter().map(|(id, shape)| (id.clone(), shape.as_area().unwrap())).collect();
    let map = AreaMap::build(areas).unwrap();
    let mut random = Random(11);
    let (mut asked, mut worst_m) = (0, 0.0_f64);
    while asked < 20 {
        // Half of them within the box of the city, half up to a hundred kilometres away.
        let (lon, lat) = if asked % 2 == 0 {
            (17.76 + random.unit() * 0.43, 59.228 + random.unit() * 0.21)
        } else {
            (17.0 + random.unit() * 2.0, 58.7 + random.unit() * 1.3)
        };
        let point = Point::new(lon, lat).unwrap();
        let hit = map.hit(point);
        if hit.matched != Match::Outside {
            continue;
        }
        asked += 1;
        let nearest = |land: &MultiPolygon<f64>| {
            // An edge whose nearer end is further away than the best by its whole length cannot be nearer.
            edges(land).fold(f64::INFINITY, |best, edge| {
                let end = crate::measure::distance_m(point.coord(), edge[0]);
                let length = crate::measure::distance_m(edge[0], edge[1]);
                if end - length > best { best } else { best.min(metres_to(point.coord(), edge)) }
            })
        };
        let oracle = lands
            .iter()
            .map(|(id, land)| (id.as_str(), nearest(land)))
            .reduce(|best, next| if next.1 < best.1 { next } else { best });
        let (_, metres) = oracle.unwrap();
        worst_m = worst_m.max((map.distance_m(point) - metres).abs());
    }
    println!("worst {worst_m} m");
    assert!(worst_m < 0.005, "{worst_m}");
}
