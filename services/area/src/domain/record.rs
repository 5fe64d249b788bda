//! What a planned import changes in a house: the events, decided in one go, or "already so".
//!
//! ```text
//! for each division, oldest first:  boards that are new → boards that end at its start → its areas → the division
//! and where an older import lies after it:              → boards that end at *that* one's start
//! ```

use crate::{
    domain::{
        Plan, PlannedDivision, Refusal,
        plan::{LOST_LAND, PlannedArea},
        register::{STANDING_AREAS, STANDING_BOARDS},
    },
    limits::{DATA_BYTES_MAX, HOLE_ACCEPTED_M2_MAX, IMPORT_EVENTS_MAX},
};
use narhet_geo::{AreaMap, Match, Shape};
use narhet_kernel::{BoardId, Timestamp, Uuid};
use narhet_proto::{
    codes::{BoardKind, Tier},
    events::{
        Named,
        area::{AcceptedDefect, AreaDrawn, BoardDissolved, BoardEstablished, DivisionRecorded},
    },
};
use narhet_responsibility::{Division, Responsibility};
use std::collections::{BTreeMap, BTreeSet};

/// Something that becomes an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Established(BoardEstablished),
    Dissolved(BoardDissolved),
    Drawn(AreaDrawn),
    Recorded(DivisionRecorded),
}

/// What an import came to in a house.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// In the order in which they are recorded, each with its id; none when all is already so.
    pub facts: Vec<(Uuid, Fact)>,
    /// One for each division of the import.
    pub divisions: Vec<DivisionOutcome>,
    pub refused: Vec<Refusal>,
    pub warnings: Vec<String>,
    /// Land that a division takes from every board and that is accepted by its id; recorded with it.
    pub lost: Vec<AcceptedDefect>,
}

/// What a division of an import came to.
#[derive(Clone, Debug, PartialEq)]
pub struct DivisionOutcome {
    pub id: Uuid,
    pub valid_from: Timestamp,
    pub areas: Vec<String>,
    pub supersedes: Option<String>,
    /// Whether the very same was recorded before.
    pub already: bool,
}

