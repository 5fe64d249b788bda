//! A table of small cells over one map: most places are answered by looking into the table, those near a boundary by the
//! few edges of their cell, exactly.
//!
//! ```text
//! cells: u16 each ──┬─► plain    the layers that have the whole cell
//!                   └─► crossed  for each layer: its winding number at the cell's reference point, and its edges here
//! ```
//! A *layer* is the land of one area, or (the last one) what the outer rings enclose. The winding number of a point is that
//! of the reference point plus what the edges between them add, each decided by exact predicates.

use crate::{
    exact::{Edge, EdgeIndex, Side, on_segment, turn},
    limits::{GRID_CELL_M, GRID_CELLS_MAX, GRID_EDGE_MARKS, GRID_MARKS_MAX},
    measure::metres_per_degree,
    point::Point,
    shape::Bounds,
};
use geo::{Coord, algorithm::kernels::Orientation};
use std::ops::Range;

/// Entries of `cells` from here on are crossed cells.
const CROSSED: u16 = 0x8000;
/// By how much of a cell an edge is made thicker when cells are marked: a million times the rounding of a cell's number.
const MARGIN: f64 = 1e-6;

/// The layers of a map: bounds and edges of each; the last is what the outer rings enclose.
pub(crate) struct Layer<'a> {
    pub bounds: Bounds,
    pub indices: &'a [EdgeIndex],
}

impl Layer<'_> {
    /// The winding number; `None` on an edge.
    fn winding(&self, point: Coord<f64>) -> Option<i32> {
        if !self.bounds.holds(Point::from_coord(point)) {
            return Some(0);
        }
        self.indices.iter().map(|index| index.winding(point)).sum()
    }

    fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.indices.iter().flat_map(|index| index.edges().iter().copied())
    }
}

/// The table; see the module.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// South-western corner, a cell outside the layers, so that whatever falls off the table is outside.
    west: f64,
    south: f64,
    per_lon: f64,
    per_lat: f64,
    columns: usize,
    rows: usize,
    cells: Vec<u16>,
    plain: Vec<Vec<u16>>,
    crossed: Vec<Crossed>,
    slots: Vec<Slot>,
    edges: Vec<Edge>,
}

/// A cell that edges cross.
#[derive(Clone, Debug)]
struct Crossed {
    reference: Coord<f64>,
    slots: Range<u32>,
}

/// One layer in a crossed cell.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    layer: u16,
    winding: i16,
    edges: Range<u32>,
}

