//! A house of one role without host, log or bus: it gives writes a place in a log as the store would, and folds them.

use crate::Duty;
use narhet_kernel::{BoardId, Clock, Context, Klass, Principal, Role, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event, Message, Sealed, SealedBox, access,
    codes::{AffectedBasis, BoardKind, IncidentKind, IncidentStatus, Tier},
    envelope,
    events::{
        Named,
        area::{AreaDrawn, BoardEstablished, DivisionRecorded},
        situation::{Affected, IncidentReported},
    },
    subject,
    wire::{Problem, Request},
};
use narhet_runtime::{Env, Expected, Keys, Service, Write};
use serde_json::{Value, json, value::to_raw_value};
use std::{collections::HashMap, path::PathBuf};

pub const DIVISION: &str = "indelning-2023";

/// More in one stretch is a loop.
const FIRINGS_MAX: u32 = 20_000;

pub struct House {
    pub duty: Duty,
    pub clock: Clock,
    /// Whether what is reported is an exercise.
    pub exercise: bool,
    keys: Keys,
    folder: PathBuf,
    /// Duty's own log.
    pub log: Vec<Event>,
    /// What it follows, in the order seen.
    followed: Vec<Event>,
    versions: HashMap<String, u64>,
    positions: HashMap<Context, u64>,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn principal(roles: &[Role], board: Option<&str>) -> Principal {
    Principal { roles: roles.to_vec(), board: board.and_then(BoardId::new), ..Principal::house() }
}

impl House {
    /// A started house: calendar and boards recorded, Järva west and Bromma east of longitude 18 since 2023-07-01; before
    /// that one board had both.
    pub fn at(now: &str) -> House {
        let folder = std::env::temp_dir().join(format!("narhet-duty-{}", Uuid::new_v4()));
        let house = House {
            duty: Duty::default(),
            clock: Clock::manual(instant(now)),
            exercise: true,
            keys: Keys::open(&folder.join("data"), &folder.join("kek")).unwrap(),
            folder,
            log: Vec::new(),
            followed: Vec::new(),
            versions: HashMap::new(),
            positions: HashMap::new(),
        };
        house.started()
    }

    fn started(mut self) -> House {
        let writes = self.with_env(|duty, env| duty.first_start(env));
        self.commit(writes, None);
        for (id, name, kind, division) in [
            ("kommunstyrelsen", "Kommunstyrelsen", BoardKind::Executive, None),
            ("socialnamnden", "Socialnämnden", BoardKind::Specialist, None),
            ("vasterort", "Västerorts stadsdelsnämnd", BoardKind::District, Some("indelning-2020")),
            ("jarva", "Järva stadsdelsnämnd", BoardKind::District, Some(DIVISION)),
            ("bromma", "Bromma stadsdelsnämnd", BoardKind::District, Some(DIVISION)),
        ] {
            let (id, name) = (id.to_owned(), name.to_owned());
            let division_id = division.map(str::to_owned);
            let board = BoardEstablished { id, name, kind, valid_from: None, source: "prov".to_owned(), division_id };
            self.area(&board, "board");
        }
        self.division("indelning-2020", "2020-06-30T22:00:00Z", &[("vasterort", 17.8, 18.2)]);
        self.division(DIVISION, "2023-06-30T22:00:00Z", &[("jarva", 17.8, 18.0), ("bromma", 18.0, 18.2)]);
        self
    }

    /// A district board that a division brings.
    pub fn establishes(&mut self, id: &str, division: &str) {
        let board = BoardEstablished {
            id: id.to_owned(),
            name: format!("{id} stadsdelsnämnd"),
            kind: BoardKind::District,
            valid_from: None,
            source: "prov".to_owned(),
            division_id: Some(division.to_owned()),
        };
        self.area(&board, "board");
    }

    pub fn division(&mut self, id: &str, valid_from: &str, areas: &[(&str, f64, f64)]) {
        for (board, west, east) in areas {
            let ring = json!([[west, 59.2], [east, 59.2], [east, 59.5], [west, 59.5], [west, 59.2]]);
            let drawn = AreaDrawn {
                area_id: (*board).to_owned(),
                name: (*board).to_owned(),
                board: Named::new(*board, *board),
                tier: Tier::District,
                division_id: Some(id.to_owned()),
                valid_from: Some(instant(valid_from)),
                geometry: Some(json!({ "type": "MultiPolygon", "coordinates": [[ring]] })),
                neighbourhoods: Vec::new(),
                approximate: false,
            };
            self.area(&drawn, "area");
        }
        let division = json!({
            "divisionId": id, "validFrom": valid_from, "source": "prov",
            "areaIds": areas.iter().map(|(board, ..)| board).collect::<Vec<_>>(),
        });
        self.area(&serde_json::from_value::<DivisionRecorded>(division).unwrap(), "division");
    }

