//! GeoPackage (OGC 12-128): SQLite with a table of layers, geometry as a header and WKB.
//!
//! The file is opened in memory and only read. Nothing it defines is run: a layer must be an ordinary table, and SQLite's steps
//! are counted.

use crate::{
    Format, Layer, Record, Wanted, check_vertices,
    error::{FormatError, GeometryFault},
    keep,
    limits::{GEOPACKAGE_VALUE_BYTES_MAX, SQLITE_STEPS_MAX},
    wkb,
};
use narhet_geo::{Crs, Shape};
use rusqlite::{Connection, OptionalExtension as _, config::DbConfig, limits::Limit, types::ValueRef};
use std::collections::BTreeMap;

pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";
/// The two bytes of SQLite's header that are 2 in WAL mode.
const JOURNAL_AT: std::ops::Range<usize> = 18..20;
/// Steps between two looks at the count.
const STEPS: i32 = 100_000;

/// A layer of features as the GeoPackage lists it.
struct Listed {
    table: String,
    identifier: String,
    column: String,
    srs_id: i64,
}

pub(crate) fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Layer, FormatError> {
    if bytes.get(JOURNAL_AT).is_some_and(|mode| mode.contains(&2)) {
        return Err(FormatError::GeoPackageOpen);
    }
    let whole = bytes_by_header(bytes);
    if bytes.len() < whole {
        return Err(FormatError::GeoPackage(format!(
            "it has {} bytes and says that it has {whole}: it is cut short",
            bytes.len()
        )));
    }
    let database = open(bytes).map_err(not_read)?;
    let layer = choose(&database, wanted)?;
    let crs = crs(&database, &layer)?;
    let records = records(&database, &layer, crs, wanted)?;
    Ok(Layer { format: Format::GeoPackage, crs, records, approximate: false })
}

/// Page size times number of pages, as SQLite's header says; SQLite itself would read what is there of the last page.
fn bytes_by_header(bytes: &[u8]) -> usize {
    let number = |at: std::ops::Range<usize>| {
        bytes.get(at).unwrap_or(&[0xff]).iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let page = match number(16..18) {
        1 => 65_536,
        page => page,
    };
    number(28..32).saturating_mul(page).max(100)
}

fn open(bytes: &[u8]) -> rusqlite::Result<Connection> {
    let mut database = Connection::open_in_memory()?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, GEOPACKAGE_VALUE_BYTES_MAX)?;
    database.deserialize_read_exact("main", bytes, bytes.len(), true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    let mut left = SQLITE_STEPS_MAX / STEPS as u64;
    let count = move || {
        left = left.saturating_sub(1);
        left == 0
    };
    database.progress_handler(STEPS, Some(count))?;
    Ok(database)
}

fn choose(database: &Connection, wanted: &Wanted<'_>) -> Result<Listed, FormatError> {
    let mut statement = database
        .prepare(
            "SELECT c.table_name, coalesce(c.identifier, c.table_name), g.column_name, g.srs_id FROM gpkg_contents c \
             JOIN gpkg_geometry_columns g ON g.table_name = c.table_name WHERE c.data_type = 'features' ORDER BY 1",
        )
        .map_err(not_read)?;
    let listed = |row: &rusqlite::Row<'_>| {
        Ok(Listed { table: row.get(0)?, identifier: row.get(1)?, column: row.get(2)?, srs_id: row.get(3)? })
    };
    let mut layers: Vec<Listed> = statement.query_map([], listed).and_then(Iterator::collect).map_err(not_read)?;
    let names = || layers.iter().map(|layer| layer.table.clone()).collect::<Vec<_>>();
    let place = match (wanted.layer, layers.len()) {
        (_, 0) => return Err(FormatError::GeoPackage("it has no layer of features".to_owned())),
        (None, 1) => 0,
        (None, _) => return Err(FormatError::SeveralLayers { layers: names() }),
        (Some(name), _) => layers
            .iter()
            .position(|layer| [&layer.table, &layer.identifier].iter().any(|known| known.eq_ignore_ascii_case(name)))
            .ok_or_else(|| FormatError::NoSuchLayer { wanted: name.to_owned(), layers: names() })?,
    };
    let layer = layers.swap_remove(place);
    let sql: Option<String> = database
        .query_row("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1", [&layer.table], |row| row.get(0))
        .optional()
        .map_err(not_read)?;
    match sql {
        Some(sql) if !sql.to_uppercase().trim_start().starts_with("CREATE VIRTUAL") => Ok(layer),
        _ => Err(FormatError::GeoPackage(format!("the layer {:?} is not an ordinary table", layer.table))),
    }
}

