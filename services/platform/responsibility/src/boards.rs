//! Which boards there are when: what was recorded about them, and the lives that follow from it.

use crate::{
    answer::{Board, BoardName},
    ledger::{Responsibility, Timeline},
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Event,
    codes::BoardKind,
    events::{
        Named,
        area::{BoardDissolved, BoardEstablished},
        takeover::BoardRenamed,
    },
};
use std::collections::BTreeMap;

/// What is recorded about the boards, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Boards(BTreeMap<String, BoardRecord>);

#[derive(Clone, Debug, Default)]
pub(crate) struct BoardRecord {
    /// In position order; the last known one names the board.
    pub(crate) established: Vec<Said<BoardEstablished>>,
    pub(crate) renamed: Vec<Said<BoardRenamed>>,
    pub(crate) dissolved: Vec<Said<BoardDissolved>>,
}

/// Something recorded about a board.
#[derive(Clone, Debug)]
pub(crate) struct Said<M> {
    pub(crate) position: u64,
    pub(crate) event_id: Uuid,
    pub(crate) recorded_at: Timestamp,
    pub(crate) said: M,
}

impl<M> Said<M> {
    fn of(event: &Event, said: M) -> Said<M> {
        Said { position: event.position, event_id: event.id, recorded_at: event.time, said }
    }
}

impl Boards {
    pub(crate) fn establish(&mut self, event: &Event, said: BoardEstablished) {
        self.0.entry(said.id.clone()).or_default().established.push(Said::of(event, said));
    }

    pub(crate) fn rename(&mut self, event: &Event, said: BoardRenamed) {
        self.0.entry(said.id.clone()).or_default().renamed.push(Said::of(event, said));
    }

    pub(crate) fn dissolve(&mut self, event: &Event, said: BoardDissolved) {
        self.0.entry(said.id.clone()).or_default().dissolved.push(Said::of(event, said));
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
        self.established.iter().rev().find(|board| board.position <= known).map(|board| &board.said)
    }

    /// The name given last, of those in force at an instant and known at a position; `None` when it was never renamed by then.
    fn name_at(&self, at: Timestamp, known: u64) -> Option<&str> {
        let holds = |renamed: &&Said<BoardRenamed>| renamed.position <= known && renamed.said.valid_from <= at;
        let last = self.renamed.iter().filter(holds).max_by_key(|renamed| (renamed.said.valid_from, renamed.position));
        last.map(|renamed| renamed.said.name.as_str())
    }

    /// The recorded ends as known, the latest instant last; of several for one instant only the last recorded.
    pub(crate) fn ends(&self, known: u64) -> Vec<&Said<BoardDissolved>> {
        let mut by_instant: BTreeMap<Timestamp, &Said<BoardDissolved>> = BTreeMap::new();
        for end in self.dissolved.iter().filter(|end| end.position <= known) {
            by_instant.insert(end.said.valid_to, end);
        }
        by_instant.into_values().collect()
    }
}

impl Responsibility {
    /// The boards that exist at an instant, as known at a position, by id.
    pub fn boards(&self, at: Timestamp, known: u64) -> Vec<Board> {
        let timeline = self.timeline(known);
        self.boards
            .all(known)
            .filter_map(|(board, record)| self.life(&timeline, board, record, at, known))
            .filter(|board| board.valid_to.is_none_or(|end| at < end))
            .collect()
    }

    /// A board as known now, over its whole life.
    pub fn board(&self, id: &str) -> Option<Board> {
        let known = self.head().0;
        let (board, record) = self.boards.get(id, known)?;
        self.life(&self.timeline(known), board, record, Timestamp::MAX, known)
    }

    /// Who has inherited a board's duties at an instant, as known at a position: its successor, or that one's when it too
    /// is gone. `None` while the board exists, and for boards without a recorded end.
    pub fn successor(&self, board: &str, at: Timestamp, known: u64) -> Option<Named> {
        let timeline = self.timeline(known);
        let mut heir: Option<Named> = None;
        // Each step follows another board, so there are no more of them than boards.
        for _ in 0..=self.boards.all(known).count() {
            let id = heir.as_ref().map_or(board, |heir| heir.id.as_str());
            let ended = self
                .boards
                .get(id, known)
                .and_then(|(established, record)| self.life(&timeline, established, record, at, known))
                .filter(|life| life.valid_to.is_some_and(|end| end <= at));
            match ended.and_then(|life| life.successor) {
                Some(successor) => heir = Some(successor),
                None => break,
            }
        }
        heir
    }

    /// The life of a board: the one that an instant falls in, else the last before it; `None` before its first. A board
    /// that an import established lives exactly while the timeline gives it an area, so a corrected division also corrects
    /// lives; the recorded end at that instant names the successor.
    fn life(
        &self,
        timeline: &Timeline<'_>,
        board: &BoardEstablished,
        record: &BoardRecord,
        at: Timestamp,
        known: u64,
    ) -> Option<Board> {
        let ends = record.ends(known);
        let (valid_from, valid_to) = if board.division_id.is_some() {
            let until = timeline.index_at(at)?;
            let last = timeline.divisions()[..=until].iter().rposition(|division| division.has_board(&board.id))?;
            let (from, to) = timeline.run(last, |division| division.has_board(&board.id));
            (Some(from), to)
        } else {
            let from = board.valid_from.filter(|from| *from > at).map_or(Some(board.valid_from), |_| None)?;
            (from, ends.last().map(|end| end.said.valid_to))
        };
        let successor =
            ends.iter().find(|end| Some(end.said.valid_to) == valid_to).map(|end| end.said.successor.clone());
        Some(Board {
            id: board.id.clone(),
            name: record.name_at(at, known).unwrap_or(&board.name).to_owned(),
            kind: board.kind,
            valid_from,
            valid_to,
            successor,
            source: board.source.clone(),
        })
    }

    /// Whether the end of a board at an instant with this successor is recorded already.
    pub fn has_recorded_end(&self, board: &str, valid_to: Timestamp, successor: &str) -> bool {
        let known = self.head().0;
        self.boards.get(board, known).is_some_and(|(_, record)| {
            record.ends(known).iter().any(|end| end.said.valid_to == valid_to && end.said.successor.id == successor)
        })
    }

    /// Whether a board with this id was ever established.
    pub fn is_established(&self, board: &str) -> bool {
        self.boards.get(board, self.head().0).is_some()
    }

    /// The board with its kind, by the name it has at an instant: the last it was given, else that of the area's event.
    pub(crate) fn board_name(&self, board: &Named, at: Timestamp, known: u64) -> BoardName {
        let found = self.boards.get(&board.id, known);
        let kind = found.map_or(BoardKind::District, |(established, _)| established.kind);
        let name = found.and_then(|(_, record)| record.name_at(at, known)).unwrap_or(&board.name);
        BoardName { id: board.id.clone(), name: name.to_owned(), kind }
    }
}
