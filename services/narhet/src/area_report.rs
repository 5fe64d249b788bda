//! The report of an import or a check, for people; the HTTP interface gives the same as JSON.

use crate::figures::{metres, square_metres};
use narhet_kernel::Timestamp;
use serde_json::Value;

/// The whole report; `outcome` is its last words.
pub fn text(report: &Value, outcome: &str) -> String {
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let texts = |value: &Value| -> Vec<String> {
        let mut texts: Vec<String> =
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        texts.sort_by_cached_key(|text| swedish_order(text));
        texts
    };
    let mut lines = Vec::new();
    for division in list("divisions") {
        let areas = texts(&division["areas"]);
        let from = division["validFrom"].as_str().and_then(|instant| instant.parse::<Timestamp>().ok());
        let from = from.map_or_else(|| "?".to_owned(), |from| local_date(from).to_string());
        let supersedes = if division["supersedes"].is_string() { ", superseding the one recorded before" } else { "" };
        lines.push(format!("division from {from}: {} areas{supersedes}: {}", areas.len(), areas.join(", ")));
    }
    lines.extend(
        list("warnings")
            .iter()
            .map(|warning| format!("warning: {}", warning.as_str().map_or_else(|| warning.to_string(), str::to_owned))),
    );
    let defects = list("defects");
    if !defects.is_empty() {
        lines
            .push(format!("{} holes or overlaps, each accepted by the limit or by its id, or refused:", defects.len()));
    }
    for defect in &defects {
        lines.push(format!(
            "  {:8}{:>11}{:>9} wide  {}  id {}  {}",
            defect["kind"].as_str().unwrap_or("?"),
            figure(square_metres, &defect["areaM2"]),
            figure(metres, &defect["widthM"]),
            texts(&defect["between"]).join(" / "),
            defect["id"].as_str().unwrap_or("?"),
            defect["accepted"].as_str().map_or_else(|| "REFUSED".to_owned(), |by| format!("accepted by {by}")),
        ));
    }
    for refused in list("refused") {
        lines.push(format!("refused: {}", refused["detail"].as_str().unwrap_or("?")));
    }
    let features = report.get("features").and_then(Value::as_u64).unwrap_or(0);
    lines.push(format!("{features} features; {outcome}"));
    lines.join("\n")
}

/// In the unit in which it can be read, with a decimal point.
fn figure(unit: impl Fn(f64) -> String, value: &Value) -> String {
    unit(value.as_f64().unwrap_or(0.0)).replace(',', ".").replace('\u{202f}', " ")
}

/// The day on which something begins in Stockholm; 2006-12-31T23:00:00Z is 2007-01-01 there.
fn local_date(instant: Timestamp) -> jiff::civil::Date {
    jiff::tz::TimeZone::get("Europe/Stockholm")
        .map_or_else(|_| instant.to_zoned(jiff::tz::TimeZone::UTC).date(), |zone| instant.to_zoned(zone).date())
}

/// å, ä and ö come after z, in this order; capitals are like small letters.
fn swedish_order(text: &str) -> String {
    let place = |letter: char| match letter {
        'å' => '{',
        'ä' => '|',
        'ö' => '}',
        letter => letter,
    };
    text.chars().flat_map(char::to_lowercase).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_swedes_sort_them() {
        let mut names = ["Östermalm", "Älvsjö", "Zinkensdamm", "årsta", "Bromma", "ÄNGBY"];
        names.sort_by_cached_key(|name| swedish_order(name));
        assert_eq!(names, ["Bromma", "Zinkensdamm", "årsta", "Älvsjö", "ÄNGBY", "Östermalm"]);
    }

    #[test]
    fn a_division_begins_on_its_local_day() {
        assert_eq!(local_date("2006-12-31T23:00:00Z".parse().unwrap()), jiff::civil::date(2007, 1, 1));
        assert_eq!(local_date("2023-06-30T22:00:00Z".parse().unwrap()), jiff::civil::date(2023, 7, 1));
    }
}
