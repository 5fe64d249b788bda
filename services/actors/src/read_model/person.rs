//! What is known about a person, beside the sealed data itself.

use narhet_kernel::{SubjectId, Timestamp, Uuid};
use narhet_proto::{
    Sealed,
    events::{
        actors::{Card, Person},
        house::ActorsPrincipalSeen,
    },
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Subject {
    /// What cards that are no more said of them: it is still in the log, and opens while the key lives.
    pub past: Vec<Past>,
    /// Of the actors that have, had or were proposed to have them.
    pub slots: BTreeSet<u32>,
    /// By ground and reference: two requests for release are two holds.
    pub holds: BTreeMap<(String, String), Uuid>,
    /// The person is somebody who signs in.
    pub principal: Option<(Uuid, ActorsPrincipalSeen)>,
    pub erased: Option<Uuid>,
}

/// A person as an earlier card of an actor had them.
#[derive(Debug)]
pub struct Past {
    pub actor: Uuid,
    /// The event that it was sealed for.
    pub event: Uuid,
    pub held: Held,
    /// When the card became another one.
    pub until: Timestamp,
}

/// What a card holds of a person.
#[derive(Clone, Debug)]
pub enum Held {
    Contact { contact: usize, person: Person },
    SoleTrader(Sealed),
}

/// The persons of a card, each with what it holds of them.
pub fn held(card: &Card) -> impl Iterator<Item = (SubjectId, Held)> + '_ {
    let contacts = card.contacts.iter().enumerate().filter_map(|(contact, of)| {
        let person = of.person.clone()?;
        Some((person.subject_id, Held::Contact { contact, person }))
    });
    contacts.chain(card.sole_trader.as_ref().map(|sole| (sole.subject_id, Held::SoleTrader(sole.org_number.clone()))))
}

/// The persons on a card.
pub fn subjects(card: &Card) -> impl Iterator<Item = SubjectId> + '_ {
    let persons = card.contacts.iter().filter_map(|contact| contact.person.as_ref());
    persons.map(|person| person.subject_id).chain(card.sole_trader.as_ref().map(|sole| sole.subject_id))
}
