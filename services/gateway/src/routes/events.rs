//! `GET /v1/events`: a page, or a stream.

use super::reply;
use crate::{
    app::Shared,
    feed::{Filter, Reader, page, sse},
    limits::{PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX},
    problem::Refused,
    query::Query,
    request::Ask,
};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use narhet_kernel::Vector;
use narhet_proto::{
    table,
    wire::{ErrorCode, Problem},
};
use std::sync::Arc;

const EVENT_STREAM: &str = "text/event-stream";
/// Types that one filter may name: more than there are.
const TYPES_MAX: usize = 64;

pub async fn events(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["after", "limit", "type", "board", "minCursor"])?;
    let filter = Filter { types: types(&query)?, board: query.board("board")? };
    let after = query.cursor("after")?;
    let limit = query.limit(PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX)?;
    let streams = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains(EVENT_STREAM)));
    let resumed = if streams { last_event_id(&headers)? } else { None };
    app.fold.wait(query.cursor("minCursor")?.as_ref()).await?;
    let start = resumed.or(after).unwrap_or_else(|| if streams { app.fold.ring().present() } else { Vector::new() });
    app.fold.wait(Some(&app.fold.ring().of_present_logs(&start))).await?;
    let reader = Reader::new(Arc::clone(&app.fold), Arc::clone(&app.upstream), ask.principal, filter, start);
    if streams {
        return stream(&app, reader, ask.token_expires);
    }
    let mut reader = reader;
    let body = page::page(&mut reader, limit).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, body, reader.cursor()))
}

fn stream(app: &Shared, reader: Reader, expires: narhet_kernel::Timestamp) -> Result<Response<Body>, Refused> {
    let place = Arc::clone(&app.sse_places).try_acquire_owned().map_err(|_| {
        let detail = format!("all {} places of the event stream are taken: try again later", app.sse_clients_max);
        Problem::new(ErrorCode::TooManyRequests, detail)
    })?;
    let permit = (place, app.metrics.sse_client());
    let session = sse::Session { expires, shutdown: app.shutdown.clone(), permit };
    let mut response = Response::new(Body::from_stream(sse::start(reader, session)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // nginx would collect the stream otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<Vector>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    match value.to_str().map(str::trim) {
        Ok("") => Ok(None),
        Ok(text) => text
            .parse()
            .map(Some)
            .map_err(|error: narhet_kernel::vector::NotACursor| Problem::parameter("Last-Event-ID", error.to_string())),
        Err(_) => Err(Problem::parameter("Last-Event-ID", "not a cursor")),
    }
}

/// A short name must be one that is known, since a misspelt one would wait for ever; a full name may be a later version's.
fn types(query: &Query) -> Result<Vec<String>, Problem> {
    let names = query.list("type");
    if names.len() > TYPES_MAX {
        return Err(Problem::parameter("type", format!("at most {TYPES_MAX} types")));
    }
    for name in &names {
        let full = name.starts_with("se.narhet.") && name.split('.').count() == 5;
        if !full && !table::EVENT_TYPES.iter().any(|known| known.event() == *name) {
            let mut known: Vec<&str> = table::EVENT_TYPES.iter().map(table::EventType::event).collect();
            known.sort_unstable();
            known.dedup();
            return Err(Problem::parameter("type", format!("no event is called that; there are {}", known.join(", "))));
        }
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}
