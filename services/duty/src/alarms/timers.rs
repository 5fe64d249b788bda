//! What is due: alarms that cases are owed, steps, ways and shift borders of open alarms, nightly proofs, approaching holes.

use super::{
    Owed, Raised,
    drafts::{Envelope, TAKE_THE_CASE, ToDeliver, ToRaise},
    proofs,
};
use crate::{
    cases,
    domain::{
        custody::OfferLife,
        escalation::{Act, Receiver, Staffing},
        support_case::{self, Case, Command, FunctionToAlarm, Stage, decide},
    },
    readiness::Readiness,
    service::Duty,
};
use narhet_kernel::{StreamId, Timestamp, Uuid, derived_id};
use narhet_proto::{
    codes::{AlarmOutcome, AlarmPurpose, Channel},
    events::alarm::{AlarmRaised, AlarmSettled},
};
use narhet_runtime::{Env, Expected, Write};
use std::collections::BTreeSet;

/// Everybody on duty is reached on the exercise channel, and on nothing else.
struct Exercise<'a>(&'a Readiness);

impl Staffing for Exercise<'_> {
    fn on_duty(&self, function: &str, at: Timestamp) -> Vec<Receiver> {
        self.0.on_duty(function, at).into_iter().map(|receiver| Receiver { ways: 1, ..receiver }).collect()
    }

    fn next_border(&self, function: &str, after: Timestamp) -> Option<Timestamp> {
        self.0.next_border(function, after)
    }

    fn has_capability(&self, function: &str, capability: &str) -> bool {
        self.0.has_capability(function, capability)
    }
}

/// Asks with the staffing that an alarm goes by.
fn staffed<T>(duty: &Duty, raised: &Raised, ask: impl FnOnce(&dyn Staffing) -> T) -> T {
    if raised.alarm.raised.exercise { ask(&Exercise(&duty.readiness)) } else { ask(&duty.readiness) }
}

pub fn next_due(duty: &Duty) -> Option<Timestamp> {
    let alarms = &duty.alarms;
    if !alarms.owed.is_empty() {
        return Some(Timestamp::MIN);
    }
    alarms.open.next().into_iter().chain(proofs::next_due(duty)).min()
}

pub fn fire(duty: &mut Duty, env: &Env<'_>) -> Vec<Write> {
    proofs::look_ahead(duty, env.now);
    let mut frame = Frame::default();
    for (id, owed) in &duty.alarms.owed {
        frame.take(vec![raise(duty, *id, owed, env)]);
    }
    for id in duty.alarms.open.due(env.now) {
        match look(duty, id, env) {
            Ok(writes) => frame.take(writes),
            Err(next) => duty.alarms.open.look_at(id, next),
        }
    }
    proofs::fire(duty, env).into_iter().for_each(|write| frame.take(vec![write]));
    frame.writes
}

/// What one firing writes: each stream once, since the second writer would not have seen the first. Whoever comes second is
/// still due at the next firing.
#[derive(Default)]
struct Frame {
    writes: Vec<Write>,
    streams: BTreeSet<StreamId>,
}

impl Frame {
    fn take(&mut self, group: Vec<Write>) {
        if group.iter().all(|write| !self.streams.contains(&write.stream)) {
            self.streams.extend(group.iter().map(|write| write.stream.clone()));
            self.writes.extend(group);
        }
    }
}

/// The alarm that a case is owed, with a derived id, so that a re-run raises none twice.
fn raise(duty: &Duty, id: Uuid, owed: &Owed, env: &Env<'_>) -> Write {
    let envelope = Envelope { owner: owed.owner.clone(), readers: owed.readers.clone(), klass: owed.klass };
    Write::one(Expected::NoStream, ToRaise::of_case(owed, &duty.readiness).draft(id, envelope, env))
}

/// The case's own note that its holder has been alarmed: once a message has left the house, not before.
fn note_alarmed(duty: &Duty, id: Uuid, raised: &Raised) -> Option<Write> {
    let alarm = &raised.alarm.raised;
    let case = duty.cases.get(alarm.case_id.as_ref()?)?;
    let held = case.life.state.case().is_some_and(|facts| facts.stage == Stage::Held);
    let sent = raised.alarm.messages.iter().find(|message| message.dispatched_at.is_some())?;
    if alarm.purpose != AlarmPurpose::Case || !held {
        return None;
    }
    let (function, board) = (sent.delivery.function.clone(), alarm.board.clone());
    let command = Command::Alarm(FunctionToAlarm { function, board, task: TAKE_THE_CASE.to_owned() });
    in_the_case(duty, &case.opened.case_id, command, id)
}

/// What an alarm makes of its case; nothing when the case is that far already.
fn in_the_case(duty: &Duty, case_id: &str, command: Command, cause: Uuid) -> Option<Write> {
    let case = duty.cases.get(case_id)?;
    let events = decide(command, &case.life.state).unwrap_or_default();
    let draft = |(ordinal, event): (u32, &support_case::Event)| {
        cases::draft(case, event, derived_id("alarm-in-the-case", cause, ordinal + ordinal_of(event)), None)
    };
    let drafts: Vec<_> = (0..).zip(&events).map(draft).collect();
    let stream = drafts.first()?.stream.clone();
    Some(Write { stream, expected: Expected::Exactly(case.version), drafts })
}

/// Alarmed and acknowledged are two events of one alarm.
fn ordinal_of(event: &support_case::Event) -> u32 {
    if matches!(event, support_case::Event::Acknowledged(_)) { 1_000 } else { 0 }
}

