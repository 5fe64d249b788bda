//! What searches ask: for each value of each dimension the actors that have it, words in order, names in Swedish order.

use crate::{
    domain::collation::{sort_key, words},
    limits::{CELL_DEG, SORTED_MAX},
    read_model::Actor,
};
use narhet_kernel::Uuid;
use roaring::RoaringBitmap;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

/// Where an actor stands in lists: its name as Swedes sort, then its id.
pub type Place = (String, Uuid);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Kind(&'static str),
    Capability(String),
    /// One that is not protected.
    Tag(String),
}

/// The indexes over every actor that is not archived.
#[derive(Debug, Default)]
pub struct Index {
    live: RoaringBitmap,
    by: HashMap<Key, RoaringBitmap>,
    /// Linked at some time; what holds at an instant is looked up in the actor.
    linked: HashMap<String, RoaringBitmap>,
    /// By the cells of [`CELL_DEG`] that their sites lie in.
    cells: BTreeMap<(i32, i32), RoaringBitmap>,
    words: BTreeMap<String, RoaringBitmap>,
    order: BTreeMap<Place, u32>,
    org_numbers: HashMap<String, RoaringBitmap>,
    external_ids: HashMap<String, RoaringBitmap>,
    names: HashMap<String, RoaringBitmap>,
}

/// What is asked for; every condition must hold.
#[derive(Debug, Default)]
pub struct Wanted {
    pub keys: Vec<Key>,
    pub area: Option<String>,
    /// West, south, east, north, in degrees; whoever asks looks at the place itself.
    pub bounds: Option<[f64; 4]>,
    /// Folded beginnings of words.
    pub words: Vec<String>,
}

fn cell(lon: f64, lat: f64) -> (i32, i32) {
    // Degrees of the earth fit many times over.
    #[allow(clippy::cast_possible_truncation)]
    let number = |degrees: f64, side: f64| (degrees / side).floor() as i32;
    (number(lat, CELL_DEG.1), number(lon, CELL_DEG.0))
}

fn cells(actor: &Actor) -> impl Iterator<Item = (i32, i32)> + '_ {
    actor.spread.points.iter().map(|point| cell(point.lon, point.lat))
}

pub fn place(actor: &Actor) -> Place {
    (actor.sort_key.clone(), actor.id)
}

fn keys(actor: &Actor) -> Vec<Key> {
    let card = &actor.card;
    let mut keys = vec![Key::Kind(card.kind.code())];
    keys.extend(card.capabilities.iter().map(|capability| Key::Capability(capability.kind.clone())));
    keys.extend(card.sites.iter().flat_map(|site| &site.tags).map(|tag| Key::Tag(tag.clone())));
    keys
}

fn searched(actor: &Actor) -> BTreeSet<String> {
    let sites = actor.card.sites.iter().map(|site| site.name.as_str());
    let texts = std::iter::once(actor.card.name.as_str()).chain(actor.card.aliases.iter().map(String::as_str));
    texts.chain(sites).flat_map(words).collect()
}

impl Index {
    pub fn add(&mut self, slot: u32, actor: &Actor) {
        if actor.archived.is_some() {
            return;
        }
        self.live.insert(slot);
        for key in keys(actor) {
            self.by.entry(key).or_default().insert(slot);
        }
        for cell in cells(actor) {
            self.cells.entry(cell).or_default().insert(slot);
        }
        for word in searched(actor) {
            self.words.entry(word).or_default().insert(slot);
        }
        let place = place(actor);
        self.names.entry(place.0.clone()).or_default().insert(slot);
        self.order.insert(place, slot);
        if let Some(number) = &actor.card.org_number {
            self.org_numbers.entry(number.clone()).or_default().insert(slot);
        }
        if let Some(id) = &actor.card.external_id {
            self.external_ids.entry(id.clone()).or_default().insert(slot);
        }
    }

