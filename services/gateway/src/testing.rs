//! A gateway over a fake of the services: the same router, fold and feed, an in-memory log instead of the bus.

use crate::{
    feed::Entry,
    fold::Fold,
    gateway::{Gateway, Limits, Options},
    identity,
    upstream::{RoleHealth, Upstream},
};
use bytes::Bytes;
use futures::future::BoxFuture;
use narhet_kernel::{BoardId, Clock, Context, Klass, Mark, Role, StoreId, StreamId, Uuid, Vector};
use narhet_proto::{
    Draft, Event, Message,
    envelope::{self, Cause},
    events::{Named, duty::SupportCaseOpened, situation::IncidentStatusChanged},
    wire::{Answer, ErrorCode, LogReport, Problem, Request},
};
use parking_lot::Mutex;
use serde_json::{json, value::RawValue};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

pub const STORE: StoreId = StoreId(Uuid::from_u128(7));

/// One event as the log has it.
pub struct Logged {
    pub context: Context,
    pub event: Event,
    pub bytes: Bytes,
}

impl Logged {
    pub fn mark(&self) -> Mark {
        Mark { position: self.event.position, store: STORE.short() }
    }

    pub fn entry(&self) -> Entry {
        Entry::new(self.context, self.mark(), &self.event, self.bytes.clone())
    }

    pub fn fold_into(&self, fold: &Fold) {
        fold.apply(self.context, self.mark(), &self.event, self.bytes.clone());
    }
}

pub fn logged<M: Message>(context: Context, position: u64, stream: StreamId, readers: &str, message: &M) -> Logged {
    let draft = Draft {
        id: Uuid::from_u128(u128::from(position)),
        stream,
        event_type: M::TYPE,
        owner: BoardId::new("bromma").unwrap(),
        readers: readers.to_owned(),
        klass: Klass::DEFAULT,
        exercise: false,
        occurred_at: None,
        data: message.to_raw(),
    };
    let cause = Cause {
        source: "/narhet/stad/test",
        correlation_id: Uuid::nil(),
        causation_id: None,
        principal: "p-0000000000000000",
        role: None,
    };
    let mut bytes = envelope::head(&draft, cause);
    let tail = format!(
        r#","position":"{position}","version":"1","time":"2026-11-20T19:00:00.{position:06}Z","prevhash":"00"}}"#
    );
    bytes.extend_from_slice(tail.as_bytes());
    let bytes = Bytes::from(bytes);
    Logged { context, event: Event::decode(&bytes).unwrap(), bytes }
}

/// An incident's status changed; `id` names the incident.
pub fn status_changed(position: u64, id: &str, readers: &str) -> Logged {
    let message =
        IncidentStatusChanged { incident_id: id.to_owned(), status: narhet_proto::codes::IncidentStatus::Ongoing };
    logged(Context::Situation, position, StreamId::new("incident", id), readers, &message)
}

/// A case of incident `id` opened with a holder.
pub fn case_opened(position: u64, id: &str, holder: &str, readers: &str) -> Logged {
    let message = SupportCaseOpened {
        case_id: format!("case-of-{id}"),
        incident_id: id.to_owned(),
        responsible_board: None,
        holder: Named::new(holder, holder),
        occurred_at: narhet_kernel::Timestamp::UNIX_EPOCH,
        office_open: false,
        why: Vec::new(),
        exercise: false,
        area: None,
        basis: None,
        reason: None,
        masked: false,
    };
    logged(Context::Duty, position, StreamId::new("support-case", &message.case_id), readers, &message)
}

/// The services, faked: a log, and answers that show what was asked.
#[derive(Default)]
pub struct Fake {
    pub log: Mutex<Vec<Entry>>,
    pub asked: Mutex<Vec<(Context, &'static str, Request)>>,
    pub red: Mutex<Option<Context>>,
}

impl Fake {
    pub fn append(&self, logged: &Logged) {
        self.log.lock().push(logged.entry());
    }

