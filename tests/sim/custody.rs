//! A night of handovers: duty officers do what comes to mind while the bus forgets, roles restart, the clock runs, and at
//! midnight two boards become one. Whatever the order, custody of every case is exact in the log, no board has two cases of an
//! incident by the house's own doing, and when the office has opened every waiting board has been asked.

use super::{House, Random, everything, incident, map, merged, place, request};
use narhet_kernel::{BoardId, Context, Principal, Role};
use narhet_proto::{
    Event, Message,
    events::{duty::SupportCaseOpened, handover::*},
    wire::{ErrorCode, Problem, Request},
};
use narhet_tests::until;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

const INCIDENTS: usize = 10;
const STEPS: usize = 60;
/// Monday in office hours; the night before is Friday's.
const MONDAY: &str = "2026-11-23T08:30:00Z";

pub async fn night(seed: u64) {
    let mut random = Random(seed ^ 0x00c0_ffee);
    let mut house = House::start();
    house.ready().await;
    house.clock.set("2026-11-20T19:00:00Z".parse().expect("an instant"));
    house.command(Context::Area, "import-division", "karta", &map()).await;
    house.ready().await;
    for number in 0..INCIDENTS {
        let mut body = incident(&mut random, number);
        body["needsSupport"] = json!(true);
        house.command(Context::Situation, "report-incident", &format!("n-{number}"), &body).await;
    }
    let known = until("every incident has a case", || async {
        let cases = cases(&house).await?;
        let incidents: std::collections::HashSet<&str> =
            cases.iter().filter_map(|case| case["incidentId"].as_str()).collect();
        (incidents.len() == INCIDENTS).then_some(cases.clone())
    })
    .await;
    house.command(Context::Area, "import-division", "en-karta", &merged("2026-11-21")).await;
    house.ready().await;
    let mut boards: Vec<String> = vec!["socialnamnden".to_owned(), "kommunstyrelsen".to_owned(), "ett".to_owned()];
    boards.extend(known.iter().filter_map(|case| case["responsibleBoard"]["id"].as_str()).map(str::to_owned));
    keeps_ready(&house, known.iter().find_map(|case| case["responsibleBoard"]["id"].as_str())).await;
    let mut taken = 0;
    for step in 0..STEPS {
        match random.below(12) {
            0 => house.restart(Context::Duty).await,
            1 => house.restart(Context::Situation).await,
            2 => house.twin.roll_back_to(random.below(50)),
            3 => {
                let minutes = i64::try_from(random.below(90)).expect("small");
                house.clock.set(house.clock.now() + jiff::SignedDuration::from_mins(minutes));
            }
            _ => {
                let case = &known[random.below(known.len() as u64) as usize];
                // Mostly those whose case it is.
                let any = boards[random.below(boards.len() as u64) as usize].as_str();
                let board = match random.below(4) {
                    0 => any,
                    1 => "socialnamnden",
                    _ => case["responsibleBoard"]["id"].as_str().unwrap_or(any),
                };
                taken += u64::from(act(&house, &mut random, step, case, board).await);
            }
        }
    }
    assert!(taken > 0, "somebody was let do something");
    house.restart(Context::Duty).await;
    let monday = MONDAY.parse().expect("an instant");
    if house.clock.now() < monday {
        house.clock.set(monday);
    }
    until("every waiting board has been asked", || async {
        let waits = |case: &&Value| {
            let responsible = &case["responsibleBoard"]["id"];
            let waits = responsible.is_string() && *responsible != case["holder"]["id"];
            case["status"] != "closed" && case["affected"] == true && waits
        };
        let cases = cases(&house).await?;
        cases.iter().filter(waits).all(|case| case["offer"]["status"].is_string()).then_some(())
    })
    .await;
    house.ready().await;
    check(&everything(&house.caller).await);
    for context in Context::ALL {
        house.stop(context).await;
    }
}

