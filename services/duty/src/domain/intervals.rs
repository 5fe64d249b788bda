//! Sets of instants as half-open intervals: what proofs over time are made of, so that nothing is sampled.

use narhet_kernel::Timestamp;
use serde::Serialize;

/// From an instant until, not including, a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Interval {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A set of instants: intervals in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals(Vec<Interval>);

impl Interval {
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// What both have; `None` when that is nothing.
    pub fn cut(&self, other: &Interval) -> Option<Interval> {
        let cut = Interval { from: self.from.max(other.from), to: self.to.min(other.to) };
        (cut.from < cut.to).then_some(cut)
    }
}

impl Intervals {
    /// All instants that are in some of these; empty and reversed ones hold none.
    pub fn of(intervals: impl IntoIterator<Item = Interval>) -> Self {
        let mut all: Vec<Interval> = intervals.into_iter().filter(|one| one.from < one.to).collect();
        all.sort_unstable();
        let mut merged: Vec<Interval> = Vec::with_capacity(all.len());
        for one in all {
            match merged.last_mut() {
                Some(last) if one.from <= last.to => last.to = last.to.max(one.to),
                _ => merged.push(one),
            }
        }
        Self(merged)
    }

    pub fn one(from: Timestamp, to: Timestamp) -> Self {
        Self::of([Interval { from, to }])
    }

    pub fn union(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    pub fn intersect(&self, other: &Self) -> Self {
        let (mut common, mut left, mut right) = (Vec::new(), 0, 0);
        while let (Some(a), Some(b)) = (self.0.get(left), other.0.get(right)) {
            common.extend(a.cut(b));
            if a.to <= b.to {
                left += 1;
            } else {
                right += 1;
            }
        }
        Self(common)
    }

    /// What is in this set and not in the other.
    pub fn subtract(&self, other: &Self) -> Self {
        let (mut rest, mut next) = (Vec::new(), 0);
        for one in &self.0 {
            while other.0.get(next).is_some_and(|gone| gone.to <= one.from) {
                next += 1;
            }
            let (mut from, mut at) = (one.from, next);
            while let Some(gone) = other.0.get(at).filter(|gone| gone.from < one.to) {
                if from < gone.from {
                    rest.push(Interval { from, to: gone.from });
                }
                from = from.max(gone.to);
                at += 1;
            }
            if from < one.to {
                rest.push(Interval { from, to: one.to });
            }
        }
        Self(rest)
    }

    pub fn contains(&self, at: Timestamp) -> bool {
        let after = self.0.partition_point(|one| one.from <= at);
        after.checked_sub(1).is_some_and(|index| self.0[index].contains(at))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Interval> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests;
