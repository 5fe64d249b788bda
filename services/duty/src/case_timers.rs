//! What the clock brings about in a case: the offer when an office opens, reminder and silence, the successor at a boundary.
//!
//! Timers are derived from the cases, the calendars and the map, and computed anew when one of them changes. None moves a
//! holder but the end of a board, which is the council's act and not the clock's. What is due is judged by the world at the
//! moment of firing: an office that opened and closed while nobody was there is asked when it opens again.

use crate::{
    cases,
    domain::{
        custody::Life,
        handover::Hours as _,
        holder_rule::{Alarm, SupportRule},
        support_case::{Case as Facts, Command, Event as Happened, FunctionToAlarm, Proposal, State, decide, due::Due},
        why_handover as why,
    },
    intake::board_name,
    office::BoardOffice,
    read_model::Case,
    service::Duty,
};
use narhet_kernel::{StreamId, Timestamp, Uuid};
use narhet_runtime::{Env, Expected, Write};
use std::collections::{BTreeSet, HashMap};

/// The name of the process, part of the ids of what it causes.
const PROCESS: &str = "case-timer";
/// Steps in a case at one firing: successors of successors, then an offer. More would be a loop.
const STEPS_MAX: usize = 16;

/// When which case has something due.
#[derive(Debug, Default)]
pub struct CaseTimers {
    by_due: BTreeSet<(Timestamp, String)>,
    due: HashMap<String, Timestamp>,
}

impl CaseTimers {
    pub fn next(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// When something is due in a case.
    pub fn of(&self, id: &str) -> Option<Timestamp> {
        self.due.get(id).copied()
    }

    fn set(&mut self, id: &str, due: Option<Timestamp>) {
        if let Some(old) = self.due.remove(id) {
            self.by_due.remove(&(old, id.to_owned()));
        }
        if let Some(due) = due {
            self.due.insert(id.to_owned(), due);
            self.by_due.insert((due, id.to_owned()));
        }
    }

    fn due_at(&self, now: Timestamp) -> Vec<String> {
        self.by_due.iter().take_while(|(due, _)| *due <= now).map(|(_, id)| id.clone()).collect()
    }
}

/// What is due in every case at `env.now`.
pub fn fire(duty: &mut Duty, env: &Env<'_>) -> Vec<Write> {
    let mut writes = Vec::new();
    for id in duty.case_timers.due_at(env.now) {
        let Some(case) = duty.cases.get(&id) else { continue };
        match step(duty, case, env) {
            Some(write) => writes.push(write),
            // It came due and the world is another now: it is looked for from here.
            None => duty.set_case_timer(&id, Some(env.now)),
        }
    }
    writes
}

/// Everything that is due in one case, as one write.
fn step(duty: &Duty, case: &Case, env: &Env<'_>) -> Option<Write> {
    let cause = case.last_event()?.event_id;
    let mut state = case.life.state.clone();
    let mut drafts = Vec::new();
    for _ in 0..STEPS_MAX {
        let State::Open(facts) = &state else { break };
        let id = |ordinal: usize| env.effect_id(PROCESS, cause, u32::try_from(ordinal).unwrap_or(u32::MAX));
        let Some(command) = due_command(duty, facts, id(drafts.len()), env.now) else { break };
        let events = decide(command, &state).unwrap_or_default();
        if events.is_empty() {
            break;
        }
        for event in events {
            state = crate::domain::support_case::evolve(state, &event, env.now);
            drafts.push(cases::draft(case, &event, id(drafts.len()), effective(&event)));
        }
    }
    let stream = StreamId::new(crate::case_log::STREAM, &case.opened.case_id);
    // Any version: other timers of this firing may have written to the same stream; one thread decides them all.
    (!drafts.is_empty()).then_some(Write { stream, expected: Expected::Any, drafts })
}

/// The valid time of what a timer records, where it is another than the recorded one.
pub(crate) fn effective(event: &Happened) -> Option<Timestamp> {
    match event {
        Happened::Inherited(inherited) => Some(inherited.effective_at),
        _ => None,
    }
}

/// The first thing that is due in a case; `id` names an offer.
fn due_command(duty: &Duty, case: &Facts, id: Uuid, now: Timestamp) -> Option<Command> {
    if let Some(inheritance) = inheritance(duty, case, now) {
        return Some(inheritance);
    }
    let rule = SupportRule::at(now);
    // Hours matter only to who is asked.
    let office = duty.offices.of_board(case.responsible.as_ref().map_or("", |board| &board.id), None);
    Some(match case.due(&office, now)? {
        Due::Remind => Command::Remind,
        Due::Silence { offer_id } => Command::TimeOut {
            offer_id,
            retry_at: rule.handover.terms.ask_again_at(now),
            escalate: to_alarm(duty, &rule.handover.unanswered),
        },
        Due::Ask { to } => {
            // A board that is asked at a time it named itself, outside its hours, is there then.
            let (remind_at, answer_by) = answer_times(rule, office.is_open(now).then_some(&office), now);
            Command::Offer(Box::new(Proposal {
                offer_id: id.to_string(),
                by: None,
                candidates: vec![to.id.clone()],
                remind_at,
                answer_by,
                why: why::of_offer_by_itself(rule, &to, &office.at(now), office.is_own(now)),
                to,
            }))
        }
    })
}

/// When an offer is reminded of and has to be answered by: only minutes count in which the office of the board is open, where
/// its hours matter.
pub(crate) fn answer_times(
    rule: &SupportRule,
    office: Option<&BoardOffice<'_>>,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let terms = rule.handover.terms;
    let in_hours = |minutes| office.and_then(|office| office.after_open_minutes(now, minutes));
    (
        in_hours(terms.remind_after_minutes).unwrap_or_else(|| terms.remind_at(now)),
        in_hours(terms.answer_within_minutes).unwrap_or_else(|| terms.answer_by(now)),
    )
}

/// A function to alarm, as a rule names it.
pub(crate) fn to_alarm(duty: &Duty, alarm: &Alarm) -> FunctionToAlarm {
    FunctionToAlarm {
        function: alarm.function.clone(),
        board: board_name(&duty.map, &alarm.board),
        task: alarm.task.clone(),
    }
}

/// The earliest end of a board in the case that has passed and is not recorded in it.
pub(crate) fn inheritance(duty: &Duty, case: &Facts, now: Timestamp) -> Option<Command> {
    let ends = case.boards().filter_map(|board| {
        let (end, to) = end_of(duty, &board.id)?;
        (end <= now).then_some((end, board, to))
    });
    let (effective_at, from, to) = ends.min_by(|one, other| (one.0, &one.1.id).cmp(&(other.0, &other.1.id)))?;
    let division = duty.map.division_at(effective_at, duty.map.head().0).map(|division| division.id().to_owned());
    let why = why::of_inheritance(from, &to, division);
    Some(Command::Inherit { from: from.clone(), to, effective_at, why })
}

/// When a board ends, as known now, and who follows it.
fn end_of(duty: &Duty, board: &str) -> Option<(Timestamp, narhet_proto::events::Named)> {
    let life = duty.map.board(board)?;
    Some((life.valid_to?, life.successor.filter(|successor| successor.id != board)?))
}

impl Duty {
    /// Computes when something is due in a case; `looked_at`: it came due before and the world was another by then.
    pub(crate) fn set_case_timer(&mut self, id: &str, looked_at: Option<Timestamp>) {
        let due = self.cases.get(id).and_then(|case| match &case.life.state {
            State::Open(facts) => self.due(facts, looked_at),
            _ => None,
        });
        self.case_timers.set(id, due);
    }

