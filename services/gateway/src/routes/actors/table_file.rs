//! A spreadsheet file as a table of texts: CSV with either separator and either encoding, XLSX, GeoJSON. Nothing is computed.

use crate::limits::{ACTORS_CELLS_MAX, ACTORS_ROWS_MAX, ACTORS_UNPACKED_BYTES_MAX, too_large};
use calamine::{Data, Reader as _, Xlsx};
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::Value;
use std::io::Cursor;

/// The first row's headings and the other rows, each with its number as the spreadsheet counts.
#[derive(Debug, PartialEq)]
pub struct Table {
    pub format: &'static str,
    pub columns: Vec<String>,
    pub rows: Vec<(u32, Vec<String>)>,
}

/// Reads a file by its content, not by what it is called.
pub fn read(bytes: &[u8]) -> Result<Table, Problem> {
    let table = if bytes.starts_with(b"PK\x03\x04") {
        xlsx(bytes)?
    } else if bytes.trim_ascii_start().starts_with(b"{") {
        geojson(bytes)?
    } else {
        csv(bytes)?
    };
    if table.columns.len() > ACTORS_CELLS_MAX {
        return Err(too_large("the number of columns", ACTORS_CELLS_MAX));
    }
    if table.rows.len() > ACTORS_ROWS_MAX {
        return Err(Problem::new(ErrorCode::TooLarge, format!("a file has at most {ACTORS_ROWS_MAX} rows: divide it")));
    }
    Ok(table)
}

fn csv(bytes: &[u8]) -> Result<Table, Problem> {
    let text = text(bytes)?;
    let first = text.lines().next().unwrap_or_default();
    let separators = [b';', b',', b'\t'];
    let separator = separators.into_iter().max_by_key(|separator| {
        (first.bytes().filter(|byte| byte == separator).count(), std::cmp::Reverse(*separator == b'\t'))
    });
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator.unwrap_or(b';'))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (row, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| Problem::at("", format!("the file is not CSV: {error}")))?;
        rows.push((row, record.iter().map(str::to_owned).collect()));
        if rows.len() > ACTORS_ROWS_MAX + 1 {
            break;
        }
    }
    Ok(headed("csv", rows))
}

/// UTF-8 with or without its mark; else what Excel in Sweden has written since the nineties.
fn text(bytes: &[u8]) -> Result<String, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") => {
            return Err(Problem::at("", "the file is UTF-16: save it as UTF-8 or as XLSX"));
        }
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    };
    if text.contains('\0') {
        return Err(Problem::at("", "the file is no text: send CSV, XLSX or GeoJSON"));
    }
    Ok(text)
}

