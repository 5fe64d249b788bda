//! Functions, rosters, centres and paths are recorded and taken away; a change that opens a hole needs its name.

use super::{
    CITY_TIB, Readiness, cover,
    intake::{self, FunctionInput, PathInput, PutRecord, RemoveRecord, RosterInput, WayInput},
    staffing::{function_field, member_field, override_field},
};
use crate::{domain::coverage::leaves_the_house, intake::board_name, limits::RECORDS_MAX, service::Duty};
use narhet_kernel::{BoardId, Principal, Role, StreamId, Uuid, personnummer};
use narhet_proto::{
    Draft, Message,
    events::{
        Named,
        readiness::{
            AlarmPath, AlarmPathRecorded, Centre, CentreRecorded, ContactWay, DutyFunction, FunctionRecorded, Layer,
            Member, Override, PathRead, RecordRemoved, Roster, RosterRecorded,
        },
    },
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};
use serde::{Deserialize, Serialize};

/// The roles that keep a board's readiness.
const KEEPERS: &[Role] = &[Role::DutyOfficer, Role::CrisisLead, Role::Coordinator];

/// The role by which the principal keeps this board's readiness.
pub fn keeper_of(principal: &Principal, board: &str) -> Result<Role, Problem> {
    let own = principal.board.as_ref().is_some_and(|own| own.as_str() == board) || principal.is_demo_admin();
    principal
        .acting_as(KEEPERS)
        .filter(|_| own)
        .ok_or_else(|| Problem::forbidden(&format!("keep-readiness of {board}")))
}

/// A change before it is written: what is checked, and what then becomes an event.
struct Change {
    kind: &'static str,
    id: String,
    board: Named,
    /// The board that has it now, whose right it takes too.
    had: Option<String>,
    event: Uuid,
    /// Readiness as it would be, where cover rests on it.
    after: Option<Readiness>,
    accept: Vec<String>,
}

/// Command `put-record`.
pub fn put(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let PutRecord { kind, id, record } = intake::body(request.body.get())?;
    match kind.as_str() {
        "function" => put_function(duty, &id, intake::record(record)?, request, env),
        "roster" => put_roster(duty, &id, intake::record(record)?, request, env),
        "centre" => put_centre(duty, &id, intake::record(record)?, request, env),
        "alarm-path" => put_path(duty, &id, intake::record(record)?, request, env),
        _ => Err(Problem::new(ErrorCode::NotFound, format!("there are no records called {kind:?}"))),
    }
}

fn put_function(
    duty: &Duty,
    id: &str,
    input: FunctionInput,
    request: &Request,
    env: &Env<'_>,
) -> Result<Decision, Problem> {
    intake::check_function(id, &input)?;
    let had = duty.readiness.function(id).map(|function| function.board.id);
    let board = board_of(duty, input.board.as_deref(), env.principal)?;
    if id == CITY_TIB {
        let last = "city-tib is the last resort: it is kommunstyrelsen's and its last contact way out of the house cannot be \
                    taken away";
        let reached = input.contact_ways.iter().any(|way| leaves_the_house(way.channel));
        if board.id != BoardId::KOMMUNSTYRELSEN || !reached {
            return Err(Problem::refused("sista-utvag", last));
        }
    }
    let event = env.new_id();
    let ways = |ways: &[WayInput], env: &Env<'_>| sealed(ways, event, function_field, env);
    let function = DutyFunction {
        id: id.to_owned(),
        board: board.clone(),
        kind: input.kind,
        name: input.name,
        capabilities: input.capabilities,
        contact_ways: ways(&input.contact_ways, env),
        source: input.source,
    };
    let mut after = duty.readiness.clone();
    after.functions.live.insert(id.to_owned(), super::Record { value: function.clone(), event, version: 0, stream: 0 });
    let change =
        Change { kind: "function", id: id.to_owned(), board, had, event, after: Some(after), accept: input.accept };
    change.write(duty, request, env, |accepted| FunctionRecorded { function, accepted })
}

