//! Calendars of office hours: passed on to `duty`, which owns them.

use super::{
    incidents::{etag, if_match},
    reply::{self, raw},
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, Response, StatusCode, header},
};
use narhet_kernel::Context;
use narhet_proto::wire::Problem;
use serde_json::{Map, Value, json};

/// `GET /v1/boards/{id}/calendar`
pub async fn read(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["from", "to", "knownAt", "minCursor"])?;
    let mut body = json!({ "id": id });
    for name in ["from", "to", "knownAt"] {
        if let Some(instant) = query.instant(name)? {
            body[name] = Value::String(instant.to_string());
        }
    }
    let request = ask.query(raw(&body), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Duty, "calendar", request).await?;
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    Ok(response)
}

/// `PUT` and `PATCH /v1/boards/{id}/calendar`
pub async fn record(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON, "application/merge-patch+json"], body).await?;
    let mut members: Map<String, Value> =
        serde_json::from_str(body.get()).map_err(|error| Problem::at("", error.to_string()))?;
    for given in ["id", "merge"] {
        if members.contains_key(given) {
            return Err(Problem::at(&format!("/{given}"), "no such member of a calendar").into());
        }
    }
    members.insert("id".to_owned(), id.into());
    members.insert("merge".to_owned(), (method == Method::PATCH).into());
    let mut request = ask.command(&headers, raw(&members))?;
    if headers.contains_key(header::IF_MATCH) {
        request.if_match = Some(if_match(&headers)?);
    }
    let answer = app.upstream.command(Context::Duty, "record-calendar", request).await?;
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    Ok(response)
}

/// `DELETE /v1/boards/{id}/calendar`
pub async fn remove(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let mut request = ask.command(&headers, raw(&json!({ "id": id })))?;
    request.if_match = Some(if_match(&headers)?);
    let answer = app.upstream.command(Context::Duty, "remove-calendar", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}
