//! `GET /v1/actors/call-list`: whom to call in a contact round, in order; printed with a box to tick when nothing else works.

use super::{
    SEARCH,
    offline::{STYLE, printed_at},
    search,
    xlsx::escaped,
};
use crate::{
    app::Shared,
    problem::Refused,
    query::Query,
    request::Ask,
    routes::reply::{self, raw},
};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use narhet_kernel::{Context, Vector};
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::Value;

/// A page as JSON; asked for HTML, every page as one list to print.
pub async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let mut known = SEARCH.to_vec();
    known.extend(["round", "minCursor"]);
    let query = Query::of(query.as_deref(), &known)?;
    let mut asked = search(&query)?;
    asked.remove("limit");
    if let Some(round) = query.text("round")? {
        asked.insert("round".to_owned(), round.into());
    }
    let mut min_cursor = query.cursor("minCursor")?;
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    if !accepts.contains("text/html") {
        let answer = app.upstream.query(Context::Actors, "call-list", ask.query(raw(&asked), min_cursor)).await?;
        return Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor));
    }
    let (mut rows, mut cursor) = (String::new(), Vector::new());
    loop {
        let request = ask.query(raw(&asked), min_cursor.take());
        let answer = app.upstream.query(Context::Actors, "call-list", request).await?;
        cursor.join(&answer.cursor);
        let page: Value = serde_json::from_str(answer.body.get())
            .map_err(|error| Problem::new(ErrorCode::Unavailable, error.to_string()))?;
        page["items"].as_array().into_iter().flatten().for_each(|item| row(&mut rows, item));
        match page["next"].as_str() {
            Some(next) => drop(asked.insert("after".to_owned(), next.into())),
            None => break,
        }
    }
    let page = format!(
        "<!doctype html><html lang=\"sv\"><meta charset=\"utf-8\"><title>Ringlista</title><style>{STYLE}</style>\
         <h1>Ringlista {}</h1><p class=\"meta\">Utskriven {}. Ring i ordning; bocka av den som svarar och för in det i registret efteråt. \
         Personuppgifter ingår inte.</p><table><thead><tr><th style=\"width:30%\">Aktör<th>Ring i denna ordning<th style=\"width:16%\">Svarade</thead><tbody>{rows}</tbody></table></html>",
        escaped(query.text("round")?.unwrap_or_default()),
        printed_at(app.clock.now()),
    );
    Ok(reply::json(StatusCode::OK, "text/html; charset=utf-8", page, &cursor))
}

fn row(rows: &mut String, item: &Value) {
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let call = |call: &Value| {
        let ways = call["ways"].as_array().into_iter().flatten().map(|way| text(&way["value"]));
        format!("{}. {}: {}", call["order"], text(&call["function"]), ways.collect::<Vec<_>>().join(", "))
    };
    let calls: Vec<String> = item["calls"].as_array().into_iter().flatten().map(call).collect();
    let answered = match item["outcome"]["outcome"].as_str() {
        Some("answered") => "☑",
        Some(_) => "☐ svarade inte",
        None => "☐",
    };
    rows.push_str(&format!(
        "<tr><td><span class=\"name\">{}</span><br><span class=\"small\">{}</span><td>{}<td>{answered}",
        text(&item["name"]),
        text(&item["kindLabel"]),
        calls.join("<br>"),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_has_every_way_in_order_and_nothing_that_runs() {
        let ways = json!([{ "value": "08-1" }, { "value": "rakel <7>" }]);
        let item = json!({ "name": "A & B", "kindLabel": "företag", "calls": [{ "order": 1, "function": "jour", "ways": ways }] });
        let mut rows = String::new();
        row(&mut rows, &item);
        assert!(
            rows.contains("1. jour: 08-1, rakel &lt;7&gt;") && rows.contains("A &amp; B") && rows.contains('☐'),
            "{rows}"
        );
    }
}
