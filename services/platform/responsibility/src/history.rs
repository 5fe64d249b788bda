//! Everything that was ever recorded about one board, on both axes of time.

use crate::{answer::Board, division::Division, ledger::Responsibility};
use narhet_kernel::Timestamp;
use narhet_proto::{codes::TakeoverGround, events::Named};
use serde::Serialize;

/// The reply to `GET /v1/boards/{id}/history`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoardHistory {
    /// The board as known now.
    pub board: Board,
    /// In the order of recording: what was known when can be read from the top.
    pub entries: Vec<HistoryEntry>,
}

/// One recorded fact.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// `established`, `renamed`, `area`, `dissolved`, `inherited`, `takes-over`, `taken-over`.
    pub kind: &'static str,
    /// One Swedish sentence.
    pub text: String,
    pub valid_from: Option<Timestamp>,
    /// For areas: until the next division in force that gives it to another board, as known now.
    pub valid_to: Option<Timestamp>,
    /// When it was decided, where that is stated; it moves nothing.
    pub decided_at: Option<Timestamp>,
    pub recorded_at: Option<Timestamp>,
    /// Its place in area's log.
    #[serde(serialize_with = "narhet_proto::envelope::decimal::serialize")]
    pub position: u64,
    pub event_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Named>,
    /// The other board: the successor, the one that took over, the one that was taken over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Named>,
    /// Whether a later record of the same division has replaced this one; it then only says what was known before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
}

impl Responsibility {
    /// Everything recorded about a board; `None` when it was never established.
    pub fn history(&self, id: &str) -> Option<BoardHistory> {
        let board = self.board(id).or_else(|| self.established_only(id))?;
        let mut entries = Vec::new();
        self.own_facts(id, &mut entries);
        self.areas_held(id, &mut entries);
        self.inherited(id, &mut entries);
        self.taken_over(id, &mut entries);
        entries.sort_by_key(|entry| entry.position);
        Some(BoardHistory { board, entries })
    }

    /// A board whose every division was corrected away: it never lived, and yet it is on record.
    fn established_only(&self, id: &str) -> Option<Board> {
        let (board, _) = self.boards.get(id, self.head().0)?;
        Some(Board {
            id: board.id.clone(),
            name: board.name.clone(),
            kind: board.kind,
            valid_from: None,
            valid_to: None,
            successor: None,
            source: board.source.clone(),
        })
    }

    fn own_facts(&self, id: &str, entries: &mut Vec<HistoryEntry>) {
        let Some((_, record)) = self.boards.get(id, u64::MAX) else { return };
        for fact in &record.established {
            entries.push(HistoryEntry {
                valid_from: fact.said.valid_from,
                recorded_at: Some(fact.recorded_at),
                ..entry(
                    "established",
                    format!("{} finns ({}).", fact.said.name, fact.said.source),
                    fact.position,
                    fact.event_id,
                )
            });
        }
        for fact in &record.renamed {
            entries.push(HistoryEntry {
                valid_from: Some(fact.said.valid_from),
                decided_at: fact.said.decided_at,
                recorded_at: Some(fact.recorded_at),
                ..entry(
                    "renamed",
                    format!("Nämnden heter {} ({}).", fact.said.name, fact.said.reference),
                    fact.position,
                    fact.event_id,
                )
            });
        }
        for fact in &record.dissolved {
            let text = format!("Nämnden upphör; {} övertar det som är öppet.", fact.said.successor.name);
            entries.push(HistoryEntry {
                valid_from: Some(fact.said.valid_to),
                recorded_at: Some(fact.recorded_at),
                other: Some(fact.said.successor.clone()),
                ..entry("dissolved", text, fact.position, fact.event_id)
            });
        }
    }

    fn areas_held(&self, id: &str, entries: &mut Vec<HistoryEntry>) {
        let timeline = self.timeline(self.head().0);
        for division in self.recorded_divisions() {
            let in_force = timeline.divisions().iter().position(|held| std::ptr::eq(*held, division));
            for area in division.areas.iter().filter(|area| area.board.id == id) {
                let holds = |other: &Division| other.area(&area.area.id).is_some_and(|held| held.board.id == id);
                let valid_to = in_force.and_then(|index| timeline.run(index, holds).1);
                entries.push(HistoryEntry {
                    valid_from: Some(division.valid_from()),
                    valid_to,
                    decided_at: division.recorded.decided_at,
                    recorded_at: self.recorded_at(division.position),
                    area: Some(area.area.clone()),
                    superseded: in_force.is_none(),
                    ..entry(
                        "area",
                        format!("Nämnden har områdesansvaret i {} ({}).", area.area.name, division.recorded.source),
                        division.position,
                        area.event_id,
                    )
                });
            }
        }
    }

    fn inherited(&self, id: &str, entries: &mut Vec<HistoryEntry>) {
        for (board, record) in self.boards.all(u64::MAX) {
            for fact in record.dissolved.iter().filter(|fact| fact.said.successor.id == id) {
                let gone = Named::new(board.id.as_str(), board.name.as_str());
                entries.push(HistoryEntry {
                    valid_from: Some(fact.said.valid_to),
                    recorded_at: Some(fact.recorded_at),
                    other: Some(gone),
                    ..entry(
                        "inherited",
                        format!("Nämnden övertar det som är öppet hos {}.", board.name),
                        fact.position,
                        fact.event_id,
                    )
                });
            }
        }
    }

    fn taken_over(&self, id: &str, entries: &mut Vec<HistoryEntry>) {
        for takeover in self.recorded_takeovers() {
            let said = &takeover.said;
            let names =
                |boards: &[Named]| boards.iter().map(|board| board.name.as_str()).collect::<Vec<_>>().join(", ");
            let ground = match said.ground {
                TakeoverGround::Leh => "extraordinär händelse",
                TakeoverGround::War => "höjd beredskap",
            };
            let part = |boards: &[Named]| match &said.activity {
                Some(activity) if boards.is_empty() => activity.clone(),
                Some(activity) => format!("{} och {activity}", names(boards)),
                None => names(boards),
            };
            let (kind, text, other) = if said.by.id == id {
                let text = format!(
                    "Nämnden tar över {} från {}: {ground}, {}.",
                    part(&said.areas),
                    names(&said.from),
                    said.reference
                );
                ("takes-over", text, said.from.first().cloned())
            } else if said.from.iter().any(|from| from.id == id) {
                let text = format!(
                    "{} tar över {} från nämnden: {ground}, {}.",
                    said.by.name,
                    part(&said.areas),
                    said.reference
                );
                ("taken-over", text, Some(said.by.clone()))
            } else {
                continue;
            };
            entries.push(HistoryEntry {
                valid_from: Some(said.valid_from),
                valid_to: takeover.valid_to(self.head().0),
                decided_at: Some(said.decided_at),
                recorded_at: self.recorded_at(takeover.position),
                other,
                ..entry(kind, text, takeover.position, takeover.event_id)
            });
        }
    }
}

fn entry(kind: &'static str, text: String, position: u64, event_id: narhet_kernel::Uuid) -> HistoryEntry {
    HistoryEntry {
        kind,
        text,
        valid_from: None,
        valid_to: None,
        decided_at: None,
        recorded_at: None,
        position,
        event_id: event_id.to_string(),
        area: None,
        other: None,
        superseded: false,
    }
}
