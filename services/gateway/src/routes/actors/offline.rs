//! `GET /v1/actors/offline`: the list for the binder, A4, sorted as Swedes sort; for the night without power.

use super::{SEARCH, transfer, xlsx::escaped};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask, routes::reply};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::{Response, StatusCode},
};
use narhet_kernel::Timestamp;

pub const STYLE: &str = "@page{size:A4;margin:14mm 12mm 16mm;@bottom-right{content:counter(page) ' (' counter(pages) ')';font:9pt sans-serif}}\
body{font:10pt/1.35 'Source Sans 3','Noto Sans','DejaVu Sans',sans-serif;color:#000;margin:0}\
h1{font-size:15pt;margin:0 0 1mm}p.meta{margin:0 0 5mm;font-size:9pt}\
table{width:100%;border-collapse:collapse}thead{display:table-header-group}\
th{text-align:left;font-size:8.5pt;border-bottom:1pt solid #000;padding:1mm 2mm 1mm 0}\
td{vertical-align:top;border-bottom:.4pt solid #888;padding:1.2mm 2mm 1.2mm 0;overflow-wrap:anywhere}\
tr{break-inside:avoid}.name{font-weight:700}.small{font-size:8.5pt}";

pub async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let mut known = SEARCH.to_vec();
    known.push("minCursor");
    let query = Query::of(query.as_deref(), &known)?;
    let export = transfer::exported(&app, &ask, &query).await?;
    let column = |name: &str| export.fields.iter().position(|field| field == name);
    let columns = [
        "name",
        "kind",
        "address",
        "siteName",
        "function",
        "functionPhone",
        "functionEmail",
        "availability",
        "capabilities",
    ]
    .map(column);
    let mut page = format!(
        "<!doctype html><html lang=\"sv\"><meta charset=\"utf-8\"><title>Lokala aktörer</title><style>{STYLE}</style>\
         <h1>Lokala aktörer</h1><p class=\"meta\">{} aktörer. Utskriven {}. Uppgifterna gällde då; kontrollera mot registret när det går. \
         Personuppgifter ingår inte.</p><table><thead><tr><th style=\"width:34%\">Aktör<th style=\"width:24%\">Plats<th>Kontakt<th style=\"width:18%\">Resurser</thead><tbody>",
        export.rows.len(),
        printed_at(app.clock.now()),
    );
    for row in &export.rows {
        let [name, kind, address, site, function, phone, email, availability, capabilities] = columns
            .map(|column| column.and_then(|column| row.get(column)).map(|cell| escaped(cell)).unwrap_or_default());
        let place = if address.is_empty() { site } else { address };
        page.push_str(&format!(
            "<tr><td><span class=\"name\">{name}</span><br><span class=\"small\">{kind}</span><td>{place}\
             <td>{function}<br>{phone} <span class=\"small\">{email}</span> {availability}<td class=\"small\">{}",
            capabilities.replace('|', "<br>")
        ));
    }
    page.push_str("</tbody></table></html>");
    Ok(reply::json(StatusCode::OK, "text/html; charset=utf-8", page, &export.cursor))
}

/// To the minute.
pub fn printed_at(now: Timestamp) -> String {
    now.to_string().replace('T', " ").chars().take(16).collect::<String>() + " UTC"
}
