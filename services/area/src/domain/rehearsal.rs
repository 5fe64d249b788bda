//! What a coming division would end and begin, and which takeovers would be left without their area.

use super::{
    plan::PlannedDivision,
    record::{Version, endings},
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    events::Named,
    wire::dangling::{Dangling, Ending, Question},
};
use narhet_responsibility::{Division, Responsibility};
use std::collections::BTreeMap;

/// What others are asked, and what area itself has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    pub question: Question,
    /// Boards with an area then that have none just before.
    pub beginning: Vec<Named>,
    pub areas: Vec<Named>,
    pub dangling: Vec<Dangling>,
}

/// Rehearses a division that is recorded already.
pub fn of_recorded(division: &Division, house: &Responsibility) -> Rehearsal {
    let areas = division.areas.iter().map(|area| (area.area.clone(), area.board.clone())).collect();
    rehearse(division.valid_from(), &Version::Held(division), areas, house)
}

/// Rehearses a division that an import would record.
pub fn of_planned(planned: &PlannedDivision, house: &Responsibility) -> Rehearsal {
    let areas = planned.areas.iter().map(|area| (area.area.clone(), area.board.clone())).collect();
    rehearse(planned.valid_from, &Version::New { planned, id: Uuid::nil() }, areas, house)
}

fn rehearse(
    valid_from: Timestamp,
    after: &Version<'_>,
    areas: Vec<(Named, Named)>,
    house: &Responsibility,
) -> Rehearsal {
    let known = house.head().0;
    let timeline = house.timeline(known);
    let before = timeline.divisions().iter().rev().find(|division| division.valid_from() < valid_from);
    let before = before.map(|division| Version::Held(division));
    let ending = before.as_ref().map_or_else(Vec::new, |before| endings(before, after));
    let ending = ending.into_iter().map(|(board, successor)| Ending { board: board.clone(), successor }).collect();
    let boards: BTreeMap<&str, &Named> = areas.iter().map(|(_, board)| (board.id.as_str(), board)).collect();
    let held = |board: &Named| {
        before.as_ref().is_some_and(|before| before.holders().iter().any(|(_, holder)| holder.id == board.id))
    };
    let remaining: Vec<Named> = boards.values().map(|board| (*board).clone()).collect();
    let dangling = house
        .recorded_takeovers()
        .filter(|takeover| takeover.in_force(valid_from, known))
        .flat_map(|takeover| takeover.said.areas.iter().map(move |area| (takeover, area)))
        .filter(|(_, area)| areas.iter().all(|(there, _)| there.id != area.id))
        .map(|(takeover, area)| Dangling {
            kind: "takeover".to_owned(),
            id: Some(takeover.said.takeover_id.clone()),
            name: Some(takeover.said.reference.clone()),
            board: takeover.said.by.clone(),
            passes_to: None,
            text: format!(
                "Övertagandet gäller området {}, som upphör: besluta om övertagandet på nytt, eller registrera återgången.",
                area.name
            ),
        })
        .collect();
    Rehearsal {
        beginning: remaining.iter().filter(|board| !held(board)).cloned().collect(),
        areas: areas.into_iter().map(|(area, _)| area).collect(),
        question: Question { valid_from, ending, remaining },
        dangling,
    }
}
