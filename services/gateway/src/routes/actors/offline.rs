//! `GET /v1/actors/offline`: the list for the binder, sorted as Swedes sort; for the night without power.

use super::{
    of_a_whole_list,
    printed::{self, lines, text, ways},
    search,
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::Response,
};
use serde_json::Value;

/// Actors asked for at a time.
const PAGE: &str = "500";

pub async fn list(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refused> {
    let query = Query::of(query.as_deref(), &of_a_whole_list())?;
    let mut asked = search(&query)?;
    asked.insert("limit".to_owned(), PAGE.into());
    let (items, cursor) = printed::every(&app, &ask, "actors", asked, query.cursor("minCursor")?).await?;
    let meta = format!("{} aktörer. Uppgifterna gällde då; kontrollera mot registret när det går.", items.len());
    let columns = [("Aktör", Some(30)), ("Plats", Some(26)), ("Kontakt", None), ("Resurser", Some(16))];
    let rows: Vec<String> = items.iter().map(row).collect();
    Ok(printed::document("Lokala aktörer", &meta, &columns, &rows, app.clock.now(), &cursor))
}

fn row(actor: &Value) -> String {
    let site = |site: &Value| {
        let (name, address) = (text(&site["name"]), text(&site["address"]));
        match (address.is_empty(), site["name"] == actor["name"]) {
            (true, _) => name,
            (false, true) => address,
            (false, false) => format!("{name}, {address}"),
        }
    };
    let contact = |contact: &Value| format!("{}: {}", text(&contact["function"]), ways(contact));
    let capability = |has: &Value| {
        let detail = text(&has["detail"]);
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        format!("{} {}{detail}", has["count"], text(&has["kind"]))
    };
    let open = match (&actor["availability"]["hours"], actor["availability"]["aroundTheClock"] == true) {
        (_, true) => "<br>dygnet runt".to_owned(),
        (Value::String(_), false) => format!("<br>{}", text(&actor["availability"]["hours"])),
        _ => String::new(),
    };
    format!(
        "<tr><td><span class=\"name\">{}</span><br><span class=\"small\">{}</span><td>{}<td>{}{open}<td class=\"small\">{}",
        text(&actor["name"]),
        text(&actor["kindLabel"]),
        lines(&actor["sites"], site),
        lines(&actor["contacts"], contact),
        lines(&actor["capabilities"], capability),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_site_contact_and_way_is_printed_and_nothing_runs() {
        let actor = json!({
            "name": "A & B", "kindLabel": "företag", "availability": { "aroundTheClock": true },
            "sites": [{ "name": "A & B", "address": "Gatan 1" }, { "name": "Depå", "address": "Vägen 2" }, { "name": "Lager" }],
            "contacts": [
                { "function": "jour", "ways": [{ "value": "08-1" }, { "value": "rakel <7>" }] },
                { "function": "växel", "ways": [{ "value": "08-2" }] },
            ],
            "capabilities": [{ "kind": "elverk", "count": 3, "detail": "8 kVA" }],
        });
        let row = row(&actor);
        for wanted in [
            "A &amp; B",
            "<td>Gatan 1<br>Depå, Vägen 2<br>Lager<td>",
            "jour: <span class=\"way\">08-1</span>, <span class=\"way\">rakel &lt;7&gt;</span><br>växel: ",
            "<br>dygnet runt",
            "3 elverk (8 kVA)",
        ] {
            assert!(row.contains(wanted), "{wanted}: {row}");
        }
    }
}