    pub fn remove(&mut self, slot: u32, actor: &Actor) {
        self.live.remove(slot);
        for key in keys(actor) {
            self.by.entry(key).or_default().remove(slot);
        }
        for cell in cells(actor) {
            forget(&mut self.cells, &cell, slot);
        }
        for word in searched(actor) {
            forget(&mut self.words, &word, slot);
        }
        let place = place(actor);
        self.order.remove(&place);
        let lists = [(&mut self.names, Some(&place.0)), (&mut self.org_numbers, actor.card.org_number.as_ref())];
        for (list, key) in lists.into_iter().chain([(&mut self.external_ids, actor.card.external_id.as_ref())]) {
            if let Some(slots) = key.and_then(|key| list.get_mut(key)) {
                slots.remove(slot);
            }
        }
    }

    pub fn link(&mut self, slot: u32, area: &str) {
        if let Some(bits) = self.linked.get_mut(area) {
            bits.insert(slot);
            return;
        }
        self.linked.entry(area.to_owned()).or_default().insert(slot);
    }

    pub fn with_org_number(&self, number: &str) -> impl Iterator<Item = u32> + '_ {
        self.org_numbers.get(number).into_iter().flatten()
    }

    pub fn with_external_id(&self, id: &str) -> impl Iterator<Item = u32> + '_ {
        self.external_ids.get(id).into_iter().flatten()
    }

    /// Whose name sorts the same.
    pub fn named(&self, name: &str) -> impl Iterator<Item = u32> + '_ {
        self.names.get(&sort_key(name)).into_iter().flatten()
    }

    /// Actors that have the word in their name.
    pub fn with_word(&self, word: &str) -> impl Iterator<Item = u32> + '_ {
        self.words.get(word).into_iter().flatten()
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// All that are not archived, as Swedes sort.
    pub fn in_order(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.values().copied()
    }

    /// The actors that may be what is wanted: exactly those, save that `area` counts every link there ever was.
    pub fn candidates(&self, wanted: &Wanted) -> RoaringBitmap {
        let mut found = self.live.clone();
        let nothing = RoaringBitmap::default();
        for key in &wanted.keys {
            found &= self.by.get(key).unwrap_or(&nothing);
        }
        if let Some(area) = &wanted.area {
            found &= self.linked.get(area).unwrap_or(&nothing);
        }
        if let Some([west, south, east, north]) = wanted.bounds {
            let ((first_row, first_column), (last_row, last_column)) = (cell(west, south), cell(east, north));
            let mut any = RoaringBitmap::default();
            let rows = self.cells.range((first_row, i32::MIN)..=(last_row, i32::MAX));
            let inside = rows.filter(|((_, column), _)| (first_column..=last_column).contains(column));
            inside.for_each(|(_, slots)| any |= slots);
            found &= any;
        }
        for word in &wanted.words {
            let mut any = RoaringBitmap::default();
            let beginning = (Bound::Included(word.clone()), Bound::Unbounded);
            let all = self.words.range(beginning).take_while(|(known, _)| known.starts_with(word.as_str()));
            all.for_each(|(_, slots)| any |= slots);
            found &= any;
        }
        found
    }

    /// Candidates in Swedish order after a place: few are sorted, many are met by walking the order.
    pub fn ordered<'a>(
        &'a self,
        candidates: &'a RoaringBitmap,
        actors: &'a [Actor],
        after: Option<&Place>,
    ) -> Box<dyn Iterator<Item = u32> + 'a> {
        if candidates.len() <= SORTED_MAX {
            let key = |slot: u32| (actors[slot as usize].sort_key.as_str(), actors[slot as usize].id);
            let after = after.map(|(name, id)| (name.as_str(), *id));
            let mut slots: Vec<u32> =
                candidates.iter().filter(|slot| after.is_none_or(|after| key(*slot) > after)).collect();
            slots.sort_unstable_by_key(|slot| key(*slot));
            return Box::new(slots.into_iter());
        }
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
        let walk = self.order.range((from, Bound::Unbounded)).map(|(_, slot)| *slot);
        Box::new(walk.filter(|slot| candidates.contains(*slot)))
    }
}

fn forget<K: Ord>(sets: &mut BTreeMap<K, RoaringBitmap>, key: &K, slot: u32) {
    if let Some(slots) = sets.get_mut(key) {
        slots.remove(slot);
        if slots.is_empty() {
            sets.remove(key);
        }
    }
}
