//! The one table of routes; the router, the gates and the check against `proto/openapi.json` all read it.

mod actors;
mod events;
mod health;
mod import;
mod incidents;
mod map;
mod node;
mod overlay;
mod passing;
mod readiness;
mod rehearsals;
mod reply;
mod takeovers;
mod versions;

use crate::{
    app::Shared,
    limits::{COMMAND_TIMEOUT, IMPORT_REQUEST_BYTES_MAX, IMPORT_TIMEOUT, KEEPER_TIMEOUT, READ_TIMEOUT},
    request::{guard, observe},
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{Method, StatusCode},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, get, on, post},
};
use narhet_kernel::Context::{Actors, Area, Duty, Situation};
use passing::{Asks, Sends, asks, sends};
use std::{any::Any, time::Duration};
use tower_http::catch_panic::CatchPanicLayer;

/// What must be known about the caller before a handler sees the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    Authenticated,
    ReadEvents,
    ReadIncidents,
    ReadActors,
    ReportIncidents,
    ImportBoundaries,
    RehearseDivisions,
    TakeOver,
    RunCrisisBoard,
    RegisterBoards,
    VerifyLogs,
    BackUpLogs,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Alive,
    Ready,
    Metrics,
    ApiInfo,
    OpenApi,
    Responsibility,
    Duty,
    ReadIncident,
    Sends(Sends),
    Asks(Asks),
    Events,
    Boards,
    Areas,
    Import,
    Rehearse,
    Overlay,
    Batch,
    History,
    Takeovers,
    CrisisBoard,
    Actors(actors::Op),
    Verify,
    BackUp,
    Readiness(readiness::Call),
    Unknown,
}

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static Method,
    pub path: &'static str,
    pub gate: Gate,
    call: Call,
}

impl Route {
    /// What stands in for a path that is no route: only who is authenticated learns that.
    pub const fn unknown() -> Self {
        Self { method: &Method::GET, path: "(none)", gate: Gate::Authenticated, call: Call::Unknown }
    }

    pub fn timeout(&self) -> Duration {
        match self.call {
            Call::Import
            | Call::Rehearse
            | Call::Actors(actors::Op::Import | actors::Op::Export | actors::Op::Offline | actors::Op::CallList) => {
                IMPORT_TIMEOUT
            }
            Call::Verify | Call::BackUp => KEEPER_TIMEOUT,
            _ if *self.method != Method::GET => COMMAND_TIMEOUT,
            _ => READ_TIMEOUT,
        }
    }
}

const fn route(method: &'static Method, path: &'static str, gate: Gate, call: Call) -> Route {
    Route { method, path, gate, call }
}

/// A route whose body is a command of a context.
const fn sending(method: &'static Method, path: &'static str, gate: Gate, what: Sends) -> Route {
    route(method, path, gate, Call::Sends(what))
}

/// A route whose answer is a query's.
const fn asking(path: &'static str, gate: Gate, what: Asks) -> Route {
    route(&Method::GET, path, gate, Call::Asks(what))
}

/// A route about actors.
const fn actors(method: &'static Method, path: &'static str, op: actors::Op) -> Route {
    route(method, path, Gate::ReadActors, Call::Actors(op))
}

/// Of readiness and alarms: duty decides who may; what is signed or secret needs no token.
const fn readiness_route(method: &'static Method, path: &'static str, call: readiness::Call) -> Route {
    let open = matches!(call, readiness::Call::Receipt | readiness::Call::Calendar);
    route(method, path, if open { Gate::Open } else { Gate::Authenticated }, Call::Readiness(call))
}

