use super::*;

mod by_the_minute;

/// A wall clock time in Stockholm, as it is written there: "2026-11-20T20:00".
fn local(text: &str) -> Timestamp {
    Zone::stockholm().start(text.parse().unwrap())
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn time(text: &str) -> ClockTime {
    ClockTime::parse(text).unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span { from: time(from), to: time(to) }
}

fn exception(date: Date, hours: &[Span], reason: &str) -> Exception {
    Exception { date, hours: hours.to_vec(), reason: reason.to_owned() }
}

/// Every day of the week alike, holidays or not.
fn every_day(spans: &[Span]) -> OfficeHours {
    let weekly = Weekday::ALL
        .into_iter()
        .flat_map(|weekday| spans.iter().map(move |span| WeeklyHours { weekday, from: span.from, to: span.to }))
        .collect();
    OfficeHours { weekly, public_holidays: HolidayRule::None, ..OfficeHours::central() }
}

fn why(at: &str) -> String {
    OfficeHours::central().why_closed(local(at)).map_or("öppet".to_owned(), |because| because.to_string())
}

#[test]
fn the_day_opens_at_eight_and_closes_at_half_past_four() {
    let hours = OfficeHours::central();
    for (at, open) in [
        ("2026-11-23T07:59:59.999999", false),
        ("2026-11-23T07:59", false),
        ("2026-11-23T08:00", true),
        ("2026-11-23T16:29", true),
        ("2026-11-23T16:29:59.999999", true),
        ("2026-11-23T16:30", false),
    ] {
        assert_eq!(hours.is_open(local(at)), open, "{at}");
    }
}

#[test]
fn a_friday_evening_waits_for_monday_morning() {
    let hours = OfficeHours::central();
    let evening = instant("2026-11-20T20:00:00+01:00");
    assert!(!hours.is_open(evening));
    assert_eq!(hours.next_opening(evening), Some(instant("2026-11-23T08:00:00+01:00")));
    assert_eq!(hours.next_change(evening), Some(instant("2026-11-23T08:00:00+01:00")));
}

#[test]
fn why_an_office_is_closed_is_said_in_swedish() {
    for (at, text) in [
        ("2026-11-20T12:00", "öppet"),
        ("2026-11-20T20:00", "utanför kontorstid 08:00-16:30"),
        ("2026-11-20T03:00", "utanför kontorstid 08:00-16:30"),
        ("2026-11-21T12:00", "Lördag är inte arbetsdag"),
        ("2026-11-22T12:00", "Söndag är inte arbetsdag"),
        // Christmas Eve on a Thursday in 2026, on a Sunday in 2028.
        ("2026-12-24T13:00", "Julafton är inte arbetsdag"),
        ("2028-12-24T13:00", "Julafton är inte arbetsdag"),
        ("2026-12-25T13:00", "Juldagen är allmän helgdag"),
        ("2026-12-31T13:00", "Nyårsafton är inte arbetsdag"),
        ("2026-06-19T10:00", "Midsommarafton är inte arbetsdag"),
        ("2026-10-31T10:00", "Alla helgons dag är allmän helgdag"),
        // 6 June on a Saturday, on a Sunday, on a Tuesday.
        ("2026-06-06T10:00", "Nationaldagen är allmän helgdag"),
        ("2027-06-06T10:00", "Nationaldagen är allmän helgdag"),
        ("2028-06-06T10:00", "Nationaldagen är allmän helgdag"),
        // Easter Sunday in the spring night's day.
        ("2027-03-28T10:00", "Påskdagen är allmän helgdag"),
        ("2027-03-29T10:00", "Annandag påsk är allmän helgdag"),
        ("2026-05-14T10:00", "Kristi himmelsfärdsdag är allmän helgdag"),
    ] {
        assert_eq!(why(at), text, "{at}");
    }
}

#[test]
fn a_holiday_on_a_weekend_gives_no_day_off_in_the_week_beside_it() {
    let hours = OfficeHours::central();
    for at in ["2026-06-05T10:00", "2027-06-07T10:00", "2026-11-02T10:00", "2028-12-22T13:00"] {
        assert!(hours.is_open(local(at)), "{at}");
    }
}

#[test]
fn easter_2027_with_its_short_night_is_four_closed_days() {
    let hours = OfficeHours::central();
    let closing = local("2027-03-25T16:30");
    assert_eq!(closing, instant("2027-03-25T15:30:00Z"));
    assert_eq!(hours.next_change(closing), Some(instant("2027-03-30T06:00:00Z")));
    // Four nights and a morning are 111.5 hours on the wall and one less in fact.
    assert_eq!(instant("2027-03-30T06:00:00Z").duration_since(closing).as_mins(), 111 * 60 + 30 - 60);
}

#[test]
fn week_fifty_three_opens_for_three_days() {
    let hours = OfficeHours::central();
    assert_eq!(date(2026, 12, 28).iso_week_date().week(), 53);
    let open = hours.open_intervals(local("2026-12-28T00:00"), local("2027-01-04T00:00"));
    let expected: Vec<_> = ["2026-12-28", "2026-12-29", "2026-12-30"]
        .iter()
        .map(|day| (local(&format!("{day}T08:00")), local(&format!("{day}T16:30"))))
        .collect();
    assert_eq!(open, expected);
    assert!(hours.is_open(local("2027-01-04T08:00")));
}

#[test]
fn a_long_christmas_is_one_step_of_next_change() {
    let hours = OfficeHours::central();
    for (closing, opening) in [
        ("2026-12-23T16:30", "2026-12-28T08:00"),
        ("2026-12-30T16:30", "2027-01-04T08:00"),
        ("2027-12-23T16:30", "2027-12-27T08:00"),
        ("2028-12-22T16:30", "2028-12-27T08:00"),
        ("2029-12-21T16:30", "2029-12-27T08:00"),
    ] {
        let closing = local(closing);
        assert!(hours.is_open(closing - jiff::SignedDuration::from_micros(1)));
        assert_eq!(hours.next_change(closing), Some(local(opening)), "{closing}");
        assert_eq!(hours.next_opening(closing - jiff::SignedDuration::from_mins(60)), Some(local(opening)));
    }
}

#[test]
fn an_exception_replaces_the_day_whether_it_shortens_closes_or_opens_it() {
    let half_day = date(2026, 4, 30);
    let squeezed = date(2026, 5, 15);
    let hours = OfficeHours {
        exceptions: vec![
            exception(half_day, &[span("08:00", "12:00")], "kortare dag på valborg"),
            exception(squeezed, &[], "klämdag"),
            exception(date(2026, 12, 24), &[span("10:00", "14:00")], "öppet på julafton"),
        ],
        ..OfficeHours::central()
    };
    assert_eq!(hours.validate(), Ok(()));
    for (at, open) in [
        ("2026-04-30T11:59", true),
        ("2026-04-30T12:00", false),
        ("2026-05-15T10:00", false),
        ("2026-12-24T09:59", false),
        ("2026-12-24T13:00", true),
    ] {
        assert_eq!(hours.is_open(local(at)), open, "{at}");
    }
    let text = |at| hours.why_closed(local(at)).unwrap().to_string();
    assert_eq!(
        text("2026-04-30T13:00"),
        "utanför kontorstid 08:00-12:00 som gäller 2026-04-30: kortare dag på valborg"
    );
    assert_eq!(text("2026-05-15T10:00"), "stängt 2026-05-15: klämdag");
    assert_eq!(hours.next_change(local("2026-04-30T11:00")), Some(local("2026-04-30T12:00")));
}

#[test]
fn without_the_eves_only_the_law_closes() {
    let hours = OfficeHours { de_facto_holidays: false, ..OfficeHours::central() };
    assert!(hours.is_open(local("2026-12-24T13:00")));
    assert!(!hours.is_open(local("2026-12-25T13:00")));
}

#[test]
fn a_calendar_that_lists_sunday_hours_means_them_but_named_days_stay_closed() {
    let hours = OfficeHours { public_holidays: HolidayRule::Se1989_253, ..every_day(&[span("12:00", "21:00")]) };
    assert!(hours.is_open(local("2026-11-22T13:00")));
    assert!(!hours.is_open(local("2027-03-28T13:00")), "påskdagen");
}

#[test]
fn a_lunch_break_is_two_spans_in_any_order_and_touching_spans_are_one() {
    let lunch = every_day(&[span("13:00", "16:30"), span("08:00", "12:00")]);
    let because = lunch.why_closed(local("2026-11-23T12:30")).unwrap();
    assert_eq!(because.to_string(), "utanför kontorstid 08:00-12:00 och 13:00-16:30");
    assert_eq!(lunch.next_change(local("2026-11-23T09:00")), Some(local("2026-11-23T12:00")));
    let touching = every_day(&[span("08:00", "12:00"), span("12:00", "16:30")]);
    assert_eq!(touching.next_change(local("2026-11-23T09:00")), Some(local("2026-11-23T16:30")));
}

#[test]
fn round_the_clock_never_changes_and_never_closes() {
    let hours = every_day(&[span("00:00", "24:00")]);
    assert_eq!(hours.validate(), Ok(()));
    let at = local("2026-11-23T09:00");
    assert!(hours.is_open(at) && hours.is_open(local("2026-11-24T00:00")));
    assert_eq!(hours.next_change(at), None);
    assert_eq!(hours.next_opening(at), None);
    let (from, to) = (local("2026-10-20T00:00"), local("2026-11-20T00:00"));
    assert_eq!(hours.open_intervals(from, to), [(from, to)]);
}

#[test]
fn hours_over_midnight_are_two_spans_that_make_one_interval() {
    let nights = every_day(&[span("00:00", "06:00"), span("22:00", "24:00")]);
    let evening = local("2026-12-23T22:00");
    assert_eq!(nights.next_change(evening), Some(local("2026-12-24T06:00")));
    for (night, hours) in [("2027-03-27T22:00", 7), ("2026-10-24T22:00", 9), ("2026-12-23T22:00", 8)] {
        let end = nights.next_change(local(night)).unwrap();
        assert_eq!(end.duration_since(local(night)).as_hours(), hours, "{night}");
    }
}

#[test]
fn hours_that_touch_in_the_repeated_hour_overlap_and_never_gap() {
    let early = every_day(&[span("00:00", "02:30")]);
    let late = every_day(&[span("02:30", "05:00")]);
    let (from, to) = (local("2026-10-25T00:00"), local("2026-10-25T05:00"));
    let (first, second) = (instant("2026-10-25T00:30:00Z"), instant("2026-10-25T01:30:00Z"));
    assert_eq!(early.open_intervals(from, to), [(from, second)]);
    assert_eq!(late.open_intervals(from, to), [(first, to)]);
    assert!(early.is_open(first) && late.is_open(first));
    // The spring night: both meet where the clocks jump.
    let (from, to) = (local("2027-03-28T00:00"), local("2027-03-28T05:00"));
    let jump = instant("2027-03-28T01:00:00Z");
    assert_eq!(early.open_intervals(from, to), [(from, jump)]);
    assert_eq!(late.open_intervals(from, to), [(jump, to)]);
    let skipped = every_day(&[span("02:00", "03:00")]);
    assert_eq!(skipped.open_intervals(from, to), []);
}

#[test]
fn open_intervals_are_cut_at_both_ends_and_an_empty_range_has_none() {
    let hours = OfficeHours::central();
    let (from, to) = (local("2026-11-20T10:00"), local("2026-11-23T09:00"));
    assert_eq!(hours.open_intervals(from, to), [(from, local("2026-11-20T16:30")), (local("2026-11-23T08:00"), to)]);
    assert_eq!(hours.open_intervals(from, from), []);
    assert_eq!(hours.open_intervals(to, from), []);
}

#[test]
fn an_answer_about_the_ends_of_time_does_not_fail() {
    let hours = OfficeHours::central();
    for at in [Timestamp::MIN, Timestamp::MAX] {
        let open = hours.is_open(at);
        assert_eq!(hours.why_closed(at).is_none(), open);
        let _ = (hours.next_change(at), hours.next_opening(at));
    }
    let decade = hours.open_intervals(Timestamp::MIN, Timestamp::MAX);
    assert!(decade.len() < usize::try_from(OPEN_INTERVALS_DAYS_MAX).unwrap());
}

#[test]
fn what_does_not_happen_within_the_search_is_none() {
    let once = OfficeHours {
        weekly: Vec::new(),
        exceptions: vec![exception(date(2026, 11, 23), &[span("08:00", "12:00")], "öppet en dag")],
        ..OfficeHours::central()
    };
    assert_eq!(once.validate(), Ok(()));
    assert_eq!(once.next_change(local("2026-11-23T12:00")), None);
    assert_eq!(once.next_opening(local("2025-11-23T12:00")), Some(local("2026-11-23T08:00")));
    assert_eq!(once.next_opening(local("2025-06-01T12:00")), None, "more than 400 days ahead");
}

#[test]
fn the_stored_form_reads_as_written_and_keeps_every_field() {
    let stored = r#"{"id":"jarva","name":"Järva","zone":"Europe/Stockholm","weekly":[{"weekday":"monday","from":"08:00","to":"16:30"}],"publicHolidays":"SE-1989:253","deFactoHolidays":true,"exceptions":[{"date":"2026-04-30","hours":[{"from":"08:00","to":"12:00"}],"reason":"valborg"},{"date":"2026-05-15","hours":[],"reason":"klämdag"}],"validFrom":"2023-06-30T22:00:00Z","source":"beslut","assumption":false}"#;
    let hours: OfficeHours = serde_json::from_str(stored).unwrap();
    assert_eq!(hours.validate(), Ok(()));
    assert_eq!(hours.valid_from, local_midnight(date(2023, 7, 1)));
    assert_eq!(serde_json::to_string(&hours).unwrap(), stored);
}

#[test]
fn the_stored_form_refuses_what_it_does_not_know() {
    let good = serde_json::to_string(&OfficeHours::central()).unwrap();
    for (part, wrong) in [
        ("SE-1989:253", "NO-1947"),
        ("Europe/Stockholm", "Europe/Stokholm"),
        ("\"08:00\"", "\"8\""),
        ("monday", "måndag"),
        ("1989-12-31T23:00:00Z", "1989-12-31"),
    ] {
        assert!(good.contains(part), "{part}");
        assert!(serde_json::from_str::<OfficeHours>(&good.replace(part, wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn the_central_calendar_is_an_assumption_that_says_so() {
    let hours = OfficeHours::central();
    assert_eq!(hours.validate(), Ok(()));
    assert!(hours.assumption && hours.source.contains("ASSUMPTION 08:00-16:30"), "{}", hours.source);
}

#[test]
fn nonsense_is_refused_with_its_facts() {
    let central = OfficeHours::central;
    let day = date(2026, 4, 30);
    let long = "å".repeat(TEXT_BYTES_MAX);
    let overlap = [span("08:00", "12:00"), span("11:00", "13:00")];
    for (hours, error) in [
        (OfficeHours { id: "Järva".into(), ..central() }, CalendarError::IdIsNotASlug("Järva".into())),
        (OfficeHours { name: " ".into(), ..central() }, CalendarError::TextIsEmpty { field: "name" }),
        (OfficeHours { source: long, ..central() }, CalendarError::TextIsTooLong { field: "source", bytes: 800 }),
        (OfficeHours { weekly: Vec::new(), ..central() }, CalendarError::NeverOpen),
        (
            every_day(&[span("22:00", "06:00")]),
            CalendarError::SpanIsNotForward { day: "måndag".into(), span: span("22:00", "06:00") },
        ),
        (
            every_day(&overlap),
            CalendarError::SpansOverlap { day: "måndag".into(), earlier: overlap[0], later: overlap[1] },
        ),
        (every_day(&[span("08:00", "09:00"); 5]), CalendarError::TooManySpans { day: "måndag".into(), count: 5 }),
        (
            OfficeHours { exceptions: vec![exception(day, &[], "a"), exception(day, &[], "b")], ..central() },
            CalendarError::ExceptionTwice { date: day },
        ),
        (
            OfficeHours { exceptions: vec![exception(day, &[], "")], ..central() },
            CalendarError::TextIsEmpty { field: "reason" },
        ),
        (
            OfficeHours { exceptions: vec![exception(day, &[], "a"); 501], ..central() },
            CalendarError::TooManyExceptions { count: 501 },
        ),
    ] {
        assert_eq!(hours.validate(), Err(error));
    }
}
