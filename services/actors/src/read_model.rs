//! The fold of actors' own events: every actor with its links, and the persons and holds that erasure is about.

mod actor;
mod person;

pub use actor::{Actor, Archived, Entry, Proposal, spread};
pub use person::{Held, Past, Subject, held, subjects};

use crate::{
    domain::{collation::sort_key, links::Fact, verification},
    index::Index,
    proposals,
    protected::{Notice, Protected},
};
use narhet_kernel::{SubjectId, Timestamp, Uuid};
use narhet_proto::{
    Event, Message,
    events::{Named, actors::*, house::ActorsPrincipalSeen},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Somebody was given a list of many protected sites.
#[derive(Debug)]
pub struct Listing {
    pub event: Uuid,
    pub position: u64,
    pub principal: String,
    pub said: ProtectedListed,
}

/// A division whose links are being recorded.
#[derive(Clone, Debug)]
pub struct Relink {
    pub division: String,
    pub valid_from: Timestamp,
    pub because_of: String,
    pub begun: Uuid,
}

/// The whole registry.
#[derive(Debug, Default)]
pub struct Registry {
    pub actors: Vec<Actor>,
    pub by_id: HashMap<Uuid, u32>,
    /// The archived ones.
    pub gone: Vec<u32>,
    /// What an event was about, for replies.
    pub by_event: HashMap<Uuid, u32>,
    pub index: Index,
    pub protected: RefCell<Protected>,
    pub subjects: HashMap<SubjectId, Subject>,
    /// Open incidents and their boards.
    pub open_incidents: BTreeMap<String, Vec<String>>,
    pub noted: HashMap<String, bool>,
    /// Oldest first.
    pub relinks: Vec<Relink>,
    pub imports: HashMap<Uuid, RowsImported>,
    pub readings: std::collections::VecDeque<(Uuid, SealedFieldRead)>,
    /// The newest listings of many protected sites.
    pub listings: std::collections::VecDeque<Listing>,
    /// The position of the last event of an actor's own.
    pub cards_at: u64,
    /// Next verification per actor that has not been reminded of.
    pub due: BTreeSet<(Timestamp, u32)>,
    areas: HashMap<String, Arc<Named>>,
    principals: HashMap<String, Arc<str>>,
}

fn read<M: Message>(event: &Event) -> M {
    // The host has checked every event against the table: this is a broken invariant.
    serde_json::from_str(event.data.get()).expect("a checked event decodes")
}

impl Registry {
    pub fn get(&self, id: &str) -> Option<(u32, &Actor)> {
        let slot = *self.by_id.get(&Uuid::parse_str(id).ok()?)?;
        Some((slot, &self.actors[slot as usize]))
    }

    pub fn of_event(&self, id: Uuid) -> Option<&Actor> {
        self.by_event.get(&id).map(|slot| &self.actors[*slot as usize])
    }

    pub fn apply(&mut self, event: &Event) {
        match event.event_type.as_str() {
            ActorRegistered::TYPE => self.register(event, read(event)),
            ActorChanged::TYPE => {
                let ActorChanged { card, changed, source, .. } = read(event);
                self.keep_past(event.subject.id(), event.time);
                self.touch(event, ActorChanged::TYPE, changed_text(&changed, &source), |actor| {
                    actor.change(card, event);
                    for open in actor.proposals.iter_mut().filter(|open| open.accepted.is_none()) {
                        open.overtaken.extend(open.said.fields.iter().filter(|field| changed.contains(field)).cloned());
                    }
                });
            }
            ActorVerified::TYPE => {
                let said: ActorVerified = read(event);
                let text = if said.reached { "Uppgifterna kontrollerades." } else { "Ingen kunde nås." };
                self.touch(event, ActorVerified::TYPE, text.into(), |actor| {
                    actor.checked = Some((event.time, said.reached));
                    actor.due = said.next_due;
                });
            }
            VerificationDue::TYPE => {
                let said: VerificationDue = read(event);
                let text = "Uppgifterna behöver kontrolleras igen.".into();
                self.touch(event, VerificationDue::TYPE, text, |actor| actor.reminded = Some(said.due));
            }
            ActorArchived::TYPE => {
                let said: ActorArchived = read(event);
                let text = match &said.merged_into {
                    Some(_) => "Aktören slogs ihop med en annan.",
                    None => "Aktören arkiverades.",
                };
                self.touch(event, ActorArchived::TYPE, text.into(), |actor| {
                    actor.archived = Some(Archived { at: event.time, merged_into: said.merged_into });
                });
                self.gone.extend(self.get(event.subject.id()).map(|(slot, _)| slot));
            }
            ChangeProposed::TYPE => {
                let said: ChangeProposed = read(event);
                let text = format!("{} föreslog en ändring av {}.", said.by, said.fields.join(", "));
                self.touch(event, ChangeProposed::TYPE, text.into(), |actor| {
                    actor.proposals.push(Proposal {
                        event: event.id,
                        said,
                        at: event.time,
                        accepted: None,
                        overtaken: BTreeSet::new(),
                    });
                });
            }
            ProposalSettled::TYPE => {
                let said: ProposalSettled = read(event);
                let text = if said.accepted { "Förslaget godtogs." } else { "Förslaget avböjdes." };
                self.touch(event, ProposalSettled::TYPE, text.into(), |actor| {
                    let open = actor.proposals.iter_mut().find(|open| open.said.proposal_id == said.proposal_id);
                    if let Some(proposal) = open {
                        proposal.accepted = Some(said.accepted);
                    }
                });
            }
            ProtectionChanged::TYPE => self.tell(event, read(event)),
            ProtectionAcknowledged::TYPE => {
                let said: ProtectionAcknowledged = read(event);
                if let Some(slot) = self.aside(event, &said.actor_id) {
                    self.protected.get_mut().confirm(slot, said.change, said.board);
                }
            }
            ContactLogged::TYPE => {
                let said: ContactLogged = read(event);
                let text = format!("{}: {} ({}).", said.board, said.outcome, said.reference).into();
                self.touch(event, ContactLogged::TYPE, text, |actor| actor.contacts.push((event.time, said)));
            }
            ActorLinked::TYPE => {
                let ActorLinked { area, basis, valid_from, actor_ids, .. } = read(event);
                self.link(event, &area, basis, valid_from, &actor_ids, true);
            }
            ActorUnlinked::TYPE => {
                let ActorUnlinked { area, basis, valid_from, actor_ids, .. } = read(event);
                self.link(event, &area, basis, valid_from, &actor_ids, false);
            }
            _ => self.apply_other(event),
        }
    }

    fn apply_other(&mut self, event: &Event) {
        match event.event_type.as_str() {
            RelinkBegun::TYPE => {
                let RelinkBegun { division_id, valid_from, because_of } = read(event);
                self.relinks.push(Relink { division: division_id, valid_from, because_of, begun: event.id });
            }
            RelinkDone::TYPE => {
                let said: RelinkDone = read(event);
                self.relinks.retain(|relink| relink.division != said.division_id);
            }
            RowsImported::TYPE => {
                let said: RowsImported = read(event);
                self.imports.insert(event.id, said);
            }
            SealedFieldRead::TYPE => {
                if self.readings.len() == crate::limits::READINGS_MAX {
                    self.readings.pop_front();
                }
                self.readings.push_back((event.id, read(event)));
            }
            ProtectedListed::TYPE => {
                if self.listings.len() == crate::limits::READINGS_MAX {
                    self.listings.pop_front();
                }
                let (principal, said) = (event.principal.clone(), read(event));
                self.listings.push_back(Listing { event: event.id, position: event.position, principal, said });
            }
            IncidentNoted::TYPE => {
                let said: IncidentNoted = read(event);
                self.noted.insert(said.incident_id.clone(), said.open);
                if said.open {
                    self.open_incidents.insert(said.incident_id, said.boards);
                } else {
                    self.open_incidents.remove(&said.incident_id);
                }
            }
            SubjectHeld::TYPE => {
                let said: SubjectHeld = read(event);
                let holds = &mut self.subjects.entry(said.subject_id).or_default().holds;
                let hold = (said.ground, said.reference);
                if said.held {
                    holds.insert(hold, event.id);
                } else {
                    holds.remove(&hold);
                }
            }
            ActorsPrincipalSeen::TYPE => {
                let said: ActorsPrincipalSeen = read(event);
                let subject = SubjectId::of_principal(&said.principal);
                self.subjects.entry(subject).or_default().principal = Some((event.id, said));
            }
            SubjectErased::TYPE => {
                let said: SubjectErased = read(event);
                self.subjects.entry(said.subject_id).or_default().erased = Some(event.id);
            }
            _ => {}
        }
    }

    fn register(&mut self, event: &Event, said: ActorRegistered) {
        let Ok(id) = Uuid::parse_str(&said.actor_id) else { return };
        let slot = u32::try_from(self.actors.len()).expect("fewer actors than there are people");
        let due = verification::next_due(said.card.kind, event.time);
        let text =
            if said.source == "import" { "Aktören lästes in från en fil." } else { "Aktören registrerades." };
        let mut actor = Actor {
            id,
            owner: event.owner.clone(),
            spread: spread(&said.card),
            sort_key: sort_key(&said.card.name),
            card: said.card,
            card_event: event.id,
            version: event.version,
            registered_at: event.time,
            changed_at: event.time,
            checked: None,
            due,
            reminded: None,
            archived: None,
            proposals: Vec::new(),
            facts: Vec::new(),
            spread_since: Timestamp::MIN,
            contacts: Vec::new(),
            history: Vec::new(),
        };
        actor.history.push(self.entry(event, ActorRegistered::TYPE, text.into()));
        self.index.add(slot, &actor);
        self.protected.get_mut().look_again(slot);
        self.due.insert((actor.due, slot));
        for subject in subjects(&actor.card) {
            self.subjects.entry(subject).or_default().slots.insert(slot);
        }
        self.actors.push(actor);
        self.cards_at = event.position;
        self.by_id.insert(id, slot);
        self.by_event.insert(event.id, slot);
    }

    /// Folds an event of an actor's own stream.
    fn touch(&mut self, event: &Event, event_type: &'static str, text: Box<str>, change: impl FnOnce(&mut Actor)) {
        let Some((slot, _)) = self.get(event.subject.id()) else { return };
        let entry = self.entry(event, event_type, text);
        let actor = &mut self.actors[slot as usize];
        self.index.remove(slot, actor);
        self.due.remove(&(actor.due, slot));
        change(actor);
        self.cards_at = event.position;
        actor.version = event.version;
        actor.history.push(entry);
        self.index.add(slot, actor);
        if actor.card_event == event.id {
            self.protected.get_mut().look_again(slot);
        }
        if actor.archived.is_none() && actor.reminded != Some(actor.due) {
            self.due.insert((actor.due, slot));
        }
        // A person who is no longer on the card is still in the log, so the subject stays known.
        let proposed = actor.proposals.iter().flat_map(|proposal| proposals::subjects(&proposal.said));
        let subjects: Vec<SubjectId> = subjects(&actor.card).chain(proposed.map(|(subject, _)| subject)).collect();
        for subject in subjects {
            self.subjects.entry(subject).or_default().slots.insert(slot);
        }
        self.by_event.insert(event.id, slot);
    }

    /// The persons of a card that is about to be another one.
    fn keep_past(&mut self, id: &str, until: Timestamp) {
        let Some((_, actor)) = self.get(id) else { return };
        let (actor_id, event) = (actor.id, actor.card_event);
        let all: Vec<(SubjectId, Held)> = held(&actor.card).collect();
        for (subject, held) in all {
            let subject = self.subjects.entry(subject).or_default();
            subject.past.push(Past { actor: actor_id, event, held, until });
        }
    }

    /// Notes an event about an actor that is in no stream of the actor's, so that its version does not tell of it.
    fn aside(&mut self, event: &Event, id: &str) -> Option<u32> {
        let (slot, _) = self.get(id)?;
        if event.subject.kind() == "actor" {
            self.actors[slot as usize].version = event.version;
        }
        self.by_event.insert(event.id, slot);
        Some(slot)
    }

    fn tell(&mut self, event: &Event, said: ProtectionChanged) {
        let notice = |notified, sites| {
            let (event, at) = (event.id, event.time);
            Notice { event, at, notified, sites, acknowledged: Vec::new() }
        };
        for (place, card) in said.cards.into_iter().enumerate() {
            let Some((slot, _)) = self.get(&card.actor_id) else { continue };
            self.protected.get_mut().tell(slot, place, card.sites, notice(card.notified, Vec::new()));
        }
        if let Some(slot) = self.aside(event, &said.actor_id) {
            self.protected.get_mut().told(slot, notice(said.notified, vec![said.site]));
        }
    }

    fn link(
        &mut self,
        event: &Event,
        area: &Named,
        basis: narhet_proto::codes::LinkBasis,
        valid_from: Timestamp,
        actor_ids: &[String],
        linked: bool,
    ) {
        let area = Arc::clone(self.areas.entry(area.id.clone()).or_insert_with(|| Arc::new(area.clone())));
        for id in actor_ids {
            let Some((slot, _)) = self.get(id) else { continue };
            let actor = &mut self.actors[slot as usize];
            let fact = Fact { area: Arc::clone(&area), basis, linked, valid_from, position: event.position };
            let place =
                actor.facts.partition_point(|held| (held.valid_from, held.position) <= (valid_from, event.position));
            actor.facts.insert(place, fact);
            if linked {
                self.index.link(slot, &area.id);
            }
        }
    }

    fn entry(&mut self, event: &Event, event_type: &'static str, text: Box<str>) -> Entry {
        let known = self.principals.entry(event.principal.clone());
        let principal = Arc::clone(known.or_insert_with(|| event.principal.as_str().into()));
        Entry { event: event.id, time: event.time, event_type, version: event.version, principal, text }
    }
}

fn changed_text(changed: &[String], source: &str) -> Box<str> {
    let how = match source {
        "import" => " från en fil",
        "proposal" => " enligt ett förslag",
        "merge" => " vid sammanslagning",
        _ => "",
    };
    format!("Ändrades{how}: {}.", changed.join(", ")).into()
}
