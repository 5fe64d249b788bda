//! The registry of local actors: passed on to `actors`, who decides; files are read and written here.

mod call_list;
mod offline;
mod printed;
mod table_file;
mod transfer;
mod xlsx;

use super::{
    passing::{answered, read_now},
    reply::{self, raw},
    versions::if_match,
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{DefaultBodyLimit, RawPathParams, RawQuery, State},
    http::{HeaderMap, Response, StatusCode},
    routing::{MethodRouter, get, patch, post},
};
use narhet_kernel::Context;
use narhet_proto::wire::Problem;
use serde_json::{Map, Value, json};

/// What a route about actors and subjects does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Read,
    Change,
    Import,
    Export,
    Offline,
    CallList,
    Relevant,
}

/// The parameters of a search.
pub const SEARCH: [&str; 12] =
    ["area", "board", "kind", "capability", "tag", "near", "bbox", "verification", "q", "at", "limit", "after"];

/// The parameters of a whole list: a part of it would be taken for all.
fn of_a_whole_list() -> Vec<&'static str> {
    SEARCH.into_iter().filter(|name| !["limit", "after"].contains(name)).chain(["minCursor"]).collect()
}

pub fn handler(op: Op) -> MethodRouter<Shared> {
    match op {
        Op::Read => get(read),
        Op::Change => patch(change),
        Op::Import => post(transfer::import).layer(DefaultBodyLimit::disable()),
        Op::Export => get(transfer::export),
        Op::Offline => get(offline::list),
        Op::CallList => get(call_list::list),
        Op::Relevant => get(relevant),
    }
}

/// The search parameters that are given, as the body of a query.
fn search(query: &Query) -> Result<Map<String, Value>, Problem> {
    let mut body = Map::new();
    for name in SEARCH {
        if let Some(value) = query.text(name)? {
            body.insert(name.to_owned(), value.into());
        }
    }
    Ok(body)
}

fn id_of(path: &RawPathParams) -> String {
    path.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned()).unwrap_or_default()
}

/// A command, since opening personal data is recorded before it is shown.
async fn read(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let id = id_of(&path);
    let min_cursor = query.cursor("minCursor")?;
    if min_cursor.is_some() {
        // Waits until it has been applied; what is asked is of no matter.
        let wait = ask.query(raw(&json!({ "limit": "1" })), min_cursor);
        app.upstream.query(Context::Actors, "actors", wait).await?;
    }
    let request = ask.query(raw(&json!({ "id": id })), None);
    let answer = app.upstream.command(Context::Actors, "read-actor", request).await?;
    Ok(read_now(&headers, &answer))
}

async fn change(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let version = if_match(&headers)?;
    let patch = reply::json_object(&headers, &[reply::JSON, reply::MERGE_PATCH], body).await?;
    let mut request = ask.command(&headers, raw(&json!({ "id": id_of(&path), "patch": patch })))?;
    request.if_match = Some(version);
    let answer = app.upstream.command(Context::Actors, "change-actor", request).await?;
    Ok(answered(StatusCode::OK, &answer))
}

/// The incident as the caller may see it, and the actors that matter to its place.
async fn relevant(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let (id, min_cursor) = (id_of(&path), query.cursor("minCursor")?);
    let asked = ask.query(raw(&json!({ "id": id })), min_cursor.clone());
    let incident = app.upstream.query(Context::Situation, "incident", asked).await?;
    let seen: Value = serde_json::from_str(incident.body.get())
        .map_err(|error| Problem::new(narhet_proto::wire::ErrorCode::Unavailable, error.to_string()))?;
    let affected = seen["affected"].as_array().cloned().unwrap_or_default();
    let areas: Vec<&Value> =
        affected.iter().map(|affected| &affected["area"]["id"]).filter(|id| id.is_string()).collect();
    let body = json!({ "incidentId": id, "kind": seen["kind"], "place": seen["place"], "areas": areas });
    let answer = app.upstream.query(Context::Actors, "relevant-actors", ask.query(raw(&body), min_cursor)).await?;
    let mut cursor = incident.cursor.clone();
    cursor.join(&answer.cursor);
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &cursor))
}
