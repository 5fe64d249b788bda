//! Input that somebody drew to be slow, to be large, or never to end; and how long the worst of it takes.

use crate::{
    AreaMap, Match, PlaceError, Point, Shape,
    exact::EdgeIndex,
    limits::{EDGE_BANDS_MAX, PLACE_PIECES_MAX},
    shape::edges,
};
use geo::Coord;
use serde_json::{Value, json};
use std::{
    f64::consts::TAU,
    time::{Duration, Instant},
};

/// Room for a machine that is busy, and for code that is not optimized: what was quadratic took minutes, or all memory.
const SOON: Duration = Duration::from_secs(20);

fn shape(geometry: Value) -> Shape {
    Shape::from_geojson(&geometry).unwrap()
}

fn polygon(mut ring: Vec<[f64; 2]>) -> Shape {
    ring.push(ring[0]);
    shape(json!({ "type": "Polygon", "coordinates": [ring] }))
}

fn block(west: f64, south: f64, east: f64, north: f64) -> Shape {
    polygon(vec![[west, south], [east, south], [east, north], [west, north]])
}

/// A round polygon of so many vertices.
fn round(lon: f64, lat: f64, degrees: f64, vertices: usize) -> Shape {
    let at = |number: usize| (number as f64 / vertices as f64 * TAU).sin_cos();
    let vertex = |(sin, cos): (f64, f64)| [lon + degrees * cos, lat + degrees / 2.0 * sin];
    polygon((0..vertices).map(|number| vertex(at(number))).collect())
}

/// Two round areas of many vertices that lie beside each other.
fn two_round(vertices: usize) -> AreaMap {
    let areas = [("a", 18.0), ("b", 18.3)].map(|(id, lon)| (id.to_owned(), round(lon, 59.3, 0.1, vertices)));
    AreaMap::build(areas.into()).unwrap()
}

fn a_block(id: &str, west: f64) -> (String, Shape) {
    (id.to_owned(), block(west, 59.0, west + 0.01, 59.01))
}

/// Vertical teeth across the whole height, each from two vertices.
fn comb(teeth: usize) -> Shape {
    let top = (0..teeth).flat_map(|tooth| {
        let west = 18.0 + 0.1 * tooth as f64 / teeth as f64;
        let east = 18.0 + 0.1 * (tooth as f64 + 0.5) / teeth as f64;
        [[west, 59.0], [west, 59.1], [east, 59.1], [east, 59.0]]
    });
    let mut ring: Vec<[f64; 2]> = [[18.1, 58.999], [18.0, 58.999]].into_iter().rev().collect();
    ring.extend(top.collect::<Vec<_>>().into_iter().rev());
    polygon(ring)
}

fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("{what}: {:?}", started.elapsed());
    assert!(started.elapsed() < SOON, "{what}: {:?}", started.elapsed());
    done
}

/// Hostile: lines of 1,400 km there and back, 150,000 of them in one request.
#[test]
fn a_line_that_goes_far_away_and_back_a_hundred_thousand_times_is_not_cut_in_pieces() {
    let map = AreaMap::build(vec![a_block("a", 18.0)]).unwrap();
    let far: Vec<_> = (0..150_000).map(|number| if number % 2 == 0 { [0.0, 9.0] } else { [9.0, 0.0] }).collect();
    let far = shape(json!({ "type": "LineString", "coordinates": far }));
    in_time("far zigzag", || assert_eq!(map.neighbours(&far, 10_000.0, &[]), Ok(Vec::new())));
}

/// Hostile: the same across the area itself, where every piece would count.
#[test]
fn a_line_with_too_many_pieces_near_the_areas_is_refused_and_a_long_one_through_them_is_not() {
    let map = AreaMap::build(vec![a_block("a", 18.0)]).unwrap();
    let zigzag = |count: usize| {
        let at = |number: usize| if number.is_multiple_of(2) { [17.0, 59.005] } else { [19.0, 59.0051] };
        shape(json!({ "type": "LineString", "coordinates": (0..count).map(at).collect::<Vec<_>>() }))
    };
    let refused = in_time("near zigzag", || map.neighbours(&zigzag(100_000), 10_000.0, &[]));
    assert!(matches!(refused, Err(PlaceError::TooManyPieces { count }) if count > PLACE_PIECES_MAX), "{refused:?}");
    assert!(map.admit(&zigzag(100_000), 10_000.0).is_err());
    assert_eq!(map.neighbours(&zigzag(100), 500.0, &[]).unwrap().len(), 1);
}

/// Hostile: every tooth reaches over all latitudes, so each would stand in every band.
#[test]
fn the_index_of_a_comb_grows_with_its_vertices_and_not_with_their_square() {
    let index = in_time("index of 65,000 teeth", || {
        let edge = |number: usize| {
            let x = 18.0 + number as f64 * 1e-6;
            [Coord { x, y: 59.0 }, Coord { x, y: 59.1 }]
        };
        EdgeIndex::new((0..65_000).map(edge).collect())
    });
    assert!(index.places() <= EDGE_BANDS_MAX * 65_000, "{}", index.places());
    let land = round(18.0, 59.0, 0.1, 10_000).as_area().unwrap();
    let index = EdgeIndex::new(edges(&land).collect());
    assert!(index.places() < 3 * 10_000, "an ordinary ring: {}", index.places());
}

