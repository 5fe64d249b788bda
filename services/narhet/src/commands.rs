//! The client commands that need a running house: token, area import, events tail.

use crate::{
    arguments::{Area, AreaImport, Events, EventsTail, Token},
    client::{Client, problem},
};
use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use narhet_gateway::identity::demo::Issuer;
use narhet_kernel::{BoardId, Role, Timestamp, limits::IMPORT_BYTES_MAX};
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use std::{
    io::{IsTerminal, Write as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};

/// An import checks and dissolves the whole map.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(150);
/// Between two tries of a broken event stream.
const TAIL_RETRY: Duration = Duration::from_millis(500);

pub fn token(token: &Token) -> anyhow::Result<ExitCode> {
    let keys = token.data.join("keys/gateway");
    if !keys.join("demo-issuer").exists() {
        bail!("{} is no house in demo mode: start one with `narhet up --demo`", token.data.display());
    }
    let board = match &token.board {
        Some(board) => Some(BoardId::new(board.as_str()).with_context(|| {
            format!("{board:?} is not a board id: write a slug without diacritics, like norra-innerstaden")
        })?),
        None => None,
    };
    let ttl = Duration::from_secs(token.hours * 3600);
    let minted =
        Issuer::open(&keys)?.mint(&token.roles, board.as_ref(), token.partner.as_deref(), &token.subject, ttl)?;
    println!("{minted}");
    Ok(ExitCode::SUCCESS)
}

pub async fn area(area: Area) -> anyhow::Result<ExitCode> {
    match area {
        Area::Import(import) => area_import(import).await,
    }
}

async fn area_import(import: AreaImport) -> anyhow::Result<ExitCode> {
    let client = Client::find(&import.node, &[Role::CitySecurity])?;
    let mut form = Form::new().part("boundaries", file_part(&import.file)?);
    if let Some(mapping) = &import.mapping {
        form = form.part("mapping", file_part(mapping)?);
    }
    let mut query: Vec<(&str, String)> = Vec::new();
    query.extend(import.divisions.iter().map(|date| ("division", date.to_string())));
    query.extend(import.valid_from.iter().map(|date| ("validFrom", date.to_string())));
    query.extend(import.decided_at.iter().map(|date| ("decidedAt", date.to_string())));
    query.extend(import.accepted.iter().map(|id| ("accept", id.clone())));
    if import.dry_run {
        query.push(("dryRun", "true".to_owned()));
    }
    let request = client.post("/v1/areas/import").query(&query).multipart(form).timeout(IMPORT_TIMEOUT);
    if std::io::stderr().is_terminal() {
        eprintln!("reading {} and checking every boundary …", import.file.display());
    }
    let report = client.json(request).await?;
    say(&report_text(&report, import.dry_run));
    Ok(ExitCode::SUCCESS)
}

fn file_part(path: &Path) -> anyhow::Result<Part> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.len() > IMPORT_BYTES_MAX {
        bail!("{} has {} bytes, an import takes at most {IMPORT_BYTES_MAX}", path.display(), bytes.len());
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Part::bytes(bytes).file_name(name))
}

/// The report for people; the HTTP interface gives the same as JSON.
fn report_text(report: &Value, dry_run: bool) -> String {
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let texts = |value: &Value| -> Vec<String> {
        let mut texts: Vec<String> =
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        texts.sort_by_cached_key(|text| swedish_order(text));
        texts
    };
    let mut lines = Vec::new();
    for division in list("divisions") {
        let areas = texts(&division["areas"]);
        let from = division["validFrom"].as_str().and_then(|instant| instant.parse::<Timestamp>().ok());
        let from = from.map_or_else(|| "?".to_owned(), |from| local_date(from).to_string());
        let supersedes = if division["supersedes"].is_string() { ", superseding the one recorded before" } else { "" };
        lines.push(format!("division from {from}: {} areas{supersedes}: {}", areas.len(), areas.join(", ")));
    }
    lines.extend(
        list("warnings")
            .iter()
            .map(|warning| format!("warning: {}", warning.as_str().map_or_else(|| warning.to_string(), str::to_owned))),
    );
    let defects = list("defects");
    if !defects.is_empty() {
        lines
            .push(format!("{} holes or overlaps, each accepted by the limit or by its id, or refused:", defects.len()));
    }
    for defect in &defects {
        lines.push(format!(
            "  {:8} {:>9.1} m2 {:>6.1} m wide  {}  id {}  {}",
            defect["kind"].as_str().unwrap_or("?"),
            defect["areaM2"].as_f64().unwrap_or(0.0),
            defect["widthM"].as_f64().unwrap_or(0.0),
            texts(&defect["between"]).join(" / "),
            defect["id"].as_str().unwrap_or("?"),
            defect["accepted"].as_str().map_or_else(|| "REFUSED".to_owned(), |by| format!("accepted by {by}")),
        ));
    }
    for refused in list("refused") {
        lines.push(format!("refused: {}", refused["detail"].as_str().unwrap_or("?")));
    }
    let features = report.get("features").and_then(Value::as_u64).unwrap_or(0);
    let outcome = if dry_run { "dry run: nothing was changed" } else { "recorded" };
    lines.push(format!("{features} features; {outcome}"));
    lines.join("\n")
}

