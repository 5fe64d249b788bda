//! What people do about alarms: take one, say how far a message has come, start an exercise or a proof.

use super::{
    Raised,
    drafts::{Envelope, ToRaise},
    proofs, timers, views,
};
use crate::{
    case_commands::ACTORS,
    domain::escalation::is_news,
    intake::board_name,
    limits::MESSAGE_CHARS_MAX,
    readiness::{
        commands::{keeper_of, missing},
        intake::{self, Complaints},
    },
    service::Duty,
};
use narhet_kernel::{BoardId, Role, Uuid};
use narhet_proto::{
    codes::{AlarmOutcome, AlarmPurpose, Reach},
    events::alarm::DeliveryReceipted,
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    id: String,
    function: Option<String>,
}

/// Command `acknowledge-alarm`: by who acts for the alarmed board, of kommunstyrelsen, or of the board of a function that was
/// told.
pub fn acknowledge(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Acknowledge { id, function } = intake::body(request.body.get())?;
    let raised = readable(duty, &id, env)?;
    let role = may_take(duty, raised, env)?;
    if let Some((settled, _)) = &raised.alarm.settled {
        if settled.outcome == AlarmOutcome::Acknowledged {
            return Ok(Decision { writes: vec![], role: Some(role), answered_by: vec![raised.event] });
        }
        return Err(Problem::new(ErrorCode::Conflict, format!("the alarm has ended: {}", settled.outcome.code())));
    }
    if matches!(raised.alarm.raised.purpose, AlarmPurpose::CallIn | AlarmPurpose::Proof) {
        let detail = "a call-in is answered delivery by delivery, and a proof by nobody";
        return Err(Problem::new(ErrorCode::Conflict, detail));
    }
    if let Some(function) = &function
        && duty.readiness.function(function).is_none()
    {
        return Err(Problem::at("/function", format!("there is no function {function:?}")));
    }
    let mut writes = vec![timers::settle(raised, AlarmOutcome::Acknowledged, function.clone())];
    writes.extend(timers::acknowledged(duty, raised, AlarmOutcome::Acknowledged, function));
    Ok(Decision { writes, role: Some(role), answered_by: vec![] })
}

fn readable<'a>(duty: &'a Duty, id: &str, env: &Env<'_>) -> Result<&'a Raised, Problem> {
    views::find(duty, id).filter(|raised| views::may_read(env.principal, raised)).ok_or_else(|| missing("alarm", id))
}

fn may_take(duty: &Duty, raised: &Raised, env: &Env<'_>) -> Result<Role, Problem> {
    let told = raised.alarm.messages.iter().filter_map(|message| duty.readiness.function(&message.delivery.function));
    let boards = [raised.alarm.raised.board.id.clone(), "kommunstyrelsen".to_owned()];
    let boards = boards.into_iter().chain(told.map(|function| function.board.id));
    // Who takes an alarm acts in its case: whoever only keeps rosters does not.
    let acting = env.principal.board.as_ref().map(BoardId::as_str);
    let own = env.principal.is_demo_admin() || boards.into_iter().any(|board| Some(board.as_str()) == acting);
    env.principal.acting_as(ACTORS).filter(|_| own).ok_or_else(|| Problem::forbidden("take-alarm"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Note {
    id: String,
    delivery_id: String,
    reach: Reach,
}

/// Command `note-reach`: who has no machine for receipts says it by hand.
pub fn note_reach(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Note { id, delivery_id, reach } = intake::body(request.body.get())?;
    let raised = readable(duty, &id, env)?;
    let role = may_take(duty, raised, env)?;
    let write = receipt(raised, &delivery_id, reach, "command")?;
    let answered_by = if write.is_none() { vec![raised.event] } else { vec![] };
    Ok(Decision { writes: write.into_iter().collect(), role: Some(role), answered_by })
}

/// What is said of a delivery; nothing when it has come as far already.
pub(super) fn receipt(raised: &Raised, delivery_id: &str, reach: Reach, via: &str) -> Result<Option<Write>, Problem> {
    let message = raised.alarm.message(delivery_id).ok_or_else(|| missing("delivery", delivery_id))?;
    if !is_news(message.reach, reach) {
        return Ok(None);
    }
    let receipted = DeliveryReceipted {
        alarm_id: raised.id().to_owned(),
        delivery_id: delivery_id.to_owned(),
        reach,
        via: via.to_owned(),
    };
    Ok(Some(raised.write(vec![raised.draft(0, |_| receipted)])))
}

/// The reply to every command about an alarm.
pub fn reply(duty: &Duty, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let alarm = event_ids.first().and_then(|id| duty.written.get(id));
    let raised = alarm.and_then(|(id, _)| views::find(duty, id)).ok_or_else(|| missing("alarm", "of this command"))?;
    Ok(AnswerBody::of(&views::alarm(duty, raised, env)).version(raised.version).created(raised.id()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    id: String,
    #[serde(default)]
    message: Option<String>,
}

/// Command `start-exercise`: an alarm down a board's path, on the exercise channel only.
pub fn exercise(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Start { id, message } = intake::body(request.body.get())?;
    let role = keeper_of(env.principal, &id)?;
    check_message(message.as_deref())?;
    let board = board_name(&duty.map, &id);
    let mut alarm = ToRaise::down_the_path(&duty.readiness, AlarmPurpose::Exercise, &board);
    alarm.message = message;
    Ok(started(alarm, env.new_id(), role, env))
}

/// Command `prove-path`: now, not only at night.
pub fn prove(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Start { id, .. } = intake::body(request.body.get())?;
    let role = keeper_of(env.principal, &id)?;
    let path = duty.readiness.paths_in_use().into_iter().map(|(path, _)| path).find(|path| path.id == id);
    let path = path.ok_or_else(|| missing("alarm path", &id))?;
    Ok(Decision { writes: vec![proofs::begin(&path, env.new_id(), env)], role: Some(role), answered_by: vec![] })
}

pub(super) fn started(alarm: ToRaise, id: Uuid, role: Role, env: &Env<'_>) -> Decision {
    let envelope = Envelope::of_board(&alarm.board);
    let writes = vec![Write::one(Expected::NoStream, alarm.draft(id, envelope, env))];
    Decision { writes, role: Some(role), answered_by: vec![] }
}

pub(super) fn check_message(message: Option<&str>) -> Result<(), Problem> {
    let mut wrong = Complaints::default();
    let long = message.is_some_and(|text| text.trim().is_empty() || text.chars().count() > MESSAGE_CHARS_MAX);
    wrong.add(long, "/message", format!("1 to {MESSAGE_CHARS_MAX} characters are wanted"));
    wrong.done()
}
