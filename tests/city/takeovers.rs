//! Krisledningsnämnden over HTTP: activated, takes over an area, is seen in every answer, gives it back; and many points at once.

use crate::{MEDBORGARPLATSEN, SERGELS_TORG};
use narhet_tests::{Folder, House, house::json};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn krisledningsnamnden_takes_over_an_area_and_gives_it_back() {
    let folder = Folder::new("takeovers");
    let mut house = House::up(folder.path(), &["--demo"]);
    let (chair, board, reader) =
        (house.token("crisis-chair", None), house.token("crisis-board", None), house.token("dashboard", Some("jarva")));
    let order = json!({
        "ground": "leh", "by": "krisledningsnamnden", "from": ["norra-innerstaden"], "areas": ["norra-innerstaden"],
        "reference": "KLN 2026/2", "reportDue": "2099-01-01T00:00:00Z",
    });
    let (status, early) = json(house.post("/v1/takeovers", &board).json(&order)).await;
    assert_eq!((status, &early["type"]), (409, &json!("urn:narhet:problem:conflict")), "{early}");
    let activation = json!({ "reference": "KLN 2026/1" });
    let (status, state) = json(house.post("/v1/crisis-board/activate", &chair).json(&activation)).await;
    assert_eq!((status, &state["inFunction"]), (200, &json!(true)), "{state}");
    let (status, forbidden) = json(house.post("/v1/takeovers", &reader).json(&order)).await;
    assert_eq!((status, &forbidden["type"]), (403, &json!("urn:narhet:problem:forbidden")));

    let with_key = |token: &str| house.post("/v1/takeovers", token).header("idempotency-key", "k-1").json(&order);
    let (status, taken) = json(with_key(&board)).await;
    assert_eq!(status, 201, "{taken}");
    let (status, again) = json(with_key(&board)).await;
    assert_eq!((status, &again["id"]), (201, &taken["id"]), "the same key finds the same takeover");

    let (lon, lat) = SERGELS_TORG;
    let path = format!("/v1/responsibility?lon={lon}&lat={lat}");
    let (_, answer) = json(house.get(&path, &reader)).await;
    let district = &answer["responsible"][0];
    assert_eq!((&district["board"]["id"], &district["basis"]), (&json!("krisledningsnamnden"), &json!("takeover")));
    assert_eq!(district["takenOverFrom"]["id"], "norra-innerstaden");
    let (_, open) = json(house.get("/v1/takeovers?open=true", &reader)).await;
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    let overlay = json!({ "geometry": { "type": "Point", "coordinates": [lon, lat] } });
    let (status, overlay) = json(house.post("/v1/responsibility/overlay", &reader).json(&overlay)).await;
    assert_eq!(status, 200, "{overlay}");
    assert_eq!(overlay["lead"]["id"], "norra-innerstaden", "the coordinating board is the district's");
    assert_eq!(overlay["affected"][0]["takenOverBy"]["id"], "krisledningsnamnden");

    let working_hours = format!("/v1/duty?lon={lon}&lat={lat}&occurredAt=2026-11-20T10:00:00%2B01:00");
    let (_, duty) = json(house.get(&working_hours, &reader)).await;
    assert_eq!(duty["responsibleBoard"]["id"], "norra-innerstaden", "crisis support stays with the district: {duty}");

    // What was taken over is so after a restart, and goes back only when the return is recorded.
    assert!(house.stop());
    let house = House::up(folder.path(), &["--demo"]);
    let end = json!({ "reference": "KLN 2026/3" });
    let (status, ended) = json(house.post("/v1/crisis-board/end", &chair).json(&end)).await;
    assert_eq!((status, &ended["inFunction"]), (200, &json!(false)), "{ended}");
    assert_eq!(json(house.get(&path, &reader)).await.1["responsible"][0]["basis"], "takeover");
    let id = taken["id"].as_str().unwrap();
    let (status, back) = json(house.post(&format!("/v1/takeovers/{id}/return"), &board).json(&end)).await;
    assert_eq!(status, 200, "{back}");
    assert_eq!(json(house.get(&path, &reader)).await.1["responsible"][0]["board"]["id"], "norra-innerstaden");
    let (_, history) = json(house.get("/v1/boards/krisledningsnamnden/history", &reader)).await;
    let kinds: Vec<&str> =
        history["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["established", "takes-over"]);
    let (status, _) = json(house.get("/v1/boards/nobody/history", &reader)).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_points_are_answered_as_each_alone_and_bad_ones_are_named() {
    let folder = Folder::new("batch");
    let house = House::up(folder.path(), &["--demo"]);
    let token = house.token("liaison", None);
    let points = [SERGELS_TORG, MEDBORGARPLATSEN, (17.0, 59.0), SERGELS_TORG];
    let body = json!({ "points": points, "at": "2026-11-20T19:00:00Z" });
    let (status, batch) = json(house.post("/v1/responsibility/batch", &token).json(&body)).await;
    assert_eq!(status, 200, "{batch}");
    assert!(batch["cursor"].is_string() && batch["at"] == "2026-11-20T19:00:00Z");
    assert_eq!(batch["answers"].as_array().unwrap().len(), 2, "each answer once");
    for ((lon, lat), result) in points.iter().zip(batch["results"].as_array().unwrap()) {
        let path = format!("/v1/responsibility?lon={lon}&lat={lat}&at=2026-11-20T19:00:00Z");
        let (_, alone) = json(house.get(&path, &token)).await;
        assert_eq!(result["match"], alone["match"]);
        let metres = |of: &Value| of["distanceM"].as_f64().unwrap();
        assert!((metres(result) - metres(&alone)).abs() <= 0.005, "{result} {alone}");
        let answer = result["answer"].as_u64().map(|number| &batch["answers"][number as usize]);
        assert_eq!(answer.unwrap_or(&json!([])), &alone["responsible"]);
    }
    let bad = [
        (json!({ "points": [[18.0, 59.3], [59.3, 18.0]] }), 400, "/points/1"),
        (json!({ "points": [[18.0]] }), 400, ""),
        (json!({ "points": vec![[18.0, 59.3]; 10_001] }), 413, "/points"),
        (json!({}), 400, ""),
    ];
    for (body, expected, pointer) in bad {
        let (status, problem) = json(house.post("/v1/responsibility/batch", &token).json(&body)).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (expected, Some(pointer)), "{problem}");
    }
    let bow_tie = json!({ "geometry": { "type": "Polygon", "coordinates": [[[18.0, 59.3], [18.1, 59.4], [18.1, 59.3], [18.0, 59.4], [18.0, 59.3]]] } });
    let (status, problem) = json(house.post("/v1/responsibility/overlay", &token).json(&bow_tie)).await;
    assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (400, Some("/geometry")), "{problem}");
    for (crs, first_lon) in [("3006", 600_000.0..700_000.0), ("3011", 130_000.0..180_000.0)] {
        let request = house.get(&format!("/v1/areas?crs={crs}"), &token).header("accept", "application/geo+json");
        let (_, areas) = json(request).await;
        assert_eq!((&areas["crs"], &areas["axes"]), (&json!(format!("EPSG:{crs}")), &json!(["easting", "northing"])));
        let corner = &areas["items"][0]["geometry"]["coordinates"][0][0][0];
        assert!(first_lon.contains(&corner[0].as_f64().unwrap()), "{corner}");
        assert!((6_560_000.0..6_610_000.0).contains(&corner[1].as_f64().unwrap()), "{corner}");
    }
    let (status, problem) = json(house.get("/v1/areas?crs=2400", &token)).await;
    assert_eq!((status, problem["errors"][0]["parameter"].as_str()), (400, Some("crs")));
}
