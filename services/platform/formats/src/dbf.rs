//! The `.dbf` of a Shapefile: names and other text, in one of two encodings.

use crate::{Wanted, error::FormatError, keep, limits::DBF_COLUMNS_MAX};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::collections::BTreeMap;

/// A row of the table.
#[derive(Debug, PartialEq)]
pub(crate) enum Row {
    Kept(BTreeMap<String, String>),
    /// Marked as deleted; the shape is still in the file.
    Deleted,
}

const HEADER_BYTES: usize = 32;
const COLUMN_BYTES: usize = 32;
const COLUMNS_END: u8 = 0x0d;
const DELETED: u8 = b'*';

/// A wanted column and where it stands in a record.
struct Column<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

pub(crate) fn read(
    entry: &str,
    bytes: &[u8],
    code_page: Option<&[u8]>,
    wanted: &Wanted<'_>,
) -> Result<Vec<Row>, FormatError> {
    let fault = |what: String| FormatError::Table { entry: entry.to_owned(), what };
    if bytes.len() < HEADER_BYTES {
        return Err(fault(format!("its {} bytes are no header", bytes.len())));
    }
    let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let count = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
    let (header, record) = (short(8), short(10));
    wanted.check_count(count)?;
    let columns = columns(bytes, header, wanted).map_err(fault)?;
    if record == 0 || columns.iter().any(|column| column.end > record) {
        return Err(fault(format!("its columns do not fit in records of {record} bytes")));
    }
    let records = bytes.get(header..header + count * record);
    let records = records.ok_or_else(|| fault(format!("{count} records of {record} bytes are not all there")))?;
    let records: Vec<&[u8]> = records.chunks_exact(record).collect();
    let texts = || records.iter().flat_map(|record| columns.iter().map(|column| &record[column.start..column.end]));
    let encoding = match code_page {
        Some(named) => encoding(entry, named)?,
        // Nobody says: text that is sound UTF-8 throughout is that, as anything else hardly ever is by chance.
        None if texts().all(|text| utf8(text).is_some()) => UTF_8,
        None => WINDOWS_1252,
    };
    let mut rows = Vec::with_capacity(records.len());
    for (number, record) in records.iter().enumerate() {
        if record.first() == Some(&DELETED) {
            rows.push(Row::Deleted);
            continue;
        }
        let mut kept = BTreeMap::new();
        for column in &columns {
            let text = decode(&record[column.start..column.end], encoding)
                .ok_or_else(|| fault(format!("record {} is not in UTF-8, though its .cpg says so", number + 1)))?;
            keep(&mut kept, column.name, text.trim_matches(['\0', ' ']));
        }
        rows.push(Row::Kept(kept));
    }
    Ok(rows)
}

fn columns<'a>(bytes: &[u8], header: usize, wanted: &'a Wanted<'a>) -> Result<Vec<Column<'a>>, String> {
    let mut columns = Vec::new();
    let mut start = 1;
    for number in 0..DBF_COLUMNS_MAX {
        let at = HEADER_BYTES + number * COLUMN_BYTES;
        if at >= header || bytes.get(at) == Some(&COLUMNS_END) {
            return Ok(columns);
        }
        let Some(column) = bytes.get(at..at + COLUMN_BYTES) else { break };
        let name = column[..11].split(|byte| *byte == 0).next().unwrap_or_default();
        // Columns of text may be wider than 255 bytes; the decimals' byte then counts on.
        let kind = column[11];
        let wider = if kind == b'C' { usize::from(column[17]) << 8 } else { 0 };
        let end = start + usize::from(column[16]) + wider;
        if let Some(name) = wanted.name_of(&WINDOWS_1252.decode_without_bom_handling(name).0) {
            columns.push(Column { name, start, end });
        }
        start = end;
    }
    Err("its header has no end".to_owned())
}

/// What a `.cpg` names.
fn encoding(entry: &str, named: &[u8]) -> Result<&'static Encoding, FormatError> {
    let text = String::from_utf8_lossy(named);
    let folded: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    match folded.as_str() {
        "utf8" | "65001" | "cp65001" => Ok(UTF_8),
        // Windows-1252 has the same letters as ISO-8859-1, and dashes and quotes where that has control characters.
        "iso88591" | "88591" | "latin1" | "1252" | "cp1252" | "windows1252" | "ansi1252" | "ansi" | "l1" => {
            Ok(WINDOWS_1252)
        }
        _ => Err(FormatError::Encoding {
            entry: entry.replace(".dbf", ".cpg"),
            found: text.trim().chars().take(40).collect(),
        }),
    }
}

fn decode(text: &[u8], encoding: &'static Encoding) -> Option<String> {
    if encoding == UTF_8 {
        utf8(text).map(str::to_owned)
    } else {
        Some(encoding.decode_without_bom_handling(text).0.into_owned())
    }
}

/// The text, without a last letter that the column's width has cut in two.
fn utf8(text: &[u8]) -> Option<&str> {
    match std::str::from_utf8(text) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&text[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}
