//! The fold against rules one by one, and against a list of all facts.

mod naive;

use super::*;
use crate::answer::Answer;
use naive::DAYS;
use narhet_kernel::{BoardId, Klass, StreamId};
use narhet_proto::{
    Draft,
    codes::{BoardKind, TakeoverGround},
    events::area::AcceptedDefect,
};
use serde_json::{Value, json};

/// Where the first cell begins; a row of cells, each [`CELL`] degrees wide, is the city of these tests.
const WEST: f64 = 18.0;
const CELL: f64 = 0.015_625;
const SOUTH: f64 = 59.25;
const CELLS: usize = 6;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_600_000_000 + number * 86_400).unwrap()
}

/// What is known at position `n` was recorded at this instant.
fn recorded(position: u64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(position).unwrap() * 60).unwrap()
}

fn point(cell: usize) -> Point {
    Point::new(WEST + CELL * (cell as f64 + 0.5), SOUTH + 0.005).unwrap()
}

/// The cells as a MultiPolygon, neighbours joined.
fn cells(cells: &[usize]) -> Value {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &cell in cells {
        match runs.last_mut() {
            Some((_, end)) if *end == cell => *end = cell + 1,
            _ => runs.push((cell, cell + 1)),
        }
    }
    let corner = |cell: usize, north: f64| json!([WEST + CELL * cell as f64, north]);
    let ring = |(from, to)| {
        // Every cell has its corners, so that neighbours share their vertices.
        let south = (from..=to).map(|cell| corner(cell, SOUTH));
        let north = (from..=to).rev().map(|cell| corner(cell, SOUTH + 0.01));
        json!([south.chain(north).chain([corner(from, SOUTH)]).collect::<Vec<_>>()])
    };
    json!({ "type": "MultiPolygon", "coordinates": runs.into_iter().map(ring).collect::<Vec<_>>() })
}

/// A log that is folded as it is written.
#[derive(Default)]
struct Log {
    house: Responsibility,
    position: u64,
}

impl Log {
    /// A house after its first start.
    fn started() -> Log {
        let mut log = Log::default();
        log.board("kommunstyrelsen", BoardKind::Executive, None);
        log.board("lansstyrelsen-stockholm", BoardKind::State, None);
        for (id, tier, board) in
            [("stockholm", Tier::City, "kommunstyrelsen"), ("stockholms-lan", Tier::County, "lansstyrelsen-stockholm")]
        {
            log.write(
                "area",
                id,
                &AreaDrawn {
                    area_id: id.into(),
                    name: id.into(),
                    board: Named::new(board, board),
                    tier,
                    division_id: None,
                    valid_from: None,
                    geometry: None,
                    neighbourhoods: Vec::new(),
                    approximate: false,
                },
            );
        }
        log
    }

    fn write<M: Message>(&mut self, kind: &str, id: &str, message: &M) -> u64 {
        self.position += 1;
        let stream = StreamId::new(kind, id);
        let id = Uuid::from_u128(u128::from(self.position));
        let draft = Draft::public(id, stream, BoardId::new("kommunstyrelsen").unwrap(), message);
        self.house.apply(&Event {
            specversion: "1.0".into(),
            id,
            source: "/narhet/stad/area".into(),
            event_type: draft.event_type.into(),
            subject: draft.stream,
            correlationid: id,
            causationid: None,
            principal: "p-house".into(),
            role: None,
            owner: draft.owner,
            readers: draft.readers,
            klass: Klass::PUBLIC,
            exercise: false,
            occurredat: None,
            data: draft.data,
            position: self.position,
            version: 1,
            time: recorded(self.position),
            prevhash: String::new(),
        });
        self.position
    }

    fn board(&mut self, id: &str, kind: BoardKind, division: Option<&str>) {
        self.write(
            "board",
            id,
            &BoardEstablished {
                id: id.into(),
                name: id.into(),
                kind,
                valid_from: None,
                source: "test".into(),
                division_id: division.map(str::to_owned),
            },
        );
    }

