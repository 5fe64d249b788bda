//! What people command of a case: who may, which board they act for, and what it becomes.
//!
//! Every command reads the case as it is now: where a board in it has ended and nobody has recorded that yet, the successor's
//! place is recorded in the same frame, before what was commanded.

use crate::{
    case_timers::{answer_times, effective, to_alarm},
    case_view::{self, REASON, Sight},
    cases::{draft, readable},
    domain::{
        handover::Hours as _,
        holder_rule::SupportRule,
        support_case::{
            Case as Facts, Command, Event as Happened, Proposal, Refusal, Rejection, State, decide, evolve,
        },
        why_handover as why,
    },
    intake::{self, Members, board_name},
    office::BoardOffice,
    read_model::Case,
    service::Duty,
};
use narhet_kernel::{BoardId, Role, StreamId, Timestamp, Uuid, personnummer};
use narhet_proto::{
    Draft, Sealed,
    events::Named,
    wire::{ErrorCode, Problem, Request},
};
use narhet_runtime::{AnswerBody, Decision, Env, Expected, Write};

/// Who acts in a case for a board.
pub(crate) const ACTORS: &[Role] = &[Role::DutyOfficer, Role::CrisisLead];

/// A case with who wants something of it.
pub(crate) struct Desk<'a> {
    pub duty: &'a Duty,
    pub env: &'a Env<'a>,
    pub case: &'a Case,
    /// As of now, ends that nobody has recorded included.
    pub state: State,
    pub role: Role,
    ends: Vec<Happened>,
}

/// `acknowledge-case`: by the holder.
pub fn acknowledge(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id", "active"])?;
    let active = intake::flag(&members, "active")?;
    let desk = Desk::at(duty, request, env, &members, "acknowledge-case")?;
    let by = desk.acting_for("acknowledge-case", |facts| Some(&facts.holder))?;
    desk.decision(Command::Acknowledge { by, function: None, active }, env.new_id())
}

/// `offer-case`: by the holder.
pub fn offer(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id", "to"])?;
    let to = intake::id(&members, "to")?.to_owned();
    let desk = Desk::at(duty, request, env, &members, "offer-case")?;
    let by = desk.acting_for("offer-case", |facts| Some(&facts.holder))?;
    if duty.map.board(&to).is_none() {
        return Err(Problem::at("/to", format!("no board is called {to:?}")));
    }
    let rule = SupportRule::at(env.now);
    let (to, id) = (board_name(&duty.map, &to), env.new_id());
    // Whoever has the nights is there at any hour.
    let office = duty.offices.of_board(&to.id, None);
    let (remind_at, answer_by) = answer_times(rule, (to.id != rule.outside_office_hours).then_some(&office), env.now);
    let proposal = Proposal {
        offer_id: id.to_string(),
        why: why::of_offer_by_hand(rule, &by, &to),
        by: Some(by),
        to,
        candidates: desk.candidates(rule),
        remind_at,
        answer_by,
    };
    desk.decision(Command::Offer(Box::new(proposal)), id)
}

/// `recall-offer`: by the holder.
pub fn recall(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id"])?;
    let desk = Desk::at(duty, request, env, &members, "recall-offer")?;
    let by = desk.acting_for("recall-offer", |facts| Some(&facts.holder))?;
    desk.decision(Command::Recall { by }, env.new_id())
}

/// `accept-offer`: by the board offered to.
pub fn accept(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id", "offerId"])?;
    let offer_id = intake::optional_id(&members, "offerId")?;
    let desk = Desk::at(duty, request, env, &members, "accept-offer")?;
    let by = desk.acting_for("accept-offer", offered_to)?;
    let offer_event = desk.facts().and_then(|facts| facts.offer.as_ref()).map(|offer| offer.id.clone());
    let why = why::of_acceptance(SupportRule::at(env.now), &by, &offer_event.unwrap_or_default());
    desk.decision(Command::Accept { by, offer_id, why }, env.new_id())
}

/// `refuse-offer`: by the board offered to.
pub fn refuse(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id", "offerId", "reason", "retryAt"])?;
    let offer_id = intake::optional_id(&members, "offerId")?;
    let reason = intake::reason(&members)?;
    let rule = SupportRule::at(env.now);
    let named = intake::optional_instant(&members, "retryAt")?;
    let desk = Desk::at(duty, request, env, &members, "refuse-offer")?;
    let by = desk.acting_for("refuse-offer", offered_to)?;
    let retry_at = retry_at(rule, &duty.offices.of_board(&by.id, None), named, env.now)?;
    let id = env.new_id();
    let (reason, masked) = seal(env, id, &reason);
    let escalate = to_alarm(duty, &rule.handover.refused);
    desk.decision(Command::Refuse(Box::new(Refusal { by, offer_id, reason, masked, retry_at, escalate })), id)
}

