//! The context as the host runs it: commands and queries in, events out.

use crate::{
    domain::{
        Fact, Refusal, record,
        register::{STANDING_AREAS, STANDING_BOARDS},
    },
    judged::{self, Judged},
    report::Report,
};
use narhet_kernel::{BoardId, Context, Principal, Role, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event,
    events::{
        Named,
        area::{AreaDrawn, BoardEstablished},
    },
    wire::{ErrorCode, FieldError, Problem, Request},
};
use narhet_responsibility::{Division, Responsibility};
use narhet_runtime::Expected;
use narhet_runtime::{AnswerBody, Decision, Env, Follow, Prepared, Service, Write};
use std::collections::HashMap;

mod acts;
mod rehearsal;

/// The command that records divisions.
pub const IMPORT_DIVISION: &str = "import-division";
/// The query that answers what the command would, changing nothing.
pub const REHEARSE_IMPORT: &str = "rehearse-import";
/// The query what a coming division would end and begin; every context is asked the same afterwards.
pub const REHEARSE_DIVISION: &str = "rehearse-division";

const IMPORTERS: &[Role] = &[Role::CitySecurity, Role::Admin];

/// The area service: boards, areas and divisions.
#[derive(Clone, Debug, Default)]
pub struct AreaService {
    house: Responsibility,
    /// The stream of each event about a takeover, the crisis board or a board, so that a reply can be given again.
    streams: HashMap<Uuid, StreamId>,
}

impl AreaService {
    /// What has been recorded so far.
    pub fn responsibility(&self) -> &Responsibility {
        &self.house
    }

    /// The divisions among these events, by `validFrom`.
    fn divisions(&self, event_ids: &[Uuid]) -> Vec<&Division> {
        let mut divisions: Vec<&Division> =
            event_ids.iter().filter_map(|id| self.house.division(&id.to_string())).collect();
        divisions.sort_by_key(|division| division.valid_from());
        divisions
    }

    /// The last event of a stream.
    fn last_of(&self, stream: &StreamId) -> Option<Uuid> {
        // Ids of commanded events grow with time.
        self.streams.iter().filter(|(_, of)| *of == stream).map(|(id, _)| *id).max()
    }

    /// What became of a takeover, the crisis board or a board, as its event left it.
    fn record_of(&self, event_ids: &[Uuid], now: Timestamp) -> Option<AnswerBody> {
        let stream = event_ids.iter().rev().find_map(|id| self.streams.get(id))?;
        let known = self.house.head().0;
        Some(match stream.kind() {
            "takeover" => {
                let body = AnswerBody::of(&self.house.takeover_view(stream.id(), now, known)?);
                body.created(stream.id())
            }
            "crisis-board" => AnswerBody::of(&self.house.crisis_board(now, known)),
            _ => AnswerBody::of(&self.house.board(stream.id())?).created(stream.id()),
        })
    }

    fn import(&self, request: &Request, env: &Env) -> Result<Decision, Problem> {
        let role = importer(env.principal)?;
        let judged = judged::of(request, env)?;
        let Judged { import, dry_run, plan } = judged.as_ref();
        if *dry_run {
            return Err(Problem::at("/dryRun", format!("this records; ask {REHEARSE_IMPORT} for a dry run")));
        }
        refuse(&plan.refused)?;
        let recording = record(plan, &self.house, import.decided_at, &import.source, || env.new_id());
        refuse(&recording.refused)?;
        let owner = env.principal.owner();
        let writes = recording.facts.iter().map(|(id, fact)| write(*id, fact, &owner)).collect();
        let answered_by = recording.divisions.iter().map(|division| division.id).collect();
        Ok(Decision { writes, role: Some(role), answered_by })
    }

    fn rehearse(&self, request: &Request, env: &Env) -> Result<AnswerBody, Problem> {
        importer(env.principal)?;
        let judged = judged::of(request, env)?;
        let Judged { import, plan, .. } = judged.as_ref();
        let recording = record(plan, &self.house, import.decided_at, &import.source, || env.new_id());
        Ok(AnswerBody::of(&Report::of_plan(plan, &recording)))
    }
}

