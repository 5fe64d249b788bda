//! What one division is put together from: neighbourhoods with their exceptions cut out, and the area of each.
//!
//! An exception is a part of a neighbourhood that belongs to another area (Årsta holmar, of Årsta, is Södermalm's). It has an
//! outline and a name of its own; the mapping says by that name whose it is in which division, and an empty cell that it is no
//! exception there. Without a mapping its name is the area that gets it.

use crate::domain::{
    Boundaries, Mapping, Plan, Refusal,
    boundaries::{Exception, Feature},
    names::{Matching, fold, match_rows},
};
use jiff::civil::Date;
use narhet_geo::{Shape, carve};
use std::borrow::Cow;

/// A division's parts.
#[derive(Debug)]
pub struct Sheet<'a> {
    pub date: Date,
    pub features: Cow<'a, [Feature]>,
    /// The area of each feature.
    pub areas: Vec<&'a str>,
    /// Names of features that are split, and whose row names the area with the main part.
    pub uncertain: Vec<String>,
}

/// A sheet for each wanted division of the mapping; what is wrong goes into the plan.
pub fn of_mapping<'a>(
    boundaries: &'a Boundaries,
    mapping: &'a Mapping,
    divisions: &[Date],
    plan: &mut Plan,
) -> Vec<Sheet<'a>> {
    let Boundaries { features, exceptions, .. } = boundaries;
    let names = features.iter().map(|feature| &feature.name).chain(exceptions.iter().map(|exception| &exception.name));
    let names: Vec<String> = names.cloned().collect();
    let rows: Vec<(u64, String)> = mapping.rows.iter().map(|row| (row.line, row.name.clone())).collect();
    let Matching { row_of_feature, warnings, refused } = match_rows(&names, &rows);
    plan.warnings.extend(warnings);
    plan.refused.extend(refused);
    for (name, _) in names.iter().zip(&row_of_feature).filter(|(_, row)| row.is_none()) {
        plan.refused.push(Refusal::FeatureWithoutRow { name: name.clone() });
    }
    let mut sheets = Vec::with_capacity(divisions.len());
    for &date in divisions {
        let column = mapping.divisions.iter().position(|column| *column == date);
        let row = |place: usize| row_of_feature[place].map(|row| &mapping.rows[row]);
        let area = |place: usize| -> &'a str {
            row(place).zip(column).and_then(|(row, column)| row.areas.get(column)).map_or("", String::as_str)
        };
        let mut areas = Vec::with_capacity(names.len());
        for place in 0..features.len() {
            if let (Some(row), "") = (row(place), area(place)) {
                plan.refused.push(Refusal::NoArea { line: row.line, name: row.name.clone(), division: date });
            }
            areas.push(area(place));
        }
        let mut applied = Vec::new();
        for (number, exception) in exceptions.iter().enumerate() {
            let area = area(features.len() + number);
            if !area.is_empty() {
                areas.push(area);
                applied.push(exception);
            }
        }
        let is_split = |place: usize| row(place).is_some_and(|row| row.uncertain);
        let settled = |name: &str| applied.iter().any(|exception| fold(&exception.of) == fold(name));
        let uncertain = (0..features.len()).filter(|&place| is_split(place) && !settled(&features[place].name));
        let uncertain = uncertain.map(|place| features[place].name.clone()).collect();
        sheets.push(Sheet { date, features: carved(features, &applied, plan), areas, uncertain });
    }
    sheets
}

/// The sheet of a division whose features are the areas.
pub fn of_features<'a>(boundaries: &'a Boundaries, date: Date, plan: &mut Plan) -> Sheet<'a> {
    let Boundaries { features, exceptions, .. } = boundaries;
    let names = features.iter().map(|feature| feature.name.as_str());
    let areas = names.chain(exceptions.iter().map(|exception| exception.name.as_str())).collect();
    let all: Vec<&Exception> = exceptions.iter().collect();
    Sheet { date, features: carved(features, &all, plan), areas, uncertain: Vec::new() }
}

/// The features with the exceptions cut out of them, in their order, and then the parts that were cut.
fn carved<'a>(features: &'a [Feature], exceptions: &[&Exception], plan: &mut Plan) -> Cow<'a, [Feature]> {
    if exceptions.is_empty() {
        return Cow::Borrowed(features);
    }
    let mut shapes: Vec<Shape> = features.iter().map(|feature| feature.shape.clone()).collect();
    let mut parts = Vec::with_capacity(exceptions.len());
    for exception in exceptions {
        let of = fold(&exception.of);
        let Some(from) = features.iter().position(|feature| fold(&feature.name) == of) else {
            refuse(plan, Refusal::ExceptionOfNobody { name: exception.name.clone(), of: exception.of.clone() });
            continue;
        };
        // What was cut before is fitted to this cut as every neighbour is.
        match carve(&mut shapes, from, &exception.shape) {
            Ok(part) => {
                shapes.push(part);
                parts.push((exception.name.clone(), features[from].approximate));
            }
            Err(source) => {
                let (name, of) = (exception.name.clone(), features[from].name.clone());
                refuse(plan, Refusal::Exception { name, of, source });
            }
        }
    }
    let names = features.iter().map(|feature| (feature.name.clone(), feature.approximate)).chain(parts);
    names.zip(shapes).map(|((name, approximate), shape)| Feature { name, shape, approximate }).collect()
}

/// Once, though an exception may be wrong in every division alike.
fn refuse(plan: &mut Plan, refusal: Refusal) {
    if !plan.refused.contains(&refusal) {
        plan.refused.push(refusal);
    }
}