impl Grid {
    /// Builds the table; cells are [`GRID_CELL_M`] wide, or more where that would be too many of them.
    pub(crate) fn new(layers: &[Layer<'_>]) -> Grid {
        let bounds = at_least_a_cell(Bounds::of(layers.iter().flat_map(|layer| layer.bounds.corners())));
        let mut cell_m = GRID_CELL_M;
        loop {
            if let Some(grid) = Grid::with_cells(layers, bounds, cell_m) {
                return grid;
            }
            cell_m *= 2.0;
        }
    }

    /// `None` when it would be too large a table.
    fn with_cells(layers: &[Layer<'_>], bounds: Bounds, cell_m: f64) -> Option<Grid> {
        let (lon_m, lat_m) = metres_per_degree((bounds.south + bounds.north) / 2.0);
        let count = |degrees: f64, metres: f64| (degrees * metres / cell_m).ceil().max(1.0);
        let (columns, rows) = (count(bounds.east - bounds.west, lon_m), count(bounds.north - bounds.south, lat_m));
        if columns * rows > GRID_CELLS_MAX as f64 {
            return None;
        }
        let (per_lon, per_lat) = (columns / (bounds.east - bounds.west), rows / (bounds.north - bounds.south));
        let mut grid = Grid {
            west: bounds.west - 1.0 / per_lon,
            south: bounds.south - 1.0 / per_lat,
            per_lon,
            per_lat,
            columns: columns as usize + 2,
            rows: rows as usize + 2,
            cells: Vec::new(),
            plain: Vec::new(),
            crossed: Vec::new(),
            slots: Vec::new(),
            edges: Vec::new(),
        };
        grid.cells = vec![0; grid.columns * grid.rows];
        let marks = grid.marks(layers)?;
        grid.cross(layers, &marks)?;
        grid.fill(layers)?;
        Some(grid)
    }

    /// Which edge of which layer touches which cell, sorted by cell and layer; `None` when that is too much.
    fn marks(&self, layers: &[Layer<'_>]) -> Option<Vec<(u32, u16, Edge)>> {
        // Even a table of one cell has some marks for each edge.
        let edges: usize = layers.iter().map(|layer| layer.edges().count()).sum();
        let limit = GRID_MARKS_MAX.max(GRID_EDGE_MARKS * edges);
        let mut count = 0;
        for edge in layers.iter().flat_map(Layer::edges) {
            self.touched(edge, |_| count += 1);
            if count > limit {
                return None;
            }
        }
        let mut marks = Vec::with_capacity(count);
        for (number, layer) in layers.iter().enumerate() {
            for edge in layer.edges() {
                self.touched(edge, |cell| marks.push((cell as u32, number as u16, edge)));
            }
        }
        marks.sort_by_key(|&(cell, layer, _)| (cell, layer));
        Some(marks)
    }

    /// Calls `mark` with every cell that an edge touches, and perhaps a neighbour that it all but touches.
    fn touched(&self, [a, b]: Edge, mut mark: impl FnMut(usize)) {
        let place = |c: Coord<f64>| ((c.x - self.west) * self.per_lon, (c.y - self.south) * self.per_lat);
        let ((ax, ay), (bx, by)) = (place(a), place(b));
        let clamp = |value: f64, count: usize| (value.max(0.0) as usize).min(count - 1);
        let (low, high) = (ay.min(by) - MARGIN, ay.max(by) + MARGIN);
        for row in clamp(low, self.rows)..=clamp(high, self.rows) {
            // The part of the edge within this row, as columns.
            let (south, north) = ((row as f64 - MARGIN).max(low), (row as f64 + 1.0 + MARGIN).min(high));
            let (west, east) = if by == ay {
                (ax.min(bx), ax.max(bx))
            } else {
                let at = |y: f64| ax + (bx - ax) * ((y - ay) / (by - ay)).clamp(0.0, 1.0);
                (at(south).min(at(north)), at(south).max(at(north)))
            };
            for column in clamp(west - MARGIN, self.columns)..=clamp(east + MARGIN, self.columns) {
                mark(row * self.columns + column);
            }
        }
    }

    /// Makes the crossed cells; `None` when there are more than the table can name.
    fn cross(&mut self, layers: &[Layer<'_>], marks: &[(u32, u16, Edge)]) -> Option<()> {
        for of_cell in marks.chunk_by(|one, other| one.0 == other.0) {
            let cell = of_cell[0].0 as usize;
            self.cells[cell] = CROSSED.checked_add(u16::try_from(self.crossed.len()).ok()?)?;
            let (reference, windings) = self.reference(cell, layers, of_cell);
            let first = self.slots.len() as u32;
            let mut own = of_cell.chunk_by(|one, other| one.1 == other.1).peekable();
            for (layer, winding) in (0_u16..).zip(windings) {
                let edges = own.next_if(|edges| edges[0].1 == layer).unwrap_or_default();
                if winding != 0 || !edges.is_empty() {
                    let start = self.edges.len() as u32;
                    self.edges.extend(edges.iter().map(|mark| mark.2));
                    let winding = i16::try_from(winding).ok()?;
                    self.slots.push(Slot { layer, winding, edges: start..self.edges.len() as u32 });
                }
            }
            self.crossed.push(Crossed { reference, slots: first..self.slots.len() as u32 });
        }
        Some(())
    }

    /// A point of the cell that lies on no edge of any layer and in line with none of the cell's own, and its winding numbers.
    fn reference(&self, cell: usize, layers: &[Layer<'_>], marks: &[(u32, u16, Edge)]) -> (Coord<f64>, Vec<i32>) {
        // Additive recurrence with the square roots of 2 and 3: no straight line has more than a few of these points.
        let (mut u, mut v) = (0.5, 0.5);
        loop {
            let at = self.within(cell, u, v);
            let in_line = marks.iter().any(|(_, _, [a, b])| turn(*a, *b, at) == Orientation::Collinear);
            if !in_line && let Some(windings) = layers.iter().map(|layer| layer.winding(at)).collect() {
                return (at, windings);
            }
            (u, v) = ((u + 2_f64.sqrt()).fract(), (v + 3_f64.sqrt()).fract());
        }
    }

    /// A place in a cell, `u` and `v` from 0 to 1.
    fn within(&self, cell: usize, u: f64, v: f64) -> Coord<f64> {
        let (column, row) = ((cell % self.columns) as f64, (cell / self.columns) as f64);
        Coord { x: self.west + (column + u) / self.per_lon, y: self.south + (row + v) / self.per_lat }
    }

    /// Answers the plain cells: along a row they stay the same between crossed ones. `None` when there are too many answers.
    fn fill(&mut self, layers: &[Layer<'_>]) -> Option<()> {
        for row in 0..self.rows {
            let mut current = None;
            for cell in row * self.columns..(row + 1) * self.columns {
                if self.cells[cell] >= CROSSED {
                    current = None;
                    continue;
                }
                let number = match current {
                    Some(number) => number,
                    None => self.plain_at(self.within(cell, 0.5, 0.5), layers)?,
                };
                self.cells[cell] = number;
                current = Some(number);
            }
        }
        Some(())
    }

    fn plain_at(&mut self, at: Coord<f64>, layers: &[Layer<'_>]) -> Option<u16> {
        let having = |layer: &Layer<'_>| layer.winding(at).is_some_and(|winding| winding != 0);
        let held: Vec<u16> =
            (0_u16..).zip(layers).filter(|(_, layer)| having(layer)).map(|(number, _)| number).collect();
        let number = self.plain.iter().position(|known| *known == held).unwrap_or_else(|| {
            self.plain.push(held);
            self.plain.len() - 1
        });
        u16::try_from(number).ok().filter(|number| *number < CROSSED)
    }

    /// What the table says of a place: the number of a plain answer, or a crossed cell to look into; `None` off the table.
    #[inline]
    pub(crate) fn entry(&self, point: Coord<f64>) -> Option<Entry> {
        let column = whole((point.x - self.west) * self.per_lon);
        let row = whole((point.y - self.south) * self.per_lat);
        if column >= self.columns as u64 || row >= self.rows as u64 {
            return None;
        }
        let entry = self.cells[row as usize * self.columns + column as usize];
        Some(if entry < CROSSED { Entry::Plain(entry) } else { Entry::Crossed(entry - CROSSED) })
    }

    /// The layers of each plain answer, ascending, by its number.
    pub(crate) fn plain(&self) -> &[Vec<u16>] {
        &self.plain
    }

    /// The layers that have a point, ascending, each with whether it lies on the layer's boundary.
    pub(crate) fn layers_at(&self, point: Coord<f64>) -> Layers<'_> {
        match self.entry(point) {
            None => Layers::Plain([].iter()),
            Some(Entry::Plain(number)) => Layers::Plain(self.plain[usize::from(number)].iter()),
            Some(Entry::Crossed(number)) => self.crossed_at(number, point),
        }
    }

    pub(crate) fn crossed_at(&self, number: u16, point: Coord<f64>) -> Layers<'_> {
        let crossed = &self.crossed[usize::from(number)];
        let slots = self.slots[crossed.slots.start as usize..crossed.slots.end as usize].iter();
        Layers::Crossed { grid: self, point, reference: crossed.reference, slots }
    }

    fn side(&self, slot: &Slot, point: Coord<f64>, reference: Coord<f64>) -> Side {
        let mut winding = i32::from(slot.winding);
        for &edge in &self.edges[slot.edges.start as usize..slot.edges.end as usize] {
            match step(point, reference, edge) {
                Some(step) => winding += step,
                None => return Side::Boundary,
            }
        }
        if winding == 0 { Side::Outside } else { Side::Inside }
    }
}

/// Bounds that are one cell wide and high or more. In a table smaller than that, down to two neighbouring numbers, a cell need not
/// have a point beside its edges.
fn at_least_a_cell(bounds: Bounds) -> Bounds {
    let (lon_m, lat_m) = metres_per_degree(bounds.north.abs().max(bounds.south.abs()).min(89.0));
    let least = |low: f64, high: f64, metres: f64| {
        let lacking = (GRID_CELL_M / metres - (high - low)).max(0.0);
        (low - lacking / 2.0, high + lacking / 2.0)
    };
    let (west, east) = least(bounds.west, bounds.east, lon_m);
    let (south, north) = least(bounds.south, bounds.north, lat_m);
    Bounds { west, south, east, north }
}

/// What the table says of a cell.
pub(crate) enum Entry {
    Plain(u16),
    Crossed(u16),
}

/// The whole part of a number; of one that is negative or too large something enormous. Within half a unit in the last place of a whole
/// number it may be the one below, as if the number were that much smaller: cells are marked wider than that. Adding 2^52
/// leaves no bits for a fraction, which takes half the instructions of a cast that must saturate.
#[inline]
fn whole(number: f64) -> u64 {
    const SHIFT: f64 = (1_u64 << 52) as f64;
    (number - 0.5 + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits())
}

/// What an edge adds to the winding number on the way from `reference` to `point`; `None` when the point lies on it. The
/// reference is not in line with the edge. A vertex on the way counts as being on its right, so that it counts once.
fn step(point: Coord<f64>, reference: Coord<f64>, [a, b]: Edge) -> Option<i32> {
    let to_point = turn(a, b, point);
    if to_point == Orientation::Collinear {
        // On the edge's line beside the edge the way ends without having crossed it.
        return (!on_segment(point, [a, b])).then_some(0);
    }
    if to_point == turn(a, b, reference) {
        return Some(0);
    }
    let left = |vertex| turn(reference, point, vertex) == Orientation::CounterClockwise;
    match (left(a), left(b)) {
        (true, false) | (false, true) => Some(if to_point == Orientation::CounterClockwise { 1 } else { -1 }),
        _ => Some(0),
    }
}

/// The layers at a point; see [`Grid::layers_at`].
pub(crate) enum Layers<'a> {
    Plain(std::slice::Iter<'a, u16>),
    Crossed { grid: &'a Grid, point: Coord<f64>, reference: Coord<f64>, slots: std::slice::Iter<'a, Slot> },
}

impl Iterator for Layers<'_> {
    type Item = (u16, Side);

    fn next(&mut self) -> Option<(u16, Side)> {
        match self {
            Layers::Plain(held) => held.next().map(|layer| (*layer, Side::Inside)),
            Layers::Crossed { grid, point, reference, slots } => slots.find_map(|slot| {
                let side = grid.side(slot, *point, *reference);
                (side != Side::Outside).then_some((slot.layer, side))
            }),
        }
    }
}
