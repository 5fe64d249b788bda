//! Calendars: the central one decides the rule, a board's own when it is asked; what was known stays known.

use super::{
    NOON,
    house::{House, instant, principal},
    readiness::{function, put, roster, staffed},
};
use narhet_kernel::{Principal, Role};
use serde_json::{Value, json};

fn lead(board: &str) -> Principal {
    principal(&[Role::CrisisLead], Some(board))
}

/// A calendar that is open 10-12 on every weekday.
fn late_mornings(id: &str) -> Value {
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let weekly: Vec<Value> =
        weekdays.iter().map(|day| json!({ "weekday": day, "from": "10:00", "to": "12:00" })).collect();
    json!({ "id": id, "weekly": weekly, "validFrom": "2026-01-01T00:00:00+01:00", "source": "nämndens beslut" })
}

fn on_duty(house: &House, at: &str, known_at: Option<&str>) -> (String, bool) {
    let mut body = json!({ "lon": 17.9, "lat": 59.3, "occurredAt": at });
    if let Some(known_at) = known_at {
        body["knownAt"] = json!(known_at);
    }
    let answer = house.ask("duty", body).unwrap();
    (answer["holder"]["id"].as_str().unwrap().to_owned(), answer["officeOpen"] == true)
}

#[test]
fn a_boards_own_calendar_steers_when_it_is_asked_and_never_who_holds() {
    let mut house = House::at(NOON);
    house.command(&lead("jarva"), "record-calendar", late_mornings("jarva")).unwrap();
    house.goes_on_until("2026-11-20T21:00:00Z");
    assert_eq!(on_duty(&house, "2026-11-23T07:30:00Z", None), ("jarva".to_owned(), true), "the city's hours decide");
    let incident = house.incident(None, &["jarva"], true);
    house.goes_on_until("2026-11-23T08:59:59Z");
    assert_eq!(house.cases(&incident)[0]["offer"], Value::Null, "its own office is closed at eight");
    house.goes_on_until("2026-11-23T09:00:00Z");
    assert_eq!(house.cases(&incident)[0]["offer"]["status"], "offered");
}

