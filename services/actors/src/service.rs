//! The wiring: subjects to commands and queries, decisions to streams, events to the fold.

use crate::{
    commands::Desk,
    limits::{OPENING_SLICE, REMINDERS_MAX},
    queries::unknown,
    read_model::Registry,
    relink::{self, Progress},
    view::Shown,
};
use narhet_kernel::{Context, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Event, Message,
    codes::IncidentStatus,
    events::{
        actors::{IncidentNoted, VerificationDue},
        area::DivisionRecorded,
        situation::{IncidentReported, IncidentStatusChanged},
    },
    wire::{ErrorCode, Problem, Request},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Follow, Service, Write};

const NOTE: &str = "incident-noted";
const REMIND: &str = "verification-due";

/// The context `actors`.
#[derive(Default)]
pub struct Actors {
    registry: Registry,
    /// area's map as followed here.
    map: Responsibility,
    relink: Progress,
}

impl Actors {
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    fn desk<'a>(&'a self, env: &'a Env<'a>) -> Desk<'a> {
        Desk::new(&self.registry, &self.map, env)
    }

    /// What erasure must know of incidents.
    fn note(&self, event: &Event, env: &Env<'_>) -> Vec<Write> {
        // What is only played keeps nobody's data.
        if event.exercise {
            return Vec::new();
        }
        let noted = if let Some(Ok(report)) = event.data::<IncidentReported>() {
            let boards = report.affected.iter().map(|affected| affected.board.id.clone());
            let boards = boards.chain([event.owner.to_string()]).collect();
            IncidentNoted { incident_id: report.incident_id, open: report.status != IncidentStatus::Ended, boards }
        } else if let Some(Ok(changed)) = event.data::<IncidentStatusChanged>() {
            let open = changed.status != IncidentStatus::Ended;
            if open {
                return Vec::new();
            }
            IncidentNoted { incident_id: changed.incident_id, open, boards: Vec::new() }
        } else {
            return Vec::new();
        };
        let stream = StreamId::new("incident", &noted.incident_id);
        let draft = crate::persons::for_records(env.effect_id(NOTE, event.id, 0), stream, &noted);
        vec![Write::one(Expected::Any, draft)]
    }

    fn reminders(&self, env: &Env<'_>) -> Vec<Write> {
        let desk = self.desk(env);
        let due = self.registry.due.iter().take_while(|(due, _)| *due <= env.now).take(REMINDERS_MAX);
        due.map(|(due, slot)| {
            let actor = &self.registry.actors[*slot as usize];
            let message = VerificationDue { actor_id: actor.id.to_string(), due: *due };
            let id = env.effect_id(&format!("{REMIND} {due}"), actor.id, 0);
            let readers = &actor.card.readers;
            Write::one(Expected::Any, desk.draft(id, actor.id, &actor.owner, readers, &message))
        })
        .collect()
    }
}

