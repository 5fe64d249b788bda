//! Rosters as iCalendar (RFC 5545): expanded instants in UTC, function names only, at a secret address that can be revoked.
//! Never the source of an alarm: a calendar program may look once a day.

use super::{commands::keeper_of, commands::missing, intake};
use crate::{domain::roster, limits::LINE_CHARS_MAX, service::Duty};
use narhet_kernel::{StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft,
    events::readiness::{FeedIssued, FeedRevoked},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};
use serde::Deserialize;
use serde_json::json;

/// Days behind and ahead that a calendar shows.
const DAYS_BEHIND: i64 = 31;
const DAYS_AHEAD: i64 = 366;
/// Octets of a line before it is folded, RFC 5545 section 3.1.
const LINE_OCTETS_MAX: usize = 75;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Issue {
    roster_id: String,
}

/// Command `issue-feed`.
pub fn issue(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Issue { roster_id } = intake::body(request.body.get())?;
    let record = duty.readiness.rosters.get(&roster_id).ok_or_else(|| missing("roster", &roster_id))?;
    let role = keeper_of(env.principal, &record.value.board.id)?;
    let feed = env.new_id();
    let issued = FeedIssued { feed_id: feed.to_string(), roster_id, secret_hash: hash(&secret(feed, env)) };
    let stream = StreamId::new("calendar-feed", &feed.to_string());
    let draft = Draft::public(feed, stream, env.principal.owner(), &issued);
    Ok(Decision { writes: vec![Write::one(Expected::NoStream, draft)], role: Some(role), answered_by: vec![] })
}

/// The reply to `issue-feed`: the only place where the secret is shown.
pub fn issued(_duty: &Duty, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let feed = event_ids.first().copied().unwrap_or_default();
    let url = format!("/v1/calendar-feeds/{}.ics", secret(feed, env));
    Ok(AnswerBody::of(&json!({ "id": feed, "url": url })).created(feed.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Revoke {
    feed_id: String,
}

/// Command `revoke-feed`.
pub fn revoke(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let Revoke { feed_id } = intake::body(request.body.get())?;
    let feed = duty.readiness.feeds.get(&feed_id).ok_or_else(|| missing("calendar feed", &feed_id))?;
    let board = duty.readiness.rosters.get(&feed.roster_id).map(|record| record.value.board.id.clone());
    let role = keeper_of(env.principal, &board.unwrap_or_else(|| env.principal.owner().to_string()))?;
    let revoked = FeedRevoked { feed_id: feed_id.clone() };
    let draft = Draft::public(env.new_id(), StreamId::new("calendar-feed", &feed_id), env.principal.owner(), &revoked);
    Ok(Decision { writes: vec![Write::one(Expected::Exactly(1), draft)], role: Some(role), answered_by: vec![] })
}

/// Follows from the feed's id and this house's own key, so it need not be kept.
fn secret(feed: Uuid, env: &Env<'_>) -> String {
    let bytes = env.keyed_hash(format!("calendar-feed {feed}").as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    secret: String,
}

/// Query `calendar-feed`: whoever has the secret may read, and nobody learns whether another one exists.
pub fn read(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let Ask { secret } = intake::body(request.body.get())?;
    let wanted = hash(&secret.chars().take(LINE_CHARS_MAX).collect::<String>());
    let feed = duty.readiness.feeds.values().find(|feed| feed.secret_hash == wanted);
    let record = feed.and_then(|feed| duty.readiness.rosters.get(&feed.roster_id));
    let record =
        record.ok_or_else(|| Problem::new(ErrorCode::NotFound, "there is no such calendar, or not any more"))?;
    let (from, to) = (roster::after_hours(env.now, -24 * DAYS_BEHIND), roster::after_hours(env.now, 24 * DAYS_AHEAD));
    let entries = roster::entries(&record.value, &duty.readiness.taken(&record.value.id), from, to);
    let name =
        duty.readiness.function(&record.value.function).map_or_else(|| record.value.name.clone(), |one| one.name);
    Ok(AnswerBody::of(&json!({ "calendar": calendar(&record.value.id, &name, &entries, env.now) })))
}

fn calendar(id: &str, name: &str, entries: &[roster::Entry], now: Timestamp) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Narhet//Beredskap//SV".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        format!("X-WR-CALNAME:{}", escaped(name)),
    ];
    for entry in entries {
        lines.extend([
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{id}-{}-{}-{}@narhet", entry.member, entry.layer, entry.from.as_second()),
            format!("DTSTAMP:{}", utc(now)),
            format!("DTSTART:{}", utc(entry.from)),
            format!("DTEND:{}", utc(entry.to)),
            format!("SUMMARY:{} ({})", escaped(name), escaped(&entry.member)),
            "END:VEVENT".to_owned(),
        ]);
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line) + "\r\n").collect()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Long lines go on after a line end and a space; never inside a character.
fn folded(line: &str) -> String {
    let (mut folded, mut octets) = (String::with_capacity(line.len()), 0);
    for letter in line.chars() {
        if octets + letter.len_utf8() > LINE_OCTETS_MAX {
            folded.push_str("\r\n ");
            octets = 1;
        }
        octets += letter.len_utf8();
        folded.push(letter);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_has_utc_instants_function_names_and_no_long_line() {
        let entry = roster::Entry {
            from: "2026-10-24T20:00:00Z".parse().unwrap(),
            to: "2026-10-25T05:00:00Z".parse().unwrap(),
            layer: 0,
            member: "lag-a".to_owned(),
        };
        let name = "Krisstöd, Järva; dygnet runt och dessutom med ett namn som är längre än en rad får vara";
        let text = calendar("jarva", name, &[entry], "2026-10-01T00:00:00Z".parse().unwrap());
        assert!(text.contains("DTSTART:20261024T200000Z\r\nDTEND:20261025T050000Z\r\n"), "{text}");
        assert!(text.contains("Krisstöd\\, Järva\\; dygnet"), "{text}");
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_OCTETS_MAX), "{text}");
        assert!(text.ends_with("END:VCALENDAR\r\n"));
    }
}
