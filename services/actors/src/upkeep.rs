//! Keeping the registry true: a board's registry health, possible duplicates, whom to invite.

use crate::{
    commands::{Desk, body},
    domain::{
        collation::words,
        verification::{self, Standing},
    },
    limits::{DUPLICATE_DISTANCE_M, DUPLICATES_MAX},
    protected::Notice,
    queries::{One, distance_m, place_of},
    read_model::Actor,
    sealing,
};
use narhet_kernel::Role;
use narhet_proto::{
    access,
    codes::ActorKind,
    events::actors::Contact,
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::AnswerBody;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Kinds that every area is expected to have an actor of. ASSUMPTION: the programme lists no kinds.
const NEEDED: &[ActorKind] =
    &[ActorKind::Voluntary, ActorKind::Faith, ActorKind::School, ActorKind::Care, ActorKind::Housing];
/// Functions that every board and company has (Säkerhetsprogrammet 2020-2023).
const COORDINATORS: &[&str] = &["säkerhetssamordnare", "informationssäkerhetssamordnare"];
const LISTED_MAX: usize = 200;

impl Desk<'_> {
    /// How true a board's registry is, for the board itself and for central roles.
    pub fn registry_health(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let One { id, .. } = body(request)?;
        if !self.map.is_established(&id) {
            return Err(Problem::new(ErrorCode::NotFound, format!("no board is called {id:?}")));
        }
        let own = access::reading_board(self.env.principal).is_some_and(|board| board.as_str() == id);
        if !own && !crate::domain::rights::is_central(self.env.principal) {
            return Err(Problem::forbidden(&format!("read the registry health of {id}")));
        }
        let lineage = self.lineage();
        let owned: Vec<&Actor> = self.all().filter(|actor| *lineage.heir(actor.owner.as_str()) == *id).collect();
        let mut counts: BTreeMap<&str, usize> = Standing::ALL.map(|standing| (standing.name(), 0)).into();
        let mut listed: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        let named = |actor: &Actor| json!({ "id": actor.id, "name": actor.card.name, "nextDue": actor.due });
        for actor in &owned {
            let standing = actor.standing(self.env.now);
            *counts.entry(standing.name()).or_default() += 1;
            if standing != Standing::Verified {
                let list = listed.entry(standing.name()).or_default();
                if list.len() < LISTED_MAX {
                    list.push(named(actor));
                }
            }
        }
        let reachable = |actor: &&&Actor| {
            let answers = actor.card.availability.as_ref().is_some_and(|a| a.around_the_clock);
            // Of k2 contacts the ways are sealed: those who keep the registry see them.
            let has_ways = |contact: &Contact| !contact.ways.is_empty() || contact.person.is_some();
            answers
                && (actor.card.contacts.iter().any(has_ways)
                    || self.ways(actor).iter().any(|one| one["ways"] != json!([])))
        };
        let without: Vec<&&Actor> = owned.iter().filter(|actor| !reachable(actor)).collect();
        let missing_contact: Vec<Value> = without.iter().take(LISTED_MAX).map(|actor| named(actor)).collect();
        let missing_functions: Vec<&str> =
            COORDINATORS.iter().copied().filter(|function| !self.has_function(&id, function)).collect();
        Ok(AnswerBody::of(&json!({
            "board": { "id": id, "name": lineage.name(&id) },
            "total": owned.len(),
            "counts": counts,
            "listed": listed,
            "missing247Contact": { "total": without.len(), "items": missing_contact },
            "areasWithoutKind": self.gaps(&id),
            "missingFunctions": missing_functions,
            "unacknowledgedProtection": self.unacknowledged(&id),
            "why": [
                { "rule": verification::RULE, "source": verification::SOURCE, "text": "Varje aktör kontrolleras med ett intervall efter sin typ.", "assumption": true },
                { "rule": "samordnare/2020", "source": "Säkerhetsprogram för Stockholms stad 2020-2023", "text": "Varje nämnd och bolagsstyrelse har en säkerhetssamordnare och en informationssäkerhetssamordnare." },
                { "rule": "behov/1", "source": "Antagande: programmet räknar inte upp typer", "text": "Varje område väntas ha aktörer av vissa typer.", "assumption": true },
            ],
        })))
    }

    fn all(&self) -> impl Iterator<Item = &Actor> {
        self.registry.index.in_order().map(|slot| &self.registry.actors[slot as usize])
    }

    /// Whether some actor that stands for the board has a contact of this function.
    fn has_function(&self, board: &str, function: &str) -> bool {
        let lineage = self.lineage();
        // A company has coordinators of its own.
        let boards = self.all().filter(|actor| actor.card.kind == ActorKind::MunicipalBoard);
        let mut own = boards.filter(|actor| {
            let behalf = actor.card.on_behalf_of.as_deref().is_some_and(|behalf| *lineage.heir(behalf) == *board);
            *lineage.heir(actor.owner.as_str()) == *board || behalf
        });
        own.any(|actor| {
            let plain = sealing::open(&actor.card, actor.card_event, false, self.env);
            plain.contacts.iter().any(|contact| contact.function.to_lowercase() == function)
        })
    }

    /// The board's areas and the kinds nobody there is of.
    fn gaps(&self, board: &str) -> Vec<Value> {
        let Some(division) = self.map.division_at(self.env.now, self.map.head().0) else { return Vec::new() };
        let areas = division.areas.iter().filter(|area| area.board.id == board);
        let gap = |area: &narhet_responsibility::DistrictArea| {
            let there: BTreeSet<ActorKind> = self
                .all()
                .filter(|actor| actor.links(self.env.now).contains_key(area.area.id.as_str()))
                .map(|actor| actor.card.kind)
                .collect();
            let missing: Vec<&str> =
                NEEDED.iter().filter(|kind| !there.contains(kind)).map(|kind| kind.code()).collect();
            (!missing.is_empty()).then(|| json!({ "area": area.area, "kinds": missing }))
        };
        areas.filter_map(gap).collect()
    }

    fn unacknowledged(&self, board: &str) -> Vec<Value> {
        let lineage = self.lineage();
        let names = |boards: &[String]| boards.iter().any(|named| *lineage.heir(named) == *board);
        let waiting = self.all_notices(|notice| names(&notice.notified) && !names(&notice.acknowledged));
        let item = |(slot, notice): (u32, Notice)| {
            let actor = &self.registry.actors[slot as usize];
            json!({ "actorId": actor.id, "name": actor.card.name, "sites": notice.sites, "change": notice.event, "at": notice.at })
        };
        waiting.into_iter().take(LISTED_MAX).map(item).collect()
    }

    /// Actors that may be the same as one: by organisation number, or by name and distance.
    pub fn duplicates(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let One { id, .. } = body(request)?;
        let actor = self.readable(&id)?;
        let lineage = self.lineage();
        let mut slots: BTreeSet<u32> = BTreeSet::new();
        if let Some(number) = &actor.card.org_number {
            slots.extend(self.registry.index.with_org_number(number));
        }
        let name: BTreeSet<String> = words(&actor.card.name).collect();
        for word in name.iter().filter(|word| word.len() > 2) {
            slots.extend(self.registry.index.with_word(word));
        }
        let mut found: Vec<(u32, Value)> = Vec::new();
        for other in
            slots.into_iter().map(|slot| &self.registry.actors[slot as usize]).filter(|other| other.id != actor.id)
        {
            if !self.may_read(other) {
                continue;
            }
            let owner = lineage.heir(other.owner.as_str());
            let (mut score, mut why) = (0, Vec::new());
            let same_number = actor.card.org_number.is_some() && actor.card.org_number == other.card.org_number;
            if same_number && self.sees(other, "orgNumber") && self.sees(actor, "orgNumber") {
                score += 100;
                why.push("samma organisationsnummer".to_owned());
            }
            let likeness = similarity(&name, &words(&other.card.name).collect());
            let sites = self.sees(other, "sites") && self.sees(actor, "sites");
            let apart = place_of(actor).zip(place_of(other)).filter(|_| sites).map(|(a, b)| distance_m(a, b));
            if likeness >= 0.5 && apart.is_none_or(|metres| metres <= DUPLICATE_DISTANCE_M) {
                score += (likeness * 50.0) as u32;
                why.push(match apart {
                    Some(metres) => format!("liknande namn och {metres:.0} m ifrån varandra"),
                    None => "liknande namn".to_owned(),
                });
            }
            if score > 0 {
                found.push((score, json!({ "id": other.id, "name": other.card.name, "owner": &*owner, "why": why })));
            }
        }
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.truncate(DUPLICATES_MAX);
        let items: Vec<Value> = found.into_iter().map(|(_, item)| item).collect();
        Ok(AnswerBody::of(&json!({ "id": actor.id, "items": items })))
    }

    /// Whom a board may invite: boards and municipal companies that are in its areas, with what came of it.
    pub fn invitations(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let One { id, .. } = body(request)?;
        if self.env.principal.acting_as(&[Role::Coordinator]).is_none()
            && !crate::domain::rights::is_central(self.env.principal)
        {
            return Err(Problem::forbidden("invite to cooperation"));
        }
        let division = self.map.division_at(self.env.now, self.map.head().0);
        let areas: Vec<&str> = division
            .iter()
            .flat_map(|division| &division.areas)
            .filter(|area| area.board.id == id)
            .map(|area| area.area.id.as_str())
            .collect();
        let lineage = self.lineage();
        let municipal = |actor: &&Actor| {
            matches!(actor.card.kind, ActorKind::MunicipalBoard | ActorKind::MunicipalCompany)
                || actor.card.on_behalf_of.is_some()
        };
        let items: Vec<Value> = self
            .all()
            .filter(municipal)
            .filter(|actor| self.may_read(actor))
            .filter_map(|actor| {
                let links = actor.links(self.env.now);
                let there: Vec<Value> = areas.iter().filter_map(|area| links.get(area)).map(|link| json!({ "area": link.area, "basis": link.basis })).collect();
                let outcome = actor.contacts.iter().rev().find(|(_, said)| said.occasion == "invitation" && *lineage.heir(&said.board) == *id);
                (!there.is_empty()).then(|| {
                    json!({ "actorId": actor.id, "name": actor.card.name, "kind": actor.card.kind, "links": there,
                            "contacts": self.ways(actor),
                            "outcome": outcome.map(|(at, said)| json!({ "at": at, "outcome": said.outcome, "reference": said.reference })) })
                })
            })
            .take(LISTED_MAX)
            .collect();
        let mandate = format!(
            "{} har geografiskt områdesansvar och ska verka för samordning av alla relevanta aktörer i området före, under och efter en händelse. Samordning ger ingen rätt att bestämma över andras verksamhet.",
            lineage.name(&id)
        );
        Ok(AnswerBody::of(
            &json!({ "board": { "id": id, "name": lineage.name(&id) }, "mandate": mandate, "items": items }),
        ))
    }
}

/// The share of words that two names have in common.
fn similarity(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let all = a.union(b).count();
    if all == 0 { 0.0 } else { a.intersection(b).count() as f64 / all as f64 }
}
