//! A case of crisis support in one affected board's area; it is born with its holder and has exactly one until it is closed.
//!
//! ```text
//! status:  held ──► alarmed ──► acknowledged ──► active ──► closed          forward only; a step may be left out
//! offer:   offered ──► accepted | refused | timed-out | recalled            beside it, at most one open
//! holder:  moves by accept or take-over, acts of the receiving board, or to the successor of a dissolved board
//! ```

use super::handover::{Ask, Ended, Offer};
use narhet_kernel::{BoardId, Timestamp};
use narhet_proto::{
    Sealed,
    codes::AffectedBasis,
    events::{
        Named, Why,
        duty::{FunctionAlarmed, SupportCaseOpened},
        handover::*,
    },
};

/// What is wanted of a case. Boards are those of the token; times, reasons and ids are resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Open(Box<Opening>),
    Alarm(FunctionToAlarm),
    /// By the holder, or by a function that answers its alarm.
    Acknowledge {
        by: Named,
        function: Option<String>,
        active: bool,
    },
    Offer(Box<Proposal>),
    Remind,
    Accept {
        by: Named,
        offer_id: Option<String>,
        why: Vec<Why>,
    },
    Refuse(Box<Refusal>),
    TimeOut {
        offer_id: String,
        retry_at: Timestamp,
        escalate: FunctionToAlarm,
    },
    Recall {
        by: Named,
    },
    TakeOver {
        by: Named,
        why: Vec<Why>,
    },
    Inherit {
        from: Named,
        to: Named,
        effective_at: Timestamp,
        why: Vec<Why>,
    },
    Relocate(Box<Relocation>),
    Close {
        by: Named,
    },
}

/// A need for support with everything resolved: who holds, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub case_id: String,
    pub incident_id: String,
    pub responsible_board: Option<Named>,
    pub holder: Named,
    /// The instant the rule was applied to.
    pub occurred_at: Timestamp,
    pub office_open: bool,
    pub why: Vec<Why>,
    pub exercise: bool,
    pub alarm: Option<FunctionToAlarm>,
    pub area: Option<Named>,
    pub basis: Option<AffectedBasis>,
    /// Why it was opened by hand, and whether something was masked in it.
    pub reason: Option<(Sealed, bool)>,
}

/// A function that has to be alarmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionToAlarm {
    pub function: String,
    pub board: Named,
    pub task: String,
}

/// An offer to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub offer_id: String,
    /// The board that offers; `None` when the offer is made by itself.
    pub by: Option<Named>,
    pub to: Named,
    /// The boards it may be made to at all.
    pub candidates: Vec<String>,
    pub remind_at: Timestamp,
    pub answer_by: Timestamp,
    pub why: Vec<Why>,
}

/// *Not yet.*
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub by: Named,
    pub offer_id: Option<String>,
    pub reason: Sealed,
    pub masked: bool,
    pub retry_at: Timestamp,
    pub escalate: FunctionToAlarm,
}

/// The place as it is known now, for one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Relocation {
    /// `None` for the other cases of the incident, which follow by themselves.
    pub by: Option<Named>,
    /// Whether it changes another case, or opens one: then it is noted here too.
    pub elsewhere: bool,
    /// The boards of the place, the lead first.
    pub place: Vec<(Named, Option<Named>)>,
    /// Boards that already have another open case of the incident: the case without board is not given to one of them.
    pub taken: Vec<String>,
    pub area_version: Option<String>,
    pub reason: Option<(Sealed, bool)>,
    pub why: Vec<Why>,
}

/// What has happened to a case; the messages live in `proto`, because they are the stored contract.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Opened(Box<SupportCaseOpened>),
    Alarmed(FunctionAlarmed),
    Acknowledged(SupportCaseAcknowledged),
    Offered(HandoverOffered),
    Reminded(HandoverReminded),
    Accepted(HandoverAccepted),
    Refused(HandoverRefused),
    TimedOut(HandoverTimedOut),
    Recalled(HandoverRecalled),
    TakenOver(SupportCaseTakenOver),
    Inherited(SupportCaseInherited),
    Relocated(SupportCaseRelocated),
    Closed(SupportCaseClosed),
}

/// A case that is not opened has no holder; every other has exactly one, because there is room for exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    #[default]
    NotOpened,
    Open(Box<Case>),
    Closed(Box<Case>),
}

