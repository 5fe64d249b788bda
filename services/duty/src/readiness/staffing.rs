//! Who is on duty for a function and where they are reached: the rosters, asked by alarms.

use super::{CITY_TIB, Readiness, Record};
use crate::domain::{
    escalation::{Receiver, Staffing},
    roster,
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Sealed,
    codes::Channel,
    events::readiness::{ContactWay, Roster},
};
use std::collections::HashMap;

/// How far ahead a border is looked for; a roster without one so far is looked at again then.
const BORDER_DAYS: i64 = 8;

/// Who is on duty at an instant and until when that holds, by function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache(HashMap<String, Known>);

#[derive(Clone, Debug)]
struct Known {
    from: Timestamp,
    until: Timestamp,
    border: Option<Timestamp>,
    /// Roster and member, and how many ways.
    members: Vec<(Option<(String, String)>, u32)>,
}

impl Cache {
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Where a message goes: the sealed address, with the event and field that it is sealed for.
#[derive(Clone, Debug)]
pub struct Target {
    pub channel: Channel,
    pub address: Sealed,
    pub event: Uuid,
    pub field: String,
}

impl Readiness {
    fn known(&self, function: &str, at: Timestamp) -> Known {
        if let Some(known) = self.cache.borrow().0.get(function).filter(|known| known.from <= at && at < known.until) {
            return known.clone();
        }
        let known = self.look(function, at);
        self.cache.borrow_mut().0.insert(function.to_owned(), known.clone());
        known
    }

    fn look(&self, function: &str, at: Timestamp) -> Known {
        let horizon = at.checked_add(jiff::SignedDuration::from_hours(24 * BORDER_DAYS)).unwrap_or(Timestamp::MAX);
        let own = self.own_ways(function);
        let mut rosters = self.rosters.values().filter(|roster| roster.function == function).peekable();
        if rosters.peek().is_none() {
            // A function without a roster is a place that is always staffed: the phone of a group, the last resort.
            return Known { from: at, until: horizon, border: None, members: vec![(None, own)] };
        }
        let (mut members, mut border) = (Vec::new(), None::<Timestamp>);
        for roster in rosters {
            let swaps = self.taken(&roster.id);
            for id in roster::on_duty(roster, &swaps, at) {
                let ways = roster.layers.iter().flat_map(|layer| &layer.crew).find(|member| member.id == id);
                let ways = own + ways.map_or(0, |member| len(&member.contact_ways));
                members.push((Some((roster.id.clone(), id)), ways));
            }
            let next = roster::next_border(roster, &swaps, at, BORDER_DAYS);
            border = border.into_iter().chain(next).min();
        }
        if members.is_empty() && function == CITY_TIB {
            // The last resort is never left with nobody: where its roster names none, its own ways are tried.
            members.push((None, own));
        }
        // Without a border so far, it is looked at again at the horizon.
        let until = border.unwrap_or(horizon);
        Known { from: at, until, border: Some(until), members }
    }

    fn own_ways(&self, function: &str) -> u32 {
        self.functions.get(function).map_or(0, |record| len(&record.value.contact_ways))
    }

    /// The nth way of a receiver: a member's own come before the function's. For a member who stands in no roster any more
    /// it is the function's.
    pub fn target(&self, receiver: &Receiver, way: u32) -> Option<Target> {
        let (function, way) = (receiver.function.as_str(), way as usize);
        let Some(member) = &receiver.member else { return self.own_target(function, way) };
        let named = |record: &&Record<Roster>| match &receiver.roster {
            Some(roster) => record.value.id == *roster,
            None => record.value.function == function,
        };
        for record in self.rosters.live.values().filter(named) {
            for (layer_index, layer) in record.value.layers.iter().enumerate() {
                let Some(index) = layer.crew.iter().position(|one| one.id == *member) else { continue };
                let ways = &layer.crew[index].contact_ways;
                return match ways.get(way) {
                    Some(found) => Some(recorded(found, record.event, member_field(layer_index, index, way))),
                    None => self.own_target(function, way - ways.len()),
                };
            }
        }
        let own = self.own_ways(function) as usize;
        self.own_target(function, way.min(own.saturating_sub(1)))
    }

    fn own_target(&self, function: &str, way: usize) -> Option<Target> {
        let record = self.functions.get(function)?;
        let found = record.value.contact_ways.get(way)?;
        Some(recorded(found, record.event, function_field(way)))
    }
}

impl Staffing for Readiness {
    fn on_duty(&self, function: &str, at: Timestamp) -> Vec<Receiver> {
        let receiver = |(stands, ways): (Option<(String, String)>, u32)| {
            let (roster, member) = stands.unzip();
            Receiver { function: function.to_owned(), roster, member, ways }
        };
        self.known(function, at).members.into_iter().map(receiver).collect()
    }

    fn next_border(&self, function: &str, after: Timestamp) -> Option<Timestamp> {
        self.known(function, after).border
    }

    fn has_capability(&self, function: &str, capability: &str) -> bool {
        self.functions
            .get(function)
            .is_some_and(|record| record.value.capabilities.iter().any(|known| known == capability))
    }
}

/// Where in its event the address of a function's way is sealed.
pub fn function_field(way: usize) -> String {
    format!("data.function.contactWays.{way}.address")
}

/// Where in its event the address of a member's way is sealed.
pub fn member_field(layer: usize, member: usize, way: usize) -> String {
    format!("data.roster.layers.{layer}.crew.{member}.contactWays.{way}.address")
}

/// Where in its event the reason of an override is sealed.
pub fn override_field(index: usize) -> String {
    format!("data.roster.overrides.{index}.sealedReason")
}

fn recorded(way: &ContactWay, event: Uuid, field: String) -> Target {
    Target { channel: way.channel, address: way.address.clone(), event, field }
}

fn len(ways: &[ContactWay]) -> u32 {
    u32::try_from(ways.len()).unwrap_or(u32::MAX)
}
