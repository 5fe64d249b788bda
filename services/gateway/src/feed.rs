//! The feed: recent events in a ring that every client shares, and who may see which.
//!
//! A client's cursor is a vector, and its order need not be the ring's: one that caught up from the logs has seen the same
//! events in another, equally causal order. So a reader joins the ring as soon as everything it lacks is in there, skips
//! what its vector covers, and counts its own vector on.

pub mod grants;
pub mod page;
pub mod reader;
pub mod ring;
pub mod sse;

pub use grants::Grants;
pub use reader::{Filter, Reader, Step};
pub use ring::{Overtaken, Ring, RingLimits};

use bytes::Bytes;
use narhet_kernel::{Context, Mark, StreamId};
use narhet_proto::Event;
use serde::Deserialize;

/// One event with what is needed to choose its readers; the bytes are the stored ones.
#[derive(Clone, Debug)]
pub struct Entry {
    pub context: Context,
    pub mark: Mark,
    pub event_type: String,
    pub owner: String,
    pub readers: String,
    /// The incident it is about, whose readers a handover may widen.
    pub incident: Option<String>,
    pub bytes: Bytes,
}

impl Entry {
    pub fn new(context: Context, mark: Mark, event: &Event, bytes: Bytes) -> Self {
        Self {
            context,
            mark,
            event_type: event.event_type.clone(),
            owner: event.owner.as_str().to_owned(),
            readers: event.readers.clone(),
            incident: incident_of(&event.subject, event.data.get()),
            bytes,
        }
    }
}

/// An event is about an incident by its stream, or because its data names one (a support case does).
fn incident_of(subject: &StreamId, data: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct About {
        incident_id: Option<String>,
    }
    match subject.kind() {
        "incident" => Some(subject.id().to_owned()),
        "support-case" => serde_json::from_str::<About>(data).ok()?.incident_id,
        _ => None,
    }
}

#[cfg(test)]
mod tests;
