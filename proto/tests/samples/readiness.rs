//! Samples of what `duty` records about readiness and alarms.

use super::{Sample, at, jarva, named, pair, sealed, text};
use narhet_calendar::{ClockTime, Weekday, Zone};
use narhet_proto::{
    codes::{
        AlarmOutcome, AlarmPurpose, AttemptOutcome, Channel, FunctionKind, OnHolidays, OrderedBecause, Reach,
        SwapOutcome,
    },
    events::{alarm::*, readiness::*},
};

const ALARM: &str = "5f0c6a52-9d1e-8000-8000-00000000a001";
const DELIVERY: &str = "5f0c6a52-9d1e-8000-8000-00000000de01";
const CASE: &str = "5f0c6a52-9d1e-8000-8000-00000000c001";
const SWAP: &str = "019aa2c0-5a00-7000-8000-000000005a01";
const FEED: &str = "019aa2c0-5a00-7000-8000-00000000fe01";
const HOLE: &str = "jarva/2026-12-24T15:00:00Z/2026-12-25T07:00:00Z";

pub fn samples() -> Vec<Vec<Sample>> {
    vec![
        function_recorded(),
        roster_recorded(),
        swaps(),
        centre_recorded(),
        path_recorded(),
        removed_and_read(),
        feeds(),
        alarm_raised(),
        deliveries(),
        settled_and_proven(),
    ]
}

fn function_recorded() -> Vec<Sample> {
    let full = DutyFunction {
        id: text("krisstod-jarva"),
        board: jarva(),
        kind: FunctionKind::CrisisSupport,
        name: text("Krisstöd Järva"),
        capabilities: vec![text("samtalsstod")],
        contact_ways: vec![way(Channel::Voice)],
        source: text("nämndens delegationsordning"),
    };
    let least = DutyFunction { capabilities: vec![], contact_ways: vec![], ..full.clone() };
    let accepted = vec![text(HOLE)];
    pair(
        "function",
        "krisstod-jarva",
        FunctionRecorded { function: full, accepted },
        FunctionRecorded { function: least, accepted: vec![] },
    )
}

fn roster_recorded() -> Vec<Sample> {
    let layer = Layer {
        name: text("Veckans lag"),
        starts: "2026-11-16".parse().expect("a date"),
        turn_days: 7,
        crew: vec![Member {
            id: text("lag-a"),
            name: text("Krisstöd Järva, lag A"),
            contact_ways: vec![way(Channel::Sms)],
        }],
        shifts: vec![Shift {
            weekdays: vec![Weekday::Monday],
            from: clock("22:00"),
            to: clock("06:00"),
            on_holidays: OnHolidays::Skip,
        }],
    };
    let over = |member: Option<&str>| Override {
        from: at("2026-12-24T07:00:00Z"),
        to: at("2026-12-25T07:00:00Z"),
        member: member.map(text),
        reason: member.is_none().then(|| text("bytt efter samråd")),
        sealed_reason: member.map(|_| sealed("reason")),
        masked: member.is_some(),
    };
    let full = Roster {
        id: text("jarva-krisstod"),
        board: jarva(),
        function: text("krisstod-jarva"),
        name: text("Krisstöd Järva, vinter"),
        zone: Zone::stockholm(),
        valid_from: at("2026-11-16T00:00:00Z"),
        valid_to: Some(at("2027-11-16T00:00:00Z")),
        layers: vec![layer],
        leave: vec![Leave { member: text("lag-a"), from: at("2026-12-01T00:00:00Z"), to: at("2026-12-02T00:00:00Z") }],
        overrides: vec![over(Some("lag-a")), over(None)],
    };
    let least = Roster { valid_to: None, layers: vec![], leave: vec![], overrides: vec![], ..full.clone() };
    pair(
        "roster",
        "jarva-krisstod",
        RosterRecorded { roster: full, accepted: vec![text(HOLE)] },
        RosterRecorded { roster: least, accepted: vec![] },
    )
}

fn swaps() -> Vec<Sample> {
    let offered = || SwapOffered {
        swap_id: text(SWAP),
        roster_id: text("jarva-krisstod"),
        from: at("2026-12-24T07:00:00Z"),
        to: at("2026-12-25T07:00:00Z"),
        giver: text("lag-a"),
        taker: text("lag-b"),
    };
    let settled =
        || SwapSettled { swap_id: text(SWAP), roster_id: text("jarva-krisstod"), outcome: SwapOutcome::Taken };
    [pair("roster", "jarva-krisstod", offered(), offered()), pair("roster", "jarva-krisstod", settled(), settled())]
        .concat()
}

fn centre_recorded() -> Vec<Sample> {
    let full = Centre {
        id: text("kulturhuset"),
        board: named("norra-innerstaden", "Norra innerstadens stadsdelsnämnd"),
        name: text("Krisstödscentrum"),
        address: text("Sergels torg 3"),
        zone: Zone::stockholm(),
        opening: vec![Opening { weekdays: vec![Weekday::Sunday], from: clock("12:00"), to: clock("21:00") }],
        valid_from: at("2026-11-16T00:00:00Z"),
        valid_to: at("2026-11-26T00:00:00Z"),
    };
    let least = Centre { opening: vec![], ..full.clone() };
    pair("centre", "kulturhuset", CentreRecorded { centre: full }, CentreRecorded { centre: least })
}

