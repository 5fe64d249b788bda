//! The boundaries: named polygons, wherever they come from.

use crate::domain::Refusal;
use narhet_geo::Shape;

/// The features that could be read, and what was refused about the others.
#[derive(Clone, Debug, Default)]
pub struct Boundaries {
    pub features: Vec<Feature>,
    pub exceptions: Vec<Exception>,
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

/// A part of a stadsdel that belongs to another area.
#[derive(Clone, Debug)]
pub struct Exception {
    pub name: String,
    /// The stadsdel that it is cut out of.
    pub of: String,
    /// What of it lies in the stadsdel is the part.
    pub shape: Shape,
}
