//! Decisions without rounding: turns, points on segments, and the side of a point to many edges.

use crate::limits::EDGE_BANDS_MAX;
use geo::{
    Coord,
    algorithm::kernels::{Kernel, Orientation, RobustKernel},
};

/// An edge from its first to its second vertex; the area it bounds is on its left.
pub(crate) type Edge = [Coord<f64>; 2];

/// How the way a → b → c turns, exactly (Shewchuk's adaptive predicate).
pub(crate) fn turn(a: Coord<f64>, b: Coord<f64>, c: Coord<f64>) -> Orientation {
    <RobustKernel as Kernel<f64>>::orient2d(a, b, c)
}

/// Whether `point` lies on the closed segment, exactly.
pub(crate) fn on_segment(point: Coord<f64>, [a, b]: Edge) -> bool {
    point.x >= a.x.min(b.x)
        && point.x <= a.x.max(b.x)
        && point.y >= a.y.min(b.y)
        && point.y <= a.y.max(b.y)
        && turn(a, b, point) == Orientation::Collinear
}

/// What one edge adds to the winding number of a point that is not on it: half-open in latitude, so that a ray through a
/// vertex counts once.
pub(crate) fn winding_step(point: Coord<f64>, [a, b]: Edge) -> i32 {
    if a.y <= point.y {
        i32::from(b.y > point.y && turn(a, b, point) == Orientation::CounterClockwise)
    } else {
        -i32::from(b.y <= point.y && turn(a, b, point) == Orientation::Clockwise)
    }
}

/// Where a point lies with respect to an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Inside,
    Boundary,
    Outside,
}

/// Edges sorted into bands of latitude: a question about a latitude sees only the edges that reach its band.
#[derive(Clone, Debug)]
pub(crate) struct EdgeIndex {
    edges: Vec<Edge>,
    /// `members[starts[band]..starts[band + 1]]` are the edges that touch the band.
    starts: Vec<u32>,
    members: Vec<u32>,
    south: f64,
    bands_per_degree: f64,
}

impl EdgeIndex {
    pub(crate) fn new(edges: Vec<Edge>) -> EdgeIndex {
        let south = edges.iter().flatten().map(|c| c.y).fold(f64::INFINITY, f64::min);
        let north = edges.iter().flatten().map(|c| c.y).fold(f64::NEG_INFINITY, f64::max);
        let mut bands = edges.len() / 2 + 1;
        let mut index = EdgeIndex { edges, starts: Vec::new(), members: Vec::new(), south, bands_per_degree: 0.0 };
        // An edge stands in every band that it reaches: where most edges are long, the bands must be few.
        loop {
            // The northernmost latitude itself falls into one band more.
            index.bands_per_degree = if north > south { bands as f64 / (north - south) } else { 0.0 };
            index.starts = vec![0; bands + 2];
            let places: usize =
                index.edges.iter().map(|edge| index.bands_of(edge)).map(|(low, high)| high + 1 - low).sum();
            if bands == 1 || places <= EDGE_BANDS_MAX * index.edges.len() {
                break;
            }
            bands /= 2;
        }
        // Counting sort: sizes first, then places; twice over the edges is cheaper than a vector per band.
        for edge in &index.edges {
            let (low, high) = index.bands_of(edge);
            index.starts[low + 1..=high + 1].iter_mut().for_each(|size| *size += 1);
        }
        for band in 1..index.starts.len() {
            index.starts[band] += index.starts[band - 1];
        }
        let mut next = index.starts.clone();
        index.members = vec![0; index.starts[index.starts.len() - 1] as usize];
        for (number, edge) in index.edges.iter().enumerate() {
            let (low, high) = index.bands_of(edge);
            for place in &mut next[low..=high] {
                index.members[*place as usize] = number as u32;
                *place += 1;
            }
        }
        index
    }

    fn bands_of(&self, [a, b]: &Edge) -> (usize, usize) {
        self.bands(a.y.min(b.y), a.y.max(b.y))
    }

    /// The bands of two latitudes. Rounding is monotone, so an edge and a point on it always meet in a band.
    fn bands(&self, low: f64, high: f64) -> (usize, usize) {
        let last = self.starts.len() - 2;
        let band = |lat: f64| (((lat - self.south) * self.bands_per_degree).max(0.0) as usize).min(last);
        (band(low), band(high))
    }

    /// How many places in bands the edges take.
    #[cfg(test)]
    pub(crate) fn places(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Numbers of the edges in the band of one latitude: all that reach it, and some others.
    pub(crate) fn at_latitude(&self, lat: f64) -> &[u32] {
        let (band, _) = self.bands(lat, lat);
        &self.members[self.starts[band] as usize..self.starts[band + 1] as usize]
    }

    /// Numbers of the edges that may reach latitudes from `low` to `high`, each once, in no order.
    pub(crate) fn between_latitudes(&self, low: f64, high: f64) -> Vec<u32> {
        let (first, last) = self.bands(low, high);
        let mut found = self.members[self.starts[first] as usize..self.starts[last + 1] as usize].to_vec();
        if first != last {
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    /// The side of a point to the area that the edges bound, exactly.
    pub(crate) fn side(&self, point: Coord<f64>) -> Side {
        match self.winding(point) {
            None => Side::Boundary,
            Some(0) => Side::Outside,
            Some(_) => Side::Inside,
        }
    }

    /// The winding number of the edges around a point; `None` on an edge.
    pub(crate) fn winding(&self, point: Coord<f64>) -> Option<i32> {
        let mut winding = 0;
        for &number in self.at_latitude(point.y) {
            let edge = self.edges[number as usize];
            if on_segment(point, edge) {
                return None;
            }
            winding += winding_step(point, edge);
        }
        Some(winding)
    }
}
