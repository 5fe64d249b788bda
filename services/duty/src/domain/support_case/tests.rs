//! Given a history, when a command, then these events: one sentence a rule; and what holds for every order of commands.

use super::*;
use crate::domain::custody::Life;
use narhet_kernel::Uuid;
use narhet_proto::SealedBox;
use proptest::prelude::*;

fn board(id: &str) -> Named {
    Named::new(id, id)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn tib(task: &str) -> FunctionToAlarm {
    FunctionToAlarm { function: "city-tib".to_owned(), board: board("kommunstyrelsen"), task: task.to_owned() }
}

fn sealed() -> Sealed {
    Sealed { sealed: SealedBox { key: "k".to_owned(), boxed: "eA==".to_owned() } }
}

fn opening(incident: &str, responsible: Option<&str>, holder: &str) -> Command {
    Command::Open(Box::new(Opening {
        case_id: "case".to_owned(),
        incident_id: incident.to_owned(),
        responsible_board: responsible.map(board),
        holder: board(holder),
        occurred_at: at(0),
        office_open: false,
        why: vec![],
        exercise: false,
        alarm: responsible.is_none().then(|| tib("place-the-case")),
        area: None,
        basis: None,
        reason: None,
    }))
}

fn offer(id: &str, by: Option<&str>, to: &str) -> Command {
    Command::Offer(Box::new(Proposal {
        offer_id: id.to_owned(),
        by: by.map(board),
        to: board(to),
        candidates: vec!["jarva".to_owned(), "bromma".to_owned(), "socialnamnden".to_owned()],
        remind_at: at(900),
        answer_by: at(1_800),
        why: vec![],
    }))
}

fn refusal(by: &str, offer_id: Option<&str>) -> Command {
    Command::Refuse(Box::new(Refusal {
        by: board(by),
        offer_id: offer_id.map(str::to_owned),
        reason: sealed(),
        masked: false,
        retry_at: at(7_200),
        escalate: tib("handover-refused"),
    }))
}

fn relocation(by: Option<&str>, place: &[&str], taken: &[&str]) -> Command {
    Command::Relocate(Box::new(Relocation {
        by: by.map(board),
        elsewhere: false,
        place: place.iter().map(|id| (board(id), None)).collect(),
        taken: taken.iter().map(|id| (*id).to_owned()).collect(),
        closed: vec![],
        area_version: None,
        reason: None,
        why: vec![],
    }))
}

fn accept(by: &str, offer_id: Option<&str>) -> Command {
    Command::Accept { by: board(by), offer_id: offer_id.map(str::to_owned), why: vec![] }
}

fn take_over(by: &str) -> Command {
    Command::TakeOver { by: board(by), why: vec![] }
}

fn inherit(from: &str, to: &str) -> Command {
    Command::Inherit { from: board(from), to: board(to), effective_at: at(0), why: vec![] }
}

/// A night case of Järva's.
fn night() -> Command {
    opening("i", Some("jarva"), "socialnamnden")
}

/// The history that commands lead to, those that are refused left out, each event a second after the one before.
fn history(commands: &[Command]) -> Vec<(Event, Timestamp)> {
    let (mut state, mut history) = (State::default(), Vec::new());
    for command in commands {
        for event in decide(command.clone(), &state).unwrap_or_default() {
            let time = at(i64::try_from(history.len()).unwrap());
            state = evolve(state, &event, time);
            history.push((event, time));
        }
    }
    history
}

fn given(commands: &[Command]) -> State {
    history(commands).iter().fold(State::default(), |state, (event, time)| evolve(state, event, *time))
}

fn holder(state: &State) -> &str {
    state.case().map_or("nobody", |case| &case.holder.id)
}

#[test]
fn a_case_is_born_with_its_holder() {
    assert_eq!(holder(&given(&[night()])), "socialnamnden");
}

#[test]
fn a_case_that_has_to_be_placed_alarms_a_function_in_the_same_breath() {
    let events = decide(opening("i", None, "socialnamnden"), &State::default()).unwrap();
    assert!(matches!(events.as_slice(), [Event::Opened(_), Event::Alarmed(alarm)] if alarm.function == "city-tib"));
}

#[test]
fn a_case_never_changes_its_incident() {
    let rejected = decide(opening("other", Some("jarva"), "jarva"), &given(&[night()]));
    assert_eq!(rejected, Err(Rejection::AnotherIncident { held_for: "i".to_owned(), asked_for: "other".to_owned() }));
}

#[test]
fn an_offer_moves_nothing_and_its_acceptance_does() {
    let offered = given(&[night(), offer("1", None, "jarva")]);
    assert_eq!(holder(&offered), "socialnamnden");
    assert_eq!(holder(&given(&[night(), offer("1", None, "jarva"), accept("jarva", None)])), "jarva");
}

#[test]
fn at_most_one_offer_is_open_and_a_stale_one_is_named() {
    let state = given(&[night(), offer("1", None, "jarva")]);
    assert_eq!(decide(offer("2", Some("socialnamnden"), "jarva"), &state), Ok(vec![]), "it is offered already");
    let another = decide(offer("2", Some("socialnamnden"), "bromma"), &state);
    assert_eq!(another, Err(Rejection::AnotherOfferIsOpen { to: board("jarva") }));
    let stale = decide(accept("jarva", Some("0")), &state);
    assert_eq!(stale, Err(Rejection::StaleOffer { asked: "0".to_owned(), open: "1".to_owned() }));
}

#[test]
fn a_refusal_or_silence_leaves_the_holder_and_tells_the_citys_tib() {
    let state = given(&[night(), offer("1", None, "jarva")]);
    let silence = Command::TimeOut { offer_id: "1".to_owned(), retry_at: at(9), escalate: tib("handover-unanswered") };
    for command in [refusal("jarva", None), silence] {
        let events = decide(command, &state).unwrap();
        assert!(matches!(&events[1], Event::Alarmed(alarm) if alarm.function == "city-tib"), "{events:?}");
        let after = events.iter().fold(state.clone(), |state, event| evolve(state, event, at(5)));
        assert_eq!(holder(&after), "socialnamnden");
        assert!(after.case().unwrap().ask.is_some(), "it is asked again");
    }
}

#[test]
fn only_the_responsible_board_takes_over_and_ends_what_is_open() {
    let state = given(&[night(), offer("1", None, "jarva")]);
    assert!(matches!(decide(take_over("bromma"), &state), Err(Rejection::NotResponsible { .. })));
    let taken = given(&[night(), offer("1", None, "jarva"), take_over("jarva")]);
    assert_eq!(holder(&taken), "jarva");
    assert_eq!(taken.case().unwrap().offer, None);
    assert_eq!(taken.case().unwrap().ask, None, "who holds is not asked");
}

#[test]
fn a_successor_stands_wherever_its_predecessor_stood() {
    let state = given(&[night(), offer("1", None, "jarva"), inherit("jarva", "bromma")]);
    let case = state.case().unwrap();
    assert_eq!(case.responsible.as_ref().unwrap().id, "bromma");
    assert_eq!(case.offer.as_ref().unwrap().to.id, "bromma", "the open offer is the successor's to answer");
    assert_eq!(case.holder.id, "socialnamnden");
    let held = given(&[night(), take_over("jarva"), inherit("jarva", "bromma")]);
    assert_eq!(holder(&held), "bromma");
}

#[test]
fn a_corrected_place_gives_the_case_without_board_the_lead_and_marks_who_is_out() {
    let placed =
        given(&[opening("i", None, "socialnamnden"), relocation(Some("kommunstyrelsen"), &["jarva", "bromma"], &[])]);
    assert_eq!(placed.case().unwrap().responsible.as_ref().unwrap().id, "jarva");
    let out = given(&[night(), offer("1", None, "jarva"), relocation(None, &["bromma"], &["bromma"])]);
    let case = out.case().unwrap();
    assert_eq!((case.affected, &case.offer, case.ask), (false, &None, None));
    assert_eq!((case.holder.id.as_str(), case.responsible.as_ref().unwrap().id.as_str()), ("socialnamnden", "jarva"));
}

#[test]
fn the_life_of_a_case_goes_forward_only() {
    let acknowledge = |active| Command::Acknowledge { by: board("socialnamnden"), function: None, active };
    let steps = [
        (vec![night()], "held"),
        (vec![night(), Command::Alarm(tib("x"))], "alarmed"),
        (vec![night(), acknowledge(false), Command::Alarm(tib("x"))], "acknowledged"),
        (vec![night(), acknowledge(true), acknowledge(false)], "active"),
        (vec![night(), take_over("jarva"), Command::Alarm(tib("x"))], "active"),
        (vec![night(), Command::Close { by: board("socialnamnden") }, Command::Alarm(tib("x"))], "closed"),
    ];
    for (commands, status) in steps {
        assert_eq!(given(&commands).status(), status);
    }
}

fn any_board() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["jarva", "bromma", "socialnamnden", "kommunstyrelsen", "farsta"])
}

