//! The wiring: subjects to intake, decisions to streams, events to the fold.

use narhet_kernel::{Context, Timestamp, Uuid};
use narhet_proto::{
    Event,
    wire::{ErrorCode, Problem, Request},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Decision, Env, Follow, Service, Write};

/// The context `actors`.
#[derive(Default)]
pub struct Actors {
    /// area's map as followed here.
    map: Responsibility,
}

impl Service for Actors {
    const CONTEXT: Context = Context::Actors;
    const FOLLOWS: &'static [Follow] = &[Follow { context: Context::Area, from_start: true }];
    const COMMANDS: &'static [&'static str] = &[];
    const QUERIES: &'static [&'static str] = &[];

    fn first_start(&self, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn evolve(&mut self, _event: &Event) {}

    fn observe(&mut self, event: &Event) {
        self.map.apply(event);
    }

    fn react(&self, _event: &Event, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn decide(&self, command: &str, _request: &Request, _env: &Env<'_>) -> Result<Decision, Problem> {
        Err(unknown(command))
    }

    fn reply(&self, command: &str, _event_ids: &[Uuid], _env: &Env<'_>) -> Result<AnswerBody, Problem> {
        Err(unknown(command))
    }

    fn answer(&self, query: &str, _request: &Request, _env: &Env<'_>) -> Result<AnswerBody, Problem> {
        Err(unknown(query))
    }

    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn fire(&mut self, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn health(&self, _now: Timestamp) -> Result<(), String> {
        self.map.health().map_err(|unreadable| format!("the map cannot be trusted: {unreadable}"))
    }
}

fn unknown(name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("actors knows nothing called {name:?}"))
}
