use super::*;
use narhet_calendar::{ClockTime, Zone};
use narhet_proto::events::{
    Named,
    readiness::{Leave, Member},
};

const DAYS: [Weekday; 7] = Weekday::ALL;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A roster of one layer: crew `a` and `b` in weekly turns from Monday 2026-01-05.
fn roster(shifts: &[(&[Weekday], &str, &str, OnHolidays)]) -> Roster {
    let member = |id: &str| Member { id: id.to_owned(), name: id.to_owned(), contact_ways: Vec::new() };
    let shift = |(weekdays, from, to, on_holidays): &(&[Weekday], &str, &str, OnHolidays)| Shift {
        weekdays: weekdays.to_vec(),
        from: ClockTime::parse(from).unwrap(),
        to: ClockTime::parse(to).unwrap(),
        on_holidays: *on_holidays,
    };
    Roster {
        id: "r".to_owned(),
        board: Named::new("jarva", "Järva stadsdelsnämnd"),
        function: "f".to_owned(),
        name: "r".to_owned(),
        zone: Zone::stockholm(),
        valid_from: instant("2026-01-01T00:00:00Z"),
        valid_to: None,
        layers: vec![Layer {
            name: "lag".to_owned(),
            starts: "2026-01-05".parse().unwrap(),
            turn_days: 7,
            crew: vec![member("a"), member("b")],
            shifts: shifts.iter().map(shift).collect(),
        }],
        leave: Vec::new(),
        overrides: Vec::new(),
    }
}

fn shown(roster: &Roster, from: &str, to: &str) -> Vec<(String, String, String)> {
    let entries = entries(roster, &[], instant(from), instant(to));
    entries.into_iter().map(|entry| (entry.member, entry.from.to_string(), entry.to.to_string())).collect()
}

