//! Samples of what the context `actors` records.

use super::{Sample, at, named, pair, principal_seen, sealed, subject, text};
use narhet_kernel::Klass;
use narhet_proto::{
    codes::{ActorKind, LinkBasis},
    events::actors::*,
};
use serde_json::json;

const ACTOR: &str = "019aa2c0-5a00-7000-8000-00000000a001";
const OTHER: &str = "019aa2c0-5a00-7000-8000-00000000a002";
const DIVISION: &str = "01977420-9c00-7000-8000-00000000d001";
const CAUSE: &str = "019aa2c0-5a00-7000-8000-00000000e001";

pub fn samples() -> Vec<Vec<Sample>> {
    let mut all = vec![principal_seen::<3>(), cards(), life(), links(), readings(), notes(), subjects()];
    all.extend([relinks(), proposals(), imports()]);
    all
}

fn full() -> Card {
    Card {
        name: text("Hemvärnsföreningen i Söder"),
        aliases: vec![text("HV Söder")],
        kind: ActorKind::Voluntary,
        org_number: Some(text("802003-5140")),
        sole_trader: Some(SoleTrader { subject_id: subject(), org_number: sealed("org") }),
        external_id: Some(text("A-17")),
        sites: vec![Site {
            name: text("Förrådet"),
            place: Some(json!({ "type": "Point", "coordinates": [18.0625, 59.3125] })),
            address: Some(sealed("address")),
            tags: vec![text("trygghetspunkt")],
            protection: Some(sealed("protection")),
            safety_point: Some(SafetyPoint {
                state: text("opened"),
                hours: Some(text("08-20")),
                services: vec![text("värme")],
            }),
        }],
        operating_area: Some(OperatingArea {
            scope: text("radius"),
            areas: vec![text("sodermalm")],
            geometry: Some(json!({ "type": "Point", "coordinates": [18.0625, 59.3125] })),
            radius_m: Some(1500.5),
        }),
        capabilities: vec![Capability { kind: text("generator"), count: 2, detail: Some(text("20 kVA")) }],
        availability: Some(Availability {
            around_the_clock: true,
            hours: Some(text("kontorstid")),
            exceptions: vec![Exception { date: text("2026-12-24"), text: text("stängt") }],
        }),
        contacts: vec![Contact {
            function: text("vakthavande"),
            purpose: Some(text("larm")),
            ways: vec![ContactWay { kind: text("phone"), value: text("+46 8 000 00 00") }],
            person: Some(Person {
                subject_id: subject(),
                name: Some(sealed("name")),
                phone: Some(sealed("phone")),
                email: Some(sealed("email")),
            }),
        }],
        agreements: vec![Agreement {
            title: text("Överenskommelse"),
            from: Some(text("2026-01-01")),
            until: Some(text("2027-01-01")),
        }],
        on_behalf_of: Some(text("socialnamnden")),
        readers: vec![text("all-boards")],
        klass: vec![FieldKlass { field: text("notes"), klass: Klass { k: 2, r: 2, t: 1 } }],
        by_hand: vec![ByHand { area: text("farsta"), include: true, reason: sealed("reason") }],
        notes: Some(sealed("notes")),
        texts: Some(sealed("texts")),
    }
}

fn least() -> Card {
    Card {
        name: text("Hjälpen"),
        aliases: vec![],
        kind: ActorKind::Other,
        org_number: None,
        sole_trader: None,
        external_id: None,
        sites: vec![],
        operating_area: None,
        capabilities: vec![],
        availability: None,
        contacts: vec![],
        agreements: vec![],
        on_behalf_of: None,
        readers: vec![],
        klass: vec![],
        by_hand: vec![],
        notes: None,
        texts: None,
    }
}

/// Every list has one entry, and each entry only what it must have.
fn sparse() -> Card {
    Card {
        sites: vec![
            Site {
                name: text("Torget"),
                place: None,
                address: None,
                tags: vec![],
                protection: None,
                safety_point: Some(SafetyPoint { state: text("closed"), hours: None, services: vec![] }),
            },
            Site {
                name: text("Gården"),
                place: None,
                address: None,
                tags: vec![],
                protection: None,
                safety_point: None,
            },
        ],
        operating_area: Some(OperatingArea { scope: text("city"), areas: vec![], geometry: None, radius_m: None }),
        capabilities: vec![Capability { kind: text("vehicle"), count: 1, detail: None }],
        availability: Some(Availability { around_the_clock: false, hours: None, exceptions: vec![] }),
        contacts: vec![
            Contact {
                function: text("växel"),
                purpose: None,
                ways: vec![],
                person: Some(Person { subject_id: subject(), name: None, phone: None, email: None }),
            },
            Contact { function: text("jour"), purpose: None, ways: vec![], person: None },
        ],
        agreements: vec![Agreement { title: text("Avtal"), from: None, until: None }],
        ..least()
    }
}

fn cards() -> Vec<Sample> {
    let registered = |card| ActorRegistered { actor_id: text(ACTOR), card, source: text("import") };
    let changed = |card, changed| ActorChanged { actor_id: text(ACTOR), card, changed, source: text("hand") };
    let mut samples = pair("actor", ACTOR, registered(full()), registered(least()));
    samples.push(super::sample("actor", ACTOR, false, registered(sparse())));
    samples.extend(pair("actor", ACTOR, changed(full(), vec![text("sites")]), changed(least(), vec![])));
    samples
}

