//! The fold of area's events and the questions it answers.

use crate::{
    answer::{Affected, Answer, AreaView, NearbyArea, Overlay, Responsible},
    boards::Boards,
    course::Course,
    division::{DistrictArea, Division, UnreadableDivision},
    takeovers::Takeovers,
    why,
};
use narhet_geo::{Dimension, Match, PlaceError, Point, Shape};
use narhet_kernel::{Context, Timestamp, Uuid};
use narhet_proto::{
    Event, Message,
    codes::Tier,
    events::{
        Named,
        area::{AreaDrawn, BoardDissolved, BoardEstablished, DivisionRecorded},
        takeover::{
            BoardRenamed, CrisisBoardActivated, CrisisBoardEnded, TakeoverRecorded, TakeoverReported, TakeoverReturned,
        },
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// Everything that area has recorded about who answers for what; the default is an empty house.
#[derive(Clone, Debug, Default)]
pub struct Responsibility {
    /// In position order.
    divisions: Vec<Arc<Division>>,
    /// City and county, in position order.
    upper: Vec<UpperArea>,
    pub(crate) boards: Boards,
    pub(crate) takeovers: Takeovers,
    /// Areas drawn for a division that is not recorded yet.
    drawn: Vec<(AreaDrawn, Uuid)>,
    /// Position and recorded time of every event of area.
    recorded: Vec<(u64, Timestamp)>,
    unreadable: Option<Unreadable>,
}

/// A tier above the district, without geometry.
#[derive(Clone, Debug)]
struct UpperArea {
    position: u64,
    event_id: Uuid,
    drawn: AreaDrawn,
}

/// What [`Responsibility::prepare`] built.
#[derive(Debug)]
pub struct Prepared(Option<Result<Arc<Division>, Unreadable>>);

/// The first event that could not be folded: from there on answers may lack what it said.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    #[error("the {event_type} at position {position} of area's log cannot be decoded: {detail}")]
    Data { position: u64, event_type: String, detail: String },
    #[error("the division recorded at position {position} of area's log is unreadable: {source}")]
    Division { position: u64, source: UnreadableDivision },
}

/// The divisions that hold as known, by valid time: each from its `valid_from` to the next one's.
#[derive(Clone, Debug)]
pub struct Timeline<'a>(Vec<&'a Division>);

impl<'a> Timeline<'a> {
    /// The number of the division in force at an instant.
    pub(crate) fn index_at(&self, at: Timestamp) -> Option<usize> {
        self.0.partition_point(|division| division.valid_from() <= at).checked_sub(1)
    }

    pub fn at(&self, at: Timestamp) -> Option<&'a Division> {
        self.index_at(at).map(|index| self.0[index])
    }

    pub fn divisions(&self) -> &[&'a Division] {
        &self.0
    }

    /// The uninterrupted run of divisions around number `index` in which `holds` is true: its start, and its end if known.
    pub(crate) fn run(&self, index: usize, holds: impl Fn(&Division) -> bool) -> (Timestamp, Option<Timestamp>) {
        let before = self.0[..index].iter().rev().take_while(|division| holds(division)).count();
        let end = self.0[index + 1..].iter().find(|division| !holds(division));
        (self.0[index - before].valid_from(), end.map(|division| division.valid_from()))
    }
}

impl Responsibility {
    /// Folds area's events in position order; ignores other contexts' and those already folded. A division takes effect
    /// with its `DivisionRecorded`; the areas drawn before it have none of their own.
    pub fn apply(&mut self, event: &Event) {
        let prepared = self.prepare(event);
        self.apply_prepared(event, prepared);
    }

    /// Builds what takes long of an event, the map of a division, before it is folded: whoever holds this fold behind a lock
    /// keeps readers waiting for the folding only. Nothing may be folded in between.
    pub fn prepare(&self, event: &Event) -> Prepared {
        if event.event_type != DivisionRecorded::TYPE || event.position <= self.head().0 {
            return Prepared(None);
        }
        Prepared(Some(decoded(event).and_then(|recorded| self.build(event, recorded))))
    }