/// Every route there is.
pub const ROUTES: &[Route] = &[
    route(&Method::GET, "/healthz", Gate::Open, Call::Alive),
    route(&Method::GET, "/readyz", Gate::Open, Call::Ready),
    route(&Method::GET, "/metrics", Gate::Open, Call::Metrics),
    route(&Method::GET, "/v1/api-info", Gate::Open, Call::ApiInfo),
    route(&Method::GET, "/v1/openapi.json", Gate::Open, Call::OpenApi),
    route(&Method::GET, "/v1/responsibility", Gate::Authenticated, Call::Responsibility),
    route(&Method::GET, "/v1/duty", Gate::Authenticated, Call::Duty),
    route(&Method::GET, "/v1/boards", Gate::Authenticated, Call::Boards),
    route(&Method::GET, "/v1/areas", Gate::Authenticated, Call::Areas),
    route(&Method::POST, "/v1/areas/import", Gate::ImportBoundaries, Call::Import),
    route(&Method::POST, "/v1/areas/rehearsals", Gate::RehearseDivisions, Call::Rehearse),
    route(&Method::POST, "/v1/responsibility/overlay", Gate::Authenticated, Call::Overlay),
    route(&Method::POST, "/v1/responsibility/batch", Gate::Authenticated, Call::Batch),
    route(&Method::GET, "/v1/boards/{id}/history", Gate::Authenticated, Call::History),
    sending(&Method::POST, "/v1/boards", Gate::RegisterBoards, sends(Area, "establish-board").makes("/v1/boards/")),
    sending(&Method::POST, "/v1/boards/{id}/rename", Gate::RegisterBoards, sends(Area, "rename-board").on_id()),
    sending(&Method::POST, "/v1/boards/{id}/dissolve", Gate::RegisterBoards, sends(Area, "dissolve-board").on_id()),
    route(&Method::GET, "/v1/takeovers", Gate::Authenticated, Call::Takeovers),
    sending(&Method::POST, "/v1/takeovers", Gate::TakeOver, sends(Area, "take-over").makes("/v1/takeovers/")),
    sending(&Method::POST, "/v1/takeovers/{id}/return", Gate::TakeOver, sends(Area, "return-takeover").on_id()),
    sending(&Method::POST, "/v1/takeovers/{id}/report", Gate::TakeOver, sends(Area, "report-takeover").on_id()),
    route(&Method::GET, "/v1/crisis-board", Gate::Authenticated, Call::CrisisBoard),
    sending(&Method::POST, "/v1/crisis-board/activate", Gate::RunCrisisBoard, sends(Area, "activate-crisis-board")),
    sending(&Method::POST, "/v1/crisis-board/end", Gate::RunCrisisBoard, sends(Area, "end-crisis-board")),
    sending(
        &Method::POST,
        "/v1/incidents",
        Gate::ReportIncidents,
        sends(Situation, "report-incident").makes("/v1/incidents/"),
    ),
    asking("/v1/incidents", Gate::ReadIncidents, asks(Situation, "incidents", &["status", "board", "limit", "after"])),
    route(&Method::GET, "/v1/incidents/{id}", Gate::ReadIncidents, Call::ReadIncident),
    sending(
        &Method::PATCH,
        "/v1/incidents/{id}",
        Gate::ReadIncidents,
        sends(Situation, "change-status").on_id().updates(),
    ),
    asking(
        "/v1/boards/{id}/calendar",
        Gate::Authenticated,
        asks(Duty, "calendar", &[]).instants(&["from", "to", "knownAt"]),
    ),
    sending(
        &Method::PUT,
        "/v1/boards/{id}/calendar",
        Gate::ReadIncidents,
        sends(Duty, "record-calendar").on_id().says("merge", false).versioned(),
    ),
    sending(
        &Method::PATCH,
        "/v1/boards/{id}/calendar",
        Gate::ReadIncidents,
        sends(Duty, "record-calendar").on_id().says("merge", true).versioned(),
    ),
    sending(
        &Method::DELETE,
        "/v1/boards/{id}/calendar",
        Gate::ReadIncidents,
        sends(Duty, "remove-calendar").on_id().updates(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases",
        Gate::ReadIncidents,
        sends(Duty, "open-case").makes("/v1/support-cases/"),
    ),
    asking(
        "/v1/support-cases",
        Gate::ReadIncidents,
        asks(Duty, "support-cases", &["status", "board", "holder", "incident", "exercise", "limit", "after"]),
    ),
    asking("/v1/support-cases/{id}", Gate::ReadIncidents, asks(Duty, "case", &[])),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/acknowledge",
        Gate::ReadIncidents,
        sends(Duty, "acknowledge-case").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/offer",
        Gate::ReadIncidents,
        sends(Duty, "offer-case").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/recall",
        Gate::ReadIncidents,
        sends(Duty, "recall-offer").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/accept",
        Gate::ReadIncidents,
        sends(Duty, "accept-offer").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/refuse",
        Gate::ReadIncidents,
        sends(Duty, "refuse-offer").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/take-over",
        Gate::ReadIncidents,
        sends(Duty, "take-over-case").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/relocate",
        Gate::ReadIncidents,
        sends(Duty, "relocate-case").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/support-cases/{id}/close",
        Gate::ReadIncidents,
        sends(Duty, "close-case").on_id().versioned(),
    ),
    asking("/v1/actors", Gate::ReadActors, asks(Actors, "actors", &actors::SEARCH)),
    sending(&Method::POST, "/v1/actors", Gate::ReadActors, sends(Actors, "register-actor").makes("/v1/actors/")),
    actors(&Method::POST, "/v1/actors/import", actors::Op::Import),
    actors(&Method::GET, "/v1/actors/export", actors::Op::Export),
    actors(&Method::GET, "/v1/actors/offline", actors::Op::Offline),
    actors(&Method::GET, "/v1/actors/call-list", actors::Op::CallList),
    sending(&Method::POST, "/v1/actors/protected", Gate::ReadActors, sends(Actors, "list-protected")),
    actors(&Method::GET, "/v1/actors/{id}", actors::Op::Read),
    actors(&Method::PATCH, "/v1/actors/{id}", actors::Op::Change),
    asking("/v1/actors/{id}/history", Gate::ReadActors, asks(Actors, "actor-history", &[]).instants(&["at"])),
    asking("/v1/actors/{id}/links", Gate::ReadActors, asks(Actors, "actor-links", &[]).instants(&["at"])),
    asking("/v1/actors/{id}/duplicates", Gate::ReadActors, asks(Actors, "actor-duplicates", &[]).instants(&["at"])),
    sending(
        &Method::POST,
        "/v1/actors/{id}/verify",
        Gate::ReadActors,
        sends(Actors, "verify-actor").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/actors/{id}/merge",
        Gate::ReadActors,
        sends(Actors, "merge-actors").on_id().versioned(),
    ),
    sending(
        &Method::POST,
        "/v1/actors/{id}/archive",
        Gate::ReadActors,
        sends(Actors, "archive-actor").on_id().versioned(),
    ),
    sending(&Method::POST, "/v1/actors/{id}/propose", Gate::ReadActors, sends(Actors, "propose-change").on_id()),
    sending(
        &Method::POST,
        "/v1/actors/{id}/settle",
        Gate::ReadActors,
        sends(Actors, "settle-proposal").on_id().versioned(),
    ),
    sending(&Method::POST, "/v1/actors/{id}/contacts", Gate::ReadActors, sends(Actors, "log-contact").on_id()),
    sending(
        &Method::POST,
        "/v1/actors/{id}/acknowledge",
        Gate::ReadActors,
        sends(Actors, "acknowledge-protection").on_id(),
    ),
    asking("/v1/subjects/due", Gate::ReadActors, asks(Actors, "due-for-gallring", &[])),
    sending(&Method::POST, "/v1/subjects/{id}/erase", Gate::ReadActors, sends(Actors, "erase-subject").on_id()),
    sending(&Method::POST, "/v1/subjects/{id}/hold", Gate::ReadActors, sends(Actors, "hold-subject").on_id()),
    sending(&Method::POST, "/v1/subjects/{id}/export", Gate::ReadActors, sends(Actors, "export-subject").on_id()),
    asking("/v1/boards/{id}/registry-health", Gate::ReadActors, asks(Actors, "registry-health", &[]).instants(&["at"])),
    asking("/v1/boards/{id}/invitations", Gate::ReadActors, asks(Actors, "invitations", &[]).instants(&["at"])),
    actors(&Method::GET, "/v1/incidents/{id}/actors", actors::Op::Relevant),
    route(&Method::GET, "/v1/events", Gate::ReadEvents, Call::Events),
    route(&Method::POST, "/v1/node/verify", Gate::VerifyLogs, Call::Verify),
    route(&Method::POST, "/v1/node/backup", Gate::BackUpLogs, Call::BackUp),
    asking("/v1/functions", Gate::Authenticated, asks(Duty, "records", &["board"]).with("kind", "function")),
    asking("/v1/functions/{id}", Gate::Authenticated, asks(Duty, "record", &[]).with("kind", "function")),
    readiness_route(&Method::PUT, "/v1/functions/{id}", readiness::Call::Put("function")),
    readiness_route(&Method::DELETE, "/v1/functions/{id}", readiness::Call::Remove("function")),
    asking("/v1/rosters", Gate::Authenticated, asks(Duty, "records", &["board"]).with("kind", "roster")),
    asking("/v1/rosters/{id}", Gate::Authenticated, asks(Duty, "record", &[]).with("kind", "roster")),
    readiness_route(&Method::PUT, "/v1/rosters/{id}", readiness::Call::Put("roster")),
    readiness_route(&Method::DELETE, "/v1/rosters/{id}", readiness::Call::Remove("roster")),
    asking("/v1/centres", Gate::Authenticated, asks(Duty, "records", &["board"]).with("kind", "centre")),
    asking("/v1/centres/{id}", Gate::Authenticated, asks(Duty, "record", &[]).with("kind", "centre")),
    readiness_route(&Method::PUT, "/v1/centres/{id}", readiness::Call::Put("centre")),
    readiness_route(&Method::DELETE, "/v1/centres/{id}", readiness::Call::Remove("centre")),
    asking("/v1/alarm-paths/{id}", Gate::Authenticated, asks(Duty, "record", &[]).with("kind", "alarm-path")),
    readiness_route(&Method::PUT, "/v1/alarm-paths/{id}", readiness::Call::Put("alarm-path")),
    readiness_route(&Method::DELETE, "/v1/alarm-paths/{id}", readiness::Call::Remove("alarm-path")),
    sending(
        &Method::POST,
        "/v1/rosters/{id}/swaps",
        Gate::Authenticated,
        sends(Duty, "offer-swap").on(&[("id", "rosterId")]).makes("/v1/swaps/"),
    ),
    asking("/v1/swaps/{id}", Gate::Authenticated, asks(Duty, "swap", &[])),
    sending(
        &Method::POST,
        "/v1/swaps/{id}/settle",
        Gate::Authenticated,
        sends(Duty, "settle-swap").on(&[("id", "swapId")]),
    ),
    sending(
        &Method::POST,
        "/v1/rosters/{id}/feeds",
        Gate::Authenticated,
        sends(Duty, "issue-feed").on(&[("id", "rosterId")]).makes("/v1/calendar-feeds/"),
    ),
    sending(
        &Method::DELETE,
        "/v1/calendar-feeds/{secret}",
        Gate::Authenticated,
        sends(Duty, "revoke-feed").on(&[("secret", "feedId")]),
    ),
    sending(&Method::POST, "/v1/alarm-paths/{id}/read", Gate::Authenticated, sends(Duty, "read-path").on_id()),
    sending(
        &Method::POST,
        "/v1/alarm-paths/{id}/exercise",
        Gate::Authenticated,
        sends(Duty, "start-exercise").on_id().makes("/v1/alarms/"),
    ),
    sending(
        &Method::POST,
        "/v1/alarm-paths/{id}/prove",
        Gate::Authenticated,
        sends(Duty, "prove-path").on_id().makes("/v1/alarms/"),
    ),
    asking("/v1/alarm-paths", Gate::Authenticated, asks(Duty, "path-health", &[])),
    asking("/v1/duty/coverage", Gate::Authenticated, asks(Duty, "coverage", &["from", "to", "area"])),
    asking("/v1/duty/endurance", Gate::Authenticated, asks(Duty, "endurance", &[])),
    asking("/v1/alarms", Gate::Authenticated, asks(Duty, "alarms", &["caseId", "purpose", "status", "exercise"])),
    asking("/v1/alarms/{id}", Gate::Authenticated, asks(Duty, "alarm", &[])),
    sending(
        &Method::POST,
        "/v1/alarms/{id}/acknowledge",
        Gate::Authenticated,
        sends(Duty, "acknowledge-alarm").on_id(),
    ),
    sending(
        &Method::POST,
        "/v1/alarms/{id}/deliveries/{delivery}/reach",
        Gate::Authenticated,
        sends(Duty, "note-reach").on(&[("id", "id"), ("delivery", "deliveryId")]),
    ),
    sending(&Method::POST, "/v1/call-ins", Gate::Authenticated, sends(Duty, "start-call-in").makes("/v1/call-ins/")),
    asking("/v1/call-ins/{id}", Gate::Authenticated, asks(Duty, "alarm", &[]).with("purpose", "call-in")),
    readiness_route(&Method::POST, "/v1/webhooks/{channel}/receipts", readiness::Call::Receipt),
    readiness_route(&Method::GET, "/v1/calendar-feeds/{secret}", readiness::Call::Calendar),
];

