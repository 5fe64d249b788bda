//! Alarms as their readers see them: who was told on which channel, how far it came, what may be twice. Never an address.

use super::Raised;
use crate::{
    domain::{escalation::Message, roster},
    limits::{ALARMS_SHOWN_MAX, DEAD_LETTER_FRESH_H},
    readiness::{commands::missing, intake},
    service::Duty,
};
use narhet_kernel::{Principal, Timestamp, Uuid};
use narhet_proto::{
    access,
    codes::{AlarmOutcome, AlarmPurpose},
    wire::{Problem, Request},
};
use narhet_runtime::{AnswerBody, Env};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn alarm(duty: &Duty, raised: &Raised, env: &Env<'_>) -> Value {
    let alarm = &raised.alarm;
    let told = alarm.raised.message.as_ref().filter(|_| access::may_open_text(env.principal));
    let deliveries: Vec<Value> = alarm.messages.iter().map(|message| delivery(message, env.now)).collect();
    json!({
        "id": alarm.raised.alarm_id, "purpose": alarm.raised.purpose, "label": alarm.raised.purpose.label(),
        "board": alarm.raised.board, "pathId": alarm.raised.path_id, "caseId": alarm.raised.case_id,
        "exercise": alarm.raised.exercise, "raisedAt": alarm.raised_at,
        "round": alarm.at.map(|(round, ..)| round), "step": alarm.at.map(|(_, step, _)| step),
        "steps": alarm.raised.steps, "quorum": alarm.raised.quorum, "hole": alarm.raised.hole,
        "message": told.and_then(|sealed| env.open(raised.event, "data.message", sealed)),
        "masked": alarm.raised.masked,
        "status": status(raised),
        "settledAt": alarm.settled.as_ref().map(|(_, at)| at),
        "takenBy": alarm.settled.as_ref().and_then(|(settled, _)| settled.function.clone()),
        "accepted": alarm.accepted(&duty.readiness).len(),
        "reachable": alarm.settled.is_some() || !alarm.messages.is_empty() || alarm.at.is_none(),
        "nextLookAt": raised.alarm.raised.alarm_id.parse::<Uuid>().ok().and_then(|id| duty.alarms.open.of(&id)).filter(|due| *due < Timestamp::MAX),
        "deliveries": deliveries,
    })
}

/// The status of an alarm that is not settled.
const OPEN: &str = "open";

/// Open, or what it settled as.
pub fn status(raised: &Raised) -> &'static str {
    raised.alarm.settled.as_ref().map_or(OPEN, |(settled, _)| settled.outcome.code())
}

fn delivery(message: &Message, now: Timestamp) -> Value {
    let state = match (message.reach, message.dispatched_at, message.dead) {
        (Some(reach), ..) => reach.code(),
        (None, Some(_), _) => "dispatched",
        (None, None, true) => "dead",
        (None, None, false) if message.attempts > 0 => "retrying",
        (None, None, false) => "ordered",
    };
    json!({
        "id": message.delivery.delivery_id, "function": message.delivery.function,
        "roster": message.delivery.roster, "member": message.delivery.member,
        "channel": message.delivery.channel, "way": message.delivery.way, "round": message.round, "step": message.step,
        "state": state, "orderedAt": message.ordered_at, "dispatchedAt": message.dispatched_at,
        "attempts": message.attempts, "retryAt": message.retry_at.filter(|at| *at > now), "detail": message.detail,
        "maybeTwice": message.maybe_twice,
    })
}

/// Deliveries that were given up on, newest first, and whether one of them is so new that it says how the ways are now.
pub fn dead_letters(duty: &Duty, env: &Env<'_>) -> (Vec<Value>, bool) {
    let open = duty.alarms.by_id.values().filter(|raised| may_read(env.principal, raised));
    let mut dead: Vec<(&Raised, &Message)> = open
        .filter(|raised| raised.alarm.raised.purpose != AlarmPurpose::Proof)
        .flat_map(|raised| raised.alarm.messages.iter().map(move |message| (raised, message)))
        .filter(|(_, message)| message.dead)
        .collect();
    dead.sort_by_key(|(_, message)| std::cmp::Reverse(message.ordered_at));
    let since = roster::after_hours(env.now, -DEAD_LETTER_FRESH_H);
    let fresh = dead.first().is_some_and(|(_, message)| message.ordered_at > since);
    let view = |(raised, message): (&Raised, &Message)| json!({ "alarmId": raised.alarm.raised.alarm_id, "delivery": delivery(message, env.now) });
    (dead.into_iter().take(ALARMS_SHOWN_MAX).map(view).collect(), fresh)
}

pub fn may_read(principal: &Principal, raised: &Raised) -> bool {
    access::may_read(principal, raised.owner.as_str(), &raised.readers)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AskAlarms {
    case_id: Option<String>,
    purpose: Option<AlarmPurpose>,
    status: Option<String>,
    /// As a parameter: `true` or `false`; absent is both.
    exercise: Option<String>,
}

/// Query `alarms`: newest first; counted apart from exercises.
pub fn alarms(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let asked: AskAlarms = intake::body(request.body.get())?;
    let exercise = match asked.exercise.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Problem::parameter("exercise", "exercise is true or false")),
    };
    if let Some(unknown) =
        asked.status.as_ref().filter(|status| *status != OPEN && AlarmOutcome::from_code(status).is_none())
    {
        let known: Vec<&str> =
            [OPEN].into_iter().chain(AlarmOutcome::ALL.iter().map(|outcome| outcome.code())).collect();
        return Err(Problem::parameter("status", format!("{unknown:?} is not one of {}", known.join(", "))));
    }
    let wanted = |raised: &&Raised| {
        may_read(env.principal, raised)
            && asked.case_id.as_ref().is_none_or(|case| raised.alarm.raised.case_id.as_ref() == Some(case))
            && asked.purpose.is_none_or(|purpose| raised.alarm.raised.purpose == purpose)
            && exercise.is_none_or(|exercise| raised.alarm.raised.exercise == exercise)
            && asked.status.as_ref().is_none_or(|wanted| status(raised) == wanted)
    };
    let mut found: Vec<&Raised> = duty.alarms.by_id.values().filter(wanted).collect();
    found.sort_by_key(|raised| std::cmp::Reverse(raised.alarm.raised_at));
    let total = found.len();
    let exercises = found.iter().filter(|raised| raised.alarm.raised.exercise).count();
    let items: Vec<Value> = found.into_iter().take(ALARMS_SHOWN_MAX).map(|raised| alarm(duty, raised, env)).collect();
    Ok(AnswerBody::of(&json!({
        "items": items, "total": total, "real": total - exercises, "exercises": exercises,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskAlarm {
    id: String,
    /// Only an alarm of this purpose is meant.
    purpose: Option<AlarmPurpose>,
}

/// Query `alarm`.
pub fn one(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let AskAlarm { id, purpose } = intake::body(request.body.get())?;
    let raised = find(duty, &id).filter(|raised| may_read(env.principal, raised));
    let raised = raised.filter(|raised| purpose.is_none_or(|purpose| raised.alarm.raised.purpose == purpose));
    let raised = raised.ok_or_else(|| missing("alarm", &id))?;
    Ok(AnswerBody::of(&alarm(duty, raised, env)).version(raised.version))
}

pub fn find<'a>(duty: &'a Duty, id: &str) -> Option<&'a Raised> {
    duty.alarms.by_id.get(&id.parse().ok()?)
}
