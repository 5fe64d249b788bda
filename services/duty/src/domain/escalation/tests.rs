use super::*;
use narhet_proto::{
    codes::Channel,
    events::{Named, alarm::Quorum, readiness::PathStep},
};
use std::cell::RefCell;

/// One who is on duty: function, member, from second, until second, ways.
type Row = (&'static str, Option<&'static str>, i64, i64, u32);

/// Who is on duty, as a table.
struct Table(Vec<Row>);

impl Staffing for Table {
    fn on_duty(&self, function: &str, at: Timestamp) -> Vec<Receiver> {
        let rows = self
            .0
            .iter()
            .filter(|(known, _, from, to, _)| *known == function && *from <= at.as_second() && at.as_second() < *to);
        rows.map(|(_, member, .., ways)| Receiver {
            function: function.to_owned(),
            roster: member.map(|_| "schema".to_owned()),
            member: member.map(str::to_owned),
            ways: *ways,
        })
        .collect()
    }

    fn next_border(&self, function: &str, after: Timestamp) -> Option<Timestamp> {
        let borders = self.0.iter().filter(|row| row.0 == function).flat_map(|row| [row.2, row.3]);
        borders.map(|second| Timestamp::from_second(second).unwrap()).filter(|border| *border > after).min()
    }

    fn has_capability(&self, function: &str, capability: &str) -> bool {
        function.starts_with(capability)
    }
}

/// An alarm, the clock, and what the channel does with what it is given.
struct Night {
    alarm: Alarm,
    staffing: Table,
    now: i64,
    next: RefCell<u32>,
}

/// What the receiver of a delivery says.
type Said = (u32, Reach);

const EVER: i64 = 1_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl Night {
    fn of(purpose: AlarmPurpose, steps: &[(&[&str], u32)], quorum: Option<Quorum>, staffing: Table) -> Night {
        let steps = steps
            .iter()
            .map(|(functions, acknowledge_within_s)| PathStep {
                functions: functions.iter().map(|function| (*function).to_owned()).collect(),
                acknowledge_within_s: *acknowledge_within_s,
                next_way_after_s: None,
            })
            .collect();
        let raised = AlarmRaised {
            alarm_id: "a".to_owned(),
            purpose,
            board: Named::new("jarva", "Järva stadsdelsnämnd"),
            path_id: None,
            case_id: None,
            steps,
            rounds: 1,
            quorum,
            message: None,
            masked: false,
            hole: None,
            exercise: false,
        };
        Night { alarm: Alarm::new(raised, at(0)), staffing, now: 0, next: RefCell::new(0) }
    }

    /// Does what is due now; whom it alarmed, and how it ended.
    fn runs(&mut self) -> Vec<String> {
        let mut done = Vec::new();
        while let Some(act) = self.alarm.due(&self.staffing, at(self.now)) {
            let event = match act {
                Act::Order { round, step, because, to } => {
                    for (receiver, way) in &to {
                        let member = receiver.member.as_deref().unwrap_or("-");
                        done.push(format!("{} {member} {way}", receiver.function));
                    }
                    let deliveries = to.into_iter().map(|(receiver, way)| self.delivery(receiver, way)).collect();
                    Event::Ordered(DeliveriesOrdered { alarm_id: "a".to_owned(), round, step, because, deliveries })
                }
                Act::Settle { outcome, function } => {
                    done.push(outcome.code().to_owned());
                    Event::Settled(AlarmSettled { alarm_id: "a".to_owned(), outcome, function })
                }
            };
            self.alarm.evolve(&event, at(self.now));
        }
        done
    }

    fn delivery(&self, receiver: Receiver, way: u32) -> Delivery {
        *self.next.borrow_mut() += 1;
        Delivery {
            delivery_id: self.next.borrow().to_string(),
            function: receiver.function,
            roster: receiver.roster,
            member: receiver.member,
            way,
            ways: receiver.ways,
            channel: Channel::Sms,
            address: None,
        }
    }

    /// What waits goes out, or fails.
    fn attempts(&mut self, works: bool) {
        let waiting: Vec<Message> =
            self.alarm.messages.iter().filter(|one| self.alarm.is_to_send(one, at(self.now))).cloned().collect();
        for message in waiting {
            let (attempt, outcome, retry_at) = self.alarm.attempted(&message, at(self.now), (!works).then_some(true));
            let event = Event::Attempted(DeliveryAttempted {
                alarm_id: "a".to_owned(),
                delivery_id: message.delivery.delivery_id,
                attempt,
                outcome,
                detail: String::new(),
                retry_at,
                maybe_twice: false,
            });
            self.alarm.evolve(&event, at(self.now));
        }
    }

    fn receipt(&mut self, delivery: u32, reach: Reach) {
        let (alarm_id, delivery_id) = ("a".to_owned(), delivery.to_string());
        let event = Event::Receipted(DeliveryReceipted { alarm_id, delivery_id, reach, via: "sms".to_owned() });
        self.alarm.evolve(&event, at(self.now));
    }
}

