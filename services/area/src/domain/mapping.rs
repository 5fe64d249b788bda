//! The mapping: which area each stadsdel belongs to in each division.

use jiff::civil::Date;

/// A mapping as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// One for each division column, in the order of the file.
    pub divisions: Vec<Date>,
    pub rows: Vec<Row>,
}

/// A stadsdel and its area in each division.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line in the file; the header is line 1.
    pub line: u64,
    pub name: String,
    /// One for each division; empty where the cell is.
    pub areas: Vec<String>,
    /// Marked with `?`: the stadsdel is split and the row names the area with the main part.
    pub uncertain: bool,
}
