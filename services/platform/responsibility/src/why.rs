//! What an answer rests on: rule, source, one Swedish sentence, and the events.

use crate::{
    division::{DistrictArea, Division},
    takeovers::Takeover,
};
use jiff::civil::Date;
use narhet_calendar::Zone;
use narhet_geo::Match;
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    codes::{TakeoverGround, Tier},
    events::{Why, area::AreaDrawn},
};

/// The rule of area responsibility in the programme that is in force.
pub const RULE: &str = "omradesansvar/2020";
/// Where that rule is written.
pub const SOURCE: &str = "Stockholms stads säkerhetsprogram 2020-2023, avsnittet \"Geografiskt områdesansvar\"";
/// Where the city's own is written; the programme calls it "lagreglerat".
const CITY_SOURCE: &str =
    "Stockholms stads säkerhetsprogram 2020-2023, avsnittet \"Samverkan och geografiskt områdesansvar\"";
/// Which division is in force.
const DIVISION_RULE: &str = "omradesindelning/1";
/// Who answers while responsibility is taken over.
const TAKEOVER_RULE: &str = "overtagande/2006";
/// What a point on a boundary or in an accepted hole is answered with.
const BOUNDARY_RULE: &str = "granspunkt/1";
const BOUNDARY_SOURCE: &str = "Närhets regel för gränser och godkända hål";

/// Why the district board answers.
pub(crate) fn of_district(division: &Division, area: &DistrictArea, matched: Match, distance_m: f64) -> Vec<Why> {
    let mut why = vec![of_area(division, area), of_division(division)];
    let boundary = |text| Why {
        rule: BOUNDARY_RULE.to_owned(),
        source: BOUNDARY_SOURCE.to_owned(),
        text,
        event_ids: vec![division.event_id.to_string()],
        assumption: true,
        area_version: Some(division.id().to_owned()),
        ..Why::default()
    };
    match matched {
        Match::Boundary => why.push(boundary(format!(
            "Platsen ligger på gränsen mellan områden; området med lägst id, {}, svarar och de andra räknas upp.",
            area.area.name
        ))),
        Match::Nearest => why.push(boundary(format!(
            "Platsen ligger i ett godkänt hål i kartan; närmaste område, {}, {} bort, svarar.",
            area.area.name,
            distance(distance_m)
        ))),
        Match::Inside | Match::Outside => {}
    }
    why.extend(of_map(division, area));
    why
}

/// Why another board answers than the area's own.
pub(crate) fn of_takeover(takeover: &Takeover, area: &DistrictArea) -> Why {
    let said = &takeover.said;
    let source = match said.ground {
        TakeoverGround::Leh => {
            "Lagen (2006:544) om kommuners och regioners åtgärder vid extraordinära händelser, 2 kap. 4 §"
        }
        TakeoverGround::War => "Kommunfullmäktiges beslut om ledningen under höjd beredskap",
    };
    Why {
        rule: TAKEOVER_RULE.to_owned(),
        source: format!("{source}; {}", said.reference),
        text: format!(
            "{} har från {} tagit över {}s områdesansvar i {}; det gäller tills återgången är registrerad.",
            said.by.name,
            day(said.valid_from),
            area.board.name,
            area.area.name
        ),
        event_ids: vec![takeover.event_id.to_string()],
        ..Why::default()
    }
}

/// Why a board is affected by a place that touches its area.
pub(crate) fn of_affected(division: &Division, area: &DistrictArea) -> Vec<Why> {
    std::iter::once(of_area(division, area)).chain(of_map(division, area)).collect()
}

fn of_area(division: &Division, area: &DistrictArea) -> Why {
    Why {
        rule: RULE.to_owned(),
        source: SOURCE.to_owned(),
        text: format!(
            "{} har det geografiska områdesansvaret i {}: att få till stånd samordning och samverkan där, inte att driva \
             den verksamhet som drabbas (den har den som driver den i vardagen).",
            area.board.name, area.area.name
        ),
        event_ids: vec![division.event_id.to_string(), area.event_id.to_string()],
        area_version: Some(division.id().to_owned()),
        ..Why::default()
    }
}

