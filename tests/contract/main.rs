//! The contract of the bus: one suite, run on a real nats-server and on the in-process twin.

// In a test a panic is the report.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use narhet_bus::{Bus, Credentials, Fence, Headers, Outgoing, PublishError, RequestError, Twin};
use narhet_tests::{Folder, NatsProcess, until};
use std::time::Duration;

const AREA: &str = "narhet.stad.evt.area.>";
const DUTY: &str = "narhet.stad.evt.duty.>";
const SOON: Duration = Duration::from_secs(5);

/// The buses of one site, a connection for each role that a test plays.
struct Site {
    area: Bus,
    duty: Bus,
    gateway: Bus,
    _server: Option<(NatsProcess, Folder)>,
}

impl Site {
    async fn nats() -> Site {
        let folder = Folder::new("contract");
        let server = NatsProcess::start(folder.path());
        let (area, duty, gateway) =
            (server.connect("area").await, server.connect("duty").await, server.connect("gateway").await);
        Site { area, duty, gateway, _server: Some((server, folder)) }
    }

    fn twin() -> Site {
        let twin = Twin::default();
        let bus = || Bus::Twin(twin.clone());
        Site { area: bus(), duty: bus(), gateway: bus(), _server: None }
    }
}

fn message(context: &str, event: &str, position: u64) -> Outgoing {
    Outgoing {
        subject: format!("narhet.stad.evt.{context}.{event}"),
        headers: Headers::from([("Narhet-Position".to_owned(), position.to_string())]),
        payload: Bytes::from(format!("{context} {position}")),
    }
}

fn fence(partition: &str, last_sequence: u64) -> Fence {
    Fence { partition: partition.to_owned(), last_sequence }
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_nats {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(super::Site::nats().await).await })+
        }
        mod on_the_twin {
            $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(super::Site::twin()).await })+
        }
    };
}

on_both!(
    a_request_reaches_the_one_who_serves_and_its_answer_comes_back,
    a_request_that_nobody_serves_says_so_at_once,
    a_batch_is_in_the_stream_whole_and_in_order,
    a_batch_behind_another_fence_changes_nothing,
    partitions_are_fenced_apart,
    a_reader_gets_what_was_and_what_comes_of_its_partitions_only,
    the_ends_of_a_partition_are_read_back,
);

async fn a_request_reaches_the_one_who_serves_and_its_answer_comes_back(site: Site) {
    let mut requests = site.area.serve("narhet.stad.qry.area.>", 8).await.unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = requests.next().await {
            let (subject, headers, payload, answer) = incoming.into_parts();
            answer.send(Bytes::from(format!("{subject} {} {}", headers["Kind"], payload.len()))).await;
        }
    });
    let headers = Headers::from([("Kind".to_owned(), "test".to_owned())]);
    let answer = site.gateway.request("narhet.stad.qry.area.x", headers, Bytes::from_static(b"abc"), SOON).await;
    assert_eq!(answer.unwrap(), Bytes::from_static(b"narhet.stad.qry.area.x test 3"));
}

async fn a_request_that_nobody_serves_says_so_at_once(site: Site) {
    let subject = "narhet.stad.qry.duty.x";
    let answer = site.gateway.request(subject, Headers::new(), Bytes::new(), SOON).await;
    assert_eq!(answer, Err(RequestError::NoResponders(subject.to_owned())));
}

async fn a_batch_is_in_the_stream_whole_and_in_order(site: Site) {
    site.area.ensure_stream().await.unwrap();
    let batch: Vec<Outgoing> = (1..=1_000).map(|position| message("area", "area-drawn", position)).collect();
    let last = site.area.publish(&batch, &fence(AREA, 0)).await.unwrap();
    let mut messages = site.gateway.consume(&[AREA.to_owned()], 1).await.unwrap();
    for position in 1..=1_000 {
        let message = messages.next().await.unwrap();
        assert_eq!(message.headers["Narhet-Position"], position.to_string());
        assert_eq!(message.payload, Bytes::from(format!("area {position}")));
    }
    assert_eq!(site.gateway.last(AREA).await.unwrap().unwrap().sequence, last);
}

async fn a_batch_behind_another_fence_changes_nothing(site: Site) {
    site.area.ensure_stream().await.unwrap();
    let first = site.area.publish(&[message("area", "a", 1)], &fence(AREA, 0)).await.unwrap();
    for batch in [vec![message("area", "a", 2)], vec![message("area", "a", 2), message("area", "b", 3)]] {
        let refused = site.area.publish(&batch, &fence(AREA, 0)).await;
        assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    }
    let last = site.area.last(AREA).await.unwrap().unwrap();
    assert_eq!((last.sequence, last.payload), (first, Bytes::from_static(b"area 1")));
    site.area.publish(&[message("area", "a", 2), message("area", "b", 3)], &fence(AREA, first)).await.unwrap();
    assert_eq!(site.area.last(AREA).await.unwrap().unwrap().payload, Bytes::from_static(b"area 3"));
}

