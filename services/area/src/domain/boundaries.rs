//! The boundaries: named polygons, wherever they come from.

use crate::domain::Refusal;
use narhet_geo::Shape;

/// The features that could be read, and what was refused about the others.
#[derive(Clone, Debug, Default)]
pub struct Boundaries {
    pub features: Vec<Feature>,
    pub refused: Vec<Refusal>,
}

/// A stadsdel, or an area when there is no mapping.
#[derive(Clone, Debug)]
pub struct Feature {
    pub name: String,
    pub shape: Shape,
    /// Whether the file says that its outlines are approximate.
    pub approximate: bool,
}
