//! One house in a folder: whoever keeps its nats-server, node.json and clock holds this lock.

use anyhow::{Context as _, bail};
use std::{fs::File, path::Path};

/// Held until dropped, and by the kernel not a moment longer.
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// Takes the lock of a folder, or says that a house runs there.
    pub fn take(data: &Path) -> anyhow::Result<Lock> {
        let path = data.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(std::fs::TryLockError::WouldBlock) => {
                bail!("a house already runs in {}: stop it first, or name another folder with --data", data.display())
            }
            Err(std::fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }
}
