//! Alarms as folded from duty's own log, and what of them is due: raised by cases, sent down paths, retried, escalated.

mod agenda;
pub mod call_ins;
pub mod commands;
pub mod courier;
pub mod drafts;
pub mod proofs;
pub mod receipts;
pub mod timers;
pub mod views;

use crate::{
    case_log::{STREAM, read},
    domain::escalation::{Alarm, Event as Happened, Message},
    read_model::with_readers,
};
use agenda::Agenda;
use narhet_kernel::{BoardId, Klass, Timestamp, Uuid};
use narhet_proto::{
    Event, Message as _,
    codes::{AlarmOutcome, AlarmPurpose},
    events::{
        Named,
        alarm::{AlarmRaised, AlarmSettled, DeliveriesOrdered, DeliveryAttempted, DeliveryReceipted, Hole},
        duty::{FunctionAlarmed, SupportCaseOpened},
        handover::{HandoverOffered, HandoverReminded, SupportCaseInherited},
        readiness::{AlarmPathRecorded, FunctionRecorded, PathStep},
    },
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An alarm with what its later events need of its first.
#[derive(Clone, Debug)]
pub struct Raised {
    pub alarm: Alarm,
    /// The event that raised it: its message is sealed for that.
    pub event: Uuid,
    pub version: u64,
    pub owner: BoardId,
    pub readers: String,
    pub klass: Klass,
    /// The event in which each delivery was ordered, and its place there: its address is sealed for them.
    pub orders: HashMap<String, (Uuid, usize)>,
}

/// A case whose holder has not been alarmed yet.
#[derive(Clone, Debug)]
pub struct Owed {
    pub case_id: String,
    pub purpose: AlarmPurpose,
    pub board: Named,
    pub exercise: bool,
    pub owner: BoardId,
    pub readers: String,
    pub klass: Klass,
}

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    pub(crate) by_id: BTreeMap<Uuid, Raised>,
    /// Not settled.
    pub(crate) open: Agenda,
    /// By the id of the alarm, which follows from the event that makes it owed.
    pub(crate) owed: BTreeMap<Uuid, Owed>,
    pub(crate) by_case: HashMap<String, Vec<Uuid>>,
    /// The offer that an alarm asks to answer.
    pub(crate) offers: BTreeMap<Uuid, String>,
    /// The alarm of each delivery.
    pub(crate) of_delivery: HashMap<Uuid, Uuid>,
    /// Deliveries that have neither gone out nor been given up, of open alarms.
    pub(crate) to_send: BTreeSet<Uuid>,
    /// Holes that were warned of and are still there: area and beginning.
    pub(crate) warned: BTreeSet<(String, Timestamp)>,
    /// How often each was warned of.
    pub(crate) warnings: BTreeMap<(String, Timestamp), u32>,
    /// Messages of which two may have left the house.
    pub maybe_twice: u64,
    /// When paths were last sent down for proof; when the first path or function was recorded, before that.
    pub(crate) proven_until: Option<Timestamp>,
    pub(crate) outlook: Option<proofs::Outlook>,
}

impl Alarms {
    pub fn apply(&mut self, event: &Event) {
        if event.subject.kind() == STREAM {
            // What its alarms ask for may be done.
            for id in self.open_of_case(event.subject.id()) {
                self.open.look_again(id);
            }
        }
        match event.event_type.as_str() {
            SupportCaseOpened::TYPE => {
                let opened: SupportCaseOpened = read(event);
                self.owe(event, opened.case_id, AlarmPurpose::Case, opened.holder);
            }
            FunctionAlarmed::TYPE => {
                let alarmed: FunctionAlarmed = read(event);
                let purpose = match alarmed.task.as_str() {
                    // Our own note that the holder is being alarmed.
                    drafts::TAKE_THE_CASE => return,
                    "place-the-case" => AlarmPurpose::PlaceTheCase,
                    _ => AlarmPurpose::Handover,
                };
                // Whoever is asked about the case already is not asked again each time that somebody refuses or is silent.
                if !self.asks(&alarmed.case_id, purpose) {
                    self.owe(event, alarmed.case_id, purpose, alarmed.board);
                }
            }
            HandoverOffered::TYPE => {
                let offered: HandoverOffered = read(event);
                self.owe_an_answer(event, offered.case_id, offered.offer_id, offered.to);
            }
            HandoverReminded::TYPE => {
                let reminded: HandoverReminded = read(event);
                self.owe_an_answer(event, reminded.case_id, reminded.offer_id, reminded.board);
            }
            SupportCaseInherited::TYPE => self.inherit(event, &read(event)),
            AlarmRaised::TYPE => self.raise(event, read(event)),
            DeliveriesOrdered::TYPE => self.happen(event, Happened::Ordered(read(event))),
            DeliveryAttempted::TYPE => self.happen(event, Happened::Attempted(read(event))),
            DeliveryReceipted::TYPE => self.happen(event, Happened::Receipted(read(event))),
            AlarmSettled::TYPE => self.happen(event, Happened::Settled(read(event))),
            AlarmPathRecorded::TYPE | FunctionRecorded::TYPE => drop(self.proven_until.get_or_insert(event.time)),
            _ => {}
        }
    }