    pub fn area<M: Message>(&mut self, message: &M, kind: &str) {
        let owner = BoardId::new("kommunstyrelsen").unwrap();
        let draft = Draft::public(Uuid::new_v4(), StreamId::new(kind, "x"), owner, message);
        let event = self.place(&draft, Context::Area, None);
        self.duty.observe(&event);
        self.followed.push(event);
    }

    /// Gives a draft its place in a context's log.
    pub fn place(&mut self, draft: &Draft, context: Context, caused_by: Option<Uuid>) -> Event {
        let cause = envelope::Cause {
            source: &subject::source(context),
            correlation_id: Uuid::nil(),
            causation_id: caused_by,
            principal: "p-0000000000000000",
            role: None,
        };
        let position = self.positions.entry(context).or_default();
        *position += 1;
        let version = self.versions.entry(format!("{context} {}", draft.stream)).or_default();
        *version += 1;
        let mut bytes = envelope::head(draft, cause);
        let time = self.clock.now();
        let tail = format!(r#","position":"{position}","version":"{version}","time":"{time}","prevhash":"0"}}"#);
        bytes.extend_from_slice(tail.as_bytes());
        Event::decode(&bytes).unwrap()
    }

    pub fn with_env<T>(&self, ask: impl FnOnce(&Duty, &Env<'_>) -> T) -> T {
        self.with_env_of(&Principal::house(), ask)
    }

    pub fn with_env_of<T>(&self, principal: &Principal, ask: impl FnOnce(&Duty, &Env<'_>) -> T) -> T {
        ask(&self.duty, &Env::new(self.clock.now(), principal, &self.keys, &self.clock, self.log.len() as u64))
    }

    pub fn commit(&mut self, writes: Vec<Write>, caused_by: Option<Uuid>) {
        for write in &writes {
            let version = self.versions.get(&format!("{} {}", Context::Duty, write.stream)).copied().unwrap_or(0);
            match write.expected {
                Expected::Any => {}
                Expected::NoStream => assert_eq!(version, 0, "{} is there already", write.stream),
                Expected::Exactly(seen) => assert_eq!(version, seen, "the version of {}", write.stream),
            }
        }
        for draft in writes.iter().flat_map(|write| &write.drafts) {
            let event = self.place(draft, Context::Duty, caused_by);
            self.duty.evolve(&event);
            self.log.push(event);
        }
    }

    /// An incident as situation would have recorded it, seen by duty; what it causes is recorded.
    pub fn incident(&mut self, occurred_at: Option<&str>, boards: &[&str], needs_support: bool) -> Event {
        let event = self.reported(occurred_at, boards, needs_support);
        let writes = self.with_env(|duty, env| duty.react(&event, env));
        self.commit(writes, Some(event.id));
        event
    }

    pub fn reported(&mut self, occurred_at: Option<&str>, boards: &[&str], needs_support: bool) -> Event {
        let id = Uuid::new_v4();
        let report = IncidentReported {
            incident_id: id.to_string(),
            title: Sealed { sealed: SealedBox { key: "k".to_owned(), boxed: "eA==".to_owned() } },
            description: None,
            kind: IncidentKind::Other,
            status: IncidentStatus::Ongoing,
            occurred_at: occurred_at.map(instant),
            reported_at: self.clock.now(),
            place: None,
            place_text: None,
            affected: boards.iter().map(|board| affected(board)).collect(),
            lead: Named::new("kommunstyrelsen", "Kommunstyrelsen"),
            lead_rule: "samordning/kommunstyrelsen".to_owned(),
            needs_support,
            area_version: Some(DIVISION.to_owned()),
            masked: Vec::new(),
        };
        let draft = Draft {
            id,
            stream: StreamId::new("incident", &id.to_string()),
            event_type: IncidentReported::TYPE,
            owner: BoardId::new("farsta").unwrap(),
            readers: access::incident_readers(boards.iter().copied().chain(["farsta"])),
            klass: Klass { k: 2, r: 2, t: 1 },
            exercise: self.exercise,
            occurred_at: report.occurred_at,
            data: report.to_raw(),
        };
        let event = self.place(&draft, Context::Situation, None);
        self.duty.observe(&event);
        self.followed.push(event.clone());
        event
    }

    /// What is due is done, as the host would do it, until this instant.
    pub fn goes_on_until(&mut self, until: &str) {
        let until = instant(until);
        let mut firings = 0;
        while let Some(due) = self.duty.next_due().filter(|due| *due <= until) {
            self.clock.set(due.max(self.clock.now()));
            self.fires();
            firings += 1;
            assert!(firings < FIRINGS_MAX, "something is due again and again at {due}");
        }
        self.clock.set(until);
    }

    pub fn next_due(&self) -> Option<Timestamp> {
        self.duty.next_due()
    }

    pub fn duty_is_due(&self) -> bool {
        self.next_due().is_some_and(|due| due <= self.clock.now())
    }

    /// The clock stands where it stands, and the host looks what is due: as after a time when nobody was there.
    pub fn fires(&mut self) {
        let principal = Principal::house();
        let env = Env::new(self.clock.now(), &principal, &self.keys, &self.clock, self.log.len() as u64);
        let writes = self.duty.fire(&env);
        self.commit(writes, None);
    }

    /// A command about the first case of an incident by the duty officer of a board, committed; the reply.
    pub fn act(&mut self, command: &str, board: &str, incident: &Event, members: Value) -> Result<Value, Problem> {
        let case = self.cases(incident)[0]["id"].as_str().unwrap().to_owned();
        self.act_on(&case, command, board, members)
    }

    pub fn act_on(&mut self, case: &str, command: &str, board: &str, members: Value) -> Result<Value, Problem> {
        let mut members = members;
        members["id"] = json!(case);
        self.command(&principal(&[Role::DutyOfficer], Some(board)), command, members)
    }

    /// A command, committed; the reply.
    pub fn command(&mut self, principal: &Principal, command: &str, body: Value) -> Result<Value, Problem> {
        self.command_at(principal, command, body, None)
    }

    pub fn command_at(
        &mut self,
        principal: &Principal,
        command: &str,
        body: Value,
        if_match: Option<u64>,
    ) -> Result<Value, Problem> {
        let request = Request { if_match, ..request(principal, &body) };
        let decision = self.with_env_of(principal, |duty, env| duty.decide(command, &request, env))?;
        let mut ids: Vec<Uuid> = decision.writes.iter().flat_map(|write| &write.drafts).map(|draft| draft.id).collect();
        if ids.is_empty() {
            ids = decision.answered_by;
        }
        self.commit(decision.writes, None);
        let reply = self.with_env_of(principal, |duty, env| duty.reply(command, &ids, env))?;
        Ok(serde_json::from_str(reply.body.get()).unwrap())
    }

    /// One case, as kommunstyrelsen's crisis lead sees it.
    pub fn case(&self, id: &str) -> Value {
        self.ask_as(&principal(&[Role::CrisisLead], Some("kommunstyrelsen")), "case", json!({ "id": id })).unwrap()
    }

    /// From here on nothing that was sealed before opens: as after a restore with an older archive of keys.
    pub fn loses_its_keys(&mut self) {
        self.keys = Keys::open(&self.folder.join("other"), &self.folder.join("other-kek")).unwrap();
    }

    /// The same log folded anew, as after a restart.
    pub fn restarts(&mut self) {
        let mut duty = Duty::default();
        self.log.iter().for_each(|event| duty.evolve(event));
        self.followed.iter().for_each(|event| duty.observe(event));
        self.duty = duty;
    }

    pub fn ask(&self, query: &str, body: Value) -> Result<Value, Problem> {
        self.ask_as(&principal(&[Role::Ckl], None), query, body)
    }

    pub fn ask_as(&self, principal: &Principal, query: &str, body: Value) -> Result<Value, Problem> {
        let request = request(principal, &body);
        let answer = self.with_env_of(principal, |duty, env| duty.answer(query, &request, env))?;
        Ok(serde_json::from_str(answer.body.get()).unwrap())
    }

    pub fn cases(&self, incident: &Event) -> Vec<Value> {
        let answer = self.ask("cases", json!({ "incidentId": incident.subject.id() })).unwrap();
        answer["items"].as_array().unwrap().clone()
    }
}

fn request(principal: &Principal, body: &Value) -> Request {
    Request {
        principal: principal.clone(),
        deadline: Timestamp::MAX,
        correlation_id: Uuid::nil(),
        idempotency_key: None,
        if_match: None,
        min_cursor: None,
        body: to_raw_value(body).unwrap(),
    }
}

fn affected(board: &str) -> Affected {
    let name = format!("{board} stadsdelsnämnd");
    Affected { board: Named::new(board, name), area: None, share: 1.0, basis: AffectedBasis::Place, reason: None }
}
