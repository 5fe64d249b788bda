//! What a case's history says to its readers: who held it when and why, which alarms went out, how the last offer ended.
//!
//! Custody is a set of half-open intervals on the recorded axis of duty's log: each ends where the next begins, the last one
//! is open until the case is closed, and none is ever rewritten.

use super::support_case::{Event, State, evolve};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Sealed,
    events::{Named, Why},
};

/// A case as its history tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    pub state: State,
    pub custody: Vec<Interval>,
    pub alarms: Vec<Alarm>,
    /// The last offer, open or not.
    pub offer: Option<OfferLife>,
    pub area: Option<Named>,
}

/// One board's custody.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    pub holder: Named,
    pub since: Timestamp,
    pub until: Option<Timestamp>,
    /// When the holder's predecessor ceased to be; `since` is when that was recorded.
    pub effective_at: Option<Timestamp>,
    pub why: Vec<Why>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub function: String,
    pub board: Named,
    pub task: String,
    pub time: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OfferLife {
    pub id: String,
    pub status: &'static str,
    pub from: Named,
    pub to: Named,
    pub offered_at: Timestamp,
    pub answer_by: Timestamp,
    pub reminded_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub retry_at: Option<Timestamp>,
    /// Of a refusal: the event it was sealed for, the text, and whether something was masked in it.
    pub reason: Option<(Uuid, Sealed, bool)>,
    pub why: Vec<Why>,
}

impl Life {
    /// Takes the next event of the history.
    pub fn apply(&mut self, event: &Event, id: Uuid, time: Timestamp) {
        let before = self.state.case().map(|case| case.holder.clone());
        self.state = evolve(std::mem::take(&mut self.state), event, time);
        let now = self.state.case().map(|case| case.holder.clone());
        if let Some(holder) = now.filter(|now| before.as_ref().is_none_or(|before| before.id != now.id)) {
            self.passes_to(holder, event, time);
        }
        self.note_offer(event, id, time);
        match event {
            Event::Opened(opened) => self.area.clone_from(&opened.area),
            Event::Alarmed(alarm) => self.alarms.push(Alarm {
                function: alarm.function.clone(),
                board: alarm.board.clone(),
                task: alarm.task.clone(),
                time,
            }),
            Event::Relocated(relocated) if relocated.area.is_some() => self.area.clone_from(&relocated.area),
            Event::Closed(_) => {
                if let Some(last) = self.custody.last_mut() {
                    last.until = last.until.or(Some(time));
                }
            }
            _ => {}
        }
    }

    fn passes_to(&mut self, holder: Named, event: &Event, time: Timestamp) {
        if let Some(last) = self.custody.last_mut() {
            last.until = Some(time);
        }
        let (effective_at, why) = match event {
            Event::Opened(opened) => (None, opened.why.clone()),
            Event::Accepted(accepted) => (None, accepted.why.clone()),
            Event::TakenOver(taken) => (None, taken.why.clone()),
            Event::Inherited(inherited) => (Some(inherited.effective_at), inherited.why.clone()),
            _ => (None, Vec::new()),
        };
        self.custody.push(Interval { holder, since: time, until: None, effective_at, why });
    }

    fn note_offer(&mut self, event: &Event, id: Uuid, time: Timestamp) {
        match event {
            Event::Offered(offered) => {
                self.offer = Some(OfferLife {
                    id: offered.offer_id.clone(),
                    status: "offered",
                    from: offered.from.clone(),
                    to: offered.to.clone(),
                    offered_at: time,
                    answer_by: offered.answer_by,
                    reminded_at: None,
                    ended_at: None,
                    retry_at: None,
                    reason: None,
                    why: offered.why.clone(),
                });
            }
            Event::Reminded(_) => {
                if let Some(offer) = &mut self.offer {
                    offer.reminded_at = Some(time);
                }
            }
            _ => {}
        }
        let Some(offer) = self.offer.as_mut().filter(|offer| offer.ended_at.is_none()) else { return };
        let Some(case) = self.state.case() else { return };
        match (&case.offer, &case.ended) {
            (Some(open), _) => offer.to.clone_from(&open.to),
            (None, Some((ended, how))) if ended.id == offer.id => {
                offer.status = how.code();
                offer.ended_at = Some(time);
                match event {
                    Event::Refused(refused) => {
                        offer.retry_at = Some(refused.retry_at);
                        offer.reason = Some((id, refused.reason.clone(), refused.masked));
                    }
                    Event::TimedOut(timed_out) => offer.retry_at = Some(timed_out.retry_at),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
