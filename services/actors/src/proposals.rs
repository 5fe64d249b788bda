//! Proposals: what somebody who does not own an actor would change, until the owner accepts or declines.
//!
//! The patch is sealed under the record's key, save persons and a sole trader's number: those are under the person's own key, so
//! that erasing the person also erases what was once proposed about them.

use crate::{
    commands::{Desk, body},
    domain::{
        card::{PlainCard, PlainSite},
        org_number::{self, OrgNumber},
        protection::is_protected,
        rights,
    },
    read_model::{Actor, Proposal},
    sealing,
};
use narhet_kernel::{BoardId, SubjectId, Uuid, derived_id};
use narhet_proto::{
    Sealed, access,
    events::actors::{ChangeProposed, Person, ProposalSettled, ProposedPerson, SoleTrader},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{Decision, Env, Expected, Write};
use serde_json::{Map, Value, json};

const PATCH: &str = "data.patch";
const REASON: &str = "data.reason";
const ORG_NUMBER: &str = "data.soleTrader.orgNumber";
/// What is sealed of a person.
const MEMBERS: [&str; 3] = ["name", "phone", "email"];

impl Desk<'_> {
    pub fn propose(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Propose {
            id: String,
            patch: Value,
            reason: Option<String>,
        }
        let Propose { id, patch, reason } = body(request)?;
        let (role, board) = self.registrant()?;
        let actor = self.readable(&id)?;
        let wanted = self.identified(Some(actor), self.patched(actor, &patch)?);
        let event = self.env.new_id();
        let persons = wanted.contacts.iter().map(|contact| contact.person.as_ref()?.subject_id).collect::<Vec<_>>();
        let subjects = Subjects { persons, sole: self.sole_trader(Some(actor), wanted.org_number.as_deref(), event) };
        let fields = patch.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default();
        let Parted { patch, persons, sole_trader } = seal(patch, &subjects, event, self.env);
        let message = ChangeProposed {
            actor_id: id,
            proposal_id: event.to_string(),
            by: board.to_string(),
            patch,
            fields,
            reason: reason.map(|reason| self.env.seal(event, REASON, &reason)),
            persons,
            sole_trader,
        };
        let draft = self.card_draft(event, actor.id, &actor.owner, &actor.card, &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }

    pub fn settle_proposal(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Settle {
            id: String,
            proposal_id: String,
            accept: bool,
        }
        let Settle { id, proposal_id, accept } = body(request)?;
        let (actor, role) = self.editable(&id, request)?;
        let known = actor.proposals.iter().find(|proposal| proposal.said.proposal_id == proposal_id);
        let proposal = known.ok_or_else(|| Problem::new(ErrorCode::NotFound, "no such proposal"))?;
        match proposal.accepted {
            Some(accepted) if accepted == accept => {
                return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![actor.card_event] });
            }
            Some(_) => return Err(Problem::new(ErrorCode::Conflict, "the proposal has been settled already")),
            None => {}
        }
        let mut decision = Decision { writes: Vec::new(), role: Some(role), answered_by: Vec::new() };
        if accept {
            let patch = open(proposal, true, self.env)
                .ok_or_else(|| Problem::new(ErrorCode::Conflict, "the proposal's text has been erased"))?;
            if !proposal.overtaken.is_empty() {
                let members: Vec<&str> = proposal.overtaken.iter().map(String::as_str).collect();
                let detail = format!(
                    "{} changed after the proposal was made: decline it, and change by hand what still holds",
                    members.join(", ")
                );
                return Err(Problem::new(ErrorCode::Conflict, detail));
            }
            // A number that has been erased is in the patch no more, and the card keeps the one it has.
            let names_number = patch.get("orgNumber").is_some();
            let sole = proposal.said.sole_trader.as_ref().filter(|_| names_number).map(|sole| sole.subject_id);
            let mut plain = self.patched(actor, &patch)?;
            let others = *self.lineage().heir(&proposal.said.by) != *self.lineage().heir(actor.owner.as_str());
            if others && patch.get("sites").is_some() {
                self.keep_protection(actor, &mut plain);
            }
            decision = self.settle(actor, plain, role, "proposal", sole);
            decision.answered_by.clear();
        }
        let message = ProposalSettled { actor_id: id, proposal_id, accepted: accept };
        let settled = self.draft(self.env.new_id(), actor.id, &actor.owner, &actor.card.readers, &message);
        match decision.writes.first_mut() {
            Some(write) => write.drafts.push(settled),
            None => decision.writes.push(Write::one(Expected::Exactly(actor.version), settled)),
        }
        Ok(decision)
    }

    /// Who proposed the sites never saw which are protected: what they left out of it, nobody meant to take away.
    fn keep_protection(&self, actor: &Actor, plain: &mut PlainCard) {
        let before = sealing::open(&actor.card, actor.card_event, false, self.env).sites;
        let as_many = before.len() == plain.sites.len();
        let mut left: Vec<(usize, &PlainSite)> = before.iter().enumerate().collect();
        for (index, site) in plain.sites.iter_mut().enumerate() {
            // Names need not differ: where it lies says more, and each earlier site is one of the new ones at most.
            let alike = |(number, known): &(usize, &PlainSite)| {
                let place = known.place.is_some() && known.place == site.place;
                let address = known.address.is_some() && known.address == site.address;
                8 * u8::from(place)
                    + 4 * u8::from(address)
                    + 2 * u8::from(known.name == site.name)
                    + u8::from(as_many && *number == index)
            };
            let Some(same) = (0..left.len()).filter(|&at| alike(&left[at]) > 0).max_by_key(|&at| alike(&left[at]))
            else {
                continue;
            };
            let (_, known) = left.remove(same);
            site.tags.extend(known.tags.iter().filter(|tag| is_protected(tag)).cloned());
            site.tags.sort();
            site.tags.dedup();
        }
    }

    /// Whether a proposal concerns the principal's board: who proposed it, and who decides on it. Nobody else reads its text,
    /// save central roles, and none who reads no text at all.
    pub fn reads_proposal(&self, actor: &Actor, proposal: &Proposal) -> bool {
        let lineage = self.lineage();
        let board = access::reading_board(self.env.principal).map(BoardId::as_str);
        let concerned = [lineage.heir(actor.owner.as_str()), lineage.heir(&proposal.said.by)];
        let concerns = board.is_some_and(|board| concerned.iter().any(|concerned| **concerned == *board));
        access::may_open_text(self.env.principal) && (concerns || rights::is_central(self.env.principal))
    }

    /// The proposals on an actor; persons in them only when their reading is recorded.
    pub fn proposals(&self, actor: &Actor, persons: bool) -> Vec<Value> {
        let shown = actor.proposals.iter().map(|proposal| {
            let said = &proposal.said;
            let reads = self.reads_proposal(actor, proposal);
            let patch = reads.then(|| open(proposal, persons, self.env)).flatten();
            let reason = said.reason.as_ref().filter(|_| reads);
            json!({ "id": said.proposal_id, "by": said.by, "at": proposal.at, "fields": said.fields, "patch": patch,
                    "reason": reason.and_then(|sealed| self.env.open(proposal.event, REASON, sealed)),
                    "accepted": proposal.accepted })
        });
        shown.collect()
    }
}

