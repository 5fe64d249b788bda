//! The handover protocol, model-checked: the real `decide`, `evolve` and `due` between boards that send what they like, a
//! network that loses, doubles and reorders, a service that dies between deciding and writing, a clock, and a merger.
//!
//! What is checked in every reachable state is in [`properties`](Protocol::properties); time, sends, doubles and deaths are
//! bounded, so there are finitely many.

use crate::domain::{
    handover::{Hours, Terms},
    support_case::{Command, Event, FunctionToAlarm, Opening, Proposal, Refusal, State, decide, due::Due, evolve},
};
use narhet_kernel::Timestamp;
use narhet_proto::{Sealed, SealedBox, events::Named};
use stateright::{Checker as _, Model, Property};
use std::collections::BTreeSet;

/// A step of the clock, and how many of them there are.
const QUARTER_MINUTES: i64 = 15;
/// The board's office is open in these quarters of two days; the case begins in quarter 0, at night.
const OPEN: [std::ops::Range<u8>; 2] = [1..4, 5..9];
/// From the second opening on everybody is silent and nothing is delivered: what was sent until then is lost.
const SILENT_FROM: u8 = 5;
/// Long enough for the second day's offer to be noted as unanswered.
const LAST_QUARTER: u8 = 7;
/// In the world with a merger Järva ends here, and Bromma follows.
const MERGER: u8 = 2;

const TERMS: Terms = Terms {
    remind_after_minutes: 15,
    answer_within_minutes: 30,
    ask_again_after_minutes: 30,
    retry_within_minutes: 600,
};

fn instant(quarter: u8) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::from(quarter) * QUARTER_MINUTES * 60).unwrap()
}

fn board(id: &str) -> Named {
    Named::new(id, id)
}

fn tib(task: &str) -> FunctionToAlarm {
    FunctionToAlarm { function: "city-tib".to_owned(), board: board("kommunstyrelsen"), task: task.to_owned() }
}

/// The office hours of every board here.
struct Office;

impl Hours for Office {
    fn is_open(&self, at: Timestamp) -> bool {
        OPEN.into_iter().any(|day| instant(day.start) <= at && at < instant(day.end))
    }

    fn next_opening(&self, after: Timestamp) -> Option<Timestamp> {
        OPEN.into_iter().map(|day| instant(day.start)).find(|opening| *opening > after)
    }
}

/// How much may happen.
struct Protocol {
    sends: u8,
    doubles: u8,
    deaths: u8,
    merger: bool,
}

