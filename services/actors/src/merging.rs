//! An actor that goes: archived, or merged into another one, which takes over what it had.

use crate::{
    commands::{Desk, body},
    domain::{card::PlainReach, own_words},
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
        let links = self.link_changes(&actor.facts, None, self.env.now);
        let mut writes = vec![Write::one(Expected::Exactly(actor.version), archived)];
        writes.extend(relink::writes(&[(actor.id, links)], event, &event.to_string(), self.env));
        writes
    }

    /// What the other actor has joins what this one has, and stands where this one has nothing; both histories stay.
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
        join(&mut plain.by_hand, more.by_hand);
        join(&mut plain.readers, more.readers);
        for (field, klass) in more.klass {
            let held = plain.klass.entry(field).or_insert(klass);
            *held = own_words::highest(*held, klass);
        }
        let sole = gone.card.sole_trader.as_ref().filter(|_| plain.org_number.is_none()).map(|sole| sole.subject_id);
        plain.org_number = plain.org_number.or(more.org_number);
        plain.external_id = plain.external_id.or(more.external_id);
        plain.on_behalf_of = plain.on_behalf_of.or(more.on_behalf_of);
        plain.availability = plain.availability.or(more.availability);
        plain.operating_area = reach_of_both(plain.operating_area, more.operating_area);
        plain.notes = match (plain.notes, more.notes) {
            (Some(own), Some(other)) if own != other => Some(format!("{own}\n\n{other}")),
            (own, other) => own.or(other),
        };
        let plain = self.check(plain)?;
        let mut decision = self.settle(actor, plain, role, "merge", sole);
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

/// Where either of two works, as far as one card can say it.
fn reach_of_both(own: Option<PlainReach>, other: Option<PlainReach>) -> Option<PlainReach> {
    match (own, other) {
        (Some(own), Some(other)) if other.scope == "city" && own.scope != "city" => Some(other),
        (Some(mut own), Some(other)) if own.scope == "areas" && other.scope == "areas" => {
            join(&mut own.areas, other.areas);
            Some(own)
        }
        (own, other) => own.or(other),
    }
}

fn join<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for entry in more {
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
}
