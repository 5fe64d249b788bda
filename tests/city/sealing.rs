//! Free text is in no file and no log, and the reader who may still reads it.

use crate::{SERGELS_TORG, held, report};
use narhet_tests::{Folder, House};
use serde_json::json;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn no_file_and_no_log_holds_the_plain_text() {
    let folder = Folder::new("sealing");
    let mut house = House::up(folder.path(), &["--demo"]);
    let secrets = ["Kvarnstensrubrik", "Granitbeskrivning", "Basaltplats", "Skifferskäl"];
    let body = json!({
        "title": secrets[0], "description": secrets[1], "placeText": secrets[2], "klass": "k2r2t2",
        "place": { "type": "Point", "coordinates": [SERGELS_TORG.0, 59.332_612_345] },
        "affectedBoards": [{ "id": "jarva", "reason": secrets[3] }],
        "needsSupport": true,
    });
    let reply = report(&house, &body).await;
    let incident = held(&house, reply["id"].as_str().unwrap()).await;
    for secret in secrets {
        assert!(incident.to_string().contains(secret), "the reader who may reads {secret}: {incident}");
    }
    assert_eq!(incident["place"]["coordinates"][1], json!(59.332_612_345));
    let files = grep(folder.path(), &secrets);
    assert!(house.stop());
    let after = grep(folder.path(), &secrets);
    assert!(files.1 > 10 && after.1 > 10, "journal, sled, JetStream and keys were looked at");
    assert_eq!((files.0, after.0), (Vec::<String>::new(), Vec::new()));
    for secret in secrets.iter().chain(&["59.332612345"]) {
        assert!(!house.log().contains(secret), "{secret} is in the log");
    }
    // An exact place of k2 is sealed too.
    assert_eq!(grep(folder.path(), &["59.332612345"]).0, Vec::<String>::new());
}

/// The files that hold any of the texts, and how many were looked at.
pub fn grep(folder: &Path, texts: &[&str]) -> (Vec<String>, usize) {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            let (below, count) = grep(&entry.path(), texts);
            found.extend(below);
            looked_at += count;
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            looked_at += 1;
            let holds = |text: &&&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            found.extend(texts.iter().filter(holds).map(|text| format!("{text} in {}", entry.path().display())));
        }
    }
    (found, looked_at)
}
