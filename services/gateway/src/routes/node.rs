//! Keeping the node: check every log, copy every log. Technical work; none of it shows what an event says.

use super::reply::{self, raw};
use crate::{app::Shared, problem::Refused, query::Query};
use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, Response, StatusCode},
};
use futures::future::try_join_all;
use narhet_kernel::Context;
use narhet_proto::wire::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Component, PathBuf};

/// `POST /v1/node/verify`
pub async fn verify(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Json<Value>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let logs = try_join_all(Context::ALL.into_iter().map(|context| app.upstream.verify(context))).await?;
    Ok(Json(json!({ "logs": logs })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackUp {
    folder: PathBuf,
}

/// `POST /v1/node/backup`
pub async fn back_up(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    let BackUp { folder } =
        serde_json::from_str(body.get()).map_err(|error| Problem::at("/folder", error.to_string()))?;
    if !folder.is_absolute() || folder.components().any(|part| part == Component::ParentDir) {
        return Err(Problem::at("/folder", "give the absolute path of a folder on the node's machine").into());
    }
    let cursor = app.upstream.backup(folder).await?;
    Ok(reply::with_cursor(StatusCode::OK, &raw(&json!({})), &cursor))
}
