//! Places: validated geometry, exact location, coverage, overlay; pure.
