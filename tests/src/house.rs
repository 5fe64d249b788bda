//! A real `narhet` process of the test's own, and an HTTP client for it.

use crate::{contract::Operation, wait::PATIENCE};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Instant,
};

/// The binary under test: NARHET_BINARY, else what `cargo build -p narhet` made beside this test.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("NARHET_BINARY") {
        return named.into();
    }
    let exe = std::env::current_exe().expect("a running test has a path");
    let profile = exe.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let binary = profile.join("narhet");
    assert!(binary.is_file(), "{} is missing: `make test` builds it", binary.display());
    binary
}

/// A process of `narhet up` or `narhet run`, with its whole group killed when dropped.
pub struct House {
    child: Option<Child>,
    pub url: String,
    pub nats: String,
    data: PathBuf,
    tokens: std::sync::Mutex<BTreeMap<String, String>>,
    pub http: reqwest::Client,
}

impl House {
    /// `narhet up --data DATA --http 127.0.0.1:0 <arguments>`; returns when it says that it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn up(data: &Path, arguments: &[&str]) -> House {
        let mut all = vec!["up", "--http", "127.0.0.1:0"];
        all.extend_from_slice(arguments);
        Self::start(data, &all)
    }

    /// Any long-running `narhet` command; logs go to `DATA.log`, which the test may read.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start(data: &Path, arguments: &[&str]) -> House {
        let mut child = spawn(data, arguments);
        let stdout = child.stdout.take().expect("standard output is piped");
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let started = Instant::now();
        let line = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            kill_group(&mut child);
            let log = std::fs::read_to_string(log_path(data)).unwrap_or_default();
            panic!("narhet {arguments:?} is not ready after {:?}; its log:\n{log}", started.elapsed())
        });
        let ready: Value = serde_json::from_str(&line).expect("one JSON line");
        assert_eq!(ready["ready"], true);
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        House {
            child: Some(child),
            url: text("http"),
            nats: text("nats"),
            data: data.to_owned(),
            tokens: std::sync::Mutex::default(),
            http: reqwest::Client::new(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(log_path(&self.data)).unwrap_or_default()
    }

    /// kill -9 of the whole process group.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill_group(&mut child);
        }
    }

    /// SIGTERM; waits for the end and says whether it was a good one.
    pub fn stop(&mut self) -> bool {
        let Some(mut child) = self.child.take() else { return true };
        let pid = rustix::process::Pid::from_child(&child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        child.wait().is_ok_and(|status| status.success())
    }

    /// A token as `narhet token` mints it.
    ///
    /// # Panics
    /// When the command fails.
    pub fn token(&self, role: &str, board: Option<&str>) -> String {
        let key = format!("{role}@{}", board.unwrap_or(""));
        let mut tokens = self.tokens.lock().expect("no test panics while holding it");
        tokens
            .entry(key)
            .or_insert_with(|| {
                let mut arguments = vec!["token", "--role", role];
                arguments.extend(board.iter().flat_map(|board| ["--board", *board]));
                let (ok, out, err) = run(&self.data, &arguments);
                assert!(ok, "narhet token: {err}");
                out.trim().to_owned()
            })
            .clone()
    }

    pub fn get(&self, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(token)
    }

    pub fn post(&self, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(token)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a request; its status and JSON body.
///
/// # Panics
/// When nobody answers, and when the answer is not as it is described.
pub async fn json(request: reqwest::RequestBuilder) -> (u16, Value) {
    let (status, _, body) = answer(request).await;
    (status, body)
}

/// The same, with the headers.
///
/// # Panics
/// As [`json`].
pub async fn answer(request: reqwest::RequestBuilder) -> (u16, HeaderMap, Value) {
    let (client, request) = request.build_split();
    let request = request.expect("the request is sound");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = client.execute(request).await.expect("the house answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.json().await.unwrap_or(Value::Null);
    if let Some(operation) = Operation::of(method.as_str(), &path)
        && !body.is_null()
    {
        let faults = operation.faults(status, &body);
        assert!(faults.is_empty(), "{method} {path} {status} is not as proto/openapi.json says: {faults:#?}");
    }
    (status, headers, body)
}

/// Runs a `narhet` command to its end: whether it was good, standard output, standard error.
///
/// # Panics
/// When the binary cannot be run.
pub fn run(data: &Path, arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(binary())
        .args(arguments)
        .env("NARHET_DATA", data)
        .current_dir(crate::root())
        .output()
        .expect("narhet can be run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Starts a `narhet` process in a group of its own without waiting for it to be ready.
///
/// # Panics
/// When the binary cannot be run.
pub fn spawn(data: &Path, arguments: &[&str]) -> Child {
    let log =
        std::fs::OpenOptions::new().create(true).append(true).open(log_path(data)).expect("the log can be written");
    Command::new(binary())
        .args(arguments)
        .env("NARHET_DATA", data)
        .current_dir(crate::root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("narhet can be run")
}

pub fn log_path(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// kill -9 of a process and its group.
pub fn kill_group(child: &mut Child) {
    let pid = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    let _ = child.wait();
}
