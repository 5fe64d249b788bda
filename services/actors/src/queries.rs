//! Reads: searches with any combination of conditions, one actor's history and links, what hangs on boards that end.

use crate::{
    commands::{Desk, body},
    domain::{
        card, collation,
        protection::{is_protected, tag},
        rights,
        verification::Standing,
    },
    index::{Key, Place, Wanted, place},
    limits::{PAGE_BYTES_MAX, PAGE_DEFAULT, PAGE_MAX, PROTECTED_LIST_MAX},
    lineage::Lineage,
    protected::protected_sites,
    read_model::Actor,
    sealing,
    view::Shown,
};
use narhet_geo::Point;
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    codes::ActorKind,
    wire::{ErrorCode, Problem, Request, dangling},
};
use narhet_runtime::AnswerBody;
use roaring::RoaringBitmap;
use serde::Deserialize;
use serde_json::json;

/// The parameters of `GET /v1/actors`, as text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    area: Option<String>,
    board: Option<String>,
    kind: Option<String>,
    capability: Option<String>,
    tag: Option<String>,
    near: Option<String>,
    bbox: Option<String>,
    verification: Option<String>,
    q: Option<String>,
    at: Option<String>,
    limit: Option<String>,
    pub after: Option<String>,
    /// Of an export: the event that says that every protected site is taken along.
    pub listing: Option<String>,
    /// Of a call list: the contact round whose outcomes it shows.
    pub round: Option<String>,
}

/// A search free of nonsense.
pub struct Conditions {
    pub wanted: Wanted,
    at: Timestamp,
    board: Option<String>,
    protected_tag: Option<String>,
    near: Option<(Point, f64)>,
    bbox: Option<[f64; 4]>,
    verification: Option<Standing>,
}

