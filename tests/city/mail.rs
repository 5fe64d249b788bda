//! Mail over a real SMTP server: what cannot be sent is tried again under the same key and arrives once.

use crate::{
    SERGELS_TORG,
    alarms::{config, staff},
    incident, report,
};
use narhet_tests::{Folder, House, SmtpServer, house::json, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_by_mail_waits_for_its_server_and_arrives_once_without_anything_of_the_incident() {
    let folder = Folder::new("mail");
    let mut server = SmtpServer::down(folder.path());
    let mail = format!(
        "[channels.mail]\nhost = \"127.0.0.1\"\nport = {}\nsender = \"larm@example.org\"\nwithout-tls = true\n",
        server.port
    );
    let config = config(&folder, &mail);
    let data = folder.path().join("data");
    let night = ["--config", config.to_str().unwrap(), "--demo", "--clock", "2026-11-20T22:00:00Z"];
    let house = House::up(&data, &night);
    let way = json!([{ "channel": "mail", "address": "socialjouren@example.org" }]);
    let (status, reply) = staff(&house, "socialnamnden", "socialjouren", way).await;
    assert_eq!(status, 201, "{reply}");
    report(&house, &incident("Brand i trapphus", SERGELS_TORG)).await;

    let ckl = house.token("ckl", None);
    let delivery = |state: &'static str| {
        let (house, ckl) = (&house, &ckl);
        until(state, move || async move {
            let (_, found) = json(house.get("/v1/alarms?purpose=case", ckl)).await;
            let delivery = found["items"][0]["deliveries"][0].clone();
            (delivery["state"] == state).then_some(delivery)
        })
    };
    let failed = delivery("retrying").await;
    assert_eq!((&failed["detail"], &failed["maybeTwice"]), (&json!("no mail server answered"), &json!(false)));
    server.up();
    let sent = delivery("dispatched").await;
    assert_eq!(sent["id"], failed["id"]);
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let message = &taken[0];
    let key = format!("Message-ID: <{}@example.org>", sent["id"].as_str().unwrap());
    assert!(message.contains(&key), "the key is the message's id: {message}");
    assert!(message.contains("To: socialjouren@example.org"), "{message}");
    assert!(!message.contains("trapphus"), "nothing of the incident leaves the house");

    // What the server refuses for good is not tried again: a dead letter that is shown, and the alarm goes on.
    server.up_for(64);
    report(&house, &incident("Brand i källare", SERGELS_TORG)).await;
    let dead = until("the letter is dead", || async {
        let (_, found) = json(house.get("/v1/alarms?purpose=case", &ckl)).await;
        let all = found["items"].as_array()?.iter().flat_map(|alarm| alarm["deliveries"].as_array().unwrap().clone());
        all.into_iter().find(|one| one["state"] == "dead")
    })
    .await;
    assert_eq!((&dead["detail"], &dead["attempts"]), (&json!("answered 552"), &json!(1)));
    let (_, health) = json(house.get("/v1/alarm-paths", &ckl)).await;
    assert_eq!(health["deadLetters"][0]["delivery"]["id"], dead["id"], "{health}");
    let log = house.log();
    assert!(!log.contains("socialjouren@example.org"), "no address in a log");
}
