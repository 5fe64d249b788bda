//! Requests to the one owner of a context.

use bytes::Bytes;
use narhet_bus::{Bus, Headers, RequestError};
use narhet_kernel::{Context, Mark, StoreId, Timestamp, Uuid, Vector, limits::BUS_CHUNK_BYTES_MAX};
use narhet_proto::{
    subject,
    wire::{Answer, Backup, Cut, ErrorCode, LogPage, LogRead, LogReport, Problem, Reached, Reply, Request, chunk},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// A question for a service's state of health: short, since it is asked to learn whether somebody is there.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);
/// A page of a log: a read of at most 512 KiB from disk.
const LOG_TIMEOUT: Duration = Duration::from_secs(3);
/// One chunk of a large request; the owner only keeps it in memory.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(5);

/// A check or copy of a whole log: minutes at tens of millions of events.
const KEEPER_TIMEOUT: Duration = Duration::from_secs(600);

/// Asks contexts' owners over the bus; cheap to clone.
#[derive(Clone)]
pub struct Caller {
    bus: Bus,
}

/// How a context's owner is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    pub ready: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last committed position of its log.
    pub position: u64,
    /// The last position that the stream is known to hold.
    pub relayed: u64,
    /// What it has applied, its own log included.
    pub vector: Vector,
    pub store: Uuid,
    /// Events of types that this version does not know.
    pub unknown_events: u64,
}

impl Caller {
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Sends a command. A time-out is an unknown outcome: ask again with the same idempotency key.
    pub async fn command(&self, context: Context, name: &str, request: Request) -> Result<Answer, Problem> {
        let subject = subject::command(context, name);
        let key = request.idempotency_key.clone().unwrap_or_default();
        self.ask(&subject, &request).await.map_err(|error| match error {
            Asked::Problem(problem) => problem,
            Asked::NobodyThere => unavailable(context),
            Asked::NoAnswer => Problem::new(
                ErrorCode::UnknownOutcome,
                format!("{context} did not answer in time; ask again with Idempotency-Key {key:?} to learn what became of it"),
            ),
        })
    }

    /// Sends a query.
    pub async fn query(&self, context: Context, name: &str, request: Request) -> Result<Answer, Problem> {
        self.ask(&subject::query(context, name), &request).await.map_err(|error| match error {
            Asked::Problem(problem) => problem,
            Asked::NobodyThere | Asked::NoAnswer => unavailable(context),
        })
    }

    /// Asks how a context's owner is.
    pub async fn health(&self, context: Context) -> Result<Health, Problem> {
        self.plain(&subject::query(context, "health"), Bytes::new(), HEALTH_TIMEOUT)
            .await
            .map_err(|_| unavailable(context))
    }

    /// Reads a range of a context's log from its owner.
    pub async fn log_page(&self, context: Context, from: u64) -> Result<LogPage, Problem> {
        let body = serde_json::to_vec(&LogRead { from }).expect("a number always serializes");
        self.plain(&subject::log_read(context), body.into(), LOG_TIMEOUT).await.map_err(|_| unavailable(context))
    }

    /// Has a context's owner check its whole log.
    pub async fn verify(&self, context: Context) -> Result<LogReport, Problem> {
        self.plain(&subject::keeper(context, "verify"), Bytes::new(), KEEPER_TIMEOUT)
            .await
            .map_err(|_| unavailable(context))
    }

    /// Copies every log, live, into files below `folder` on the owners' machine: the largest cut in which whatever a
    /// frame had consumed lies inside the cut. The cut.
    pub async fn backup(&self, folder: &std::path::Path) -> Result<Vector, Problem> {
        let mut cut = Vector::new();
        for context in Context::ALL {
            let health = self.health(context).await?;
            cut.set(context, Mark { position: health.position, store: StoreId(health.store).short() });
        }
        // Lowering one log's end may take away what another rests on; positions only fall, so this ends.
        loop {
            let before = cut.clone();
            for context in Context::ALL {
                let position = self.keep(context, "cut", &Cut { limit: cut.clone() }).await?;
                cut.set(context, Mark { position, store: cut.mark(context).unwrap_or_default().store });
            }
            if cut == before {
                break;
            }
        }
        for (context, mark) in cut.iter() {
            let archive = folder.join(format!("{context}.log"));
            self.keep(context, "backup", &Backup { up_to: mark.position, archive }).await?;
        }
        Ok(cut)
    }

