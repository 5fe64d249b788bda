//! Who a message is for, how far it has come, and what that means for the next one.

use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::Reach,
    events::alarm::{DeliveriesOrdered, Delivery},
};

/// Somebody on duty for a function, with how many ways there are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receiver {
    pub function: String,
    /// Where the member stands: two rosters of a function may call their members the same.
    pub roster: Option<String>,
    pub member: Option<String>,
    pub ways: u32,
}

/// Who a message is for, whichever way it goes: function, roster, member.
pub(super) type Who<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// A message that has to go out, or has.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub delivery: Delivery,
    pub round: u32,
    pub step: u32,
    pub ordered_at: Timestamp,
    pub attempts: u32,
    pub dispatched_at: Option<Timestamp>,
    pub retry_at: Option<Timestamp>,
    pub dead: bool,
    pub detail: Option<String>,
    pub maybe_twice: bool,
    pub reach: Option<Reach>,
}

impl Message {
    pub(super) fn new(delivery: Delivery, ordered: &DeliveriesOrdered, ordered_at: Timestamp) -> Self {
        Self {
            delivery,
            round: ordered.round,
            step: ordered.step,
            ordered_at,
            attempts: 0,
            dispatched_at: None,
            retry_at: None,
            dead: false,
            detail: None,
            maybe_twice: false,
            reach: None,
        }
    }

    pub(super) fn receiver(&self) -> Who<'_> {
        let Delivery { function, roster, member, .. } = &self.delivery;
        (function, roster.as_deref(), member.as_deref())
    }

    pub fn is_for(&self, receiver: &Receiver) -> bool {
        self.receiver() == receiver.who()
    }

    /// Neither gone out nor given up.
    pub fn waits(&self) -> bool {
        self.dispatched_at.is_none() && !self.dead
    }

    /// Its first attempt did not get out of the house; later ones may.
    pub(super) fn has_failed(&self) -> bool {
        self.attempts > 0 && self.dispatched_at.is_none()
    }

    /// Somebody has seen it. Voicemail is not reach, and what was delivered may lie unread.
    pub(super) fn reached(&self) -> bool {
        matches!(self.reach, Some(Reach::Read | Reach::Accepted | Reach::OnPlace | Reach::Declined))
    }

    pub(super) fn accepted(&self) -> bool {
        matches!(self.reach, Some(Reach::Accepted | Reach::OnPlace))
    }
}

impl Receiver {
    pub(super) fn who(&self) -> Who<'_> {
        (&self.function, self.roster.as_deref(), self.member.as_deref())
    }
}

/// Whether a receipt says more than is known. A refusal takes an acceptance back, and an answering machine is found behind
/// what the network called delivered; otherwise what has come further counts.
pub fn is_news(known: Option<Reach>, said: Reach) -> bool {
    match known {
        None => true,
        Some(known) if known == said => false,
        Some(Reach::Delivered) if said == Reach::Voicemail => true,
        Some(known) => said == Reach::Declined || said > known,
    }
}
