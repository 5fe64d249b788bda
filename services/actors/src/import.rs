//! A spreadsheet becomes actors: columns are guessed, each row is created, updated, left as it is or refused with its reason.
//!
//! The gateway has read the file; here it is a table of texts. A row stands for one actor with at most one site and one contact;
//! what does not fit into a row stands in the column `more`, which exports fill.

pub mod mapping;
pub mod row;

use crate::{
    commands::{Desk, Outcome, body},
    domain::{card::PlainCard, collation::sort_key, rights},
    import::row::Row,
    limits::IMPORT_ROWS_MAX,
    read_model::Actor,
    relink, sealing,
};
use narhet_kernel::{BoardId, StreamId, Uuid};
use narhet_proto::{
    events::actors::{ImportedRow, RowsImported},
    wire::{Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Expected, Write};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Rows of a file, as the gateway sends them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rows {
    pub columns: Vec<String>,
    /// Column to field, where the guess is not right; an empty field leaves a column out.
    #[serde(default)]
    pub mapping: BTreeMap<String, String>,
    #[serde(default)]
    pub rows: Vec<FileRow>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileRow {
    pub row: u32,
    pub cells: Vec<String>,
    /// The row of the file that has the same key.
    #[serde(default)]
    pub duplicate_of: Option<u32>,
}

impl Desk<'_> {
    /// Which column is taken for what.
    pub fn mapping(&self, request: &Request) -> Result<AnswerBody, Problem> {
        self.registrant()?;
        let rows: Rows = body(request)?;
        let mapping = mapping::guess(&rows.columns, &rows.mapping)?;
        let shown: Vec<_> = rows
            .columns
            .iter()
            .zip(&mapping)
            .map(|(column, field)| json!({ "column": column, "field": field }))
            .collect();
        Ok(AnswerBody::of(&json!({ "mapping": shown, "fields": mapping::FIELDS })))
    }

    /// A dry run: what each row would become.
    pub fn rehearse(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let (_, board) = self.registrant()?;
        let (report, _) = self.judged(&body(request)?, &board)?;
        Ok(AnswerBody::of(&RowsImported { import_id: Uuid::nil().to_string(), rows: report }))
    }

    pub fn import(&self, request: &Request) -> Result<Decision, Problem> {
        let (role, board) = self.registrant()?;
        let (rows, outcomes) = self.judged(&body(request)?, &board)?;
        let event = self.env.new_id();
        let mut links = Vec::with_capacity(outcomes.len());
        let (mut writes, mut told) = (Vec::with_capacity(outcomes.len() + 2), Vec::with_capacity(outcomes.len()));
        for outcome in outcomes {
            writes.push(outcome.write);
            links.push((outcome.id, outcome.links));
            told.push(outcome.told);
        }
        writes.extend(relink::writes(&links, event, &event.to_string(), self.env));
        let message = RowsImported { import_id: event.to_string(), rows };
        let stream = StreamId::new("import", &event.to_string());
        let report = crate::persons::for_records(event, stream, &message);
        writes.push(Write::one(Expected::NoStream, report));
        writes.extend(self.tell(&told));
        Ok(Decision { writes, role: Some(role), answered_by: Vec::new() })
    }

    fn judged(&self, rows: &Rows, board: &BoardId) -> Result<(Vec<ImportedRow>, Vec<Outcome>), Problem> {
        if rows.rows.len() > IMPORT_ROWS_MAX {
            return Err(Problem::at("/rows", format!("at most {IMPORT_ROWS_MAX} rows at a time")));
        }
        let mapping = mapping::guess(&rows.columns, &rows.mapping)?;
        let (mut report, mut outcomes, mut batch) = (Vec::new(), Vec::new(), Batch::default());
        for row in &rows.rows {
            let judged = self.judge(row, &mapping, board, &mut batch);
            let (outcome, actor_id, why) = match judged {
                Ok((outcome, id, made, hint)) => {
                    outcomes.extend(made);
                    (outcome, Some(id.to_string()), hint)
                }
                Err(why) => ("refused", None, Some(why)),
            };
            report.push(ImportedRow { row: row.row, outcome: outcome.to_owned(), actor_id, why });
        }
        Ok((report, outcomes))
    }

    #[allow(clippy::type_complexity, reason = "one row's outcome, taken apart where it is made")]
    fn judge(
        &self,
        file_row: &FileRow,
        mapping: &[Option<&'static str>],
        board: &BoardId,
        batch: &mut Batch,
    ) -> Result<(&'static str, Uuid, Option<Outcome>, Option<String>), String> {
        if let Some(first) = file_row.duplicate_of {
            return Err(format!(
                "raden har samma nyckel som rad {first}: slå ihop dem eller ge dem var sitt externt id"
            ));
        }
        let row = Row::read(&file_row.cells, mapping)?;
        let existing = self.existing(&row, board)?;
        let before = existing.map(|actor| sealing::open(&actor.card, actor.card_event, true, self.env));
        let plain = row.applied(before)?;
        let plain: PlainCard = self.check(plain).map_err(|problem| {
            let places: Vec<String> = problem.errors.iter().filter_map(|error| error.pointer.clone()).collect();
            let details: Vec<&str> = problem.errors.iter().map(|error| error.detail.as_str()).collect();
            format!("{}: {}", places.join(", "), details.join("; "))
        })?;
        if let Some(earlier) = batch.earlier(file_row.row, existing, &plain, &row) {
            return Err(format!("raden gäller samma aktör som rad {earlier}"));
        }
        let Some(actor) = existing else {
            let others = plain.org_number.as_deref().map(|number| self.elsewhere(number)).unwrap_or_default();
            let made = self.registered(plain, board, "import");
            let hint =
                (!others.is_empty()).then(|| format!("organisationsnumret finns även hos {}", others.join(", ")));
            return Ok(("created", made.id, Some(made), hint));
        };
        debug_assert!(rights::may_edit(self.env.principal, board.as_str()).is_ok());
        match self.changed(actor, plain, "import", None) {
            Some(made) => Ok(("updated", actor.id, Some(made), None)),
            None => Ok(("unchanged", actor.id, None, None)),
        }
    }

    /// The own board's actor that a row is about: by the registry's id, the external id, the organisation number, else by name
    /// and site. A row about somebody else's actor, or about one that is gone, makes no new one.
    fn existing(&self, row: &Row, board: &BoardId) -> Result<Option<&Actor>, String> {
        let index = &self.registry.index;
        let lineage = self.lineage();
        let own = |actor: &&Actor| *lineage.heir(actor.owner.as_str()) == *board.as_str();
        let actors = |slot: u32| &self.registry.actors[slot as usize];
        if let Some((_, actor)) = row.text("id").and_then(|id| self.registry.get(id)) {
            if !own(&actor) {
                return Err("aktören ägs av en annan nämnd: föreslå ändringen i stället".to_owned());
            }
            return still_there(actor).map(Some);
        }
        let external = row.text("externalId");
        if let Some(found) = external.and_then(|id| index.with_external_id(id).map(actors).find(&own)) {
            return Ok(Some(found));
        }
        // One that goes by another external id is another one.
        let unclaimed = |actor: &&Actor| own(actor) && (external.is_none() || actor.card.external_id.is_none());
        let number = row.org_number();
        let numbered = number.as_deref().and_then(|number| index.with_org_number(number).map(actors).find(&unclaimed));
        if numbered.is_some() {
            return Ok(numbered);
        }
        let named = row.text("name").into_iter().flat_map(|name| index.named(name)).map(actors).filter(&unclaimed);
        let named = named
            .filter(|actor| number.is_none() || actor.card.org_number.is_none())
            .find(|actor| self.same_site(actor, row));
        if named.is_some() {
            return Ok(named);
        }
        let mut gone = self.registry.gone.iter().map(|slot| actors(*slot));
        let of_row = |actor: &&Actor| {
            let card = &actor.card;
            let merged = actor.archived.as_ref().is_some_and(|gone| gone.merged_into.is_some());
            (external.is_some() && card.external_id.as_deref() == external)
                || (merged && number.is_some() && card.org_number == number)
                || (merged
                    && external.is_none()
                    && row.text("name").is_some_and(|name| sort_key(name) == actor.sort_key)
                    && self.same_site(actor, row))
        };
        gone.find(|actor| of_row(actor) && own(actor)).map(still_there).transpose()
    }

    fn same_site(&self, actor: &Actor, row: &Row) -> bool {
        let plain = sealing::open(&actor.card, actor.card_event, false, self.env);
        row.is_without_site() || plain.sites.is_empty() || plain.sites.iter().any(|site| row.is_site(site, &plain.name))
    }

    /// The boards that have an actor with the number, as far as the principal may read it.
    fn elsewhere(&self, number: &str) -> Vec<String> {
        let lineage = self.lineage();
        let actors = self.registry.index.with_org_number(number).map(|slot| &self.registry.actors[slot as usize]);
        let readable = actors.filter(|actor| self.may_read(actor) && self.sees(actor, "orgNumber"));
        let mut boards: Vec<String> = readable.map(|actor| lineage.heir(actor.owner.as_str()).to_string()).collect();
        boards.sort();
        boards.dedup();
        boards
    }
}

/// What the rows of a part have been about so far.
#[derive(Default)]
struct Batch {
    touched: HashMap<Uuid, u32>,
    /// Of new actors: external id, organisation number, name and site.
    keys: HashMap<String, NewRow>,
}

/// A row that makes a new actor.
#[derive(Clone, Copy)]
struct NewRow {
    row: u32,
    has_number: bool,
    has_external_id: bool,
}

impl Batch {
    /// The earlier row that is about the same actor.
    fn earlier(&mut self, number: u32, existing: Option<&Actor>, plain: &PlainCard, row: &Row) -> Option<u32> {
        if let Some(actor) = existing {
            let earlier = self.touched.get(&actor.id).copied();
            self.touched.entry(actor.id).or_insert(number);
            return earlier;
        }
        let (has_number, has_external_id) = (plain.org_number.is_some(), plain.external_id.is_some());
        let new = NewRow { row: number, has_number, has_external_id };
        let external = plain.external_id.as_ref().map(|id| format!("external {id}"));
        let numbered = plain.org_number.as_ref().map(|number| format!("number {number}"));
        let site = row.text("siteName").or(row.text("address")).unwrap_or_default();
        let placed = format!("place {}\n{}", sort_key(&plain.name), sort_key(site));
        let held = |key: Option<&String>| key.and_then(|key| self.keys.get(key)).copied();
        // Two numbers or two external ids are two actors, whatever else is the same.
        let one = |held: &NewRow| !(held.has_external_id && has_external_id);
        let earlier = held(external.as_ref())
            .or(held(numbered.as_ref()).filter(one))
            .or(held(Some(&placed)).filter(one).filter(|held| !(held.has_number && has_number)));
        if earlier.is_none() {
            self.keys.extend(external.into_iter().chain(numbered).chain([placed]).map(|key| (key, new)));
        }
        earlier.map(|earlier| earlier.row)
    }
}

/// An actor that is in use, or why a row cannot be about it.
fn still_there(actor: &Actor) -> Result<&Actor, String> {
    match &actor.archived {
        None => Ok(actor),
        Some(gone) => Err(match &gone.merged_into {
            Some(other) => format!("aktören är sammanslagen med {other}: ge den aktörens id"),
            None => "aktören är arkiverad: ta bort raden, eller ge den ett nytt externt id".to_owned(),
        }),
    }
}
