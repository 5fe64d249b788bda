//! Which boards were recorded, and what was recorded about their ends.

use narhet_kernel::Timestamp;
use narhet_proto::events::area::{BoardDissolved, BoardEstablished};
use std::collections::BTreeMap;

/// What is recorded about the boards, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Boards(BTreeMap<String, BoardRecord>);

#[derive(Clone, Debug, Default)]
pub(crate) struct BoardRecord {
    /// In position order; the last known one names the board.
    pub(crate) established: Vec<(u64, BoardEstablished)>,
    pub(crate) dissolved: Vec<Dissolution>,
}

/// A recorded end of a board.
#[derive(Clone, Debug)]
pub(crate) struct Dissolution {
    pub(crate) position: u64,
    pub(crate) said: BoardDissolved,
}

impl Boards {
    pub(crate) fn establish(&mut self, position: u64, board: BoardEstablished) {
        self.0.entry(board.id.clone()).or_default().established.push((position, board));
    }

    pub(crate) fn dissolve(&mut self, position: u64, said: BoardDissolved) {
        self.0.entry(said.id.clone()).or_default().dissolved.push(Dissolution { position, said });
    }

    /// The record of a board that was established by `known`.
    pub(crate) fn get(&self, id: &str, known: u64) -> Option<(&BoardEstablished, &BoardRecord)> {
        let record = self.0.get(id)?;
        Some((record.as_known(known)?, record))
    }

    pub(crate) fn all(&self, known: u64) -> impl Iterator<Item = (&BoardEstablished, &BoardRecord)> {
        self.0.values().filter_map(move |record| Some((record.as_known(known)?, record)))
    }
}

impl BoardRecord {
    fn as_known(&self, known: u64) -> Option<&BoardEstablished> {
        self.established.iter().rev().find(|(position, _)| *position <= known).map(|(_, board)| board)
    }

    /// The recorded ends as known, the latest instant last; of several for one instant only the last recorded.
    pub(crate) fn ends(&self, known: u64) -> Vec<&Dissolution> {
        let mut by_instant: BTreeMap<Timestamp, &Dissolution> = BTreeMap::new();
        for end in self.dissolved.iter().filter(|end| end.position <= known) {
            by_instant.insert(end.said.valid_to, end);
        }
        by_instant.into_values().collect()
    }
}
