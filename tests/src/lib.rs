//! Shared by the test binaries: a folder, a nats-server and a house that each test owns, and waiting on conditions.

pub mod contract;
pub mod folder;
pub mod house;
pub mod nats;
pub mod receiver;
pub mod smtp;
pub mod wait;

pub use folder::Folder;
pub use house::House;
pub use nats::NatsProcess;
pub use receiver::Receiver;
pub use smtp::SmtpServer;
pub use wait::until;

use std::path::PathBuf;

/// The workspace's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}

/// The folder of real data; a test that needs it is `#[ignore = "needs NARHET_TEST_DATA"]`.
pub fn data() -> PathBuf {
    std::env::var_os("NARHET_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from)
}
