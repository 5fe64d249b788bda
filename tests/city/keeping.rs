//! Keeping a house: verify, backup, restore, and refusing to go on when log and stream part.

use crate::{SERGELS_TORG, all_events, check_order, held, incident, report};
use narhet_tests::{Folder, House, house};

#[tokio::test(flavor = "multi_thread")]
async fn a_house_is_verified_running_and_stopped_and_damage_is_named() {
    let folder = Folder::new("verify");
    let mut node = House::up(folder.path(), &["--demo"]);
    for index in 0..3 {
        let reply = report(&node, &incident(&format!("Händelse {index}"), SERGELS_TORG)).await;
        held(&node, reply["id"].as_str().unwrap()).await;
    }
    let (good, running, err) = house::run(folder.path(), &["verify"]);
    assert!(good, "{running}{err}");
    assert!(node.stop());
    let (good, stopped, err) = house::run(folder.path(), &["verify"]);
    assert!(good, "{stopped}{err}");
    assert_eq!(running, stopped, "the same report both ways");

    let journal = folder.path().join("situation/journal");
    let segment = std::fs::read_dir(&journal)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.metadata().unwrap().len() > 4096)
        .max()
        .unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let place = bytes.windows(7).position(|window| window == b"subject").unwrap();
    bytes[place] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (good, out, _) = house::run(folder.path(), &["verify"]);
    assert!(!good && out.contains("BROKEN"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_house_becomes_a_house_with_the_same_events() {
    let folder = Folder::new("backup");
    let mut node = House::up(&folder.path().join("a"), &["--demo"]);
    let reply = report(&node, &incident("Säkerhetskopia", SERGELS_TORG)).await;
    let id = reply["id"].as_str().unwrap();
    held(&node, id).await;
    let (expected, cursor) = all_events(&node).await;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (good, out, err) = house::run(&folder.path().join("a"), &["backup", &path("logs"), "--keys-to", &path("keys")]);
    assert!(good, "{out}{err}");
    node.kill();
    let (good, _, err) =
        house::run(&folder.path().join("a"), &["restore", &path("logs"), "--keys-from", &path("keys")]);
    assert!(!good && err.contains("empty"), "a folder in use is refused: {err}");
    let (good, _, err) =
        house::run(&folder.path().join("b"), &["restore", &path("logs"), "--keys-from", &path("keys")]);
    assert!(good, "{err}");
    let (good, out, err) = house::run(&folder.path().join("b"), &["verify"]);
    assert!(good, "{out}{err}");
    let node = House::up(&folder.path().join("b"), &["--demo"]);
    assert_eq!(held(&node, id).await["title"], "Säkerhetskopia", "sealed text opens with the restored keys");
    let token = node.token("auditor", None);
    let (_, page) = house::json(node.get(&format!("/v1/events?after={cursor}"), &token)).await;
    assert_eq!(page["reset"], true, "a reader of the old house is told to start anew: {page}");
    // A new stream may interleave the contexts in another order that promises the same.
    let (mut restored, mut expected) = (all_events(&node).await.0, expected);
    check_order(&restored);
    let by_id = |event: &serde_json::Value| event["id"].as_str().unwrap().to_owned();
    restored.sort_by_key(by_id);
    expected.sort_by_key(by_id);
    assert_eq!(restored, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_and_a_stream_that_part_are_refused_and_settled_by_hand() {
    for keep in ["log", "stream"] {
        let folder = Folder::new("fork");
        let data = folder.path().join("house");
        let mut node = House::up(&data, &["--demo"]);
        let reply = report(&node, &incident("Gemensam", SERGELS_TORG)).await;
        held(&node, reply["id"].as_str().unwrap()).await;
        assert!(node.stop());
        copy(&data.join("situation"), &folder.path().join("old-log"));
        copy(&data.join("keys"), &folder.path().join("old-keys"));

        // The log of a copy goes on elsewhere, and so does the stream.
        let mut node = House::up(&data, &["--demo"]);
        let in_stream =
            report(&node, &incident("Bara i strömmen", SERGELS_TORG)).await["id"].as_str().unwrap().to_owned();
        held(&node, &in_stream).await;
        assert!(node.stop());
        let other = folder.path().join("other");
        copy(&data, &other);
        std::fs::remove_dir_all(other.join("situation")).unwrap();
        // These have gone on from what situation's old log does not have.
        std::fs::remove_dir_all(other.join("duty")).unwrap();
        std::fs::remove_dir_all(other.join("actors")).unwrap();
        std::fs::remove_dir_all(other.join("nats")).unwrap();
        copy(&folder.path().join("old-log"), &other.join("situation"));
        let mut elsewhere = House::up(&other, &["--demo"]);
        let in_log =
            report(&elsewhere, &incident("Bara i loggen", SERGELS_TORG)).await["id"].as_str().unwrap().to_owned();
        assert!(elsewhere.stop());
        std::fs::remove_dir_all(data.join("situation")).unwrap();
        copy(&other.join("situation"), &data.join("situation"));
        std::fs::remove_dir_all(data.join("keys/situation")).unwrap();
        copy(&other.join("keys/situation"), &data.join("keys/situation"));

        let (good, _, err) = house::run(&data, &["up", "--http", "127.0.0.1:0", "--demo"]);
        assert!(!good && err.contains("narhet fork"), "it refuses to start and says what to do: {err}");
        let (good, out, err) = house::run(&data, &["fork", "--role", "situation"]);
        assert!(good && out.contains("nothing was changed"), "{out}{err}");
        let (good, out, err) = house::run(&data, &["fork", "--role", "situation", "--keep", keep]);
        assert!(good && out.contains("given up"), "{out}{err}");
        let node = House::up(&data, &["--demo"]);
        let token = node.token("ckl", None);
        let status = |id: String| {
            let request = node.get(&format!("/v1/incidents/{id}"), &token);
            async move { house::json(request).await.0 }
        };
        let (kept, gone) = if keep == "log" { (in_log, in_stream) } else { (in_stream, in_log) };
        assert_eq!((status(kept.clone()).await, status(gone).await), (200, 404), "--keep {keep}");
        held(&node, &kept).await;
        let (good, out, err) = house::run(&data, &["verify"]);
        assert!(good, "{out}{err}");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
