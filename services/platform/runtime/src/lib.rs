//! What every service runs on. A context implements [`Service`]; [`host`] gives it one thread, a log and a place on the bus.
//!
//! Reading order: [`service`] the contract, [`host`] the loop, [`relay`] log → stream, [`follow`] stream → folds,
//! [`caller`] requests to a context's owner, [`sealing`] what no sink may read.

pub mod sealing;
pub mod service;

pub use sealing::Keys;
pub use service::{AnswerBody, Decision, Env, Follow, Service, Write};
