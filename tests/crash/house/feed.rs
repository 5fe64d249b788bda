//! The feed as a partner keeps it who trusts nothing: raw bytes off the stream, every promise about order checked.

use futures::StreamExt;
use narhet_event_store::suffix::Suffix;
use narhet_kernel::Vector;
use narhet_tests::{House, house::json, until, wait::PATIENCE};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const REPORTED: &str = "se.narhet.situation.incident-reported.v1";
const OPENED: &str = "se.narhet.duty.support-case-opened.v1";
const HELD: &str = "se.narhet.situation.support-held.v1";
/// The start of every chain.
const NO_EVENT: [u8; 32] = [0; 32];

/// Everything the feed has said so far.
#[derive(Default)]
pub struct Feed {
    /// Where it stands; the `Last-Event-ID` it goes on from.
    cursor: String,
    /// For each log the hash of the bytes at each position, from 1.
    logs: BTreeMap<String, Vec<[u8; 32]>>,
    versions: HashMap<String, u64>,
    ids: HashSet<String>,
    /// (cause, type, stream): what a cause has led to.
    effects: HashSet<(String, String, String)>,
    /// Incident → boards that need a case (`None`: the one case of nobody's); empty when no support is asked for.
    pub reported: BTreeMap<String, BTreeSet<Option<String>>>,
    /// Position of an incident's report in situation's log.
    pub positions: HashMap<String, u64>,
    /// Incident → boards of its cases, in the order they were opened.
    opened: BTreeMap<String, Vec<Option<String>>>,
    /// Incident → boards whose case it has noted.
    held: BTreeMap<String, Vec<Option<String>>>,
}

impl Feed {
    /// The whole feed, from its beginning to at least `reached`.
    pub async fn whole(house: &House, token: &str, reached: &Vector) -> Feed {
        let mut feed = Feed { cursor: "-".to_owned(), ..Feed::default() };
        feed.go_on(house, token, reached).await;
        feed
    }

    pub fn events(&self) -> usize {
        self.ids.len()
    }

    /// How many events each log has, by context.
    pub fn lengths(&self) -> BTreeMap<String, u64> {
        let context = |source: &str| source.rsplit('/').next().unwrap_or_default().to_owned();
        self.logs.iter().map(|(source, log)| (context(source), log.len() as u64)).collect()
    }

    /// Takes what came since: the stream and the pages must agree.
    pub async fn go_on(&mut self, house: &House, token: &str, reached: &Vector) {
        let (expected, head) = pages(house, token, &self.cursor, reached).await;
        let mut stream = Stream::open(house, token, &self.cursor).await;
        // The contexts may be interleaved in another order where one reads the logs and the other the ring; each order is
        // checked for what it promises, and both have the same events.
        let mut streamed = BTreeSet::new();
        for _ in &expected {
            let (cursor, event_type, data) = stream.next().await;
            assert_ne!(event_type, "reset", "no log has forked");
            let event = self.take(data.as_bytes());
            assert_eq!(event["type"].as_str(), Some(event_type.as_str()));
            streamed.insert(event["id"].as_str().expect("an event has an id").to_owned());
            self.cursor = cursor;
        }
        assert!(streamed == expected.iter().cloned().collect(), "stream and pages have the same events");
        let vector = |text: &str| text.parse::<Vector>().expect("a cursor is a vector");
        if !expected.is_empty() {
            assert_eq!(vector(&self.cursor), vector(&head), "stream and pages end at the same place");
        }
    }

