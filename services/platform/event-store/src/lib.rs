//! The durable log: a journal that is the truth, sled for what is asked of it.
