//! `narhet area import`: two files go to a house as they are read, with a line that says how far it is.

use crate::{area_report, arguments::AreaImport, client::Client, commands::say};
use anyhow::{Context as _, bail};
use futures::stream;
use narhet_kernel::{Role, limits::IMPORT_BYTES_MAX};
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use serde_json::Value;
use std::{
    io::IsTerminal as _,
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::io::AsyncReadExt as _;

/// An import checks and dissolves the whole map.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(150);
/// What is read of a file at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// How often the line changes on a terminal, and how often a line is added elsewhere.
const TERMINAL_EVERY: Duration = Duration::from_millis(200);
const LOG_EVERY: Duration = Duration::from_secs(5);

pub async fn import(import: AreaImport) -> anyhow::Result<ExitCode> {
    let client = Client::find(&import.node, &[Role::CitySecurity])?;
    let mut progress = Progress::default();
    let mut form = Form::new().part("boundaries", progress.file(&import.file).await?);
    if let Some(mapping) = &import.mapping {
        form = form.part("mapping", progress.file(mapping).await?);
    }
    if let Some(exceptions) = &import.exceptions {
        form = form.part("exceptions", progress.file(exceptions).await?);
    }
    let mut query: Vec<(&str, String)> = Vec::new();
    query.extend(import.divisions.iter().map(|date| ("division", date.to_string())));
    query.extend(import.valid_from.iter().map(|date| ("validFrom", date.to_string())));
    query.extend(import.decided_at.iter().map(|date| ("decidedAt", date.to_string())));
    query.extend(import.accepted.iter().map(|id| ("accept", id.clone())));
    query.extend(import.layer.iter().map(|layer| ("layer", layer.clone())));
    if import.dry_run {
        query.push(("dryRun", "true".to_owned()));
    }
    let request = client.post("/v1/areas/import").query(&query).multipart(form).timeout(IMPORT_TIMEOUT);
    let report = progress.until(client.json(request)).await?;
    let outcome = if import.dry_run { "dry run: nothing was changed" } else { "recorded" };
    say(&area_report::text(&report, outcome));
    Ok(ExitCode::SUCCESS)
}

/// How much has gone out, and the line that says so on standard error.
#[derive(Default)]
struct Progress {
    sent: Arc<AtomicU64>,
    total: u64,
}

impl Progress {
    /// A file as a part that is read while it is sent.
    async fn file(&mut self, path: &Path) -> anyhow::Result<Part> {
        let unreadable = || format!("{} cannot be read", path.display());
        let file = tokio::fs::File::open(path).await.with_context(unreadable)?;
        let metadata = file.metadata().await.with_context(unreadable)?;
        if !metadata.is_file() {
            bail!("{} is not a file", path.display());
        }
        let length = metadata.len();
        self.total += length;
        if self.total > IMPORT_BYTES_MAX as u64 {
            bail!(
                "{} has {}, an import takes at most {} ({IMPORT_BYTES_MAX} bytes): simplify the boundaries, or leave out \
                 columns and decimals below a millimetre",
                path.display(),
                megabytes(length),
                megabytes(IMPORT_BYTES_MAX as u64)
            );
        }
        let sent = self.sent.clone();
        let chunks = stream::try_unfold(file, move |mut file| {
            let sent = sent.clone();
            async move {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = file.read(&mut chunk).await?;
                chunk.truncate(read);
                sent.fetch_add(read as u64, Ordering::Relaxed);
                Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
            }
        });
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Part::stream_with_length(Body::wrap_stream(chunks), length).file_name(name))
    }

    /// Waits for the answer and says meanwhile how far it is.
    async fn until(&self, answer: impl Future<Output = anyhow::Result<Value>>) -> anyhow::Result<Value> {
        let terminal = std::io::stderr().is_terminal();
        let started = Instant::now();
        let mut every = tokio::time::interval(if terminal { TERMINAL_EVERY } else { LOG_EVERY });
        every.tick().await;
        let mut answer = std::pin::pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => {
                    if terminal {
                        eprint!("\r\x1b[K");
                    }
                    return answer;
                }
                _ = every.tick() => {
                    let line = line(self.sent.load(Ordering::Relaxed), self.total, started.elapsed());
                    if terminal { eprint!("\r\x1b[K{line}") } else { eprintln!("{line}") }
                }
            }
        }
    }
}

fn line(sent: u64, total: u64, elapsed: Duration) -> String {
    if sent < total {
        let percent = sent * 100 / total.max(1);
        format!("sent {} of {} ({percent} %)", megabytes(sent), megabytes(total))
    } else {
        format!("sent {}; the house reads it and checks every boundary … {} s", megabytes(total), elapsed.as_secs())
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_is_sent_and_then_that_the_house_works() {
        let second = Duration::from_secs(1);
        assert_eq!(line(34_120_000, 100_000_000, second), "sent 34.1 MB of 100.0 MB (34 %)");
        assert_eq!(line(7, 7, second), "sent 0.0 MB; the house reads it and checks every boundary … 1 s");
    }

    #[tokio::test]
    async fn a_file_above_the_limit_is_refused_before_anything_is_sent() {
        let path = std::env::temp_dir().join(format!("narhet-import-{}", std::process::id()));
        std::fs::File::create(&path).unwrap().set_len(IMPORT_BYTES_MAX as u64 + 1).unwrap();
        let refused = Progress::default().file(&path).await.unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(refused.contains("134.2 MB") && refused.contains("simplify"), "{refused}");
    }
}