fn two_steps() -> Night {
    let staffing = Table(vec![("first", Some("x"), 0, EVER, 1), ("last", None, 0, EVER, 1)]);
    Night::of(AlarmPurpose::Case, &[(&["first"], 300), (&["last"], 600)], None, staffing)
}

#[test]
fn a_step_keeps_its_full_time_after_downtime() {
    let mut night = two_steps();
    assert_eq!(night.runs(), ["first x 0"]);
    // The house is dead for an hour between the intent and the sending.
    night.now = 3_600;
    assert_eq!(night.runs(), [""; 0], "what was never sent has not been waited for");
    night.attempts(true);
    night.now = 3_899;
    assert_eq!(night.runs(), [""; 0]);
    night.now = 3_900;
    assert_eq!(night.runs(), ["last - 0"]);
}

#[test]
fn an_empty_step_is_left_at_once_and_so_is_one_whose_every_way_fails() {
    let staffing = Table(vec![("second", None, 0, EVER, 2), ("last", None, 0, EVER, 1)]);
    let steps: &[(&[&str], u32)] = &[(&["nobody"], 300), (&["second"], 300), (&["last"], 600)];
    let mut night = Night::of(AlarmPurpose::Case, steps, None, staffing);
    assert_eq!(night.runs(), ["second - 0"], "nobody is no reason to wait");
    night.attempts(false);
    assert_eq!(night.runs(), ["second - 1"], "the next way beside the retries of the first");
    night.attempts(false);
    assert_eq!(night.runs(), ["last - 0"]);
}

#[test]
fn who_comes_on_duty_meanwhile_is_alarmed_too() {
    let staffing =
        Table(vec![("first", Some("x"), 0, 100, 1), ("first", Some("y"), 100, EVER, 1), ("last", None, 0, EVER, 1)]);
    let mut night = Night::of(AlarmPurpose::Case, &[(&["first"], 300), (&["last"], 600)], None, staffing);
    night.runs();
    night.attempts(true);
    assert_eq!(night.alarm.next_due(&night.staffing, at(0)), Some(at(100)));
    night.now = 100;
    assert_eq!(night.runs(), ["first y 0"]);
}

#[test]
fn whoever_begins_while_the_last_resort_is_silent_is_told_once() {
    let own: &[Row] =
        &[("first", Some("x"), 0, 100, 1), ("first", Some("y"), 2_000, EVER, 1), ("last", None, 0, EVER, 1)];
    let steps: &[(&[&str], u32)] = &[(&["first"], 300), (&["last"], 600)];
    for (purpose, told) in [(AlarmPurpose::Case, &["first y 0"][..]), (AlarmPurpose::CallIn, &[])] {
        let quorum = (purpose == AlarmPurpose::CallIn).then_some(Quorum { accept: 1, capability: None });
        let mut night = Night::of(purpose, steps, quorum, Table(own.to_vec()));
        let mut later = Vec::new();
        for second in (0..=4_000).step_by(100) {
            night.now = second;
            let done = night.runs();
            if second >= 2_000 {
                later.extend(done.into_iter().filter(|one| one.starts_with("first")));
            }
            night.attempts(true);
        }
        assert_eq!(later, told, "{purpose:?}");
    }
}

