//! What the context `duty` records about readiness: functions, rosters, centres and alarm paths, each version whole.

use super::{Message, Named};
use crate::{
    Sealed,
    codes::{Channel, FunctionKind, OnHolidays, SwapOutcome},
};
use narhet_calendar::{ClockTime, Date, Weekday, Zone};
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A role that is always staffed: a duty of a board, not of a phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DutyFunction {
    /// A slug: `krisstod-jarva`, `city-tib`.
    pub id: String,
    pub board: Named,
    pub kind: FunctionKind,
    /// The function's Swedish name; never a person's.
    pub name: String,
    /// What can be counted on: `samtalsstod`, `teckensprak`.
    pub capabilities: Vec<String>,
    /// In the order in which they are tried.
    pub contact_ways: Vec<ContactWay>,
    /// The delegation or decision it rests on, in Swedish.
    pub source: String,
}

/// Where a function is reached on a channel; the address is sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContactWay {
    pub channel: Channel,
    pub address: Sealed,
}

/// A version of a duty function; stream `function/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionRecorded {
    pub function: DutyFunction,
    /// The holes in cover that this version opens and that were accepted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

/// Who staffs a function, when: layers of rotations, with leave and overrides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Roster {
    /// A slug.
    pub id: String,
    pub board: Named,
    /// The id of the function it staffs.
    pub function: String,
    pub name: String,
    pub zone: Zone,
    /// It staffs from here on.
    pub valid_from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// Those on duty at an instant stand in the order of the layers.
    pub layers: Vec<Layer>,
    pub leave: Vec<Leave>,
    pub overrides: Vec<Override>,
}

/// One rotation of a crew through a week of shifts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    pub name: String,
    /// The first date of the first member's first turn.
    pub starts: Date,
    /// Days of a turn: 7 for weekly rotation.
    pub turn_days: u16,
    /// In the order of their turns.
    pub crew: Vec<Member>,
    pub shifts: Vec<Shift>,
}

/// One of a crew: a function's name, never a person's in the clear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// A slug, unique in the roster.
    pub id: String,
    /// `Krisstöd Järva, lag A`.
    pub name: String,
    /// Tried before the function's own, where there are any.
    pub contact_ways: Vec<ContactWay>,
}

/// From one time on the wall to another; one at or before the first is on the next day. Turns and days are judged by the
/// date on which it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    pub weekdays: Vec<Weekday>,
    pub from: ClockTime,
    pub to: ClockTime,
    pub on_holidays: OnHolidays,
}

/// A member is away and staffs nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    pub member: String,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// For a time somebody, or nobody, is on duty instead of everybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Absent: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// In the clear in events from before it was sealed; absent since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_reason: Option<Sealed>,
    /// Whether something that looked like a personnummer was masked in the reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

/// A version of a roster; stream `roster/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RosterRecorded {
    pub roster: Roster,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

/// A member offers a shift to another; nothing moves before it is taken. Stream `roster/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SwapOffered {
    pub swap_id: String,
    pub roster_id: String,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Who is on duty then and wants to be rid of it.
    pub giver: String,
    /// Who is asked to take it.
    pub taker: String,
}

/// An offered swap was taken, declined or withdrawn; stream `roster/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SwapSettled {
    pub swap_id: String,
    pub roster_id: String,
    pub outcome: SwapOutcome,
}

/// A temporary crisis-support centre: where people are referred while it is open. It never moves a holder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Centre {
    pub id: String,
    pub board: Named,
    pub name: String,
    /// Where people are told to come: a street address, not sealed.
    pub address: String,
    pub zone: Zone,
    pub opening: Vec<Opening>,
    pub valid_from: Timestamp,
    pub valid_to: Timestamp,
}

/// Hours on some weekdays; an end at or before the start is on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    pub weekdays: Vec<Weekday>,
    pub from: ClockTime,
    pub to: ClockTime,
}

/// A version of a centre; stream `centre/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CentreRecorded {
    pub centre: Centre,
}

/// Whom to alarm for a board, in which order. The last resort comes after the last step, always, and is not written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmPath {
    /// A slug: the board's own id for its path of crisis support.
    pub id: String,
    pub board: Named,
    pub name: String,
    pub steps: Vec<PathStep>,
    /// How often the steps are gone through before the last resort; at least 1.
    pub rounds: u32,
    /// The decision it rests on, in Swedish.
    pub source: String,
}

/// One step: those who are alarmed together, and how long they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathStep {
    /// Ids of functions; a group has several.
    pub functions: Vec<String>,
    /// Seconds from the step's first recorded dispatch to the next step.
    pub acknowledge_within_s: u32,
    /// Seconds from a way's recorded dispatch until the next way is tried as well, unless it is read; absent: the step's time
    /// shared among the ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_way_after_s: Option<u32>,
}

/// A version of an alarm path; stream `alarm-path/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmPathRecorded {
    pub path: AlarmPath,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

/// A function, roster, centre, path or board's calendar was taken away; on its own stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordRemoved {
    /// `function`, `roster`, `centre`, `alarm-path`, `calendar`.
    pub kind: String,
    pub id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

/// Somebody who knows the current path says so; stream `alarm-path/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathRead {
    pub path_id: String,
    /// The version that was read, counted from 1.
    pub path_version: u32,
    /// The board whose readiness is told.
    pub board: String,
    /// The reader's pseudonym.
    pub reader: String,
}

/// A secret address of a calendar was given out; stream `calendar-feed/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedIssued {
    pub feed_id: String,
    pub roster_id: String,
    /// BLAKE3 of the secret, hexadecimal: the secret itself is nowhere.
    pub secret_hash: String,
}

/// A secret address is good no longer; stream `calendar-feed/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedRevoked {
    pub feed_id: String,
}

macro_rules! message {
    ($($name:ident = $code:literal;)+) => {
        $(impl Message for $name {
            const TYPE: &'static str = concat!("se.narhet.duty.", $code, ".v1");
            const PROTO: &'static str = concat!("narhet.duty.v1.", stringify!($name));
        })+
    };
}
pub(super) use message;

message! {
    FunctionRecorded = "function-recorded";
    RosterRecorded = "roster-recorded";
    SwapOffered = "swap-offered";
    SwapSettled = "swap-settled";
    CentreRecorded = "centre-recorded";
    AlarmPathRecorded = "alarm-path-recorded";
    RecordRemoved = "record-removed";
    PathRead = "path-read";
    FeedIssued = "feed-issued";
    FeedRevoked = "feed-revoked";
}