    /// Records a division: each cell's area, whose board has the same number. Answers the position.
    fn division(&mut self, valid_from: Timestamp, area_of_cell: &[usize], board_of_area: &[usize]) -> u64 {
        let id = format!("division-{}", self.position);
        let mut area_ids = Vec::new();
        for (area, board) in board_of_area.iter().enumerate() {
            let held: Vec<usize> = (0..CELLS).filter(|cell| area_of_cell[*cell] == area).collect();
            if held.is_empty() {
                continue;
            }
            let board = format!("board-{board}");
            if self.house.boards.get(&board, u64::MAX).is_none() {
                self.board(&board, BoardKind::District, Some(&id));
            }
            area_ids.push(format!("area-{area}"));
            self.write(
                "area",
                &format!("area-{area}"),
                &AreaDrawn {
                    area_id: format!("area-{area}"),
                    name: format!("Area {area}"),
                    board: Named::new(board.clone(), board),
                    tier: Tier::District,
                    division_id: Some(id.clone()),
                    valid_from: Some(valid_from),
                    geometry: Some(cells(&held)),
                    neighbourhoods: vec![format!("Stadsdel {area}")],
                    approximate: false,
                },
            );
        }
        self.write("division", &id.clone(), &DivisionRecorded { area_ids, ..self.empty_division(&id, valid_from) })
    }

    fn empty_division(&self, id: &str, valid_from: Timestamp) -> DivisionRecorded {
        DivisionRecorded {
            division_id: id.into(),
            valid_from,
            decided_at: Some(instant("2023-04-23T22:00:00Z")),
            area_ids: Vec::new(),
            source: "test.geojson".into(),
            approximate: false,
            defects: Vec::<AcceptedDefect>::new(),
            uncertain: vec!["Stadsdel 1".into()],
            supersedes: None,
            features: 1,
            warnings: Vec::new(),
        }
    }

    fn dissolve(&mut self, board: &str, valid_to: Timestamp, successor: &str) {
        self.write(
            "board",
            board,
            &BoardDissolved {
                id: board.into(),
                valid_to,
                successor: Named::new(successor, successor),
                division_id: None,
            },
        );
    }

    /// Krisledningsnämnden or another board takes over areas from an instant on. Answers the position.
    fn take_over(&mut self, by: &str, areas: &[usize], valid_from: Timestamp) -> u64 {
        let id = format!("takeover-{}", self.position + 1);
        let recorded = TakeoverRecorded {
            takeover_id: id.clone(),
            ground: TakeoverGround::Leh,
            by: Named::new(by, by),
            from: vec![Named::new("board-0", "board-0")],
            areas: areas.iter().map(|area| Named::new(format!("area-{area}"), format!("Area {area}"))).collect(),
            activity: None,
            valid_from,
            decided_at: valid_from,
            reference: "KLN 2026/1".into(),
            urgent: false,
            report_due: day(DAYS),
        };
        self.write("takeover", &id, &recorded)
    }

    fn give_back(&mut self, position: u64, valid_to: Timestamp) -> u64 {
        let takeover_id = format!("takeover-{position}");
        let (decided_at, reference) = (valid_to, "KLN 2026/2".to_owned());
        self.write("takeover", &takeover_id.clone(), &TakeoverReturned { takeover_id, valid_to, decided_at, reference })
    }

    fn now(&self, point: Point, at: Timestamp) -> Answer {
        self.house.locate(point, at, self.position)
    }
}

fn district(answer: &Answer) -> (&str, &str) {
    let district = answer.district().unwrap();
    (district.area.id.as_str(), district.board.id.as_str())
}

#[test]
fn three_tiers_answer_inside_the_city_and_none_outside() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    let inside = log.now(point(1), day(0));
    let tiers: Vec<Tier> = inside.responsible.iter().map(|responsible| responsible.tier).collect();
    assert_eq!((inside.matched, tiers), (Match::Inside, vec![Tier::District, Tier::City, Tier::County]));
    let bases: Vec<&str> = inside.responsible.iter().map(|responsible| responsible.basis).collect();
    assert_eq!(bases, ["area", "city", "county"]);
    assert_eq!(inside.responsible[2].board.kind, BoardKind::State);

    let outside = log.now(Point::new(WEST - 1.0, SOUTH).unwrap(), day(0));
    assert_eq!((outside.matched, outside.responsible.len()), (Match::Outside, 0));
    assert!(outside.distance_m.unwrap() > 50_000.0 && outside.why[0].text.contains("utanför"));
}

