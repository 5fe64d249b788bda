//! Answers: JSON with the cursor in the body and in a header; bodies read within their limits.

use crate::{
    limits::{DRAIN_BYTES_MAX, DRAIN_TIMEOUT, check_depth, too_large},
    request::CURSOR,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use futures::StreamExt as _;
use narhet_kernel::{Vector, limits::JSON_BODY_BYTES_MAX};
use narhet_proto::wire::{ErrorCode, Problem};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{
    Map,
    value::{RawValue, to_raw_value},
};

pub const JSON: &str = "application/json";
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// A JSON object with `cursor` added as its last member.
pub fn with_cursor(status: StatusCode, object: &RawValue, cursor: &Vector) -> Response<Body> {
    json(status, JSON, add_cursor(object.get(), cursor), cursor)
}

/// Written JSON of some media type.
pub fn json(status: StatusCode, media_type: &'static str, body: impl Into<Body>, cursor: &Vector) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    put_cursor(&mut response, cursor);
    response
}

pub fn put_cursor(response: &mut Response<Body>, cursor: &Vector) {
    if let Ok(value) = HeaderValue::from_str(&cursor.to_string()) {
        response.headers_mut().insert(CURSOR, value);
    }
}

/// Spliced, not parsed and written anew: the answering service's bytes stay as they are.
fn add_cursor(object: &str, cursor: &Vector) -> String {
    #[derive(Deserialize)]
    struct Probe {
        cursor: Option<IgnoredAny>,
    }
    let object = object.trim_end();
    let has_one = serde_json::from_str::<Probe>(object).is_ok_and(|probe| probe.cursor.is_some());
    match object.strip_suffix('}') {
        Some(open) if !has_one => {
            let comma = if open.trim_end().ends_with('{') { "" } else { "," };
            format!("{open}{comma}\"cursor\":\"{cursor}\"}}")
        }
        _ => object.to_owned(),
    }
}

/// A value that is made of texts, numbers and the like.
pub fn raw(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("answers hold texts, finite numbers and JSON objects only")
}

/// Reads a JSON object within its limits and leaves it as it is.
pub async fn json_object(headers: &HeaderMap, media_types: &[&str], body: Body) -> Result<Box<RawValue>, Problem> {
    check_media_type(headers, media_types)?;
    let bytes = read_body(headers, body, JSON_BODY_BYTES_MAX).await?;
    check_depth(&bytes)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::at("", "the body is not UTF-8"))?;
    let raw: Box<RawValue> =
        serde_json::from_str(text).map_err(|error| Problem::at("", format!("the body is not JSON: {error}")))?;
    if raw.get().trim_start().starts_with('{') {
        Ok(raw)
    } else {
        Err(Problem::at("", "the body is not a JSON object"))
    }
}

/// A JSON object, or none at all where nothing needs to be said: a body of no kind is not passed over.
pub async fn optional_object(headers: &HeaderMap, body: Body) -> Result<Box<RawValue>, Problem> {
    if headers.contains_key(header::CONTENT_TYPE) {
        return json_object(headers, &[JSON, MERGE_PATCH], body).await;
    }
    let bytes = read_body(headers, body, JSON_BODY_BYTES_MAX).await?;
    if bytes.is_empty() { Ok(raw(&Map::new())) } else { Err(unsupported(&[JSON])) }
}

/// The bytes of a JSON body within its limits, for who knows its shape.
pub async fn json_bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    check_media_type(headers, &[JSON])?;
    let bytes = read_body(headers, body, JSON_BODY_BYTES_MAX).await?;
    check_depth(&bytes)?;
    Ok(bytes)
}

fn check_media_type(headers: &HeaderMap, taken: &[&str]) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim();
    if taken.iter().any(|media_type| essence.eq_ignore_ascii_case(media_type)) {
        return Ok(());
    }
    Err(unsupported(taken))
}

fn unsupported(taken: &[&str]) -> Problem {
    let detail = format!("send Content-Type: {}", taken.join(" or "));
    Problem { code: ErrorCode::UnsupportedMediaType, ..Problem::parameter("Content-Type", detail) }
}

/// Reads a body of at most `limit_bytes`. Of a larger one the rest is read and thrown away, up to a bound: a client that
/// is still sending when the connection closes would never see the answer.
pub async fn read_body(headers: &HeaderMap, body: Body, limit_bytes: usize) -> Result<Bytes, Problem> {
    let announced: Option<u64> =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let refused = || too_large("the body", limit_bytes);
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut too_long = announced.is_some_and(|length| length > limit_bytes as u64);
    while !too_long {
        match stream.next().await {
            None => return Ok(bytes.into()),
            Some(Ok(chunk)) => bytes.extend_from_slice(&chunk),
            Some(Err(_)) => return Err(Problem::new(ErrorCode::InvalidInput, "the body ended before its end")),
        }
        too_long = bytes.len() > limit_bytes;
    }
    drop(bytes);
    // A client that waits for "100 Continue" has sent nothing and is not waited for long.
    let drain = async {
        let mut drained = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            drained += chunk.len();
            if drained > DRAIN_BYTES_MAX {
                break;
            }
        }
    };
    if !headers.contains_key(header::EXPECT) {
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, drain).await;
    }
    Err(refused())
}

/// The answer when the caller already has this version.
pub fn not_modified(etag: &str, cursor: &Vector) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    put_etag(&mut response, etag);
    put_cursor(&mut response, cursor);
    response
}

pub fn put_etag(response: &mut Response<Body>, etag: &str) {
    if let Ok(value) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_the_last_member_and_stands_once() {
        let cursor = Vector::new();
        assert_eq!(add_cursor("{}", &cursor), r#"{"cursor":"-"}"#);
        assert_eq!(add_cursor(r#"{"b":1,"a":[{}]}"#, &cursor), r#"{"b":1,"a":[{}],"cursor":"-"}"#);
        assert_eq!(add_cursor(r#"{"cursor":"x"}"#, &cursor), r#"{"cursor":"x"}"#);
    }
}
