//! Every named holiday of 1990-2100 against two independent packages; `reference/` has how their answers were made.

use super::*;
use std::collections::BTreeSet;

const PYPI_HOLIDAYS: &str = include_str!("../../../reference/pypi-holidays.csv");
const NPM_DATE_HOLIDAYS: &str = include_str!("../../../reference/npm-date-holidays.csv");

/// (date, name in lower case, whether it is an eve that no law names)
type Day = (String, String, bool);

fn ours() -> BTreeSet<Day> {
    (1990..=2100)
        .flat_map(public_holidays)
        .map(|(day, holiday)| (day.to_string(), holiday.name().to_lowercase(), holiday.de_facto()))
        .collect()
}

fn theirs(csv: &str) -> BTreeSet<Day> {
    let eves = ["midsommarafton", "julafton", "nyårsafton"];
    csv.lines()
        .skip(1)
        .map(|line| {
            let [date, _, name] = line.splitn(3, ',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let name = name.to_lowercase().replace("sveriges nationaldag", "nationaldagen");
            (date.to_owned(), name.clone(), eves.contains(&name.as_str()))
        })
        .collect()
}

#[test]
fn all_holidays_of_1990_to_2100_are_those_of_pypi_holidays() {
    assert_eq!(ours().symmetric_difference(&theirs(PYPI_HOLIDAYS)).collect::<Vec<_>>(), Vec::<&Day>::new());
}

/// One difference: `date-holidays` has annandag pingst as an observance in every year. By lag (1989:253) it was a public
/// holiday until lag (2004:1320) gave its place to nationaldagen from 2005 on.
#[test]
fn all_holidays_of_1990_to_2100_are_those_of_npm_date_holidays_but_annandag_pingst_before_2005() {
    let (ours, theirs) = (ours(), theirs(NPM_DATE_HOLIDAYS));
    assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&Day>::new());
    let only_ours: Vec<&Day> = ours.difference(&theirs).collect();
    assert_eq!(only_ours.len(), 15);
    assert!(
        only_ours.iter().all(|(date, name, _)| name == "annandag pingst" && date.as_str() < "2005"),
        "{only_ours:?}"
    );
}
