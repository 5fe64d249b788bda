//! Which of the city's 117 real polygons has a point: ours beside an R-tree with `geo`, shapely, DuckDB and PostGIS, all on the
//! same polygons and uniform points over their bounding box, one thread each; and ten million points on which ours must agree
//! with exact predicates.

use crate::{postgis, row};
use geo::{BoundingRect, Contains, Intersects, MultiPolygon};
use narhet_geo::{AreaMap, Match, Point, Shape, dissolve};
use narhet_tests::Folder;
use rstar::{AABB, RTree, RTreeObject};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const POINTS: usize = 10_000_000;
/// The peers get fewer, so that one run stays under a minute; their rate does not depend on it.
const PEER_POINTS: usize = 1_000_000;
const ROUNDS: usize = 7;
const OVERLAYS: usize = 500;
const OVERLAY_VERTICES: usize = 1_000;

pub fn lookup() {
    let Some(folder) = data() else {
        row("point lookup", "not measured", "NARHET_TEST_DATA has no stadsdelar.geojson");
        return;
    };
    let text = std::fs::read_to_string(folder.join("stadsdelar.geojson")).expect("the polygons can be read");
    let document: Value = serde_json::from_str(&text).expect("GeoJSON");
    let features = document["features"].as_array().expect("features");
    let shapes: Vec<(String, Shape)> = features
        .iter()
        .map(|feature| {
            let name = feature["properties"]["name"].as_str().expect("a name").to_owned();
            (name, Shape::from_geojson(&feature["geometry"]).expect("a sound polygon"))
        })
        .collect();
    let begun = Instant::now();
    let map = AreaMap::build(shapes.clone()).expect("a map");
    row("map of 117 polygons built, table and coverage", &milliseconds(begun.elapsed()), "target under 1 s");
    let points = uniform(&map, POINTS, 1);
    let ours = ours(&map, &points);
    let peers = &points[..PEER_POINTS];
    let has = |point: &&[f64; 2]| matches!(map.hit(at(point)).matched, Match::Inside | Match::Boundary);
    let found = peers.iter().filter(has).count();
    let lands: Vec<MultiPolygon<f64>> = shapes.iter().map(|(_, shape)| land(shape)).collect();
    let tree = RTree::bulk_load(lands.iter().enumerate().map(|(number, land)| Boxed::of(number, land)).collect());
    against("R-tree (rstar 0.12) + geo 0.33", ours, found, Ok(rtree(&tree, &lands, peers)));
    let scratch = Folder::new("bench-lookup");
    let points_file = scratch.path().join("points.bin");
    let bytes: Vec<u8> = peers.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&points_file, bytes).expect("the points can be written");
    for peer in ["shapely", "duckdb"] {
        let name = if peer == "shapely" { "shapely STRtree" } else { "DuckDB spatial join" };
        against(name, ours, found, python(peer, &folder.join("stadsdelar.geojson"), &points_file));
    }
    let texts: Vec<String> = features.iter().map(|feature| feature["geometry"].to_string()).collect();
    let server = Folder::new("bench-postgis");
    against("PostGIS ST_Covers, GiST", ours, found, postgis::join(server.path(), &texts, peers));
    agreement(&map, &shapes, &lands, &tree);
    overlays(&shapes, &folder);
}

