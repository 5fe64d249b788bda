//! From degrees to metres to pixels.

use narhet_geo::{Crs, Point, Shape};
use serde_json::Value;

/// A place in the plane of EPSG:3011.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Metres {
    pub east: f64,
    pub north: f64,
}

impl Metres {
    pub fn of(point: Point) -> Metres {
        let [east, north] = Crs::Sweref99_1800.coordinates(point);
        Metres { east, north }
    }

    fn middle(self, other: Metres) -> Metres {
        Metres { east: f64::midpoint(self.east, other.east), north: f64::midpoint(self.north, other.north) }
    }
}

/// A box around something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub low: Metres,
    pub high: Metres,
}

impl Extent {
    pub fn of(places: impl IntoIterator<Item = Metres>) -> Option<Extent> {
        places.into_iter().fold(None, |extent: Option<Extent>, at| {
            let Extent { low, high } = extent.unwrap_or(Extent { low: at, high: at });
            Some(Extent {
                low: Metres { east: low.east.min(at.east), north: low.north.min(at.north) },
                high: Metres { east: high.east.max(at.east), north: high.north.max(at.north) },
            })
        })
    }

    pub fn width(&self) -> f64 {
        self.high.east - self.low.east
    }

    pub fn height(&self) -> f64 {
        self.high.north - self.low.north
    }

    pub fn middle(&self) -> Metres {
        self.low.middle(self.high)
    }

    fn meets(&self, other: &Extent) -> bool {
        self.low.east <= other.high.east
            && other.low.east <= self.high.east
            && self.low.north <= other.high.north
            && other.low.north <= self.high.north
    }
}

/// An area to be drawn.
pub(super) struct Land {
    pub name: String,
    pub rings: Vec<Vec<Metres>>,
    /// Where its name is written.
    pub middle: Metres,
    extent: Option<Extent>,
}

impl Land {
    pub fn of(name: &str, shape: &Shape) -> Land {
        let mut rings = Vec::new();
        collect(&shape.to_geojson()["coordinates"], &mut rings);
        let extent = Extent::of(rings.iter().flatten().copied());
        let middle = rings.first().and_then(|ring| centroid(ring)).unwrap_or(Metres { east: 0.0, north: 0.0 });
        Land { name: name.to_owned(), rings, middle, extent }
    }

    pub fn width(&self) -> f64 {
        self.extent.map_or(0.0, |extent| extent.width())
    }

    pub fn meets(&self, window: &Extent) -> bool {
        self.extent.is_some_and(|extent| extent.meets(window))
    }
}

/// The rings of GeoJSON's coordinates, however deep they lie.
fn collect(coordinates: &Value, rings: &mut Vec<Vec<Metres>>) {
    let Some(parts) = coordinates.as_array() else { return };
    let position = |at: &Value| {
        let (lon, lat) = (at.get(0)?.as_f64()?, at.get(1)?.as_f64()?);
        Point::new(lon, lat).ok().map(Metres::of)
    };
    if parts.first().is_some_and(|first| position(first).is_some()) {
        rings.push(parts.iter().filter_map(position).collect());
    } else {
        parts.iter().for_each(|part| collect(part, rings));
    }
}

fn centroid(ring: &[Metres]) -> Option<Metres> {
    let origin = *ring.first()?;
    let (mut doubled, mut east, mut north) = (0.0, 0.0, 0.0);
    for pair in ring.windows(2) {
        let (ax, ay) = (pair[0].east - origin.east, pair[0].north - origin.north);
        let (bx, by) = (pair[1].east - origin.east, pair[1].north - origin.north);
        let cross = ax * by - ay * bx;
        doubled += cross;
        east += (ax + bx) * cross;
        north += (ay + by) * cross;
    }
    let shift = |sum: f64| if doubled == 0.0 { 0.0 } else { sum / (3.0 * doubled) };
    Some(Metres { east: origin.east + shift(east), north: origin.north + shift(north) })
}

/// One side of a window: which number counts, its limit, and whether more or less is inside.
type Side = (fn(&Metres) -> f64, f64, f64);

/// A part of the plane on a part of the sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    middle: Metres,
    /// The middle in pixels.
    x: f64,
    y: f64,
    pub width: f64,
    pub height: f64,
    /// Pixels in a metre.
    pub scale: f64,
}

