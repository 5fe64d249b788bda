//! The process that follows duty's cases after their opening: who holds them now, and that they are closed.

use crate::{
    domain::incident::{Command, Event as Happened, decide},
    read_model::{Incident, Incidents},
    service::draft,
};
use narhet_proto::{
    Event, Message,
    events::{
        Named,
        handover::{
            HandoverAccepted, SupportCaseClosed, SupportCaseInherited, SupportCaseRelocated, SupportCaseTakenOver,
        },
        situation::{SupportClosed, SupportMoved},
    },
};
use narhet_runtime::{Env, Expected, Write};

/// The name of the process, part of the ids of what it causes.
const PROCESS: &str = "support-follows";

/// What an event of duty's log changes in an incident; nothing for most.
pub fn note(incidents: &Incidents, event: &Event, env: &Env<'_>) -> Vec<Write> {
    let Some((incident_id, news)) = news(event) else { return Vec::new() };
    let Some(incident) = incidents.get(&incident_id) else {
        // Duty's cases belong to incidents that were recorded here first: only a forged or forked log gets here.
        tracing::error!(incident = incident_id, "a support case of an incident nobody reported");
        return Vec::new();
    };
    let events = news.command(incident).and_then(|command| decide(command, &incident.state).ok());
    let id = env.effect_id(PROCESS, event.id, 0);
    let drafts = events.unwrap_or_default().into_iter().filter_map(|noted| match &noted {
        Happened::SupportMoved(moved) => {
            let readers = incident.readers_with(std::iter::once(&moved.holder).chain(&moved.responsible_board));
            Some(draft(incident, id, moved, readers, Some(event.time)))
        }
        Happened::SupportClosed(closed) => {
            Some(draft(incident, id, closed, incident.readers.clone(), Some(event.time)))
        }
        _ => None,
    });
    drafts.map(|draft| Write::one(Expected::Any, draft)).collect()
}

/// What an event says about a case.
enum News {
    Holder { case_id: String, holder: Named },
    Heir { case_id: String, from: Named, to: Named },
    Placed { case_id: String, board: Named },
    Closed { case_id: String },
}

fn news(event: &Event) -> Option<(String, News)> {
    fn read<M: Message>(event: &Event) -> Option<M> {
        // The host checks every event against the table before it hands it on.
        event.data::<M>()?.ok()
    }
    if let Some(accepted) = read::<HandoverAccepted>(event) {
        return Some((accepted.incident_id, News::Holder { case_id: accepted.case_id, holder: accepted.holder }));
    }
    if let Some(taken) = read::<SupportCaseTakenOver>(event) {
        return Some((taken.incident_id, News::Holder { case_id: taken.case_id, holder: taken.holder }));
    }
    if let Some(heir) = read::<SupportCaseInherited>(event) {
        return Some((heir.incident_id, News::Heir { case_id: heir.case_id, from: heir.from, to: heir.to }));
    }
    if let Some(placed) = read::<SupportCaseRelocated>(event) {
        return Some((placed.incident_id, News::Placed { case_id: placed.case_id, board: placed.responsible_board? }));
    }
    let closed = read::<SupportCaseClosed>(event)?;
    Some((closed.incident_id, News::Closed { case_id: closed.case_id }))
}

impl News {
    /// With what is known of the case; `None` while its opening has not been seen.
    fn command(self, incident: &Incident) -> Option<Command> {
        let incident_id = incident.report.incident_id.clone();
        let known = |case_id: &str| incident.support()?.case(case_id);
        let moved = |case_id: String, responsible_board, holder| {
            Some(Command::NoteMove(SupportMoved {
                incident_id: incident_id.clone(),
                case_id,
                responsible_board,
                holder,
            }))
        };
        match self {
            News::Holder { case_id, holder } => {
                let (responsible, _) = known(&case_id)?;
                moved(case_id, responsible, holder)
            }
            News::Heir { case_id, from, to } => {
                let heir = |board: Named| if board.id == from.id { to.clone() } else { board };
                let (responsible, holder) = known(&case_id)?;
                moved(case_id, responsible.map(heir), heir(holder))
            }
            News::Placed { case_id, board } => {
                let (_, holder) = known(&case_id)?;
                moved(case_id, Some(board), holder)
            }
            News::Closed { case_id } => {
                known(&case_id)?;
                Some(Command::NoteClosing(SupportClosed { incident_id, case_id }))
            }
        }
    }
}
