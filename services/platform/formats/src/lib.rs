//! Reads boundaries from files: GeoJSON, zipped Shapefile, GeoPackage. From bytes to named polygons; no disk, no network.
//!
//! The format is told by the content, never by a file's name. A coordinate system that is not known is refused, not guessed,
//! and equal coordinates become equal points, so that what neighbours share in the file they share afterwards. A feature whose
//! geometry is broken does not keep the others from being read: whoever imports gets every fault at once.
//!
//! Invariants:
//! 1. The city's own Shapefile and GeoJSON are the same polygons to within 2 cm, with the same holes and overlaps
//!    (`the_citys_shapefile_and_geojson_are_the_same_polygons_with_the_same_defects`).
//! 2. No file costs more memory than [`limits`] say (`a_zip_bomb_is_refused_by_the_limit`).
//!
//! Reading order: [`limits`], `error`, `geojson`, `zipped`, `shapefile`, `dbf`, `geopackage`, `wkb`.

mod dbf;
mod error;
mod geojson;
mod geopackage;
pub mod limits;
mod shapefile;
mod wkb;
mod zipped;

pub use error::{FormatError, GeometryFault};

use narhet_geo::{Crs, Shape};
use std::{collections::BTreeMap, fmt};

/// A format that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    GeoJson,
    /// A zip archive with a Shapefile in it.
    Shapefile,
    GeoPackage,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::GeoJson => "GeoJSON",
            Format::Shapefile => "Shapefile",
            Format::GeoPackage => "GeoPackage",
        })
    }
}

/// What is wanted of a file.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which layer, when the file has several.
    pub layer: Option<&'a str>,
    /// The properties to keep, in lower case; names of columns are compared without regard to case.
    pub properties: &'a [&'a str],
    /// More features than this are refused.
    pub features_max: usize,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Layer {
    pub format: Format,
    pub crs: Crs,
    /// In the order of the file.
    pub records: Vec<Record>,
    /// Whether the file says of itself that its outlines are approximate (`"approximate": true` beside GeoJSON's features).
    pub approximate: bool,
}

/// One feature.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the file, from 1.
    pub number: usize,
    /// The wanted properties that are not empty, by name in lower case; `true` and numbers as text.
    pub properties: BTreeMap<String, String>,
    /// A `Polygon` or `MultiPolygon`, or what is wrong with it.
    pub shape: Result<Shape, GeometryFault>,
}

/// Tells the format by the first bytes.
///
/// # Errors
/// `Unrecognised`, with what to do when the bytes are something well known.
pub fn detect(bytes: &[u8]) -> Result<Format, FormatError> {
    if bytes.starts_with(zipped::MAGIC) {
        return Ok(Format::Shapefile);
    }
    if bytes.starts_with(geopackage::MAGIC) {
        return Ok(Format::GeoPackage);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => Ok(Format::GeoJson),
        other => Err(FormatError::Unrecognised { hint: hint(bytes, other.copied()) }),
    }
}

fn hint(bytes: &[u8], first: Option<u8>) -> &'static str {
    match first {
        _ if bytes.starts_with(&shapefile::FILE_CODE) => {
            "it is the .shp of a Shapefile alone; zip it together with its .dbf and .prj"
        }
        _ if bytes.starts_with(&[0x1f, 0x8b]) => "it is packed with gzip; unpack it",
        _ if bytes.starts_with(b"PK\x05\x06") => "it is an empty zip archive",
        _ if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) => {
            "it is text in UTF-16; save it as UTF-8"
        }
        Some(b'<') => "it is XML, perhaps GML or KML; export it as GeoJSON or GeoPackage",
        Some(b'[') => "it is a JSON array; a FeatureCollection is an object",
        None => "it is empty",
        _ => "it begins like none of them",
    }
}

/// Reads a file.
///
/// # Errors
/// Every [`FormatError`]; what is wrong with single features stands in their records.
pub fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Layer, FormatError> {
    let layer = match detect(bytes)? {
        Format::GeoJson => geojson::read(bytes, wanted)?,
        Format::Shapefile => zipped::read(bytes, wanted)?,
        Format::GeoPackage => geopackage::read(bytes, wanted)?,
    };
    if layer.records.is_empty() { Err(FormatError::Empty) } else { Ok(layer) }
}

impl Wanted<'_> {
    /// The name under which a property is kept, when it is wanted.
    fn name_of(&self, column: &str) -> Option<&str> {
        let folded = column.trim().to_lowercase();
        self.properties.iter().find(|name| **name == folded).copied()
    }

    fn check_count(&self, count: usize) -> Result<(), FormatError> {
        if count > self.features_max {
            return Err(FormatError::TooMany { count, limit: self.features_max });
        }
        Ok(())
    }
}

/// Adds a feature's vertices to those of the file.
fn check_vertices(vertices: &mut usize, shape: &Result<Shape, GeometryFault>) -> Result<(), FormatError> {
    *vertices += shape.as_ref().map_or(0, Shape::vertices);
    if *vertices > limits::FILE_VERTICES_MAX {
        return Err(FormatError::TooManyVertices);
    }
    Ok(())
}

/// Keeps a property unless it is empty.
fn keep(properties: &mut BTreeMap<String, String>, name: &str, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        properties.insert(name.to_owned(), text.to_owned());
    }
}

#[cfg(test)]
mod tests;
