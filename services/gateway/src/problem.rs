//! What a refused request is answered with: `application/problem+json` (RFC 9457), on every path that ends in an error.
//!
//! Handlers return [`Refused`]; the outermost layer calls [`finish`], which writes the body once it knows the request id,
//! and which also turns whatever axum, tower or hyper refused by themselves into a problem.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use narhet_proto::wire::{ErrorCode, FieldError, Problem};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

pub const CONTENT_TYPE: &str = "application/problem+json";

/// A problem on its way out of a handler.
#[derive(Clone, Debug)]
pub struct Refused {
    pub problem: Problem,
    /// Members beside those of RFC 9457 (`/readyz` says which role is not ready).
    pub extra: Map<String, Value>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, extra: Map::new() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> axum::response::Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.problem.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "type")]
    problem_type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    /// The missing right, when that is what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<&'a str>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

/// Gives an answer of 400 or above its problem document, unless it has one.
pub fn finish(response: axum::response::Response, request_id: Uuid) -> axum::response::Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let refused = response.extensions().get::<Refused>().cloned();
    let instance = format!("urn:uuid:{request_id}");
    let body = match &refused {
        Some(refused) => document(refused, instance),
        None => edge_document(status, instance),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if status == StatusCode::UNAUTHORIZED {
        parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"narhet\""));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    Response::from_parts(parts, Body::from(body))
}

fn document(refused: &Refused, instance: String) -> Bytes {
    let problem = &refused.problem;
    let right = (problem.code == ErrorCode::Forbidden).then_some(problem.rule.as_deref()).flatten();
    serialize(&Document {
        problem_type: format!("urn:narhet:problem:{}", problem.code.code()),
        title: problem.code.title(),
        status: problem.code.status(),
        detail: &problem.detail,
        instance,
        errors: &problem.errors,
        rule: problem.rule.as_deref(),
        right,
        extra: &refused.extra,
    })
}

/// What the frameworks refuse without asking us. Two codes live at the edge only, where no service can use them.
fn edge_document(status: StatusCode, instance: String) -> Bytes {
    let (code, title, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method-not-allowed", "The resource does not take this method", "see the Allow header")
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            ("internal", "Something is broken here", "the fault is ours and is logged under this instance")
        }
        StatusCode::NOT_FOUND => edge(ErrorCode::NotFound, "no resource has this path: see /v1/openapi.json"),
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            edge(ErrorCode::TooLarge, "a part of the request is larger than its limit")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => edge(ErrorCode::UnsupportedMediaType, "see /v1/openapi.json"),
        StatusCode::SERVICE_UNAVAILABLE => edge(ErrorCode::Unavailable, "try again"),
        _ => edge(ErrorCode::InvalidInput, "the request could not be read"),
    };
    serialize(&Document {
        problem_type: format!("urn:narhet:problem:{code}"),
        title,
        status: status.as_u16(),
        detail,
        instance,
        errors: &[],
        rule: None,
        right: None,
        extra: &Map::new(),
    })
}

fn edge(code: ErrorCode, detail: &'static str) -> (&'static str, &'static str, &'static str) {
    (code.code(), code.title(), detail)
}

fn serialize(document: &Document<'_>) -> Bytes {
    serde_json::to_vec(document).expect("texts and numbers always serialize").into()
}
