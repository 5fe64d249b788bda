//! The event stream: live, exactly once per cursor, resumable.

use crate::{SERGELS_TORG, all_events, held, incident, report};
use futures::StreamExt;
use narhet_tests::{Folder, House, wait::PATIENCE};
use serde_json::Value;

/// One event of a stream: its id and its data.
pub struct Sse {
    stream: std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    buffer: Vec<u8>,
}

impl Sse {
    pub async fn open(house: &House, token: &str, query: &str, last_event_id: Option<&str>) -> Sse {
        let mut request = house.get(&format!("/v1/events{query}"), token).header("accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Sse { stream: Box::pin(answer.bytes_stream()), buffer: Vec::new() }
    }

    /// The next event: id, type, data as sent.
    pub async fn next(&mut self) -> (String, String, String) {
        tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                    let block = String::from_utf8(self.buffer.drain(..end + 2).collect()).unwrap();
                    let field = |name: &str| {
                        block
                            .lines()
                            .find_map(|line| line.strip_prefix(name))
                            .map(|value| value.trim_start().to_owned())
                    };
                    if let Some(data) = field("data:") {
                        return (field("id:").unwrap(), field("event:").unwrap(), data);
                    }
                    continue;
                }
                let chunk = self.stream.next().await.expect("the stream goes on").unwrap();
                self.buffer.extend_from_slice(&chunk);
            }
        })
        .await
        .expect("an event comes")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_comes_once_and_a_resumed_stream_goes_on_behind_the_last_one() {
    let folder = Folder::new("sse");
    let mut house = House::up(folder.path(), &["--demo"]);
    let auditor = house.token("auditor", None);
    for index in 0..5 {
        let reply = report(&house, &incident(&format!("Händelse {index}"), SERGELS_TORG)).await;
        held(&house, reply["id"].as_str().unwrap()).await;
    }
    let (expected, _) = all_events(&house).await;

    let mut stream = Sse::open(&house, &auditor, "?after=-", None).await;
    let mut ids = Vec::new();
    for event in &expected {
        let (id, event_type, data) = stream.next().await;
        assert_eq!(event["type"], event_type.as_str());
        assert_eq!(serde_json::from_str::<Value>(&data).unwrap(), *event);
        ids.push(id);
    }
    drop(stream);

    // From every place in between, on the same process and on a restarted one.
    for restart in [false, true] {
        if restart {
            assert!(house.stop());
            house = House::up(folder.path(), &["--demo"]);
        }
        let middle = expected.len() / 2;
        let mut stream = Sse::open(&house, &auditor, "", Some(&ids[middle])).await;
        for event in &expected[middle + 1..] {
            assert_eq!(serde_json::from_str::<Value>(&stream.next().await.2).unwrap()["id"], event["id"]);
        }
        let reply = report(&house, &incident("Live", SERGELS_TORG)).await;
        loop {
            let (_, event_type, data) = stream.next().await;
            if event_type == "se.narhet.situation.incident-reported.v1" && data.contains(reply["id"].as_str().unwrap())
            {
                break;
            }
        }
        held(&house, reply["id"].as_str().unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_cursor_is_refused() {
    let folder = Folder::new("cursor");
    let house = House::up(folder.path(), &["--demo=empty"]);
    let token = house.token("auditor", None);
    let (status, problem) = narhet_tests::house::json(house.get("/v1/events?after=yesterday", &token)).await;
    assert_eq!((status, &problem["type"]), (400, &Value::from("urn:narhet:problem:invalid-input")));
}
