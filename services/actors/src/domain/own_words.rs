//! What people write in their own words on a card, and whole members of k2 and k3: in one sealed text beside the card, with
//! nothing in the places where they would stand. Names of actors and sites stay in the clear: every list sorts by them.

use crate::domain::card::PlainCard;
use narhet_kernel::Klass;
use narhet_proto::events::actors::{Agreement, Capability, ContactWay, SafetyPoint};
use serde::{Deserialize, Serialize};

/// From this level of confidentiality on a member is for the owner and central roles only.
pub const HIDDEN_FROM_K: u8 = 2;

/// What stands where a text was whose key is gone.
const GONE: &str = "raderat";

#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnWords {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Option<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    titles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    functions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    purposes: Vec<Option<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    safety_points: Vec<Option<SafetyPoint>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aliases: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Vec<Capability>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreements: Option<Vec<Agreement>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ways: Option<Vec<Vec<ContactWay>>>,
}

fn is_hidden(plain: &PlainCard, member: &str) -> bool {
    plain.klass.get(member).is_some_and(|klass| klass.k >= HIDDEN_FROM_K)
}

/// Takes the words out of a card that is to be stored; `None` when there are none.
pub fn taken(plain: &mut PlainCard) -> Option<OwnWords> {
    let mut words = OwnWords::default();
    if is_hidden(plain, "aliases") {
        words.aliases = Some(std::mem::take(&mut plain.aliases));
    }
    if is_hidden(plain, "capabilities") {
        words.capabilities = Some(std::mem::take(&mut plain.capabilities));
    }
    if is_hidden(plain, "agreements") {
        words.agreements = Some(std::mem::take(&mut plain.agreements));
    }
    if is_hidden(plain, "contacts") {
        let ways = plain.contacts.iter_mut().map(|contact| std::mem::take(&mut contact.ways));
        words.ways = Some(ways.collect());
    }
    words.details = plain.capabilities.iter_mut().map(|has| has.detail.take()).collect();
    words.titles = plain.agreements.iter_mut().map(|agreement| std::mem::take(&mut agreement.title)).collect();
    if let Some(availability) = &mut plain.availability {
        words.hours = availability.hours.take();
        words.exceptions = availability.exceptions.iter_mut().map(|date| std::mem::take(&mut date.text)).collect();
    }
    words.functions = plain.contacts.iter_mut().map(|contact| std::mem::take(&mut contact.function)).collect();
    words.purposes = plain.contacts.iter_mut().map(|contact| contact.purpose.take()).collect();
    words.safety_points = plain
        .sites
        .iter_mut()
        .map(|site| {
            let point = site.safety_point.as_mut()?;
            let state = SafetyPoint { state: point.state.clone(), hours: None, services: Vec::new() };
            Some(std::mem::replace(point, state))
        })
        .collect();
    for list in [&mut words.details, &mut words.purposes] {
        if list.iter().all(Option::is_none) {
            list.clear();
        }
    }
    if words.safety_points.iter().all(Option::is_none) {
        words.safety_points.clear();
    }
    (words != OwnWords::default()).then_some(words)
}

/// Puts the words back; `None` when their key is gone.
pub fn put(plain: &mut PlainCard, words: Option<OwnWords>) {
    let is_gone = words.is_none();
    let mut words = words.unwrap_or_default();
    if let Some(aliases) = words.aliases.take() {
        plain.aliases = aliases;
    }
    if let Some(capabilities) = words.capabilities.take() {
        plain.capabilities = capabilities;
    }
    if let Some(agreements) = words.agreements.take() {
        plain.agreements = agreements;
    }
    let gone = |text: &mut String| {
        if is_gone {
            GONE.clone_into(text);
        }
    };
    plain
        .capabilities
        .iter_mut()
        .zip(words.details)
        .for_each(|(has, detail)| has.detail = detail.or(has.detail.take()));
    plain.agreements.iter_mut().for_each(|agreement| gone(&mut agreement.title));
    plain.agreements.iter_mut().zip(words.titles).for_each(|(agreement, title)| agreement.title = title);
    if let Some(availability) = &mut plain.availability {
        availability.hours = words.hours.or(availability.hours.take());
        availability.exceptions.iter_mut().for_each(|date| gone(&mut date.text));
        availability.exceptions.iter_mut().zip(words.exceptions).for_each(|(date, text)| date.text = text);
    }
    plain.contacts.iter_mut().for_each(|contact| gone(&mut contact.function));
    plain.contacts.iter_mut().zip(words.functions).for_each(|(contact, function)| contact.function = function);
    plain.contacts.iter_mut().zip(words.purposes).for_each(|(contact, purpose)| contact.purpose = purpose);
    let ways = words.ways.into_iter().flatten();
    plain.contacts.iter_mut().zip(ways).for_each(|(contact, ways)| contact.ways = ways);
    for (site, point) in plain.sites.iter_mut().zip(words.safety_points) {
        site.safety_point = point.or(site.safety_point.take());
    }
}

/// Takes a member away from whoever may not see it.
pub fn hide(plain: &mut PlainCard, member: &str) {
    match member {
        "aliases" => plain.aliases.clear(),
        "orgNumber" => plain.org_number = None,
        "externalId" => plain.external_id = None,
        "sites" => plain.sites.clear(),
        "operatingArea" => plain.operating_area = None,
        "capabilities" => plain.capabilities.clear(),
        "availability" => plain.availability = None,
        "contacts" => plain.contacts.clear(),
        "agreements" => plain.agreements.clear(),
        "onBehalfOf" => plain.on_behalf_of = None,
        "byHand" => plain.by_hand.clear(),
        "notes" => plain.notes = None,
        _ => {}
    }
}

/// Members that may have a class of their own, and be hidden by it.
pub const HIDEABLE: &[&str] = &[
    "aliases",
    "orgNumber",
    "externalId",
    "sites",
    "operatingArea",
    "capabilities",
    "availability",
    "contacts",
    "agreements",
    "onBehalfOf",
    "byHand",
    "notes",
];

/// The class of an event with the card: the highest of each that a member has. What is sealed on every card alike is not
/// counted, for the class stands in the clear.
pub fn klass<'a>(members: impl Iterator<Item = &'a Klass>) -> Klass {
    members.fold(Klass::DEFAULT, |klass, member| highest(klass, *member))
}

pub fn highest(a: Klass, b: Klass) -> Klass {
    Klass { k: a.k.max(b.k), r: a.r.max(b.r), t: a.t.max(b.t) }
}
