//! What the clock makes due in an open case, by the hours of the board that is asked.

use super::Case;
use crate::domain::handover::Hours;
use narhet_kernel::Timestamp;
use narhet_proto::events::Named;

/// Something that is due now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The open offer has waited long enough for a reminder.
    Remind,
    /// The open offer has waited long enough.
    Silence { offer_id: String },
    /// The responsible board is to be asked.
    Ask { to: Named },
}

impl Case {
    /// The first thing that is due, if anything is.
    pub fn due(&self, hours: &impl Hours, now: Timestamp) -> Option<Due> {
        if let Some(offer) = &self.offer {
            if offer.answer_by <= now {
                return Some(Due::Silence { offer_id: offer.id.clone() });
            }
            return (!offer.reminded && offer.remind_at <= now).then_some(Due::Remind);
        }
        let to = self.responsible.as_ref()?;
        self.ask?.is_due(hours, now).then(|| Due::Ask { to: to.clone() })
    }
}