impl Desk<'_> {
    pub fn conditions(&self, search: &Search) -> Result<Conditions, Problem> {
        let mut keys = Vec::new();
        if let Some(kind) = &search.kind {
            let known = ActorKind::from_code(kind).ok_or_else(|| {
                let kinds: Vec<&str> = ActorKind::ALL.iter().map(|kind| kind.code()).collect();
                Problem::parameter("kind", format!("not one of {}", kinds.join(", ")))
            })?;
            keys.push(Key::Kind(known.code()));
        }
        keys.extend(search.capability.as_deref().map(|kind| Key::Capability(narhet_kernel::id::slug(kind))));
        let tag = search.tag.as_deref().map(tag);
        keys.extend(tag.clone().filter(|tag| !is_protected(tag)).map(Key::Tag));
        let verification = match &search.verification {
            None => None,
            Some(name) => Some(Standing::ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| {
                Problem::parameter(
                    "verification",
                    format!("not one of {}", Standing::ALL.map(Standing::name).join(", ")),
                )
            })?),
        };
        if let Some(board) = search.board.as_ref().filter(|board| !self.map.is_established(board)) {
            return Err(Problem::parameter("board", format!("no board is called {board:?}")));
        }
        let at = match &search.at {
            None => self.env.now,
            Some(text) => {
                text.parse().map_err(|_| Problem::parameter("at", "not an instant: write 2026-12-24T13:00:00Z"))?
            }
        };
        let near = search.near.as_deref().map(near).transpose()?;
        let bbox = search.bbox.as_deref().map(bbox).transpose()?;
        Ok(Conditions {
            wanted: Wanted {
                bounds: bbox.or_else(|| near.map(|(centre, radius_m)| around(centre, radius_m))),
                keys,
                area: search.area.clone(),
                words: search.q.as_deref().map(|q| collation::words(q).collect()).unwrap_or_default(),
            },
            at,
            board: search.board.clone(),
            protected_tag: tag.filter(|tag| is_protected(tag)),
            near,
            bbox,
            verification,
        })
    }

    /// Whether an actor of the candidates is wanted and may be read; `lineage` is that of the instant asked about.
    pub fn fits(&self, actor: &Actor, conditions: &Conditions, lineage: &Lineage<'_>) -> bool {
        let now = self.lineage();
        let owner = now.heir(actor.owner.as_str());
        let named = actor.card.readers.as_slice();
        let readable = rights::may_read(self.env.principal, &owner, named)
            || (!named.is_empty() && rights::may_read(self.env.principal, &owner, &now.readers(named)));
        readable && conditions.board.as_deref().is_none_or(|board| *lineage.heir(actor.owner.as_str()) == *board)
    }

    /// Whether being found would not tell what the principal does not see.
    fn may_ask(&self, actor: &Actor, conditions: &Conditions) -> bool {
        if actor.card.klass.is_empty() || self.sees(actor, "sites") {
            return true;
        }
        let by_tag = conditions.wanted.keys.iter().any(|key| matches!(key, Key::Tag(_)));
        let names: Vec<String> = std::iter::once(&actor.card.name)
            .chain(&actor.card.aliases)
            .flat_map(|name| collation::words(name))
            .collect();
        let by_name = |word: &String| names.iter().any(|name| name.starts_with(word.as_str()));
        !by_tag && conditions.near.is_none() && conditions.bbox.is_none() && conditions.wanted.words.iter().all(by_name)
    }

    fn matches(&self, actor: &Actor, conditions: &Conditions) -> bool {
        conditions.wanted.area.as_deref().is_none_or(|area| actor.links(conditions.at).contains_key(area))
            && conditions.verification.is_none_or(|wanted| actor.standing(self.env.now) == wanted)
            && conditions.near.is_none_or(|(centre, radius_m)| {
                actor.spread.points.iter().any(|point| distance_m(centre, *point) <= radius_m)
            })
            && conditions.bbox.is_none_or(|[west, south, east, north]| {
                let inside = |point: &Point| (west..=east).contains(&point.lon) && (south..=north).contains(&point.lat);
                actor.spread.points.iter().any(inside)
            })
            && conditions.protected_tag.as_ref().is_none_or(|wanted| {
                if !self.sees_protection(actor) {
                    return false;
                }
                let sites = (0..).zip(&actor.card.sites);
                let tags =
                    sites.flat_map(|(index, site)| sealing::protected_tags(site, index, actor.card_event, self.env));
                tags.into_iter().any(|tag| tag == *wanted)
            })
    }

    /// Protection is shown by the owner of now: who is to own it, or has, sees none of it.
    pub fn sees_protection(&self, actor: &Actor) -> bool {
        rights::sees_protection(self.env.principal, &self.lineage().heir(actor.owner.as_str()))
    }

    /// The actors that may be what is wanted.
    pub fn candidates(&self, conditions: &Conditions) -> RoaringBitmap {
        let found = self.registry.index.candidates(&conditions.wanted);
        if conditions.protected_tag.is_some() { found & self.protected() } else { found }
    }

    /// Every actor that is wanted and may be read, in Swedish order.
    pub fn found<'s>(
        &'s self,
        conditions: &'s Conditions,
        candidates: &'s RoaringBitmap,
        after: Option<&Place>,
    ) -> impl Iterator<Item = &'s Actor> + 's {
        let then = Lineage::at(self.map, conditions.at);
        let actors = &self.registry.actors;
        self.registry.index.ordered(candidates, actors, after).map(|slot| &actors[slot as usize]).filter(move |actor| {
            self.fits(actor, conditions, &then) && self.may_ask(actor, conditions) && self.matches(actor, conditions)
        })
    }

    pub fn search(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let search: Search = body(request)?;
        let limit = match &search.limit {
            None => PAGE_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=PAGE_MAX).contains(limit))
                .ok_or_else(|| Problem::parameter("limit", format!("not a whole number from 1 to {PAGE_MAX}")))?,
        };
        let after = search.after.as_deref().map(cursor).transpose()?;
        let conditions = self.conditions(&search)?;
        let candidates = self.candidates(&conditions);
        let protection = self.protected_within_limit(&conditions)?;
        let lineage = Lineage::at(self.map, conditions.at);
        let found = self.found(&conditions, &candidates, after.as_ref());
        let (items, next) = page(found, limit, |actor| {
            let view = self.view(actor, Shown { at: conditions.at, lineage: &lineage, persons: false, protection });
            let bytes = view.to_string().len();
            (view, bytes)
        });
        let mut answer = json!({ "items": items, "next": next });
        if !protection {
            // Of the list and not of its sites: which of them have any is what is not shown.
            let why =
                format!("Fler än {PROTECTED_LIST_MAX} skyddade platser: skyddsuppgifter (k3) visas inte i listan.");
            answer["withheld"] = json!([{ "field": "items/*/sites/*/tags", "why": why }]);
        }
        Ok(AnswerBody::of(&answer))
    }

    /// Whether protected tags may be shown in a list: up to a handful in all that is found, however it is paged.
    pub fn protected_within_limit(&self, conditions: &Conditions) -> Result<bool, Problem> {
        if self.is_within_protected_limit(conditions) {
            return Ok(true);
        }
        if conditions.protected_tag.is_some() {
            let right = "list protected sites";
            let detail = format!(
                "more than {PROTECTED_LIST_MAX} protected sites are listed or exported only by city-security and registrar, \
                 through POST /v1/actors/protected or an export, which are recorded; narrow the search"
            );
            return Err(Problem { detail, ..Problem::forbidden(right) });
        }
        Ok(false)
    }

    /// Whether what is found has no more protected sites, of those that the principal sees, than a list may have.
    pub fn is_within_protected_limit(&self, conditions: &Conditions) -> bool {
        let candidates = self.candidates(conditions) & self.protected();
        let mut count = 0;
        let seen = self.found(conditions, &candidates, None).filter(|actor| self.sees_protection(actor));
        let over = seen.take(PROTECTED_LIST_MAX + 1).any(|actor| {
            count += protected_sites(actor, self.env);
            count > PROTECTED_LIST_MAX
        });
        !over
    }

    pub fn history_of(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let One { id, .. } = body(request)?;
        Ok(AnswerBody::of(&self.history(self.readable(&id)?)))
    }

    pub fn links_of(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let One { id, at } = body(request)?;
        Ok(AnswerBody::of(&self.links(self.readable(&id)?, at.unwrap_or(self.env.now))))
    }

    /// Actors whose owner a coming division ends.
    pub fn dangling(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let question: dangling::Question = body(request)?;
        let mut answer = dangling::Answer::default();
        let lineage = Lineage::at(self.map, question.valid_from);
        for slot in self.registry.index.in_order() {
            let actor = &self.registry.actors[slot as usize];
            let owner = lineage.heir(actor.owner.as_str());
            let Some(ending) = question.ending.iter().find(|ending| ending.board.id == *owner) else { continue };
            answer.total += 1;
            if answer.items.len() < dangling::LISTED_MAX {
                answer.items.push(dangling::Dangling {
                    kind: "actor".to_owned(),
                    id: Some(actor.id.to_string()),
                    name: Some(actor.card.name.clone()),
                    board: ending.board.clone(),
                    passes_to: Some(ending.successor.clone()),
                    text: format!("Aktören övergår av sig själv till {}.", ending.successor.name),
                });
            }
        }
        Ok(AnswerBody::of(&answer))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct One {
    pub id: String,
    pub at: Option<Timestamp>,
}

/// `lon,lat,m`.
fn near(text: &str) -> Result<(Point, f64), Problem> {
    let wrong = |detail: String| Problem::parameter("near", detail);
    let [lon, lat, radius_m] = numbers(text).ok_or_else(|| wrong("write lon,lat,metres".to_owned()))?;
    if !(radius_m > 0.0 && radius_m <= crate::limits::RADIUS_M_MAX) {
        return Err(wrong(format!("a radius is more than 0 and at most {} m", crate::limits::RADIUS_M_MAX)));
    }
    Ok((Point::new(lon, lat).map_err(|error| wrong(error.to_string()))?, radius_m))
}

/// Bounds that a circle on the ground lies within.
pub fn around(centre: Point, radius_m: f64) -> [f64; 4] {
    // Of the shortest degree there is, so that nothing is left out.
    const DEGREE_M: f64 = 110_000.0;
    let lat = radius_m / DEGREE_M;
    let lon = (lat / (centre.lat.abs() + lat).min(89.0).to_radians().cos()).min(360.0);
    [centre.lon - lon, centre.lat - lat, centre.lon + lon, centre.lat + lat]
}

fn bbox(text: &str) -> Result<[f64; 4], Problem> {
    let corners: [f64; 4] = numbers(text).ok_or_else(|| Problem::parameter("bbox", "write west,south,east,north"))?;
    let wrong = |error: narhet_geo::GeometryError| Problem::parameter("bbox", error.to_string());
    Point::new(corners[0], corners[1]).map_err(wrong)?;
    Point::new(corners[2], corners[3]).map_err(wrong)?;
    if corners[0] > corners[2] || corners[1] > corners[3] {
        return Err(Problem::parameter("bbox", "west is east of east, or south north of north"));
    }
    Ok(corners)
}

fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers?.try_into().ok()
}

