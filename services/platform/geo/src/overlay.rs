//! Which areas a place touches, and how much of it each has.

use crate::{
    area_map::{AreaMap, Territory},
    clip::clip,
    exact::{Edge, Side, on_segment, turn},
    measure::{area_m2, distance_m},
    point::Point,
    shape::{Bounds, Dimension, Shape},
    validity::crossing,
};
use geo::{BooleanOps, Coord, Geometry, InteriorPoint, LineString, MultiPolygon, algorithm::kernels::Orientation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one area has of a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub area: String,
    /// Square metres on the WGS 84 ellipsoid of the polygons inside.
    pub area_m2: f64,
    /// Geodesic metres of the lines inside.
    pub length_m: f64,
    /// Number of the points inside.
    pub points: usize,
    /// 0 to 1, of what lies inside the city; all shares sum to 1. Counted in the place's highest dimension that any area
    /// has: a lone point beside a polygon names its area, with share 0.
    pub share: f64,
}

#[derive(Clone, Copy, Default)]
struct Held {
    area_m2: f64,
    length_m: f64,
    points: usize,
}

impl AreaMap {
    /// The areas that have a part of the shape, largest share first, ties by area id; empty outside the city. A point is
    /// located as by [`AreaMap::locate`] and counts alike with the others; a line is cut at the boundaries and each piece
    /// goes where its middle is; a polygon counts by its area in each. What only touches an area's edge is not in it,
    /// except a point that lies there. A polygon wholly inside an enclosed hole goes to the nearest area.
    pub fn overlay(&self, shape: &Shape) -> Vec<Share> {
        let mut held = BTreeMap::new();
        self.hold(shape.geometry(), &mut held);
        let (areas, lengths): (f64, f64) =
            held.values().fold((0.0, 0.0), |(areas, lengths), held| (areas + held.area_m2, lengths + held.length_m));
        let points: usize = held.values().map(|held| held.points).sum();
        let counted = if areas > 0.0 {
            Dimension::Polygons
        } else if lengths > 0.0 {
            Dimension::Lines
        } else {
            Dimension::Points
        };
        let share = |held: &Held| match counted {
            Dimension::Polygons => held.area_m2 / areas,
            Dimension::Lines => held.length_m / lengths,
            Dimension::Points => held.points as f64 / points as f64,
        };
        let mut shares: Vec<Share> = held
            .iter()
            .map(|(&area, held)| Share {
                area: self.territories()[usize::from(area)].id().to_owned(),
                area_m2: held.area_m2,
                length_m: held.length_m,
                points: held.points,
                share: share(held),
            })
            .collect();
        shares.sort_by(|one, other| other.share.total_cmp(&one.share).then_with(|| one.area.cmp(&other.area)));
        shares
    }

    fn hold(&self, geometry: &Geometry<f64>, held: &mut BTreeMap<u16, Held>) {
        match geometry {
            Geometry::Point(point) => self.hold_point(point.0, held),
            Geometry::MultiPoint(points) => points.iter().for_each(|point| self.hold_point(point.0, held)),
            Geometry::LineString(line) => self.hold_line(line, held),
            Geometry::MultiLineString(lines) => lines.iter().for_each(|line| self.hold_line(line, held)),
            Geometry::Polygon(polygon) => self.hold_polygons(&MultiPolygon(vec![polygon.clone()]), held),
            Geometry::MultiPolygon(polygons) => self.hold_polygons(polygons, held),
            Geometry::GeometryCollection(parts) => parts.iter().for_each(|part| self.hold(part, held)),
            Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {}
        }
    }

    fn hold_point(&self, point: Coord<f64>, held: &mut BTreeMap<u16, Held>) {
        if let Some(area) = self.area_at(point) {
            held.entry(area).or_default().points += 1;
        }
    }