async fn partitions_are_fenced_apart(site: Site) {
    site.area.ensure_stream().await.unwrap();
    let area = site.area.publish(&[message("area", "a", 1)], &fence(AREA, 0)).await.unwrap();
    site.duty.publish(&[message("duty", "d", 1)], &fence(DUTY, 0)).await.unwrap();
    site.area.publish(&[message("area", "a", 2)], &fence(AREA, area)).await.unwrap();
}

async fn a_reader_gets_what_was_and_what_comes_of_its_partitions_only(site: Site) {
    site.area.ensure_stream().await.unwrap();
    let mut fence_area = site.area.publish(&[message("area", "a", 1)], &fence(AREA, 0)).await.unwrap();
    let mut messages = site.gateway.consume(&[AREA.to_owned()], 1).await.unwrap();
    assert_eq!(messages.next().await.unwrap().payload, Bytes::from_static(b"area 1"));
    site.duty.publish(&[message("duty", "d", 1)], &fence(DUTY, 0)).await.unwrap();
    for position in 2..=50 {
        fence_area = site.area.publish(&[message("area", "a", position)], &fence(AREA, fence_area)).await.unwrap();
        assert_eq!(messages.next().await.unwrap().payload, Bytes::from(format!("area {position}")));
    }
}

async fn the_ends_of_a_partition_are_read_back(site: Site) {
    site.area.ensure_stream().await.unwrap();
    assert!(site.area.last(AREA).await.unwrap().is_none());
    assert!(site.area.next_from(AREA, 1).await.unwrap().is_none());
    let batch = [message("area", "a", 1), message("area", "b", 2), message("area", "a", 3)];
    let last = site.area.publish(&batch, &fence(AREA, 0)).await.unwrap();
    assert_eq!(site.area.last(AREA).await.unwrap().unwrap().payload, Bytes::from_static(b"area 3"));
    assert_eq!(site.area.next_from(AREA, last - 1).await.unwrap().unwrap().payload, Bytes::from_static(b"area 2"));
    assert!(site.area.next_from(AREA, last + 1).await.unwrap().is_none());
    assert!(site.duty.last(DUTY).await.unwrap().is_none());
}

/// A role publishes only its own events, only the gateway asks, and a stranger does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn forged_events_commands_and_strangers_are_refused_by_the_server() {
    let site = Site::nats().await;
    site.area.ensure_stream().await.unwrap();
    let (server, _) = site._server.as_ref().unwrap();
    for credentials in
        [Credentials::None, Credentials::UserPassword { user: "area".to_owned(), password: "guess".to_owned() }]
    {
        assert!(server.connect_with("stranger", credentials).await.is_err());
    }
    // Duty publishes as area, the gateway publishes an event, duty sends a command: none arrives.
    let forged = message("area", "area-drawn", 1);
    let mut commands = site.area.serve("narhet.stad.cmd.area.>", 8).await.unwrap();
    for bus in [&site.duty, &site.gateway] {
        let outcome = tokio::time::timeout(
            Duration::from_millis(300),
            bus.publish(std::slice::from_ref(&forged), &fence(AREA, 0)),
        )
        .await;
        assert!(!matches!(outcome, Ok(Ok(_))), "a forged event was taken");
    }
    let subject = "narhet.stad.cmd.area.import-division";
    let answer = site.duty.request(subject, Headers::new(), Bytes::new(), Duration::from_millis(300)).await;
    assert!(answer.is_err());
    assert!(site.gateway.last(AREA).await.unwrap().is_none(), "nothing is stored");
    assert!(tokio::time::timeout(Duration::from_millis(50), commands.next()).await.is_err(), "no command arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_and_restarted_server_is_noticed_and_used_again() {
    let mut site = Site::nats().await;
    site.area.ensure_stream().await.unwrap();
    site.area.publish(&[message("area", "a", 1)], &fence(AREA, 0)).await.unwrap();
    let mut messages = site.gateway.consume(&[AREA.to_owned()], 1).await.unwrap();
    assert!(messages.next().await.is_some());
    let epoch = *site.gateway.epoch().borrow();
    let (server, _) = site._server.as_mut().unwrap();
    server.restart();
    assert!(messages.next().await.is_none(), "the reader is told to start anew");
    let gateway = site.gateway.clone();
    until("a new connection", || async { (*gateway.epoch().borrow() > epoch).then_some(()) }).await;
    let area = site.area.clone();
    until("the stream is there again", || async { area.last(AREA).await.ok().flatten() }).await;
}
