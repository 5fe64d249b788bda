//! The client commands: token, area, events tail.

use crate::{
    area_ask, area_check, area_import,
    arguments::{Area, Events, EventsTail, Token},
    client::{Client, problem},
};
use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use narhet_gateway::identity::demo::Issuer;
use narhet_kernel::{BoardId, Role};
use std::{io::Write as _, process::ExitCode, time::Duration};

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
        Area::Import(import) => area_import::import(import).await,
        Area::Check(check) => area_check::check(&check),
        Area::Resolve(ask) => area_ask::resolve(ask).await,
        Area::History(ask) => area_ask::history(ask).await,
    }
}

/// Writes to standard output; a reader that has gone, as `| head` does, is nobody's error. Whether it is still there.
pub fn say(text: &str) -> bool {
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
