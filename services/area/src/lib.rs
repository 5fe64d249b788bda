//! The context that owns boards, areas, their validity and lineage.
