//! What answers about cases look like, and what of them is withheld from whom.

use crate::{
    alarms::{Raised, views},
    domain::{
        custody::{Alarm, Interval, Life, OfferLife},
        support_case::{Event, State},
    },
    read_model::{Case, Entry},
    service::Duty,
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    Sealed, access,
    codes::AffectedBasis,
    events::{Named, Why},
};
use narhet_runtime::Env;
use serde::Serialize;

/// The field path of every reason that duty seals; part of what is sealed, so it never changes.
pub const REASON: &str = "data.reason";

/// Who looks, and what the clock says of the case besides its history.
pub struct Sight<'a> {
    env: &'a Env<'a>,
    /// The alarms that were raised; not a part of the case's record.
    raised: Vec<&'a Raised>,
    next_offer_at: Option<Timestamp>,
}

impl<'a> Sight<'a> {
    pub fn now(duty: &'a Duty, case: &Case, env: &'a Env<'a>) -> Self {
        let next_offer_at = match &case.life.state {
            State::Open(facts) => duty.next_ask(facts, Some(env.now)),
            _ => None,
        };
        Self { env, raised: duty.alarms.of_case(&case.opened.case_id), next_offer_at }
    }

    /// A reply that has to come out the same whenever it is asked for again.
    pub fn of_the_record(env: &'a Env<'a>) -> Self {
        Self { env, raised: Vec::new(), next_offer_at: None }
    }

    fn open(&self, event: Uuid, sealed: &Sealed) -> Option<String> {
        access::may_open_text(self.env.principal).then(|| self.env.open(event, REASON, sealed)).flatten()
    }
}

/// A case as its readers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseView<'a> {
    pub id: &'a str,
    pub incident_id: &'a str,
    pub status: &'static str,
    /// Null while the place is unknown.
    pub responsible_board: Option<&'a Named>,
    /// Whether the place, as it is known now, still concerns the responsible board.
    pub affected: bool,
    /// The coarse place: an area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<&'a Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<AffectedBasis>,
    /// Who has the operative responsibility; of a closed case, who closed it.
    pub holder: &'a Named,
    pub since: Timestamp,
    pub occurred_at: Timestamp,
    pub office_open: bool,
    pub exercise: bool,
    /// The last offer.
    pub offer: Option<OfferView<'a>>,
    /// When the responsible board is asked by itself next, as its calendar is known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offer_at: Option<Timestamp>,
    pub alarms: Vec<AlarmView<'a>>,
    pub why: &'a [Why],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<Vec<IntervalView<'a>>>,
    /// Why it was opened by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
    /// Of the record, for `ETag` and `If-Match`.
    pub version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry<'a>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntervalView<'a> {
    pub holder: &'a Named,
    pub since: Timestamp,
    /// Null: still.
    pub until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    pub why: &'a [Why],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferView<'a> {
    pub offer_id: &'a str,
    pub status: &'static str,
    pub from: &'a Named,
    pub to: &'a Named,
    pub offered_at: Timestamp,
    pub answer_by: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
    pub why: &'a [Why],
}

/// A free text that was sealed.
#[derive(Debug, Serialize)]
pub struct ReasonView {
    /// Null: withheld from this reader, or its key is destroyed.
    pub text: Option<String>,
    /// Whether something that looked like a personnummer was masked in it.
    pub masked: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmView<'a> {
    /// Who is asked; of an alarm that was raised, who was told last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<&'a str>,
    pub board: &'a Named,
    pub task: &'a str,
    pub time: Timestamp,
    #[serde(flatten)]
    pub raised: Option<RaisedView<'a>>,
}

/// How far an alarm has come; its deliveries are at `/v1/alarms/{id}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RaisedView<'a> {
    pub id: &'a str,
    pub status: &'static str,
    pub settled_at: Option<Timestamp>,
    /// Messages that a channel has taken.
    pub dispatched: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry<'a> {
    pub time: Timestamp,
    #[serde(rename = "type")]
    pub event_type: &'static str,
    pub text: String,
    /// Why, where whoever did it had to say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonView>,
    pub event_id: Uuid,
    pub version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<&'a str>,
}

/// A case in a list.
pub fn short<'a>(case: &'a Case, life: &'a Life, sight: Sight<'a>) -> CaseView<'a> {
    let opened = &case.opened;
    let facts = life.state.case();
    let last = life.custody.last();
    CaseView {
        id: &opened.case_id,
        incident_id: &opened.incident_id,
        status: life.state.status(),
        responsible_board: facts.and_then(|facts| facts.responsible.as_ref()),
        affected: facts.is_none_or(|facts| facts.affected),
        area: life.area.as_ref(),
        basis: opened.basis,
        holder: facts.map_or(&opened.holder, |facts| &facts.holder),
        since: last.map_or(opened.occurred_at, |interval| interval.since),
        occurred_at: opened.occurred_at,
        office_open: opened.office_open,
        exercise: opened.exercise,
        offer: life.offer.as_ref().map(|life| offer(life, &sight)),
        next_offer_at: sight.next_offer_at,
        alarms: life.alarms.iter().map(alarm).chain(sight.raised.iter().copied().map(raised)).collect(),
        why: last.map_or(&opened.why, |interval| &interval.why),
        custody: None,
        reason: None,
        version: case.version,
        history: None,
    }
}

