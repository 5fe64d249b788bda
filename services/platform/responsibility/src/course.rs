//! How the answer for a place goes on through valid time, as known at a position: the divisions, and the takeovers of areas that
//! lie over them.

use crate::{
    division::{DistrictArea, Division},
    ledger::Timeline,
    takeovers::{Takeover, Takeovers},
};
use narhet_kernel::Timestamp;
use narhet_proto::events::Named;

/// The whole of valid time from the first division on, cut where an answer can change.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    segments: Vec<Segment<'a>>,
}

/// A stretch of valid time in which no answer changes.
#[derive(Debug)]
pub(crate) struct Segment<'a> {
    pub from: Timestamp,
    pub division: &'a Division,
    /// In the order of recording.
    takeovers: Vec<&'a Takeover>,
}

/// Who answers for an area in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    pub board: &'a Named,
    /// Set when it answers by takeover.
    pub takeover: Option<&'a Takeover>,
}

impl PartialEq for Holder<'_> {
    /// By board and by whether it has taken over: two takeovers on end are one time of answering.
    fn eq(&self, other: &Self) -> bool {
        self.board.id == other.board.id && self.takeover.is_some() == other.takeover.is_some()
    }
}

impl<'a> Course<'a> {
    pub(crate) fn new(timeline: &Timeline<'a>, takeovers: &'a Takeovers, known: u64) -> Course<'a> {
        let of_areas: Vec<&Takeover> = takeovers.of_areas(known).collect();
        let mut instants: Vec<Timestamp> = timeline.divisions().iter().map(|division| division.valid_from()).collect();
        for takeover in &of_areas {
            instants.push(takeover.said.valid_from);
            instants.extend(takeover.valid_to(known));
        }
        instants.sort_unstable();
        instants.dedup();
        let segment = |from| {
            let division = timeline.at(from)?;
            let in_force = of_areas.iter().copied().filter(|takeover| takeover.in_force(from, known)).collect();
            Some(Segment { from, division, takeovers: in_force })
        };
        Course { segments: instants.into_iter().filter_map(segment).collect() }
    }

    /// The number of the segment an instant falls in; `None` before the first division.
    pub(crate) fn index_at(&self, at: Timestamp) -> Option<usize> {
        self.segments.partition_point(|segment| segment.from <= at).checked_sub(1)
    }

    pub(crate) fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// The uninterrupted run of segments around number `index` in which `holds` is true: its first, and the one after its last.
    pub(crate) fn run(&self, index: usize, holds: impl Fn(usize) -> bool) -> (usize, usize) {
        let first = (0..index).rev().take_while(|number| holds(*number)).last().unwrap_or(index);
        let end = (index + 1..self.segments.len()).find(|number| !holds(*number)).unwrap_or(self.segments.len());
        (first, end)
    }

    /// The instants of a run: when it begins, and when it ends, if that is known.
    pub(crate) fn span(&self, (first, end): (usize, usize)) -> (Timestamp, Option<Timestamp>) {
        (self.segments[first].from, self.segments.get(end).map(|segment| segment.from))
    }
}

impl<'a> Segment<'a> {
    /// Who answers for an area of the segment's division: of several takeovers the last recorded, else the area's board.
    pub(crate) fn holder(&self, area: &'a DistrictArea) -> Holder<'a> {
        match self.takeovers.iter().rev().find(|takeover| takeover.has_area(&area.area.id)) {
            Some(takeover) => Holder { board: &takeover.said.by, takeover: Some(takeover) },
            None => Holder { board: &area.board, takeover: None },
        }
    }
}
