//! Personal data: opened only after the opening is recorded, held, exported and erased for one person at a time.

use crate::{
    commands::{Desk, body, opens_persons},
    domain::retention,
    proposals,
    queries::One,
    read_model::{Actor, Held, Past, Proposal, Subject},
    relink, sealing,
};
use narhet_kernel::{Klass, Role, StreamId, SubjectId, Uuid};
use narhet_proto::{
    Draft, Message, access,
    events::actors::{Reading, SealedFieldRead, SubjectErased, SubjectHeld},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Why a person's data may be erased (GDPR art. 16, 17, 21; arkivlagen).
const GROUNDS: &[&str] = &["gallring", "rectification", "objection"];
const HOLDS: &[&str] = &["evaluation", "release-request"];
const REFERENCE_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Erase {
    id: String,
    ground: String,
    reference: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Hold {
    id: String,
    held: bool,
    ground: String,
    reference: String,
}

/// What is sealed of each person on a card and in these of its proposals, and not erased.
fn readings<'a>(actor: &Actor, proposals: impl Iterator<Item = &'a Proposal>, env: &Env<'_>) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut add = |subject_id: SubjectId, field: String| {
        if env.is_erased(subject_id) {
            return;
        }
        match readings.iter_mut().find(|reading| reading.subject_id == subject_id) {
            Some(reading) if reading.fields.contains(&field) => {}
            Some(reading) => reading.fields.push(field),
            None => readings.push(Reading { subject_id, actor_id: actor.id.to_string(), fields: vec![field] }),
        }
    };
    for person in actor.card.contacts.iter().filter_map(|contact| contact.person.as_ref()) {
        let members = [("name", &person.name), ("phone", &person.phone), ("email", &person.email)];
        for (name, _) in members.into_iter().filter(|(_, sealed)| sealed.is_some()) {
            add(person.subject_id, name.to_owned());
        }
    }
    if let Some(sole) = &actor.card.sole_trader {
        add(sole.subject_id, "orgNumber".to_owned());
    }
    for (subject_id, fields) in proposals.flat_map(|proposal| proposals::subjects(&proposal.said)) {
        fields.iter().for_each(|field| add(subject_id, format!("proposal.{field}")));
    }
    readings
}

/// The record of an opening, for registrar and auditor.
pub fn read_draft(readings: Vec<Reading>, purpose: &str, env: &Env<'_>) -> Draft {
    let stream =
        StreamId::new("reading", &readings.first().map_or_else(|| "none".to_owned(), |one| one.actor_id.clone()));
    for_records(env.new_id(), stream, &SealedFieldRead { readings, purpose: purpose.to_owned() })
}

pub fn for_records<M: Message>(id: Uuid, stream: StreamId, message: &M) -> Draft {
    Draft {
        readers: access::records_readers(),
        klass: Klass { k: 2, r: 2, t: 1 },
        ..Draft::public(id, stream, relink::house(), message)
    }
}

