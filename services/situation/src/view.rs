//! What answers about incidents look like, and what of them is withheld from whom.

use crate::{
    domain::incident::Event,
    read_model::{Entry, Incident, Standing},
    sealing,
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Sealed, access,
    codes::{AffectedBasis, IncidentKind, IncidentStatus, LeadRule, SupportState},
    events::{Named, Why, situation::Affected},
};
use narhet_runtime::Env;
use serde::Serialize;
use serde_json::Value;

/// One incident as somebody may see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentView {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub kind: IncidentKind,
    pub status: IncidentStatus,
    /// Null = unknown.
    pub occurred_at: Option<Timestamp>,
    pub reported_at: Timestamp,
    /// Null = unknown, or withheld.
    pub place: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_text: Option<String>,
    pub lead: Named,
    pub affected: Vec<AffectedView>,
    pub needs_support: bool,
    pub support: SupportState,
    pub exercise: bool,
    pub klass: String,
    pub owner: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_version: Option<String>,
    /// The members in which something that looked like a personnummer was masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<String>,
    /// What is there and not shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    pub why: Vec<Why>,
    /// Of the record, for `ETag` and `If-Match`.
    pub version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AffectedView {
    pub board: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Named>,
    pub share: f64,
    pub basis: AffectedBasis,
    pub reason: Option<String>,
}

/// A member that is not shown, by its place in the answer.
#[derive(Debug, Serialize)]
pub struct Withheld {
    pub field: String,
    /// One Swedish sentence.
    pub why: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    pub time: Timestamp,
    #[serde(rename = "type")]
    pub event_type: &'static str,
    pub text: String,
    pub event_id: Uuid,
    pub version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// The incident at a moment of its life, without its history.
pub fn incident(incident: &Incident, standing: Standing, env: &Env<'_>) -> IncidentView {
    let report = &incident.report;
    let mut opener = Opener { event: incident.event_id, env, withheld: Vec::new() };
    let title = opener.open("title", sealing::TITLE, Some(&report.title));
    let description = opener.open("description", sealing::DESCRIPTION, report.description.as_ref());
    let place = opener.place(report.place.as_ref());
    let place_text = opener.open("placeText", sealing::PLACE_TEXT, report.place_text.as_ref());
    let affected = report.affected.iter().enumerate().map(|(index, board)| opener.affected(index, board)).collect();
    IncidentView {
        id: report.incident_id.clone(),
        title,
        description,
        kind: report.kind,
        status: standing.status,
        occurred_at: report.occurred_at,
        reported_at: report.reported_at,
        place,
        place_text,
        lead: report.lead.clone(),
        affected,
        needs_support: report.needs_support,
        support: standing.support,
        exercise: incident.exercise,
        klass: incident.klass.to_string(),
        owner: incident.owner.to_string(),
        area_version: report.area_version.clone(),
        masked: report.masked.clone(),
        withheld: opener.withheld,
        why: why(incident),
        version: standing.version,
        history: None,
    }
}

/// The incident as it is now, with its history.
pub fn incident_with_history(of: &Incident, env: &Env<'_>) -> IncidentView {
    let history = of.history.iter().map(history_entry).collect();
    IncidentView { history: Some(history), ..incident(of, of.standing(), env) }
}

/// Opens sealed members for a principal and notes what stays shut.
struct Opener<'a> {
    event: Uuid,
    env: &'a Env<'a>,
    withheld: Vec<Withheld>,
}