    /// Everything that `earlier` knew is here, the same bytes at the same positions.
    pub fn continues(&self, earlier: &Feed) {
        for (source, before) in &earlier.logs {
            let now = self.logs.get(source).map_or(&[][..], Vec::as_slice);
            assert!(now.len() >= before.len(), "{source} had {} events, now {}", before.len(), now.len());
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                assert_eq!(before, now, "{source} says something else at position {}", index + 1);
            }
        }
    }

    /// Nothing is owed any more: each board that needs a case has exactly one, and each case is noted once.
    pub fn is_settled(&self) {
        for (incident, needed) in &self.reported {
            for (what, boards) in [("opened", self.opened.get(incident)), ("held", self.held.get(incident))] {
                let boards = boards.map_or(&[][..], Vec::as_slice);
                let once: BTreeSet<_> = boards.iter().cloned().collect();
                assert_eq!(once.len(), boards.len(), "{incident}: a case {what} twice: {boards:?}");
                assert_eq!(once, *needed, "{incident}: cases {what}");
            }
        }
        assert!(self.opened.keys().all(|incident| self.reported.contains_key(incident)), "a case of nothing");
    }

    fn take(&mut self, bytes: &[u8]) -> Value {
        let event: Value = serde_json::from_slice(bytes).expect("an event is JSON");
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (source, subject, id) = (text("source"), text("subject"), text("id"));
        let suffix = Suffix::read(bytes).expect("stored bytes end in what the store appended");

        let log = self.logs.entry(source.clone()).or_default();
        assert_eq!(suffix.position, log.len() as u64 + 1, "positions of {source} are dense");
        assert_eq!(suffix.previous, *log.last().unwrap_or(&NO_EVENT), "the chain of {source} at {}", suffix.position);
        log.push(*blake3::hash(bytes).as_bytes());
        let version = self.versions.entry(format!("{source} {subject}")).or_default();
        *version += 1;
        assert_eq!(suffix.version, *version, "versions of {subject} are dense");

        if let Some(cause) = event["causationid"].as_str() {
            assert!(self.ids.contains(cause), "the cause of {id} comes before it");
            let effect = (cause.to_owned(), text("type"), subject);
            assert!(self.effects.insert(effect.clone()), "no effect twice: {effect:?}");
        }
        assert!(self.ids.insert(id.clone()), "{id} comes once");

        let data = &event["data"];
        let incident = || data["incidentId"].as_str().expect("it names its incident").to_owned();
        let board = |board: &Value| board["id"].as_str().map(str::to_owned);
        match event["type"].as_str() {
            Some(REPORTED) => {
                self.positions.insert(incident(), suffix.position);
                let again = self.reported.insert(incident(), needed_cases(data, &board));
                assert!(again.is_none(), "{} is reported once", incident());
            }
            Some(OPENED) => self.opened.entry(incident()).or_default().push(board(&data["responsibleBoard"])),
            Some(HELD) => self.held.entry(incident()).or_default().push(board(&data["responsibleBoard"])),
            _ => {}
        }
        event
    }
}

/// One case per affected board; one of nobody's where no board is affected.
fn needed_cases(report: &Value, board: &impl Fn(&Value) -> Option<String>) -> BTreeSet<Option<String>> {
    let affected = report["affected"].as_array().map_or(&[][..], Vec::as_slice);
    match (report["needsSupport"] == true, affected) {
        (false, _) => BTreeSet::new(),
        (true, []) => BTreeSet::from([None]),
        (true, affected) => affected.iter().map(|affected| board(&affected["board"])).collect(),
    }
}

/// The ids of the events behind a cursor, page by page, and the cursor behind them.
async fn pages(house: &House, token: &str, from: &str, reached: &Vector) -> (Vec<String>, String) {
    let (mut ids, mut after) = (Vec::new(), from.to_owned());
    loop {
        let path = format!("/v1/events?limit=1000&after={after}&minCursor={reached}");
        let page = until("the feed has reached what was seen", || async {
            let (status, page) = json(house.get(&path, token)).await;
            assert!([200, 503].contains(&status), "{page}");
            (status == 200).then_some(page)
        })
        .await;
        let events = page["events"].as_array().expect("a page has events");
        ids.extend(events.iter().map(|event| event["id"].as_str().expect("an event has an id").to_owned()));
        let next = page["next"].as_str().expect("a page has next").to_owned();
        if events.is_empty() && next == after {
            return (ids, after);
        }
        after = next;
    }
}

struct Stream {
    chunks: std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    buffer: Vec<u8>,
    /// Up to here the buffer has been read.
    read: usize,
}

impl Stream {
    async fn open(house: &House, token: &str, cursor: &str) -> Stream {
        let mut request = house.get("/v1/events", token).header("accept", "text/event-stream");
        request =
            if cursor == "-" { request.query(&[("after", "-")]) } else { request.header("last-event-id", cursor) };
        let answer = request.send().await.expect("the house answers");
        assert_eq!(answer.status(), 200);
        Stream { chunks: Box::pin(answer.bytes_stream()), buffer: Vec::new(), read: 0 }
    }

    /// The next event: id, type, data exactly as sent.
    async fn next(&mut self) -> (String, String, String) {
        let (mut id, mut event_type) = (String::new(), String::new());
        loop {
            let line = tokio::time::timeout(PATIENCE, self.line()).await.expect("an event that the pages have comes");
            match line.split_once(": ") {
                Some(("id", value)) => id = value.to_owned(),
                Some(("event", value)) => event_type = value.to_owned(),
                Some(("data", value)) => return (id, event_type, value.to_owned()),
                _ => {}
            }
        }
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(length) = self.buffer[self.read..].iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8(self.buffer[self.read..self.read + length].to_vec()).expect("UTF-8");
                self.read += length + 1;
                return line;
            }
            self.buffer.drain(..self.read);
            self.read = 0;
            let chunk = self.chunks.next().await.expect("the stream goes on").expect("the house sends");
            self.buffer.extend_from_slice(&chunk);
        }
    }
}
