//! Which open alarms are looked at when, so that neither the next time nor who is due takes a walk over all of them.

use narhet_kernel::{Timestamp, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// The open alarms.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    /// Those to look at as soon as possible.
    now: BTreeSet<Uuid>,
    later: BTreeMap<Uuid, Timestamp>,
    order: BTreeSet<(Timestamp, Uuid)>,
}

impl Agenda {
    pub fn has(&self, id: &Uuid) -> bool {
        self.now.contains(id) || self.later.contains_key(id)
    }

    pub fn ids(&self) -> impl Iterator<Item = &Uuid> {
        self.now.iter().chain(self.later.keys())
    }

    /// An alarm is raised.
    pub fn add(&mut self, id: Uuid) {
        self.drop(&id);
        self.now.insert(id);
    }

    /// Something has happened to an alarm, open or not.
    pub fn look_again(&mut self, id: Uuid) {
        if self.has(&id) {
            self.add(id);
        }
    }

    /// Something has happened to all of them.
    pub fn look_again_at_all(&mut self) {
        self.order.clear();
        self.now.extend(std::mem::take(&mut self.later).into_keys());
    }

    /// An open alarm asks for nothing before this instant.
    pub fn look_at(&mut self, id: Uuid, at: Timestamp) {
        self.drop(&id);
        self.later.insert(id, at);
        self.order.insert((at, id));
    }

    /// An alarm is settled.
    pub fn drop(&mut self, id: &Uuid) {
        self.now.remove(id);
        if let Some(at) = self.later.remove(id) {
            self.order.remove(&(at, *id));
        }
    }

    /// When an alarm is looked at next; `None` as soon as possible, or never.
    pub fn of(&self, id: &Uuid) -> Option<Timestamp> {
        self.later.get(id).copied()
    }

    /// When the first is.
    pub fn next(&self) -> Option<Timestamp> {
        if self.now.is_empty() { self.order.first().map(|(at, _)| *at) } else { Some(Timestamp::MIN) }
    }

    /// Those that are due, by id.
    pub fn due(&self, now: Timestamp) -> Vec<Uuid> {
        let ripe = self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id);
        let mut due: Vec<Uuid> = self.now.iter().copied().chain(ripe).collect();
        due.sort_unstable();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_a_walk_over_all_alarms_would(steps in prop::collection::vec((0..5_u8, 0..6_u128, 0..9_i64), 0..60), now in 0..9_i64) {
            let at = |second| Timestamp::from_second(second).unwrap();
            let (mut agenda, mut naive) = (Agenda::default(), BTreeMap::<Uuid, Option<Timestamp>>::new());
            for (step, number, second) in steps {
                let id = Uuid::from_u128(number);
                match step {
                    0 => {
                        agenda.add(id);
                        naive.insert(id, None);
                    }
                    1 => {
                        agenda.look_again(id);
                        naive.entry(id).and_modify(|due| *due = None);
                    }
                    2 => {
                        agenda.look_again_at_all();
                        naive.values_mut().for_each(|due| *due = None);
                    }
                    3 => {
                        agenda.look_at(id, at(second));
                        naive.insert(id, Some(at(second)));
                    }
                    _ => {
                        agenda.drop(&id);
                        naive.remove(&id);
                    }
                }
            }
            let next = naive.values().map(|due| due.unwrap_or(Timestamp::MIN)).min();
            prop_assert_eq!(agenda.next(), next);
            let due: Vec<Uuid> = naive.iter().filter(|(_, due)| due.is_none_or(|due| due <= at(now))).map(|(id, _)| *id).collect();
            prop_assert_eq!(agenda.due(at(now)), due);
            let mut ids: Vec<Uuid> = agenda.ids().copied().collect();
            ids.sort();
            prop_assert_eq!(ids, naive.keys().copied().collect::<Vec<_>>());
        }
    }
}
