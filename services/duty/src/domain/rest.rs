//! Rest and endurance: who is on duty without the rest that the rule asks for, and what of the next days can be staffed.

use super::{
    intervals::{Interval, Intervals},
    roster::Entry,
};
use jiff::SignedDuration;
use narhet_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// How much rest there must be, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestRule {
    pub id: String,
    pub source: String,
    pub rest_h: i64,
    pub within_h: i64,
    /// Whether being on duty counts as work is assumed.
    pub assumption: bool,
}

static RULE: LazyLock<RestRule> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../rest.json"))
        .expect("rest.json is part of the program and every test reads it")
});

impl RestRule {
    pub fn current() -> &'static RestRule {
        &RULE
    }
}

/// A stretch of the rule's hours in which somebody has too little rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TooLittleRest {
    pub member: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub longest_rest_s: i64,
}

/// Whoever is on duty is looked at for the hours of the rule from each beginning of duty on.
pub fn too_little(entries: &[Entry], rule: &RestRule) -> Vec<TooLittleRest> {
    let mut by_member: BTreeMap<&str, Vec<Interval>> = BTreeMap::new();
    for entry in entries {
        by_member.entry(&entry.member).or_default().push(Interval { from: entry.from, to: entry.to });
    }
    let mut found = Vec::new();
    for (member, on) in by_member {
        let on = Intervals::of(on);
        let mut told_until = Timestamp::MIN;
        for duty in on.iter().flat_map(|duty| starts(duty, rule)) {
            let window = Interval { from: duty, to: after(duty, rule.within_h) };
            let longest = longest_rest(&on, window);
            if longest < SignedDuration::from_hours(rule.rest_h) && window.from >= told_until {
                told_until = window.to;
                let longest_rest_s = longest.as_secs();
                found.push(TooLittleRest {
                    member: member.to_owned(),
                    from: window.from,
                    to: window.to,
                    longest_rest_s,
                });
            }
        }
    }
    found.sort_by(|a, b| (a.from, &a.member).cmp(&(b.from, &b.member)));
    found
}

/// Where windows begin in one duty: at its start, and each time the rule's hours have passed in it.
fn starts(duty: &Interval, rule: &RestRule) -> Vec<Timestamp> {
    let mut starts = vec![duty.from];
    let mut next = after(duty.from, rule.within_h);
    while next < duty.to {
        starts.push(next);
        next = after(next, rule.within_h);
    }
    starts
}

fn longest_rest(on: &Intervals, window: Interval) -> SignedDuration {
    let off = Intervals::of([window]).subtract(on);
    off.iter().map(|rest| rest.to.duration_since(rest.from)).max().unwrap_or(SignedDuration::ZERO)
}

fn after(instant: Timestamp, hours: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(member: &str, from: &str, to: &str) -> Entry {
        Entry { from: from.parse().unwrap(), to: to.parse().unwrap(), layer: 0, member: member.to_owned() }
    }

    #[test]
    fn rest_as_a_table() {
        let rule = RestRule::current();
        assert_eq!((rule.rest_h, rule.within_h, rule.assumption), (11, 24, true));
        let rows = [
            ("a day of eight hours", vec![("2026-11-20T07:00:00Z", "2026-11-20T15:00:00Z")], 0),
            ("thirteen hours leave eleven", vec![("2026-11-20T07:00:00Z", "2026-11-20T20:00:00Z")], 0),
            ("a minute more does not", vec![("2026-11-20T07:00:00Z", "2026-11-20T20:01:00Z")], 1),
            (
                "a night after a day",
                vec![
                    ("2026-11-20T07:00:00Z", "2026-11-20T15:00:00Z"),
                    ("2026-11-20T21:00:00Z", "2026-11-21T05:00:00Z"),
                ],
                1,
            ),
            ("a whole week is seven times too much", vec![("2026-11-20T07:00:00Z", "2026-11-27T07:00:00Z")], 7),
        ];
        for (name, duties, expected) in rows {
            let entries: Vec<Entry> = duties.into_iter().map(|(from, to)| entry("a", from, to)).collect();
            assert_eq!(too_little(&entries, rule).len(), expected, "{name}");
        }
    }
}