fn steps() -> Vec<PathStep> {
    let step = |next_way_after_s| PathStep {
        functions: vec![text("krisstod-jarva")],
        acknowledge_within_s: 300,
        next_way_after_s,
    };
    vec![step(Some(60)), step(None)]
}

fn path_recorded() -> Vec<Sample> {
    let full = AlarmPath {
        id: text("jarva"),
        board: jarva(),
        name: text("Larmväg för krisstöd"),
        steps: steps(),
        rounds: 2,
        source: text("nämndens beslut"),
    };
    let least = AlarmPath { steps: vec![], ..full.clone() };
    pair(
        "alarm-path",
        "jarva",
        AlarmPathRecorded { path: full, accepted: vec![text(HOLE)] },
        AlarmPathRecorded { path: least, accepted: vec![] },
    )
}

fn removed_and_read() -> Vec<Sample> {
    let removed = |accepted| RecordRemoved { kind: text("roster"), id: text("jarva-krisstod"), accepted };
    let read = || PathRead {
        path_id: text("jarva"),
        path_version: 3,
        board: text("jarva"),
        reader: text("p-0123456789abcdef"),
    };
    [
        pair("roster", "jarva-krisstod", removed(vec![text(HOLE)]), removed(vec![])),
        pair("alarm-path", "jarva", read(), read()),
    ]
    .concat()
}

fn feeds() -> Vec<Sample> {
    let issued =
        || FeedIssued { feed_id: text(FEED), roster_id: text("jarva-krisstod"), secret_hash: text("0123456789abcdef") };
    let revoked = || FeedRevoked { feed_id: text(FEED) };
    [pair("calendar-feed", FEED, issued(), issued()), pair("calendar-feed", FEED, revoked(), revoked())].concat()
}

fn alarm_raised() -> Vec<Sample> {
    let quorum = |capability: Option<&str>| Quorum { accept: 3, capability: capability.map(text) };
    let full = AlarmRaised {
        alarm_id: text(ALARM),
        purpose: AlarmPurpose::Case,
        board: jarva(),
        path_id: Some(text("jarva")),
        case_id: Some(text(CASE)),
        steps: steps(),
        rounds: 2,
        quorum: Some(quorum(Some("samtalsstod"))),
        message: Some(sealed("message")),
        masked: true,
        hole: Some(Hole {
            area: named("jarva", "Järva"),
            board: jarva(),
            from: at("2026-12-24T15:00:00Z"),
            to: at("2026-12-25T07:00:00Z"),
            reason: text("not-staffed"),
        }),
        exercise: true,
    };
    let least = AlarmRaised {
        path_id: None,
        case_id: None,
        steps: vec![],
        quorum: None,
        message: None,
        masked: false,
        hole: None,
        exercise: false,
        ..full.clone()
    };
    let call_in = AlarmRaised { purpose: AlarmPurpose::CallIn, quorum: Some(quorum(None)), ..least.clone() };
    let mut samples = pair("alarm", ALARM, full, least);
    samples.push(super::sample("alarm", ALARM, false, call_in));
    samples
}

fn deliveries() -> Vec<Sample> {
    let delivery = Delivery {
        delivery_id: text(DELIVERY),
        function: text("krisstod-jarva"),
        roster: Some(text("jarva-krisstod")),
        member: Some(text("lag-a")),
        way: 1,
        ways: 2,
        channel: Channel::Webhook,
        address: Some(sealed("address")),
    };
    let bare = Delivery { roster: None, member: None, address: None, ..delivery.clone() };
    let ordered = |deliveries| DeliveriesOrdered {
        alarm_id: text(ALARM),
        round: 1,
        step: 1,
        because: OrderedBecause::NextWay,
        deliveries,
    };
    let attempted = |retry_at, maybe_twice| DeliveryAttempted {
        alarm_id: text(ALARM),
        delivery_id: text(DELIVERY),
        attempt: 1,
        outcome: AttemptOutcome::Failed,
        detail: text("503"),
        retry_at,
        maybe_twice,
    };
    let receipted = || DeliveryReceipted {
        alarm_id: text(ALARM),
        delivery_id: text(DELIVERY),
        reach: Reach::Voicemail,
        via: text("voice"),
    };
    [
        pair("alarm", ALARM, ordered(vec![delivery, bare]), ordered(vec![])),
        pair("alarm", ALARM, attempted(Some(at("2026-11-20T19:00:02Z")), true), attempted(None, false)),
        pair("alarm", ALARM, receipted(), receipted()),
    ]
    .concat()
}

fn settled_and_proven() -> Vec<Sample> {
    let settled = |function: Option<&str>| AlarmSettled {
        alarm_id: text(ALARM),
        outcome: AlarmOutcome::Acknowledged,
        function: function.map(text),
    };
    let proven = |results| PathProven { path_id: text("jarva"), alarm_id: text(ALARM), results };
    let result = |carried| ChannelResult { channel: Channel::Mail, carried, untested: !carried, detail: text("250") };
    [
        pair("alarm", ALARM, settled(Some("krisstod-jarva")), settled(None)),
        pair("alarm-path", "jarva", proven(vec![result(true), result(false)]), proven(vec![])),
    ]
    .concat()
}

fn way(channel: Channel) -> ContactWay {
    ContactWay { channel, address: sealed("address") }
}

fn clock(text: &str) -> ClockTime {
    ClockTime::parse(text).expect("samples are written with valid times")
}
