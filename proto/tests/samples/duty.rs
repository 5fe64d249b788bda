//! Samples of what the context `duty` records.

use super::{Sample, at, jarva, named, pair, principal_seen, sealed, subject_forgotten, text};
use narhet_calendar::{ClockTime, Exception, HolidayRule, OfficeHours, Span, Weekday, WeeklyHours, Zone};
use narhet_proto::{
    codes::AffectedBasis,
    events::{
        Why,
        duty::{CalendarRecorded, FunctionAlarmed, SupportCaseOpened},
    },
};

const CASE: &str = "5f0c6a52-9d1e-8000-8000-00000000c001";
const INCIDENT: &str = "019aa2c0-5a00-7000-8000-000000001001";

pub fn samples() -> Vec<Vec<Sample>> {
    vec![
        calendar_recorded(),
        support_case_opened(),
        function_alarmed(),
        principal_seen::<1>(),
        subject_forgotten::<1>(),
    ]
}

fn calendar_recorded() -> Vec<Sample> {
    let full = OfficeHours {
        id: text("kontorstid"),
        name: text("Kontorstid, Stockholms stad"),
        zone: Zone::stockholm(),
        weekly: vec![WeeklyHours { weekday: Weekday::Monday, from: clock("08:00"), to: clock("16:30") }],
        public_holidays: HolidayRule::Se1989_253,
        de_facto_holidays: true,
        exceptions: vec![Exception {
            date: "2026-05-13".parse().expect("a date"),
            hours: vec![Span { from: clock("08:00"), to: clock("12:00") }],
            reason: text("kortare dag före Kristi himmelsfärdsdag"),
        }],
        valid_from: at("1989-12-31T23:00:00Z"),
        source: text("ASSUMPTION 08:00-16:30 på arbetsdagar"),
        assumption: true,
    };
    let least = OfficeHours {
        id: text("socialjouren"),
        name: text("Socialjouren"),
        zone: Zone::stockholm(),
        weekly: vec![],
        public_holidays: HolidayRule::None,
        de_facto_holidays: false,
        exceptions: vec![],
        valid_from: at("2026-01-01T00:00:00.5Z"),
        source: text("nämndens beslut"),
        assumption: false,
    };
    pair(
        "calendar",
        "kontorstid",
        CalendarRecorded { calendar: full, accepted: vec![text("jarva/now/onwards")] },
        CalendarRecorded { calendar: least, accepted: vec![] },
    )
}

fn support_case_opened() -> Vec<Sample> {
    let full = SupportCaseOpened {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        responsible_board: Some(jarva()),
        holder: named("socialnamnden", "Socialnämnden"),
        occurred_at: at("2026-11-20T19:00:00.123456Z"),
        office_open: true,
        why: vec![
            Why {
                rule: text("krisstod/2020"),
                source: text("Säkerhetsprogram 2020-2023, avsnittet Krisberedskap"),
                text: text("Utanför kontorstid håller socialnämnden krisstödet."),
                event_ids: vec![text(INCIDENT)],
                assumption: true,
                area_version: Some(text("01977420-9c00-7000-8000-00000000d001")),
                calendar_version: Some(text("1")),
            },
            Why {
                rule: text("krisstod/2020"),
                source: text("Säkerhetsprogram 2020-2023"),
                text: text("Platsen är okänd."),
                event_ids: vec![],
                assumption: false,
                area_version: None,
                calendar_version: None,
            },
        ],
        exercise: true,
        area: Some(named("jarva", "Järva")),
        basis: Some(AffectedBasis::Named),
        reason: Some(sealed("reason")),
        masked: true,
    };
    let least = SupportCaseOpened {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        responsible_board: None,
        holder: named("socialnamnden", "Socialnämnden"),
        occurred_at: at("2026-11-20T19:00:00Z"),
        office_open: false,
        why: vec![],
        exercise: false,
        area: None,
        basis: None,
        reason: None,
        masked: false,
    };
    pair("support-case", CASE, full, least)
}

fn function_alarmed() -> Vec<Sample> {
    let alarmed = || FunctionAlarmed {
        case_id: text(CASE),
        incident_id: text(INCIDENT),
        function: text("city-tib"),
        board: named("kommunstyrelsen", "Kommunstyrelsen"),
        task: text("place-the-case"),
    };
    pair("support-case", CASE, alarmed(), alarmed())
}

fn clock(text: &str) -> ClockTime {
    ClockTime::parse(text).expect("samples are written with valid times")
}
