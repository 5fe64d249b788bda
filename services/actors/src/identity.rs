//! Whose data a person on a card is. A key is one person's: another name is another person under a key of their own, unless
//! somebody says that the name was only written wrongly; what is written about an erased person is about somebody new.

use crate::{
    commands::Desk,
    domain::card::{PlainCard, PlainContact, PlainPerson},
    read_model::{Actor, Held},
    sealing,
};
use narhet_kernel::{SubjectId, Uuid, derived_id};

impl Desk<'_> {
    /// The card with each person under the right subject; `None` for a person who gets a key of their own.
    pub fn identified(&self, actor: Option<&Actor>, mut plain: PlainCard) -> PlainCard {
        let known = actor.map(|actor| sealing::open(&actor.card, actor.card_event, true, self.env).contacts);
        let known = known.unwrap_or_default();
        for contact in &mut plain.contacts {
            let Some(person) = &mut contact.person else { continue };
            let corrected = std::mem::take(&mut person.correction);
            let keeps = person.subject_id.is_some_and(|subject| self.is_of(subject, person, corrected));
            if !keeps {
                person.subject_id = self.same_name(&known, &contact.function, person);
            }
        }
        plain
    }

    /// Whether what is written about a person belongs to the subject.
    fn is_of(&self, subject: SubjectId, person: &PlainPerson, corrected: bool) -> bool {
        if self.env.is_erased(subject) {
            return person.is_empty();
        }
        let Some(name) = person.name.as_ref().filter(|_| !corrected) else { return true };
        let mut names = self.names_of(subject).peekable();
        names.peek().is_none() || names.any(|known| known == *name)
    }

    /// What the subject is called on cards now. Who is on none is called what they were called last.
    fn names_of(&self, subject: SubjectId) -> impl Iterator<Item = String> {
        let held = self.registry.subjects.get(&subject);
        let mut names: Vec<String> = Vec::new();
        for slot in held.iter().flat_map(|held| &held.slots) {
            let actor = &self.registry.actors[*slot as usize];
            let persons =
                (0..).zip(&actor.card.contacts).filter_map(|(index, contact)| Some((index, contact.person.as_ref()?)));
            for (index, person) in persons.filter(|(_, person)| person.subject_id == subject) {
                let name = person.name.as_ref();
                names.extend(
                    name.and_then(|name| self.env.open(actor.card_event, &sealing::person(index, "name"), name)),
                );
            }
        }
        let past = held.filter(|_| names.is_empty()).and_then(|held| {
            held.past.iter().rev().find_map(|past| {
                let Held::Contact { contact, person } = &past.held else { return None };
                self.env.open(past.event, &sealing::person(*contact, "name"), person.name.as_ref()?)
            })
        });
        names.into_iter().chain(past)
    }

    /// The subject of the person of that name in that function: said again without its id, it is not somebody new.
    fn same_name(&self, known: &[PlainContact], function: &str, person: &PlainPerson) -> Option<SubjectId> {
        let name = person.name.as_ref()?;
        let same =
            known.iter().filter(|contact| contact.function == function).filter_map(|contact| contact.person.as_ref());
        same.filter(|known| known.name.as_ref() == Some(name)).find_map(|known| known.subject_id)
    }

    /// The subject whose number a sole trader's is: the card's while the number is the same, else somebody new.
    pub fn sole_trader(&self, actor: Option<&Actor>, number: Option<&str>, event: Uuid) -> SubjectId {
        let same = actor.and_then(|actor| {
            let sole = actor.card.sole_trader.as_ref()?;
            let known = self.env.open(actor.card_event, sealing::ORG_NUMBER, &sole.org_number)?;
            (Some(known.as_str()) == number).then_some(sole.subject_id)
        });
        same.unwrap_or_else(|| SubjectId(derived_id("sole-trader", event, 0)))
    }
}
