//! A case of crisis support in one affected board's area; it is born with its holder.
//!
//! ```text
//! (nothing) ──open──► held                                    so far; then alarmed, acknowledged, active, closed,
//!                      └─ a function is alarmed to place it    and beside them offers and takeovers
//! ```

use narhet_kernel::Timestamp;
use narhet_proto::events::{
    Named, Why,
    duty::{FunctionAlarmed, SupportCaseOpened},
};

/// What is wanted of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Open(Box<Opening>),
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
}

/// A function that has to be alarmed when the case is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionToAlarm {
    pub function: String,
    pub board: Named,
    pub task: String,
}

/// What has happened to a case; the messages live in `proto`, because they are the stored contract.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Opened(Box<SupportCaseOpened>),
    Alarmed(FunctionAlarmed),
}

/// The stages of a case. Every stage after the first has a holder: custody is never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    NotOpened,
    Held(Held),
}

/// What deciding needs of a case that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub incident_id: String,
    pub holder: Named,
}

/// Why a command is refused, as facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the case belongs to incident {held_for}, not to {asked_for}")]
    AnotherIncident { held_for: String, asked_for: String },
}

/// No events means "already so".
pub fn decide(command: Command, state: &State) -> Result<Vec<Event>, Rejection> {
    match (command, state) {
        (Command::Open(opening), State::NotOpened) => Ok(open(*opening)),
        (Command::Open(opening), State::Held(held)) if opening.incident_id == held.incident_id => Ok(vec![]),
        (Command::Open(opening), State::Held(held)) => {
            Err(Rejection::AnotherIncident { held_for: held.incident_id.clone(), asked_for: opening.incident_id })
        }
    }
}

/// Total: an event that does not fit the state leaves it as it is.
pub fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::NotOpened, Event::Opened(opened)) => {
            State::Held(Held { incident_id: opened.incident_id.clone(), holder: opened.holder.clone() })
        }
        (State::Held(held), Event::Opened(_)) => State::Held(held),
        // An alarm changes who is reached, never who holds.
        (state, Event::Alarmed(_)) => state,
    }
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
    let opened = Event::Opened(Box::new(SupportCaseOpened {
        case_id: opening.case_id,
        incident_id: opening.incident_id,
        responsible_board: opening.responsible_board,
        holder: opening.holder,
        occurred_at: opening.occurred_at,
        office_open: opening.office_open,
        why: opening.why,
        exercise: opening.exercise,
    }));
    std::iter::once(opened).chain(alarmed).collect()
}

#[cfg(test)]
mod tests;
