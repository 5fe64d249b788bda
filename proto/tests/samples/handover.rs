//! Samples of what the context `duty` records of a case after its opening.

use super::{Sample, at, jarva, named, pair, sealed, text};
use narhet_proto::events::{Named, Why, handover::*};

const CASE: &str = "5f0c6a52-9d1e-8000-8000-00000000c001";
const INCIDENT: &str = "019aa2c0-5a00-7000-8000-000000001001";
const OFFER: &str = "5f0c6a52-9d1e-8000-8000-00000000f001";

pub fn samples() -> Vec<Vec<Sample>> {
    vec![
        acknowledged(),
        offered(),
        answered(),
        refused(),
        timed_out(),
        recalled(),
        taken_over(),
        inherited(),
        relocated(),
        closed(),
        reminded(),
    ]
}

fn of_case<M: narhet_proto::Message>(full: M, least: M) -> Vec<Sample> {
    pair("support-case", CASE, full, least)
}

fn why() -> Vec<Why> {
    vec![
        Why {
            rule: text("overlamning/1"),
            source: text("Säkerhetsprogram 2020-2023, avsnittet Krisberedskap"),
            text: text("Kontoret har öppnat, därför erbjuds nämnden att överta ärendet."),
            event_ids: vec![text(INCIDENT)],
            assumption: true,
            area_version: Some(text("indelning-2023")),
            calendar_version: Some(text("2")),
        },
        Why { rule: text("overlamning/1"), source: text("rutin"), text: text("Övertaget."), ..Why::default() },
    ]
}

fn socialnamnden() -> Named {
    named("socialnamnden", "Socialnämnden")
}

fn acknowledged() -> Vec<Sample> {
    let full = SupportCaseAcknowledged {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        board: socialnamnden(),
        function: Some(text("socialjour")),
        active: true,
    };
    let least = SupportCaseAcknowledged { function: None, active: false, ..full.clone() };
    of_case(full, least)
}

fn offered() -> Vec<Sample> {
    let full = HandoverOffered {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        offer_id: text(OFFER),
        from: socialnamnden(),
        to: jarva(),
        answer_by: at("2026-11-23T07:30:00Z"),
        remind_at: at("2026-11-23T07:15:00.5Z"),
        why: why(),
    };
    let least = HandoverOffered { why: vec![], ..full.clone() };
    of_case(full, least)
}

fn reminded() -> Vec<Sample> {
    let reminded =
        || HandoverReminded { case_id: text(CASE), incident_id: text(INCIDENT), offer_id: text(OFFER), board: jarva() };
    of_case(reminded(), reminded())
}

fn answered() -> Vec<Sample> {
    let full = HandoverAccepted {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        offer_id: text(OFFER),
        holder: jarva(),
        why: why(),
    };
    let least = HandoverAccepted { why: vec![], ..full.clone() };
    of_case(full, least)
}

fn refused() -> Vec<Sample> {
    let full = HandoverRefused {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        offer_id: text(OFFER),
        board: jarva(),
        reason: sealed("reason"),
        retry_at: at("2026-11-23T09:00:00Z"),
        masked: true,
    };
    let least = HandoverRefused { masked: false, ..full.clone() };
    of_case(full, least)
}

fn timed_out() -> Vec<Sample> {
    let timed_out = || HandoverTimedOut {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        offer_id: text(OFFER),
        board: jarva(),
        retry_at: at("2026-11-23T08:30:00Z"),
    };
    of_case(timed_out(), timed_out())
}

fn recalled() -> Vec<Sample> {
    let recalled =
        || HandoverRecalled { case_id: text(CASE), incident_id: text(INCIDENT), offer_id: text(OFFER), board: jarva() };
    of_case(recalled(), recalled())
}

fn taken_over() -> Vec<Sample> {
    let full = SupportCaseTakenOver { case_id: text(CASE), incident_id: text(INCIDENT), holder: jarva(), why: why() };
    let least = SupportCaseTakenOver { why: vec![], ..full.clone() };
    of_case(full, least)
}

fn inherited() -> Vec<Sample> {
    let full = SupportCaseInherited {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        from: named("rinkeby-kista", "Rinkeby-Kista stadsdelsnämnd"),
        to: jarva(),
        effective_at: at("2023-06-30T22:00:00Z"),
        why: why(),
    };
    let least = SupportCaseInherited { why: vec![], ..full.clone() };
    of_case(full, least)
}

fn relocated() -> Vec<Sample> {
    let full = SupportCaseRelocated {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        responsible_board: Some(jarva()),
        area: Some(named("jarva", "Järva")),
        affected: true,
        area_version: Some(text("indelning-2023")),
        reason: Some(sealed("reason")),
        masked: true,
        why: why(),
    };
    let least = SupportCaseRelocated {
        responsible_board: None,
        area: None,
        affected: false,
        area_version: None,
        reason: None,
        masked: false,
        why: vec![],
        ..full.clone()
    };
    of_case(full, least)
}

fn closed() -> Vec<Sample> {
    let closed = || SupportCaseClosed { case_id: text(CASE), incident_id: text(INCIDENT), board: jarva() };
    of_case(closed(), closed())
}
