//! Files of actors in and out.

use super::{
    of_a_whole_list, search,
    table_file::{self, Table, neutral},
    xlsx,
};
use crate::{
    app::Shared,
    limits::{ACTORS_FILE_BYTES_MAX, ACTORS_IMPORT_BYTES, ACTORS_IMPORT_ROWS},
    problem::Refused,
    query::Query,
    request::Ask,
    routes::reply::{self, raw},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{FromRequest as _, Multipart, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use narhet_kernel::{Context, Vector};
use narhet_proto::wire::{ErrorCode, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

const NDJSON: &str = "application/x-ndjson";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const GEOJSON: &str = "application/geo+json";
const CSV: &str = "text/csv";

/// An import under way.
struct Import {
    app: Shared,
    ask: Ask,
    key: String,
    dry_run: bool,
    table: Table,
    by_hand: BTreeMap<String, String>,
    mapping: Vec<Mapped>,
    duplicates: HashMap<u32, u32>,
    next: usize,
    counts: BTreeMap<String, u64>,
    cursor: Vector,
}

#[derive(Deserialize, serde::Serialize, Clone)]
struct Mapped {
    column: String,
    field: Option<String>,
}

#[derive(Deserialize)]
struct Judged {
    rows: Vec<Value>,
}

/// `POST /v1/actors/import`: the file is read here, its rows are decided a part at a time; asked for NDJSON, each part is told
/// when it is done.
pub async fn import(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    request: Request,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(request.uri().query(), &["dryRun", "mapping"])?;
    let dry_run = query.flag("dryRun")?;
    let by_hand: BTreeMap<String, String> = match query.text("mapping")? {
        None => BTreeMap::new(),
        Some(text) => serde_json::from_str(text).map_err(|_| {
            Problem::parameter("mapping", "a JSON object from column to field: {\"Förening\":\"name\"}")
        })?,
    };
    let headers = request.headers().clone();
    let key = ask.command(&headers, raw(&json!({})))?.idempotency_key.unwrap_or_default();
    let _place = app.import_places.try_acquire().map_err(|_| {
        Problem::new(ErrorCode::TooManyRequests, "another import is being read: try again when it is done")
    })?;
    let bytes = file(&headers, request).await?;
    let table = tokio::task::spawn_blocking(move || table_file::read(&bytes))
        .await
        .map_err(|error| Problem::new(ErrorCode::InvalidInput, format!("the file cannot be read: {error}")))??;
    let asked = json!({ "columns": table.columns, "mapping": by_hand });
    let answer = app.upstream.query(Context::Actors, "import-mapping", ask.query(raw(&asked), None)).await?;
    #[derive(Deserialize)]
    struct Guess {
        mapping: Vec<Mapped>,
    }
    let Guess { mapping } = serde_json::from_str(answer.body.get()).map_err(unreadable)?;
    let duplicates = duplicates(&table, &mapping);
    let mut import = Import {
        app: app.clone(),
        ask,
        key,
        dry_run,
        table,
        by_hand,
        mapping,
        duplicates,
        next: 0,
        counts: BTreeMap::new(),
        cursor: answer.cursor,
    };
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    if accepts.contains(NDJSON) {
        return Ok(import.told());
    }
    let mut rows = Vec::with_capacity(import.table.rows.len());
    while let Some(part) = import.part().await? {
        rows.extend(part);
    }
    let body = json!({ "dryRun": import.dry_run, "format": import.table.format, "mapping": import.mapping,
        "counts": import.counts, "rows": rows });
    Ok(reply::with_cursor(StatusCode::OK, &raw(&body), &import.cursor))
}

fn unreadable(_: serde_json::Error) -> Problem {
    Problem::new(ErrorCode::Unavailable, "a service gave an answer that cannot be read")
}

/// The body, or the one part of a form.
async fn file(headers: &HeaderMap, request: Request) -> Result<Bytes, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media.to_ascii_lowercase().starts_with("multipart/form-data") {
        return reply::read_body(headers, request.into_body(), ACTORS_FILE_BYTES_MAX).await;
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > ACTORS_FILE_BYTES_MAX + 64 * 1024) {
        return Err(crate::limits::too_large("the file", ACTORS_FILE_BYTES_MAX));
    }
    let wrong = |detail: String| Problem::new(ErrorCode::InvalidInput, detail);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| wrong(error.body_text()))?;
    let mut part = parts
        .next_field()
        .await
        .map_err(|error| wrong(error.body_text()))?
        .ok_or_else(|| Problem::at("/file", "the part \"file\" is missing"))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| wrong(error.body_text()))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ACTORS_FILE_BYTES_MAX {
            return Err(crate::limits::too_large("the file", ACTORS_FILE_BYTES_MAX));
        }
    }
    Ok(bytes.into())
}

