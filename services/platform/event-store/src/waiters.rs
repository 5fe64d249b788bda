//! Those who wait for a position to be committed: each is woken once, and only when its own position is.

use crate::error::Stopped;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

#[derive(Debug, Default)]
pub struct Waiters {
    committed: AtomicU64,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    waiting: BTreeMap<(u64, u64), Waker>,
    next_ticket: u64,
    stopped: Option<Stopped>,
}

impl Waiters {
    pub fn new(committed: u64) -> Waiters {
        Waiters { committed: AtomicU64::new(committed), list: Mutex::default() }
    }

    /// The watermark: everything up to it is durable and readable.
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Moves the watermark and wakes those who waited for it.
    pub fn commit(&self, position: u64) {
        self.committed.store(position, Ordering::Release);
        let mut list = self.list.lock();
        let later = list.waiting.split_off(&(position + 1, 0));
        let reached = std::mem::replace(&mut list.waiting, later);
        drop(list);
        for waker in reached.into_values() {
            waker.wake();
        }
    }

    /// Tells everyone, now and later, that no more will be committed.
    pub fn stop(&self, stopped: Stopped) {
        let mut list = self.list.lock();
        list.stopped.get_or_insert(stopped);
        let waiting = std::mem::take(&mut list.waiting);
        drop(list);
        for waker in waiting.into_values() {
            waker.wake();
        }
    }

    pub fn durable(&self, position: u64) -> Durable<'_> {
        Durable { waiters: self, position, ticket: None }
    }

    /// As [`Waiters::durable`], for a thread.
    pub fn wait(&self, position: u64) -> Result<(), Stopped> {
        struct Parked(Thread);
        impl Wake for Parked {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        if self.committed() >= position {
            return Ok(());
        }
        let waker = Waker::from(Arc::new(Parked(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut durable = pin!(self.durable(position));
        loop {
            if let Poll::Ready(result) = durable.as_mut().poll(&mut context) {
                return result;
            }
            thread::park();
        }
    }
}

/// Waits until a position is committed.
#[derive(Debug)]
pub struct Durable<'a> {
    waiters: &'a Waiters,
    position: u64,
    ticket: Option<u64>,
}

impl Future for Durable<'_> {
    type Output = Result<(), Stopped>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waiters.committed() >= self.position {
            return Poll::Ready(Ok(()));
        }
        let mut list = self.waiters.list.lock();
        if self.waiters.committed() >= self.position {
            return Poll::Ready(Ok(()));
        }
        if let Some(stopped) = &list.stopped {
            return Poll::Ready(Err(stopped.clone()));
        }
        let ticket = self.ticket.unwrap_or_else(|| {
            list.next_ticket += 1;
            list.next_ticket
        });
        list.waiting.insert((self.position, ticket), context.waker().clone());
        drop(list);
        self.ticket = Some(ticket);
        Poll::Pending
    }
}

impl Drop for Durable<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket
            && self.waiters.committed() < self.position
        {
            self.waiters.list.lock().waiting.remove(&(self.position, ticket));
        }
    }
}
