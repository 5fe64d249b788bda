//! The bitemporal fold of area's events and the lookups on it; pure.
