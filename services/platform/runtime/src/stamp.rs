//! What a message of the stream says about its event beside the stored bytes, so that an adopted frame is whole.

use narhet_bus::{Headers, Published};
use narhet_event_store::{Frame, Outcome, Progress};
use narhet_kernel::{StoreId, Uuid, Vector};
use serde::{Deserialize, Serialize};

const STORE: &str = "Narhet-Store";
const POSITION: &str = "Narhet-Position";
const ID: &str = "Narhet-Event";
const FRAME: &str = "Narhet-Frame";
const COUNT: &str = "Narhet-Frame-Events";
const CONSUMED: &str = "Narhet-Consumed";
const OUTCOMES: &str = "Narhet-Outcomes";
const PROGRESS: &str = "Narhet-Progress";

/// The headers of one event's message.
#[derive(Clone, Debug)]
pub struct Stamp {
    pub store: StoreId,
    pub position: u64,
    pub id: Uuid,
    /// The first position of its frame.
    pub frame: u64,
    /// How many events the frame has.
    pub count: u64,
    /// What had been consumed when the frame was decided.
    pub consumed: Vector,
}

/// A message of the stream that does not carry what a relay writes.
#[derive(Debug, thiserror::Error)]
#[error("message {sequence} of the stream has no valid {header} header: it does not come from a relay")]
pub struct NotStamped {
    pub sequence: u64,
    pub header: &'static str,
}

#[derive(Serialize, Deserialize)]
struct StoredOutcome {
    principal: String,
    route: String,
    key: String,
    body: String,
    events: Vec<Uuid>,
}

#[derive(Serialize, Deserialize)]
struct StoredProgress {
    process: String,
    cause: Uuid,
    next: u32,
}

impl Stamp {
    pub fn headers(&self) -> Headers {
        Headers::from([
            (STORE.to_owned(), self.store.to_string()),
            (POSITION.to_owned(), self.position.to_string()),
            (ID.to_owned(), self.id.to_string()),
            (FRAME.to_owned(), self.frame.to_string()),
            (COUNT.to_owned(), self.count.to_string()),
            (CONSUMED.to_owned(), self.consumed.to_string()),
        ])
    }

    pub fn of(message: &Published) -> Result<Stamp, NotStamped> {
        fn read<T: std::str::FromStr>(message: &Published, header: &'static str) -> Result<T, NotStamped> {
            let value = message.headers.get(header).and_then(|value| value.parse().ok());
            value.ok_or(NotStamped { sequence: message.sequence, header })
        }
        Ok(Stamp {
            store: StoreId(read(message, STORE)?),
            position: read(message, POSITION)?,
            id: read(message, ID)?,
            frame: read(message, FRAME)?,
            count: read(message, COUNT)?,
            consumed: read(message, CONSUMED)?,
        })
    }
}

/// The headers that only a frame's first message carries.
pub fn frame_headers(frame: &Frame) -> Headers {
    let mut headers = Headers::new();
    if !frame.outcomes.is_empty() {
        let outcomes: Vec<StoredOutcome> = frame
            .outcomes
            .iter()
            .map(|outcome| StoredOutcome {
                principal: outcome.principal.clone(),
                route: outcome.route.clone(),
                key: outcome.key.clone(),
                body: blake3::Hash::from_bytes(outcome.body_hash).to_hex().to_string(),
                events: outcome.event_ids.clone(),
            })
            .collect();
        headers.insert(OUTCOMES.to_owned(), json(&outcomes));
    }
    if !frame.progress.is_empty() {
        let progress: Vec<StoredProgress> = frame
            .progress
            .iter()
            .map(|step| StoredProgress { process: step.process.clone(), cause: step.cause, next: step.next })
            .collect();
        headers.insert(PROGRESS.to_owned(), json(&progress));
    }
    headers
}

/// A frame as its messages carried it, in order.
pub fn frame_of(messages: &[Published]) -> Result<Frame, NotStamped> {
    let first = messages.first().ok_or(NotStamped { sequence: 0, header: FRAME })?;
    let stamp = Stamp::of(first)?;
    let outcomes: Vec<StoredOutcome> = list(first, OUTCOMES)?;
    let progress: Vec<StoredProgress> = list(first, PROGRESS)?;
    let outcomes = outcomes
        .into_iter()
        .map(|outcome| {
            let hash = blake3::Hash::from_hex(&outcome.body);
            let hash = hash.map_err(|_| NotStamped { sequence: first.sequence, header: OUTCOMES })?;
            Ok(Outcome {
                principal: outcome.principal,
                route: outcome.route,
                key: outcome.key,
                body_hash: *hash.as_bytes(),
                event_ids: outcome.events,
            })
        })
        .collect::<Result<_, NotStamped>>()?;
    Ok(Frame {
        first: stamp.frame,
        events: messages.iter().map(|message| message.payload.clone()).collect(),
        consumed: stamp.consumed,
        outcomes,
        progress: progress
            .into_iter()
            .map(|step| Progress { process: step.process, cause: step.cause, next: step.next })
            .collect(),
    })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and ids always serialize")
}

fn list<T: serde::de::DeserializeOwned>(message: &Published, header: &'static str) -> Result<Vec<T>, NotStamped> {
    match message.headers.get(header) {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| NotStamped { sequence: message.sequence, header }),
    }
}
