//! Query `dangling`: which cases and calendars a coming division leaves without a board, or gives to another one.

use crate::{case_log, read_model::Case, service::Duty};
use narhet_kernel::Principal;
use narhet_proto::{
    events::Named,
    wire::{
        Problem, Request,
        dangling::{Answer, Dangling, Ending, LISTED_MAX, Question},
    },
};
use narhet_runtime::{AnswerBody, Env};

/// What each part of duty has to say.
pub fn query(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let question: Question =
        serde_json::from_str(request.body.get()).map_err(|error| Problem::at("", error.to_string()))?;
    let mut items: Vec<Dangling> = Vec::new();
    items.extend(question.ending.iter().flat_map(|ending| cases(duty, ending, env.principal)));
    items.extend(question.ending.iter().filter_map(|ending| calendar(duty, ending)));
    items.extend(question.remaining.iter().filter_map(|board| no_calendar(duty, board)));
    items.extend(crate::readiness::queries::dangling(duty, &question));
    let total = items.len();
    items.truncate(LISTED_MAX);
    Ok(AnswerBody::of(&Answer { items, total }))
}

/// The open cases in which an ending board stands somewhere, of those the principal may read.
fn cases<'a>(duty: &'a Duty, ending: &'a Ending, principal: &'a Principal) -> impl Iterator<Item = Dangling> + 'a {
    let concerned = move |case: &&Case| {
        let facts = case.life.state.case();
        case.is_open() && facts.is_some_and(|facts| facts.boards().any(|board| board.id == ending.board.id))
    };
    let open = duty.cases.before(u64::MAX).filter(concerned).filter(|case| case.may_be_read_by(principal));
    open.map(|case| Dangling {
        kind: case_log::STREAM.to_owned(),
        id: Some(case.opened.case_id.clone()),
        name: None,
        board: ending.board.clone(),
        passes_to: Some(ending.successor.clone()),
        text: format!("{} övertar ärendet av sig självt vid den tidpunkten.", ending.successor.name),
    })
}

fn calendar(duty: &Duty, ending: &Ending) -> Option<Dangling> {
    duty.offices.keeps(&ending.board.id).then_some(())?;
    Some(Dangling {
        kind: "calendar".to_owned(),
        id: Some(ending.board.id.clone()),
        name: None,
        board: ending.board.clone(),
        passes_to: None,
        text: format!("Kalendern följer inte med; {} behöver en egen om den har andra tider.", ending.successor.name),
    })
}

/// A board that is new with the division and has not said when it is open.
fn no_calendar(duty: &Duty, board: &Named) -> Option<Dangling> {
    if duty.map.is_established(&board.id) || duty.offices.keeps(&board.id) {
        return None;
    }
    Some(Dangling {
        kind: "calendar".to_owned(),
        id: None,
        name: None,
        board: board.clone(),
        passes_to: None,
        text: format!("{} har ingen kalender; stadens kontorstid styr när nämnden tillfrågas.", board.name),
    })
}
