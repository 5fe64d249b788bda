//! A real nats-server of the test's own, with the house's configuration.

use narhet_bus::{Bus, Credentials, NatsOptions, StreamNames};
use narhet_proto::subject;
use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const ROLES: [&str; 5] = ["area", "duty", "situation", "actors", "gateway"];
const PASSWORD: &str = "ptest";

/// Killed when dropped.
pub struct NatsProcess {
    child: Option<Child>,
    folder: PathBuf,
    pub port: u16,
}

impl NatsProcess {
    /// Starts a server that stores in `folder`.
    pub fn start(folder: &Path) -> NatsProcess {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut server = NatsProcess { child: None, folder: folder.to_owned(), port };
        server.restart();
        server
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where JetStream keeps its files.
    pub fn store(&self) -> PathBuf {
        self.folder.join("jetstream")
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port and folder; returns when it answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn restart(&mut self) {
        self.kill();
        let mut command = Command::new(binary());
        command
            .arg("-c")
            .arg(crate::root().join("deploy/nats.conf"))
            .env("NARHET_NATS_PORT", self.port.to_string())
            .env("NARHET_NATS_STORE", format!("\"{}\"", self.folder.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.join("nats-server.log")).expect("the folder can be written"));
        for role in ROLES {
            command.env(format!("NARHET_NATS_{}", role.to_uppercase()), PASSWORD);
        }
        self.child = Some(command.spawn().expect("nats-server can be started: `make tools` fetches it"));
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "nats-server does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Credentials of a role, as a file for `narhet run --nats-creds`.
    pub fn credentials_file(&self, role: &str) -> PathBuf {
        let path = self.folder.join(format!("{role}.toml"));
        std::fs::write(&path, format!("user = \"{role}\"\npassword = \"{PASSWORD}\"\n"))
            .expect("the folder can be written");
        path
    }

    /// Connects as a role.
    pub async fn connect(&self, role: &str) -> Bus {
        self.connect_with(role, Credentials::UserPassword { user: role.to_owned(), password: PASSWORD.to_owned() })
            .await
            .expect("the server answers")
    }

    pub async fn connect_with(&self, name: &str, credentials: Credentials) -> Result<Bus, narhet_bus::BusError> {
        Bus::connect(NatsOptions {
            url: self.url(),
            name: name.to_owned(),
            credentials,
            stream: StreamNames { name: subject::STREAM.to_owned(), subjects: subject::STREAM_SUBJECTS.to_owned() },
        })
        .await
    }
}

impl Drop for NatsProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

fn binary() -> PathBuf {
    std::env::var_os("NARHET_NATS_SERVER").map_or_else(|| crate::root().join(".tools/bin/nats-server"), PathBuf::from)
}