    /// The board asked is alarmed; a reminder alarms again only when somebody took the first alarm and then did not answer.
    fn owe_an_answer(&mut self, event: &Event, case_id: String, offer_id: String, board: Named) {
        let asks = |id: &Uuid| self.offers.get(id) == Some(&offer_id);
        if self.open_of_case(&case_id).iter().chain(self.owed.keys()).any(asks) {
            return;
        }
        self.offers.insert(drafts::case_alarm_id(event.id), offer_id);
        self.owe(event, case_id, AlarmPurpose::AnswerTheOffer, board);
    }

    /// Whether an alarm about a case with this purpose is open, or about to be.
    fn asks(&self, case_id: &str, purpose: AlarmPurpose) -> bool {
        let open = self.open_of_case(case_id);
        open.iter().filter_map(|id| self.by_id.get(id)).any(|raised| raised.alarm.raised.purpose == purpose)
            || self.owed.values().any(|owed| owed.case_id == case_id && owed.purpose == purpose)
    }

    /// What a board that has ended was alarmed about, or should have been, its heir is.
    fn inherit(&mut self, event: &Event, inherited: &SupportCaseInherited) {
        let (case_id, from) = (&inherited.case_id, &inherited.from.id);
        let open = self.open_of_case(case_id).into_iter().filter_map(|id| {
            let raised = &self.by_id.get(&id)?.alarm.raised;
            (raised.board.id == *from).then_some((id, raised.purpose))
        });
        let owed = self.owed.iter().filter(|(_, owed)| owed.case_id == *case_id && owed.board.id == *from);
        let asked: BTreeMap<AlarmPurpose, Uuid> =
            open.chain(owed.map(|(id, owed)| (*id, owed.purpose))).map(|(id, purpose)| (purpose, id)).collect();
        for (purpose, before) in asked {
            self.owed.remove(&before);
            let id = drafts::inherited_alarm_id(event.id, purpose);
            if let Some(offer) = self.offers.get(&before).cloned() {
                self.offers.insert(id, offer);
            }
            self.owe_as(id, event, case_id.clone(), purpose, inherited.to.clone());
        }
    }

    fn owe(&mut self, event: &Event, case_id: String, purpose: AlarmPurpose, board: Named) {
        self.owe_as(drafts::case_alarm_id(event.id), event, case_id, purpose, board);
    }

    fn owe_as(&mut self, id: Uuid, event: &Event, case_id: String, purpose: AlarmPurpose, board: Named) {
        let owed = Owed {
            case_id,
            purpose,
            board,
            exercise: event.exercise,
            owner: event.owner.clone(),
            readers: event.readers.clone(),
            klass: event.klass,
        };
        self.owed.insert(id, owed);
    }