    /// [`Responsibility::apply`] with what was prepared.
    pub fn apply_prepared(&mut self, event: &Event, prepared: Prepared) {
        if event.event_type.split('.').nth(2) != Some(Context::Area.name()) || event.position <= self.head().0 {
            return;
        }
        let position = event.position;
        self.recorded.push((position, event.time));
        let folded = match event.event_type.as_str() {
            BoardEstablished::TYPE => decoded(event).map(|board| self.boards.establish(event, board)),
            BoardRenamed::TYPE => decoded(event).map(|renamed| self.boards.rename(event, renamed)),
            BoardDissolved::TYPE => decoded(event).map(|end| self.boards.dissolve(event, end)),
            CrisisBoardActivated::TYPE => decoded(event).map(|said| self.takeovers.activate(position, event.id, said)),
            CrisisBoardEnded::TYPE => decoded(event).map(|ended| self.takeovers.end(position, ended)),
            TakeoverRecorded::TYPE => decoded(event).map(|said| self.takeovers.record(position, event.id, said)),
            TakeoverReported::TYPE => decoded(event).map(|report| self.takeovers.report(position, report)),
            TakeoverReturned::TYPE => decoded(event).map(|returned| self.takeovers.give_back(position, returned)),
            AreaDrawn::TYPE => decoded(event).map(|drawn| self.draw(event, drawn)),
            _ => prepared.0.map_or(Ok(()), |built| built.map(|division| self.record(division))),
        };
        if let Err(unreadable) = folded {
            self.unreadable.get_or_insert(unreadable);
        }
    }

    fn draw(&mut self, event: &Event, drawn: AreaDrawn) {
        match drawn.tier {
            Tier::District => self.drawn.push((drawn, event.id)),
            Tier::City | Tier::County => {
                self.upper.push(UpperArea { position: event.position, event_id: event.id, drawn });
            }
        }
    }

    fn build(&self, event: &Event, recorded: DivisionRecorded) -> Result<Arc<Division>, Unreadable> {
        let of_division = |drawn: &&(AreaDrawn, Uuid)| drawn.0.division_id.as_ref() == Some(&recorded.division_id);
        let drawn = self.drawn.iter().filter(of_division).cloned().collect();
        let held = self.divisions.iter().flat_map(|division| &division.areas);
        Division::build(recorded, event.position, event.id, drawn, held)
            .map(Arc::new)
            .map_err(|source| Unreadable::Division { position: event.position, source })
    }

    fn record(&mut self, division: Arc<Division>) {
        self.drawn.retain(|(drawn, _)| drawn.division_id.as_deref() != Some(division.id()));
        self.divisions.push(division);
    }

    /// Position and recorded time of the last folded event; position 0 in an empty house.
    pub fn head(&self) -> (u64, Option<Timestamp>) {
        self.recorded.last().map_or((0, None), |(position, time)| (*position, Some(*time)))
    }

    /// Position of the last folded event recorded at or before the instant; 0 when there is none.
    pub fn known_at(&self, instant: Timestamp) -> u64 {
        let count = self.recorded.partition_point(|(_, time)| *time <= instant);
        count.checked_sub(1).map_or(0, |index| self.recorded[index].0)
    }

    /// The recorded time of the last folded event at or before a position.
    pub fn recorded_at(&self, known: u64) -> Option<Timestamp> {
        let count = self.recorded.partition_point(|(position, _)| *position <= known);
        count.checked_sub(1).map(|index| self.recorded[index].1)
    }

    /// Whether everything recorded could be folded; if not, nothing that is answered should be trusted.
    pub fn health(&self) -> Result<(), Unreadable> {
        self.unreadable.clone().map_or(Ok(()), Err)
    }

