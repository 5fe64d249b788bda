//! A card in the clear, as the API has it: read, tidied and checked. It lives until it is sealed.

use crate::{
    domain::{
        org_number::{self, OrgNumber},
        own_words::{HIDDEN_FROM_K, HIDEABLE},
        protection,
        rights::{READERS_ALL, READERS_CENTRAL, READERS_OWN},
    },
    limits::{
        ENTRIES_MAX, GEOMETRY_BYTES_MAX, NAME_CHARS_MAX, NOTES_CHARS_MAX, RADIUS_M_MAX, TAG_CHARS_MAX, TEXT_CHARS_MAX,
    },
};
use narhet_geo::{Point, Shape};
use narhet_kernel::{BoardId, Klass, SubjectId, id::slug};
use narhet_proto::{
    codes::ActorKind,
    events::actors::{Agreement, Availability, Capability, ContactWay, SafetyPoint},
    wire::FieldError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An actor as somebody writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlainCard {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    pub kind: ActorKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<PlainSite>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_area: Option<PlainReach>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<PlainContact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreements: Vec<Agreement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub klass: BTreeMap<String, Klass>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<PlainByHand>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlainSite {
    #[serde(default)]
    pub name: String,
    /// GeoJSON Point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_point: Option<SafetyPoint>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlainReach {
    pub scope: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlainContact {
    pub function: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<ContactWay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PlainPerson>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlainPerson {
    /// Given by the registry when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<SubjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Said with another name: it is the same person, whose name was written wrongly.
    #[serde(default, skip_serializing)]
    pub correction: bool,
}

impl PlainPerson {
    /// Nothing is said about the person.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.phone.is_none() && self.email.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlainByHand {
    pub area: String,
    pub include: bool,
    pub reason: String,
}

const ALWAYS_SHOWN: &[&str] = &["name", "kind", "readers"];

/// Everything that is wrong with a card, each with its place and never with what stands there: import reports are recorded.
#[derive(Debug, Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: Some(pointer.into()), parameter: None, detail: detail.into() });
    }

    fn text(&mut self, pointer: &str, text: &mut String, chars_max: usize) {
        let tidy = text.trim();
        if tidy.len() != text.len() {
            *text = tidy.to_owned();
        }
        if text.is_empty() {
            self.add(pointer, "give a text");
        } else if text.chars().count() > chars_max {
            self.add(pointer, format!("more than {chars_max} characters"));
        } else if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            self.add(pointer, "control characters are no text");
        }
    }

    fn optional(&mut self, pointer: &str, text: &mut Option<String>, chars_max: usize) {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            *text = None;
        }
        if let Some(text) = text {
            self.text(pointer, text, chars_max);
        }
    }

    fn code(&mut self, pointer: &str, code: &str, known: &[&str]) {
        if !known.contains(&code) {
            self.add(pointer, format!("not one of {}", known.join(", ")));
        }
    }

    fn count<T>(&mut self, pointer: &str, list: &[T]) {
        if list.len() > ENTRIES_MAX {
            self.add(pointer, format!("more than {ENTRIES_MAX} entries"));
        }
    }
}

