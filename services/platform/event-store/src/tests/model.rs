//! The store against a model that is a list: any sequence of appends, reads, folds and reopenings.

use super::*;
use crate::{AppendError, sim::SimDisk};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeMap;

/// What the store should hold.
#[derive(Clone, Debug, Default)]
struct Model {
    /// Stream, version, id of each event in order.
    log: Vec<(usize, u64, u128)>,
    outcomes: BTreeMap<u8, u128>,
    next_id: u128,
}

impl Model {
    fn version(&self, stream: usize) -> u64 {
        self.log.iter().filter(|(of, _, _)| *of == stream).count() as u64
    }

    /// The events that the writes lead to, or `None` when one of them does not fit.
    fn judge(&self, writes: &[Write]) -> Option<Vec<(usize, u64, u128)>> {
        let mut next = self.clone();
        for write in writes {
            let actual = next.version(write.stream);
            let fits = match write.expected {
                Guess::Any => true,
                Guess::NoStream => actual == 0,
                Guess::Right => true,
                Guess::Wrong => false,
            };
            if !fits {
                return None;
            }
            for _ in 0..write.events {
                next.next_id += 1;
                let version = next.version(write.stream) + 1;
                next.log.push((write.stream, version, next.next_id));
            }
        }
        Some(next.log.split_off(self.log.len()))
    }
}

#[derive(Clone, Debug)]
enum Guess {
    Any,
    NoStream,
    Right,
    Wrong,
}

#[derive(Clone, Debug)]
struct Write {
    stream: usize,
    expected: Guess,
    events: usize,
    padding: usize,
}

#[derive(Clone, Debug)]
enum Transition {
    Append(Vec<Write>, Option<u8>),
    Read(usize, u64, usize),
    ReadAll(u64, usize, usize),
    Reopen,
    Kill,
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Transition> {
        let guess = prop_oneof![4 => Just(Guess::Any), 2 => Just(Guess::NoStream), 4 => Just(Guess::Right), 1 => Just(Guess::Wrong)];
        let write = (0_usize..5, guess, 1_usize..4, 0_usize..400)
            .prop_map(|(stream, expected, events, padding)| Write { stream, expected, events, padding });
        prop_oneof![
            10 => (prop::collection::vec(write, 1..4), prop::option::of(0_u8..6)).prop_map(|(w, o)| Transition::Append(w, o)),
            4 => (0_usize..6, 0_u64..40, 0_usize..30).prop_map(|(s, f, l)| Transition::Read(s, f, l)),
            4 => (0_u64..60, 0_usize..20, 0_usize..3_000).prop_map(|(f, l, b)| Transition::ReadAll(f, l, b)),
            1 => Just(Transition::Reopen),
            1 => Just(Transition::Kill),
        ]
        .boxed()
    }

    fn apply(mut model: Model, transition: &Transition) -> Model {
        if let Transition::Append(writes, key) = transition
            && let Some(events) = model.judge(writes)
        {
            model.next_id += events.len() as u128;
            if let Some(key) = key {
                model.outcomes.insert(*key, model.next_id);
            }
            model.log.extend(events);
        }
        model
    }
}

/// The store under test on a simulated disk.
struct Subject {
    disk: SimDisk,
    store: Option<Store>,
    next_id: u128,
}

