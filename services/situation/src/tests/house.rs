//! A house of one role without host, log or bus: it gives writes a place in a log as the store would, and folds them.

use crate::Situation;
use narhet_kernel::{BoardId, Clock, Context, Klass, Principal, Role, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event, Message,
    codes::{BoardKind, Tier},
    envelope,
    events::{
        Named,
        area::{AreaDrawn, BoardEstablished, DivisionRecorded},
        duty::SupportCaseOpened,
    },
    subject,
    wire::{Problem, Request},
};
use narhet_runtime::{AnswerBody, Env, Keys, Service, Write};
use serde_json::{Value, json, value::to_raw_value};
use std::{collections::HashMap, path::PathBuf};

pub const DIVISION: &str = "indelning-2023";
/// A Friday noon in Stockholm.
pub const NOON: &str = "2026-11-20T11:00:00Z";

pub struct House {
    pub situation: Situation,
    pub clock: Clock,
    pub keys: Keys,
    folder: PathBuf,
    /// Situation's own log, with the stored bytes.
    pub log: Vec<(Event, Vec<u8>)>,
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

/// A coordinator of Farsta, whose area is far from every place of these tests.
pub fn reporter() -> Principal {
    principal(&[Role::Coordinator], Some("farsta"))
}

impl House {
    /// Järva west and Bromma east of longitude 18 since 2023-07-01.
    pub fn new() -> House {
        let folder = std::env::temp_dir().join(format!("narhet-situation-{}", Uuid::new_v4()));
        let house = House {
            situation: Situation::default(),
            clock: Clock::manual(instant(NOON)),
            keys: Keys::open(&folder.join("data"), &folder.join("kek")).unwrap(),
            folder,
            log: Vec::new(),
            versions: HashMap::new(),
            positions: HashMap::new(),
        };
        house.with_a_map()
    }

    fn with_a_map(mut self) -> House {
        for (id, name, kind, division) in [
            ("kommunstyrelsen", "Kommunstyrelsen", BoardKind::Executive, None),
            ("lansstyrelsen-stockholm", "Länsstyrelsen Stockholm", BoardKind::State, None),
            ("stockholm-vatten", "Stockholm Vatten och Avfall", BoardKind::Company, None),
            ("jarva", "Järva stadsdelsnämnd", BoardKind::District, Some(DIVISION)),
            ("bromma", "Bromma stadsdelsnämnd", BoardKind::District, Some(DIVISION)),
            ("farsta", "Farsta stadsdelsnämnd", BoardKind::District, Some(DIVISION)),
        ] {
            let (id, name) = (id.to_owned(), name.to_owned());
            let division_id = division.map(str::to_owned);
            let board = BoardEstablished { id, name, kind, valid_from: None, source: "prov".to_owned(), division_id };
            self.area(&board, "board");
        }
        let areas =
            [("jarva", "Järva", 17.8, 18.0), ("bromma", "Bromma", 18.0, 18.2), ("farsta", "Farsta", 18.2, 18.3)];
        for (id, name, west, east) in areas {
            let ring = json!([[west, 59.2], [east, 59.2], [east, 59.5], [west, 59.5], [west, 59.2]]);
            let drawn = AreaDrawn {
                area_id: id.to_owned(),
                name: name.to_owned(),
                board: Named::new(id, format!("{name} stadsdelsnämnd")),
                tier: Tier::District,
                division_id: Some(DIVISION.to_owned()),
                valid_from: Some(instant("2023-06-30T22:00:00Z")),
                geometry: Some(json!({ "type": "MultiPolygon", "coordinates": [[ring]] })),
                neighbourhoods: Vec::new(),
                approximate: false,
            };
            self.area(&drawn, "area");
        }
        let division = json!({
            "divisionId": DIVISION, "validFrom": "2023-06-30T22:00:00Z", "source": "prov",
            "areaIds": areas.map(|(id, ..)| id),
        });
        self.area(&serde_json::from_value::<DivisionRecorded>(division).unwrap(), "division");
        self
    }

