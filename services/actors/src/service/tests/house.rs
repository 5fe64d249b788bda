//! A house small enough for tests: it does what the host does with this service, in memory; area's map is told by events.

use super::super::*;
use narhet_kernel::{BoardId, Clock, Principal, Role, SubjectId};
use narhet_proto::events::{
    Named,
    actors::SubjectErased,
    area::{AreaDrawn, BoardDissolved, BoardEstablished},
};
use narhet_proto::{
    Draft,
    codes::{BoardKind, Tier},
};
use narhet_runtime::Keys;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

pub const NOW: &str = "2026-01-01T00:00:00Z";

pub struct House {
    pub service: Actors,
    pub events: Vec<Event>,
    versions: HashMap<StreamId, u64>,
    area_position: u64,
    keys: Keys,
    clock: Clock,
    folder: PathBuf,
}

impl House {
    /// Three boards side by side, each with an area of its own.
    pub fn of_three() -> House {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("narhet-actors-{}-{number}", std::process::id()));
        let keys = Keys::open(&folder.join("keys"), &folder.join("kek")).unwrap();
        let mut house = House {
            service: Actors::default(),
            events: Vec::new(),
            versions: HashMap::new(),
            area_position: 0,
            keys,
            clock: Clock::manual(NOW.parse().unwrap()),
            folder,
        };
        house.divide("2020-01-01T00:00:00Z", &["norrmalm", "ostermalm", "farsta"], &[]);
        house
    }

    /// Areas named after their boards, in stripes from west to east; boards that end, with their heirs.
    pub fn divide(&mut self, from: &str, boards: &[&str], ending: &[(&str, &str)]) {
        let valid_from: Timestamp = from.parse().unwrap();
        let division = Uuid::from_u128(u128::from(self.area_position) + 1_000_000);
        let division_id = Some(division.to_string());
        let named = |id: &str| Named::new(id, id);
        for id in boards {
            let board = BoardEstablished {
                id: (*id).to_owned(),
                name: (*id).to_owned(),
                kind: BoardKind::District,
                valid_from: Some(valid_from),
                source: "prov".into(),
                division_id: division_id.clone(),
            };
            self.area("board", id, &board);
        }
        for (id, heir) in ending {
            let (successor, division_id) = (named(heir), division_id.clone());
            self.area(
                "board",
                id,
                &BoardDissolved { id: (*id).to_owned(), valid_to: valid_from, successor, division_id },
            );
        }
        let width = 0.3 / boards.len() as f64;
        for (index, id) in boards.iter().enumerate() {
            let (west, east) = (18.0 + width * index as f64, 18.0 + width * (index + 1) as f64);
            let ring = json!([[west, 59.2], [east, 59.2], [east, 59.4], [west, 59.4], [west, 59.2]]);
            let drawn = AreaDrawn {
                area_id: (*id).to_owned(),
                name: (*id).to_owned(),
                board: named(id),
                tier: Tier::District,
                division_id: division_id.clone(),
                valid_from: Some(valid_from),
                geometry: Some(json!({ "type": "MultiPolygon", "coordinates": [[ring]] })),
                neighbourhoods: Vec::new(),
                approximate: false,
            };
            self.area("area", id, &drawn);
        }
        let recorded: DivisionRecorded =
            serde_json::from_value(json!({ "divisionId": division, "validFrom": valid_from,
            "areaIds": boards, "source": "prov" }))
            .unwrap();
        self.area("division", &division.to_string(), &recorded);
        assert_eq!(self.service.health(self.now()), Ok(()));
        while !self.service.registry.relinks.is_empty() {
            self.fire();
        }
    }

    /// One event of area's, followed and reacted to.
    fn area<M: Message>(&mut self, kind: &str, id: &str, message: &M) {
        self.area_position += 1;
        let event_id = Uuid::from_u128(u128::from(self.area_position));
        let draft = Draft::public(event_id, StreamId::new(kind, id), relink::house(), message);
        let event = event(draft, self.area_position, 1, self.now(), "p-house");
        self.follow(&event);
    }

    /// One event of another context.
    pub fn follow(&mut self, event: &Event) {
        self.service.observe(event);
        let writes = self.service.react(event, &self.env(&Principal::house()));
        self.commit(writes, "p-house");
    }

    /// What is noted of an incident of situation's.
    pub fn note_incident(&mut self, id: &str, open: bool, boards: &[&str]) {
        let boards = boards.iter().map(|board| (*board).to_owned()).collect();
        let noted = IncidentNoted { incident_id: id.to_owned(), open, boards };
        let draft = crate::persons::for_records(Uuid::new_v4(), StreamId::new("incident", id), &noted);
        self.commit(vec![Write::one(Expected::Any, draft)], "p-house");
    }

    pub fn fire(&mut self) {
        let house = Principal::house();
        let env = Env::new(self.clock.now(), &house, &self.keys, &self.clock, self.events.len() as u64);
        let writes = self.service.fire(&env);
        self.commit(writes, "p-house");
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn set_clock(&self, instant: &str) {
        self.clock.set(instant.parse().unwrap());
    }

    pub fn env<'a>(&'a self, principal: &'a Principal) -> Env<'a> {
        Env::new(self.now(), principal, &self.keys, &self.clock, self.events.len() as u64)
    }

    fn request(&self, principal: &Principal, body: &Value) -> Request {
        Request {
            principal: principal.clone(),
            deadline: self.now(),
            correlation_id: Uuid::nil(),
            idempotency_key: None,
            if_match: None,
            min_cursor: None,
            body: serde_json::value::to_raw_value(body).unwrap(),
        }
    }

    /// A coordinator of this board does something; answers the reply.
    pub fn act(&mut self, board: &str, command: &str, body: &Value) -> Result<Value, Problem> {
        self.act_as(&somebody(Role::Coordinator, Some(board)), command, body)
    }

    /// Refusals leave the log as it was.
    pub fn act_as(&mut self, principal: &Principal, command: &str, body: &Value) -> Result<Value, Problem> {
        let decision = self.service.decide(command, &self.request(principal, body), &self.env(principal))?;
        let before = self.events.len();
        self.commit(decision.writes, &principal.id);
        let new: Vec<Uuid> = self.events[before..].iter().map(|event| event.id).collect();
        let ids = if new.is_empty() { decision.answered_by } else { new };
        let reply = self.service.reply(command, &ids, &self.env(principal))?;
        Ok(serde_json::from_str(reply.body.get()).unwrap())
    }

    pub fn ask(&self, principal: &Principal, query: &str, body: &Value) -> Result<Value, Problem> {
        let answer = self.service.answer(query, &self.request(principal, body), &self.env(principal))?;
        Ok(serde_json::from_str(answer.body.get()).unwrap())
    }

    /// An actor with a site in the middle of the area of this stripe; answers its id.
    pub fn register(&mut self, board: &str, card: &Value) -> String {
        let reply = self.act(board, "register-actor", card).unwrap();
        reply["id"].as_str().unwrap().to_owned()
    }

    pub fn count(&self, event_type: &str) -> usize {
        self.events.iter().filter(|event| event.event_type == event_type).count()
    }

    /// Every fold from zero, and everything that was opened of it.
    pub fn rebuilt(&mut self) {
        let map = std::mem::take(&mut self.service.map);
        self.service = Actors { map, ..Actors::default() };
        self.events.iter().for_each(|event| self.service.evolve(event));
    }

    /// Checks what is expected of each stream as the store does, gives each event its place, folds it, forgets who is erased.
    fn commit(&mut self, writes: Vec<Write>, principal: &str) {
        for write in writes {
            let version = *self.versions.get(&write.stream).unwrap_or(&0);
            match write.expected {
                Expected::Any => {}
                Expected::NoStream => assert_eq!(version, 0, "{} exists", write.stream),
                Expected::Exactly(expected) => assert_eq!(version, expected, "{}", write.stream),
            }
            for draft in write.drafts {
                let version = self.versions.entry(draft.stream.clone()).or_default();
                *version += 1;
                let event = event(draft, self.events.len() as u64 + 1, *version, self.clock.now(), principal);
                self.service.evolve(&event);
                if let Some(Ok(erased)) = event.data::<SubjectErased>() {
                    self.keys.destroy_subjects(&[erased.subject_id]).unwrap();
                }
                self.events.push(event);
            }
        }
    }

    pub fn holds_key_of(&self, subject: &str) -> bool {
        self.keys.holds_subject(subject.parse::<SubjectId>().unwrap())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn event(draft: Draft, position: u64, version: u64, time: Timestamp, principal: &str) -> Event {
    Event {
        specversion: "1.0".into(),
        id: draft.id,
        source: "/narhet/stad/actors".into(),
        event_type: draft.event_type.into(),
        subject: draft.stream,
        correlationid: draft.id,
        causationid: None,
        principal: principal.to_owned(),
        role: None,
        owner: draft.owner,
        readers: draft.readers,
        klass: draft.klass,
        exercise: false,
        occurredat: None,
        data: draft.data,
        position,
        version,
        time,
        prevhash: String::new(),
    }
}

pub fn somebody(role: Role, board: Option<&str>) -> Principal {
    let id = format!("p-{role}-{}", board.unwrap_or("stad"));
    Principal { id, roles: vec![role], board: board.and_then(BoardId::new), ..Principal::house() }
}

pub fn coordinator(board: &str) -> Principal {
    somebody(Role::Coordinator, Some(board))
}

/// A card with one site in this stripe of three, 0 to 2.
pub fn card(name: &str, stripe: u32) -> Value {
    let lon = 18.05 + 0.1 * f64::from(stripe);
    json!({ "name": name, "kind": "voluntary", "readers": ["all-boards"],
        "sites": [{ "name": "Lokalen", "place": { "type": "Point", "coordinates": [lon, 59.3] } }] })
}

/// The card with other members.
pub fn with(mut card: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        card[name] = value.clone();
    }
    card
}
