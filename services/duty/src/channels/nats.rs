//! Alarms on the house's own bus: a request, so that "sent" means that somebody there has taken it.

use super::{Parcel, Way};
use futures::future::BoxFuture;
use narhet_kernel::id::is_slug;
use narhet_proto::subject;
use narhet_runtime::{Bus, Headers, Refusal};
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub struct Nats {
    pub bus: Bus,
    pub test: Option<String>,
}

impl Way for Nats {
    fn carry(&self, address: String, parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>> {
        if !is_slug(&address) {
            return super::refuse("the address is not a slug".to_owned());
        }
        let (bus, subject) = (self.bus.clone(), subject::alarm(&address));
        let headers = Headers::from([("Idempotency-Key".to_owned(), parcel.key.clone())]);
        let body = serde_json::to_vec(&parcel).unwrap_or_default();
        Box::pin(async move {
            match bus.request(&subject, headers, body.into(), ANSWER_WITHIN).await {
                Ok(_) => Ok("taken".to_owned()),
                Err(narhet_runtime::RequestError::NoResponders(_)) => {
                    Err(Refusal { detail: "nobody listens".to_owned(), may_heal: true, may_be_done: false })
                }
                Err(_) => Err(Refusal { detail: "no answer in time".to_owned(), may_heal: true, may_be_done: true }),
            }
        })
    }

    fn test_receiver(&self) -> Option<&str> {
        self.test.as_deref()
    }

    fn honours_the_key(&self) -> bool {
        true
    }
}
