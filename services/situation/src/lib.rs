//! The context that owns incidents.