fn any_command() -> impl Strategy<Value = Command> {
    let id = || prop::sample::select(vec!["1", "2", "3"]);
    let boards = || prop::sample::subsequence(vec!["jarva", "bromma", "farsta"], 0..=3);
    prop_oneof![
        1 => (prop::sample::select(vec!["i", "j"]), prop::option::of(any_board()), any_board())
            .prop_map(|(incident, responsible, holder)| opening(incident, responsible, holder)),
        1 => (any_board(), any::<bool>(), prop::option::of(Just("krisstod".to_owned()))).prop_map(|(by, active, function)| {
            Command::Acknowledge { by: board(by), function, active }
        }),
        3 => (id(), prop::option::of(any_board()), any_board()).prop_map(|(id, by, to)| offer(id, by, to)),
        1 => Just(Command::Remind),
        3 => (any_board(), prop::option::of(id())).prop_map(|(by, id)| accept(by, id)),
        2 => (any_board(), prop::option::of(id())).prop_map(|(by, id)| refusal(by, id)),
        1 => id().prop_map(|id| Command::TimeOut { offer_id: id.to_owned(), retry_at: at(99), escalate: tib("t") }),
        1 => any_board().prop_map(|by| Command::Recall { by: board(by) }),
        2 => any_board().prop_map(take_over),
        1 => (any_board(), any_board()).prop_filter("another", |(a, b)| a != b).prop_map(|(a, b)| inherit(a, b)),
        1 => (prop::option::of(any_board()), boards(), boards())
            .prop_map(|(by, place, taken)| relocation(by, &place, &taken)),
        1 => any_board().prop_map(|by| Command::Close { by: board(by) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn an_accepted_command_sent_again_adds_nothing(
        before in prop::collection::vec(any_command(), 0..12),
        command in any_command(),
    ) {
        let state = given(&before);
        if let Ok(events) = decide(command.clone(), &state) {
            let after = events.iter().fold(state, |state, event| evolve(state, event, at(1_000)));
            prop_assert_eq!(decide(command, &after), Ok(vec![]));
        }
    }

    #[test]
    fn custody_is_exactly_one_from_the_opening_to_the_close(commands in prop::collection::vec(any_command(), 0..40)) {
        let mut life = Life::default();
        for (event, time) in history(&commands) {
            let before = life.state.case().map(|case| case.holder.id.clone());
            life.apply(&event, Uuid::nil(), time);
            let after = life.state.case().map(|case| case.holder.id.clone());
            let by_an_act = matches!(event, Event::Opened(_) | Event::Accepted(_) | Event::TakenOver(_) | Event::Inherited(_));
            prop_assert!(before == after || by_an_act, "{event:?} moved {before:?} to {after:?}");
            if let Event::Accepted(accepted) = &event {
                prop_assert_eq!(Some(&accepted.holder.id), after.as_ref());
            }
        }
        for pair in life.custody.windows(2) {
            prop_assert_eq!(pair[0].until, Some(pair[1].since));
        }
        match &life.state {
            State::NotOpened => prop_assert!(life.custody.is_empty()),
            State::Open(case) => {
                let last = life.custody.last().unwrap();
                prop_assert_eq!((&last.holder.id, last.until), (&case.holder.id, None));
                // Who is asked or offered it is never who has it.
                prop_assert!(case.offer.as_ref().is_none_or(|offer| offer.to.id != case.holder.id));
                prop_assert!(case.ask.is_none() || case.offer.is_none());
            }
            State::Closed(case) => {
                prop_assert!(life.custody.last().unwrap().until.is_some());
                prop_assert!(case.offer.is_none() && case.ask.is_none());
            }
        }
    }

    #[test]
    fn a_responsible_board_that_does_not_hold_is_always_asked_or_has_an_open_offer(
        commands in prop::collection::vec(any_command(), 0..40),
    ) {
        if let State::Open(case) = given(&commands) {
            let elsewhere = case.responsible.as_ref().is_some_and(|board| board.id != case.holder.id);
            prop_assert!(!elsewhere || !case.affected || case.ask.is_some() || case.offer.is_some(), "{case:?}");
        }
    }

    #[test]
    fn a_history_replays_to_the_same_state(commands in prop::collection::vec(any_command(), 0..40)) {
        let mut live = State::default();
        let mut count = 0;
        for command in &commands {
            for event in decide(command.clone(), &live).unwrap_or_default() {
                live = evolve(live, &event, at(count));
                count += 1;
            }
        }
        prop_assert_eq!(given(&commands), live);
    }
}
