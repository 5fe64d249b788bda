//! Why an import is refused: facts about one row, feature, area or hole each.

use crate::limits::{
    AREA_NAME_LETTERS_MAX, DATA_BYTES_MAX, HOLE_ACCEPTED_M2_MAX, IMPORT_EVENTS_MAX, NAME_PREFIX_LETTERS_MIN,
};
use jiff::civil::Date;
use narhet_geo::{AreaError, CarveError, GeometryError};
use narhet_proto::events::area::AcceptedDefect;

/// One thing that keeps an import from being recorded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("feature {number} has no name; give each feature a property \"name\"")]
    FeatureWithoutName { number: usize },
    #[error("two features are called {name:?} (numbers {first} and {second}); join them or name them apart")]
    FeatureTwice { name: String, first: usize, second: usize },
    #[error("feature {name:?}: {source}")]
    Geometry { name: String, source: GeometryError },
    #[error("feature {name:?} is a {found}; an area is a Polygon or a MultiPolygon")]
    NotAnArea { name: String, found: String },
    #[error("feature {name:?}: {fault}")]
    Unreadable { name: String, fault: String },
    #[error(
        "the exception {name:?} does not say what it is cut out of; give it a property \"undantag\" with the stadsdel's name"
    )]
    ExceptionWithoutWhole { name: String },
    #[error("the exception {name:?} is to be cut out of {of:?}, and no feature is called so")]
    ExceptionOfNobody { name: String, of: String },
    #[error("the exception {name:?} cannot be cut out of {of:?}: {source}")]
    Exception { name: String, of: String, source: CarveError },
    #[error(
        "row {line}: no feature is called {name:?}, nor does exactly one begin so with {NAME_PREFIX_LETTERS_MIN} letters or more"
    )]
    RowUnmatched { line: u64, name: String },
    #[error("row {line}: {name:?} may be any of {}; spell it as the map does", candidates.join(", "))]
    RowAmbiguous { line: u64, name: String, candidates: Vec<String> },
    #[error("row {line}: {name:?} stands in row {first} already")]
    RowTwice { line: u64, name: String, first: u64 },
    #[error("the feature {name:?} stands in no row of the mapping, so no board would answer there")]
    FeatureWithoutRow { name: String },
    #[error("row {line}: {name:?} has no area from {division}, so no board would answer there")]
    NoArea { line: u64, name: String, division: Date },
    #[error(
        "the area name {name:?} cannot be used: it needs letters or digits, at most {AREA_NAME_LETTERS_MAX} characters"
    )]
    AreaName { name: String },
    #[error("the area {area:?} would have the id {id:?}, which belongs to something that is not a stadsdelsnämnd")]
    IdTaken { area: String, id: String },
    #[error("the area {area:?} from {division} cannot be put together: {source}")]
    Area { area: String, division: Date, source: AreaError },
    #[error("the area {area:?} from {division} is not a sound area when read back: {source}")]
    Outline { area: String, division: Date, source: GeometryError },
    #[error(
        "{} {} between {} is {:.0} m² ({:.1} m wide) at lon {:.6} lat {:.6}, more than the {HOLE_ACCEPTED_M2_MAX:.0} m² that are \
         accepted by themselves; mend the boundaries or accept it by its id", .0.kind, .0.id, .0.between.join(" and "),
        .0.area_m2, .0.width_m, .0.at.first().copied().unwrap_or_default(), .0.at.last().copied().unwrap_or_default()
    )]
    Defect(Box<AcceptedDefect>),
    #[error(
        "{:.0} m² of {} would have no board any more, near lon {:.6} lat {:.6}: put the land into an area, or accept it by its \
         id {}", .0.area_m2, .0.between.join(" and "), .0.at.first().copied().unwrap_or_default(),
        .0.at.last().copied().unwrap_or_default(), .0.id
    )]
    LostLand(Box<AcceptedDefect>),
    #[error("{what} would be {bytes} bytes, {DATA_BYTES_MAX} are allowed in one event; simplify the boundaries")]
    TooLarge { what: String, bytes: usize },
    #[error(
        "the import would make {count} events, {IMPORT_EVENTS_MAX} are allowed at once; import fewer divisions at a time"
    )]
    TooManyEvents { count: usize },
}

impl Refusal {
    /// Which part of the body is at fault.
    pub fn pointer(&self) -> &'static str {
        match self {
            Refusal::RowUnmatched { .. }
            | Refusal::RowAmbiguous { .. }
            | Refusal::RowTwice { .. }
            | Refusal::FeatureWithoutRow { .. }
            | Refusal::NoArea { .. } => "/mapping",
            _ => "/boundaries",
        }
    }

    /// The rule that refuses a well-formed import; `None` when the input itself is not valid.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Refusal::Defect(_) | Refusal::LostLand(_) | Refusal::FeatureWithoutRow { .. } | Refusal::NoArea { .. } => {
                Some("tackning/1")
            }
            Refusal::IdTaken { .. } => Some("namnregister/1"),
            Refusal::TooLarge { .. } | Refusal::TooManyEvents { .. } => Some("handelsestorlek/1"),
            _ => None,
        }
    }
}
