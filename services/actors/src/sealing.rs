//! From a card in the clear to one that may be stored, and back: persons under their own keys, free text under the record's.

use crate::domain::{
    card::{PlainByHand, PlainCard, PlainContact, PlainPerson, PlainReach, PlainSite},
    org_number::{self, OrgNumber},
    own_words, protection,
};
use narhet_kernel::{SubjectId, Uuid, derived_id};
use narhet_proto::{
    Sealed,
    events::actors::{ByHand, Card, Contact, FieldKlass, OperatingArea, Person, Site, SoleTrader},
};
use narhet_runtime::Env;

pub const NOTES: &str = "data.card.notes";
const TEXTS: &str = "data.card.texts";

pub fn address(site: usize) -> String {
    format!("data.card.sites.{site}.address")
}

pub fn protection(site: usize) -> String {
    format!("data.card.sites.{site}.protection")
}

pub fn person(contact: usize, member: &str) -> String {
    format!("data.card.contacts.{contact}.person.{member}")
}

pub fn reason(by_hand: usize) -> String {
    format!("data.card.byHand.{by_hand}.reason")
}

pub const ORG_NUMBER: &str = "data.card.soleTrader.orgNumber";

/// Seals a card for the event that will hold it. Persons without a subject get one derived from the event: new for each.
/// A sole trader's number is under `sole`.
pub fn seal(mut plain: PlainCard, sole: SubjectId, event: Uuid, env: &Env<'_>) -> Card {
    let words = own_words::taken(&mut plain);
    let words = words.map(|words| serde_json::to_string(&words).expect("words are plain JSON"));
    let number = plain.org_number.as_deref().and_then(|number| match org_number::read(number) {
        Ok(OrgNumber::SoleTrader(number)) => Some(number),
        _ => None,
    });
    let sole_trader = number
        .map(|number| SoleTrader { subject_id: sole, org_number: env.seal_subject(sole, event, ORG_NUMBER, &number) });
    let klass = plain.klass.into_iter().map(|(field, klass)| FieldKlass { field, klass }).collect();
    Card {
        name: plain.name,
        aliases: plain.aliases,
        kind: plain.kind,
        org_number: plain.org_number.filter(|_| sole_trader.is_none()),
        sole_trader,
        external_id: plain.external_id,
        sites: (0..).zip(plain.sites).map(|(index, site)| seal_site(site, index, event, env)).collect(),
        operating_area: plain.operating_area.map(|reach| OperatingArea {
            scope: reach.scope,
            areas: reach.areas,
            geometry: reach.geometry,
            radius_m: reach.radius_m,
        }),
        capabilities: plain.capabilities,
        availability: plain.availability,
        contacts: (0..).zip(plain.contacts).map(|(index, contact)| seal_contact(contact, index, event, env)).collect(),
        agreements: plain.agreements,
        on_behalf_of: plain.on_behalf_of,
        readers: plain.readers,
        klass,
        by_hand: (0..)
            .zip(plain.by_hand)
            .map(|(index, hand)| ByHand {
                reason: env.seal(event, &reason(index), &hand.reason),
                area: hand.area,
                include: hand.include,
            })
            .collect(),
        notes: plain.notes.map(|notes| env.seal(event, NOTES, &notes)),
        texts: words.map(|words| env.seal(event, TEXTS, &words)),
    }
}

fn seal_site(site: PlainSite, index: usize, event: Uuid, env: &Env<'_>) -> Site {
    let (protected, tags): (Vec<String>, _) = site.tags.into_iter().partition(|tag| protection::is_protected(tag));
    let sealed = env.seal(event, &self::protection(index), &padded(&protected));
    Site {
        name: site.name,
        place: site.place,
        address: site.address.map(|text| env.seal(event, &address(index), &text)),
        tags,
        protection: Some(sealed),
        safety_point: site.safety_point,
    }
}

/// Bytes of the protected tags of a site: all the codes there are fit in.
const PROTECTION_BYTES: usize = 64;

/// Every site's protected tags are as long as any other's.
fn padded(tags: &[String]) -> String {
    let text = tags.join(" ");
    let width = text.len().max(1).next_multiple_of(PROTECTION_BYTES);
    format!("{text:width$}")
}