/// Who is meant by the persons of the patch, by contact, and by its number if that is a sole trader's.
struct Subjects {
    persons: Vec<Option<SubjectId>>,
    sole: SubjectId,
}

/// A patch in its stored parts.
struct Parted {
    patch: Sealed,
    persons: Vec<ProposedPerson>,
    sole_trader: Option<SoleTrader>,
}

/// Seals a patch that makes a sound card. A person without a subject gets one here, which the card keeps when it is accepted.
fn seal(mut patch: Value, subjects: &Subjects, event: Uuid, env: &Env<'_>) -> Parted {
    let number = patch.get("orgNumber").and_then(Value::as_str).map(org_number::read);
    let sole_trader = match number {
        Some(Ok(OrgNumber::SoleTrader(number))) => {
            remove(&mut patch, "orgNumber");
            let subject_id = subjects.sole;
            Some(SoleTrader { subject_id, org_number: env.seal_subject(subject_id, event, ORG_NUMBER, &number) })
        }
        _ => None,
    };
    let mut persons = Vec::new();
    for (contact, person) in persons_of(&mut patch) {
        let known = subjects.persons.get(contact as usize).copied().flatten();
        let subject_id = known.unwrap_or_else(|| SubjectId(derived_id("contact-person", event, contact)));
        person.insert("subjectId".to_owned(), json!(subject_id));
        let mut part = |member: &str| {
            let text = person.remove(member)?;
            Some(env.seal_subject(subject_id, event, &field(contact, member), text.as_str()?))
        };
        let [name, phone, email] = MEMBERS.map(&mut part);
        persons.push(ProposedPerson { contact, person: Person { subject_id, name, phone, email } });
    }
    Parted { patch: env.seal(event, PATCH, &patch.to_string()), persons, sole_trader }
}

