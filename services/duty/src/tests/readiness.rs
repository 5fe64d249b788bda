//! What a board keeps ready: changes that open a hole, versions, addresses, the last resort, calendars.

use super::{
    NOON,
    house::{House, instant, principal},
};
use narhet_kernel::{Principal, Role};
use narhet_proto::{
    events::{Named, area::BoardDissolved},
    wire::{ErrorCode, Problem},
};
use serde_json::{Value, json};

pub fn officer(board: &str) -> Principal {
    principal(&[Role::DutyOfficer], Some(board))
}

pub fn put(house: &mut House, board: &str, kind: &str, id: &str, record: &Value) -> Result<Value, Problem> {
    put_at(house, board, (kind, id), record, None)
}

pub fn put_at(
    house: &mut House,
    board: &str,
    (kind, id): (&str, &str),
    record: &Value,
    if_match: Option<u64>,
) -> Result<Value, Problem> {
    let body = json!({ "kind": kind, "id": id, "record": record });
    house.command_at(&officer(board), "put-record", body, if_match)
}

fn record(house: &House, board: &str, kind: &str, id: &str) -> Value {
    house.ask_as(&officer(board), "record", json!({ "kind": kind, "id": id })).unwrap()
}

pub fn version(house: &House, kind: &str, id: &str) -> Option<u64> {
    record(house, "kommunstyrelsen", kind, id)["version"].as_u64()
}

pub fn function(address: &str) -> Value {
    let ways = json!([{ "channel": "webhook", "address": address }]);
    json!({ "kind": "crisis-support", "name": "Krisstöd", "contactWays": ways, "source": "prov" })
}

/// A roster round the clock, until an instant if there is one.
pub fn roster(function: &str, valid_to: Option<&str>) -> Value {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    json!({
        "function": function, "name": "Dygnet runt", "validFrom": "2026-01-01T00:00:00Z", "validTo": valid_to,
        "layers": [{
            "name": "dygnet runt", "starts": "2026-01-05", "turnDays": 7, "crew": [{ "id": "lag-a", "name": "Lag A" }],
            "shifts": [{ "weekdays": days, "from": "08:00", "to": "08:00", "onHolidays": "alike" }],
        }],
    })
}

/// A board's own function with a roster round the clock.
pub fn staffed(house: &mut House, board: &str, valid_to: Option<&str>) {
    let id = format!("krisstod-{board}");
    put(house, board, "function", &id, &function("https://larm.example/1")).unwrap();
    put(house, board, "roster", &id, &roster(&id, valid_to)).unwrap();
}

/// From an instant on one board has the other's area too.
pub fn dissolved(house: &mut House, board: &str, valid_to: &str, successor_id: &str) {
    let successor = Named::new(successor_id, format!("{successor_id} stadsdelsnämnd"));
    let said = BoardDissolved {
        id: board.to_owned(),
        valid_to: instant(valid_to),
        successor,
        division_id: Some("indelning-2027".to_owned()),
    };
    house.area(&said, "board");
    house.division("indelning-2027", valid_to, &[(successor_id, 17.8, 18.2)]);
}

