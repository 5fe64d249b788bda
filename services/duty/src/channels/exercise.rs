//! The exercise channel: it never leaves the house. What is on it is read with `GET /v1/alarms`.

use super::{Parcel, Way};
use futures::future::BoxFuture;
use narhet_runtime::Refusal;

pub struct Exercise;

impl Way for Exercise {
    fn carry(&self, _address: String, _parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>> {
        Box::pin(async { Ok("stays in the house".to_owned()) })
    }

    fn test_receiver(&self) -> Option<&str> {
        Some("house")
    }

    fn honours_the_key(&self) -> bool {
        true
    }
}
