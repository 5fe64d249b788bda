//! An actor that goes: archived, or merged into another one, which takes over what it had.

use crate::{
    commands::{Desk, body},
    domain::links,
    read_model::Actor,
    relink, sealing,
};
use narhet_proto::{
    events::actors::ActorArchived,
    wire::{Problem, Request},
};
use narhet_runtime::{Decision, Expected, Write};

impl Desk<'_> {
    pub fn gone(&self, actor: &Actor, merged_into: Option<String>, reason: Option<String>) -> Vec<Write> {
        let event = self.env.new_id();
        let reason = reason.map(|reason| self.env.seal(event, "data.reason", &reason));
        let message = ActorArchived { actor_id: actor.id.to_string(), merged_into, reason };
        let archived = self.draft(event, actor.id, &actor.owner, &actor.card.readers, &message);
        let timeline = self.map.timeline(self.map.head().0);
        let links = links::changes(&actor.facts, None, timeline.divisions(), self.env.now);
        let mut writes = vec![Write::one(Expected::Exactly(actor.version), archived)];
        writes.extend(relink::writes(&[(actor.id, links)], event, &event.to_string(), self.env));
        writes
    }

    /// The other actor's sites, contacts, capabilities and aliases join this one's; both histories stay.
    pub fn merge(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Merge {
            id: String,
            other: String,
        }
        let Merge { id, other } = body(request)?;
        if id == other {
            return Err(Problem::at("/other", "an actor cannot be merged with itself"));
        }
        let (actor, role) = self.editable(&id, request)?;
        let (gone, _) = self.editable(&other, &Request { if_match: None, ..clone(request) })?;
        let mut plain = sealing::open(&actor.card, actor.card_event, true, self.env);
        let more = sealing::open(&gone.card, gone.card_event, true, self.env);
        join(&mut plain.aliases, more.aliases.into_iter().chain([more.name]).filter(|name| *name != actor.card.name));
        join(&mut plain.sites, more.sites);
        join(&mut plain.contacts, more.contacts);
        join(&mut plain.capabilities, more.capabilities);
        join(&mut plain.agreements, more.agreements);
        plain.org_number = plain.org_number.or(more.org_number);
        let plain = self.check(plain)?;
        let mut decision = self.settle(actor, plain, role, "merge", None);
        decision.answered_by.clear();
        decision.writes.extend(self.gone(gone, Some(id), None));
        Ok(decision)
    }
}

fn clone(request: &Request) -> Request {
    Request {
        principal: request.principal.clone(),
        deadline: request.deadline,
        correlation_id: request.correlation_id,
        idempotency_key: None,
        if_match: None,
        min_cursor: None,
        body: request.body.clone(),
    }
}

fn join<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for entry in more {
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
}
