//! A real store process, killed at any instant: what it acknowledged is there. And an acknowledgement leaves the process
//! only after the sync of its frame.
//!
//! The binary runs itself again as the process to be killed: its child mode is a test that does nothing by itself.

mod child;
mod kill;
mod order;
