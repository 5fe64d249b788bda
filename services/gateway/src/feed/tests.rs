use super::*;
use crate::{
    fold::Fold,
    limits::{PAGE_SCAN_MAX, SSE_CHUNKS_MAX},
    testing::{Fake, Logged, STORE, case_opened, status_changed},
    upstream::Upstream,
};
use narhet_kernel::{BoardId, Principal, Role, Vector};
use narhet_proto::access::incident_readers;
use std::sync::Arc;
use tokio::sync::mpsc;

const EVERYONE: &str = "*";

struct World {
    fold: Arc<Fold>,
    fake: Arc<Fake>,
}

impl World {
    fn new(ring_events: usize) -> World {
        let fold = Arc::new(Fold::new(RingLimits { events: ring_events, bytes: 64 << 20 }));
        fold.found_heads(Vector::new());
        World { fold, fake: Arc::default() }
    }

    fn record(&self, logged: &Logged) {
        self.fake.append(logged);
        logged.fold_into(&self.fold);
    }

    fn reader(&self, who: Principal, filter: Filter, cursor: Vector) -> Reader {
        Reader::new(Arc::clone(&self.fold), Arc::clone(&self.fake) as Arc<dyn Upstream>, who, filter, cursor)
    }
}

fn principal(role: Role, board: Option<&str>) -> Principal {
    Principal { roles: vec![role], board: board.and_then(BoardId::new), ..Principal::house() }
}

fn auditor() -> Principal {
    principal(Role::Auditor, None)
}

/// Everything the reader sees until the head: (context, position) and the cursor after it.
async fn drain(reader: &mut Reader, step: usize) -> Vec<(Context, u64, Vector)> {
    let mut seen = Vec::new();
    loop {
        match reader.step(step).await.unwrap() {
            Step::AtHead => return seen,
            Step::Reset => panic!("no log has forked"),
            Step::Events { events, .. } => {
                seen.extend(events.into_iter().map(|(cursor, entry)| (entry.context, entry.mark.position, cursor)));
            }
        }
    }
}

#[tokio::test]
async fn a_resumed_client_misses_and_doubles_nothing() {
    for ring_events in [3, 20, 1_000] {
        let world = World::new(ring_events);
        for position in 1..=40 {
            world.record(&status_changed(position, "a", EVERYONE));
            world.record(&case_opened(position, "a", "farsta", EVERYONE));
        }
        let all = drain(&mut world.reader(auditor(), Filter::default(), Vector::new()), 7).await;
        assert_eq!(all.len(), 80);
        for (index, (_, _, cursor)) in all.iter().enumerate() {
            let resumed = cursor.to_string().parse().unwrap();
            let rest = drain(&mut world.reader(auditor(), Filter::default(), resumed), 7).await;
            assert_eq!(rest, all[index + 1..], "ring {ring_events}, resumed at {cursor}");
        }
        // A cursor that nobody's order passes: all of situation's and none of duty's.
        let odd = Vector::new().with(Context::Situation, Mark { position: 40, store: STORE.short() });
        let rest = drain(&mut world.reader(auditor(), Filter::default(), odd), 7).await;
        let positions: Vec<u64> = rest.iter().map(|(_, position, _)| *position).collect();
        assert_eq!(positions, (1..=40).collect::<Vec<u64>>(), "ring {ring_events}");
        assert!(rest.iter().all(|(context, ..)| *context == Context::Duty));
    }
}

#[tokio::test]
async fn a_page_goes_on_behind_however_much_the_ring_holds_that_was_seen() {
    let seen = PAGE_SCAN_MAX as u64 + 10;
    let world = World::new(2 * PAGE_SCAN_MAX + 100);
    // All that was seen of situation stands before, between and behind what is lacking of duty.
    world.record(&case_opened(1, "a", "farsta", EVERYONE));
    (1..=seen).for_each(|position| world.record(&status_changed(position, "a", EVERYONE)));
    world.record(&case_opened(2, "a", "farsta", EVERYONE));
    for duty in [0, 1] {
        let mark = |position| Mark { position, store: STORE.short() };
        let cursor = Vector::new().with(Context::Situation, mark(seen)).with(Context::Duty, mark(duty));
        let mut reader = world.reader(auditor(), Filter::default(), cursor);
        let mut found = 0;
        loop {
            let before = reader.cursor().clone();
            let body: serde_json::Value = serde_json::from_slice(&page::page(&mut reader, 100).await.unwrap()).unwrap();
            found += body["events"].as_array().unwrap().len() as u64;
            if *reader.cursor() == before {
                break;
            }
        }
        assert_eq!(found, 2 - duty, "with {duty} of duty seen");
    }
}

