//! The registry of local actors: passed on to `actors`, who decides; files are read and written here.

mod call_list;
mod offline;
mod table_file;
mod transfer;
mod xlsx;

use super::reply::{self, raw};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask, routes::incidents};
use axum::{
    Extension,
    body::Body,
    extract::{DefaultBodyLimit, RawPathParams, RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::{MethodRouter, get, patch, post},
};
use narhet_kernel::Context;
use narhet_proto::wire::Problem;
use serde_json::{Map, Value, json};

/// What a route about actors and subjects does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    List,
    Read,
    Register,
    Change,
    Import,
    Export,
    Offline,
    CallList,
    Relevant,
    /// A query about the thing with the id in the path.
    Ask(&'static str),
    /// A command about the thing with the id in the path.
    Act(&'static str),
}

/// The parameters of a search.
const SEARCH: [&str; 12] =
    ["area", "board", "kind", "capability", "tag", "near", "bbox", "verification", "q", "at", "limit", "after"];

pub fn handler(op: Op) -> MethodRouter<Shared> {
    match op {
        Op::List => get(list),
        Op::Read => get(read),
        Op::Register => post(register),
        Op::Change => patch(change),
        Op::Import => post(transfer::import).layer(DefaultBodyLimit::disable()),
        Op::Export => get(transfer::export),
        Op::Offline => get(offline::list),
        Op::CallList => get(call_list::list),
        Op::Relevant => get(relevant),
        Op::Ask(query) => get(move |app, ask, path, query_string| ask_about(query, app, ask, path, query_string)),
        Op::Act(command) => {
            post(move |app, ask, path, query, headers, body| act(command, app, ask, path, query, headers, body))
        }
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

async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let mut known = SEARCH.to_vec();
    known.push("minCursor");
    let query = Query::of(query.as_deref(), &known)?;
    let request = ask.query(raw(&search(&query)?), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Actors, "actors", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
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
    // Never 304: erasures, links and the owner of an instant change the answer and not the version, which is for If-Match.
    let etag = answer.version.map(incidents::etag);
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(etag) = etag {
        reply::put_etag(&mut response, &etag);
    }
    Ok(response)
}

async fn register(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    let answer = app.upstream.command(Context::Actors, "register-actor", ask.command(&headers, body)?).await?;
    let mut response = reply::with_cursor(StatusCode::CREATED, &answer.body, &answer.cursor);
    let location = answer.created.map(|id| HeaderValue::from_str(&format!("/v1/actors/{id}")));
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &incidents::etag(version));
    }
    Ok(response)
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
    let version = incidents::if_match(&headers)?;
    let patch = reply::json_object(&headers, &[reply::JSON, "application/merge-patch+json"], body).await?;
    let mut request = ask.command(&headers, raw(&json!({ "id": id_of(&path), "patch": patch })))?;
    request.if_match = Some(version);
    let answer = app.upstream.command(Context::Actors, "change-actor", request).await?;
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &incidents::etag(version));
    }
    Ok(response)
}

async fn ask_about(
    name: &'static str,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["at", "minCursor"])?;
    let mut body = json!({ "id": id_of(&path) });
    if let Some(at) = query.instant("at")? {
        body["at"] = json!(at);
    }
    let answer = app.upstream.query(Context::Actors, name, ask.query(raw(&body), query.cursor("minCursor")?)).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

#[allow(clippy::too_many_arguments, reason = "each is an extractor of the request")]
async fn act(
    name: &'static str,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = if headers.contains_key(header::CONTENT_TYPE) {
        reply::json_object(&headers, &[reply::JSON], body).await?
    } else {
        raw(&json!({}))
    };
    let mut members: Map<String, Value> =
        serde_json::from_str(body.get()).map_err(|error| Problem::at("", error.to_string()))?;
    if members.contains_key("id") {
        return Err(Problem::at("/id", "the id stands in the path").into());
    }
    let id = id_of(&path);
    if !id.is_empty() {
        members.insert("id".to_owned(), id.into());
    }
    let mut request = ask.command(&headers, raw(&members))?;
    request.if_match = headers.contains_key(header::IF_MATCH).then(|| incidents::if_match(&headers)).transpose()?;
    let answer = app.upstream.command(Context::Actors, name, request).await?;
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &incidents::etag(version));
    }
    Ok(response)
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
