//! Pieces of lines in a tree of boxes, so that what is near is found without looking at everything.
//!
//! The boxes are of earth-centred metres: the gap between two of them is never more than the straight distance between what
//! they hold, at every latitude.

use crate::measure::Cartesian;
use std::ops::Range;

/// Pieces of one leaf: fewer make the tree larger than its pieces, more make each look longer.
const LEAF: usize = 8;
/// Nodes that wait on the way down, one for each halving.
const DEPTH_MAX: usize = 32;

/// The box around something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    low: Cartesian,
    high: Cartesian,
}

impl Block {
    const NOTHING: Block = Block { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    /// Around a straight line between two places, and whatever is no further from it than `slack_m`.
    pub(crate) fn around([a, b]: [Cartesian; 2], slack_m: f64) -> Block {
        let axis = |choose: fn(f64, f64) -> f64, more: f64| [0, 1, 2].map(|axis| choose(a[axis], b[axis]) + more);
        Block { low: axis(f64::min, -slack_m), high: axis(f64::max, slack_m) }
    }

    fn with(self, other: Block) -> Block {
        Block {
            low: [0, 1, 2].map(|axis| self.low[axis].min(other.low[axis])),
            high: [0, 1, 2].map(|axis| self.high[axis].max(other.high[axis])),
        }
    }

    /// Straight metres between the two boxes; 0 when they meet.
    pub(crate) fn gap_m(&self, other: &Block) -> f64 {
        self.gap_2(other).sqrt()
    }

    fn gap_2(&self, other: &Block) -> f64 {
        let gap = |axis: usize| (self.low[axis] - other.high[axis]).max(other.low[axis] - self.high[axis]).max(0.0);
        let [x, y, z] = [gap(0), gap(1), gap(2)];
        x * x + y * y + z * z
    }

    fn middle(&self, axis: usize) -> f64 {
        f64::midpoint(self.low[axis], self.high[axis])
    }

    fn widest(&self) -> usize {
        let width = |axis: usize| self.high[axis] - self.low[axis];
        [1, 2].into_iter().fold(0, |widest, axis| if width(axis) > width(widest) { axis } else { widest })
    }
}

/// The tree; of pieces it knows their numbers and boxes.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// The first is the root; the left child of a node stands right behind it.
    nodes: Vec<Node>,
    members: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Node {
    block: Block,
    members: Range<u32>,
    right: Option<u32>,
}

impl Tree {
    /// Over the pieces with these boxes, numbered in their order.
    pub(crate) fn new(blocks: &[Block]) -> Tree {
        let mut tree = Tree { nodes: Vec::new(), members: (0..blocks.len() as u32).collect() };
        if !blocks.is_empty() {
            tree.grow(blocks, 0..blocks.len());
        }
        tree
    }

    /// Halves the members at the median of the axis on which they are widest apart: the tree is as deep as a number is long.
    fn grow(&mut self, blocks: &[Block], range: Range<usize>) {
        let members = &mut self.members[range.clone()];
        let block = members.iter().fold(Block::NOTHING, |block, &number| block.with(blocks[number as usize]));
        let node = self.nodes.len();
        self.nodes.push(Node { block, members: range.start as u32..range.end as u32, right: None });
        if range.len() <= LEAF {
            return;
        }
        let (axis, half) = (block.widest(), range.len() / 2);
        let middle = |number: &u32| blocks[*number as usize].middle(axis);
        members.select_nth_unstable_by(half, |one, other| middle(one).total_cmp(&middle(other)));
        self.grow(blocks, range.start..range.start + half);
        self.nodes[node].right = Some(self.nodes.len() as u32);
        self.grow(blocks, range.start + half..range.end);
    }

    /// Calls `look` with the numbers of the pieces whose boxes may be nearer to `from` than `reach_m`, the nearer first; what it
    /// returns is the reach from there on.
    pub(crate) fn look_around(&self, from: &Block, reach_m: f64, mut look: impl FnMut(u32) -> f64) {
        // Squares are as good to compare, and most of the time goes into comparing.
        let mut reach_2 = reach_m * reach_m;
        let mut ahead = Vec::with_capacity(DEPTH_MAX);
        ahead.extend(self.nodes.first().map(|root| (root.block.gap_2(from), 0)));
        while let Some((gap_2, number)) = ahead.pop() {
            if gap_2 > reach_2 {
                continue;
            }
            match self.children(number) {
                None => {
                    for &member in self.members_of(number) {
                        let reach_m = look(member);
                        reach_2 = reach_m * reach_m;
                    }
                }
                Some([one, other]) => {
                    let [one, other] = [one, other].map(|child| (self.nodes[child].block.gap_2(from), child));
                    ahead.extend(if one.0 < other.0 { [other, one] } else { [one, other] });
                }
            }
        }
    }

    /// Calls `look` with the pairs of pieces, one of each tree, that may be nearer to each other than `reach_m`, the nearer
    /// first; what it returns is the reach from there on.
    pub(crate) fn look_between(&self, other: &Tree, reach_m: f64, mut look: impl FnMut(u32, u32) -> f64) {
        let mut reach_m = reach_m;
        let gap_m = |here: usize, there: usize| self.nodes[here].block.gap_m(&other.nodes[there].block);
        let mut ahead = Vec::new();
        if !self.nodes.is_empty() && !other.nodes.is_empty() {
            ahead.push((gap_m(0, 0), 0, 0));
        }
        while let Some((gap, here, there)) = ahead.pop() {
            if gap > reach_m {
                continue;
            }
            // The larger of the two is opened, so that both shrink alike.
            let larger = self.nodes[here].members.len() >= other.nodes[there].members.len();
            let mut next = match (self.children(here), other.children(there)) {
                (Some(children), at) if larger || at.is_none() => {
                    children.map(|here| (gap_m(here, there), here, there))
                }
                (_, Some(children)) => children.map(|there| (gap_m(here, there), here, there)),
                _ => {
                    for &one in self.members_of(here) {
                        other.members_of(there).iter().for_each(|&another| reach_m = look(one, another));
                    }
                    continue;
                }
            };
            next.sort_by(|one, other| other.0.total_cmp(&one.0));
            ahead.extend(next);
        }
    }

    fn children(&self, node: usize) -> Option<[usize; 2]> {
        self.nodes[node].right.map(|right| [node + 1, right as usize])
    }

    fn members_of(&self, node: usize) -> &[u32] {
        let Range { start, end } = self.nodes[node].members;
        &self.members[start as usize..end as usize]
    }
}
