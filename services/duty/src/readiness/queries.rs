//! What is asked of readiness: records, cover, endurance, the health of paths, and what a coming division leaves behind.

use super::{commands::missing, cover, intake, views};
use crate::{
    domain::{
        coverage,
        escalation::Staffing,
        intervals::{Interval, Intervals},
        rest, roster,
    },
    limits::{COVER_DAYS_MAX, COVER_HOLES_MAX},
    service::Duty,
};
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::Channel,
    events::{Named, readiness::AlarmPath},
    wire::{
        Problem, Request,
        dangling::{Dangling, Ending, Question},
    },
};
use narhet_runtime::{AnswerBody, Env};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, to_value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskRecords {
    kind: String,
    board: Option<String>,
}

/// Query `records`: all of a kind, by id.
pub fn records(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let AskRecords { kind, board } = intake::body(request.body.get())?;
    let wanted = |of: &str| board.as_ref().is_none_or(|board| board == of);
    let readiness = &duty.readiness;
    let items: Vec<Value> = match kind.as_str() {
        "function" => {
            let all = readiness.functions.live.values().filter(|record| wanted(&record.value.board.id));
            all.map(|record| views::function(record, env)).collect()
        }
        "roster" => {
            let all = readiness.rosters.live.values().filter(|record| wanted(&record.value.board.id));
            all.map(|record| views::roster(readiness, record, env)).collect()
        }
        "centre" => {
            let all = readiness.centres.live.values().filter(|record| wanted(&record.value.board.id));
            all.map(|record| views::centre(&record.value, env.now)).collect()
        }
        _ => {
            let all = readiness.paths.live.values().filter(|record| wanted(&record.value.board.id));
            all.map(|record| path(duty, &record.value, record.version, env.now)).collect()
        }
    };
    Ok(AnswerBody::of(&json!({ "items": items })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskRecord {
    kind: String,
    id: String,
}

/// Query `record`.
pub fn record(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let AskRecord { kind, id } = intake::body(request.body.get())?;
    let readiness = &duty.readiness;
    let view = match kind.as_str() {
        "function" => readiness.functions.get(&id).map(|record| views::function(record, env)),
        "roster" => readiness.rosters.get(&id).map(|record| views::roster(readiness, record, env)),
        "centre" => readiness.centres.get(&id).map(|record| views::centre(&record.value, env.now)),
        _ => readiness.paths.get(&id).map(|record| path(duty, &record.value, record.version, env.now)),
    };
    let view = view.ok_or_else(|| missing(&kind, &id))?;
    let version = readiness.standing(&kind, &id).0.unwrap_or(0);
    Ok(AnswerBody::of(&view).version(version))
}

/// A path with what has been shown of it as it is now: by machine, by people, by those who have read it. Version 0 is one
/// that nobody has recorded.
pub fn path(duty: &Duty, path: &AlarmPath, version: u64, now: Timestamp) -> Value {
    let nothing = super::PathProof::default();
    let proof = duty.readiness.proofs.get(&path.id).unwrap_or(&nothing);
    let proven_at = proof.proven_at.filter(|(_, proven)| *proven == version).map(|(at, _)| at);
    let exercised_at = duty.alarms.exercised_at(&path.board.id, &duty.readiness.path_of(&path.board).1);
    let failing: Vec<&str> = proof
        .results
        .iter()
        .filter(|result| !result.carried && !result.untested)
        .map(|result| result.channel.code())
        .collect();
    let mut warnings = Vec::new();
    let mut warn = |wrong: bool, text: &'static str| {
        if wrong {
            warnings.push(text);
        }
    };
    warn(version == 0, "unrecorded");
    warn(proven_at.is_none_or(|at| roster::after_hours(at, 36) < now), "unproven");
    warn(exercised_at.is_none_or(|at| roster::after_hours(at, 24 * 366) < now), "unexercised");
    warn(!failing.is_empty(), "failing");
    let reached = duty.readiness.on_duty(super::CITY_TIB, now).iter().any(|receiver| receiver.ways > 0);
    warn(!reached, "last-resort-not-reachable");
    let readers: Vec<Value> = proof
        .readers
        .iter()
        .map(|((board, reader), read)| {
            json!({ "board": board, "reader": reader, "current": u64::from(*read) == version })
        })
        .collect();
    let mut view = to_value(path).unwrap_or_default();
    view["version"] = (version > 0).then_some(version).into();
    view["provenAt"] = to_value(proven_at).unwrap_or_default();
    view["exercisedAt"] = to_value(exercised_at).unwrap_or_default();
    view["channels"] = to_value(&proof.results).unwrap_or_default();
    view["failing"] = to_value(failing).unwrap_or_default();
    view["readBy"] = readers.into();
    view["warnings"] = to_value(warnings).unwrap_or_default();
    view
}

/// Query `path-health`: every path that alarms go down, the channels, and what may have gone out twice.
pub fn path_health(duty: &Duty, _request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let paths = duty.readiness.paths_in_use();
    let items: Vec<Value> = paths.iter().map(|(one, version)| path(duty, one, *version, env.now)).collect();
    let channels: Vec<Value> = Channel::ALL
        .iter()
        .map(|channel| {
            let proof = duty.readiness.channels.get(channel);
            json!({
                "channel": channel, "label": channel.label(), "configured": duty.channels.is_configured(*channel),
                "honoursKey": duty.channels.honours_the_key(*channel),
                "lastProof": proof.map(|proof| json!({ "carried": proof.carried, "detail": proof.detail })),
            })
        })
        .collect();
    let (dead, fresh) = crate::alarms::views::dead_letters(duty, env);
    let healthy =
        !items.is_empty() && items.iter().all(|path| path["warnings"].as_array().is_some_and(Vec::is_empty)) && !fresh;
    Ok(AnswerBody::of(&json!({
        "items": items, "channels": channels, "deadLetters": dead, "maybeTwice": duty.alarms.maybe_twice,
        "healthy": healthy,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskSpan {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Only this area.
    area: Option<String>,
}

/// Query `coverage`.
pub fn coverage(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let AskSpan { from, to, area } = intake::body(request.body.get())?;
    let from = from.unwrap_or(env.now);
    let during = Interval { from, to: to.unwrap_or_else(|| cover::year(from).to) };
    if during.to <= during.from {
        return Err(Problem::parameter("to", "it lies before \"from\""));
    }
    if during.to > roster::after_hours(during.from, 24 * COVER_DAYS_MAX) {
        return Err(Problem::parameter("to", format!("at most {COVER_DAYS_MAX} days are looked at in one question")));
    }
    let mut world = cover::world(duty, during);
    if let Some(area) = area {
        if world.areas.iter().all(|known| known.id != area) {
            let known: Vec<&str> = world.areas.iter().map(|known| known.id.as_str()).collect();
            return Err(Problem::parameter("area", format!("{area:?} is not one of {}", known.join(", "))));
        }
        world.areas.retain(|known| known.id == area);
        world.spans.retain(|span| span.area.id == area);
    }
    let holes = coverage::holes(&world);
    let (covered, all) = coverage::covered_micros(&world, &holes);
    let shown: Vec<Value> = holes
        .iter()
        .take(COVER_HOLES_MAX)
        .map(|hole| {
            let mut view = to_value(hole).unwrap_or_default();
            view["name"] = cover::name_within(hole, during).into();
            view["text"] = format!("{}: {}", hole.board.name, cover::reason_text(&hole.reason)).into();
            view
        })
        .collect();
    let share = if all == 0 { 0.0 } else { covered as f64 / all as f64 };
    Ok(AnswerBody::of(&json!({
        "from": during.from, "to": during.to, "covered": holes.is_empty() && all > 0, "share": share,
        "areas": world.areas, "holes": shown, "holesTotal": holes.len(),
        "restsOn": {
            "functions": duty.readiness.functions.live.len(), "rosters": duty.readiness.rosters.live.len(),
            "failedChannels": world.failed, "revision": duty.readiness.revision,
            "calendarVersion": duty.offices.central().version().to_string(),
        },
    })))
}

/// Hours that endurance looks ahead.
const ENDURANCE_H: i64 = 72;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endurance<'a> {
    roster: &'a str,
    function: &'a str,
    /// Every instant of the time is staffed, and everybody has rest enough.
    can_be_staffed: bool,
    unstaffed: Vec<Interval>,
    too_little_rest: Vec<rest::TooLittleRest>,
    members: usize,
}

/// Query `endurance`: whether the next 72 hours can be staffed, roster by roster.
pub fn endurance(duty: &Duty, _request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let (from, to) = (env.now, roster::after_hours(env.now, ENDURANCE_H));
    let rule = rest::RestRule::current();
    let items: Vec<Endurance<'_>> = duty
        .readiness
        .rosters
        .values()
        .map(|one| {
            // Whoever is tired now was on duty before.
            let since = roster::after_hours(from, -rule.within_h);
            let entries = roster::entries(one, &duty.readiness.taken(&one.id), since, to);
            let staffed = entries.iter().map(|entry| Interval { from: entry.from, to: entry.to });
            let open = Intervals::one(from, to).subtract(&Intervals::of(staffed));
            let mut too_little_rest = rest::too_little(&entries, rule);
            too_little_rest.retain(|stretch| stretch.to > from);
            Endurance {
                roster: &one.id,
                function: &one.function,
                can_be_staffed: open.is_empty() && too_little_rest.is_empty(),
                unstaffed: open.iter().copied().collect(),
                too_little_rest,
                members: one.layers.iter().map(|layer| layer.crew.len()).sum(),
            }
        })
        .collect();
    Ok(AnswerBody::of(&json!({ "from": from, "to": to, "rule": rule, "items": items })))
}

/// What of readiness a coming division leaves without a board, and which of its boards have no roster at all.
pub fn dangling(duty: &Duty, question: &Question) -> Vec<Dangling> {
    let readiness = &duty.readiness;
    let mut dangling = Vec::new();
    for Ending { board, successor } in &question.ending {
        let mut add = |kind: &str, of: &Named, id: &str, name: &str| {
            if of.id == board.id {
                dangling.push(Dangling {
                    kind: kind.to_owned(),
                    id: Some(id.to_owned()),
                    name: Some(name.to_owned()),
                    board: board.clone(),
                    passes_to: None,
                    text: format!(
                        "{name} hör till {}, som upphör: registrera den på nytt för {}.",
                        board.name, successor.name
                    ),
                });
            }
        };
        readiness.functions.values().for_each(|one| add("function", &one.board, &one.id, &one.name));
        readiness.rosters.values().for_each(|one| add("roster", &one.board, &one.id, &one.name));
        readiness.paths.values().for_each(|one| add("alarm-path", &one.board, &one.id, &one.name));
    }
    let lacks = |board: &&Named| !readiness.rosters.values().any(|roster| roster.board.id == board.id);
    dangling.extend(question.remaining.iter().filter(lacks).map(|board| Dangling {
        kind: "roster".to_owned(),
        id: None,
        name: None,
        board: board.clone(),
        passes_to: None,
        text: format!("{} har inget schema: utan ett står varje kontorstid utan någon som nås.", board.name),
    }));
    dangling
}
