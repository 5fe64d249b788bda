//! Swaps: offered by a keeper of the roster, and nothing moves before they are taken; then it has moved.

use super::{commands::keeper_of, commands::missing, cover, intake};
use crate::{domain::roster, service::Duty};
use narhet_kernel::{StreamId, Timestamp};
use narhet_proto::{
    Draft,
    codes::SwapOutcome,
    events::readiness::{SwapOffered, SwapSettled},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{Decision, Env, Expected, Write};
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
    let now = roster::entries(&record.value, &duty.readiness.taken(&roster_id), from, to.max(from));
    wrong.add(!now.iter().any(|entry| entry.member == giver), "/giver", "is not on duty in that time");
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
        let mut after = duty.readiness.clone();
        if let Some(swap) = after.swaps.get_mut(&swap_id) {
            swap.settled = Some(outcome);
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
