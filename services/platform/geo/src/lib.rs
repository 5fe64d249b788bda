//! Places: validated geometry, exact location, coverage, overlay; pure.
//!
//! A [`Point`] and a [`Shape`] cannot be built broken. Areas of one division go into an [`AreaMap`], which answers
//! [`locate`](AreaMap::locate) and [`overlay`](AreaMap::overlay); [`coverage`] finds gaps and overlaps without tolerance, and
//! [`dissolve`] joins neighbourhoods into areas. Degrees are CRS84, longitude before latitude; metres and square metres are
//! those of the WGS 84 ellipsoid, with edges straight in degrees as GeoJSON defines them.
//!
//! Invariants:
//! 1. Location is exact: the answer is that of real numbers for every floating-point coordinate
//!    (`location_agrees_with_geo_on_random_vertex_midpoint_and_one_ulp_points`).
//! 2. No place within the outer rings of a division is `outside`
//!    (`every_place_within_the_outer_ring_has_an_area_in_every_division`).
//! 3. A `Shape` written as GeoJSON reads back equal, bit for bit (`a_shape_reads_back_bit_for_bit`).
//!
//! Reading order: [`limits`], `point`, `error`, `shape`, `read`, `krueger`, `crs`, `parts`, `validity`, `exact`, `tree`, `measure`,
//! `planar`, `coverage`, `inscribed`, `dissolve`, `carve`, `grid`, `nearest`, `area_map`, `clip`, `overlay`, `neighbours`.

mod area_map;
mod carve;
mod clip;
mod coverage;
mod crs;
mod dissolve;
mod error;
mod exact;
mod grid;
mod inscribed;
mod krueger;
pub mod limits;
mod measure;
mod nearest;
mod neighbours;
mod overlay;
mod parts;
mod planar;
mod point;
mod read;
mod shape;
mod tree;
mod validity;

pub use area_map::{AreaMap, Hit, Location, Match, Territory};
pub use carve::{CarveError, carve};
pub use coverage::{Coverage, Defect, DefectKind, coverage};
pub use crs::{Crs, CrsError};
pub use dissolve::dissolve;
pub use error::{AreaError, GeometryError, PlaceError};
pub use neighbours::Neighbour;
pub use overlay::Share;
pub use parts::Ring;
pub use point::Point;
pub use shape::{Bounds, Dimension, Shape};

#[cfg(test)]
mod tests;
