//! What the `data` of each event is: past tense, stored for ever; the names here *are* the storage format.

pub mod actors;
pub mod alarm;
pub mod area;
pub mod duty;
pub mod handover;
pub mod house;
pub mod readiness;
pub mod situation;
pub mod takeover;

use narhet_kernel::BoardId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

/// The `data` of one event type, as JSON that is the ProtoJSON form of the message `PROTO`.
pub trait Message: Serialize + DeserializeOwned {
    /// `se.narhet.<context>.<event>.v1`: stored in every event, so never changed.
    const TYPE: &'static str;
    /// The message's full name in `proto/**/*.proto`.
    const PROTO: &'static str;

    fn to_raw(&self) -> Box<RawValue> {
        to_raw_value(self).expect("messages hold strings, finite numbers and JSON objects only")
    }
}

/// A board or area as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }

    pub fn board_id(&self) -> Option<BoardId> {
        BoardId::new(self.id.as_str())
    }
}

/// One reason for an answer: the rule, where it is written, what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// Rule and version: `krisstod/2020`, `kontorstid/1`, `omradesansvar/2020`.
    pub rule: String,
    pub source: String,
    /// One Swedish sentence.
    pub text: String,
    #[serde(default)]
    pub event_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumption: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_version: Option<String>,
}