/// The day on which something begins in Stockholm; 2006-12-31T23:00:00Z is 2007-01-01 there.
fn local_date(instant: Timestamp) -> jiff::civil::Date {
    jiff::tz::TimeZone::get("Europe/Stockholm")
        .map_or_else(|_| instant.to_zoned(jiff::tz::TimeZone::UTC).date(), |zone| instant.to_zoned(zone).date())
}

/// å, ä and ö come after z, in this order; capitals are like small letters.
fn swedish_order(text: &str) -> String {
    let place = |letter: char| match letter {
        'å' => '{',
        'ä' => '|',
        'ö' => '}',
        letter => letter,
    };
    text.chars().flat_map(char::to_lowercase).map(place).collect()
}

/// Writes to standard output; a reader that has gone, as `| head` does, is nobody's error. Whether it is still there.
fn say(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

pub async fn events(events: Events) -> anyhow::Result<ExitCode> {
    match events {
        Events::Tail(tail) => events_tail(tail).await,
    }
}

/// Follows the stream, and goes on where it stopped after any break.
async fn events_tail(tail: EventsTail) -> anyhow::Result<ExitCode> {
    let client = Client::find(&tail.node, &[Role::Admin])?;
    let mut cursor = tail.after.clone();
    let mut left = tail.limit.unwrap_or(u64::MAX);
    let mut connected = false;
    while left > 0 {
        let mut query: Vec<(&str, &str)> = Vec::new();
        query.extend(cursor.iter().map(|after| ("after", after.as_str())));
        query.extend(tail.event_type.iter().map(|event_type| ("type", event_type.as_str())));
        query.extend(tail.board.iter().map(|board| ("board", board.as_str())));
        let request = client.get("/v1/events").query(&query).header("accept", "text/event-stream");
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {
                connected = true;
                print_stream(answer, &mut cursor, &mut left).await?;
            }
            Ok(answer) if answer.status().is_client_error() => return Err(problem(&answer.json().await?)),
            Ok(answer) => eprintln!("narhet: {}; trying again", answer.status()),
            // The first try says whether there is a house at all; later ones outlive its restarts.
            Err(error) if !connected => {
                return Err(error).with_context(|| format!("{} cannot be reached", client.url));
            }
            Err(error) => eprintln!("narhet: {error}; trying again"),
        }
        if left > 0 {
            tokio::time::sleep(TAIL_RETRY).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn print_stream(answer: reqwest::Response, cursor: &mut Option<String>, left: &mut u64) -> anyhow::Result<()> {
    let (mut chunks, mut buffer) = (answer.bytes_stream(), Vec::new());
    let mut id = None;
    while let Some(Ok(chunk)) = chunks.next().await {
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8(buffer.drain(..=end).collect())?;
            let line = line.trim_end();
            if line.is_empty() {
                // Also a block without data moves on: what was filtered out need not be looked at again.
                *cursor = id.take().or_else(|| cursor.take());
            } else if let Some(value) = line.strip_prefix("id:") {
                id = Some(value.trim_start().to_owned());
            } else if let Some(data) = line.strip_prefix("data:") {
                if !say(data.trim_start()) {
                    *left = 0;
                    return Ok(());
                }
                *left -= 1;
                if *left == 0 {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_swedes_sort_them() {
        let mut names = ["Östermalm", "Älvsjö", "Zinkensdamm", "årsta", "Bromma", "ÄNGBY"];
        names.sort_by_cached_key(|name| swedish_order(name));
        assert_eq!(names, ["Bromma", "Zinkensdamm", "årsta", "Älvsjö", "ÄNGBY", "Östermalm"]);
    }

    #[test]
    fn a_division_begins_on_its_local_day() {
        assert_eq!(local_date("2006-12-31T23:00:00Z".parse().unwrap()), jiff::civil::date(2007, 1, 1));
        assert_eq!(local_date("2023-06-30T22:00:00Z".parse().unwrap()), jiff::civil::date(2023, 7, 1));
    }
}
