//! One actor as its events have made it.

use crate::domain::{
    card::point,
    collation::sort_key,
    links::{self, Fact, Reach, Spread},
    verification,
};
use narhet_geo::Shape;
use narhet_kernel::{BoardId, Timestamp, Uuid};
use narhet_proto::{Event, events::actors::*};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One actor as the log has it.
#[derive(Debug)]
pub struct Actor {
    pub id: Uuid,
    /// The board that registered it; who owns it at an instant follows the boards' lineage.
    pub owner: BoardId,
    pub card: Card,
    /// Its name as Swedes sort.
    pub sort_key: String,
    /// The event that `card` was sealed for.
    pub card_event: Uuid,
    pub version: u64,
    pub registered_at: Timestamp,
    pub changed_at: Timestamp,
    /// Last check, and whether anybody was reached.
    pub checked: Option<(Timestamp, bool)>,
    pub due: Timestamp,
    /// The due date that the board has been reminded of.
    pub reminded: Option<Timestamp>,
    pub archived: Option<Archived>,
    pub proposals: Vec<Proposal>,
    /// In order of (valid from, position).
    pub facts: Vec<Fact>,
    pub spread: Spread,
    /// Since when its places are what they are; before, links are as they were recorded.
    pub spread_since: Timestamp,
    pub contacts: Vec<(Timestamp, ContactLogged)>,
    pub history: Vec<Entry>,
}

#[derive(Debug)]
pub struct Archived {
    pub at: Timestamp,
    pub merged_into: Option<String>,
}

#[derive(Debug)]
pub struct Proposal {
    pub event: Uuid,
    pub said: ChangeProposed,
    pub at: Timestamp,
    pub accepted: Option<bool>,
    /// Members that it would change and that somebody else changed since.
    pub overtaken: BTreeSet<String>,
}

/// One thing that happened to an actor.
#[derive(Debug)]
pub struct Entry {
    pub event: Uuid,
    pub time: Timestamp,
    pub event_type: &'static str,
    pub version: u64,
    pub principal: Arc<str>,
    pub text: Box<str>,
}

impl Actor {
    pub fn change(&mut self, card: Card, event: &Event) {
        let spread = spread(&card);
        if spread != self.spread {
            self.spread = spread;
            self.spread_since = event.time;
        }
        self.sort_key = sort_key(&card.name);
        self.card = card;
        self.card_event = event.id;
        self.changed_at = event.time;
    }

    pub fn links(&self, at: Timestamp) -> BTreeMap<&str, links::Link<'_>> {
        links::at(&self.facts, at)
    }

    pub fn standing(&self, now: Timestamp) -> verification::Standing {
        verification::standing(self.checked, self.due, now)
    }
}

/// What of a card decides its links.
pub fn spread(card: &Card) -> Spread {
    let points: Vec<_> =
        card.sites.iter().filter_map(|site| site.place.as_ref()).filter_map(|place| point(place).ok()).collect();
    let shape = |geometry: &Value| Shape::from_geojson(geometry).ok().map(Arc::new);
    let reach = match card.operating_area.as_ref().map(|area| (area.scope.as_str(), area)) {
        Some(("city", _)) => Reach::City,
        Some(("areas", area)) => Reach::Areas(area.areas.clone()),
        Some(("geometry", area)) => Reach::Shapes(area.geometry.as_ref().and_then(shape).into_iter().collect()),
        Some(("radius", area)) => {
            let radius_m = area.radius_m.unwrap_or_default();
            Reach::Shapes(points.iter().filter_map(|point| shape(&links::circle(*point, radius_m))).collect())
        }
        _ => Reach::Sites,
    };
    let by_hand = card.by_hand.iter().map(|hand| (hand.area.clone(), hand.include)).collect();
    Spread { points, reach, by_hand }
}
