//! Lists to print: A4, every page of a query in one document.

use super::xlsx::escaped;
use crate::{
    app::Shared,
    request::Ask,
    routes::reply::{self, raw},
};
use axum::{body::Body, http::Response, http::StatusCode};
use narhet_calendar::Zone;
use narhet_kernel::{Context, Timestamp, Vector};
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::{Map, Value};

const STYLE: &str = "@page{size:A4;margin:14mm 12mm 16mm;@bottom-right{content:counter(page) ' (' counter(pages) ')';font:9pt sans-serif}}\
body{font:10pt/1.35 'Source Sans 3','Noto Sans','DejaVu Sans',sans-serif;color:#000;margin:0}\
h1{font-size:15pt;margin:0 0 1mm}p.meta{margin:0 0 5mm;font-size:9pt}\
table{width:100%;border-collapse:collapse}thead{display:table-header-group}\
th{text-align:left;font-size:8.5pt;border-bottom:1pt solid #000;padding:1mm 2mm 1mm 0}\
td{vertical-align:top;border-bottom:.4pt solid #888;padding:1.2mm 2mm 1.2mm 0;overflow-wrap:anywhere}\
tr{break-inside:avoid}.name{font-weight:700}.small{font-size:8.5pt}.way{white-space:nowrap}";

/// The heads of the columns with their widths in per cent; without one a column takes what is left.
pub type Columns<'a> = &'a [(&'a str, Option<u8>)];

/// Asks a query page by page.
pub async fn every(
    app: &Shared,
    ask: &Ask,
    query: &'static str,
    mut asked: Map<String, Value>,
    mut min_cursor: Option<Vector>,
) -> Result<(Vec<Value>, Vector), Problem> {
    let (mut items, mut cursor) = (Vec::new(), Vector::new());
    loop {
        let request = ask.query(raw(&asked), min_cursor.take());
        let answer = app.upstream.query(Context::Actors, query, request).await?;
        cursor.join(&answer.cursor);
        let mut page: Value = serde_json::from_str(answer.body.get())
            .map_err(|error| Problem::new(ErrorCode::Unavailable, error.to_string()))?;
        if let Value::Array(more) = page["items"].take() {
            items.extend(more);
        }
        match page["next"].take() {
            Value::String(next) => drop(asked.insert("after".to_owned(), next.into())),
            _ => return Ok((items, cursor)),
        }
    }
}

/// The document; `meta` and the rows are HTML, the title is not.
pub fn document(
    title: &str,
    meta: &str,
    columns: Columns<'_>,
    rows: &[String],
    now: Timestamp,
    cursor: &Vector,
) -> Response<Body> {
    let head = |(name, width): &(&str, Option<u8>)| match width {
        Some(width) => format!("<th style=\"width:{width}%\">{name}"),
        None => format!("<th>{name}"),
    };
    let page = format!(
        "<!doctype html><html lang=\"sv\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>\
         <p class=\"meta\">Utskriven {}. {meta} Personuppgifter ingår inte.</p><table><thead><tr>{}</thead><tbody>{}</tbody></table></html>",
        Zone::stockholm().wall(now).strftime("%Y-%m-%d kl. %H.%M"),
        columns.iter().map(head).collect::<String>(),
        rows.concat(),
        title = escaped(title),
    );
    reply::json(StatusCode::OK, "text/html; charset=utf-8", page, cursor)
}

/// A text of an answer, escaped.
pub fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

/// The items of a list, each written by `write`, on lines of their own.
pub fn lines(list: &Value, write: impl Fn(&Value) -> String) -> String {
    list.as_array().into_iter().flatten().map(write).collect::<Vec<_>>().join("<br>")
}

/// The ways of a contact in their order, comma between; a number stays on one line.
pub fn ways(contact: &Value) -> String {
    let ways = contact["ways"].as_array().into_iter().flatten();
    ways.map(|way| format!("<span class=\"way\">{}</span>", text(&way["value"]))).collect::<Vec<_>>().join(", ")
}
