//! Readiness and alarms: passed on to `duty`, who decides and answers. One table says what each route sends.

use super::{
    incidents::{etag, if_match},
    reply::{self, raw},
};
use crate::{app::Shared, limits::COMMAND_TIMEOUT, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::{MethodRouter, delete, get, post, put},
};
use narhet_kernel::{Context, Principal, Timestamp, Uuid};
use narhet_proto::wire::{Answer, Problem};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a route of readiness does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    List(&'static str),
    Read(&'static str),
    Put(&'static str),
    Remove(&'static str),
    Act(Act),
    Ask(Question),
    Receipt,
    Calendar,
}

/// A command: its name, what the path's members are called in it, and what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    pub command: &'static str,
    pub members: &'static [(&'static str, &'static str)],
    /// Where what it makes can be read.
    pub makes: Option<&'static str>,
}

/// A query and the parameters that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    pub query: &'static str,
    pub parameters: &'static [&'static str],
    pub fixed: Option<(&'static str, &'static str)>,
}

pub const fn sends(command: &'static str, members: &'static [(&'static str, &'static str)]) -> Act {
    Act { command, members, makes: None }
}

impl Act {
    pub const fn makes(self, prefix: &'static str) -> Self {
        Self { makes: Some(prefix), ..self }
    }
}

