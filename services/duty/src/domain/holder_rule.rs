//! The rule of crisis support as data with source and validity (`rules.json`), and what it says for one affected board.
//!
//! ```text
//! board known,   office open    → that board (its successor, if it has been dissolved since)
//! board known,   office closed  → socialnämnden, until the board takes over
//! board unknown                 → socialnämnden, and the city's TiB is alarmed to place the case
//! ```

use super::handover::Terms;
use narhet_kernel::Timestamp;
use narhet_proto::events::Named;
use serde::Deserialize;
use std::sync::LazyLock;

/// The rules of all programmes that are entered, oldest first.
static RULES: LazyLock<Vec<SupportRule>> = LazyLock::new(|| {
    let rules: Vec<SupportRule> = serde_json::from_str(include_str!("../../rules.json"))
        .expect("rules.json is part of the program and every test reads it");
    assert!(rules.windows(2).all(|pair| pair[0].valid_from < pair[1].valid_from), "rules.json is out of order");
    rules
});

/// One programme's rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupportRule {
    /// Rule and version: `krisstod/2020`.
    pub id: String,
    /// Where it is written, with its words.
    pub source: String,
    pub valid_from: Timestamp,
    /// When the programme ended; without a successor the rule is still applied, as an assumption.
    pub valid_to: Option<Timestamp>,
    /// The board that holds what occurs while the office is closed.
    pub outside_office_hours: String,
    pub without_board: WithoutBoard,
    /// ASSUMPTION: the programme names no times for answering.
    pub handover: HandoverRule,
}

/// How long an offer is open, and who is told when it comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandoverRule {
    #[serde(flatten)]
    pub terms: Terms,
    pub refused: Alarm,
    pub unanswered: Alarm,
}

/// What happens to a case whose affected board nobody knows yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithoutBoard {
    pub holder: String,
    pub alarm: Alarm,
}

/// A duty function that is alarmed, and what it is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alarm {
    pub function: String,
    pub board: String,
    pub task: String,
}

/// Who holds a new case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// The affected board itself.
    AffectedBoard(&'a Named),
    /// Another board, until the affected board takes over.
    Instead { board: &'a str },
    /// Another board, while a function is asked to find the affected one.
    Unplaced { board: &'a str, alarm: &'a Alarm },
}

impl SupportRule {
    /// The rule in force at an instant: the last that began before it; before the first, the first.
    pub fn at(instant: Timestamp) -> &'static SupportRule {
        let begun = RULES.partition_point(|rule| rule.valid_from <= instant);
        &RULES[begun.saturating_sub(1)]
    }

    /// Which rule is in force when, within `[from, to)`.
    pub fn spans(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp, &'static SupportRule)> {
        let borders = RULES.iter().map(|rule| rule.valid_from).filter(|border| from < *border && *border < to);
        let starts: Vec<Timestamp> = std::iter::once(from).chain(borders).collect();
        let ends = starts.iter().skip(1).copied().chain([to]);
        starts.iter().zip(ends).map(|(start, end)| (*start, end, SupportRule::at(*start))).collect()
    }

    /// Whether an instant lies in the programme's own time; outside it the rule is applied as an assumption.
    pub fn is_in_its_time(&self, instant: Timestamp) -> bool {
        self.valid_from <= instant && self.valid_to.is_none_or(|end| instant < end)
    }

    /// What the rule says. An office of which nobody knows whether it is open counts as closed: then somebody who is always
    /// there holds the case.
    pub fn ruling<'a>(&'a self, affected: Option<&'a Named>, office_open: bool) -> Ruling<'a> {
        match (affected, office_open) {
            (Some(board), true) => Ruling::AffectedBoard(board),
            (Some(_), false) => Ruling::Instead { board: &self.outside_office_hours },
            (None, _) => Ruling::Unplaced { board: &self.without_board.holder, alarm: &self.without_board.alarm },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_rule_as_a_table() {
        let rule = SupportRule::at(instant("2026-11-20T12:00:00Z"));
        let night = "socialnamnden";
        let jarva = Named::new("jarva", "Järva stadsdelsnämnd");
        assert_eq!(rule.ruling(Some(&jarva), true), Ruling::AffectedBoard(&jarva));
        assert_eq!(rule.ruling(Some(&jarva), false), Ruling::Instead { board: night });
        for office_open in [true, false] {
            let Ruling::Unplaced { board, alarm } = rule.ruling(None, office_open) else { panic!("a place was found") };
            assert_eq!(
                (board, alarm.function.as_str(), alarm.board.as_str(), alarm.task.as_str()),
                (night, "city-tib", "kommunstyrelsen", "place-the-case")
            );
        }
    }

    #[test]
    fn a_rule_outlives_its_programme_as_an_assumption() {
        for (at, in_its_time) in [
            ("2010-01-01T00:00:00Z", false),
            ("2019-12-31T23:00:00Z", true),
            ("2023-12-31T22:59:59Z", true),
            ("2023-12-31T23:00:00Z", false),
            ("2026-11-20T12:00:00Z", false),
        ] {
            let rule = SupportRule::at(instant(at));
            assert_eq!((rule.id.as_str(), rule.is_in_its_time(instant(at))), ("krisstod/2020", in_its_time), "{at}");
        }
    }
}
