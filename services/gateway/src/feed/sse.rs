//! `GET /v1/events` as a stream: one task per client, a short bounded channel to its connection, the ring behind it.

use crate::{
    feed::{Entry, Reader, Step},
    limits::{SSE_CHUNK_BYTES, SSE_CHUNKS_MAX, SSE_COMMENT_EVERY, SSE_RETRY_MS, SSE_SEND_TIMEOUT, STEP_EVENTS_MAX},
};
use bytes::{BufMut, Bytes, BytesMut};
use narhet_kernel::{Timestamp, Vector};
use std::{convert::Infallible, time::Duration};
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// How long to wait before asking the owners' logs again when they did not answer.
const RETRY_LOG: Duration = Duration::from_millis(500);

/// Why a stream ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client went away.
    Left,
    /// The client took nothing for too long; it resumes with `Last-Event-ID`.
    Slow,
    TokenExpired,
    Shutdown,
}

/// What a stream is made of besides its reader.
pub struct Session<Permit> {
    /// Real time at which the token ends.
    pub expires: Timestamp,
    pub shutdown: CancellationToken,
    /// The client's place among the clients; free again when the stream ends.
    pub permit: Permit,
}

/// Starts the stream's task; the receiver is the body.
pub fn start<Permit: Send + 'static>(
    reader: Reader,
    session: Session<Permit>,
) -> impl futures::Stream<Item = Result<Bytes, Infallible>> + Send {
    let (sender, receiver) = mpsc::channel(SSE_CHUNKS_MAX);
    tokio::spawn(async move {
        let Session { expires, shutdown, permit } = session;
        let ended = run(reader, expires, shutdown, sender).await;
        tracing::debug!(?ended, "an event stream ended");
        drop(permit);
    });
    ReceiverStream::new(receiver)
}

pub(super) type Chunks = mpsc::Sender<Result<Bytes, Infallible>>;

async fn run(reader: Reader, expires: Timestamp, shutdown: CancellationToken, sender: Chunks) -> Ended {
    let left = Duration::try_from(expires.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO);
    tokio::select! {
        biased;
        () = shutdown.cancelled() => Ended::Shutdown,
        () = tokio::time::sleep(left) => Ended::TokenExpired,
        () = sender.closed() => Ended::Left,
        ended = relay(reader, &sender) => ended,
    }
}

/// Sends everything there is, and then whatever comes.
pub(super) async fn relay(mut reader: Reader, sender: &Chunks) -> Ended {
    // The first block carries no event, only where the client stands: it can resume even before anything has happened.
    let opening = format!(": narhet\nretry: {SSE_RETRY_MS}\nid: {}\n\n", reader.cursor());
    if let Err(ended) = send(sender, opening.into()).await {
        return ended;
    }
    let mut told = reader.cursor().clone();
    let mut comment_at = Instant::now() + SSE_COMMENT_EVERY;
    loop {
        if Instant::now() >= comment_at {
            comment_at += SSE_COMMENT_EVERY;
            if let Err(ended) = send(sender, comment(&mut told, reader.cursor())).await {
                return ended;
            }
        }
        let outcome = match reader.step(STEP_EVENTS_MAX).await {
            Ok(Step::Events { events, .. }) => {
                if let Some((cursor, _)) = events.last() {
                    told = cursor.clone();
                }
                send_events(sender, &events).await
            }
            Ok(Step::Reset) => {
                told = reader.cursor().clone();
                send(sender, format!("id: {told}\nevent: reset\ndata: {{\"reason\":\"fork\"}}\n\n").into()).await
            }
            Ok(Step::AtHead) => {
                let _ = tokio::time::timeout_at(comment_at, reader.changed()).await;
                Ok(())
            }
            Err(problem) => {
                tracing::debug!(%problem, "the logs cannot be read right now");
                tokio::time::sleep(RETRY_LOG).await;
                Ok(())
            }
        };
        if let Err(ended) = outcome {
            return ended;
        }
    }
}

/// Where the client stands moves on also when it may see nothing of what happens.
fn comment(told: &mut Vector, cursor: &Vector) -> Bytes {
    if told == cursor {
        return Bytes::from_static(b":\n\n");
    }
    *told = cursor.clone();
    format!(":\nid: {cursor}\n\n").into()
}

async fn send_events(sender: &Chunks, events: &[(Vector, std::sync::Arc<Entry>)]) -> Result<(), Ended> {
    let mut chunk = BytesMut::new();
    for (cursor, entry) in events {
        write_event(&mut chunk, cursor, entry);
        if chunk.len() >= SSE_CHUNK_BYTES {
            send(sender, chunk.split().freeze()).await?;
        }
    }
    if chunk.is_empty() { Ok(()) } else { send(sender, chunk.freeze()).await }
}

/// `id:` the vector, `event:` the type, `data:` the stored bytes. Stored JSON has no line breaks; if it had, the stream's
/// own grammar would carry them as further `data:` lines.
fn write_event(out: &mut BytesMut, cursor: &Vector, entry: &Entry) {
    out.put_slice(format!("id: {cursor}\nevent: {}\n", entry.event_type).as_bytes());
    for line in entry.bytes.split(|byte| *byte == b'\n') {
        out.put_slice(b"data: ");
        out.put_slice(line);
        out.put_slice(b"\n");
    }
    out.put_slice(b"\n");
}

async fn send(sender: &Chunks, chunk: Bytes) -> Result<(), Ended> {
    match tokio::time::timeout(SSE_SEND_TIMEOUT, sender.send(Ok(chunk))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ended::Left),
        Err(_) => Err(Ended::Slow),
    }
}
