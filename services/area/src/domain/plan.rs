//! What an import would record, judged on its own: areas put together from boundaries and mapping, holes measured.

use crate::{
    domain::{
        Boundaries, Mapping, Refusal,
        boundaries::Feature,
        register,
        sheet::{self, Sheet},
    },
    limits::{AREA_NAME_LETTERS_MAX, DATA_BYTES_MAX, HOLE_ACCEPTED_M2_MAX, REFUSALS_LISTED_MAX},
};
use jiff::civil::Date;
use narhet_calendar::local_midnight;
use narhet_geo::{AreaMap, Coverage, Defect, Shape, coverage, dissolve};
use narhet_kernel::{Timestamp, id::slug};
use narhet_proto::events::{Named, area::AcceptedDefect};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An import, free of nonsense but not yet judged.
#[derive(Clone, Debug)]
pub struct Import {
    pub boundaries: Boundaries,
    pub areas_from: AreasFrom,
    pub decided_at: Option<Timestamp>,
    /// Ids of holes and overlaps that are accepted by hand.
    pub accept: BTreeSet<String>,
    pub source: String,
}

/// Where the areas come from.
#[derive(Clone, Debug)]
pub enum AreasFrom {
    /// The wanted divisions of a mapping; each is one of its columns.
    Mapping { mapping: Mapping, divisions: Vec<Date> },
    /// The features are the areas, valid from this day.
    Features { valid_from: Date },
    /// Only the boundaries are judged; nothing comes of them.
    Nothing,
}

/// What would be recorded, or why not.
#[derive(Debug)]
pub struct Plan {
    pub features: usize,
    /// By `valid_from`; empty when anything but holes and overlaps is refused.
    pub divisions: Vec<PlannedDivision>,
    /// Holes and overlaps that are accepted, by the limit or by id.
    pub defects: Vec<AcceptedDefect>,
    /// Where they are; empty when a feature is refused.
    pub coverage: Coverage,
    pub warnings: Vec<String>,
    pub refused: Vec<Refusal>,
    /// What was to be accepted by its id; lost land is only seen beside the division before.
    pub accept: BTreeSet<String>,
}

/// A division that has not been recorded.
#[derive(Debug)]
pub struct PlannedDivision {
    pub valid_from: Timestamp,
    /// By area id.
    pub areas: Vec<PlannedArea>,
    pub map: AreaMap,
    pub uncertain: Vec<String>,
    pub approximate: bool,
}

/// An area of it.
#[derive(Debug)]
pub struct PlannedArea {
    pub area: Named,
    pub board: Named,
    /// Where the board's name comes from.
    pub board_source: String,
    /// GeoJSON MultiPolygon, as it will be recorded.
    pub geometry: Value,
    /// That geometry read back.
    pub shape: Shape,
    pub neighbourhoods: Vec<String>,
    pub approximate: bool,
}

/// The parts of one area before they are joined.
struct Parts<'a> {
    name: String,
    features: Vec<&'a Feature>,
}

/// What the ids of lost land begin with.
pub(super) const LOST_LAND: &str = "lost-";

impl Plan {
    /// Whether nothing but holes and overlaps is refused: then it is known what would be recorded, were they accepted.
    pub fn only_defects(&self) -> bool {
        self.refused.iter().all(|refusal| matches!(refusal, Refusal::Defect(_)))
    }
}

/// Judges an import. Nothing is judged on a map that lacks features: its holes would be artefacts.
pub fn plan(import: &Import) -> Plan {
    let features = &import.boundaries.features;
    let mut plan = Plan {
        features: features.len() + import.boundaries.refused.len(),
        divisions: Vec::new(),
        defects: Vec::new(),
        coverage: Coverage::default(),
        warnings: Vec::new(),
        refused: import.boundaries.refused.clone(),
        accept: import.accept.clone(),
    };
    if plan.refused.is_empty() {
        judge_coverage(features, &import.accept, &mut plan);
        let sheets = match &import.areas_from {
            AreasFrom::Mapping { mapping, divisions } => {
                sheet::of_mapping(&import.boundaries, mapping, divisions, &mut plan)
            }
            AreasFrom::Features { valid_from } => vec![sheet::of_features(&import.boundaries, *valid_from, &mut plan)],
            AreasFrom::Nothing => Vec::new(),
        };
        for sheet in sheets {
            if plan.only_defects() {
                let areas = by_area(&sheet, &mut plan.warnings);
                put_together(sheet.date, areas, sheet.uncertain.clone(), &mut plan);
            }
        }
        plan.divisions.sort_by_key(|division| division.valid_from);
    }
    if import.decided_at.is_some() && plan.divisions.len() > 1 {
        plan.warnings.push(format!("the day of decision is recorded for all {} divisions", plan.divisions.len()));
    }
    if !plan.only_defects() {
        plan.divisions.clear();
    }
    plan.refused.truncate(REFUSALS_LISTED_MAX);
    plan
}

