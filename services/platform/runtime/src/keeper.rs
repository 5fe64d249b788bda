//! What the node's keeper asks of a context's owner: check the log, find a cut, copy it. None of it stops the service.

use bytes::Bytes;
use narhet_bus::Requests;
use narhet_event_store::{Report, Store, backup};
use narhet_kernel::{Context, Vector};
use narhet_proto::wire::{Backup, Cut, LogReport, Reached};
use tokio_util::sync::CancellationToken;

/// Bytes of frames looked at together when searching for a cut.
const CUT_BYTES: usize = 8 * 1024 * 1024;

pub(crate) async fn serve(mut requests: Requests, context: Context, store: Store, stop: CancellationToken) {
    loop {
        let incoming = tokio::select! {
            incoming = requests.next() => incoming,
            () = stop.cancelled() => None,
        };
        let Some(incoming) = incoming else { return };
        let (subject, _, payload, reply) = incoming.into_parts();
        let store = store.clone();
        tokio::spawn(async move {
            let name = subject.rsplit('.').next().unwrap_or_default().to_owned();
            let answer = tokio::task::spawn_blocking(move || answer(&name, context, &store, &payload)).await;
            match answer {
                Ok(Ok(bytes)) => reply.send(bytes).await,
                Ok(Err(reason)) => tracing::error!(subject, reason, "a keeper's request failed"),
                Err(error) => tracing::error!(subject, %error, "a keeper's request failed"),
            }
        });
    }
}

fn answer(name: &str, context: Context, store: &Store, payload: &[u8]) -> Result<Bytes, String> {
    let bytes = match name {
        "verify" => {
            let report = store.verify().map_err(|error| error.to_string())?;
            serde_json::to_vec(&log_report(context, &report))
        }
        "cut" => {
            let Cut { limit } = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
            serde_json::to_vec(&reached(cut(store, context, &limit)))
        }
        "backup" => {
            let Backup { up_to, archive } = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
            serde_json::to_vec(&reached(backup(store, up_to, &archive).map_err(|error| error.to_string())))
        }
        other => return Err(format!("nothing is called {other:?}")),
    };
    bytes.map(Bytes::from).map_err(|error| error.to_string())
}

/// A report in the words of the published language.
pub fn log_report(context: Context, report: &Report) -> LogReport {
    LogReport {
        context: context.to_string(),
        store: report.store.0,
        events: report.events,
        frames: report.frames,
        streams: report.streams as u64,
        event_bytes: report.event_bytes,
        last_hash: blake3::Hash::from_bytes(report.last_hash).to_hex().to_string(),
        torn_tail_bytes: report.torn_tail_bytes,
        broken: report.broken.as_ref().map(ToString::to_string),
    }
}

fn reached(outcome: Result<u64, String>) -> Reached {
    match outcome {
        Ok(position) => Reached::Position(position),
        Err(reason) => Reached::Failed(reason),
    }
}

/// The end of the last frame at or below the own limit before the first one that rests on something above the limits.
/// What frames have consumed only grows, so the first that reaches too far ends the cut.
fn cut(store: &Store, context: Context, limit: &Vector) -> Result<u64, String> {
    let (through, mut reached) = (limit.position(context), 0);
    while reached < through {
        let frames = store.frames(reached + 1, CUT_BYTES).map_err(|error| error.to_string())?;
        if frames.is_empty() {
            break;
        }
        for frame in frames {
            let end = frame.first + frame.events.len() as u64 - 1;
            let inside = frame.consumed.iter().all(|(other, mark)| limit.has_seen(other, mark));
            if end > through || !inside {
                return Ok(reached);
            }
            reached = end;
        }
    }
    Ok(reached)
}
