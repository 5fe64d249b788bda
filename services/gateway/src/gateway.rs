//! The component: options in, an address out, served until shutdown.

use crate::{
    app::{App, Shared},
    bus_side,
    feed::RingLimits,
    fold::Fold,
    identity::{self, Identity, IdentityError, demo},
    limits::{IMPORTS_MAX, RING_BYTES_MAX, RING_EVENTS_MAX, SSE_CLIENTS_MAX},
    listener,
    metrics::Metrics,
    routes,
    upstream::Upstream,
};
use narhet_bus::Bus;
use narhet_kernel::Clock;
use narhet_runtime::caller::Caller;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// What a gateway is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port 0 takes any; [`Gateway::address`] says which.
    pub http: SocketAddr,
    /// `DATA/keys/gateway`.
    pub keys_folder: PathBuf,
    pub identity: identity::Config,
    /// Whether the node's own issuer is trusted, and `admin` may do anything.
    pub demo: bool,
    /// The house's clock; tokens go by the real one.
    pub clock: Clock,
    pub limits: Limits,
}

/// The limits that a house may set; the others are constants in [`crate::limits`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clients of the event stream at a time.
    pub sse_clients: usize,
    /// Events kept in memory for clients that resume.
    pub ring_events: usize,
    pub ring_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sse_clients: SSE_CLIENTS_MAX, ring_events: RING_EVENTS_MAX, ring_bytes: RING_BYTES_MAX }
    }
}

/// The gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("the gateway's identity cannot be opened")]
    Identity(#[from] IdentityError),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
}

/// A gateway that has an address and is not serving yet.
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    app: Shared,
    shutdown: CancellationToken,
    /// What the fold follows.
    follows: Option<(Bus, Caller)>,
}

impl Gateway {
    /// Takes the address and opens the keys; connections wait until [`Gateway::run`].
    pub async fn bind(options: Options, bus: Bus) -> Result<Gateway, BindError> {
        let caller = Caller::new(bus.clone());
        let upstream = Arc::new(caller.clone());
        Ok(Gateway { follows: Some((bus, caller)), ..Gateway::assemble(options, upstream).await? })
    }

    /// A gateway over other services than those on a bus; nothing folds by itself.
    pub(crate) async fn assemble(options: Options, upstream: Arc<dyn Upstream>) -> Result<Gateway, BindError> {
        let identity = Identity::open(options.identity, &options.keys_folder, options.demo)?;
        let failed = |source| BindError::Listen { address: options.http, source };
        let listener = TcpListener::bind(options.http).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let limits = options.limits;
        let shutdown = CancellationToken::new();
        let app = Arc::new(App {
            upstream,
            fold: Arc::new(Fold::new(RingLimits { events: limits.ring_events, bytes: limits.ring_bytes })),
            identity,
            clock: options.clock,
            metrics: Arc::new(Metrics::default()),
            sse_places: Arc::new(Semaphore::new(limits.sse_clients)),
            sse_clients_max: limits.sse_clients,
            import_places: Semaphore::new(IMPORTS_MAX),
            shutdown: shutdown.clone(),
        });
        Ok(Gateway { listener, address, app, shutdown, follows: None })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The demo issuer, in demo mode.
    pub fn demo_issuer(&self) -> Option<&demo::Issuer> {
        self.app.identity.demo()
    }

    #[cfg(test)]
    pub(crate) fn fold(&self) -> Arc<Fold> {
        Arc::clone(&self.app.fold)
    }

    /// Folds and serves until shutdown; event streams end at once, other requests may finish.
    pub async fn run(self, shutdown: CancellationToken) {
        let Gateway { listener, app, shutdown: own, follows, .. } = self;
        let fold = Arc::clone(&app.fold);
        let folding = async {
            if let Some((bus, caller)) = follows {
                bus_side::keep_folding(fold, bus, caller, own.clone()).await;
            }
        };
        let stopping = async {
            shutdown.cancelled().await;
            own.cancel();
        };
        tokio::join!(listener::serve(listener, routes::router(app), own.clone()), folding, stopping);
    }
}
