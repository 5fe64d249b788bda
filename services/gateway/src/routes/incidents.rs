//! Incidents: passed on to `situation`, and shown together with duty's support cases.

use super::reply::{self, raw};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use narhet_kernel::Context;
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{Map, Value, json, value::RawValue};

/// `POST /v1/incidents`
pub async fn report(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let body = reply::json_object(&headers, &[reply::JSON], body).await?;
    let request = ask.command(&headers, body)?;
    let answer = app.upstream.command(Context::Situation, "report-incident", request).await?;
    let mut response = reply::with_cursor(StatusCode::CREATED, &answer.body, &answer.cursor);
    let location = answer.created.map(|id| HeaderValue::from_str(&format!("/v1/incidents/{id}")));
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    Ok(response)
}

/// `GET /v1/incidents`
pub async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    const FILTERS: [&str; 4] = ["status", "board", "limit", "after"];
    let query = Query::of(query.as_deref(), &["status", "board", "limit", "after", "minCursor"])?;
    let mut body = Map::new();
    for name in FILTERS {
        if let Some(value) = query.text(name)? {
            body.insert(name.to_owned(), value.into());
        }
    }
    let request = ask.query(raw(&body), query.cursor("minCursor")?);
    let answer = app.upstream.query(Context::Situation, "incidents", request).await?;
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

/// `GET /v1/incidents/{id}`
pub async fn read(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &["minCursor"])?;
    let min_cursor = query.cursor("minCursor")?;
    let request = ask.query(raw(&json!({ "id": id })), min_cursor.clone());
    let incident = app.upstream.query(Context::Situation, "incident", request).await?;
    // Asked second: a case that the incident knows of is in there, since its owner wrote it first.
    let request = ask.query(raw(&json!({ "incidentId": id })), min_cursor);
    let cases = app.upstream.query(Context::Duty, "cases", request).await?;
    let mut cursor = incident.cursor.clone();
    cursor.join(&cases.cursor);
    let etag = incident.version.map(etag);
    if let Some(etag) = etag.as_deref().filter(|etag| none_match_names(&headers, etag)) {
        return Ok(reply::not_modified(etag, &cursor));
    }
    let body = compose(&incident.body, &cases.body)?;
    let mut response = reply::with_cursor(StatusCode::OK, &body, &cursor);
    if let Some(etag) = etag {
        reply::put_etag(&mut response, &etag);
    }
    Ok(response)
}

/// `PATCH /v1/incidents/{id}`
pub async fn change(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let version = if_match(&headers)?;
    let body = reply::json_object(&headers, &[reply::JSON, "application/merge-patch+json"], body).await?;
    let mut members: Map<String, Value> =
        serde_json::from_str(body.get()).map_err(|error| Problem::at("", error.to_string()))?;
    if members.contains_key("id") {
        return Err(Problem::at("/id", "the id stands in the path and does not change").into());
    }
    members.insert("id".to_owned(), id.into());
    let mut request = ask.command(&headers, raw(&members))?;
    request.if_match = Some(version);
    let answer = app.upstream.command(Context::Situation, "change-status", request).await?;
    let mut response = reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version));
    }
    Ok(response)
}

pub(super) fn etag(version: u64) -> String {
    format!("\"v{version}\"")
}

/// The version in `If-Match`, which an update must carry.
pub(super) fn if_match(headers: &HeaderMap) -> Result<u64, Problem> {
    let wanted = |detail: &str| Problem::parameter("If-Match", detail);
    let value = headers
        .get(header::IF_MATCH)
        .ok_or_else(|| wanted("an update needs If-Match with the ETag of the version you have read"))?;
    value
        .to_str()
        .ok()
        .and_then(|text| text.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok())
        .ok_or_else(|| wanted("If-Match is not an ETag that was given out here, such as \"v3\""))
}

/// Weak comparison, as RFC 9110 has it for `If-None-Match`.
pub(super) fn none_match_names(headers: &HeaderMap, etag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag
    })
}

/// The incident with `supportCases` beside its own members. Duty answers `{ "items": [...] }`.
fn compose(incident: &RawValue, cases: &RawValue) -> Result<Box<RawValue>, Problem> {
    #[derive(serde::Deserialize)]
    struct Cases {
        items: Box<RawValue>,
    }
    let unreadable = |_| Problem::new(ErrorCode::Unavailable, "a service gave an answer that cannot be read");
    let cases: Cases = serde_json::from_str(cases.get()).map_err(unreadable)?;
    let open = incident.get().trim_end().strip_suffix('}').unwrap_or("{");
    let comma = if open.trim_end().ends_with('{') { "" } else { "," };
    RawValue::from_string(format!("{open}{comma}\"supportCases\":{}}}", cases.items)).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_needs_the_etag_it_was_given() {
        let headers = |value: &'static str| HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))]);
        assert_eq!(if_match(&headers("\"v3\"")), Ok(3));
        for bad in ["", "*", "v3", "\"3\"", "W/\"v3\"", "\"vx\""] {
            assert_eq!(if_match(&headers(bad)).unwrap_err().code, ErrorCode::InvalidInput, "{bad}");
        }
        assert!(if_match(&HeaderMap::new()).is_err());
    }

    #[test]
    fn an_incident_is_shown_with_its_cases() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let composed = compose(&raw(r#"{"id":"x"}"#), &raw(r#"{"items":[{"id":"y"}]}"#)).unwrap();
        assert_eq!(composed.get(), r#"{"id":"x","supportCases":[{"id":"y"}]}"#);
    }
}