impl Service for AreaService {
    const CONTEXT: Context = Context::Area;
    /// Erasures: the role's own keys of an erased subject are destroyed.
    const FOLLOWS: &'static [Follow] = &[Follow { context: Context::Actors, from_start: false }];
    const COMMANDS: &'static [&'static str] = &[
        IMPORT_DIVISION,
        acts::ACTIVATE,
        acts::END,
        acts::TAKE_OVER,
        acts::RETURN,
        acts::REPORT,
        acts::ESTABLISH,
        acts::RENAME,
        acts::DISSOLVE,
    ];
    const QUERIES: &'static [&'static str] = &[REHEARSE_IMPORT, REHEARSE_DIVISION];
    const PREPARED: &'static [&'static str] = &[IMPORT_DIVISION, REHEARSE_IMPORT, REHEARSE_DIVISION];

    fn prepare(_name: &str, request: &Request) -> Option<Prepared> {
        // Whoever may not import is refused by the decision, and costs nothing here.
        importer(&request.principal).ok().map(|_| judged::prepare(request))
    }

    fn first_start(&self, env: &Env) -> Vec<Write> {
        let owner = Principal::house().owner();
        let boards = STANDING_BOARDS.iter().map(|board| {
            let established = BoardEstablished {
                id: board.id.to_owned(),
                name: board.name.to_owned(),
                kind: board.kind,
                valid_from: None,
                source: board.source.to_owned(),
                division_id: None,
            };
            let draft = Draft::public(env.new_id(), StreamId::new("board", board.id), owner.clone(), &established);
            Write::one(Expected::NoStream, draft)
        });
        let areas = STANDING_AREAS.iter().map(|area| {
            let board = STANDING_BOARDS.iter().find(|board| board.id == area.board);
            let drawn = AreaDrawn {
                area_id: area.id.to_owned(),
                name: area.name.to_owned(),
                board: Named::new(area.board, board.map_or(area.board, |board| board.name)),
                tier: area.tier,
                division_id: None,
                valid_from: None,
                geometry: None,
                neighbourhoods: Vec::new(),
                approximate: false,
            };
            let draft = Draft::public(env.new_id(), StreamId::new("area", area.id), owner.clone(), &drawn);
            Write::one(Expected::NoStream, draft)
        });
        boards.chain(areas).collect()
    }

    fn evolve(&mut self, event: &Event) {
        self.house.apply(event);
        if ["takeover", "crisis-board", "board"].contains(&event.subject.kind()) {
            self.streams.insert(event.id, event.subject.clone());
        }
    }

    fn observe(&mut self, _event: &Event) {}

    fn react(&self, _event: &Event, _env: &Env) -> Vec<Write> {
        Vec::new()
    }

    fn decide(&self, command: &str, request: &Request, env: &Env) -> Result<Decision, Problem> {
        match command {
            IMPORT_DIVISION => self.import(request, env),
            acts::ACTIVATE => self.activate(request, env),
            acts::END => self.end_crisis_board(request, env),
            acts::TAKE_OVER => self.take_over(request, env),
            acts::RETURN => self.return_takeover(request, env),
            acts::REPORT => self.report_takeover(request, env),
            acts::ESTABLISH => self.establish_board(request, env),
            acts::RENAME => self.rename_board(request, env),
            acts::DISSOLVE => self.dissolve_board(request, env),
            _ => Err(unknown(command)),
        }
    }

    fn reply(&self, command: &str, event_ids: &[Uuid], env: &Env) -> Result<AnswerBody, Problem> {
        match command {
            IMPORT_DIVISION => Ok(AnswerBody::of(&Report::of_recorded(&self.divisions(event_ids)))),
            _ => self.record_of(event_ids, env.now).ok_or_else(|| unknown(command)),
        }
    }

    fn answer(&self, query: &str, request: &Request, env: &Env) -> Result<AnswerBody, Problem> {
        match query {
            REHEARSE_IMPORT => self.rehearse(request, env),
            REHEARSE_DIVISION => {
                importer(env.principal)?;
                rehearsal::answer(request, &self.house, env)
            }
            _ => Err(unknown(query)),
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn fire(&mut self, _env: &Env) -> Vec<Write> {
        Vec::new()
    }

    fn health(&self, _now: Timestamp) -> Result<(), String> {
        self.house.health().map_err(|unreadable| unreadable.to_string())
    }
}

/// The role that may import; here `admin` is a right, not the demo exception.
fn importer(principal: &Principal) -> Result<Role, Problem> {
    principal.acting_as(IMPORTERS).ok_or_else(|| Problem::forbidden("import boundaries"))
}

fn unknown(name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("area knows nothing called {name:?}"))
}

/// One problem for everything that is refused: `invalid-input` as soon as the input itself is wrong, else the rule's.
fn refuse(refused: &[Refusal]) -> Result<(), Problem> {
    let Some(first) = refused.iter().find(|refusal| refusal.rule().is_none()).or(refused.first()) else {
        return Ok(());
    };
    let others = match refused.len() {
        1 => String::new(),
        count => format!(" (and {} more, see errors)", count - 1),
    };
    let detail = format!("{first}{others}; nothing was recorded");
    let errors = refused
        .iter()
        .map(|refusal| FieldError {
            pointer: Some(refusal.pointer().to_owned()),
            parameter: None,
            detail: refusal.to_string(),
        })
        .collect();
    let problem = match first.rule() {
        Some(rule) => Problem::refused(rule, detail),
        None => Problem::new(ErrorCode::InvalidInput, detail),
    };
    Err(Problem { errors, ..problem })
}

/// A division and a board open their streams; boards may end and areas be drawn again in theirs.
fn write(id: Uuid, fact: &Fact, owner: &BoardId) -> Write {
    let owner = owner.clone();
    match fact {
        Fact::Established(board) => {
            let stream = StreamId::new("board", &board.id);
            Write::one(Expected::NoStream, Draft::public(id, stream, owner, board))
        }
        Fact::Dissolved(end) => {
            Write::one(Expected::Any, Draft::public(id, StreamId::new("board", &end.id), owner, end))
        }
        Fact::Drawn(area) => {
            Write::one(Expected::Any, Draft::public(id, StreamId::new("area", &area.area_id), owner, area))
        }
        Fact::Recorded(division) => {
            let stream = StreamId::new("division", &division.division_id);
            Write::one(Expected::NoStream, Draft::public(id, stream, owner, division))
        }
    }
}

#[cfg(test)]
mod tests;
