//! What every request passes: an id, limits, identity, the gate of its route, a time limit, and a line in the access log.

use crate::{
    app::Shared,
    limits::{HEADER_BYTES_MAX, HEADERS_MAX, QUERY_BYTES_MAX, check_idempotency_key, too_large},
    problem::{self, Refused},
    routes::{Gate, ROUTES, Route},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use narhet_kernel::{Principal, Role, Timestamp, Vector};
use narhet_proto::wire::{self, ErrorCode, Problem};
use serde_json::value::RawValue;
use std::time::{Duration, Instant};
use uuid::Uuid;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const CURSOR: HeaderName = HeaderName::from_static("narhet-cursor");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A service's deadline lies this much before ours, so that its own words about a time-out reach the caller.
const ANSWER_MARGIN: Duration = Duration::from_millis(200);

/// Who asks, and until when an answer is any use; handlers take it from the request's extensions.
#[derive(Clone, Debug)]
pub struct Ask {
    pub id: Uuid,
    pub principal: Principal,
    /// Real time at which the token ends.
    pub token_expires: Timestamp,
    /// Real time after which an answer comes too late.
    pub deadline: Timestamp,
}

/// The pseudonym for the access log, on its way out with the response.
#[derive(Clone)]
struct LoggedPrincipal(String);

/// Routes that machines ask all the time.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

#[derive(Clone, Copy)]
struct RequestId(Uuid);

impl Ask {
    /// A query to a context's owner.
    pub fn query(&self, body: Box<RawValue>, min_cursor: Option<Vector>) -> wire::Request {
        wire::Request {
            principal: self.principal.clone(),
            deadline: self.deadline,
            correlation_id: self.id,
            idempotency_key: None,
            if_match: None,
            min_cursor,
            body,
        }
    }

    /// A command to a context's owner; it gets a key of its own where the caller gave none.
    pub fn command(&self, headers: &HeaderMap, body: Box<RawValue>) -> Result<wire::Request, Problem> {
        let key = match headers.get(IDEMPOTENCY_KEY) {
            Some(key) => check_idempotency_key(key.as_bytes())?.to_owned(),
            None => Uuid::now_v7().to_string(),
        };
        Ok(wire::Request { idempotency_key: Some(key), ..self.query(body, None) })
    }
}

/// The outermost layer: request id, problem documents, access log, metrics.
pub async fn observe(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    request.extensions_mut().insert(RequestId(id));
    let method = request.method().clone();
    let route = route_of(&request).map_or("(none)", |route| route.path);
    let mut response = problem::finish(next.run(request).await, id);
    let status = response.status().as_u16();
    let principal = response.extensions_mut().remove::<LoggedPrincipal>();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    app.metrics.served(route, known_method(&method), status, started.elapsed());
    // Only the route's template: paths and queries may hold what a log must not.
    let ms = (started.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
    // Probes come every second and say nothing new.
    if PROBES.contains(&route) {
        tracing::debug!(method = known_method(&method), route, status, ms, "probe");
        return response;
    }
    let principal = principal.as_ref().map_or("-", |principal| principal.0.as_str());
    tracing::info!(method = known_method(&method), route, status, ms, request_id = %id, principal, "request");
    response
}

/// The inner layer: limits, identity, gate, time limit.
pub async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match admit(&app, request).await {
        Err(problem) => Refused::from(problem).into_response(),
        Ok((request, route)) => {
            let principal = request.extensions().get::<Ask>().map(|ask| LoggedPrincipal(ask.principal.id.clone()));
            let reads = is_read(request.method());
            let mut response = match tokio::time::timeout(route.timeout(), next.run(request)).await {
                Ok(response) => response,
                Err(_) => Refused::from(timed_out(reads)).into_response(),
            };
            if let Some(principal) = principal {
                response.extensions_mut().insert(principal);
            }
            response
        }
    }
}

/// What an unknown path is answered by, once identity is known.
const UNKNOWN_ROUTE: Route = Route::unknown();

async fn admit(app: &Shared, mut request: Request) -> Result<(Request, &'static Route), Problem> {
    check_head(&request)?;
    let route = route_of(&request).unwrap_or(&UNKNOWN_ROUTE);
    if route.gate != Gate::Open {
        let token = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let authenticated = app.identity.authenticate(token).await?;
        check_gate(route.gate, &authenticated.principal)?;
        let RequestId(id) = request.extensions().get().copied().unwrap_or_else(|| RequestId(Uuid::now_v7()));
        let ask = Ask {
            id,
            principal: authenticated.principal,
            token_expires: authenticated.expires,
            deadline: Timestamp::now().checked_add(route.timeout() - ANSWER_MARGIN).unwrap_or(Timestamp::MAX),
        };
        request.extensions_mut().insert(ask);
    }
    Ok((request, route))
}

fn check_head(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let header_bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > HEADER_BYTES_MAX {
        return Err(too_large("the request's head", HEADER_BYTES_MAX));
    }
    if headers.len() > HEADERS_MAX {
        return Err(Problem::new(ErrorCode::TooLarge, format!("more than {HEADERS_MAX} headers")));
    }
    if request.uri().query().is_some_and(|query| query.len() > QUERY_BYTES_MAX) {
        return Err(too_large("the query string", QUERY_BYTES_MAX));
    }
    Ok(())
}

/// The right that each gate stands for. The services decide again; these are the ones that nobody else could.
pub fn check_gate(gate: Gate, principal: &Principal) -> Result<(), Problem> {
    let insider = principal.roles.iter().any(|role| *role != Role::Liaison);
    let case_reader =
        principal.is_demo_admin() || principal.roles.iter().any(|role| !matches!(role, Role::Liaison | Role::Admin));
    let crisis = principal.has(Role::CrisisChair) || principal.has(Role::CrisisBoard) || principal.is_demo_admin();
    let importer = principal.has(Role::CitySecurity) || principal.has(Role::Admin);
    match gate {
        Gate::Open | Gate::Authenticated => Ok(()),
        Gate::ReadEvents if insider => Ok(()),
        Gate::ReadEvents => Err(Problem::forbidden("read-events")),
        Gate::ReadIncidents if case_reader => Ok(()),
        Gate::ReadIncidents => Err(Problem::forbidden("read-incidents")),
        Gate::ReadActors if case_reader => Ok(()),
        Gate::ReadActors => Err(Problem::forbidden("read-actors")),
        Gate::ReportIncidents if case_reader => Ok(()),
        Gate::ReportIncidents => Err(Problem::forbidden("report-incident")),
        Gate::ImportBoundaries if importer => Ok(()),
        Gate::ImportBoundaries => Err(Problem::forbidden("import-boundaries")),
        Gate::RehearseDivisions if importer => Ok(()),
        Gate::RehearseDivisions => Err(Problem::forbidden("rehearse-divisions")),
        Gate::TakeOver if crisis || principal.has(Role::CitySecurity) => Ok(()),
        Gate::TakeOver => Err(Problem::forbidden("take-over-responsibility")),
        Gate::RunCrisisBoard if crisis => Ok(()),
        Gate::RunCrisisBoard => Err(Problem::forbidden("run-the-crisis-board")),
        Gate::RegisterBoards if importer => Ok(()),
        Gate::RegisterBoards => Err(Problem::forbidden("register-boards")),
        Gate::VerifyLogs if principal.has(Role::Admin) || principal.has(Role::Auditor) => Ok(()),
        Gate::VerifyLogs => Err(Problem::forbidden("verify-logs")),
        Gate::BackUpLogs if principal.has(Role::Admin) => Ok(()),
        Gate::BackUpLogs => Err(Problem::forbidden("back-up-logs")),
    }
}

fn timed_out(reads: bool) -> Problem {
    if reads {
        Problem::new(ErrorCode::Unavailable, "no answer in time: try again")
    } else {
        Problem::new(
            ErrorCode::UnknownOutcome,
            "no answer in time: ask again with the same Idempotency-Key to learn what became of it",
        )
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn route_of(request: &Request) -> Option<&'static Route> {
    let path = request.extensions().get::<MatchedPath>()?;
    let method = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
    // A path with another method is a route of that path, so that 405 passes the same gate.
    let of_path = || ROUTES.iter().filter(|route| route.path == path.as_str());
    of_path().find(|route| route.method == method).or_else(|| of_path().next())
}

/// Methods as metrics and logs name them: clients can send any word as a method.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The caller's `X-Request-Id` if it is a UUID, else the trace id of its `traceparent`, else a new one.
fn request_id(headers: &HeaderMap) -> Uuid {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let own = text(REQUEST_ID).and_then(|id| Uuid::parse_str(id.trim()).ok());
    let traced = || {
        let trace_id = text(TRACEPARENT)?.split('-').nth(1).filter(|id| id.len() == 32)?;
        Uuid::parse_str(trace_id).ok()
    };
    own.or_else(traced).filter(|id| !id.is_nil()).unwrap_or_else(Uuid::now_v7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_uuid_of_the_caller_or_a_new_one() {
        let headers =
            |name: HeaderName, value: &'static str| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let own = "0197e8a0-0000-7000-8000-000000000001";
        assert_eq!(request_id(&headers(REQUEST_ID, own)).to_string(), own);
        let traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(request_id(&headers(TRACEPARENT, traced)).simple().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        for bad in ["x", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(request_id(&headers(REQUEST_ID, bad)).get_version_num(), 7);
        }
    }

    #[test]
    fn the_gates_as_a_table() {
        let principal = |role: Role, demo| Principal { roles: vec![role], demo, ..Principal::house() };
        for role in Role::ALL {
            let opens = |gate| check_gate(gate, &principal(role, false)).is_ok();
            assert!(opens(Gate::Authenticated));
            assert_eq!(opens(Gate::ReadEvents), role != Role::Liaison, "{role}");
            assert_eq!(opens(Gate::ReadIncidents), !matches!(role, Role::Liaison | Role::Admin), "{role}");
            assert_eq!(opens(Gate::ImportBoundaries), matches!(role, Role::CitySecurity | Role::Admin), "{role}");
            assert_eq!(opens(Gate::RehearseDivisions), opens(Gate::ImportBoundaries), "{role}");
            assert_eq!(opens(Gate::RegisterBoards), opens(Gate::ImportBoundaries), "{role}");
            let crisis = matches!(role, Role::CrisisChair | Role::CrisisBoard);
            assert_eq!(opens(Gate::RunCrisisBoard), crisis, "{role}");
            assert_eq!(opens(Gate::TakeOver), crisis || role == Role::CitySecurity, "{role}");
            assert_eq!(opens(Gate::VerifyLogs), matches!(role, Role::Auditor | Role::Admin), "{role}");
            assert_eq!(opens(Gate::BackUpLogs), role == Role::Admin, "{role}");
        }
        assert!(check_gate(Gate::ReadIncidents, &principal(Role::Admin, true)).is_ok());
        let refused = check_gate(Gate::ReadEvents, &principal(Role::Liaison, true)).unwrap_err();
        assert_eq!((refused.code, refused.rule.as_deref()), (ErrorCode::Forbidden, Some("read-events")));
    }
}
