//! The context `duty`: who has the operative responsibility for crisis support, at any place and instant, and why.
//!
//! Words: a [`SupportCase`](domain::support_case) (*krisstödsärende*) is a need for crisis support in one affected board's
//! area, never about an individual; its *holder* has the operative responsibility and is what moves by handover, while the
//! affected board stays the *responsible board*; *kontorstid* is one dated, centrally owned calendar; a *duty function* is a
//! role that is always staffed, and the city's TiB (`city-tib`) is the last of them.
//!
//! Invariants, each guarded by the test named:
//! 1. A case has exactly one holder from its first event to its close; an act of the receiving board or the end of a board
//!    moves it, no clock tick does (`custody_is_exactly_one_from_the_opening_to_the_close`,
//!    `a_case_stays_with_socialnamnden_until_the_district_accepts`).
//! 2. Every affected board gets one case; an incident without any gets one that the city's TiB is alarmed to place
//!    (`every_affected_board_gets_one_case`, `a_case_without_a_board_is_held_by_socialnamnden_and_alarms_the_citys_tib`).
//! 3. The same incident never yields a second case of a board (`the_same_incident_seen_twice_yields_no_second_case`).
//! 4. Who holds follows from the rule's data, the office hours and the instant alone (`the_rule_as_a_table`).
//! 5. What a case was decided on is inside its event: replay looks nothing up (`a_history_replays_to_the_same_answers`).
//! 6. Nobody reads a case without being a reader of its incident, its holder or its responsible board
//!    (`who_may_read_a_case`).
//! 7. An alarm goes on until it is taken: what cannot be resolved is a dead letter, and the last resort is told whatever its
//!    roster says (`what_cannot_be_resolved_is_a_dead_letter_and_the_alarm_goes_on`,
//!    `the_last_resort_is_told_whatever_its_roster_says`).
//! 8. The proof of cover says what asking the house at every instant would
//!    (`cover_of_real_calendars_rosters_and_a_merger_equals_asking_the_house`).
//!
//! Reading order: [`domain`] the rules, [`office`] the calendars as folded, [`intake`] wire → domain, [`incidents`] what is known
//! of situation's,
//! [`on_duty`] the answer for a place and an instant, [`read_model`] the cases, [`case_log`] their events, [`cases`], [`opening`],
//! [`case_commands`], [`relocation`], [`case_timers`], [`case_view`], [`calendars`], [`calendar_view`], [`dangling`] what
//! each part does with commands and events, [`service`] the wiring, [`limits`] the bounds.

pub mod domain {
    //! Pure rules: values in, values out.
    pub mod coverage;
    pub mod custody;
    pub mod escalation;
    pub mod handover;
    pub mod holder_rule;
    pub mod intervals;
    pub mod rest;
    pub mod roster;
    pub mod support;
    pub mod support_case;
    pub mod why;
    pub mod why_handover;
}
pub mod alarms;
pub mod calendar_view;
pub mod calendars;
pub mod case_commands;
pub mod case_log;
pub mod case_timers;
pub mod case_view;
pub mod cases;
pub mod channels;
pub mod dangling;
pub mod incidents;
pub mod intake;
pub mod limits;
pub mod office;
pub mod on_duty;
pub mod opening;
pub mod read_model;
pub mod readiness;
pub mod relocation;
pub mod service;

pub use service::Duty;

#[cfg(test)]
mod tests;
