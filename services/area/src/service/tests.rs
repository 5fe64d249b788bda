//! The rules of importing, each as one sentence, on small invented maps; a small house plays the host.

mod acts;
mod axis;
mod exceptions;
mod house;
mod real;
mod rehearsal;

use super::*;
use house::{House, Outcome, cell, cell_with_notch, map, with_decision};
use narhet_geo::Point;
use narhet_proto::events::{
    Message,
    area::{BoardDissolved, DivisionRecorded},
};
use serde_json::{Value, json};

/// Five stadsdelar in a row, west to east.
const NAMES: [&str; 5] = ["AKALLA", "KISTA", "TENSTA", "VASASTADEN", "GÄRDET"];

/// Three divisions of them.
const MAPPING: &str = "\
stadsdel,omrade_2007-01-01,omrade_2020-07-01,omrade_2023-07-01,osaker
Akalla,Rinkeby-Kista,Rinkeby-Kista,Järva,
Kista,Rinkeby-Kista,Rinkeby-Kista,Järva,
Tensta,Spånga-Tensta,Spånga-Tensta,Järva,?
Vasastaden,Norrmalm,Norrmalm,Norra innerstaden,
Gärdet,Norrmalm,Östermalm,Norra innerstaden,
";

fn row() -> String {
    map(&NAMES.iter().enumerate().map(|(index, name)| (*name, cell(index))).collect::<Vec<_>>())
}

fn all() -> Value {
    json!({ "boundaries": row(), "mapping": MAPPING, "source": "rad.geojson" })
}

