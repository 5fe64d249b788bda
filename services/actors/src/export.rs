//! Exports: the rows an import takes back, page by page. Persons are not in them, and an import of a row without persons leaves
//! those of the registry as they are; protected tags are in them as long as they are few.

use crate::{
    commands::{Desk, body},
    domain::{card::PlainCard, protection::is_protected, rights},
    import::mapping,
    index::Wanted,
    limits::{PAGE_BYTES_MAX, PAGE_MAX},
    persons::for_records,
    protected::protected_sites,
    queries::{Search, cursor, page},
    read_model::{Actor, Listing},
    view::Shown,
};
use narhet_kernel::{StreamId, Uuid};
use narhet_proto::{
    events::actors::{Availability, ProtectedListed},
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Expected, Write};
use serde_json::{Map, Value, json};

const EXPORT: &str = "export";

/// What a listing of protected sites is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Purpose {
    #[default]
    List,
    Export,
}

impl Desk<'_> {
    /// A page of rows in Swedish order, with the point of each for GeoJSON.
    pub fn export(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let search: Search = body(request)?;
        let conditions = self.conditions(&search)?;
        let lister = rights::lists_protected(self.env.principal).is_some();
        let protection = if lister {
            self.is_within_protected_limit(&conditions) || self.is_listed(&search)
        } else {
            self.protected_within_limit(&conditions)?
        };
        if lister && !protection {
            return Ok(AnswerBody::of(&json!({ "columns": [], "fields": [], "rows": [], "mustBeListed": true })));
        }
        let candidates = self.candidates(&conditions);
        let after = search.after.as_deref().map(cursor).transpose()?;
        let found = self.found(&conditions, &candidates, after.as_ref());
        let (rows, next) = page(found, PAGE_MAX, |actor| {
            let sees = self.sees_protection(actor);
            let mut plain = self.seen(actor);
            if !sees {
                // They read the site without them; an empty cell would tell which sites have any.
                plain.sites.iter_mut().for_each(|site| site.tags.retain(|tag| !is_protected(tag)));
            }
            let cells = row(&plain, actor, protection || !sees);
            let bytes = cells.iter().map(String::len).sum::<usize>() + 4 * cells.len();
            (cells, bytes)
        });
        let (fields, columns): (Vec<&str>, Vec<&str>) = mapping::exported().unzip();
        Ok(AnswerBody::of(&json!({ "columns": columns, "fields": fields, "rows": rows, "next": next })))
    }

    /// Any number of protected sites, for those who may; the listing is an event before it is an answer.
    pub fn list_protected(&self, request: &Request) -> Result<Decision, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Listing {
            #[serde(default)]
            purpose: Purpose,
            after: Option<String>,
        }
        let role =
            rights::lists_protected(self.env.principal).ok_or_else(|| Problem::forbidden("list protected sites"))?;
        let Listing { purpose, after } = body(request)?;
        if after.as_deref().is_some_and(|after| self.registry.get(after).is_none()) {
            return Err(Problem::at("/after", "not a page of this list: take it unchanged from `next`"));
        }
        let purpose = if purpose == Purpose::Export { EXPORT } else { "list" };
        let count = self.protected_actors().map(|(_, actor)| protected_sites(actor, self.env)).sum::<usize>();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let message = ProtectedListed { count, purpose: purpose.to_owned(), after };
        let draft = for_records(self.env.new_id(), StreamId::new("protected", "listing"), &message);
        Ok(Decision { writes: vec![Write::one(Expected::Any, draft)], role: Some(role), answered_by: Vec::new() })
    }

    /// The reply to [`Desk::list_protected`]. What is asked for again under the same key must be as it was, and more than was
    /// recorded then is shown to nobody.
    pub fn protected_list(&self, listing: &Listing) -> Result<AnswerBody, Problem> {
        if listing.said.purpose == EXPORT {
            return Ok(AnswerBody::of(&json!({ "listing": listing.event, "total": listing.said.count })));
        }
        if self.registry.cards_at > listing.position {
            let detail =
                "the registry has changed since this list was recorded: ask for it anew, with another Idempotency-Key";
            return Err(Problem::new(ErrorCode::Conflict, detail));
        }
        let (mut items, mut bytes, mut next) = (Vec::new(), 0, None);
        let after = listing.said.after.as_deref().and_then(|after| self.registry.get(after)).map(|(slot, _)| slot);
        let mut last = None;
        for (_, actor) in self.protected_actors().filter(|(slot, _)| after.is_none_or(|after| *slot > after)) {
            let shown = Shown { at: self.env.now, lineage: self.lineage(), persons: false, protection: true };
            let view = self.view(actor, shown);
            let item =
                json!({ "id": view["id"], "name": view["name"], "owner": view["owner"], "sites": view["sites"] });
            bytes += item.to_string().len();
            if bytes > PAGE_BYTES_MAX {
                next = last;
                break;
            }
            items.push(item);
            last = Some(actor.id);
        }
        Ok(AnswerBody::of(&json!({ "items": items, "total": listing.said.count, "next": next })))
    }

    /// Whether an export by the principal may take every protected site along: it is recorded that it does.
    fn is_listed(&self, search: &Search) -> bool {
        let listing = search.listing.as_deref().and_then(|id| Uuid::parse_str(id).ok());
        self.registry.listings.iter().any(|known| {
            Some(known.event) == listing && known.principal == self.env.principal.id && known.said.purpose == EXPORT
        })
    }

    fn protected_actors(&self) -> impl Iterator<Item = (u32, &Actor)> {
        let live = self.registry.index.candidates(&Wanted::default()) & self.protected();
        live.into_iter().map(|slot| (slot, &self.registry.actors[slot as usize]))
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
            "aliases" => fits(&plain.aliases).then(|| plain.aliases.join("|")),
            "kind" => Some(plain.kind.label().to_owned()),
            "orgNumber" => plain.org_number.clone(),
            "siteName" => site.map(|site| site.name.clone()),
            "address" => site.and_then(|site| site.address.clone()),
            "lat" => point.map(|point| point.lat.to_string()),
            "lon" => point.map(|point| point.lon.to_string()),
            "tags" => tags.clone(),
            "operatingArea" => reach.clone(),
            "capabilities" => fits(&capability_texts(plain)).then(|| capabilities.join("|")),
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

fn capability_texts(plain: &PlainCard) -> Vec<String> {
    plain.capabilities.iter().filter_map(|has| has.detail.clone()).collect()
}

/// Whether none of the texts has what separates the entries of a cell.
fn fits(texts: &[String]) -> bool {
    !texts.iter().any(|text| text.contains(['|', ';', '(', ')', '\n']))
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
    let said_by_more =
        |known: &Availability| !known.exceptions.is_empty() || (known.around_the_clock && known.hours.is_some());
    keep("availability", plain.availability.as_ref().is_some_and(said_by_more));
    keep("capabilities", !fits(&capability_texts(plain)));
    keep("aliases", !fits(&plain.aliases));
    (!patch.is_empty()).then(|| Value::Object(patch).to_string())
}