/// The folder of the city's polygons, when it is there.
pub fn data() -> Option<PathBuf> {
    Some(narhet_tests::data()).filter(|folder| folder.join("stadsdelar.geojson").is_file())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

fn at(point: &[f64; 2]) -> Point {
    Point::new(point[0], point[1]).expect("a point near Stockholm")
}

fn land(shape: &Shape) -> MultiPolygon<f64> {
    let geometry = serde_json::to_value(shape).expect("JSON");
    let ring = |ring: &Value| -> geo::LineString<f64> {
        let pair = |pair: &Value| geo::coord! { x: pair[0].as_f64().expect("lon"), y: pair[1].as_f64().expect("lat") };
        ring.as_array().expect("a ring").iter().map(pair).collect()
    };
    let polygon = |rings: &Value| {
        let mut rings = rings.as_array().expect("rings").iter().map(ring);
        geo::Polygon::new(rings.next().expect("an exterior"), rings.collect())
    };
    match geometry["type"].as_str() {
        Some("Polygon") => MultiPolygon(vec![polygon(&geometry["coordinates"])]),
        _ => MultiPolygon(geometry["coordinates"].as_array().expect("polygons").iter().map(polygon).collect()),
    }
}

/// A small generator, so that every run asks the same (SplitMix64).
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

fn uniform(map: &AreaMap, count: usize, seed: u64) -> Vec<[f64; 2]> {
    let of = |pick: fn(narhet_geo::Bounds) -> f64, fold: fn(f64, f64) -> f64| {
        map.territories().iter().map(|area| pick(area.bounds())).reduce(fold).expect("an area")
    };
    let (west, east) = (of(|b| b.west, f64::min), of(|b| b.east, f64::max));
    let (south, north) = (of(|b| b.south, f64::min), of(|b| b.north, f64::max));
    uniform_in([west, south, east, north], count, seed)
}

/// Points all over a box.
pub fn uniform_in([west, south, east, north]: [f64; 4], count: usize, seed: u64) -> Vec<[f64; 2]> {
    let mut random = Random(seed);
    let mut between = |low: f64, high: f64| low + (high - low) * random.unit();
    (0..count).map(|_| [between(west, east), between(south, north)]).collect()
}

/// Points per second, the middle of some rounds.
fn ours(map: &AreaMap, points: &[[f64; 2]]) -> f64 {
    let places: Vec<Point> = points.iter().map(at).collect();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            let sum: u64 = places.iter().map(|place| u64::from(map.hit(*place).area.map_or(0, |area| area + 1))).sum();
            black_box(sum);
            places.len() as f64 / begun.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let middle = rates[ROUNDS / 2];
    let note = format!(
        "{:.1} to {:.1} M/s in {ROUNDS} rounds of {} M points; target 60 M/s",
        rates[0] / 1e6,
        rates[ROUNDS - 1] / 1e6,
        POINTS / 1_000_000
    );
    row("lookup, 117 polygons, uniform over the box, one thread", &format!("{:.1} M/s", middle / 1e6), &note);
    middle
}

/// A polygon's box in the tree.
struct Boxed {
    number: usize,
    envelope: AABB<[f64; 2]>,
}

impl Boxed {
    fn of(number: usize, land: &MultiPolygon<f64>) -> Boxed {
        let corner = land.bounding_rect().expect("a box");
        Boxed { number, envelope: AABB::from_corners(corner.min().into(), corner.max().into()) }
    }
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

fn candidates<'a>(
    tree: &'a RTree<Boxed>,
    lands: &'a [MultiPolygon<f64>],
    point: [f64; 2],
) -> impl Iterator<Item = (usize, &'a MultiPolygon<f64>)> {
    tree.locate_in_envelope_intersecting(&AABB::from_point(point)).map(|boxed| (boxed.number, &lands[boxed.number]))
}

/// Points with a polygon, and the seconds for all.
fn rtree(tree: &RTree<Boxed>, lands: &[MultiPolygon<f64>], points: &[[f64; 2]]) -> (usize, f64, String) {
    let begun = Instant::now();
    let has = |point: &&[f64; 2]| {
        let place = geo::Point::new(point[0], point[1]);
        candidates(tree, lands, **point).any(|(_, land)| land.intersects(&place))
    };
    let found = points.iter().filter(has).count();
    (found, begun.elapsed().as_secs_f64(), String::new())
}

/// One row: the peer's rate, how many times ours is, and whether it found the same.
fn against(name: &str, ours: f64, found: usize, peer: Result<(usize, f64, String), String>) {
    let what = format!("  {name}");
    match peer {
        Err(why) => row(&what, "not measured", &why),
        Ok((pairs, seconds, version)) => {
            let rate = PEER_POINTS as f64 / seconds;
            // Overlaps of a few square metres make a pair more here and there.
            assert!(pairs.abs_diff(found) <= 2, "{name} finds {pairs} points, ours {found}");
            let agrees = "the same points found";
            let note =
                format!("ours is {:.0} times as fast; {pairs} found, {found} by ours: {agrees} {version}", ours / rate);
            row(&what, &format!("{:.2} M/s", rate / 1e6), &note);
        }
    }
}

fn python(peer: &str, polygons: &Path, points: &Path) -> Result<(usize, f64, String), String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let run = Command::new("python3")
        .arg(root.join("tests/bench/peers.py"))
        .args([peer.as_ref(), polygons.as_os_str(), points.as_os_str()])
        .env("PYTHONPATH", root.join(".tools/peers"))
        .output()
        .map_err(|error| format!("python3 cannot be run: {error}"))?;
    if !run.status.success() {
        let said = String::from_utf8_lossy(&run.stderr);
        return Err(said.lines().last().unwrap_or("no reason given").chars().take(160).collect());
    }
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    let cells: Vec<&str> = said.split_whitespace().collect();
    let [pairs, seconds, version] = cells[..] else { return Err(format!("it said {said:?}")) };
    Ok((
        pairs.parse().map_err(|_| format!("it said {said:?}"))?,
        seconds.parse().map_err(|_| format!("it said {said:?}"))?,
        version.to_owned(),
    ))
}

