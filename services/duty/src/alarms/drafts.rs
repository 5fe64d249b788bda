//! What alarms write: every event with an id that follows from its alarm, so that a re-run finds its own.

use super::{Owed, Raised};
use crate::{
    domain::escalation::Receiver, limits::DELIVERIES_PER_EVENT_MAX, read_model::with_readers, readiness::Readiness,
};
use narhet_kernel::{BoardId, Klass, StreamId, Uuid, derived_id, personnummer};
use narhet_proto::{
    Draft, Message, Sealed, access,
    codes::{AlarmPurpose, Channel, OrderedBecause},
    events::{
        Named,
        alarm::{AlarmRaised, DeliveriesOrdered, Delivery, Hole, Quorum},
        readiness::PathStep,
    },
};
use narhet_runtime::{Env, Expected, Write};

/// The task in a case's own note that its holder is being alarmed.
pub const TAKE_THE_CASE: &str = "take-the-case";

/// The id of the alarm that a case's event makes owed.
pub fn case_alarm_id(cause: Uuid) -> Uuid {
    derived_id("case-alarm", cause, 0)
}

/// The id of the alarm that an heir is owed for one of its predecessor's.
pub fn inherited_alarm_id(cause: Uuid, purpose: AlarmPurpose) -> Uuid {
    let place = AlarmPurpose::ALL.iter().position(|known| *known == purpose).unwrap_or_default();
    derived_id("case-alarm", cause, 1 + u32::try_from(place).unwrap_or_default())
}

/// What an alarm is about, before it is an event.
#[derive(Clone, Debug)]
pub struct ToRaise {
    pub purpose: AlarmPurpose,
    pub board: Named,
    pub path_id: Option<String>,
    pub case_id: Option<String>,
    pub steps: Vec<PathStep>,
    pub rounds: u32,
    pub quorum: Option<Quorum>,
    pub message: Option<String>,
    pub hole: Option<Hole>,
    pub exercise: bool,
}

/// Who owns and reads an alarm's events.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub owner: BoardId,
    pub readers: String,
    pub klass: Klass,
}

impl Envelope {
    /// An alarm that is the board's own affair.
    pub fn of_board(board: &Named) -> Self {
        let owner = board.board_id().or_else(|| BoardId::new(BoardId::KOMMUNSTYRELSEN));
        Self {
            owner: owner.unwrap_or_else(|| unreachable!("kommunstyrelsen is a slug")),
            readers: access::incident_readers([board.id.as_str()]),
            klass: Klass { k: 1, r: 2, t: 1 },
        }
    }
}

impl ToRaise {
    /// An alarm down a board's own path.
    pub fn down_the_path(readiness: &Readiness, purpose: AlarmPurpose, board: &Named) -> Self {
        let (path_id, steps, rounds) = readiness.path_of(board);
        Self {
            purpose,
            board: board.clone(),
            path_id,
            case_id: None,
            steps,
            rounds,
            quorum: None,
            message: None,
            hole: None,
            exercise: purpose == AlarmPurpose::Exercise,
        }
    }

    /// An alarm that begins and ends at the last resort.
    pub fn to_the_last_resort(purpose: AlarmPurpose, board: &Named) -> Self {
        Self {
            purpose,
            board: board.clone(),
            path_id: None,
            case_id: None,
            steps: vec![crate::readiness::last_step()],
            rounds: 1,
            quorum: None,
            message: None,
            hole: None,
            exercise: false,
        }
    }

    pub fn of_case(owed: &Owed, readiness: &Readiness) -> Self {
        let alarm = match owed.purpose {
            AlarmPurpose::PlaceTheCase | AlarmPurpose::Handover => Self::to_the_last_resort(owed.purpose, &owed.board),
            purpose => Self::down_the_path(readiness, purpose, &owed.board),
        };
        Self { case_id: Some(owed.case_id.clone()), exercise: owed.exercise, ..alarm }
    }

