//! Between a case's domain events and the log.

use crate::domain::support_case::Event as Happened;
use narhet_proto::{
    Event, Message,
    events::{duty::*, handover::*},
};
use serde_json::value::RawValue;

/// The kind of the streams of cases.
pub const STREAM: &str = "support-case";

/// The stored type and data of a domain event.
pub fn stored(event: &Happened) -> (&'static str, Box<RawValue>) {
    fn of<M: Message>(message: &M) -> (&'static str, Box<RawValue>) {
        (M::TYPE, message.to_raw())
    }
    match event {
        Happened::Opened(message) => of(&**message),
        Happened::Alarmed(message) => of(message),
        Happened::Acknowledged(message) => of(message),
        Happened::Offered(message) => of(message),
        Happened::Reminded(message) => of(message),
        Happened::Accepted(message) => of(message),
        Happened::Refused(message) => of(message),
        Happened::TimedOut(message) => of(message),
        Happened::Recalled(message) => of(message),
        Happened::TakenOver(message) => of(message),
        Happened::Inherited(message) => of(message),
        Happened::Relocated(message) => of(message),
        Happened::Closed(message) => of(message),
    }
}

/// The domain event that an event of the log is, with its type's constant; `None` for what is none of a case.
pub fn decoded(event: &Event) -> Option<(Happened, &'static str)> {
    fn of<M: Message>(event: &Event, wrap: fn(M) -> Happened) -> Option<(Happened, &'static str)> {
        Some((wrap(read(event)), M::TYPE))
    }
    match event.event_type.as_str() {
        SupportCaseOpened::TYPE => of(event, |message| Happened::Opened(Box::new(message))),
        FunctionAlarmed::TYPE => of(event, Happened::Alarmed),
        SupportCaseAcknowledged::TYPE => of(event, Happened::Acknowledged),
        HandoverOffered::TYPE => of(event, Happened::Offered),
        HandoverReminded::TYPE => of(event, Happened::Reminded),
        HandoverAccepted::TYPE => of(event, Happened::Accepted),
        HandoverRefused::TYPE => of(event, Happened::Refused),
        HandoverTimedOut::TYPE => of(event, Happened::TimedOut),
        HandoverRecalled::TYPE => of(event, Happened::Recalled),
        SupportCaseTakenOver::TYPE => of(event, Happened::TakenOver),
        SupportCaseInherited::TYPE => of(event, Happened::Inherited),
        SupportCaseRelocated::TYPE => of(event, Happened::Relocated),
        SupportCaseClosed::TYPE => of(event, Happened::Closed),
        _ => None,
    }
}

/// Decodes the data of an event whose type is known.
pub(crate) fn read<M: Message>(event: &Event) -> M {
    serde_json::from_str(event.data.get()).unwrap_or_else(|error| {
        // The host checks every event against the table before it hands it on: this is a broken invariant.
        panic!("the {} at position {} cannot be decoded: {error}", event.event_type, event.position)
    })
}