/// When a board that refuses is asked again: as it says, at the latest on its next day, however many holidays are before
/// that; else after a while, while its office is open.
fn retry_at(
    rule: &SupportRule,
    office: &BoardOffice<'_>,
    named: Option<Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, Problem> {
    let terms = rule.handover.terms;
    let Some(named) = named else {
        let again = terms.ask_again_at(now);
        return Ok(if office.is_open(again) { again } else { office.next_opening(again).unwrap_or(again) });
    };
    let latest = office.end_of_next_day(now).map_or(terms.retry_by(now), |end| end.max(terms.retry_by(now)));
    if named <= now || named > latest {
        let detail = format!("a board is asked again after now and by {latest} at the latest");
        return Err(Problem::at("/retryAt", detail));
    }
    Ok(named)
}

/// `take-over-case`: by the responsible board, at any minute.
pub fn take_over(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id"])?;
    let desk = Desk::at(duty, request, env, &members, "take-over-case")?;
    let by = desk.acting_for("take-over-case", |facts| facts.responsible.as_ref())?;
    let why = why::of_take_over(SupportRule::at(env.now), &by);
    desk.decision(Command::TakeOver { by, why }, env.new_id())
}

/// `close-case`: by the holder.
pub fn close(duty: &Duty, request: &Request, env: &Env<'_>) -> Result<Decision, Problem> {
    let members = intake::members(request.body.get(), &["id"])?;
    let desk = Desk::at(duty, request, env, &members, "close-case")?;
    let by = desk.acting_for("close-case", |facts| Some(&facts.holder))?;
    desk.decision(Command::Close { by }, env.new_id())
}

/// The reply to every command about one case: the case right after what it led to.
pub fn reply(duty: &Duty, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let found = event_ids.first().and_then(|id| duty.cases.of_event(*id));
    let Some(case) = found else {
        return Err(Problem::new(ErrorCode::NotFound, "the case this command led to is not in the log"));
    };
    let led_to = case.history.iter().rev().find(|entry| event_ids.contains(&entry.event_id));
    let version = led_to.map_or(case.version, |entry| entry.version);
    let life = case.life_at(version);
    let view = case_view::at(case, &life, version, Sight::of_the_record(env));
    Ok(AnswerBody::of(&view).version(version))
}

/// The reply to `open-case`.
pub fn created(duty: &Duty, event_ids: &[Uuid], env: &Env<'_>) -> Result<AnswerBody, Problem> {
    let id = event_ids.first().and_then(|id| duty.cases.of_event(*id)).map(|case| case.opened.case_id.clone());
    Ok(reply(duty, event_ids, env)?.created(id.unwrap_or_default()))
}

/// A reason as it may be stored: what looks like a personnummer masked, the rest sealed; it is always taken.
pub(crate) fn seal(env: &Env<'_>, event: Uuid, text: &str) -> (Sealed, bool) {
    let masked = personnummer::mask(text);
    (env.seal(event, REASON, &masked.text), masked.found > 0)
}

fn offered_to(facts: &Facts) -> Option<&Named> {
    let last = facts.ended.as_ref().map(|(offer, _)| &offer.to);
    facts.offer.as_ref().map(|offer| &offer.to).or(last)
}

impl<'a> Desk<'a> {
    /// Finds the case and checks role and version.
    pub fn at(
        duty: &'a Duty,
        request: &Request,
        env: &'a Env<'a>,
        members: &Members,
        right: &str,
    ) -> Result<Desk<'a>, Problem> {
        let role = env.principal.acting_as(ACTORS).ok_or_else(|| Problem::forbidden(right))?;
        let case = readable(duty, intake::id(members, "id")?, env)?;
        if request.if_match.is_some_and(|seen| seen != case.version) {
            let detail = format!("the case is at version {} now: read it again, then decide", case.version);
            return Err(Problem::new(ErrorCode::PreconditionFailed, detail));
        }
        let ends = duty.unrecorded_ends(&case.life.state, env.now);
        let state = ends.iter().fold(case.life.state.clone(), |state, event| evolve(state, event, env.now));
        Ok(Desk { duty, env, case, state, role, ends })
    }

    pub fn facts(&self) -> Option<&Facts> {
        self.state.case()
    }

    /// The board that somebody acts for: the token's, or for an admin in demo mode the one whose act it is.
    pub fn acting_for(&self, right: &str, whose: impl FnOnce(&Facts) -> Option<&Named>) -> Result<Named, Problem> {
        match &self.env.principal.board {
            Some(board) => Ok(board_name(&self.duty.map, board.as_str())),
            None if self.env.principal.is_demo_admin() => {
                let board = self.facts().and_then(whose).cloned();
                Ok(board.unwrap_or_else(|| board_name(&self.duty.map, BoardId::KOMMUNSTYRELSEN)))
            }
            None => {
                let detail = "the token names no board to act for: ask for one that does";
                let forbidden = Problem::new(ErrorCode::Forbidden, detail);
                Err(Problem { rule: Some(right.to_owned()), ..forbidden })
            }
        }
    }

    /// The boards that a holder may offer the case to.
    fn candidates(&self, rule: &SupportRule) -> Vec<String> {
        let responsible = self.facts().and_then(|facts| facts.responsible.as_ref());
        let successor = responsible.and_then(|board| self.duty.map.board(&board.id)?.successor);
        let ids = responsible.into_iter().chain(&successor).map(|board| board.id.clone());
        ids.chain([rule.outside_office_hours.clone()]).collect()
    }

    /// Decides; `id` becomes the id of the first event.
    pub fn decision(self, command: Command, id: Uuid) -> Result<Decision, Problem> {
        let events = decide(command, &self.state).map_err(problem)?;
        let write = self.write(&events, id);
        self.decided(write.into_iter().collect())
    }

    /// The events of this case behind the ends that nobody had recorded, if there are any.
    pub fn write(&self, events: &[Happened], id: Uuid) -> Option<Write> {
        let ends = self.ends.iter().map(|event| draft(self.case, event, self.env.new_id(), effective(event)));
        let ids = std::iter::once(id).chain(std::iter::repeat_with(|| self.env.new_id()));
        let decided = events.iter().zip(ids).map(|(event, id)| draft(self.case, event, id, None));
        let drafts: Vec<Draft> = ends.chain(decided).collect();
        let stream = StreamId::new(crate::case_log::STREAM, &self.case.opened.case_id);
        (!drafts.is_empty()).then_some(Write { stream, expected: Expected::Exactly(self.case.version), drafts })
    }

    pub fn decided(self, writes: Vec<Write>) -> Result<Decision, Problem> {
        let mut answered_by = Vec::new();
        if writes.is_empty() {
            answered_by.extend(self.case.last_event().map(|entry| entry.event_id));
        }
        Ok(Decision { writes, role: Some(self.role), answered_by })
    }
}

