//! The published language of Närhet: what contexts say to each other, and nothing about how they decide.
//!
//! Reading order: [`envelope`] is one event as bytes, [`events`] what its `data` may be, [`table`] the one list of event
//! types, [`subject`] the grammar of NATS subjects, [`wire`] requests, replies and problems, [`access`] who may read what,
//! [`codes`] the code lists.

pub mod access;
pub mod codes;
pub mod envelope;
pub mod events;
pub mod subject;
pub mod table;
pub mod wire;

pub use envelope::{Draft, Event, Sealed, SealedBox};
pub use events::Message;
pub use table::{EVENT_TYPES, EventType};
