//! Who may take over whose responsibility, on what ground, and for how long; and when krisledningsnämnden is in function.
//!
//! ```text
//! crisis board   (resting) ──activate──► in function ──end──► (resting)
//! takeover       (nothing) ──record──► in force ──return──► returned      and beside it, once each: report
//! ```
//! What was taken over stays so until its return is recorded, also after krisledningsnämnden has ended.

use crate::limits::CLOCK_SKEW_MAX;
use narhet_kernel::{BoardId, Timestamp};
use narhet_proto::{
    codes::{BoardKind, TakeoverGround},
    events::{
        Named,
        takeover::{CrisisBoardActivated, CrisisBoardEnded, TakeoverRecorded, TakeoverReported, TakeoverReturned},
    },
};
use narhet_responsibility::{Board, Responsibility};

/// The body that kommunfullmäktige may give others' responsibility in war, beside kommunstyrelsen.
pub const BORGARRADSBEREDNINGEN: &str = "borgarradsberedningen";

/// Krisledningsnämnden is to be in function.
#[derive(Clone, Debug, PartialEq)]
pub struct Activate {
    pub id: String,
    pub valid_from: Timestamp,
    /// `chair` or `stand-in`.
    pub decided_by: String,
    pub decided_at: Timestamp,
    pub reference: String,
}

/// Something is to end, or to go back, at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub valid_to: Timestamp,
    pub decided_at: Timestamp,
    pub reference: String,
    /// Whether an end that is recorded already is to be put right.
    pub correct: bool,
}

/// A takeover to record.
#[derive(Clone, Debug, PartialEq)]
pub struct TakeOver {
    pub id: String,
    pub ground: TakeoverGround,
    pub by: String,
    pub from: Vec<String>,
    pub areas: Vec<String>,
    pub activity: Option<String>,
    pub valid_from: Timestamp,
    pub decided_at: Timestamp,
    pub reference: String,
    /// The chair decided alone.
    pub urgent: bool,
    pub report_due: Timestamp,
}

/// Why it is refused, as facts.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("no board is called {0:?}; GET /v1/boards lists them")]
    UnknownBoard(String),
    #[error("no district area is called {0:?} then; GET /v1/areas?at=… lists them")]
    UnknownArea(String),
    #[error("no takeover has the id {0:?}; GET /v1/takeovers lists them")]
    UnknownTakeover(String),
    #[error("{board:?} does not exist at {at}")]
    NotThen { board: String, at: Timestamp },
    #[error(
        "{name} is a {kind}, a legal person of its own: its responsibility cannot be taken over; ask it for what is needed instead"
    )]
    OwnLegalPerson { name: String, kind: &'static str },
    #[error("{name} is not a nämnd of the city: its responsibility cannot be taken over")]
    NotOfTheCity { name: String },
    #[error("a board cannot take over from itself")]
    FromItself,
    #[error("on the ground {ground} only {allowed} can take over, not {by:?}")]
    NotTheTaker { ground: &'static str, allowed: &'static str, by: String },
    #[error("krisledningsnämnden is not in function at {at}: activate it first (POST /v1/crisis-board/activate)")]
    NotInFunction { at: Timestamp },
    #[error(
        "the chair alone may take over only what cannot wait: send \"urgent\": true, and report it to krisledningsnämnden"
    )]
    ChairAlone,
    #[error("the area {area} is held by {holder} then, which is not among those taken over from")]
    HeldByAnother { area: String, holder: String },
    #[error("{by} has already taken over {area} (takeover {takeover})")]
    AlreadyTaken { by: String, area: String, takeover: String },
    #[error("name areas, or an activity, or both")]
    Nothing,
    #[error("it would hold from {valid_from}, before it was decided at {decided_at}")]
    BeforeDecision { valid_from: Timestamp, decided_at: Timestamp },
    #[error("it would be decided at {decided_at}, which is still to come")]
    DecisionToCome { decided_at: Timestamp },
    #[error("it would end at {valid_to}, before it begins at {valid_from}")]
    EndsBeforeItBegins { valid_to: Timestamp, valid_from: Timestamp },
    #[error("it would have to be reported at {report_due}, before it was decided at {decided_at}")]
    ReportBeforeDecision { report_due: Timestamp, decided_at: Timestamp },
    #[error("krisledningsnämnden is to be in function from {from} already: end that first (POST /v1/crisis-board/end)")]
    ActivatedAlready { from: Timestamp },
    #[error("it was returned already, from {valid_to}: send \"correct\": true to put another instant in its place")]
    AlreadyReturned { valid_to: Timestamp },
    #[error("it was reported already, at {reported_at}")]
    AlreadyReported { reported_at: Timestamp },
    #[error("nothing is owed to krisledningsnämnden: it decided itself")]
    NoReportOwed,
}

