//! What is left when every edge that two neighbours share, once in each direction, has cancelled out: directed edges that
//! form loops, each with the number of areas that cover the land around it. No tolerance anywhere: vertices are equal when
//! their bits are. Real boundaries also cross by a hair without a common vertex; loops are still closed then, because in
//! every vertex as many edges end as begin.

use crate::exact::{Edge, EdgeIndex, turn, winding_step};
use geo::{Coord, algorithm::kernels::Orientation};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

/// An edge whose left side is covered by one area more than its right side.
#[derive(Clone, Debug)]
struct Unmatched {
    from: usize,
    to: usize,
    /// The features that have this edge, in either direction, ascending.
    owners: Vec<usize>,
}

/// Where two loops touch in a vertex: which side stays together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hug {
    /// Every piece of land gets a loop of its own: sound polygons.
    Land,
    /// Every gap gets a loop of its own, even between areas that meet in corners only.
    Water,
}

/// A directed closed loop that meets no vertex twice; the better covered side is on its left.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    /// Open: the first vertex is not repeated.
    pub ring: Vec<Coord<f64>>,
    /// The features whose edges it is made of, ascending.
    pub owners: Vec<usize>,
    /// How many areas cover the land around it.
    pub around: i32,
    pub counter_clockwise: bool,
    /// Whether it has a vertex in common with the boundary between land and the outside.
    pub touches_outside: bool,
}

impl Loop {
    /// Whether it bounds land towards the outside (or towards a gap, when it is an island there).
    pub(crate) fn is_outer(&self) -> bool {
        self.counter_clockwise && self.around <= 0
    }

    pub(crate) fn is_gap(&self) -> bool {
        !self.counter_clockwise && self.around <= 1
    }

    pub(crate) fn is_overlap(&self) -> bool {
        self.counter_clockwise && self.around > 0
    }
}

/// The loops that the features' edges leave; the land is on the left of each edge. Loops on one line (an edge and the same
/// edge in pieces) are left out: no land is missing or doubled there.
pub(crate) fn loops(features: impl IntoIterator<Item = impl IntoIterator<Item = Edge>>, hug: Hug) -> Vec<Loop> {
    let (vertices, edges) = cancel(features);
    let segments = edges.iter().map(|edge| [vertices[edge.from], vertices[edge.to]]).collect();
    let index = EdgeIndex::new(segments);
    let next = successors(&vertices, &edges, &levels(&index), hug);
    let cycles = cycles(&edges, &next);
    let mut loop_of = vec![0; edges.len()];
    for (number, cycle) in cycles.iter().enumerate() {
        cycle.iter().for_each(|&edge| loop_of[edge] = number);
    }
    let mut found: Vec<(Loop, &[usize])> = Vec::new();
    for cycle in &cycles {
        let ring: Vec<Coord<f64>> = cycle.iter().map(|&edge| vertices[edges[edge].from]).collect();
        if ring.iter().skip(2).all(|&vertex| turn(ring[0], ring[1], vertex) == Orientation::Collinear) {
            continue;
        }
        let mut owners: Vec<usize> = cycle.iter().flat_map(|&edge| &edges[edge].owners).copied().collect();
        owners.sort_unstable();
        owners.dedup();
        let around = around(&index, &loop_of, cycle);
        let counter_clockwise = doubled_area(&ring) > 0.0;
        found.push((Loop { ring, owners, around, counter_clockwise, touches_outside: false }, cycle));
    }
    let mut outside = vec![false; vertices.len()];
    for (_, cycle) in found.iter().filter(|(one, _)| one.is_outer()) {
        cycle.iter().for_each(|&edge| outside[edges[edge].from] = true);
    }
    for (one, cycle) in &mut found {
        one.touches_outside = cycle.iter().any(|&edge| outside[edges[edge].from]);
    }
    found.into_iter().map(|(one, _)| one).collect()
}