/// What somebody sends; `offer` is the one it has read about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Sent {
    Accept { by: &'static str, offer: Option<String> },
    Refuse { by: &'static str, offer: Option<String> },
    TakeOver { by: &'static str },
    Offer { by: &'static str, to: &'static str },
    Recall { by: &'static str },
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Send(Sent),
    /// In any order; what is lost is what is never delivered.
    Deliver(Sent),
    /// Delivered, and still on its way: it comes again.
    Double(Sent),
    /// The frame is on disk; only now answers leave.
    Write,
    Die,
    Fire,
    Tick,
}

/// What is in duty's memory or on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Duty {
    state: State,
    /// The holder of each interval of custody, as somebody reads it from the events alone.
    custody: Vec<String>,
    offers: u8,
    escalated: bool,
    /// Since the holder last moved.
    escalated_since: bool,
    accepted: bool,
    /// Whether every move of the holder was the receiving board's own act, or a dissolution.
    lawful: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    memory: Duty,
    disk: Duty,
    /// Answers that wait for the disk: to whom, and from which interval on it holds.
    answers: BTreeSet<(&'static str, usize)>,
    /// Whether every answer that left told what the log says.
    honest: bool,
    network: BTreeSet<Sent>,
    quarter: u8,
    sends: u8,
    doubles: u8,
    deaths: u8,
}

impl Duty {
    fn opened() -> Duty {
        let opening = Opening {
            case_id: "case".to_owned(),
            incident_id: "incident".to_owned(),
            responsible_board: Some(board("jarva")),
            holder: board("socialnamnden"),
            occurred_at: instant(0),
            office_open: false,
            why: vec![],
            exercise: false,
            alarm: None,
            area: None,
            basis: None,
            reason: None,
        };
        let none = Duty {
            state: State::NotOpened,
            custody: vec![],
            offers: 0,
            escalated: false,
            escalated_since: false,
            accepted: false,
            lawful: true,
        };
        none.after(Command::Open(Box::new(opening)), None, 0)
    }

    /// After a command of `by`, decided and folded by the code that runs in the house.
    fn after(&self, command: Command, by: Option<&str>, quarter: u8) -> Duty {
        let mut duty = self.clone();
        for event in decide(command, &self.state).unwrap_or_default() {
            duty.state = evolve(duty.state, &event, instant(quarter));
            let before = duty.custody.last().cloned();
            let told = match &event {
                Event::Opened(opened) => Some(&opened.holder),
                Event::Accepted(accepted) => Some(&accepted.holder),
                Event::TakenOver(taken) => Some(&taken.holder),
                Event::Inherited(inherited) => {
                    Some(&inherited.to).filter(|_| before.as_ref() == Some(&inherited.from.id))
                }
                _ => None,
            };
            if let Some(holder) = told.map(|holder| holder.id.clone()).filter(|told| before.as_ref() != Some(told)) {
                let heir = matches!(event, Event::Inherited(_) | Event::Opened(_));
                duty.lawful &= heir || by == Some(holder.as_str());
                duty.custody.push(holder);
                duty.escalated_since = false;
            }
            duty.offers += u8::from(matches!(event, Event::Offered(_)));
            duty.escalated |= matches!(event, Event::Alarmed(_));
            duty.escalated_since |= matches!(event, Event::Alarmed(_));
            duty.accepted |= matches!(event, Event::Accepted(_) | Event::TakenOver(_));
        }
        duty
    }

    fn next_offer(&self) -> String {
        format!("offer-{}", self.offers)
    }

    fn proposal(&self, by: Option<&str>, to: &str, quarter: u8) -> Command {
        let responsible = self.state.case().and_then(|case| case.responsible.clone());
        Command::Offer(Box::new(Proposal {
            offer_id: self.next_offer(),
            by: by.map(board),
            to: board(to),
            candidates: responsible.into_iter().map(|board| board.id).chain(["socialnamnden".to_owned()]).collect(),
            remind_at: TERMS.remind_at(instant(quarter)),
            answer_by: TERMS.answer_by(instant(quarter)),
            why: vec![],
        }))
    }

    fn command(&self, sent: &Sent, quarter: u8) -> (Command, &'static str) {
        match sent {
            Sent::Accept { by, offer } => {
                (Command::Accept { by: board(by), offer_id: offer.clone(), why: vec![] }, *by)
            }
            Sent::Refuse { by, offer } => {
                let reason = Sealed { sealed: SealedBox { key: String::new(), boxed: String::new() } };
                let retry_at = TERMS.ask_again_at(instant(quarter));
                let (offer_id, escalate) = (offer.clone(), tib("handover-refused"));
                let refusal = Refusal { by: board(by), offer_id, reason, masked: false, retry_at, escalate };
                (Command::Refuse(Box::new(refusal)), *by)
            }
            Sent::TakeOver { by } => (Command::TakeOver { by: board(by), why: vec![] }, *by),
            Sent::Offer { by, to } => (self.proposal(Some(by), to, quarter), *by),
            Sent::Recall { by } => (Command::Recall { by: board(by) }, *by),
        }
    }
}

impl Protocol {
    /// What is due, as the timers of the house have it: an end of a board first, then what the case itself waits for.
    fn due(&self, duty: &Duty, quarter: u8) -> Option<Command> {
        let State::Open(case) = &duty.state else { return None };
        if self.merger && quarter >= MERGER && case.boards().any(|board| board.id == "jarva") {
            let (from, to) = (board("jarva"), board("bromma"));
            return Some(Command::Inherit { from, to, effective_at: instant(MERGER), why: vec![] });
        }
        Some(match case.due(&Office, instant(quarter))? {
            Due::Remind => Command::Remind,
            Due::Silence { offer_id } => {
                let retry_at = TERMS.ask_again_at(instant(quarter));
                Command::TimeOut { offer_id, retry_at, escalate: tib("handover-unanswered") }
            }
            Due::Ask { to } => duty.proposal(None, &to.id, quarter),
        })
    }

    /// The boards that exist in a quarter, and may send something.
    fn district(&self, quarter: u8) -> &'static str {
        if self.merger && quarter >= MERGER { "bromma" } else { "jarva" }
    }

    fn deliver(&self, world: &mut World, sent: &Sent) {
        // As every command: ends that nobody has recorded are recorded first.
        let mut duty = world.memory.clone();
        while let Some(end @ Command::Inherit { .. }) = self.due(&duty, world.quarter) {
            duty = duty.after(end, None, world.quarter);
        }
        let (command, by) = duty.command(sent, world.quarter);
        let let_be = decide(command.clone(), &duty.state).is_ok();
        let duty = duty.after(command, Some(by), world.quarter);
        // Yes to an acceptance or a take-over says to the board: you hold it.
        if let_be && matches!(sent, Sent::Accept { .. } | Sent::TakeOver { .. }) {
            world.answers.insert((by, duty.custody.len() - 1));
        }
        world.memory = duty;
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let duty = Duty::opened();
        vec![World {
            memory: duty.clone(),
            disk: duty,
            answers: BTreeSet::new(),
            honest: true,
            network: BTreeSet::new(),
            quarter: 0,
            sends: 0,
            doubles: 0,
            deaths: 0,
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if world.sends < self.sends && world.quarter < SILENT_FROM {
            let district = self.district(world.quarter);
            let read = world.disk.state.case().and_then(|case| case.offer.as_ref()).map(|offer| offer.id.clone());
            steps.push(Step::Send(Sent::TakeOver { by: district }));
            steps.push(Step::Send(Sent::Accept { by: district, offer: None }));
            steps.push(Step::Send(Sent::Accept { by: "socialnamnden", offer: None }));
            if read.is_some() {
                steps.push(Step::Send(Sent::Accept { by: district, offer: read.clone() }));
                steps.push(Step::Send(Sent::Refuse { by: district, offer: read }));
            }
            steps.push(Step::Send(Sent::Offer { by: district, to: "socialnamnden" }));
            steps.push(Step::Send(Sent::Offer { by: "socialnamnden", to: district }));
            steps.push(Step::Send(Sent::Recall { by: "socialnamnden" }));
        }
        for message in world.network.iter().filter(|_| world.quarter < SILENT_FROM) {
            steps.push(Step::Deliver(message.clone()));
            if world.doubles < self.doubles {
                steps.push(Step::Double(message.clone()));
            }
        }
        if world.memory != world.disk || !world.answers.is_empty() {
            steps.push(Step::Write);
            if world.deaths < self.deaths {
                steps.push(Step::Die);
            }
        }
        if self.due(&world.memory, world.quarter).is_some() {
            steps.push(Step::Fire);
        } else if world.quarter < LAST_QUARTER && world.memory == world.disk {
            // A quarter is long beside a write: time goes on once what is due is done and on disk.
            steps.push(Step::Tick);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Send(sent) => {
                next.network.insert(sent);
                next.sends += 1;
            }
            Step::Deliver(message) => {
                next.network.remove(&message);
                self.deliver(&mut next, &message);
            }
            Step::Double(message) => {
                next.doubles += 1;
                self.deliver(&mut next, &message);
            }
            Step::Write => {
                next.disk = next.memory.clone();
                let told = |(by, interval): &(&str, usize)| next.disk.custody.get(*interval).is_some_and(|it| it == by);
                next.honest &= next.answers.iter().all(told);
                next.answers.clear();
            }
            Step::Die => {
                next.memory = next.disk.clone();
                next.answers.clear();
                next.deaths += 1;
            }
            Step::Fire => {
                let command = self.due(&world.memory, world.quarter)?;
                next.memory = world.memory.after(command, None, world.quarter);
            }
            Step::Tick => next.quarter += 1,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        /// What is decided on is what the events tell.
        fn holds(duty: &Duty) -> bool {
            let holder = duty.state.case().map(|case| &case.holder.id);
            holder.is_some() && duty.custody.last() == holder
        }
        fn is_the_responsible_boards(duty: &Duty) -> bool {
            let case = duty.state.case();
            case.is_some_and(|case| case.responsible.as_ref().is_some_and(|board| board.id == case.holder.id))
        }
        vec![
            Property::always("exactly one holds it, in memory and on disk", |_, world: &World| {
                holds(&world.memory) && holds(&world.disk)
            }),
            Property::always(
                "the holder moves by an act of the receiving board or by a dissolution",
                |_, world: &World| world.memory.lawful && world.disk.lawful,
            ),
            Property::always("who is told that it holds does so in the log", |_, world: &World| world.honest),
            Property::always(
                "a dissolved board holds nothing once what is due is done",
                |model: &Protocol, world: &World| {
                    let ended =
                        model.merger && world.quarter >= MERGER && model.due(&world.memory, world.quarter).is_none();
                    !ended || world.memory.custody.last().is_none_or(|holder| holder != "jarva")
                },
            ),
            Property::always("every case is accepted or escalated in the end", |model: &Protocol, world: &World| {
                let over = world.quarter == LAST_QUARTER && model.due(&world.memory, world.quarter).is_none();
                // Also one that was handed back: an acceptance of yesterday says nothing of who has it now.
                !over || is_the_responsible_boards(&world.memory) || world.memory.escalated_since
            }),
            Property::sometimes("the district holds it", |_, world: &World| world.disk.accepted),
            Property::sometimes("it goes back for the night", |_, world: &World| world.disk.custody.len() >= 3),
            Property::sometimes("silence is escalated", |_, world: &World| world.disk.escalated && world.sends == 0),
        ]
    }
}

fn check(protocol: Protocol) -> usize {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    checker.unique_state_count()
}

#[test]
fn no_reachable_state_of_the_handover_has_no_holder_or_two_and_every_case_is_accepted_or_escalated() {
    let states = check(Protocol { sends: 3, doubles: 1, deaths: 1, merger: false });
    println!("{states} states without a merger");
    assert!(states > 100_000, "{states}: the model has become too small to say anything");
}

#[test]
fn nor_has_one_in_which_a_board_ends_at_midnight() {
    let states = check(Protocol { sends: 3, doubles: 1, deaths: 1, merger: true });
    println!("{states} states with a merger");
    assert!(states > 100_000, "{states}: the model has become too small to say anything");
}