#[test]
fn before_the_first_division_and_in_an_empty_house_nobody_answers_and_the_reply_says_why() {
    let empty = Responsibility::default().locate(point(0), day(0), 0);
    assert_eq!((empty.matched, empty.known_at, empty.distance_m), (Match::Outside, None, None));
    assert_eq!(empty.why[0].text, "Ingen indelning är registrerad.");
    let mut log = Log::started();
    log.division(day(5), &[0; CELLS], &[0]);
    let early = log.now(point(0), day(4));
    assert!(early.responsible.is_empty() && early.why[0].text.contains("gäller från 2020-09-18"));
    assert!(log.house.overlay(&Shape::point(point(0)), day(4), log.position).affected.is_empty());
}

#[test]
fn the_reply_has_the_names_that_the_contract_gives_them() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    log.division(day(9), &[0, 0, 0, 2, 2, 2], &[0, 1, 2]);
    let json = serde_json::to_value(log.now(point(4), day(1))).unwrap();
    assert_eq!(json["match"], "inside");
    assert_eq!(json["distanceM"], 0.0);
    assert_eq!(json["at"], day(1).to_string());
    assert_eq!(json["knownAt"], recorded(log.position).to_string());
    assert_eq!(json["knownPosition"], log.position.to_string());
    assert_eq!(
        json["responsible"][0],
        json!({
            "tier": "district", "board": { "id": "board-1", "name": "board-1", "kind": "district" },
            "area": { "id": "area-1", "name": "Area 1" }, "basis": "area",
            "validFrom": day(0).to_string(), "validTo": day(9).to_string()
        })
    );
    assert!(json.get("alsoAt").is_none());
    let why = json["why"].as_array().unwrap();
    assert_eq!(why[0]["rule"], "omradesansvar/2020");
    assert!(why[0]["source"].as_str().unwrap().contains("säkerhetsprogram 2020-2023"));
    assert!(why[0]["text"].as_str().unwrap().contains("inte att driva den verksamhet som drabbas"));
    assert!(why[0]["areaVersion"].as_str().unwrap().starts_with("division-"));
    assert_eq!(why[0]["eventIds"].as_array().unwrap().len(), 2);
    assert!(why[1]["text"].as_str().unwrap().contains("beslutad 2023-04-24"));
    assert!(why.iter().any(|why| why["assumption"] == true && why["text"].as_str().unwrap().contains("Stadsdel 1")));
}

#[test]
fn on_a_boundary_the_lowest_area_answers_and_the_other_stands_in_also_at() {
    let mut log = Log::started();
    log.division(day(0), &[1, 1, 1, 0, 0, 0], &[0, 1]);
    let on_the_line = Point::new(WEST + 3.0 * CELL, SOUTH + 0.005).unwrap();
    let answer = log.now(on_the_line, day(0));
    assert_eq!((answer.matched, district(&answer)), (Match::Boundary, ("area-0", "board-0")));
    assert_eq!(answer.also_at, [Named::new("area-1", "Area 1")]);
    assert!(answer.why.iter().any(|why| why.text.contains("gränsen") && why.assumption));
}

#[test]
fn the_later_recorded_division_with_the_same_start_holds_and_the_old_knowledge_stays() {
    let mut log = Log::started();
    let first = log.division(day(0), &[0; CELLS], &[0]);
    log.division(day(0), &[1; CELLS], &[0, 1]);
    assert_eq!(district(&log.now(point(0), day(3))), ("area-1", "board-1"));
    let before = log.house.locate(point(0), day(3), first);
    assert_eq!((district(&before), before.known_at), (("area-0", "board-0"), Some(recorded(first))));
    assert_eq!(log.house.known_at(recorded(first)), first);
    assert_eq!(log.house.known_at(recorded(0)), 0);
    assert_eq!(log.house.known_at(recorded(log.position + 9)), log.position);
}

