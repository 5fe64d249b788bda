//! What cannot be a place, and what the refusal says.

use crate::{
    GeometryError, Point, Shape,
    limits::{COLLECTION_DEPTH_MAX, SHAPE_VERTICES_MAX},
};
use serde_json::{Value, json};

fn refusal(geometry: Value) -> GeometryError {
    Shape::from_geojson(&geometry).unwrap_err()
}

fn polygon(rings: Value) -> Value {
    json!({ "type": "Polygon", "coordinates": rings })
}

#[test]
fn swapped_coordinates_are_refused_with_the_right_order() {
    let error = refusal(json!({ "type": "Point", "coordinates": [59.3326, 18.0649] }));
    assert_eq!(error, GeometryError::SwappedAxes { at: "/coordinates".into(), lon: 59.3326, lat: 18.0649 });
    assert!(error.to_string().contains("18.0649, 59.3326"), "{error}");
    assert!(matches!(Point::new(59.3326, 18.0649), Err(GeometryError::SwappedAxes { .. })));
}

#[test]
fn numbers_that_are_none_are_refused() {
    for number in [json!("NaN"), Value::Null] {
        let error = refusal(json!({ "type": "LineString", "coordinates": [[18.0, 59.0], [18.1, number]] }));
        assert_eq!(error, GeometryError::NotFinite { at: "/coordinates/1".into() });
    }
    assert!(matches!(Point::new(f64::NAN, 59.0), Err(GeometryError::NotFinite { .. })));
    assert!(matches!(Point::new(18.0, f64::INFINITY), Err(GeometryError::NotFinite { .. })));
    // 1e999 is infinite: serde_json refuses it while reading, or hands on a number without a value.
    if let Ok(value) = serde_json::from_str::<Value>(r#"{"type":"Point","coordinates":[1e999,59]}"#) {
        assert!(matches!(refusal(value), GeometryError::NotFinite { .. } | GeometryError::OutOfRange { .. }));
    }
}

#[test]
fn metres_are_not_degrees() {
    let error = refusal(json!({ "type": "Point", "coordinates": [674_571.9, 6_580_743.0] }));
    assert!(matches!(error, GeometryError::OutOfRange { .. }), "{error}");
}

#[test]
fn a_bow_tie_is_refused_where_it_crosses() {
    let error = refusal(polygon(json!([[[18.0, 59.0], [18.2, 59.2], [18.2, 59.0], [18.0, 59.2], [18.0, 59.0]]])));
    let GeometryError::SelfIntersection { ring: 0, at } = error else { panic!("{error}") };
    assert!((at.lon - 18.1).abs() < 1e-9 && (at.lat - 59.1).abs() < 1e-9, "{at}");
}

#[test]
fn rings_that_touch_or_turn_back_upon_themselves_are_refused() {
    for ring in [
        json!([[0, 0], [2, 0], [2, 2], [1, 0], [0, 2], [0, 0]]),
        json!([[0, 0], [1, 1], [2, 0], [2, 2], [1, 1], [0, 2], [0, 0]]),
        json!([[0, 0], [2, 0], [2, 2], [2, 1], [2, 3], [0, 2], [0, 0]]),
    ] {
        assert!(matches!(refusal(polygon(json!([ring]))), GeometryError::SelfIntersection { .. }), "{ring}");
    }
}

#[test]
fn holes_lie_inside_and_parts_apart() {
    let square = |west: i32, size: i32| {
        json!([[west, west], [west + size, west], [west + size, west + size], [west, west + size], [west, west]])
    };
    assert!(Shape::from_geojson(&polygon(json!([square(0, 10), square(2, 2)]))).is_ok());
    let outside = refusal(polygon(json!([square(0, 10), square(20, 2)])));
    assert!(matches!(outside, GeometryError::HoleOutside { ring: 1, .. }), "{outside}");
    let nested = refusal(json!({ "type": "MultiPolygon", "coordinates": [[square(0, 10)], [square(2, 2)]] }));
    assert!(matches!(nested, GeometryError::PartsOverlap { .. }), "{nested}");
    let in_the_hole = json!({ "type": "MultiPolygon", "coordinates": [[square(0, 10), square(2, 4)], [square(3, 1)]] });
    assert!(Shape::from_geojson(&in_the_hole).is_ok());
}

#[test]
fn open_short_and_empty_rings_are_refused() {
    let open = refusal(polygon(json!([[[0, 0], [1, 0], [1, 1], [0, 1]]])));
    assert!(matches!(open, GeometryError::RingNotClosed { .. }), "{open}");
    let short = refusal(polygon(json!([[[0, 0], [1, 0], [1, 0], [0, 0]]])));
    assert_eq!(short, GeometryError::TooFewPoints { at: "/coordinates/0".into(), count: 2, needed: 3 });
    for empty in [json!([]), json!([[]])] {
        assert!(matches!(refusal(polygon(empty)), GeometryError::EmptyGeometry { .. }));
    }
}

#[test]
fn what_is_no_geometry_is_refused_by_name() {
    assert!(matches!(refusal(Value::Null), GeometryError::NotGeoJson(_)));
    assert!(matches!(refusal(json!({ "type": "Point" })), GeometryError::NotGeoJson(_)));
    assert!(matches!(refusal(json!({ "type": "Point", "coordinates": 7 })), GeometryError::NotGeoJson(_)));
    assert!(matches!(refusal(json!({ "type": "Feature", "geometry": null })), GeometryError::UnsupportedType { .. }));
}

#[test]
fn size_and_depth_are_bounded() {
    let many: Vec<_> = (0..=SHAPE_VERTICES_MAX).map(|_| json!([18.0, 59.0])).collect();
    let error = refusal(json!({ "type": "MultiPoint", "coordinates": many }));
    assert!(matches!(error, GeometryError::TooManyVertices { .. }), "{error}");
    let mut nested = json!({ "type": "Point", "coordinates": [18.0, 59.0] });
    for _ in 0..COLLECTION_DEPTH_MAX {
        nested = json!({ "type": "GeometryCollection", "geometries": [nested] });
    }
    assert!(Shape::from_geojson(&nested).is_ok());
    let nested = json!({ "type": "GeometryCollection", "geometries": [nested] });
    assert!(matches!(refusal(nested), GeometryError::TooDeep { .. }));
}

#[test]
fn a_place_far_away_is_a_place() {
    assert!(Shape::from_geojson(&json!({ "type": "Point", "coordinates": [-70.6, -33.4, 520.0] })).is_ok());
}

#[test]
fn a_shape_reads_back_bit_for_bit_by_the_right_hand_rule() {
    // Given clockwise, with a repeated position; an awkward number keeps its bits.
    let awkward = 18.151_087_247_762_824_f64;
    let given = polygon(json!([[[awkward, 59.0], [18.2, 59.2], [18.2, 59.2], [18.3, 59.0], [awkward, 59.0]]]));
    let shape = Shape::from_geojson(&given).unwrap();
    assert_eq!(shape.to_geojson(), polygon(json!([[[awkward, 59.0], [18.3, 59.0], [18.2, 59.2], [awkward, 59.0]]])));
    let text = serde_json::to_string(&shape).unwrap();
    assert_eq!(serde_json::from_str::<Shape>(&text).unwrap(), shape);
}
