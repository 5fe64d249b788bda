//! An alarm on its way down a path, until somebody takes it.
//!
//! ```text
//! raised ─► step 0 ─► step 1 … ─► (round again) ─► the last resort, again and again ─► settled
//!            └─ in each: first way ─► next way when one fails or is not answered; whoever comes on duty is alarmed too
//! ```
//! A step's time counts from its first recorded dispatch, so what a dead house did not send does not eat it. A step without
//! anybody, or whose every way has failed, is left at once. Whoever has several ways is tried on each within the step's time,
//! until it is read: a message that lies in a phone has reached nobody.

mod message;

pub use message::{Message, Receiver, is_news};

use message::Who;
use narhet_kernel::Timestamp;
use narhet_proto::{
    codes::{AlarmOutcome, AlarmPurpose, AttemptOutcome, OrderedBecause, Reach},
    events::alarm::{AlarmRaised, AlarmSettled, DeliveriesOrdered, Delivery, DeliveryAttempted, DeliveryReceipted},
};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds until the first retry; each later one waits twice as long.
const RETRY_FIRST_S: i64 = 2;
/// Attempts on one way before it is given up: 2 + 4 + 8 + 16 seconds of patience, while the next way is tried beside it.
pub const ATTEMPTS_MAX: u32 = 5;
/// After so many rounds of the last resort it is alarmed hourly: never dropped, and never a flood.
const LAST_RESORT_EAGER_ROUNDS: u32 = 12;
const LAST_RESORT_PATIENT_S: i64 = 3_600;
/// Beside the last resort nobody is told again so soon after the last time; whoever is back on duty the next day is.
const TOLD_FOR_S: i64 = 12 * 3_600;

/// What happens to an alarm; the messages live in `proto`.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Ordered(DeliveriesOrdered),
    Attempted(DeliveryAttempted),
    Receipted(DeliveryReceipted),
    Settled(AlarmSettled),
}

/// An alarm as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub raised: AlarmRaised,
    pub raised_at: Timestamp,
    /// Round, step and recorded time of the last step that began.
    pub at: Option<(u32, u32, Timestamp)>,
    pub messages: Vec<Message>,
    pub settled: Option<(AlarmSettled, Timestamp)>,
}

/// Who is on duty; rosters answer it, tests too.
pub trait Staffing {
    fn on_duty(&self, function: &str, at: Timestamp) -> Vec<Receiver>;
    /// The next instant at which that changes.
    fn next_border(&self, function: &str, after: Timestamp) -> Option<Timestamp>;
    fn has_capability(&self, function: &str, capability: &str) -> bool;
}

/// What is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Send to these, on the way with this number.
    Order {
        round: u32,
        step: u32,
        because: OrderedBecause,
        to: Vec<(Receiver, u32)>,
    },
    Settle {
        outcome: AlarmOutcome,
        function: Option<String>,
    },
}

impl Alarm {
    pub fn new(raised: AlarmRaised, raised_at: Timestamp) -> Self {
        Self { raised, raised_at, at: None, messages: Vec::new(), settled: None }
    }

