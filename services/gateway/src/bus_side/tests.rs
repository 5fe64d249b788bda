//! The gateway's fold over the in-process twin of the bus, with owners that serve their health and their log.

use super::*;
use crate::{
    feed::RingLimits,
    testing::{Logged, STORE, status_changed},
};
use narhet_bus::{Fence, Outgoing, Twin};
use narhet_proto::{subject, wire::LogPage};
use narhet_runtime::{caller::Health, stamp::Stamp};
use serde_json::value::RawValue;

/// Serves the health and the log of a context whose log has these events.
async fn own(bus: &Bus, context: Context, log: &[&Logged]) {
    let health = Health {
        ready: true,
        reason: None,
        position: log.len() as u64,
        relayed: 0,
        vector: Vector::new(),
        store: STORE.0,
        unknown_events: 0,
    };
    let mut asked = bus.serve(&subject::query(context, "health"), 8).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = asked.next().await {
            request.into_parts().3.send(serde_json::to_vec(&health).unwrap().into()).await;
        }
    });
    let events: Vec<String> = log.iter().map(|logged| String::from_utf8(logged.bytes.to_vec()).unwrap()).collect();
    let mut asked = bus.serve(&subject::log_read(context), 8).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = asked.next().await {
            let (_, _, payload, reply) = request.into_parts();
            let from: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            let skip = usize::try_from(from["from"].as_u64().unwrap() - 1).unwrap();
            let page = LogPage {
                store: STORE.0,
                head: events.len() as u64,
                events: events.iter().skip(skip).map(|event| RawValue::from_string(event.clone()).unwrap()).collect(),
                consumed: vec![Vector::new(); events.len().saturating_sub(skip)],
            };
            reply.send(serde_json::to_vec(&page).unwrap().into()).await;
        }
    });
}

async fn publish(bus: &Bus, logged: &Logged) {
    let stamp = Stamp {
        store: STORE,
        position: logged.event.position,
        id: logged.event.id,
        frame: logged.event.position,
        count: 1,
        consumed: Vector::new(),
    };
    let message = Outgoing {
        subject: subject::event(logged.context, &logged.event.event_type),
        headers: stamp.headers(),
        payload: logged.bytes.clone(),
    };
    bus.publish(&[message], &Fence { partition: subject::partition(logged.context), last_sequence: 0 }).await.unwrap();
}

#[tokio::test]
async fn the_fold_is_ready_at_the_heads_found_at_start_and_reads_the_logs() {
    let bus = Bus::Twin(Twin::default());
    let event = status_changed(1, "a", "*");
    for context in Context::ALL.into_iter().filter(|context| *context != Context::Situation) {
        own(&bus, context, &[]).await;
    }
    let fold = Arc::new(Fold::new(RingLimits { events: 10, bytes: 1 << 20 }));
    let caller = Caller::new(bus.clone());
    let shutdown = CancellationToken::new();
    let folding = tokio::spawn(keep_folding(Arc::clone(&fold), bus.clone(), caller.clone(), shutdown.clone()));
    assert!(fold.health().is_err(), "situation has not said where its log ends");
    own(&bus, Context::Situation, &[&event]).await;
    publish(&bus, &event).await;
    fold.wait(None).await.unwrap();
    assert_eq!(fold.vector().position(Context::Situation), 1);
    assert_eq!(fold.ring().present().mark(Context::Area).map(|mark| mark.store), Some(STORE.short()));

    let page = caller.read_page(&Vector::new(), 10).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].bytes, event.bytes);
    assert!(Upstream::health(&caller, Context::Duty).await.unwrap().ready);
    shutdown.cancel();
    folding.await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_fold_and_turns_it_red() {
    let bus = Bus::Twin(Twin::default());
    let mut event = status_changed(1, "a", "*");
    let broken = String::from_utf8(event.bytes.to_vec()).unwrap().replace("\"status\":\"ongoing\"", "\"status\":7");
    event.bytes = broken.into();
    for context in Context::ALL {
        own(&bus, context, &[]).await;
    }
    publish(&bus, &event).await;
    let fold = Arc::new(Fold::new(RingLimits { events: 10, bytes: 1 << 20 }));
    keep_folding(Arc::clone(&fold), bus.clone(), Caller::new(bus), CancellationToken::new()).await;
    assert!(fold.health().unwrap_err().contains("stopped"));
    assert_eq!(fold.wait(None).await.unwrap_err().code, narhet_proto::wire::ErrorCode::Unavailable);
}
