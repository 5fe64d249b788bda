//! The `.shp` of a Shapefile (ESRI Shapefile Technical Description, 1998): polygons, with or without Z and M.
//!
//! Read here and not by a library, because a ring that is open or a count that lies must be named by feature and byte, and
//! because nothing may be allocated that the file does not have.

use crate::{
    Record, Wanted, check_vertices,
    dbf::Row,
    error::{FormatError, GeometryFault},
};
use narhet_geo::{Crs, Ring, Shape};

/// 9994, big-endian: the first four bytes.
pub(crate) const FILE_CODE: [u8; 4] = [0, 0, 0x27, 0x0a];
const HEADER_BYTES: usize = 100;
const RECORD_HEADER_BYTES: usize = 8;

/// Reads the polygons beside the rows of the table; a row that is marked as deleted takes its polygon with it.
pub(crate) fn read(
    entry: &str,
    bytes: &[u8],
    crs: Crs,
    rows: Vec<Row>,
    wanted: &Wanted<'_>,
) -> Result<Vec<Record>, FormatError> {
    let fault = |at: usize, what: &str| FormatError::Shapefile { entry: entry.to_owned(), at, what: what.to_owned() };
    if bytes.len() < HEADER_BYTES || bytes[..4] != FILE_CODE {
        return Err(fault(0, "it does not begin with 9994 and a header of 100 bytes"));
    }
    let mut records = Vec::new();
    let mut rows = rows.into_iter();
    let mut at = HEADER_BYTES;
    let mut number = 0;
    let mut vertices = 0;
    while at < bytes.len() {
        let words = bytes.get(at + 4..at + 8).map(|word| i32::from_be_bytes([word[0], word[1], word[2], word[3]]));
        let length = words.and_then(|words| usize::try_from(words).ok()).map(|words| words * 2);
        let start = at + RECORD_HEADER_BYTES;
        let content = length.and_then(|length| bytes.get(start..start.checked_add(length)?));
        let content = content.ok_or_else(|| fault(at, "a record goes on beyond the end of the file"))?;
        number += 1;
        wanted.check_count(number)?;
        let row = rows.next().ok_or_else(|| fault(at, &format!("shape {number} has no row in the table")))?;
        at = start + content.len();
        if let Row::Kept(properties) = row {
            let shape = shape(content, crs);
            check_vertices(&mut vertices, &shape)?;
            records.push(Record { number, properties, shape });
        }
    }
    match rows.count() {
        0 => Ok(records),
        more => Err(fault(bytes.len(), &format!("the table has {more} rows more than there are shapes"))),
    }
}

pub(crate) fn shape(content: &[u8], crs: Crs) -> Result<Shape, GeometryFault> {
    let kind = integer(content, 0).ok_or_else(|| cut(0))?;
    match kind {
        5 | 15 | 25 => Ok(Shape::from_rings(&rings(content)?, crs)?),
        0 => Err(GeometryFault::Missing),
        other => Err(GeometryFault::NotAnArea { found: kind_name(other).to_owned() }),
    }
}

/// The rings of a polygon; Z and M come after them and are left.
fn rings(content: &[u8]) -> Result<Vec<Ring>, GeometryFault> {
    const PARTS_AT: usize = 44;
    let count = |at: usize| integer(content, at).and_then(|count| usize::try_from(count).ok()).ok_or_else(|| cut(at));
    let (parts, points) = (count(36)?, count(40)?);
    let points_at = PARTS_AT + parts.saturating_mul(4);
    let end = points_at.saturating_add(points.saturating_mul(16));
    let pairs = content.get(points_at..end).ok_or_else(|| {
        GeometryFault::Unreadable(format!("{parts} rings with {points} vertices do not fit in {} bytes", content.len()))
    })?;
    let mut starts = Vec::with_capacity(parts + 1);
    for part in 0..parts {
        starts.push(count(PARTS_AT + 4 * part)?);
    }
    starts.push(points);
    if let Some(first) = starts.first().filter(|first| **first != 0) {
        return Err(GeometryFault::Unreadable(format!("its first ring begins at vertex {first}, not at 0")));
    }
    if let Some(ring) = starts.windows(2).position(|pair| pair[0] >= pair[1]) {
        let (from, to) = (starts[ring], starts[ring + 1]);
        let what = format!("its ring {} begins at vertex {from} and ends at {to}, which is no order", ring + 1);
        return Err(GeometryFault::Unreadable(what));
    }
    let pair = |bytes: &[u8]| [float(&bytes[..8]), float(&bytes[8..])];
    let ring = |range: &[usize]| pairs[16 * range[0]..16 * range[1]].chunks_exact(16).map(pair).collect();
    Ok(starts.windows(2).map(ring).collect())
}

fn integer(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn float(bytes: &[u8]) -> f64 {
    f64::from_le_bytes(bytes.try_into().expect("a pair is cut into twice eight bytes"))
}

fn cut(at: usize) -> GeometryFault {
    GeometryFault::Unreadable(format!("its record ends before byte {at}"))
}

fn kind_name(kind: i32) -> &'static str {
    match kind {
        1 | 11 | 21 => "point",
        3 | 13 | 23 => "line",
        8 | 18 | 28 => "multipoint",
        31 => "multipatch",
        _ => "shape of unknown kind",
    }
}