    fn area<M: Message>(&mut self, message: &M, kind: &str) {
        let owner = BoardId::new("kommunstyrelsen").unwrap();
        let draft = Draft::public(Uuid::new_v4(), StreamId::new(kind, "x"), owner, message);
        let (event, _) = self.place(&draft, Context::Area, None);
        self.situation.observe(&event);
    }

    /// Gives a draft its place in a context's log.
    fn place(&mut self, draft: &Draft, context: Context, caused_by: Option<Uuid>) -> (Event, Vec<u8>) {
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
        (Event::decode(&bytes).unwrap(), bytes)
    }

    pub fn env<'a>(&'a self, principal: &'a Principal) -> Env<'a> {
        Env::new(self.clock.now(), principal, &self.keys, &self.clock, self.log.len() as u64)
    }

    pub fn commit(&mut self, writes: Vec<Write>, caused_by: Option<Uuid>) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for draft in writes.iter().flat_map(|write| &write.drafts) {
            let (event, bytes) = self.place(draft, Context::Situation, caused_by);
            self.situation.evolve(&event);
            ids.push(event.id);
            self.log.push((event, bytes));
        }
        ids
    }

    /// Decides, records, replies; and how many events were recorded.
    pub fn command(
        &mut self,
        by: &Principal,
        name: &str,
        body: &Value,
        if_match: Option<u64>,
    ) -> Result<(Value, usize), Problem> {
        let (ids, recorded) = self.decide(by, name, body, if_match)?;
        Ok((read(self.situation.reply(name, &ids, &self.env(by))?), recorded))
    }

    pub fn decide(
        &mut self,
        by: &Principal,
        name: &str,
        body: &Value,
        if_match: Option<u64>,
    ) -> Result<(Vec<Uuid>, usize), Problem> {
        let request = Request { if_match, ..request(by, body) };
        let decision = self.situation.decide(name, &request, &self.env(by))?;
        let written = self.commit(decision.writes, None);
        let recorded = written.len();
        Ok((if written.is_empty() { decision.answered_by } else { written }, recorded))
    }

    pub fn report(&mut self, body: &Value) -> Result<Value, Problem> {
        self.command(&reporter(), "report-incident", body, None).map(|(reply, _)| reply)
    }

    pub fn ask(&self, by: &Principal, query: &str, body: &Value) -> Result<Value, Problem> {
        self.situation.answer(query, &request(by, body), &self.env(by)).map(read)
    }

    pub fn incident(&self, id: &Value) -> Value {
        self.ask(&principal(&[Role::Ckl], None), "incident", &json!({ "id": id })).unwrap()
    }

    /// A case as duty would have opened it, seen by situation; how many events that causes.
    pub fn case(&mut self, incident: &Value, case: &str, board: Option<&str>, holder: &str) -> usize {
        let opened = SupportCaseOpened {
            case_id: case.to_owned(),
            incident_id: incident.as_str().unwrap().to_owned(),
            responsible_board: board.map(|board| Named::new(board, board)),
            holder: Named::new(holder, holder),
            occurred_at: self.clock.now(),
            office_open: true,
            why: Vec::new(),
            exercise: false,
            area: None,
            basis: None,
            reason: None,
            masked: false,
        };
        let draft = Draft {
            id: Uuid::new_v4(),
            stream: StreamId::new("support-case", case),
            event_type: SupportCaseOpened::TYPE,
            owner: BoardId::new("jarva").unwrap(),
            readers: String::new(),
            klass: Klass::DEFAULT,
            exercise: false,
            occurred_at: None,
            data: opened.to_raw(),
        };
        let (event, _) = self.place(&draft, Context::Duty, None);
        let house = Principal::house();
        let writes = self.situation.react(&event, &self.env(&house));
        self.commit(writes, Some(event.id)).len()
    }
}

pub fn read(answer: AnswerBody) -> Value {
    serde_json::from_str(answer.body.get()).unwrap()
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
