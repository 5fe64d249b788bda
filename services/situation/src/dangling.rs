//! What a coming division leaves of the incidents: those not ended whose coordinating board it ends. The coordination does not
//! pass by itself: who coordinates is proposed once, and then a person's choice.

use crate::{queries, read_model::Incidents};
use narhet_kernel::Principal;
use narhet_proto::{
    codes::IncidentStatus,
    wire::{
        Problem,
        dangling::{Answer, Dangling, LISTED_MAX, Question},
    },
};

/// Query `dangling`. The ids are listed of those that the principal may read; the total counts all.
pub fn dangling(incidents: &Incidents, body: &str, principal: &Principal) -> Result<Answer, Problem> {
    let question: Question = serde_json::from_str(body).map_err(|problem| Problem::at("", problem.to_string()))?;
    let mut answer = Answer::default();
    for incident in incidents.before(u64::MAX).filter(|incident| incident.status() != IncidentStatus::Ended) {
        let lead = &incident.report.lead;
        let Some(ending) = question.ending.iter().find(|ending| ending.board.id == lead.id) else { continue };
        answer.total += 1;
        if answer.items.len() < LISTED_MAX && queries::may_read(incident, principal) {
            answer.items.push(Dangling {
                kind: "incident".to_owned(),
                id: Some(incident.report.incident_id.clone()),
                name: None,
                board: lead.clone(),
                passes_to: None,
                text: format!(
                    "{} samordnar händelsen och upphör; {} övertar nämndens ansvar: utse samordnande nämnd.",
                    ending.board.name, ending.successor.name
                ),
            });
        }
    }
    Ok(answer)
}
