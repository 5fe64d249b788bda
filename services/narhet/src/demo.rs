//! Demo data: a coarse outline of the eleven areas, valid from 2023-07-01. Boards and office hours every house has.

use anyhow::{Context as _, bail};
use narhet_kernel::{Clock, Context, Principal, Role, Timestamp, Uuid};
use narhet_proto::{
    Event, Message,
    events::area::DivisionRecorded,
    wire::{Problem, Request},
};
use narhet_runtime::Caller;
use serde_json::value::to_raw_value;

const OUTLINE: &str = include_str!("../../../deploy/demo/areas.geojson");
const VALID_FROM: &str = "2023-07-01";
/// How long the import may take on a slow machine, in seconds.
const IMPORT_DEADLINE_S: i64 = 60;

/// Imports the outline unless the house knows any division already: a real one must never be superseded by it.
pub async fn load(caller: &Caller, clock: &Clock) -> anyhow::Result<()> {
    if has_division(caller).await.map_err(anyhow::Error::new)? {
        return Ok(());
    }
    let body = serde_json::json!({
        "boundaries": OUTLINE, "mapping": null, "divisions": [], "validFrom": VALID_FROM, "decidedAt": "2023-04-24",
        "accept": [], "dryRun": false, "source": "deploy/demo/areas.geojson (approximate)",
    });
    let request = Request {
        principal: Principal { id: "p-demo".to_owned(), roles: vec![Role::Admin], demo: true, ..Principal::house() },
        deadline: Timestamp::now() + jiff::SignedDuration::from_secs(IMPORT_DEADLINE_S),
        correlation_id: Uuid::new_v4(),
        idempotency_key: Some("demo-outline".to_owned()),
        if_match: None,
        min_cursor: None,
        body: to_raw_value(&body)?,
    };
    let answer = caller.command(Context::Area, "import-division", request).await;
    let answer = answer.map_err(anyhow::Error::new).context("the demo outline cannot be imported")?;
    wait_until_everyone_knows(caller, &answer.cursor).await?;
    tracing::info!(now = %clock.now(), "demo data loaded");
    Ok(())
}

async fn has_division(caller: &Caller) -> Result<bool, Problem> {
    let mut from = 1;
    loop {
        let page = caller.log_page(Context::Area, from).await?;
        let is_division = |event: &Event| event.event_type == DivisionRecorded::TYPE;
        if page.events.iter().any(|event| Event::decode(event.get().as_bytes()).is_ok_and(|event| is_division(&event)))
        {
            return Ok(true);
        }
        if page.events.is_empty() {
            return Ok(false);
        }
        from += page.events.len() as u64;
    }
}

/// "Ready" means that the first question after it is answered from the outline.
async fn wait_until_everyone_knows(caller: &Caller, cursor: &narhet_kernel::Vector) -> anyhow::Result<()> {
    let wanted = cursor.position(Context::Area);
    for context in [Context::Duty, Context::Situation] {
        let started = std::time::Instant::now();
        while caller.health(context).await.map_err(anyhow::Error::new)?.vector.position(Context::Area) < wanted {
            if started.elapsed().as_secs() > IMPORT_DEADLINE_S.unsigned_abs() {
                bail!("{context} has not seen the demo outline");
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    Ok(())
}