fn headed(format: &'static str, mut rows: Vec<(u32, Vec<String>)>) -> Table {
    rows.retain(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    let columns = if rows.is_empty() { Vec::new() } else { rows.remove(0).1 };
    Table { format, columns: columns.into_iter().map(|name| name.trim().to_owned()).collect(), rows }
}

fn xlsx(bytes: &[u8]) -> Result<Table, Problem> {
    check_unpacked(bytes)?;
    let broken = |error: calamine::XlsxError| Problem::at("", format!("the file is not XLSX: {error}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let name = book.sheet_names().first().cloned().ok_or_else(|| Problem::at("", "the workbook has no sheet"))?;
    let formulas = book.worksheet_formula(&name).map_err(broken)?;
    let range = book.worksheet_range(&name).map_err(broken)?;
    let (top, left) = range.start().unwrap_or_default();
    let (height, width) = range.get_size();
    if width > ACTORS_CELLS_MAX || height > ACTORS_ROWS_MAX + 1 {
        return Err(Problem::new(
            ErrorCode::TooLarge,
            format!("a sheet has at most {ACTORS_ROWS_MAX} rows and {ACTORS_CELLS_MAX} columns"),
        ));
    }
    let rows = (top..).zip(range.rows()).map(|(row, cells)| {
        let texts = (left..).zip(cells).map(|(column, cell)| match formulas.get_value((row, column)) {
            // Said as what it is, so that the row is refused: what it computes to depends on who opens it.
            Some(formula) if !formula.is_empty() => format!("={formula}"),
            _ => shown(cell),
        });
        (row + 1, texts.collect())
    });
    Ok(headed("xlsx", rows.collect()))
}

/// Sums what a zip says it unpacks to, and what it does: a bomb is refused before it goes off.
fn check_unpacked(bytes: &[u8]) -> Result<(), Problem> {
    let broken = |error: zip::result::ZipError| Problem::at("", format!("the file is not XLSX: {error}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = ACTORS_UNPACKED_BYTES_MAX as u64;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(broken)?;
        let mut counted = std::io::Read::take(file, left + 1);
        let unpacked = std::io::copy(&mut counted, &mut std::io::sink())
            .map_err(|error| Problem::at("", format!("the file is not XLSX: {error}")))?;
        left =
            left.checked_sub(unpacked).ok_or_else(|| too_large("the unpacked workbook", ACTORS_UNPACKED_BYTES_MAX))?;
    }
    Ok(())
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

fn geojson(bytes: &[u8]) -> Result<Table, Problem> {
    crate::limits::check_depth(bytes)?;
    let collection: Value =
        serde_json::from_slice(bytes).map_err(|error| Problem::at("", format!("the file is not JSON: {error}")))?;
    let features = collection["features"].as_array().filter(|_| collection["type"] == "FeatureCollection");
    let features = features.ok_or_else(|| Problem::at("", "the file is not a GeoJSON FeatureCollection"))?;
    let mut columns: Vec<String> = Vec::new();
    for feature in features {
        for name in feature["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            if columns.len() <= ACTORS_CELLS_MAX && !columns.contains(name) {
                columns.push(name.clone());
            }
        }
    }
    for place in ["lon", "lat"] {
        if !columns.iter().any(|column| column == place) {
            columns.push(place.to_owned());
        }
    }
    let rows = (2..).zip(features).map(|(row, feature)| {
        let point = &feature["geometry"]["coordinates"];
        let cells = columns.iter().map(|column| match column.as_str() {
            "lon" if point[0].is_number() => point[0].to_string(),
            "lat" if point[1].is_number() => point[1].to_string(),
            name => match &feature["properties"][name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        });
        (row, cells.collect())
    });
    let rows = rows.collect();
    Ok(Table { format: "geojson", columns, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_read_in_every_dress_it_comes_in() {
        let expected = vec![(2, vec!["Årsta kyrka".to_owned(), "Ängby".to_owned()])];
        let latin: Vec<u8> = b"Namn;Plats\n\xc5rsta kyrka;\xc4ngby\n".to_vec();
        let marked = "\u{feff}Namn;Plats\r\nÅrsta kyrka;Ängby\r\n".as_bytes().to_vec();
        for bytes in [latin, marked, "Namn,Plats\nÅrsta kyrka,Ängby".as_bytes().to_vec()] {
            let table = read(&bytes).unwrap();
            assert_eq!((table.columns, table.rows), (vec!["Namn".to_owned(), "Plats".to_owned()], expected.clone()));
        }
        assert!(read(b"\xff\xfeN\0a\0").unwrap_err().detail.contains("UTF-16"));
        assert!(read(b"a\0b").is_err());
    }

    #[test]
    fn a_workbook_written_here_is_read_here_and_a_bomb_is_not() {
        let columns = ["Namn", "Antal"];
        let rows = vec![vec!["Ängby & Co <x>".to_owned(), "'=1+1".to_owned()]];
        let table = read(&super::super::xlsx::write(&columns, &rows)).unwrap();
        assert_eq!(table.rows, [(2, rows[0].clone())]);
        let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
        bomb.start_file("xl/a.xml", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::copy(&mut std::io::Read::take(std::io::repeat(0), ACTORS_UNPACKED_BYTES_MAX as u64 + 1), &mut bomb)
            .unwrap();
        let bomb = bomb.finish().unwrap().into_inner();
        assert!(bomb.len() < 1024 * 1024);
        assert_eq!(read(&bomb).unwrap_err().code, ErrorCode::TooLarge);
    }
}
