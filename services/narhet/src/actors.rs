//! `narhet actors`: a spreadsheet into the registry, told row by row.

use crate::{
    arguments::{Actors, ActorsImport},
    client::{Client, problem},
};
use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use narhet_gateway::limits::ACTORS_FILE_BYTES_MAX;
use narhet_kernel::{BoardId, Role};
use serde_json::Value;
use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};

const IMPORT_TIMEOUT: Duration = Duration::from_secs(150);
/// Characters of the bar.
const BAR: usize = 30;

pub async fn actors(actors: Actors) -> anyhow::Result<ExitCode> {
    match actors {
        Actors::Import(import) => self::import(import).await,
    }
}

async fn import(import: ActorsImport) -> anyhow::Result<ExitCode> {
    if import.board.is_none() && import.node.token.is_none() {
        bail!("whose actors are these? Name the board with --board, such as --board norra-innerstaden");
    }
    let board = import
        .board
        .as_deref()
        .map(|board| BoardId::new(board).with_context(|| format!("{board:?} is not a board id")));
    let client = Client::find_for(&import.node, &[Role::Coordinator], board.transpose()?.as_ref())?;
    let cannot = || format!("{} cannot be read", import.file.display());
    let size = std::fs::metadata(&import.file).with_context(cannot)?.len();
    if size > ACTORS_FILE_BYTES_MAX as u64 {
        let (mb, max) = (size / 1_000_000, ACTORS_FILE_BYTES_MAX / 1_000_000);
        bail!("{} has {mb} MB and an import takes at most {max} MB: split the file", import.file.display());
    }
    let bytes = std::fs::read(&import.file).with_context(cannot)?;
    let mut query: Vec<(&str, String)> = Vec::new();
    if import.dry_run {
        query.push(("dryRun", "true".to_owned()));
    }
    if !import.columns.is_empty() {
        let mut mapping = serde_json::Map::new();
        for column in &import.columns {
            let (name, field) = column.split_once('=').with_context(|| format!("{column:?} is not COLUMN=FIELD"))?;
            mapping.insert(name.to_owned(), field.into());
        }
        query.push(("mapping", Value::Object(mapping).to_string()));
    }
    let request = client.post("/v1/actors/import").query(&query).header("accept", "application/x-ndjson");
    let answer = request.body(bytes).timeout(IMPORT_TIMEOUT).send().await?;
    if !answer.status().is_success() {
        return Err(problem(&answer.json().await?));
    }
    follow(answer, import.dry_run).await
}

async fn follow(answer: reqwest::Response, dry_run: bool) -> anyhow::Result<ExitCode> {
    let (mut stream, mut pending, mut total) = (answer.bytes_stream(), Vec::new(), 0);
    let mut out = std::io::stdout().lock();
    let bar = std::io::stderr().is_terminal();
    let mut counts = None;
    while let Some(bytes) = stream.next().await {
        pending.extend_from_slice(&bytes?);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Value = serde_json::from_slice(&pending.drain(..=end).collect::<Vec<u8>>())?;
            if let Some(columns) = line["mapping"].as_array() {
                total = line["total"].as_u64().unwrap_or(0);
                for mapped in columns {
                    let (column, field) =
                        (mapped["column"].as_str().unwrap_or(""), mapped["field"].as_str().unwrap_or("(left out)"));
                    writeln!(out, "column {column:?} -> {field}")?;
                }
            }
            for row in line["rows"].as_array().into_iter().flatten().filter(|row| row["why"].is_string() || dry_run) {
                writeln!(
                    out,
                    "row {}: {} {}",
                    row["row"],
                    row["outcome"].as_str().unwrap_or(""),
                    row["why"].as_str().unwrap_or("")
                )?;
            }
            if let Some(done) = line["done"].as_u64().filter(|_| bar && total > 0) {
                let filled = usize::try_from(done * BAR as u64 / total).unwrap_or(BAR).min(BAR);
                eprint!("\r[{}{}] {done} of {total} rows", "#".repeat(filled), " ".repeat(BAR - filled));
            }
            if line["problem"].is_object() {
                bail!(
                    "{} (after {} rows, which are done; import the file again to go on)",
                    line["problem"]["detail"].as_str().unwrap_or(""),
                    line["done"]
                );
            }
            if line["counts"].is_object() {
                counts = Some(line["counts"].clone());
            }
        }
    }
    if bar {
        eprintln!();
    }
    let counts = counts.context("the answer ended before the import did; import the file again to go on")?;
    let count = |name: &str| counts[name].as_u64().unwrap_or(0);
    let what = if dry_run { "would be" } else { "were" };
    writeln!(
        out,
        "{total} rows: {} {what} created, {} updated, {} unchanged, {} refused",
        count("created"),
        count("updated"),
        count("unchanged"),
        count("refused")
    )?;
    Ok(if count("refused") == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
