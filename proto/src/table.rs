//! The one list of event types.

use crate::events::{
    Message, actors::*, alarm::*, area::*, duty::*, handover::*, house::*, readiness::*, situation::*, takeover::*,
};
use narhet_kernel::Context;
use serde_json::value::RawValue;

/// One event type that this version understands.
#[derive(Clone, Copy, Debug)]
pub struct EventType {
    pub context: Context,
    /// `se.narhet.<context>.<event>.v1`.
    pub name: &'static str,
    /// The full name of the message in `proto/**/*.proto`.
    pub proto: &'static str,
    /// Whether this JSON decodes as the type's `data`, and if so the text that this version would write for it.
    pub round_trip: fn(&str) -> Result<Box<RawValue>, serde_json::Error>,
    /// Whether this JSON decodes as the type's `data`.
    pub check: fn(&str) -> Result<(), serde_json::Error>,
}

impl EventType {
    const fn of<M: Message>(context: Context) -> Self {
        Self { context, name: M::TYPE, proto: M::PROTO, round_trip: round_trip::<M>, check: check::<M> }
    }

    /// The `<event>` of the name and of the NATS subject: `incident-reported`.
    pub fn event(&self) -> &'static str {
        event_of(self.name)
    }
}

fn check<M: Message>(json: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<M>(json).map(drop)
}

fn round_trip<M: Message>(json: &str) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::from_str::<M>(json).map(|message| message.to_raw())
}

/// Every event type that was ever written; old ones stay for ever.
pub const EVENT_TYPES: &[EventType] = &[
    EventType::of::<BoardEstablished>(Context::Area),
    EventType::of::<BoardDissolved>(Context::Area),
    EventType::of::<AreaDrawn>(Context::Area),
    EventType::of::<DivisionRecorded>(Context::Area),
    EventType::of::<BoardRenamed>(Context::Area),
    EventType::of::<CrisisBoardActivated>(Context::Area),
    EventType::of::<CrisisBoardEnded>(Context::Area),
    EventType::of::<TakeoverRecorded>(Context::Area),
    EventType::of::<TakeoverReported>(Context::Area),
    EventType::of::<TakeoverReturned>(Context::Area),
    EventType::of::<AreaPrincipalSeen>(Context::Area),
    EventType::of::<CalendarRecorded>(Context::Duty),
    EventType::of::<SupportCaseOpened>(Context::Duty),
    EventType::of::<FunctionAlarmed>(Context::Duty),
    EventType::of::<SupportCaseAcknowledged>(Context::Duty),
    EventType::of::<HandoverOffered>(Context::Duty),
    EventType::of::<HandoverReminded>(Context::Duty),
    EventType::of::<HandoverAccepted>(Context::Duty),
    EventType::of::<HandoverRefused>(Context::Duty),
    EventType::of::<HandoverTimedOut>(Context::Duty),
    EventType::of::<HandoverRecalled>(Context::Duty),
    EventType::of::<SupportCaseTakenOver>(Context::Duty),
    EventType::of::<SupportCaseInherited>(Context::Duty),
    EventType::of::<SupportCaseRelocated>(Context::Duty),
    EventType::of::<SupportCaseClosed>(Context::Duty),
    EventType::of::<DutyPrincipalSeen>(Context::Duty),
    EventType::of::<FunctionRecorded>(Context::Duty),
    EventType::of::<RosterRecorded>(Context::Duty),
    EventType::of::<SwapOffered>(Context::Duty),
    EventType::of::<SwapSettled>(Context::Duty),
    EventType::of::<CentreRecorded>(Context::Duty),
    EventType::of::<AlarmPathRecorded>(Context::Duty),
    EventType::of::<RecordRemoved>(Context::Duty),
    EventType::of::<PathRead>(Context::Duty),
    EventType::of::<FeedIssued>(Context::Duty),
    EventType::of::<FeedRevoked>(Context::Duty),
    EventType::of::<AlarmRaised>(Context::Duty),
    EventType::of::<DeliveriesOrdered>(Context::Duty),
    EventType::of::<DeliveryAttempted>(Context::Duty),
    EventType::of::<DeliveryReceipted>(Context::Duty),
    EventType::of::<AlarmSettled>(Context::Duty),
    EventType::of::<PathProven>(Context::Duty),
    EventType::of::<IncidentReported>(Context::Situation),
    EventType::of::<IncidentStatusChanged>(Context::Situation),
    EventType::of::<SupportHeld>(Context::Situation),
    EventType::of::<SupportMoved>(Context::Situation),
    EventType::of::<SupportClosed>(Context::Situation),
    EventType::of::<SituationPrincipalSeen>(Context::Situation),
    EventType::of::<AreaSubjectForgotten>(Context::Area),
    EventType::of::<DutySubjectForgotten>(Context::Duty),
    EventType::of::<SituationSubjectForgotten>(Context::Situation),
    EventType::of::<ActorsPrincipalSeen>(Context::Actors),
    EventType::of::<ActorRegistered>(Context::Actors),
    EventType::of::<ActorChanged>(Context::Actors),
    EventType::of::<ActorVerified>(Context::Actors),
    EventType::of::<VerificationDue>(Context::Actors),
    EventType::of::<ActorArchived>(Context::Actors),
    EventType::of::<ChangeProposed>(Context::Actors),
    EventType::of::<ProposalSettled>(Context::Actors),
    EventType::of::<ActorLinked>(Context::Actors),
    EventType::of::<ActorUnlinked>(Context::Actors),
    EventType::of::<RelinkBegun>(Context::Actors),
    EventType::of::<RelinkDone>(Context::Actors),
    EventType::of::<SealedFieldRead>(Context::Actors),
    EventType::of::<ProtectedListed>(Context::Actors),
    EventType::of::<ProtectionChanged>(Context::Actors),
    EventType::of::<ProtectionAcknowledged>(Context::Actors),
    EventType::of::<ContactLogged>(Context::Actors),
    EventType::of::<RowsImported>(Context::Actors),
    EventType::of::<IncidentNoted>(Context::Actors),
    EventType::of::<SubjectHeld>(Context::Actors),
    EventType::of::<SubjectErased>(Context::Actors),
];

/// The type with this name, if this version knows it; others are ignored and counted.
pub fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|known| known.name == name)
}

/// The `<event>` of `se.narhet.<context>.<event>.v1`.
pub fn event_of(name: &str) -> &str {
    name.split('.').nth(3).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_the_grammar_of_type_names_and_stands_once() {
        for (index, known) in EVENT_TYPES.iter().enumerate() {
            let expected = format!("se.narhet.{}.{}.v1", known.context, known.event());
            assert_eq!(known.name, expected);
            assert!(EVENT_TYPES[..index].iter().all(|other| other.name != known.name), "{} stands twice", known.name);
        }
    }
}