/// What deciding needs of a case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    pub id: String,
    pub incident_id: String,
    pub responsible: Option<Named>,
    pub holder: Named,
    pub stage: Stage,
    pub offer: Option<Offer>,
    /// The last offer that is no longer open.
    pub ended: Option<(Offer, Ended)>,
    /// When the responsible board is asked next; `None` while an offer is open, it holds, or it is not affected any more.
    pub ask: Option<Ask>,
    /// Whether the place, as last known, still concerns the responsible board.
    pub affected: bool,
    pub named_by_hand: bool,
}

/// How far the work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    Held,
    Alarmed,
    Acknowledged,
    Active,
}

/// Why a command is refused, as facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the case was never opened")]
    NotOpened,
    #[error("the case belongs to incident {held_for}, not to {asked_for}")]
    AnotherIncident { held_for: String, asked_for: String },
    #[error("the case is closed")]
    Closed,
    #[error("{} holds the case", holder.name)]
    NotTheHolder { holder: Named },
    #[error("the offer is made to {}", to.name)]
    NotOfferedTo { to: Named },
    #[error("the responsible board is {}", responsible.as_ref().map_or("not known", |board| &board.name))]
    NotResponsible { responsible: Option<Named> },
    #[error("no offer is open")]
    NoOpenOffer,
    #[error("offer {asked} is not open, {open} is")]
    StaleOffer { asked: String, open: String },
    #[error("an offer to {} is open", to.name)]
    AnotherOfferIsOpen { to: Named },
    #[error("a case is not offered to {}", to.name)]
    NoCandidate { to: Named },
    #[error("{} already holds the case", holder.name)]
    AlreadyTheHolder { holder: Named },
}

/// No events means "already so".
pub fn decide(command: Command, state: &State) -> Result<Vec<Event>, Rejection> {
    match (command, state) {
        (Command::Open(opening), State::NotOpened) => Ok(open(*opening)),
        (Command::Open(opening), State::Open(case) | State::Closed(case)) => same_incident(&opening, case),
        (_, State::NotOpened) => Err(Rejection::NotOpened),
        (Command::Close { by }, State::Closed(case)) => case.held_by(&by).map(|()| vec![]),
        (Command::Accept { by, .. } | Command::TakeOver { by, .. }, State::Closed(case)) if case.holder.id == by.id => {
            Ok(vec![])
        }
        (Command::Inherit { .. } | Command::Remind | Command::TimeOut { .. }, State::Closed(_)) => Ok(vec![]),
        (Command::Alarm(_) | Command::Relocate(_), State::Closed(_)) => Ok(vec![]),
        (_, State::Closed(_)) => Err(Rejection::Closed),
        (Command::Alarm(alarm), State::Open(case)) => Ok(vec![case.alarmed(alarm)]),
        (Command::Acknowledge { by, function, active }, State::Open(case)) => case.acknowledge(by, function, active),
        (Command::Offer(proposal), State::Open(case)) => case.propose(*proposal),
        (Command::Remind, State::Open(case)) => Ok(case.remind()),
        (Command::Accept { by, offer_id, why }, State::Open(case)) => case.accept(&by, offer_id, why),
        (Command::Refuse(refusal), State::Open(case)) => case.refuse(*refusal),
        (Command::TimeOut { offer_id, retry_at, escalate }, State::Open(case)) => {
            Ok(case.time_out(offer_id, retry_at, escalate))
        }
        (Command::Recall { by }, State::Open(case)) => case.recall(&by),
        (Command::TakeOver { by, why }, State::Open(case)) => case.take_over(by, why),
        (Command::Inherit { from, to, effective_at, why }, State::Open(case)) => {
            Ok(case.inherit(from, to, effective_at, why))
        }
        (Command::Relocate(relocation), State::Open(case)) => case.relocate(*relocation),
        (Command::Close { by }, State::Open(case)) => case.close(by),
    }
}

/// Total: an event that does not fit the state leaves it as it is. `at`: the recorded time of the event.
pub fn evolve(state: State, event: &Event, at: Timestamp) -> State {
    match (state, event) {
        (State::NotOpened, Event::Opened(opened)) => State::Open(Box::new(Case::opened(opened, at))),
        (State::NotOpened, _) => State::NotOpened,
        (State::Open(case), Event::Closed(_)) => {
            State::Closed(Box::new(Case { ask: None, ..case.ending(Ended::Recalled) }))
        }
        (State::Open(case), event) => State::Open(Box::new(case.after(event, at))),
        (State::Closed(case), _) => State::Closed(case),
    }
}

