//! The context that owns office hours and support cases.
