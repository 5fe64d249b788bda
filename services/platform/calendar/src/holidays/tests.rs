use super::*;

mod oracles;

fn day_of(year: i16, wanted: Holiday) -> Option<Date> {
    public_holidays(year).into_iter().find_map(|(day, holiday)| (holiday == wanted).then_some(day))
}

#[test]
fn the_years_2026_to_2029_are_as_the_almanac_says() {
    for (year, easter, midsummer_eve, all_saints) in [
        (2026, date(2026, 4, 5), date(2026, 6, 19), date(2026, 10, 31)),
        (2027, date(2027, 3, 28), date(2027, 6, 25), date(2027, 11, 6)),
        (2028, date(2028, 4, 16), date(2028, 6, 23), date(2028, 11, 4)),
        (2029, date(2029, 4, 1), date(2029, 6, 22), date(2029, 11, 3)),
    ] {
        assert_eq!(day_of(year, Holiday::Paskdagen), Some(easter));
        assert_eq!(day_of(year, Holiday::Midsommarafton), Some(midsummer_eve));
        assert_eq!(day_of(year, Holiday::AllaHelgonsDag), Some(all_saints));
    }
}

#[test]
fn the_whole_year_2026_is_listed_in_date_order() {
    let expected = [
        (date(2026, 1, 1), "Nyårsdagen"),
        (date(2026, 1, 6), "Trettondedag jul"),
        (date(2026, 4, 3), "Långfredagen"),
        (date(2026, 4, 5), "Påskdagen"),
        (date(2026, 4, 6), "Annandag påsk"),
        (date(2026, 5, 1), "Första maj"),
        (date(2026, 5, 14), "Kristi himmelsfärdsdag"),
        (date(2026, 5, 24), "Pingstdagen"),
        (date(2026, 6, 6), "Nationaldagen"),
        (date(2026, 6, 19), "Midsommarafton"),
        (date(2026, 6, 20), "Midsommardagen"),
        (date(2026, 10, 31), "Alla helgons dag"),
        (date(2026, 12, 24), "Julafton"),
        (date(2026, 12, 25), "Juldagen"),
        (date(2026, 12, 26), "Annandag jul"),
        (date(2026, 12, 31), "Nyårsafton"),
    ];
    let listed: Vec<_> = public_holidays(2026).into_iter().map(|(day, holiday)| (day, holiday.name())).collect();
    assert_eq!(listed, expected);
}

#[test]
fn easter_falls_where_the_church_tables_put_it() {
    for easter in [
        date(1990, 4, 15),
        date(1995, 4, 16),
        date(2000, 4, 23),
        date(2005, 3, 27),
        date(2008, 3, 23),
        date(2010, 4, 4),
        date(2011, 4, 24),
        date(2019, 4, 21),
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2035, 3, 25),
        date(2038, 4, 25),
        date(2049, 4, 18),
        date(2050, 4, 10),
        date(2076, 4, 19),
        date(2100, 3, 28),
    ] {
        assert_eq!(easter_sunday(easter.year()), Some(easter));
    }
}

/// Gauss's rule for 1900-2199, with its two exceptions: another road to the same Sunday.
fn easter_by_gauss(year: i16) -> Date {
    let y = i32::from(year);
    let (m, n) = if y < 2100 { (24, 5) } else { (24, 6) };
    let d = (19 * (y % 19) + m) % 30;
    let e = (2 * (y % 4) + 4 * (y % 7) + 6 * d + n) % 7;
    let days = match (d, e) {
        (29, 6) => 28,
        (28, 6) if (11 * m + 11) % 30 < 19 => 27,
        _ => d + e,
    };
    date(year, 3, 22).saturating_add(days.days())
}

#[test]
fn easter_agrees_with_gauss_from_1990_to_2100() {
    for year in 1990..=2100 {
        assert_eq!(easter_sunday(year), Some(easter_by_gauss(year)), "{year}");
    }
}

#[test]
fn moving_days_keep_their_weekday_and_their_window() {
    for year in 1990..=2100 {
        for (day, holiday) in public_holidays(year) {
            match holiday {
                Holiday::Langfredagen | Holiday::Midsommarafton => assert_eq!(day.weekday(), Weekday::Friday),
                Holiday::KristiHimmelsfardsdag => assert_eq!(day.weekday(), Weekday::Thursday),
                Holiday::AnnandagPask | Holiday::AnnandagPingst => assert_eq!(day.weekday(), Weekday::Monday),
                Holiday::Paskdagen | Holiday::Pingstdagen => assert_eq!(day.weekday(), Weekday::Sunday),
                Holiday::Midsommardagen => {
                    assert_eq!(day.weekday(), Weekday::Saturday);
                    assert!((date(year, 6, 20)..=date(year, 6, 26)).contains(&day));
                }
                Holiday::AllaHelgonsDag => {
                    assert_eq!(day.weekday(), Weekday::Saturday);
                    assert!((date(year, 10, 31)..=date(year, 11, 6)).contains(&day));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_national_day_took_the_place_of_annandag_pingst_in_2005() {
    assert_eq!(day_of(2004, Holiday::AnnandagPingst), Some(date(2004, 5, 31)));
    assert_eq!(day_of(2004, Holiday::Nationaldagen), None);
    assert_eq!(day_of(2005, Holiday::AnnandagPingst), None);
    assert_eq!(day_of(2005, Holiday::Nationaldagen), Some(date(2005, 6, 6)));
    assert!(is_public_holiday(date(2004, 5, 31)));
    assert!(!is_public_holiday(date(2005, 5, 16)));
}

#[test]
fn a_date_can_carry_two_holidays_and_each_is_listed() {
    let both: Vec<_> = public_holidays(2008).into_iter().filter(|(day, _)| *day == date(2008, 5, 1)).collect();
    assert_eq!(both, [(date(2008, 5, 1), Holiday::ForstaMaj), (date(2008, 5, 1), Holiday::KristiHimmelsfardsdag)]);
    assert_eq!(holiday_on(date(2008, 5, 1)), Some(Holiday::ForstaMaj));
}

#[test]
fn only_the_three_eves_are_de_facto_and_the_law_does_not_count_them() {
    let eves: Vec<_> = public_holidays(2026).into_iter().filter(|(_, holiday)| holiday.de_facto()).collect();
    assert_eq!(eves.len(), 3);
    for (eve, _) in eves {
        assert!(!is_public_holiday(eve), "{eve}");
    }
    assert!(is_public_holiday(date(2028, 12, 24)), "a Sunday is a public holiday, julafton or not");
}

#[test]
fn sundays_are_public_holidays_and_saturdays_are_not() {
    assert!(is_sunday(date(2026, 11, 22)) && is_public_holiday(date(2026, 11, 22)));
    assert!(!is_sunday(date(2026, 11, 21)) && !is_public_holiday(date(2026, 11, 21)));
}

#[test]
fn a_year_that_no_calendar_has_gives_no_days_instead_of_a_panic() {
    assert!(public_holidays(i16::MAX).is_empty());
    assert!(public_holidays(i16::MIN).is_empty());
    assert_eq!(public_holidays(9999).len(), 16);
    assert_eq!(public_holidays(-9999).len(), 16);
}
