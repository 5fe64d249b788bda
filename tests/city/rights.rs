//! Who may do and read what, a row a role (CONTRACT, "Tokens and rights on the first day").

use crate::{SERGELS_TORG, held, incident, report};
use narhet_tests::{Folder, House, house::json};
use serde_json::json;

const ROLES: &[(&str, Option<&str>)] = &[
    ("coordinator", Some("norra-innerstaden")),
    ("coordinator", Some("farsta")),
    ("duty-officer", Some("socialnamnden")),
    ("duty-officer", Some("farsta")),
    ("crisis-lead", Some("norra-innerstaden")),
    ("crisis-lead", Some("kommunstyrelsen")),
    ("ckl", None),
    ("crisis-chair", None),
    ("crisis-board", None),
    ("city-security", None),
    ("communicator", None),
    ("registrar", None),
    ("liaison", None),
    ("dashboard", Some("norra-innerstaden")),
    ("dashboard", Some("farsta")),
    ("auditor", None),
    ("admin", None),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_reads_what_it_may_and_nothing_more() {
    let folder = Folder::new("rights");
    // A Friday evening: socialnämnden holds the case.
    let house = House::up(folder.path(), &["--demo", "--clock=2026-11-20T20:00:00+01:00"]);
    let id = report(&house, &incident("Hemlig rubrik", SERGELS_TORG)).await["id"].as_str().unwrap().to_owned();
    held(&house, &id).await;
    for (role, board) in ROLES {
        let token = house.token(role, *board);
        let who = format!("{role} of {board:?}");
        let reads = !matches!((*role, *board), (_, Some("farsta")) | ("liaison", _));
        let sees_text = reads && *role != "dashboard";

        let (status, body) = json(house.get(&format!("/v1/incidents/{id}"), &token)).await;
        let expected = if reads {
            200
        } else if *role == "liaison" {
            403
        } else {
            404
        };
        assert_eq!(status, expected, "{who}: {body}");
        assert_eq!(body.to_string().contains("Hemlig rubrik"), sees_text, "{who}: the title");
        if status == 200 {
            assert_eq!(body["supportCases"].as_array().unwrap().len(), 1, "{who}: the cases");
        }

        let (status, list) = json(house.get("/v1/incidents", &token)).await;
        if *role == "liaison" {
            assert_eq!(status, 403, "{who}");
            assert!(list["detail"].as_str().unwrap().contains("right"), "{who}: names the missing right");
        } else {
            assert_eq!(status, 200, "{who}");
            assert_eq!(list["items"].as_array().unwrap().len(), usize::from(reads), "{who}: the list");
        }

        let (status, page) = json(house.get("/v1/events?after=-&limit=1000", &token)).await;
        if *role == "liaison" {
            assert_eq!(status, 403, "{who}");
        } else {
            let text = page.to_string();
            assert!(text.contains("area-drawn"), "{who}: public events");
            assert_eq!(text.contains(&id), reads, "{who}: the incident's events");
            assert!(!text.contains("Hemlig rubrik"), "{who}: sealed stays sealed on the feed");
        }
        for path in [
            "/v1/boards",
            "/v1/areas",
            "/v1/responsibility?lon=18.0649&lat=59.3326",
            "/v1/duty?lon=18.0649&lat=59.3326",
        ] {
            let (status, _) = json(house.get(path, &token)).await;
            assert_eq!(status, 200, "{who} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_report_and_import_do() {
    let folder = Folder::new("may-report");
    let house = House::up(folder.path(), &["--demo"]);
    for (role, board) in ROLES {
        let token = house.token(role, *board);
        let body = json!({ "title": "Prov", "place": null, "needsSupport": false, "exercise": true });
        let (status, reply) = json(house.post("/v1/incidents", &token).json(&body)).await;
        let may = matches!(*role, "coordinator" | "duty-officer" | "crisis-lead" | "ckl" | "admin");
        assert_eq!(status, if may { 201 } else { 403 }, "{role}: {reply}");

        let form = reqwest::multipart::Form::new().text("boundaries", "{}");
        let (status, reply) = json(house.post("/v1/areas/import?validFrom=2023-07-01", &token).multipart(form)).await;
        let may = matches!(*role, "city-security" | "admin");
        assert_eq!(status, if may { 400 } else { 403 }, "{role}: {reply}");
    }
}
