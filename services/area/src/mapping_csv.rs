//! Reads a mapping from CSV.

use crate::{
    domain::mapping::{Mapping, Row},
    limits::DIVISIONS_MAX,
};
use jiff::civil::Date;

/// Why a text is not a mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("the mapping is not a CSV: {0}")]
    Csv(String),
    #[error("the mapping has no rows")]
    Empty,
    #[error(
        "the column {0:?} does not end in _<YYYY-MM-DD>; division columns do, the first names the stadsdel, and \"osaker\" may \
         mark split ones"
    )]
    Column(String),
    #[error("the division of {0} has two columns")]
    DivisionTwice(Date),
    #[error("the mapping has no division column; name one like omrade_2023-07-01")]
    NoDivision,
    #[error("the mapping has {count} division columns, {DIVISIONS_MAX} are allowed")]
    TooManyDivisions { count: usize },
}

/// What a column holds.
enum Column {
    Division(Date),
    Uncertain,
}

/// Reads a mapping; comma or semicolon, with or without a byte order mark.
pub fn read(text: &str) -> Result<Mapping, MappingError> {
    // One kind of line end, so that rows are counted alike wherever the file was written.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let header = text.lines().next().ok_or(MappingError::Empty)?;
    let delimiter = if header.matches(';').count() > header.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let not_csv = |problem: csv::Error| MappingError::Csv(problem.to_string());
    let columns =
        reader.headers().map_err(not_csv)?.iter().skip(1).map(column).collect::<Result<Vec<Column>, MappingError>>()?;
    let divisions = divisions(&columns)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(not_csv)?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row =
            Row { line, name: record.get(0).unwrap_or_default().to_owned(), areas: Vec::new(), uncertain: false };
        for (column, cell) in columns.iter().zip(record.iter().skip(1)) {
            match column {
                Column::Division(_) => row.areas.push(cell.to_owned()),
                Column::Uncertain => row.uncertain = cell == "?",
            }
        }
        rows.push(row);
    }
    if rows.is_empty() { Err(MappingError::Empty) } else { Ok(Mapping { divisions, rows }) }
}

fn column(header: &str) -> Result<Column, MappingError> {
    if header.eq_ignore_ascii_case("osaker") || header.to_lowercase() == "osäker" {
        return Ok(Column::Uncertain);
    }
    let date = header.rsplit_once('_').and_then(|(_, date)| date.parse().ok());
    date.map(Column::Division).ok_or_else(|| MappingError::Column(header.to_owned()))
}

fn divisions(columns: &[Column]) -> Result<Vec<Date>, MappingError> {
    let mut divisions = Vec::new();
    for column in columns {
        if let Column::Division(date) = column {
            if divisions.contains(date) {
                return Err(MappingError::DivisionTwice(*date));
            }
            divisions.push(*date);
        }
    }
    match divisions.len() {
        0 => Err(MappingError::NoDivision),
        count if count > DIVISIONS_MAX => Err(MappingError::TooManyDivisions { count }),
        _ => Ok(divisions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn commas_semicolons_and_a_byte_order_mark_read_alike() {
        let with_commas =
            read("stadsdel,omrade_2020-07-01,osaker\nAkalla,Rinkeby-Kista,\nÅrsta,Södermalm,?\n").unwrap();
        let with_semicolons =
            read("\u{feff}stadsdel;omrade_2020-07-01;osaker\r\nAkalla;Rinkeby-Kista;\r\nÅrsta; Södermalm ;?\r\n")
                .unwrap();
        assert_eq!(with_commas, with_semicolons);
        assert_eq!(with_commas.divisions, [date(2020, 7, 1)]);
        assert_eq!(
            with_commas.rows[1],
            Row { line: 3, name: "Årsta".into(), areas: vec!["Södermalm".into()], uncertain: true }
        );
    }

    #[test]
    fn a_text_that_is_not_a_mapping_is_refused_by_what_is_wrong() {
        for (text, expected) in [
            ("", MappingError::Empty),
            ("stadsdel,omrade_2020-07-01\n", MappingError::Empty),
            ("stadsdel,omrade\nAkalla,Järva\n", MappingError::Column("omrade".into())),
            ("stadsdel,omrade_2020-13-01\nAkalla,Järva\n", MappingError::Column("omrade_2020-13-01".into())),
            ("stadsdel,a_2020-07-01,b_2020-07-01\nAkalla,Järva,Järva\n", MappingError::DivisionTwice(date(2020, 7, 1))),
            ("stadsdel,osaker\nAkalla,\n", MappingError::NoDivision),
        ] {
            assert_eq!(read(text), Err(expected), "{text:?}");
        }
        assert!(matches!(read("stadsdel,a_2020-07-01\nAkalla\n"), Err(MappingError::Csv(_))));
    }
}