/// What the caller may know of a refusal, and what to do next.
pub(crate) fn problem(rejection: Rejection) -> Problem {
    let forbidden = |right: &str, whose: &str| Problem {
        rule: Some(right.to_owned()),
        ..Problem::new(ErrorCode::Forbidden, format!("{rejection}: this is for {whose} to do"))
    };
    let conflict = |next: &str| Problem::new(ErrorCode::Conflict, format!("{rejection}: {next}"));
    match &rejection {
        Rejection::NotOpened => Problem::new(ErrorCode::NotFound, "no such support case was opened"),
        Rejection::NotTheHolder { .. } => forbidden("holder", "the board that holds the case"),
        Rejection::NotOfferedTo { .. } => forbidden("offered-to", "the board that the offer is made to"),
        Rejection::NotResponsible { .. } => forbidden("responsible-board", "the responsible board"),
        Rejection::AnotherIncident { .. } => conflict("open another case"),
        Rejection::Closed => conflict("a closed case stays as it is; open another one if there is a new need"),
        Rejection::NoOpenOffer => conflict("read the case; the responsible board may take over at any minute"),
        Rejection::StaleOffer { .. } => conflict("read the case and answer the offer that is open"),
        Rejection::AnotherOfferIsOpen { .. } => conflict("recall it first"),
        Rejection::NoCandidate { .. } => {
            conflict("it is offered to the responsible board, its successor or socialnämnden")
        }
        Rejection::AlreadyTheHolder { .. } => conflict("there is nothing to hand over"),
    }
}
