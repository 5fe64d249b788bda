//! Bounds of this crate, each with its reason.

/// Bytes of one file once it is unpacked from a zip: twice the largest import. Coordinates hardly shrink when they are packed;
/// a file that grows by more was made to.
pub const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Entries of a zip that are looked at; a Shapefile has at most about ten, a delivery some dozens of layers.
pub const ZIP_ENTRIES_MAX: usize = 1_000;
/// A `.prj` or `.cpg`: a few hundred bytes.
pub const SIDE_FILE_BYTES_MAX: u64 = 64 * 1024;
/// Columns of a DBF; the format itself allows 255 in practice.
pub const DBF_COLUMNS_MAX: usize = 1_024;
/// One value or row in a GeoPackage: a geometry of `SHAPE_VERTICES_MAX` vertices with four numbers each has 6.4 MB.
pub const GEOPACKAGE_VALUE_BYTES_MAX: i32 = 16 * 1024 * 1024;
/// Steps of SQLite's machine for one file: reading a row takes some dozens, so this is room for millions of rows and an end for
/// a file that is made to run for ever.
pub const SQLITE_STEPS_MAX: u64 = 200_000_000;
/// Layers that are listed when one must be chosen.
pub const LAYERS_LISTED_MAX: usize = 50;
/// Vertices of all features of a file together, from the formats in which one takes 16 bytes and no more: Stockholm's
/// neighbourhoods have a hundred thousand; forty times as many are still some hundred megabytes while they are read.
pub const FILE_VERTICES_MAX: usize = 4_000_000;