pub const fn asks(query: &'static str, parameters: &'static [&'static str]) -> Question {
    Question { query, parameters, fixed: None }
}

impl Question {
    pub const fn with(self, member: &'static str, value: &'static str) -> Self {
        Self { fixed: Some((member, value)), ..self }
    }
}

type Members = Path<BTreeMap<String, String>>;

pub fn handler(call: Call) -> MethodRouter<Shared> {
    match call {
        Call::List(kind) => {
            get(move |app: State<Shared>, ask: Extension<Ask>, query: RawQuery| list(kind, app, ask, query))
        }
        Call::Read(kind) => get(move |app: State<Shared>, ask: Extension<Ask>, path: Members, query: RawQuery| {
            read(kind, app, ask, path, query)
        }),
        Call::Put(kind) => {
            put(move |app: State<Shared>, ask: Extension<Ask>, path: Members, headers: HeaderMap, body: Body| {
                put_record(kind, app, ask, path, headers, body)
            })
        }
        Call::Remove(kind) => delete(
            move |app: State<Shared>, ask: Extension<Ask>, path: Members, query: RawQuery, headers: HeaderMap| {
                remove(kind, app, ask, path, query, headers)
            },
        ),
        Call::Act(one) => {
            let run = move |app: State<Shared>,
                            ask: Extension<Ask>,
                            path: Option<Members>,
                            headers: HeaderMap,
                            body: Body| { command(one, app, ask, path, headers, body) };
            if one.command == "revoke-feed" { delete(run) } else { post(run) }
        }
        Call::Ask(one) => {
            get(move |app: State<Shared>, asked: Extension<Ask>, path: Option<Members>, query: RawQuery| {
                question(one, app, asked, path, query)
            })
        }
        Call::Receipt => post(receipt),
        Call::Calendar => get(calendar),
    }
}

async fn list(
    kind: &'static str,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["board", "minCursor"])?;
    let body = json!({ "kind": kind, "board": query.text("board")? });
    let request = ask.query(raw(&body), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Duty, "records", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

async fn read(
    kind: &'static str,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(path): Members,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let request = ask.query(raw(&json!({ "kind": kind, "id": path.get("id") })), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Duty, "record", request).await?;
    Ok(answered(StatusCode::OK, &answer))
}

async fn put_record(
    kind: &'static str,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(path): Members,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    let record = reply::json_object(&headers, &[reply::JSON], body).await?;
    let mut request = ask.command(&headers, raw(&json!({ "kind": kind, "id": path.get("id"), "record": record })))?;
    let is_new = !headers.contains_key(header::IF_MATCH);
    if !is_new {
        request.if_match = Some(if_match(&headers)?);
    }
    let answer = app.upstream.command(Context::Duty, "put-record", request).await?;
    Ok(answered(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &answer))
}

async fn remove(
    kind: &'static str,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(path): Members,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["accept"])?;
    let body = json!({ "kind": kind, "id": path.get("id"), "accept": query.list("accept") });
    let mut request = ask.command(&headers, raw(&body))?;
    request.if_match = Some(if_match(&headers)?);
    let answer = app.upstream.command(Context::Duty, "remove-record", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

async fn command(
    act: Act,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: Option<Members>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    let mut members = optional_object(&headers, body).await?;
    let path = path.map(|Path(path)| path).unwrap_or_default();
    let named = act.members.iter().filter_map(|(from, to)| Some((*to, path.get(*from)?.clone())));
    for (member, value) in named {
        if members.contains_key(member) {
            return Err(Problem::at(&format!("/{member}"), "this stands in the path").into());
        }
        members.insert(member.to_owned(), value.into());
    }
    let answer = app.upstream.command(Context::Duty, act.command, ask.command(&headers, raw(&members))?).await?;
    let Some(prefix) = act.makes else { return Ok(answered(StatusCode::OK, &answer)) };
    let mut response = answered(StatusCode::CREATED, &answer);
    let location = answer.created.map(|id| HeaderValue::from_str(&format!("{prefix}{id}")));
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn question(
    one: Question,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: Option<Members>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let known: Vec<&str> = one.parameters.iter().copied().chain(["minCursor"]).collect();
    let query = Query::of(query.as_deref(), &known)?;
    let mut body = Map::new();
    for name in one.parameters {
        if let Some(value) = query.text(name)? {
            body.insert((*name).to_owned(), value.into());
        }
    }
    body.extend(path.map(|Path(path)| path).unwrap_or_default().into_iter().map(|(name, value)| (name, value.into())));
    body.extend(one.fixed.map(|(name, value)| (name.to_owned(), value.into())));
    let answer =
        app.upstream.query(Context::Duty, one.query, ask.query(raw(&body), query.cursor("minCursor")?)).await?;
    Ok(answered(StatusCode::OK, &answer))
}

/// `POST /v1/webhooks/{channel}/receipts`: no token, but a signature that duty checks over the body as it came.
async fn receipt(
    State(app): State<Shared>,
    Path(path): Members,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    let receipt = reply::json_object(&headers, &[reply::JSON], body).await?;
    let signature = headers.get("narhet-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = json!({ "channel": path.get("channel"), "signature": signature, "body": receipt.get() });
    let answer = app.upstream.command(Context::Duty, "take-receipt", nobody().command(&headers, raw(&body))?).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

/// `GET /v1/calendar-feeds/{secret}`: the address is the right to read.
async fn calendar(State(app): State<Shared>, Path(path): Members) -> Result<Response<Body>, Refused> {
    let secret = path.get("secret").map(|secret| secret.trim_end_matches(".ics")).unwrap_or_default();
    let answer = app
        .upstream
        .query(Context::Duty, "calendar-feed", nobody().query(raw(&json!({ "secret": secret })), None))
        .await?;
    let body: Value = serde_json::from_str(answer.body.get()).unwrap_or_default();
    let text = body["calendar"].as_str().unwrap_or_default().to_owned();
    Ok(reply::json(StatusCode::OK, "text/calendar; charset=utf-8", text, &answer.cursor))
}

/// Who asks without a token: without any role.
fn nobody() -> Ask {
    Ask {
        id: Uuid::now_v7(),
        principal: Principal { id: "p-unsigned".to_owned(), board: None, ..Principal::house() },
        token_expires: Timestamp::MAX,
        deadline: Timestamp::now().checked_add(COMMAND_TIMEOUT).unwrap_or(Timestamp::MAX),
    }
}

fn answered(status: StatusCode, answer: &Answer) -> Response<Body> {
    let mut response = reply::with_cursor(status, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    response
}

/// A command that the path says all of needs no body.
async fn optional_object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Problem> {
    if !headers.contains_key(header::CONTENT_TYPE) {
        return Ok(Map::new());
    }
    let body = reply::json_object(headers, &[reply::JSON], body).await?;
    serde_json::from_str(body.get()).map_err(|error| Problem::at("", error.to_string()))
}