    fn hold_line(&self, line: &LineString<f64>, held: &mut BTreeMap<u16, Held>) {
        for pair in line.0.windows(2) {
            let cuts = self.cuts([pair[0], pair[1]]);
            for piece in cuts.windows(2) {
                if let Some(area) = self.area_at(piece[0] + (piece[1] - piece[0]) / 2.0) {
                    held.entry(area).or_default().length_m += distance_m(piece[0], piece[1]);
                }
            }
        }
    }

    /// The ends of a segment and its crossings with boundaries between them, in order.
    fn cuts(&self, segment: Edge) -> Vec<Coord<f64>> {
        let [a, b] = segment;
        let mut cuts = vec![a, b];
        let bounds = Bounds::of(segment);
        for territory in self.territories().iter().filter(|territory| territory.bounds().meets(&bounds)) {
            let index = territory.index();
            for number in index.between_latitudes(bounds.south, bounds.north) {
                let edge = index.edges()[number as usize];
                if !Bounds::of(edge).meets(&bounds) {
                    continue;
                }
                cuts.extend(edge.into_iter().filter(|&vertex| on_segment(vertex, segment)));
                let crosses = |[a, b]: Edge, [c, d]: Edge| {
                    let (one, other) = (turn(a, b, c), turn(a, b, d));
                    one != other && one != Orientation::Collinear && other != Orientation::Collinear
                };
                if crosses(segment, edge) && crosses(edge, segment) {
                    cuts.push(crossing(segment, edge));
                }
            }
        }
        let along = |c: &Coord<f64>| (c.x - a.x) * (b.x - a.x) + (c.y - a.y) * (b.y - a.y);
        cuts.sort_by(|one, other| along(one).total_cmp(&along(other)));
        cuts.dedup();
        cuts
    }

    fn hold_polygons(&self, polygons: &MultiPolygon<f64>, held: &mut BTreeMap<u16, Held>) {
        let bounds = Bounds::of(polygons.iter().flat_map(|polygon| polygon.exterior().0.iter().copied()));
        let mut any = false;
        let near = (0..).zip(self.territories()).filter(|(_, territory)| territory.bounds().meets(&bounds));
        for (number, territory) in near {
            let common = common_m2(territory, polygons, &bounds);
            if common > COMMON_M2_MIN {
                held.entry(number).or_default().area_m2 += common;
                any = true;
            }
        }
        if !any {
            for polygon in polygons {
                if let Some(area) = polygon.interior_point().and_then(|point| self.area_at(point.0)) {
                    held.entry(area).or_default().area_m2 += area_m2(&MultiPolygon(vec![polygon.clone()]));
                }
            }
        }
    }

    fn area_at(&self, point: Coord<f64>) -> Option<u16> {
        self.hit(Point::from_coord(point)).area
    }
}

/// Square metres below which a common area of a place and an area is rounding along a common edge.
const COMMON_M2_MIN: f64 = 0.01;

/// Square metres that a territory and some polygons within `bounds` have in common.
fn common_m2(territory: &Territory, polygons: &MultiPolygon<f64>, bounds: &Bounds) -> f64 {
    let index = territory.index();
    let reaches = |[a, b]: Edge| {
        a.x.min(b.x) <= bounds.east
            && a.x.max(b.x) >= bounds.west
            && a.y.min(b.y) <= bounds.north
            && a.y.max(b.y) >= bounds.south
    };
    let numbers = index.between_latitudes(bounds.south, bounds.north);
    if !numbers.into_iter().any(|number| reaches(index.edges()[number as usize])) {
        // No boundary comes near: all of it or nothing.
        let whole = index.side(bounds.corners()[0]) == Side::Inside;
        return if whole { area_m2(polygons) } else { 0.0 };
    }
    // Cut a little outside the place, so that the cut is no edge of it. The sweep works on a grid of 2^-30 of the larger box:
    // under 0.1 mm for the city, about a centimetre for a place as large as Europe. What it finds smaller than that is a common edge,
    // not a common area.
    let near = clip(territory.geometry(), &bounds.wider_by(CLIP_MARGIN));
    area_m2(&near.intersection(polygons))
}

/// Degrees, about ten metres.
const CLIP_MARGIN: f64 = 1e-4;