impl PlainCard {
    /// The card with spaces, tags and numbers in their stored form, or everything that is wrong with it.
    /// `is_board` and `is_area` say what the house knows.
    pub fn checked(
        mut self,
        is_board: &dyn Fn(&str) -> bool,
        is_area: &dyn Fn(&str) -> bool,
    ) -> Result<PlainCard, Vec<FieldError>> {
        let mut faults = Faults::default();
        faults.text("/name", &mut self.name, NAME_CHARS_MAX);
        for (index, alias) in self.aliases.iter_mut().enumerate() {
            faults.text(&format!("/aliases/{index}"), alias, NAME_CHARS_MAX);
        }
        faults.optional("/externalId", &mut self.external_id, TEXT_CHARS_MAX);
        faults.optional("/notes", &mut self.notes, NOTES_CHARS_MAX);
        if self.org_number.as_ref().is_some_and(|number| number.trim().is_empty()) {
            self.org_number = None;
        }
        if let Some(number) = &mut self.org_number {
            match org_number::read(number) {
                Ok(OrgNumber::Organisation(read) | OrgNumber::SoleTrader(read) | OrgNumber::Foreign(read)) => {
                    *number = read;
                }
                Err(error) => faults.add("/orgNumber", error.to_string()),
            }
        }
        faults.count("/aliases", &self.aliases);
        faults.count("/sites", &self.sites);
        faults.count("/capabilities", &self.capabilities);
        faults.count("/contacts", &self.contacts);
        faults.count("/agreements", &self.agreements);
        faults.count("/readers", &self.readers);
        faults.count("/byHand", &self.by_hand);
        self.check_sites(&mut faults);
        self.check_reach(&mut faults, is_area);
        self.check_lists(&mut faults);
        self.check_contacts(&mut faults);
        if self.on_behalf_of.as_ref().is_some_and(|board| !is_board(board)) {
            faults.add("/onBehalfOf", "no board has that id");
        }
        for (index, reader) in self.readers.iter().enumerate() {
            let a_board = BoardId::new(reader.as_str()).is_some() && is_board(reader);
            if !a_board && ![READERS_OWN, READERS_ALL, READERS_CENTRAL].contains(&reader.as_str()) {
                faults.add(format!("/readers/{index}"), "not own, all-boards, central or the id of a board");
            }
        }
        for (index, by_hand) in self.by_hand.iter_mut().enumerate() {
            faults.text(&format!("/byHand/{index}/reason"), &mut by_hand.reason, TEXT_CHARS_MAX);
            if !is_area(&by_hand.area) {
                faults.add(format!("/byHand/{index}/area"), "no area has that id");
            }
        }
        for (member, klass) in &self.klass {
            let shown = ALWAYS_SHOWN.contains(&member.as_str()) && klass.k < HIDDEN_FROM_K;
            if !shown && !HIDEABLE.contains(&member.as_str()) {
                let detail = format!(
                    "a class is for one of {}; name, kind and readers stand in every list and are k1 at the most",
                    HIDEABLE.join(", ")
                );
                faults.add("/klass", detail);
            }
        }
        if faults.0.is_empty() { Ok(self) } else { Err(faults.0) }
    }

    fn check_sites(&mut self, faults: &mut Faults) {
        for (index, site) in self.sites.iter_mut().enumerate() {
            let at = |member: &str| format!("/sites/{index}{member}");
            faults.optional(&at("/address"), &mut site.address, TEXT_CHARS_MAX);
            site.name = site.name.trim().to_owned();
            if site.name.is_empty() {
                site.name.clone_from(&self.name);
            }
            faults.text(&at("/name"), &mut site.name, NAME_CHARS_MAX);
            match site.place.as_ref().map(point) {
                Some(Err(detail)) => faults.add(at("/place"), detail),
                None if site.address.is_none() => faults.add(at(""), "give a place or an address"),
                _ => {}
            }
            faults.count(&at("/tags"), &site.tags);
            site.tags = site.tags.iter().map(|tag| protection::tag(tag)).filter(|tag| !tag.is_empty()).collect();
            if site.tags.iter().any(|tag| tag.len() > TAG_CHARS_MAX) {
                faults.add(at("/tags"), format!("a tag has at most {TAG_CHARS_MAX} characters"));
            }
            site.tags.sort();
            site.tags.dedup();
            if let Some(state) = &mut site.safety_point {
                faults.code(&at("/safetyPoint/state"), &state.state, &["opened", "closed", "full"]);
                faults.optional(&at("/safetyPoint/hours"), &mut state.hours, TEXT_CHARS_MAX);
                faults.count(&at("/safetyPoint/services"), &state.services);
                if !site.tags.iter().any(|tag| tag == protection::SAFETY_POINT) {
                    faults.add(at("/safetyPoint"), "only a site with the tag trygghetspunkt has a state");
                }
            }
        }
    }

