//! What followed events and timers cause here, recorded in the frame that says their cause is consumed.

use super::{Desk, Waiting, append::Origin};
use crate::{
    follow::{Delivered, FollowError},
    host::HostError,
    service::{Env, Service, Write},
};
use narhet_event_store::{Expected, Progress, limits::COMMIT_BYTES_MAX};
use narhet_kernel::{Context, Mark, Uuid, Vector, limits::FRAME_EVENTS_MAX};
use narhet_proto::{Event, table};
use std::collections::VecDeque;
use tokio::time::Instant;

/// What an event takes beside its data, generously: the envelope and the vector.
const ENVELOPE_BYTES: usize = 2 * 1024;

/// A cause that is worked off in several frames, with commands served in between.
pub(super) struct Unfinished {
    cause: Box<Event>,
    mark: Mark,
    context: Context,
    /// What is left, oldest first.
    writes: VecDeque<Write>,
    done: u32,
}

impl<S: Service> Desk<S> {
    /// Folds a followed event and records what it causes here.
    pub fn deliver(&mut self, delivered: &Delivered) -> Result<(), HostError> {
        if self.unfinished.is_some() {
            self.held_back.push_back(delivered.clone());
            return Ok(());
        }
        let Delivered { context, event, vector, .. } = delivered;
        let mark = vector.mark(*context).unwrap_or_default();
        if table::event_type(&event.event_type).is_none() {
            self.unknown_events += 1;
        }
        // A view that is folded from the first event meets no mark on its way that would tell it of a fork: the stream may have
        // had nothing of the log that was kept when this role started. Starting again folds it anew.
        if self.marks.mark(*context).is_some_and(|held| held.position > 0 && held.store != mark.store) {
            let source = FollowError::Fork { context: *context, position: mark.position };
            return Err(HostError::Follow { context: *context, source });
        }
        self.service.observe(event);
        self.observed.set(*context, mark);
        if mark.position <= self.marks.position(*context) {
            return Ok(());
        }
        let house = self.house.clone();
        let mut writes = self.service.react(event, &self.env(&house));
        writes.extend(self.forget_subject(event));
        if !fit_in_a_frame(&writes) {
            let step = self.store.progress(&process_name(*context)).filter(|step| step.cause == event.id);
            let done = step.map_or(0, |step| step.next);
            self.unfinished = Some(Unfinished {
                cause: Box::new(event.clone()),
                mark,
                context: *context,
                writes: not_yet_worked_off(writes, done),
                done,
            });
            return Ok(());
        }
        let writes = self.not_done_yet(writes);
        self.marks.set(*context, mark);
        if writes.is_empty() {
            return Ok(());
        }
        let origin = Origin { correlation: event.correlationid, cause: Some(event), principal: &house, role: None };
        self.commit(&writes, &origin, None, None)
    }

    /// A followed log is another one now: its events come again from the first.
    pub fn forget(&mut self, context: Context) {
        let without = |vector: &Vector| {
            vector.iter().filter(|(kept, _)| *kept != context).fold(Vector::new(), |kept, (c, m)| kept.with(c, m))
        };
        self.marks = without(&self.marks);
        self.observed = without(&self.observed);
        self.held_back.retain(|delivered| delivered.context != context);
    }