/// A board has hours of its own, and socialnämnden somebody on duty: alarms and offers go by them meanwhile.
async fn keeps_ready(house: &House, board: Option<&str>) {
    let all = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekly: Vec<Value> =
        all[..5].iter().map(|day| json!({ "weekday": day, "from": "07:00", "to": "17:00" })).collect();
    let calendar = json!({ "id": board, "weekly": weekly, "validFrom": "2026-11-01T00:00:00Z", "source": "påhittad" });
    let function = json!({
        "kind": "social-emergency", "name": "Socialjouren", "source": "påhittad",
        "contactWays": [{ "channel": "mail", "address": "jour@example.org" }],
    });
    let roster = json!({
        "function": "socialjouren", "name": "Dygnet runt", "validFrom": "2026-01-01T00:00:00Z",
        "layers": [{
            "name": "dygnet runt", "starts": "2026-01-05", "turnDays": 7, "crew": [{ "id": "lag-a", "name": "Lag A" }],
            "shifts": [{ "weekdays": all, "from": "08:00", "to": "08:00", "onHolidays": "alike" }],
        }],
    });
    let put = |kind: &str, record: &Value| json!({ "kind": kind, "id": "socialjouren", "record": record });
    for (board, key, command, body) in [
        (board, "kalender", "record-calendar", calendar),
        (Some("socialnamnden"), "funktion", "put-record", put("function", &function)),
        (Some("socialnamnden"), "schema", "put-record", put("roster", &roster)),
    ] {
        let Some(board) = board else { continue };
        until("it is recorded", || async {
            let lead = Principal { roles: vec![Role::CrisisLead], board: BoardId::new(board), ..Principal::house() };
            let request = Request { principal: lead, ..request(Some(key), &body) };
            match house.caller.command(Context::Duty, command, request).await {
                Ok(_) => Some(()),
                Err(Problem { code: ErrorCode::Unavailable | ErrorCode::UnknownOutcome, .. }) => None,
                Err(problem) => panic!("{command} {body}: {problem}"),
            }
        })
        .await;
    }
}

async fn cases(house: &House) -> Option<Vec<Value>> {
    let answer =
        house.caller.query(Context::Duty, "support-cases", request(None, &json!({ "limit": 200 }))).await.ok()?;
    let page: Value = serde_json::from_str(answer.body.get()).ok()?;
    page["items"].as_array().cloned()
}

/// One act of a board's duty officer, asked until its outcome is known; whether it was let.
async fn act(house: &House, random: &mut Random, step: usize, case: &Value, board: &str) -> bool {
    let id = &case["id"];
    let (command, body) = match random.below(11) {
        0 | 1 => ("take-over-case", json!({ "id": id })),
        2 | 3 => ("accept-offer", json!({ "id": id })),
        4 => (
            "offer-case",
            json!({ "id": id, "to": case["responsibleBoard"]["id"].as_str().unwrap_or("socialnamnden") }),
        ),
        5 => ("offer-case", json!({ "id": id, "to": "socialnamnden" })),
        6 => ("refuse-offer", json!({ "id": id, "reason": "inte ännu" })),
        7 => ("recall-offer", json!({ "id": id })),
        8 | 9 => ("relocate-case", json!({ "id": id, "place": place(random), "reason": "rättad" })),
        _ if random.below(4) == 0 => ("close-case", json!({ "id": id })),
        _ => ("acknowledge-case", json!({ "id": id, "active": random.below(2) == 0 })),
    };
    let key = format!("{command}-{step}");
    until("the act is answered", || async {
        let principal = Principal {
            id: format!("p-{:016x}", board.len()),
            roles: vec![Role::DutyOfficer],
            board: BoardId::new(board),
            ..Principal::house()
        };
        let request = Request { principal, ..request(Some(&key), &body) };
        match house.caller.command(Context::Duty, command, request).await {
            Ok(_) => Some(true),
            Err(Problem { code: ErrorCode::Unavailable | ErrorCode::UnknownOutcome, .. }) => None,
            Err(problem) if [403, 404, 409].contains(&problem.code.status()) => Some(false),
            Err(problem) => panic!("{command} {body}: {problem}"),
        }
    })
    .await
}

