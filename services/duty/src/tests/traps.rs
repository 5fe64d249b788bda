//! Traps of time, as a table: when the responsible board is asked, and who holds what occurs at an instant.

use super::house::{House, instant};
use serde_json::{Value, json};

/// A night case opened at an instant: when the board is asked, by the central calendar.
fn asked_at(opened: &str) -> String {
    let mut house = House::at(opened);
    let incident = house.incident(None, &["jarva"], true);
    assert_eq!(house.cases(&incident)[0]["holder"]["id"], "socialnamnden", "{opened}");
    let announced = house.cases(&incident)[0]["nextOfferAt"].as_str().unwrap().to_owned();
    // A second before nothing is offered, and at the instant it is.
    let before = instant(&announced) - jiff::SignedDuration::from_secs(1);
    house.goes_on_until(&before.to_string());
    assert_eq!(house.cases(&incident)[0]["offer"], Value::Null, "{opened}: a second before");
    house.goes_on_until(&announced);
    let offer = &house.cases(&incident)[0]["offer"];
    assert_eq!((&offer["status"], &offer["offeredAt"]), (&json!("offered"), &json!(announced)), "{opened}");
    announced
}

#[test]
fn when_a_board_is_asked_after_a_night_as_a_table() {
    for (why, opened, asked) in [
        ("an ordinary night", "2026-11-19T22:00:00+01:00", "2026-11-20T08:00:00+01:00"),
        ("a minute before opening", "2026-11-20T07:59:00+01:00", "2026-11-20T08:00:00+01:00"),
        ("the closing minute", "2026-11-20T16:30:00+01:00", "2026-11-23T08:00:00+01:00"),
        (
            "the 23-hour night to Easter Day 2027, and Easter Monday",
            "2027-03-27T22:00:00+01:00",
            "2027-03-30T08:00:00+02:00",
        ),
        ("02:30 that never was", "2027-03-28T01:30:00Z", "2027-03-30T08:00:00+02:00"),
        ("the 25-hour night", "2026-10-24T22:00:00+02:00", "2026-10-26T08:00:00+01:00"),
        ("02:30 the first time", "2026-10-25T02:30:00+02:00", "2026-10-26T08:00:00+01:00"),
        ("02:30 the second time", "2026-10-25T02:30:00+01:00", "2026-10-26T08:00:00+01:00"),
        ("Christmas Eve on a Sunday", "2023-12-22T17:00:00+01:00", "2023-12-27T08:00:00+01:00"),
        ("the eve of midsommarafton", "2027-06-24T22:00:00+02:00", "2027-06-28T08:00:00+02:00"),
        ("the eve of trettondagen", "2027-01-05T22:00:00+01:00", "2027-01-07T08:00:00+01:00"),
        ("week 53 into week 1", "2026-12-30T22:00:00+01:00", "2027-01-04T08:00:00+01:00"),
        ("the leap day", "2028-02-28T22:00:00+01:00", "2028-02-29T08:00:00+01:00"),
    ] {
        assert_eq!(instant(&asked_at(opened)), instant(asked), "{why}");
    }
}

#[test]
fn an_office_that_opened_and_closed_while_nobody_was_there_is_asked_when_it_opens_again() {
    let mut house = House::at("2026-11-19T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    // Down from the evening before until the evening after.
    house.clock.set(instant("2026-11-20T17:00:00Z"));
    house.restarts();
    assert!(house.duty_is_due());
    house.fires();
    assert_eq!(house.cases(&incident)[0]["offer"], Value::Null, "a closed office is not asked");
    assert_eq!(
        house.duty.case_timers.next(),
        Some(instant("2026-11-23T07:00:00Z")),
        "and the wait goes on from now, without spinning"
    );
    house.goes_on_until("2026-11-23T07:00:00Z");
    assert_eq!(house.cases(&incident)[0]["offer"]["status"], "offered");
}

#[test]
fn an_offer_keeps_its_full_time_after_downtime() {
    let mut house = House::at("2026-11-19T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    // The office opened at 08:00; the service is back at 11:00.
    house.clock.set(instant("2026-11-20T10:00:00Z"));
    house.restarts();
    house.fires();
    let offer = house.cases(&incident)[0]["offer"].clone();
    assert_eq!(
        (&offer["offeredAt"], &offer["answerBy"]),
        (&json!("2026-11-20T10:00:00Z"), &json!("2026-11-20T10:30:00Z"))
    );
}

#[test]
fn the_2023_merger_at_midnight_with_an_open_case() {
    use narhet_proto::events::{Named, area::BoardDissolved};
    let mut house = House::at("2023-06-30T20:00:00Z");
    let incident = house.incident(None, &["vasterort"], true);
    house.act("take-over-case", "vasterort", &incident, json!({})).unwrap();
    house.area(
        &BoardDissolved {
            id: "vasterort".to_owned(),
            valid_to: instant("2023-06-30T22:00:00Z"),
            successor: Named::new("jarva", "Järva stadsdelsnämnd"),
            division_id: Some(super::house::DIVISION.to_owned()),
        },
        "board",
    );
    house.goes_on_until("2023-06-30T21:59:59Z");
    assert_eq!(house.cases(&incident)[0]["holder"]["id"], "vasterort", "the last second");
    house.goes_on_until("2023-06-30T22:00:00Z");
    let case = &house.cases(&incident)[0];
    assert_eq!(
        (&case["holder"]["id"], &case["responsibleBoard"]["id"]),
        (&json!("jarva"), &json!("jarva")),
        "midnight"
    );
}
