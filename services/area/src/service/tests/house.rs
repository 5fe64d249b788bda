//! A house small enough for tests: it does what the host does with one service, in memory.

use super::super::*;
use narhet_kernel::Clock;
use narhet_runtime::Keys;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// Where the row of cells begins, and how wide a cell is, in degrees; a cell is about a square kilometre.
pub const WEST: f64 = 18.0;
pub const CELL: f64 = 0.015_625;
pub const SOUTH: f64 = 59.25;
const HEIGHT: f64 = 0.01;

pub struct House {
    pub service: AreaService,
    pub principal: Principal,
    position: u64,
    versions: HashMap<StreamId, u64>,
    keys: Keys,
    clock: Clock,
    folder: PathBuf,
}

/// What an import came to.
#[derive(Debug)]
pub struct Outcome {
    pub report: Value,
    pub events: Vec<Event>,
}

impl House {
    pub fn started() -> House {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("narhet-area-{}-{number}", std::process::id()));
        let keys = Keys::open(&folder.join("keys"), &folder.join("kek")).unwrap();
        let mut house = House {
            service: AreaService::default(),
            principal: Principal { roles: vec![Role::CitySecurity], ..Principal::house() },
            position: 0,
            versions: HashMap::new(),
            keys,
            clock: Clock::manual("2026-01-01T00:00:00Z".parse().unwrap()),
            folder,
        };
        let writes = house.service.first_start(&house.env());
        house.commit(writes);
        house
    }

    pub fn responsibility(&self) -> &Responsibility {
        self.service.responsibility()
    }

    pub fn head(&self) -> u64 {
        self.position
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn env(&self) -> Env<'_> {
        Env::new(self.now(), &self.principal, &self.keys, &self.clock, self.position)
    }

    fn request(&self, body: &Value) -> Request {
        Request {
            principal: self.principal.clone(),
            deadline: self.now(),
            correlation_id: Uuid::nil(),
            idempotency_key: None,
            if_match: None,
            min_cursor: None,
            body: serde_json::value::to_raw_value(body).unwrap(),
        }
    }

    pub fn decide(&self, body: &Value) -> Result<Decision, Problem> {
        self.service.decide(IMPORT_DIVISION, &self.request(body), &self.env())
    }

    /// # Panics
    /// When the import is not refused.
    pub fn refused(&self, body: &Value) -> Problem {
        self.decide(body).expect_err("this import must be refused")
    }

    pub fn import(&mut self, body: &Value) -> Result<Outcome, Problem> {
        let decision = self.decide(body)?;
        let answered_by = decision.answered_by;
        let events = self.commit(decision.writes);
        let ids = if events.is_empty() { answered_by } else { events.iter().map(|event| event.id).collect() };
        let reply = self.service.reply(IMPORT_DIVISION, &ids, &self.env())?;
        Ok(Outcome { report: serde_json::from_str(reply.body.get()).unwrap(), events })
    }

    /// Does something as this role; answers the reply.
    pub fn act(&mut self, role: Role, command: &str, body: &Value) -> Result<Value, Problem> {
        let decision = self.decided(role, command, body)?;
        let answered_by = decision.answered_by;
        let events = self.commit(decision.writes);
        let ids = if events.is_empty() { answered_by } else { events.iter().map(|event| event.id).collect() };
        let reply = self.service.reply(command, &ids, &self.env())?;
        Ok(serde_json::from_str(reply.body.get()).unwrap())
    }

    /// What would be done for this role, without doing it.
    pub fn decided(&mut self, role: Role, command: &str, body: &Value) -> Result<Decision, Problem> {
        self.principal.roles = vec![role];
        self.service.decide(command, &self.request(body), &self.env())
    }

    pub fn ask(&self, query: &str, body: &Value) -> Result<Value, Problem> {
        let answer = self.service.answer(query, &self.request(body), &self.env())?;
        Ok(serde_json::from_str(answer.body.get()).unwrap())
    }

    pub fn rehearse(&self, body: &Value) -> Result<Value, Problem> {
        let answer = self.service.answer(REHEARSE_IMPORT, &self.request(body), &self.env())?;
        Ok(serde_json::from_str(answer.body.get()).unwrap())
    }

    /// Checks what is expected of each stream as the store does, gives each event its place and folds it.
    fn commit(&mut self, writes: Vec<Write>) -> Vec<Event> {
        let mut events = Vec::new();
        for write in writes {
            let version = *self.versions.get(&write.stream).unwrap_or(&0);
            match write.expected {
                Expected::Any => {}
                Expected::NoStream => assert_eq!(version, 0, "{} exists", write.stream),
                Expected::Exactly(expected) => assert_eq!(version, expected, "{}", write.stream),
            }
            for draft in write.drafts {
                assert!(draft.data.get().len() < 512 * 1024);
                self.position += 1;
                let version = self.versions.entry(draft.stream.clone()).or_default();
                *version += 1;
                events.push(Event {
                    specversion: "1.0".into(),
                    id: draft.id,
                    source: "/narhet/stad/area".into(),
                    event_type: draft.event_type.into(),
                    subject: draft.stream,
                    correlationid: draft.id,
                    causationid: None,
                    principal: self.principal.id.clone(),
                    role: None,
                    owner: draft.owner,
                    readers: draft.readers,
                    klass: draft.klass,
                    exercise: false,
                    occurredat: None,
                    data: draft.data,
                    position: self.position,
                    version: *version,
                    time: self.clock.now(),
                    prevhash: String::new(),
                });
            }
        }
        events.iter().for_each(|event| self.service.evolve(event));
        events
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A FeatureCollection of named polygons.
pub fn map(features: &[(&str, Value)]) -> String {
    let feature = |(name, rings): &(&str, Value)| json!({ "type": "Feature", "properties": { "name": name }, "geometry": { "type": "Polygon", "coordinates": rings } });
    json!({ "type": "FeatureCollection", "features": features.iter().map(feature).collect::<Vec<_>>() }).to_string()
}

/// The rings of one cell of the row.
pub fn cell(index: usize) -> Value {
    ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)], index)
}

/// Cell 0 with a notch of this depth in its eastern side, or cell 1, which has the notch's ends on its western side.
pub fn cell_with_notch(index: usize, depth: f64) -> Value {
    match index {
        0 => ring(
            &[(0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (1.0 - depth, 0.5), (1.0, 0.7), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)],
            0,
        ),
        _ => ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.7), (0.0, 0.3), (0.0, 0.0)], index),
    }
}

/// A circle of many vertices within cell 0, written with all their digits.
pub fn circle(vertices: usize) -> Value {
    let turn = |number: usize| std::f64::consts::TAU * (number % vertices) as f64 / vertices as f64;
    let corner = |number: usize| (0.5 + 0.3 * turn(number).cos(), 0.5 + 0.3 * turn(number).sin());
    ring(&(0..=vertices).map(corner).collect::<Vec<_>>(), 0)
}

fn ring(corners: &[(f64, f64)], index: usize) -> Value {
    let position = |(x, y): &(f64, f64)| json!([WEST + CELL * (index as f64 + x), SOUTH + HEIGHT * y]);
    json!([corners.iter().map(position).collect::<Vec<_>>()])
}

/// The middle of a cell.
pub fn middle(index: usize) -> narhet_geo::Point {
    narhet_geo::Point::new(WEST + CELL * (index as f64 + 0.5), SOUTH + HEIGHT / 2.0).unwrap()
}

/// The same import with a day of decision.
pub fn with_decision(mut body: Value, day: &str) -> Value {
    body["decidedAt"] = json!(day);
    body
}
