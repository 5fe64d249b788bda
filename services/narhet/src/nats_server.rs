//! The supervised nats-server: found, checked, started with fresh passwords, restarted when it dies, gone when we are.

use anyhow::{Context as _, bail};
use narhet_bus::Credentials;
use std::{
    collections::BTreeMap,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

const CONFIG: &str = include_str!("../../../deploy/nats.conf");
/// The oldest server whose atomic batches the relay can use.
const OLDEST: (u32, u32) = (2, 12);
/// Between a death and the next start.
const RESTART_DELAY: Duration = Duration::from_millis(100);
/// How often the supervisor looks whether it shall stop.
const WATCH_INTERVAL: Duration = Duration::from_millis(20);

/// A running server; dropping it ends it.
pub struct NatsServer {
    pub url: String,
    passwords: BTreeMap<&'static str, String>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NatsServer {
    /// Starts a server that stores below `data`.
    pub fn start(data: &Path) -> anyhow::Result<NatsServer> {
        let binary = find()?;
        let store = data.join("nats");
        std::fs::create_dir_all(&store).with_context(|| format!("{} cannot be made", store.display()))?;
        let config = store.join("nats.conf");
        std::fs::write(&config, CONFIG).with_context(|| format!("{} cannot be written", config.display()))?;
        let port = free_port()?;
        let passwords: BTreeMap<&'static str, String> =
            ["area", "duty", "situation", "actors", "gateway"].map(|role| (role, password())).into();
        let start = Start { binary, config, store, port, passwords: passwords.clone() };
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        // The thread lives as long as the process: the death signal is tied to the thread that starts the child.
        let thread =
            std::thread::Builder::new().name("nats-server".to_owned()).spawn(move || supervise(&start, &stopping))?;
        Ok(NatsServer { url: format!("nats://127.0.0.1:{port}"), passwords, stop, thread: Some(thread) })
    }

    /// What a role says to this server.
    pub fn credentials(&self, role: &str) -> Credentials {
        match self.passwords.get_key_value(role) {
            Some((user, password)) => {
                Credentials::UserPassword { user: (*user).to_owned(), password: password.clone() }
            }
            None => Credentials::None,
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Start {
    binary: PathBuf,
    config: PathBuf,
    store: PathBuf,
    port: u16,
    passwords: BTreeMap<&'static str, String>,
}

fn supervise(start: &Start, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        match spawn(start) {
            Ok(mut child) => {
                let status = watch(&mut child, stop);
                if !stop.load(Ordering::SeqCst) {
                    tracing::warn!(?status, "nats-server ended; starting it again");
                }
            }
            Err(error) => tracing::error!(%error, "nats-server cannot be started"),
        }
        if !stop.load(Ordering::SeqCst) {
            std::thread::sleep(RESTART_DELAY);
        }
    }
}

/// Waits for the child's end, or ends it: first gently, so that it writes what it holds.
fn watch(child: &mut Child, stop: &AtomicBool) -> Option<std::process::ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "nats-server cannot be watched");
                return None;
            }
        }
        if stop.load(Ordering::SeqCst) {
            return terminate(child);
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
}

/// How long the server may take to end after being asked to.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(5);

fn terminate(child: &mut Child) -> Option<std::process::ExitStatus> {
    let pid = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    let started = std::time::Instant::now();
    while started.elapsed() < TERMINATE_TIMEOUT {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(WATCH_INTERVAL);
    }
    let _ = child.kill();
    child.wait().ok()
}

fn spawn(start: &Start) -> std::io::Result<Child> {
    let log = std::fs::File::create(start.store.join("nats-server.log"))?;
    let mut command = Command::new(&start.binary);
    command
        .arg("-c")
        .arg(&start.config)
        .env("NARHET_NATS_PORT", start.port.to_string())
        .env("NARHET_NATS_STORE", format!("\"{}\"", start.store.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        // A group of its own: Ctrl-C reaches us, and we end it when our roles have stopped.
        .process_group(0);
    for (role, password) in &start.passwords {
        command.env(format!("NARHET_NATS_{}", role.to_uppercase()), password);
    }
    die_with_parent(&mut command);
    command.spawn()
}

/// The kernel kills the child when this thread, and so the process, is gone: it never outlives `narhet`, not even a kill -9.
#[allow(unsafe_code)]
fn die_with_parent(command: &mut Command) {
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only async-signal-safe system calls are made and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            // A parent that died before the line above sends nothing.
            if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
        });
    }
}

/// NARHET_NATS_SERVER, `.tools/bin` of the working folder and beside the binary, then PATH.
fn find() -> anyhow::Result<PathBuf> {
    let mut candidates: Vec<PathBuf> = Vec::new();
    match std::env::var_os("NARHET_NATS_SERVER") {
        Some(named) => candidates.push(named.into()),
        None => {
            candidates.push(PathBuf::from(".tools/bin/nats-server"));
            let beside = std::env::current_exe().ok();
            candidates.extend(
                beside.iter().flat_map(|exe| exe.ancestors().skip(1)).map(|up| up.join(".tools/bin/nats-server")),
            );
            let path = std::env::var_os("PATH").unwrap_or_default();
            candidates.extend(std::env::split_paths(&path).map(|folder| folder.join("nats-server")));
        }
    }
    let binary = candidates.into_iter().find(|candidate| candidate.is_file());
    let binary = binary.context("no nats-server found: `make tools` fetches one, or name it in NARHET_NATS_SERVER")?;
    check_version(&binary)?;
    Ok(binary)
}

fn check_version(binary: &Path) -> anyhow::Result<()> {
    let output = Command::new(binary).arg("--version").output();
    let output = output.with_context(|| format!("{} cannot be run", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let version = text.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    match version {
        Some(version) if version >= OLDEST => Ok(()),
        Some((major, minor)) => {
            bail!("{} is version {major}.{minor}, at least 2.12 is needed: `make tools` fetches one", binary.display())
        }
        None => bail!("{} does not say its version: {text}", binary.display()),
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Begins with a letter so that the server's configuration never takes it for a number.
fn password() -> String {
    format!("p{}{}", narhet_kernel::Uuid::new_v4().simple(), narhet_kernel::Uuid::new_v4().simple())
}
