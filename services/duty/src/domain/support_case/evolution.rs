//! What each event makes of an open case; total.

use super::{Case, Event, Stage};
use crate::domain::handover::{Ask, Ended, Offer};
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::AffectedBasis,
    events::{Named, duty::SupportCaseOpened, handover::*},
};

impl Case {
    pub(super) fn opened(opened: &SupportCaseOpened, at: Timestamp) -> Case {
        let case = Case {
            id: opened.case_id.clone(),
            incident_id: opened.incident_id.clone(),
            responsible: opened.responsible_board.clone(),
            holder: opened.holder.clone(),
            stage: Stage::Held,
            offer: None,
            ended: None,
            ask: Some(Ask::WhenOpen { from: at }),
            affected: true,
            named_by_hand: opened.basis == Some(AffectedBasis::Named),
        };
        case.asking_whom_it_concerns()
    }

    /// The case after one more event.
    pub(super) fn after(self, event: &Event, at: Timestamp) -> Case {
        match event {
            // Opened twice, or closed: not an event of an open case.
            Event::Opened(_) | Event::Closed(_) => self,
            Event::Alarmed(_) => Case { stage: self.stage.max(Stage::Alarmed), ..self },
            Event::Acknowledged(done) if done.active => Case { stage: Stage::Active, ..self },
            Event::Acknowledged(_) => Case { stage: self.stage.max(Stage::Acknowledged), ..self },
            Event::Offered(offered) => Case { offer: Some(offer(offered)), ask: None, ..self },
            Event::Reminded(_) => {
                let offer = self.offer.map(|offer| Offer { reminded: true, ..offer });
                Case { offer, ..self }
            }
            Event::Accepted(accepted) => self.ending(Ended::Accepted).moved_to(&accepted.holder, at),
            Event::TakenOver(taken) => {
                let how = match &self.offer {
                    Some(offer) if offer.to.id == taken.holder.id => Ended::Accepted,
                    _ => Ended::Recalled,
                };
                self.ending(how).moved_to(&taken.holder, at)
            }
            Event::Refused(refused) => self.ending(Ended::Refused).asking(Ask::At(refused.retry_at)),
            Event::TimedOut(timed_out) => {
                self.ending(Ended::TimedOut).asking(Ask::WhenOpen { from: timed_out.retry_at })
            }
            Event::Recalled(_) => self.ending(Ended::Recalled).asking(Ask::AtNextOpening { after: at }),
            Event::Inherited(inherited) => self.inherited(inherited, at),
            Event::Relocated(relocated) => self.relocated(relocated, at),
        }
    }

    /// Without its open offer, which ended this way.
    pub(super) fn ending(self, how: Ended) -> Case {
        let ended = self.offer.map(|offer| (offer, how)).or(self.ended);
        Case { offer: None, ended, ..self }
    }

    fn moved_to(self, holder: &Named, at: Timestamp) -> Case {
        Case { holder: holder.clone(), stage: Stage::Active, ..self }.asking(Ask::AtNextOpening { after: at })
    }

    fn asking(self, ask: Ask) -> Case {
        Case { ask: Some(ask), ..self }.asking_whom_it_concerns()
    }

    /// Nobody is asked while an offer is open, when the responsible board holds or is unknown, or is not affected any more.
    fn asking_whom_it_concerns(self) -> Case {
        let elsewhere = self.responsible.as_ref().is_some_and(|responsible| responsible.id != self.holder.id);
        let ask = self.ask.filter(|_| elsewhere && self.affected && self.offer.is_none());
        Case { ask, ..self }
    }

    fn inherited(self, inherited: &SupportCaseInherited, at: Timestamp) -> Case {
        let heir = |board: Named| if board.id == inherited.from.id { inherited.to.clone() } else { board };
        let (holder, responsible) = (heir(self.holder), self.responsible.map(heir));
        let offer = self.offer.map(|offer| Offer { to: heir(offer.to.clone()), ..offer });
        let case = Case { holder, responsible, offer, ..self };
        // Who holds by inheritance is not offered what it has.
        let case = match &case.offer {
            Some(offer) if offer.to.id == case.holder.id => case.ending(Ended::Recalled),
            _ => case,
        };
        let ask = case.ask.unwrap_or(Ask::WhenOpen { from: at });
        case.asking(ask)
    }

    fn relocated(self, relocated: &SupportCaseRelocated, at: Timestamp) -> Case {
        let news = self.responsible != relocated.responsible_board || self.affected != relocated.affected;
        let (responsible, affected) = (relocated.responsible_board.clone(), relocated.affected);
        let case = Case { responsible, affected, ..self };
        let case = match &case.offer {
            Some(offer) if !affected && case.responsible.as_ref().is_some_and(|board| board.id == offer.to.id) => {
                case.ending(Ended::Recalled)
            }
            _ => case,
        };
        if news { case.asking(Ask::WhenOpen { from: at }) } else { case.asking_whom_it_concerns() }
    }
}

fn offer(offered: &HandoverOffered) -> Offer {
    Offer {
        id: offered.offer_id.clone(),
        to: offered.to.clone(),
        remind_at: offered.remind_at,
        answer_by: offered.answer_by,
        reminded: false,
    }
}
