//! The rules of the registry, each as one sentence, in a house in memory.

mod classes;
mod house;
mod importing;
mod keeping;
mod persons;
mod proposals;
mod protection;

use house::{House, NOW, card, coordinator, somebody, with};
use narhet_kernel::Role;
use narhet_proto::{Event, wire::ErrorCode};
use narhet_runtime::Service as _;
use serde_json::{Value, json};
