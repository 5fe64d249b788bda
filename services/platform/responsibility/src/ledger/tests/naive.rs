//! Against a list of every fact, filtered: random histories with mergers, corrections, takeovers and returns.

use super::*;
use proptest::prelude::*;

/// One fact of the naive list: something recorded at a position.
struct Fact {
    position: u64,
    said: Said,
}

enum Said {
    /// Area and board of each cell from an instant on.
    Division {
        valid_from: Timestamp,
        holds: Vec<(usize, usize)>,
    },
    Takeover {
        by: usize,
        areas: Vec<usize>,
        valid_from: Timestamp,
    },
    Return {
        takeover: u64,
        valid_to: Timestamp,
    },
}

/// Among the divisions known: the latest start not after `at`, and of those the latest recorded.
fn naive_division(facts: &[Fact], at: Timestamp, known: u64) -> Option<(u64, &Vec<(usize, usize)>)> {
    facts
        .iter()
        .filter(|fact| fact.position <= known)
        .filter_map(|fact| match &fact.said {
            Said::Division { valid_from, holds } if *valid_from <= at => Some((*valid_from, fact.position, holds)),
            _ => None,
        })
        .max_by_key(|(valid_from, position, _)| (*valid_from, *position))
        .map(|(_, position, holds)| (position, holds))
}

/// Area, board that answers and whether by takeover: of the takeovers known, begun and not known to have ended, the last recorded.
fn naive(facts: &[Fact], cell: usize, at: Timestamp, known: u64) -> Option<(usize, usize, bool)> {
    let (area, board) = naive_division(facts, at, known)?.1[cell];
    // Of several returns of one takeover the last known counts.
    let ended = |takeover: u64| {
        let of_it = facts.iter().rev().filter(|fact| fact.position <= known).find_map(|fact| match fact.said {
            Said::Return { takeover: of, valid_to } if of == takeover => Some(valid_to),
            _ => None,
        });
        of_it.is_some_and(|valid_to| valid_to <= at)
    };
    let taken = facts.iter().rev().filter(|fact| fact.position <= known).find_map(|fact| match &fact.said {
        Said::Takeover { by, areas, valid_from }
            if areas.contains(&area) && *valid_from <= at && !ended(fact.position) =>
        {
            Some(*by)
        }
        _ => None,
    });
    Some(taken.map_or((area, board, false), |by| (area, by, true)))
}

/// The span of days around `at` in which the naive answer for a cell stays the same, looked at day by day.
fn naive_span(facts: &[Fact], cell: usize, at: i64, known: u64) -> (i64, Option<i64>) {
    let answer = |number: i64| naive(facts, cell, day(number), known);
    let here = answer(at);
    let from = (0..=at).rev().take_while(|number| answer(*number) == here).last().unwrap_or(at);
    // A return may lie some days after the last start.
    let to = (at..=DAYS + 4).find(|number| answer(*number) != here);
    (from, to)
}

pub(super) const DAYS: i64 = 8;

/// Something that happens in a random history.
#[derive(Clone, Debug)]
enum Act {
    Division {
        from: i64,
        area_of_cell: Vec<usize>,
        board_of_area: Vec<usize>,
    },
    Takeover {
        by: usize,
        areas: Vec<usize>,
        from: i64,
    },
    /// Of the nth takeover, if there is one, so many days after its start; again, it corrects the return before.
    Return {
        which: usize,
        after: i64,
    },
}

fn histories() -> impl Strategy<Value = Vec<Act>> {
    let division = (0..DAYS, prop::collection::vec(0..3_usize, CELLS), prop::collection::vec(0..4_usize, 3))
        .prop_map(|(from, area_of_cell, board_of_area)| Act::Division { from, area_of_cell, board_of_area });
    let takeover = (0..4_usize, prop::collection::vec(0..3_usize, 0..3), 0..DAYS)
        .prop_map(|(by, areas, from)| Act::Takeover { by, areas, from });
    let given_back = (0..3_usize, 0..4_i64).prop_map(|(which, after)| Act::Return { which, after });
    prop::collection::vec(prop_oneof![3 => division, 2 => takeover, 1 => given_back], 0..9)
}

/// Writes a history to a log and to the naive list.
fn play(history: &[Act]) -> (Log, Vec<Fact>) {
    let mut log = Log::started();
    let mut facts = Vec::new();
    let mut open: Vec<(u64, i64)> = Vec::new();
    for act in history {
        let (position, said) = match act {
            Act::Division { from, area_of_cell, board_of_area } => {
                let holds = area_of_cell.iter().map(|area| (*area, board_of_area[*area])).collect();
                let position = log.division(day(*from), area_of_cell, board_of_area);
                (position, Said::Division { valid_from: day(*from), holds })
            }
            Act::Takeover { by, areas, from } => {
                let position = log.take_over(&format!("board-{by}"), areas, day(*from));
                open.push((position, *from));
                (position, Said::Takeover { by: *by, areas: areas.clone(), valid_from: day(*from) })
            }
            Act::Return { which, after } if *which < open.len() => {
                let (takeover, from) = open[*which];
                let valid_to = day(from + after);
                (log.give_back(takeover, valid_to), Said::Return { takeover, valid_to })
            }
            Act::Return { .. } => continue,
        };
        facts.push(Fact { position, said });
    }
    (log, facts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_answer_equals_that_of_the_naive_list(history in histories()) {
        let (log, facts) = play(&history);
        // What is known changes with a fact only; the positions between are areas that no division has yet.
        let known_ones = facts.iter().map(|fact| fact.position).chain([0, log.position]);
        for known in known_ones {
            for at in 0..=DAYS {
                let boards = log.house.boards(day(at), known);
                let division = naive_division(&facts, day(at), known);
                let found = log.house.division_at(day(at), known).map(|division| division.position);
                prop_assert_eq!(found, division.map(|(position, _)| position));
                let has = |board: &usize| division.is_some_and(|(_, holds)| holds.iter().any(|(_, b)| b == board));
                let living: Vec<String> = (0..4).filter(has).map(|board| format!("board-{board}")).collect();
                let listed = boards.iter().filter(|board| board.kind == BoardKind::District).map(|board| board.id.clone());
                prop_assert_eq!(listed.collect::<Vec<_>>(), living);
                let points: Vec<Point> = (0..CELLS).map(point).collect();
                let batch = log.house.batch(&points, day(at), known);
                for cell in 0..CELLS {
                    let answer = log.house.locate(point(cell), day(at), known);
                    let of_batch = batch.results[cell].answer.map(|number| &batch.answers[number as usize]);
                    prop_assert_eq!(of_batch.map_or(&[][..], Vec::as_slice), &answer.responsible[..]);
                    let Some((area, board, taken)) = naive(&facts, cell, day(at), known) else {
                        prop_assert!(answer.responsible.is_empty() && answer.matched == Match::Outside);
                        continue;
                    };
                    prop_assert_eq!(district(&answer), (&*format!("area-{area}"), &*format!("board-{board}")));
                    let (from, to) = naive_span(&facts, cell, at, known);
                    let found = answer.district().unwrap();
                    prop_assert_eq!(found.basis, if taken { "takeover" } else { "area" });
                    prop_assert_eq!((found.valid_from, found.valid_to), (Some(day(from)), to.map(day)));
                    prop_assert_eq!(answer.responsible.len(), 3);
                }
            }
        }
    }
}
