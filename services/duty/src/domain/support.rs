//! The process that turns a request for crisis support into cases: one for each affected board, or one that has to be placed.
//!
//! ```text
//! incident reported, needs support ──► open a case (affected board 1) … open a case (affected board n)
//!                                  └─► no board is affected: open one case, alarm the city's TiB
//! ```
//! It has no state of its own: ids follow from the incident's event, so what was done already is found in the cases.

use super::{
    holder_rule::{Ruling, SupportRule},
    support_case::{FunctionToAlarm, Opening},
    why::{self, OfficeAnswer},
};
use narhet_kernel::Timestamp;
use narhet_proto::{codes::AffectedBasis, events::Named};

/// A report that asks for crisis support, in this process's own words; everything is resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub incident_id: String,
    /// The event that reported it.
    pub event_id: String,
    /// When it occurs; `None` = unknown.
    pub occurred_at: Option<Timestamp>,
    pub reported_at: Timestamp,
    pub affected: Vec<AffectedBoard>,
    pub area_version: Option<String>,
    pub exercise: bool,
}

/// A board in whose area support is needed.
#[derive(Clone, Debug, PartialEq)]
pub struct AffectedBoard {
    pub board: Named,
    pub area: Option<Named>,
    pub basis: AffectedBasis,
    /// Who has inherited its duties, when it was dissolved before the report came (a late report).
    pub successor: Option<Named>,
}

/// A case to open, and who inherited the responsible board's right to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    pub opening: Opening,
    pub successor: Option<Named>,
}

impl Request {
    /// The instant the rule is applied to (ASSUMPTION where the time of occurrence is unknown).
    pub fn decisive_instant(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.reported_at)
    }

    /// The cases that this request makes necessary, in an order that never changes; `case_id` names the nth, `named` knows
    /// what boards are called.
    pub fn owed(
        &self,
        office: &OfficeAnswer,
        case_id: impl Fn(u32) -> String,
        named: impl Fn(&str) -> Named,
    ) -> Vec<Owed> {
        let boards: Vec<Option<&AffectedBoard>> = match self.affected.as_slice() {
            [] => vec![None],
            affected => affected.iter().map(Some).collect(),
        };
        let owed = |(ordinal, affected)| self.owe(affected, office, case_id(ordinal), &named);
        (0..).zip(boards).map(owed).collect()
    }

    fn owe(
        &self,
        affected: Option<&AffectedBoard>,
        office: &OfficeAnswer,
        case_id: String,
        named: &impl Fn(&str) -> Named,
    ) -> Owed {
        let instant = self.decisive_instant();
        let rule = SupportRule::at(instant);
        let successor = affected.and_then(|affected| affected.successor.clone());
        let standing = successor.as_ref().or(affected.map(|affected| &affected.board));
        let (holder, alarm) = match rule.ruling(standing, office.open) {
            Ruling::AffectedBoard(board) => (board.clone(), None),
            Ruling::Instead { board } => (named(board), None),
            Ruling::Unplaced { board, alarm } => {
                let (function, task) = (alarm.function.clone(), alarm.task.clone());
                (named(board), Some(FunctionToAlarm { function, board: named(&alarm.board), task }))
            }
        };
        let why = why::of_case(self, affected, &holder, rule, office);
        let opening = Opening {
            case_id,
            incident_id: self.incident_id.clone(),
            responsible_board: affected.map(|affected| affected.board.clone()),
            holder,
            occurred_at: instant,
            office_open: office.open,
            why,
            exercise: self.exercise,
            alarm,
            area: affected.and_then(|affected| affected.area.clone()),
            basis: affected.map(|affected| affected.basis),
            reason: None,
        };
        Owed { opening, successor }
    }
}
