//! What each command makes of a case: one leaf a rule.

use super::{Case, Event, FunctionToAlarm, Opening, Proposal, Refusal, Rejection, Relocation, Stage};
use crate::domain::handover::{Ended, Offer};
use narhet_kernel::{BoardId, Timestamp};
use narhet_proto::events::{
    Named, Why,
    duty::{FunctionAlarmed, SupportCaseOpened},
    handover::*,
};

pub(super) fn same_incident(opening: &Opening, case: &Case) -> Result<Vec<Event>, Rejection> {
    if opening.incident_id == case.incident_id {
        return Ok(vec![]);
    }
    Err(Rejection::AnotherIncident { held_for: case.incident_id.clone(), asked_for: opening.incident_id.clone() })
}

pub(super) fn open(opening: Opening) -> Vec<Event> {
    let alarmed = opening.alarm.map(|alarm| {
        Event::Alarmed(FunctionAlarmed {
            case_id: opening.case_id.clone(),
            incident_id: opening.incident_id.clone(),
            function: alarm.function,
            board: alarm.board,
            task: alarm.task,
        })
    });
    let (reason, masked) = opening.reason.map_or((None, false), |(reason, masked)| (Some(reason), masked));
    let opened = Event::Opened(Box::new(SupportCaseOpened {
        case_id: opening.case_id,
        incident_id: opening.incident_id,
        responsible_board: opening.responsible_board,
        holder: opening.holder,
        occurred_at: opening.occurred_at,
        office_open: opening.office_open,
        why: opening.why,
        exercise: opening.exercise,
        area: opening.area,
        basis: opening.basis,
        reason,
        masked,
    }));
    std::iter::once(opened).chain(alarmed).collect()
}

impl Case {
    pub(super) fn held_by(&self, board: &Named) -> Result<(), Rejection> {
        if self.holder.id == board.id {
            return Ok(());
        }
        Err(Rejection::NotTheHolder { holder: self.holder.clone() })
    }

    /// The open offer, when it is the one that is meant.
    fn open_offer(&self, id: Option<&str>) -> Result<&Offer, Rejection> {
        match (&self.offer, id) {
            (None, _) => Err(Rejection::NoOpenOffer),
            (Some(offer), Some(id)) if offer.id != id => {
                Err(Rejection::StaleOffer { asked: id.to_owned(), open: offer.id.clone() })
            }
            (Some(offer), _) => Ok(offer),
        }
    }

    /// Whether the last offer ended this way: the command that ended it was sent again.
    pub(super) fn has_ended(&self, how: Ended, to: Option<&Named>, id: Option<&str>) -> bool {
        self.offer.is_none()
            && self.ended.as_ref().is_some_and(|(offer, ended)| {
                *ended == how && to.is_none_or(|to| offer.to.id == to.id) && id.is_none_or(|id| offer.id == id)
            })
    }

    /// Whether the board holds it by the acceptance that is meant: the command was sent again.
    pub(super) fn has_accepted(&self, by: &Named, offer_id: Option<&str>) -> bool {
        self.has_ended(Ended::Accepted, Some(by), offer_id) && self.holder.id == by.id
    }

    /// Whether the responsible board holds it: a take-over sent again.
    pub(super) fn has_taken_over(&self, by: &Named) -> bool {
        self.holder.id == by.id && self.responsible.as_ref().is_some_and(|responsible| responsible.id == by.id)
    }

    pub(super) fn alarmed(&self, alarm: FunctionToAlarm) -> Event {
        Event::Alarmed(FunctionAlarmed {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            function: alarm.function,
            board: alarm.board,
            task: alarm.task,
        })
    }

    pub(super) fn acknowledge(
        &self,
        by: Named,
        function: Option<String>,
        active: bool,
    ) -> Result<Vec<Event>, Rejection> {
        if function.is_none() {
            self.held_by(&by)?;
        }
        if self.stage >= if active { Stage::Active } else { Stage::Acknowledged } {
            return Ok(vec![]);
        }
        Ok(vec![Event::Acknowledged(SupportCaseAcknowledged {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            board: by,
            function,
            active,
        })])
    }

    pub(super) fn propose(&self, proposal: Proposal) -> Result<Vec<Event>, Rejection> {
        if let Some(by) = &proposal.by {
            self.held_by(by)?;
        }
        if let Some(open) = &self.offer {
            return match open.to.id == proposal.to.id {
                true => Ok(vec![]),
                false => Err(Rejection::AnotherOfferIsOpen { to: open.to.clone() }),
            };
        }
        if proposal.to.id == self.holder.id {
            return Err(Rejection::AlreadyTheHolder { holder: self.holder.clone() });
        }
        if !proposal.candidates.contains(&proposal.to.id) {
            return Err(Rejection::NoCandidate { to: proposal.to });
        }
        Ok(vec![Event::Offered(HandoverOffered {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            offer_id: proposal.offer_id,
            from: self.holder.clone(),
            to: proposal.to,
            answer_by: proposal.answer_by,
            remind_at: proposal.remind_at,
            why: proposal.why,
        })])
    }

    pub(super) fn remind(&self) -> Vec<Event> {
        let open = self.offer.iter().filter(|offer| !offer.reminded);
        open.map(|offer| {
            Event::Reminded(HandoverReminded {
                case_id: self.id.clone(),
                incident_id: self.incident_id.clone(),
                offer_id: offer.id.clone(),
                board: offer.to.clone(),
            })
        })
        .collect()
    }