/// Answers `None` when krisledningsnämnden is in function already.
pub fn activate(
    command: Activate,
    house: &Responsibility,
    now: Timestamp,
) -> Result<Option<CrisisBoardActivated>, Rejection> {
    in_time(command.decided_at, command.valid_from, now)?;
    let known = house.head().0;
    if house.crisis_board_activation(command.valid_from, known).is_some() {
        return Ok(None);
    }
    if let Some(coming) = house.crisis_board_activations_after(command.valid_from, known).next() {
        return Err(Rejection::ActivatedAlready { from: coming.said.valid_from });
    }
    Ok(Some(CrisisBoardActivated {
        activation_id: command.id,
        valid_from: command.valid_from,
        decided_by: command.decided_by,
        decided_at: command.decided_at,
        reference: command.reference,
    }))
}

pub fn end(command: End, house: &Responsibility, now: Timestamp) -> Result<CrisisBoardEnded, Rejection> {
    in_time(command.decided_at, command.valid_to, now)?;
    let known = house.head().0;
    // The one in function then; else one that is still to begin, which it takes back.
    let activation = house
        .crisis_board_activation(command.valid_to, known)
        .or_else(|| house.crisis_board_activations_after(command.valid_to, known).next())
        .ok_or(Rejection::NotInFunction { at: command.valid_to })?;
    let valid_to = command.valid_to.max(activation.said.valid_from);
    Ok(CrisisBoardEnded {
        activation_id: activation.said.activation_id.clone(),
        valid_to,
        decided_at: command.decided_at,
        reference: command.reference,
    })
}

/// `chair_alone`: who asks is the chair and not the board.
pub fn take_over(
    command: TakeOver,
    chair_alone: bool,
    house: &Responsibility,
    now: Timestamp,
) -> Result<TakeoverRecorded, Rejection> {
    in_time(command.decided_at, command.valid_from, now)?;
    if command.report_due < command.decided_at {
        let (report_due, decided_at) = (command.report_due, command.decided_at);
        return Err(Rejection::ReportBeforeDecision { report_due, decided_at });
    }
    if command.areas.is_empty() && command.activity.is_none() {
        return Err(Rejection::Nothing);
    }
    let by = taker(&command, house)?;
    if command.ground == TakeoverGround::Leh {
        // It decides only while it is in function, and for a time in which it is.
        for at in [command.decided_at, command.valid_from] {
            house.crisis_board_activation(at, house.head().0).ok_or(Rejection::NotInFunction { at })?;
        }
        if chair_alone && !command.urgent {
            return Err(Rejection::ChairAlone);
        }
    }
    let from = command.from.iter().map(|id| giver(id, &command, house)).collect::<Result<Vec<_>, _>>()?;
    let areas = command.areas.iter().map(|id| area(id, &command, house)).collect::<Result<Vec<_>, _>>()?;
    Ok(TakeoverRecorded {
        takeover_id: command.id,
        ground: command.ground,
        by,
        from,
        areas,
        activity: command.activity,
        valid_from: command.valid_from,
        decided_at: command.decided_at,
        reference: command.reference,
        urgent: command.urgent && command.ground == TakeoverGround::Leh,
        report_due: command.report_due,
    })
}

pub fn give_back(
    takeover_id: &str,
    command: End,
    house: &Responsibility,
    now: Timestamp,
) -> Result<TakeoverReturned, Rejection> {
    let takeover = house.takeover(takeover_id).ok_or_else(|| Rejection::UnknownTakeover(takeover_id.to_owned()))?;
    if let Some(valid_to) = takeover.valid_to(house.head().0).filter(|_| !command.correct) {
        return Err(Rejection::AlreadyReturned { valid_to });
    }
    decided(command.decided_at, now)?;
    let (valid_to, valid_from) = (command.valid_to, takeover.said.valid_from);
    if valid_to < valid_from {
        return Err(Rejection::EndsBeforeItBegins { valid_to, valid_from });
    }
    Ok(TakeoverReturned {
        takeover_id: takeover_id.to_owned(),
        valid_to,
        decided_at: command.decided_at,
        reference: command.reference,
    })
}

