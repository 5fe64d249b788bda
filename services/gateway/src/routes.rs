//! The one table of routes; the router, the gates and the check against `proto/openapi.json` all read it.

mod actors;
mod calendars;
mod events;
mod health;
mod import;
mod incidents;
mod map;
mod node;
mod overlay;
mod readiness;
mod rehearsals;
mod reply;
mod support_cases;
mod takeovers;

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
    routing::{MethodRouter, get, patch, post, put},
};
use readiness::{asks, sends};
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
    ReportIncident,
    ListIncidents,
    ReadIncident,
    ChangeIncident,
    ReadCalendar,
    RecordCalendar,
    ChangeCalendar,
    OpenCase,
    ListCases,
    ReadCase,
    ActOnCase,
    Events,
    Boards,
    Areas,
    Import,
    Rehearse,
    Overlay,
    Batch,
    History,
    Takeovers,
    TakeOver,
    ReturnTakeover,
    ReportTakeover,
    CrisisBoard,
    ActivateCrisisBoard,
    EndCrisisBoard,
    EstablishBoard,
    RenameBoard,
    DissolveBoard,
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
    route(&Method::POST, "/v1/boards", Gate::RegisterBoards, Call::EstablishBoard),
    route(&Method::POST, "/v1/boards/{id}/rename", Gate::RegisterBoards, Call::RenameBoard),
    route(&Method::POST, "/v1/boards/{id}/dissolve", Gate::RegisterBoards, Call::DissolveBoard),
    route(&Method::GET, "/v1/takeovers", Gate::Authenticated, Call::Takeovers),
    route(&Method::POST, "/v1/takeovers", Gate::TakeOver, Call::TakeOver),
    route(&Method::POST, "/v1/takeovers/{id}/return", Gate::TakeOver, Call::ReturnTakeover),
    route(&Method::POST, "/v1/takeovers/{id}/report", Gate::TakeOver, Call::ReportTakeover),
    route(&Method::GET, "/v1/crisis-board", Gate::Authenticated, Call::CrisisBoard),
    route(&Method::POST, "/v1/crisis-board/activate", Gate::RunCrisisBoard, Call::ActivateCrisisBoard),
    route(&Method::POST, "/v1/crisis-board/end", Gate::RunCrisisBoard, Call::EndCrisisBoard),
    route(&Method::POST, "/v1/incidents", Gate::ReportIncidents, Call::ReportIncident),
    route(&Method::GET, "/v1/incidents", Gate::ReadIncidents, Call::ListIncidents),
    route(&Method::GET, "/v1/incidents/{id}", Gate::ReadIncidents, Call::ReadIncident),
    route(&Method::PATCH, "/v1/incidents/{id}", Gate::ReadIncidents, Call::ChangeIncident),
    route(&Method::GET, "/v1/boards/{id}/calendar", Gate::Authenticated, Call::ReadCalendar),
    route(&Method::PUT, "/v1/boards/{id}/calendar", Gate::ReadIncidents, Call::RecordCalendar),
    route(&Method::PATCH, "/v1/boards/{id}/calendar", Gate::ReadIncidents, Call::ChangeCalendar),
    route(&Method::POST, "/v1/support-cases", Gate::ReadIncidents, Call::OpenCase),
    route(&Method::GET, "/v1/support-cases", Gate::ReadIncidents, Call::ListCases),
    route(&Method::GET, "/v1/support-cases/{id}", Gate::ReadIncidents, Call::ReadCase),
    route(&Method::POST, "/v1/support-cases/{id}/acknowledge", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/offer", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/recall", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/accept", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/refuse", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/take-over", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/relocate", Gate::ReadIncidents, Call::ActOnCase),
    route(&Method::POST, "/v1/support-cases/{id}/close", Gate::ReadIncidents, Call::ActOnCase),
    actors(&Method::GET, "/v1/actors", actors::Op::List),
    actors(&Method::POST, "/v1/actors", actors::Op::Register),
    actors(&Method::POST, "/v1/actors/import", actors::Op::Import),
    actors(&Method::GET, "/v1/actors/export", actors::Op::Export),
    actors(&Method::GET, "/v1/actors/offline", actors::Op::Offline),
    actors(&Method::GET, "/v1/actors/call-list", actors::Op::CallList),
    actors(&Method::POST, "/v1/actors/protected", actors::Op::Act("list-protected")),
    actors(&Method::GET, "/v1/actors/{id}", actors::Op::Read),
    actors(&Method::PATCH, "/v1/actors/{id}", actors::Op::Change),
    actors(&Method::GET, "/v1/actors/{id}/history", actors::Op::Ask("actor-history")),
    actors(&Method::GET, "/v1/actors/{id}/links", actors::Op::Ask("actor-links")),
    actors(&Method::GET, "/v1/actors/{id}/duplicates", actors::Op::Ask("actor-duplicates")),
    actors(&Method::POST, "/v1/actors/{id}/verify", actors::Op::Act("verify-actor")),
    actors(&Method::POST, "/v1/actors/{id}/merge", actors::Op::Act("merge-actors")),
    actors(&Method::POST, "/v1/actors/{id}/archive", actors::Op::Act("archive-actor")),
    actors(&Method::POST, "/v1/actors/{id}/propose", actors::Op::Act("propose-change")),
    actors(&Method::POST, "/v1/actors/{id}/settle", actors::Op::Act("settle-proposal")),
    actors(&Method::POST, "/v1/actors/{id}/contacts", actors::Op::Act("log-contact")),
    actors(&Method::POST, "/v1/actors/{id}/acknowledge", actors::Op::Act("acknowledge-protection")),
    actors(&Method::GET, "/v1/subjects/due", actors::Op::Ask("due-for-gallring")),
    actors(&Method::POST, "/v1/subjects/{id}/erase", actors::Op::Act("erase-subject")),
    actors(&Method::POST, "/v1/subjects/{id}/hold", actors::Op::Act("hold-subject")),
    actors(&Method::POST, "/v1/subjects/{id}/export", actors::Op::Act("export-subject")),
    actors(&Method::GET, "/v1/boards/{id}/registry-health", actors::Op::Ask("registry-health")),
    actors(&Method::GET, "/v1/boards/{id}/invitations", actors::Op::Ask("invitations")),
    actors(&Method::GET, "/v1/incidents/{id}/actors", actors::Op::Relevant),
    route(&Method::GET, "/v1/events", Gate::ReadEvents, Call::Events),
    route(&Method::POST, "/v1/node/verify", Gate::VerifyLogs, Call::Verify),
    route(&Method::POST, "/v1/node/backup", Gate::BackUpLogs, Call::BackUp),
    readiness_route(&Method::GET, "/v1/functions", readiness::Call::List("function")),
    readiness_route(&Method::GET, "/v1/functions/{id}", readiness::Call::Read("function")),
    readiness_route(&Method::PUT, "/v1/functions/{id}", readiness::Call::Put("function")),
    readiness_route(&Method::DELETE, "/v1/functions/{id}", readiness::Call::Remove("function")),
    readiness_route(&Method::GET, "/v1/rosters", readiness::Call::List("roster")),
    readiness_route(&Method::GET, "/v1/rosters/{id}", readiness::Call::Read("roster")),
    readiness_route(&Method::PUT, "/v1/rosters/{id}", readiness::Call::Put("roster")),
    readiness_route(&Method::DELETE, "/v1/rosters/{id}", readiness::Call::Remove("roster")),
    readiness_route(&Method::GET, "/v1/centres", readiness::Call::List("centre")),
    readiness_route(&Method::GET, "/v1/centres/{id}", readiness::Call::Read("centre")),
    readiness_route(&Method::PUT, "/v1/centres/{id}", readiness::Call::Put("centre")),
    readiness_route(&Method::DELETE, "/v1/centres/{id}", readiness::Call::Remove("centre")),
    readiness_route(&Method::GET, "/v1/alarm-paths/{id}", readiness::Call::Read("alarm-path")),
    readiness_route(&Method::PUT, "/v1/alarm-paths/{id}", readiness::Call::Put("alarm-path")),
    readiness_route(&Method::DELETE, "/v1/alarm-paths/{id}", readiness::Call::Remove("alarm-path")),
    readiness_route(
        &Method::POST,
        "/v1/rosters/{id}/swaps",
        readiness::Call::Act(sends("offer-swap", &[("id", "rosterId")]).makes("/v1/swaps/")),
    ),
    readiness_route(
        &Method::POST,
        "/v1/swaps/{id}/settle",
        readiness::Call::Act(sends("settle-swap", &[("id", "swapId")])),
    ),
    readiness_route(
        &Method::POST,
        "/v1/rosters/{id}/feeds",
        readiness::Call::Act(sends("issue-feed", &[("id", "rosterId")]).makes("/v1/calendar-feeds/")),
    ),
    readiness_route(
        &Method::DELETE,
        "/v1/calendar-feeds/{secret}",
        readiness::Call::Act(sends("revoke-feed", &[("secret", "feedId")])),
    ),
    readiness_route(
        &Method::POST,
        "/v1/alarm-paths/{id}/read",
        readiness::Call::Act(sends("read-path", &[("id", "id")])),
    ),
    readiness_route(
        &Method::POST,
        "/v1/alarm-paths/{id}/exercise",
        readiness::Call::Act(sends("start-exercise", &[("id", "id")]).makes("/v1/alarms/")),
    ),
    readiness_route(
        &Method::POST,
        "/v1/alarm-paths/{id}/prove",
        readiness::Call::Act(sends("prove-path", &[("id", "id")]).makes("/v1/alarms/")),
    ),
    readiness_route(&Method::GET, "/v1/alarm-paths", readiness::Call::Ask(asks("path-health", &[]))),
    readiness_route(&Method::GET, "/v1/duty/coverage", readiness::Call::Ask(asks("coverage", &["from", "to"]))),
    readiness_route(&Method::GET, "/v1/duty/endurance", readiness::Call::Ask(asks("endurance", &[]))),
    readiness_route(&Method::GET, "/v1/alarms", readiness::Call::Ask(asks("alarms", &["caseId", "purpose", "status"]))),
    readiness_route(&Method::GET, "/v1/alarms/{id}", readiness::Call::Ask(asks("alarm", &[]))),
    readiness_route(
        &Method::POST,
        "/v1/alarms/{id}/acknowledge",
        readiness::Call::Act(sends("acknowledge-alarm", &[("id", "id")])),
    ),
    readiness_route(
        &Method::POST,
        "/v1/alarms/{id}/deliveries/{delivery}/reach",
        readiness::Call::Act(sends("note-reach", &[("id", "id"), ("delivery", "deliveryId")])),
    ),
    readiness_route(
        &Method::POST,
        "/v1/call-ins",
        readiness::Call::Act(sends("start-call-in", &[]).makes("/v1/call-ins/")),
    ),
    readiness_route(
        &Method::GET,
        "/v1/call-ins/{id}",
        readiness::Call::Ask(asks("alarm", &[]).with("purpose", "call-in")),
    ),
    readiness_route(&Method::POST, "/v1/webhooks/{channel}/receipts", readiness::Call::Receipt),
    readiness_route(&Method::GET, "/v1/calendar-feeds/{secret}", readiness::Call::Calendar),
];

