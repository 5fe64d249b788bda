//! Who answers where: responsibility, boards and areas from the gateway's own map view, duty from its owner.

use super::reply::{self, raw};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use narhet_geo::{Crs, Point};
use narhet_kernel::{Context, Timestamp, Vector};
use narhet_proto::wire::Problem;
use narhet_responsibility::{AreaView, Board, Responsibility};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

const GEO_JSON: &str = "application/geo+json";

/// `GET /v1/responsibility`
pub async fn responsibility(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["lon", "lat", "at", "knownAt", "minCursor"])?;
    let point = query.point()?;
    let asked = asked(&app, &query).await?;
    let answer = {
        let map = app.fold.map();
        map.locate(point, asked.at, asked.known(&map))
    };
    Ok(reply::with_cursor(StatusCode::OK, &raw(&answer), &app.fold.vector()))
}

/// `GET /v1/duty`
pub async fn duty(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["lon", "lat", "occurredAt", "knownAt", "minCursor"])?;
    let point = query.point()?;
    let mut body = json!({ "lon": point.lon, "lat": point.lat });
    if let Some(occurred_at) = query.instant("occurredAt")? {
        body["occurredAt"] = Value::String(occurred_at.to_string());
    }
    if let Some(known_at) = query.instant("knownAt")? {
        body["knownAt"] = Value::String(known_at.to_string());
    }
    let request = ask.query(raw(&body), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Duty, "duty", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    items: Vec<T>,
    at: Timestamp,
    known_at: Option<Timestamp>,
}

/// `GET /v1/boards`
pub async fn boards(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["at", "knownAt", "minCursor"])?;
    let asked = asked(&app, &query).await?;
    let list: List<Board> = asked.list(&app.fold.map(), Responsibility::boards);
    Ok(reply::with_cursor(StatusCode::OK, &raw(&list), &app.fold.vector()))
}

/// `GET /v1/areas`
pub async fn areas(
    State(app): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["at", "knownAt", "crs", "minCursor"])?;
    let crs = match query.text("crs")? {
        None => Crs::Degrees,
        Some(text) => crs(text)?,
    };
    let asked = asked(&app, &query).await?;
    let mut list: List<AreaView> = asked.list(&app.fold.map(), Responsibility::areas);
    if crs != Crs::Degrees {
        for geometry in list.items.iter_mut().filter_map(|view| view.geometry.as_mut()) {
            project(&mut Arc::make_mut(geometry)["coordinates"], crs);
        }
    }
    let cursor = app.fold.vector();
    if crs == Crs::Degrees {
        return Ok(list_response(&headers, &list, &cursor));
    }
    // GeoJSON is degrees by its standard, so metres go out as plain JSON that says what they are.
    let metres = InMetres { list, crs: format!("EPSG:{}", crs.epsg()), axes: ["easting", "northing"] };
    Ok(reply::with_cursor(StatusCode::OK, &raw(&metres), &cursor))
}

/// Areas in a system of metres; its own definition puts northing first, the positions here are x, y.
#[derive(Serialize)]
struct InMetres {
    #[serde(flatten)]
    list: List<AreaView>,
    crs: String,
    axes: [&'static str; 2],
}

fn crs(text: &str) -> Result<Crs, Problem> {
    let known = text.parse().ok().and_then(|code| Crs::from_epsg(code).ok());
    known.ok_or_else(|| Problem::parameter("crs", format!("{text:?} is not among 4326, 3006 and 3011")))
}

/// Turns every position of GeoJSON coordinates, however deep, into easting and northing to a tenth of a millimetre.
fn project(coordinates: &mut Value, crs: Crs) {
    let Value::Array(items) = coordinates else { return };
    let pair = (items.first().and_then(Value::as_f64), items.get(1).and_then(Value::as_f64));
    if let (Some(lon), Some(lat)) = pair {
        if let Ok(point) = Point::new(lon, lat) {
            *items = crs.coordinates(point).iter().map(|metres| json!((metres * 1e4).round() / 1e4)).collect();
        }
        return;
    }
    items.iter_mut().for_each(|item| project(item, crs));
}

/// As GeoJSON where the caller asks for it, else as JSON.
fn list_response(headers: &HeaderMap, list: &List<AreaView>, cursor: &Vector) -> Response<Body> {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accepts.into_iter().any(|accept| accept.contains(GEO_JSON)) {
        let collection = feature_collection(list, &cursor.to_string());
        return reply::json(StatusCode::OK, GEO_JSON, collection.to_string(), cursor);
    }
    reply::with_cursor(StatusCode::OK, &raw(list), cursor)
}

/// RFC 7946: what GeoJSON does not name goes beside it. City and county have no geometry and are features all the same.
fn feature_collection(list: &List<AreaView>, cursor: &str) -> Value {
    let features: Vec<Value> = list
        .items
        .iter()
        .map(|view| {
            json!({
                "type": "Feature",
                "id": view.area.id,
                "geometry": view.geometry.as_deref(),
                "properties": {
                    "area": view.area, "board": view.board, "tier": view.tier,
                    "validFrom": view.valid_from, "validTo": view.valid_to,
                    "approximate": view.approximate, "divisionId": view.division_id,
                },
            })
        })
        .collect();
    json!({
        "type": "FeatureCollection", "features": features,
        "at": list.at, "knownAt": list.known_at, "cursor": cursor,
    })
}

/// The two axes of a question to the map.
pub(super) struct Asked {
    pub at: Timestamp,
    pub known_at: Option<Timestamp>,
}

/// Waits for the map and reads the axes; without `at` the house's present.
pub(super) async fn asked(app: &Shared, query: &Query) -> Result<Asked, Problem> {
    let known_at = query.instant("knownAt")?;
    let at = query.instant("at")?;
    app.fold.wait(query.cursor("minCursor")?.as_ref()).await?;
    Ok(Asked { at: at.unwrap_or_else(|| app.clock.now()), known_at })
}

impl Asked {
    /// Never later than the last event folded.
    pub fn known(&self, map: &Responsibility) -> u64 {
        self.known_at.map_or_else(|| map.head().0, |instant| map.known_at(instant))
    }

    fn list<T>(&self, map: &Responsibility, items: impl Fn(&Responsibility, Timestamp, u64) -> Vec<T>) -> List<T> {
        let known = self.known(map);
        List { items: items(map, self.at, known), at: self.at, known_at: map.recorded_at(known) }
    }
}
