//! A full and a least sample of the `data` of every event type: for the agreement with .proto and for the golden bytes.
//!
//! Full: every member is there and none has its zero value. Least: whatever may be absent, empty or false is. They are written
//! out member by member, so that a new member does not compile until it has a sample.

mod actors;
mod area;
mod duty;
mod handover;
mod readiness;
mod situation;
mod takeover;

use narhet_kernel::{StreamId, SubjectId, Timestamp, Uuid};
use narhet_proto::{
    Message, Sealed, SealedBox,
    events::{
        Named,
        house::{PrincipalSeen, SubjectForgotten},
    },
};
use serde_json::value::RawValue;

#[derive(Clone)]
pub struct Sample {
    pub event_type: &'static str,
    pub full: bool,
    #[allow(dead_code, reason = "the golden bytes need it, the agreement with .proto does not")]
    pub stream: StreamId,
    pub data: Box<RawValue>,
}

/// Two or more of each type, the full one first and then the least.
pub fn all() -> Vec<Sample> {
    [
        area::samples(),
        duty::samples(),
        handover::samples(),
        readiness::samples(),
        situation::samples(),
        actors::samples(),
        takeover::samples(),
    ]
    .into_iter()
    .flatten()
    .flatten()
    .collect()
}

fn sample<M: Message>(kind: &str, id: &str, full: bool, message: M) -> Sample {
    Sample { event_type: M::TYPE, full, stream: StreamId::new(kind, id), data: message.to_raw() }
}

fn pair<M: Message>(kind: &str, id: &str, full: M, least: M) -> Vec<Sample> {
    vec![sample(kind, id, true, full), sample(kind, id, false, least)]
}

fn principal_seen<const CONTEXT: u8>() -> Vec<Sample>
where
    PrincipalSeen<CONTEXT>: Message,
{
    let principal = "p-0123456789abcdef";
    let seen =
        || PrincipalSeen::<CONTEXT> { principal: principal.to_owned(), issuer: sealed("iss"), subject: sealed("sub") };
    pair("principal", principal, seen(), seen())
}

fn subject_forgotten<const CONTEXT: u8>() -> Vec<Sample>
where
    SubjectForgotten<CONTEXT>: Message,
{
    let forgotten = || SubjectForgotten::<CONTEXT> { subject_id: subject() };
    pair("subject", &subject().to_string(), forgotten(), forgotten())
}

fn subject() -> SubjectId {
    SubjectId(Uuid::from_u128(0x019a_a2c0_5a00_7000_8000_0000_0000_5001))
}

fn named(id: &str, name: &str) -> Named {
    Named::new(id, name)
}

fn jarva() -> Named {
    named("jarva", "Järva stadsdelsnämnd")
}

fn sealed(what: &str) -> Sealed {
    Sealed { sealed: SealedBox { key: format!("k-{what}"), boxed: "c2VhbGVkIGFuZCBub3QgcmVhZA==".to_owned() } }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("samples are written with valid instants")
}

fn text(text: &str) -> String {
    text.to_owned()
}
