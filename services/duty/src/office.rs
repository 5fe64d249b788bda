//! The central calendar of kontorstid as folded from duty's own log; no board's calendar moves the rule.

use crate::domain::why::{CalendarVersion, OfficeAnswer};
use narhet_calendar::{Calendars, OfficeHours};
use narhet_kernel::{Timestamp, Uuid};

/// The stream `calendar/<id>` of the calendar that decides the rule.
pub const CENTRAL: &str = "kontorstid";

/// As known at the head of the log.
const NOW: u64 = u64::MAX;

/// The recorded versions of the central calendar.
#[derive(Clone, Debug, Default)]
pub struct Office {
    calendars: Calendars,
    /// The event of each version, version 1 first.
    events: Vec<Uuid>,
}

impl Office {
    /// Takes the next recorded version.
    pub fn record(&mut self, position: u64, event: Uuid, hours: OfficeHours) {
        self.calendars.record(position, hours);
        self.events.push(event);
    }

    pub fn is_recorded(&self) -> bool {
        !self.events.is_empty()
    }

    pub fn at(&self, at: Timestamp) -> OfficeAnswer {
        let Some((hours, number)) = self.calendars.in_force(at, NOW) else {
            return OfficeAnswer { at, open: false, closed_because: None, calendar: None };
        };
        let event = usize::try_from(number).ok().and_then(|number| self.events.get(number.checked_sub(1)?));
        let calendar = CalendarVersion {
            number,
            event_id: event.map(Uuid::to_string).unwrap_or_default(),
            source: hours.source.clone(),
            assumption: hours.assumption,
        };
        let closed_because = hours.why_closed(at).map(|because| because.to_string());
        OfficeAnswer { at, open: closed_because.is_none(), closed_because, calendar: Some(calendar) }
    }

    /// The next instant at which the office opens or closes.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        self.calendars.next_change(after, NOW)
    }
}
