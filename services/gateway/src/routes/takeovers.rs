//! Takeovers, krisledningsnämnden, and boards that no import makes: commands to `area`, reads from the map view.

use super::{
    map::asked,
    reply::{self, raw},
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use narhet_kernel::Context;
use narhet_proto::wire::{ErrorCode, Problem};
use narhet_responsibility::TakeoverView;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

#[derive(Serialize)]
struct Takeovers {
    items: Vec<TakeoverView>,
}

/// `GET /v1/takeovers`
pub async fn list(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["at", "knownAt", "open", "overdue", "minCursor"])?;
    let (open, overdue) = (query.flag("open")?, query.flag("overdue")?);
    let asked = asked(&app, &query).await?;
    let takeovers = {
        let map = app.fold.map();
        let all = map.takeovers(asked.at, asked.known(&map));
        let wanted = |takeover: &TakeoverView| {
            (!open || takeover.valid_to.is_none_or(|end| asked.at < end)) && (!overdue || takeover.overdue)
        };
        Takeovers { items: all.into_iter().filter(wanted).collect() }
    };
    Ok(reply::with_cursor(StatusCode::OK, &raw(&takeovers), &app.fold.vector()))
}

/// `GET /v1/crisis-board`
pub async fn crisis_board(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["at", "knownAt", "minCursor"])?;
    let asked = asked(&app, &query).await?;
    let view = {
        let map = app.fold.map();
        map.crisis_board(asked.at, asked.known(&map))
    };
    Ok(reply::with_cursor(StatusCode::OK, &raw(&view), &app.fold.vector()))
}

/// `GET /v1/boards/{id}/history`
pub async fn history(
    State(app): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    app.fold.wait(query.cursor("minCursor")?.as_ref()).await?;
    let history = app.fold.map().history(&id);
    let history = history.ok_or_else(|| {
        Problem::new(
            ErrorCode::NotFound,
            "no board with this id was ever established; GET /v1/boards lists those of today",
        )
    })?;
    Ok(reply::with_cursor(StatusCode::OK, &raw(&history), &app.fold.vector()))
}

/// A command of area: its name, and where what it creates is found.
#[derive(Clone, Copy)]
pub struct Act {
    command: &'static str,
    created_at: Option<&'static str>,
}

pub const TAKE_OVER: Act = Act { command: "take-over", created_at: Some("/v1/takeovers") };
pub const RETURN: Act = Act { command: "return-takeover", created_at: None };
pub const REPORT: Act = Act { command: "report-takeover", created_at: None };
pub const ACTIVATE: Act = Act { command: "activate-crisis-board", created_at: None };
pub const END: Act = Act { command: "end-crisis-board", created_at: None };
pub const ESTABLISH: Act = Act { command: "establish-board", created_at: Some("/v1/boards") };
pub const RENAME: Act = Act { command: "rename-board", created_at: None };
pub const DISSOLVE: Act = Act { command: "dissolve-board", created_at: None };

/// Passes a body on as a command about nothing that the path names.
pub async fn act(
    act: Act,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    command(act, &app, &ask, &headers, body).await
}

/// Passes a body on as a command about what the path names.
pub async fn act_on(
    act: Act,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    let mut members: Map<String, Value> =
        serde_json::from_str(body.get()).map_err(|problem| Problem::at("", problem.to_string()))?;
    if members.insert("id".to_owned(), id.into()).is_some() {
        return Err(Problem::at("/id", "the path says which one is meant; leave this out").into());
    }
    command(act, &app, &ask, &headers, raw(&members)).await
}

async fn command(
    act: Act,
    app: &Shared,
    ask: &Ask,
    headers: &HeaderMap,
    body: Box<RawValue>,
) -> Result<Response<Body>, Refused> {
    let answer = app.upstream.command(Context::Area, act.command, ask.command(headers, body)?).await?;
    // The next question to this gateway is answered from the new map; a fold that is behind says so in its cursor.
    if app.fold.wait(Some(&answer.cursor)).await.is_err() {
        tracing::warn!("the map view is behind a command");
    }
    let status = if act.created_at.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = reply::with_cursor(status, &answer.body, &answer.cursor);
    let location = act.created_at.zip(answer.created).map(|(at, id)| HeaderValue::from_str(&format!("{at}/{id}")));
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
