//! What is due for gallring: persons whom no card has any more, for the registrar who decides. Nothing is erased by itself: an
//! erasure rests on a decision that somebody has made.

use crate::{
    commands::Desk,
    domain::retention,
    proposals,
    read_model::{Actor, Subject, subjects},
};
use narhet_kernel::{Role, SubjectId, Timestamp};
use narhet_proto::wire::{Problem, Request};
use narhet_runtime::AnswerBody;
use serde_json::{Value, json};

const LISTED_MAX: usize = 200;

impl Desk<'_> {
    /// The oldest first, with what holds them.
    pub fn due_for_gallring(&self, _request: &Request) -> Result<AnswerBody, Problem> {
        if self.env.principal.acting_as(&[Role::Registrar, Role::Auditor]).is_none() {
            return Err(Problem::forbidden("list what is due for gallring"));
        }
        let known = self.registry.subjects.iter().filter(|(_, known)| known.erased.is_none());
        let mut due: Vec<(Timestamp, SubjectId, &Subject)> = known
            .filter_map(|(subject, known)| Some((self.kept_until(*subject, known)?, *subject, known)))
            .filter(|(until, ..)| *until <= self.env.now)
            .collect();
        due.sort_by_key(|(until, subject, _)| (*until, *subject));
        let total = due.len();
        due.truncate(LISTED_MAX);
        let item = |(until, subject, known): (Timestamp, SubjectId, &Subject)| -> Value {
            let actors = known.slots.iter().map(|slot| &self.registry.actors[*slot as usize]);
            let actors: Vec<Value> = actors.map(|actor| json!({ "id": actor.id, "name": actor.card.name })).collect();
            json!({ "subjectId": subject, "due": until, "actors": actors, "holds": self.holds(known) })
        };
        let items: Vec<Value> = due.into_iter().map(item).collect();
        Ok(AnswerBody::of(&json!({ "items": items, "total": total, "why": [{ "rule": retention::RULE,
            "source": retention::SOURCE, "text": retention::TEXT, "assumption": true }] })))
    }

    /// Until when a person is kept; `None` while some card or open proposal has them.
    fn kept_until(&self, subject: SubjectId, known: &Subject) -> Option<Timestamp> {
        let mut until = None;
        for actor in known.slots.iter().map(|slot| &self.registry.actors[*slot as usize]) {
            let since = last_on(actor, subject, known)?;
            until = until.max(Some(retention::due(actor.card.kind, since)));
        }
        until
    }
}

/// Since when a person is not on an actor's card nor in an open proposal; `None` while they are.
fn last_on(actor: &Actor, subject: SubjectId, known: &Subject) -> Option<Timestamp> {
    let archived = actor.archived.as_ref().map(|gone| gone.at);
    let past = known.past.iter().filter(|past| past.actor == actor.id).map(|past| past.until);
    let named =
        actor.proposals.iter().filter(|proposal| proposals::subjects(&proposal.said).any(|(of, _)| of == subject));
    let mut since = past.max();
    for proposal in named {
        since = since.max(Some(if proposal.accepted.is_none() { archived? } else { proposal.at }));
    }
    if subjects(&actor.card).any(|of| of == subject) {
        since = since.max(Some(archived?));
    }
    since
}
