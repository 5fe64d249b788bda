//! Calendars as the host drives them: the central one at a house's first start, every version to the fold.

use crate::{
    case_log::read,
    office::{CENTRAL, Recorded},
    service::Duty,
};
use narhet_calendar::OfficeHours;
use narhet_kernel::{Principal, StreamId};
use narhet_proto::{Draft, Event, Message, events::duty::CalendarRecorded};
use narhet_runtime::{Env, Expected, Write};

/// What a new house records: the central calendar of kontorstid.
pub fn first_start(env: &Env<'_>) -> Vec<Write> {
    let stream = StreamId::new("calendar", CENTRAL);
    let message = CalendarRecorded { calendar: OfficeHours::central() };
    let draft = Draft::public(env.new_id(), stream, Principal::house().owner(), &message);
    vec![Write::one(Expected::NoStream, draft)]
}

/// Folds a recorded version.
pub fn evolve(duty: &mut Duty, event: &Event) {
    if event.event_type == CalendarRecorded::TYPE {
        let CalendarRecorded { calendar } = read(event);
        duty.offices.record(Recorded { event: event.id, position: event.position, time: event.time, hours: calendar });
        // A board's own steers when it is asked, and the central one stands in for those that are missing.
        duty.set_case_timers();
    }
}