#[test]
fn a_board_answers_for_a_point_from_the_first_division_that_gave_it_the_point() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    log.division(day(10), &[0, 0, 0, 0, 1, 1], &[0, 1]);
    log.division(day(20), &[0, 0, 0, 0, 1, 1], &[0, 1]);
    let span = |cell, at| {
        let answer = log.now(point(cell), at);
        let district = answer.district().unwrap();
        (district.valid_from, district.valid_to)
    };
    assert_eq!(span(0, day(15)), (Some(day(0)), None));
    assert_eq!(span(3, day(5)), (Some(day(0)), Some(day(10))));
    assert_eq!(span(3, day(25)), (Some(day(10)), None), "area 0 is older, but has this point only since day 10");
    let area = |at| log.house.areas(at, log.position).into_iter().find(|view| view.area.id == "area-0").unwrap();
    assert_eq!((area(day(5)).valid_from, area(day(5)).valid_to), (Some(day(0)), Some(day(10))));
    assert_eq!((area(day(15)).valid_from, area(day(15)).valid_to), (Some(day(10)), None), "one outline, one span");
    assert_eq!(log.house.areas(day(15), log.position).len(), 4);
}

#[test]
fn an_overlay_names_the_boards_by_share_and_nobody_outside_the_city() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    let shape = Shape::from_geojson(&cells(&[2, 3, 4])).unwrap();
    let overlay = log.house.overlay(&shape, day(1), log.position);
    let shares: Vec<(&str, f64)> = overlay.affected.iter().map(|a| (a.board.id.as_str(), a.share)).collect();
    assert_eq!(shares.iter().map(|(board, _)| *board).collect::<Vec<_>>(), ["board-1", "board-0"]);
    assert!((shares[0].1 - 2.0 / 3.0).abs() < 1e-6 && (shares[1].1 - 1.0 / 3.0).abs() < 1e-6);
    assert_eq!((overlay.matched, overlay.why.len()), (Match::Inside, 3), "two boards and a split stadsdel");

    let outside = log.house.overlay(&Shape::point(Point::new(WEST - 1.0, SOUTH).unwrap()), day(1), log.position);
    assert!(outside.affected.is_empty() && outside.division_id.is_some());
    assert_eq!(outside.matched, Match::Outside);
}

#[test]
fn an_area_within_reach_is_nearby_one_beyond_it_and_the_touched_one_are_not() {
    let mut log = Log::started();
    log.division(day(0), &[0, 1, 2, 3, 4, 5], &[0, 1, 2, 3, 4, 5]);
    // A cell is 891 m wide: from here it is 290 m to the western neighbour and 601 m to the eastern one.
    let place = Shape::point(Point::new(WEST + CELL * (1.0 + 290.0 / 891.0), SOUTH + 0.005).unwrap());
    let overlay = log.house.overlay(&place, day(1), log.position);
    let nearby = |within_m: f64| {
        let nearby = log.house.nearby(&place, within_m, &overlay, log.position).unwrap();
        nearby.into_iter().map(|near| (near.area.id, near.distance_m.round())).collect::<Vec<_>>()
    };
    let [touched] = &overlay.affected[..] else { panic!("{overlay:?}") };
    let (near, far) = (nearby(500.0), nearby(700.0));
    assert_eq!(near.len(), 1, "{near:?}");
    assert!((near[0].1 - 290.0).abs() <= 2.0, "{near:?}");
    assert_eq!(far.len(), 2, "{far:?}");
    assert!((far[1].1 - 601.0).abs() <= 2.0, "{far:?}");
    assert!(far.iter().all(|(area, _)| *area != touched.area.id));
    assert_eq!(log.house.nearby(&place, 200.0, &overlay, log.position), Ok(Vec::new()));
}

/// Hostile: a line across the whole city, a hundred thousand times.
#[test]
fn a_place_that_would_take_seconds_is_not_admitted() {
    let mut log = Log::started();
    log.division(day(0), &[0, 1, 2, 3, 4, 5], &[0, 1, 2, 3, 4, 5]);
    let at = |number: usize| [WEST - 1.0 + (number % 2) as f64 * 2.0, SOUTH + 0.005 + (number % 2) as f64 * 1e-6];
    let line = |count: usize| {
        let line = json!({ "type": "LineString", "coordinates": (0..count).map(at).collect::<Vec<_>>() });
        Shape::from_geojson(&line).unwrap()
    };
    assert!(log.house.admit(&line(100_000), 500.0, day(1), log.position).is_err());
    assert!(log.house.admit(&line(10), 500.0, day(1), log.position).is_ok());
}