/// Twice the signed area in square degrees of an open or closed ring, counter-clockwise positive; from its first vertex, so
/// that small loops keep their digits.
pub(crate) fn doubled_area(ring: &[Coord<f64>]) -> f64 {
    let Some(&first) = ring.first() else { return 0.0 };
    ring.windows(2).map(|pair| (pair[0] - first, pair[1] - first)).map(|(a, b)| a.x * b.y - a.y * b.x).sum()
}

/// How many areas cover the right side of each edge, at its middle; of the same edge twice, the second lies within the first.
fn levels(index: &EdgeIndex) -> Vec<i32> {
    let level = |own: usize| right_of(index, own, |other| other == own) - i32::from(left_is_east(index.edges()[own]));
    (0..index.edges().len()).map(level).collect()
}

/// How many areas cover the land around a loop: what all other loops wind around the middles of its edges. Where another
/// loop crosses by a hair they differ; the greater length decides.
fn around(index: &EdgeIndex, loop_of: &[usize], cycle: &[usize]) -> i32 {
    let mut votes: BTreeMap<i32, f64> = BTreeMap::new();
    for &own in cycle {
        let [a, b] = index.edges()[own];
        let winding = right_of(index, own, |other| loop_of[other] == loop_of[own]);
        *votes.entry(winding).or_default() += (b.x - a.x).hypot(b.y - a.y);
    }
    votes.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(winding, _)| winding)
}

/// The winding number of all edges but the left-out ones on the right side of the middle of an edge.
fn right_of(index: &EdgeIndex, own: usize, left_out: impl Fn(usize) -> bool) -> i32 {
    let edge @ [a, b] = index.edges()[own];
    let middle = a + (b - a) / 2.0;
    let near = index.at_latitude(middle.y).iter().map(|&other| other as usize).filter(|&other| !left_out(other));
    let step = |other: usize| {
        if index.edges()[other] == edge {
            // The same edge again: the middle lies on it, so the side is chosen, not computed.
            i32::from(other < own) - i32::from(left_is_east(edge))
        } else {
            winding_step(middle, index.edges()[other])
        }
    };
    near.map(step).sum()
}

/// Whether the left side of an edge is the side where `winding_step` puts points that lie on it: east, or else north.
fn left_is_east([a, b]: Edge) -> bool {
    b.y < a.y || (b.y == a.y && b.x > a.x)
}

/// Follows the edges and cuts the way wherever it meets a vertex again.
fn cycles(edges: &[Unmatched], next: &[usize]) -> Vec<Vec<usize>> {
    let mut seen = vec![false; edges.len()];
    let mut cycles = Vec::new();
    for start in 0..edges.len() {
        let (mut path, mut place, mut edge) = (Vec::<usize>::new(), HashMap::new(), start);
        while !seen[edge] {
            seen[edge] = true;
            let vertex = edges[edge].from;
            if let Some(&begin) = place.get(&vertex) {
                let cut = path.split_off(begin);
                for &edge in &cut {
                    place.remove(&edges[edge].from);
                }
                cycles.push(cut);
            }
            place.insert(vertex, path.len());
            path.push(edge);
            edge = next[edge];
        }
        if !path.is_empty() {
            cycles.push(path);
        }
    }
    cycles
}

/// A vertex by its bits.
type Bits = (u64, u64);

