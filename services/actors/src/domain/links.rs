//! Links follow the map: to which areas an actor is linked, by what, since when; and what must change for that to be true.
//!
//! What is recorded is a list of facts, each "linked" or "unlinked from an instant on". The links at an instant are the fold of
//! the facts by that instant. [`changes`] compares them with what each division gives and says what to record.

use crate::limits::CIRCLE_CORNERS;
use jiff::Timestamp;
use narhet_geo::{Match, Point, Shape};
use narhet_proto::{codes::LinkBasis, events::Named};
use narhet_responsibility::Division;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// What of a card decides its links.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    pub points: Vec<Point>,
    pub reach: Reach,
    /// By hand: area and whether it is included.
    pub by_hand: Vec<(String, bool)>,
}

/// Where an actor works beside its sites.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reach {
    #[default]
    Sites,
    City,
    Areas(Vec<String>),
    /// Its own geometry, or circles around its sites.
    Shapes(Vec<Arc<Shape>>),
}

/// One recorded fact about a link.
#[derive(Clone, Debug)]
pub struct Fact {
    pub area: Arc<Named>,
    pub basis: LinkBasis,
    pub linked: bool,
    pub valid_from: Timestamp,
    pub position: u64,
}

/// A link that holds at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Link<'a> {
    pub area: &'a Named,
    pub basis: LinkBasis,
    pub since: Timestamp,
}

/// What must be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub area: Named,
    pub basis: LinkBasis,
    pub linked: bool,
    pub valid_from: Timestamp,
    /// The division looked up in.
    pub division: String,
}

/// The links that hold at an instant, by area. `facts` are in order of (valid from, position).
pub fn at(facts: &[Fact], instant: Timestamp) -> BTreeMap<&str, Link<'_>> {
    let mut links: BTreeMap<&str, Link<'_>> = BTreeMap::new();
    for fact in facts.iter().take_while(|fact| fact.valid_from <= instant) {
        let id = fact.area.id.as_str();
        if fact.linked {
            // Another basis from the same instant on does not begin a new link.
            links.insert(id, Link { area: &fact.area, basis: fact.basis, since: fact.valid_from });
        } else if links.get(id).is_some_and(|link| link.basis == fact.basis) {
            links.remove(id);
        }
    }
    links
}

/// The areas of a division that an area named on a card is there: itself, or what it has become.
pub type AreasOf<'a> = &'a dyn Fn(&str, &Division) -> Vec<String>;

/// Where an actor belongs in a division: one basis for each area, the strongest.
pub fn targets(spread: &Spread, division: &Division, areas_of: AreasOf<'_>) -> BTreeMap<String, LinkBasis> {
    let mut targets = BTreeMap::new();
    match &spread.reach {
        Reach::Sites => {}
        Reach::City => targets.extend(ids(division).map(|id| (id, LinkBasis::OperatingArea))),
        Reach::Areas(areas) => {
            let there = areas.iter().flat_map(|area| areas_of(area, division));
            targets.extend(there.map(|id| (id, LinkBasis::OperatingArea)));
        }
        Reach::Shapes(shapes) => {
            for share in shapes.iter().flat_map(|shape| division.map.overlay(shape)) {
                targets.insert(share.area, LinkBasis::OperatingArea);
            }
        }
    }
    for point in &spread.points {
        let location = division.map.locate(*point);
        if location.matched != Match::Outside {
            targets.extend(location.area.into_iter().chain(location.also_at).map(|id| (id, LinkBasis::Site)));
        }
    }
    for (area, include) in &spread.by_hand {
        if *include {
            targets.extend(areas_of(area, division).into_iter().map(|id| (id, LinkBasis::Hand)));
        } else {
            // Not from what it has become: that is larger, and the actor may well be in the rest of it.
            targets.remove(area);
        }
    }
    targets
}

fn ids(division: &Division) -> impl Iterator<Item = String> + '_ {
    division.areas.iter().map(|area| area.area.id.clone())
}

/// What to record so that from `from` on the links are those of the divisions in force (`None`: of an actor that is gone).
pub fn changes(
    facts: &[Fact],
    spread: Option<&Spread>,
    divisions: &[&Division],
    areas_of: AreasOf<'_>,
    from: Timestamp,
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut pending: Vec<Fact> = Vec::new();
    for (index, division) in divisions.iter().enumerate() {
        let ends = divisions.get(index + 1).map(|next| next.valid_from());
        if ends.is_some_and(|ends| ends <= from) {
            continue;
        }
        let instant = division.valid_from().max(from);
        let target = spread.map(|spread| targets(spread, division, areas_of)).unwrap_or_default();
        let new: Vec<Change> = {
            let all: Vec<Fact>;
            let held = if pending.is_empty() {
                at(facts, instant)
            } else {
                all = merged(facts, &pending);
                at(&all, instant)
            };
            let gone = held.values().filter(|link| target.get(&link.area.id) != Some(&link.basis));
            let gone = gone.map(|link| (link.area.clone(), link.basis, false));
            let come =
                target.iter().filter(|(id, basis)| held.get(id.as_str()).map(|link| link.basis) != Some(**basis));
            let come = come.filter_map(|(id, basis)| Some((division.area(id)?.area.clone(), *basis, true)));
            let change = |(area, basis, linked)| Change {
                area,
                basis,
                linked,
                valid_from: instant,
                division: division.id().to_owned(),
            };
            gone.chain(come).map(change).collect()
        };
        if index + 1 < divisions.len() {
            pending.extend(new.iter().map(|change| Fact {
                area: Arc::new(change.area.clone()),
                basis: change.basis,
                linked: change.linked,
                valid_from: change.valid_from,
                position: u64::MAX,
            }));
        }
        changes.extend(new);
    }
    changes
}

fn merged(facts: &[Fact], pending: &[Fact]) -> Vec<Fact> {
    let mut all: Vec<Fact> = facts.iter().chain(pending).cloned().collect();
    all.sort_by_key(|fact| (fact.valid_from, fact.position));
    all
}

/// The GeoJSON polygon that stands for a circle on the ground.
pub fn circle(centre: Point, radius_m: f64) -> Value {
    // Metres of a degree on the mean sphere are exact to half a per cent, which a radius said by hand is not.
    const DEGREE_M: f64 = 111_195.0;
    let ring: Vec<[f64; 2]> = (0..=CIRCLE_CORNERS)
        .map(|corner| {
            let angle = std::f64::consts::TAU * (corner % CIRCLE_CORNERS) as f64 / CIRCLE_CORNERS as f64;
            let lat = centre.lat + radius_m * angle.sin() / DEGREE_M;
            [centre.lon + radius_m * angle.cos() / (DEGREE_M * centre.lat.to_radians().cos()), lat]
        })
        .collect();
    json!({ "type": "Polygon", "coordinates": [ring] })
}
