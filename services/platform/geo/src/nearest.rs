//! How far a place that no area has is from the nearest one, and which that is.
//!
//! Only the shore counts: edges that no other area runs back along, and those that end on such an edge. They are cut into pieces
//! so short that a piece and its chord through the earth differ by less than a millimetre. Blocks of half a kilometre know
//! which pieces can be the nearest of any place in them.

use crate::{
    area_map::Territory,
    exact::Edge,
    limits::{EDGE_PIECES_MAX, GRID_CELL_M, NEAREST_BLOCK_CELLS},
    measure::{Cartesian, Chord, arc_m, cartesian, distance_m, metres_per_degree},
    point::Point,
    shape::Bounds,
};
use geo::Coord;
use std::collections::HashSet;

/// Pieces are no longer than this; then chord and edge are less than a millimetre apart.
const PIECE_M: f64 = 160.0;
/// Nearer to each other than this, two areas are equally near, and the lower id answers: a thousandth of a millimetre.
const TIE_M: f64 = 1e-6;

/// The pieces of the shore, and the lists of the blocks.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    pieces: Vec<Piece>,
    bounds: Bounds,
    columns: usize,
    rows: usize,
    /// `members[starts[block]..starts[block + 1]]` are the pieces that can be the nearest in the block.
    starts: Vec<u32>,
    members: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Piece {
    chord: Chord,
    /// Number of the area, which is by id.
    area: u16,
}

impl Nearest {
    pub(crate) fn new(territories: &[Territory]) -> Nearest {
        let bounds = Bounds::of(territories.iter().flat_map(|area| area.bounds().corners()));
        let mut nearest =
            Nearest { pieces: shore(territories), bounds, columns: 0, rows: 0, starts: vec![0], members: Vec::new() };
        let (lon_m, lat_m) = metres_per_degree((bounds.south + bounds.north) / 2.0);
        let block_m = GRID_CELL_M * NEAREST_BLOCK_CELLS as f64;
        // As many blocks as half a kilometre makes of a city, and no more of a country.
        let count = |degrees: f64, metres: f64| ((degrees * metres / block_m).ceil() as usize).clamp(1, 64);
        nearest.columns = count(bounds.east - bounds.west, lon_m);
        nearest.rows = count(bounds.north - bounds.south, lat_m);
        for block in 0..nearest.columns * nearest.rows {
            nearest.list(block);
        }
        nearest
    }

    /// Appends the list of one block: the pieces whose least distance is not above every piece's greatest.
    fn list(&mut self, block: usize) {
        let (column, row) = ((block % self.columns) as f64, (block / self.columns) as f64);
        let corner = |u: f64, v: f64| Coord {
            x: self.bounds.west + (self.bounds.east - self.bounds.west) * (column + u) / self.columns as f64,
            y: self.bounds.south + (self.bounds.north - self.bounds.south) * (row + v) / self.rows as f64,
        };
        let centre = cartesian(corner(0.5, 0.5));
        let radius = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
            .map(|(u, v)| apart(centre, cartesian(corner(u, v))))
            .into_iter()
            .fold(0.0, f64::max);
        let ranges: Vec<(f64, f64)> = self.pieces.iter().map(|piece| piece.chord.distance_range_m(centre)).collect();
        let reach = ranges.iter().map(|(_, most)| most + radius).fold(f64::INFINITY, f64::min) + TIE_M;
        let near = (0..).zip(&ranges).filter(|(_, (least, _))| least - radius <= reach).map(|(number, _)| number);
        self.members.extend(near);
        self.starts.push(self.members.len() as u32);
    }

    /// Number of the nearest area, the lowest of equals, and the metres to it: geodesic, to well under a centimetre within a
    /// hundred kilometres.
    pub(crate) fn of(&self, point: Coord<f64>) -> (u16, f64) {
        let from = cartesian(point);
        let whole = 0..self.pieces.len() as u32;
        let (listed, rest) = match self.block(point) {
            Some(block) => (&self.members[self.starts[block] as usize..self.starts[block + 1] as usize], 0..0),
            None => (&[][..], whole),
        };
        // Pieces stand in the order of their areas, so that a later one must be truly nearer.
        let (mut best, mut least_m, mut place) = (0, f64::INFINITY, 0.0);
        for number in listed.iter().copied().chain(rest) {
            let (metres, share) = self.pieces[number as usize].chord.nearest(from);
            if metres < least_m - TIE_M {
                (best, least_m, place) = (number as usize, metres, share);
            }
        }
        // Beyond this the earth's shape shows in centimetres.
        const CHORD_M_MAX: f64 = 100_000.0;
        let piece = &self.pieces[best];
        let metres =
            if least_m > CHORD_M_MAX { distance_m(point, piece.chord.at(place)) } else { arc_m(least_m, point.y) };
        (piece.area, metres)
    }

    fn block(&self, point: Coord<f64>) -> Option<usize> {
        if !self.bounds.holds(Point::from_coord(point)) {
            return None;
        }
        let number = |value: f64, low: f64, high: f64, count: usize| {
            let share = if high > low { (value - low) / (high - low) } else { 0.0 };
            ((share * count as f64) as usize).min(count - 1)
        };
        let column = number(point.x, self.bounds.west, self.bounds.east, self.columns);
        let row = number(point.y, self.bounds.south, self.bounds.north, self.rows);
        Some(row * self.columns + column)
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

/// An edge in equal pieces of [`PIECE_M`] at the most.
pub(crate) fn cut([a, b]: Edge) -> impl Iterator<Item = Edge> {
    let count = (apart(cartesian(a), cartesian(b)) / PIECE_M).ceil().clamp(1.0, EDGE_PIECES_MAX as f64);
    let at = move |number: f64| if number == count { b } else { a + (b - a) * (number / count) };
    (0..count as usize).map(move |number| [at(number as f64), at(number as f64 + 1.0)])
}
