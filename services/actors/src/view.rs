//! What answers about actors look like, and what of them is withheld from whom.

use crate::{
    commands::Desk,
    domain::{
        card::PlainCard,
        own_words::{self, HIDDEN_FROM_K},
        protection::is_protected,
        verification,
    },
    lineage::Lineage,
    protected::Notice,
    read_model::Actor,
    sealing,
};
use narhet_kernel::{Klass, Timestamp};
use narhet_proto::{access::may_open_text, events::actors::FieldKlass};
use serde_json::{Value, json};

/// How much of an actor is shown.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Its links and its owner are those of this instant.
    pub at: Timestamp,
    pub lineage: &'a Lineage<'a>,
    /// Its reading is recorded.
    pub persons: bool,
    /// Not too many of them.
    pub protection: bool,
}

impl Desk<'_> {
    /// The members of an actor's card that the principal does not see for their class.
    pub fn hidden<'s>(&self, actor: &'s Actor) -> impl Iterator<Item = (&'s str, Klass)> + 's {
        let entries: &[FieldKlass] = if self.sees_protection(actor) { &[] } else { &actor.card.klass };
        entries.iter().filter(|entry| entry.klass.k >= HIDDEN_FROM_K).map(|entry| (entry.field.as_str(), entry.klass))
    }

    pub fn sees(&self, actor: &Actor, member: &str) -> bool {
        self.hidden(actor).all(|(hidden, _)| hidden != member)
    }

    fn shown_notices(&self, actor: &Actor) -> Vec<Notice> {
        let slot = self.registry.by_id.get(&actor.id).filter(|_| self.sees_protection(actor));
        slot.map(|slot| self.notices(*slot)).unwrap_or_default()
    }

    /// The card as lists have it: without persons, members that the principal does not see for their class, and texts for who
    /// reads none. Protected tags are still there.
    pub fn seen(&self, actor: &Actor) -> PlainCard {
        let mut plain = sealing::open(&actor.card, actor.card_event, false, self.env);
        self.hidden(actor).for_each(|(member, _)| own_words::hide(&mut plain, member));
        if !may_open_text(self.env.principal) {
            plain.notes = None;
            plain.by_hand.clear();
            plain.sites.iter_mut().for_each(|site| site.address = None);
            own_words::taken(&mut plain);
        }
        plain
    }

    /// The kinds of what an actor has, where the principal sees them; of k2 they are sealed.
    pub fn capabilities(&self, actor: &Actor) -> Vec<String> {
        let card = &actor.card;
        let sealed = card.klass.iter().any(|entry| entry.field == "capabilities" && entry.klass.k >= HIDDEN_FROM_K);
        if !sealed {
            return card.capabilities.iter().map(|has| has.kind.clone()).collect();
        }
        self.seen(actor).capabilities.into_iter().map(|has| has.kind).collect()
    }

    /// Functions and their ways, as a list of whom to call has them.
    pub fn ways(&self, actor: &Actor) -> Vec<Value> {
        ways_of(&self.seen(actor))
    }

    /// One actor as the principal may see it, with the links and the owner of an instant; what they may see follows from who
    /// owns it now.
    pub fn view(&self, actor: &Actor, shown: Shown<'_>) -> Value {
        let (at, lineage) = (shown.at, shown.lineage);
        let mut plain = sealing::open(&actor.card, actor.card_event, shown.persons, self.env);
        let owner = lineage.heir(actor.owner.as_str());
        let mut withheld: Vec<Value> = Vec::new();
        let text = may_open_text(self.env.principal);
        let protection = shown.protection && self.sees_protection(actor);
        for (index, site) in plain.sites.iter_mut().enumerate() {
            if !protection {
                // Without a word: that something is withheld here would say what it is.
                site.tags.retain(|tag| !is_protected(tag));
            }
            if !text && site.address.take().is_some() {
                withheld
                    .push(json!({ "field": format!("sites/{index}/address"), "why": "Rollen läser inte fritext." }));
            }
        }
        for (member, klass) in self.hidden(actor) {
            own_words::hide(&mut plain, member);
            let why = format!("Klass {klass}: visas för den nämnd som äger aktören och för centrala roller.");
            withheld.push(json!({ "field": member, "why": why }));
        }
        if !text {
            if plain.notes.take().is_some() {
                withheld.push(json!({ "field": "notes", "why": "Rollen läser inte fritext." }));
            }
            plain.by_hand.iter_mut().for_each(|hand| hand.reason = "undanhållet".to_owned());
            if own_words::taken(&mut plain).is_some() {
                let why = "Rollen läser inte det som skrivits med egna ord: funktioner, öppettider, detaljer, titlar.";
                withheld.push(json!({ "field": "texts", "why": why }));
            }
        }
        let persons = actor.card.contacts.iter().enumerate().filter(|_| self.sees(actor, "contacts"));
        for (index, person) in persons.filter_map(|(index, contact)| Some((index, contact.person.as_ref()?))) {
            let why = if self.env.is_erased(person.subject_id) {
                "Personuppgifterna är raderade."
            } else if shown.persons {
                continue;
            } else {
                "Personuppgifter visas när aktören läses för sig av den som har rätt till dem."
            };
            withheld.push(json!({ "field": format!("contacts/{index}/person"), "why": why }));
        }
        let links: Vec<Value> = actor
            .links(at)
            .values()
            .map(|link| json!({ "area": link.area, "basis": link.basis, "since": link.since }))
            .collect();
        let mut view = serde_json::to_value(plain).expect("a card is plain JSON");
        let members = view.as_object_mut().expect("a card is an object");
        for site in members.get_mut("sites").and_then(Value::as_array_mut).into_iter().flatten() {
            site.as_object_mut().expect("a site is an object").entry("tags").or_insert_with(|| json!([]));
        }
        for list in ["aliases", "sites", "capabilities", "contacts", "agreements", "readers"] {
            members.entry(list).or_insert_with(|| json!([]));
        }
        let verification = json!({
            "status": actor.standing(self.env.now),
            "last": actor.checked.map(|(at, _)| at),
            "by": actor.history.iter().rev().find(|entry| entry.event_type.ends_with("actor-verified.v1")).map(|entry| &*entry.principal),
            "nextDue": actor.due,
            "rule": verification::RULE,
            "source": verification::SOURCE,
            "assumption": true,
        });
        let more = json!({
            "id": actor.id,
            "kindLabel": actor.card.kind.label(),
            "owner": &*owner,
            "ownerName": lineage.name(&owner),
            "registeredBy": actor.owner,
            "links": links,
            "verification": verification,
            "version": actor.version,
            "registeredAt": actor.registered_at,
            "changedAt": actor.changed_at,
            "archived": actor.archived.as_ref().map(|gone| json!({ "at": gone.at, "mergedInto": gone.merged_into })),
            "openProposals": actor.proposals.iter().filter(|open| open.accepted.is_none()).count(),
        });
        if let Value::Object(more) = more {
            members.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
        }
        if shown.persons && actor.proposals.iter().any(|proposal| proposal.accepted.is_none()) {
            let all = self.proposals(actor, true).into_iter();
            members.insert("proposals".to_owned(), all.filter(|proposal| proposal["accepted"].is_null()).collect());
        }
        if !withheld.is_empty() {
            members.insert("withheld".to_owned(), Value::Array(withheld));
        }
        view
    }

    pub fn history(&self, actor: &Actor) -> Value {
        let entries: Vec<Value> = actor
            .history
            .iter()
            .map(|entry| {
                json!({ "time": entry.time, "type": entry.event_type, "text": entry.text, "eventId": entry.event,
                        "version": entry.version, "principal": &*entry.principal })
            })
            .collect();
        // Owners by the boards' lineage: each heir with the instant from which it is known to own.
        let mut owners = vec![
            json!({ "board": actor.owner, "name": Lineage::at(self.map, self.env.now).name(actor.owner.as_str()), "from": Value::Null }),
        ];
        let mut board = actor.owner.to_string();
        while let Some(ended) = self.map.board(&board).filter(|board| board.valid_to.is_some())
            && let (Some(at), Some(heir)) = (ended.valid_to, ended.successor)
            && owners.len() < 100
        {
            owners.push(json!({ "board": heir.id, "name": heir.name, "from": at }));
            board = heir.id;
        }
        json!({ "id": actor.id, "items": entries, "links": facts(actor), "owners": owners, "proposals": self.proposals(actor, false),
                "protectionChanges": self.shown_notices(actor).iter().map(|change| json!({
                    "id": change.event, "sites": change.sites, "at": change.at, "notified": change.notified,
                    "acknowledged": change.acknowledged })).collect::<Vec<_>>(),
                "contacts": actor.contacts.iter().map(|(at, said)| json!({ "at": at, "board": said.board, "occasion": said.occasion,
                    "outcome": said.outcome, "reference": said.reference })).collect::<Vec<_>>() })
    }

    pub fn links(&self, actor: &Actor, at: Timestamp) -> Value {
        let items: Vec<Value> = actor
            .links(at)
            .values()
            .map(|link| json!({ "area": link.area, "basis": link.basis, "basisLabel": link.basis.label(), "since": link.since }))
            .collect();
        json!({ "id": actor.id, "at": at, "owner": &*Lineage::at(self.map, at).heir(actor.owner.as_str()), "items": items, "history": facts(actor) })
    }
}

fn facts(actor: &Actor) -> Vec<Value> {
    let fact = |fact: &crate::domain::links::Fact| {
        json!({ "area": &*fact.area, "basis": fact.basis, "linked": fact.linked, "validFrom": fact.valid_from,
                "position": fact.position.to_string() })
    };
    actor.facts.iter().map(fact).collect()
}

/// Functions and their ways.
pub fn ways_of(plain: &PlainCard) -> Vec<Value> {
    plain.contacts.iter().map(|contact| json!({ "function": contact.function, "ways": contact.ways })).collect()
}
