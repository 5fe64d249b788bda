//! `GET /v1/incidents/{id}/actors`: the gateway brings the incident as the caller may see it, here its place meets the registry.

use crate::{
    commands::{Desk, body},
    domain::{
        protection::SAFETY_POINT,
        relevance::{self, Relation},
    },
    index::Wanted,
    limits::RELEVANT_MAX,
    lineage::AreaHeirs,
    queries::{around, distance_m},
    read_model::Actor,
};
use narhet_geo::{Point, Shape};
use narhet_proto::{
    codes::IncidentKind,
    wire::{Problem, Request},
};
use narhet_runtime::AnswerBody;
use roaring::MultiOps as _;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    incident_id: String,
    kind: Option<String>,
    place: Option<Value>,
    #[serde(default)]
    areas: Vec<String>,
}

impl Desk<'_> {
    pub fn relevant(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let Asked { incident_id, kind, place, areas } = body(request)?;
        let shape = place.as_ref().and_then(|place| Shape::from_geojson(place).ok());
        let centre = shape.as_ref().and_then(|shape| {
            let bounds = shape.bounds();
            Point::new((bounds.west + bounds.east) / 2.0, (bounds.south + bounds.north) / 2.0).ok()
        });
        let kind = kind.as_deref().and_then(IncidentKind::from_code);
        let lineage = self.lineage();
        // The incident's areas are as they were when it was reported, links are as of now.
        let division = self.map.division_at(self.env.now, self.map.head().0);
        let heirs = AreaHeirs::new(self.map);
        let areas: Vec<String> =
            division.iter().flat_map(|division| areas.iter().flat_map(|area| heirs.of(area, division))).collect();
        let index = &self.registry.index;
        let near = centre.map(|centre| Wanted { bounds: Some(around(centre, relevance::NEAR_M)), ..Wanted::default() });
        let linked = areas.iter().map(|area| Wanted { area: Some(area.clone()), ..Wanted::default() });
        let candidates = near.into_iter().chain(linked).map(|wanted| index.candidates(&wanted)).union();
        let mut ranked = Vec::new();
        for slot in index.ordered(&candidates, &self.registry.actors, None) {
            let actor = &self.registry.actors[slot as usize];
            if !self.may_read(actor) {
                continue;
            }
            let links = actor.links(self.env.now);
            let capabilities = self.capabilities(actor);
            let apart = centre.filter(|_| self.sees(actor, "sites")).and_then(|centre| {
                actor.spread.points.iter().map(|point| distance_m(centre, *point)).min_by(f64::total_cmp)
            });
            let relation = Relation {
                kind: actor.card.kind,
                capabilities: &capabilities,
                linked: areas.iter().any(|area| links.contains_key(area.as_str())),
                distance_m: apart,
                safety_point: self.sees(actor, "sites")
                    && actor.card.sites.iter().any(|site| site.tags.iter().any(|tag| tag == SAFETY_POINT)),
                around_the_clock: self.sees(actor, "availability")
                    && actor.card.availability.as_ref().is_some_and(|availability| availability.around_the_clock),
            };
            if let Some((score, why)) = relevance::rank(relation, kind) {
                ranked.push((score, actor, why, apart));
            }
        }
        ranked.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
        let total = ranked.len();
        ranked.truncate(RELEVANT_MAX);
        let item = |(score, actor, why, apart): (u32, &Actor, Vec<String>, Option<f64>)| {
            let owner = lineage.heir(actor.owner.as_str());
            json!({ "id": actor.id, "name": actor.card.name, "kind": actor.card.kind, "owner": &*owner,
                    "score": score, "distanceM": apart.map(f64::round), "contacts": self.ways(actor), "why": why })
        };
        let items: Vec<Value> = ranked.into_iter().map(item).collect();
        Ok(AnswerBody::of(&json!({ "incidentId": incident_id, "items": items, "total": total,
            "why": [{ "rule": relevance::RULE, "source": "Antagande: en hjälp att hitta, aldrig en regel", "text": "Aktörer rangordnas efter avstånd, område, typ och resurser.", "assumption": true }] })))
    }
}
