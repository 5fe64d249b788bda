//! What every handler can reach.

use crate::{fold::Fold, identity::Identity, metrics::Metrics, upstream::Upstream};
use narhet_kernel::Clock;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The gateway while it runs.
pub struct App {
    pub upstream: Arc<dyn Upstream>,
    pub fold: Arc<Fold>,
    pub identity: Identity,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    /// Places for clients of the event stream.
    pub sse_places: Arc<Semaphore>,
    pub sse_clients_max: usize,
    pub import_places: Semaphore,
    pub shutdown: CancellationToken,
}

pub type Shared = Arc<App>;
