//! Land cut down to a box (Sutherland and Hodgman 1974): what lies far away costs an overlay nothing.

use crate::shape::{Bounds, rings};
use geo::{Coord, LineString, MultiPolygon, Polygon};

/// The part of each ring within the box, with an edge along the box where it goes outside. Rings may run along the box more
/// than once and meet themselves there, which even-odd filling makes nothing of; inside the box they are as they were.
pub(crate) fn clip(land: &MultiPolygon<f64>, bounds: &Bounds) -> MultiPolygon<f64> {
    let polygon = |polygon: &Polygon<f64>| {
        let mut clipped = rings(polygon).map(|ring| clip_ring(&ring.0, bounds));
        let exterior = clipped.next().filter(|ring| !ring.is_empty())?;
        let holes = clipped.filter(|ring| !ring.is_empty()).map(LineString).collect();
        Some(Polygon::new(LineString(exterior), holes))
    };
    MultiPolygon(land.iter().filter_map(polygon).collect())
}

fn clip_ring(ring: &[Coord<f64>], bounds: &Bounds) -> Vec<Coord<f64>> {
    let Bounds { west, south, east, north } = *bounds;
    let at_lon = |lon: f64| {
        move |a: Coord<f64>, b: Coord<f64>| Coord { x: lon, y: a.y + (b.y - a.y) * ((lon - a.x) / (b.x - a.x)) }
    };
    let at_lat = |lat: f64| {
        move |a: Coord<f64>, b: Coord<f64>| Coord { x: a.x + (b.x - a.x) * ((lat - a.y) / (b.y - a.y)), y: lat }
    };
    let ring = cut(&ring[1..], |c| c.x >= west, at_lon(west));
    let ring = cut(&ring, |c| c.x <= east, at_lon(east));
    let ring = cut(&ring, |c| c.y >= south, at_lat(south));
    let mut ring = cut(&ring, |c| c.y <= north, at_lat(north));
    ring.extend(ring.first().copied());
    ring
}

/// The open ring on one side of a line.
fn cut(
    ring: &[Coord<f64>],
    keep: impl Fn(Coord<f64>) -> bool,
    crossing: impl Fn(Coord<f64>, Coord<f64>) -> Coord<f64>,
) -> Vec<Coord<f64>> {
    let mut kept = Vec::with_capacity(ring.len());
    let Some(mut before) = ring.last().copied() else { return kept };
    for &here in ring {
        if keep(before) != keep(here) {
            kept.push(crossing(before, here));
        }
        if keep(here) {
            kept.push(here);
        }
        before = here;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, polygon};

    #[test]
    fn what_is_left_is_what_lies_in_the_box() {
        let bounds = Bounds { west: 0.0, south: 0.0, east: 2.0, north: 2.0 };
        let area = |land: Polygon<f64>| clip(&MultiPolygon(vec![land]), &bounds).unsigned_area();
        let square =
            |from: f64, to: f64| polygon![(x: from, y: from), (x: to, y: from), (x: to, y: to), (x: from, y: to)];
        assert_eq!(area(square(-5.0, 5.0)), 4.0, "the box itself");
        assert_eq!(area(square(1.0, 5.0)), 1.0);
        assert_eq!(area(square(0.5, 1.5)), 1.0, "unchanged");
        assert_eq!(area(square(3.0, 5.0)), 0.0);
        let triangle = polygon![(x: -2.0, y: 0.0), (x: 2.0, y: 0.0), (x: 2.0, y: 4.0)];
        assert_eq!(area(triangle), 4.0, "the line from (-2, 0) to (2, 4) only touches the corner (0, 2)");
        let with_hole = Polygon::new(square(-5.0, 5.0).exterior().clone(), vec![square(1.0, 9.0).exterior().clone()]);
        assert_eq!(area(with_hole), 3.0);
    }
}
