//! Given a history, when a command, then these events: one sentence a rule.

use super::*;
use IncidentStatus::{Ended, Expected, Ongoing};
use narhet_proto::{
    SealedBox,
    codes::{AffectedBasis, LeadRule},
    events::Named,
};
use proptest::prelude::*;

const INCIDENT: &str = "0198c0de-0000-7000-8000-000000000001";

fn sealed() -> Sealed {
    Sealed { sealed: SealedBox { key: "00000000-0000-4000-8000-000000000000".to_owned(), boxed: "eA==".to_owned() } }
}

fn report(status: IncidentStatus, boards: &[&str], needs_support: bool) -> Command {
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    Command::Report(Box::new(Report {
        incident_id: INCIDENT.to_owned(),
        title: sealed(),
        description: None,
        kind: IncidentKind::Other,
        occurrence: Occurrence::new(status, None, now).unwrap(),
        place: None,
        place_text: None,
        affected: boards.iter().map(|board| affected(board)).collect(),
        lead: Lead { board: Named::new("kommunstyrelsen", "Kommunstyrelsen"), rule: LeadRule::Kommunstyrelsen },
        needs_support,
        area_version: None,
        masked: Vec::new(),
    }))
}

fn affected(board: &str) -> Affected {
    let board = Named::new(board, board);
    Affected { board, area: None, share: 0.0, basis: AffectedBasis::Named, reason: None }
}

fn note(case: &str, board: Option<&str>) -> Command {
    Command::NoteSupport(SupportHeld {
        incident_id: INCIDENT.to_owned(),
        case_id: case.to_owned(),
        responsible_board: board.map(|board| Named::new(board, board)),
        holder: Named::new("socialnamnden", "Socialnämnden"),
    })
}

/// The state that these commands lead to; a refused one leaves it as it is.
fn given(commands: &[Command]) -> State {
    commands.iter().fold(State::default(), |state, command| {
        decide(command.clone(), &state).unwrap_or_default().iter().fold(state, evolve)
    })
}

fn support_after(commands: &[Command]) -> SupportState {
    match given(commands) {
        State::Unreported => SupportState::None,
        State::Reported { support, .. } => support.state(),
    }
}

#[test]
fn life_goes_forward_only() {
    let rows = [
        (Expected, Ongoing, Ok(1)),
        (Expected, Ended, Ok(1)), // what was expected and did not come
        (Ongoing, Ended, Ok(1)),
        (Expected, Expected, Ok(0)),
        (Ongoing, Ongoing, Ok(0)),
        (Ended, Ended, Ok(0)),
        (Ongoing, Expected, Err(Rejection::Backwards { from: Ongoing, to: Expected })),
        (Ended, Ongoing, Err(Rejection::Backwards { from: Ended, to: Ongoing })),
        (Ended, Expected, Err(Rejection::Backwards { from: Ended, to: Expected })),
    ];
    for (from, to, expected) in rows {
        let decided = decide(Command::ChangeStatus(to), &given(&[report(from, &[], false)]));
        assert_eq!(decided.map(|events| events.len()), expected, "{from:?} -> {to:?}");
    }
}

#[test]
fn what_was_never_reported_changes_nothing() {
    for command in [Command::ChangeStatus(Ongoing), note("a", None)] {
        assert_eq!(decide(command, &State::default()), Err(Rejection::NotReported));
    }
}

#[test]
fn support_stays_requested_while_the_case_of_any_affected_board_is_missing() {
    let reported = report(Ongoing, &["jarva", "bromma"], true);
    let steps = [
        (None, SupportState::Requested),
        (Some(note("a", Some("jarva"))), SupportState::Requested),
        (Some(note("b", Some("jarva"))), SupportState::Requested),
        (Some(note("c", None)), SupportState::Requested),
        (Some(note("d", Some("bromma"))), SupportState::Held),
    ];
    let mut commands = vec![reported];
    for (step, expected) in steps {
        commands.extend(step);
        assert_eq!(support_after(&commands), expected, "{commands:?}");
    }
}

#[test]
fn an_incident_that_affects_no_board_needs_one_case_that_somebody_will_place() {
    let reported = report(Ongoing, &[], true);
    assert_eq!(support_after(std::slice::from_ref(&reported)), SupportState::Requested);
    assert_eq!(support_after(&[reported, note("a", None)]), SupportState::Held);
}

#[test]
fn support_that_nobody_asked_for_is_none() {
    assert_eq!(support_after(&[report(Ongoing, &["jarva"], false)]), SupportState::None);
}

#[test]
fn support_is_closed_when_every_case_is() {
    let history = [report(Ongoing, &["jarva", "bromma"], true), note("a", Some("jarva")), note("b", Some("bromma"))];
    let close =
        |case: &str| Command::NoteClosing(SupportClosed { incident_id: INCIDENT.to_owned(), case_id: case.to_owned() });
    let half: Vec<Command> = history.iter().cloned().chain([close("a")]).collect();
    assert_eq!(support_after(&half), SupportState::Held);
    let whole: Vec<Command> = half.into_iter().chain([close("b")]).collect();
    assert_eq!(support_after(&whole), SupportState::Closed);
}

#[test]
fn a_case_that_is_placed_or_moves_still_covers_the_board_it_was_opened_for() {
    let placed = moved("a", Some("jarva"), "socialnamnden");
    assert_eq!(support_after(&[report(Ongoing, &[], true), note("a", None), placed]), SupportState::Held);
}

fn moved(case: &str, board: Option<&str>, holder: &str) -> Command {
    Command::NoteMove(SupportMoved {
        incident_id: INCIDENT.to_owned(),
        case_id: case.to_owned(),
        responsible_board: board.map(|board| Named::new(board, board)),
        holder: Named::new(holder, holder),
    })
}

fn any_command() -> impl Strategy<Value = Command> {
    let status = prop::sample::select(IncidentStatus::ALL);
    let boards = prop::sample::subsequence(vec!["jarva", "bromma", "farsta"], 0..=3);
    prop_oneof![
        (status.clone(), boards, any::<bool>()).prop_map(|(status, boards, needs)| report(status, &boards, needs)),
        status.prop_map(Command::ChangeStatus),
        (prop::sample::select(vec!["a", "b", "c"]), prop::sample::select(vec![None, Some("jarva"), Some("bromma")]))
            .prop_map(|(case, board)| note(case, board)),
    ]
}

proptest! {
    #[test]
    fn an_accepted_command_sent_again_adds_nothing(
        before in prop::collection::vec(any_command(), 0..12),
        command in any_command(),
    ) {
        let state = given(&before);
        if let Ok(events) = decide(command.clone(), &state) {
            let after = events.iter().fold(state, evolve);
            prop_assert_eq!(decide(command, &after), Ok(vec![]));
        }
    }

    #[test]
    fn a_history_replays_to_the_same_state(commands in prop::collection::vec(any_command(), 0..20)) {
        let mut live = State::default();
        let mut history = Vec::new();
        for command in commands {
            let events = decide(command, &live).unwrap_or_default();
            live = events.iter().fold(live, evolve);
            history.extend(events);
        }
        prop_assert_eq!(history.iter().fold(State::default(), evolve), live);
    }
}
