//! NATS and its in-process twin.
