//! What of readiness is more than passing on: records under a name of their own, signed receipts, calendars behind a secret.

use super::{
    passing::answered,
    reply::{self, raw},
    versions::if_match,
};
use crate::{app::Shared, limits::COMMAND_TIMEOUT, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Response, StatusCode, header},
    routing::{MethodRouter, delete, get, post, put},
};
use narhet_kernel::{Context, Principal, Timestamp, Uuid};
use narhet_proto::wire::Problem;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a route of readiness does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Put(&'static str),
    Remove(&'static str),
    Receipt,
    Calendar,
}

type Members = Path<BTreeMap<String, String>>;

pub fn handler(call: Call) -> MethodRouter<Shared> {
    match call {
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
        Call::Receipt => post(receipt),
        Call::Calendar => get(calendar),
    }
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

/// `POST /v1/webhooks/{channel}/receipts`: no token, but a signature that duty checks over the body as it came.
async fn receipt(
    State(app): State<Shared>,
    Path(path): Members,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    let receipt = reply::json_bytes(&headers, body).await?;
    let receipt = std::str::from_utf8(&receipt).map_err(|_| Problem::at("", "the body is not UTF-8"))?;
    let signature = headers.get("narhet-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = json!({ "channel": path.get("channel"), "signature": signature, "body": receipt });
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
