//! The context `actors`: who is there in an area (authorities, companies, voluntary organisations …), what they have, how to
//! reach them, and whether that is still true; and the erasure of persons in the whole house.
//!
//! Words: a *card* is everything the registry holds about an actor; a *link* says that an actor belongs to an area, by a *site*,
//! by its *operating area* or by *hand*; the *owner* at an instant is the board that registered the actor, followed through the
//! boards' lineage; a *subject* is a person, whose data is sealed under their own key; *central* roles read everything.
//!
//! Invariants, each guarded by the test named:
//! 1. Links follow the map, rights pass by lineage at the instant, personal data is opened only after an event says so, an
//!    erased person is in no file, a rebuild is equal (`a_registry_from_spreadsheet_to_erasure_survives_everything`).
//! 2. An exported file imported again changes nothing (`bad_files_are_refused_clearly_and_exports_come_back_unchanged`).
//! 3. A coordinator edits what the own board owns and nothing else
//!    (`only_a_coordinator_of_the_owning_board_edits_and_a_refusal_names_the_right`).
//! 4. A person whom a proposal names is under their own key there too
//!    (`an_erased_person_is_gone_from_the_card_and_from_every_proposal_that_named_them`).
//! 5. Which sites are protected is told to nobody but the owner of now, central roles and the boards that are notified
//!    (`nobody_else_learns_which_sites_are_protected_by_any_way`).
//! 6. Another name is another person under another key
//!    (`another_name_is_another_person_who_inherits_nothing_and_an_erased_one_is_followed_by_somebody_new`).
//! 7. A member of k2 or k3 is for the owner and central roles (`a_member_of_k2_is_for_the_owner_and_central_roles_by_every_way`).
//!
//! Reading order: [`domain`] the rules, [`sealing`] what no log may read, [`read_model`], [`index`] and [`protected`] the fold, [`commands`],
//! [`merging`], [`notices`], [`proposals`], [`identity`], [`persons`], [`import`] what is decided, [`relink`] how links follow, [`queries`], [`view`], [`upkeep`], [`relevant`],
//! [`rounds`], [`gallring`], [`export`] what is answered, [`service`] the wiring, [`limits`] the bounds.

pub mod commands;
pub mod domain;
pub mod export;
pub mod gallring;
pub mod identity;
pub mod import;
pub mod index;
pub mod limits;
pub mod lineage;
pub mod merging;
pub mod notices;
pub mod persons;
pub mod proposals;
pub mod protected;
pub mod queries;
pub mod read_model;
pub mod relevant;
pub mod relink;
pub mod rounds;
pub mod sealing;
pub mod service;
pub mod upkeep;
pub mod view;

pub use service::Actors;
