//! What a context's owner serves on the bus: commands, queries, its health and ranges of its log.

use crate::{
    caller::Health,
    desk::{Asked, Board},
    host::Input,
    service::Service,
};
use bytes::{Bytes, BytesMut};
use narhet_bus::{Answer as ReplyTo, Bus, BusError, Headers, Incoming, Requests};
use narhet_event_store::Store;
use narhet_kernel::{
    Context, Mark, Vector,
    limits::{BUS_CHUNK_BYTES_MAX, UPLOAD_BYTES_MAX},
};
use narhet_proto::{
    subject,
    wire::{ErrorCode, LogPage, LogRead, Problem, Reply, Request, chunk},
};
use serde_json::value::RawValue;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Requests that wait to be taken; past it they are left to time out.
const REQUESTS_CAPACITY: usize = 1_024;
/// Uploads under way at once, each up to [`UPLOAD_BYTES_MAX`].
const UPLOADS_MAX: usize = 4;
/// Large requests that are read beside the loop at once; each may take several times its size while it is read.
const PREPARING_MAX: usize = 2;
/// An upload without a new chunk for this long is forgotten.
const UPLOAD_IDLE_MAX: Duration = Duration::from_secs(30);

/// Starts serving; returns once the server knows, so that nobody is told "no responders" by a role that says it is there.
pub(crate) async fn start<S: Service>(
    bus: &Bus,
    store: &Store,
    inputs: &mpsc::Sender<Input>,
    board: watch::Receiver<Board>,
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> Result<(), BusError> {
    let context = S::CONTEXT;
    let commands = bus.serve(&subject::command(context, ">"), REQUESTS_CAPACITY).await?;
    let queries = bus.serve(&subject::query(context, ">"), REQUESTS_CAPACITY).await?;
    let log = bus.serve(&subject::log_read(context), REQUESTS_CAPACITY).await?;
    let keeper = bus.serve(&subject::keeper(context, ">"), REQUESTS_CAPACITY).await?;
    tasks.spawn(crate::keeper::serve(keeper, context, store.clone(), stop.clone()));
    tasks.spawn(take::<S>(commands, Kind::Command, inputs.clone(), board.clone(), store.clone(), stop.clone()));
    tasks.spawn(take::<S>(queries, Kind::Query, inputs.clone(), board, store.clone(), stop.clone()));
    tasks.spawn(serve_log(log, store.clone(), stop.clone()));
    Ok(())
}

/// The loop looks at least four times a second; a large import may hold it for some seconds.
const LOOP_SILENT_MAX: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
enum Kind {
    Command,
    Query,
}

async fn take<S: Service>(
    mut requests: Requests,
    kind: Kind,
    inputs: mpsc::Sender<Input>,
    board: watch::Receiver<Board>,
    store: Store,
    stop: CancellationToken,
) {
    let mut uploads = Uploads::default();
    let places = Arc::new(Semaphore::new(PREPARING_MAX));
    loop {
        let incoming = tokio::select! {
            incoming = requests.next() => incoming,
            () = stop.cancelled() => None,
            () = tokio::time::sleep(UPLOAD_IDLE_MAX) => {
                uploads.forget_idle();
                continue;
            }
        };
        let Some(incoming) = incoming else { return };
        uploads.forget_idle();
        if matches!(kind, Kind::Query) && incoming.subject.ends_with(".health") {
            let health = health(S::CONTEXT, &store, &board.borrow());
            let bytes = serde_json::to_vec(&health).unwrap_or_default();
            incoming.into_parts().3.send(bytes.into()).await;
            continue;
        }
        let Some(received) = received(incoming, kind, &mut uploads).await else { continue };
        if S::PREPARED.contains(&received.name.as_str()) {
            // Beside the loop and beside the others: it may take seconds.
            match places.clone().try_acquire_owned() {
                Ok(place) => drop(tokio::spawn(prepare::<S>(received, inputs.clone(), place))),
                Err(_) => {
                    let busy = "as many large requests as fit are being read already: try again";
                    refuse(received.reply, Problem::new(ErrorCode::TooManyRequests, busy)).await;
                }
            }
            continue;
        }
        match received.read::<S>() {
            Ok(input) => {
                if inputs.send(input).await.is_err() {
                    return;
                }
            }
            Err(refused) => refuse(refused.0, refused.1).await,
        }
    }
}

/// A request that is all there and has not been read.
struct Received {
    kind: Kind,
    name: String,
    payload: Bytes,
    reply: ReplyTo,
}

async fn received(incoming: Incoming, kind: Kind, uploads: &mut Uploads) -> Option<Received> {
    let (subject, headers, payload, reply) = incoming.into_parts();
    let name = subject.rsplit('.').next().unwrap_or_default().to_owned();
    match uploads.take(&headers, payload) {
        Ok(Some(payload)) => Some(Received { kind, name, payload, reply }),
        Ok(None) => {
            reply.send(Bytes::new()).await;
            None
        }
        Err(problem) => {
            refuse(reply, problem).await;
            None
        }
    }
}

impl Received {
    /// Reads it, and does what can be done of it without the loop.
    fn read<S: Service>(self) -> Result<Input, Box<(ReplyTo, Problem)>> {
        let Received { kind, name, payload, reply } = self;
        let request: Request = match serde_json::from_slice(&payload) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(name, %error, "a request that cannot be read");
                let problem = Problem::new(ErrorCode::InvalidInput, "the request cannot be read");
                return Err(Box::new((reply, problem)));
            }
        };
        drop(payload);
        let prepared = if S::PREPARED.contains(&name.as_str()) { S::prepare(&name, &request) } else { None };
        let asked = Asked { name, request, prepared };
        Ok(match kind {
            Kind::Command => Input::Command { asked, reply },
            Kind::Query => Input::Query { asked, reply },
        })
    }
}