fn put_roster(
    duty: &Duty,
    id: &str,
    input: RosterInput,
    request: &Request,
    env: &Env<'_>,
) -> Result<Decision, Problem> {
    intake::check_roster(id, &input)?;
    let had = duty.readiness.rosters.get(id).map(|record| record.value.board.id.clone());
    let board = board_of(duty, input.board.as_deref(), env.principal)?;
    let function = duty.readiness.function(&input.function);
    if function.is_none_or(|function| function.board.id != board.id) {
        return Err(Problem::at("/function", format!("{} has no such function: record it first", board.name)));
    }
    let event = env.new_id();
    let layer = |(index, layer): (usize, intake::LayerInput)| Layer {
        name: layer.name,
        starts: layer.starts,
        turn_days: layer.turn_days,
        crew: layer
            .crew
            .into_iter()
            .enumerate()
            .map(|(number, one)| Member {
                contact_ways: sealed(&one.contact_ways, event, |way| member_field(index, number, way), env),
                id: one.id,
                name: one.name,
            })
            .collect(),
        shifts: layer.shifts,
    };
    let instead = |(index, one): (usize, intake::OverrideInput)| {
        let reason = personnummer::mask(&one.reason);
        Override {
            from: one.from,
            to: one.to,
            member: one.member,
            reason: None,
            sealed_reason: Some(env.seal(event, &override_field(index), &reason.text)),
            masked: reason.found > 0,
        }
    };
    let roster = Roster {
        id: id.to_owned(),
        board: board.clone(),
        function: input.function,
        name: input.name,
        zone: input.zone.unwrap_or_else(narhet_calendar::Zone::stockholm),
        valid_from: input.valid_from,
        valid_to: input.valid_to,
        layers: input.layers.into_iter().enumerate().map(layer).collect(),
        leave: input.leave,
        overrides: input.overrides.into_iter().enumerate().map(instead).collect(),
    };
    let mut after = duty.readiness.clone();
    after.rosters.live.insert(id.to_owned(), super::Record { value: roster.clone(), event, version: 0, stream: 0 });
    let change =
        Change { kind: "roster", id: id.to_owned(), board, had, event, after: Some(after), accept: input.accept };
    change.write(duty, request, env, |accepted| RosterRecorded { roster, accepted })
}

fn put_centre(
    duty: &Duty,
    id: &str,
    input: intake::CentreInput,
    request: &Request,
    env: &Env<'_>,
) -> Result<Decision, Problem> {
    intake::check_centre(id, &input)?;
    let had = duty.readiness.centres.get(id).map(|record| record.value.board.id.clone());
    let board = board_of(duty, input.board.as_deref(), env.principal)?;
    let centre = Centre {
        id: id.to_owned(),
        board: board.clone(),
        name: input.name,
        address: input.address,
        zone: input.zone.unwrap_or_else(narhet_calendar::Zone::stockholm),
        opening: input.opening,
        valid_from: input.valid_from,
        valid_to: input.valid_to,
    };
    let event = env.new_id();
    let change = Change { kind: "centre", id: id.to_owned(), board, had, event, after: None, accept: Vec::new() };
    change.write(duty, request, env, |_| CentreRecorded { centre })
}

/// A board's path of crisis support has the board's own id.
fn put_path(duty: &Duty, id: &str, input: PathInput, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    intake::check_path(id, &input, |function| duty.readiness.function(function).is_some())?;
    let board = board_of(duty, Some(id), env.principal)?;
    let path = AlarmPath {
        id: id.to_owned(),
        board: board.clone(),
        name: input.name,
        steps: input.steps,
        rounds: input.rounds,
        source: input.source,
    };
    let event = env.new_id();
    let mut after = duty.readiness.clone();
    after.paths.live.insert(id.to_owned(), super::Record { value: path.clone(), event, version: 0, stream: 0 });
    let change = Change {
        kind: "alarm-path",
        id: id.to_owned(),
        board,
        had: None,
        event,
        after: Some(after),
        accept: input.accept,
    };
    change.write(duty, request, env, |accepted| AlarmPathRecorded { path, accepted })
}

/// Command `remove-record`.
pub fn remove(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let RemoveRecord { kind, id, accept } = intake::body(request.body.get())?;
    let readiness = &duty.readiness;
    let (kind, board) = match kind.as_str() {
        "function" => ("function", readiness.functions.get(&id).map(|record| record.value.board.clone())),
        "roster" => ("roster", readiness.rosters.get(&id).map(|record| record.value.board.clone())),
        "centre" => ("centre", readiness.centres.get(&id).map(|record| record.value.board.clone())),
        "alarm-path" => ("alarm-path", readiness.paths.get(&id).map(|record| record.value.board.clone())),
        _ => return Err(Problem::new(ErrorCode::NotFound, format!("there are no records called {kind:?}"))),
    };
    if kind == "function" && id == CITY_TIB {
        return Err(Problem::refused("sista-utvag", "city-tib is the last resort and cannot be taken away"));
    }
    let board = board.ok_or_else(|| missing(kind, &id))?;
    let in_use = readiness.rosters.values().find(|roster| kind == "function" && roster.function == id);
    if let Some(roster) = in_use {
        let detail = format!("the roster {:?} staffs this function: take that away first", roster.id);
        return Err(Problem::refused("funktion-i-bruk", detail));
    }
    let mut after = readiness.clone();
    after.remove(&RecordRemoved { kind: kind.to_owned(), id: id.clone(), accepted: Vec::new() }, 0);
    let (event, removed_id) = (env.new_id(), id.clone());
    let change = Change { kind, id, board, had: None, event, after: Some(after), accept };
    change.write(duty, request, env, |accepted| RecordRemoved { kind: kind.to_owned(), id: removed_id, accepted })
}