#[test]
fn a_board_lives_while_the_timeline_gives_it_an_area_and_its_heir_is_found_through_every_merger() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 1, 1, 2, 2], &[0, 1, 2]);
    log.dissolve("board-0", day(10), "board-1");
    log.division(day(10), &[1, 1, 1, 1, 2, 2], &[0, 1, 2]);
    let merged = log.position;
    log.dissolve("board-1", day(20), "board-2");
    log.division(day(20), &[2; CELLS], &[0, 1, 2]);
    let heir = |at, known| log.house.successor("board-0", at, known).map(|heir| heir.id);
    assert_eq!(heir(day(9), log.position), None);
    assert_eq!(heir(day(10), log.position).as_deref(), Some("board-1"));
    assert_eq!(heir(day(20), log.position).as_deref(), Some("board-2"));
    assert_eq!(heir(day(20), merged).as_deref(), Some("board-1"), "the second merger was not known then");
    assert_eq!(log.house.successor("kommunstyrelsen", day(20), log.position), None);
    let ids = |at| log.house.boards(at, log.position).into_iter().map(|board| board.id).collect::<Vec<_>>();
    assert_eq!(ids(day(5)), ["board-0", "board-1", "board-2", "kommunstyrelsen", "lansstyrelsen-stockholm"]);
    assert_eq!(ids(day(15)), ["board-1", "board-2", "kommunstyrelsen", "lansstyrelsen-stockholm"]);
    let first = log.house.board("board-0").unwrap();
    assert_eq!((first.valid_from, first.valid_to), (Some(day(0)), Some(day(10))));
    assert_eq!(first.successor.unwrap().id, "board-1");
    assert!(log.house.board("nobody").is_none());
}

#[test]
fn a_correction_that_keeps_a_board_makes_its_recorded_end_void() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    log.dissolve("board-0", day(10), "board-1");
    let merged = log.division(day(10), &[1; CELLS], &[0, 1]);
    log.division(day(10), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    assert_eq!(log.house.successor("board-0", day(11), log.position), None);
    assert_eq!(log.house.board("board-0").unwrap().valid_to, None);
    assert_eq!(log.house.successor("board-0", day(11), merged).unwrap().id, "board-1");
}

#[test]
fn a_division_that_cannot_be_read_turns_health_red() {
    let mut log = Log::started();
    log.division(day(0), &[0; CELLS], &[0]);
    assert_eq!(log.house.health(), Ok(()));
    let missing = DivisionRecorded { area_ids: vec!["nowhere".into()], ..log.empty_division("broken", day(1)) };
    let position = log.write("division", "broken", &missing);
    let health = log.house.health().unwrap_err();
    assert!(health.to_string().contains(&format!("position {position}")) && health.to_string().contains("nowhere"));
    assert_eq!(log.house.head().0, position);
}

#[test]
fn what_was_folded_before_and_what_is_not_areas_changes_nothing() {
    let mut log = Log::started();
    log.division(day(0), &[0; CELLS], &[0]);
    let head = log.house.head();
    log.position -= 1;
    log.board("again", BoardKind::District, None);
    assert_eq!((log.house.head(), log.house.board("again")), (head, None));
}