fn seal_contact(contact: PlainContact, index: usize, event: Uuid, env: &Env<'_>) -> Contact {
    let person = contact.person.map(|plain| {
        let fresh = || SubjectId(derived_id("contact-person", event, u32::try_from(index).unwrap_or(u32::MAX)));
        let subject_id = plain.subject_id.unwrap_or_else(fresh);
        let seal = |member: &str, text: Option<String>| {
            text.map(|text| env.seal_subject(subject_id, event, &person(index, member), &text))
        };
        Person {
            subject_id,
            name: seal("name", plain.name),
            phone: seal("phone", plain.phone),
            email: seal("email", plain.email),
        }
    });
    Contact { function: contact.function, purpose: contact.purpose, ways: contact.ways, person }
}

/// The card in the clear; what has been erased is gone. Persons are opened only where `persons` says so: for deciding on the
/// card here, or when their reading has been recorded.
pub fn open(card: &Card, event: Uuid, persons: bool, env: &Env<'_>) -> PlainCard {
    let text = |field: &str, sealed: &Option<Sealed>| sealed.as_ref().and_then(|sealed| env.open(event, field, sealed));
    let own = |field: &str, sealed: &Option<Sealed>| if persons { text(field, sealed) } else { None };
    let sole = card.sole_trader.as_ref().filter(|_| persons);
    let sole = sole.and_then(|sole| env.open(event, ORG_NUMBER, &sole.org_number));
    let mut plain = PlainCard {
        name: card.name.clone(),
        aliases: card.aliases.clone(),
        kind: card.kind,
        org_number: card.org_number.clone().or(sole),
        external_id: card.external_id.clone(),
        sites: (0..)
            .zip(&card.sites)
            .map(|(index, site)| {
                let mut tags = site.tags.clone();
                tags.extend(protected_tags(site, index, event, env));
                tags.sort();
                let address = text(&address(index), &site.address);
                let safety_point = site.safety_point.clone();
                PlainSite { name: site.name.clone(), place: site.place.clone(), address, tags, safety_point }
            })
            .collect(),
        operating_area: card.operating_area.as_ref().map(|reach| PlainReach {
            scope: reach.scope.clone(),
            areas: reach.areas.clone(),
            geometry: reach.geometry.clone(),
            radius_m: reach.radius_m,
        }),
        capabilities: card.capabilities.clone(),
        availability: card.availability.clone(),
        contacts: (0..)
            .zip(&card.contacts)
            .map(|(index, contact)| PlainContact {
                function: contact.function.clone(),
                purpose: contact.purpose.clone(),
                ways: contact.ways.clone(),
                person: contact.person.as_ref().map(|sealed| PlainPerson {
                    subject_id: Some(sealed.subject_id),
                    name: own(&person(index, "name"), &sealed.name),
                    phone: own(&person(index, "phone"), &sealed.phone),
                    email: own(&person(index, "email"), &sealed.email),
                    correction: false,
                }),
            })
            .collect(),
        agreements: card.agreements.clone(),
        on_behalf_of: card.on_behalf_of.clone(),
        readers: card.readers.clone(),
        klass: card.klass.iter().map(|entry| (entry.field.clone(), entry.klass)).collect(),
        by_hand: (0..)
            .zip(&card.by_hand)
            .map(|(index, hand)| PlainByHand {
                area: hand.area.clone(),
                include: hand.include,
                reason: env.open(event, &reason(index), &hand.reason).unwrap_or_else(|| "raderat".to_owned()),
            })
            .collect(),
        notes: text(NOTES, &card.notes),
    };
    if card.texts.is_some() {
        let words = text(TEXTS, &card.texts);
        own_words::put(&mut plain, words.and_then(|words| serde_json::from_str(&words).ok()));
    }
    plain
}

/// The protected tags of a site.
pub fn protected_tags(site: &Site, index: usize, event: Uuid, env: &Env<'_>) -> Vec<String> {
    let opened = site.protection.as_ref().and_then(|sealed| env.open(event, &protection(index), sealed));
    opened.map(|tags| tags.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
}
