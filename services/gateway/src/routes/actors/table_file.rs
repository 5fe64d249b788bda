//! A spreadsheet file as a table of texts: CSV with either separator and either encoding, XLSX, GeoJSON. Nothing is computed.

use crate::limits::{ACTORS_CELLS_MAX, ACTORS_ROWS_MAX, ACTORS_UNPACKED_BYTES_MAX, too_large};
use calamine::{Data, Reader as _, Xlsx};
use narhet_proto::wire::{ErrorCode, Problem};
use serde_json::Value;
use std::{collections::BTreeMap, io::Cursor};

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
        return Err(too_many_rows());
    }
    Ok(table)
}

fn too_many_rows() -> Problem {
    Problem::new(ErrorCode::TooLarge, format!("a file has at most {ACTORS_ROWS_MAX} rows: divide it"))
}

fn csv(bytes: &[u8]) -> Result<Table, Problem> {
    // Every line ends alike, the last one too: they are counted.
    let text = text(bytes)?.replace("\r\n", "\n") + "\n";
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
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    let (mut row, mut line) = (0, reader.position().line());
    let broken = |error: csv::Error| Problem::at("", format!("the file is not CSV: {error}"));
    while reader.read_record(&mut record).map_err(broken)? {
        // A spreadsheet counts an empty line, which the reader leaves out, and not the lines within a cell.
        let read = reader.position().line() - line;
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        row += u32::try_from(read.saturating_sub(within as u64)).unwrap_or(u32::MAX).max(1);
        line = reader.position().line();
        rows.push((row, record.iter().take(ACTORS_CELLS_MAX + 1).map(str::to_owned).collect()));
        if rows.len() > ACTORS_ROWS_MAX + 1 {
            break;
        }
    }
    Ok(headed("csv", rows))
}

/// UTF-8 with or without its mark; else what Excel in Sweden has written since the nineties. A file that is UTF-8 but for some
/// bytes is refused: read as anything else, every å, ä and ö in it would be wrong.
fn text(bytes: &[u8]) -> Result<String, Problem> {
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf");
    let (marked, bytes) = (unmarked.is_some(), unmarked.unwrap_or(bytes));
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") => {
            return Err(Problem::at("", "the file is UTF-16: save it as UTF-8 or as XLSX"));
        }
        Err(error) => {
            let (mut letters, mut strange) = (0, 0);
            for chunk in bytes.utf8_chunks() {
                letters += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
                strange += usize::from(!chunk.invalid().is_empty());
            }
            if marked || letters >= strange {
                let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
                return Err(Problem::at(
                    "",
                    format!("the file is UTF-8 but for line {line}: save it as UTF-8 or as XLSX"),
                ));
            }
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
        }
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

/// Cell by cell: a sheet says where each one is, and two far apart must not make a table of everything between them.
fn xlsx(bytes: &[u8]) -> Result<Table, Problem> {
    check_unpacked(bytes)?;
    let broken = |error: calamine::XlsxError| Problem::at("", format!("the file is not XLSX: {error}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let name = book.sheet_names().first().cloned().ok_or_else(|| Problem::at("", "the workbook has no sheet"))?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut left = ACTORS_UNPACKED_BYTES_MAX;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(broken)? {
        // A formula is said as what it is, so that the row is refused: what it computes to depends on who opens it.
        let text = if cell.formula.is_some() { "=".to_owned() } else { shown(&Data::from(cell.value)) };
        if text.is_empty() {
            continue;
        }
        let (row, column) = (cell.pos.0, cell.pos.1 as usize);
        if column >= ACTORS_CELLS_MAX || row as usize > ACTORS_ROWS_MAX {
            return Err(Problem::new(
                ErrorCode::TooLarge,
                format!("a sheet has at most {ACTORS_ROWS_MAX} rows and {ACTORS_CELLS_MAX} columns"),
            ));
        }
        // Many cells may share one long text.
        left = left
            .checked_sub(text.len())
            .ok_or_else(|| too_large("the text of the sheet", ACTORS_UNPACKED_BYTES_MAX))?;
        let texts = rows.entry(row).or_default();
        if texts.len() <= column {
            texts.resize(column + 1, String::new());
        }
        texts[column] = text;
    }
    Ok(headed("xlsx", rows.into_iter().map(|(row, cells)| (row + 1, cells)).collect()))
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
    // Before every row is made as wide as the widest.
    if features.len() > ACTORS_ROWS_MAX {
        return Err(too_many_rows());
    }
    let mut columns: Vec<String> = Vec::new();
    for feature in features {
        for name in feature["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            if columns.contains(name) {
                continue;
            }
            if columns.len() == ACTORS_CELLS_MAX {
                return Err(too_large("the number of columns", ACTORS_CELLS_MAX));
            }
            columns.push(name.clone());
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
                // In GeoJSON a text is a text, whatever a spreadsheet would make of it.
                Value::String(text) => neutral(text.clone()),
                other => other.to_string(),
            },
        });
        (row, cells.collect())
    });
    let rows = rows.collect();
    Ok(Table { format: "geojson", columns, rows })
}

/// What a spreadsheet would compute stands behind an apostrophe, which an import takes away again.
pub fn neutral(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
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
        for spoiled in [b"Namn\n\xc3\x85rsta\n\xc5rsta\n".to_vec(), b"\xef\xbb\xbfNamn\n\xc5rsta\n".to_vec()] {
            assert!(read(&spoiled).unwrap_err().detail.contains("UTF-8 but for line"), "not read as something else");
        }
    }

    #[test]
    fn rows_are_numbered_as_the_spreadsheet_counts_them() {
        for end in ["\n", "\r\n"] {
            let file = ["Namn;Ort", "A;x", "", "B;\"två\nrader\"", "", "", "C;"].join(end);
            let rows: Vec<u32> = read(file.as_bytes()).unwrap().rows.iter().map(|(row, _)| *row).collect();
            assert_eq!(rows, [2, 4, 7]);
        }
    }

    #[test]
    fn a_small_file_that_stands_for_a_huge_table_is_refused_before_it_is_one() {
        let cell = |at: &str| format!("<row><c r=\"{at}\"><v>1</v></c></row>");
        for far in ["A1048576", "XFD1"] {
            let sheet = super::super::xlsx::packed(&format!("{}{}", cell("A1"), cell(far)));
            assert_eq!(read(&sheet).unwrap_err().code, ErrorCode::TooLarge, "{far}");
        }
        let mut features = format!("{{\"properties\":{{\"x\":1}}}}{}", ",{}".repeat(ACTORS_ROWS_MAX));
        let geojson = |features: &str| format!("{{\"type\":\"FeatureCollection\",\"features\":[{features}]}}");
        assert_eq!(read(geojson(&features).as_bytes()).unwrap_err().code, ErrorCode::TooLarge);
        features.truncate(features.len() - 3);
        assert_eq!(read(geojson(&features).as_bytes()).unwrap().rows.len(), ACTORS_ROWS_MAX);
    }

    #[test]
    fn a_formula_in_a_workbook_is_said_as_one_whatever_it_came_to() {
        let sheet = "<row><c r=\"A1\" t=\"str\"><v>Namn</v></c></row><row><c r=\"A2\"><f>1+1</f><v>2</v></c></row>";
        assert_eq!(read(&super::super::xlsx::packed(sheet)).unwrap().rows, [(2, vec!["=".to_owned()])]);
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
