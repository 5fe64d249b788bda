//! Which actors have protected sites, and what became of that. It is sealed, and the fold opens nothing: it notes what is new,
//! and the desk, which holds the keys, looks before it asks.

use crate::{commands::Desk, notices, read_model::Actor, sealing};
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::Sealed;
use narhet_runtime::Env;
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, VecDeque};

/// The protection of some of an actor's sites changed.
#[derive(Clone, Debug)]
pub struct Notice {
    pub event: Uuid,
    pub at: Timestamp,
    pub notified: Vec<String>,
    pub sites: Vec<String>,
    pub acknowledged: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Protected {
    /// Whose card has not been looked at.
    unseen: RoaringBitmap,
    slots: RoaringBitmap,
    /// What may be notices, each with its place in the event.
    unread: VecDeque<(u32, usize, Sealed, Notice)>,
    /// By actor, oldest first.
    notices: BTreeMap<u32, Vec<Notice>>,
    /// What was confirmed before anybody looked: actor, notice, board.
    confirmed: Vec<(u32, String, String)>,
}

impl Protected {
    /// The actor's card is new.
    pub fn look_again(&mut self, slot: u32) {
        self.unseen.insert(slot);
    }

    /// A notice that is sealed, at its place in the event.
    pub fn tell(&mut self, slot: u32, place: usize, sites: Sealed, notice: Notice) {
        self.unread.push_back((slot, place, sites, notice));
    }

    /// A notice that is open.
    pub fn told(&mut self, slot: u32, notice: Notice) {
        self.notices.entry(slot).or_default().push(notice);
    }

    pub fn confirm(&mut self, slot: u32, change: String, board: String) {
        self.confirmed.push((slot, change, board));
    }

    pub fn is_seen(&self) -> bool {
        self.unseen.is_empty() && self.unread.is_empty()
    }

    /// Opens some of what is new.
    pub fn look(&mut self, actors: &[Actor], slice_max: usize, env: &Env<'_>) {
        let next: Vec<u32> = self.unseen.iter().take(slice_max).collect();
        for slot in next {
            self.unseen.remove(slot);
            if protected_sites(&actors[slot as usize], env) > 0 {
                self.slots.insert(slot);
            } else {
                self.slots.remove(slot);
            }
        }
        let next = slice_max.min(self.unread.len());
        for (slot, place, sealed, notice) in self.unread.drain(..next).collect::<Vec<_>>() {
            let sites = notices::opened(&sealed, place, notice.event, env);
            if !sites.is_empty() {
                self.told(slot, Notice { sites, ..notice });
            }
        }
        if self.unread.is_empty() {
            for (slot, change, board) in std::mem::take(&mut self.confirmed) {
                let of_actor = self.notices.get_mut(&slot).into_iter().flatten();
                let known = of_actor.filter(|notice| notice.event.to_string() == change);
                known.for_each(|notice| notice.acknowledged.push(board.clone()));
            }
        }
    }
}

/// How many of an actor's sites are protected.
pub fn protected_sites(actor: &Actor, env: &Env<'_>) -> usize {
    let sites = (0..).zip(&actor.card.sites);
    sites.filter(|(index, site)| !sealing::protected_tags(site, *index, actor.card_event, env).is_empty()).count()
}

impl Desk<'_> {
    /// Asks what is known of protection once everything has been looked at.
    fn looked<T>(&self, ask: impl FnOnce(&Protected) -> T) -> T {
        let mut protected = self.registry.protected.borrow_mut();
        protected.look(&self.registry.actors, usize::MAX, self.env);
        ask(&protected)
    }

    /// The actors that have a protected site, archived ones too.
    pub fn protected(&self) -> RoaringBitmap {
        self.looked(|protected| protected.slots.clone())
    }

    /// What became of the protection of an actor's sites.
    pub fn notices(&self, slot: u32) -> Vec<Notice> {
        self.looked(|protected| protected.notices.get(&slot).cloned().unwrap_or_default())
    }

    /// The notices that are wanted, of every actor.
    pub fn all_notices(&self, wanted: impl Fn(&Notice) -> bool) -> Vec<(u32, Notice)> {
        self.looked(|protected| {
            let all =
                protected.notices.iter().flat_map(|(slot, notices)| notices.iter().map(move |notice| (*slot, notice)));
            all.filter(|(_, notice)| wanted(notice)).map(|(slot, notice)| (slot, notice.clone())).collect()
        })
    }
}
