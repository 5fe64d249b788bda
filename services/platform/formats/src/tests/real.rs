//! The city's own polygons: the same as Shapefile in EPSG:3011 and as GeoJSON in degrees.

use super::*;
use narhet_geo::{Defect, coverage};
use std::{fs, path::PathBuf};

fn data(file: &str) -> Vec<u8> {
    let folder = std::env::var_os("NARHET_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"), PathBuf::from);
    let path = folder.join(file);
    fs::read(&path).unwrap_or_else(|problem| panic!("{}: {problem}; set NARHET_TEST_DATA", path.display()))
}

fn neighbourhoods(file: &str) -> Vec<(String, Shape)> {
    let layer = read(&data(file), &WANTED).unwrap();
    let mut features: Vec<_> =
        layer.records.into_iter().map(|record| (record.properties["name"].clone(), record.shape.unwrap())).collect();
    features.sort_by(|one, other| one.0.cmp(&other.0));
    features
}

/// The vertices of a shape's rings, without the closing ones.
fn rings(shape: &Shape) -> Vec<Vec<Point>> {
    let geojson = shape.to_geojson();
    let point = |at: &serde_json::Value| Point::new(at[0].as_f64().unwrap(), at[1].as_f64().unwrap()).unwrap();
    let rings = geojson["coordinates"].as_array().unwrap().iter();
    rings.map(|ring| ring.as_array().unwrap().iter().skip(1).map(point).collect()).collect()
}

fn metres(one: Point, other: Point) -> f64 {
    let [east, north] = Crs::Sweref99_1800.coordinates(one);
    let [other_east, other_north] = Crs::Sweref99_1800.coordinates(other);
    (east - other_east).hypot(north - other_north)
}

/// The furthest that two drawings of one polygon part: vertex for vertex from whichever pair is nearest.
fn parting(one: &Shape, other: &Shape) -> f64 {
    let (one, other) = (rings(one), rings(other));
    assert_eq!(one.iter().map(Vec::len).collect::<Vec<_>>(), other.iter().map(Vec::len).collect::<Vec<_>>());
    let ring = |one: &Vec<Point>, other: &Vec<Point>| {
        let start = (0..other.len()).min_by(|&a, &b| metres(one[0], other[a]).total_cmp(&metres(one[0], other[b])));
        let turned = other.iter().cycle().skip(start.unwrap());
        one.iter().zip(turned).map(|(one, other)| metres(*one, *other)).fold(0.0, f64::max)
    };
    one.iter().zip(&other).map(|(one, other)| ring(one, other)).fold(0.0, f64::max)
}

#[test]
#[ignore = "needs NARHET_TEST_DATA"]
fn the_citys_shapefile_and_geojson_are_the_same_polygons_with_the_same_defects() {
    let shapefile = neighbourhoods("stadsdelar-sweref99-1800.zip");
    let geojson = neighbourhoods("stadsdelar.geojson");
    assert_eq!((shapefile.len(), geojson.len()), (117, 117));
    let mut worst = 0.0_f64;
    for ((name, one), (other_name, other)) in shapefile.iter().zip(&geojson) {
        assert_eq!(name, other_name);
        worst = worst.max(parting(one, other));
    }
    println!("117 polygons, at most {:.2} mm apart", worst * 1_000.0);
    assert!(worst < 0.02, "{worst} m");

    let (from_metres, from_degrees) = (coverage(&shapefile), coverage(&geojson));
    let facts = |defect: &Defect| (defect.kind, defect.between.clone());
    assert_eq!(from_metres.defects().len(), 20);
    let mut one: Vec<_> = from_metres.defects().iter().map(facts).collect();
    let mut other: Vec<_> = from_degrees.defects().iter().map(facts).collect();
    one.sort();
    other.sort();
    assert_eq!(one, other, "the same holes and overlaps between the same names");
    assert_eq!(from_metres.edge_defects().len(), from_degrees.edge_defects().len());
}
