//! The city's own boundaries: three divisions, and the instant at which one follows the other.

use narhet_tests::{Folder, House, data, house, house::json, root};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NARHET_TEST_DATA"]
async fn sergels_torg_changes_its_board_at_midnight() {
    let folder = Folder::new("real-data");
    let node = House::up(folder.path(), &["--demo=empty"]);
    let (boundaries, mapping) = (data().join("stadsdelar.geojson"), data().join("stadsdelar.csv"));
    let (boundaries, mapping) = (boundaries.display().to_string(), mapping.display().to_string());
    let (good, out, err) =
        house::run(folder.path(), &["area", "import", &boundaries, "--mapping", &mapping, "--dry-run"]);
    assert!(good, "{out}{err}");
    let token = node.token("coordinator", Some("jarva"));
    let (_, areas) = json(node.get("/v1/areas?at=2024-01-01T00:00:00Z", &token)).await;
    assert!(areas.to_string().find("Järva").is_none(), "a dry run changes nothing");
    let (good, out, err) = house::run(folder.path(), &["area", "import", &boundaries, "--mapping", &mapping]);
    assert!(good, "{out}{err}");
    for (date, count) in [("2007-01-01", 14), ("2020-07-01", 13), ("2023-07-01", 11)] {
        assert!(out.contains(&format!("{count} areas")), "{date}: {out}");
    }
    for (at, board) in [("2023-06-30T21:59:59Z", "norrmalm"), ("2023-06-30T22:00:00Z", "norra-innerstaden")] {
        let path = format!("/v1/responsibility?lon=18.0649&lat=59.3326&at={at}");
        let (status, answer) = json(node.get(&path, &token)).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["responsible"][0]["board"]["id"], board, "{at}: {answer}");
    }
    // The gap between Fagersjö and Högdalen has no stadsdel, and still somebody answers.
    let (_, before) =
        json(node.get("/v1/responsibility?lon=18.0649&lat=59.3326&at=2006-12-31T22:59:59Z", &token)).await;
    assert_eq!(before["match"], "outside", "before the first division");
    let (status, collection) = {
        let request = node.get("/v1/areas?at=2024-01-01T00:00:00Z", &token).header("accept", "application/geo+json");
        json(request).await
    };
    assert_eq!((status, &collection["type"]), (200, &json!("FeatureCollection")));
    let drawn = collection["features"].as_array().unwrap().iter().filter(|feature| feature["geometry"].is_object());
    assert_eq!(drawn.count(), 11, "city and county have no geometry");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NARHET_TEST_DATA"]
async fn a_real_division_supersedes_the_demo_outline_and_the_past_knowledge_stays() {
    let folder = Folder::new("supersede");
    let mut node = House::up(folder.path(), &["--demo"]);
    let token = node.token("coordinator", Some("jarva"));
    let (_, outline) = json(node.get("/v1/responsibility?lon=18.0649&lat=59.3326", &token)).await;
    let known_at = outline["knownAt"].as_str().unwrap().to_owned();
    let files =
        [data().join("stadsdelar.geojson"), data().join("stadsdelar.csv")].map(|path| path.display().to_string());
    let (good, out, err) = house::run(
        folder.path(),
        &[
            "area",
            "import",
            &files[0],
            "--mapping",
            &files[1],
            "--division",
            "2023-07-01",
            "--decided-at",
            "2023-04-24",
        ],
    );
    assert!(good, "{out}{err}");
    let (_, real) = json(node.get("/v1/responsibility?lon=18.0649&lat=59.3326", &token)).await;
    let version = |answer: &serde_json::Value| answer["why"][0]["areaVersion"].as_str().unwrap().to_owned();
    assert_ne!(version(&outline), version(&real));
    let (_, then) =
        json(node.get(&format!("/v1/responsibility?lon=18.0649&lat=59.3326&knownAt={known_at}"), &token)).await;
    assert_eq!(version(&then), version(&outline), "as we knew it then");
    // A restart in demo mode does not put the outline back.
    assert!(node.stop());
    let node = House::up(folder.path(), &["--demo"]);
    let (_, after) = json(node.get("/v1/responsibility?lon=18.0649&lat=59.3326", &token)).await;
    assert_eq!(version(&after), version(&real));
}

#[test]
fn nothing_of_the_citys_data_is_committed() {
    let tracked = std::process::Command::new("git").args(["ls-files"]).current_dir(root()).output().unwrap();
    let tracked = String::from_utf8(tracked.stdout).unwrap();
    assert!(!tracked.contains("stadsdelar."), "{tracked}");
}