fn of_division(division: &Division) -> Why {
    let decided = division.recorded.decided_at.map_or(String::new(), |at| format!(", beslutad {}", day(at)));
    Why {
        rule: DIVISION_RULE.to_owned(),
        source: division.recorded.source.clone(),
        text: format!("Indelningen gäller från {}{decided}.", day(division.valid_from())),
        event_ids: vec![division.event_id.to_string()],
        area_version: Some(division.id().to_owned()),
        ..Why::default()
    }
}

/// What is uncertain about the map itself: an approximate outline, neighbourhoods that are split between areas.
fn of_map(division: &Division, area: &DistrictArea) -> Vec<Why> {
    let assumption = |text| Why {
        rule: DIVISION_RULE.to_owned(),
        source: division.recorded.source.clone(),
        text,
        event_ids: vec![division.event_id.to_string(), area.event_id.to_string()],
        assumption: true,
        area_version: Some(division.id().to_owned()),
        ..Why::default()
    };
    let mut why = Vec::new();
    if area.approximate || division.recorded.approximate {
        why.push(assumption(
            "Kartan är ungefärlig: nära en gräns kan svaret gälla fel område tills den riktiga indelningen är importerad.".to_owned(),
        ));
    }
    let split: Vec<&str> = division
        .recorded
        .uncertain
        .iter()
        .filter(|name| area.neighbourhoods.contains(name))
        .map(String::as_str)
        .collect();
    if !split.is_empty() {
        why.push(assumption(format!(
            "Stadsdelar som är delade mellan områden räknas hela till området med huvuddelen: {}.",
            split.join(", ")
        )));
    }
    why
}

/// Why city and county answer too.
pub(crate) fn of_upper_tiers<'a>(tiers: impl Iterator<Item = (&'a AreaDrawn, Uuid)>) -> Vec<Why> {
    tiers
        .map(|(drawn, event_id)| {
            let (whole, source) = match drawn.tier {
                Tier::County => ("länet", SOURCE),
                Tier::City | Tier::District => ("hela staden", CITY_SOURCE),
            };
            Why {
                rule: RULE.to_owned(),
                source: source.to_owned(),
                text: format!("{} har det geografiska områdesansvaret för {whole}, {}.", drawn.board.name, drawn.name),
                event_ids: vec![event_id.to_string()],
                ..Why::default()
            }
        })
        .collect()
}

/// Why nobody in the city answers for a point: it lies outside.
pub(crate) fn outside(division: &Division, distance_m: f64) -> Why {
    Why {
        text: format!("Platsen ligger utanför stadens områden, {} från det närmaste.", distance(distance_m)),
        ..place_outside(division)
    }
}

/// Why no board is affected by a place.
pub(crate) fn place_outside(division: &Division) -> Why {
    Why {
        rule: RULE.to_owned(),
        source: SOURCE.to_owned(),
        text: "Platsen berör inget av stadens områden.".to_owned(),
        event_ids: vec![division.event_id.to_string()],
        area_version: Some(division.id().to_owned()),
        ..Why::default()
    }
}

/// Why nobody answers at all: no division is in force yet.
pub(crate) fn no_division(at: Timestamp, first: Option<&Division>) -> Why {
    let text = match first {
        Some(first) => format!(
            "Ingen indelning gäller {}: den första som är känd gäller från {}.",
            day(at),
            day(first.valid_from())
        ),
        None => "Ingen indelning är registrerad.".to_owned(),
    };
    Why {
        rule: DIVISION_RULE.to_owned(),
        source: "Närhets områdesregister".to_owned(),
        text,
        event_ids: first.map(|division| division.event_id.to_string()).into_iter().collect(),
        ..Why::default()
    }
}

/// The day in Stockholm.
fn day(at: Timestamp) -> Date {
    Zone::stockholm().wall(at).date()
}

/// Metres as people say them; whole kilometres would hide that a point is just outside.
fn distance(metres: f64) -> String {
    if metres < 1_000.0 { format!("{metres:.0} m") } else { format!("{:.1} km", metres / 1_000.0).replace('.', ",") }
}
