//! What the context `duty` records about alarms: raised, ordered, attempted, received, settled. Stream `alarm/<id>`.

use super::{Message, Named, readiness::PathStep};
use crate::{
    Sealed,
    codes::{AlarmOutcome, AlarmPurpose, AttemptOutcome, Channel, OrderedBecause, Reach},
};
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// An alarm begins its way down a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmRaised {
    pub alarm_id: String,
    pub purpose: AlarmPurpose,
    /// Whose path it goes down.
    pub board: Named,
    /// The recorded path it was taken from; absent where the board has none and its functions are alarmed in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_id: Option<String>,
    /// The support case; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_id: Option<String>,
    /// The steps as they were when it was raised, the last resort last.
    pub steps: Vec<PathStep>,
    pub rounds: u32,
    /// A call-in ends when so many with these capabilities have accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
    /// What the receivers are told beside what the purpose says; sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Sealed>,
    /// Whether something that looked like a personnummer was masked in the message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// The hole in cover that is warned of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hole: Option<Hole>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
}

/// How many must accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quorum {
    pub accept: u32,
    /// Only acceptances of functions with this capability count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
}

/// A place and time that nobody can be reached for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hole {
    pub area: Named,
    pub board: Named,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Code: `no-division`, `no-function`, `no-roster`, `not-staffed`, `no-contact-way`, `channel-failed`.
    pub reason: String,
}

/// Messages that have to go out: the intent, in the log before anything is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveriesOrdered {
    pub alarm_id: String,
    /// From 0.
    pub round: u32,
    /// From 0.
    pub step: u32,
    pub because: OrderedBecause,
    pub deliveries: Vec<Delivery>,
}

/// One message to one receiver on one channel. Its id is the idempotency key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub delivery_id: String,
    pub function: String,
    /// The roster that the member stands in; absent without a member, and in events from before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<String>,
    /// Who of the crew is on duty; absent where the function's own way is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The place of the way in the order of ways, from 0.
    pub way: u32,
    /// How many ways the receiver had then.
    pub ways: u32,
    pub channel: Channel,
    /// Absent for the channel's own test receiver, and where no address is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Sealed>,
}

/// The outcome of an attempt to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryAttempted {
    pub alarm_id: String,
    pub delivery_id: String,
    /// From 1.
    pub attempt: u32,
    pub outcome: AttemptOutcome,
    /// What the channel said, never an address.
    pub detail: String,
    /// When it is tried again, after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// True when a process died while it was being sent: a receiver that does not honour the key may have it twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_twice: bool,
}

/// What the receiver's side says of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReceipted {
    pub alarm_id: String,
    pub delivery_id: String,
    pub reach: Reach,
    /// The channel whose signed receipt it was, or `command`.
    pub via: String,
}

/// An alarm has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmSettled {
    pub alarm_id: String,
    pub outcome: AlarmOutcome,
    /// The function that took it; absent where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// What a nightly alarm down a path found, channel by channel: "proven by machine"; stream `alarm-path/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathProven {
    pub path_id: String,
    pub alarm_id: String,
    pub results: Vec<ChannelResult>,
}

/// Whether a channel carried its test message to its test receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelResult {
    pub channel: Channel,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
    /// Nothing could be tried: the channel has no test receiver.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untested: bool,
    pub detail: String,
}

super::readiness::message! {
    AlarmRaised = "alarm-raised";
    DeliveriesOrdered = "deliveries-ordered";
    DeliveryAttempted = "delivery-attempted";
    DeliveryReceipted = "delivery-receipted";
    AlarmSettled = "alarm-settled";
    PathProven = "path-proven";
}
