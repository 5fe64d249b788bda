//! Given a history, when a command, then these events: one sentence a rule.

use super::*;
use proptest::prelude::*;

fn opening(incident: &str, holder: &str, alarm: bool) -> Command {
    Command::Open(Box::new(Opening {
        case_id: "case".to_owned(),
        incident_id: incident.to_owned(),
        responsible_board: Some(Named::new("jarva", "Järva stadsdelsnämnd")),
        holder: Named::new(holder, holder),
        occurred_at: "2026-11-20T19:00:00Z".parse().unwrap(),
        office_open: false,
        why: vec![],
        exercise: false,
        alarm: alarm.then(|| FunctionToAlarm {
            function: "city-tib".to_owned(),
            board: Named::new("kommunstyrelsen", "Kommunstyrelsen"),
            task: "place-the-case".to_owned(),
        }),
    }))
}

fn given(commands: &[Command]) -> State {
    commands.iter().fold(State::default(), |state, command| {
        decide(command.clone(), &state).unwrap_or_default().iter().fold(state, evolve)
    })
}

#[test]
fn a_case_is_born_with_its_holder() {
    let State::Held(held) = given(&[opening("i", "socialnamnden", false)]) else { panic!("the case has no holder") };
    assert_eq!(held.holder.id, "socialnamnden");
}

#[test]
fn a_case_that_has_to_be_placed_alarms_a_function_in_the_same_breath() {
    let events = decide(opening("i", "socialnamnden", true), &State::default()).unwrap();
    assert!(matches!(events.as_slice(), [Event::Opened(_), Event::Alarmed(alarm)] if alarm.function == "city-tib"));
}

#[test]
fn a_case_never_changes_its_incident() {
    let rejected = decide(opening("other", "jarva", false), &given(&[opening("i", "socialnamnden", false)]));
    assert_eq!(rejected, Err(Rejection::AnotherIncident { held_for: "i".to_owned(), asked_for: "other".to_owned() }));
}

fn any_command() -> impl Strategy<Value = Command> {
    (prop::sample::select(vec!["i", "j"]), prop::sample::select(vec!["jarva", "socialnamnden"]), any::<bool>())
        .prop_map(|(incident, holder, alarm)| opening(incident, holder, alarm))
}

proptest! {
    #[test]
    fn an_accepted_command_sent_again_adds_nothing(
        before in prop::collection::vec(any_command(), 0..6),
        command in any_command(),
    ) {
        let state = given(&before);
        if let Ok(events) = decide(command.clone(), &state) {
            let after = events.iter().fold(state, evolve);
            prop_assert_eq!(decide(command, &after), Ok(vec![]));
        }
    }

    #[test]
    fn whoever_held_first_holds_still_whatever_is_opened_or_alarmed(
        commands in prop::collection::vec(any_command(), 1..10),
    ) {
        prop_assert_eq!(given(&commands), given(&commands[..1]));
    }

    #[test]
    fn a_history_replays_to_the_same_state(commands in prop::collection::vec(any_command(), 0..10)) {
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
