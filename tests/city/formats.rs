//! Boundaries that come as binary files: into a running house over HTTP, and examined without one.

use narhet_tests::{Folder, House, data, house, house::json};
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use std::io::{Cursor, Write as _};

const PRJ: &str = r#"PROJCS["SWEREF99_18_00",GEOGCS["GCS_SWEREF99",DATUM["D_SWEREF99",SPHEROID["GRS_1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",18],PARAMETER["scale_factor",1],PARAMETER["false_easting",150000],PARAMETER["false_northing",0],UNIT["Meter",1]]"#;

/// A zipped Shapefile of squares a kilometre wide, in a row around Sergels torg, in EPSG:3011; names in ISO-8859-1.
fn zipped(names: &[&[u8]], prj: &str, swapped: bool) -> Vec<u8> {
    let mut shp = vec![0_u8; 100];
    shp[..4].copy_from_slice(&9_994_i32.to_be_bytes());
    let mut dbf = vec![3, 126, 1, 1];
    dbf.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
    dbf.extend(65_u16.to_le_bytes().into_iter().chain(31_u16.to_le_bytes()).chain([0; 20]));
    dbf.extend(*b"NAMN\0\0\0\0\0\0\0C\0\0\0\0\x1e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0d");
    for (number, name) in names.iter().enumerate() {
        let (west, south) = (153_200.0 + 1_000.0 * number as f64, 6_579_300.0);
        let (east, north) = (west + 1_000.0, south + 1_000.0);
        let corners = [[west, south], [west, north], [east, north], [east, south], [west, south]];
        let mut content = 5_i32.to_le_bytes().to_vec();
        content.extend([west, south, east, north].into_iter().flat_map(f64::to_le_bytes));
        content.extend([1, 5, 0].into_iter().flat_map(i32::to_le_bytes));
        for [x, y] in corners {
            let pair = if swapped { [y, x] } else { [x, y] };
            content.extend(pair.into_iter().flat_map(f64::to_le_bytes));
        }
        shp.extend(i32::try_from(number + 1).unwrap().to_be_bytes());
        shp.extend(i32::try_from(content.len() / 2).unwrap().to_be_bytes());
        shp.extend(content);
        dbf.push(b' ');
        dbf.extend(name.iter().copied().chain(std::iter::repeat(b' ')).take(30));
    }
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("a/b.shp", shp.as_slice()), ("a/b.dbf", &dbf), ("a/b.prj", prj.as_bytes())] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zipped_shapefile_in_metres_becomes_areas_that_answer() {
    let folder = Folder::new("shapefile");
    let node = House::up(folder.path(), &["--demo=empty"]);
    let token = node.token("city-security", None);
    let import = async |bytes: Vec<u8>, query: &str| {
        let form = Form::new().part("boundaries", Part::bytes(bytes).file_name("gränser.zip"));
        json(node.post(&format!("/v1/areas/import?validFrom=2023-07-01{query}"), &token).multipart(form)).await
    };
    let names: [&[u8]; 2] = [b"Norra innerstaden", b"S\xf6dermalm"];
    let (status, problem) = import(zipped(&names, PRJ, true), "").await;
    assert!(status == 400 && problem.to_string().contains("swapped"), "{problem}");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "each feature is named: {problem}");
    let rt90 = PRJ.replace("D_SWEREF99", "D_RT_1990");
    let (status, problem) = import(zipped(&names, &rt90, false), "").await;
    assert!(status == 400 && problem.to_string().contains("D_RT_1990"), "{problem}");
    let (status, problem) = import(zipped(&names, PRJ, false), "&layer=annat").await;
    assert!(status == 400 && problem.to_string().contains("it has b"), "{problem}");
    let (status, report) = import(zipped(&names, PRJ, false), "").await;
    assert_eq!(status, 200, "{report}");
    assert_eq!((&report["areas"], &report["defects"]), (&Value::from(2), &Value::Array(Vec::new())), "{report}");
    let (_, answer) = json(node.get("/v1/responsibility?lon=18.0649&lat=59.3326", &token)).await;
    assert_eq!(answer["responsible"][0]["board"]["id"], "norra-innerstaden", "{answer}");
    let (_, answer) = json(node.get("/v1/responsibility?lon=18.0830&lat=59.3326", &token)).await;
    assert_eq!(answer["responsible"][0]["board"]["id"], "sodermalm", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs NARHET_TEST_DATA"]
async fn a_check_without_a_house_says_what_a_dry_run_says_and_draws_it() {
    let folder = Folder::new("check");
    let zipped = data().join("stadsdelar-sweref99-1800.zip").display().to_string();
    let mapping = data().join("stadsdelar.csv").display().to_string();
    let picture = folder.path().join("picture.svg");
    let svg = picture.display().to_string();
    let check = ["area", "check", &zipped, "--mapping", &mapping, "--svg", &svg];
    let (good, table, err) = house::run(folder.path(), &check);
    assert!(good, "{table}{err}");
    assert_eq!(table.matches(" wide ").count(), 20, "{table}");
    assert!(table.contains("5 245 m²") && table.contains("FAGERSJÖ / HÖGDALEN"), "{table}");
    let picture = std::fs::read_to_string(&picture).unwrap();
    assert_eq!(picture.matches("role=\"group\"").count(), 20, "a card for each");
    let (_, checked, _) = house::run(folder.path(), &[&check[..], &["--format", "json"]].concat());
    let checked: Value = serde_json::from_str(&checked).unwrap();

    let node = House::up(folder.path(), &["--demo=empty"]);
    let token = node.token("city-security", None);
    let part = |path: &str| Part::bytes(std::fs::read(path).unwrap()).file_name("x");
    let form = Form::new().part("boundaries", part(&zipped)).part("mapping", part(&mapping));
    let (status, mut answered) = json(node.post("/v1/areas/import?dryRun=true", &token).multipart(form)).await;
    assert_eq!((status, &answered["features"]), (200, &Value::from(117)));
    answered.as_object_mut().unwrap().remove("cursor");
    assert_eq!(answered, checked, "the very same report");
}
