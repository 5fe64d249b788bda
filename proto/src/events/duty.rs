//! What the context `duty` records: calendars and support cases.

use super::{Message, Named, Why};
use crate::{Sealed, codes::AffectedBasis};
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A version of a calendar of office hours; stream `calendar/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalendarRecorded {
    pub calendar: narhet_calendar::OfficeHours,
    /// The holes in cover that this version opens and that were accepted by name; of the central calendar only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
}

impl Message for CalendarRecorded {
    const TYPE: &'static str = "se.narhet.duty.calendar-recorded.v1";
    const PROTO: &'static str = "narhet.duty.v1.CalendarRecorded";
}

/// A case of crisis support, born with its holder; stream `support-case/<id>`. Never about an individual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportCaseOpened {
    pub case_id: String,
    pub incident_id: String,
    /// The affected board; absent while the place is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_board: Option<Named>,
    /// Who has the operative responsibility, from the recorded time of this event.
    pub holder: Named,
    /// The instant the rule was applied to: when it occurred, else when it was reported.
    pub occurred_at: Timestamp,
    pub office_open: bool,
    pub why: Vec<Why>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
    /// The coarse place: an area, never a dwelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Named>,
    /// Why the board is affected; absent while there is none, and in events from before this was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<AffectedBasis>,
    /// Why the case was opened by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
    /// Whether something that looked like a personnummer was masked in the reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

impl Message for SupportCaseOpened {
    const TYPE: &'static str = "se.narhet.duty.support-case-opened.v1";
    const PROTO: &'static str = "narhet.duty.v1.SupportCaseOpened";
}

/// A duty function was alarmed about a case; stream `support-case/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionAlarmed {
    pub case_id: String,
    pub incident_id: String,
    /// `city-tib`: kommunstyrelsen's tjänsteman i beredskap, the last resort.
    pub function: String,
    pub board: Named,
    /// What the function is asked to do: `place-the-case`.
    pub task: String,
}

impl Message for FunctionAlarmed {
    const TYPE: &'static str = "se.narhet.duty.function-alarmed.v1";
    const PROTO: &'static str = "narhet.duty.v1.FunctionAlarmed";
}