/// The verbs of commands.
fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).expect("the table has verbs that HTTP knows")
}

fn handler(route: &Route) -> MethodRouter<Shared> {
    match route.call {
        Call::Alive => get(health::alive),
        Call::Ready => get(health::ready),
        Call::Metrics => get(health::metrics),
        Call::ApiInfo => get(health::api_info),
        Call::OpenApi => get(health::openapi),
        Call::Responsibility => get(map::responsibility),
        Call::Duty => get(map::duty),
        Call::Boards => get(map::boards),
        Call::Areas => get(map::areas),
        Call::Import => post(import::import).layer(DefaultBodyLimit::max(IMPORT_REQUEST_BYTES_MAX)),
        Call::Rehearse => post(rehearsals::rehearse).layer(DefaultBodyLimit::max(IMPORT_REQUEST_BYTES_MAX)),
        Call::Overlay => post(overlay::overlay),
        Call::Batch => post(overlay::batch),
        Call::History => get(takeovers::history),
        Call::Takeovers => get(takeovers::list),
        Call::CrisisBoard => get(takeovers::crisis_board),
        Call::ReadIncident => get(incidents::read),
        Call::Sends(what) => on(filter(route.method), move |app, ask, path, query, headers, body| {
            passing::send(what, app, ask, path, query, headers, body)
        }),
        Call::Asks(what) => {
            get(move |app, ask, path, query, headers| passing::ask_on(what, app, ask, path, query, headers))
        }
        Call::Events => get(events::events),
        Call::Actors(op) => actors::handler(op),
        Call::Verify => post(node::verify),
        Call::BackUp => post(node::back_up),
        Call::Readiness(call) => readiness::handler(call),
        Call::Unknown => MethodRouter::new(),
    }
}

/// The whole HTTP edge.
pub fn router(app: Shared) -> Router {
    ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, handler(route)))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .layer(from_fn_with_state(app.clone(), guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

/// The panic's message is logged by the panic hook; the caller learns only that the fault is ours.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[cfg(test)]
mod openapi_tests;
#[cfg(test)]
mod tests;
