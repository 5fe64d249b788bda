//! An incident as `situation` has it, shown together with duty's support cases.

use super::{
    reply::{self, raw},
    versions::{etag, none_match_names},
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Response, StatusCode},
};
use narhet_kernel::Context;
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{json, value::RawValue};

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
    let body = compose(&incident.body, &cases.body)?;
    let etag = incident.version.map(|version| etag(version, &body));
    if let Some(etag) = etag.as_deref().filter(|etag| none_match_names(&headers, etag)) {
        return Ok(reply::not_modified(etag, &cursor));
    }
    let mut response = reply::with_cursor(StatusCode::OK, &body, &cursor);
    if let Some(etag) = etag {
        reply::put_etag(&mut response, &etag);
    }
    Ok(response)
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
    fn an_incident_is_shown_with_its_cases() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let composed = compose(&raw(r#"{"id":"x"}"#), &raw(r#"{"items":[{"id":"y"}]}"#)).unwrap();
        assert_eq!(composed.get(), r#"{"id":"x","supportCases":[{"id":"y"}]}"#);
    }
}