/// A division on the timeline that the import would lead to.
pub(super) enum Version<'a> {
    Held(&'a Division),
    New { planned: &'a PlannedDivision, id: Uuid },
}

impl<'a> Version<'a> {
    fn id(&self) -> String {
        match self {
            Version::Held(division) => division.id().to_owned(),
            Version::New { id, .. } => id.to_string(),
        }
    }

    fn map(&self) -> &AreaMap {
        match self {
            Version::Held(division) => &division.map,
            Version::New { planned, .. } => &planned.map,
        }
    }

    /// Area id and board of each area.
    pub(super) fn holders(&self) -> Vec<(&'a str, &'a Named)> {
        match self {
            Version::Held(division) => division.areas.iter().map(|area| (area.area.id.as_str(), &area.board)).collect(),
            Version::New { planned, .. } => {
                planned.areas.iter().map(|area| (area.area.id.as_str(), &area.board)).collect()
            }
        }
    }

    /// Whether its outlines are drawn by hand: what they do not cover says nothing.
    fn is_approximate(&self) -> bool {
        match self {
            Version::Held(division) => division.recorded.approximate,
            Version::New { planned, .. } => planned.approximate,
        }
    }

    fn shape(&self, area: &str) -> Option<Shape> {
        match self {
            Version::Held(division) => Shape::from_geojson(&division.area(area)?.geometry).ok(),
            Version::New { planned, .. } => {
                planned.areas.iter().find(|held| held.area.id == area).map(|held| held.shape.clone())
            }
        }
    }
}

/// Decides what to record of a plan that refuses nothing. `new_id` gives the ids, `source` names the file.
pub fn record(
    plan: &Plan,
    house: &Responsibility,
    decided_at: Option<Timestamp>,
    source: &str,
    mut new_id: impl FnMut() -> Uuid,
) -> Recording {
    let timeline = house.timeline(house.head().0);
    let mut versions: BTreeMap<Timestamp, Version<'_>> =
        timeline.divisions().iter().map(|division| (division.valid_from(), Version::Held(division))).collect();
    let mut recording = Recording { warnings: plan.warnings.clone(), ..Recording::default() };
    refuse_taken_ids(plan, house, &mut recording.refused);
    for planned in &plan.divisions {
        let held = timeline.at(planned.valid_from).filter(|held| held.valid_from() == planned.valid_from);
        let already = held.filter(|held| is_same(planned, held, decided_at));
        let id = already.map_or_else(&mut new_id, |held| held.event_id);
        recording.divisions.push(DivisionOutcome {
            id,
            valid_from: planned.valid_from,
            areas: planned.areas.iter().map(|area| area.area.name.clone()).collect(),
            supersedes: held.filter(|_| already.is_none()).map(|held| held.id().to_owned()),
            already: already.is_some(),
        });
        if already.is_some() {
            recording.warnings.push(format!("the division from {} is recorded already as {id}", planned.valid_from));
        } else {
            versions.insert(planned.valid_from, Version::New { planned, id });
        }
    }
    let mut facts = Facts { new_id, facts: Vec::new(), established: BTreeSet::new() };
    for (outcome, planned) in recording.divisions.iter().zip(&plan.divisions).filter(|(outcome, _)| !outcome.already) {
        let before = versions.range(..outcome.valid_from).next_back().map(|(_, before)| before);
        let lost = before.map_or_else(Vec::new, |before| lost_land(before, planned));
        let (accepted, refused): (Vec<_>, Vec<_>) = lost.into_iter().partition(|lost| plan.accept.contains(&lost.id));
        recording.refused.extend(refused.into_iter().map(|lost| Refusal::LostLand(Box::new(lost))));
        facts.establish(planned, outcome, house);
        facts.dissolve_before(outcome.valid_from, &versions, house);
        facts.draw(planned, outcome);
        facts.facts.push((
            outcome.id,
            Fact::Recorded(DivisionRecorded {
                division_id: outcome.id.to_string(),
                valid_from: planned.valid_from,
                decided_at,
                area_ids: planned.areas.iter().map(|area| area.area.id.clone()).collect(),
                source: source.to_owned(),
                approximate: planned.approximate,
                defects: plan.defects.iter().chain(&accepted).cloned().collect(),
                uncertain: planned.uncertain.clone(),
                supersedes: outcome.supersedes.clone(),
                features: u32::try_from(plan.features).unwrap_or(u32::MAX),
                warnings: recording.warnings.clone(),
            }),
        ));
        recording.lost.extend(accepted);
        let next = versions.range(outcome.valid_from..).nth(1);
        if let Some((from, Version::Held(_))) = next {
            facts.dissolve_before(*from, &versions, house);
        }
    }
    recording.facts = facts.facts;
    for id in plan.accept.iter().filter(|id| id.starts_with(LOST_LAND)) {
        if recording.lost.iter().all(|lost| lost.id != *id) {
            recording.warnings.push(format!("no land is lost under the id {id:?} that was to be accepted"));
        }
    }
    refuse_large(&mut recording);
    recording
}

/// The events so far, and whose boards they established.
struct Facts<NewId> {
    new_id: NewId,
    facts: Vec<(Uuid, Fact)>,
    established: BTreeSet<String>,
}

impl<NewId: FnMut() -> Uuid> Facts<NewId> {
    fn push(&mut self, fact: Fact) {
        let id = (self.new_id)();
        self.facts.push((id, fact));
    }

    fn establish(&mut self, planned: &PlannedDivision, outcome: &DivisionOutcome, house: &Responsibility) {
        for area in &planned.areas {
            if !house.is_established(&area.board.id) && self.established.insert(area.board.id.clone()) {
                self.push(Fact::Established(BoardEstablished {
                    id: area.board.id.clone(),
                    name: area.board.name.clone(),
                    kind: BoardKind::District,
                    valid_from: Some(planned.valid_from),
                    source: area.board_source.clone(),
                    division_id: Some(outcome.id.to_string()),
                }));
            }
        }
    }

    /// Ends the boards that have an area before the division from `from` and none in it.
    fn dissolve_before(
        &mut self,
        from: Timestamp,
        versions: &BTreeMap<Timestamp, Version<'_>>,
        house: &Responsibility,
    ) {
        let (Some((_, before)), Some(after)) = (versions.range(..from).next_back(), versions.get(&from)) else {
            return;
        };
        for (board, successor) in endings(before, after) {
            if !house.has_recorded_end(&board.id, from, &successor.id) {
                let division_id = Some(after.id());
                self.push(Fact::Dissolved(BoardDissolved {
                    id: board.id.clone(),
                    valid_to: from,
                    successor,
                    division_id,
                }));
            }
        }
    }

    fn draw(&mut self, planned: &PlannedDivision, outcome: &DivisionOutcome) {
        for area in &planned.areas {
            self.push(Fact::Drawn(AreaDrawn {
                area_id: area.area.id.clone(),
                name: area.area.name.clone(),
                board: area.board.clone(),
                tier: Tier::District,
                division_id: Some(outcome.id.to_string()),
                valid_from: Some(planned.valid_from),
                geometry: Some(area.geometry.clone()),
                neighbourhoods: area.neighbourhoods.clone(),
                approximate: area.approximate,
            }));
        }
    }
}

/// Land that had a board in the division before and has none in this one, by area; more than is accepted by itself. A forgotten
/// neighbourhood at the city's edge leaves no hole that could be seen in its own map.
fn lost_land(before: &Version<'_>, planned: &PlannedDivision) -> Vec<AcceptedDefect> {
    let mut lost = Vec::new();
    for (area, _) in before.holders() {
        let Some(shape) = before.shape(area).filter(|_| !before.is_approximate()) else { continue };
        let kept: f64 = planned.map.overlay(&shape).iter().map(|share| share.area_m2).sum();
        let area_m2 = shape.area_m2() - kept;
        if area_m2 > HOLE_ACCEPTED_M2_MAX {
            let outside =
                shape.corners().into_iter().find(|point| planned.map.locate(*point).matched == Match::Outside);
            lost.push(AcceptedDefect {
                // The instant and the size are part of it: what was accepted once says nothing of another loss.
                id: format!("{LOST_LAND}{area}-{}-{area_m2:.0}", planned.valid_from.strftime("%Y%m%d")),
                kind: "lost".to_owned(),
                area_m2,
                width_m: 0.0,
                between: vec![area.to_owned()],
                at: outside.map_or_else(Vec::new, |point| vec![point.lon, point.lat]),
                accepted_by: "id".to_owned(),
            });
        }
    }
    lost
}

/// The boards that hold an area in one division and none in the next, by id, each with who inherits.
pub(super) fn endings<'a>(before: &Version<'a>, after: &Version<'_>) -> Vec<(&'a Named, Named)> {
    let staying: BTreeSet<&str> = after.holders().iter().map(|(_, board)| board.id.as_str()).collect();
    let mut ending: Vec<&'a Named> = before.holders().into_iter().map(|(_, board)| board).collect();
    ending.sort_by(|one, other| one.id.cmp(&other.id));
    ending.dedup_by(|one, other| one.id == other.id);
    ending.retain(|board| !staying.contains(board.id.as_str()));
    ending.into_iter().map(|board| (board, successor(board, before, after))).collect()
}

