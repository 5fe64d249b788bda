//! Nightly alarms down every path to the channels' own test receivers; and warnings of holes before they are there.

use super::{
    Raised,
    drafts::{Envelope, ToDeliver, ToRaise},
};
use crate::{
    domain::{coverage, escalation::Receiver, intervals::Interval, roster},
    readiness::cover,
    service::Duty,
};
use narhet_calendar::{ClockTime, Zone};
use narhet_kernel::{StreamId, Timestamp, Uuid, derived_id};
use narhet_proto::{
    Draft,
    codes::{AlarmPurpose, Channel},
    events::{
        alarm::{ChannelResult, Hole, PathProven},
        readiness::AlarmPath,
    },
};
use narhet_runtime::{Env, Expected, Write};
use std::collections::BTreeSet;

/// When paths are proven, on the wall: after the night's handovers, before anybody sleeps deepest.
const PROVEN_AT: ClockTime = ClockTime::new(3, 30).expect("half past three is a time");
/// Hours before a hole at which it is warned of.
const WARNED_BEFORE_H: i64 = 72;
/// How far ahead holes are looked for, and after how long they are looked for anew.
const LOOKED_AHEAD_H: i64 = 14 * 24;
const LOOKED_ANEW_H: i64 = 24;

/// Holes ahead as last computed.
#[derive(Clone, Debug)]
pub struct Outlook {
    at: Timestamp,
    rests_on: (u64, u64, u64),
    areas: BTreeSet<String>,
    holes: Vec<Hole>,
    /// Where cover ends, later or just now: a channel's proof has failed, somebody was taken off.
    begins: Vec<Hole>,
}

pub fn next_due(duty: &Duty) -> Option<Timestamp> {
    next_proof(duty).into_iter().chain(next_warning(duty)).min()
}

pub fn fire(duty: &mut Duty, env: &Env<'_>) -> Vec<Write> {
    let mut writes = Vec::new();
    if next_proof(duty).is_some_and(|due| due <= env.now) {
        writes.extend(begin_proofs(duty, env));
        duty.alarms.proven_until = Some(env.now);
    }
    writes.extend(warnings(duty, env));
    writes
}

/// The next night's proof, counted from the last one that this log has, or from the first path.
fn next_proof(duty: &Duty) -> Option<Timestamp> {
    let last = duty.alarms.proven_until.filter(|_| duty.readiness.has_paths())?;
    Some(next_half_past_three(last))
}

fn next_half_past_three(after: Timestamp) -> Timestamp {
    let zone = Zone::stockholm();
    let today = zone.wall(after).date();
    [today, today.tomorrow().unwrap_or(today)]
        .into_iter()
        .map(|date| zone.start(PROVEN_AT.on(date)))
        .find(|start| *start > after)
        .unwrap_or(Timestamp::MAX)
}

fn begin_proofs(duty: &Duty, env: &Env<'_>) -> Vec<Write> {
    let id = |path: &AlarmPath| match duty.readiness.paths.get(&path.id) {
        Some(record) => derived_id("proof", record.event, night(env.now)),
        None => derived_id(&format!("proof {}", path.id), Uuid::nil(), night(env.now)),
    };
    duty.readiness.paths_in_use().iter().map(|(path, _)| begin(path, id(path), env)).collect()
}

/// The number of a night, so that each path is proven once in it.
fn night(now: Timestamp) -> u32 {
    u32::try_from(now.as_second() / 3_600).unwrap_or(0)
}

/// A synthetic alarm down a path.
pub fn begin(path: &AlarmPath, id: Uuid, env: &Env<'_>) -> Write {
    let mut alarm = ToRaise::to_the_last_resort(AlarmPurpose::Proof, &path.board);
    alarm.path_id = Some(path.id.clone());
    alarm.steps.splice(0..0, path.steps.iter().cloned());
    Write::one(Expected::NoStream, alarm.draft(id, Envelope::of_board(&path.board), env))
}

/// The test receivers of every channel that a path uses.
pub fn receivers(duty: &Duty, raised: &Raised) -> Vec<ToDeliver> {
    let functions: BTreeSet<&String> = raised.alarm.raised.steps.iter().flat_map(|step| &step.functions).collect();
    let mut channels: BTreeSet<Channel> = BTreeSet::new();
    for id in functions {
        let own = duty.readiness.function(id).into_iter().flat_map(|function| function.contact_ways);
        channels.extend(own.map(|way| way.channel));
        let crews = duty.readiness.rosters.values().filter(|roster| roster.function == *id);
        let members = crews.flat_map(|roster| &roster.layers).flat_map(|layer| &layer.crew);
        channels.extend(members.flat_map(|member| &member.contact_ways).map(|way| way.channel));
    }
    let function = raised.alarm.raised.path_id.clone().unwrap_or_default();
    let receiver = Receiver { function, roster: None, member: None, ways: 1 };
    let test = |channel| ToDeliver { receiver: receiver.clone(), way: 0, channel, address: None };
    channels.into_iter().filter(|channel| coverage::leaves_the_house(*channel)).map(test).collect()
}

