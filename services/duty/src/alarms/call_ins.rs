//! Call-in: "three of these with capability X must accept, else the next wave", and the last resort hears of it if they do not.

use super::{
    commands::{check_message, started},
    drafts::ToRaise,
};
use crate::{
    intake::board_name,
    limits::STEPS_MAX,
    readiness::{
        commands::keeper_of,
        intake::{self, Complaints, check_steps},
        last_step,
    },
    service::Duty,
};
use narhet_kernel::id::is_slug;
use narhet_proto::{
    codes::AlarmPurpose,
    events::{alarm::Quorum, readiness::PathStep},
    wire::{Problem, Request},
};
use narhet_runtime::{Decision, Env};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CallIn {
    board: Option<String>,
    accept: u32,
    capability: Option<String>,
    /// One after the other, each with its own time.
    waves: Vec<PathStep>,
    message: Option<String>,
    #[serde(default)]
    exercise: bool,
}

/// Command `start-call-in`.
pub fn start(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let call_in: CallIn = intake::body(request.body.get())?;
    let board = call_in.board.unwrap_or_else(|| env.principal.owner().to_string());
    let role = keeper_of(env.principal, &board)?;
    check_message(call_in.message.as_deref())?;
    let mut wrong = Complaints::default();
    let candidates: usize = call_in.waves.iter().map(|wave| wave.functions.len()).sum();
    wrong.add(call_in.accept == 0, "/accept", "at least one must accept");
    wrong.add(
        call_in.waves.is_empty() || call_in.waves.len() > STEPS_MAX,
        "/waves",
        format!("1 to {STEPS_MAX} waves are taken"),
    );
    let too_many = call_in.accept as usize > candidates.saturating_mul(crate::limits::CREW_MAX);
    wrong.add(too_many, "/accept", "more than all waves together have");
    let slug = call_in.capability.as_deref().is_none_or(is_slug);
    wrong.add(!slug, "/capability", "not a slug");
    check_steps(&mut wrong, &call_in.waves, |function| duty.readiness.function(function).is_some());
    wrong.done()?;
    let alarm = ToRaise {
        purpose: AlarmPurpose::CallIn,
        board: board_name(&duty.map, &board),
        path_id: None,
        case_id: None,
        steps: call_in.waves.into_iter().chain([last_step()]).collect(),
        rounds: 1,
        quorum: Some(Quorum { accept: call_in.accept, capability: call_in.capability }),
        message: call_in.message,
        hole: None,
        exercise: call_in.exercise,
    };
    Ok(started(alarm, env.new_id(), role, env))
}