/// Rows with the key of an earlier one: registry id, else external id, else organisation number.
fn duplicates(table: &Table, mapping: &[Mapped]) -> HashMap<u32, u32> {
    let column = |name: &str| mapping.iter().position(|mapped| mapped.field.as_deref() == Some(name));
    const ORG_NUMBER: usize = 2;
    let columns = [column("id"), column("externalId"), column("orgNumber")];
    let (mut first, mut duplicates) = (HashMap::new(), HashMap::new());
    for (row, cells) in &table.rows {
        let filled =
            |column: &Option<usize>| cells.get((*column)?).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        // However a number is written: 556000-0001 is 5560000001.
        let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let key = columns.iter().enumerate().find_map(|(kind, column)| {
            let cell = filled(column)?;
            Some((kind, if kind == ORG_NUMBER { plain(cell) } else { cell.to_lowercase() }))
        });
        if let Some(key) = key {
            match first.get(&key) {
                Some(earlier) => drop(duplicates.insert(*row, *earlier)),
                None => drop(first.insert(key, *row)),
            }
        }
    }
    duplicates
}

impl Import {
    /// Decides the next rows; `None` when there are no more.
    async fn part(&mut self) -> Result<Option<Vec<Value>>, Problem> {
        if self.next == self.table.rows.len() {
            return Ok(None);
        }
        let (mut rows, mut refused, mut bytes, mut end) = (Vec::new(), Vec::new(), 0, self.next);
        while let Some((row, cells)) = self.table.rows.get(end).filter(|_| rows.len() < ACTORS_IMPORT_ROWS) {
            let one = json!({ "row": row, "cells": cells, "duplicateOf": self.duplicates.get(row) });
            let size = one.to_string().len();
            if size > ACTORS_IMPORT_BYTES {
                let why = format!("raden är mer än {} kB", ACTORS_IMPORT_BYTES / 1024);
                refused.push(json!({ "row": row, "outcome": "refused", "why": why }));
            } else if bytes + size > ACTORS_IMPORT_BYTES {
                break;
            } else {
                bytes += size;
                rows.push(one);
            }
            end += 1;
        }
        let body = raw(&json!({ "columns": self.table.columns, "mapping": self.by_hand, "rows": rows }));
        let mut request = self.ask.query(body, None);
        let answer = if self.dry_run {
            self.app.upstream.query(Context::Actors, "rehearse-import", request).await?
        } else {
            request.idempotency_key = Some(format!("{}/{}", self.key, self.next));
            self.app.upstream.command(Context::Actors, "import-actors", request).await?
        };
        self.next = end;
        self.cursor.join(&answer.cursor);
        let Judged { mut rows } = serde_json::from_str(answer.body.get()).map_err(unreadable)?;
        rows.extend(refused);
        rows.sort_by_key(|row| row["row"].as_u64());
        for row in &rows {
            *self.counts.entry(row["outcome"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        Ok(Some(rows))
    }

    /// One line of JSON for the mapping, one for each part, one for the end.
    fn told(self) -> Response<Body> {
        enum Step {
            First(Box<Import>),
            Next(Box<Import>),
            Done,
        }
        let lines = futures::stream::unfold(Step::First(Box::new(self)), |step| async move {
            let (line, next) = match step {
                Step::Done => return None,
                Step::First(import) => {
                    let line = json!({ "mapping": import.mapping, "total": import.table.rows.len(), "format": import.table.format, "dryRun": import.dry_run });
                    (line, Step::Next(import))
                }
                Step::Next(mut import) => match import.part().await {
                    Ok(Some(rows)) => (json!({ "done": import.next, "rows": rows }), Step::Next(import)),
                    Ok(None) => (json!({ "counts": import.counts, "cursor": import.cursor.to_string() }), Step::Done),
                    Err(problem) => (json!({ "problem": problem, "done": import.next }), Step::Done),
                },
            };
            Some((Ok::<_, std::convert::Infallible>(Bytes::from(format!("{line}\n"))), next))
        });
        let mut response = Response::new(Body::from_stream(lines));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
        response
    }
}

/// Every row that a search finds.
pub struct Export {
    pub fields: Vec<String>,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub cursor: Vector,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    fields: Vec<String>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    next: Option<String>,
    /// The caller may take all protected sites along once it is recorded.
    #[serde(default)]
    must_be_listed: bool,
}

/// All pages of an export.
pub async fn exported(app: &Shared, ask: &Ask, query: &Query) -> Result<Export, Problem> {
    let mut body = search(query)?;
    body.remove("limit");
    let mut min_cursor = query.cursor("minCursor")?;
    let mut export = Export { fields: Vec::new(), columns: Vec::new(), rows: Vec::new(), cursor: Vector::new() };
    loop {
        let asked = ask.query(raw(&body), min_cursor.take());
        let answer = app.upstream.query(Context::Actors, "export", asked).await?;
        let page: Page = serde_json::from_str(answer.body.get()).map_err(unreadable)?;
        export.cursor.join(&answer.cursor);
        if page.must_be_listed {
            // More protected sites than anybody may take along unseen: that they are is recorded, then they are.
            let order = ask.query(raw(&json!({ "purpose": "export" })), None);
            let listed = app.upstream.command(Context::Actors, "list-protected", order).await?;
            let listed: Value = serde_json::from_str(listed.body.get()).map_err(unreadable)?;
            body.insert("listing".to_owned(), listed["listing"].clone());
            continue;
        }
        (export.fields, export.columns) = (page.fields, page.columns);
        export.rows.extend(page.rows);
        match page.next {
            Some(next) => drop(body.insert("after".to_owned(), next.into())),
            None => return Ok(export),
        }
    }
}

/// `GET /v1/actors/export`
pub async fn export(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &of_a_whole_list())?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
    let wanted = accept.split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
    let media = wanted.into_iter().find_map(|one| match one {
        "text/csv" | "*/*" | "text/*" => Some(CSV),
        "application/geo+json" | "application/json" => Some(GEOJSON),
        one if one == XLSX => Some(XLSX),
        _ => None,
    });
    let Some(media) = media else {
        let detail = format!("Accept one of {CSV}, {XLSX}, {GEOJSON}");
        return Err(Problem { code: ErrorCode::UnsupportedMediaType, ..Problem::parameter("Accept", detail) }.into());
    };
    let Export { fields, columns, rows, cursor } = exported(&app, &ask, &query).await?;
    let (bytes, name) = written(media, &fields, &columns, rows)?;
    let mut response = reply::json(StatusCode::OK, media, bytes, &cursor);
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// A file of rows, and what it is called.
fn written(
    media: &str,
    fields: &[String],
    columns: &[String],
    rows: Vec<Vec<String>>,
) -> Result<(Vec<u8>, &'static str), Problem> {
    Ok(match media {
        CSV => (csv_bytes(columns, &rows)?, "aktorer.csv"),
        XLSX => {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().map(neutral).collect()).collect();
            (xlsx::write(&columns, &rows), "aktorer.xlsx")
        }
        _ => (features(fields, &rows).to_string().into_bytes(), "aktorer.geojson"),
    })
}

fn csv_bytes(columns: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, Problem> {
    let broken = |error: &dyn std::fmt::Display| Problem::new(ErrorCode::Unavailable, error.to_string());
    // The mark makes Excel read å, ä, ö; the semicolon is what it expects in Sweden.
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(columns).map_err(|error| broken(&error))?;
    for row in rows {
        writer.write_record(row.iter().cloned().map(neutral)).map_err(|error| broken(&error))?;
    }
    writer.into_inner().map_err(|error| broken(&error))
}

fn features(fields: &[String], rows: &[Vec<String>]) -> Value {
    let features: Vec<Value> = rows
        .iter()
        .map(|row| {
            let cells = || fields.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            let number =
                |name: &str| cells().find(|(field, _)| *field == name).and_then(|(_, cell)| cell.parse::<f64>().ok());
            let geometry = number("lon")
                .zip(number("lat"))
                .map(|(lon, lat)| json!({ "type": "Point", "coordinates": [lon, lat] }));
            let place = |field: &str| matches!(field, "lon" | "lat");
            let properties: serde_json::Map<String, Value> = cells()
                .filter(|(field, _)| !place(field))
                .map(|(field, cell)| (field.clone(), cell.as_str().into()))
                .collect();
            json!({ "type": "Feature", "geometry": geometry, "properties": properties })
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": features })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_stands_behind_an_apostrophe_and_comes_back_so() {
        let columns = ["name".to_owned()];
        for formula in ["=1+1", "+46 8", "-1", "@x"] {
            for media in [CSV, XLSX, GEOJSON] {
                let (bytes, _) = written(media, &columns, &columns, vec![vec![formula.to_owned()]]).unwrap();
                assert_eq!(table_file::read(&bytes).unwrap().rows[0].1[0], format!("'{formula}"), "{media}");
            }
        }
    }
}