#[test]
fn a_takeover_of_areas_changes_who_answers_until_its_return_is_recorded() {
    let mut log = Log::started();
    log.board("krisledningsnamnden", BoardKind::Crisis, None);
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    let before = log.position;
    let taken = log.take_over("krisledningsnamnden", &[0], day(2));
    let answer = log.now(point(0), day(3));
    let district = answer.district().unwrap();
    assert_eq!((district.board.id.as_str(), district.basis), ("krisledningsnamnden", "takeover"));
    assert_eq!(district.taken_over_from.as_ref().unwrap().id, "board-0");
    assert_eq!((district.valid_from, district.valid_to), (Some(day(2)), None));
    assert!(answer.why.iter().any(|why| why.rule == "overtagande/2006" && why.text.contains("tagit över")));
    assert_eq!(log.now(point(4), day(3)).district().unwrap().basis, "area", "only the named areas");
    assert_eq!(log.now(point(0), day(1)).district().unwrap().valid_to, Some(day(2)));
    assert_eq!(log.house.locate(point(0), day(3), before).district().unwrap().basis, "area", "not known then");
    log.give_back(taken, day(4));
    let spans = |at| {
        let district = log.now(point(0), at).district().unwrap().clone();
        (district.basis, district.valid_from, district.valid_to)
    };
    assert_eq!(spans(day(3)), ("takeover", Some(day(2)), Some(day(4))));
    assert_eq!(spans(day(4)), ("area", Some(day(4)), None));
    let still_open = log.house.locate(point(0), day(5), taken);
    assert_eq!(still_open.district().unwrap().basis, "takeover", "the return was not known then");
    let affected = log.house.overlay(&Shape::point(point(0)), day(3), log.position).affected;
    assert_eq!(affected[0].board.id, "board-0", "who is affected stays so; it is the coordination that is taken over");
}

#[test]
fn a_takeover_without_areas_changes_no_answer_and_one_not_reported_in_time_is_overdue() {
    let mut log = Log::started();
    log.division(day(0), &[0; CELLS], &[0]);
    log.take_over("krisledningsnamnden", &[], day(1));
    assert_eq!(log.now(point(0), day(2)).district().unwrap().basis, "area");
    let overdue = |at| log.house.takeovers(at, log.position)[0].overdue;
    assert_eq!((overdue(day(DAYS)), overdue(day(DAYS + 1))), (false, true));
}

#[test]
fn a_renamed_board_has_its_new_name_from_that_instant_and_its_old_one_in_what_was_known_before() {
    let mut log = Log::started();
    log.division(day(0), &[0; CELLS], &[0]);
    let before = log.position;
    let renamed = BoardRenamed {
        id: "board-0".into(),
        name: "Nya nämnden".into(),
        valid_from: day(3),
        decided_at: Some(day(1)),
        reference: "KF 2020/7".into(),
    };
    log.write("board", "board-0", &renamed);
    let name = |at, known| log.house.locate(point(0), at, known).district().unwrap().board.name.clone();
    assert_eq!(name(day(2), log.position), "board-0");
    assert_eq!(name(day(3), log.position), "Nya nämnden");
    assert_eq!(name(day(3), before), "board-0");
    assert_eq!(log.house.areas(day(3), log.position)[0].board.name, "Nya nämnden");
    let history = log.house.history("board-0").unwrap();
    let kinds: Vec<&str> = history.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["established", "area", "renamed"]);
    assert_eq!((history.board.name.as_str(), history.entries[2].decided_at), ("Nya nämnden", Some(day(1))));
}

#[test]
fn the_history_of_a_board_shows_what_was_superseded_what_it_inherited_and_who_took_over() {
    let mut log = Log::started();
    log.division(day(0), &[0, 0, 0, 1, 1, 1], &[0, 1]);
    log.division(day(0), &[0, 0, 1, 1, 1, 1], &[0, 1]);
    let taken = log.take_over("krisledningsnamnden", &[0], day(2));
    log.give_back(taken, day(3));
    log.dissolve("board-0", day(10), "board-1");
    log.division(day(10), &[1; CELLS], &[0, 1]);
    let entries = |id| -> Vec<(&str, bool, Option<Timestamp>)> {
        let history = log.house.history(id).unwrap();
        history.entries.iter().map(|entry| (entry.kind, entry.superseded, entry.valid_to)).collect()
    };
    let expected = [
        ("established", false, None),
        ("area", true, None),
        ("area", false, Some(day(10))),
        ("taken-over", false, Some(day(3))),
        ("dissolved", false, None),
    ];
    assert_eq!(entries("board-0"), expected);
    assert!(entries("board-1").contains(&("inherited", false, None)));
    assert_eq!(log.house.history("nobody"), None);
}