    fn raise(&mut self, event: &Event, raised: AlarmRaised) {
        let Ok(id) = raised.alarm_id.parse::<Uuid>() else { return };
        self.owed.remove(&id);
        if raised.purpose == AlarmPurpose::Proof {
            self.proven_until = Some(event.time);
        }
        if let Some(hole) = &raised.hole {
            let hole = (hole.area.id.clone(), hole.from);
            *self.warnings.entry(hole.clone()).or_default() += 1;
            self.warned.insert(hole);
        }
        if let Some(case) = &raised.case_id {
            self.by_case.entry(case.clone()).or_default().push(id);
        }
        self.open.add(id);
        let raised = Raised {
            alarm: Alarm::new(raised, event.time),
            event: event.id,
            version: event.version,
            owner: event.owner.clone(),
            readers: event.readers.clone(),
            klass: event.klass,
            orders: HashMap::new(),
        };
        self.by_id.insert(id, raised);
    }

    fn happen(&mut self, event: &Event, happened: Happened) {
        let Some(id) = event.subject.id().parse::<Uuid>().ok() else { return };
        let Some(raised) = self.by_id.get_mut(&id) else { return };
        raised.version = event.version;
        raised.alarm.evolve(&happened, event.time);
        match &happened {
            Happened::Ordered(ordered) => {
                raised.readers = with_readers(&raised.readers, event.readers.split(','));
                for (index, delivery) in ordered.deliveries.iter().enumerate() {
                    raised.orders.insert(delivery.delivery_id.clone(), (event.id, index));
                    if let Ok(delivery) = delivery.delivery_id.parse::<Uuid>() {
                        self.of_delivery.insert(delivery, id);
                        self.to_send.insert(delivery);
                    }
                }
            }
            Happened::Attempted(attempted) => {
                self.maybe_twice += u64::from(attempted.maybe_twice);
                let waits = raised.alarm.message(&attempted.delivery_id).is_some_and(Message::waits);
                if let (false, Ok(delivery)) = (waits, attempted.delivery_id.parse::<Uuid>()) {
                    self.to_send.remove(&delivery);
                }
            }
            Happened::Receipted(_) => {}
            Happened::Settled(_) => {
                self.open.drop(&id);
                let ids = raised.alarm.messages.iter().filter_map(|message| message.delivery.delivery_id.parse().ok());
                for delivery in ids {
                    let delivery: Uuid = delivery;
                    self.to_send.remove(&delivery);
                }
                return;
            }
        }
        // Looked at anew by whoever asks for timers; while attempts end by the hundred that is done once, not each time.
        self.open.look_again(id);
    }

    /// Rosters, functions or paths have changed: every open alarm is looked at anew.
    pub fn look_again(&mut self) {
        self.open.look_again_at_all();
    }

    /// Which holes are ahead has been computed anew: a warning of one that is closed is over, and it may be given again.
    pub fn holes_are(&mut self, holes: &[Hole], now: Timestamp) {
        self.warned.retain(|(area, from)| {
            holes.iter().any(|hole| hole.area.id == *area && (hole.from..hole.to).contains(&(*from).max(now)))
        });
        let of_a_hole = |id: &&Uuid| self.by_id.get(id).is_some_and(|raised| raised.alarm.raised.hole.is_some());
        let ids: Vec<Uuid> = self.open.ids().filter(of_a_hole).copied().collect();
        ids.into_iter().for_each(|id| self.open.look_again(id));
    }

    /// The alarms of a case, oldest first.
    pub fn of_case(&self, case_id: &str) -> Vec<&Raised> {
        self.by_case.get(case_id).into_iter().flatten().filter_map(|id| self.by_id.get(id)).collect()
    }

    /// Open alarms of a case: what an event of the case may settle.
    fn open_of_case(&self, case_id: &str) -> Vec<Uuid> {
        self.by_case.get(case_id).into_iter().flatten().copied().filter(|id| self.open.has(id)).collect()
    }

    /// When an exercise last went down a board's path, as it is now, and was taken.
    pub fn exercised_at(&self, board: &str, steps: &[PathStep]) -> Option<Timestamp> {
        let exercises = self.by_id.values().filter(|raised| {
            let alarm = &raised.alarm.raised;
            alarm.purpose == AlarmPurpose::Exercise && alarm.board.id == board && alarm.steps == steps
        });
        exercises
            .filter_map(|raised| raised.alarm.settled.as_ref())
            .filter(|(settled, _)| settled.outcome == AlarmOutcome::Acknowledged)
            .map(|(_, at)| *at)
            .max()
    }
}
