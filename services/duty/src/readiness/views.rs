//! Records as their readers see them; addresses and reasons only for the board itself and kommunstyrelsen's own.

use super::{
    CITY_TIB, Readiness, Record, Swap,
    staffing::{function_field, member_field, override_field},
};
use crate::domain::intervals::Interval;
use narhet_calendar::Weekday;
use narhet_kernel::{BoardId, Principal, Role, Timestamp, Uuid};
use narhet_proto::{
    access,
    events::readiness::{Centre, ContactWay, DutyFunction, Roster},
};
use narhet_runtime::Env;
use serde_json::{Value, json, to_value};

/// Roles that read every board's contact ways: they call whoever has to be called.
const CENTRAL: &[Role] = &[Role::Ckl, Role::CitySecurity, Role::Registrar, Role::Auditor];

/// Whether addresses of a board's functions, and why somebody stands in, are shown.
pub fn reads_addresses(principal: &Principal, board: &str) -> bool {
    let own = access::reading_board(principal).map(BoardId::as_str);
    principal.is_demo_admin()
        || principal.roles.iter().any(|role| CENTRAL.contains(role))
        || (access::may_open_text(principal) && own.is_some_and(|own| own == board || own == BoardId::KOMMUNSTYRELSEN))
}

pub fn function(record: &Record<DutyFunction>, env: &Env<'_>) -> Value {
    let shown = reads_addresses(env.principal, &record.value.board.id);
    let mut view = to_value(&record.value).unwrap_or_default();
    view["contactWays"] = ways(&record.value.contact_ways, record.event, function_field, shown, env);
    view["lastResort"] = (record.value.id == CITY_TIB).into();
    view["version"] = record.version.into();
    view
}

pub fn roster(readiness: &Readiness, record: &Record<Roster>, env: &Env<'_>) -> Value {
    let shown = reads_addresses(env.principal, &record.value.board.id);
    let mut view = to_value(&record.value).unwrap_or_default();
    for (index, layer) in record.value.layers.iter().enumerate() {
        for (number, member) in layer.crew.iter().enumerate() {
            let field = |way| member_field(index, number, way);
            view["layers"][index]["crew"][number]["contactWays"] =
                ways(&member.contact_ways, record.event, field, shown, env);
        }
    }
    for (index, instead) in record.value.overrides.iter().enumerate() {
        let view = &mut view["overrides"][index];
        let open = |sealed| env.open(record.event, &override_field(index), sealed);
        let reason = instead.sealed_reason.as_ref().map_or_else(|| instead.reason.clone(), open);
        view["reason"] = reason.filter(|_| shown).into();
        view["masked"] = instead.masked.into();
        view.as_object_mut().and_then(|view| view.remove("sealedReason"));
    }
    let swaps = readiness.swaps.values().filter(|swap| swap.offered.roster_id == record.value.id);
    view["swaps"] = swaps.map(swap).collect();
    view["version"] = record.version.into();
    view
}

/// A swap, and how it ended if it has.
pub fn swap(swap: &Swap) -> Value {
    let mut view = to_value(&swap.offered).unwrap_or_default();
    view["outcome"] = swap.settled.map_or(Value::Null, |outcome| outcome.code().into());
    view
}

fn ways(ways: &[ContactWay], event: Uuid, field: impl Fn(usize) -> String, shown: bool, env: &Env<'_>) -> Value {
    let way = |(index, way): (usize, &ContactWay)| match shown.then(|| env.open(event, &field(index), &way.address)) {
        Some(Some(address)) => json!({ "channel": way.channel, "address": address }),
        Some(None) => json!({ "channel": way.channel, "address": null, "withheld": "erased" }),
        None => json!({ "channel": way.channel, "address": null, "withheld": "not-your-board" }),
    };
    ways.iter().enumerate().map(way).collect()
}

/// A centre, and whether and until when it is open.
pub fn centre(centre: &Centre, now: Timestamp) -> Value {
    let mut view = to_value(centre).unwrap_or_default();
    let open = open_now(centre, now);
    view["openNow"] = open.is_some().into();
    view["openUntil"] = to_value(open.map(|open| open.to)).unwrap_or_default();
    view
}

/// The opening that an instant falls in.
pub fn open_now(centre: &Centre, now: Timestamp) -> Option<Interval> {
    let valid = Interval { from: centre.valid_from, to: centre.valid_to };
    let today = centre.zone.wall(now).date();
    let dates = [today.yesterday().ok()?, today];
    dates
        .into_iter()
        .flat_map(|date| {
            let on = centre.opening.iter().filter(move |opening| opening.weekdays.contains(&Weekday::of(date)));
            on.map(move |opening| {
                let closes = if opening.to <= opening.from { date.tomorrow().unwrap_or(date) } else { date };
                Interval { from: centre.zone.start(opening.from.on(date)), to: centre.zone.end(opening.to.on(closes)) }
            })
        })
        .filter_map(|open| open.cut(&valid))
        .find(|open| open.contains(now))
}
