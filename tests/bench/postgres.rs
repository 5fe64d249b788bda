//! The peer: PostgreSQL 15 as Debian ships it, in a temporary folder, driven by its own pgbench.

use std::{
    fs,
    os::unix::fs::chown,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
const CLIENTS: &str = "32";

/// Inserts with a unique (stream, version), each durable before its answer, from 32 clients; and what it was measured on.
pub fn inserts_per_second(folder: &Path, time: Duration) -> Result<(f64, String), String> {
    if !Path::new(PROGRAMS).join("postgres").exists() {
        return Err(format!("no PostgreSQL 15 in {PROGRAMS}"));
    }
    // PostgreSQL refuses to run as root.
    let user = if rustix::process::getuid().is_root() { Some("nobody") } else { None };
    if user.is_some() {
        let id = String::from_utf8(output(Command::new("id").args(["-u", "nobody"]))?.stdout).map_err(display)?;
        let id = id.trim().parse().map_err(display)?;
        chown(folder, Some(id), None).map_err(display)?;
    }
    let data = folder.join("data");
    let socket = folder.to_string_lossy().into_owned();
    output(as_user(user, "initdb", folder).args(["-A", "trust", "-U", "bench", "-D"]).arg(&data))?;
    let settings = format!(
        "-c listen_addresses='' -c unix_socket_directories={socket} -c synchronous_commit=on -c shared_buffers=256MB -c max_wal_size=4GB"
    );
    output(
        as_user(user, "pg_ctl", folder)
            .args(["start", "-w", "-l"])
            .arg(folder.join("log"))
            .args(["-o", &settings, "-D"])
            .arg(&data),
    )?;
    let measured = measure(user, folder, &socket, time);
    let stopped = output(as_user(user, "pg_ctl", folder).args(["stop", "-m", "immediate", "-D"]).arg(&data));
    let _ = fs::remove_dir_all(folder);
    stopped?;
    measured
}

fn measure(user: Option<&str>, folder: &Path, socket: &str, time: Duration) -> Result<(f64, String), String> {
    let table = "CREATE TABLE events (position bigserial PRIMARY KEY, stream bigint NOT NULL, version bigint NOT NULL, \
                 id uuid NOT NULL, body text NOT NULL, UNIQUE (stream, version)); CREATE SEQUENCE versions CACHE 1000";
    output(as_user(user, "psql", folder).args(["-h", socket, "-U", "bench", "-d", "postgres", "-qc", table]))?;
    // 1,140 bytes: what one of our events is with its envelope.
    let script = format!(
        "\\set stream random(1, 20000)\nINSERT INTO events (stream, version, id, body) VALUES (:stream, nextval('versions'), \
         gen_random_uuid(), '{}');\n",
        "d".repeat(1_100)
    );
    let path = folder.join("insert.sql");
    fs::write(&path, script).map_err(display)?;
    let seconds = time.as_secs().to_string();
    let run = output(
        as_user(user, "pgbench", folder)
            .args(["-h", socket, "-U", "bench", "-n", "-M", "prepared", "-c", CLIENTS, "-j", "2", "-T", &seconds, "-f"])
            .arg(&path)
            .arg("postgres"),
    )?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let rate = rate.ok_or_else(|| format!("pgbench said: {text}"))?;
    Ok((rate, "pgbench, prepared, synchronous_commit=on, 1,100 B body, defaults but shared_buffers".to_owned()))
}

fn as_user(user: Option<&str>, program: &str, folder: &Path) -> Command {
    let program = Path::new(PROGRAMS).join(program);
    let mut command = match user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}")).arg("--clear-groups").arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir(folder);
    command
}

fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn display(error: impl std::fmt::Display) -> String {
    error.to_string()
}
