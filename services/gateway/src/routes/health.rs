//! Whether the house lives, is ready, and how it is doing: the answers that need no token.

use crate::{
    app::{App, Shared},
    limits::{HEALTH_TIMEOUT, PAGE_LIMIT_MAX},
    metrics::{family, sample},
    problem::Refused,
    upstream::RoleHealth,
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures::future::join_all;
use narhet_kernel::{
    Context,
    limits::{IMPORT_BYTES_MAX, JSON_BODY_BYTES_MAX, JSON_DEPTH_MAX},
};
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{Map, Value, json};

/// Checked in, and checked against the routes by a test.
pub const OPENAPI: &str = include_str!("../../../../proto/openapi.json");
/// When this major version was first released; asked for by DIGG's profile (VER.06).
const RELEASED: &str = "2026-11-22";

/// `GET /healthz`
pub async fn alive() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// `GET /readyz`
pub async fn ready(State(app): State<Shared>) -> Response {
    let mut roles = Map::new();
    let mut red = Vec::new();
    for (context, health) in ask_all(&app).await {
        let (ready, reason, position) = match health {
            Ok(health) => (health.ready, health.reason, Some(health.position.to_string())),
            Err(reason) => (false, Some(reason), None),
        };
        note(&mut roles, &mut red, context.name(), ready, reason, position);
    }
    let fold = app.fold.health();
    let position = Some(app.fold.vector().to_string());
    note(&mut roles, &mut red, "gateway", fold.is_ok(), fold.err(), position);
    let mut members = Map::new();
    members.insert("ready".to_owned(), red.is_empty().into());
    members.insert("roles".to_owned(), roles.into());
    if red.is_empty() {
        return Json(members).into_response();
    }
    let problem = Problem::new(ErrorCode::Unavailable, format!("not ready: {}", red.join(", ")));
    Refused { problem, extra: members }.into_response()
}

fn note(
    roles: &mut Map<String, Value>,
    red: &mut Vec<String>,
    role: &str,
    ready: bool,
    reason: Option<String>,
    position: Option<String>,
) {
    if !ready {
        red.push(role.to_owned());
    }
    roles.insert(role.to_owned(), json!({ "ready": ready, "reason": reason, "position": position }));
}

/// Asks every role at once; one that does not answer in time cannot be reached.
async fn ask_all(app: &App) -> Vec<(Context, Result<RoleHealth, String>)> {
    join_all(Context::ALL.into_iter().map(|context| async move {
        let health = match tokio::time::timeout(HEALTH_TIMEOUT, app.upstream.health(context)).await {
            Ok(Ok(health)) => Ok(health),
            Ok(Err(problem)) => Err(problem.detail),
            Err(_) => Err(format!("no answer within {} s", HEALTH_TIMEOUT.as_secs())),
        };
        (context, health)
    }))
    .await
}

/// `GET /metrics`
pub async fn metrics(State(app): State<Shared>) -> impl IntoResponse {
    let mut text = String::new();
    app.metrics.render(&mut text);
    family(&mut text, "narhet_gateway_fold_position", "gauge", "The last event the gateway has folded, by context.");
    let vector = app.fold.vector();
    for context in Context::ALL {
        sample(&mut text, "narhet_gateway_fold_position", &[("context", context.name())], vector.position(context));
    }
    family(&mut text, "narhet_unknown_events_total", "counter", "Events of types that a role does not know.");
    sample(&mut text, "narhet_unknown_events_total", &[("role", "gateway")], app.fold.unknown_events());
    let roles = ask_all(&app).await;
    for (context, health) in &roles {
        if let Ok(health) = health {
            sample(&mut text, "narhet_unknown_events_total", &[("role", context.name())], health.unknown_events);
        }
    }
    family(&mut text, "narhet_log_position", "gauge", "The last committed event of a role's log.");
    for (context, health) in &roles {
        if let Ok(health) = health {
            sample(&mut text, "narhet_log_position", &[("context", context.name())], health.position);
        }
    }
    family(&mut text, "narhet_role_ready", "gauge", "1 when the role is ready.");
    for (context, health) in &roles {
        let ready = u8::from(health.as_ref().is_ok_and(|health| health.ready));
        sample(&mut text, "narhet_role_ready", &[("role", context.name())], ready);
    }
    sample(&mut text, "narhet_role_ready", &[("role", "gateway")], u8::from(app.fold.health().is_ok()));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// `GET /v1/api-info`
pub async fn api_info(State(app): State<Shared>) -> Json<Value> {
    Json(json!({
        "apiName": "Närhet",
        "apiVersion": env!("CARGO_PKG_VERSION"),
        "apiReleased": RELEASED,
        "apiDocumentation": "/v1/openapi.json",
        "apiStatus": "beta",
        "demo": app.identity.demo().is_some(),
        "limits": {
            "jsonBodyBytes": JSON_BODY_BYTES_MAX,
            "jsonDepth": JSON_DEPTH_MAX,
            "importBytes": IMPORT_BYTES_MAX,
            "eventsPerPage": PAGE_LIMIT_MAX,
            "eventStreamClients": app.sse_clients_max,
        },
    }))
}

/// `GET /v1/openapi.json`
pub async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}
