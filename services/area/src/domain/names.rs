//! When two spellings are one name: rows of a mapping against features of a map.

use crate::{domain::Refusal, limits::NAME_PREFIX_LETTERS_MIN};

/// A name as it is compared: lower case, single spaces.
pub fn fold(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// For each feature the number of its row, what to warn of, and what is refused.
#[derive(Debug, Default, PartialEq)]
pub struct Matching {
    pub row_of_feature: Vec<Option<usize>>,
    pub warnings: Vec<String>,
    pub refused: Vec<Refusal>,
}

/// Matches rows (line number and name) with features: by the whole name first; what is left by the one feature whose name
/// begins as the row's does or the other way round, when the shorter has [`NAME_PREFIX_LETTERS_MIN`] letters.
pub fn match_rows(features: &[String], rows: &[(u64, String)]) -> Matching {
    let folded: Vec<String> = features.iter().map(|name| fold(name)).collect();
    let mut matching = Matching { row_of_feature: vec![None; features.len()], ..Matching::default() };
    let mut shortened = Vec::new();
    for (row, (line, name)) in rows.iter().enumerate() {
        match folded.iter().position(|feature| *feature == fold(name)) {
            None => shortened.push(row),
            Some(feature) => match matching.row_of_feature[feature] {
                None => matching.row_of_feature[feature] = Some(row),
                Some(first) => {
                    matching.refused.push(Refusal::RowTwice { line: *line, name: name.clone(), first: rows[first].0 })
                }
            },
        }
    }
    let free: Vec<usize> = (0..features.len()).filter(|feature| matching.row_of_feature[*feature].is_none()).collect();
    for row in shortened {
        let (line, name) = &rows[row];
        let candidates: Vec<usize> =
            free.iter().copied().filter(|feature| begins_alike(&folded[*feature], &fold(name))).collect();
        match candidates[..] {
            [feature] if matching.row_of_feature[feature].is_none() => {
                matching.row_of_feature[feature] = Some(row);
                matching.warnings.push(format!("row {line}: {name:?} was taken for {:?}", features[feature]));
            }
            [] => matching.refused.push(Refusal::RowUnmatched { line: *line, name: name.clone() }),
            _ => matching.refused.push(Refusal::RowAmbiguous {
                line: *line,
                name: name.clone(),
                candidates: candidates.iter().map(|feature| features[*feature].clone()).collect(),
            }),
        }
    }
    matching
}

fn begins_alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    short.chars().count() >= NAME_PREFIX_LETTERS_MIN && long.starts_with(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(features: &[&str], rows: &[&str]) -> Matching {
        let features: Vec<String> = features.iter().map(|name| (*name).to_owned()).collect();
        let rows: Vec<(u64, String)> =
            rows.iter().enumerate().map(|(i, name)| (i as u64 + 2, (*name).to_owned())).collect();
        match_rows(&features, &rows)
    }

    #[test]
    fn capitals_and_swedish_letters_make_no_difference() {
        let matching = matched(&["ÅRSTA", "HÖGDALEN"], &["Högdalen", "årsta"]);
        assert_eq!(matching.row_of_feature, [Some(1), Some(0)]);
        assert!(matching.warnings.is_empty() && matching.refused.is_empty());
    }

    #[test]
    fn a_name_cut_short_is_taken_for_the_only_one_that_begins_so_with_a_warning() {
        let matching = matched(&["ULVSUNDA INDUSTRIOMR", "ULVSUNDA"], &["Ulvsunda", "Ulvsunda industriområde"]);
        assert_eq!(matching.row_of_feature, [Some(1), Some(0)]);
        assert_eq!(matching.warnings, ["row 3: \"Ulvsunda industriområde\" was taken for \"ULVSUNDA INDUSTRIOMR\""]);
    }

    #[test]
    fn a_short_or_shared_beginning_and_a_second_row_are_refused_by_row() {
        let matching = matched(
            &["NORRA DJURGÅRDEN", "SÖDRA HAMMARBYHAMNEN", "SÖDRA HAMMARBYHÖJDEN", "AKALLA"],
            &["Norra", "Södra hammarby", "Akalla", "AKALLA"],
        );
        let line_of = |refusal: &Refusal| match refusal {
            Refusal::RowUnmatched { line, .. } => ("unmatched", *line),
            Refusal::RowAmbiguous { line, .. } => ("ambiguous", *line),
            Refusal::RowTwice { line, .. } => ("twice", *line),
            _ => ("other", 0),
        };
        let mut refused: Vec<_> = matching.refused.iter().map(line_of).collect();
        refused.sort_by_key(|(_, line)| *line);
        assert_eq!(refused, [("unmatched", 2), ("ambiguous", 3), ("twice", 5)]);
    }
}