impl Opener<'_> {
    fn open(&mut self, member: &str, field: &str, sealed: Option<&Sealed>) -> Option<String> {
        let sealed = sealed?;
        let (opened, why) = match access::may_open_text(self.env.principal) {
            true => (self.env.open(self.event, field, sealed), "Nyckeln är förstörd, texten finns inte längre."),
            false => (None, "Rollen läser uppgifter om händelsen men inte fritext."),
        };
        if opened.is_none() {
            self.withheld.push(Withheld { field: member.to_owned(), why });
        }
        opened
    }

    fn place(&mut self, place: Option<&Value>) -> Option<Value> {
        match sealing::sealed_place(place?) {
            None => place.cloned(),
            Some(sealed) => {
                let text = self.open("place", sealing::PLACE, Some(&sealed))?;
                serde_json::from_str(&text).ok()
            }
        }
    }

    fn affected(&mut self, index: usize, affected: &Affected) -> AffectedView {
        let reason = self.open(&format!("affected/{index}/reason"), &sealing::reason(index), affected.reason.as_ref());
        AffectedView {
            board: affected.board.clone(),
            area: affected.area.clone(),
            share: affected.share,
            basis: affected.basis,
            reason,
        }
    }
}

fn why(incident: &Incident) -> Vec<Why> {
    let report = &incident.report;
    let lead = &report.lead.name;
    let text = match LeadRule::from_code(&report.lead_rule) {
        Some(LeadRule::LargestShare) => {
            format!(
                "{lead} föreslås samordna, eftersom dess område har störst del av det av platsen som ligger i staden, eller ligger närmast om platsen ligger i ett godkänt hål i kartan."
            )
        }
        Some(LeadRule::FirstNamedDistrict) => {
            format!(
                "{lead} föreslås samordna, eftersom platsen är okänd och nämnden är den först utpekade stadsdelsnämnden."
            )
        }
        Some(LeadRule::Kommunstyrelsen) | None => {
            format!("{lead} föreslås samordna, eftersom platsen är okänd eller ligger utanför staden.")
        }
    };
    let mut why = vec![Why {
        rule: report.lead_rule.clone(),
        source: narhet_responsibility::why::SOURCE.to_owned(),
        text,
        event_ids: vec![incident.event_id.to_string()],
        assumption: true,
        area_version: report.area_version.clone(),
        ..Why::default()
    }];
    if report.occurred_at.is_none() {
        why.push(Why {
            rule: "okand-tid/1".to_owned(),
            source: "Antagande: programmet säger inte vad som gäller när tiden är okänd".to_owned(),
            text: "Tiden för händelsen är okänd, därför avgör tiden för rapporten.".to_owned(),
            event_ids: vec![incident.event_id.to_string()],
            assumption: true,
            ..Why::default()
        });
    }
    why
}

fn history_entry(entry: &Entry) -> HistoryEntry {
    HistoryEntry {
        time: entry.time,
        event_type: entry.event_type,
        text: sentence(&entry.event),
        event_id: entry.event_id,
        version: entry.version,
        principal: entry.principal.clone(),
    }
}

/// What happened, as one Swedish sentence.
fn sentence(event: &Event) -> String {
    match event {
        Event::Reported(report) => {
            format!(
                "Händelsen rapporterades som {} och {} föreslogs samordna.",
                report.status.label(),
                report.lead.name
            )
        }
        Event::StatusChanged(changed) => format!("Händelsen blev {}.", changed.status.label()),
        Event::SupportHeld(held) => match &held.responsible_board {
            Some(board) if board.id == held.holder.id => format!("{} håller sitt krisstödsärende.", held.holder.name),
            Some(board) => format!("{} håller krisstödsärendet för {}.", held.holder.name, board.name),
            None => format!("{} håller krisstödsärendet tills det är placerat hos en nämnd.", held.holder.name),
        },
        Event::SupportMoved(moved) => match &moved.responsible_board {
            Some(board) if board.id == moved.holder.id => {
                format!("{} håller nu sitt krisstödsärende.", moved.holder.name)
            }
            Some(board) => format!("{} håller nu krisstödsärendet för {}.", moved.holder.name, board.name),
            None => format!("{} håller nu krisstödsärendet.", moved.holder.name),
        },
        Event::SupportClosed(_) => "Ett krisstödsärende avslutades.".to_owned(),
    }
}
