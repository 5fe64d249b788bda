use super::*;
use crate::{
    hours::ClockTime,
    zone::{Zone, local_midnight},
};
use jiff::civil::date;

fn local(text: &str) -> Timestamp {
    Zone::stockholm().start(text.parse().unwrap())
}

/// Kontorstid that closes at another hour, from a date on.
fn closing_at(hour: u16, valid_from: Timestamp) -> OfficeHours {
    let mut hours = OfficeHours { valid_from, ..OfficeHours::central() };
    for span in &mut hours.weekly {
        span.to = ClockTime::new(hour, 0).unwrap();
    }
    hours
}

fn version(calendars: &Calendars, at: &str, known_at_position: u64) -> Option<u64> {
    calendars.in_force(local(at), known_at_position).map(|(_, version)| version)
}

#[test]
fn before_the_first_version_on_either_axis_there_is_none() {
    let mut calendars = Calendars::new();
    calendars.record(5, OfficeHours::central());
    assert_eq!(version(&calendars, "2026-11-23T09:00", 4), None);
    assert_eq!(version(&calendars, "2026-11-23T09:00", 5), Some(1));
    assert_eq!(version(&calendars, "1989-11-23T09:00", 5), None);
    assert_eq!(calendars.is_open(local("1989-11-23T09:00"), 5), None);
}

#[test]
fn the_latest_validity_at_the_instant_is_in_force_and_half_open() {
    let mut calendars = Calendars::new();
    calendars.record(1, OfficeHours::central());
    calendars.record(2, closing_at(18, local_midnight(date(2027, 1, 1))));
    assert_eq!(version(&calendars, "2026-12-31T23:59:59", 9), Some(1));
    assert_eq!(version(&calendars, "2027-01-01T00:00", 9), Some(2));
}

#[test]
fn a_version_recorded_later_for_an_earlier_time_does_not_touch_what_begins_after_it() {
    let mut calendars = Calendars::new();
    calendars.record(1, closing_at(18, local_midnight(date(2027, 1, 1))));
    calendars.record(2, OfficeHours::central());
    assert_eq!(version(&calendars, "2026-06-01T09:00", 9), Some(2));
    assert_eq!(version(&calendars, "2027-06-01T09:00", 9), Some(1));
}

#[test]
fn of_two_with_the_same_validity_the_one_recorded_last_holds() {
    let mut calendars = Calendars::new();
    calendars.record(1, OfficeHours::central());
    calendars.record(7, OfficeHours { name: "rättad".to_owned(), ..OfficeHours::central() });
    assert_eq!(version(&calendars, "2026-06-01T09:00", 6), Some(1));
    assert_eq!(version(&calendars, "2026-06-01T09:00", 7), Some(2));
}

#[test]
fn a_retroactive_change_leaves_the_answer_of_that_day() {
    let mut calendars = Calendars::new();
    calendars.record(1, OfficeHours::central());
    calendars.record(100, closing_at(18, local_midnight(date(2026, 1, 1))));
    let evening = local("2026-11-20T17:00");
    assert_eq!(calendars.is_open(evening, 99), Some(false));
    assert_eq!(calendars.is_open(evening, 100), Some(true));
}

#[test]
fn next_change_sees_the_border_between_versions() {
    let mut calendars = Calendars::new();
    calendars.record(1, OfficeHours::central());
    // From noon on a Friday the office is open until six, and from five that day until four.
    calendars.record(2, closing_at(18, local("2026-11-20T12:00")));
    calendars.record(3, closing_at(16, local("2026-11-20T17:00")));
    let morning = local("2026-11-20T09:00");
    assert_eq!(calendars.next_change(morning, 1), Some(local("2026-11-20T16:30")));
    assert_eq!(calendars.next_change(morning, 2), Some(local("2026-11-20T18:00")));
    assert_eq!(calendars.next_change(morning, 3), Some(local("2026-11-20T17:00")), "the border closes it");
    assert_eq!(calendars.next_change(local("2026-11-20T17:00"), 3), Some(local("2026-11-23T08:00")));
}

#[test]
fn the_beginning_of_the_first_version_is_a_change() {
    let mut calendars = Calendars::new();
    calendars.record(1, OfficeHours::central());
    assert_eq!(calendars.next_change(local("1980-01-01T00:00"), 1), Some(local_midnight(date(1990, 1, 1))));
    assert_eq!(calendars.next_change(local("1980-01-01T00:00"), 0), None);
}

#[test]
#[should_panic(expected = "out of log order")]
fn a_position_is_recorded_once() {
    let mut calendars = Calendars::new();
    calendars.record(1, OfficeHours::central());
    calendars.record(1, OfficeHours::central());
}