/// Ten million points: uniform, vertices, edge midpoints, and one unit in the last place around both; a disagreement is printed and ends the run.
fn agreement(map: &AreaMap, shapes: &[(String, Shape)], lands: &[MultiPolygon<f64>], tree: &RTree<Boxed>) {
    let begun = Instant::now();
    let mut points = Vec::with_capacity(POINTS);
    for edge in lands.iter().flatten().flat_map(|polygon| polygon.exterior().lines().collect::<Vec<_>>()) {
        let middle = [(edge.start.x + edge.end.x) / 2.0, (edge.start.y + edge.end.y) / 2.0];
        for [x, y] in [[edge.start.x, edge.start.y], middle] {
            for lon in [x, x.next_up(), x.next_down()] {
                points.extend([y, y.next_up(), y.next_down()].map(|lat| [lon, lat]));
            }
        }
    }
    // Shared between all edges: places along them, where a rounded coordinate falls on one side or the other.
    let mut random = Random(2);
    let edges: Vec<_> =
        lands.iter().flatten().flat_map(|polygon| polygon.exterior().lines().collect::<Vec<_>>()).collect();
    while points.len() < POINTS / 2 {
        let edge = edges[(random.unit() * edges.len() as f64) as usize];
        let along = random.unit();
        points.push([
            edge.start.x + (edge.end.x - edge.start.x) * along,
            edge.start.y + (edge.end.y - edge.start.y) * along,
        ]);
    }
    let near_edges = points.len();
    points.extend(uniform(map, POINTS - near_edges, 3));
    let names: BTreeMap<&str, usize> =
        shapes.iter().enumerate().map(|(number, (name, _))| (name.as_str(), number)).collect();
    let wrong = points.iter().filter(|point| !agrees(map, &names, lands, tree, **point)).count();
    let note = format!(
        "of {} points, {near_edges} of them on vertices and along edges, ±1 ulp; {:.0} s",
        points.len(),
        begun.elapsed().as_secs_f64()
    );
    row("disagreements with exact predicates (geo)", &wrong.to_string(), &note);
    assert_eq!(wrong, 0, "the lookup must be exact");
}

/// Whether everything that is said about a point is what `geo` says.
fn agrees(
    map: &AreaMap,
    names: &BTreeMap<&str, usize>,
    lands: &[MultiPolygon<f64>],
    tree: &RTree<Boxed>,
    point: [f64; 2],
) -> bool {
    let place = geo::Point::new(point[0], point[1]);
    let hit = map.hit(at(&point));
    let mut touching: Vec<usize> =
        candidates(tree, lands, point).filter(|(_, land)| land.intersects(&place)).map(|(number, _)| number).collect();
    touching.sort_unstable_by_key(|number| map.territories().iter().position(|area| names[area.id()] == *number));
    let inside: Vec<usize> = touching.iter().copied().filter(|number| lands[*number].contains(&place)).collect();
    let answers = hit.area.map(|area| names[map.territories()[usize::from(area)].id()]);
    match hit.matched {
        Match::Inside => answers.is_some() && inside.first().copied() == answers,
        Match::Boundary => inside.is_empty() && touching.first().copied() == answers,
        Match::Nearest => touching.is_empty() && enclosed(map, point),
        Match::Outside => touching.is_empty() && !enclosed(map, point),
    }
}

