//! Who would hold a new case at a place and an instant, until when, and who then.

use crate::{
    domain::{
        holder_rule::{Ruling, SupportRule},
        why,
    },
    intake::{self, board_name},
    limits::CHANGES_LOOKED_AT_MAX,
    office::{NOW, Office},
    readiness::{Readiness, views},
    service::Duty,
};
use narhet_geo::{Match, Point};
use narhet_kernel::Timestamp;
use narhet_proto::{
    events::{Named, Why},
    wire::{Problem, Request},
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Env};
use serde::Serialize;

/// The reply to `GET /v1/duty`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DutyAnswer {
    /// Null outside the city.
    pub holder: Option<Named>,
    pub responsible_board: Option<Named>,
    pub office_open: bool,
    pub at: Timestamp,
    /// As known then; absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<Timestamp>,
    /// The next instant at which the answer for a new event is another; null when none is known.
    pub until: Option<Timestamp>,
    /// The holder then; null when there is none, or when no change is known.
    pub next: Option<Named>,
    #[serde(rename = "match")]
    pub matched: Match,
    /// Where people are referred then: centres that are open, of the holder and the responsible board. They hold nothing.
    pub centres: Vec<OpenCentre>,
    pub why: Vec<Why>,
}

/// A crisis-support centre while it is open.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenCentre {
    pub id: String,
    pub board: Named,
    pub name: String,
    pub address: String,
    pub open_until: Timestamp,
}

/// Who answers for a new event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    responsible: Option<Named>,
    holder: Option<Named>,
}

/// A place on the map with the office hours that decide.
struct Place<'a> {
    point: Point,
    known: Known,
    map: &'a Responsibility,
    office: &'a Office,
}

/// Query `duty`.
pub fn query(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let question = intake::duty(request.body.get())?;
    let at = question.occurred_at.unwrap_or(env.now);
    let known = match question.known_at {
        None => Known { map: duty.map.head().0, office: NOW },
        Some(instant) => Known { map: duty.map.known_at(instant), office: duty.offices.central().known_at(instant) },
    };
    let answer = answer(question.point, at, known, &duty.map, duty.offices.central());
    let centres = open_centres(&duty.readiness, &answer);
    Ok(AnswerBody::of(&DutyAnswer { known_at: question.known_at, centres, ..answer }))
}

fn open_centres(readiness: &Readiness, answer: &DutyAnswer) -> Vec<OpenCentre> {
    let boards: Vec<&Named> = answer.holder.iter().chain(&answer.responsible_board).collect();
    let near = readiness.centres.values().filter(|centre| boards.iter().any(|board| board.id == centre.board.id));
    near.filter_map(|centre| {
        let open = views::open_now(centre, answer.at)?;
        Some(OpenCentre {
            id: centre.id.clone(),
            board: centre.board.clone(),
            name: centre.name.clone(),
            address: centre.address.clone(),
            open_until: open.to,
        })
    })
    .collect()
}

/// Up to where the logs of map and calendar were known.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub map: u64,
    pub office: u64,
}

/// Answers for a place and an instant.
pub fn answer(point: Point, at: Timestamp, known: Known, map: &Responsibility, office: &Office) -> DutyAnswer {
    let place = Place { point, known, map, office };
    let located = map.locate(point, at, known.map);
    let responsible = located.area_board().map(|board| board.named());
    let standing = place.standing(responsible, at);
    let open = office.at_as_known(at, known.office);
    let change = place.next_change(&standing, at);
    let mut reasons = Vec::new();
    if let (Some(board), Some(holder)) = (&standing.responsible, &standing.holder) {
        let rule = SupportRule::at(at);
        reasons.push(why::of_rule(rule, Some(board), holder, open.open, Vec::new()));
        reasons.push(why::of_office(&open));
        reasons.extend(why::of_validity(rule, at));
    }
    // Of what the map says, what concerns the district; city and county have no part in crisis support.
    let outside = standing.responsible.is_none();
    reasons.extend(located.why.into_iter().filter(|reason| outside || reason.area_version.is_some()));
    DutyAnswer {
        holder: standing.holder,
        responsible_board: standing.responsible,
        office_open: open.open,
        at,
        known_at: None,
        until: change.as_ref().map(|(instant, _)| *instant),
        next: change.and_then(|(_, then)| then.holder),
        matched: located.matched,
        centres: Vec::new(),
        why: reasons,
    }
}

impl Place<'_> {
    fn standing(&self, responsible: Option<Named>, at: Timestamp) -> Standing {
        let holder = responsible.as_ref().map(|board| {
            match SupportRule::at(at).ruling(Some(board), self.office.at_as_known(at, self.known.office).open) {
                Ruling::AffectedBoard(board) => board.clone(),
                Ruling::Instead { board } | Ruling::Unplaced { board, .. } => board_name(self.map, board),
            }
        });
        Standing { responsible, holder }
    }

    fn standing_at(&self, at: Timestamp) -> Standing {
        let located = self.map.locate(self.point, at, self.known.map);
        self.standing(located.area_board().map(|board| board.named()), at)
    }

    /// The first instant after `at` at which somebody else answers, and who.
    fn next_change(&self, now: &Standing, at: Timestamp) -> Option<(Timestamp, Standing)> {
        let timeline = self.map.timeline(self.known.map);
        let borders = timeline.divisions().iter().map(|division| division.valid_from());
        let mut cursor = at;
        for _ in 0..CHANGES_LOOKED_AT_MAX {
            let border = borders.clone().find(|border| *border > cursor);
            // Outside the city nobody answers, whatever the hour.
            let office = now.responsible.as_ref().and_then(|_| self.office.next_change(cursor, self.known.office));
            cursor = border.into_iter().chain(office).min()?;
            let then = self.standing_at(cursor);
            if then != *now {
                return Some((cursor, then));
            }
        }
        None
    }
}
