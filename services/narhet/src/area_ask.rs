//! `narhet area resolve` and `narhet area history`: who answers, and what was recorded, in words or as the JSON that HTTP gives.

use crate::{
    arguments::{AreaHistory, AreaResolve},
    client::Client,
    commands::say,
};
use narhet_calendar::Zone;
use narhet_kernel::{Role, Timestamp};
use serde_json::Value;
use std::process::ExitCode;

pub async fn resolve(ask: AreaResolve) -> anyhow::Result<ExitCode> {
    let client = Client::find(&ask.node, &[Role::CitySecurity])?;
    let mut query = vec![("lon", ask.lon.to_string()), ("lat", ask.lat.to_string())];
    query.extend(ask.at.map(|at| ("at", at.to_string())));
    query.extend(ask.known_at.map(|known| ("knownAt", known.to_string())));
    let answer = client.json(client.get("/v1/responsibility").query(&query)).await?;
    if ask.json {
        say(&serde_json::to_string_pretty(&answer)?);
        return Ok(ExitCode::SUCCESS);
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metres = answer["distanceM"].as_f64().map_or(String::new(), |metres| format!(", {metres:.1} m"));
    let mut lines = vec![format!(
        "{}{metres}, at {}, as known at {}",
        text(&answer["match"]),
        local(&answer["at"]),
        local(&answer["knownAt"])
    )];
    for responsible in answer["responsible"].as_array().into_iter().flatten() {
        let basis = match responsible["takenOverFrom"]["name"].as_str() {
            Some(from) => format!("takeover from {from}"),
            None => text(&responsible["basis"]),
        };
        lines.push(format!(
            "{:<9} {}  ({}, {basis}, from {} {})",
            text(&responsible["tier"]),
            text(&responsible["board"]["name"]),
            text(&responsible["area"]["name"]),
            local(&responsible["validFrom"]),
            match responsible["validTo"].as_str() {
                Some(_) => format!("to {}", local(&responsible["validTo"])),
                None => "on".to_owned(),
            }
        ));
    }
    lines.extend(answer["why"].as_array().into_iter().flatten().map(|why| format!("  {}", text(&why["text"]))));
    say(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

pub async fn history(ask: AreaHistory) -> anyhow::Result<ExitCode> {
    let client = Client::find(&ask.node, &[Role::CitySecurity])?;
    let answer = client.json(client.get(&format!("/v1/boards/{}/history", ask.board))).await?;
    if ask.json {
        say(&serde_json::to_string_pretty(&answer)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = vec![
        answer["board"]["name"].as_str().unwrap_or_default().to_owned(),
        format!("{:<16}  {:<16}  {:<16}  {:<16}  what", "recorded", "decided", "from", "to"),
    ];
    for entry in answer["entries"].as_array().into_iter().flatten() {
        let superseded = if entry["superseded"] == true { " [ersatt av en senare registrering]" } else { "" };
        lines.push(format!(
            "{:<16}  {:<16}  {:<16}  {:<16}  {}{superseded}",
            local(&entry["recordedAt"]),
            local(&entry["decidedAt"]),
            local(&entry["validFrom"]),
            local(&entry["validTo"]),
            entry["text"].as_str().unwrap_or_default()
        ));
    }
    say(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// An instant as a clock in Stockholm shows it.
fn local(instant: &Value) -> String {
    let parsed = instant.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    parsed.map_or_else(|| "-".to_owned(), |at| Zone::stockholm().wall(at).strftime("%Y-%m-%d %H:%M").to_string())
}