#[tokio::test]
async fn a_reader_that_the_ring_has_overtaken_goes_on_from_the_logs() {
    let world = World::new(5);
    world.record(&status_changed(1, "a", EVERYONE));
    let mut reader = world.reader(auditor(), Filter::default(), Vector::new());
    assert_eq!(drain(&mut reader, 100).await.len(), 1);
    (2..=50).for_each(|position| world.record(&status_changed(position, "a", EVERYONE)));
    assert_eq!(drain(&mut reader, 100).await.len(), 49);
    world.record(&status_changed(51, "a", EVERYONE));
    assert_eq!(drain(&mut reader, 100).await.len(), 1);
}

#[tokio::test]
async fn the_feed_is_filtered_by_role() {
    let world = World::new(100);
    world.record(&status_changed(1, "a", &incident_readers(["jarva"])));
    world.record(&status_changed(2, "b", EVERYONE));
    world.record(&status_changed(3, "c", &narhet_proto::access::records_readers()));
    let rows: [(Role, Option<&str>, &[u64]); 16] = [
        (Role::Coordinator, Some("jarva"), &[1, 2]),
        (Role::Coordinator, Some("farsta"), &[2]),
        (Role::Coordinator, Some("bromma"), &[1, 2, 3]), // owns them all
        (Role::DutyOfficer, Some("jarva"), &[1, 2]),
        (Role::CrisisLead, Some("farsta"), &[2]),
        (Role::Dashboard, Some("jarva"), &[1, 2]),
        (Role::Dashboard, None, &[2]),
        (Role::Ckl, None, &[1, 2]),
        (Role::CrisisChair, None, &[1, 2]),
        (Role::CrisisBoard, None, &[1, 2]),
        (Role::CitySecurity, None, &[1, 2]),
        (Role::Communicator, None, &[1, 2]),
        (Role::Registrar, None, &[1, 2, 3]),
        (Role::Auditor, None, &[1, 2, 3]),
        (Role::Admin, None, &[2]),
        (Role::Liaison, Some("jarva"), &[]),
    ];
    for (role, board, expected) in rows {
        let mut reader = world.reader(principal(role, board), Filter::default(), Vector::new());
        let seen: Vec<u64> = drain(&mut reader, 100).await.into_iter().map(|(_, position, _)| position).collect();
        assert_eq!(seen, expected, "{role} {board:?}");
        assert_eq!(reader.cursor().position(Context::Situation), 3, "{role}: the cursor passes what is not shown");
    }
}

#[tokio::test]
async fn a_handover_widens_the_readers_of_the_whole_incident() {
    let world = World::new(100);
    let readers = incident_readers(["jarva"]);
    let officer = || principal(Role::DutyOfficer, Some("socialnamnden"));
    world.record(&status_changed(1, "a", &readers));
    world.record(&status_changed(2, "b", &readers));
    assert!(drain(&mut world.reader(officer(), Filter::default(), Vector::new()), 100).await.is_empty());
    world.record(&case_opened(1, "a", "socialnamnden", &readers));
    let seen = drain(&mut world.reader(officer(), Filter::default(), Vector::new()), 100).await;
    let seen: Vec<_> = seen.into_iter().map(|(context, position, _)| (context, position)).collect();
    assert_eq!(seen, [(Context::Situation, 1), (Context::Duty, 1)]);
}

