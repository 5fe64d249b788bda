//! A zip archive with a Shapefile in it, in whatever folder.

use crate::{
    Format, Layer, Wanted, dbf,
    error::FormatError,
    limits::{SIDE_FILE_BYTES_MAX, UNPACKED_BYTES_MAX, ZIP_ENTRIES_MAX},
    shapefile,
};
use narhet_geo::Crs;
use std::io::{Cursor, Read as _};
use zip::{ZipArchive, result::ZipError};

pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";

struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    /// What may still be unpacked.
    left: u64,
}

pub(crate) fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Layer, FormatError> {
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(not_read)?;
    if zip.len() > ZIP_ENTRIES_MAX {
        return Err(FormatError::ZipEntries { count: zip.len() });
    }
    // What macOS adds beside each file looks like it and is none.
    let real = |name: &&str| !name.ends_with('/') && !name.contains("__MACOSX/") && !file_name(name).starts_with("._");
    let names = zip.file_names().filter(real).map(str::to_owned).collect();
    let mut archive = Archive { zip, names, left: UNPACKED_BYTES_MAX };
    let base = archive.choose(wanted)?;
    let layer = file_name(&base).to_owned();
    let crs = match archive.side(&base, "prj", SIDE_FILE_BYTES_MAX)? {
        None => return Err(FormatError::WithoutCrs { layer }),
        Some(text) => Crs::from_wkt(&String::from_utf8_lossy(&text))
            .map_err(|source| FormatError::Crs { what: format!("{layer}.prj"), source })?,
    };
    let code_page = archive.side(&base, "cpg", SIDE_FILE_BYTES_MAX)?;
    let table = archive.side(&base, "dbf", UNPACKED_BYTES_MAX)?;
    let table = table.ok_or_else(|| FormatError::WithoutTable { layer: layer.clone() })?;
    let rows = dbf::read(&format!("{layer}.dbf"), &table, code_page.as_deref(), wanted)?;
    drop(table);
    let shapes = archive.side(&base, "shp", UNPACKED_BYTES_MAX)?.unwrap_or_default();
    let records = shapefile::read(&format!("{layer}.shp"), &shapes, crs, rows, wanted)?;
    Ok(Layer { format: Format::Shapefile, crs, records, approximate: false })
}

impl Archive<'_> {
    /// The path, without ending, of the wanted Shapefile or the only one.
    fn choose(&self, wanted: &Wanted<'_>) -> Result<String, FormatError> {
        let mut bases: Vec<&str> = self.names.iter().filter_map(|name| without_ending(name, "shp")).collect();
        bases.sort_unstable();
        let layers = || bases.iter().map(|base| file_name(base).to_owned()).collect::<Vec<_>>();
        match (wanted.layer, bases.as_slice()) {
            (_, []) => {
                let found = self.names.iter().map(|name| file_name(name).to_owned()).collect();
                Err(FormatError::NoShapefile { found })
            }
            (None, [only]) => Ok((*only).to_owned()),
            (None, _) => Err(FormatError::SeveralLayers { layers: layers() }),
            (Some(layer), _) => bases
                .iter()
                .find(|base| **base == layer || file_name(base).eq_ignore_ascii_case(layer))
                .map(|base| (*base).to_owned())
                .ok_or_else(|| FormatError::NoSuchLayer { wanted: layer.to_owned(), layers: layers() }),
        }
    }

    /// Unpacks the file beside the chosen one that has this ending; `None` when there is none.
    fn side(&mut self, base: &str, ending: &str, limit: u64) -> Result<Option<Vec<u8>>, FormatError> {
        let Some(name) = self.names.iter().find(|name| without_ending(name, ending) == Some(base)).cloned() else {
            return Ok(None);
        };
        let limit = limit.min(self.left);
        let entry = self.zip.by_name(&name).map_err(not_read)?;
        // What the archive says of the size is not trusted: it is counted as it comes.
        let mut unpacked = Vec::new();
        let read = entry.take(limit + 1).read_to_end(&mut unpacked);
        read.map_err(|error| FormatError::Zip(format!("{name}: {error}")))?;
        if unpacked.len() as u64 > limit {
            return Err(FormatError::Unpacked { entry: name, limit });
        }
        self.left -= unpacked.len() as u64;
        Ok(Some(unpacked))
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The path before `.ending`, in capitals or not.
fn without_ending<'a>(path: &'a str, ending: &str) -> Option<&'a str> {
    let (base, found) = path.rsplit_once('.')?;
    found.eq_ignore_ascii_case(ending).then_some(base)
}

fn not_read(error: ZipError) -> FormatError {
    FormatError::Zip(error.to_string())
}
