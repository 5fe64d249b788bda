//! Contact rounds: whom to call, by which function and way in which order, and who has answered. The call list is for when no
//! channel carries a message; persons are not in it, since reading them is recorded one actor at a time.

use crate::{
    commands::{Desk, body},
    limits::PAGE_MAX,
    queries::{Search, cursor, page},
    read_model::Actor,
    view::ways_of,
};
use narhet_proto::wire::{Problem, Request};
use narhet_runtime::AnswerBody;
use serde_json::{Value, json};

impl Desk<'_> {
    /// A page of whom to call, as Swedes sort.
    pub fn call_list(&self, request: &Request) -> Result<AnswerBody, Problem> {
        let search: Search = body(request)?;
        let conditions = self.conditions(&search)?;
        let candidates = self.candidates(&conditions);
        let after = search.after.as_deref().map(cursor).transpose()?;
        let found = self.found(&conditions, &candidates, after.as_ref());
        let (items, next) = page(found, PAGE_MAX, |actor| {
            let item = self.calls(actor, search.round.as_deref());
            let bytes = item.to_string().len();
            (item, bytes)
        });
        Ok(AnswerBody::of(&json!({ "items": items, "next": next })))
    }

    /// An actor's functions in the order they are to be tried, and what came of the round there so far.
    fn calls(&self, actor: &Actor, round: Option<&str>) -> Value {
        let plain = self.seen(actor);
        let mut calls = ways_of(&plain);
        for (order, call) in (1_u32..).zip(&mut calls) {
            call["order"] = order.into();
        }
        let logged = actor.contacts.iter().rev();
        let last = logged
            .filter(|(_, said)| said.occasion == "contact-round")
            .find(|(_, said)| Some(said.reference.as_str()) == round);
        json!({ "id": actor.id, "name": actor.card.name, "kindLabel": actor.card.kind.label(), "calls": calls,
                "availability": plain.availability,
                "outcome": last.map(|(at, said)| json!({ "at": at, "board": said.board, "outcome": said.outcome })) })
    }
}
