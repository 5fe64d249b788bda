//! The roles of a house: each with its own connection, log and keys, as if it ran alone.

use crate::arguments::RunRole;
use anyhow::Context as _;
use narhet_bus::{Bus, Credentials, NatsOptions, StreamNames};
use narhet_duty::channels::{Channels, ChannelsConfig};
use narhet_gateway::{Gateway, Options as GatewayOptions};
use narhet_kernel::Clock;
use narhet_proto::subject;
use narhet_runtime::{HostOptions, host};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long a server may take to come up before a role gives up on its first connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
const CONNECT_RETRY: Duration = Duration::from_millis(50);
/// Between a role's failure and its next start; a failing disk must not be hammered.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// What the roles of one house share.
#[derive(Clone)]
pub struct House {
    pub data: PathBuf,
    pub clock: Clock,
    pub nats: String,
    /// The ways out that duty's alarms take.
    pub channels: ChannelsConfig,
}

impl RunRole {
    pub fn name(self) -> &'static str {
        self.context().map_or("gateway", narhet_kernel::Context::name)
    }
}

impl House {
    pub fn keys_folder(&self, role: RunRole) -> PathBuf {
        self.data.join("keys").join(role.name())
    }

    /// Beside the data keys unless NARHET_KEK_DIR says elsewhere.
    fn kek_folder(&self, role: RunRole) -> PathBuf {
        std::env::var_os("NARHET_KEK_DIR")
            .map_or_else(|| self.keys_folder(role), |elsewhere| Path::new(&elsewhere).join(role.name()))
    }

    /// Connects as a role; a server that is just starting is waited for.
    pub async fn connect(&self, role: RunRole, credentials: &Credentials) -> anyhow::Result<Bus> {
        let options = NatsOptions {
            url: self.nats.clone(),
            name: role.name().to_owned(),
            credentials: credentials.clone(),
            stream: StreamNames { name: subject::STREAM.to_owned(), subjects: subject::STREAM_SUBJECTS.to_owned() },
        };
        let started = tokio::time::Instant::now();
        loop {
            match Bus::connect(options.clone()).await {
                Ok(bus) => return Ok(bus),
                Err(error) if started.elapsed() > CONNECT_PATIENCE => {
                    return Err(error).with_context(|| format!("role {}", role.name()));
                }
                Err(_) => tokio::time::sleep(CONNECT_RETRY).await,
            }
        }
    }

    /// Runs a context's role until shutdown. A failure of its disk or index starts it again, which recovers from the
    /// journal; a fork ends it, since only a person can decide.
    pub async fn run_context(&self, role: RunRole, bus: Bus, shutdown: CancellationToken) -> anyhow::Result<()> {
        loop {
            let options = HostOptions {
                folder: self.data.join(role.name()),
                keys_folder: self.keys_folder(role),
                kek_folder: self.kek_folder(role),
                clock: self.clock.clone(),
            };
            let (bus, stop) = (bus.clone(), shutdown.clone());
            let ended = match role {
                RunRole::Area => host::run(narhet_area::AreaService::default(), bus, options, stop).await,
                RunRole::Duty => host::run(self.duty(&bus)?, bus, options, stop).await,
                RunRole::Situation => host::run(narhet_situation::Situation::default(), bus, options, stop).await,
                RunRole::Actors => host::run(narhet_actors::Actors::default(), bus, options, stop).await,
                RunRole::Gateway => return Ok(()),
            };
            let error = match ended {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !error.may_heal() || shutdown.is_cancelled() {
                return Err(error).with_context(|| format!("role {}", role.name()));
            }
            tracing::error!(
                role = role.name(),
                error = format!("{:#}", anyhow::Error::new(error)),
                "a role failed; it starts again"
            );
            tokio::select! {
                () = tokio::time::sleep(RESTART_DELAY) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    fn duty(&self, bus: &Bus) -> anyhow::Result<narhet_duty::Duty> {
        let config = self.channels.clone().with_environment(|name| std::env::var(name).ok());
        let channels =
            Channels::open(&config, Some(bus.clone())).map_err(|error| anyhow::anyhow!("[channels]: {error}"))?;
        Ok(narhet_duty::Duty::with_channels(channels))
    }

    /// Opens the HTTP interface; its address is known before anything is served.
    pub async fn bind_gateway(
        &self,
        bus: Bus,
        http: &str,
        identity: narhet_gateway::identity::Config,
        demo: bool,
    ) -> anyhow::Result<Gateway> {
        let address: SocketAddr =
            http.parse().with_context(|| format!("{http:?} is not an address: write 127.0.0.1:8420"))?;
        let options = GatewayOptions {
            http: address,
            identity,
            keys_folder: self.keys_folder(RunRole::Gateway),
            demo,
            clock: self.clock.clone(),
            limits: narhet_gateway::Limits::default(),
        };
        Gateway::bind(options, bus).await.with_context(|| format!("the HTTP interface at {http}"))
    }
}