fn crs(database: &Connection, layer: &Listed) -> Result<Crs, FormatError> {
    let what = format!("layer {:?}", layer.table);
    let found: Option<(String, i64, String)> = database
        .query_row(
            "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1",
            [layer.srs_id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()
        .map_err(not_read)?;
    let Some((organization, code, definition)) = found else {
        return Err(FormatError::GeoPackage(format!(
            "{what} has the coordinate system {}, which it does not describe",
            layer.srs_id
        )));
    };
    let crs = match u32::try_from(code) {
        Ok(code) if organization.eq_ignore_ascii_case("EPSG") => Crs::from_epsg(code),
        _ => Crs::from_wkt(&definition),
    };
    crs.map_err(|source| FormatError::Crs { what, source })
}

fn records(database: &Connection, layer: &Listed, crs: Crs, wanted: &Wanted<'_>) -> Result<Vec<Record>, FormatError> {
    let mut select = vec![quoted(&layer.column)];
    let mut kept = Vec::new();
    let mut columns = database.prepare("SELECT name FROM pragma_table_info(?1)").map_err(not_read)?;
    let columns = columns.query_map([&layer.table], |row| row.get::<_, String>(0)).map_err(not_read)?;
    for column in columns {
        let column = column.map_err(not_read)?;
        if let Some(name) = wanted.name_of(&column) {
            select.push(quoted(&column));
            kept.push(name);
        }
    }
    let sql = format!("SELECT {} FROM {} ORDER BY rowid", select.join(", "), quoted(&layer.table));
    let mut statement = database.prepare(&sql).map_err(not_read)?;
    let mut rows = statement.query([]).map_err(not_read)?;
    let (mut records, mut vertices) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(not_read)? {
        let number = records.len() + 1;
        wanted.check_count(number)?;
        let mut properties = BTreeMap::new();
        for (index, name) in kept.iter().enumerate() {
            match row.get_ref(index + 1).map_err(not_read)? {
                ValueRef::Text(text) => keep(&mut properties, name, &String::from_utf8_lossy(text)),
                ValueRef::Integer(number) => keep(&mut properties, name, &number.to_string()),
                ValueRef::Real(number) => keep(&mut properties, name, &number.to_string()),
                ValueRef::Null | ValueRef::Blob(_) => {}
            }
        }
        let shape = match row.get_ref(0).map_err(not_read)? {
            ValueRef::Null => Err(GeometryFault::Missing),
            ValueRef::Blob(blob) => shape(blob, layer.srs_id, crs),
            _ => Err(GeometryFault::Unreadable("it is not a blob".to_owned())),
        };
        check_vertices(&mut vertices, &shape)?;
        records.push(Record { number, properties, shape });
    }
    Ok(records)
}

/// `GP`, version, flags, coordinate system, envelope, and then WKB.
fn shape(blob: &[u8], srs_id: i64, crs: Crs) -> Result<Shape, GeometryFault> {
    let fault = |what: &str| GeometryFault::Unreadable(what.to_owned());
    let (header, rest) = blob.split_first_chunk::<8>().ok_or_else(|| fault("its header is cut short"))?;
    if !header.starts_with(b"GP") || header[2] != 0 {
        return Err(fault("it does not begin as a GeoPackage's geometry does (GP, version 0)"));
    }
    let flags = header[3];
    let id = [header[4], header[5], header[6], header[7]];
    let id = if flags & 1 == 1 { i32::from_le_bytes(id) } else { i32::from_be_bytes(id) };
    if i64::from(id) != srs_id {
        return Err(GeometryFault::Unreadable(format!("it has the coordinate system {id}, its layer has {srs_id}")));
    }
    if flags & 0b10_0000 != 0 {
        return Err(fault("it is of an extended kind"));
    }
    if flags & 0b1_0000 != 0 {
        return Err(GeometryFault::Missing);
    }
    let envelope = match flags >> 1 & 0b111 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err(fault("its envelope is of no known kind")),
    };
    let wkb = rest.get(envelope..).ok_or_else(|| fault("its envelope is cut short"))?;
    Ok(Shape::from_polygons(&wkb::polygons(wkb)?, crs)?)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn not_read(error: rusqlite::Error) -> FormatError {
    FormatError::GeoPackage(error.to_string())
}
