//! The query `rehearse-division`: an import's body, or the day of a recorded division.

use crate::{
    domain::{record, rehearsal},
    judged::{self, Judged},
    report::Report,
};
use jiff::civil::Date;
use narhet_calendar::local_midnight;
use narhet_proto::{
    events::Named,
    wire::{
        ErrorCode, Problem, Request,
        dangling::{Dangling, Question},
    },
};
use narhet_responsibility::Responsibility;
use narhet_runtime::{AnswerBody, Env};
use serde::{Deserialize, Serialize};

/// A division that is recorded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    /// Its first day.
    division: Date,
}

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Also what the other contexts are asked.
    #[serde(flatten)]
    question: Question,
    /// Boards that get an area and had none.
    beginning: Vec<Named>,
    areas: Vec<Named>,
    /// Holes, overlaps and refusals, as a dry run of the import reports them.
    report: Report,
    dangling: Vec<Dangling>,
}

pub(super) fn answer(request: &Request, house: &Responsibility, env: &Env) -> Result<AnswerBody, Problem> {
    if let Ok(Recorded { division: day }) = serde_json::from_str(request.body.get()) {
        return of_recorded(day, house);
    }
    let judged = judged::of(request, env)?;
    let Judged { import, plan, .. } = judged.as_ref();
    let recording = record(plan, house, import.decided_at, &import.source, || env.new_id());
    let report = Report::of_plan(plan, &recording);
    match plan.divisions.as_slice() {
        [planned] => Ok(AnswerBody::of(&whole(rehearsal::of_planned(planned, house), report))),
        [] => Err(super::refuse(&plan.refused).err().unwrap_or_else(|| {
            Problem::refused("tackning/1", "this names no division, so there is nothing to rehearse")
        })),
        several => {
            let days: Vec<String> = several.iter().map(|division| division.valid_from.to_string()).collect();
            Err(Problem::at("/divisions", format!("rehearse one division at a time; this has {}", days.join(", "))))
        }
    }
}

fn of_recorded(day: Date, house: &Responsibility) -> Result<AnswerBody, Problem> {
    let valid_from = local_midnight(day);
    let timeline = house.timeline(house.head().0);
    let found = timeline.divisions().iter().copied().find(|division| division.valid_from() == valid_from);
    let division = found.ok_or_else(|| {
        let days: Vec<String> = timeline.divisions().iter().map(|division| division.valid_from().to_string()).collect();
        Problem::new(ErrorCode::NotFound, format!("no division is recorded from {day}; there are {}", days.join(", ")))
    })?;
    Ok(AnswerBody::of(&whole(rehearsal::of_recorded(division, house), Report::of_recorded(&[division]))))
}

fn whole(rehearsal: rehearsal::Rehearsal, report: Report) -> Answer {
    Answer {
        question: rehearsal.question,
        beginning: rehearsal.beginning,
        areas: rehearsal.areas,
        report,
        dangling: rehearsal.dangling,
    }
}
