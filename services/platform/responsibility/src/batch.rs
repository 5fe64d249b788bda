//! Many points at once: the answers that occur, each once, and for every point which of them.

use crate::{
    answer::Responsible,
    course::{Course, Holder},
    division::Division,
    ledger::Responsibility,
};
use narhet_geo::{Match, Point};
use narhet_kernel::Timestamp;
use serde::Serialize;
use std::collections::HashMap;

/// The reply to `POST /v1/responsibility/batch`, but for its cursor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    pub at: Timestamp,
    pub known_at: Option<Timestamp>,
    #[serde(serialize_with = "narhet_proto::envelope::decimal::serialize")]
    pub known_position: u64,
    /// The `responsible[]` lists that occur, in the order in which points need them.
    pub answers: Vec<Vec<Responsible>>,
    /// One for each point, in their order.
    pub results: Vec<PointResult>,
}

/// What is said of one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PointResult {
    #[serde(rename = "match")]
    pub matched: Match,
    /// As in a single answer; to a centimetre.
    pub distance_m: Option<f64>,
    /// Number in `answers`; null outside.
    pub answer: Option<u32>,
}

/// For one segment, by number of the area asked about: its number there, where the same board answers for it in the same way.
type Same = Vec<Option<u16>>;

impl Responsibility {
    /// Who answers for each of some points, as [`Responsibility::locate`] says it one by one.
    pub fn batch(&self, points: &[Point], at: Timestamp, known: u64) -> Batch {
        let mut batch = Batch {
            at,
            known_at: self.recorded_at(known),
            known_position: known.min(self.head().0),
            answers: Vec::new(),
            results: Vec::with_capacity(points.len()),
        };
        let timeline = self.timeline(known);
        let course = Course::new(&timeline, &self.takeovers, known);
        let Some(index) = course.index_at(at) else {
            let outside = PointResult { matched: Match::Outside, distance_m: None, answer: None };
            batch.results.resize(points.len(), outside);
            return batch;
        };
        let division = course.segments()[index].division;
        let same: Vec<Same> = (0..course.segments().len()).map(|number| same(&course, index, number)).collect();
        let mut numbers: HashMap<(u16, usize, usize), u32> = HashMap::new();
        for &point in points {
            let (hit, metres) = division.map.hit_and_distance_m(point);
            let answer = hit.area.map(|area| {
                let holds = |number: usize| {
                    same[number][usize::from(area)].is_some_and(|there| {
                        let other = course.segments()[number].division;
                        std::ptr::eq(other, division) || other.map.hit(point).area == Some(there)
                    })
                };
                let run = course.run(index, holds);
                *numbers.entry((area, run.0, run.1)).or_insert_with(|| {
                    batch.answers.push(self.responsible_for(&course, index, run, area_of(division, area), at, known));
                    batch.answers.len() as u32 - 1
                })
            });
            batch.results.push(PointResult {
                matched: hit.matched,
                distance_m: Some((metres * 100.0).round() / 100.0),
                answer,
            });
        }
        batch
    }
}

/// The area with this number in a division's map.
pub(crate) fn area_of(division: &Division, number: u16) -> &crate::DistrictArea {
    let id = division.map.territories()[usize::from(number)].id();
    division.area(id).expect("a division's map is made of its areas")
}

fn same(course: &Course<'_>, index: usize, number: usize) -> Same {
    let (here, there) = (&course.segments()[index], &course.segments()[number]);
    let holder_of = |area: u16| -> Holder<'_> { here.holder(area_of(here.division, area)) };
    (0..here.division.map.territories().len() as u16)
        .map(|area| {
            let id = here.division.map.territories()[usize::from(area)].id();
            let other = there.division.map.territories().iter().position(|territory| territory.id() == id)?;
            let held = there.division.area(id).is_some_and(|other| there.holder(other) == holder_of(area));
            held.then_some(other as u16)
        })
        .collect()
}