    async fn keep(&self, context: Context, name: &str, body: &impl Serialize) -> Result<u64, Problem> {
        let body = serde_json::to_vec(body).expect("positions and paths of this house serialize");
        let reached = self.plain(&subject::keeper(context, name), body.into(), KEEPER_TIMEOUT).await;
        match reached.map_err(|_| unavailable(context))? {
            Reached::Position(position) => Ok(position),
            Reached::Failed(reason) => {
                Err(Problem::new(ErrorCode::Unavailable, format!("{name} of {context} failed: {reason}")))
            }
        }
    }

    async fn ask(&self, subject: &str, request: &Request) -> Result<Answer, Asked> {
        let timeout = time_left(request.deadline);
        let payload = Bytes::from(serde_json::to_vec(request).expect("a request is checked JSON already"));
        let reply = if payload.len() <= BUS_CHUNK_BYTES_MAX {
            self.bus.request(subject, Headers::new(), payload, timeout).await?
        } else {
            self.ask_in_chunks(subject, &payload, timeout).await?
        };
        match serde_json::from_slice(&reply) {
            Ok(Reply::Ok(answer)) => Ok(answer),
            Ok(Reply::Problem(problem)) => Err(Asked::Problem(problem)),
            Err(error) => {
                tracing::error!(subject, %error, "a reply that cannot be read");
                Err(Asked::NoAnswer)
            }
        }
    }

    /// Nothing is persisted on the way: the owner puts the chunks together in memory and answers the last one.
    async fn ask_in_chunks(&self, subject: &str, payload: &Bytes, timeout: Duration) -> Result<Bytes, Asked> {
        let upload = Uuid::new_v4().to_string();
        let count = payload.len().div_ceil(BUS_CHUNK_BYTES_MAX);
        for index in 0..count {
            let start = index * BUS_CHUNK_BYTES_MAX;
            let part = payload.slice(start..payload.len().min(start + BUS_CHUNK_BYTES_MAX));
            let headers = Headers::from([
                (chunk::UPLOAD.to_owned(), upload.clone()),
                (chunk::INDEX.to_owned(), index.to_string()),
                (chunk::COUNT.to_owned(), count.to_string()),
            ]);
            let last = index + 1 == count;
            let reply = self.bus.request(subject, headers, part, if last { timeout } else { CHUNK_TIMEOUT }).await?;
            // An early answer is a refusal.
            if last || !reply.is_empty() {
                return Ok(reply);
            }
        }
        Err(Asked::NoAnswer)
    }

    async fn plain<T: DeserializeOwned>(&self, subject: &str, body: Bytes, timeout: Duration) -> Result<T, Asked> {
        let reply = self.bus.request(subject, Headers::new(), body, timeout).await?;
        serde_json::from_slice(&reply).map_err(|error| {
            tracing::error!(subject, %error, "a reply that cannot be read");
            Asked::NoAnswer
        })
    }
}

enum Asked {
    Problem(Problem),
    NobodyThere,
    NoAnswer,
}

impl From<RequestError> for Asked {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NoResponders(_) => Asked::NobodyThere,
            RequestError::TimedOut(_) | RequestError::NotSent(..) => {
                tracing::warn!(%error, "a request on the bus failed");
                Asked::NoAnswer
            }
        }
    }
}

fn unavailable(context: Context) -> Problem {
    Problem::new(ErrorCode::Unavailable, format!("the service {context} cannot be reached right now: try again"))
}

fn time_left(deadline: Timestamp) -> Duration {
    Duration::try_from(deadline.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
}
