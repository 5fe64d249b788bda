//! The proof of cover against brute force: the house is asked who holds and who is on duty, instant by instant.

use super::{
    house::{House, instant, principal},
    readiness::{dissolved, function, put, roster},
};
use crate::domain::escalation::Staffing;
use narhet_kernel::{Role, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const FROM: &str = "2027-03-19T00:00:00Z";
const TO: &str = "2027-04-08T00:00:00Z";
/// West and east of the border that the areas have until they are one.
const PLACES: [f64; 2] = [17.9, 18.1];

#[derive(Clone, Debug)]
struct Crew {
    board: &'static str,
    from: &'static str,
    to: &'static str,
    on_holidays: &'static str,
    valid_to: Option<&'static str>,
    /// Nobody is on duty for so many hours from this one of the range on.
    nobody: (i64, i64),
    outward: bool,
}

fn crews() -> impl Strategy<Value = Vec<Crew>> {
    let one = |board| {
        (
            prop::sample::select(vec![("08:00", "08:00"), ("22:00", "06:00"), ("08:00", "16:30"), ("02:30", "03:30")]),
            prop::sample::select(vec!["alike", "skip", "only"]),
            prop::sample::select(vec![None, Some("2027-03-28T01:30:00Z"), Some("2027-04-02T12:00:00Z")]),
            (0..400i64, 0..60i64),
            prop::bool::weighted(0.8),
        )
            .prop_map(move |((from, to), on_holidays, valid_to, nobody, outward)| Crew {
                board,
                from,
                to,
                on_holidays,
                valid_to,
                nobody,
                outward,
            })
    };
    let boards = ["jarva", "bromma", "vaster", "socialnamnden", "jarva", "socialnamnden"];
    let each: Vec<_> = boards.into_iter().map(|board| prop::option::weighted(0.8, one(board))).collect();
    each.prop_map(|crews| crews.into_iter().flatten().collect())
}

fn hours_on(from: &str, hours: i64) -> Timestamp {
    crate::domain::roster::after_hours(instant(from), hours)
}

fn kept(house: &mut House, number: usize, crew: &Crew) {
    let id = format!("krisstod-{}-{number}", crew.board);
    let mut way = function("https://larm.example/1");
    if !crew.outward {
        way["contactWays"] = json!([{ "channel": "exercise", "address": "x" }]);
    }
    put(house, crew.board, "function", &id, &way).unwrap();
    let mut roster = roster(&id, crew.valid_to);
    let shift = &mut roster["layers"][0]["shifts"][0];
    shift["from"] = json!(crew.from);
    shift["to"] = json!(crew.to);
    shift["onHolidays"] = json!(crew.on_holidays);
    let (from, hours) = crew.nobody;
    if hours > 0 {
        let (from, to) = (hours_on(FROM, from), hours_on(FROM, from + hours));
        roster["overrides"] = json!([{ "from": from, "to": to, "reason": "prov" }]);
    }
    roster["accept"] = json!(["jarva/*", "bromma/*", "vaster/*"]);
    put(house, crew.board, "roster", &id, &roster).unwrap();
}

/// A house where Järva and Bromma become one board at midnight before the clocks go forward on Easter Day, and where the city
/// opens at seven from a day on.
fn house(crews: &[Crew], opens_earlier: bool) -> House {
    let mut house = House::at("2026-11-20T11:00:00Z");
    house.establishes("vaster", "indelning-2027");
    dissolved(&mut house, "jarva", "2027-03-27T23:00:00Z", "vaster");
    dissolved(&mut house, "bromma", "2027-03-27T23:00:00Z", "vaster");
    for (number, crew) in crews.iter().enumerate() {
        kept(&mut house, number, crew);
    }
    if opens_earlier {
        let weekly: Vec<Value> = ["monday", "tuesday", "wednesday", "thursday", "friday"]
            .iter()
            .map(|day| json!({ "weekday": day, "from": "07:00", "to": "16:30" }))
            .collect();
        let calendar = json!({
            "id": "kontorstid", "validFrom": "2027-03-24T00:00:00+01:00", "source": "prov", "weekly": weekly,
            "accept": ["jarva/*", "bromma/*", "vaster/*"],
        });
        house.command_at(&principal(&[Role::CitySecurity], None), "record-calendar", calendar, Some(1)).unwrap();
    }
    house
}

/// Every instant at which anything may change, and those beside it.
fn instants(house: &House, crews: &[Crew], holes: &[Value]) -> Vec<Timestamp> {
    let (from, to) = (instant(FROM), instant(TO));
    let mut borders: Vec<Timestamp> = vec![from, to, instant("2027-03-27T23:00:00Z"), instant("2027-03-28T01:00:00Z")];
    borders.extend(holes.iter().flat_map(|hole| [&hole["from"], &hole["to"]]).map(|at| instant(at.as_str().unwrap())));
    let mut cursor = from;
    while let Some(change) = house.duty.offices.central().next_change(cursor, crate::office::NOW).filter(|at| *at < to)
    {
        borders.push(change);
        cursor = change;
    }
    for (number, crew) in crews.iter().enumerate() {
        let function = format!("krisstod-{}-{number}", crew.board);
        let mut cursor = from;
        while let Some(border) = house.duty.readiness.next_border(&function, cursor).filter(|at| *at < to) {
            borders.push(border);
            cursor = border;
        }
    }
    let second = jiff::SignedDuration::from_secs(1);
    let mut around: Vec<Timestamp> = borders.into_iter().flat_map(|at| [at - second, at, at + second]).collect();
    around.retain(|at| (from..to).contains(at));
    around.sort_unstable();
    around.dedup();
    around
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn cover_of_real_calendars_rosters_and_a_merger_equals_asking_the_house(crews in crews(), opens_earlier in any::<bool>()) {
        let house = house(&crews, opens_earlier);
        let cover = house.ask("coverage", json!({ "from": FROM, "to": TO })).unwrap();
        let holes = cover["holes"].as_array().unwrap();
        prop_assert_eq!(holes.len() as u64, cover["holesTotal"].as_u64().unwrap());
        let reached = |board: &str, at: Timestamp| {
            crews.iter().enumerate().filter(|(_, crew)| crew.board == board && crew.outward).any(|(number, crew)| {
                !house.duty.readiness.on_duty(&format!("krisstod-{}-{number}", crew.board), at).is_empty()
            })
        };
        for at in instants(&house, &crews, holes) {
            let of_instant = |hole: &&Value| {
                instant(hole["from"].as_str().unwrap()) <= at && at < instant(hole["to"].as_str().unwrap())
            };
            let mut wanted: Vec<(String, String)> = Vec::new();
            for lon in PLACES {
                let answer = house.ask("duty", json!({ "lon": lon, "lat": 59.3, "occurredAt": at })).unwrap();
                let id = |member: &str| answer[member]["id"].as_str().unwrap().to_owned();
                let (area, holder) = (id("responsibleBoard"), id("holder"));
                if !reached(&holder, at) {
                    wanted.push((area, holder));
                }
            }
            wanted.sort();
            wanted.dedup();
            let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
            let mut found: Vec<_> =
                holes.iter().filter(of_instant).map(|hole| (id(&hole["area"]), id(&hole["board"]))).collect();
            found.sort();
            prop_assert_eq!(found, wanted, "at {}", at);
        }
    }
}