async fn prepare<S: Service>(received: Received, inputs: mpsc::Sender<Input>, place: OwnedSemaphorePermit) {
    match tokio::task::spawn_blocking(move || received.read::<S>()).await {
        // A loop that has stopped answers nothing; the caller's time runs out.
        Ok(Ok(input)) => drop(inputs.send(input).await),
        Ok(Err(refused)) => refuse(refused.0, refused.1).await,
        Err(error) => tracing::error!(%error, "a large request could not be read"),
    }
    drop(place);
}

/// The posted health, unless the loop has not looked for so long that it says nothing any more.
fn health(context: Context, store: &Store, board: &Board) -> Health {
    let mut health = board.health.clone();
    // The log's end is known without the loop.
    health.position = store.committed_position();
    health.vector.set(context, Mark { position: health.position, store: store.store_id().short() });
    let silent = board.looked_at.elapsed();
    if health.ready && silent > LOOP_SILENT_MAX {
        health.ready = false;
        health.reason = Some(format!("busy with one thing for {} s", silent.as_secs()));
    }
    health
}

async fn refuse(reply: ReplyTo, problem: Problem) {
    let bytes = serde_json::to_vec(&Reply::Problem(problem)).unwrap_or_default();
    reply.send(bytes.into()).await;
}

/// Large requests under way, in memory only.
#[derive(Default)]
struct Uploads(HashMap<String, Upload>);

struct Upload {
    bytes: BytesMut,
    next: usize,
    count: usize,
    touched: Instant,
}

impl Uploads {
    /// Lets go of what nobody goes on with.
    fn forget_idle(&mut self) {
        self.0.retain(|_, upload| upload.touched.elapsed() < UPLOAD_IDLE_MAX);
    }

    /// The whole payload, when this was all or the last of it.
    fn take(&mut self, headers: &Headers, payload: Bytes) -> Result<Option<Bytes>, Problem> {
        let Some(id) = headers.get(chunk::UPLOAD) else { return Ok(Some(payload)) };
        let number = |name: &str| headers.get(name).and_then(|value| value.parse::<usize>().ok());
        let (Some(index), Some(count)) = (number(chunk::INDEX), number(chunk::COUNT)) else {
            return Err(broken("a chunk without index or count"));
        };
        let now = Instant::now();
        if count > UPLOAD_BYTES_MAX.div_ceil(BUS_CHUNK_BYTES_MAX) {
            return Err(Problem::new(ErrorCode::TooLarge, format!("an upload has at most {UPLOAD_BYTES_MAX} bytes")));
        }
        if !self.0.contains_key(id) && self.0.len() >= UPLOADS_MAX {
            return Err(Problem::new(ErrorCode::TooManyRequests, "too many uploads at once: try again"));
        }
        let upload =
            self.0.entry(id.clone()).or_insert(Upload { bytes: BytesMut::new(), next: 0, count, touched: now });
        if index != upload.next || count != upload.count {
            self.0.remove(id);
            return Err(broken("chunks are out of order: send the upload again"));
        }
        upload.bytes.extend_from_slice(&payload);
        upload.next += 1;
        upload.touched = now;
        if upload.next < count {
            return Ok(None);
        }
        Ok(self.0.remove(id).map(|upload| upload.bytes.freeze()))
    }
}

fn broken(detail: &str) -> Problem {
    Problem::new(ErrorCode::InvalidInput, detail)
}

async fn serve_log(mut requests: Requests, store: Store, stop: CancellationToken) {
    loop {
        let incoming = tokio::select! {
            incoming = requests.next() => incoming,
            () = stop.cancelled() => None,
        };
        let Some(incoming) = incoming else { return };
        let (_, _, payload, reply) = incoming.into_parts();
        let store = store.clone();
        tokio::spawn(async move {
            let page = tokio::task::spawn_blocking(move || page(&store, &payload)).await;
            match page {
                Ok(Ok(bytes)) => reply.send(bytes.into()).await,
                Ok(Err(error)) => tracing::error!(error, "a range of the log could not be served"),
                Err(error) => tracing::error!(%error, "a range of the log could not be served"),
            }
        });
    }
}

/// Room in a page for what is not events: the vectors of their frames.
const PAGE_OVERHEAD: usize = 256;

fn page(store: &Store, payload: &[u8]) -> Result<Vec<u8>, String> {
    let request: LogRead = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    let from = request.from.max(1);
    let head = *store.committed().borrow();
    let mut page = LogPage { store: store.store_id().0, head, events: Vec::new(), consumed: Vec::new() };
    let frames = if from > head {
        Vec::new()
    } else {
        store.frames(from, BUS_CHUNK_BYTES_MAX).map_err(|error| error.to_string())?
    };
    let mut bytes = 0;
    'full: for frame in frames {
        for (event, position) in frame.events.iter().zip(frame.first..) {
            if position < from {
                continue;
            }
            let consumed: Vector = frame.consumed.clone();
            bytes += event.len() + PAGE_OVERHEAD;
            if bytes > BUS_CHUNK_BYTES_MAX && !page.events.is_empty() {
                break 'full;
            }
            let text = std::str::from_utf8(event).map_err(|error| error.to_string())?.to_owned();
            page.events.push(RawValue::from_string(text).map_err(|error| error.to_string())?);
            page.consumed.push(consumed);
        }
    }
    serde_json::to_vec(&page).map_err(|error| error.to_string())
}