impl Desk<'_> {
    /// One actor: where persons are on it and may be opened, a command whose event is their reading.
    pub fn read_actor(&self, request: &Request) -> Result<Decision, Problem> {
        let One { id, .. } = body(request)?;
        let actor = self.readable(&id)?;
        let open = actor.proposals.iter().filter(|proposal| proposal.accepted.is_none());
        let shown = open.filter(|proposal| self.reads_proposal(actor, proposal));
        let mut readings =
            if opens_persons(self.env.principal) { readings(actor, shown, self.env) } else { Vec::new() };
        // What is not shown is not read.
        let sees = |field: &str| match field {
            "orgNumber" => self.sees(actor, "orgNumber"),
            field if field.starts_with("proposal.") => true,
            _ => self.sees(actor, "contacts"),
        };
        readings.iter_mut().for_each(|reading| reading.fields.retain(|field| sees(field)));
        readings.retain(|reading| !reading.fields.is_empty());
        Ok(self.recorded(readings, "read", actor.card_event))
    }

    fn recorded(&self, readings: Vec<Reading>, purpose: &str, otherwise: Uuid) -> Decision {
        let role = self.env.principal.roles.first().copied();
        if readings.is_empty() {
            return Decision { writes: Vec::new(), role, answered_by: vec![otherwise] };
        }
        let draft = read_draft(readings, purpose, self.env);
        Decision { writes: vec![Write::one(Expected::Any, draft)], role, answered_by: Vec::new() }
    }

    /// A subject; that nothing of it is here does not mean that no other role has anything.
    fn subject(&self, id: &str) -> Result<(SubjectId, Option<&Subject>), Problem> {
        let subject: SubjectId =
            id.parse().map_err(|error: narhet_kernel::id::NotASubject| Problem::at("/id", error.to_string()))?;
        // Recorded as done, the person would stay.
        if self.registry.get(id).is_some() {
            let detail = "this is an actor's id; a person's is subjectId beside the contact's person";
            return Err(Problem::new(ErrorCode::NotFound, detail));
        }
        Ok((subject, self.registry.subjects.get(&subject)))
    }

    /// What keeps a subject's data from being erased now.
    pub fn holds(&self, subject: &Subject) -> Vec<String> {
        let lineage = self.lineage();
        let mut holds: Vec<String> =
            subject.holds.keys().map(|(ground, reference)| format!("{ground} {reference}")).collect();
        for (incident, boards) in &self.registry.open_incidents {
            let actors = subject.slots.iter().map(|slot| &self.registry.actors[*slot as usize]);
            let concerned = actors.filter(|actor| actor.archived.is_none()).any(|actor| {
                let owner = lineage.heir(actor.owner.as_str());
                // An incident that is open over a merger is about the heirs of its boards.
                boards.iter().any(|board| lineage.heir(board) == owner)
            });
            if concerned {
                holds.push(format!("open incident {incident}"));
            }
        }
        holds
    }

    pub fn erase(&self, request: &Request) -> Result<Decision, Problem> {
        let role = self.registrar("erase personal data")?;
        let Erase { id, ground, reference } = body(request)?;
        if !GROUNDS.contains(&ground.as_str()) {
            return Err(Problem::at("/ground", format!("not one of {}", GROUNDS.join(", "))));
        }
        let reference = checked_reference(&reference)?;
        // A principal is a subject too, and any role may hold their data: erased also when nothing of it is here.
        let (subject_id, known) = self.subject(&id)?;
        if let Some(known) = known {
            if let Some(erased) = known.erased {
                return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![erased] });
            }
            let holds = self.holds(known);
            if !holds.is_empty() {
                let detail = format!("the data is held: {}; erase when that has ended", holds.join(", "));
                return Err(Problem::refused("no-erasure-under-hold", detail));
            }
        }
        let message = SubjectErased { subject_id, ground, reference };
        let stream = StreamId::new("subject", &subject_id.to_string());
        let draft = for_records(self.env.new_id(), stream, &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }

    pub fn hold(&self, request: &Request) -> Result<Decision, Problem> {
        let role = self.registrar("hold personal data")?;
        let Hold { id, held, ground, reference } = body(request)?;
        if !HOLDS.contains(&ground.as_str()) {
            return Err(Problem::at("/ground", format!("not one of {}", HOLDS.join(", "))));
        }
        let (subject_id, known) = self.subject(&id)?;
        let reference = checked_reference(&reference)?;
        let hold = (ground.clone(), reference.clone());
        let held_by = known.and_then(|known| known.holds.get(&hold).copied());
        match (held, held_by) {
            (true, Some(event)) => {
                return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![event] });
            }
            (false, None) => return Err(Problem::new(ErrorCode::NotFound, "no hold has that ground and reference")),
            _ => {}
        }
        let message = SubjectHeld { subject_id, held, ground, reference };
        let stream = StreamId::new("subject", &subject_id.to_string());
        let draft = for_records(self.env.new_id(), stream, &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }

    /// All that is held on a subject (GDPR art. 15): recorded before it is answered.
    pub fn export_subject(&self, request: &Request) -> Result<Decision, Problem> {
        let role = self.registrar("export personal data")?;
        let One { id, .. } = body(request)?;
        let (subject_id, known) = self.subject(&id)?;
        let slots = known.iter().flat_map(|known| &known.slots);
        let mut all: Vec<Reading> = Vec::new();
        for actor in slots.map(|slot| &self.registry.actors[*slot as usize]) {
            let now = readings(actor, actor.proposals.iter(), self.env);
            let now = now.into_iter().find(|reading| reading.subject_id == subject_id).map(|reading| reading.fields);
            let fields: Vec<String> = now.into_iter().flatten().chain(self.past_fields(known, actor.id)).collect();
            if !fields.is_empty() {
                all.push(Reading { subject_id, actor_id: actor.id.to_string(), fields });
            }
        }
        if known.is_some_and(|known| known.principal.is_some()) && !self.env.is_erased(subject_id) {
            let fields = ["principal.issuer", "principal.subject"].map(str::to_owned).to_vec();
            all.push(Reading { subject_id, actor_id: "none".to_owned(), fields });
        }
        if all.is_empty() {
            let nothing = Reading { subject_id, actor_id: "none".to_owned(), fields: Vec::new() };
            all.push(nothing);
        }
        let mut decision = self.recorded(all, "subject-export", Uuid::nil());
        decision.role = Some(role);
        Ok(decision)
    }

    /// What can be opened of a person on earlier cards of an actor.
    fn past_fields(&self, known: Option<&Subject>, actor: Uuid) -> Vec<String> {
        let past = known.iter().flat_map(|known| &known.past).filter(|past| past.actor == actor);
        let held = past.filter_map(|past| past_person(past, self.env));
        let mut fields: Vec<String> =
            held.flat_map(|held| held.keys().map(|member| format!("past.{member}")).collect::<Vec<_>>()).collect();
        fields.sort();
        fields.dedup();
        fields
    }

    fn registrar(&self, right: &str) -> Result<Role, Problem> {
        self.env.principal.acting_as(&[Role::Registrar]).ok_or_else(|| Problem::forbidden(right))
    }

    /// The reply to [`Desk::export_subject`], from its recorded reading.
    pub fn held_on(&self, reading: &SealedFieldRead) -> AnswerBody {
        let Some(subject_id) = reading.readings.first().map(|one| one.subject_id) else {
            return AnswerBody::of(&json!({ "items": [] }));
        };
        let items: Vec<Value> = reading.readings.iter().filter_map(|one| self.held_in(one)).collect();
        let known = self.registry.subjects.get(&subject_id);
        let holds = known.map(|known| self.holds(known)).unwrap_or_default();
        let principal = known.and_then(|known| known.principal.as_ref()).map(|(event, seen)| {
            json!({ "id": seen.principal, "issuer": self.env.open(*event, "data.issuer", &seen.issuer),
                    "subject": self.env.open(*event, "data.subject", &seen.subject) })
        });
        AnswerBody::of(&json!({ "subjectId": subject_id, "items": items, "holds": holds, "principal": principal,
            "erased": self.env.is_erased(subject_id),
            "retention": { "rule": retention::RULE, "assumption": true, "source": retention::SOURCE, "text": retention::TEXT } }))
    }

    fn held_in(&self, reading: &Reading) -> Option<Value> {
        let (_, actor) = self.registry.get(&reading.actor_id)?;
        let plain = sealing::open(&actor.card, actor.card_event, true, self.env);
        let contacts = plain.contacts.into_iter().filter(|contact| {
            contact.person.as_ref().is_some_and(|person| person.subject_id == Some(reading.subject_id))
        });
        let sole = actor.card.sole_trader.as_ref().filter(|sole| sole.subject_id == reading.subject_id);
        let proposed =
            actor.proposals.iter().flat_map(|proposal| proposals::held_on(proposal, reading.subject_id, self.env));
        let known = self.registry.subjects.get(&reading.subject_id);
        let past = known.iter().flat_map(|known| &known.past).filter(|past| past.actor == actor.id);
        let past: Vec<_> = past.filter_map(|past| past_person(past, self.env)).collect();
        Some(
            json!({ "actorId": actor.id, "actor": actor.card.name, "contacts": contacts.collect::<Vec<_>>(), "past": past,
            "orgNumber": sole.and(plain.org_number), "proposals": proposed.collect::<Vec<_>>() }),
        )
    }
}

/// A person as an earlier card had them; `None` when nothing of it opens any more.
fn past_person(past: &Past, env: &Env<'_>) -> Option<Map<String, Value>> {
    let members: Map<String, Value> = match &past.held {
        Held::Contact { contact, person } => {
            let members = proposals::members(person).filter_map(|(member, sealed)| {
                let field = sealing::person(*contact, member);
                Some((member.to_owned(), env.open(past.event, &field, sealed)?.into()))
            });
            members.collect()
        }
        Held::SoleTrader(number) => {
            let number = env.open(past.event, sealing::ORG_NUMBER, number);
            number.map(|number| ("orgNumber".to_owned(), number.into())).into_iter().collect()
        }
    };
    (!members.is_empty()).then_some(members)
}

/// A reference is a diary number, not a story: it stands in the log in the clear and for ever.
fn checked_reference(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let sound = text.chars().all(|letter| letter.is_alphanumeric() || " -/.:_".contains(letter));
    if text.is_empty()
        || text.chars().count() > REFERENCE_CHARS_MAX
        || !sound
        || !text.chars().any(|c| c.is_ascii_digit())
    {
        return Err(Problem::at("/reference", "give the decision's number, as in KS 2026/1042"));
    }
    Ok(text.to_owned())
}
