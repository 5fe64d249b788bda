//! Which actors have protected sites. That is sealed, and the fold opens nothing: it notes whose card is another one, and the
//! desk, which holds the keys, looks before it asks.

use crate::{commands::Desk, read_model::Actor, sealing};
use narhet_runtime::Env;
use roaring::RoaringBitmap;

#[derive(Debug, Default)]
pub struct Protected {
    /// Whose card has not been looked at.
    unseen: RoaringBitmap,
    slots: RoaringBitmap,
}

impl Protected {
    /// The actor's card is new.
    pub fn look_again(&mut self, slot: u32) {
        self.unseen.insert(slot);
    }

    pub fn is_seen(&self) -> bool {
        self.unseen.is_empty()
    }

    /// Opens the protected tags of some of the cards that are new.
    pub fn look(&mut self, actors: &[Actor], slots_max: usize, env: &Env<'_>) {
        let next: Vec<u32> = self.unseen.iter().take(slots_max).collect();
        for slot in next {
            self.unseen.remove(slot);
            if protected_sites(&actors[slot as usize], env) > 0 {
                self.slots.insert(slot);
            } else {
                self.slots.remove(slot);
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
    /// The actors that have a protected site, archived ones too.
    pub fn protected(&self) -> RoaringBitmap {
        let mut protected = self.registry.protected.borrow_mut();
        protected.look(&self.registry.actors, usize::MAX, self.env);
        protected.slots.clone()
    }
}