#[test]
fn a_change_that_opens_a_hole_is_refused_with_the_holes_and_taken_when_each_is_accepted_by_name() {
    let mut house = House::at(NOON);
    staffed(&mut house, "jarva", None);
    let before = house.ask("coverage", json!({})).unwrap();
    let mut shorter = roster("krisstod-jarva", Some("2027-11-19T08:00:00Z"));
    let seen = version(&house, "roster", "krisstod-jarva");
    let change = ("roster", "krisstod-jarva");
    let refused = put_at(&mut house, "jarva", change, &shorter, seen).unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::RefusedByRule, 422));
    assert_eq!(refused.rule.as_deref(), Some("tackning"));
    assert_eq!(
        refused.errors.len(),
        1,
        "one Friday's office hours, until the year that is looked at ends: {refused:?}"
    );
    let hole = refused.errors[0].detail.split_once(": ").unwrap().0.to_owned();
    assert_eq!(hole, "jarva/2027-11-19T08:00:00Z/2027-11-19T15:30:00Z");
    assert_eq!(house.ask("coverage", json!({})).unwrap(), before, "a refused change changes nothing");

    shorter["accept"] = json!(["jarva/2027-11-18T08:00:00Z/2027-11-19T15:30:00Z"]);
    let refused = put_at(&mut house, "jarva", change, &shorter, seen).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RefusedByRule, "the name of another hole accepts nothing");
    shorter["accept"] = json!([hole]);
    put_at(&mut house, "jarva", change, &shorter, seen).unwrap();
    let recorded = house.log.last().unwrap();
    assert!(recorded.data.get().contains(&format!(r#""accepted":["{hole}"]"#)), "{}", recorded.data.get());

    // The whole area at once, when what staffs it is taken away.
    let remove = |accept: Value| json!({ "kind": "roster", "id": "krisstod-jarva", "accept": accept });
    let seen = version(&house, "roster", "krisstod-jarva");
    let refused = house.command_at(&officer("jarva"), "remove-record", remove(json!([])), seen).unwrap_err();
    assert!(refused.errors.len() > 1 && refused.errors[0].detail.starts_with("jarva/now/"), "{refused:?}");
    house.command_at(&officer("jarva"), "remove-record", remove(json!(["jarva/*"])), seen).unwrap();
}

#[test]
fn a_record_is_changed_by_who_has_seen_its_version() {
    let mut house = House::at(NOON);
    staffed(&mut house, "jarva", None);
    let change = ("function", "krisstod-jarva");
    let seen = version(&house, "function", "krisstod-jarva");
    let changed = function("https://larm.example/2");
    let unseen = put_at(&mut house, "jarva", change, &changed, None).unwrap_err();
    assert_eq!((unseen.code, unseen.code.status()), (ErrorCode::Conflict, 409), "it is there already");
    put_at(&mut house, "jarva", change, &changed, seen).unwrap();
    let late = put_at(&mut house, "jarva", change, &changed, seen).unwrap_err();
    assert_eq!((late.code, late.code.status()), (ErrorCode::PreconditionFailed, 412));
    let late = json!({ "kind": "function", "id": "krisstod-jarva", "accept": ["jarva/*"] });
    let late = house.command_at(&officer("jarva"), "remove-record", late, seen).unwrap_err();
    assert_eq!(late.code, ErrorCode::RefusedByRule, "a function that a roster staffs stays");
    let seen = version(&house, "function", "krisstod-jarva");
    let other = put_at(&mut house, "bromma", change, &changed, seen);
    assert_eq!(other.unwrap_err().code.status(), 403, "another board's");
}

#[test]
fn addresses_are_shown_to_the_board_itself_and_to_kommunstyrelsen_and_withheld_from_others() {
    let mut house = House::at(NOON);
    staffed(&mut house, "jarva", None);
    let way = |board: &str| record(&house, board, "function", "krisstod-jarva")["contactWays"][0].clone();
    let shown = json!({ "channel": "webhook", "address": "https://larm.example/1" });
    let withheld = json!({ "channel": "webhook", "address": null, "withheld": "not-your-board" });
    for (board, wanted) in [("jarva", &shown), ("kommunstyrelsen", &shown), ("bromma", &withheld)] {
        assert_eq!(way(board), *wanted, "{board}");
    }
    let list = house.ask_as(&officer("bromma"), "records", json!({ "kind": "function" })).unwrap();
    assert_eq!(list["items"][0]["contactWays"][0], withheld);
    assert!(house.log.iter().all(|event| !event.data.get().contains("larm.example")), "the log has no address");
}

#[test]
fn the_last_resort_is_not_taken_away_and_neither_is_its_last_contact_way() {
    let mut house = House::at(NOON);
    let refused =
        |problem: Problem| assert_eq!((problem.code.status(), problem.rule.as_deref()), (422, Some("sista-utvag")));
    put(&mut house, "kommunstyrelsen", "function", "city-tib", &function("https://larm.example/tib")).unwrap();
    let seen = version(&house, "function", "city-tib");
    let nowhere = json!({ "kind": "officer-on-duty", "name": "TiB", "contactWays": [], "source": "prov" });
    refused(put_at(&mut house, "kommunstyrelsen", ("function", "city-tib"), &nowhere, seen).unwrap_err());
    let inside = json!([{ "channel": "exercise", "address": "x" }]);
    let inside = json!({ "kind": "officer-on-duty", "name": "TiB", "contactWays": inside, "source": "prov" });
    refused(put_at(&mut house, "kommunstyrelsen", ("function", "city-tib"), &inside, seen).unwrap_err());
    let gone = json!({ "kind": "function", "id": "city-tib" });
    refused(house.command_at(&officer("kommunstyrelsen"), "remove-record", gone, seen).unwrap_err());
    let theirs = put_at(&mut house, "jarva", ("function", "city-tib"), &function("https://larm.example/x"), seen);
    refused(theirs.unwrap_err());
    assert_eq!(record(&house, "kommunstyrelsen", "function", "city-tib")["lastResort"], true);
}

#[test]
fn a_revoked_calendar_is_not_found_any_more() {
    let mut house = House::at(NOON);
    staffed(&mut house, "jarva", None);
    let issued = house.command(&officer("jarva"), "issue-feed", json!({ "rosterId": "krisstod-jarva" })).unwrap();
    let secret = issued["url"].as_str().unwrap().trim_start_matches("/v1/calendar-feeds/").trim_end_matches(".ics");
    let nobody = principal(&[], None);
    let read = |house: &House| house.ask_as(&nobody, "calendar-feed", json!({ "secret": secret }));
    let calendar = read(&house).unwrap();
    assert!(calendar["calendar"].as_str().unwrap().contains("SUMMARY:Krisstöd (lag-a)\r\n"), "function names only");
    assert!(house.log.iter().all(|event| !event.data.get().contains(secret)), "the secret is in no log");
    let revoke = json!({ "feedId": issued["id"] });
    assert_eq!(house.command(&officer("bromma"), "revoke-feed", revoke.clone()).unwrap_err().code.status(), 403);
    house.command(&officer("jarva"), "revoke-feed", revoke).unwrap();
    assert_eq!(read(&house).unwrap_err().code.status(), 404);
    house.restarts();
    assert_eq!(read(&house).unwrap_err().code.status(), 404, "also after a restart");
}

#[test]
fn a_centre_is_where_people_are_referred_while_it_is_open_and_holds_nothing() {
    let mut house = House::at(NOON);
    let asked = json!({ "lon": 17.9, "lat": 59.3, "occurredAt": "2026-11-20T18:00:00Z" });
    let before = house.ask("duty", asked.clone()).unwrap();
    let opening = json!([{ "weekdays": ["friday"], "from": "18:00", "to": "23:00" }]);
    let centre = json!({
        "name": "Krisstödscentrum", "address": "Torget 1", "opening": opening,
        "validFrom": "2026-11-20T12:00:00Z", "validTo": "2026-12-20T12:00:00Z",
    });
    put(&mut house, "jarva", "centre", "torget", &centre).unwrap();
    let mut open = house.ask("duty", asked).unwrap();
    let shown = open["centres"].take();
    assert_eq!((shown.as_array().unwrap().len(), &shown[0]["id"]), (1, &json!("torget")));
    assert_eq!(shown[0]["openUntil"], "2026-11-20T22:00:00Z");
    open["centres"] = json!([]);
    assert_eq!(open, before, "nothing but the referral has changed");
    for (lon, at) in [(17.9, "2026-11-20T16:59:59Z"), (17.9, "2026-11-20T22:00:00Z"), (18.1, "2026-11-20T18:00:00Z")] {
        let closed = house.ask("duty", json!({ "lon": lon, "lat": 59.3, "occurredAt": at })).unwrap();
        assert_eq!(closed["centres"], json!([]), "{lon} {at}");
    }
}

#[test]
fn why_somebody_stands_in_is_sealed_and_masked_and_the_boards_own_to_read() {
    let mut house = House::at(NOON);
    let mut instead = roster("krisstod-jarva", None);
    instead["overrides"] = json!([{
        "from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z", "member": "lag-a", "reason": "vård av 121212-1212",
    }]);
    put(&mut house, "jarva", "function", "krisstod-jarva", &function("https://larm.example/1")).unwrap();
    put(&mut house, "jarva", "roster", "krisstod-jarva", &instead).unwrap();
    assert!(house.log.iter().all(|event| !event.data.get().contains("vård av")), "not in the clear in the log");
    let shown = |board: &str| record(&house, board, "roster", "krisstod-jarva")["overrides"][0].clone();
    assert_eq!(shown("jarva")["reason"], "vård av [personnummer]");
    assert_eq!((&shown("bromma")["reason"], &shown("bromma")["masked"]), (&Value::Null, &json!(true)));
    let seen = version(&house, "roster", "krisstod-jarva");
    let read = record(&house, "jarva", "roster", "krisstod-jarva");
    let mut again = instead.clone();
    again["overrides"] = read["overrides"].clone();
    put_at(&mut house, "jarva", ("roster", "krisstod-jarva"), &again, seen).unwrap();
    assert_eq!(record(&house, "jarva", "roster", "krisstod-jarva")["overrides"][0]["reason"], "vård av [personnummer]");

    let exercise = json!({ "id": "jarva", "message": "ring 121212-1212" });
    let alarm = house.command(&officer("jarva"), "start-exercise", exercise).unwrap();
    assert_eq!((&alarm["message"], &alarm["masked"]), (&json!("ring [personnummer]"), &json!(true)));
}

#[test]
fn a_partner_does_not_read_how_the_city_is_staffed() {
    let mut house = House::at(NOON);
    staffed(&mut house, "jarva", None);
    let queries = [
        ("records", json!({ "kind": "roster" })),
        ("record", json!({ "kind": "function", "id": "krisstod-jarva" })),
        ("coverage", json!({})),
        ("endurance", json!({})),
        ("path-health", json!({})),
    ];
    for (query, body) in queries {
        for board in [None, Some("jarva")] {
            let refused = house.ask_as(&principal(&[Role::Liaison], board), query, body.clone()).unwrap_err();
            assert_eq!((refused.code.status(), refused.rule.as_deref()), (403, Some("read-readiness")), "{query}");
        }
        assert!(house.ask_as(&principal(&[Role::Dashboard], Some("farsta")), query, body).is_ok(), "{query}");
    }
    let duty = json!({ "lon": 17.9, "lat": 59.3 });
    assert!(house.ask_as(&principal(&[Role::Liaison], None), "duty", duty).is_ok(), "who answers is open to all");
}
