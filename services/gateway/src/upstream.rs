//! What the gateway asks of the services: one small port, so that the HTTP edge and the feed can be tried without a bus.
//!
//! Two implementations: [`crate::bus_side`] on the bus, and the fake of the tests.

use crate::feed::Entry;
use futures::future::BoxFuture;
use narhet_kernel::{Context, StoreId, Vector};
use narhet_proto::wire::{Answer, LogReport, Problem, Request};
use std::path::PathBuf;

/// The owners of the contexts, as the gateway reaches them.
pub trait Upstream: Send + Sync + 'static {
    fn command(&self, context: Context, name: &'static str, request: Request)
    -> BoxFuture<'_, Result<Answer, Problem>>;

    fn query(&self, context: Context, name: &'static str, request: Request) -> BoxFuture<'_, Result<Answer, Problem>>;

    fn health(&self, context: Context) -> BoxFuture<'_, Result<RoleHealth, Problem>>;

    /// Has a context's owner check its whole log.
    fn verify(&self, context: Context) -> BoxFuture<'_, Result<LogReport, Problem>>;

    /// Copies every log, live, into a folder on the owners' machine; answers the cut.
    fn backup(&self, folder: PathBuf) -> BoxFuture<'_, Result<Vector, Problem>>;

    /// Up to `limit` events after `from` out of the owners' logs, cause before effect; empty at the head.
    fn read_page<'a>(&'a self, from: &'a Vector, limit: usize) -> BoxFuture<'a, Result<Vec<Entry>, Problem>>;
}

/// How a context's owner is.
#[derive(Clone, Debug)]
pub struct RoleHealth {
    pub ready: bool,
    pub reason: Option<String>,
    /// The last committed position of its log.
    pub position: u64,
    pub store: StoreId,
    /// Events of types that it does not know.
    pub unknown_events: u64,
}