    pub fn message(&self, delivery_id: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.delivery.delivery_id == delivery_id)
    }

    /// Total: what does not fit changes nothing.
    pub fn evolve(&mut self, event: &Event, time: Timestamp) {
        match event {
            Event::Ordered(ordered) => {
                if ordered.because == OrderedBecause::Step {
                    self.at = Some((ordered.round, ordered.step, time));
                }
                let message = |delivery: &Delivery| Message::new(delivery.clone(), ordered, time);
                self.messages.extend(ordered.deliveries.iter().map(message));
            }
            Event::Attempted(attempted) => {
                let id = &attempted.delivery_id;
                let Some(message) = self.messages.iter_mut().find(|one| one.delivery.delivery_id == *id) else {
                    return;
                };
                message.attempts = attempted.attempt;
                message.retry_at = attempted.retry_at;
                message.dead |= attempted.outcome == AttemptOutcome::Dead;
                message.maybe_twice |= attempted.maybe_twice;
                message.detail = Some(attempted.detail.clone());
                if attempted.outcome == AttemptOutcome::Dispatched {
                    message.dispatched_at.get_or_insert(time);
                }
            }
            Event::Receipted(receipted) => {
                let id = &receipted.delivery_id;
                let Some(message) = self.messages.iter_mut().find(|one| one.delivery.delivery_id == *id) else {
                    return;
                };
                if is_news(message.reach, receipted.reach) {
                    message.reach = Some(receipted.reach);
                }
            }
            Event::Settled(settled) => {
                self.settled.get_or_insert((settled.clone(), time));
            }
        }
    }

    /// Whether the message is to be sent now.
    pub fn is_to_send(&self, message: &Message, now: Timestamp) -> bool {
        self.settled.is_none()
            && !message.dead
            && message.dispatched_at.is_none()
            && message.retry_at.is_none_or(|retry_at| retry_at <= now)
    }

    /// What an attempt that ended now is recorded as.
    pub fn attempted(
        &self,
        message: &Message,
        now: Timestamp,
        may_heal: Option<bool>,
    ) -> (u32, AttemptOutcome, Option<Timestamp>) {
        let attempt = message.attempts + 1;
        match may_heal {
            None => (attempt, AttemptOutcome::Dispatched, None),
            Some(true) if attempt < ATTEMPTS_MAX => {
                let wait = RETRY_FIRST_S << (attempt - 1);
                (attempt, AttemptOutcome::Failed, Some(after(now, wait)))
            }
            Some(_) => (attempt, AttemptOutcome::Dead, None),
        }
    }

    /// What is due now, one act at a time; `None` when it waits.
    pub fn due(&self, staffing: &dyn Staffing, now: Timestamp) -> Option<Act> {
        if self.settled.is_some() {
            return None;
        }
        if let Some(settle) = self.settling(staffing) {
            return Some(settle);
        }
        let Some((round, step, began)) = self.at else { return Some(self.begin(0, 0, staffing, now)) };
        if self.raised.purpose == AlarmPurpose::Proof {
            return None;
        }
        if let Some(newcomers) = self.newcomers(round, step, staffing, now) {
            return Some(newcomers);
        }
        if let Some(next_way) = self.next_way(round, now) {
            return Some(next_way);
        }
        let ends = self.step_ends(round, step, began);
        if ends > now {
            return None;
        }
        match self.following(round, step) {
            Some((round, step)) => Some(self.begin(round, step, staffing, now)),
            None => Some(Act::Settle { outcome: AlarmOutcome::Exhausted, function: None }),
        }
    }

    /// The next instant at which something may be due.
    pub fn next_due(&self, staffing: &dyn Staffing, now: Timestamp) -> Option<Timestamp> {
        if self.settled.is_some() {
            return None;
        }
        if self.due(staffing, now).is_some() {
            return Some(now);
        }
        let (round, step, began) = self.at?;
        if self.raised.purpose == AlarmPurpose::Proof {
            return None;
        }
        let ways = self.latest_ways(round).into_iter().filter_map(|message| self.way_ends(message));
        let borders = self.begun_functions(step).into_iter().filter_map(|function| staffing.next_border(function, now));
        ways.chain(borders).chain([self.step_ends(round, step, began)]).filter(|due| *due > now).min()
    }

    fn begin(&self, round: u32, step: u32, staffing: &dyn Staffing, now: Timestamp) -> Act {
        let mut named = BTreeSet::new();
        // A function that a step names twice is alarmed once.
        let functions = self.functions(step).iter().filter(|function| named.insert(function.as_str()));
        let to = functions.flat_map(|function| staffing.on_duty(function, now)).filter(|one| one.ways > 0);
        Act::Order { round, step, because: OrderedBecause::Step, to: to.map(|receiver| (receiver, 0)).collect() }
    }

    /// Who came on duty since, for any step that has begun. The last resort is told anew in each of its rounds; those before
    /// it once a shift, in whichever round that was.
    fn newcomers(&self, round: u32, step: u32, staffing: &dyn Staffing, now: Timestamp) -> Option<Act> {
        let told = |counts: &dyn Fn(&Message) -> bool| -> BTreeSet<Who<'_>> {
            self.messages.iter().filter(|message| counts(message)).map(Message::receiver).collect()
        };
        let in_this_round = told(&|message| message.round == round);
        let lately = told(&|message| after(message.ordered_at, TOLD_FOR_S) > now);
        let told = |one: &Receiver| {
            let earlier = self.is_last(step) && !self.functions(step).contains(&one.function);
            if earlier { lately.contains(&one.who()) } else { in_this_round.contains(&one.who()) }
        };
        let to: Vec<(Receiver, u32)> = self
            .begun_functions(step)
            .into_iter()
            .flat_map(|function| staffing.on_duty(function, now))
            .filter(|one| one.ways > 0 && !told(one))
            .map(|receiver| (receiver, 0))
            .collect();
        (!to.is_empty()).then_some(Act::Order { round, step, because: OrderedBecause::ShiftBorder, to })
    }

    fn next_way(&self, round: u32, now: Timestamp) -> Option<Act> {
        let overdue = |message: &&Message| self.way_ends(message).is_some_and(|ends| ends <= now);
        let to: Vec<(Receiver, u32, u32)> = self
            .latest_ways(round)
            .into_iter()
            .filter(overdue)
            .map(|message| {
                let Delivery { function, roster, member, way, ways, .. } = message.delivery.clone();
                (Receiver { function, roster, member, ways }, way + 1, message.step)
            })
            .collect();
        let step = to.first()?.2;
        let to = to.into_iter().filter(|(.., of)| *of == step).map(|(receiver, way, _)| (receiver, way)).collect();
        Some(Act::Order { round, step, because: OrderedBecause::NextWay, to })
    }

    /// When the next way is tried beside this one; `None` when there is none, or this one may yet do.
    fn way_ends(&self, message: &Message) -> Option<Timestamp> {
        if message.delivery.way + 1 >= message.delivery.ways || message.reached() {
            return None;
        }
        if message.has_failed() || message.reach == Some(Reach::Voicemail) {
            return Some(message.ordered_at);
        }
        let stated = self.raised.steps.get(message.step as usize)?.next_way_after_s.map(i64::from);
        // Where nothing is stated, all ways are tried within the step's time.
        let share = self.seconds(message.round, message.step) / i64::from(message.delivery.ways);
        Some(after(message.dispatched_at?, stated.unwrap_or(share)))
    }

    /// When a step is over unless somebody takes it: its time after the first recorded dispatch, at once when nobody is left in
    /// it. While the first attempts are under way it is not.
    fn step_ends(&self, round: u32, step: u32, began: Timestamp) -> Timestamp {
        let within = self.seconds(round, step);
        let of_step = || self.messages.iter().filter(|message| (message.round, message.step) == (round, step));
        if let Some(first) = of_step().filter_map(|message| message.dispatched_at).min() {
            let refused = |message: &Message| {
                matches!(message.reach, Some(Reach::Declined | Reach::Voicemail)) || message.has_failed()
            };
            let all_refused = of_step().all(refused) && !self.is_last(step);
            return if all_refused { began } else { after(first, within) };
        }
        if self.is_last(step) && of_step().next().is_none() {
            // Nobody has said how the last resort is reached: whoever does is found as a newcomer.
            return Timestamp::MAX;
        }
        let latest = self.latest_ways(round).into_iter().filter(|message| message.step == step);
        let hopeless = of_step().all(Message::has_failed) && latest.into_iter().all(|one| self.way_ends(one).is_none());
        match hopeless {
            // The last resort has nobody behind it: it is tried again after its time, not in a circle.
            true if self.is_last(step) => after(began, within),
            true => began,
            false => Timestamp::MAX,
        }
    }

    fn following(&self, round: u32, step: u32) -> Option<(u32, u32)> {
        let last = self.last_step();
        if step >= last {
            return (self.raised.purpose != AlarmPurpose::CallIn).then_some((round + 1, last));
        }
        if step + 1 < last || round + 1 >= self.raised.rounds {
            return Some((round, step + 1));
        }
        Some((round + 1, 0))
    }

    fn settling(&self, staffing: &dyn Staffing) -> Option<Act> {
        match (self.raised.purpose, &self.raised.quorum) {
            (AlarmPurpose::Proof, _) => {
                let done = |message: &Message| message.dispatched_at.is_some() || message.dead;
                let carried = !self.messages.is_empty() && self.messages.iter().all(|one| one.dispatched_at.is_some());
                let outcome = if carried { AlarmOutcome::Proven } else { AlarmOutcome::Unproven };
                (self.at.is_some() && self.messages.iter().all(done)).then_some(Act::Settle { outcome, function: None })
            }
            (_, Some(quorum)) => (self.accepted(staffing).len() >= quorum.accept as usize)
                .then_some(Act::Settle { outcome: AlarmOutcome::Filled, function: None }),
            _ => self.messages.iter().find(|message| message.accepted()).map(|message| Act::Settle {
                outcome: AlarmOutcome::Acknowledged,
                function: Some(message.delivery.function.clone()),
            }),
        }
    }

    /// Who has accepted, each once however many ways it did. In a call-in only those count that were asked for: not the last
    /// resort, which is told that they are too few, and nobody without the capability.
    pub fn accepted(&self, staffing: &dyn Staffing) -> BTreeSet<Who<'_>> {
        let counts = |message: &&Message| match &self.raised.quorum {
            None => true,
            Some(quorum) => {
                let able = |wanted: &String| staffing.has_capability(&message.delivery.function, wanted);
                !self.is_last(message.step) && quorum.capability.as_ref().is_none_or(able)
            }
        };
        self.messages.iter().filter(|message| message.accepted()).filter(counts).map(Message::receiver).collect()
    }

    /// Of each receiver in a step of a round the way that was ordered last.
    fn latest_ways(&self, round: u32) -> Vec<&Message> {
        let mut latest: BTreeMap<(u32, Who<'_>), &Message> = BTreeMap::new();
        for message in self.messages.iter().filter(|message| message.round == round) {
            let known = latest.entry((message.step, message.receiver())).or_insert(message);
            if message.delivery.way > known.delivery.way {
                *known = message;
            }
        }
        latest.into_values().collect()
    }

    fn begun_functions(&self, step: u32) -> Vec<&str> {
        // A call-in that was not filled is the last resort's affair; everything else is also whoever's begins a shift.
        let over = self.is_last(step) && self.raised.purpose == AlarmPurpose::CallIn;
        let steps = if over { step..=step } else { 0..=step };
        let mut functions: Vec<&str> = steps.flat_map(|step| self.functions(step)).map(String::as_str).collect();
        functions.sort_unstable();
        functions.dedup();
        functions
    }

    fn functions(&self, step: u32) -> &[String] {
        self.raised.steps.get(step as usize).map_or(&[], |step| step.functions.as_slice())
    }

    fn seconds(&self, round: u32, step: u32) -> i64 {
        let stated = self.raised.steps.get(step as usize).map_or(0, |step| i64::from(step.acknowledge_within_s));
        let patient = self.is_last(step) && round >= self.raised.rounds + LAST_RESORT_EAGER_ROUNDS;
        if patient { stated.max(LAST_RESORT_PATIENT_S) } else { stated }
    }

    fn last_step(&self) -> u32 {
        u32::try_from(self.raised.steps.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn is_last(&self, step: u32) -> bool {
        step >= self.last_step()
    }
}

fn after(instant: Timestamp, seconds: i64) -> Timestamp {
    instant.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
