//! What people do with actors: register, change, verify, archive, merge, propose; each a list of events or a refusal.

use crate::{
    domain::{
        card::PlainCard,
        links::{self, Change, Fact, Spread},
        merge_patch, own_words, rights, verification,
    },
    lineage::{AreaHeirs, Lineage},
    notices::{self, Told},
    read_model::{Actor, Registry, spread},
    relink, sealing,
};
use narhet_kernel::{BoardId, Klass, Principal, Role, StreamId, SubjectId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Message,
    events::actors::*,
    wire::{ErrorCode, Problem, Request},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{Decision, Env, Expected, Write};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// What deciding needs.
pub struct Desk<'a> {
    pub registry: &'a Registry,
    pub map: &'a Responsibility,
    pub env: &'a Env<'a>,
    now: Lineage<'a>,
}

/// The events of one actor's new card, before they are put together with others'.
pub struct Outcome {
    pub id: Uuid,
    pub event: Uuid,
    pub write: Write,
    pub links: Vec<Change>,
    pub told: Told,
}

pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(request.body.get())).map_err(|error| {
        let path = error.path().to_string();
        let pointer =
            if path == "." { String::new() } else { format!("/{}", path.replace('.', "/").replace(['[', ']'], "")) };
        Problem::at(&pointer, error.inner().to_string())
    })
}

impl<'a> Desk<'a> {
    pub fn new(registry: &'a Registry, map: &'a Responsibility, env: &'a Env<'a>) -> Self {
        Self { registry, map, env, now: Lineage::at(map, env.now) }
    }