/// What the log says of one case, folded by hand: this knows nothing of duty's code.
struct Told {
    incident: String,
    holder: String,
    responsible: Option<String>,
    open: Option<(String, String)>,
    closed: bool,
}

fn check(events: &[Event]) {
    fn data<M: Message>(event: &Event) -> Option<M> {
        event.data::<M>().map(|data| data.expect("its data"))
    }
    let (mut cases, mut ended): (HashMap<String, Told>, HashSet<String>) = (HashMap::new(), HashSet::new());
    for event in events.iter().filter(|event| event.subject.kind() == "support-case") {
        let id = event.subject.id().to_owned();
        if let Some(opened) = data::<SupportCaseOpened>(event) {
            let (incident, responsible) = (opened.incident_id, opened.responsible_board.map(|board| board.id));
            let has_one = cases.values().any(|one| one.incident == incident && one.responsible == responsible);
            assert!(!has_one, "{responsible:?} has a case of {incident} already");
            let told = Told { incident, holder: opened.holder.id, responsible, open: None, closed: false };
            assert!(cases.insert(id, told).is_none(), "a case is opened once");
            continue;
        }
        let case = cases.get_mut(&id).expect("a case is opened before anything else");
        assert!(!case.closed, "nothing happens to a closed case: {} {}", event.event_type, event.id);
        if let Some(offered) = data::<HandoverOffered>(event) {
            assert!(case.open.is_none(), "at most one offer is open");
            assert_eq!(offered.from.id, case.holder, "it is the holder's to offer");
            assert_ne!(offered.to.id, case.holder);
            case.open = Some((offered.offer_id, offered.to.id));
        } else if let Some(accepted) = data::<HandoverAccepted>(event) {
            let open = case.open.take().expect("an open offer is accepted");
            assert_eq!(open, (accepted.offer_id, accepted.holder.id.clone()));
            case.holder = accepted.holder.id;
        } else if let Some(refused) = data::<HandoverRefused>(event) {
            assert_eq!(case.open.take().map(|open| open.0), Some(refused.offer_id));
        } else if let Some(silent) = data::<HandoverTimedOut>(event) {
            assert_eq!(case.open.take().map(|open| open.0), Some(silent.offer_id));
        } else if let Some(recalled) = data::<HandoverRecalled>(event) {
            assert_eq!(case.open.take().map(|open| open.0), Some(recalled.offer_id));
        } else if let Some(taken) = data::<SupportCaseTakenOver>(event) {
            assert_eq!(Some(&taken.holder.id), case.responsible.as_ref(), "only the responsible board takes over");
            (case.holder, case.open) = (taken.holder.id, None);
        } else if let Some(inherited) = data::<SupportCaseInherited>(event) {
            let heir = |board: String| if board == inherited.from.id { inherited.to.id.clone() } else { board };
            case.holder = heir(std::mem::take(&mut case.holder));
            case.responsible = case.responsible.take().map(heir);
            case.open = case.open.take().map(|(id, to)| (id, heir(to))).filter(|(_, to)| *to != case.holder);
            ended.insert(inherited.from.id);
        } else if let Some(relocated) = data::<SupportCaseRelocated>(event) {
            let responsible = relocated.responsible_board.map(|board| board.id);
            assert!(case.responsible.is_none() || case.responsible == responsible, "a place moves no responsibility");
            case.responsible = responsible;
            case.open = case.open.take().filter(|(_, to)| relocated.affected || Some(to) != case.responsible.as_ref());
        } else if let Some(closed) = data::<SupportCaseClosed>(event) {
            assert_eq!(closed.board.id, case.holder, "only the holder closes");
            case.closed = true;
        }
    }
    assert!(cases.len() >= INCIDENTS);
    assert!(!ended.is_empty(), "somebody inherited");
    for case in cases.values().filter(|case| !case.closed) {
        let stands = ended.contains(&case.holder) || case.responsible.iter().any(|board| ended.contains(board));
        assert!(!stands, "an ended board stands in an open case");
    }
}
