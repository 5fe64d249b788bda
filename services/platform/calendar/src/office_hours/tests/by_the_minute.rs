//! Brute force: what asking again and again would find.

use super::*;

/// Kontorstid by hand: the wall clock and a list of the days off in 2027, without any of the code under test.
fn open_by_hand(at: Timestamp) -> bool {
    const WEEKDAYS_OFF: [(i8, i8); 12] = [
        (1, 1),
        (1, 6),
        (3, 26),
        (3, 29),
        (5, 6),
        (6, 25),
        (12, 24),
        (12, 31),
        // At the weekend in 2027, listed all the same.
        (5, 1),
        (6, 6),
        (12, 25),
        (12, 26),
    ];
    let wall = Zone::stockholm().wall(at);
    let minutes = i32::from(wall.hour()) * 60 + i32::from(wall.minute());
    wall.weekday().to_monday_one_offset() <= 5
        && (480..990).contains(&minutes)
        && !WEEKDAYS_OFF.contains(&(wall.month(), wall.day()))
}

/// Asks every minute, and at each change and now and then between whether `next_change` and `open_intervals` agree.
fn check(hours: &OfficeHours, from: &str, to: &str, by_hand: Option<fn(Timestamp) -> bool>) {
    let (from, to) = (local(from), local(to));
    let minute = jiff::SignedDuration::from_mins(1);
    let intervals = hours.open_intervals(from, to);
    let mut at = from;
    let mut open = hours.is_open(from);
    let mut expected = hours.next_change(from);
    let mut changes = Vec::new();
    while at < to {
        let now_open = hours.is_open(at);
        if let Some(by_hand) = by_hand {
            assert_eq!(now_open, by_hand(at), "{at}");
        }
        if now_open != open {
            assert_eq!(expected, Some(at), "the change that was foretold");
            changes.push(at);
            (open, expected) = (now_open, hours.next_change(at));
        } else if at.as_second() % (7 * 3_600) == 0 {
            assert_eq!(hours.next_change(at), expected, "{at}");
        }
        at += minute;
    }
    let borders: Vec<_> = intervals.iter().flat_map(|(start, end)| [*start, *end]).collect();
    let inner: Vec<_> = borders.into_iter().filter(|border| *border > from && *border < to).collect();
    assert_eq!(inner, changes);
}

#[test]
fn next_change_is_what_asking_every_minute_finds() {
    check(&OfficeHours::central(), "2027-01-01T00:00", "2028-01-01T00:00", Some(open_by_hand));
}

#[test]
fn next_change_is_what_asking_every_minute_finds_for_hours_in_the_changing_nights() {
    let nights = every_day(&[span("00:30", "02:15"), span("02:45", "03:30"), span("22:00", "24:00")]);
    for (from, to) in [("2027-03-20T00:00", "2027-04-05T00:00"), ("2027-10-23T00:00", "2027-11-08T00:00")] {
        check(&nights, from, to, None);
    }
}
