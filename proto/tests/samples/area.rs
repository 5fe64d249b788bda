//! Samples of what the context `area` records.

use super::{Sample, at, jarva, named, pair, principal_seen, subject_forgotten, text};
use narhet_proto::{
    codes::{BoardKind, Tier},
    events::area::{AcceptedDefect, AreaDrawn, BoardDissolved, BoardEstablished, DivisionRecorded},
};
use serde_json::json;

const DIVISION: &str = "01977420-9c00-7000-8000-00000000d001";
const EARLIER_DIVISION: &str = "01977420-9c00-7000-8000-00000000d000";

pub fn samples() -> Vec<Vec<Sample>> {
    vec![
        board_established(),
        board_dissolved(),
        area_drawn(),
        division_recorded(),
        principal_seen::<0>(),
        subject_forgotten::<0>(),
    ]
}

fn board_established() -> Vec<Sample> {
    let full = BoardEstablished {
        id: text("jarva"),
        name: text("Järva stadsdelsnämnd"),
        kind: BoardKind::District,
        valid_from: Some(at("2023-06-30T22:00:00Z")),
        source: text("nämndregistret"),
        division_id: Some(text(DIVISION)),
    };
    let least = BoardEstablished {
        id: text("kommunstyrelsen"),
        name: text("Kommunstyrelsen"),
        kind: BoardKind::Executive,
        valid_from: None,
        source: text("kommunallagen (2017:725)"),
        division_id: None,
    };
    pair("board", "jarva", full, least)
}

fn board_dissolved() -> Vec<Sample> {
    let dissolved = |division_id| BoardDissolved {
        id: text("rinkeby-kista"),
        valid_to: at("2023-06-30T22:00:00Z"),
        successor: jarva(),
        division_id,
    };
    pair("board", "rinkeby-kista", dissolved(Some(text(DIVISION))), dissolved(None))
}

fn area_drawn() -> Vec<Sample> {
    let full = AreaDrawn {
        area_id: text("jarva"),
        name: text("Järva"),
        board: jarva(),
        tier: Tier::District,
        division_id: Some(text(DIVISION)),
        valid_from: Some(at("2023-06-30T22:00:00Z")),
        geometry: Some(json!({
            "type": "MultiPolygon",
            "coordinates": [[[[17.9, 59.39], [17.95, 59.39], [17.925, 59.42], [17.9, 59.39]]]],
        })),
        neighbourhoods: vec![text("Kista"), text("Akalla")],
        approximate: true,
    };
    let least = AreaDrawn {
        area_id: text("stockholms-lan"),
        name: text("Stockholms län"),
        board: named("lansstyrelsen-stockholm", "Länsstyrelsen i Stockholms län"),
        tier: Tier::County,
        division_id: None,
        valid_from: None,
        geometry: None,
        neighbourhoods: vec![],
        approximate: false,
    };
    pair("area", "jarva", full, least)
}

fn division_recorded() -> Vec<Sample> {
    let full = DivisionRecorded {
        division_id: text(DIVISION),
        valid_from: at("2023-06-30T22:00:00Z"),
        decided_at: Some(at("2023-04-23T22:00:00Z")),
        area_ids: vec![text("jarva"), text("bromma")],
        source: text("stadsdelar.geojson, 117 områden"),
        approximate: true,
        defects: vec![AcceptedDefect {
            id: text("gap-0011223344556677"),
            kind: text("gap"),
            area_m2: 5217.25,
            width_m: 12.5,
            between: vec![text("Fagersjö"), text("Högdalen")],
            at: vec![18.0625, 59.2505],
            accepted_by: text("limit"),
        }],
        uncertain: vec![text("Östberga")],
        supersedes: Some(text(EARLIER_DIVISION)),
        features: 117,
        warnings: vec![text("raden \"Ostberga\" har lästs som \"Östberga\"")],
    };
    let least = DivisionRecorded {
        division_id: text(DIVISION),
        valid_from: at("2006-12-31T23:00:00Z"),
        decided_at: None,
        area_ids: vec![],
        source: text(""),
        approximate: false,
        defects: vec![],
        uncertain: vec![],
        supersedes: None,
        features: 0,
        warnings: vec![],
    };
    pair("division", DIVISION, full, least)
}