#[test]
fn the_last_resort_is_alarmed_again_and_again_and_never_in_a_circle() {
    let mut night = Night::of(AlarmPurpose::Case, &[(&["last"], 600)], None, Table(vec![("last", None, 0, EVER, 1)]));
    assert_eq!(night.runs(), ["last - 0"]);
    night.attempts(false);
    assert_eq!(night.runs(), [""; 0], "a failing last resort waits its time");
    night.now = 600;
    assert_eq!(night.runs(), ["last - 0"]);
    night.attempts(true);
    night.now = 1_200;
    assert_eq!(night.runs(), ["last - 0"]);
}

#[test]
fn a_last_resort_without_an_address_waits_open_and_is_told_as_soon_as_it_has_one() {
    let mut night = Night::of(AlarmPurpose::Case, &[(&["last"], 600)], None, Table(vec![]));
    assert_eq!(night.runs(), [""; 0]);
    night.now = 86_400;
    assert_eq!(night.runs(), [""; 0]);
    night.staffing = Table(vec![("last", None, 0, EVER, 1)]);
    assert_eq!(night.runs(), ["last - 0"]);
}

#[test]
fn what_a_receipt_means_for_the_next_way_as_a_table() {
    let rows: &[(&str, &[Reach], i64, &[&str])] = &[
        ("nothing said, before half the step's time", &[], 149, &[]),
        ("nothing said: both ways are tried within the step's time", &[], 150, &["first x 1"]),
        ("delivered is not read", &[Reach::Delivered], 150, &["first x 1"]),
        ("voicemail is not reach", &[Reach::Voicemail], 0, &["first x 1"]),
        (
            "a machine behind what the network called delivered",
            &[Reach::Delivered, Reach::Voicemail],
            0,
            &["first x 1"],
        ),
        ("read", &[Reach::Read], 299, &[]),
        ("read, and not answered in time", &[Reach::Read], 300, &["last - 0"]),
        ("declined", &[Reach::Declined], 0, &["last - 0"]),
        ("accepted", &[Reach::Accepted], 0, &["acknowledged"]),
    ];
    for (name, receipts, second, done) in rows {
        let staffing = Table(vec![("first", Some("x"), 0, EVER, 2), ("last", None, 0, EVER, 1)]);
        let mut night = Night::of(AlarmPurpose::Case, &[(&["first"], 300), (&["last"], 600)], None, staffing);
        night.runs();
        night.attempts(true);
        receipts.iter().for_each(|reach| night.receipt(1, *reach));
        let due = night.alarm.next_due(&night.staffing, at(0));
        night.now = *second;
        assert_eq!(night.runs(), *done, "{name}");
        assert!(done.is_empty() || due == Some(at(*second)), "{name}: {due:?}");
    }
}

#[test]
fn a_last_resort_with_two_ways_is_tried_on_both() {
    let mut night = Night::of(AlarmPurpose::Case, &[(&["last"], 600)], None, Table(vec![("last", None, 0, EVER, 2)]));
    let mut told = night.runs();
    for second in (0..=600).step_by(300) {
        night.attempts(true);
        night.now = second;
        told.extend(night.runs());
    }
    assert_eq!(told, ["last - 0", "last - 1", "last - 0"]);
}

#[test]
fn two_rosters_may_call_their_members_the_same() {
    struct Two;
    impl Staffing for Two {
        fn on_duty(&self, function: &str, _: Timestamp) -> Vec<Receiver> {
            let of = |roster: &str| Receiver {
                function: function.to_owned(),
                roster: Some(roster.to_owned()),
                member: Some("lag-a".to_owned()),
                ways: 1,
            };
            vec![of("dag"), of("natt")]
        }

        fn next_border(&self, _: &str, _: Timestamp) -> Option<Timestamp> {
            None
        }

        fn has_capability(&self, _: &str, _: &str) -> bool {
            true
        }
    }
    let night = Night::of(AlarmPurpose::Case, &[(&["last"], 600)], None, Table(vec![]));
    let Some(Act::Order { to, .. }) = night.alarm.due(&Two, at(0)) else { panic!("nobody is told") };
    let rosters: Vec<_> = to.iter().filter_map(|(receiver, _)| receiver.roster.as_deref()).collect();
    assert_eq!(rosters, ["dag", "natt"]);
}