    fn check_reach(&mut self, faults: &mut Faults, is_area: &dyn Fn(&str) -> bool) {
        let Some(reach) = &mut self.operating_area else { return };
        faults.code("/operatingArea/scope", &reach.scope, &["city", "areas", "geometry", "radius"]);
        match reach.scope.as_str() {
            "areas" if reach.areas.is_empty() => faults.add("/operatingArea/areas", "name at least one area"),
            "radius" if !reach.radius_m.is_some_and(|radius| radius > 0.0 && radius <= RADIUS_M_MAX) => {
                faults.add("/operatingArea/radiusM", format!("give metres, more than 0 and at most {RADIUS_M_MAX}"));
            }
            "geometry" => match &reach.geometry {
                Some(geometry) if geometry.to_string().len() > GEOMETRY_BYTES_MAX => {
                    faults.add("/operatingArea/geometry", format!("more than {GEOMETRY_BYTES_MAX} bytes"));
                }
                Some(geometry) => {
                    if let Err(error) = Shape::from_geojson(geometry) {
                        faults.add("/operatingArea/geometry", error.to_string());
                    }
                }
                None => faults.add("/operatingArea/geometry", "give GeoJSON"),
            },
            _ => {}
        }
        for (index, _) in reach.areas.iter().enumerate().filter(|(_, area)| !is_area(area)) {
            faults.add(format!("/operatingArea/areas/{index}"), "no area has that id");
        }
    }

    fn check_lists(&mut self, faults: &mut Faults) {
        for (index, capability) in self.capabilities.iter_mut().enumerate() {
            capability.kind = slug(&capability.kind);
            faults.text(&format!("/capabilities/{index}/kind"), &mut capability.kind, TEXT_CHARS_MAX);
            faults.optional(&format!("/capabilities/{index}/detail"), &mut capability.detail, TEXT_CHARS_MAX);
        }
        for (index, agreement) in self.agreements.iter_mut().enumerate() {
            faults.text(&format!("/agreements/{index}/title"), &mut agreement.title, TEXT_CHARS_MAX);
            for (member, date) in [("from", &agreement.from), ("until", &agreement.until)] {
                if date.as_ref().is_some_and(|date| date.parse::<jiff::civil::Date>().is_err()) {
                    faults.add(format!("/agreements/{index}/{member}"), "not a date: write 2026-12-24");
                }
            }
        }
        if let Some(availability) = &mut self.availability {
            faults.optional("/availability/hours", &mut availability.hours, TEXT_CHARS_MAX);
            faults.count("/availability/exceptions", &availability.exceptions);
            for (index, exception) in availability.exceptions.iter_mut().enumerate() {
                faults.text(&format!("/availability/exceptions/{index}/text"), &mut exception.text, TEXT_CHARS_MAX);
                if exception.date.parse::<jiff::civil::Date>().is_err() {
                    faults.add(format!("/availability/exceptions/{index}/date"), "not a date: write 2026-12-24");
                }
            }
        }
    }

    fn check_contacts(&mut self, faults: &mut Faults) {
        for (index, contact) in self.contacts.iter_mut().enumerate() {
            let at = |member: &str| format!("/contacts/{index}{member}");
            faults.text(&at("/function"), &mut contact.function, TEXT_CHARS_MAX);
            faults.optional(&at("/purpose"), &mut contact.purpose, TEXT_CHARS_MAX);
            faults.count(&at("/ways"), &contact.ways);
            for (number, way) in contact.ways.iter_mut().enumerate() {
                faults.code(&at(&format!("/ways/{number}/kind")), &way.kind, &["phone", "email", "radio", "web"]);
                faults.text(&at(&format!("/ways/{number}/value")), &mut way.value, TEXT_CHARS_MAX);
            }
            if let Some(person) = &mut contact.person {
                if self.kind == ActorKind::Faith {
                    let detail = "a named contact of a faith community reveals belief: give the function and its ways";
                    faults.add(at("/person"), detail);
                }
                faults.optional(&at("/person/name"), &mut person.name, NAME_CHARS_MAX);
                faults.optional(&at("/person/phone"), &mut person.phone, TEXT_CHARS_MAX);
                faults.optional(&at("/person/email"), &mut person.email, TEXT_CHARS_MAX);
            }
        }
    }
}

/// The point that a GeoJSON Point is.
pub fn point(place: &Value) -> Result<Point, String> {
    let pair = place.get("coordinates").and_then(Value::as_array).filter(|pair| pair.len() >= 2);
    let pair = pair.filter(|_| place["type"] == "Point").and_then(|pair| Some((pair[0].as_f64()?, pair[1].as_f64()?)));
    let (lon, lat) =
        pair.ok_or("a site's place is a GeoJSON Point: { \"type\": \"Point\", \"coordinates\": [lon, lat] }")?;
    Point::new(lon, lat).map_err(|error| error.to_string())
}
