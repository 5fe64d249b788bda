//! `relocate-case`: the place is corrected, and the overlay made again for the whole incident.
//!
//! A case without board gets the lead board; every further affected board gets a case of its own by the rule; a case whose
//! board is no longer affected is marked so and stays with its holder. No existing case changes holder. The place itself is
//! not kept here: what duty records is which boards and areas it touches.

use crate::{
    case_commands::{Desk, problem, seal},
    case_timers::effective,
    cases::{Envelope, draft, open_case},
    domain::{
        support::{AffectedBoard, Request as Need},
        support_case::{Command, Event as Happened, Relocation, State, decide, evolve},
        why_handover as why,
    },
    intake::{self, board_name},
    limits::PLACE_BYTES_MAX,
    read_model::Case,
    service::Duty,
};
use narhet_geo::Shape;
use narhet_kernel::{StreamId, Uuid};
use narhet_proto::{
    codes::AffectedBasis,
    events::Named,
    wire::{ErrorCode, Problem, Request},
};
use narhet_responsibility::Overlay;
use narhet_runtime::{Decision, Env, Expected, Write};

/// The boards that a place touches, the lead first, with their areas.
type Touched = Vec<(Named, Option<Named>)>;

/// Command `relocate-case`: by the holder, or by kommunstyrelsen's TiB.
pub fn relocate(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id", "place", "reason"])?;
    let reason = intake::reason(&members)?;
    let desk = Desk::at(duty, request, env, &members, "relocate-case")?;
    let by = desk.acting_for("relocate-case", |facts| Some(&facts.holder))?;
    let shape = place(&members)?;
    let Some(incident) = duty.incidents.get(&desk.case.opened.incident_id) else {
        return Err(Problem::new(ErrorCode::Unavailable, "its incident is not read yet: try again"));
    };
    let need = incident.need(&duty.map);
    let overlay = duty.map.overlay(&shape, need.decisive_instant(), duty.map.head().0);
    let touched = touched(duty, &overlay, env);

    let cases = duty.cases.of_incident(&desk.case.opened.incident_id);
    let (others, closed): (Vec<_>, Vec<_>) = cases
        .into_iter()
        .filter(|case| case.opened.case_id != desk.case.opened.case_id)
        .map(|case| Standing::of(duty, case, env))
        .partition(|other| other.case.is_open());
    let boards = |cases: &[Standing<'_>]| -> Vec<String> {
        cases.iter().filter_map(|other| Some(standing(duty, other.responsible()?, env).id)).collect()
    };
    let (mut taken, closed) = (boards(&others), boards(&closed));
    taken.extend(desk.facts().and_then(|facts| facts.responsible.as_ref()).map(|board| board.id.clone()));
    let relocation = |by: Option<Named>, reason, taken: &[String], elsewhere| {
        Command::Relocate(Box::new(Relocation {
            by,
            elsewhere,
            place: touched.clone(),
            taken: taken.to_vec(),
            closed: closed.clone(),
            area_version: overlay.division_id.clone(),
            reason,
            why: why::of_relocation(overlay.division_id.clone(), need.decisive_instant()),
        }))
    };

    // The commanded case first: it has the first choice of the boards.
    let id = env.new_id();
    let before = taken.clone();
    let own = |elsewhere| {
        let reason = Some(seal(env, id, &reason));
        decide(relocation(Some(by.clone()), reason, &before, elsewhere), &desk.state).map_err(problem)
    };
    let own_alone = own(false)?;
    taken.extend(own_alone.iter().filter_map(placed_with));
    let mut writes = Vec::new();
    for other in &others {
        let events = decide(relocation(None, None, &taken, false), &other.state).unwrap_or_default();
        taken.extend(events.iter().filter_map(placed_with));
        writes.extend(other.write(&events, env));
    }
    // The board of a closed case has had its case of this incident: a new need is opened by hand.
    taken.extend(closed.iter().cloned());
    let envelope = Envelope { readers: &incident.readers, klass: incident.klass, exercise: incident.exercise };
    writes.extend(open_further(duty, &need, &touched, &taken, overlay.division_id.clone(), &reason, &envelope, env));
    let own = if own_alone.is_empty() && !writes.is_empty() { own(true)? } else { own_alone };
    let unplaced = desk.facts().is_some_and(|facts| facts.responsible.is_none());
    if own.is_empty() && writes.is_empty() && unplaced && !touched.is_empty() {
        let boards: Vec<&str> = touched.iter().map(|(board, _)| board.name.as_str()).collect();
        let detail = format!(
            "{} has a case of this incident already, so this one has nobody left to go to: close it",
            boards.join(", ")
        );
        return Err(Problem::new(ErrorCode::Conflict, detail));
    }
    writes.splice(0..0, desk.write(&own, id));
    desk.decided(writes)
}

