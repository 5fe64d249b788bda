//! The context `area`: which boards there are, which area each answers for, and since when.
//!
//! Words (DESIGN section 2): *nämnd* is a `Board`; *stadsdelsnämndsområde* an area, the geometry of one board's geographic
//! responsibility; *stadsdel* a neighbourhood, the part an area can be put together from. A *division* is the whole city cut into
//! areas from an instant on. A *defect* is a hole or an overlap between neighbourhoods.
//!
//! Invariants, each guarded by the test named:
//! 1. Nothing is half applied: an import is recorded whole, in one frame, or refused with every reason
//!    (`everything_that_is_wrong_is_named_and_nothing_is_written`).
//! 2. No stadsdel is without a board in any division (`a_stadsdel_without_an_area_is_refused_by_name`), and every hole and
//!    overlap is refused or accepted by the limit or by its id, and then listed for ever
//!    (`a_hole_is_accepted_by_the_limit_or_by_its_id_and_else_refused`).
//! 3. An import sent again records nothing and is answered alike (`the_same_import_again_is_already_so`).
//! 4. A board that loses its area has a successor from that instant on, in whatever order divisions are imported
//!    (`the_order_of_imports_makes_no_difference_to_who_answers_and_who_inherits`).
//! 5. A correction supersedes and never overwrites (`a_correction_supersedes_and_what_was_known_stays`).
//! 6. What the law gives one body only that body can do (`what_the_law_gives_one_body_only_that_body_can_do`).
//! 7. Asking what a division would leave dangling changes nothing
//!    (`a_rehearsal_names_who_ends_who_inherits_and_who_begins_whether_it_is_recorded_or_not`).
//!
//! Reading order: [`domain`] decides, [`intake`], [`boundaries_file`] and [`mapping_csv`] read what is asked, [`judged`] does both away from the loop, [`check`] does without a house, [`report`] is what is answered, [`service`] is what the
//! host runs, [`limits`] the bounds.

pub mod boundaries_file;
pub mod check;
pub mod domain;
pub mod intake;
pub mod judged;
pub mod limits;
pub mod mapping_csv;
pub mod report;
pub mod service;

pub use report::Report;
pub use service::{AreaService, IMPORT_DIVISION, REHEARSE_IMPORT};