/// A case with its custody and its history.
pub fn whole<'a>(case: &'a Case, life: &'a Life, sight: Sight<'a>) -> CaseView<'a> {
    let opening = case.history.first().map(|entry| entry.event_id).unwrap_or_default();
    let reason = case.opened.reason.as_ref();
    let reason = reason.map(|sealed| ReasonView { text: sight.open(opening, sealed), masked: case.opened.masked });
    CaseView {
        custody: Some(life.custody.iter().map(interval).collect()),
        reason,
        history: Some(case.history.iter().map(|one| entry(one, &sight)).collect()),
        ..short(case, life, sight)
    }
}

/// A case as it was at a version, for a reply.
pub fn at<'a>(case: &'a Case, life: &'a Life, version: u64, sight: Sight<'a>) -> CaseView<'a> {
    let until = |view: &HistoryEntry<'_>| view.version <= version;
    let view = whole(case, life, sight);
    let history = view.history.map(|history| history.into_iter().take_while(until).collect());
    CaseView { version, history, ..view }
}

fn interval(interval: &Interval) -> IntervalView<'_> {
    IntervalView {
        holder: &interval.holder,
        since: interval.since,
        until: interval.until,
        effective_at: interval.effective_at,
        why: &interval.why,
    }
}

fn alarm(alarm: &Alarm) -> AlarmView<'_> {
    AlarmView {
        function: Some(&alarm.function),
        board: &alarm.board,
        task: &alarm.task,
        time: alarm.time,
        raised: None,
    }
}

fn raised(raised: &Raised) -> AlarmView<'_> {
    let alarm = &raised.alarm;
    let dispatched = || alarm.messages.iter().filter(|message| message.dispatched_at.is_some());
    AlarmView {
        function: dispatched().next_back().map(|message| message.delivery.function.as_str()),
        board: &alarm.raised.board,
        task: alarm.raised.purpose.code(),
        time: alarm.raised_at,
        raised: Some(RaisedView {
            id: &alarm.raised.alarm_id,
            status: views::status(raised),
            settled_at: alarm.settled.as_ref().map(|(_, at)| *at),
            dispatched: dispatched().count(),
        }),
    }
}

fn offer<'a>(offer: &'a OfferLife, sight: &Sight<'_>) -> OfferView<'a> {
    let reason = offer.reason.as_ref();
    OfferView {
        offer_id: &offer.id,
        status: offer.status,
        from: &offer.from,
        to: &offer.to,
        offered_at: offer.offered_at,
        answer_by: offer.answer_by,
        reminded_at: offer.reminded_at,
        ended_at: offer.ended_at,
        retry_at: offer.retry_at,
        reason: reason.map(|(event, sealed, masked)| ReasonView { text: sight.open(*event, sealed), masked: *masked }),
        why: &offer.why,
    }
}

fn entry<'a>(entry: &'a Entry, sight: &Sight<'_>) -> HistoryEntry<'a> {
    let reason = match &entry.event {
        Event::Refused(refused) => Some((&refused.reason, refused.masked)),
        Event::Relocated(relocated) => relocated.reason.as_ref().map(|reason| (reason, relocated.masked)),
        _ => None,
    };
    HistoryEntry {
        reason: reason.map(|(sealed, masked)| ReasonView { text: sight.open(entry.event_id, sealed), masked }),
        time: entry.time,
        event_type: entry.event_type,
        text: sentence(&entry.event),
        event_id: entry.event_id,
        version: entry.version,
        principal: entry.principal.as_deref(),
    }
}

/// What happened, as one Swedish sentence.
fn sentence(event: &Event) -> String {
    match event {
        Event::Opened(opened) => format!("Ärendet öppnades och {} håller det.", opened.holder.name),
        Event::Alarmed(alarm) => format!("Funktionen {} hos {} larmades.", alarm.function, alarm.board.name),
        Event::Acknowledged(done) if done.active => format!("{} arbetar med ärendet.", done.board.name),
        Event::Acknowledged(done) => format!("{} har kvitterat ärendet.", done.board.name),
        Event::Offered(offered) => {
            format!("{} erbjöds att överta ärendet från {}.", offered.to.name, offered.from.name)
        }
        Event::Reminded(reminded) => format!("{} påmindes om erbjudandet.", reminded.board.name),
        Event::Accepted(accepted) => format!("{} tog emot ärendet.", accepted.holder.name),
        Event::Refused(refused) => format!("{} kan inte ta emot ärendet ännu.", refused.board.name),
        Event::TimedOut(silent) => format!("{} svarade inte i tid.", silent.board.name),
        Event::Recalled(recalled) => format!("Erbjudandet till {} togs tillbaka.", recalled.board.name),
        Event::TakenOver(taken) => format!("{} övertog ärendet.", taken.holder.name),
        Event::Inherited(inherited) => {
            format!("{} är upplöst och {} övertog dess plats i ärendet.", inherited.from.name, inherited.to.name)
        }
        Event::Relocated(relocated) => match (&relocated.responsible_board, relocated.affected) {
            (Some(board), true) => format!("Platsen rättades; {} är ansvarig nämnd.", board.name),
            (Some(board), false) => format!("Platsen rättades; {} berörs inte längre.", board.name),
            (None, _) => "Platsen rättades; ingen nämnd är känd som berörd.".to_owned(),
        },
        Event::Closed(closed) => format!("{} avslutade ärendet.", closed.board.name),
    }
}
