//! Bad input: each refused clearly, nothing stored, nothing crashed.

use crate::{all_events, report};
use narhet_tests::{Folder, House, house::json};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_with_what_and_where_and_nothing_is_stored() {
    let folder = Folder::new("bad-input");
    let house = House::up(folder.path(), &["--demo"]);
    let token = house.token("coordinator", Some("jarva"));
    // The first decision of a principal is recorded once; it is no part of what follows.
    report(&house, &json!({ "title": "Först", "place": null, "needsSupport": false })).await;
    let (own, _) =
        json(house.post("/v1/incidents", &token).json(&json!({ "title": "x", "place": null, "needsSupport": false })))
            .await;
    assert_eq!(own, 201);
    let (before, _) = all_events(&house).await;

    let place = |place: Value| json!({ "title": "Prov", "needsSupport": true, "place": place });
    let rows: Vec<(&str, Value, u16, &str)> = vec![
        ("swapped", place(json!({ "type": "Point", "coordinates": [59.3326, 18.0649] })), 400, "/place"),
        ("null coordinate", place(json!({ "type": "Point", "coordinates": [null, 59.3] })), 400, "/place"),
        ("NaN as text", place(json!({ "type": "Point", "coordinates": ["NaN", 59.3] })), 400, "/place"),
        (
            "bow tie",
            place(
                json!({ "type": "Polygon", "coordinates": [[[18.0, 59.3], [18.1, 59.4], [18.1, 59.3], [18.0, 59.4], [18.0, 59.3]]] }),
            ),
            400,
            "/place",
        ),
        ("no geometry", place(json!({ "type": "Circle" })), 400, "/place"),
        (
            "unknown board",
            json!({ "title": "x", "place": null, "needsSupport": true, "affectedBoards": [{ "id": "atlantis", "reason": "x" }] }),
            400,
            "/affectedBoards/0",
        ),
        ("unknown kind", json!({ "title": "x", "place": null, "needsSupport": true, "kind": "zombies" }), 400, "/kind"),
        ("no title", json!({ "place": null, "needsSupport": true }), 400, ""),
        ("empty title", json!({ "title": "  ", "place": null, "needsSupport": true }), 400, "/title"),
        ("unknown member", json!({ "title": "x", "place": null, "needsSupport": true, "personnummer": "x" }), 400, ""),
        (
            "far ahead",
            json!({ "title": "x", "place": null, "needsSupport": true, "occurredAt": "2099-01-01T00:00:00Z" }),
            422,
            "",
        ),
        ("not an object", json!([1, 2]), 400, ""),
    ];
    for (name, body, expected, pointer) in rows {
        let (status, problem) = json(house.post("/v1/incidents", &token).json(&body)).await;
        assert_eq!(status, expected, "{name}: {problem}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:narhet:problem:"), "{name}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{name}");
        if !pointer.is_empty() {
            let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{name}: {problem}"));
            assert!(
                errors.iter().any(|error| error["pointer"].as_str().unwrap_or("").starts_with(pointer)),
                "{name}: {problem}"
            );
        }
    }

    for query in ["lon=NaN&lat=59.3", "lon=18.06", "lon=59.3326&lat=18.0649", "lon=inf&lat=59.3", "lon=1&lat=2&zoom=3"]
    {
        for path in ["responsibility", "duty"] {
            let (status, problem) = json(house.get(&format!("/v1/{path}?{query}"), &token)).await;
            assert_eq!(status, 400, "{path}?{query}: {problem}");
        }
    }

    let raw = |body: Vec<u8>, content_type: &'static str| {
        house.post("/v1/incidents", &token).header("content-type", content_type).body(body)
    };
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let (status, _) = json(raw(deep, "application/json")).await;
    assert_eq!(status, 400, "deep JSON within the size limit");
    let (status, _) = json(raw(b"{\"title\":".to_vec(), "application/json")).await;
    assert_eq!(status, 400, "half a body");
    let (status, _) = json(raw(b"title=x".to_vec(), "application/x-www-form-urlencoded")).await;
    assert_eq!(status, 415);
    let huge = [vec![b'['; 25 << 20], vec![b']'; 25 << 20]].concat();
    // A server may answer and close while the client still sends; either way the body must not be taken.
    if let Ok(answer) = raw(huge, "application/json").send().await {
        assert_eq!(answer.status(), 413, "50 MB of nested JSON");
    }

    assert_eq!(all_events(&house).await.0, before, "nothing was stored");
    let (status, ready) = json(house.get("/readyz", &token)).await;
    assert_eq!(status, 200, "{ready}");
    assert!(!house.log().contains("panicked"), "nothing crashed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_map_is_refused_whole() {
    let folder = Folder::new("bad-map");
    let house = House::up(folder.path(), &["--demo=empty"]);
    let token = house.token("city-security", None);
    let (before, _) = all_events(&house).await;
    let square = |x: f64, name: &str| {
        json!({ "type": "Feature", "properties": { "name": name }, "geometry": { "type": "Polygon", "coordinates":
            [[[x, 59.0], [x + 0.1, 59.0], [x + 0.1, 59.1], [x, 59.1], [x, 59.0]]] } })
    };
    let collection = |features: Vec<Value>| json!({ "type": "FeatureCollection", "features": features }).to_string();
    let mut bow_tie = square(18.0, "Fluga");
    bow_tie["geometry"]["coordinates"][0] =
        json!([[18.0, 59.0], [18.1, 59.1], [18.1, 59.0], [18.0, 59.1], [18.0, 59.0]]);
    // A ring of squares around a hole of several square kilometres.
    let mut around = Vec::new();
    for (index, (x, y)) in [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)].into_iter().enumerate() {
        let (x, y) = (18.0 + 0.125 * f64::from(x), 59.0 + 0.125 * f64::from(y));
        let mut one = square(x, &format!("Ruta {index}"));
        one["geometry"]["coordinates"][0] =
            json!([[x, y], [x + 0.125, y], [x + 0.125, y + 0.125], [x, y + 0.125], [x, y]]);
        around.push(one);
    }
    let rows = [
        ("no GeoJSON", "{}".to_owned(), 400, ""),
        ("not JSON", "<gml/>".to_owned(), 400, "GML"),
        ("bow tie", collection(vec![bow_tie]), 400, "Fluga"),
        ("twice the same name", collection(vec![square(18.0, "Ett"), square(18.1, "Ett")]), 400, "Ett"),
        ("a large hole", collection(around), 422, "gap-"),
        ("another CRS", json!({ "type": "FeatureCollection", "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::3021" } }, "features": [square(18.0, "Ett")] }).to_string(), 400, "EPSG:3021"),
        ("degrees said to be metres", json!({ "type": "FeatureCollection", "crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::3006" } }, "features": [square(18.0, "Ett")] }).to_string(), 400, "looks like EPSG:4326"),
    ];
    for (name, boundaries, expected, mentions) in rows {
        let form = reqwest::multipart::Form::new().text("boundaries", boundaries);
        let (status, problem) = json(house.post("/v1/areas/import?validFrom=2023-07-01", &token).multipart(form)).await;
        assert_eq!(status, expected, "{name}: {problem}");
        assert!(problem.to_string().contains(mentions), "{name} names {mentions:?}: {problem}");
    }
    assert_eq!(all_events(&house).await.0, before, "nothing was stored");
}
