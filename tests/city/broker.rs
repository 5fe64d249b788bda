//! The broker is killed, wiped, and rolled back to an old copy; services are separate processes. Everybody ends with the
//! same events, dense per context, cause before effect, and no effect twice.

use crate::{SERGELS_TORG, all_events, check_order, held, incident, report, sse::Sse};
use narhet_tests::{Folder, House, NatsProcess, house::json, until};
use serde_json::Value;
use std::path::Path;

/// A house of four processes on one nats-server.
struct Split {
    gateway: House,
    others: Vec<House>,
    nats: NatsProcess,
    folder: Folder,
}

fn start_role(folder: &Path, nats: &NatsProcess, role: &str) -> House {
    let credentials = nats.credentials_file(role).display().to_string();
    let url = nats.url();
    let mut arguments = vec!["run", "--role", role, "--nats", &url, "--nats-creds", &credentials];
    if role == "gateway" {
        arguments.extend(["--http", "127.0.0.1:0", "--demo=empty"]);
    }
    House::start(&folder.join("data"), &arguments)
}

/// The eleven areas, imported over HTTP; returns when duty knows the map.
pub async fn import_outline(gateway: &House) {
    let token = gateway.token("city-security", None);
    let outline = std::fs::read_to_string(narhet_tests::root().join("deploy/demo/areas.geojson")).unwrap();
    let form = reqwest::multipart::Form::new().text("boundaries", outline);
    let request = gateway.post("/v1/areas/import?validFrom=2023-07-01", &token).multipart(form);
    let (status, report) = json(request).await;
    assert!(status == 200 || status == 201, "{report}");
    // Situation must know the map before the first incident is located.
    let token = gateway.token("coordinator", Some("jarva"));
    until("duty knows the map", || async {
        let (_, duty) = json(gateway.get("/v1/duty?lon=18.0649&lat=59.3326", &token)).await;
        duty["responsibleBoard"]["id"].is_string().then_some(())
    })
    .await;
}

impl Split {
    fn start(roles: &[&str]) -> Split {
        let folder = Folder::new("split");
        std::fs::create_dir_all(folder.path().join("nats")).unwrap();
        let nats = NatsProcess::start(&folder.path().join("nats"));
        let others = roles.iter().map(|role| start_role(folder.path(), &nats, role)).collect();
        let gateway = start_role(folder.path(), &nats, "gateway");
        Split { gateway, others, nats, folder }
    }

    async fn report_some(&self, count: usize) {
        let mut last = String::new();
        for index in 0..count {
            let reply = report(&self.gateway, &incident(&format!("Händelse {index}"), SERGELS_TORG)).await;
            last = reply["id"].as_str().unwrap().to_owned();
        }
        held(&self.gateway, &last).await;
    }

    /// Everything is where it should be, as the feed, a resumed stream and the services' own answers see it.
    async fn check(&self, resume_from: &(String, usize)) -> Vec<Value> {
        let count = |events: &[Value], name: &str| {
            events.iter().filter(|event| event["type"].as_str().unwrap().contains(name)).count()
        };
        // One case and one answer each: with an effect twice the numbers would never be the same.
        let events = until("every incident has its case on the feed", || async {
            let (events, _) = all_events(&self.gateway).await;
            check_order(&events);
            let incidents = count(&events, "incident-reported");
            let same = ["support-case-opened", "support-held"].iter().all(|name| count(&events, name) == incidents);
            same.then_some(events)
        })
        .await;
        let auditor = self.gateway.token("auditor", None);
        let mut stream = Sse::open(&self.gateway, &auditor, "", Some(&resume_from.0)).await;
        let mut ids: Vec<String> = Vec::new();
        for _ in resume_from.1..events.len() {
            let (_, event_type, data) = stream.next().await;
            assert_ne!(event_type, "reset");
            ids.push(serde_json::from_str::<Value>(&data).unwrap()["id"].as_str().unwrap().to_owned());
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), events.len() - resume_from.1, "a resumed stream brings each once");
        events
    }
}

fn ids(events: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_wiped_and_rolled_back_broker_loses_and_repeats_nothing() {
    let mut split = Split::start(&["area", "duty", "situation", "actors"]);
    import_outline(&split.gateway).await;
    split.report_some(20).await;
    let (before, cursor) = all_events(&split.gateway).await;
    let resume = (cursor, before.len());
    split.check(&resume).await;
    let store = split.nats.store();
    let copy = split.folder.path().join("old-stream");

    // Killed and started again.
    split.nats.restart();
    split.report_some(5).await;
    split.check(&resume).await;

    // An old copy of its files, a few hundred events behind.
    split.nats.kill();
    copy_folder(&store, &copy);
    split.nats.restart();
    split.report_some(100).await;
    let rolled = split.check(&resume).await;
    split.nats.kill();
    std::fs::remove_dir_all(&store).unwrap();
    copy_folder(&copy, &store);
    split.nats.restart();
    split.report_some(5).await;
    let after = split.check(&resume).await;
    assert!(ids(&rolled).iter().all(|id| ids(&after).contains(id)), "nothing is lost");

    // Wiped.
    split.nats.kill();
    std::fs::remove_dir_all(&store).unwrap();
    split.nats.restart();
    split.report_some(5).await;
    let wiped = split.check(&resume).await;
    assert!(ids(&after).iter().all(|id| ids(&wiped).contains(id)), "nothing is lost");

    // Services die one after the other, and what they owe is done when they are back.
    for role in ["actors", "situation", "duty", "area"] {
        let index = ["area", "duty", "situation", "actors"].iter().position(|known| *known == role).unwrap();
        split.others[index].kill();
        split.others[index] = start_role(split.folder.path(), &split.nats, role);
        split.report_some(3).await;
    }
    split.check(&resume).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_case_turns_readiness_red_and_is_opened_when_duty_is_back() {
    let mut split = Split::start(&["area", "situation", "duty", "actors"]);
    import_outline(&split.gateway).await;
    split.others[2].kill();
    let token = split.gateway.token("ckl", None);
    until("readiness names the role that is away", || async {
        let (status, ready) = json(split.gateway.get("/readyz", &token)).await;
        (status == 503 && ready.to_string().contains("duty")).then_some(())
    })
    .await;
    let reply = report(&split.gateway, &incident("Väntar", SERGELS_TORG)).await;
    let id = reply["id"].as_str().unwrap().to_owned();
    assert_eq!(reply["support"], "requested");
    // 30 s after the report situation itself says so, without asking anybody.
    until("situation is not ready and names the incident", || async {
        let (_, ready) = json(split.gateway.get("/readyz", &token)).await;
        ready.to_string().contains(&id).then_some(())
    })
    .await;
    assert!(split.others[1].log().contains(&id), "and it is logged as an error");
    split.others[2] = start_role(split.folder.path(), &split.nats, "duty");
    held(&split.gateway, &id).await;
    until("everybody is ready again", || async {
        (json(split.gateway.get("/readyz", &token)).await.0 == 200).then_some(())
    })
    .await;
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