fn handler(call: Call) -> MethodRouter<Shared> {
    match call {
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
        Call::TakeOver => act(takeovers::TAKE_OVER),
        Call::ActivateCrisisBoard => act(takeovers::ACTIVATE),
        Call::EndCrisisBoard => act(takeovers::END),
        Call::EstablishBoard => act(takeovers::ESTABLISH),
        Call::ReturnTakeover => act_on(takeovers::RETURN),
        Call::ReportTakeover => act_on(takeovers::REPORT),
        Call::RenameBoard => act_on(takeovers::RENAME),
        Call::DissolveBoard => act_on(takeovers::DISSOLVE),
        Call::ReportIncident => post(incidents::report),
        Call::ListIncidents => get(incidents::list),
        Call::ReadIncident => get(incidents::read),
        Call::ChangeIncident => patch(incidents::change),
        Call::ReadCalendar => get(calendars::read),
        Call::RecordCalendar => put(calendars::record),
        Call::ChangeCalendar => patch(calendars::record),
        Call::OpenCase => post(support_cases::open),
        Call::ListCases => get(support_cases::list),
        Call::ReadCase => get(support_cases::read),
        Call::ActOnCase => post(support_cases::act),
        Call::Events => get(events::events),
        Call::Actors(op) => actors::handler(op),
        Call::Verify => post(node::verify),
        Call::BackUp => post(node::back_up),
        Call::Readiness(call) => readiness::handler(call),
        Call::Unknown => MethodRouter::new(),
    }
}

fn act(act: takeovers::Act) -> MethodRouter<Shared> {
    post(move |app, ask, query, headers, body| takeovers::act(act, app, ask, query, headers, body))
}

fn act_on(act: takeovers::Act) -> MethodRouter<Shared> {
    post(move |app, ask, path, query, headers, body| takeovers::act_on(act, app, ask, path, query, headers, body))
}

/// The whole HTTP edge.
pub fn router(app: Shared) -> Router {
    ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, handler(route.call)))
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
