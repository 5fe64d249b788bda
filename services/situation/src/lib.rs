//! The context `situation`: what has happened, is happening or is expected, where, and which boards it concerns.
//!
//! Words: an [`Incident`](domain::incident) is an *oönskad händelse* (the user interface never says "incident": that is the
//! city's IA system); *affected* are the boards in whose areas the place lies and those named by hand; the *lead* is the
//! board proposed to bring about coordination, which gives no right to command; *support* is crisis support, whose cases
//! are duty's: here it is only known for which affected boards a case is held.
//!
//! Invariants, each guarded by the test named:
//! 1. An incident is one event: what the map said is inside it, and replay looks nothing up
//!    (`a_history_replays_to_the_same_answers`).
//! 2. Its life goes forward only, and the same step twice is one event (`an_accepted_command_sent_again_adds_nothing`).
//! 3. Free text reaches the log sealed, the place too from k 2 on (`no_sealed_text_is_in_the_bytes`).
//! 4. Nobody reads an incident without being its owner, an affected board, a holder or a reader by role
//!    (`who_may_read_an_incident`).
//! 5. A case is noted once, however often it is announced (`a_case_that_is_announced_twice_is_noted_once`).
//! 6. Support that nobody has opened a case for within `SUPPORT_MISSING_S` is an error that names the incident
//!    (`missing_support_turns_situation_red_and_names_the_incident`).
//! 7. No rule branches on the kind of an incident: no domain file names one (`no_rule_knows_a_kind`).
//!
//! Reading order: [`domain`] the rules, [`intake`] wire → domain, [`place`] what the map says, [`sealing`] what no log may
//! read, [`read_model`] the fold, [`view`] what answers look like, [`watch`] the waiting for support, [`dangling`] what a coming
//! division leaves, [`service`] the wiring,
//! [`limits`] the bounds.

pub mod dangling;
pub mod domain {
    //! Pure rules: values in, values out.
    pub mod affected;
    pub mod incident;
    pub mod occurrence;
}
pub mod intake;
pub mod limits;
pub mod place;
pub mod queries;
pub mod read_model;
pub mod sealing;
pub mod service;
pub mod support;
pub mod view;
pub mod watch;

pub use service::Situation;

#[cfg(test)]
mod tests;
