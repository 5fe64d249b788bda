//! How far a place that no area has is from the nearest one, and which that is.
//!
//! Only the shore counts: edges that no other area runs back along, and those that end on such an edge. They are cut into pieces
//! so short that a piece and its chord through the earth differ by less than a millimetre.

use crate::{
    area_map::Territory,
    exact::Edge,
    limits::EDGE_PIECES_MAX,
    measure::{Cartesian, Chord, arc_m, cartesian, distance_m},
    tree::{Block, Tree},
};
use geo::Coord;
use std::collections::HashSet;

/// Pieces are no longer than this; then chord and edge are less than a millimetre apart.
const PIECE_M: f64 = 160.0;
/// Nearer to each other than this, two areas are equally near, and the lower id answers: a thousandth of a millimetre.
const TIE_M: f64 = 1e-6;

/// The pieces of the shore, and the tree in which they are found.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    pieces: Vec<Piece>,
    tree: Tree,
}

#[derive(Clone, Debug)]
struct Piece {
    chord: Chord,
    /// Number of the area, which is by id.
    area: u16,
}

impl Nearest {
    pub(crate) fn new(territories: &[Territory]) -> Nearest {
        let pieces = shore(territories);
        let blocks: Vec<Block> = pieces.iter().map(|piece| piece.chord.block()).collect();
        Nearest { pieces, tree: Tree::new(&blocks) }
    }

    /// Number of the nearest area, the lowest of equals, and the metres to it: geodesic, to well under a centimetre within a
    /// hundred kilometres.
    pub(crate) fn of(&self, point: Coord<f64>) -> (u16, f64) {
        let from = cartesian(point);
        let here = Block::around([from, from], 0.0);
        let mut reach_m = f64::INFINITY;
        // All that were within a tie of the nearest so far; the last few are of the nearest there is.
        let mut found: Vec<(f64, usize)> = Vec::with_capacity(32);
        self.tree.look_around(&here, f64::INFINITY, |number| {
            let metres = self.pieces[number as usize].chord.nearest(from).0;
            if metres <= reach_m {
                found.push((metres, number as usize));
                reach_m = reach_m.min(metres + TIE_M);
            }
            reach_m
        });
        // Pieces stand in the order of their areas.
        let ties = found.iter().filter(|(metres, _)| *metres <= reach_m);
        let best = ties.map(|(_, number)| *number).min().expect("a map has a shore");
        // Beyond this the earth's shape shows in centimetres.
        const CHORD_M_MAX: f64 = 100_000.0;
        let piece = &self.pieces[best];
        let (chord_m, place) = piece.chord.nearest(from);
        let metres =
            if chord_m > CHORD_M_MAX { distance_m(point, piece.chord.at(place)) } else { arc_m(chord_m, point.y) };
        (piece.area, metres)
    }
}

fn apart(a: Cartesian, b: Cartesian) -> f64 {
    [0, 1, 2].map(|axis| (a[axis] - b[axis]).powi(2)).iter().sum::<f64>().sqrt()
}

/// The shore of the areas, in pieces.
fn shore(territories: &[Territory]) -> Vec<Piece> {
    let bits = |c: Coord<f64>| (c.x.to_bits(), c.y.to_bits());
    let edges = || territories.iter().flat_map(|area| area.index().edges());
    let all: HashSet<_> = edges().map(|&[a, b]| (bits(a), bits(b))).collect();
    let unmatched = edges().filter(|&&[a, b]| !all.contains(&(bits(b), bits(a))));
    let ends: HashSet<_> = unmatched.flatten().map(|&end| bits(end)).collect();
    let mut pieces = Vec::new();
    for (area, territory) in (0_u16..).zip(territories) {
        for &edge in territory.index().edges() {
            if edge.iter().any(|&end| ends.contains(&bits(end))) {
                pieces.extend(cut(edge).map(|piece| Piece { chord: Chord::new(piece), area }));
            }
        }
    }
    pieces
}

/// How many pieces of [`PIECE_M`] at the most an edge is cut into.
pub(crate) fn pieces_in([a, b]: Edge) -> usize {
    (apart(cartesian(a), cartesian(b)) / PIECE_M).ceil().clamp(1.0, EDGE_PIECES_MAX as f64) as usize
}

/// An edge in equal pieces.
pub(crate) fn cut([a, b]: Edge) -> impl Iterator<Item = Edge> {
    let count = pieces_in([a, b]);
    let at = move |number: usize| if number == count { b } else { a + (b - a) * (number as f64 / count as f64) };
    (0..count).map(move |number| [at(number), at(number + 1)])
}
