//! `narhet.toml`: what flags and NARHET_* variables did not say.

use crate::arguments::Up;
use anyhow::Context as _;
use narhet_gateway::identity;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Where a house keeps everything unless told otherwise.
const DATA: &str = "./.narhet";
/// Only this machine reaches it unless told otherwise.
const HTTP: &str = "127.0.0.1:8420";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    pub data: Option<PathBuf>,
    pub http: Option<String>,
    pub nats: Option<String>,
    pub nats_creds: Option<PathBuf>,
    #[serde(default)]
    pub identity: identity::Config,
    #[serde(default)]
    pub channels: narhet_duty::channels::ChannelsConfig,
}

impl Settings {
    /// Reads the file; a missing one says nothing.
    pub fn read(path: &Path) -> anyhow::Result<Settings> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("{} is not valid", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    pub fn data(&self, flags: &Up) -> PathBuf {
        flags.data.clone().or_else(|| self.data.clone()).unwrap_or_else(|| PathBuf::from(DATA))
    }

    pub fn http(&self, flags: &Up) -> String {
        flags.http.clone().or_else(|| self.http.clone()).unwrap_or_else(|| HTTP.to_owned())
    }

    pub fn nats(&self, flags: &Up) -> Option<String> {
        flags.nats.clone().or_else(|| self.nats.clone())
    }

    pub fn nats_creds(&self, flags: &Up) -> Option<PathBuf> {
        flags.nats_creds.clone().or_else(|| self.nats_creds.clone())
    }
}