/// The edges that do not cancel, in an order that depends on the coordinates only.
fn cancel(features: impl IntoIterator<Item = impl IntoIterator<Item = Edge>>) -> (Vec<Coord<f64>>, Vec<Unmatched>) {
    let key = |c: Coord<f64>| (c.x.to_bits(), c.y.to_bits());
    let mut uses: HashMap<(Bits, Bits), (i32, Edge, Vec<usize>)> = HashMap::new();
    for (feature, edges) in features.into_iter().enumerate() {
        for [a, b] in edges {
            let forward = key(a) < key(b);
            let name = if forward { (key(a), key(b)) } else { (key(b), key(a)) };
            let entry = uses.entry(name).or_insert((0, if forward { [a, b] } else { [b, a] }, Vec::new()));
            entry.0 += if forward { 1 } else { -1 };
            if entry.2.last() != Some(&feature) {
                entry.2.push(feature);
            }
        }
    }
    let mut left: Vec<_> = uses.into_iter().filter(|(_, (net, ..))| *net != 0).collect();
    left.sort_unstable_by_key(|(name, _)| *name);
    let (mut vertices, mut numbers) = (Vec::new(), HashMap::new());
    let mut number = |coord: Coord<f64>| {
        *numbers.entry(key(coord)).or_insert_with(|| {
            vertices.push(coord);
            vertices.len() - 1
        })
    };
    let mut edges = Vec::with_capacity(left.len());
    for (_, (net, [a, b], owners)) in left {
        let (a, b) = (number(a), number(b));
        let (from, to) = if net > 0 { (a, b) } else { (b, a) };
        // Land that is doubled exactly leaves the same edge twice.
        edges.extend(std::iter::repeat_n(Unmatched { from, to, owners }, net.unsigned_abs() as usize));
    }
    (vertices, edges)
}

/// For each edge the one its loop goes on with. In a vertex with several, edges of one level belong together, because they
/// bound the same cover; among those the first to the right keeps water together, the first to the left keeps land together.
fn successors(vertices: &[Coord<f64>], edges: &[Unmatched], levels: &[i32], hug: Hug) -> Vec<usize> {
    let mut entering = vec![Vec::new(); vertices.len()];
    let mut leaving = vec![Vec::new(); vertices.len()];
    for (number, edge) in edges.iter().enumerate() {
        entering[edge.to].push(number);
        leaving[edge.from].push(number);
    }
    let mut next = vec![0; edges.len()];
    for (center, (entering, leaving)) in entering.iter().zip(&mut leaving).enumerate() {
        let by_direction = |one: Coord<f64>, other: Coord<f64>| by_direction(vertices[center], one, other);
        leaving.sort_by(|&one, &other| by_direction(vertices[edges[one].to], vertices[edges[other].to]));
        // First those that find their own level, then the rest take what is left: a hair's crossing can leave levels odd.
        for own_level in [true, false] {
            for &edge in entering.iter() {
                if next[edge] != 0 || leaving.is_empty() {
                    continue;
                }
                let back = vertices[edges[edge].from];
                let first_beyond =
                    leaving.partition_point(|&other| by_direction(vertices[edges[other].to], back) == Ordering::Less);
                let count = leaving.len();
                let mut turns = (0..count).map(|step| match hug {
                    Hug::Water => (first_beyond + step) % count,
                    Hug::Land => (first_beyond + 2 * count - 1 - step) % count,
                });
                let place = turns.find(|&place| !own_level || levels[leaving[place]] == levels[edge]);
                if let Some(place) = place {
                    // Numbers are kept one too high, so that zero means none yet.
                    next[edge] = leaving.remove(place) + 1;
                }
            }
        }
    }
    next.into_iter().map(|number| number.saturating_sub(1)).collect()
}

/// Counter-clockwise order of directions from `center`, from east; exact. Of two with the same direction the one that goes
/// further is taken to lie on the north-west side, seen from either end, so that an edge and its pieces stay in order.
fn by_direction(center: Coord<f64>, one: Coord<f64>, other: Coord<f64>) -> Ordering {
    let south = |to: Coord<f64>| (to.y, to.x) < (center.y, center.x);
    south(one).cmp(&south(other)).then_with(|| match turn(center, one, other) {
        Orientation::CounterClockwise => Ordering::Less,
        Orientation::Clockwise => Ordering::Greater,
        Orientation::Collinear => {
            let reach = |to: Coord<f64>| (to.x - center.x).abs() + (to.y - center.y).abs();
            let nearer_first = reach(one).total_cmp(&reach(other));
            if south(one) { nearer_first.reverse() } else { nearer_first }
        }
    })
}
