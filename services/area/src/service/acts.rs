//! The commands that are not imports: krisledningsnämnden, takeovers, and boards without a map.

use crate::{
    domain::{
        board::{self, Establish},
        takeover::{self, Activate, BORGARRADSBEREDNINGEN, End, Rejection, TakeOver},
    },
    limits::{ACTIVITY_LETTERS_MAX, REFERENCE_LETTERS_MAX, TAKEOVER_PARTS_MAX},
    service::AreaService,
};
use jiff::civil::Date;
use narhet_calendar::local_midnight;
use narhet_kernel::{BoardId, Role, StreamId, Timestamp, Uuid, id::slug, personnummer};
use narhet_proto::{
    Draft, Message,
    codes::{BoardKind, TakeoverGround},
    events::{area::BoardEstablished, takeover::BoardRenamed},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{Decision, Env, Expected, Write};
use serde::{Deserialize, de::DeserializeOwned};

pub const ACTIVATE: &str = "activate-crisis-board";
pub const END: &str = "end-crisis-board";
pub const TAKE_OVER: &str = "take-over";
pub const RETURN: &str = "return-takeover";
pub const REPORT: &str = "report-takeover";
pub const ESTABLISH: &str = "establish-board";
pub const RENAME: &str = "rename-board";
pub const DISSOLVE: &str = "dissolve-board";

const TAKEOVER_RULE: &str = "overtagande/2006";
const BOARD_RULE: &str = "namnder/1";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ActivateBody {
    reference: String,
    valid_from: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    decided_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndBody {
    reference: String,
    valid_to: Option<Timestamp>,
    decided_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TakeOverBody {
    ground: String,
    by: String,
    from: Vec<String>,
    #[serde(default)]
    areas: Vec<String>,
    activity: Option<String>,
    valid_from: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    reference: String,
    #[serde(default)]
    urgent: bool,
    report_due: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReturnBody {
    id: String,
    reference: String,
    valid_to: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    #[serde(default)]
    correct: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReportBody {
    id: String,
    #[serde(default = "council")]
    to: String,
    reported_at: Option<Timestamp>,
    reference: String,
}

fn council() -> String {
    "council".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EstablishBody {
    id: Option<String>,
    name: String,
    kind: String,
    valid_from: Option<Date>,
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RenameBody {
    id: String,
    name: String,
    valid_from: Date,
    decided_at: Option<Date>,
    reference: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DissolveBody {
    id: String,
    valid_to: Date,
    successor: String,
}

impl AreaService {
    pub(super) fn activate(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let role = acting(env, &[Role::CrisisChair], "activate the crisis board")?;
        let body: ActivateBody = read(request)?;
        let decided_at = body.decided_at.unwrap_or(env.now);
        let decided_by = body.decided_by.unwrap_or_else(|| "chair".to_owned());
        if !["chair", "stand-in"].contains(&decided_by.as_str()) {
            return Err(Problem::at("/decidedBy", "who decided: \"chair\" or \"stand-in\""));
        }
        let id = env.new_id();
        let valid_from = body.valid_from.unwrap_or(decided_at.max(env.now));
        let command = Activate {
            id: id.to_string(),
            valid_from,
            decided_by,
            decided_at,
            reference: reference("/reference", body.reference)?,
        };
        match takeover::activate(command, self.responsibility(), env.now).map_err(refused)? {
            Some(activated) => {
                let stream = StreamId::new("crisis-board", &activated.activation_id);
                Ok(recorded(id, stream, &activated, role, env, Expected::NoStream))
            }
            None => {
                let known = self.responsibility().head().0;
                let held = self.responsibility().crisis_board_activation(valid_from, known);
                Ok(already(held.map(|activation| activation.event_id), role))
            }
        }
    }

    pub(super) fn end_crisis_board(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let role = acting(env, &[Role::CrisisChair, Role::CrisisBoard], "end the crisis board")?;
        let body: EndBody = read(request)?;
        let end = end_of(body.valid_to, body.decided_at, body.reference, env)?;
        let ended = takeover::end(end, self.responsibility(), env.now).map_err(refused)?;
        let stream = StreamId::new("crisis-board", &ended.activation_id);
        Ok(recorded(env.new_id(), stream, &ended, role, env, Expected::Any))
    }

    pub(super) fn take_over(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let body: TakeOverBody = read(request)?;
        let ground = TakeoverGround::from_code(&body.ground)
            .ok_or_else(|| Problem::at("/ground", "the ground is \"leh\" or \"war\""))?;
        let (allowed, right): (&[Role], &str) = match ground {
            TakeoverGround::Leh => (&[Role::CrisisBoard, Role::CrisisChair], "take over responsibility"),
            TakeoverGround::War => (&[Role::CitySecurity], "register a takeover in höjd beredskap"),
        };
        let role = acting(env, allowed, right)?;
        let many = |what: &[String], pointer: &str| match what.len() {
            count if count > TAKEOVER_PARTS_MAX => Err(Problem::at(pointer, format!("at most {TAKEOVER_PARTS_MAX}"))),
            _ => Ok(()),
        };
        many(&body.areas, "/areas")?;
        many(&body.from, "/from")?;
        if body.from.is_empty() {
            return Err(Problem::at("/from", "name the boards that responsibility is taken over from"));
        }
        let id = env.new_id();
        let decided_at = body.decided_at.unwrap_or(env.now);
        let command = TakeOver {
            id: id.to_string(),
            ground,
            by: body.by,
            from: without_repeats(body.from),
            areas: without_repeats(body.areas),
            activity: body.activity.map(|text| label("/activity", text, ACTIVITY_LETTERS_MAX)).transpose()?,
            valid_from: body.valid_from.unwrap_or(decided_at.max(env.now)),
            decided_at,
            reference: reference("/reference", body.reference)?,
            urgent: body.urgent,
            report_due: body.report_due,
        };
        let chair_alone = !env.principal.has(Role::CrisisBoard) && role == Role::CrisisChair;
        let house = self.responsibility();
        let said = takeover::take_over(command, chair_alone, house, env.now).map_err(refused)?;
        let stream = StreamId::new("takeover", &said.takeover_id);
        let named_first = said.by.id == BORGARRADSBEREDNINGEN && !house.is_established(BORGARRADSBEREDNINGEN);
        let mut decision = recorded(id, stream, &said, role, env, Expected::NoStream);
        if named_first {
            let board = BoardEstablished {
                id: BORGARRADSBEREDNINGEN.to_owned(),
                name: said.by.name.clone(),
                kind: BoardKind::Executive,
                valid_from: None,
                source: "Kommunfullmäktiges beslut om ledningen under höjd beredskap".to_owned(),
                division_id: None,
            };
            let stream = StreamId::new("board", BORGARRADSBEREDNINGEN);
            let draft = Draft::public(env.new_id(), stream, env.principal.owner(), &board);
            decision.writes.insert(0, Write::one(Expected::NoStream, draft));
        }
        Ok(decision)
    }

    pub(super) fn return_takeover(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let body: ReturnBody = read(request)?;
        let role = self.acting_on(&body.id, env)?;
        let end = End { correct: body.correct, ..end_of(body.valid_to, body.decided_at, body.reference, env)? };
        let returned = takeover::give_back(&body.id, end, self.responsibility(), env.now).map_err(refused)?;
        let stream = StreamId::new("takeover", &returned.takeover_id);
        Ok(recorded(env.new_id(), stream, &returned, role, env, Expected::Any))
    }

    pub(super) fn report_takeover(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let body: ReportBody = read(request)?;
        let role = self.acting_on(&body.id, env)?;
        if !["council", "crisis-board"].contains(&body.to.as_str()) {
            return Err(Problem::at("/to", "reported to \"council\" (kommunfullmäktige) or \"crisis-board\""));
        }
        let (reported_at, reference) = (body.reported_at.unwrap_or(env.now), reference("/reference", body.reference)?);
        let report = takeover::report(&body.id, &body.to, reported_at, reference, self.responsibility(), env.now)
            .map_err(refused)?;
        let stream = StreamId::new("takeover", &report.takeover_id);
        Ok(recorded(env.new_id(), stream, &report, role, env, Expected::Any))
    }

    /// Whoever may record a takeover on its ground may also return and report it.
    fn acting_on(&self, takeover_id: &str, env: &Env) -> Result<Role, Problem> {
        let ground = self.responsibility().takeover(takeover_id).map(|takeover| takeover.said.ground);
        let allowed: &[Role] = match ground {
            Some(TakeoverGround::War) => &[Role::CitySecurity],
            Some(TakeoverGround::Leh) => &[Role::CrisisBoard, Role::CrisisChair],
            None => &[Role::CrisisBoard, Role::CrisisChair, Role::CitySecurity],
        };
        acting(env, allowed, "return or report a takeover")
    }

    pub(super) fn establish_board(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let role = acting(env, REGISTRARS_OF_BOARDS, "register boards")?;
        let body: EstablishBody = read(request)?;
        let kind = BoardKind::from_code(&body.kind).ok_or_else(|| {
            let codes = BoardKind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(", ");
            Problem::at("/kind", format!("{:?} is no kind of board: {codes}", body.kind))
        })?;
        let name = label("/name", body.name, ACTIVITY_LETTERS_MAX)?;
        let id = body.id.unwrap_or_else(|| slug(&name));
        let id = BoardId::new(id.as_str()).ok_or_else(|| {
            Problem::at(
                "/id",
                format!("{id:?} is not an id: lower-case letters, digits and hyphens, and no name of a role"),
            )
        })?;
        let source = label("/source", body.source, REFERENCE_LETTERS_MAX)?;
        let command = Establish { id, name, kind, valid_from: body.valid_from.map(local_midnight), source };
        let stream = StreamId::new("board", command.id.as_str());
        match board::establish(command, self.responsibility()).map_err(board_refused)? {
            Some(board) => Ok(recorded(env.new_id(), stream, &board, role, env, Expected::NoStream)),
            None => Ok(already(self.last_of(&stream), role)),
        }
    }

    pub(super) fn rename_board(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let role = acting(env, REGISTRARS_OF_BOARDS, "register boards")?;
        let body: RenameBody = read(request)?;
        let stream = StreamId::new("board", &board_id("/id", &body.id)?);
        let renamed = BoardRenamed {
            id: body.id,
            name: label("/name", body.name, ACTIVITY_LETTERS_MAX)?,
            valid_from: local_midnight(body.valid_from),
            decided_at: body.decided_at.map(local_midnight),
            reference: reference("/reference", body.reference)?,
        };
        match board::rename(renamed, self.responsibility()).map_err(board_refused)? {
            Some(renamed) => Ok(recorded(env.new_id(), stream, &renamed, role, env, Expected::Any)),
            None => Ok(already(self.last_of(&stream), role)),
        }
    }

    pub(super) fn dissolve_board(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let role = acting(env, REGISTRARS_OF_BOARDS, "register boards")?;
        let body: DissolveBody = read(request)?;
        let stream = StreamId::new("board", &board_id("/id", &body.id)?);
        let valid_to = local_midnight(body.valid_to);
        let dissolved = board::dissolve(&body.id, valid_to, &body.successor, self.responsibility());
        Ok(recorded(env.new_id(), stream, &dissolved.map_err(board_refused)?, role, env, Expected::Any))
    }
}

const REGISTRARS_OF_BOARDS: &[Role] = &[Role::CitySecurity, Role::Admin];

fn acting(env: &Env, allowed: &[Role], right: &str) -> Result<Role, Problem> {
    env.principal.acting_as(allowed).ok_or_else(|| Problem::forbidden(right))
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    serde_json::from_str(request.body.get()).map_err(|problem| Problem::at("", problem.to_string()))
}

/// One public event.
fn recorded(id: Uuid, stream: StreamId, message: &impl Message, role: Role, env: &Env, expected: Expected) -> Decision {
    let draft = Draft::public(id, stream, env.principal.owner(), message);
    Decision { writes: vec![Write::one(expected, draft)], role: Some(role), answered_by: vec![id] }
}

fn already(event: Option<Uuid>, role: Role) -> Decision {
    Decision { writes: Vec::new(), role: Some(role), answered_by: event.into_iter().collect() }
}

fn end_of(valid_to: Option<Timestamp>, decided_at: Option<Timestamp>, text: String, env: &Env) -> Result<End, Problem> {
    let decided_at = decided_at.unwrap_or(env.now);
    let valid_to = valid_to.unwrap_or(decided_at.max(env.now));
    Ok(End { valid_to, decided_at, reference: reference("/reference", text)?, correct: false })
}

fn reference(pointer: &str, text: String) -> Result<String, Problem> {
    label(pointer, text, REFERENCE_LETTERS_MAX)
}

/// A short label, which everybody may read: no free text, and nothing that looks like a personnummer.
fn label(pointer: &str, text: String, letters_max: usize) -> Result<String, Problem> {
    let text = text.trim().to_owned();
    let allowed = |letter: char| letter.is_alphanumeric() || " -–/.,:&()".contains(letter);
    if text.is_empty() || text.chars().count() > letters_max || !text.chars().all(allowed) {
        let detail =
            format!("1 to {letters_max} letters, digits, spaces and -/.,:&(): it is a label that everybody reads");
        return Err(Problem::at(pointer, detail));
    }
    if personnummer::mask(&text).found > 0 {
        return Err(Problem::at(pointer, "this looks like a personnummer, which has no place here"));
    }
    Ok(text)
}

fn board_id(pointer: &str, id: &str) -> Result<String, Problem> {
    BoardId::new(id).map(|id| id.to_string()).ok_or_else(|| Problem::at(pointer, format!("{id:?} is not a board's id")))
}

fn without_repeats(mut ids: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}

fn refused(rejection: Rejection) -> Problem {
    let detail = rejection.to_string();
    match rejection {
        Rejection::UnknownTakeover(_) => Problem::new(ErrorCode::NotFound, detail),
        Rejection::UnknownBoard(_) => Problem::at("/from", detail),
        Rejection::UnknownArea(_) => Problem::at("/areas", detail),
        Rejection::Nothing => Problem::at("/areas", detail),
        Rejection::AlreadyReturned { .. } | Rejection::AlreadyReported { .. } | Rejection::AlreadyTaken { .. } => {
            Problem::new(ErrorCode::Conflict, detail)
        }
        Rejection::NotInFunction { .. } | Rejection::ActivatedAlready { .. } => {
            Problem { code: ErrorCode::Conflict, ..Problem::refused(TAKEOVER_RULE, detail) }
        }
        _ => Problem::refused(TAKEOVER_RULE, detail),
    }
}

fn board_refused(rejection: board::Rejection) -> Problem {
    let detail = rejection.to_string();
    match rejection {
        board::Rejection::Unknown(_) => Problem::new(ErrorCode::NotFound, detail),
        board::Rejection::Taken { .. } | board::Rejection::EndsAlready(_) => Problem::new(ErrorCode::Conflict, detail),
        _ => Problem::refused(BOARD_RULE, detail),
    }
}