#[test]
fn a_call_in_wants_so_many_with_the_capability_else_the_next_wave() {
    let staffing = Table(vec![
        ("samtal-a", None, 0, EVER, 1),
        ("annat-b", None, 0, EVER, 1),
        ("samtal-c", None, 0, EVER, 1),
        ("last", None, 0, EVER, 1),
    ]);
    let waves: &[(&[&str], u32)] = &[(&["samtal-a", "annat-b"], 300), (&["samtal-c"], 300), (&["last"], 600)];
    let quorum = Some(Quorum { accept: 2, capability: Some("samtal".to_owned()) });
    let mut night = Night::of(AlarmPurpose::CallIn, waves, quorum, staffing);
    assert_eq!(night.runs(), ["samtal-a - 0", "annat-b - 0"]);
    night.attempts(true);
    night.receipt(1, Reach::Accepted);
    night.receipt(2, Reach::Accepted);
    assert_eq!(night.runs(), [""; 0], "one with the capability is not two");
    night.now = 300;
    assert_eq!(night.runs(), ["samtal-c - 0"]);
    night.attempts(true);
    night.receipt(3, Reach::OnPlace);
    assert_eq!(night.runs(), ["filled"]);
}

#[test]
fn who_counts_in_a_call_in_as_a_table() {
    // The crew of the wave has two ways each; the fourth message is the last resort's.
    let rows: &[(&str, &[Said], usize, bool)] = &[
        ("one receiver on both its ways is one", &[(1, Reach::Accepted), (3, Reach::OnPlace)], 1, false),
        ("two are two", &[(1, Reach::Accepted), (2, Reach::Accepted)], 2, true),
        ("the last resort was not asked to come", &[(1, Reach::Accepted), (5, Reach::Accepted)], 1, false),
        (
            "who takes it back does not come",
            &[(1, Reach::Accepted), (1, Reach::Declined), (2, Reach::Accepted)],
            1,
            false,
        ),
        ("who comes after all does", &[(1, Reach::Declined), (1, Reach::Accepted), (2, Reach::Accepted)], 2, true),
    ];
    for (name, receipts, count, filled) in rows {
        let staffing =
            Table(vec![("a", Some("x"), 0, EVER, 2), ("a", Some("y"), 0, EVER, 2), ("last", None, 0, EVER, 1)]);
        let quorum = Some(Quorum { accept: 2, capability: None });
        let mut night = Night::of(AlarmPurpose::CallIn, &[(&["a", "a"], 300), (&["last"], 600)], quorum, staffing);
        let mut told = Vec::new();
        for second in [0, 150, 300] {
            night.now = second;
            told.extend(night.runs());
            night.attempts(true);
        }
        assert_eq!(told, ["a x 0", "a y 0", "a x 1", "a y 1", "last - 0"], "named twice, told once");
        receipts.iter().for_each(|(delivery, reach)| night.receipt(*delivery, *reach));
        assert_eq!(night.alarm.accepted(&night.staffing).len(), *count, "{name}");
        assert_eq!(night.runs().contains(&"filled".to_owned()), *filled, "{name}");
    }
}

#[test]
fn a_call_in_that_nobody_answers_ends_with_the_last_resort_told() {
    let staffing = Table(vec![("a", None, 0, EVER, 1), ("last", None, 0, EVER, 1)]);
    let quorum = Some(Quorum { accept: 1, capability: None });
    let mut night = Night::of(AlarmPurpose::CallIn, &[(&["a"], 300), (&["last"], 600)], quorum, staffing);
    night.runs();
    night.attempts(true);
    night.now = 300;
    assert_eq!(night.runs(), ["last - 0"]);
    night.attempts(true);
    night.now = 900;
    assert_eq!(night.runs(), ["exhausted"]);
}

#[test]
fn retries_back_off_and_end_in_a_dead_letter() {
    let mut night = two_steps();
    night.runs();
    let mut tries = Vec::new();
    for second in 0..60 {
        night.now = second;
        let before = night.alarm.messages[0].attempts;
        night.attempts(false);
        if night.alarm.messages[0].attempts > before {
            tries.push(second);
        }
    }
    assert_eq!(tries, [0, 2, 6, 14, 30]);
    assert!(night.alarm.messages[0].dead);
}