    pub(super) fn accept(&self, by: &Named, offer_id: Option<String>, why: Vec<Why>) -> Result<Vec<Event>, Rejection> {
        if self.has_accepted(by, offer_id.as_deref()) {
            return Ok(vec![]);
        }
        let offer = self.open_offer(offer_id.as_deref())?;
        if offer.to.id != by.id {
            return Err(Rejection::NotOfferedTo { to: offer.to.clone() });
        }
        Ok(vec![Event::Accepted(HandoverAccepted {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            offer_id: offer.id.clone(),
            holder: offer.to.clone(),
            why,
        })])
    }

    pub(super) fn refuse(&self, refusal: Refusal) -> Result<Vec<Event>, Rejection> {
        let Refusal { by, offer_id, reason, masked, retry_at, escalate } = refusal;
        if self.has_ended(Ended::Refused, Some(&by), offer_id.as_deref()) {
            return Ok(vec![]);
        }
        let offer = self.open_offer(offer_id.as_deref())?;
        if offer.to.id != by.id {
            return Err(Rejection::NotOfferedTo { to: offer.to.clone() });
        }
        let refused = Event::Refused(HandoverRefused {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            offer_id: offer.id.clone(),
            board: offer.to.clone(),
            reason,
            retry_at,
            masked,
        });
        Ok(vec![refused, self.alarmed(escalate)])
    }

    pub(super) fn time_out(&self, offer_id: String, retry_at: Timestamp, escalate: FunctionToAlarm) -> Vec<Event> {
        let Some(offer) = self.offer.as_ref().filter(|offer| offer.id == offer_id) else { return vec![] };
        let timed_out = Event::TimedOut(HandoverTimedOut {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            offer_id,
            board: offer.to.clone(),
            retry_at,
        });
        vec![timed_out, self.alarmed(escalate)]
    }

    pub(super) fn recall(&self, by: &Named) -> Result<Vec<Event>, Rejection> {
        self.held_by(by)?;
        if self.has_ended(Ended::Recalled, None, None) {
            return Ok(vec![]);
        }
        let offer = self.open_offer(None)?;
        Ok(vec![Event::Recalled(HandoverRecalled {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            offer_id: offer.id.clone(),
            board: offer.to.clone(),
        })])
    }

    pub(super) fn take_over(&self, by: Named, why: Vec<Why>) -> Result<Vec<Event>, Rejection> {
        if self.responsible.as_ref().is_none_or(|responsible| responsible.id != by.id) {
            return Err(Rejection::NotResponsible { responsible: self.responsible.clone() });
        }
        if self.holder.id == by.id {
            return Ok(vec![]);
        }
        let (case_id, incident_id) = (self.id.clone(), self.incident_id.clone());
        Ok(vec![Event::TakenOver(SupportCaseTakenOver { case_id, incident_id, holder: by, why })])
    }

    pub(super) fn inherit(&self, from: Named, to: Named, effective_at: Timestamp, why: Vec<Why>) -> Vec<Event> {
        if !self.boards().any(|board| board.id == from.id) {
            return vec![];
        }
        let (case_id, incident_id) = (self.id.clone(), self.incident_id.clone());
        vec![Event::Inherited(SupportCaseInherited { case_id, incident_id, from, to, effective_at, why })]
    }

    /// Every board that stands somewhere in the case.
    pub fn boards(&self) -> impl Iterator<Item = &Named> {
        let offered = self.offer.as_ref().map(|offer| &offer.to);
        std::iter::once(&self.holder).chain(&self.responsible).chain(offered)
    }

    pub(super) fn relocate(&self, relocation: Relocation) -> Result<Vec<Event>, Rejection> {
        if let Some(by) = relocation.by.as_ref().filter(|by| by.id != BoardId::KOMMUNSTYRELSEN) {
            self.held_by(by)?;
        }
        let free = |(board, _): &&(Named, Option<Named>)| !relocation.taken.contains(&board.id);
        let new = |one: &&(Named, Option<Named>)| free(one) && !relocation.closed.contains(&one.0.id);
        let found = match &self.responsible {
            // A need that is still open is placed also where another of the incident is over, if there is nowhere else.
            None => relocation.place.iter().find(new).or_else(|| relocation.place.iter().find(free)),
            Some(board) => relocation.place.iter().find(|(touched, _)| touched.id == board.id),
        };
        let responsible = self.responsible.clone().or_else(|| found.map(|(board, _)| board.clone()));
        let affected = found.is_some() || self.named_by_hand || responsible.is_none();
        if responsible == self.responsible && affected == self.affected && !relocation.elsewhere {
            return Ok(vec![]);
        }
        let (reason, masked) = relocation.reason.map_or((None, false), |(reason, masked)| (Some(reason), masked));
        Ok(vec![Event::Relocated(SupportCaseRelocated {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            responsible_board: responsible,
            area: found.and_then(|(_, area)| area.clone()),
            affected,
            area_version: relocation.area_version,
            reason,
            masked,
            why: relocation.why,
        })])
    }

    pub(super) fn close(&self, by: Named) -> Result<Vec<Event>, Rejection> {
        self.held_by(&by)?;
        let (case_id, incident_id) = (self.id.clone(), self.incident_id.clone());
        Ok(vec![Event::Closed(SupportCaseClosed { case_id, incident_id, board: by })])
    }
}
