//! Many answers from the map at once: what a place touches, and who answers for each of many points. The map view answers; nothing
//! crosses the bus.

use super::{
    map::Asked,
    reply::{self, raw},
};
use crate::{
    app::Shared,
    limits::{BATCH_POINTS_MAX, NEIGHBOURS_M_DEFAULT, NEIGHBOURS_M_MAX},
    problem::Refused,
    query::Query,
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, Response, StatusCode},
};
use narhet_geo::{PlaceError, Point, Shape};
use narhet_kernel::{BoardId, Timestamp};
use narhet_proto::wire::{ErrorCode, Problem};
use narhet_responsibility::{Batch, BoardName, NearbyArea, Overlay};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OverlayBody {
    geometry: Value,
    at: Option<Timestamp>,
    known_at: Option<Timestamp>,
    within_m: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OverlayReply {
    #[serde(flatten)]
    overlay: Overlay,
    lead: BoardName,
    rule: &'static str,
    neighbours: Vec<NearbyArea>,
}

/// `POST /v1/responsibility/overlay`
pub async fn overlay(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let body: OverlayBody = read(&headers, body).await?;
    let within_m = body.within_m.unwrap_or(NEIGHBOURS_M_DEFAULT);
    if !(0.0..=NEIGHBOURS_M_MAX).contains(&within_m) {
        return Err(Problem::at("/withinM", format!("metres from 0 to {NEIGHBOURS_M_MAX}")).into());
    }
    app.fold.wait(query.cursor("minCursor")?.as_ref()).await?;
    let asked = Asked { at: body.at.unwrap_or_else(|| app.clock.now()), known_at: body.known_at };
    // A shape of ten thousand vertices takes a millisecond or ten; the runtime's threads are for waiting.
    let reply = blocking(move || {
        let shape =
            Shape::from_geojson(&body.geometry).map_err(|problem| Problem::at("/geometry", problem.to_string()))?;
        let map = app.fold.map();
        let known = asked.known(&map);
        map.admit(&shape, within_m, asked.at, known).map_err(too_large)?;
        let overlay = map.overlay(&shape, asked.at, known);
        let neighbours = map.nearby(&shape, within_m, &overlay, known).map_err(too_large)?;
        let (lead, rule) = overlay.lead();
        let lead = lead.cloned().or_else(|| city_board(&map.boards(asked.at, known)));
        let lead = lead.ok_or_else(|| Problem::new(ErrorCode::Unavailable, "this house has no boards yet"))?;
        let reply = OverlayReply { lead, rule: rule.code(), neighbours, overlay };
        Ok((raw(&reply), app.fold.vector()))
    });
    let (reply, cursor) = reply.await?;
    Ok(reply::with_cursor(StatusCode::OK, &reply, &cursor))
}

fn too_large(problem: PlaceError) -> Problem {
    Problem { code: ErrorCode::TooLarge, ..Problem::at("/geometry", problem.to_string()) }
}

/// Kommunstyrelsen, which coordinates outside every area.
fn city_board(boards: &[narhet_responsibility::Board]) -> Option<BoardName> {
    let board = boards.iter().find(|board| board.id == BoardId::KOMMUNSTYRELSEN)?;
    Some(BoardName { id: board.id.clone(), name: board.name.clone(), kind: board.kind })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BatchBody {
    at: Option<Timestamp>,
    known_at: Option<Timestamp>,
    points: Vec<[f64; 2]>,
}

#[derive(Serialize)]
struct BatchReply {
    #[serde(flatten)]
    batch: Batch,
    cursor: String,
}

/// `POST /v1/responsibility/batch`
pub async fn batch(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let bytes = reply::json_bytes(&headers, body).await?;
    app.fold.wait(query.cursor("minCursor")?.as_ref()).await?;
    // Ten thousand points take some milliseconds, most of them for reading and writing numbers.
    let reply = blocking(move || {
        let body: BatchBody = parse(&bytes)?;
        let points = points(&body.points)?;
        let asked = Asked { at: body.at.unwrap_or_else(|| app.clock.now()), known_at: body.known_at };
        let map = app.fold.map();
        let batch = map.batch(&points, asked.at, asked.known(&map));
        let cursor = app.fold.vector();
        let reply = BatchReply { batch, cursor: cursor.to_string() };
        Ok((serde_json::to_vec(&reply).expect("an answer is texts and finite numbers"), cursor))
    });
    let (reply, cursor) = reply.await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, reply, &cursor))
}

fn points(pairs: &[[f64; 2]]) -> Result<Vec<Point>, Problem> {
    if pairs.len() > BATCH_POINTS_MAX {
        let detail = format!("{} points; send {BATCH_POINTS_MAX} at a time", pairs.len());
        return Err(Problem { code: ErrorCode::TooLarge, ..Problem::at("/points", detail) });
    }
    let point = |(number, [lon, lat]): (usize, &[f64; 2])| {
        Point::new(*lon, *lat).map_err(|problem| Problem::at(&format!("/points/{number}"), problem.to_string()))
    };
    pairs.iter().enumerate().map(point).collect()
}

async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    parse(&reply::json_bytes(headers, body).await?)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|problem| Problem::at("", problem.to_string()))
}

/// Runs what computes for milliseconds off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|_| Err(Problem::new(ErrorCode::Unavailable, "the question could not be answered: try again")))
}
