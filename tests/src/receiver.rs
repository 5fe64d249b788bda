//! A real HTTP server that receives webhooks: it checks signatures, honours keys and counts what comes twice.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Stands for no answer.
const SILENT: u16 = 0;

/// What came in with one key.
#[derive(Clone, Debug)]
pub struct Taken {
    pub body: serde_json::Value,
    pub raw: Vec<u8>,
    pub signature: String,
    /// How often it came; the effect is one.
    pub times: usize,
    /// The order of first arrivals.
    pub order: usize,
    pub at: std::time::Instant,
}

/// Stops when dropped.
pub struct Receiver {
    pub url: String,
    taken: Arc<Mutex<BTreeMap<String, Taken>>>,
    answer: Arc<AtomicU16>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a port of its own.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/larm", listener.local_addr().expect("a bound listener has an address"));
        let (taken, answer) = (Arc::default(), Arc::new(AtomicU16::new(200)));
        let task = tokio::spawn(accept(listener, Arc::clone(&taken), Arc::clone(&answer)));
        Receiver { url, taken, answer, task }
    }

    /// From now on everything has its effect and nothing is answered, as when the line breaks after the message is through.
    pub fn falls_silent(&self) {
        self.answer(SILENT);
    }

    /// From now on everything is answered so; what is not answered 200 has no effect.
    pub fn answer(&self, status: u16) {
        self.answer.store(status, Ordering::SeqCst);
    }

    /// The effects so far, by key.
    ///
    /// # Panics
    /// Never: nobody panics while holding the lock.
    pub fn taken(&self) -> BTreeMap<String, Taken> {
        self.taken.lock().expect("no panic while holding it").clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, taken: Arc<Mutex<BTreeMap<String, Taken>>>, answer: Arc<AtomicU16>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&taken), Arc::clone(&answer)));
    }
}

async fn serve(mut stream: TcpStream, taken: Arc<Mutex<BTreeMap<String, Taken>>>, answer: Arc<AtomicU16>) {
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let mut some = [0; 4_096];
            match stream.read(&mut some).await {
                Ok(count) if count > 0 => read.extend_from_slice(&some[..count]),
                _ => return,
            }
        };
        let text = String::from_utf8_lossy(&read[..head]).into_owned();
        let header = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while read.len() < head + length {
            let mut some = [0; 4_096];
            match stream.read(&mut some).await {
                Ok(count) if count > 0 => read.extend_from_slice(&some[..count]),
                _ => return,
            }
        }
        let raw: Vec<u8> = read.drain(..head + length).skip(head).collect();
        let status = answer.load(Ordering::SeqCst);
        if [200, SILENT].contains(&status) {
            let mut all = taken.lock().expect("no panic while holding it");
            let order = all.len();
            let key = header("idempotency-key").unwrap_or_default();
            let one = all.entry(key).or_insert_with(|| Taken {
                body: serde_json::from_slice(&raw).unwrap_or_default(),
                signature: header("narhet-signature").unwrap_or_default(),
                raw,
                times: 0,
                order,
                at: std::time::Instant::now(),
            });
            one.times += 1;
        }
        if status == SILENT {
            // Until whoever asked hangs up.
            let _ = stream.read(&mut [0; 1]).await;
            return;
        }
        let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}
