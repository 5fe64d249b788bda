//! Swaps: offered by a keeper of the roster, and nothing moves before they are taken; then it has moved.

use super::{
    commands::{keeper_of, missing},
    cover, intake, views,
};
use crate::{
    domain::{intervals::Interval, roster},
    service::Duty,
};
use narhet_kernel::{StreamId, Timestamp};
use narhet_proto::{
    Draft,
    codes::SwapOutcome,
    events::readiness::{Leave, Roster, SwapOffered, SwapSettled},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Offer {
    roster_id: String,
    from: Timestamp,
    to: Timestamp,
    giver: String,
    taker: String,
}

/// Command `offer-swap`.
pub fn offer(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Offer { roster_id, from, to, giver, taker } = intake::body(request.body.get())?;
    let record = duty.readiness.rosters.get(&roster_id).ok_or_else(|| missing("roster", &roster_id))?;
    let role = keeper_of(env.principal, &record.value.board.id)?;
    let mut wrong = intake::Complaints::default();
    wrong.add(to <= from, "/to", "it ends before it begins");
    wrong.add(to <= env.now, "/to", "that time has passed");
    wrong.add(giver == taker, "/taker", "a swap has two members");
    for (pointer, member) in [("/giver", &giver), ("/taker", &taker)] {
        wrong.add(intake::member(&record.value, member).is_none(), pointer, "the roster has no such member");
    }
    let during = Interval { from, to: to.max(from) };
    wrong.add(!is_on_duty(duty, &record.value, &giver, during), "/giver", NOT_ON_DUTY);
    wrong.add(is_away(&record.value, &taker, during), "/taker", AWAY);
    wrong.done()?;
    let event = env.new_id();
    let offered = SwapOffered { swap_id: event.to_string(), roster_id: roster_id.clone(), from, to, giver, taker };
    let owner = env.principal.owner();
    let draft = Draft::public(event, StreamId::new("roster", &roster_id), owner, &offered);
    Ok(Decision {
        writes: vec![Write::one(Expected::Exactly(record.stream), draft)],
        role: Some(role),
        answered_by: vec![],
    })
}

/// Query `swap`.
pub fn one(duty: &Duty, request: &Request, _env: &Env<'_>) -> Result<AnswerBody, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ask {
        id: String,
    }
    let Ask { id } = intake::body(request.body.get())?;
    let swap = duty.readiness.swaps.get(&id).ok_or_else(|| missing("swap", &id))?;
    Ok(AnswerBody::of(&views::swap(swap)))
}

const NOT_ON_DUTY: &str = "is not on duty in that time";
const AWAY: &str = "is on leave in that time";

fn is_on_duty(duty: &Duty, roster: &Roster, member: &str, during: Interval) -> bool {
    let entries = roster::entries(roster, &duty.readiness.taken(&roster.id), during.from, during.to);
    entries.iter().any(|entry| entry.member == member)
}

fn is_away(roster: &Roster, member: &str, during: Interval) -> bool {
    let away = |leave: &Leave| leave.member == member && leave.from < during.to && during.from < leave.to;
    roster.leave.iter().any(away)
}

/// Since it was offered the time may have passed, or the shift may have become somebody else's.
fn still_moves(duty: &Duty, roster: &Roster, offered: &SwapOffered, env: &Env<'_>) -> Result<(), Problem> {
    let conflict = |detail: String| Err(Problem::new(ErrorCode::Conflict, detail));
    let SwapOffered { from, to, giver, taker, .. } = offered;
    let during = Interval { from: (*from).max(env.now), to: *to };
    if *to <= env.now {
        return conflict("the time of this swap has passed".to_owned());
    }
    if !is_on_duty(duty, roster, giver, during) {
        return conflict(format!("{giver} {NOT_ON_DUTY} any more"));
    }
    if intake::member(roster, taker).is_none() || is_away(roster, taker, during) {
        return conflict(format!("{taker} {AWAY}, or is no member any more"));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settle {
    swap_id: String,
    outcome: SwapOutcome,
    #[serde(default)]
    accept: Vec<String>,
}

/// Command `settle-swap`.
pub fn settle(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Settle { swap_id, outcome, accept } = intake::body(request.body.get())?;
    let swap = duty.readiness.swaps.get(&swap_id).ok_or_else(|| missing("swap", &swap_id))?;
    let roster_id = swap.offered.roster_id.clone();
    let record = duty.readiness.rosters.get(&roster_id).ok_or_else(|| missing("roster", &roster_id))?;
    let role = keeper_of(env.principal, &record.value.board.id)?;
    match swap.settled {
        Some(before) if before == outcome => {
            let answered_by = swap_id.parse().into_iter().collect();
            return Ok(Decision { writes: vec![], role: Some(role), answered_by });
        }
        Some(before) => {
            return Err(Problem::new(ErrorCode::Conflict, format!("the swap has ended: {}", before.code())));
        }
        None => {}
    }
    if outcome == SwapOutcome::Taken {
        still_moves(duty, &record.value, &swap.offered, env)?;
        let mut after = duty.readiness.clone();
        if let Some(swap) = after.swaps.get_mut(&swap_id) {
            (swap.settled, swap.order) = (Some(outcome), u64::MAX);
        }
        cover::check(duty, &after, &accept, env.now)?;
    }
    let settled = SwapSettled { swap_id, roster_id: roster_id.clone(), outcome };
    let draft = Draft::public(env.new_id(), StreamId::new("roster", &roster_id), env.principal.owner(), &settled);
    Ok(Decision {
        writes: vec![Write::one(Expected::Exactly(record.stream), draft)],
        role: Some(role),
        answered_by: vec![],
    })
}