/// What a proof that has ended found; nothing of a path that is another by now.
pub fn settled(duty: &Duty, raised: &Raised) -> Option<Write> {
    let alarm = &raised.alarm.raised;
    if alarm.purpose != AlarmPurpose::Proof {
        return None;
    }
    let path_id = alarm.path_id.clone()?;
    if duty.readiness.path_of(&alarm.board).1 != alarm.steps {
        return None;
    }
    let result = |message: &crate::domain::escalation::Message| ChannelResult {
        channel: message.delivery.channel,
        carried: message.dispatched_at.is_some(),
        untested: duty.channels.is_configured(message.delivery.channel)
            && !duty.channels.has_test_receiver(message.delivery.channel),
        detail: message.detail.clone().unwrap_or_default(),
    };
    let proven = PathProven {
        path_id: path_id.clone(),
        alarm_id: alarm.alarm_id.clone(),
        results: raised.alarm.messages.iter().map(result).collect(),
    };
    let id = derived_id("path-proven", raised.event, 0);
    let stream = StreamId::new("alarm-path", &path_id);
    let owner = raised.owner.clone();
    // Says nothing about the record, so it needs no version of it.
    Some(Write::one(Expected::Any, Draft::public(id, stream, owner, &proven)))
}

fn next_warning(duty: &Duty) -> Option<Timestamp> {
    let Some(outlook) = &duty.alarms.outlook else { return Some(Timestamp::MIN) };
    if outlook.rests_on != rests_on(duty) {
        return Some(Timestamp::MIN);
    }
    let anew = roster::after_hours(outlook.at, LOOKED_ANEW_H);
    let holes = approaching(duty).map(|hole| roster::after_hours(hole.from, -WARNED_BEFORE_H));
    holes.chain([anew]).min()
}

/// Records, map and the hours that decide who holds.
fn rests_on(duty: &Duty) -> (u64, u64, u64) {
    (duty.readiness.revision, duty.map.head().0, duty.offices.central().version())
}

/// Whether a hole that was warned of is still there, or coming.
pub fn is_ahead(duty: &Duty, hole: &Hole, now: Timestamp) -> bool {
    let rest = Interval { from: hole.from.max(now), to: hole.to };
    let Some(outlook) = &duty.alarms.outlook else { return rest.from < rest.to };
    let open = |known: &&Hole| Interval { from: known.from, to: known.to }.cut(&rest).is_some();
    outlook.holes.iter().filter(|known| known.area.id == hole.area.id).any(|known| open(&known))
}

/// Computes anew which holes are ahead, when something has changed or time has passed.
pub fn look_ahead(duty: &mut Duty, now: Timestamp) {
    let fresh = duty.alarms.outlook.as_ref().is_some_and(|outlook| {
        outlook.rests_on == rests_on(duty) && now < roster::after_hours(outlook.at, LOOKED_ANEW_H)
    });
    if fresh {
        return;
    }
    let during = Interval { from: now, to: roster::after_hours(now, LOOKED_AHEAD_H) };
    let world = cover::world(duty, during);
    let holes = coverage::holes(&world);
    let mut begins: Vec<Hole> = match duty.alarms.outlook.take() {
        // An area that nobody has seen before has not lost anything.
        Some(before) => {
            let known = |hole: &Hole| before.areas.contains(&hole.area.id);
            let opened = coverage::opened(&before.holes, &holes).into_iter();
            opened.filter(|hole| hole.from == now && known(hole)).collect()
        }
        None => Vec::new(),
    };
    begins.extend(beginnings(&holes, now));
    let areas = world.areas.iter().map(|area| area.id.clone()).collect();
    duty.alarms.holes_are(&holes, now);
    duty.alarms.outlook = Some(Outlook { at: now, rests_on: rests_on(duty), areas, holes, begins });
}

/// Holes that begin while there is still cover and that nobody has been warned of. One that is there already is not
/// approaching: coverage shows it.
fn approaching(duty: &Duty) -> impl Iterator<Item = &Hole> {
    let outlook = duty.alarms.outlook.as_ref();
    let known = |hole: &&Hole| duty.alarms.warned.contains(&(hole.area.id.clone(), hole.from));
    outlook.into_iter().flat_map(|outlook| &outlook.begins).filter(move |hole| !known(hole))
}

/// Where cover ends: one that goes on from another is no new hole, only who would have held changes there.
fn beginnings(holes: &[Hole], after: Timestamp) -> Vec<Hole> {
    let goes_on = |at: usize| {
        at.checked_sub(1)
            .is_some_and(|before| holes[before].area.id == holes[at].area.id && holes[before].to == holes[at].from)
    };
    (0..holes.len()).filter(|at| holes[*at].from > after && !goes_on(*at)).map(|at| holes[at].clone()).collect()
}

fn warnings(duty: &Duty, env: &Env<'_>) -> Vec<Write> {
    let near = |hole: &&Hole| roster::after_hours(hole.from, -WARNED_BEFORE_H) <= env.now;
    let raise = |hole: &Hole| {
        let mut alarm = ToRaise::down_the_path(&duty.readiness, AlarmPurpose::Gap, &hole.board);
        alarm.hole = Some(hole.clone());
        // One that was closed and is opened again at the same instant is warned of again.
        let before = duty.alarms.warnings.get(&(hole.area.id.clone(), hole.from)).copied().unwrap_or(0);
        let cause = derived_id(&format!("hole {}", coverage::name_of(hole)), Uuid::nil(), before);
        Write::one(Expected::NoStream, alarm.draft(cause, Envelope::of_board(&hole.board), env))
    };
    approaching(duty).filter(near).map(raise).collect()
}
