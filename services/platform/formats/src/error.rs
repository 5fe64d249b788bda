//! Why a file, or one of its features, cannot be read: what, where, and what to do next.

use crate::limits::{FILE_VERTICES_MAX, LAYERS_LISTED_MAX, UNPACKED_BYTES_MAX, ZIP_ENTRIES_MAX};
use narhet_geo::{CrsError, GeometryError};

/// A file that gives no boundaries at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FormatError {
    #[error("the file is none of GeoJSON, zipped Shapefile and GeoPackage: {hint}")]
    Unrecognised { hint: &'static str },
    #[error("the file has no features")]
    Empty,
    #[error("the file has {count} features or more, {limit} are allowed")]
    TooMany { count: usize, limit: usize },
    #[error(
        "the outlines have more than {FILE_VERTICES_MAX} vertices together; simplify them, or import the layer with the areas alone"
    )]
    TooManyVertices,
    #[error("not a GeoJSON FeatureCollection: {0}")]
    NotGeoJson(String),
    #[error("{what}: {source}")]
    Crs { what: String, source: CrsError },
    #[error(
        "{layer}.shp comes without {layer}.prj, which says what its numbers mean; export it again with its coordinate system, or \
         add the .prj of EPSG:3006, 3011 or 4326 to the zip"
    )]
    WithoutCrs { layer: String },
    #[error("{layer}.shp comes without {layer}.dbf, which has the names; put it in the zip")]
    WithoutTable { layer: String },
    #[error("the zip archive cannot be read: {0}")]
    Zip(String),
    #[error("the zip archive has {count} entries, at most {ZIP_ENTRIES_MAX} are looked at")]
    ZipEntries { count: usize },
    #[error("{entry} is larger than {limit} bytes when it is unpacked (at most {UNPACKED_BYTES_MAX} for geometry)")]
    Unpacked { entry: String, limit: u64 },
    #[error("the zip archive has no .shp in it (it has {}); zip a Shapefile's .shp, .dbf and .prj", listed(found))]
    NoShapefile { found: Vec<String> },
    #[error("the file has several layers; choose one by name: {}", listed(layers))]
    SeveralLayers { layers: Vec<String> },
    #[error("the file has no layer {wanted:?}; it has {}", listed(layers))]
    NoSuchLayer { wanted: String, layers: Vec<String> },
    #[error("{entry} is not a sound Shapefile at byte {at}: {what}")]
    Shapefile { entry: String, at: usize, what: String },
    #[error("{entry} is not a sound table: {what}")]
    Table { entry: String, what: String },
    #[error("{entry} says that its text is in {found:?}; UTF-8, ISO-8859-1 and Windows-1252 are read")]
    Encoding { entry: String, found: String },
    #[error("not a GeoPackage that can be read: {0}")]
    GeoPackage(String),
    #[error(
        "the GeoPackage is still open somewhere (its journal is in WAL mode): close the program that has it, save it again"
    )]
    GeoPackageOpen,
}

/// One feature's geometry that is no area.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GeometryFault {
    #[error("it has no geometry")]
    Missing,
    #[error("it is a {found}; an area is a Polygon or a MultiPolygon")]
    NotAnArea { found: String },
    #[error("its geometry cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}")]
    Broken(#[from] GeometryError),
}

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(LAYERS_LISTED_MAX).map(String::as_str).collect();
    match names.len() - shown.len() {
        _ if names.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
