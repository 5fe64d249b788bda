//! What every service runs on. A context implements [`Service`]; [`run`] gives it one thread, a log and a place on the bus.
//!
//! Reading order: [`service`] the contract, [`host`] start, loop and stop, `desk` what the loop does with each input, [`errand`] effects
//! outside the house,
//! `serving` what is asked of it, `keeper` what the node's keeper asks, [`relay`] log → stream, [`follow`] stream → folds, [`caller`] requests to a context's
//! owner, [`stamp`] a message's headers, [`sealing`] what no sink may read.

pub mod caller;
mod desk;
pub mod errand;
pub mod follow;
pub mod host;
pub mod keeper;
pub mod relay;
pub mod sealing;
mod seek;
pub mod service;
mod serving;
pub mod stamp;

pub use caller::{Caller, Health};
pub use errand::{Carried, Errand, Refusal, UnderWay};
pub use follow::{Delivered, FollowError, Follower, read_page};
pub use host::{HostError, HostOptions, run};
pub use narhet_bus::{Bus, Headers, RequestError};
pub use narhet_event_store::Expected;
pub use sealing::Keys;
pub use service::{AnswerBody, Decision, Env, Follow, Prepared, Service, Write};