/// The board that gets the largest share of what `board` held; ties by board id. Kommunstyrelsen inherits land that leaves
/// the city: its duties must still be somebody's.
fn successor(board: &Named, before: &Version<'_>, after: &Version<'_>) -> Named {
    let holders = after.holders();
    let mut share_of: BTreeMap<&str, (f64, &Named)> = BTreeMap::new();
    for (area, _) in before.holders().into_iter().filter(|(_, held_by)| held_by.id == board.id) {
        for share in before.shape(area).map(|shape| after.map().overlay(&shape)).unwrap_or_default() {
            if let Some((_, heir)) = holders.iter().find(|(held, _)| *held == share.area) {
                share_of.entry(heir.id.as_str()).or_insert((0.0, heir)).0 += share.area_m2;
            }
        }
    }
    // Ascending by id, and only a larger share replaces: the lowest id wins a tie.
    let largest = share_of.into_values().reduce(|best, next| if next.0 > best.0 { next } else { best });
    largest.map_or_else(|| Named::new(BoardId::KOMMUNSTYRELSEN, "Kommunstyrelsen"), |(_, heir)| heir.clone())
}

/// Whether the plan says nothing that the recorded division does not say. Where it came from makes no difference; a day
/// of decision does, when one is given.
fn is_same(planned: &PlannedDivision, held: &Division, decided_at: Option<Timestamp>) -> bool {
    let same_area = |area: &PlannedArea| {
        held.area(&area.area.id).is_some_and(|held| {
            held.area == area.area
                && held.board == area.board
                && held.neighbourhoods == area.neighbourhoods
                && held.approximate == area.approximate
                && *held.geometry == area.geometry
        })
    };
    planned.areas.len() == held.areas.len()
        && planned.uncertain == held.recorded.uncertain
        && (decided_at.is_none() || decided_at == held.recorded.decided_at)
        && planned.areas.iter().all(same_area)
}

/// An area may not take the id of something that is not a stadsdelsnämnd or its area.
fn refuse_taken_ids(plan: &Plan, house: &Responsibility, refused: &mut Vec<Refusal>) {
    for area in plan.divisions.iter().flat_map(|division| &division.areas) {
        let id = area.area.id.as_str();
        let other_board = house.board(id).is_some_and(|board| board.kind != BoardKind::District);
        let standing =
            STANDING_AREAS.iter().any(|area| area.id == id) || STANDING_BOARDS.iter().any(|board| board.id == id);
        let refusal = Refusal::IdTaken { area: area.area.name.clone(), id: id.to_owned() };
        if (standing || other_board) && !refused.contains(&refusal) {
            refused.push(refusal);
        }
    }
}

fn refuse_large(recording: &mut Recording) {
    if recording.facts.len() > IMPORT_EVENTS_MAX {
        recording.refused.push(Refusal::TooManyEvents { count: recording.facts.len() });
    }
    for (_, fact) in &recording.facts {
        let (what, bytes) = match fact {
            Fact::Drawn(drawn) => (format!("the area {:?}", drawn.name), json_bytes(drawn)),
            Fact::Recorded(division) => {
                (format!("the division from {} with its holes and warnings", division.valid_from), json_bytes(division))
            }
            Fact::Established(_) | Fact::Dissolved(_) => continue,
        };
        if bytes > DATA_BYTES_MAX {
            recording.refused.push(Refusal::TooLarge { what, bytes });
        }
    }
}

fn json_bytes(message: &impl serde::Serialize) -> usize {
    serde_json::to_vec(message).map_or(usize::MAX, |json| json.len())
}
