//! A case of crisis support in one affected board's area; it is born with its holder and has exactly one until it is closed.
//!
//! ```text
//! status:  held ──► alarmed ──► acknowledged ──► active ──► closed          forward only; a step may be left out
//! offer:   offered ──► accepted | refused | timed-out | recalled            beside it, at most one open
//! holder:  moves by accept or take-over, acts of the receiving board, or to the successor of a dissolved board
//! ```

use super::handover::{Ask, Ended, Offer};
use deciding::{open, same_incident};
use narhet_kernel::Timestamp;
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
    /// Boards whose case of the incident is closed: it is given to one of them only where no other is left.
    pub closed: Vec<String>,
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
        (Command::Accept { by, offer_id, .. }, State::Closed(case)) if case.has_accepted(&by, offer_id.as_deref()) => {
            Ok(vec![])
        }
        (Command::TakeOver { by, .. }, State::Closed(case)) if case.has_taken_over(&by) => Ok(vec![]),
        (Command::Inherit { .. } | Command::Remind | Command::TimeOut { .. }, State::Closed(_)) => Ok(vec![]),
        (Command::Alarm(_), State::Closed(_)) => Ok(vec![]),
        // It follows the others of its incident no longer; nobody relocates it by command.
        (Command::Relocate(relocation), State::Closed(_)) if relocation.by.is_none() => Ok(vec![]),
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

mod deciding;
pub mod due;
mod evolution;
#[cfg(test)]
mod tests;