impl State {
    pub fn case(&self) -> Option<&Case> {
        match self {
            State::NotOpened => None,
            State::Open(case) | State::Closed(case) => Some(case),
        }
    }

    pub fn status(&self) -> &'static str {
        match self {
            State::NotOpened => "not-opened",
            State::Closed(_) => "closed",
            State::Open(case) => match case.stage {
                Stage::Held => "held",
                Stage::Alarmed => "alarmed",
                Stage::Acknowledged => "acknowledged",
                Stage::Active => "active",
            },
        }
    }
}

fn same_incident(opening: &Opening, case: &Case) -> Result<Vec<Event>, Rejection> {
    if opening.incident_id == case.incident_id {
        return Ok(vec![]);
    }
    Err(Rejection::AnotherIncident { held_for: case.incident_id.clone(), asked_for: opening.incident_id.clone() })
}

fn open(opening: Opening) -> Vec<Event> {
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
    fn held_by(&self, board: &Named) -> Result<(), Rejection> {
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
    fn has_ended(&self, how: Ended, to: Option<&Named>, id: Option<&str>) -> bool {
        self.offer.is_none()
            && self.ended.as_ref().is_some_and(|(offer, ended)| {
                *ended == how && to.is_none_or(|to| offer.to.id == to.id) && id.is_none_or(|id| offer.id == id)
            })
    }

    fn alarmed(&self, alarm: FunctionToAlarm) -> Event {
        Event::Alarmed(FunctionAlarmed {
            case_id: self.id.clone(),
            incident_id: self.incident_id.clone(),
            function: alarm.function,
            board: alarm.board,
            task: alarm.task,
        })
    }

    fn acknowledge(&self, by: Named, function: Option<String>, active: bool) -> Result<Vec<Event>, Rejection> {
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

    fn propose(&self, proposal: Proposal) -> Result<Vec<Event>, Rejection> {
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

    fn remind(&self) -> Vec<Event> {
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

    fn accept(&self, by: &Named, offer_id: Option<String>, why: Vec<Why>) -> Result<Vec<Event>, Rejection> {
        if self.has_ended(Ended::Accepted, Some(by), offer_id.as_deref()) && self.holder.id == by.id {
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

    fn refuse(&self, refusal: Refusal) -> Result<Vec<Event>, Rejection> {
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

    fn time_out(&self, offer_id: String, retry_at: Timestamp, escalate: FunctionToAlarm) -> Vec<Event> {
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

    fn recall(&self, by: &Named) -> Result<Vec<Event>, Rejection> {
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

    fn take_over(&self, by: Named, why: Vec<Why>) -> Result<Vec<Event>, Rejection> {
        if self.responsible.as_ref().is_none_or(|responsible| responsible.id != by.id) {
            return Err(Rejection::NotResponsible { responsible: self.responsible.clone() });
        }
        if self.holder.id == by.id {
            return Ok(vec![]);
        }
        let (case_id, incident_id) = (self.id.clone(), self.incident_id.clone());
        Ok(vec![Event::TakenOver(SupportCaseTakenOver { case_id, incident_id, holder: by, why })])
    }

    fn inherit(&self, from: Named, to: Named, effective_at: Timestamp, why: Vec<Why>) -> Vec<Event> {
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

    fn relocate(&self, relocation: Relocation) -> Result<Vec<Event>, Rejection> {
        if let Some(by) = relocation.by.as_ref().filter(|by| by.id != BoardId::KOMMUNSTYRELSEN) {
            self.held_by(by)?;
        }
        let free = |(board, _): &&(Named, Option<Named>)| !relocation.taken.contains(&board.id);
        let found = match &self.responsible {
            None => relocation.place.iter().find(free),
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

    fn close(&self, by: Named) -> Result<Vec<Event>, Rejection> {
        self.held_by(&by)?;
        let (case_id, incident_id) = (self.id.clone(), self.incident_id.clone());
        Ok(vec![Event::Closed(SupportCaseClosed { case_id, incident_id, board: by })])
    }
}

pub mod due;
mod evolution;
#[cfg(test)]
mod tests;
