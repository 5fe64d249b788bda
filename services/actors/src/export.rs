//! Exports: the rows an import takes back, page by page. Persons are not in them, and an import of a row without persons leaves
//! those of the registry as they are; protected tags are in them as long as they are few.

use crate::{
    commands::{Desk, body},
    domain::{card::PlainCard, protection::is_protected, rights},
    import::mapping,
    index::{Wanted, place},
    limits::{PAGE_BYTES_MAX, PAGE_MAX},
    persons::for_records,
    queries::{Search, cursor},
    read_model::Actor,
    sealing,
    view::Shown,
};
use narhet_kernel::StreamId;
use narhet_proto::{
    events::actors::ProtectedListed,
    wire::{Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Expected, Write};
use serde_json::{Map, Value, json};

impl Desk<'_> {
    /// A page of rows in Swedish order, with the point of each for GeoJSON.
    pub fn export(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let search: Search = body(request)?;
        let conditions = self.conditions(&search)?;
        let protection = self.protected_within_limit(&conditions)?;
        let candidates = self.candidates(&conditions);
        let after = search.after.as_deref().map(cursor).transpose()?;
        let (mut rows, mut bytes, mut last, mut more) = (Vec::new(), 0, None, false);
        for actor in self.found(&conditions, &candidates, after.as_ref()) {
            if rows.len() == PAGE_MAX || bytes > PAGE_BYTES_MAX {
                more = true;
                break;
            }
            let shown = protection && self.sees_protection(actor);
            let cells = row(&sealing::open(&actor.card, actor.card_event, false, self.env), actor, shown);
            bytes += cells.iter().map(String::len).sum::<usize>() + 4 * cells.len();
            rows.push(cells);
            last = Some(actor);
        }
        let next = last.filter(|_| more).map(|actor| {
            let (key, id) = place(actor);
            format!("{id}{key}")
        });
        let (fields, columns): (Vec<&str>, Vec<&str>) = mapping::exported().unzip();
        Ok(AnswerBody::of(&json!({ "columns": columns, "fields": fields, "rows": rows, "next": next })))
    }

    /// Any number of protected sites, for those who may; the listing is an event before it is an answer.
    pub fn list_protected(&self, _request: &Request) -> Result<Decision, Problem> {
        let role =
            rights::lists_protected(self.env.principal).ok_or_else(|| Problem::forbidden("list protected sites"))?;
        let count = u32::try_from(self.protected_actors().count()).unwrap_or(u32::MAX);
        let message = ProtectedListed { count, purpose: "list".to_owned() };
        let draft = for_records(self.env.new_id(), StreamId::new("protected", "listing"), &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }

    pub fn protected_list(&self) -> AnswerBody {
        let lineage = self.lineage();
        let (mut items, mut bytes) = (Vec::new(), 0);
        let total = self.protected_actors().count();
        for actor in self.protected_actors() {
            let view = self.view(actor, self.env.now, &lineage, Shown { persons: false, protection: true });
            let item =
                json!({ "id": view["id"], "name": view["name"], "owner": view["owner"], "sites": view["sites"] });
            bytes += item.to_string().len();
            if bytes > PAGE_BYTES_MAX {
                break;
            }
            items.push(item);
        }
        AnswerBody::of(&json!({ "items": items, "total": total }))
    }

    fn protected_actors(&self) -> impl Iterator<Item = &Actor> {
        let live = self.registry.index.candidates(&Wanted::default()) & self.protected();
        live.into_iter().map(|slot| &self.registry.actors[slot as usize])
    }
}

/// The cells of an actor, in the order of the headings.
fn row(plain: &PlainCard, actor: &Actor, protection: bool) -> Vec<String> {
    let site = plain.sites.first();
    let contact = plain.contacts.first();
    let point = site.and_then(|site| crate::domain::card::point(site.place.as_ref()?).ok());
    let way = |kind: &str| {
        contact.and_then(|contact| contact.ways.iter().find(|way| way.kind == kind)).map(|way| way.value.clone())
    };
    let tags = site.map(|site| {
        let hidden = !protection && site.tags.iter().any(|tag| is_protected(tag));
        // Not a part of them: an import of that would take the others away.
        if hidden { String::new() } else { site.tags.join("|") }
    });
    let capabilities: Vec<String> = plain
        .capabilities
        .iter()
        .map(|has| {
            let detail = has.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            format!("{}:{}{detail}", has.kind, has.count)
        })
        .collect();
    let reach = plain.operating_area.as_ref().map(|reach| match reach.scope.as_str() {
        "city" => "hela staden".to_owned(),
        "areas" => reach.areas.join("|"),
        "radius" => format!("radie {}", reach.radius_m.unwrap_or_default()),
        _ => String::new(),
    });
    let availability =
        plain.availability.as_ref().map(|availability| match (&availability.hours, availability.around_the_clock) {
            (_, true) => "dygnet runt".to_owned(),
            (hours, false) => hours.clone().unwrap_or_default(),
        });
    let cell = |field: &str| -> Option<String> {
        match field {
            "id" => Some(actor.id.to_string()),
            "externalId" => plain.external_id.clone(),
            "name" => Some(plain.name.clone()),
            "aliases" => Some(plain.aliases.join("|")),
            "kind" => Some(plain.kind.label().to_owned()),
            "orgNumber" => plain.org_number.clone(),
            "siteName" => site.map(|site| site.name.clone()),
            "address" => site.and_then(|site| site.address.clone()),
            "lat" => point.map(|point| point.lat.to_string()),
            "lon" => point.map(|point| point.lon.to_string()),
            "tags" => tags.clone(),
            "operatingArea" => reach.clone(),
            "capabilities" => Some(capabilities.join("|")),
            "availability" => availability.clone(),
            "function" => contact.map(|contact| contact.function.clone()),
            "purpose" => contact.and_then(|contact| contact.purpose.clone()),
            "functionPhone" => way("phone"),
            "functionEmail" => way("email"),
            "onBehalfOf" => plain.on_behalf_of.clone(),
            "readers" => Some(plain.readers.join("|")),
            "notes" => plain.notes.clone(),
            "more" => more(plain, protection),
            _ => None,
        }
    };
    mapping::exported().map(|(field, _)| cell(field).unwrap_or_default()).collect()
}

/// What does not fit into one row, as a merge patch.
fn more(plain: &PlainCard, protection: bool) -> Option<String> {
    let whole = serde_json::to_value(plain).ok()?;
    let mut patch = Map::new();
    let mut keep = |member: &str, wanted: bool| {
        if let Some(value) = whole.get(member).filter(|_| wanted) {
            patch.insert(member.to_owned(), value.clone());
        }
    };
    let shown = protection || !plain.sites.iter().flat_map(|site| &site.tags).any(|tag| is_protected(tag));
    let has_state = plain.sites.iter().any(|site| site.safety_point.is_some());
    keep("sites", shown && (plain.sites.len() > 1 || has_state));
    let nobody = plain.contacts.iter().all(|contact| contact.person.is_none());
    let simple = plain.contacts.iter().all(|contact| {
        contact.ways.iter().all(|way| matches!(way.kind.as_str(), "phone" | "email")) && contact.ways.len() <= 2
    });
    keep("contacts", nobody && (plain.contacts.len() > 1 || !simple));
    keep("agreements", true);
    keep("klass", true);
    keep("byHand", true);
    keep("operatingArea", plain.operating_area.as_ref().is_some_and(|reach| reach.scope == "geometry"));
    keep("availability", plain.availability.as_ref().is_some_and(|availability| !availability.exceptions.is_empty()));
    (!patch.is_empty()).then(|| Value::Object(patch).to_string())
}
