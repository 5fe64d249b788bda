//! Takeovers, krisledningsnämnden and the boards' history, read from the map view.

use super::{
    map::asked,
    reply::{self, raw},
};
use crate::{app::Shared, problem::Refused, query::Query};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{Response, StatusCode},
};
use narhet_proto::wire::{ErrorCode, Problem};
use narhet_responsibility::TakeoverView;
use serde::Serialize;

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
