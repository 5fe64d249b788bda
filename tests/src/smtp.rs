//! A real SMTP server of the test's own, which keeps what it takes in a Maildir.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Killed when dropped.
pub struct SmtpServer {
    child: Option<Child>,
    mailbox: PathBuf,
    pub port: u16,
}

impl SmtpServer {
    /// A server that is not there yet, with a port of its own.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn down(folder: &Path) -> SmtpServer {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        SmtpServer { child: None, mailbox: folder.join("mailbox"), port }
    }

    /// Starts it; returns when it answers.
    pub fn up(&mut self) {
        self.up_for(1 << 20);
    }

    /// Starts it anew as one that refuses, for good, messages of more than so many bytes.
    ///
    /// # Panics
    /// When it is not installed or does not answer.
    pub fn up_for(&mut self, bytes_max: usize) {
        self.stop();
        let tools = crate::root().join(".tools");
        assert!(tools.join("aiosmtpd").is_dir(), "the mail server is missing: `make tools` fetches it");
        let listen = format!("127.0.0.1:{}", self.port);
        let child = Command::new("python3")
            .args([
                "-m",
                "aiosmtpd",
                "--nosetuid",
                "--listen",
                &listen,
                "--size",
                &bytes_max.to_string(),
                "--class",
                "aiosmtpd.handlers.Mailbox",
            ])
            .arg(&self.mailbox)
            .env("PYTHONPATH", &tools)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 can be run");
        self.child = Some(child);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the mail server does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The messages taken so far, headers and all.
    pub fn taken(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.mailbox.join("new")).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
    }
}

impl SmtpServer {
    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}