    /// The map or a calendar has changed: every open case is looked at anew.
    pub(crate) fn set_case_timers(&mut self) {
        let open: Vec<String> =
            self.cases.all().filter(|case| case.is_open()).map(|case| case.opened.case_id.clone()).collect();
        for id in open {
            self.set_case_timer(&id, None);
        }
    }

    fn due(&self, case: &Facts, looked_at: Option<Timestamp>) -> Option<Timestamp> {
        let ends = case.boards().filter_map(|board| Some(end_of(self, &board.id)?.0)).min();
        let answer = case.offer.as_ref().map(|offer| match offer.reminded {
            true => offer.answer_by,
            false => offer.remind_at.min(offer.answer_by),
        });
        ends.into_iter().chain(answer).chain(self.next_ask(case, looked_at)).min()
    }

    /// When the responsible board is asked by itself.
    pub(crate) fn next_ask(&self, case: &Facts, looked_at: Option<Timestamp>) -> Option<Timestamp> {
        let responsible = case.responsible.as_ref()?;
        case.ask?.due(&self.offices.of_board(&responsible.id, None), looked_at)
    }

    /// A case as it is at an instant: an end that has passed holds although it is not recorded yet.
    pub(crate) fn life_now(&self, case: &Case, now: Timestamp) -> Life {
        let mut life = case.life.clone();
        for event in self.unrecorded_ends(&case.life.state, now) {
            let at = effective(&event).unwrap_or(now);
            life.apply(&event, Uuid::nil(), at);
        }
        life
    }

    /// The events of ends that have passed and are not recorded in a case.
    pub(crate) fn unrecorded_ends(&self, state: &State, now: Timestamp) -> Vec<Happened> {
        let mut state = state.clone();
        let mut events = Vec::new();
        for _ in 0..STEPS_MAX {
            let State::Open(facts) = &state else { break };
            let Some(command) = inheritance(self, facts, now) else { break };
            for event in decide(command, &state).unwrap_or_default() {
                state = crate::domain::support_case::evolve(state, &event, now);
                events.push(event);
            }
        }
        events
    }
}