impl View {
    /// All the lands, as large as they fit; the view is no higher than they need.
    pub fn around(lands: &[Land], left: f64, top: f64, width: f64, height_max: f64) -> View {
        let extent =
            Extent::of(lands.iter().filter_map(|land| land.extent).flat_map(|extent| [extent.low, extent.high]));
        let Some(extent) = extent else {
            return View { middle: Metres { east: 0.0, north: 0.0 }, x: left, y: top, width, height: 0.0, scale: 1.0 };
        };
        let scale = (width / extent.width().max(1.0)).min(height_max / extent.height().max(1.0));
        let height = extent.height() * scale;
        View { middle: extent.middle(), x: left + width / 2.0, y: top + height / 2.0, width, height, scale }
    }

    /// A window on the sheet around a place, so many metres wide.
    pub fn window(middle: Metres, metres: f64, left: f64, top: f64, width: f64, height: f64) -> View {
        View { middle, x: left + width / 2.0, y: top + height / 2.0, width, height, scale: width / metres }
    }

    pub fn pixel(&self, at: Metres) -> (f64, f64) {
        (self.x + (at.east - self.middle.east) * self.scale, self.y - (at.north - self.middle.north) * self.scale)
    }

    /// What can be seen, and a little around it so that cut edges stay out of sight.
    pub fn extent(&self) -> Extent {
        let (across, up) = (0.6 * self.width / self.scale, 0.6 * self.height / self.scale);
        Extent {
            low: Metres { east: self.middle.east - across, north: self.middle.north - up },
            high: Metres { east: self.middle.east + across, north: self.middle.north + up },
        }
    }

    /// A ring cut to what can be seen; a window of a millimetre would otherwise have corners a million kilometres away.
    pub fn clipped(&self, ring: &[Metres]) -> Vec<(f64, f64)> {
        let Extent { low, high } = self.extent();
        let sides: [Side; 4] = [
            (|at| at.east, low.east, 1.0),
            (|at| at.east, high.east, -1.0),
            (|at| at.north, low.north, 1.0),
            (|at| at.north, high.north, -1.0),
        ];
        // Sutherland and Hodgman: one side after the other.
        let cut = sides.iter().fold(ring.to_vec(), |ring, (axis, limit, sign)| {
            let depth = |at: &Metres| sign * (axis(at) - limit);
            let mut kept = Vec::with_capacity(ring.len());
            for (number, at) in ring.iter().enumerate() {
                let before = &ring[(number + ring.len() - 1) % ring.len()];
                let (depth_before, depth_here) = (depth(before), depth(at));
                if (depth_before < 0.0) != (depth_here < 0.0) {
                    let share = depth_before / (depth_before - depth_here);
                    kept.push(Metres {
                        east: before.east + (at.east - before.east) * share,
                        north: before.north + (at.north - before.north) * share,
                    });
                }
                if depth_here >= 0.0 {
                    kept.push(*at);
                }
            }
            kept
        });
        cut.into_iter().map(|at| self.pixel(at)).collect()
    }
}

/// A closed path of pixels; steps too small to be seen are left out.
pub(super) fn path(pixels: impl IntoIterator<Item = (f64, f64)>) -> String {
    const STEP_MIN: f64 = 0.25;
    let mut out = String::new();
    let mut last: Option<(f64, f64)> = None;
    for (x, y) in pixels {
        if last.is_some_and(|(a, b)| (a - x).hypot(b - y) < STEP_MIN) {
            continue;
        }
        out.push_str(&format!("{}{x:.1} {y:.1}", if last.is_none() { 'M' } else { 'L' }));
        last = Some((x, y));
    }
    if !out.is_empty() {
        out.push('Z');
    }
    out
}

/// Places around a place, nearest first.
pub(super) fn spiral((x, y): (f64, f64), step: f64) -> impl Iterator<Item = (f64, f64)> {
    const RINGS: u32 = 12;
    const IN_A_RING: u32 = 12;
    let around = (1..=RINGS).flat_map(move |ring| {
        (0..IN_A_RING).map(move |number| {
            let turn = std::f64::consts::TAU * f64::from(number) / f64::from(IN_A_RING);
            let reach = 1.6 * step * f64::from(ring);
            (x + reach * turn.cos(), y + reach * turn.sin())
        })
    });
    std::iter::once((x, y)).chain(around)
}