/// The boards that a place touches as they stand now: who has inherited an area answers for what happened there before.
fn touched(duty: &Duty, overlay: &Overlay, env: &Env<'_>) -> Touched {
    let mut touched = Touched::new();
    for affected in &overlay.affected {
        let board = standing(duty, &affected.board.named(), env);
        if touched.iter().all(|(known, _)| known.id != board.id) {
            touched.push((board, Some(affected.area.clone())));
        }
    }
    touched
}

/// A board, or who has inherited its duties by now.
pub(crate) fn standing(duty: &Duty, board: &Named, env: &Env<'_>) -> Named {
    duty.map.successor(&board.id, env.now, duty.map.head().0).unwrap_or_else(|| board.clone())
}

/// Another case of the incident as of now, ends that nobody has recorded included.
struct Standing<'a> {
    case: &'a Case,
    state: State,
    ends: Vec<Happened>,
}

impl<'a> Standing<'a> {
    fn of(duty: &Duty, case: &'a Case, env: &Env<'_>) -> Self {
        let ends = duty.unrecorded_ends(&case.life.state, env.now);
        let state = ends.iter().fold(case.life.state.clone(), |state, event| evolve(state, event, env.now));
        Self { case, state, ends }
    }

    fn responsible(&self) -> Option<&Named> {
        self.state.case()?.responsible.as_ref()
    }

    /// What follows for it, behind the ends.
    fn write(&self, events: &[Happened], env: &Env<'_>) -> Option<Write> {
        if events.is_empty() {
            return None;
        }
        let all = self.ends.iter().chain(events);
        let drafts = all.map(|event| draft(self.case, event, env.new_id(), effective(event))).collect();
        let stream = StreamId::new(crate::case_log::STREAM, &self.case.opened.case_id);
        Some(Write { stream, expected: Expected::Exactly(self.case.version), drafts })
    }
}

/// The board that a case was given.
fn placed_with(event: &Happened) -> Option<String> {
    match event {
        Happened::Relocated(relocated) => relocated.responsible_board.as_ref().map(|board| board.id.clone()),
        _ => None,
    }
}

/// A case by the rule for every touched board that has none.
#[allow(clippy::too_many_arguments)]
fn open_further(
    duty: &Duty,
    need: &Need,
    touched: &Touched,
    taken: &[String],
    area_version: Option<String>,
    reason: &str,
    envelope: &Envelope<'_>,
    env: &Env<'_>,
) -> Vec<Write> {
    let further = touched.iter().filter(|(board, _)| !taken.contains(&board.id));
    let affected: Vec<AffectedBoard> = further
        .map(|(board, area)| AffectedBoard {
            board: board.clone(),
            area: area.clone(),
            basis: AffectedBasis::Place,
            successor: duty.map.successor(&board.id, env.now, duty.map.head().0),
        })
        .collect();
    if affected.is_empty() {
        return Vec::new();
    }
    let ids: Vec<Uuid> = affected.iter().map(|_| env.new_id()).collect();
    let need = Need { affected, area_version, ..need.clone() };
    let office = duty.offices.central().at(need.decisive_instant());
    let case_id = |ordinal: u32| ids.get(ordinal as usize).map(Uuid::to_string).unwrap_or_default();
    let owed = need.owed(&office, case_id, |id| board_name(&duty.map, id));
    let opened = owed.into_iter().zip(&ids).filter_map(|(mut owed, id)| {
        owed.opening.reason = Some(seal(env, *id, reason));
        open_case(duty, owed, (*id, env.new_id()), envelope)
    });
    opened.collect()
}

fn place(members: &intake::Members) -> Result<Shape, Problem> {
    let value =
        members.get("place").ok_or_else(|| Problem::at("/place", "\"place\" is missing: a GeoJSON geometry"))?;
    let bytes = value.to_string().len();
    if bytes > PLACE_BYTES_MAX {
        let detail = format!("{bytes} bytes, at most {PLACE_BYTES_MAX} are taken; simplify the geometry");
        return Err(Problem::at("/place", detail));
    }
    Shape::from_geojson(value).map_err(|error| Problem::at("/place", error.to_string()))
}
