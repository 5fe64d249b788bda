//! `GET /v1/actors/call-list`: whom to call in a contact round, in order; printed with a box to tick when nothing else works.

use super::{
    of_a_whole_list,
    printed::{self, lines, text, ways},
    search,
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
use narhet_kernel::Context;
use serde_json::Value;

/// A page as JSON; asked for HTML, every page as one list to print.
pub async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let mut known = of_a_whole_list();
    known.extend(["after", "round"]);
    let query = Query::of(query.as_deref(), &known)?;
    let mut asked = search(&query)?;
    if let Some(round) = query.text("round")? {
        asked.insert("round".to_owned(), round.into());
    }
    let min_cursor = query.cursor("minCursor")?;
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    if !accepts.contains("text/html") {
        let answer = app.upstream.query(Context::Actors, "call-list", ask.query(raw(&asked), min_cursor)).await?;
        return Ok(reply::with_cursor(StatusCode::OK, &answer.body, &answer.cursor));
    }
    let (items, cursor) = printed::every(&app, &ask, "call-list", asked, min_cursor).await?;
    let title = format!("Ringlista {}", query.text("round")?.unwrap_or_default());
    let meta = "Ring i ordning; bocka av den som svarar och för in det i registret efteråt.";
    let columns = [("Aktör", Some(30)), ("Ring i denna ordning", None), ("Svarade", Some(16))];
    let rows: Vec<String> = items.iter().map(row).collect();
    Ok(printed::document(title.trim(), meta, &columns, &rows, app.clock.now(), &cursor))
}

fn row(item: &Value) -> String {
    let call = |call: &Value| format!("{}. {}: {}", call["order"], text(&call["function"]), ways(call));
    let answered = match item["outcome"]["outcome"].as_str() {
        Some("answered") => "☑",
        Some(_) => "☐ svarade inte",
        None => "☐",
    };
    format!(
        "<tr><td><span class=\"name\">{}</span><br><span class=\"small\">{}</span><td>{}<td>{answered}",
        text(&item["name"]),
        text(&item["kindLabel"]),
        lines(&item["calls"], call),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_has_every_way_in_order_and_nothing_that_runs() {
        let ways = json!([{ "value": "08-1" }, { "value": "rakel <7>" }]);
        let item = json!({ "name": "A & B", "kindLabel": "företag", "calls": [{ "order": 1, "function": "jour", "ways": ways }] });
        let rows = row(&item);
        assert!(
            rows.contains("1. jour: <span class=\"way\">08-1</span>, <span class=\"way\">rakel &lt;7&gt;</span>")
                && rows.contains("A &amp; B")
                && rows.contains('☐'),
            "{rows}"
        );
    }
}