    /// The divisions that hold, as known at a position. Of several with one `valid_from` the last recorded holds.
    pub fn timeline(&self, known: u64) -> Timeline<'_> {
        let mut by_instant = BTreeMap::new();
        for division in self.divisions.iter().filter(|division| division.position <= known) {
            by_instant.insert(division.valid_from(), &**division);
        }
        Timeline(by_instant.into_values().collect())
    }

    /// The division in force at an instant, as known at a position.
    pub fn division_at(&self, at: Timestamp, known: u64) -> Option<&Division> {
        self.divisions
            .iter()
            .filter(|division| division.position <= known && division.valid_from() <= at)
            .max_by_key(|division| (division.valid_from(), division.position))
            .map(|division| &**division)
    }

    /// Every recorded division, in the order of recording, also those that were superseded.
    pub fn recorded_divisions(&self) -> impl Iterator<Item = &Division> {
        self.divisions.iter().map(|division| &**division)
    }

    /// The recorded division with this id.
    pub fn division(&self, id: &str) -> Option<&Division> {
        self.divisions.iter().find(|division| division.id() == id).map(|division| &**division)
    }

    /// Who answers for a point at an instant, as known at a position.
    pub fn locate(&self, point: Point, at: Timestamp, known: u64) -> Answer {
        let timeline = self.timeline(known);
        let course = Course::new(&timeline, &self.takeovers, known);
        let answer = |matched, distance_m| Answer {
            matched,
            distance_m,
            at,
            known_at: self.recorded_at(known),
            known_position: known.min(self.head().0),
            responsible: Vec::new(),
            also_at: Vec::new(),
            why: Vec::new(),
        };
        let Some(index) = course.index_at(at) else {
            return Answer {
                why: vec![why::no_division(at, timeline.0.first().copied())],
                ..answer(Match::Outside, None)
            };
        };
        let segment = &course.segments()[index];
        let division = segment.division;
        let location = division.map.locate(point);
        let found = location.area.as_deref().and_then(|id| division.area(id));
        let answer = answer(location.matched, Some(location.distance_m));
        let Some(area) = found.filter(|_| location.matched != Match::Outside) else {
            return Answer { why: vec![why::outside(division, location.distance_m)], ..answer };
        };
        let holder = segment.holder(area);
        let holds = |number: usize| {
            let other = &course.segments()[number];
            let held = other.division.area(&area.area.id).is_some_and(|held| other.holder(held) == holder);
            held && (std::ptr::eq(other.division, division)
                || other.division.map.locate(point).area.as_ref() == Some(&area.area.id))
        };
        let run = course.run(index, holds);
        let also_at =
            location.also_at.iter().filter_map(|id| division.area(id)).map(|also| also.area.clone()).collect();
        let mut why = why::of_district(division, area, location.matched, location.distance_m);
        why.extend(holder.takeover.map(|takeover| why::of_takeover(takeover, area)));
        why.extend(why::of_upper_tiers(self.upper(at, known).iter().map(|tier| (&tier.drawn, tier.event_id))));
        let responsible = self.responsible_for(&course, index, run, area, at, known);
        Answer { responsible, also_at, why, ..answer }
    }

    /// The tiers that answer for a place in an area, when segment `index` is in force and the same has been so for `run`.
    pub(crate) fn responsible_for(
        &self,
        course: &Course<'_>,
        index: usize,
        run: (usize, usize),
        area: &DistrictArea,
        at: Timestamp,
        known: u64,
    ) -> Vec<Responsible> {
        let holder = course.segments()[index].holder(area);
        let (valid_from, valid_to) = course.span(run);
        let district = Responsible {
            tier: Tier::District,
            board: self.board_name(holder.board, at, known),
            area: area.area.clone(),
            basis: if holder.takeover.is_some() { "takeover" } else { "area" },
            valid_from: Some(valid_from),
            valid_to,
            taken_over_from: holder.takeover.map(|_| self.board_name(&area.board, at, known)),
            takeover_id: holder.takeover.map(|takeover| takeover.said.takeover_id.clone()),
        };
        let upper = self.upper(at, known);
        std::iter::once(district).chain(upper.iter().map(|tier| self.upper_tier(tier, at, known))).collect()
    }

    /// The boards whose areas a place touches at an instant, as known at a position.
    pub fn overlay(&self, shape: &Shape, at: Timestamp, known: u64) -> Overlay {
        let overlay = |matched, affected, division_id, why| Overlay {
            matched,
            at,
            known_at: self.recorded_at(known),
            known_position: known.min(self.head().0),
            affected,
            division_id,
            why,
        };
        let timeline = self.timeline(known);
        let course = Course::new(&timeline, &self.takeovers, known);
        let Some(segment) = course.index_at(at).map(|index| &course.segments()[index]) else {
            let why = why::no_division(at, timeline.0.first().copied());
            return overlay(Match::Outside, Vec::new(), None, vec![why]);
        };
        let division = segment.division;
        let mut why = Vec::new();
        let mut affected = Vec::new();
        for share in division.map.overlay(shape) {
            if let Some(area) = division.area(&share.area) {
                let takeover = segment.holder(area).takeover;
                affected.push(Affected {
                    board: self.board_name(&area.board, at, known),
                    area: area.area.clone(),
                    area_m2: share.area_m2,
                    length_m: share.length_m,
                    share: share.share,
                    taken_over_by: takeover.map(|takeover| self.board_name(&takeover.said.by, at, known)),
                });
                why.extend(why::of_affected(division, area));
                why.extend(takeover.map(|takeover| why::of_takeover(takeover, area)));
            }
        }
        let matched = match lone_point(shape) {
            Some(point) => division.map.locate(point).matched,
            None if affected.is_empty() => Match::Outside,
            None => Match::Inside,
        };
        if affected.is_empty() {
            why.push(why::place_outside(division));
        }
        overlay(matched, affected, Some(division.id().to_owned()), why)
    }

    /// Whether a place is so small that [`Responsibility::overlay`] and [`Responsibility::nearby`] answer in milliseconds.
    ///
    /// # Errors
    /// As [`narhet_geo::AreaMap::admit`].
    pub fn admit(&self, shape: &Shape, within_m: f64, at: Timestamp, known: u64) -> Result<(), PlaceError> {
        self.division_at(at, known).map_or(Ok(()), |division| division.map.admit(shape, within_m))
    }

    /// The areas that a place does not touch (its overlay says which it does) and that lie within so many metres of it,
    /// nearest first.
    ///
    /// # Errors
    /// As [`narhet_geo::AreaMap::neighbours`].
    pub fn nearby(
        &self,
        shape: &Shape,
        within_m: f64,
        overlay: &Overlay,
        known: u64,
    ) -> Result<Vec<NearbyArea>, PlaceError> {
        let Some(division) = self.division_at(overlay.at, known) else { return Ok(Vec::new()) };
        let touched: Vec<&str> = overlay.affected.iter().map(|affected| affected.area.id.as_str()).collect();
        let near = division.map.neighbours(shape, within_m, &touched)?.into_iter();
        let near = near.filter_map(|near| {
            let area = division.area(&near.area)?;
            Some(NearbyArea {
                board: self.board_name(&area.board, overlay.at, known),
                area: area.area.clone(),
                distance_m: (near.distance_m * 100.0).round() / 100.0,
            })
        });
        Ok(near.collect())
    }

    /// The areas in force at an instant, as known at a position: districts by id, then city and county.
    pub fn areas(&self, at: Timestamp, known: u64) -> Vec<AreaView> {
        let timeline = self.timeline(known);
        let districts = timeline.index_at(at).into_iter().flat_map(|index| {
            let division = timeline.0[index];
            let mut views: Vec<AreaView> =
                division.areas.iter().map(|area| self.area_view(&timeline, index, area, at, known)).collect();
            views.sort_by(|a, b| a.area.id.cmp(&b.area.id));
            views
        });
        let upper = self.upper(at, known).into_iter().map(|tier| AreaView {
            area: Named::new(tier.drawn.area_id.as_str(), tier.drawn.name.as_str()),
            board: self.board_name(&tier.drawn.board, at, known),
            tier: tier.drawn.tier,
            valid_from: tier.drawn.valid_from,
            valid_to: None,
            approximate: tier.drawn.approximate,
            division_id: None,
            geometry: None,
        });
        districts.chain(upper).collect()
    }

    fn area_view(
        &self,
        timeline: &Timeline<'_>,
        index: usize,
        area: &DistrictArea,
        at: Timestamp,
        known: u64,
    ) -> AreaView {
        let holds = |other: &Division| {
            other
                .area(&area.area.id)
                .is_some_and(|held| held.board.id == area.board.id && Arc::ptr_eq(&held.geometry, &area.geometry))
        };
        let (valid_from, valid_to) = timeline.run(index, holds);
        let division = timeline.0[index];
        AreaView {
            area: area.area.clone(),
            board: self.board_name(&area.board, at, known),
            tier: Tier::District,
            valid_from: Some(valid_from),
            valid_to,
            approximate: area.approximate || division.recorded.approximate,
            division_id: Some(division.id().to_owned()),
            geometry: Some(Arc::clone(&area.geometry)),
        }
    }

    /// City and county as known, in that order.
    fn upper(&self, at: Timestamp, known: u64) -> Vec<&UpperArea> {
        let holds = |tier: &&UpperArea| tier.position <= known && tier.drawn.valid_from.is_none_or(|from| from <= at);
        [Tier::City, Tier::County]
            .into_iter()
            .filter_map(|tier| self.upper.iter().rev().filter(holds).find(|upper| upper.drawn.tier == tier))
            .collect()
    }

    fn upper_tier(&self, tier: &UpperArea, at: Timestamp, known: u64) -> Responsible {
        Responsible {
            tier: tier.drawn.tier,
            board: self.board_name(&tier.drawn.board, at, known),
            area: Named::new(tier.drawn.area_id.as_str(), tier.drawn.name.as_str()),
            basis: tier.drawn.tier.code(),
            valid_from: tier.drawn.valid_from,
            valid_to: None,
            taken_over_from: None,
            takeover_id: None,
        }
    }
}

/// The point, when a place is nothing but one.
fn lone_point(shape: &Shape) -> Option<Point> {
    let bounds = shape.bounds();
    let lone = shape.dimension() == Dimension::Points && shape.vertices() == 1;
    Point::new(bounds.west, bounds.south).ok().filter(|_| lone)
}

fn decoded<M: Message>(event: &Event) -> Result<M, Unreadable> {
    serde_json::from_str(event.data.get()).map_err(|problem| Unreadable::Data {
        position: event.position,
        event_type: event.event_type.clone(),
        detail: problem.to_string(),
    })
}

#[cfg(test)]
mod tests;
