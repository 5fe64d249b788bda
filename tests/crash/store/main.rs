//! A real store process, killed at any instant: what it acknowledged is there. And an acknowledgement leaves the process
//! only after the sync of its frame. And a disk that is really full.
//!
//! The binary runs itself again as the process to be killed: its child mode is a test that does nothing by itself.

// In a test a panic is the report.
#![allow(clippy::unwrap_used)]

mod child;
mod full;
mod kill;
mod order;

use std::io::Write;

/// Says so where the test harness does not swallow it, as it does what a passing test prints.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {why} ***\n");
}
