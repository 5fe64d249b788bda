//! Who owns what a board has recorded, at an instant: the board, or whoever inherited from it by then.

use narhet_kernel::Timestamp;
use narhet_responsibility::{Division, Responsibility};
use std::{cell::RefCell, collections::HashMap, sync::Arc};

/// The boards' lineage at one instant, as known now.
pub struct Lineage<'a> {
    map: &'a Responsibility,
    at: Timestamp,
    known: u64,
    heirs: RefCell<HashMap<String, Arc<str>>>,
}

impl<'a> Lineage<'a> {
    pub fn at(map: &'a Responsibility, at: Timestamp) -> Self {
        Self { map, at, known: map.head().0, heirs: RefCell::default() }
    }

    /// The board itself while it exists, else its heir.
    pub fn heir(&self, board: &str) -> Arc<str> {
        if let Some(heir) = self.heirs.borrow().get(board) {
            return Arc::clone(heir);
        }
        let successor = self.map.successor(board, self.at, self.known);
        let heir: Arc<str> = successor.map_or_else(|| board.into(), |heir| heir.id.into());
        self.heirs.borrow_mut().insert(board.to_owned(), Arc::clone(&heir));
        heir
    }

    /// Readers with boards replaced by their heirs.
    pub fn readers(&self, readers: &[String]) -> Vec<String> {
        readers.iter().map(|reader| self.heir(reader).to_string()).collect()
    }

    /// The name of a board as the map has it, else its id.
    pub fn name(&self, board: &str) -> String {
        self.map.board(board).map_or_else(|| board.to_owned(), |board| board.name)
    }
}

/// What areas that a division does not have any more have become in it.
pub struct AreaHeirs<'a> {
    map: &'a Responsibility,
    known: u64,
    found: RefCell<HashMap<(String, String), Vec<String>>>,
}

impl<'a> AreaHeirs<'a> {
    pub fn new(map: &'a Responsibility) -> Self {
        Self { map, known: map.head().0, found: RefCell::default() }
    }

    /// The area itself where the division has it, else the areas of the heir of the board that had it last.
    pub fn of(&self, area: &str, division: &Division) -> Vec<String> {
        if division.area(area).is_some() {
            return vec![area.to_owned()];
        }
        let key = (division.id().to_owned(), area.to_owned());
        if let Some(found) = self.found.borrow().get(&key) {
            return found.clone();
        }
        let at = division.valid_from();
        let timeline = self.map.timeline(self.known);
        let earlier = timeline.divisions().iter().rev().filter(|earlier| earlier.valid_from() < at);
        let board = earlier.filter_map(|earlier| earlier.area(area)).map(|area| area.board.id.clone()).next();
        let heir = board.map(|board| self.map.successor(&board, at, self.known).map_or(board, |heir| heir.id));
        let areas = division.areas.iter().filter(|area| heir.as_ref() == Some(&area.board.id));
        let areas: Vec<String> = areas.map(|area| area.area.id.clone()).collect();
        self.found.borrow_mut().insert(key, areas.clone());
        areas
    }
}
