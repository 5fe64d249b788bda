//! Who owns what a board has recorded, at an instant: the board, or whoever inherited from it by then.

use narhet_kernel::Timestamp;
use narhet_responsibility::Responsibility;
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