/// Hostile: the teeth cross so many cells of the table that their list would be larger than memory.
#[test]
fn a_map_of_a_comb_is_built_and_answers() {
    let map = in_time("map of a comb", || AreaMap::build(vec![("a".to_owned(), comb(2_000))]).unwrap());
    let matched = |lon: f64| map.locate(Point::new(lon, 59.05).unwrap()).matched;
    let tooth = 0.1 / 2_000.0;
    for number in [0.0, 1.0, 777.0, 1_999.0] {
        assert_eq!(matched(18.0 + tooth * (number + 0.25)), Match::Inside, "{number}");
        assert_eq!(matched(18.0 + tooth * (number + 0.75)), Match::Outside, "{number}");
    }
}

/// Hostile: valid squares in which no number lies between one side and the other, and one of a hundredth of a millimetre.
#[test]
fn a_map_that_is_hardly_wider_than_a_number_is_built_and_answers() {
    let (west, south) = (18.0_f64, 59.0_f64);
    for (east, north) in [(west.next_up(), south.next_up()), (west + 1e-10, south + 1e-10)] {
        let map = in_time("smallest map", || {
            AreaMap::build(vec![("a".to_owned(), block(west, south, east, north))]).unwrap()
        });
        let matched = |lon: f64, lat: f64| map.locate(Point::new(lon, lat).unwrap()).matched;
        assert_eq!(matched(west, south), Match::Boundary);
        assert_eq!(matched(east, north), Match::Boundary);
        assert_eq!(matched(east.next_up(), north), Match::Outside);
        assert_eq!(matched(west + 0.01, south), Match::Outside);
    }
}

/// Hostile: ten thousand vertices against twice ten thousand, all within the reach.
#[test]
fn a_place_of_many_vertices_finds_its_neighbours_without_measuring_all_pairs() {
    let map = two_round(10_000);
    let place = round(18.15, 59.3, 0.04, 10_000);
    let near = in_time("10,000 vertices near 20,000", || map.neighbours(&place, 10_000.0, &[]).unwrap());
    // A hundredth of a degree there is 569 m.
    let metres: Vec<f64> = near.iter().map(|near| near.distance_m).collect();
    assert_eq!(near.len(), 2);
    assert!(metres.iter().all(|metres| (metres - 569.0).abs() < 5.0), "{metres:?}");
    in_time("overlay of it", || assert!(map.overlay(&place).is_empty()));
}

/// Hostile: as many points as a request holds, in no order.
#[test]
fn a_hundred_thousand_points_are_overlaid_and_measured_soon() {
    let map = two_round(10_000);
    let point =
        |number: u32| [17.8 + f64::from(number * 7_919 % 10_007) / 15_000.0, 59.2 + f64::from(number % 997) / 5_000.0];
    let points = shape(json!({ "type": "MultiPoint", "coordinates": (0..100_000).map(point).collect::<Vec<_>>() }));
    let shares = in_time("overlay of 100,000 points", || map.overlay(&points));
    let one_by_one = (0..100_000).filter(|&number| {
        let [lon, lat] = point(number);
        map.hit(Point::new(lon, lat).unwrap()).area.is_some()
    });
    assert_eq!(shares.iter().map(|share| share.points).sum::<usize>(), one_by_one.count());
    in_time("neighbours of 100,000 points", || assert_eq!(map.neighbours(&points, 10_000.0, &[]).unwrap().len(), 2));
}

/// Hostile: an outline of very many vertices; each block of the map used to be compared with each of them.
#[test]
fn an_outline_of_very_many_vertices_is_built_and_measured_soon_also_from_far_away() {
    let vertices = if cfg!(debug_assertions) { 30_000 } else { 199_000 };
    let map = in_time("map of long rings", || two_round(vertices));
    in_time("ten thousand distances from outside the box", || {
        for number in 0..10_000 {
            let point = Point::new(19.0 + f64::from(number) * 1e-5, 59.3).unwrap();
            assert!(map.distance_m(point) > 30_000.0);
        }
    });
}

#[test]
fn an_area_within_reach_is_near_one_beyond_it_is_not_and_one_that_is_touched_can_be_left_out() {
    // A degree of longitude is 57.5 km here: the gaps east of the place are 400 m and 600 m.
    let (lon_m, _) = crate::measure::metres_per_degree(59.005);
    let map = AreaMap::build(vec![
        a_block("touched", 18.0),
        a_block("near", 18.012 + 400.0 / lon_m),
        a_block("beyond", 18.002 - 0.01 - 600.0 / lon_m),
    ])
    .unwrap();
    let place = block(18.002, 59.002, 18.012, 59.008);
    let near = map.neighbours(&place, 500.0, &["touched"]).unwrap();
    assert_eq!(near.iter().map(|near| near.area.as_str()).collect::<Vec<_>>(), ["near"]);
    assert!((near[0].distance_m - 400.0).abs() < 0.1, "{near:?}");
    let near = map.neighbours(&place, 500.0, &[]).unwrap();
    assert_eq!((near[0].area.as_str(), near[0].distance_m, near.len()), ("touched", 0.0, 2));
    let near = map.neighbours(&place, 650.0, &["touched"]).unwrap();
    assert_eq!(near.iter().map(|near| near.area.as_str()).collect::<Vec<_>>(), ["near", "beyond"]);
}
