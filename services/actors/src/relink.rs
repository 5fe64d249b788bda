//! Recording links: the events that changes become, and the process that follows a new division slice by slice.
//!
//! A division concerns every actor. Looking at 200,000 at once would keep commands waiting, and an event for each would be
//! 200,000 frames' worth; so a division is noted (`relink-begun`), actors are looked at a slice at a time between commands, and
//! what changes for many at once is one event with many ids. A slice compares with what is recorded, so doing it again after a
//! crash adds nothing.

use crate::{
    domain::links::{self, Change},
    limits::{LINK_EVENT_ACTORS_MAX, RELINK_SLICE},
    lineage::AreaHeirs,
    read_model::{Registry, Relink},
};
use narhet_kernel::{BoardId, Klass, Principal, StreamId, Timestamp, Uuid};
use narhet_proto::{
    Draft, Event, Message,
    codes::LinkBasis,
    events::actors::{ActorLinked, ActorUnlinked, RelinkBegun, RelinkDone},
    events::{Named, area::DivisionRecorded},
};
use narhet_responsibility::{Division, Responsibility};
use narhet_runtime::{Env, Expected, Write};
use std::collections::BTreeMap;

const BEGIN: &str = "relink-begun";
const DONE: &str = "relink-done";

/// An event everybody but liaisons may read: ids and areas only.
pub fn open_draft<M: Message>(id: Uuid, stream: StreamId, message: &M) -> Draft {
    let owner = Principal::house().owner();
    Draft { klass: Klass::DEFAULT, ..Draft::public(id, stream, owner, message) }
}

/// The events for changes of links, one for all actors with the same change; `because_of` is the event that caused them.
pub fn writes(changes: &[(Uuid, Vec<Change>)], because_of: Uuid, cause: &str, env: &Env<'_>) -> Vec<Write> {
    type Same<'a> = (&'a str, LinkBasis, bool, Timestamp, &'a str);
    let mut groups: BTreeMap<Same<'_>, (&Named, Vec<Uuid>)> = BTreeMap::new();
    for (actor, changes) in changes {
        for change in changes {
            let same =
                (change.area.id.as_str(), change.basis, change.linked, change.valid_from, change.division.as_str());
            groups.entry(same).or_insert_with(|| (&change.area, Vec::new())).1.push(*actor);
        }
    }
    let mut writes = Vec::with_capacity(groups.len());
    for ((_, basis, linked, valid_from, division), (area, actors)) in groups {
        for part in actors.chunks(LINK_EVENT_ACTORS_MAX) {
            // The first actor tells this part from the others of the same cause.
            let process = format!("links {} {} {linked} {valid_from} {division} {}", area.id, basis.code(), part[0]);
            let id = env.effect_id(&process, because_of, 0);
            let stream = StreamId::new("links", &area.id);
            let actor_ids = part.iter().map(Uuid::to_string).collect();
            let (area, area_version, because_of) = (area.clone(), division.to_owned(), cause.to_owned());
            let draft = if linked {
                open_draft(id, stream, &ActorLinked { area, basis, valid_from, area_version, because_of, actor_ids })
            } else {
                open_draft(id, stream, &ActorUnlinked { area, basis, valid_from, area_version, because_of, actor_ids })
            };
            writes.push(Write::one(Expected::Any, draft));
        }
    }
    writes
}

/// What a followed event causes: a division begins a relink.
pub fn begin(event: &Event, env: &Env<'_>) -> Vec<Write> {
    let Some(Ok(division)) = event.data::<DivisionRecorded>() else { return Vec::new() };
    let begun = RelinkBegun {
        division_id: division.division_id.clone(),
        valid_from: division.valid_from,
        because_of: event.id.to_string(),
    };
    let stream = StreamId::new("relink", &division.division_id);
    vec![Write::one(Expected::NoStream, open_draft(env.effect_id(BEGIN, event.id, 0), stream, &begun))]
}

/// How far the oldest relink has come; in memory only, a restart begins it anew.
#[derive(Debug, Default)]
pub struct Progress {
    division: String,
    next: usize,
}

impl Progress {
    /// The next slice of the oldest relink that is under way.
    pub fn slice(&mut self, registry: &Registry, map: &Responsibility, env: &Env<'_>) -> Vec<Write> {
        let Some(relink) = registry.relinks.first() else { return Vec::new() };
        if self.division != relink.division {
            *self = Progress { division: relink.division.clone(), next: 0 };
        }
        let end = (self.next + RELINK_SLICE).min(registry.actors.len());
        let mut writes = self.look_at(relink, end, registry, map, env);
        self.next = end;
        if end == registry.actors.len() {
            let actors = u32::try_from(end).unwrap_or(u32::MAX);
            let done = RelinkDone { division_id: relink.division.clone(), actors };
            let stream = StreamId::new("relink", &relink.division);
            let id = env.effect_id(DONE, relink.begun, 0);
            writes.push(Write::one(Expected::Any, open_draft(id, stream, &done)));
        }
        writes
    }

    fn look_at(
        &self,
        relink: &Relink,
        end: usize,
        registry: &Registry,
        map: &Responsibility,
        env: &Env<'_>,
    ) -> Vec<Write> {
        let (timeline, heirs) = (map.timeline(map.head().0), AreaHeirs::new(map));
        let areas_of = |area: &str, division: &Division| heirs.of(area, division);
        let mut changes = Vec::new();
        for actor in registry.actors[self.next..end].iter().filter(|actor| actor.archived.is_none()) {
            let from = relink.valid_from.max(actor.spread_since);
            let new = links::changes(&actor.facts, Some(&actor.spread), timeline.divisions(), &areas_of, from);
            if !new.is_empty() {
                changes.push((actor.id, new));
            }
        }
        writes(&changes, relink.begun, &relink.because_of, env)
    }
}

/// The owner of what the house records by itself.
pub fn house() -> BoardId {
    Principal::house().owner()
}
