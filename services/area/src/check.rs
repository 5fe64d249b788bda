//! A file examined without a house: what an import would be told about it.

use crate::{
    boundaries_file,
    domain::{AreasFrom, Import, Plan, boundaries::Feature, plan, record},
    mapping_csv,
    report::Report,
};
use narhet_kernel::Uuid;
use narhet_responsibility::Responsibility;
use std::collections::BTreeSet;

/// What is examined.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    pub boundaries: &'a [u8],
    /// Which layer, when the file has several.
    pub layer: Option<&'a str>,
    /// The text of a mapping; without one only the boundaries are judged.
    pub mapping: Option<&'a str>,
    /// Parts of neighbourhoods that belong to other areas.
    pub exceptions: Option<&'a [u8]>,
    /// Ids of holes and overlaps that are accepted.
    pub accept: &'a [String],
}

/// What was found.
#[derive(Debug)]
pub struct Checked {
    pub features: Vec<Feature>,
    pub plan: Plan,
    /// What a dry run in an empty house would answer.
    pub report: Report,
}

/// Why nothing can be said about the files.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    #[error("the boundaries: {0}")]
    Boundaries(#[from] narhet_formats::FormatError),
    #[error("the mapping: {0}")]
    Mapping(#[from] mapping_csv::MappingError),
}

/// Reads the files and judges them.
///
/// # Errors
/// When one of them cannot be read at all; everything else that is wrong stands in the report.
pub fn check(files: &Files<'_>) -> Result<Checked, Unreadable> {
    let areas_from = match files.mapping {
        None => AreasFrom::Nothing,
        Some(text) => {
            let mapping = mapping_csv::read(text)?;
            AreasFrom::Mapping { divisions: mapping.divisions.clone(), mapping }
        }
    };
    let boundaries = boundaries_file::read(files.boundaries, files.layer, files.exceptions)?;
    let accept: BTreeSet<String> = files.accept.iter().cloned().collect();
    let import = Import { boundaries, areas_from, decided_at: None, accept, source: String::new() };
    let plan = plan(&import);
    let recording = record(&plan, &Responsibility::default(), None, &import.source, Uuid::nil);
    let report = Report::of_plan(&plan, &recording);
    Ok(Checked { features: import.boundaries.features, plan, report })
}
