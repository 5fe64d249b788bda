//! The gateway: HTTP, SSE and identity. It folds everyone's events and decides nothing; rights are decided by the service
//! that owns the information, save those that only the edge can see.
//!
//! Words: a *cursor* is a vector of positions, opaque to clients; the *fold* is what the gateway has learnt from all
//! events; the *feed* is the part of it that clients follow; a *problem* is what a refused request is answered with.
//!
//! Invariants, each guarded by the test named:
//! 1. No answer of 400 or above is anything but a problem document (`every_error_is_a_problem`).
//! 2. No token is taken that is unsigned, symmetric, expired, foreign or without role (`the_tokens_as_a_table`).
//! 3. A client that resumes gets each event it may read once, in causal order (`a_resumed_client_misses_and_doubles_nothing`).
//! 4. Nobody is sent an event they may not read (`the_feed_is_filtered_by_role`).
//! 5. What waits for one client is bounded (`a_client_that_takes_nothing_is_dropped`).
//! 6. The routes and `proto/openapi.json` agree both ways (`the_description_and_the_routes_agree`).
//!
//! Reading order: [`gateway`] the component, [`routes`] the one table of routes and its handlers, [`request`] what every
//! request passes, [`identity`] who asks, [`problem`] refusals, [`limits`] every bound, [`fold`] and [`feed`] what is
//! known and how it is followed, [`upstream`] and [`bus_side`] the services, [`listener`] the connections.

mod app;
mod bus_side;
pub mod feed;
pub mod fold;
pub mod gateway;
pub mod identity;
pub mod limits;
mod listener;
pub mod metrics;
pub mod problem;
mod query;
mod request;
mod routes;
#[cfg(test)]
mod testing;
pub mod upstream;

pub use gateway::{BindError, Gateway, Limits, Options};
pub use identity::{Config as IdentityConfig, IssuerConfig, demo};
