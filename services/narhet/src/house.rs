//! `narhet up` and `narhet run`: starts roles, says when they are ready, ends them in order.

use crate::{
    arguments::{Demo, Run, RunRole, Up},
    clock, demo, identity,
    lock::Lock,
    nats_server::NatsServer,
    node::NodeFile,
    roles::House,
    settings::Settings,
};
use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use narhet_bus::{Bus, Credentials};
use narhet_runtime::Caller;
use std::{collections::BTreeMap, path::Path, process::ExitCode, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

const ROLES: [RunRole; 5] = [RunRole::Area, RunRole::Duty, RunRole::Situation, RunRole::Actors, RunRole::Gateway];
/// How often readiness is asked for while starting.
const READY_POLL: Duration = Duration::from_millis(20);

/// A whole house in one process.
pub async fn up(flags: Up, settings: Settings) -> anyhow::Result<ExitCode> {
    let data = settings.data(&flags);
    make_private(&data)?;
    let data = data.canonicalize()?;
    let _lock = Lock::take(&data)?;
    let clock = clock::open(&data, flags.clock.as_deref())?;
    let server = match settings.nats(&flags) {
        Some(_) => None,
        None => Some(NatsServer::start(&data)?),
    };
    let nats = settings.nats(&flags).or_else(|| server.as_ref().map(|server| server.url.clone())).unwrap_or_default();
    let house = House { data: data.clone(), clock, nats: nats.clone(), channels: settings.channels.clone() };
    let given = settings.nats_creds(&flags);
    let credentials = |role: RunRole| match &server {
        Some(server) => Ok(server.credentials(role.name())),
        None => identity::read(given.as_deref(), role.name()),
    };

    let shutdown = shutdown_on_signal()?;
    let connecting = ROLES.map(|role| {
        let (house, credentials) = (&house, credentials(role));
        async move { Ok::<_, anyhow::Error>((role.name(), house.connect(role, &credentials?).await?)) }
    });
    let buses: BTreeMap<&'static str, Bus> = try_join_all(connecting).await?.into_iter().collect();
    let gateway_bus = buses["gateway"].clone();
    let mut running: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for role in ROLES.into_iter().filter(|role| role.context().is_some()) {
        let (house, bus, shutdown) = (house.clone(), buses[role.name()].clone(), shutdown.clone());
        running.spawn(async move { house.run_context(role, bus, shutdown).await });
    }
    let demo_mode = flags.demo.is_some();
    let gateway =
        house.bind_gateway(gateway_bus.clone(), &settings.http(&flags), settings.identity.clone(), demo_mode).await?;
    let http = format!("http://{}", gateway.address());
    let stop = shutdown.clone();
    running.spawn(async move {
        gateway.run(stop).await;
        Ok(())
    });

    let ready = async {
        wait_until_ready(&http).await?;
        if flags.demo == Some(Demo::Data) {
            demo::load(&Caller::new(gateway_bus), &house.clock).await?;
        }
        NodeFile { http: http.clone(), nats: nats.clone(), pid: std::process::id(), demo: demo_mode }.write(&data)?;
        tracing::info!(%http, "ready");
        println!("{}", serde_json::json!({ "ready": true, "http": http, "nats": nats }));
        Ok::<(), anyhow::Error>(())
    };
    let outcome = run_until_done(ready, &mut running, &shutdown).await;
    NodeFile::remove(&data);
    for bus in buses.values() {
        bus.close().await;
    }
    drop(server);
    outcome
}

/// A house's folder is nobody else's to read: places and boards are in the clear in its logs.
fn make_private(data: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("{} cannot be made", data.display()))
}

/// One role of a house whose NATS server somebody else keeps.
pub async fn run(run: Run, settings: Settings) -> anyhow::Result<ExitCode> {
    let Run { role, house: flags } = run;
    let data = settings.data(&flags);
    make_private(&data)?;
    let data = data.canonicalize()?;
    let Some(nats) = settings.nats(&flags) else {
        bail!("a single role needs --nats URL, the server that all roles share")
    };
    let credentials: Credentials = identity::read(settings.nats_creds(&flags).as_deref(), role.name())?;
    let house = House {
        clock: clock::open(&data, flags.clock.as_deref())?,
        data: data.clone(),
        nats: nats.clone(),
        channels: settings.channels.clone(),
    };
    let shutdown = shutdown_on_signal()?;
    let bus = house.connect(role, &credentials).await?;
    let mut running: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let outcome = if role == RunRole::Gateway {
        let demo = flags.demo.is_some();
        let gateway = house.bind_gateway(bus.clone(), &settings.http(&flags), settings.identity.clone(), demo).await?;
        let http = format!("http://{}", gateway.address());
        let stop = shutdown.clone();
        running.spawn(async move {
            gateway.run(stop).await;
            Ok(())
        });
        let ready = async {
            wait_until_ready(&http).await?;
            NodeFile { http: http.clone(), nats: nats.clone(), pid: std::process::id(), demo }.write(&data)?;
            println!("{}", serde_json::json!({ "ready": true, "http": http, "nats": nats }));
            Ok(())
        };
        let outcome = run_until_done(ready, &mut running, &shutdown).await;
        NodeFile::remove(&data);
        outcome
    } else {
        let (role_bus, stop, role_house) = (bus.clone(), shutdown.clone(), house.clone());
        running.spawn(async move { role_house.run_context(role, role_bus, stop).await });
        let caller = Caller::new(bus.clone());
        let ready = async {
            if let Some(context) = role.context() {
                while !caller.health(context).await.is_ok_and(|health| health.ready) {
                    tokio::time::sleep(READY_POLL).await;
                }
            }
            println!("{}", serde_json::json!({ "ready": true, "role": role.name(), "nats": nats }));
            Ok(())
        };
        run_until_done(ready, &mut running, &shutdown).await
    };
    bus.close().await;
    outcome
}

/// Runs `ready` once and the roles until shutdown; the first role that ends with an error ends the house.
async fn run_until_done(
    ready: impl Future<Output = anyhow::Result<()>>,
    running: &mut JoinSet<anyhow::Result<()>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<ExitCode> {
    let first_failure = tokio::select! {
        ready = ready => ready.err(),
        failure = next_failure(running) => failure,
        () = shutdown.cancelled() => None,
    };
    let failure = match first_failure {
        Some(failure) => Some(failure),
        None => tokio::select! {
            failure = next_failure(running) => failure,
            () = shutdown.cancelled() => None,
        },
    };
    shutdown.cancel();
    while running.join_next().await.is_some() {}
    failure.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// The error of the first role that fails; a role that ended well is not waited for again.
async fn next_failure(running: &mut JoinSet<anyhow::Result<()>>) -> Option<anyhow::Error> {
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Some(error),
            Err(error) => return Some(error.into()),
        }
    }
    None
}

async fn wait_until_ready(http: &str) -> anyhow::Result<()> {
    let client = reqwest::Client::new();
    loop {
        let answered = client.get(format!("{http}/readyz")).send().await;
        if answered.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(READY_POLL).await;
    }
}

fn shutdown_on_signal() -> anyhow::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
    Ok(shutdown)
}
