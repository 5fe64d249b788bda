//! What the context `actors` records: the registry of local actors, their links to areas, and the erasure of persons.

use super::{Message, Named};
use crate::{
    Sealed,
    codes::{ActorKind, LinkBasis},
};
use narhet_kernel::{Klass, SubjectId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! message {
    ($name:ident, $event:literal) => {
        impl Message for $name {
            const TYPE: &'static str = concat!("se.narhet.actors.", $event, ".v1");
            const PROTO: &'static str = concat!("narhet.actors.v1.", stringify!($name));
        }
    };
}

/// Everything the registry holds about an actor. Members that are sealed are sealed for the event they stand in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub kind: ActorKind,
    /// `NNNNNN-NNNN`, or a foreign number with its country; absent when there is none or it is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_number: Option<String>,
    /// A sole trader's number is a personnummer, sealed per subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sole_trader: Option<SoleTrader>,
    /// The id the spreadsheet it was imported from gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default)]
    pub sites: Vec<Site>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_area: Option<OperatingArea>,
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
    /// In the order they are to be tried.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    #[serde(default)]
    pub agreements: Vec<Agreement>,
    /// The board whose verksamhet it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// `own`, `all-boards`, `central` or ids of boards.
    #[serde(default)]
    pub readers: Vec<String>,
    /// Class per field, where it is not the default.
    #[serde(default)]
    pub klass: Vec<FieldKlass>,
    #[serde(default)]
    pub by_hand: Vec<ByHand>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Sealed>,
    /// What else somebody wrote in their own words, and members of k2 and k3: the places where they would stand are empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Sealed>,
}

/// The class of one member of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldKlass {
    pub field: String,
    pub klass: Klass,
}

/// The number of a sole trader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoleTrader {
    pub subject_id: SubjectId,
    pub org_number: Sealed,
}

/// Where an actor is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    pub name: String,
    /// GeoJSON Point, CRS84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Sealed>,
    #[serde(default)]
    pub tags: Vec<String>,
    /// Skyddsobjekt, samhällsviktig verksamhet and Styr-el class: k3, codes with spaces between and after them. Every site has
    /// it and it is as long for each: that it is there says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_point: Option<SafetyPoint>,
}

/// How a trygghetspunkt is right now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafetyPoint {
    /// `opened`, `closed` or `full`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    #[serde(default)]
    pub services: Vec<String>,
}

/// Where an actor works, beside its sites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatingArea {
    /// `city`, `areas`, `geometry` or `radius` (around its sites).
    pub scope: String,
    #[serde(default)]
    pub areas: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_m: Option<f64>,
}

/// What an actor has or can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capability {
    /// `generator`, `shelter-places`, `vehicle`, `interpreter`, `volunteers-on-call` …
    pub kind: String,
    pub count: u32,
    /// The language of an interpreter, the power of a generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// When an actor can be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    pub around_the_clock: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// A date on which it is otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    pub date: String,
    pub text: String,
}

/// A way to an actor: a function first, a person second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub function: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Of the function, never of a person.
    #[serde(default)]
    pub ways: Vec<ContactWay>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
}

/// A number or address of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactWay {
    /// `phone`, `email`, `radio` or `web`.
    pub kind: String,
    pub value: String,
}

/// A person, sealed under their own key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub subject_id: SubjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Sealed>,
}

/// An agreement with the city.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A link that somebody made or forbade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByHand {
    pub area: String,
    pub include: bool,
    pub reason: Sealed,
}

/// An actor entered the registry; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorRegistered {
    pub actor_id: String,
    pub card: Card,
    /// `hand` or `import`.
    pub source: String,
}
message!(ActorRegistered, "actor-registered");

/// An actor's card is another one now; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorChanged {
    pub actor_id: String,
    pub card: Card,
    /// The members that are not as before.
    pub changed: Vec<String>,
    /// `hand`, `import`, `proposal` or `merge`.
    pub source: String,
}
message!(ActorChanged, "actor-changed");

/// Somebody has checked that the card is true; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorVerified {
    pub actor_id: String,
    /// Whether anybody was reached.
    pub reached: bool,
    pub next_due: Timestamp,
}
message!(ActorVerified, "actor-verified");

/// The verification of an actor has fallen due: a reminder to its board; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationDue {
    pub actor_id: String,
    pub due: Timestamp,
}
message!(VerificationDue, "verification-due");

/// An actor is not in use any more; its history stays. Stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorArchived {
    pub actor_id: String,
    /// The actor it was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
}
message!(ActorArchived, "actor-archived");

/// Somebody who does not own the actor proposes a change; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeProposed {
    pub actor_id: String,
    pub proposal_id: String,
    /// The board that proposes.
    pub by: String,
    /// The JSON merge patch without persons, sealed.
    pub patch: Sealed,
    /// The members it would change.
    pub fields: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Sealed>,
    /// The persons it names, each under their own key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<ProposedPerson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sole_trader: Option<SoleTrader>,
}
message!(ChangeProposed, "change-proposed");