/// The patch in the clear, without what has been erased; `None` when its own text has.
pub fn open(proposal: &Proposal, persons: bool, env: &Env<'_>) -> Option<Value> {
    let Proposal { event, said, .. } = proposal;
    let mut patch: Value = serde_json::from_str(&env.open(*event, PATCH, &said.patch)?).ok()?;
    if !persons {
        return Some(patch);
    }
    let sole = said.sole_trader.as_ref().and_then(|sole| env.open(*event, ORG_NUMBER, &sole.org_number));
    if let (Some(number), Some(members)) = (sole, patch.as_object_mut()) {
        members.insert("orgNumber".to_owned(), number.into());
    }
    for (contact, shown) in persons_of(&mut patch) {
        let Some(sealed) = said.persons.iter().find(|sealed| sealed.contact == contact) else { continue };
        for (member, sealed) in members(&sealed.person) {
            if let Some(text) = env.open(*event, &field(contact, member), sealed) {
                shown.insert(member.to_owned(), text.into());
            }
        }
    }
    Some(patch)
}

/// The persons that a proposal names, each with what is sealed of them.
pub fn subjects(said: &ChangeProposed) -> impl Iterator<Item = (SubjectId, Vec<&'static str>)> + '_ {
    let persons = said.persons.iter().map(|proposed| {
        let sealed = members(&proposed.person).map(|(member, _)| member).collect();
        (proposed.person.subject_id, sealed)
    });
    persons.chain(said.sole_trader.as_ref().map(|sole| (sole.subject_id, vec!["orgNumber"])))
}

/// What a proposal says about one person, in the clear: for that person's own export.
pub fn held_on(proposal: &Proposal, subject: SubjectId, env: &Env<'_>) -> Vec<Value> {
    let Proposal { event, said, at, .. } = proposal;
    let persons = said.persons.iter().filter(|proposed| proposed.person.subject_id == subject).map(|proposed| {
        let opened = members(&proposed.person).filter_map(|(member, sealed)| {
            Some((member.to_owned(), env.open(*event, &field(proposed.contact, member), sealed)?.into()))
        });
        opened.collect::<Map<String, Value>>()
    });
    let sole = said.sole_trader.as_ref().filter(|sole| sole.subject_id == subject);
    let sole = sole.and_then(|sole| env.open(*event, ORG_NUMBER, &sole.org_number));
    let sole = sole.map(|number| Map::from_iter([("orgNumber".to_owned(), Value::from(number))]));
    persons.chain(sole).map(|held| json!({ "proposal": said.proposal_id, "at": at, "held": held })).collect()
}

/// What is sealed of a person, by member.
pub fn members(person: &Person) -> impl Iterator<Item = (&'static str, &Sealed)> {
    let all = MEMBERS.into_iter().zip([&person.name, &person.phone, &person.email]);
    all.filter_map(|(member, sealed)| Some((member, sealed.as_ref()?)))
}

fn persons_of(patch: &mut Value) -> impl Iterator<Item = (u32, &mut Map<String, Value>)> {
    let contacts = patch.get_mut("contacts").and_then(Value::as_array_mut).into_iter().flatten();
    (0..).zip(contacts).filter_map(|(index, contact)| Some((index, contact.get_mut("person")?.as_object_mut()?)))
}

fn remove(patch: &mut Value, member: &str) {
    if let Some(members) = patch.as_object_mut() {
        members.remove(member);
    }
}

fn field(contact: u32, member: &str) -> String {
    format!("data.persons.{contact}.person.{member}")
}
