//! The wiring: two tables say which module answers for which command and query; every other input goes through all modules.
//!
//! A module of this context ([`crate::cases`], [`crate::calendars`] …) has functions with the signatures below. To add a
//! command or a query is one line in a table; to add a module is its state in [`Duty`] and its line in `first_start`,
//! `evolve`, `react`, `next_due`, `fire` and `health`, where it has something to say.

use crate::{calendars, cases, office::Office, on_duty, read_model::Cases};
use narhet_kernel::{Context, Timestamp, Uuid};
use narhet_proto::{
    Event,
    wire::{ErrorCode, Problem, Request},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Decision, Env, Follow, Service, Write};

/// The context `duty`.
#[derive(Default)]
pub struct Duty {
    pub(crate) office: Office,
    pub(crate) cases: Cases,
    /// area's map as followed here.
    pub(crate) map: Responsibility,
}

/// A command: how it is decided, and how its reply is rebuilt from the ids of what it led to.
struct Command {
    name: &'static str,
    decide: fn(&Duty, &Request, &Env<'_>) -> Result<Decision, Problem>,
    reply: fn(&Duty, &[Uuid], &Env<'_>) -> Result<AnswerBody, Problem>,
}

/// A query and its answer.
struct Query {
    name: &'static str,
    answer: fn(&Duty, &Request, &Env<'_>) -> Result<AnswerBody, Problem>,
}

const COMMANDS: &[Command] = &[];

const QUERIES: &[Query] =
    &[Query { name: "duty", answer: on_duty::query }, Query { name: "cases", answer: cases::of_incident }];

const COMMAND_NAMES: [&str; COMMANDS.len()] = {
    let mut names = [""; COMMANDS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = COMMANDS[index].name;
        index += 1;
    }
    names
};

const QUERY_NAMES: [&str; QUERIES.len()] = {
    let mut names = [""; QUERIES.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = QUERIES[index].name;
        index += 1;
    }
    names
};

impl Duty {
    pub fn cases(&self) -> &Cases {
        &self.cases
    }
}

impl Service for Duty {
    const CONTEXT: Context = Context::Duty;
    const FOLLOWS: &'static [Follow] = &[
        Follow { context: Context::Area, from_start: true },
        Follow { context: Context::Situation, from_start: false },
        // Erasures: the role's own keys of an erased subject are destroyed.
        Follow { context: Context::Actors, from_start: false },
    ];
    const COMMANDS: &'static [&'static str] = &COMMAND_NAMES;
    const QUERIES: &'static [&'static str] = &QUERY_NAMES;

    fn first_start(&self, env: &Env<'_>) -> Vec<Write> {
        calendars::first_start(env)
    }

    fn evolve(&mut self, event: &Event) {
        calendars::evolve(self, event);
        self.cases.apply(event);
    }

    fn observe(&mut self, event: &Event) {
        self.map.apply(event);
    }

    fn react(&self, event: &Event, env: &Env<'_>) -> Vec<Write> {
        cases::react(self, event, env)
    }

    fn decide(&self, command: &str, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
        (known_command(command)?.decide)(self, request, env)
    }

    fn reply(&self, command: &str, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
        (known_command(command)?.reply)(self, event_ids, env)
    }

    fn answer(&self, query: &str, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
        if env.principal.roles.is_empty() {
            return Err(Problem::forbidden(query));
        }
        let query = QUERIES.iter().find(|known| known.name == query).ok_or_else(|| unknown(query))?;
        (query.answer)(self, request, env)
    }

    /// The earliest timer of any module.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// What is due in every module.
    fn fire(&mut self, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn health(&self, _now: Timestamp) -> Result<(), String> {
        if let Err(unreadable) = self.map.health() {
            return Err(format!("the map cannot be trusted: {unreadable}"));
        }
        if !self.office.is_recorded() {
            return Err("the central calendar of office hours is not recorded".to_owned());
        }
        Ok(())
    }
}

fn known_command(name: &str) -> Result<&'static Command, Problem> {
    COMMANDS.iter().find(|known| known.name == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("duty knows nothing called {name:?}"))
}