    /// The event that raises it, under this id.
    pub fn draft(self, id: Uuid, envelope: Envelope, env: &Env<'_>) -> Draft {
        let event = derived_id("alarm-raised", id, 0);
        // It leaves the house on channels that nobody has sealed.
        let message = self.message.as_deref().map(personnummer::mask);
        let masked = message.as_ref().is_some_and(|masked| masked.found > 0);
        let message: Option<Sealed> = message.map(|masked| env.seal(event, "data.message", &masked.text));
        let raised = AlarmRaised {
            alarm_id: id.to_string(),
            purpose: self.purpose,
            board: self.board,
            path_id: self.path_id,
            case_id: self.case_id,
            steps: self.steps,
            rounds: self.rounds,
            quorum: self.quorum,
            message,
            masked,
            hole: self.hole,
            exercise: self.exercise,
        };
        Draft {
            id: event,
            stream: StreamId::new("alarm", &id.to_string()),
            event_type: AlarmRaised::TYPE,
            owner: envelope.owner,
            readers: envelope.readers,
            klass: envelope.klass,
            exercise: self.exercise,
            occurred_at: None,
            data: raised.to_raw(),
        }
    }
}

/// A message in the making: to whom, on which way.
#[derive(Clone, Debug)]
pub struct ToDeliver {
    pub receiver: Receiver,
    pub way: u32,
    pub channel: Channel,
    /// In the clear; sealed as it is written. Absent for a test receiver, and where none is left.
    pub address: Option<String>,
}

impl Raised {
    pub fn id(&self) -> &str {
        &self.alarm.raised.alarm_id
    }

    pub fn stream(&self) -> StreamId {
        StreamId::new("alarm", self.id())
    }

    /// The next event of this alarm; `ordinal` counts those of one frame.
    pub fn draft<M: Message>(&self, ordinal: u32, message: impl FnOnce(Uuid) -> M) -> Draft {
        let alarm = self.id().parse().unwrap_or_default();
        let id = derived_id(M::TYPE, alarm, u32::try_from(self.version).unwrap_or(u32::MAX).saturating_add(ordinal));
        Draft {
            id,
            stream: self.stream(),
            event_type: M::TYPE,
            owner: self.owner.clone(),
            readers: self.readers.clone(),
            klass: self.klass,
            exercise: self.alarm.raised.exercise,
            occurred_at: None,
            data: message(id).to_raw(),
        }
    }

    pub fn write(&self, drafts: Vec<Draft>) -> Write {
        Write { stream: self.stream(), expected: Expected::Exactly(self.version), drafts }
    }

    /// The intent to send, in as many events as it takes; the boards of the functions that are told read the alarm from here
    /// on.
    pub fn ordered(
        &self,
        (round, step): (u32, u32),
        because: OrderedBecause,
        to: &[ToDeliver],
        readiness: &Readiness,
        env: &Env<'_>,
    ) -> Write {
        let told = to.iter().filter_map(|one| readiness.function(&one.receiver.function));
        let boards: Vec<String> = told.map(|function| function.board.id).collect();
        let readers = with_readers(&self.readers, boards.iter().map(String::as_str));
        let slices: Vec<&[ToDeliver]> = match to {
            [] => vec![&[]],
            some => some.chunks(DELIVERIES_PER_EVENT_MAX).collect(),
        };
        let draft = |(ordinal, slice): (u32, &[ToDeliver])| {
            let draft = self.draft(ordinal, |event| DeliveriesOrdered {
                alarm_id: self.id().to_owned(),
                round,
                step,
                because,
                deliveries: (0..).zip(slice).map(|(index, one)| one.delivery(event, index, env)).collect(),
            });
            Draft { readers: readers.clone(), ..draft }
        };
        self.write((0..).zip(slices).map(draft).collect())
    }
}

impl ToDeliver {
    fn delivery(&self, event: Uuid, index: u32, env: &Env<'_>) -> Delivery {
        Delivery {
            delivery_id: derived_id("delivery", event, index).to_string(),
            function: self.receiver.function.clone(),
            roster: self.receiver.roster.clone(),
            member: self.receiver.member.clone(),
            way: self.way,
            ways: self.receiver.ways,
            channel: self.channel,
            address: self.address.as_ref().map(|address| env.seal(event, &address_field(index as usize), address)),
        }
    }
}

/// Where in its event the address of a delivery is sealed.
pub fn address_field(index: usize) -> String {
    format!("data.deliveries.{index}.address")
}
