//! `DATA/node.json`: where a running local house answers.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

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

    /// The house that runs in this folder, if one does.
    pub fn read(data: &Path) -> Option<NodeFile> {
        let file: NodeFile = serde_json::from_slice(&std::fs::read(path(data)).ok()?).ok()?;
        Path::new(&format!("/proc/{}", file.pid)).exists().then_some(file)
    }

    /// Says that nothing runs here any more.
    pub fn remove(data: &Path) {
        let _ = std::fs::remove_file(path(data));
    }
}
