//! Receipts that channels send back: signed with the channel's secret, over the body as it came.

use super::commands::receipt;
use crate::{
    channels::signature,
    readiness::{commands::missing, intake},
    service::Duty,
};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    codes::{Channel, Reach},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env};
use serde::Deserialize;
use serde_json::json;

/// As the gateway passes it on: nobody but this service has the secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    channel: String,
    signature: String,
    body: String,
}

/// The body of a receipt. The key alone finds the delivery.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Receipt {
    key: String,
    reach: Reach,
}

/// Command `take-receipt`.
pub fn take(duty: &Duty, request: &Request, _env: &Env<'_>) -> Result<Decision, Problem> {
    let Signed { channel, signature, body } = intake::body(request.body.get())?;
    let unsigned = || Problem::new(ErrorCode::Unauthenticated, "the receipt is not signed by a channel of this house");
    let channel = Channel::from_code(&channel).ok_or_else(unsigned)?;
    let secret = duty.channels.secret(channel).ok_or_else(unsigned)?;
    // Real time: the signer judges by its own clock.
    if !signature::verify(secret, &signature, body.as_bytes(), Timestamp::now()) {
        return Err(unsigned());
    }
    let Receipt { key, reach } = intake::body(&body)?;
    let raised = key
        .parse::<Uuid>()
        .ok()
        .and_then(|delivery| duty.alarms.of_delivery.get(&delivery))
        .and_then(|alarm| duty.alarms.by_id.get(alarm))
        .filter(|raised| raised.alarm.message(&key).is_some_and(|message| message.delivery.channel == channel))
        .ok_or_else(|| missing("delivery", &key))?;
    let write = receipt(raised, &key, reach, channel.code())?;
    let answered_by = if write.is_none() { vec![raised.event] } else { vec![] };
    Ok(Decision { writes: write.into_iter().collect(), role: None, answered_by })
}

pub fn taken(_duty: &Duty, _event_ids: &[Uuid], _env: &Env<'_>) -> Result<AnswerBody, Problem> {
    Ok(AnswerBody::of(&json!({ "taken": true })))
}
