//! `DATA/node.json`: where a running local house answers.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A local house takes a connection at once.
const ANSWER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

#[derive(Debug, Serialize, Deserialize)]
pub struct NodeFile {
    pub http: String,
    pub nats: String,
    pub pid: u32,
    pub demo: bool,
}

fn path(data: &Path) -> PathBuf {
    data.join("node.json")
}

impl NodeFile {
    pub fn write(&self, data: &Path) -> anyhow::Result<()> {
        let beside = data.join("node.json.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(beside, path(data)).context("node.json cannot be written")
    }

    /// The house that runs in this folder, if one answers: a file that a kill left behind names a process id and a port
    /// that somebody else may have by now.
    pub fn read(data: &Path) -> Option<NodeFile> {
        let file = Self::stored(data)?;
        let address = file.http.strip_prefix("http://")?.parse().ok()?;
        let runs = Path::new(&format!("/proc/{}", file.pid)).exists();
        (runs && std::net::TcpStream::connect_timeout(&address, ANSWER_TIMEOUT).is_ok()).then_some(file)
    }

    fn stored(data: &Path) -> Option<NodeFile> {
        serde_json::from_slice(&std::fs::read(path(data)).ok()?).ok()
    }

    /// Says that nothing runs here any more, unless it is somebody else who does.
    pub fn remove(data: &Path) {
        if Self::stored(data).is_some_and(|file| file.pid == std::process::id()) {
            let _ = std::fs::remove_file(path(data));
        }
    }
}
