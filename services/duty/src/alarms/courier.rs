//! Messages that have to go out, as errands; and what their outcomes are recorded as.

use super::{Raised, drafts::address_field};
use crate::{channels::Parcel, domain::escalation::Message, service::Duty};
use narhet_kernel::Uuid;
use narhet_proto::{codes::AlarmPurpose, events::alarm::DeliveryAttempted};
use narhet_runtime::{Carried, Env, Errand, UnderWay, Write};

pub fn errands(duty: &Duty, under_way: &UnderWay<'_>, env: &Env<'_>) -> Vec<Errand> {
    let waiting = duty.alarms.to_send.iter().copied().filter(|id| !under_way.has(*id));
    waiting.filter_map(|id| errand(duty, id, env)).take(under_way.room).collect()
}

fn errand(duty: &Duty, id: Uuid, env: &Env<'_>) -> Option<Errand> {
    let (raised, message) = find(duty, id)?;
    if !raised.alarm.is_to_send(message, env.now) {
        return None;
    }
    let parcel = parcel(duty, raised, message, env);
    Some(Errand { id, carry: duty.channels.send(message.delivery.channel, parcel) })
}

fn find(duty: &Duty, delivery: Uuid) -> Option<(&Raised, &Message)> {
    let raised = duty.alarms.by_id.get(duty.alarms.of_delivery.get(&delivery)?)?;
    Some((raised, raised.alarm.message(&delivery.to_string())?))
}

fn parcel(duty: &Duty, raised: &Raised, message: &Message, env: &Env<'_>) -> Parcel {
    let alarm = &raised.alarm.raised;
    let delivery = &message.delivery;
    let address = delivery.address.as_ref().and_then(|address| {
        let (event, index) = raised.orders.get(&delivery.delivery_id)?;
        env.open(*event, &address_field(*index), address)
    });
    let function = duty.readiness.function(&delivery.function);
    let told = alarm.message.as_ref().and_then(|sealed| env.open(raised.event, "data.message", sealed));
    Parcel {
        key: delivery.delivery_id.clone(),
        alarm_id: alarm.alarm_id.clone(),
        purpose: alarm.purpose,
        exercise: alarm.exercise,
        test: delivery.address.is_none() && alarm.purpose == AlarmPurpose::Proof,
        function: delivery.function.clone(),
        member: delivery.member.clone(),
        case_id: alarm.case_id.clone(),
        attempt: message.attempts + 1,
        text: text(raised, function.map_or_else(|| delivery.function.clone(), |function| function.name), told),
        address,
    }
}

/// What the receiver reads: never anything of the incident, which is read after signing in.
fn text(raised: &Raised, function: String, told: Option<String>) -> String {
    let alarm = &raised.alarm.raised;
    let exercise = if alarm.exercise { "ÖVNING ÖVNING. " } else { "" };
    let what = match alarm.purpose {
        AlarmPurpose::Case => format!("Krisstödsärende hos {}", alarm.board.name),
        AlarmPurpose::PlaceTheCase => "Krisstödsärende utan känd nämnd: placera det".to_owned(),
        AlarmPurpose::Handover => "Krisstödsärende: den ansvariga nämnden har inte tagit emot det".to_owned(),
        AlarmPurpose::AnswerTheOffer => {
            format!("{} erbjuds att ta över ett krisstödsärende: svara ja eller nej", alarm.board.name)
        }
        AlarmPurpose::Gap => match &alarm.hole {
            Some(hole) => format!("Lucka i beredskapen för {} från {} till {}", hole.area.name, hole.from, hole.to),
            None => "Lucka i beredskapen".to_owned(),
        },
        AlarmPurpose::CallIn => format!("Inkallning till {}", alarm.board.name),
        AlarmPurpose::Exercise => format!("Övningslarm för {}", alarm.board.name),
        AlarmPurpose::Proof => "Nattligt prov av larmvägen".to_owned(),
    };
    let told = told.map(|told| format!(" {told}")).unwrap_or_default();
    format!("{exercise}{what}. Till: {function}.{told} Kvittera i Närhet, larm {}.", alarm.alarm_id)
}

/// The outcome of an attempt; a settled alarm's are recorded too, so that what left the house is known.
pub fn carried(duty: &Duty, carried: &Carried, env: &Env<'_>) -> Vec<Write> {
    let Some((raised, message)) = find(duty, carried.id) else { return Vec::new() };
    if !message.waits() {
        return Vec::new();
    }
    let (detail, may_heal) = match &carried.result {
        Ok(detail) => (detail.clone(), None),
        Err(refusal) => (refusal.detail.clone(), Some(refusal.may_heal)),
    };
    let (attempt, outcome, retry_at) = raised.alarm.attempted(message, env.now, may_heal);
    let sent_again = retry_at.is_some() && carried.result.as_ref().is_err_and(|refusal| refusal.may_be_done);
    let attempted = DeliveryAttempted {
        alarm_id: raised.id().to_owned(),
        delivery_id: message.delivery.delivery_id.clone(),
        attempt,
        outcome,
        detail: detail.chars().take(crate::limits::LINE_CHARS_MAX).collect(),
        retry_at,
        // A receiver that honours the key takes the second for the first.
        maybe_twice: (carried.maybe_twice || sent_again) && !duty.channels.honours_the_key(message.delivery.channel),
    };
    vec![raised.write(vec![raised.draft(0, |_| attempted)])]
}
