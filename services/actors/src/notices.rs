//! Changes of protection: who is told, who has confirmed. They are for the owner and central roles and for the boards that
//! are told, in a stream of their own: neither an actor's events nor its version tell anybody else that it has protected sites.

use crate::{
    commands::{Desk, body, plain_draft},
    domain::{card::PlainCard, protection::is_protected},
    read_model::Protection,
};
use narhet_kernel::{BoardId, Klass, StreamId, Uuid};
use narhet_proto::{
    Draft, Message,
    events::actors::{Card, ProtectionAcknowledged, ProtectionChanged},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{Decision, Expected, Write};
use std::collections::BTreeMap;

const SITE: &str = "data.sealedSite";

/// Sites that have protected tags, with those.
pub type ProtectedSites = BTreeMap<String, Vec<String>>;

pub fn protected_sites(plain: &PlainCard) -> ProtectedSites {
    let mut sites = ProtectedSites::new();
    for site in &plain.sites {
        let mut tags = site.tags.iter().filter(|tag| is_protected(tag)).cloned().peekable();
        if tags.peek().is_some() {
            sites.entry(site.name.clone()).or_default().extend(tags);
        }
    }
    sites
}

impl Desk<'_> {
    /// One notice for each site whose protected tags are others than before.
    pub fn protection_changed(
        &self,
        id: Uuid,
        owner: &BoardId,
        card: &Card,
        (was, is): (&ProtectedSites, &ProtectedSites),
    ) -> Option<Write> {
        let gone = was.keys().filter(|site| !is.contains_key(*site));
        let moved = gone.chain(is.iter().filter(|(site, tags)| was.get(*site) != Some(tags)).map(|(site, _)| site));
        let lineage = self.lineage();
        // Every board that holds or reads the actor is to know.
        let boards = card.readers.iter().filter(|reader| self.map.is_established(reader));
        let boards = boards.map(String::as_str).chain([owner.as_str()]).chain(card.on_behalf_of.as_deref());
        let mut notified: Vec<String> = boards.map(|board| lineage.heir(board).to_string()).collect();
        notified.sort();
        notified.dedup();
        let drafts: Vec<Draft> = moved
            .map(|site| {
                let event = self.env.new_id();
                let message = ProtectionChanged {
                    actor_id: id.to_string(),
                    site: String::new(),
                    notified: notified.clone(),
                    sealed_site: Some(self.env.seal(event, SITE, site)),
                };
                self.protection_draft(event, id, owner, &[], &message)
            })
            .collect();
        (!drafts.is_empty()).then(|| Write { stream: stream(id), expected: Expected::Any, drafts })
    }

    fn protection_draft<M: Message>(
        &self,
        event: Uuid,
        actor: Uuid,
        owner: &BoardId,
        readers: &[String],
        message: &M,
    ) -> Draft {
        let draft = plain_draft(self.lineage(), event, stream(actor), owner, readers, message);
        Draft { klass: Klass { k: 3, r: 2, t: 1 }, ..draft }
    }

    /// The site that a notice is about; `None` when it has been erased.
    pub fn changed_site(&self, change: &Protection) -> Option<String> {
        match &change.said.sealed_site {
            Some(sealed) => self.env.open(change.event, SITE, sealed),
            None => Some(change.said.site.clone()),
        }
    }

    /// A board confirms that it knows of a change of protection.
    pub fn acknowledge(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Acknowledge {
            id: String,
            change: String,
        }
        let Acknowledge { id, change } = body(request)?;
        let (role, board) = self.registrant()?;
        let lineage = self.lineage();
        let own = |boards: &[String]| boards.iter().any(|named| *lineage.heir(named) == *board.as_str());
        // Whoever is told may answer, whether or not the card itself is for them.
        let actor = self.registry.get(&id).map(|(_, actor)| actor);
        let known = actor.into_iter().flat_map(|actor| &actor.protection_changes);
        let told = known.filter(|known| own(&known.said.notified)).find(|known| known.event.to_string() == change);
        let (Some(actor), Some(told)) = (actor, told) else {
            return Err(Problem::new(ErrorCode::NotFound, "no such change of protection"));
        };
        if own(&told.acknowledged) {
            return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![told.event] });
        }
        let message = ProtectionAcknowledged { actor_id: id, change, board: board.to_string() };
        let readers = [board.to_string()];
        let draft = self.protection_draft(self.env.new_id(), actor.id, &actor.owner, &readers, &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }
}

fn stream(actor: Uuid) -> StreamId {
    StreamId::new("protection", &actor.to_string())
}