#[test]
fn shifts_on_difficult_nights_as_a_table() {
    let rows = [
        // name, from, to on the wall, the date it begins on, UTC start, UTC end, hours
        ("an ordinary night", "22:00", "06:00", "2026-11-20", "2026-11-20T21:00:00Z", "2026-11-21T05:00:00Z"),
        ("the night of 23 hours", "22:00", "06:00", "2027-03-27", "2027-03-27T21:00:00Z", "2027-03-28T04:00:00Z"),
        ("the night of 25 hours", "22:00", "06:00", "2026-10-24", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"),
        ("02:30 never comes", "02:30", "06:00", "2027-03-28", "2027-03-28T01:00:00Z", "2027-03-28T04:00:00Z"),
        (
            "02:30 comes twice, first as a start",
            "02:30",
            "06:00",
            "2026-10-25",
            "2026-10-25T00:30:00Z",
            "2026-10-25T05:00:00Z",
        ),
        (
            "02:30 comes twice, last as an end",
            "22:00",
            "02:30",
            "2026-10-24",
            "2026-10-24T20:00:00Z",
            "2026-10-25T01:30:00Z",
        ),
        ("the eve of a holiday", "22:00", "06:00", "2027-01-05", "2027-01-05T21:00:00Z", "2027-01-06T05:00:00Z"),
        ("the last night of week 53", "22:00", "06:00", "2027-01-03", "2027-01-03T21:00:00Z", "2027-01-04T05:00:00Z"),
    ];
    for (name, from, to, date, starts, ends) in rows {
        let weekday = [Weekday::of(date.parse().unwrap())];
        let roster = roster(&[(&weekday, from, to, OnHolidays::Alike)]);
        let found = shown(&roster, starts, ends);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let whole = entries(&roster, &[], instant(starts) - 1.hour(), instant(ends) + 1.hour());
        assert_eq!((whole[0].from, whole[0].to), (instant(starts), instant(ends)), "{name}");
    }
}

#[test]
fn shifts_that_touch_in_the_repeated_hour_overlap_and_never_gap() {
    let roster = roster(&[(&DAYS, "22:00", "02:30", OnHolidays::Alike), (&DAYS, "02:30", "22:00", OnHolidays::Alike)]);
    for (from, to) in
        [("2026-10-20T00:00:00Z", "2026-10-30T00:00:00Z"), ("2027-03-20T00:00:00Z", "2027-04-02T00:00:00Z")]
    {
        let all = entries(&roster, &[], instant(from), instant(to));
        let covered = super::super::intervals::Intervals::of(all.iter().map(|e| Interval { from: e.from, to: e.to }));
        assert_eq!(covered.iter().count(), 1, "{covered:?}");
    }
}

#[test]
fn turns_go_on_through_week_53_and_the_new_year() {
    let roster = roster(&[(&DAYS, "08:00", "08:00", OnHolidays::Alike)]);
    let on = |at: &str| on_duty(&roster, &[], instant(at));
    for (at, member) in [
        ("2026-12-21T12:00:00Z", "a"),
        ("2026-12-28T12:00:00Z", "b"), // week 53
        ("2027-01-03T12:00:00Z", "b"),
        ("2027-01-04T06:59:00Z", "b"), // Monday before eight
        ("2027-01-04T07:00:00Z", "a"), // week 1
    ] {
        assert_eq!(on(at), [member], "{at}");
    }
}

#[test]
fn holidays_skip_some_shifts_and_call_for_others() {
    let roster = roster(&[(&DAYS, "08:00", "16:00", OnHolidays::Skip), (&DAYS, "10:00", "14:00", OnHolidays::Only)]);
    let day = |date: &str| shown(&roster, &format!("{date}T00:00:00Z"), &format!("{date}T23:00:00Z"));
    assert_eq!(day("2027-01-05")[0].1, "2027-01-05T07:00:00Z");
    assert_eq!(day("2027-01-06")[0].1, "2027-01-06T09:00:00Z", "trettondedag jul");
    assert_eq!(day("2027-03-28")[0].1, "2027-03-28T08:00:00Z", "Easter Sunday on the spring night");
}

#[test]
fn a_shift_over_midnight_is_that_of_the_day_it_begins_on_also_on_the_eve_of_a_holiday() {
    // Trettondedag jul 2027 is a Wednesday.
    let on = |rule, at: &str| {
        let roster = roster(&[(&DAYS, "22:00", "06:00", rule)]);
        !on_duty(&roster, &[], instant(at)).is_empty()
    };
    for (at, skip, only) in [
        ("2027-01-05T22:00:00Z", true, false), // the eve, before midnight
        ("2027-01-06T04:00:00Z", true, false), // the holiday's morning: the eve's shift
        ("2027-01-06T22:00:00Z", false, true), // the holiday's own night
        ("2027-01-07T04:00:00Z", false, true), // until the morning after
        ("2027-01-07T22:00:00Z", true, false),
    ] {
        assert_eq!((on(OnHolidays::Skip, at), on(OnHolidays::Only, at)), (skip, only), "{at}");
    }
}

#[test]
fn only_a_taken_swap_moves_and_it_moves_at_once() {
    let roster = roster(&[(&DAYS, "08:00", "08:00", OnHolidays::Alike)]);
    let during = Interval { from: instant("2026-01-06T12:00:00Z"), to: instant("2026-01-06T18:00:00Z") };
    let taken = [TakenSwap { during, giver: "a".to_owned(), taker: "b".to_owned() }];
    let on = |swaps: &[TakenSwap], at: &str| on_duty(&roster, swaps, instant(at));
    assert_eq!(on(&[], "2026-01-06T13:00:00Z"), ["a"]);
    for (at, member) in [("2026-01-06T11:59:59Z", "a"), ("2026-01-06T12:00:00Z", "b"), ("2026-01-06T18:00:00Z", "a")] {
        assert_eq!(on(&taken, at), [member], "{at}");
    }
}

#[test]
fn leave_leaves_a_gap_and_an_override_closes_or_opens_one() {
    let mut roster = roster(&[(&DAYS, "08:00", "08:00", OnHolidays::Alike)]);
    let (from, to) = (instant("2026-01-06T12:00:00Z"), instant("2026-01-06T18:00:00Z"));
    roster.leave.push(Leave { member: "a".to_owned(), from, to });
    assert_eq!(on_duty(&roster, &[], from), [""; 0]);
    assert_eq!(next_border(&roster, &[], from, 2), Some(to));
    let instead = |member: Option<&str>| Override {
        from,
        to,
        member: member.map(str::to_owned),
        reason: None,
        sealed_reason: None,
        masked: false,
    };
    roster.overrides.push(instead(Some("b")));
    assert_eq!(on_duty(&roster, &[], from), ["b"]);
    roster.overrides.push(instead(None));
    assert_eq!(on_duty(&roster, &[], from), [""; 0], "the later one outranks");
}

#[test]
fn an_empty_roster_staffs_nothing() {
    let mut roster = roster(&[(&DAYS, "08:00", "08:00", OnHolidays::Alike)]);
    roster.layers[0].crew.clear();
    assert!(shown(&roster, "2026-01-05T00:00:00Z", "2026-02-05T00:00:00Z").is_empty());
}