#[tokio::test]
async fn a_client_may_ask_for_types_and_a_board() {
    let world = World::new(100);
    world.record(&status_changed(1, "a", "jarva"));
    world.record(&status_changed(2, "b", "farsta"));
    world.record(&case_opened(1, "a", "farsta", "jarva"));
    let filter = |types: &[&str], board: Option<&str>| Filter {
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        board: board.and_then(BoardId::new),
    };
    for (types, board, expected) in [
        (&["incident-status-changed"][..], None, 2),
        (&["se.narhet.duty.support-case-opened.v1"], None, 1),
        (&["support-case-opened", "incident-status-changed"], None, 3),
        (&[], Some("jarva"), 2),
        (&[], Some("farsta"), 3), // its own, and as holder the whole of incident a
        (&["incident-status-changed"], Some("jarva"), 1),
        (&[], Some("bromma"), 3),
        (&[], Some("alvsjo"), 0),
    ] {
        let seen = drain(&mut world.reader(auditor(), filter(types, board), Vector::new()), 100).await;
        assert_eq!(seen.len(), expected, "{types:?} {board:?}");
    }
}

#[tokio::test]
async fn a_cursor_of_a_forked_log_is_reset_to_the_beginning() {
    let world = World::new(100);
    world.record(&status_changed(1, "a", EVERYONE));
    let old = Vector::new().with(Context::Situation, Mark { position: 9, store: 1 });
    let mut reader = world.reader(auditor(), Filter::default(), old);
    assert!(matches!(reader.step(10).await.unwrap(), Step::Reset));
    assert_eq!(drain(&mut reader, 10).await.len(), 1);
    assert!(matches!(reader.step(10).await.unwrap(), Step::AtHead));

    // The log forks while the client reads: the fold begins anew, with events of another log.
    world.fold.clear();
    let mut forked = status_changed(1, "b", EVERYONE).entry();
    forked.mark.store = 2;
    world.fold.ring().push(forked);
    assert!(matches!(reader.step(10).await.unwrap(), Step::Reset));
    assert_eq!(drain(&mut reader, 10).await.len(), 1);
}

#[tokio::test]
async fn the_stream_says_id_type_and_the_stored_bytes() {
    let world = World::new(100);
    let logged = status_changed(1, "a", EVERYONE);
    world.record(&logged);
    let (sender, mut receiver) = mpsc::channel(SSE_CHUNKS_MAX);
    let reader = world.reader(auditor(), Filter::default(), Vector::new());
    let task = tokio::spawn(async move { sse::relay(reader, &sender).await });
    assert_eq!(receiver.recv().await.unwrap().unwrap(), ": narhet\nretry: 2000\nid: -\n\n");
    let expected = format!(
        "id: situation.1.{:08x}\nevent: {}\ndata: {}\n\n",
        STORE.short(),
        logged.event.event_type,
        std::str::from_utf8(&logged.bytes).unwrap()
    );
    assert_eq!(receiver.recv().await.unwrap().unwrap(), expected);
    drop(receiver);
    world.record(&status_changed(2, "a", EVERYONE));
    assert_eq!(task.await.unwrap(), sse::Ended::Left);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_has_a_comment_every_fifteen_seconds() {
    let world = World::new(100);
    let (sender, mut receiver) = mpsc::channel(SSE_CHUNKS_MAX);
    let reader = world.reader(principal(Role::Liaison, None), Filter::default(), Vector::new());
    tokio::spawn(async move { sse::relay(reader, &sender).await });
    receiver.recv().await.unwrap().unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(receiver.recv().await.unwrap().unwrap(), ":\n\n");
    assert_eq!(started.elapsed().as_secs(), 15);
    // What is not shown moves the cursor all the same.
    world.record(&status_changed(1, "a", EVERYONE));
    assert!(receiver.recv().await.unwrap().unwrap().starts_with(b":\nid: situation.1."));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_dropped() {
    let world = World::new(10_000);
    // The receiver stays and is never read.
    let (sender, receiver) = mpsc::channel(SSE_CHUNKS_MAX);
    let reader = world.reader(auditor(), Filter::default(), Vector::new());
    (1..=5_000).for_each(|position| world.record(&status_changed(position, "a", EVERYONE)));
    assert_eq!(sse::relay(reader, &sender).await, sse::Ended::Slow);
    assert_eq!(receiver.len(), SSE_CHUNKS_MAX);
}
