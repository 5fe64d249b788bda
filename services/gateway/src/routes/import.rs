//! `POST /v1/areas/import`: two files in, one command or rehearsal for `area`; nothing is kept here.

use super::reply::{self, raw};
use crate::{
    app::Shared,
    limits::{IMPORT_REQUEST_BYTES_MAX, check_depth, too_large},
    problem::Refused,
    query::Query,
    request::Ask,
};
use axum::{
    Extension,
    body::Body,
    extract::{FromRequest as _, Multipart, Request, State, multipart::MultipartError},
    http::{HeaderMap, Response, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use narhet_kernel::{
    Context,
    limits::{IMPORT_BYTES_MAX, UPLOAD_BYTES_MAX},
};
use narhet_proto::wire::{ErrorCode, Problem};
use serde::Serialize;
use serde_json::value::RawValue;

/// What the envelope of a request takes of an upload: principal, key, deadline.
const ENVELOPE_BYTES_MAX: usize = 16 * 1024;
/// Characters kept of a file's name.
const FILE_NAME_CHARS_MAX: usize = 100;

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct ImportBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    boundaries: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boundaries_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exceptions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<String>,
    divisions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
    accept: Vec<String>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

pub async fn import(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    request: Request,
) -> Result<Response<Body>, Refused> {
    let headers = request.headers().clone();
    let _place = app.import_places.try_acquire().map_err(|_| {
        Problem::new(ErrorCode::TooManyRequests, "another import is being read: try again when it is done")
    })?;
    let (raw_body, dry_run) = body_of(request).await?;
    let answer = if dry_run {
        app.upstream.query(Context::Area, "rehearse-import", ask.query(raw_body, None)).await?
    } else {
        app.upstream.command(Context::Area, "import-division", ask.command(&headers, raw_body)?).await?
    };
    // The next question to this gateway is answered from the new map; a fold that is behind says so in its cursor.
    if app.fold.wait(Some(&answer.cursor)).await.is_err() {
        tracing::warn!("the map view is behind an import");
    }
    Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor))
}

/// What area is asked, from the query and the files of a request; and whether it is only to be rehearsed.
pub(super) async fn body_of(request: Request) -> Result<(Box<RawValue>, bool), Problem> {
    let query = Query::of(request.uri().query(), &["division", "validFrom", "decidedAt", "accept", "dryRun", "layer"])?;
    check_head(request.headers())?;
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    let mut body = ImportBody {
        divisions: owned(query.list("division")),
        valid_from: query.text("validFrom")?.map(str::to_owned),
        decided_at: query.text("decidedAt")?.map(str::to_owned),
        accept: owned(query.list("accept")),
        dry_run: query.flag("dryRun")?,
        layer: query.text("layer")?.map(str::to_owned),
        ..ImportBody::default()
    };
    read_parts(request, &mut body).await?;
    let dry_run = body.dry_run;
    let raw_body = raw(&body);
    drop(body);
    if raw_body.get().len() > UPLOAD_BYTES_MAX - ENVELOPE_BYTES_MAX {
        return Err(too_large("the import", IMPORT_BYTES_MAX));
    }
    Ok((raw_body, dry_run))
}

/// What can be refused before 128 MiB are read.
fn check_head(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !text(header::CONTENT_TYPE).to_ascii_lowercase().starts_with("multipart/form-data") {
        let detail = "send multipart/form-data with the parts \"boundaries\" and \"mapping\"";
        return Err(Problem { code: ErrorCode::UnsupportedMediaType, ..Problem::parameter("Content-Type", detail) });
    }
    match text(header::CONTENT_LENGTH).parse::<usize>() {
        Ok(length) if length > IMPORT_REQUEST_BYTES_MAX => Err(too_large("the import", IMPORT_BYTES_MAX)),
        _ => Ok(()),
    }
}

async fn read_parts(request: Request, body: &mut ImportBody) -> Result<(), Problem> {
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|error| Problem::new(ErrorCode::InvalidInput, error.body_text()))?;
    let (mut boundaries, mut mapping, mut exceptions, mut names) = (None, None, None, Vec::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or("").to_owned();
        names.extend(part.file_name().map(|name| name.chars().take(FILE_NAME_CHARS_MAX).collect::<String>()));
        let slot = match name.as_str() {
            "boundaries" => &mut boundaries,
            "mapping" => &mut mapping,
            "exceptions" => &mut exceptions,
            _ => {
                let shown: String = name.chars().take(FILE_NAME_CHARS_MAX).collect();
                return Err(Problem::at(
                    "",
                    format!("no part is called {shown:?}: send \"boundaries\", \"mapping\" and \"exceptions\""),
                ));
            }
        };
        let bytes = Vec::from(part.bytes().await.map_err(broken)?);
        if slot.replace(bytes).is_some() {
            return Err(Problem::at(&format!("/{name}"), "the part stands twice"));
        }
    }
    let boundaries = boundaries.ok_or_else(|| Problem::at("/boundaries", "the part \"boundaries\" is missing"))?;
    match String::from_utf8(boundaries) {
        Ok(text) => {
            check_depth(text.as_bytes()).map_err(|problem| Problem::at("/boundaries", problem.detail))?;
            body.boundaries = Some(text);
        }
        // A zip archive or a GeoPackage; its owner tells which.
        Err(binary) => body.boundaries_base64 = Some(STANDARD.encode(binary.as_bytes())),
    }
    let text = |bytes, at| String::from_utf8(bytes).map_err(|_| Problem::at(at, "not UTF-8"));
    body.mapping = mapping.map(|bytes| text(bytes, "/mapping")).transpose()?;
    body.exceptions = exceptions.map(|bytes| text(bytes, "/exceptions")).transpose()?;
    if let Some(exceptions) = &body.exceptions {
        check_depth(exceptions.as_bytes()).map_err(|problem| Problem::at("/exceptions", problem.detail))?;
    }
    names.retain(|name| !name.trim().is_empty());
    body.source = (!names.is_empty()).then(|| names.join(", "));
    Ok(())
}

fn broken(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large("the import", IMPORT_BYTES_MAX);
    }
    Problem::new(ErrorCode::InvalidInput, error.body_text())
}
