//! The one thread that writes: takes what has queued, writes it as a frame, syncs, and only then lets it be seen.

use crate::{
    codec::{Extras, FrameWriter},
    error::Stopped,
    journal::Tail,
    limits::{FRAME_EVENTS_MAX, GROUP_BYTES_TARGET},
    recent::RecentFrame,
    segment::Location,
    state::Pending,
    store::{Last, Shared},
};
use std::{io, sync::Arc};
use tokio::sync::watch;

/// A frame's buffer beyond this is given back after use.
const BUFFER_KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Runs until a stop is asked for and everything pending is written, or the disk fails.
pub fn run(shared: &Shared, mut tail: Tail, watermark: &watch::Sender<u64>, reached: u64) {
    let mut frame = FrameWriter::default();
    let mut reached = reached;
    while let Some(group) = next_group(shared) {
        match write(shared, &mut tail, &mut frame, group) {
            Ok(last) => reached = last,
            Err(error) => {
                shared.fail(&format!("writing the journal failed: {error}"));
                return;
            }
        }
        watermark.send_replace(reached);
        shared.waiters.commit(reached);
        if frame.buffer.capacity() > BUFFER_KEPT_BYTES {
            frame.buffer = Vec::new();
        }
    }
    if shared.failure().is_none()
        && let Err(error) = tail.close(reached)
    {
        shared.fail(&format!("closing the journal failed: {error}"));
    }
}

/// What queued while the last frame was written, as far as it fits into one; `None` when there will be nothing more.
fn next_group(shared: &Shared) -> Option<Vec<Pending>> {
    let mut state = shared.state.lock();
    loop {
        if state.stopped.is_some() {
            return None;
        }
        if !state.pending.is_empty() {
            break;
        }
        if state.closing {
            return None;
        }
        state.writer_idle = true;
        shared.work.wait(&mut state);
        state.writer_idle = false;
    }
    let (mut count, mut events, mut bytes) = (0, 0, 0);
    for pending in &state.pending {
        let fits = events + pending.events.len() <= FRAME_EVENTS_MAX && bytes < GROUP_BYTES_TARGET && !pending.alone;
        if count > 0 && !fits {
            break;
        }
        count += 1;
        events += pending.events.len();
        bytes += pending.bytes;
        if pending.alone {
            break;
        }
    }
    state.pending_bytes -= bytes;
    Some(if count == state.pending.len() {
        std::mem::take(&mut state.pending).into()
    } else {
        state.pending.drain(..count).collect()
    })
}

/// Writes the group as one frame and makes it readable; returns its last position.
fn write(shared: &Shared, tail: &mut Tail, frame: &mut FrameWriter, group: Vec<Pending>) -> io::Result<u64> {
    let first = group[0].events[0].stored.position;
    let count = group.iter().map(|pending| pending.events.len()).sum();
    let mut spans = Vec::with_capacity(count);
    frame.begin(first);
    for pending in &group {
        for event in &pending.events {
            let (stream, _) = &pending.streams[event.stream as usize];
            let stored = &event.stored;
            spans.push(frame.record(event.id, stream.as_str(), stored.version, &stored.bytes));
        }
    }
    let mut last = Last::default();
    let mut extras = Extras { consumed: shared.consumed_durable.lock().clone(), ..Extras::default() };
    let mut streams = Vec::with_capacity(count);
    let mut events = Vec::with_capacity(count);
    for mut pending in group {
        if let Some(consumed) = pending.consumed.take() {
            extras.consumed = consumed;
        }
        extras.outcomes.append(&mut pending.outcomes);
        extras.progress.append(&mut pending.progress);
        last = Last { position: 0, id: pending.last.0, hash: pending.last.1 };
        for event in pending.events {
            streams.push(pending.streams[event.stream as usize].1);
            events.push(event.stored);
        }
    }
    let bytes = frame.finish(&extras);
    let (ordinal, offset) = tail.append(bytes, first)?;
    let frame_bytes = bytes.len();
    tail.sync()?;

    last.position = first + count as u64 - 1;
    shared.consumed_durable.lock().clone_from(&extras.consumed);
    let full = {
        let mut unfolded = shared.unfolded.write();
        for ((stream, event), span) in streams.into_iter().zip(&events).zip(spans) {
            let location = Location { ordinal, offset: offset as u32 + span.start as u32, bytes: span.len() as u32 };
            unfolded.gathering.add_event(stream, event.version, location);
        }
        unfolded.gathering.add_extras(&extras.outcomes, &extras.progress, last.position);
        unfolded.gathering.events
    };
    let recent = RecentFrame { first, events, extras, bytes: frame_bytes };
    shared.recent.write().push(Arc::new(recent), shared.options.recent_bytes);
    *shared.last.lock() = Some(last);
    let last = last.position;
    if full >= shared.options.fold_events {
        shared.folds.ask_and_make_room(full, shared.options.fold_events);
    }
    Ok(last)
}

impl Shared {
    /// Why the store has ended, if it has.
    pub fn failure(&self) -> Option<Stopped> {
        self.state.lock().stopped.clone()
    }

    /// Ends the store for good.
    pub fn fail(&self, reason: &str) {
        let stopped = Stopped { reason: reason.into() };
        {
            let mut state = self.state.lock();
            if state.stopped.is_none() {
                if reason != crate::store::CLOSED {
                    tracing::error!(reason, "the event store stops");
                }
                state.stopped = Some(stopped.clone());
            }
            state.pending.clear();
            self.work.notify_all();
        }
        self.waiters.stop(stopped);
        self.folds.stop();
    }
}