    fn answer(&self, context: Context, name: &'static str, request: Request) -> Result<Answer, Problem> {
        let asked: serde_json::Value = serde_json::from_str(request.body.get()).unwrap();
        self.asked.lock().push((context, name, request));
        let body = match (name, asked["id"].as_str()) {
            ("incident", Some("panic")) => panic!("asked to"),
            ("incident", Some("missing")) => return Err(Problem::new(ErrorCode::NotFound, "no such incident")),
            ("report-incident", _) if asked["title"].is_null() => return Err(Problem::at("/title", "missing")),
            ("cases", _) => json!({ "items": [{ "id": "case" }] }),
            (_, id) => json!({ "id": id.unwrap_or("new"), "status": "ongoing" }),
        };
        Ok(Answer {
            body: RawValue::from_string(body.to_string()).unwrap(),
            cursor: Vector::new().with(context, Mark { position: 3, store: STORE.short() }),
            version: Some(2),
            created: (name == "report-incident").then(|| "new".to_owned()),
        })
    }
}

impl Upstream for Fake {
    fn command(
        &self,
        context: Context,
        name: &'static str,
        request: Request,
    ) -> BoxFuture<'_, Result<Answer, Problem>> {
        Box::pin(async move { self.answer(context, name, request) })
    }

    fn query(&self, context: Context, name: &'static str, request: Request) -> BoxFuture<'_, Result<Answer, Problem>> {
        Box::pin(async move { self.answer(context, name, request) })
    }

    fn health(&self, context: Context) -> BoxFuture<'_, Result<RoleHealth, Problem>> {
        let ready = *self.red.lock() != Some(context);
        let reason = (!ready).then(|| "told to be red".to_owned());
        Box::pin(async move { Ok(RoleHealth { ready, reason, position: 0, store: STORE, unknown_events: 0 }) })
    }

    fn verify(&self, context: Context) -> BoxFuture<'_, Result<LogReport, Problem>> {
        let report = LogReport {
            context: context.to_string(),
            store: STORE.0,
            events: 0,
            frames: 0,
            streams: 0,
            event_bytes: 0,
            last_hash: String::new(),
            torn_tail_bytes: 0,
            broken: None,
        };
        Box::pin(async move { Ok(report) })
    }

    fn backup(&self, _: PathBuf) -> BoxFuture<'_, Result<Vector, Problem>> {
        Box::pin(async { Ok(Vector::new()) })
    }

    fn read_page<'a>(&'a self, from: &'a Vector, limit: usize) -> BoxFuture<'a, Result<Vec<Entry>, Problem>> {
        let unseen = |entry: &&Entry| entry.mark.position > from.position(entry.context);
        let page = self.log.lock().iter().filter(unseen).take(limit).cloned().collect();
        Box::pin(async move { Ok(page) })
    }
}

/// A gateway on a port of its own.
pub struct House {
    pub url: String,
    pub fake: Arc<Fake>,
    pub fold: Arc<Fold>,
    pub issuer: identity::demo::Issuer,
    pub client: reqwest::Client,
    shutdown: CancellationToken,
    folder: PathBuf,
}

pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir().join(format!("narhet-gateway-{}", Uuid::new_v4()))
}

impl House {
    pub async fn start(limits: Limits) -> House {
        let folder = temporary_folder();
        let options = Options {
            http: ([127, 0, 0, 1], 0).into(),
            keys_folder: folder.clone(),
            identity: identity::Config::default(),
            demo: true,
            clock: Clock::system(),
            limits,
        };
        let fake = Arc::new(Fake::default());
        let gateway = Gateway::assemble(options, Arc::clone(&fake) as Arc<dyn Upstream>).await.unwrap();
        let (url, fold) = (format!("http://{}", gateway.address()), gateway.fold());
        fold.found_heads(Vector::new());
        let shutdown = CancellationToken::new();
        tokio::spawn(gateway.run(shutdown.clone()));
        let issuer = identity::demo::Issuer::open(&folder).unwrap();
        House { url, fake, fold, issuer, client: reqwest::Client::new(), shutdown, folder }
    }

    /// An event in the log and in the fold.
    pub fn record(&self, logged: &Logged) {
        self.fake.append(logged);
        logged.fold_into(&self.fold);
    }

    pub fn token(&self, role: Role, board: Option<&str>) -> String {
        let board = board.and_then(BoardId::new);
        self.issuer.mint(&[role], board.as_ref(), None, "someone", Duration::from_secs(600)).unwrap()
    }

    pub fn request(&self, method: &str, path: &str, role: Role) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(self.token(role, Some("jarva")))
    }

    pub async fn get(&self, path: &str, role: Role) -> reqwest::Response {
        self.request("GET", path, role).send().await.unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.cancel();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
