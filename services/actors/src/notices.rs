//! Changes of protection: who is told, who has confirmed. They are for the owner and central roles and for the boards that are
//! told. An event that others do not read still leaves a gap in the numbers of those they do; so every command that changes
//! cards records one for all of them, at its end and sealed, whether or not anything became of protection.

use crate::{
    commands::{Desk, body, plain_draft},
    domain::{card::PlainCard, protection::is_protected},
    protected::Notice,
};
use narhet_kernel::{BoardId, Klass, StreamId, Uuid};
use narhet_proto::{
    Draft, Message, Sealed,
    events::actors::{Card, CardProtection, ProtectionAcknowledged, ProtectionChanged},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{Decision, Env, Expected, Write};
use std::collections::BTreeMap;

/// Bytes of the names of the sites of one actor: one or two names.
const SITES_BYTES: usize = 128;
/// Actors in one event: far below 512 KiB, however many boards each is for.
const CARDS_MAX: usize = 100;

fn field(place: usize) -> String {
    format!("data.cards.{place}.sites")
}

/// The sites that a notice is about; none where nothing became of any, or where the key is gone.
pub fn opened(sites: &Sealed, place: usize, event: Uuid, env: &Env<'_>) -> Vec<String> {
    let text = env.open(event, &field(place), sites);
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// What is to be told of one actor.
pub struct Told {
    pub actor: Uuid,
    owner: BoardId,
    notified: Vec<String>,
    sites: Vec<String>,
}

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
    /// The sites whose protected tags are others than before, and whom to tell.
    pub fn protection_changed(
        &self,
        actor: Uuid,
        owner: &BoardId,
        card: &Card,
        (was, is): (&ProtectedSites, &ProtectedSites),
    ) -> Told {
        let gone = was.keys().filter(|site| !is.contains_key(*site));
        let moved = gone.chain(is.iter().filter(|(site, tags)| was.get(*site) != Some(tags)).map(|(site, _)| site));
        let lineage = self.lineage();
        // Every board that holds or reads the actor is to know.
        let boards = card.readers.iter().filter(|reader| self.map.is_established(reader));
        let boards = boards.map(String::as_str).chain([owner.as_str()]).chain(card.on_behalf_of.as_deref());
        let mut notified: Vec<String> = boards.map(|board| lineage.heir(board).to_string()).collect();
        notified.sort();
        notified.dedup();
        Told { actor, owner: owner.clone(), notified, sites: moved.cloned().collect() }
    }

    /// The notices of a command that changes these cards; they stand after everything else.
    pub fn tell(&self, told: &[Told]) -> Vec<Write> {
        let part = |part: &[Told]| {
            let event = self.env.new_id();
            let card = |(place, told): (usize, &Told)| {
                let names = serde_json::to_string(&told.sites).expect("names are plain JSON");
                let width = names.len().next_multiple_of(SITES_BYTES);
                CardProtection {
                    actor_id: told.actor.to_string(),
                    notified: told.notified.clone(),
                    sites: self.env.seal(event, &field(place), &format!("{names:width$}")),
                }
            };
            let message = ProtectionChanged {
                actor_id: String::new(),
                site: String::new(),
                notified: Vec::new(),
                cards: part.iter().enumerate().map(card).collect(),
            };
            // Of one command, so of one board.
            let draft = self.protection_draft(event, event, &part[0].owner, &[], &message);
            Write::one(Expected::Any, draft)
        };
        told.chunks(CARDS_MAX).map(part).collect()
    }

    fn protection_draft<M: Message>(
        &self,
        event: Uuid,
        stream: Uuid,
        owner: &BoardId,
        readers: &[String],
        message: &M,
    ) -> Draft {
        let stream = StreamId::new("protection", &stream.to_string());
        let draft = plain_draft(self.lineage(), event, stream, owner, readers, message);
        Draft { klass: Klass { k: 3, r: 2, t: 1 }, ..draft }
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
        let none = || Problem::new(ErrorCode::NotFound, "no such change of protection");
        let (slot, actor) = self.registry.get(&id).ok_or_else(none)?;
        let is_meant = |notice: &Notice| own(&notice.notified) && notice.event.to_string() == change;
        let told = self.notices(slot).into_iter().find(is_meant).ok_or_else(none)?;
        if own(&told.acknowledged) {
            return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![actor.card_event] });
        }
        let message = ProtectionAcknowledged { actor_id: id, change, board: board.to_string() };
        let readers = [board.to_string()];
        let draft = self.protection_draft(self.env.new_id(), actor.id, &actor.owner, &readers, &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }
}