/// Every hole and overlap is accepted by the limit or by its id, or refused; all are listed.
fn judge_coverage(features: &[Feature], accept: &BTreeSet<String>, plan: &mut Plan) {
    let shapes: Vec<(String, Shape)> =
        features.iter().map(|feature| (feature.name.clone(), feature.shape.clone())).collect();
    let found = coverage(&shapes);
    // Slivers that hang on the outer boundary are part of it; what is larger is a hole or an overlap there as anywhere.
    let at_the_edge = found.edge_defects().iter().filter(|defect| defect.area_m2 > HOLE_ACCEPTED_M2_MAX);
    for defect in found.defects().iter().chain(at_the_edge) {
        let by_hand = accept.contains(&defect.id);
        let judged = accepted(defect, if by_hand { "id" } else { "limit" });
        if by_hand || defect.area_m2 <= HOLE_ACCEPTED_M2_MAX {
            plan.defects.push(judged);
        } else {
            plan.refused.push(Refusal::Defect(Box::new(judged)));
        }
    }
    let known: BTreeSet<&String> =
        found.defects().iter().chain(found.edge_defects()).map(|defect| &defect.id).collect();
    // Lost land is only seen beside the division before, when this one is recorded.
    for id in accept.iter().filter(|id| !known.contains(id) && !id.starts_with(LOST_LAND)) {
        plan.warnings.push(format!("no hole or overlap has the id {id:?} that was to be accepted"));
    }
    plan.coverage = found;
}

fn accepted(defect: &Defect, accepted_by: &str) -> AcceptedDefect {
    AcceptedDefect {
        id: defect.id.clone(),
        kind: defect.kind.to_string(),
        area_m2: defect.area_m2,
        width_m: defect.width_m,
        between: defect.between.clone(),
        at: vec![defect.at.lon, defect.at.lat],
        accepted_by: accepted_by.to_owned(),
    }
}

/// The features of a sheet by the id of their area.
fn by_area<'a>(sheet: &'a Sheet<'_>, warnings: &mut Vec<String>) -> BTreeMap<String, Parts<'a>> {
    let mut areas = BTreeMap::new();
    for (feature, name) in sheet.features.iter().zip(&sheet.areas) {
        add(&mut areas, name, feature, warnings);
    }
    areas
}

/// Adds a feature to the area of this name; spellings that differ only in case and diacritics are one area.
fn add<'a>(areas: &mut BTreeMap<String, Parts<'a>>, name: &str, feature: &'a Feature, warnings: &mut Vec<String>) {
    let parts = areas.entry(slug(name)).or_insert_with(|| Parts { name: name.to_owned(), features: Vec::new() });
    let warning = format!("the areas {:?} and {name:?} were taken for one", parts.name);
    if parts.name != name && !warnings.contains(&warning) {
        warnings.push(warning);
    }
    parts.features.push(feature);
}

fn put_together(date: Date, areas: BTreeMap<String, Parts<'_>>, mut uncertain: Vec<String>, plan: &mut Plan) {
    let mut planned = Vec::with_capacity(areas.len());
    for (id, parts) in areas {
        if id.is_empty() || parts.name.chars().count() > AREA_NAME_LETTERS_MAX {
            plan.refused.push(Refusal::AreaName { name: parts.name });
            continue;
        }
        match area(id, parts, date, &mut plan.warnings) {
            Ok(area) => planned.push(area),
            Err(refusal) => plan.refused.push(refusal),
        }
    }
    // The map of areas that will not be recorded is not worth building: with millions of vertices it takes minutes.
    if !plan.only_defects() {
        return;
    }
    let approximate = !planned.is_empty() && planned.iter().all(|area| area.approximate);
    match AreaMap::build(planned.iter().map(|area| (area.area.id.clone(), area.shape.clone())).collect()) {
        Err(source) => plan.refused.push(Refusal::Area { area: "all".to_owned(), division: date, source }),
        Ok(map) => {
            uncertain.sort();
            let valid_from = local_midnight(date);
            plan.divisions.push(PlannedDivision { valid_from, areas: planned, map, uncertain, approximate });
        }
    }
}

fn area(id: String, mut parts: Parts<'_>, date: Date, warnings: &mut Vec<String>) -> Result<PlannedArea, Refusal> {
    // By name, so that the order of features in the file changes nothing.
    parts.features.sort_by(|one, other| one.name.cmp(&other.name));
    let shapes: Vec<&Shape> = parts.features.iter().map(|feature| &feature.shape).collect();
    let (name, board, board_source) = match register::by_area(&parts.name) {
        Some(entry) => (entry.area.to_owned(), entry.board.to_owned(), entry.source.to_owned()),
        None => {
            let board = format!("{} stadsdelsnämnd", parts.name);
            let warning =
                format!("{:?} is not in the register of boards since 2007; its board is called {board:?}", parts.name);
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
            (parts.name.clone(), board, "Importens namn på området".to_owned())
        }
    };
    let joined = dissolve(&shapes).map_err(|source| Refusal::Area { area: name.clone(), division: date, source })?;
    let geometry = multi_polygon(joined.to_geojson());
    let bytes = serde_json::to_vec(&geometry).map_or(usize::MAX, |json| json.len());
    if bytes > DATA_BYTES_MAX {
        return Err(Refusal::TooLarge { what: format!("the area {name:?} from {date}"), bytes });
    }
    let shape = Shape::from_geojson(&geometry).map_err(|source| Refusal::Outline {
        area: name.clone(),
        division: date,
        source,
    })?;
    Ok(PlannedArea {
        board: Named::new(id.clone(), board),
        area: Named::new(id, name),
        board_source,
        geometry,
        shape,
        neighbourhoods: parts.features.iter().map(|feature| feature.name.clone()).collect(),
        approximate: parts.features.iter().any(|feature| feature.approximate),
    })
}

/// One form for all areas, so that equal outlines are equal values.
fn multi_polygon(mut geometry: Value) -> Value {
    if geometry.get("type").and_then(Value::as_str) == Some("Polygon") {
        let coordinates = geometry["coordinates"].take();
        geometry = json!({ "type": "MultiPolygon", "coordinates": [coordinates] });
    }
    geometry
}
