//! A folder of the test's own.

use std::path::{Path, PathBuf};

/// Removed when dropped, unless the test panics: then it stays for a look.
pub struct Folder(PathBuf);

impl Folder {
    /// # Panics
    /// When the folder cannot be made.
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("narhet-{name}-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("left for a look: {}", self.0.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