fn life() -> Vec<Sample> {
    let actor_id = text(ACTOR);
    let verified = |reached| ActorVerified { actor_id: text(ACTOR), reached, next_due: at("2027-05-01T10:00:00Z") };
    let archived = |merged_into, reason| ActorArchived { actor_id: text(ACTOR), merged_into, reason };
    let due = || VerificationDue { actor_id: text(ACTOR), due: at("2027-05-01T10:00:00Z") };
    let protection = |actor: &str, site: &str, notified, cards| ProtectionChanged {
        actor_id: text(actor),
        site: text(site),
        notified,
        cards,
    };
    let of_card = |notified| CardProtection { actor_id: text(ACTOR), notified, sites: sealed("sites") };
    let confirmed = || ProtectionAcknowledged { actor_id: text(ACTOR), change: text(CAUSE), board: text("sodermalm") };
    let logged = || ContactLogged {
        actor_id: text(ACTOR),
        board: text("sodermalm"),
        occasion: text("invitation"),
        outcome: text("accepted"),
        reference: text("vinter-2026"),
    };
    let mut samples = pair("actor", &actor_id, verified(true), verified(false));
    samples.extend(pair("actor", ACTOR, archived(Some(text(OTHER)), Some(sealed("reason"))), archived(None, None)));
    samples.extend(pair("actor", ACTOR, due(), due()));
    samples.extend(pair(
        "protection",
        ACTOR,
        protection(ACTOR, "Förrådet", vec![text("sodermalm")], vec![of_card(vec![text("sodermalm")]), of_card(vec![])]),
        protection("", "", vec![], vec![]),
    ));
    samples.extend(pair("actor", ACTOR, confirmed(), confirmed()));
    samples.extend(pair("actor", ACTOR, logged(), logged()));
    samples
}

fn proposals() -> Vec<Sample> {
    let proposed = |reason, fields| ChangeProposed {
        actor_id: text(ACTOR),
        proposal_id: text(CAUSE),
        by: text("farsta"),
        patch: sealed("patch"),
        fields,
        reason,
        persons: vec![],
        sole_trader: None,
    };
    let settled = |accepted| ProposalSettled { actor_id: text(ACTOR), proposal_id: text(CAUSE), accepted };
    let (name, phone, email) = (Some(sealed("name")), Some(sealed("phone")), Some(sealed("email")));
    let person = Person { subject_id: subject(), name, phone, email };
    let naming = ChangeProposed {
        persons: vec![ProposedPerson { contact: 1, person }],
        sole_trader: Some(SoleTrader { subject_id: subject(), org_number: sealed("number") }),
        ..proposed(Some(sealed("reason")), vec![text("sites")])
    };
    let mut samples = pair("actor", ACTOR, naming, proposed(None, vec![]));
    samples.extend(pair("actor", ACTOR, settled(true), settled(false)));
    samples
}

fn links() -> Vec<Sample> {
    let linked = |actor_ids| ActorLinked {
        area: named("sodermalm", "Södermalm"),
        basis: LinkBasis::Site,
        valid_from: at("2023-06-30T22:00:00Z"),
        area_version: text(DIVISION),
        because_of: text(CAUSE),
        actor_ids,
    };
    let unlinked = |actor_ids| ActorUnlinked {
        area: named("sodermalm", "Södermalm"),
        basis: LinkBasis::OperatingArea,
        valid_from: at("2023-06-30T22:00:00Z"),
        area_version: text(DIVISION),
        because_of: text(CAUSE),
        actor_ids,
    };
    let mut samples = pair("links", "sodermalm", linked(vec![text(ACTOR), text(OTHER)]), linked(vec![]));
    samples.extend(pair("links", "sodermalm", unlinked(vec![text(ACTOR)]), unlinked(vec![])));
    samples
}

fn relinks() -> Vec<Sample> {
    let begun =
        || RelinkBegun { division_id: text(DIVISION), valid_from: at("2023-06-30T22:00:00Z"), because_of: text(CAUSE) };
    let done = |actors| RelinkDone { division_id: text(DIVISION), actors };
    let mut samples = pair("relink", DIVISION, begun(), begun());
    samples.extend(pair("relink", DIVISION, done(200_000), done(0)));
    samples
}

fn readings() -> Vec<Sample> {
    let read = |readings| SealedFieldRead { readings, purpose: text("read") };
    let one = Reading { subject_id: subject(), actor_id: text(ACTOR), fields: vec![text("name")] };
    let listed = |count, after| ProtectedListed { count, purpose: text("list"), after };
    let mut samples = pair("reading", ACTOR, read(vec![one]), read(vec![]));
    samples.extend(pair("protected", "listing", listed(51, Some(text(ACTOR))), listed(0, None)));
    samples
}

fn imports() -> Vec<Sample> {
    let row = |actor_id, why| ImportedRow { row: 2, outcome: text("created"), actor_id, why };
    let imported = |rows| RowsImported { import_id: text(CAUSE), rows };
    let rows = vec![row(Some(text(ACTOR)), Some(text("se över"))), row(None, None)];
    pair("import", CAUSE, imported(rows), imported(vec![]))
}

fn notes() -> Vec<Sample> {
    let noted = |open, boards| IncidentNoted { incident_id: text(CAUSE), open, boards };
    pair("incident", CAUSE, noted(true, vec![text("jarva")]), noted(false, vec![]))
}

fn subjects() -> Vec<Sample> {
    let id = subject().to_string();
    let held =
        |held| SubjectHeld { subject_id: subject(), held, ground: text("evaluation"), reference: text("KS 2026/1042") };
    let erased = || SubjectErased { subject_id: subject(), ground: text("gallring"), reference: text("KS 2026/1042") };
    let mut samples = pair("subject", &id, held(true), held(false));
    samples.extend(pair("subject", &id, erased(), erased()));
    samples
}
