//! Swaps: only what is taken moves, and only where there is still something to move.

use super::{
    NOON,
    house::House,
    readiness::{function, officer, put, put_at, roster, version},
};
use serde_json::{Value, json};

/// A week of lag A's from Monday 2026-11-23 on, with B and C beside it.
fn house() -> House {
    let mut house = House::at(NOON);
    put(&mut house, "jarva", "function", "krisstod-jarva", &function("https://larm.example/1")).unwrap();
    put(&mut house, "jarva", "roster", "schema", &crew()).unwrap();
    house
}

fn crew() -> Value {
    let mut roster = roster("krisstod-jarva", None);
    roster["layers"][0]["starts"] = json!("2026-11-23");
    roster["layers"][0]["crew"] = ["a", "b", "c"].map(|id| json!({ "id": id, "name": id })).into();
    roster["accept"] = json!(["jarva/*"]);
    roster
}

fn offer(house: &mut House, taker: &str, day: u8) -> Value {
    let (from, to) = (format!("2026-11-{day}T12:00:00Z"), format!("2026-11-{day}T18:00:00Z"));
    let body = json!({ "rosterId": "schema", "from": from, "to": to, "giver": "a", "taker": taker });
    house.command(&officer("jarva"), "offer-swap", body).unwrap()["id"].clone()
}

fn take(house: &mut House, swap: &Value) -> u16 {
    let body = json!({ "swapId": swap, "outcome": "taken" });
    house.command(&officer("jarva"), "settle-swap", body).map_or_else(|problem| problem.code.status(), |_| 200)
}

fn on_duty(house: &House, at: &str) -> Option<String> {
    use crate::domain::escalation::Staffing;
    let on = house.duty.readiness.on_duty("krisstod-jarva", super::house::instant(at));
    on.into_iter().next().and_then(|receiver| receiver.member)
}

#[test]
fn a_shift_that_has_become_anothers_is_not_swapped_again() {
    for first in [0, 1] {
        let mut house = house();
        let swaps = [offer(&mut house, "b", 24), offer(&mut house, "c", 24)];
        assert_eq!(take(&mut house, &swaps[first]), 200);
        let shown = house.ask("swap", json!({ "id": swaps[first] })).unwrap();
        assert_eq!((&shown["giver"], &shown["outcome"]), (&json!("a"), &json!("taken")));
        assert_eq!(take(&mut house, &swaps[1 - first]), 409, "there is nothing left to give");
        assert_eq!(on_duty(&house, "2026-11-24T13:00:00Z").as_deref(), Some(["b", "c"][first]));
        house.restarts();
        assert_eq!(on_duty(&house, "2026-11-24T13:00:00Z").as_deref(), Some(["b", "c"][first]));
    }
}

#[test]
fn swaps_move_in_the_order_in_which_they_were_taken() {
    let mut house = house();
    // Offered first, taken last: by then the shift is A's again.
    let again = offer(&mut house, "c", 24);
    let there = offer(&mut house, "b", 24);
    assert_eq!(take(&mut house, &there), 200);
    let back = json!({
        "rosterId": "schema", "from": "2026-11-24T12:00:00Z", "to": "2026-11-24T18:00:00Z", "giver": "b", "taker": "a",
    });
    let back = house.command(&officer("jarva"), "offer-swap", back).unwrap()["id"].clone();
    assert_eq!(take(&mut house, &back), 200);
    assert_eq!(take(&mut house, &again), 200);
    assert_eq!(on_duty(&house, "2026-11-24T13:00:00Z").as_deref(), Some("c"));
}

#[test]
fn what_has_passed_or_whose_taker_is_away_is_not_taken() {
    let mut house = house();
    let (past, away) = (offer(&mut house, "b", 24), offer(&mut house, "c", 26));
    let mut with_leave = crew();
    with_leave["leave"] = json!([{ "member": "c", "from": "2026-11-26T00:00:00Z", "to": "2026-11-27T00:00:00Z" }]);
    let seen = version(&house, "roster", "schema");
    put_at(&mut house, "jarva", ("roster", "schema"), &with_leave, seen).unwrap();
    let body = json!({
        "rosterId": "schema", "from": "2026-11-26T12:00:00Z", "to": "2026-11-26T18:00:00Z", "giver": "a", "taker": "c",
    });
    assert_eq!(house.command(&officer("jarva"), "offer-swap", body).unwrap_err().code.status(), 400);
    house.goes_on_until("2026-11-24T18:00:00Z");
    assert_eq!((take(&mut house, &past), take(&mut house, &away)), (409, 409));
}
