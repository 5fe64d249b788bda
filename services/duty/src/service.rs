//! The wiring: two tables say which module answers for which command and query; every other input goes through all modules.
//!
//! A module of this context ([`crate::cases`], [`crate::calendars`] …) has functions with the signatures below. To add a
//! command or a query is one line in a table; to add a module is its state in [`Duty`] and its line in `first_start`,
//! `evolve`, `react`, `next_due`, `fire` and `health`, where it has something to say.

use crate::{
    alarms::{self, Alarms},
    calendar_view, calendars, case_commands,
    case_timers::{self, CaseTimers},
    cases,
    channels::Channels,
    incidents::Incidents,
    office::Offices,
    on_duty, opening,
    read_model::Cases,
    readiness::{self, Readiness},
    relocation,
};
use narhet_kernel::{Context, Timestamp, Uuid};
use narhet_proto::{
    Event, Message, access,
    events::area::{BoardDissolved, DivisionRecorded},
    wire::{ErrorCode, Problem, Request, dangling},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Carried, Decision, Env, Errand, Follow, Service, UnderWay, Write};
use std::collections::HashMap;

/// The context `duty`.
#[derive(Default)]
pub struct Duty {
    pub(crate) offices: Offices,
    pub(crate) cases: Cases,
    pub(crate) case_timers: CaseTimers,
    /// area's map as followed here.
    pub(crate) map: Responsibility,
    /// Situation's incidents as followed here.
    pub(crate) incidents: Incidents,
    pub(crate) readiness: Readiness,
    pub(crate) alarms: Alarms,
    /// What each event of readiness and alarms wrote, and as which version: replies are rebuilt from it.
    pub(crate) written: HashMap<Uuid, (String, u64)>,
    pub(crate) channels: Channels,
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

const fn case_command(
    name: &'static str,
    decide: fn(&Duty, &Request, &Env<'_>) -> Result<Decision, Problem>,
) -> Command {
    Command { name, decide, reply: case_commands::reply }
}

const COMMANDS: &[Command] = &[
    case_command("acknowledge-case", case_commands::acknowledge),
    case_command("offer-case", case_commands::offer),
    case_command("recall-offer", case_commands::recall),
    case_command("accept-offer", case_commands::accept),
    case_command("refuse-offer", case_commands::refuse),
    case_command("take-over-case", case_commands::take_over),
    case_command("close-case", case_commands::close),
    case_command("relocate-case", relocation::relocate),
    Command { name: "record-calendar", decide: calendars::record, reply: calendars::recorded },
    Command { name: "remove-calendar", decide: calendars::remove, reply: calendars::removed },
    Command { name: "open-case", decide: opening::open, reply: case_commands::created },
    Command { name: "put-record", decide: readiness::commands::put, reply: readiness::commands::written },
    Command { name: "remove-record", decide: readiness::commands::remove, reply: readiness::commands::written },
    Command { name: "read-path", decide: readiness::commands::read_path, reply: readiness::commands::written },
    Command { name: "offer-swap", decide: readiness::swaps::offer, reply: readiness::commands::written },
    Command { name: "settle-swap", decide: readiness::swaps::settle, reply: readiness::commands::written },
    Command { name: "issue-feed", decide: readiness::calendar_feeds::issue, reply: readiness::calendar_feeds::issued },
    Command { name: "revoke-feed", decide: readiness::calendar_feeds::revoke, reply: readiness::commands::written },
    Command { name: "acknowledge-alarm", decide: alarms::commands::acknowledge, reply: alarms::commands::reply },
    Command { name: "note-reach", decide: alarms::commands::note_reach, reply: alarms::commands::reply },
    Command { name: "start-exercise", decide: alarms::commands::exercise, reply: alarms::commands::reply },
    Command { name: "prove-path", decide: alarms::commands::prove, reply: alarms::commands::reply },
    Command { name: "start-call-in", decide: alarms::call_ins::start, reply: alarms::commands::reply },
    Command { name: "take-receipt", decide: alarms::receipts::take, reply: alarms::receipts::taken },
];

const QUERIES: &[Query] = &[
    Query { name: "duty", answer: on_duty::query },
    Query { name: "cases", answer: cases::of_incident },
    Query { name: "case", answer: cases::one },
    Query { name: "support-cases", answer: cases::list },
    Query { name: "calendar", answer: calendar_view::query },
    Query { name: dangling::QUERY, answer: crate::dangling::query },
    Query { name: "records", answer: readiness::queries::records },
    Query { name: "record", answer: readiness::queries::record },
    Query { name: "swap", answer: readiness::swaps::one },
    Query { name: "coverage", answer: readiness::queries::coverage },
    Query { name: "endurance", answer: readiness::queries::endurance },
    Query { name: "path-health", answer: readiness::queries::path_health },
    Query { name: "calendar-feed", answer: readiness::calendar_feeds::read },
    Query { name: "alarms", answer: alarms::views::alarms },
    Query { name: "alarm", answer: alarms::views::one },
];

/// How the city is staffed and where it is not: nothing of it is a partner's to read (CONTRACT leaves them duty's answers).
const READINESS: [&str; 6] = ["records", "record", "swap", "coverage", "endurance", "path-health"];

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

/// The secret in the address of a calendar is right enough.
const WITHOUT_ROLE: &str = "calendar-feed";

impl Duty {
    /// A house with these ways out.
    pub fn with_channels(channels: Channels) -> Self {
        Self { channels, ..Self::default() }
    }

    pub fn cases(&self) -> &Cases {
        &self.cases
    }
}

impl Service for Duty {
    const CONTEXT: Context = Context::Duty;
    const FOLLOWS: &'static [Follow] = &[
        Follow { context: Context::Area, from_start: true },
        Follow { context: Context::Situation, from_start: true },
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
        cases::evolve(self, event);
        let before = self.readiness.revision;
        self.readiness.apply(event);
        self.alarms.apply(event);
        if self.readiness.revision != before {
            self.alarms.look_again();
        }
        readiness::note_written(self, event);
    }

    fn observe(&mut self, event: &Event) {
        self.map.apply(event);
        self.incidents.observe(event);
        if matches!(event.event_type.as_str(), BoardDissolved::TYPE | DivisionRecorded::TYPE) {
            self.set_case_timers();
        }
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
        if env.principal.roles.is_empty() && query != WITHOUT_ROLE {
            return Err(Problem::forbidden(query));
        }
        let principal = env.principal;
        if READINESS.contains(&query) && !access::may_read(principal, principal.owner().as_str(), "*") {
            return Err(Problem::forbidden("read-readiness"));
        }
        let query = QUERIES.iter().find(|known| known.name == query).ok_or_else(|| unknown(query))?;
        (query.answer)(self, request, env)
    }

    /// The earliest timer of any module.
    fn next_due(&self) -> Option<Timestamp> {
        self.case_timers.next().into_iter().chain(alarms::timers::next_due(self)).min()
    }

    /// What is due in every module.
    fn fire(&mut self, env: &Env<'_>) -> Vec<Write> {
        let writes = case_timers::fire(self, env);
        // What alarms note in a case is decided on the case as it is then.
        if writes.is_empty() { alarms::timers::fire(self, env) } else { writes }
    }

    fn errands(&self, under_way: &UnderWay<'_>, env: &Env<'_>) -> Vec<Errand> {
        alarms::courier::errands(self, under_way, env)
    }

    fn carried(&self, carried: &Carried, env: &Env<'_>) -> Vec<Write> {
        alarms::courier::carried(self, carried, env)
    }

    fn health(&self, _now: Timestamp) -> Result<(), String> {
        if let Err(unreadable) = self.map.health() {
            return Err(format!("the map cannot be trusted: {unreadable}"));
        }
        if !self.offices.central().is_recorded() {
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
