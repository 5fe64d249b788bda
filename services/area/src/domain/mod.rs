//! What area decides, from values to values.
//!
//! Reading order: [`boundaries`] and [`mapping`] are the two things that are given, [`names`] joins them, [`sheet`] cuts exceptions out, [`register`] names the boards,
//! [`plan`] judges an import on its own, [`refusal`] says why not, [`record`] decides what it changes in a house, [`rehearsal`] what
//! that would end and begin; [`takeover`] and [`board`] decide the rest.

pub mod board;
pub mod boundaries;
pub mod mapping;
pub mod names;
pub mod plan;
pub mod record;
pub mod refusal;
pub mod register;
pub mod rehearsal;
pub mod sheet;
pub mod takeover;

pub use boundaries::Boundaries;
pub use mapping::Mapping;
pub use plan::{AreasFrom, Import, Plan, PlannedDivision, plan};
pub use record::{DivisionOutcome, Fact, Recording, record};
pub use refusal::Refusal;