/// What is written of the actors found, up to so many or to a message's bytes, and the cursor of what is left. `write` says how
/// many bytes each has.
pub fn page<'a, T>(
    mut found: impl Iterator<Item = &'a Actor>,
    limit: usize,
    mut write: impl FnMut(&Actor) -> (T, usize),
) -> (Vec<T>, Option<String>) {
    let (mut items, mut bytes, mut last) = (Vec::new(), 0, None);
    while items.len() < limit && bytes <= PAGE_BYTES_MAX {
        let Some(actor) = found.next() else { return (items, None) };
        let (item, size) = write(actor);
        items.push(item);
        bytes += size;
        last = Some(actor);
    }
    let next = last.filter(|_| found.next().is_some()).map(|actor| {
        let (key, id) = place(actor);
        format!("{id}{key}")
    });
    (items, next)
}

pub fn cursor(text: &str) -> Result<Place, Problem> {
    let split = text.split_at_checked(36).and_then(|(id, key)| Some((key.to_owned(), Uuid::parse_str(id).ok()?)));
    split.ok_or_else(|| Problem::parameter("after", "not a page of this list: take it unchanged from `next`"))
}

/// Metres between two places, on the mean sphere: a search radius asks for no more.
pub fn distance_m(a: Point, b: Point) -> f64 {
    const EARTH_RADIUS_M: f64 = 6_371_008.8;
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let (dlat, dlon) = (lat_b - lat_a, (b.lon - a.lon).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_M * h.sqrt().asin()
}

/// There is no such command or query.
pub fn unknown(name: &str) -> Problem {
    Problem::new(ErrorCode::NotFound, format!("actors knows nothing called {name:?}"))
}

/// A place as the card has it.
pub fn place_of(actor: &Actor) -> Option<Point> {
    actor.card.sites.iter().find_map(|site| card::point(site.place.as_ref()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_is_within_a_radius_is_within_its_bounds(
            lon in -180.0..180.0_f64, lat in -89.0..89.0_f64, radius_m in 1.0..50_000.0_f64,
            turn in 0.0..std::f64::consts::TAU, share in 0.0..1.2_f64,
        ) {
            // Places that look as if longitude and latitude were swapped are refused, and nobody asks about them.
            let Ok(centre) = Point::new(lon, lat) else { return Ok(()) };
            let degrees = radius_m * share / 111_195.0;
            let (north, east) = (degrees * turn.sin(), degrees * turn.cos() / lat.to_radians().cos());
            if let Ok(point) = Point::new(lon + east, lat + north) {
                let [west, south, east, north] = around(centre, radius_m);
                let inside = (west..=east).contains(&point.lon) && (south..=north).contains(&point.lat);
                prop_assert!(inside || distance_m(centre, point) > radius_m);
            }
        }
    }
}