impl Change {
    fn write<M: Message>(
        self,
        duty: &Duty,
        request: &Request,
        env: &Env<'_>,
        message: impl FnOnce(Vec<String>) -> M,
    ) -> Result<Decision, Problem> {
        let role = keeper_of(env.principal, &self.board.id)?;
        if let Some(had) = &self.had {
            keeper_of(env.principal, had)?;
        }
        let expected = expected(duty, self.kind, &self.id, request)?;
        let accepted = match &self.after {
            Some(after) => cover::check(duty, after, &self.accept, env.now)?,
            None => Vec::new(),
        };
        let stream = StreamId::new(self.kind, &self.id);
        let owner = self.board.board_id().unwrap_or_else(|| env.principal.owner());
        let draft = Draft::public(self.event, stream, owner, &message(accepted));
        Ok(Decision { writes: vec![Write::one(expected, draft)], role: Some(role), answered_by: Vec::new() })
    }
}

/// What is changed carries the version that was seen; what is new carries none.
fn expected(duty: &Duty, kind: &str, id: &str, request: &Request) -> Result<Expected, Problem> {
    let (etag, version, count) = duty.readiness.standing(kind, id);
    match (etag, request.if_match) {
        (Some(etag), Some(seen)) if seen == etag => Ok(Expected::Exactly(version)),
        (_, Some(_)) => {
            Err(Problem::new(ErrorCode::PreconditionFailed, "it has changed since you read it: read it again"))
        }
        (Some(_), None) => Err(Problem::new(
            ErrorCode::Conflict,
            format!("{kind} {id:?} is there already: send If-Match with its ETag"),
        )),
        (None, None) if count >= RECORDS_MAX => {
            Err(Problem::new(ErrorCode::TooLarge, format!("at most {RECORDS_MAX} of a kind are kept")))
        }
        (None, None) if version == 0 => Ok(Expected::NoStream),
        (None, None) => Ok(Expected::Exactly(version)),
    }
}

impl Readiness {
    /// The version of a record if it is there, that of its stream, and how many of its kind there are.
    pub fn standing(&self, kind: &str, id: &str) -> (Option<u64>, u64, usize) {
        fn of<T>(records: &super::Records<T>, id: &str) -> (Option<u64>, u64, usize) {
            (records.get(id).map(|record| record.version), records.version(id), records.live.len())
        }
        match kind {
            "function" => of(&self.functions, id),
            "roster" => of(&self.rosters, id),
            "centre" => of(&self.centres, id),
            _ => of(&self.paths, id),
        }
    }
}

/// The board that a record is for: as named, else the caller's own.
fn board_of(duty: &Duty, named: Option<&str>, principal: &Principal) -> Result<Named, Problem> {
    let owner = principal.owner();
    let id = named.unwrap_or(owner.as_str());
    if !duty.map.is_established(id) {
        return Err(Problem::at("/board", format!("there is no board {id:?}")));
    }
    Ok(board_name(&duty.map, id))
}

fn sealed(ways: &[WayInput], event: Uuid, field: impl Fn(usize) -> String, env: &Env<'_>) -> Vec<ContactWay> {
    let seal = |(index, way): (usize, &WayInput)| ContactWay {
        channel: way.channel,
        address: env.seal(event, &field(index), way.address.trim()),
    };
    ways.iter().enumerate().map(seal).collect()
}

pub fn missing(kind: &str, id: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("there is no {kind} {id:?}"))
}

/// What a command about a record answers: its id, and its version for ETag.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
}

/// The reply to every command whose first event names what was written.
pub fn written(duty: &Duty, event_ids: &[Uuid], _env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let found = event_ids.first().and_then(|id| duty.written.get(id));
    let (id, version) = found.ok_or_else(|| Problem::new(ErrorCode::NotFound, "nothing was written"))?;
    Ok(AnswerBody::of(&Written { id }).version(*version).created(id.as_str()))
}

/// Command `read-path`: somebody of a board knows the path as it is now.
pub fn read_path(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ReadPath {
        id: String,
    }
    let ReadPath { id } = intake::body(request.body.get())?;
    let record = duty.readiness.paths.get(&id).ok_or_else(|| missing("alarm path", &id))?;
    let role = env.principal.acting_as(KEEPERS).ok_or_else(|| Problem::forbidden("read-path"))?;
    let board = env.principal.owner();
    let read = PathRead {
        path_id: id.clone(),
        path_version: u32::try_from(record.version).unwrap_or(u32::MAX),
        board: board.as_str().to_owned(),
        reader: env.principal.id.clone(),
    };
    let draft = Draft::public(env.new_id(), StreamId::new("alarm-path", &id), board, &read);
    Ok(Decision {
        writes: vec![Write::one(Expected::Exactly(record.stream), draft)],
        role: Some(role),
        answered_by: vec![],
    })
}
