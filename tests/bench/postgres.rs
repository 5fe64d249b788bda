//! The peer: PostgreSQL 15 as Debian ships it, in a temporary folder, driven by its own pgbench.
//!
//! Whatever keeps it from being measured becomes the row's note; nothing here panics.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
const NEEDED: [&str; 5] = ["postgres", "initdb", "pg_ctl", "psql", "pgbench"];
const CLIENTS: &str = "32";
/// Durable as ours is; and kinder than the defaults: no checkpoint for lack of WAL space in such a short run.
const SETTINGS: [&str; 4] = ["synchronous_commit=on", "fsync=on", "shared_buffers=256MB", "max_wal_size=4GB"];
/// A reason takes this much of the row at most.
const WHY_CHARS: usize = 160;

/// Inserts with a unique (stream, version), each durable before its answer, from 32 clients, with `body_bytes` of text
/// beside stream, version and id; and what it was measured on. `Err` says why there is no figure.
pub fn inserts_per_second(folder: &Path, time: Duration, body_bytes: u64) -> Result<(f64, String), String> {
    with_server(folder, |server| measure(server, folder, time, body_bytes))
}

/// A running server of this bench's own.
pub struct Server {
    user: Option<&'static str>,
    folder: PathBuf,
}

impl Server {
    /// Runs SQL and answers what psql prints, unaligned and without headers.
    pub fn sql(&self, sql: &str) -> Result<String, String> {
        self.psql(&["-c", sql])
    }

    /// Runs a file of SQL.
    pub fn file(&self, path: &Path) -> Result<String, String> {
        self.psql(&["-f", &path.to_string_lossy()])
    }

    fn psql(&self, what: &[&str]) -> Result<String, String> {
        let socket = self.folder.to_string_lossy().into_owned();
        let as_bench = ["-h", &socket, "-U", "bench", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qAt"];
        let run = output(self.command("psql").args(as_bench).args(what))?;
        Ok(String::from_utf8_lossy(&run.stdout).into_owned())
    }

    fn command(&self, program: &str) -> Command {
        as_user(self.user, program, &self.folder)
    }
}

/// Starts a server in `folder`, which is removed afterwards. `Err` says in one line why there is no answer.
pub fn with_server<T>(folder: &Path, ask: impl FnOnce(&Server) -> Result<T, String>) -> Result<T, String> {
    let answer = start(folder).and_then(|server| {
        let answer = ask(&server);
        // It dies with its folder otherwise; what was measured counts either way.
        let _ = output(server.command("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(folder.join("data")));
        answer
    });
    let _ = fs::remove_dir_all(folder);
    answer.map_err(|why| why.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WHY_CHARS).collect())
}

fn start(folder: &Path) -> Result<Server, String> {
    if let Some(missing) = NEEDED.iter().find(|program| !Path::new(PROGRAMS).join(program).exists()) {
        return Err(format!("{PROGRAMS}/{missing} is not installed"));
    }
    // PostgreSQL refuses to run as root.
    let user = if rustix::process::getuid().is_root() { Some("nobody") } else { None };
    if user.is_some() {
        let id = String::from_utf8(output(Command::new("id").args(["-u", "nobody"]))?.stdout).map_err(display)?;
        let id = id.trim().parse().map_err(display)?;
        chown(folder, Some(id), None).map_err(display)?;
    }
    let server = Server { user, folder: folder.to_owned() };
    let data = folder.join("data");
    output(server.command("initdb").args(["-A", "trust", "-U", "bench", "-D"]).arg(&data))?;
    let mut settings = format!("-c listen_addresses='' -c unix_socket_directories={}", folder.to_string_lossy());
    for setting in SETTINGS {
        settings += &format!(" -c {setting}");
    }
    output(
        server
            .command("pg_ctl")
            .args(["start", "-w", "-t", "30", "-l"])
            .arg(folder.join("log"))
            .args(["-o", &settings, "-D"])
            .arg(&data),
    )?;
    Ok(server)
}

fn measure(server: &Server, folder: &Path, time: Duration, body_bytes: u64) -> Result<(f64, String), String> {
    let table = "CREATE TABLE events (position bigserial PRIMARY KEY, stream bigint NOT NULL, version bigint NOT NULL, \
                 id uuid NOT NULL, body text NOT NULL, UNIQUE (stream, version)); CREATE SEQUENCE versions CACHE 1000";
    server.sql(table)?;
    let script = format!(
        "\\set stream random(1, 20000)\nINSERT INTO events (stream, version, id, body) VALUES (:stream, nextval('versions'), \
         gen_random_uuid(), '{}');\n",
        "d".repeat(body_bytes as usize)
    );
    let path = folder.join("insert.sql");
    fs::write(&path, script).map_err(display)?;
    let seconds = time.as_secs().to_string();
    let run = output(
        server
            .command("pgbench")
            .arg("-h")
            .arg(folder)
            .args(["-U", "bench", "-n", "-M", "prepared", "-c", CLIENTS, "-j", "2", "-T", &seconds, "-f"])
            .arg(&path)
            .arg("postgres"),
    )?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let rate = rate.ok_or_else(|| format!("pgbench said: {text}"))?;
    let note = format!(
        "{body_bytes} B body each, pgbench -M prepared -j 2 over a Unix socket, {}; else Debian's defaults",
        SETTINGS.join(", ")
    );
    Ok((rate, note))
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
    let program = command.get_args().chain([command.get_program()]).find_map(|arg| {
        let name = Path::new(arg).file_name()?.to_str()?;
        NEEDED.contains(&name).then(|| name.to_owned())
    });
    let program = program.unwrap_or_else(|| command.get_program().to_string_lossy().into_owned());
    let output = command.output().map_err(|error| format!("{program} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!(
        "{program} failed: {}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    ))
}

fn display(error: impl std::fmt::Display) -> String {
    error.to_string()
}
