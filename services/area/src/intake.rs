//! From the body of a request to an import: everything is read and checked here, nothing is judged.

use crate::{
    boundaries_file,
    domain::{AreasFrom, Import},
    limits::{DIVISIONS_MAX, SOURCE_LETTERS_MAX},
    mapping_csv,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::civil::Date;
use narhet_calendar::local_midnight;
use narhet_proto::wire::Problem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The body of `import-division` and `rehearse-import`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ImportBody {
    /// The text of a GeoJSON FeatureCollection, or else `boundariesBase64`.
    #[serde(default)]
    boundaries: Option<String>,
    /// The bytes of a file of any format that is read: a zipped Shapefile, a GeoPackage, a GeoJSON.
    #[serde(default)]
    boundaries_base64: Option<String>,
    /// The text of a GeoJSON FeatureCollection with parts of stadsdelar that belong to other areas.
    #[serde(default)]
    exceptions: Option<String>,
    /// Which layer of the file, when it has several.
    #[serde(default)]
    layer: Option<String>,
    /// The text of a CSV; without one each feature is an area.
    #[serde(default)]
    mapping: Option<String>,
    /// Which columns of the mapping; none means all.
    #[serde(default)]
    divisions: Vec<String>,
    /// The first day of a division without mapping.
    #[serde(default)]
    valid_from: Option<String>,
    #[serde(default)]
    decided_at: Option<String>,
    #[serde(default)]
    accept: Vec<String>,
    #[serde(default)]
    dry_run: bool,
    /// File name or whatever tells a reader where this came from.
    #[serde(default)]
    source: Option<String>,
}

/// An import, and whether it is only to be rehearsed.
#[derive(Clone, Debug)]
pub struct Intake {
    pub import: Import,
    pub dry_run: bool,
}

/// Reads the body of an import.
pub fn read(body: &RawValue) -> Result<Intake, Problem> {
    let body: ImportBody =
        serde_json::from_str(body.get()).map_err(|problem| Problem::at("", format!("not an import: {problem}")))?;
    let bytes = bytes(body.boundaries, body.boundaries_base64)?;
    let source = body.source.unwrap_or_else(|| "import utan filnamn".to_owned());
    if source.trim().is_empty() || source.chars().count() > SOURCE_LETTERS_MAX {
        return Err(Problem::at("/source", format!("name the source with 1 to {SOURCE_LETTERS_MAX} characters")));
    }
    if body.divisions.len() > DIVISIONS_MAX {
        return Err(Problem::at("/divisions", format!("at most {DIVISIONS_MAX} divisions at once")));
    }
    let valid_from = body.valid_from.as_deref().map(|text| day("/validFrom", text)).transpose()?;
    let decided_at = body.decided_at.as_deref().map(|text| day("/decidedAt", text)).transpose()?;
    let areas_from = match body.mapping {
        Some(mapping) => from_mapping(&mapping, &body.divisions, valid_from)?,
        None if !body.divisions.is_empty() => {
            return Err(Problem::at("/divisions", "divisions are columns of a mapping, and there is none"));
        }
        None => AreasFrom::Features {
            valid_from: valid_from.ok_or_else(|| {
                Problem::at("/validFrom", "without a mapping the features are areas: say from which day they apply")
            })?,
        },
    };
    let boundaries =
        boundaries_file::read(&bytes, body.layer.as_deref(), body.exceptions.as_deref().map(str::as_bytes))
            .map_err(|problem| Problem::at("/boundaries", problem.to_string()))?;
    drop(bytes);
    let import = Import {
        boundaries,
        areas_from,
        decided_at: decided_at.map(local_midnight),
        accept: body.accept.into_iter().collect(),
        source,
    };
    Ok(Intake { import, dry_run: body.dry_run })
}

/// The file, in whichever of the two ways it came.
fn bytes(text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, Problem> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => STANDARD
            .decode(base64)
            .map_err(|problem| Problem::at("/boundariesBase64", format!("not Base64: {problem}"))),
        _ => Err(Problem::at("/boundaries", "give the boundaries as text, or as `boundariesBase64`, not both")),
    }
}

fn from_mapping(text: &str, divisions: &[String], valid_from: Option<Date>) -> Result<AreasFrom, Problem> {
    if valid_from.is_some() {
        return Err(Problem::at(
            "/validFrom",
            "the columns of the mapping say from which day they apply; leave this out",
        ));
    }
    let mapping = mapping_csv::read(text).map_err(|problem| Problem::at("/mapping", problem.to_string()))?;
    let mut wanted = Vec::new();
    for (index, text) in divisions.iter().enumerate() {
        let pointer = format!("/divisions/{index}");
        let date = day(&pointer, text)?;
        if !mapping.divisions.contains(&date) {
            let columns: Vec<String> = mapping.divisions.iter().map(Date::to_string).collect();
            return Err(Problem::at(
                &pointer,
                format!("the mapping has no column for {date}; it has {}", columns.join(", ")),
            ));
        }
        if !wanted.contains(&date) {
            wanted.push(date);
        }
    }
    let divisions = if wanted.is_empty() { mapping.divisions.clone() } else { wanted };
    Ok(AreasFrom::Mapping { mapping, divisions })
}

fn day(pointer: &str, text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| Problem::at(pointer, format!("{text:?} is not a day; write it as 2023-07-01")))
}