impl Subject {
    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn append(&mut self, before: &Model, writes: &[Write], key: Option<u8>) {
        let mut id = self.next_id;
        let mut versions: BTreeMap<usize, u64> = BTreeMap::new();
        let mut stream_writes = Vec::new();
        for write in writes {
            let actual = versions.entry(write.stream).or_insert_with(|| before.version(write.stream));
            let expected = match write.expected {
                Guess::Any => Expected::Any,
                Guess::NoStream => Expected::NoStream,
                Guess::Right => Expected::Exactly(*actual),
                Guess::Wrong => Expected::Exactly(*actual + 1),
            };
            let events = write.events as u128;
            stream_writes.push(super::write(write.stream, expected, id + 1..id + 1 + events, write.padding));
            id += events;
            *actual += write.events as u64;
        }
        let outcome = key.map(|key| outcome(&key.to_string(), &[id]));
        match (self.store().append(Commit { outcome, ..commit(stream_writes) }), before.judge(writes)) {
            (Ok(appended), Some(events)) => {
                let got: Vec<_> = appended.events.iter().map(|event| (event.position, event.version)).collect();
                let first = before.log.len() as u64 + 1;
                let expected: Vec<_> =
                    (first..).zip(&events).map(|(position, (_, version, _))| (position, *version)).collect();
                assert_eq!(got, expected);
                self.store().wait_durable(appended.last()).unwrap();
                self.next_id = id;
            }
            (Err(AppendError::Conflict { .. }), None) => {}
            (got, expected) => panic!("the store said {got:?}, the model {expected:?}"),
        }
    }
}

struct ModelTest;

impl StateMachineTest for ModelTest {
    type SystemUnderTest = (Subject, Model);
    type Reference = Model;

    fn init_test(_: &Model) -> (Subject, Model) {
        let disk = SimDisk::default();
        let store = Some(Store::open_on(disk.clone(), small("/data/model")).unwrap());
        (Subject { disk, store, next_id: 0 }, Model::default())
    }

    fn apply((mut subject, before): (Subject, Model), after: &Model, transition: Transition) -> (Subject, Model) {
        match transition {
            Transition::Append(writes, key) => subject.append(&before, &writes, key),
            Transition::Read(of, from, limit) => {
                let got = subject.store().read(&stream(of), from, limit).unwrap();
                let of_stream = before.log.iter().filter(|(stream, _, _)| *stream == of);
                let expected: Vec<u64> =
                    of_stream.map(|(_, version, _)| *version).filter(|version| *version >= from).take(limit).collect();
                assert_eq!(got.iter().map(|event| event.version).collect::<Vec<_>>(), expected);
            }
            Transition::ReadAll(from, limit, bytes) => {
                let got = subject.store().read_all(from, limit, bytes).unwrap();
                assert!(got.len() <= limit);
                let some = limit > 0 && from.max(1) <= before.log.len() as u64;
                assert_eq!(!got.is_empty(), some);
                for (position, event) in (from.max(1)..).zip(&got) {
                    assert_eq!(event.position, position);
                }
            }
            Transition::Reopen => {
                subject.store = None;
                subject.store = Some(Store::open_on(subject.disk.clone(), small("/data/model")).unwrap());
            }
            Transition::Kill => {
                subject.disk = subject.disk.after_kill();
                subject.store = Some(Store::open_on(subject.disk.clone(), small("/data/model")).unwrap());
            }
        }
        (subject, after.clone())
    }

    fn check_invariants((subject, _): &(Subject, Model), model: &Model) {
        let all = sound(subject.store());
        assert_eq!(all.len(), model.log.len());
        for (stored, (of, version, id)) in all.iter().zip(&model.log) {
            assert_eq!(stored.version, *version);
            let json: serde_json::Value = serde_json::from_slice(&stored.bytes).unwrap();
            assert_eq!(json["id"], Uuid::from_u128(*id).to_string());
            assert_eq!(json["subject"], stream(*of).to_string());
        }
        for (_, _, id) in model.log.iter().rev().take(64) {
            assert!(subject.store().contains(Uuid::from_u128(*id)));
        }
        for key in 0..6_u8 {
            let found = subject.store().outcome("p-1", "POST /v1/incidents", &key.to_string());
            let expected = model.outcomes.get(&key).map(|id| outcome(&key.to_string(), &[*id]));
            assert_eq!(found, expected);
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_store_behaves_like_a_list_whatever_is_done_to_it(sequential 1..40 => ModelTest);
}
