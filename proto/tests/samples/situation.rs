//! Samples of what the context `situation` records.

use super::{Sample, at, jarva, named, pair, principal_seen, sample, sealed, subject_forgotten, text};
use narhet_proto::{
    codes::{AffectedBasis, IncidentKind, IncidentStatus},
    events::situation::{Affected, IncidentReported, IncidentStatusChanged, SupportClosed, SupportHeld, SupportMoved},
};
use serde_json::json;

const CASE: &str = "5f0c6a52-9d1e-8000-8000-00000000c001";
const INCIDENT: &str = "019aa2c0-5a00-7000-8000-000000001001";

pub fn samples() -> Vec<Vec<Sample>> {
    vec![
        incident_reported(),
        incident_status_changed(),
        support_held(),
        support_moved(),
        support_closed(),
        principal_seen::<2>(),
        subject_forgotten::<2>(),
    ]
}

fn incident_reported() -> Vec<Sample> {
    let full = IncidentReported {
        incident_id: text(INCIDENT),
        title: sealed("title"),
        description: Some(sealed("description")),
        kind: IncidentKind::Fire,
        status: IncidentStatus::Ongoing,
        occurred_at: Some(at("2026-11-20T19:00:00Z")),
        reported_at: at("2026-11-20T19:04:30.25Z"),
        place: Some(json!({ "type": "Point", "coordinates": [17.9375, 59.4025] })),
        place_text: Some(sealed("place-text")),
        affected: vec![
            Affected {
                board: jarva(),
                area: Some(named("jarva", "Järva")),
                share: 1.0,
                basis: AffectedBasis::Place,
                reason: None,
            },
            Affected {
                board: named("farsta", "Farsta stadsdelsnämnd"),
                area: None,
                share: 0.0,
                basis: AffectedBasis::Named,
                reason: Some(sealed("reason")),
            },
        ],
        lead: jarva(),
        lead_rule: text("omradesansvar/2020"),
        needs_support: true,
        area_version: Some(text("01977420-9c00-7000-8000-00000000d001")),
        masked: vec![text("description")],
    };
    let least = IncidentReported {
        incident_id: text(INCIDENT),
        title: sealed("title"),
        description: None,
        kind: IncidentKind::Other,
        status: IncidentStatus::Expected,
        occurred_at: None,
        reported_at: at("2026-11-20T19:04:30.123456Z"),
        place: None,
        place_text: None,
        affected: vec![],
        lead: named("kommunstyrelsen", "Kommunstyrelsen"),
        lead_rule: text("omradesansvar/2020"),
        needs_support: false,
        area_version: None,
        masked: vec![],
    };
    // With k ≥ 2 the exact place is sealed: no geometry, and still a JSON object.
    let sealed_place = IncidentReported { place: Some(json!(sealed("place"))), ..least.clone() };
    let mut samples = pair("incident", INCIDENT, full, least);
    samples.push(sample("incident", INCIDENT, false, sealed_place));
    samples
}

fn incident_status_changed() -> Vec<Sample> {
    let changed = || IncidentStatusChanged { incident_id: text(INCIDENT), status: IncidentStatus::Ended };
    pair("incident", INCIDENT, changed(), changed())
}

fn support_held() -> Vec<Sample> {
    let held = |responsible_board| SupportHeld {
        incident_id: text(INCIDENT),
        case_id: text(CASE),
        responsible_board,
        holder: named("socialnamnden", "Socialnämnden"),
    };
    pair("incident", INCIDENT, held(Some(jarva())), held(None))
}

fn support_moved() -> Vec<Sample> {
    let moved = |responsible_board| SupportMoved {
        incident_id: text(INCIDENT),
        case_id: text(CASE),
        responsible_board,
        holder: jarva(),
    };
    pair("incident", INCIDENT, moved(Some(jarva())), moved(None))
}

fn support_closed() -> Vec<Sample> {
    let closed = || SupportClosed { incident_id: text(INCIDENT), case_id: text(CASE) };
    pair("incident", INCIDENT, closed(), closed())
}
