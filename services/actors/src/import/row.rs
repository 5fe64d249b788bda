//! One row: its cells by field, what they mean, and a card with them applied.

use crate::domain::{
    card::{PlainCard, PlainContact, PlainPerson, PlainReach, PlainSite},
    collation::sort_key,
    merge_patch,
    org_number::{self, OrgNumber},
};
use narhet_kernel::{Uuid, id::slug};
use narhet_proto::{
    codes::ActorKind,
    events::actors::{Availability, Capability, ContactWay},
};
use serde_json::json;
use std::collections::BTreeMap;

/// Characters in a cell; what is longer is no cell of a registry.
const CELL_CHARS_MAX: usize = 20_000;

/// Characters of what did not fit into a row: the rest of a large card, below what one row may be on the bus.
const MORE_CHARS_MAX: usize = 200_000;

/// The filled cells of a row, by field.
#[derive(Debug)]
pub struct Row(BTreeMap<&'static str, String>);

impl Row {
    pub fn read(cells: &[String], mapping: &[Option<&'static str>]) -> Result<Row, String> {
        let mut fields = BTreeMap::new();
        for (number, cell) in cells.iter().enumerate() {
            let Some(field) = mapping.get(number).copied().flatten() else { continue };
            // An export puts an apostrophe before what a spreadsheet would compute.
            let text = cell.trim();
            let text = text.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(text);
            if text.is_empty() {
                continue;
            }
            if cell.trim().starts_with(['=', '@']) || (cell.trim().starts_with(['+', '-']) && !is_number_like(text)) {
                return Err(format!("kolumn {}: cellen innehåller en formel; klistra in värdet i stället", number + 1));
            }
            let chars_max = if field == "more" { MORE_CHARS_MAX } else { CELL_CHARS_MAX };
            if text.chars().count() > chars_max {
                return Err(format!("kolumn {}: mer än {chars_max} tecken", number + 1));
            }
            fields.insert(field, text.to_owned());
        }
        // A plain "Telefon" beside a person and no function is the person's own, and is sealed as theirs; unless the file has a
        // column for the person's.
        let of_person = fields.contains_key("personName") && !fields.contains_key("function");
        for (plain, own, functions) in
            [("phone", "personPhone", "functionPhone"), ("email", "personEmail", "functionEmail")]
        {
            if let Some(text) = fields.remove(plain) {
                let is_own = of_person && !mapping.contains(&Some(own));
                fields.entry(if is_own { own } else { functions }).or_insert(text);
            }
        }
        // Somebody else's "Id" is not the registry's.
        if fields.get("id").is_some_and(|id| Uuid::parse_str(id).is_err())
            && let Some(theirs) = fields.remove("id")
        {
            fields.entry("externalId").or_insert(theirs);
        }
        Ok(Row(fields))
    }

    pub fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    fn owned(&self, field: &str) -> Option<String> {
        self.0.get(field).cloned()
    }

    /// The number as it is stored; a sole trader's is sealed and finds nobody.
    pub fn org_number(&self) -> Option<String> {
        match org_number::read(self.text("orgNumber")?) {
            Ok(OrgNumber::Organisation(number) | OrgNumber::Foreign(number)) => Some(number),
            _ => None,
        }
    }

    pub fn is_without_site(&self) -> bool {
        ["siteName", "address", "lat", "lon"].iter().all(|field| !self.0.contains_key(field))
    }

    /// Whether the row's site is this one: by name, or by address where it has no name.
    pub fn is_site(&self, site: &PlainSite, actor: &str) -> bool {
        match self.text("siteName") {
            Some(name) => sort_key(name) == sort_key(&site.name),
            None => {
                let unnamed = site.name == actor;
                let address = self.text("address").zip(site.address.as_deref());
                address.map_or(unnamed, |(a, b)| sort_key(a) == sort_key(b))
            }
        }
    }

    /// The card with the filled cells of this row; empty cells change nothing.
    pub fn applied(&self, before: Option<PlainCard>) -> Result<PlainCard, String> {
        let is_new = before.is_none();
        let mut card = match before {
            Some(card) => card,
            None => {
                let name = self.text("name").ok_or("namn saknas")?;
                serde_json::from_value(json!({ "name": name, "kind": "other" })).map_err(|error| error.to_string())?
            }
        };
        if let Some(name) = self.owned("name") {
            card.name = name;
        }
        match self.text("kind") {
            Some(text) => {
                card.kind = kind(text).ok_or("typen är okänd: skriv till exempel företag, skola, myndighet")?
            }
            None if is_new => card.kind = ActorKind::Other,
            None => {}
        }
        for (slot, field) in [
            (&mut card.org_number, "orgNumber"),
            (&mut card.external_id, "externalId"),
            (&mut card.on_behalf_of, "onBehalfOf"),
            (&mut card.notes, "notes"),
        ] {
            if let Some(text) = self.owned(field) {
                *slot = Some(text);
            }
        }
        if let Some(text) = self.text("aliases") {
            card.aliases = list(text).map(str::to_owned).collect();
        }
        if let Some(text) = self.text("readers") {
            card.readers = list(text).map(str::to_owned).collect();
        }
        if let Some(text) = self.text("capabilities") {
            card.capabilities = list(text).map(capability).collect::<Result<_, _>>()?;
        }
        if let Some(text) = self.text("availability") {
            let around_the_clock = matches!(slug(text).as_str(), "24-7" | "dygnet-runt" | "alltid");
            let exceptions = card.availability.map(|availability| availability.exceptions).unwrap_or_default();
            card.availability = Some(Availability {
                around_the_clock,
                hours: (!around_the_clock).then(|| text.to_owned()),
                exceptions,
            });
        }
        if let Some(text) = self.text("operatingArea") {
            card.operating_area = Some(reach(text)?);
        }
        self.put_site(&mut card)?;
        self.put_contact(&mut card);
        if let Some(more) = self.text("more") {
            // Never what stands there, only where: the report is recorded.
            let patch = serde_json::from_str(more).map_err(|error| {
                format!("kolumnen mer (json) är inte JSON: rad {}, tecken {}", error.line(), error.column())
            })?;
            let whole = serde_json::to_value(&card).map_err(|error| error.to_string())?;
            card = serde_json::from_value(merge_patch::apply(whole, &patch))
                .map_err(|_| "kolumnen mer (json) har ett fält som kortet inte har, eller ett värde av fel slag")?;
        }
        Ok(card)
    }

    fn put_site(&self, card: &mut PlainCard) -> Result<(), String> {
        if self.is_without_site() && self.text("tags").is_none() {
            return Ok(());
        }
        let number = |field| -> Result<Option<f64>, String> {
            let read = |text: &str| text.replace(',', ".").parse::<f64>().map_err(|_| format!("{field} är inget tal"));
            self.text(field).map(read).transpose()
        };
        let place = match (number("lon")?, number("lat")?) {
            (Some(lon), Some(lat)) => Some(json!({ "type": "Point", "coordinates": [lon, lat] })),
            (None, None) => None,
            _ => return Err("ge både lat och lon, eller ingen av dem".to_owned()),
        };
        let known = card.sites.iter().position(|site| self.is_site(site, &card.name));
        // The only site has moved or gets its name; another name is another site.
        let only = card.sites.first().filter(|site| self.text("siteName").is_none() || site.name == card.name);
        let known = known.or(only.filter(|_| card.sites.len() == 1).map(|_| 0));
        let index = known.unwrap_or_else(|| {
            card.sites.push(PlainSite {
                name: card.name.clone(),
                place: None,
                address: None,
                tags: Vec::new(),
                safety_point: None,
            });
            card.sites.len() - 1
        });
        let site = &mut card.sites[index];
        if let Some(name) = self.owned("siteName") {
            site.name = name;
        }
        let moved = self
            .text("address")
            .is_some_and(|new| site.address.as_deref().is_some_and(|old| sort_key(old) != sort_key(new)));
        // The old coordinates are not those of a new address.
        site.place = place.or(site.place.take().filter(|_| !moved));
        site.address = self.owned("address").or(site.address.take());
        if let Some(text) = self.text("tags") {
            // A tag has no comma in it, and in a file with semicolons people write lists with commas.
            site.tags = list(text).flat_map(|tags| tags.split(',')).map(|tag| tag.trim().to_owned()).collect();
        }
        Ok(())
    }

    fn put_contact(&self, card: &mut PlainCard) {
        const FIELDS: [&str; 6] =
            ["function", "functionPhone", "functionEmail", "personName", "personPhone", "personEmail"];
        if FIELDS.iter().all(|field| !self.0.contains_key(field)) {
            return;
        }
        let function = self.owned("function").unwrap_or_else(|| "kontakt".to_owned());
        let known = card.contacts.iter().position(|contact| sort_key(&contact.function) == sort_key(&function));
        let index = known.unwrap_or_else(|| {
            card.contacts.push(PlainContact { function, purpose: None, ways: Vec::new(), person: None });
            card.contacts.len() - 1
        });
        let contact = &mut card.contacts[index];
        contact.purpose = self.owned("purpose").or(contact.purpose.take());
        for (field, kind) in [("functionPhone", "phone"), ("functionEmail", "email")] {
            let Some(value) = self.owned(field) else { continue };
            match contact.ways.iter_mut().find(|way| way.kind == kind) {
                Some(way) => way.value = value,
                None => contact.ways.push(ContactWay { kind: kind.to_owned(), value }),
            }
        }
        let (name, phone, email) = (self.owned("personName"), self.owned("personPhone"), self.owned("personEmail"));
        if name.is_some() || phone.is_some() || email.is_some() {
            let empty = || PlainPerson { subject_id: None, name: None, phone: None, email: None, correction: false };
            let person = contact.person.get_or_insert_with(empty);
            // Another name is another person: nothing of the one before is theirs.
            if name.is_some() && person.name.is_some() && name != person.name {
                *person = empty();
            }
            person.name = name.or(person.name.take());
            person.phone = phone.or(person.phone.take());
            person.email = email.or(person.email.take());
        }
    }
}

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn is_number_like(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_digit() || " +-.,()/".contains(letter))
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(['|', ';']).map(str::trim).filter(|entry| !entry.is_empty())
}

/// A code, its Swedish label, or a word for it.
fn kind(text: &str) -> Option<ActorKind> {
    let wanted = slug(text);
    let exact = ActorKind::ALL.iter().find(|kind| kind.code() == wanted || slug(kind.label()) == wanted);
    exact.copied().or(match wanted.as_str() {
        "forening" | "frivillig" | "ideell-forening" | "ideell" => Some(ActorKind::Voluntary),
        "kyrka" | "forsamling" | "samfund" => Some(ActorKind::Faith),
        "bolag" | "butik" | "foretagare" => Some(ActorKind::Company),
        "bostadsrattsforening" | "brf" | "hyresvard" | "fastighetsagare" => Some(ActorKind::Housing),
        "vard" | "omsorg" | "vardcentral" | "aldreboende" => Some(ActorKind::Care),
        "forskola" | "gymnasium" => Some(ActorKind::School),
        _ => None,
    })
}

/// `generator:2`, `2 generator`, `tolk:3 (finska)`.
fn capability(text: &str) -> Result<Capability, String> {
    let (head, detail) = match text.split_once('(') {
        Some((head, detail)) => (head.trim(), Some(detail.trim_end_matches(')').trim().to_owned())),
        None => (text, None),
    };
    let (kind, count) = match head.split_once(':') {
        Some((kind, count)) => (kind.trim(), count.trim().parse().map_err(|_| "resurser skrivs som generator:2")?),
        None => match head.split_once(' ').and_then(|(count, kind)| Some((kind, count.parse().ok()?))) {
            Some((kind, count)) => (kind.trim(), count),
            None => (head, 1),
        },
    };
    Ok(Capability { kind: slug(kind), count, detail: detail.filter(|detail| !detail.is_empty()) })
}

/// `hela staden`, `radie 500`, or areas by id.
fn reach(text: &str) -> Result<PlainReach, String> {
    let plain = |scope: &str| PlainReach { scope: scope.to_owned(), areas: Vec::new(), geometry: None, radius_m: None };
    if matches!(slug(text).as_str(), "hela-staden" | "staden" | "city" | "stockholm") {
        return Ok(plain("city"));
    }
    if let Some(metres) = text.to_lowercase().strip_prefix("radie") {
        let radius_m = metres.trim().trim_end_matches('m').trim().parse().map_err(|_| "skriv radie 500")?;
        return Ok(PlainReach { radius_m: Some(radius_m), ..plain("radius") });
    }
    Ok(PlainReach { areas: list(text).map(slug).collect(), ..plain("areas") })
}
