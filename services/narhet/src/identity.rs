//! How a role proves to NATS who it is.

use anyhow::{Context as _, bail};
use narhet_bus::Credentials;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserPassword {
    user: String,
    password: String,
}

/// Reads a NATS `.creds` file or TOML with `user` and `password`; of a folder, the file `<role>.creds` or `<role>.toml`.
pub fn read(path: Option<&Path>, role: &str) -> anyhow::Result<Credentials> {
    let Some(path) = path else { return Ok(Credentials::None) };
    if path.is_dir() {
        let files = ["creds", "toml"].map(|ending| path.join(format!("{role}.{ending}")));
        let file = files.iter().find(|file| file.is_file());
        let file = file.with_context(|| format!("{} has neither {role}.creds nor {role}.toml", path.display()))?;
        return read(Some(file), role);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if text.contains("BEGIN NATS USER JWT") {
        return Ok(Credentials::File(path.to_owned()));
    }
    match toml::from_str::<UserPassword>(&text) {
        Ok(UserPassword { user, password }) => Ok(Credentials::UserPassword { user, password }),
        // The parser's message would quote the secret.
        Err(_) => bail!("{} is neither a .creds file nor TOML with user and password", path.display()),
    }
}