/// `to` is `council` or `crisis-board`.
pub fn report(
    takeover_id: &str,
    to: &str,
    reported_at: Timestamp,
    reference: String,
    house: &Responsibility,
    now: Timestamp,
) -> Result<TakeoverReported, Rejection> {
    let takeover = house.takeover(takeover_id).ok_or_else(|| Rejection::UnknownTakeover(takeover_id.to_owned()))?;
    decided(reported_at, now)?;
    if to == "crisis-board" && !takeover.said.urgent {
        return Err(Rejection::NoReportOwed);
    }
    if let Some(reported_at) = takeover.reported(to, house.head().0) {
        return Err(Rejection::AlreadyReported { reported_at });
    }
    Ok(TakeoverReported { takeover_id: takeover_id.to_owned(), to: to.to_owned(), reported_at, reference })
}

/// A decision is never of the future.
fn decided(decided_at: Timestamp, now: Timestamp) -> Result<(), Rejection> {
    if decided_at.duration_since(now) > CLOCK_SKEW_MAX {
        return Err(Rejection::DecisionToCome { decided_at });
    }
    Ok(())
}

/// A decision is never of the future, and nothing holds before it was decided.
fn in_time(decided_at: Timestamp, valid_from: Timestamp, now: Timestamp) -> Result<(), Rejection> {
    decided(decided_at, now)?;
    if valid_from < decided_at {
        return Err(Rejection::BeforeDecision { valid_from, decided_at });
    }
    Ok(())
}

/// Who may take over on this ground. Borgarrådsberedningen is no nämnd and on record only when it is first named.
fn taker(command: &TakeOver, house: &Responsibility) -> Result<Named, Rejection> {
    let by = command.by.as_str();
    let refused = |ground, allowed| Err(Rejection::NotTheTaker { ground, allowed, by: by.to_owned() });
    match command.ground {
        TakeoverGround::Leh if by != BoardId::KRISLEDNINGSNAMNDEN => refused("leh", BoardId::KRISLEDNINGSNAMNDEN),
        TakeoverGround::War if by != BoardId::KOMMUNSTYRELSEN && by != BORGARRADSBEREDNINGEN => {
            refused("war", "kommunstyrelsen or borgarradsberedningen")
        }
        TakeoverGround::War if by == BORGARRADSBEREDNINGEN => Ok(Named::new(by, "Borgarrådsberedningen")),
        _ => board_at(by, command.valid_from, house).map(|board| Named::new(board.id, board.name)),
    }
}

/// A board whose responsibility may be taken over.
fn giver(id: &str, command: &TakeOver, house: &Responsibility) -> Result<Named, Rejection> {
    if id == command.by {
        return Err(Rejection::FromItself);
    }
    let board = board_at(id, command.valid_from, house)?;
    match board.kind {
        BoardKind::Company | BoardKind::Federation => {
            Err(Rejection::OwnLegalPerson { name: board.name, kind: board.kind.label() })
        }
        BoardKind::State => Err(Rejection::NotOfTheCity { name: board.name }),
        BoardKind::District | BoardKind::Specialist | BoardKind::Executive | BoardKind::Crisis => {
            Ok(Named::new(board.id, board.name))
        }
    }
}

fn board_at(id: &str, at: Timestamp, house: &Responsibility) -> Result<Board, Rejection> {
    if !house.is_established(id) {
        return Err(Rejection::UnknownBoard(id.to_owned()));
    }
    let boards = house.boards(at, house.head().0);
    boards.into_iter().find(|board| board.id == id).ok_or_else(|| Rejection::NotThen { board: id.to_owned(), at })
}

/// An area that one of the boards holds when the takeover begins, and that the taker has not taken already.
fn area(id: &str, command: &TakeOver, house: &Responsibility) -> Result<Named, Rejection> {
    let known = house.head().0;
    let division = house.division_at(command.valid_from, known);
    let area = division.and_then(|division| division.area(id)).ok_or_else(|| Rejection::UnknownArea(id.to_owned()))?;
    if !command.from.contains(&area.board.id) {
        return Err(Rejection::HeldByAnother { area: area.area.name.clone(), holder: area.board.id.clone() });
    }
    let taken = house.recorded_takeovers().find(|takeover| {
        let said = &takeover.said;
        said.by.id == command.by
            && said.areas.iter().any(|held| held.id == id)
            && takeover.valid_to(known).is_none_or(|end| command.valid_from < end)
    });
    match taken {
        Some(takeover) => Err(Rejection::AlreadyTaken {
            by: takeover.said.by.name.clone(),
            area: area.area.name.clone(),
            takeover: takeover.said.takeover_id.clone(),
        }),
        None => Ok(area.area.clone()),
    }
}
