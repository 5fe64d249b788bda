//! The context `actors`: who is there in an area (authorities, companies, voluntary organisations …), what they have, how to
//! reach them, and whether that is still true; and the erasure of persons in the whole house.

pub mod service;

pub use service::Actors;
