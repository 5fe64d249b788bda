//! `open-case`: a case opened by hand for a board that the place of the incident does not name, with the reason.

use crate::{
    case_commands::seal,
    cases::{Envelope, open_case},
    domain::{
        support::{AffectedBoard, Request as Need},
        why_handover as why,
    },
    intake::{self, board_name},
    relocation::standing,
    service::Duty,
};
use narhet_kernel::Role;
use narhet_proto::{
    codes::{AffectedBasis, BoardKind},
    events::Named,
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{Decision, Env};

/// Who opens cases: those who report incidents.
const OPENERS: &[Role] = &[Role::Coordinator, Role::DutyOfficer, Role::CrisisLead, Role::Ckl];

/// Command `open-case`. A board that has an open case of the incident already is answered with that one.
pub fn open(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let role = env.principal.acting_as(OPENERS).ok_or_else(|| Problem::forbidden("open-case"))?;
    let members = intake::members(request.body.get(), &["incidentId", "board", "reason"])?;
    let incident_id = intake::id(&members, "incidentId")?;
    let board = intake::id(&members, "board")?;
    let reason = intake::reason(&members)?;
    let incident = duty.incidents.get(incident_id).filter(|incident| {
        let held = duty.cases.of_incident(incident_id);
        incident.may_be_read_by(env.principal) || held.iter().any(|case| case.may_be_read_by(env.principal))
    });
    let incident = incident.ok_or_else(|| {
        Problem::new(ErrorCode::NotFound, "no incident with this id was reported, or it is not yours to read")
    })?;
    let known = duty.map.board(board).filter(|board| board.kind != BoardKind::State);
    let known = known.ok_or_else(|| Problem::at("/board", format!("no board of the city is called {board:?}")))?;
    // A board that has ended has the case that its heir has.
    let heir = |board: &Named| standing(duty, board, env).id;
    let asked = heir(&Named::new(known.id.clone(), known.name.clone()));
    let open = duty.cases.of_incident(incident_id);
    let open = open.iter().find(|case| case.is_open() && case.responsible().is_some_and(|of| heir(of) == asked));
    if let Some(entry) = open.and_then(|case| case.last_event()) {
        return Ok(Decision { writes: Vec::new(), role: Some(role), answered_by: vec![entry.event_id] });
    }
    let need = incident.need(&duty.map);
    let successor = duty.map.successor(&known.id, env.now, duty.map.head().0);
    let board = board_name(&duty.map, &known.id);
    let affected = AffectedBoard { board: board.clone(), area: None, basis: AffectedBasis::Named, successor };
    let need = Need { affected: vec![affected], ..need };
    let office = duty.offices.central().at(need.decisive_instant());
    let id = env.new_id();
    let owed = need.owed(&office, |_| id.to_string(), |id| board_name(&duty.map, id)).into_iter().next();
    let writes = owed.and_then(|mut owed| {
        owed.opening.reason = Some(seal(env, id, &reason));
        owed.opening.why.push(why::of_opening_by_hand(&board));
        let readers = &incident.readers;
        let envelope = Envelope { readers, klass: incident.klass, exercise: incident.exercise };
        open_case(duty, owed, (id, env.new_id()), &envelope)
    });
    Ok(Decision { writes: writes.into_iter().collect(), role: Some(role), answered_by: Vec::new() })
}