/// What has become of what an alarm about a case or a hole asks for, if it is over: then nobody else is woken.
fn over(duty: &Duty, id: Uuid, raised: &Raised, now: Timestamp) -> Option<AlarmOutcome> {
    let alarm = &raised.alarm.raised;
    if let Some(hole) = &alarm.hole {
        return (!proofs::is_ahead(duty, hole, now)).then_some(AlarmOutcome::StoodDown);
    }
    let case = alarm.case_id.as_ref().and_then(|case| duty.cases.get(case))?;
    let facts = case.life.state.case()?;
    if alarm.purpose == AlarmPurpose::AnswerTheOffer {
        let asks = |offer: &str| duty.alarms.offers.get(&id).is_some_and(|asked| asked == offer);
        if let Some(offer) = facts.offer.as_ref().filter(|offer| case.is_open() && asks(&offer.id)) {
            // The board that was asked has ended: its heir has an alarm of its own.
            return (offer.to.id != alarm.board.id).then_some(AlarmOutcome::StoodDown);
        }
        let answered = |offer: &OfferLife| asks(&offer.id) && ["accepted", "refused"].contains(&offer.status);
        let answered = case.life.offer.as_ref().is_some_and(answered);
        return Some(if answered { AlarmOutcome::Acknowledged } else { AlarmOutcome::StoodDown });
    }
    if !case.is_open() || is_taken(alarm, facts) {
        return Some(AlarmOutcome::Acknowledged);
    }
    // It passed to an heir, and nobody has taken it: the heir has an alarm of its own.
    let inherited = alarm.purpose == AlarmPurpose::Case && facts.holder.id != alarm.board.id;
    inherited.then_some(AlarmOutcome::StoodDown)
}

fn is_taken(alarm: &AlarmRaised, facts: &Case) -> bool {
    match alarm.purpose {
        AlarmPurpose::Case => facts.stage >= Stage::Acknowledged,
        AlarmPurpose::PlaceTheCase => facts.responsible.is_some(),
        AlarmPurpose::Handover => facts.responsible.as_ref().is_some_and(|board| board.id == facts.holder.id),
        _ => false,
    }
}

/// What an open alarm needs now, or when to look again.
fn look(duty: &Duty, id: Uuid, env: &Env<'_>) -> Result<Vec<Write>, Timestamp> {
    let Some(raised) = duty.alarms.by_id.get(&id) else { return Err(Timestamp::MAX) };
    if let Some(outcome) = over(duty, id, raised, env.now) {
        return Ok(vec![settle(raised, outcome, None)]);
    }
    if let Some(note) = note_alarmed(duty, id, raised) {
        return Ok(vec![note]);
    }
    match staffed(duty, raised, |staffing| raised.alarm.due(staffing, env.now)) {
        Some(Act::Order { round, step, because, to }) => {
            let to = if raised.alarm.raised.purpose == AlarmPurpose::Proof {
                proofs::receivers(duty, raised)
            } else {
                to.into_iter().map(|(receiver, way)| to_deliver(duty, raised, receiver, way, env)).collect()
            };
            Ok(vec![raised.ordered((round, step), because, &to, &duty.readiness, env)])
        }
        Some(Act::Settle { outcome, function }) => {
            let mut writes = vec![settle(raised, outcome, function.clone())];
            writes.extend(acknowledged(duty, raised, outcome, function));
            writes.extend(proofs::settled(duty, raised));
            Ok(writes)
        }
        None => {
            let next = staffed(duty, raised, |staffing| raised.alarm.next_due(staffing, env.now));
            // A hole that has passed needs nobody any more.
            let passes = raised.alarm.raised.hole.as_ref().map(|hole| hole.to);
            Err(next.into_iter().chain(passes).min().unwrap_or(Timestamp::MAX))
        }
    }
}

/// Who takes the alarm of a case has taken note of the case; its holder stays.
pub(super) fn acknowledged(
    duty: &Duty,
    raised: &Raised,
    outcome: AlarmOutcome,
    function: Option<String>,
) -> Option<Write> {
    let alarm = &raised.alarm.raised;
    let case_id = alarm.case_id.as_ref()?;
    if alarm.purpose != AlarmPurpose::Case || outcome != AlarmOutcome::Acknowledged {
        return None;
    }
    let id = raised.id().parse().unwrap_or_default();
    in_the_case(duty, case_id, Command::Acknowledge { by: alarm.board.clone(), function, active: false }, id)
}

pub(super) fn settle(raised: &Raised, outcome: AlarmOutcome, function: Option<String>) -> Write {
    let settled = AlarmSettled { alarm_id: raised.id().to_owned(), outcome, function };
    raised.write(vec![raised.draft(0, |_| settled)])
}

/// The way of a receiver as it is now. What cannot be resolved, because it was taken away meanwhile or its key is destroyed,
/// is ordered without an address: the courier makes a dead letter of it, and the alarm goes on from there.
fn to_deliver(duty: &Duty, raised: &Raised, receiver: Receiver, way: u32, env: &Env<'_>) -> ToDeliver {
    if raised.alarm.raised.exercise {
        return ToDeliver { receiver, way, channel: Channel::Exercise, address: None };
    }
    match duty.readiness.target(&receiver, way) {
        Some(target) => {
            let address = env.open(target.event, &target.field, &target.address);
            ToDeliver { channel: target.channel, receiver, way, address }
        }
        None => {
            let told = raised.alarm.messages.iter().rev().find(|message| message.is_for(&receiver));
            let channel = told.map_or(Channel::Webhook, |message| message.delivery.channel);
            ToDeliver { receiver, way, channel, address: None }
        }
    }
}