    /// The boards' lineage now: what anybody has a right to follows from this one, whatever instant is asked about.
    pub fn lineage(&self) -> &Lineage<'a> {
        &self.now
    }

    /// An actor that the principal may read; anything else is not there.
    pub fn readable(&self, id: &str) -> Result<&'a Actor, Problem> {
        let found = self.registry.get(id).map(|(_, actor)| actor);
        found
            .filter(|actor| self.may_read(actor))
            .ok_or_else(|| Problem::new(ErrorCode::NotFound, "no such actor, or not for you"))
    }

    pub fn may_read(&self, actor: &Actor) -> bool {
        let owner = self.lineage().heir(actor.owner.as_str());
        rights::may_read(self.env.principal, &owner, &self.lineage().readers(&actor.card.readers))
    }

    pub fn editable(&self, id: &str, request: &Request) -> Result<(&'a Actor, Role), Problem> {
        let actor = self.readable(id)?;
        let role = rights::may_edit(self.env.principal, &self.lineage().heir(actor.owner.as_str()))?;
        if request.if_match.is_some_and(|seen| seen != actor.version) {
            let detail = format!("the actor is at version {} now: read it again, then decide", actor.version);
            return Err(Problem::new(ErrorCode::PreconditionFailed, detail));
        }
        if let Some(archived) = &actor.archived {
            let detail = match &archived.merged_into {
                Some(other) => format!("the actor was merged into {other}: change that one"),
                None => "the actor is archived and changes no more".to_owned(),
            };
            return Err(Problem::new(ErrorCode::Conflict, detail));
        }
        Ok((actor, role))
    }

    /// The role and board by which the principal registers actors.
    pub fn registrant(&self) -> Result<(Role, BoardId), Problem> {
        const RIGHT: &str = "register actors";
        let role = self.env.principal.acting_as(&[Role::Coordinator]).ok_or_else(|| Problem::forbidden(RIGHT))?;
        let board = self.env.principal.owner();
        let (now, known) = (self.env.now, self.map.head().0);
        if !self.map.boards(now, known).iter().any(|in_force| in_force.id == board.as_str()) {
            let detail = format!("the token is for board {board}, which does not exist now");
            return Err(Problem { rule: Some(RIGHT.into()), ..Problem::new(ErrorCode::Forbidden, detail) });
        }
        Ok((role, board))
    }

    pub fn check(&self, plain: PlainCard) -> Result<PlainCard, Problem> {
        let is_board = |id: &str| self.map.is_established(id);
        let timeline = self.map.timeline(self.map.head().0);
        let is_area = |id: &str| timeline.divisions().iter().any(|division| division.area(id).is_some());
        plain.checked(&is_board, &is_area).map_err(|errors| {
            let first = errors.first().map(|error| error.detail.clone()).unwrap_or_default();
            let more =
                if errors.len() > 1 { format!(" (and {} more, see errors)", errors.len() - 1) } else { String::new() };
            Problem { errors, ..Problem::new(ErrorCode::InvalidInput, format!("{first}{more}")) }
        })
    }

    /// A new actor with this checked card.
    pub fn registered(&self, plain: PlainCard, owner: &BoardId, source: &str) -> Outcome {
        let (id, event) = (self.env.new_id(), self.env.new_id());
        let plain = self.identified(None, plain);
        let protected = notices::protected_sites(&plain);
        let sole = self.sole_trader(None, None, event);
        let card = sealing::seal(plain, sole, event, self.env);
        let links = self.link_changes(&[], Some(&spread(&card)), Timestamp::MIN);
        let message = ActorRegistered { actor_id: id.to_string(), card: card.clone(), source: source.into() };
        let registered = self.card_draft(event, id, owner, &card, &message);
        let told = self.protection_changed(id, owner, &card, (&BTreeMap::new(), &protected));
        Outcome { id, event, write: Write::one(Expected::NoStream, registered), links, told }
    }

    /// The actor with another checked card; `None` when it is the same. A sole trader's number is under `sole` where that is
    /// known.
    pub fn changed(&self, actor: &Actor, plain: PlainCard, source: &str, sole: Option<SubjectId>) -> Option<Outcome> {
        let plain = self.identified(Some(actor), plain);
        let before = sealing::open(&actor.card, actor.card_event, true, self.env);
        if before == plain {
            return None;
        }
        let value = |card: &PlainCard| serde_json::to_value(card).expect("a card is plain JSON");
        let changed = merge_patch::changed(&value(&before), &value(&plain));
        let event = self.env.new_id();
        let (was, is) = (notices::protected_sites(&before), notices::protected_sites(&plain));
        let sole = sole.unwrap_or_else(|| self.sole_trader(Some(actor), plain.org_number.as_deref(), event));
        let card = sealing::seal(plain, sole, event, self.env);
        let new = spread(&card);
        let links =
            if new == actor.spread { Vec::new() } else { self.link_changes(&actor.facts, Some(&new), self.env.now) };
        let message =
            ActorChanged { actor_id: actor.id.to_string(), card: card.clone(), changed, source: source.into() };
        let written = self.card_draft(event, actor.id, &actor.owner, &card, &message);
        let told = self.protection_changed(actor.id, &actor.owner, &card, (&was, &is));
        Some(Outcome { id: actor.id, event, write: Write::one(Expected::Exactly(actor.version), written), links, told })
    }

    /// What to record of links so that from an instant on they follow the map.
    pub fn link_changes(&self, facts: &[Fact], spread: Option<&Spread>, from: Timestamp) -> Vec<Change> {
        let (timeline, heirs) = (self.map.timeline(self.map.head().0), AreaHeirs::new(self.map));
        links::changes(facts, spread, timeline.divisions(), &|area, division| heirs.of(area, division), from)
    }

    fn decision(&self, role: Role, outcome: Outcome) -> Decision {
        let Outcome { id, event, write, links, told } = outcome;
        let mut writes = vec![write];
        writes.extend(relink::writes(&[(id, links)], event, &event.to_string(), self.env));
        writes.extend(self.tell(&[told]));
        Decision { writes, role: Some(role), answered_by: Vec::new() }
    }

    pub fn register(&self, request: &Request) -> Result<Decision, Problem> {
        let (role, board) = self.registrant()?;
        let plain = self.check(body(request)?)?;
        Ok(self.decision(role, self.registered(plain, &board, "hand")))
    }

    pub fn change(&self, request: &Request) -> Result<Decision, Problem> {
        let ByPatch { id, patch } = body(request)?;
        let (actor, role) = self.editable(&id, request)?;
        let plain = self.patched(actor, &patch)?;
        Ok(self.settle(actor, plain, role, "hand", None))
    }

    pub fn settle(
        &self,
        actor: &Actor,
        plain: PlainCard,
        role: Role,
        source: &str,
        sole: Option<SubjectId>,
    ) -> Decision {
        match self.changed(actor, plain, source, sole) {
            Some(outcome) => self.decision(role, outcome),
            None => Decision { writes: Vec::new(), role: Some(role), answered_by: vec![actor.card_event] },
        }
    }

    pub fn patched(&self, actor: &Actor, patch: &Value) -> Result<PlainCard, Problem> {
        let before = sealing::open(&actor.card, actor.card_event, true, self.env);
        let before = serde_json::to_value(before).expect("a card is plain JSON");
        let after = merge_patch::apply(before, patch);
        let plain: PlainCard = serde_path_to_error::deserialize(after).map_err(|error| {
            Problem::at(&format!("/{}", error.path().to_string().replace('.', "/")), error.inner().to_string())
        })?;
        self.check(plain)
    }

    pub fn verify(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Verify {
            id: String,
            #[serde(default = "yes")]
            reached: bool,
        }
        let Verify { id, reached } = body(request)?;
        let (actor, role) = self.editable(&id, request)?;
        let now = self.env.now;
        let next_due = if reached { verification::next_due(actor.card.kind, now) } else { verification::retry(now) };
        Ok(self.one(actor, role, &ActorVerified { actor_id: id, reached, next_due }))
    }

    pub fn archive(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Archive {
            id: String,
            reason: Option<String>,
        }
        let Archive { id, reason } = body(request)?;
        let (actor, role) = self.editable(&id, request)?;
        Ok(Decision { writes: self.gone(actor, None, reason), role: Some(role), answered_by: Vec::new() })
    }

    /// An invitation or a call in a contact round, and how it went.
    pub fn log_contact(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Logged {
            id: String,
            occasion: String,
            outcome: String,
            reference: String,
        }
        let Logged { id, occasion, outcome, reference } = body(request)?;
        let (role, board) = self.registrant()?;
        let actor = self.readable(&id)?;
        let outcomes: &[&str] = match occasion.as_str() {
            "invitation" => &["invited", "accepted", "declined"],
            "contact-round" => &["answered", "no-answer"],
            _ => return Err(Problem::at("/occasion", "not invitation or contact-round")),
        };
        if !outcomes.contains(&outcome.as_str()) {
            return Err(Problem::at("/outcome", format!("not one of {}", outcomes.join(", "))));
        }
        if narhet_kernel::id::slug(&reference) != reference || reference.is_empty() {
            return Err(Problem::at("/reference", "name the invitation or round in lower case: vinter-2026"));
        }
        let message = ContactLogged { actor_id: id, board: board.to_string(), occasion, outcome, reference };
        Ok(self.one(actor, role, &message))
    }

    /// An event of an actor's stream.
    pub fn draft<M: Message>(&self, id: Uuid, actor: Uuid, owner: &BoardId, readers: &[String], message: &M) -> Draft {
        plain_draft(self.lineage(), id, stream(actor), owner, readers, message)
    }

    /// An event with what stands on a card, of the card's class.
    pub fn card_draft<M: Message>(&self, id: Uuid, actor: Uuid, owner: &BoardId, card: &Card, message: &M) -> Draft {
        let klass = own_words::klass(card.klass.iter().map(|entry| &entry.klass));
        // What is not sealed of it would tell other readers on the feed what their answers withhold.
        let readers: &[String] = if klass.k >= own_words::HIDDEN_FROM_K { &[] } else { &card.readers };
        Draft { klass, ..self.draft(id, actor, owner, readers, message) }
    }

    fn one<M: Message>(&self, actor: &Actor, role: Role, message: &M) -> Decision {
        let draft = self.draft(self.env.new_id(), actor.id, &actor.owner, &actor.card.readers, message);
        let expected = Expected::Exactly(actor.version);
        Decision { writes: vec![Write::one(expected, draft)], role: Some(role), answered_by: Vec::new() }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ByPatch {
    id: String,
    patch: Value,
}

fn yes() -> bool {
    true
}

pub fn stream(actor: Uuid) -> StreamId {
    StreamId::new("actor", &actor.to_string())
}

/// An event about an actor. Who owns and reads it is said as of now, for a board that has ended reads no more.
pub fn plain_draft<M: Message>(
    lineage: &Lineage<'_>,
    id: Uuid,
    stream: StreamId,
    owner: &BoardId,
    readers: &[String],
    message: &M,
) -> Draft {
    let owner = BoardId::new(&*lineage.heir(owner.as_str())).unwrap_or_else(|| owner.clone());
    Draft {
        id,
        stream,
        event_type: M::TYPE,
        readers: rights::event_readers(owner.as_str(), &lineage.readers(readers)),
        owner,
        klass: Klass::DEFAULT,
        exercise: false,
        occurred_at: None,
        data: message.to_raw(),
    }
}

/// Whether personal data may be opened for this principal at all.
pub fn opens_persons(principal: &Principal) -> bool {
    narhet_proto::access::may_open_text(principal)
}
