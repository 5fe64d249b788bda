//! Small secret files of the gateway under `DATA/keys/gateway/`: made once, mode 0600, never overwritten.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A key file could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("could not {doing} {path}")]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("{path} can be read by others: chmod 600 it, and think about who has read it")]
    Open { path: PathBuf },
    #[error("{path} is not what it should be: {reason}")]
    Damaged { path: PathBuf, reason: &'static str },
    #[error("a key could not be made: the random source or the library failed")]
    NoKey,
}

/// The key of the node's pseudonyms.
pub(super) fn node_key(folder: &Path) -> Result<[u8; 32], KeyFileError> {
    let bytes = open_or_make(folder, "node-key", || {
        let mut key = vec![0; 32];
        getrandom::fill(&mut key).map_err(|_| KeyFileError::NoKey)?;
        Ok(key)
    })?;
    bytes
        .try_into()
        .map_err(|_| KeyFileError::Damaged { path: folder.join("node-key"), reason: "it does not have 32 bytes" })
}

/// Reads `folder/name`, or makes it. Of two that make it at once one wins and both read the winner's.
pub(super) fn open_or_make(
    folder: &Path,
    name: &str,
    make: impl FnOnce() -> Result<Vec<u8>, KeyFileError>,
) -> Result<Vec<u8>, KeyFileError> {
    let path = folder.join(name);
    if !path.try_exists().map_err(io_error("look for", &path))? {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io_error("make", folder))?;
        publish(folder, name, &make()?).map_err(io_error("make", &path))?;
    }
    let mode = fs::metadata(&path).map_err(io_error("look at", &path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open { path });
    }
    fs::read(&path).map_err(io_error("read", &path))
}

/// Writes beside and links into place: the name shows the whole content or is not there, also after a power cut.
fn publish(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!("{name}.{}.new", uuid::Uuid::new_v4()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, folder.join(name));
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io { doing, path, source }
}