    /// Does what is due: the next slice of a large effect, timers, reads whose cursor was reached or whose time is up.
    pub fn tick(&mut self) -> Result<(), HostError> {
        self.go_on()?;
        if self.may_act() && self.service.next_due().is_some_and(|due| due <= self.clock.now()) {
            let house = self.house.clone();
            let env = Env::new(self.clock.now(), &house, &self.keys, &self.clock, self.folded);
            let writes = self.service.fire(&env);
            let writes = self.not_done_yet(writes);
            let mut writes = VecDeque::from(writes);
            while !writes.is_empty() {
                let slice = frameful(&mut writes);
                let origin = Origin { correlation: Uuid::new_v4(), cause: None, principal: &house, role: None };
                self.commit(&slice, &origin, None, None)?;
            }
        }
        self.send_errands();
        let now = Instant::now();
        let (ripe, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(|waiting| {
            waiting.until <= now
                || waiting.asked.request.min_cursor.as_ref().is_none_or(|wanted| self.has_applied(wanted))
        });
        self.waiting = waiting;
        for Waiting { asked, reply, .. } in ripe {
            let answered = self.query(asked);
            self.answer(answered, reply)?;
        }
        self.post_health();
        Ok(())
    }

    /// The next frame of effects that do not fit into one; then what was held back behind them.
    fn go_on(&mut self) -> Result<(), HostError> {
        let Some(mut unfinished) = self.unfinished.take() else { return Ok(()) };
        let slice = frameful(&mut unfinished.writes);
        let events: usize = slice.iter().map(|write| write.drafts.len()).sum();
        unfinished.done += u32::try_from(events).unwrap_or(u32::MAX);
        let finished = unfinished.writes.is_empty();
        if finished {
            self.marks.set(unfinished.context, unfinished.mark);
        }
        let house = self.house.clone();
        let cause = &unfinished.cause;
        let origin = Origin { correlation: cause.correlationid, cause: Some(cause), principal: &house, role: None };
        let step = Progress {
            process: process_name(unfinished.context),
            cause: cause.id,
            next: if finished { u32::MAX } else { unfinished.done },
        };
        if !slice.is_empty() {
            self.commit(&slice, &origin, None, Some(step))?;
        }
        if !finished {
            self.unfinished = Some(unfinished);
            return Ok(());
        }
        while self.unfinished.is_none()
            && let Some(delivered) = self.held_back.pop_front()
        {
            self.deliver(&delivered)?;
        }
        Ok(())
    }

    /// Leaves out what a run before a crash or fork has already recorded: derived ids find their own events.
    pub(super) fn not_done_yet(&self, writes: Vec<Write>) -> Vec<Write> {
        let done = |write: &Write| {
            (write.expected == Expected::NoStream && self.store.version(&write.stream) > 0)
                || write.drafts.first().is_some_and(|draft| self.store.contains(draft.id))
        };
        writes.into_iter().filter(|write| !done(write)).collect()
    }
}

fn fit_in_a_frame(writes: &[Write]) -> bool {
    let mut room = Room::default();
    writes.iter().all(|write| room.takes(write))
}

/// What is left after the first `done` events, which earlier frames hold; frames are cut between writes.
fn not_yet_worked_off(writes: Vec<Write>, done: u32) -> VecDeque<Write> {
    let (done, mut passed) = (done as usize, 0);
    let mut left = VecDeque::from(writes);
    while passed < done
        && let Some(write) = left.pop_front()
    {
        passed += write.drafts.len();
    }
    left
}

fn process_name(followed: Context) -> String {
    format!("react-to-{followed}")
}

/// Whole writes from the front, as many together as a frame may hold and at least one.
fn frameful(writes: &mut VecDeque<Write>) -> Vec<Write> {
    let (mut room, mut taken) = (Room::default(), Vec::new());
    while let Some(write) = writes.pop_front_if(|write| room.takes(write) || taken.is_empty()) {
        taken.push(write);
    }
    taken
}

/// What a frame has been filled with so far.
#[derive(Default)]
struct Room {
    events: usize,
    bytes: usize,
}

impl Room {
    /// Takes a write in, if it still fits.
    fn takes(&mut self, write: &Write) -> bool {
        let bytes = write.drafts.iter().map(|draft| draft.data.get().len() + ENVELOPE_BYTES).sum::<usize>();
        self.events += write.drafts.len();
        self.bytes += bytes;
        self.events <= FRAME_EVENTS_MAX && self.bytes <= COMMIT_BYTES_MAX
    }
}
