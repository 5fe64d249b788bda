//! The last committed frames, in memory, for followers that are nearly up to date.

use crate::{
    codec::Extras,
    types::{Frame, Outcome, Stored},
};
use std::{collections::VecDeque, sync::Arc};

/// A committed frame.
#[derive(Debug)]
pub struct RecentFrame {
    pub first: u64,
    pub events: Vec<Stored>,
    pub extras: Extras,
    pub bytes: usize,
}

impl RecentFrame {
    pub fn last(&self) -> u64 {
        self.first + self.events.len() as u64 - 1
    }

    pub fn frame(&self) -> Frame {
        Frame {
            first: self.first,
            events: self.events.iter().map(|event| event.bytes.clone()).collect(),
            consumed: self.extras.consumed.clone(),
            outcomes: outcomes(&self.extras),
            progress: self.extras.progress.clone(),
        }
    }
}

/// The outcomes of a frame without their times.
pub fn outcomes(extras: &Extras) -> Vec<Outcome> {
    extras.outcomes.iter().map(|(_, outcome)| outcome.clone()).collect()
}

#[derive(Debug, Default)]
pub struct Recent {
    frames: VecDeque<Arc<RecentFrame>>,
    bytes: usize,
}

impl Recent {
    pub fn push(&mut self, frame: Arc<RecentFrame>, bytes_max: usize) {
        self.bytes += frame.bytes;
        self.frames.push_back(frame);
        while self.bytes > bytes_max && self.frames.len() > 1 {
            self.bytes -= self.frames.pop_front().map_or(0, |frame| frame.bytes);
        }
    }

    /// Frames from the one that holds `from` on, while `enough` is false; `None` when that one is no longer here.
    pub fn from(&self, from: u64, mut enough: impl FnMut(&RecentFrame) -> bool) -> Option<Vec<Arc<RecentFrame>>> {
        if self.frames.front().is_none_or(|first| first.first > from) {
            return None;
        }
        let start = self.frames.partition_point(|frame| frame.last() < from);
        let mut found = Vec::new();
        for frame in self.frames.range(start..) {
            found.push(Arc::clone(frame));
            if enough(frame) {
                break;
            }
        }
        Some(found)
    }
}