fn only(date: &str) -> Value {
    json!({ "boundaries": row(), "mapping": MAPPING, "divisions": [date], "source": "rad.geojson" })
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Board id of the district tier at the middle of a cell.
fn board_at(house: &House, index: usize, instant: &str) -> Option<String> {
    board_known(house, index, instant, u64::MAX)
}

fn board_known(house: &House, index: usize, instant: &str, known: u64) -> Option<String> {
    let answer = house.responsibility().locate(house::middle(index), at(instant), known);
    answer.district().map(|district| district.board.id.clone())
}

fn details(problem: &Problem) -> Vec<&str> {
    problem.errors.iter().map(|error| error.detail.as_str()).collect()
}

#[test]
fn a_new_house_has_the_boards_and_tiers_that_no_import_makes() {
    let house = House::started();
    let boards: Vec<(String, String)> = house
        .responsibility()
        .boards(house.now(), u64::MAX)
        .into_iter()
        .map(|board| (board.id, format!("{} {}", board.name, board.kind.code())))
        .collect();
    let expected = [
        ("kommunstyrelsen", "Kommunstyrelsen executive"),
        ("krisledningsnamnden", "Krisledningsnämnden crisis"),
        ("lansstyrelsen-stockholm", "Länsstyrelsen i Stockholms län state"),
        ("socialnamnden", "Socialnämnden specialist"),
    ];
    assert_eq!(boards, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
    let areas = house.responsibility().areas(house.now(), u64::MAX);
    let areas: Vec<_> = areas.iter().map(|view| (view.area.name.as_str(), view.board.id.as_str())).collect();
    assert_eq!(areas, [("Stockholms stad", "kommunstyrelsen"), ("Stockholms län", "lansstyrelsen-stockholm")]);
}

#[test]
fn an_import_records_boards_then_their_ends_then_areas_then_the_division_oldest_first() {
    let mut house = House::started();
    let Outcome { report, events } = house.import(&all()).unwrap();
    let kinds: Vec<String> = events
        .iter()
        .map(|event| event.event_type.split('.').nth(3).unwrap().to_owned() + " " + event.subject.id())
        .collect();
    let division = |index: usize| report["divisions"][index]["id"].as_str().unwrap();
    let expected = [
        "board-established norrmalm",
        "board-established rinkeby-kista",
        "board-established spanga-tensta",
        "area-drawn norrmalm",
        "area-drawn rinkeby-kista",
        "area-drawn spanga-tensta",
        &format!("division-recorded {}", division(0)),
        "board-established ostermalm",
        "area-drawn norrmalm",
        "area-drawn ostermalm",
        "area-drawn rinkeby-kista",
        "area-drawn spanga-tensta",
        &format!("division-recorded {}", division(1)),
        "board-established jarva",
        "board-established norra-innerstaden",
        "board-dissolved norrmalm",
        "board-dissolved ostermalm",
        "board-dissolved rinkeby-kista",
        "board-dissolved spanga-tensta",
        "area-drawn jarva",
        "area-drawn norra-innerstaden",
        &format!("division-recorded {}", division(2)),
    ];
    // The boards of one division come in the order of its areas.
    assert_eq!(kinds, expected);
    assert!(events.iter().all(|event| event.readers == "*" && event.klass == narhet_kernel::Klass::PUBLIC));
    let dissolved: BoardDissolved = events[15].data().unwrap().unwrap();
    assert_eq!(dissolved.successor, Named::new("norra-innerstaden", "Norra innerstadens stadsdelsnämnd"));
    assert_eq!(dissolved.valid_to, at("2023-06-30T22:00:00Z"));
    assert_eq!(dissolved.division_id.as_deref(), Some(division(2)));
    let recorded: DivisionRecorded = events.last().unwrap().data().unwrap().unwrap();
    assert_eq!(recorded.division_id, events.last().unwrap().id.to_string());
    assert_eq!(recorded.uncertain, ["TENSTA"]);
    assert_eq!(report["areas"], 3 + 4 + 2);
    assert_eq!((&report["features"], &report["warnings"]), (&json!(5), &json!([])));
    assert_eq!(house.service.health(house.now()), Ok(()));
}

#[test]
fn a_division_applies_from_local_midnight_of_its_day() {
    let mut house = House::started();
    house.import(&all()).unwrap();
    assert_eq!(board_at(&house, 3, "2023-06-30T21:59:59.999999Z").as_deref(), Some("norrmalm"));
    assert_eq!(board_at(&house, 3, "2023-06-30T22:00:00Z").as_deref(), Some("norra-innerstaden"));
    assert_eq!(board_at(&house, 4, "2007-01-01T00:00:00Z").as_deref(), Some("norrmalm"));
    assert_eq!(
        board_at(&house, 4, "2006-12-31T22:59:59Z"),
        None,
        "winter midnight is at 23 UTC, and before it is nothing"
    );
}

#[test]
fn the_same_import_again_is_already_so() {
    let mut house = House::started();
    let first = house.import(&all()).unwrap();
    let again = house.import(&all()).unwrap();
    assert_eq!((again.events.len(), &again.report), (0, &first.report));
    // Another file name and another order of rows and features say nothing new either.
    let turned = map(&NAMES.iter().enumerate().rev().map(|(index, name)| (*name, cell(index))).collect::<Vec<_>>());
    let renamed = json!({ "boundaries": turned, "mapping": MAPPING, "source": "annan.geojson" });
    assert_eq!(house.import(&renamed).unwrap().events.len(), 0);
    // A day of decision does, and so is a correction.
    let decided = with_decision(only("2023-07-01"), "2023-04-24");
    let Outcome { report, events } = house.import(&decided).unwrap();
    assert_eq!(report["divisions"][0]["supersedes"], first.report["divisions"][2]["id"]);
    let recorded: DivisionRecorded = events.last().unwrap().data().unwrap().unwrap();
    assert_eq!(recorded.decided_at, Some(at("2023-04-23T22:00:00Z")));
    assert!(events.iter().all(|event| event.event_type != BoardDissolved::TYPE), "those ends are recorded already");
}

#[test]
fn a_correction_supersedes_and_what_was_known_stays() {
    let mut house = House::started();
    house.import(&only("2020-07-01")).unwrap();
    let wrong = json!({
        "boundaries": map(&[("Järva", cell(0)), ("Bromma", cell(1)), ("Farsta", cell(2)), ("Solberga", cell(3)), ("Älvsjö", cell(4))]),
        "validFrom": "2023-07-01", "source": "fel.geojson"
    });
    let first = house.import(&wrong).unwrap();
    let known = house.head();
    assert_eq!(board_at(&house, 1, "2024-01-01T00:00:00Z").as_deref(), Some("bromma"));
    let corrected = house.import(&only("2023-07-01")).unwrap();
    assert_eq!(corrected.report["divisions"][0]["supersedes"], first.report["divisions"][0]["id"]);
    assert_eq!(board_at(&house, 1, "2024-01-01T00:00:00Z").as_deref(), Some("jarva"));
    assert_eq!(board_known(&house, 1, "2024-01-01T00:00:00Z", known).as_deref(), Some("bromma"));
    // Kista's half of Rinkeby-Kista went to Bromma in the wrong map, a tie won by the lower id; now all goes to Järva.
    let heir = |known| house.responsibility().successor("rinkeby-kista", at("2024-01-01T00:00:00Z"), known).unwrap().id;
    assert_eq!((heir(known).as_str(), heir(u64::MAX).as_str()), ("bromma", "jarva"));
    let living = house.responsibility().boards(at("2024-01-01T00:00:00Z"), u64::MAX);
    assert!(living.iter().all(|board| board.id != "bromma"), "a board of the superseded division never was");
}

#[test]
fn the_order_of_imports_makes_no_difference_to_who_answers_and_who_inherits() {
    let dates = ["2007-01-01", "2020-07-01", "2023-07-01"];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let instants = ["2006-01-01T00:00:00Z", "2010-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2024-01-01T00:00:00Z"];
    let boards = ["norrmalm", "ostermalm", "rinkeby-kista", "spanga-tensta", "jarva", "norra-innerstaden"];
    let seen = |house: &House| {
        let answers: Vec<_> = instants
            .iter()
            .flat_map(|instant| (0..NAMES.len()).map(|index| board_at(house, index, instant)).collect::<Vec<_>>())
            .collect();
        let heirs: Vec<_> = instants
            .iter()
            .flat_map(|instant| boards.map(|board| house.responsibility().successor(board, at(instant), u64::MAX)))
            .collect();
        (answers, heirs)
    };
    let mut together = House::started();
    together.import(&all()).unwrap();
    let expected = seen(&together);
    assert!(expected.1.iter().flatten().count() >= 4);
    for order in orders {
        let mut house = House::started();
        for index in order {
            house.import(&only(dates[index])).unwrap();
        }
        assert_eq!(seen(&house), expected, "imported in the order {order:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_named_and_nothing_is_written() {
    let house = House::started();
    let bow_tie = json!([[[18.0, 59.0], [18.1, 59.1], [18.1, 59.0], [18.0, 59.1], [18.0, 59.0]]]);
    let body = json!({
        "boundaries": map(&[("AKALLA", cell(0)), ("KNUT", bow_tie), ("akalla", cell(2)), ("", cell(3))]),
        "mapping": MAPPING, "source": "fel.geojson"
    });
    let problem = house.refused(&body);
    assert_eq!((problem.code, problem.errors.len()), (ErrorCode::InvalidInput, 3));
    let details = details(&problem);
    assert!(details[0].contains("KNUT") && details[0].contains("crosses"), "{details:?}");
    assert!(details[1].contains("akalla") && details[1].contains("1 and 3"), "{details:?}");
    assert!(details[2].contains("feature 4"), "{details:?}");
    assert!(problem.detail.contains("nothing was recorded"));

    let mapping = MAPPING.replace("Kista,Rinkeby-Kista", "Kistan,Rinkeby-Kista");
    let problem = house.refused(&json!({ "boundaries": row(), "mapping": mapping, "source": "x" }));
    assert!(problem.detail.contains("row 3") && problem.detail.contains("Kistan"), "{}", problem.detail);
    assert_eq!(problem.errors[0].pointer.as_deref(), Some("/mapping"));
}

#[test]
fn a_stadsdel_without_an_area_is_refused_by_name() {
    let house = House::started();
    for (mapping, named) in [
        (MAPPING.replace("Tensta,Spånga-Tensta,Spånga-Tensta,Järva,?\n", ""), "TENSTA"),
        (MAPPING.replace("Norrmalm,Östermalm,", "Norrmalm,,"), "Gärdet"),
    ] {
        let problem = house.refused(&json!({ "boundaries": row(), "mapping": mapping, "source": "x" }));
        assert_eq!((problem.code, problem.rule.as_deref()), (ErrorCode::RefusedByRule, Some("tackning/1")));
        assert!(problem.detail.contains(named), "{}", problem.detail);
    }
}

#[test]
fn a_hole_is_accepted_by_the_limit_or_by_its_id_and_else_refused() {
    let body = |depth| {
        let boundaries = map(&[("Järva", cell_with_notch(0, depth)), ("Bromma", cell_with_notch(1, 0.0))]);
        json!({ "boundaries": boundaries, "validFrom": "2023-07-01", "source": "hål.geojson" })
    };
    let mut house = House::started();
    let small = house.import(&body(0.02)).unwrap().report;
    assert_eq!((small["defects"].as_array().unwrap().len(), &small["defects"][0]["accepted"]), (1, &json!("limit")));
    assert_eq!(small["accepted"], json!([small["defects"][0]["id"]]));
    assert_eq!(house.responsibility().timeline(u64::MAX).divisions()[0].recorded.defects.len(), 1, "listed for ever");

    let problem = house.refused(&body(0.2));
    assert_eq!((problem.code, problem.rule.as_deref()), (ErrorCode::RefusedByRule, Some("tackning/1")));
    assert!(problem.detail.contains("gap") && problem.detail.contains("Bromma and Järva"), "{}", problem.detail);
    let rehearsed = house.rehearse(&body(0.2)).unwrap();
    let id = rehearsed["defects"][0]["id"].as_str().unwrap();
    assert!(problem.detail.contains(id) && rehearsed["defects"][0]["accepted"].is_null());
    assert_eq!(rehearsed["refused"][0]["defect"], id);

    let mut by_hand = body(0.2);
    by_hand["accept"] = json!([id, "gap-of-another-map"]);
    let accepted = house.import(&by_hand).unwrap().report;
    assert_eq!(accepted["defects"][0]["accepted"], "id");
    assert!(accepted["warnings"][0].as_str().unwrap().contains("gap-of-another-map"));
    let hole = Point::new(house::WEST + house::CELL * 0.95, house::SOUTH + 0.005).unwrap();
    let answer = house.responsibility().locate(hole, at("2024-01-01T00:00:00Z"), u64::MAX);
    assert_eq!((answer.matched, answer.responsible.len()), (narhet_responsibility::Match::Nearest, 3));
}

#[test]
fn a_rehearsal_answers_what_the_import_would_and_changes_nothing() {
    let mut house = House::started();
    let mut rehearsed = house.rehearse(&all()).unwrap();
    assert_eq!(house.head(), 6);
    let mut done = house.import(&all()).unwrap().report;
    for report in [&mut rehearsed, &mut done] {
        for line in report["divisions"].as_array_mut().unwrap() {
            line["id"] = Value::Null;
        }
    }
    assert_eq!(rehearsed, done);
    let mut dry = all();
    dry["dryRun"] = json!(true);
    assert_eq!(house.refused(&dry).errors[0].pointer.as_deref(), Some("/dryRun"));
    assert!(house.rehearse(&dry).unwrap()["divisions"][0]["id"].is_string(), "recorded already");
}

#[test]
fn only_city_security_and_admin_import() {
    let mut house = House::started();
    for role in Role::ALL {
        house.principal.roles = vec![role];
        let allowed = matches!(role, Role::CitySecurity | Role::Admin);
        match house.decide(&all()) {
            Ok(decision) => assert!(allowed && decision.role == Some(role), "{role}"),
            Err(problem) => {
                assert!(!allowed && problem.code == ErrorCode::Forbidden, "{role}");
                assert_eq!(problem.rule.as_deref(), Some("import boundaries"));
            }
        }
        assert_eq!(house.rehearse(&all()).is_ok(), allowed, "{role}");
    }
}

#[test]
fn a_body_that_contradicts_itself_is_refused_with_the_place() {
    let house = House::started();
    let boundaries = row();
    for (body, pointer) in [
        (json!({}), "/boundaries"),
        (json!({ "boundaries": boundaries, "boundariesBase64": "" }), "/boundaries"),
        (json!({ "boundariesBase64": "å", "validFrom": "2023-07-01" }), "/boundariesBase64"),
        (json!({ "boundaries": boundaries }), "/validFrom"),
        (json!({ "boundaries": boundaries, "divisions": ["2020-07-01"] }), "/divisions"),
        (json!({ "boundaries": boundaries, "validFrom": "1 juli" }), "/validFrom"),
        (json!({ "boundaries": boundaries, "mapping": MAPPING, "validFrom": "2023-07-01" }), "/validFrom"),
        (json!({ "boundaries": boundaries, "mapping": MAPPING, "divisions": ["2021-07-01"] }), "/divisions/0"),
        (json!({ "boundaries": boundaries, "mapping": "stadsdel\nAkalla\n" }), "/mapping"),
        (json!({ "boundaries": "{}", "validFrom": "2023-07-01" }), "/boundaries"),
        (json!({ "boundaries": boundaries, "validFrom": "2023-07-01", "source": "" }), "/source"),
        (json!({ "boundaries": boundaries, "validFrom": "2023-07-01", "valid_from": "x" }), ""),
    ] {
        let problem = house.refused(&body);
        assert_eq!(problem.code, ErrorCode::InvalidInput);
        assert_eq!(problem.errors[0].pointer.as_deref(), Some(pointer), "{}", problem.detail);
    }
    let crs =
        boundaries.replacen('{', r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3012"}},"#, 1);
    let problem = house.refused(&json!({ "boundaries": crs, "validFrom": "2023-07-01" }));
    assert!(problem.detail.contains("EPSG:3012"), "{}", problem.detail);
}

#[test]
fn an_unknown_area_gets_a_board_of_its_name_with_a_warning_and_a_taken_id_is_refused() {
    let mut house = House::started();
    let body = |name| json!({ "boundaries": map(&[(name, cell(0))]), "validFrom": "1997-01-01", "source": "x" });
    let report = house.import(&body("Maria-Gamla stan")).unwrap().report;
    assert!(report["warnings"][0].as_str().unwrap().contains("Maria-Gamla stan stadsdelsnämnd"));
    assert_eq!(house.responsibility().board("maria-gamla-stan").unwrap().name, "Maria-Gamla stan stadsdelsnämnd");
    for taken in ["Socialnämnden", "Stockholm"] {
        let problem = house.refused(&body(taken));
        assert_eq!(problem.rule.as_deref(), Some("namnregister/1"), "{taken}");
    }
    assert!(house.refused(&body("???")).detail.contains("cannot be used"));
}

#[test]
fn an_area_that_does_not_fit_an_event_is_refused_with_its_size() {
    let house = House::started();
    let body = json!({
        "boundaries": map(&[("Järva", house::circle(30_000)), ("Bromma", cell(1))]), "validFrom": "2023-07-01", "source": "x"
    });
    let problem = house.refused(&body);
    assert_eq!(problem.rule.as_deref(), Some("handelsestorlek/1"));
    assert!(problem.detail.contains("Järva") && problem.detail.contains("bytes"), "{}", problem.detail);
}

#[test]
fn land_that_leaves_the_city_is_inherited_by_kommunstyrelsen() {
    let mut house = House::started();
    let body = |names: &[(&str, Value)], day| json!({ "boundaries": map(names), "validFrom": day, "source": "x" });
    house.import(&body(&[("Järva", cell(0)), ("Farsta", cell(1))], "2010-01-01")).unwrap();
    let mut without = body(&[("Farsta", cell(1))], "2011-01-01");
    let refused = house.refused(&without);
    assert!(refused.detail.contains("of jarva would have no board any more"), "{refused}");
    let id = refused
        .detail
        .split_whitespace()
        .find_map(|word| word.strip_suffix(';').filter(|word| word.starts_with("lost-")));
    assert!(id.is_some_and(|id| id.starts_with("lost-jarva-2010")), "{refused}");
    without["accept"] = json!([id]);
    house.import(&without).unwrap();
    let heir = house.responsibility().successor("jarva", at("2012-01-01T00:00:00Z"), u64::MAX).unwrap();
    assert_eq!(heir.id, "kommunstyrelsen");
}
