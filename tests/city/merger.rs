//! The merger of 2023, lived through: a house of that spring learns of it in April, is asked ahead and back in time, rehearses it the
//! day before, and wakes up with new boards.

use crate::{incident, report_as};
use narhet_tests::{Folder, House, data, house, house::json, until};
use serde_json::{Value, json};

const AKALLA: (f64, f64) = (17.9131, 59.4147);
const TENSTA: (f64, f64) = (17.9017, 59.3944);

/// The house at another instant: a `--clock` later than its present moves it there.
fn house_at(folder: &Folder, instant: &str) -> House {
    House::up(folder.path(), &["--demo=empty", &format!("--clock={instant}")])
}

fn import(folder: &Folder, division: &str, more: &[&str]) {
    let files =
        [data().join("stadsdelar.geojson"), data().join("stadsdelar.csv")].map(|path| path.display().to_string());
    let mut arguments = vec!["area", "import", &files[0], "--mapping", &files[1], "--division", division];
    arguments.extend_from_slice(more);
    let (good, out, err) = house::run(folder.path(), &arguments);
    assert!(good, "{out}{err}");
}

async fn board(house: &House, (lon, lat): (f64, f64), axes: &str) -> String {
    let token = house.token("coordinator", Some("jarva"));
    let (status, answer) = json(house.get(&format!("/v1/responsibility?lon={lon}&lat={lat}&{axes}"), &token)).await;
    assert_eq!(status, 200, "{answer}");
    let boards: Vec<&str> = answer["responsible"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|responsible| responsible["tier"] == "district")
        .map(|responsible| responsible["board"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(boards.len(), 1, "exactly one district board: {answer}");
    boards[0].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NARHET_TEST_DATA"]
async fn the_merger_of_2023_is_known_from_its_decision_holds_from_its_day_and_dangles_the_day_before() {
    let folder = Folder::new("merger");
    let mut march = house_at(&folder, "2023-03-01T00:00:00Z");
    import(&folder, "2020-07-01", &[]);
    assert_eq!(board(&march, AKALLA, "at=2023-08-01T00:00:00Z").await, "rinkeby-kista", "nobody knows better yet");
    assert!(march.stop());

    let mut april = house_at(&folder, "2023-04-24T12:00:00Z");
    import(&folder, "2023-07-01", &["--decided-at", "2023-04-24"]);
    assert!(april.stop());

    let mut may = house_at(&folder, "2023-05-10T00:00:00Z");
    for (place, before) in [(AKALLA, "rinkeby-kista"), (TENSTA, "spanga-tensta")] {
        assert_eq!(board(&may, place, "at=2023-08-01T00:00:00Z").await, "jarva");
        assert_eq!(board(&may, place, "at=2023-08-01T00:00:00Z&knownAt=2023-04-01T00:00:00Z").await, before);
        assert_eq!(board(&may, place, "").await, before, "today still the old board");
    }
    assert!(may.stop());

    // An incident at Tensta on the last day, at noon, when the office is open.
    let mut june = house_at(&folder, "2023-06-30T10:00:00Z");
    let mut body = incident("Takras", TENSTA);
    body["occurredAt"] = json!("2023-06-30T09:55:00Z");
    let reported = report_as(&june, "spanga-tensta", &body).await;
    let city = june.token("city-security", None);
    let (status, rehearsal) =
        json(june.post("/v1/areas/rehearsals", &city).json(&json!({ "division": "2023-07-01" }))).await;
    assert_eq!(status, 200, "{rehearsal}");
    assert_eq!(rehearsal["complete"], true, "{}", rehearsal["unanswered"]);
    let ending: Vec<(&str, &str)> = rehearsal["ending"]
        .as_array()
        .unwrap()
        .iter()
        .map(|end| (end["board"]["id"].as_str().unwrap(), end["successor"]["id"].as_str().unwrap()))
        .collect();
    let expected = [
        ("norrmalm", "norra-innerstaden"),
        ("ostermalm", "norra-innerstaden"),
        ("rinkeby-kista", "jarva"),
        ("spanga-tensta", "jarva"),
    ];
    assert_eq!(ending, expected);
    let dangling = rehearsal["dangling"].as_array().unwrap();
    let of = |kind: &str| -> Vec<&Value> { dangling.iter().filter(|one| one["kind"] == kind).collect() };
    assert!(of("incident").iter().any(|one| one["id"] == reported["id"]), "{rehearsal}");
    assert!(of("support-case").iter().any(|one| one["board"]["id"] == "spanga-tensta"), "{rehearsal}");
    assert_eq!(rehearsal["report"]["areas"], 11);
    assert_eq!(rehearsal["total"].as_u64().unwrap() as usize, dangling.len());
    let (status, refused) = json(
        june.post("/v1/areas/rehearsals", &june.token("coordinator", Some("jarva")))
            .json(&json!({ "division": "2023-07-01" })),
    )
    .await;
    assert_eq!((status, &refused["type"]), (403, &json!("urn:narhet:problem:forbidden")));
    assert!(june.stop());

    let july = house_at(&folder, "2023-06-30T22:00:01Z");
    assert_eq!(board(&july, AKALLA, "").await, "jarva");
    assert_eq!(board(&july, AKALLA, "at=2023-06-30T21:59:59Z").await, "rinkeby-kista");
    // The case that was open at midnight passed to the successor at that instant, whenever it was written down.
    let ckl = july.token("ckl", None);
    let case = until("the successor holds the open case", || async {
        let path = format!("/v1/incidents/{}", reported["id"].as_str().unwrap());
        let (_, incident) = json(july.get(&path, &ckl)).await;
        let case = incident["supportCases"][0].clone();
        (case["holder"]["id"] == "jarva").then_some(case)
    })
    .await;
    let id = case["id"].as_str().unwrap_or_else(|| case["caseId"].as_str().unwrap());
    let (status, case) = json(july.get(&format!("/v1/support-cases/{id}"), &ckl)).await;
    assert_eq!(status, 200, "{case}");
    let custody = case["custody"].as_array().unwrap();
    let holders: Vec<&str> = custody.iter().map(|interval| interval["holder"]["id"].as_str().unwrap()).collect();
    assert_eq!(holders, ["spanga-tensta", "jarva"], "{case}");
    assert_eq!(custody[1]["effectiveAt"], "2023-06-30T22:00:00Z", "{case}");
    assert_eq!(custody[0]["until"], custody[1]["since"], "never nobody, never two: {case}");
    let (good, out, err) = house::run(folder.path(), &["area", "history", "rinkeby-kista"]);
    assert!(good && out.contains("upphör"), "{out}{err}");
    let (good, out, err) =
        house::run(folder.path(), &["area", "resolve", "17.9131", "59.4147", "--known-at", "2023-04-01T00:00:00Z"]);
    assert!(good && out.contains("Rinkeby-Kista"), "{out}{err}");
    let (good, out, err) = house::run(folder.path(), &["area", "resolve", "17.9131", "59.4147"]);
    assert!(good && out.contains("Järva") && out.contains("Länsstyrelsen"), "{out}{err}");
}