impl Service for Actors {
    const CONTEXT: Context = Context::Actors;
    const FOLLOWS: &'static [Follow] = &[
        Follow { context: Context::Area, from_start: true },
        Follow { context: Context::Situation, from_start: false },
    ];
    const COMMANDS: &'static [&'static str] = &[
        "register-actor",
        "change-actor",
        "verify-actor",
        "archive-actor",
        "merge-actors",
        "propose-change",
        "settle-proposal",
        "log-contact",
        "acknowledge-protection",
        "import-actors",
        "read-actor",
        "list-protected",
        "erase-subject",
        "hold-subject",
        "export-subject",
    ];
    const QUERIES: &'static [&'static str] = &[
        "actors",
        "export",
        "call-list",
        "due-for-gallring",
        "actor-history",
        "actor-links",
        "actor-duplicates",
        "import-mapping",
        "rehearse-import",
        "registry-health",
        "invitations",
        "relevant-actors",
        "dangling",
    ];

    fn first_start(&self, _env: &Env<'_>) -> Vec<Write> {
        Vec::new()
    }

    fn evolve(&mut self, event: &Event) {
        self.registry.apply(event);
    }

    fn observe(&mut self, event: &Event) {
        self.map.apply(event);
    }

    fn react(&self, event: &Event, env: &Env<'_>) -> Vec<Write> {
        match event.event_type.as_str() {
            DivisionRecorded::TYPE => relink::begin(event, env),
            _ => self.note(event, env),
        }
    }

    fn decide(&self, command: &str, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
        let desk = self.desk(env);
        match command {
            "register-actor" => desk.register(request),
            "change-actor" => desk.change(request),
            "verify-actor" => desk.verify(request),
            "archive-actor" => desk.archive(request),
            "merge-actors" => desk.merge(request),
            "propose-change" => desk.propose(request),
            "settle-proposal" => desk.settle_proposal(request),
            "log-contact" => desk.log_contact(request),
            "acknowledge-protection" => desk.acknowledge(request),
            "import-actors" => desk.import(request),
            "read-actor" => desk.read_actor(request),
            "list-protected" => desk.list_protected(request),
            "erase-subject" => desk.erase(request),
            "hold-subject" => desk.hold(request),
            "export-subject" => desk.export_subject(request),
            _ => Err(unknown(command)),
        }
    }

    fn reply(&self, command: &str, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
        let desk = self.desk(env);
        let gone = || Problem::new(ErrorCode::NotFound, "what this command led to is not in the log");
        let reading =
            || self.registry.readings.iter().rev().find(|(id, _)| event_ids.contains(id)).map(|(_, said)| said);
        match command {
            "import-actors" => {
                let report = event_ids.iter().find_map(|id| self.registry.imports.get(id)).ok_or_else(gone)?;
                Ok(AnswerBody::of(report))
            }
            "export-subject" => Ok(desk.held_on(reading().ok_or_else(gone)?)),
            "list-protected" => {
                let listing = self.registry.listings.iter().find(|listing| event_ids.contains(&listing.event));
                desk.protected_list(listing.ok_or_else(gone)?)
            }
            "erase-subject" | "hold-subject" => Ok(AnswerBody::of(&serde_json::json!({ "recorded": event_ids }))),
            _ => {
                let read = reading();
                let of_reading = read.and_then(|said| self.registry.get(&said.readings.first()?.actor_id));
                let of_event = || event_ids.iter().find_map(|id| self.registry.of_event(*id));
                let actor = of_reading.map(|(_, actor)| actor).or_else(of_event).ok_or_else(gone)?;
                if command == "acknowledge-protection" && desk.readable(&actor.id.to_string()).is_err() {
                    return Ok(AnswerBody::of(&serde_json::json!({ "id": actor.id, "acknowledged": true })));
                }
                let (at, lineage) = (env.now, desk.lineage());
                let body = desk.view(actor, Shown { at, lineage, persons: read.is_some(), protection: true });
                let answer = AnswerBody::of(&body).version(actor.version);
                Ok(if command == "register-actor" { answer.created(actor.id.to_string()) } else { answer })
            }
        }
    }

    fn answer(&self, query: &str, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
        let desk = self.desk(env);
        match query {
            "actors" => desk.search(request),
            "export" => desk.export(request),
            "call-list" => desk.call_list(request),
            "due-for-gallring" => desk.due_for_gallring(request),
            "actor-history" => desk.history_of(request),
            "actor-links" => desk.links_of(request),
            "actor-duplicates" => desk.duplicates(request),
            "import-mapping" => desk.mapping(request),
            "rehearse-import" => desk.rehearse(request),
            "registry-health" => desk.registry_health(request),
            "invitations" => desk.invitations(request),
            "relevant-actors" => desk.relevant(request),
            "dangling" => desk.dangling(request),
            _ => Err(unknown(query)),
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        let unseen = !self.registry.protected.borrow().is_seen();
        if unseen || !self.registry.relinks.is_empty() {
            return Some(Timestamp::MIN);
        }
        self.registry.due.first().map(|(due, _)| *due)
    }

    fn fire(&mut self, env: &Env<'_>) -> Vec<Write> {
        self.registry.protected.get_mut().look(&self.registry.actors, OPENING_SLICE, env);
        // A division is looked at only on the map that has it.
        let known = self.registry.relinks.first().is_some_and(|relink| self.map.division(&relink.division).is_some());
        if known {
            let mut progress = std::mem::take(&mut self.relink);
            let writes = progress.slice(&self.registry, &self.map, env);
            self.relink = progress;
            return writes;
        }
        self.reminders(env)
    }

    fn health(&self, _now: Timestamp) -> Result<(), String> {
        self.map.health().map_err(|unreadable| format!("the map cannot be trusted: {unreadable}"))
    }
}

#[cfg(test)]
mod tests;
