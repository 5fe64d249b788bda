//! What no log may read: free text is sealed under the incident's key before it becomes part of an event, the place too
//! from k 2 on. The field paths here are part of what is sealed, so they never change.

use crate::{domain::incident::Report, intake::Reading};
use narhet_kernel::{Uuid, personnummer};
use narhet_proto::{Sealed, events::situation::Affected};
use narhet_runtime::Env;
use serde_json::Value;

pub const TITLE: &str = "data.title";
pub const DESCRIPTION: &str = "data.description";
pub const PLACE: &str = "data.place";
pub const PLACE_TEXT: &str = "data.placeText";

/// Confidentiality from which the exact place is sealed too.
const PLACE_SEALED_FROM_K: u8 = 2;

/// The reason of the affected board number `index`.
pub fn reason(index: usize) -> String {
    format!("data.affected.{index}.reason")
}

/// The report as it may be stored.
pub fn seal(reading: Reading, event: Uuid, env: &Env<'_>) -> Report {
    let mut masked = Vec::new();
    let mut seal = |field: &str, text: &str| {
        let clean = personnummer::mask(text);
        if clean.found > 0 {
            masked.push(field.trim_start_matches("data.").replace('.', "/"));
        }
        env.seal(event, field, &clean.text)
    };
    let place = reading.place.map(|place| match reading.klass.k {
        0..PLACE_SEALED_FROM_K => place.geojson,
        // Coordinates are no free text; a row of digits in them is no personnummer.
        _ => member(&env.seal(event, PLACE, &place.geojson.to_string())),
    });
    let affected: Vec<Affected> = reading
        .affected
        .into_iter()
        .enumerate()
        .map(|(index, board)| Affected {
            board: board.board,
            area: board.area,
            share: board.share,
            basis: board.basis,
            reason: board.reason.map(|text| seal(&reason(index), &text)),
        })
        .collect();
    let title = seal(TITLE, &reading.title);
    let description = reading.description.map(|text| seal(DESCRIPTION, &text));
    let place_text = reading.place_text.map(|text| seal(PLACE_TEXT, &text));
    Report {
        incident_id: event.to_string(),
        title,
        description,
        kind: reading.kind,
        occurrence: reading.occurrence,
        place,
        place_text,
        affected,
        lead: reading.lead,
        needs_support: reading.needs_support,
        area_version: reading.area_version,
        masked,
    }
}

/// The sealed member that a place is, when it is one.
pub fn sealed_place(place: &Value) -> Option<Sealed> {
    place.get("sealed").and_then(|_| serde_json::from_value(place.clone()).ok())
}

fn member(sealed: &Sealed) -> Value {
    serde_json::to_value(sealed).expect("two strings always serialize")
}