/// Whether the edge lies east of the point where it passes its latitude, exactly.
fn east_of(a: Point, b: Point, point: [f64; 2]) -> bool {
    use geo::kernels::{Kernel, Orientation, RobustKernel};
    let coord = |lon: f64, lat: f64| geo::coord! { x: lon, y: lat };
    let turn =
        <RobustKernel as Kernel<f64>>::orient2d(coord(a.lon, a.lat), coord(b.lon, b.lat), coord(point[0], point[1]));
    turn == if b.lat > a.lat { Orientation::CounterClockwise } else { Orientation::Clockwise }
}

/// Whether the outer rings of the union have the point inside.
fn enclosed(map: &AreaMap, point: [f64; 2]) -> bool {
    map.coverage().outer_rings().iter().any(|ring| {
        // The crossing rule on a ray to the east; the point lies on no edge, so no predicate is needed to be exact here.
        let crosses = |pair: &[Point]| {
            let (a, b) = (pair[0], pair[1]);
            (a.lat > point[1]) != (b.lat > point[1]) && east_of(a, b, point)
        };
        ring.windows(2).filter(|pair| crosses(pair)).count() % 2 == 1
    })
}

/// A polygon of a thousand vertices over several of the eleven areas.
fn overlays(shapes: &[(String, Shape)], folder: &Path) {
    let mapping = std::fs::read_to_string(folder.join("stadsdelar.csv")).expect("the mapping");
    let mut parts: BTreeMap<&str, Vec<&Shape>> = BTreeMap::new();
    for cells in mapping.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        let name = cells[0].to_uppercase();
        let shape = shapes
            .iter()
            .find(|(other, _)| *other == name || other.chars().count() >= 12 && name.starts_with(other.as_str()));
        parts.entry(cells[3]).or_default().push(&shape.expect("a polygon for each row").1);
    }
    let areas = parts.iter().map(|(name, parts)| ((*name).to_owned(), dissolve(parts).expect("an area"))).collect();
    let map = AreaMap::build(areas).expect("a map");
    let mut random = Random(4);
    let mut times: Vec<Duration> = Vec::new();
    let mut touched = 0;
    while times.len() < OVERLAYS {
        let shape = blob(&mut random);
        let begun = Instant::now();
        let shares = map.overlay(&shape);
        let took = begun.elapsed();
        if !shares.is_empty() {
            touched += shares.len();
            times.push(took);
        }
    }
    times.sort_unstable();
    let micros = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
    let note = format!(
        "p99 {}; {OVERLAYS} places of 1 to 5 km, {:.1} areas each; target p50 under 1 ms",
        micros(times[OVERLAYS * 99 / 100]),
        touched as f64 / OVERLAYS as f64
    );
    row("overlay of 1,000 vertices on the eleven areas, p50", &micros(times[OVERLAYS / 2]), &note);
}

/// A ragged ring around a place in the city.
fn blob(random: &mut Random) -> Shape {
    let (lon, lat) = (17.85 + random.unit() * 0.3, 59.25 + random.unit() * 0.15);
    let radius = 0.005 + random.unit() * 0.02;
    let mut ring: Vec<[f64; 2]> = (0..OVERLAY_VERTICES)
        .map(|number| {
            let angle = number as f64 / OVERLAY_VERTICES as f64 * std::f64::consts::TAU;
            let reach = radius * (0.9 + 0.1 * random.unit());
            [lon + 2.0 * reach * angle.cos(), lat + reach * angle.sin()]
        })
        .collect();
    ring.push(ring[0]);
    Shape::from_geojson(&serde_json::json!({ "type": "Polygon", "coordinates": [ring] })).expect("a simple ring")
}