#[test]
fn a_first_calendar_that_begins_later_leaves_the_hours_until_then() {
    let mut house = House::at("2026-11-19T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    let mut coming = late_mornings("jarva");
    coming["validFrom"] = json!("2026-11-23T00:00:00+01:00");
    house.command(&lead("jarva"), "record-calendar", coming).unwrap();
    assert_eq!(house.cases(&incident)[0]["nextOfferAt"], "2026-11-20T07:00:00Z", "by the city's until it begins");
    let range = json!({ "id": "jarva", "from": "2026-11-20T00:00:00Z", "to": "2026-11-24T00:00:00Z" });
    let open = json!([
        { "from": "2026-11-20T07:00:00Z", "to": "2026-11-20T15:30:00Z" },
        { "from": "2026-11-23T09:00:00Z", "to": "2026-11-23T11:00:00Z" },
    ]);
    assert_eq!(house.ask("calendar", range).unwrap()["open"], open);
    house.goes_on_until("2026-11-20T07:00:00Z");
    assert_eq!(house.cases(&incident)[0]["offer"]["status"], "offered");
}

#[test]
fn a_calendar_that_is_taken_away_leaves_the_citys_hours_and_what_was_known() {
    let mut house = House::at(NOON);
    house.command(&lead("jarva"), "record-calendar", late_mornings("jarva")).unwrap();
    let incident = house.incident(Some("2026-11-20T20:00:00Z"), &["jarva"], true);
    house.clock.set(instant("2026-11-20T21:00:00Z"));
    let gone = json!({ "id": "jarva" });
    let refused = |house: &mut House, who: &Principal, id: &str, seen| {
        house.command_at(who, "remove-calendar", json!({ "id": id }), seen).unwrap_err().code.status()
    };
    assert_eq!(refused(&mut house, &lead("bromma"), "jarva", Some(1)), 403);
    assert_eq!(refused(&mut house, &lead("jarva"), "jarva", Some(2)), 412);
    assert_eq!(refused(&mut house, &lead("kommunstyrelsen"), "kontorstid", Some(1)), 422);
    house.command_at(&lead("jarva"), "remove-calendar", gone, Some(1)).unwrap();
    assert_eq!(refused(&mut house, &lead("jarva"), "jarva", Some(1)), 404);
    assert_eq!(house.cases(&incident)[0]["nextOfferAt"], "2026-11-23T07:00:00Z");
    house.clock.set(instant("2026-11-20T22:00:00Z"));
    house.restarts();
    let monday = |known_at: Option<&str>| {
        let range = json!({
            "id": "jarva", "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z", "knownAt": known_at,
        });
        let calendar = house.ask("calendar", range).unwrap();
        (calendar["own"] == true, calendar["open"][0]["from"].as_str().unwrap().to_owned())
    };
    assert_eq!(monday(None), (false, "2026-11-23T07:00:00Z".to_owned()));
    assert_eq!(monday(Some("2026-11-20T21:30:00Z")), (false, "2026-11-23T07:00:00Z".to_owned()));
    assert_eq!(monday(Some("2026-11-20T20:59:59Z")), (true, "2026-11-23T09:00:00Z".to_owned()));
    let again = house.command(&lead("jarva"), "record-calendar", late_mornings("jarva")).unwrap();
    assert_eq!(again["version"], 2, "versions count on");
    assert_eq!(house.cases(&incident)[0]["nextOfferAt"], "2026-11-23T09:00:00Z");
}

#[test]
fn a_change_of_the_citys_hours_that_opens_a_hole_needs_its_name() {
    let mut house = House::at(NOON);
    // Järva is staffed in office hours only, and nobody at night.
    let mut by_day = roster("krisstod-jarva", None);
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    by_day["layers"][0]["shifts"] =
        json!([{ "weekdays": weekdays, "from": "08:00", "to": "16:30", "onHolidays": "alike" }]);
    put(&mut house, "jarva", "function", "krisstod-jarva", &function("https://larm.example/1")).unwrap();
    put(&mut house, "jarva", "roster", "krisstod-jarva", &by_day).unwrap();
    staffed(&mut house, "bromma", None);
    staffed(&mut house, "socialnamnden", None);
    house.goes_on_until(NOON);
    assert!(jarvas_holes(&house).is_empty());
    let weekly: Vec<Value> =
        weekdays.iter().map(|day| json!({ "weekday": day, "from": "08:00", "to": "17:00" })).collect();
    let mut longer = json!({
        "id": "kontorstid", "validFrom": "2026-11-27T00:00:00+01:00", "source": "beslut", "weekly": weekly,
    });
    let city = principal(&[Role::CitySecurity], None);
    let refused = house.command_at(&city, "record-calendar", longer.clone(), Some(1)).unwrap_err();
    assert_eq!((refused.code.status(), refused.rule.as_deref()), (422, Some("tackning")));
    assert!(refused.errors[0].detail.starts_with("jarva/2026-11-27T15:30:00Z/2026-11-27T16:00:00Z"), "{refused:?}");
    longer["accept"] = json!(["jarva/*"]);
    house.command_at(&city, "record-calendar", longer, Some(1)).unwrap();
    assert!(house.log.last().unwrap().data.get().contains(r#""accepted":["jarva/*"]"#));
    house.goes_on_until("2026-11-24T15:30:00Z");
    let warned = house.ask("alarms", json!({ "purpose": "gap" })).unwrap();
    assert_eq!(warned["items"][0]["hole"]["from"], "2026-11-27T15:30:00Z", "and it is warned of");
    // What else of the calendar is changed leaves the hours assumed or decided, as they were.
    let mut house = House::at(NOON);
    let patch = json!({ "id": "kontorstid", "merge": true, "deFactoHolidays": false });
    let patched = house.command_at(&city, "record-calendar", patch, Some(1)).unwrap();
    assert_eq!(patched["calendar"]["assumption"], true);
}

fn jarvas_holes(house: &House) -> Vec<Value> {
    let cover = house.ask("coverage", json!({})).unwrap();
    cover["holes"].as_array().unwrap().iter().filter(|hole| hole["area"]["id"] == "jarva").cloned().collect()
}

#[test]
fn hours_changed_while_a_case_waits_move_its_offer() {
    let mut house = House::at("2026-11-20T21:00:00Z");
    let incident = house.incident(None, &["jarva"], true);
    assert_eq!(house.cases(&incident)[0]["nextOfferAt"], "2026-11-23T07:00:00Z");
    house.command(&lead("jarva"), "record-calendar", late_mornings("jarva")).unwrap();
    assert_eq!(house.cases(&incident)[0]["nextOfferAt"], "2026-11-23T09:00:00Z");
}

#[test]
fn hours_changed_afterwards_leave_the_answer_of_that_day() {
    let mut house = House::at(NOON);
    let night = house.incident(Some("2026-11-20T06:30:00Z"), &["jarva"], true);
    assert_eq!(house.cases(&night)[0]["holder"]["id"], "socialnamnden", "half past seven is before opening");
    house.clock.set(instant("2026-11-25T11:00:00Z"));
    let whole = json!({
        "id": "kontorstid", "validFrom": "2026-11-16T00:00:00+01:00", "source": "beslut i efterhand",
        "weekly": [{ "weekday": "friday", "from": "07:00", "to": "16:30" }],
    });
    let city = principal(&[Role::CitySecurity], None);
    let refused = house.command(&city, "record-calendar", whole.clone()).unwrap_err();
    assert_eq!(refused.errors[0].parameter.as_deref(), Some("If-Match"));
    house.command_at(&city, "record-calendar", whole, Some(1)).unwrap();
    let at = "2026-11-20T06:30:00Z";
    assert_eq!(on_duty(&house, at, None), ("jarva".to_owned(), true), "as it is known now");
    assert_eq!(on_duty(&house, at, Some("2026-11-24T00:00:00Z")), ("socialnamnden".to_owned(), false), "as it was");
    assert_eq!(house.cases(&night)[0]["holder"]["id"], "socialnamnden", "the case stands as it was decided");
    house.restarts();
    assert_eq!(on_duty(&house, at, Some("2026-11-24T00:00:00Z")), ("socialnamnden".to_owned(), false));
}

#[test]
fn who_records_a_calendar_as_a_table() {
    for (roles, board, of, status) in [
        (&[Role::CrisisLead][..], Some("jarva"), "jarva", 200),
        (&[Role::Coordinator], Some("jarva"), "jarva", 200),
        (&[Role::DutyOfficer], Some("jarva"), "jarva", 403),
        (&[Role::CrisisLead], Some("bromma"), "jarva", 403),
        (&[Role::CitySecurity], None, "jarva", 403),
        (&[Role::CrisisLead], Some("kommunstyrelsen"), "jarva", 403),
        (&[Role::CitySecurity], None, "kontorstid", 200),
        (&[Role::CrisisLead], Some("kommunstyrelsen"), "kontorstid", 200),
        (&[Role::CrisisLead], Some("jarva"), "kontorstid", 403),
        (&[Role::Coordinator], Some("kommunstyrelsen"), "kontorstid", 403),
        (&[Role::CrisisLead], Some("jarva"), "ingen-namnd", 404),
    ] {
        let mut house = House::at(NOON);
        let seen = (of == "kontorstid").then_some(1);
        let answer = house.command_at(&principal(roles, board), "record-calendar", late_mornings(of), seen);
        let got = answer.as_ref().map_or_else(|problem| problem.code.status(), |_| 200);
        assert_eq!(got, status, "{roles:?} {board:?} of {of}: {answer:?}");
    }
}

#[test]
fn a_calendar_is_shown_with_its_intervals_and_versions() {
    let mut house = House::at(NOON);
    let range = json!({ "id": "jarva", "from": "2026-11-20T00:00:00Z", "to": "2026-11-24T00:00:00Z" });
    let city = house.ask("calendar", range.clone()).unwrap();
    assert_eq!((&city["own"], &city["id"]), (&json!(false), &json!("kontorstid")));
    let open = json!([
        { "from": "2026-11-20T07:00:00Z", "to": "2026-11-20T15:30:00Z" },
        { "from": "2026-11-23T07:00:00Z", "to": "2026-11-23T15:30:00Z" },
    ]);
    assert_eq!(city["open"], open);
    house.command(&lead("jarva"), "record-calendar", late_mornings("jarva")).unwrap();
    let half = json!([{ "date": "2026-11-23", "hours": [], "reason": "planeringsdag" }]);
    let patch = json!({ "id": "jarva", "merge": true, "exceptions": half });
    house.command_at(&lead("jarva"), "record-calendar", patch.clone(), Some(1)).unwrap();
    let stale = house.command_at(&lead("jarva"), "record-calendar", patch, Some(1)).unwrap_err();
    assert_eq!(stale.code.status(), 412);
    let own = house.ask("calendar", range).unwrap();
    assert_eq!(own["open"], json!([{ "from": "2026-11-20T09:00:00Z", "to": "2026-11-20T11:00:00Z" }]));
    assert_eq!(own["versions"].as_array().unwrap().len(), 2);
    assert_eq!(own["versions"][1]["calendar"]["exceptions"][0]["reason"], "planeringsdag");
}

#[test]
fn a_bad_calendar_is_refused_and_says_where() {
    let mut house = House::at(NOON);
    for (member, value, pointer) in [
        ("weekly", json!([{ "weekday": "monday", "from": "12:00", "to": "10:00" }]), "/weekly"),
        ("weekly", json!([]), "/weekly"),
        ("exceptions", json!([{ "date": "2026-11-23", "hours": [], "reason": "" }]), "/exceptions"),
        ("source", json!(" "), "/source"),
        ("validFrom", json!("i går"), ""),
    ] {
        let mut body = late_mornings("jarva");
        body[member] = value;
        let problem = house.command(&lead("jarva"), "record-calendar", body.clone()).unwrap_err();
        assert_eq!((problem.code.status(), problem.errors[0].pointer.as_deref()), (400, Some(pointer)), "{body}");
    }
}

#[test]
fn a_rehearsed_division_names_what_it_leaves_hanging() {
    let mut house = House::at("2026-11-20T21:00:00Z");
    house.command(&lead("jarva"), "record-calendar", late_mornings("jarva")).unwrap();
    house.incident(None, &["jarva"], true);
    let named = |id: &str| json!({ "id": id, "name": id });
    let question = json!({
        "validFrom": "2027-01-01T00:00:00Z",
        "ending": [{ "board": named("jarva"), "successor": named("vaster") }],
        "remaining": [named("bromma"), named("vaster")],
    });
    let answer = house.ask("dangling", question).unwrap();
    let rows: Vec<(&str, &str, Option<&str>)> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["kind"].as_str().unwrap(), one["board"]["id"].as_str().unwrap(), one["passesTo"]["id"].as_str())
        })
        .collect();
    let expected = [
        ("support-case", "jarva", Some("vaster")),
        ("calendar", "jarva", None),
        ("calendar", "vaster", None),
        ("roster", "bromma", None),
        ("roster", "vaster", None),
    ];
    assert_eq!(rows, expected);
}