/// A person in a proposed list of contacts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposedPerson {
    /// Which contact of the patch, from 0.
    pub contact: u32,
    pub person: Person,
}

/// The owner has accepted or declined; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalSettled {
    pub actor_id: String,
    pub proposal_id: String,
    pub accepted: bool,
}
message!(ProposalSettled, "proposal-settled");

/// Actors are linked to an area from an instant on; all those that one cause links there on one basis. Stream `links/<area>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorLinked {
    pub area: Named,
    pub basis: LinkBasis,
    pub valid_from: Timestamp,
    /// The division that was looked up in.
    pub area_version: String,
    /// The event that caused it: of the division, or of the actor.
    pub because_of: String,
    pub actor_ids: Vec<String>,
}
message!(ActorLinked, "actor-linked");

/// Actors are not linked to an area any more from an instant on; stream `links/<area>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorUnlinked {
    pub area: Named,
    pub basis: LinkBasis,
    pub valid_from: Timestamp,
    pub area_version: String,
    pub because_of: String,
    pub actor_ids: Vec<String>,
}
message!(ActorUnlinked, "actor-unlinked");

/// A division was recorded and every actor's links are looked at; stream `relink/<division>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelinkBegun {
    pub division_id: String,
    pub valid_from: Timestamp,
    /// The event of area that recorded it.
    pub because_of: String,
}
message!(RelinkBegun, "relink-begun");

/// Every actor's links follow the division; stream `relink/<division>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelinkDone {
    pub division_id: String,
    pub actors: u32,
}
message!(RelinkDone, "relink-done");

/// Sealed personal data was opened for the principal of the event, durable before they saw it; stream `reading/<actor>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedFieldRead {
    pub readings: Vec<Reading>,
    /// `read`, `export` or `subject-export`.
    pub purpose: String,
}
message!(SealedFieldRead, "sealed-field-read");

/// What was opened of whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    pub subject_id: SubjectId,
    pub actor_id: String,
    pub fields: Vec<String>,
}

/// More than a handful of protected sites were listed for the principal of the event; stream `protected/listing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtectedListed {
    pub count: u32,
    /// `list` or `export`.
    pub purpose: String,
    /// The actor after which the page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
message!(ProtectedListed, "protected-listed");

/// Sites became protected or ceased to be; whoever is to know. Every command that changes cards records one for all of them,
/// also where nothing became of protection: that there is one says nothing. Stream `protection/<its own id>`; before, one for
/// each site, `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtectionChanged {
    /// Empty where `cards` say it, as are the next two.
    pub actor_id: String,
    pub site: String,
    pub notified: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<CardProtection>,
}
message!(ProtectionChanged, "protection-changed");

/// What became of the protection of one actor's sites.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardProtection {
    pub actor_id: String,
    /// The boards that hold the actor.
    pub notified: Vec<String>,
    /// A sealed JSON array of the names of sites, often empty, with spaces after it.
    pub sites: Sealed,
}

/// A board has confirmed that it knows of a change of protection; stream `protection/<actor>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtectionAcknowledged {
    pub actor_id: String,
    /// The event that is confirmed.
    pub change: String,
    pub board: String,
}
message!(ProtectionAcknowledged, "protection-acknowledged");

/// An actor was invited to cooperation by a board, or answered, or was called in a contact round; stream `actor/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactLogged {
    pub actor_id: String,
    pub board: String,
    /// `invitation` or `contact-round`.
    pub occasion: String,
    /// `invited`, `accepted`, `declined`, `answered`, `no-answer`.
    pub outcome: String,
    /// Which invitation or round.
    pub reference: String,
}
message!(ContactLogged, "contact-logged");

/// What became of each row of a part of an imported file; stream `import/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowsImported {
    pub import_id: String,
    pub rows: Vec<ImportedRow>,
}
message!(RowsImported, "rows-imported");

/// One row of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportedRow {
    /// As the spreadsheet counts: 1 is the heading.
    pub row: u32,
    /// `created`, `updated`, `unchanged` or `refused`.
    pub outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// Why it was refused, or what to look at; never a value of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Where an incident stands, as far as holds on erasure need it; stream `incident/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentNoted {
    pub incident_id: String,
    pub open: bool,
    pub boards: Vec<String>,
}
message!(IncidentNoted, "incident-noted");

/// A person's data may not be erased while this lasts, or may again; stream `subject/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectHeld {
    pub subject_id: SubjectId,
    pub held: bool,
    /// `evaluation` or `release-request`.
    pub ground: String,
    pub reference: String,
}
message!(SubjectHeld, "subject-held");

/// A person's data is erased: every role destroys its own key of the subject. Stream `subject/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectErased {
    pub subject_id: SubjectId,
    /// `gallring`, `rectification` or `objection`.
    pub ground: String,
    /// The decision it rests on, a reference that names nobody.
    pub reference: String,
}
message!(SubjectErased, "subject-erased");
