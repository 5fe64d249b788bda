//! The real `narhet`, killed at any instant: what it acknowledged is there, once, and what it owes gets done. And an
//! answer leaves the process only after the sync of what it answers.

mod feed;
mod kill;
mod ledger;
mod order;
mod trace;
