//! Support cases: passed on to `duty`, which owns them.

use super::{
    incidents::{etag, if_match, none_match_names},
    reply::{self, raw},
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{MatchedPath, Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use narhet_kernel::Context;
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{Map, Value, json};

/// `POST /v1/support-cases`
pub async fn open(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    let request = ask.command(&headers, body)?;
    let answer = app.upstream.command(Context::Duty, "open-case", request).await?;
    let mut response = reply::with_cursor(StatusCode::CREATED, &answer.body, &answer.cursor);
    let location = answer.created.map(|id| HeaderValue::from_str(&format!("/v1/support-cases/{id}")));
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    Ok(response)
}

/// `GET /v1/support-cases`
pub async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    const FILTERS: [&str; 7] = ["status", "board", "holder", "incident", "exercise", "limit", "after"];
    let known = ["status", "board", "holder", "incident", "exercise", "limit", "after", "minCursor"];
    let query = Query::of(query.as_deref(), &known)?;
    let mut body = Map::new();
    for name in FILTERS {
        if let Some(value) = query.text(name)? {
            body.insert(name.to_owned(), value.into());
        }
    }
    let request = ask.query(raw(&body), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Duty, "support-cases", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

/// `GET /v1/support-cases/{id}`
pub async fn read(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let request = ask.query(raw(&json!({ "id": id })), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Duty, "case", request).await?;
    let etag = answer.version.map(etag);
    if let Some(etag) = etag.as_deref().filter(|etag| none_match_names(&headers, etag)) {
        return Ok(reply::not_modified(etag, &answer.cursor));
    }
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(etag) = etag {
        reply::put_etag(&mut response, &etag);
    }
    Ok(response)
}

/// `POST /v1/support-cases/{id}/<act>`
pub async fn act(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    path: MatchedPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let command = command_of(path.as_str())?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    let mut members: Map<String, Value> =
        serde_json::from_str(body.get()).map_err(|error| Problem::at("", error.to_string()))?;
    if members.contains_key("id") {
        return Err(Problem::at("/id", "the id stands in the path").into());
    }
    members.insert("id".to_owned(), id.into());
    let mut request = ask.command(&headers, raw(&members))?;
    if headers.contains_key(header::IF_MATCH) {
        request.if_match = Some(if_match(&headers)?);
    }
    let answer = app.upstream.command(Context::Duty, command, request).await?;
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    Ok(response)
}

/// Duty's command for a route, by the last part of its path.
fn command_of(path: &str) -> Result<&'static str, Problem> {
    Ok(match path.rsplit('/').next().unwrap_or_default() {
        "acknowledge" => "acknowledge-case",
        "offer" => "offer-case",
        "recall" => "recall-offer",
        "accept" => "accept-offer",
        "refuse" => "refuse-offer",
        "take-over" => "take-over-case",
        "relocate" => "relocate-case",
        "close" => "close-case",
        // The table of routes has no other.
        _ => return Err(Problem::new(ErrorCode::NotFound, "nothing of a case is called that")),
    })
}
