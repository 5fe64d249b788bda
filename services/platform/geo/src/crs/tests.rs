//! Against pyproj's values, against itself, and against the texts that files carry.

use super::*;
use proptest::prelude::*;

const REFERENCE: &str = include_str!("../../reference/sweref99.csv");
const MILLIMETRE: f64 = 0.001;

const ESRI_3011: &str = r#"PROJCS["SWEREF99_18_00",GEOGCS["GCS_SWEREF99",DATUM["D_SWEREF99",SPHEROID["GRS_1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",18],PARAMETER["scale_factor",1],PARAMETER["false_easting",150000],PARAMETER["false_northing",0],UNIT["Meter",1]]"#;
const OGC_3006: &str = r#"PROJCS["SWEREF99 TM",GEOGCS["SWEREF99",DATUM["SWEREF99",SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]],AUTHORITY["EPSG","6619"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4619"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",15],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","3006"]]"#;
const WKT2_3006: &str = r#"PROJCRS["SWEREF99 TM",BASEGEOGCRS["SWEREF99",DATUM["SWEREF99",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4619]],CONVERSION["SWEREF99 TM",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["Longitude of natural origin",15,ANGLEUNIT["degree",0.0174532925199433]],PARAMETER["Scale factor at natural origin",0.9996,SCALEUNIT["unity",1]],PARAMETER["False easting",500000,LENGTHUNIT["metre",1]],PARAMETER["False northing",0,LENGTHUNIT["metre",1]]],CS[Cartesian,2],AXIS["northing (N)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (E)",east,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",3006]]"#;
const ESRI_4326: &str = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

fn rows() -> impl Iterator<Item = [f64; 6]> {
    let lines = REFERENCE.lines().filter(|line| !line.starts_with(['#', 'l']));
    lines.map(|line| {
        let numbers: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        numbers.try_into().unwrap()
    })
}

#[test]
fn both_projections_are_within_a_millimetre_of_pyproj_both_ways() {
    let mut worst = [0.0_f64; 2];
    for [lon, lat, e3006, n3006, e3011, n3011] in rows() {
        for (crs, east, north) in [(Crs::Sweref99Tm, e3006, n3006), (Crs::Sweref99_1800, e3011, n3011)] {
            let projection = crs.projection().unwrap();
            let (e, n) = projection.forward(lon, lat);
            worst[0] = worst[0].max((e - east).hypot(n - north));
            let (back_lon, back_lat) = projection.inverse(east, north);
            let (m_lon, m_lat) = crate::measure::metres_per_degree(lat);
            worst[1] = worst[1].max(((back_lon - lon) * m_lon).hypot((back_lat - lat) * m_lat));
        }
    }
    println!("worst of {} places: forward {:.1e} m, inverse {:.1e} m", rows().count(), worst[0], worst[1]);
    assert!(rows().count() > 100 && worst.iter().all(|worst| *worst < MILLIMETRE), "{worst:?}");
}

#[test]
fn a_description_is_recognised_by_its_parameters_and_not_by_its_name() {
    for (text, crs) in [
        (ESRI_3011, Crs::Sweref99_1800),
        (OGC_3006, Crs::Sweref99Tm),
        (WKT2_3006, Crs::Sweref99Tm),
        (ESRI_4326, Crs::Degrees),
    ] {
        assert_eq!(Crs::from_wkt(text), Ok(crs));
        assert_eq!(Crs::from_wkt(&format!("\u{feff} {} \r\n", text.replace(',', " , "))), Ok(crs));
    }
    // The name of another zone over the parameters of Stockholm's, and the other way round.
    assert_eq!(Crs::from_wkt(&ESRI_3011.replace("SWEREF99_18_00", "SWEREF99_16_30")), Ok(Crs::Sweref99_1800));
    let other_zone = ESRI_3011.replace("\"central_meridian\",18", "\"central_meridian\",16.5");
    let CrsError::Unknown { found } = Crs::from_wkt(&other_zone).unwrap_err() else { panic!() };
    assert!(found.contains("SWEREF99_18_00") && found.contains("central meridian 16.5"), "{found}");
}

#[test]
fn what_is_unknown_is_refused_by_what_was_found() {
    for (text, said) in [
        (ESRI_3011.replace("Transverse_Mercator", "Lambert_Conformal_Conic"), "lambert"),
        (ESRI_3011.replace("D_SWEREF99", "D_RT_1990"), "D_RT_1990"),
        (ESRI_3011.replace("298.257222101", "299.1528128"), "GRS_1980"),
        (ESRI_3011.replace("\"Meter\",1", "\"Foot\",0.3048"), "Foot"),
        (ESRI_3011.replace("\"false_northing\",0", "\"false_northing\",6"), "false northing 6"),
        (OGC_3006.replace("\"SWEREF99\",SPH", "\"WGS_1984\",SPH"), "WGS_1984"),
        (ESRI_4326.replace("D_WGS_1984", "D_North_American_1983"), "North_American"),
        (ESRI_4326.replace("\"Greenwich\",0.0", "\"Paris\",2.33"), "2.33"),
        ("LOCAL_CS[\"Stockholm ST74\"]".to_owned(), "ST74"),
    ] {
        let refused = Crs::from_wkt(&text).unwrap_err();
        assert!(matches!(&refused, CrsError::Unknown { .. }) && refused.to_string().contains(said), "{refused}");
    }
    for text in ["", "SWEREF99 TM", "PROJCS[", "PROJCS[]", "PROJCS[\"a\"", &"PROJCS[".repeat(10_000), "]"] {
        assert!(matches!(Crs::from_wkt(text), Err(CrsError::Unreadable(_))), "{text:.20}");
    }
}

#[test]
fn a_system_is_known_by_its_codes_and_names() {
    for (name, crs) in [
        ("EPSG:3006", Crs::Sweref99Tm),
        ("urn:ogc:def:crs:EPSG::3011", Crs::Sweref99_1800),
        ("http://www.opengis.net/def/crs/EPSG/0/3006", Crs::Sweref99Tm),
        ("3011", Crs::Sweref99_1800),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Degrees),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Crs::Degrees),
        ("urn:ogc:def:crs:EPSG::4326", Crs::Degrees),
    ] {
        assert_eq!(Crs::from_name(name), Ok(crs), "{name}");
    }
    for name in ["EPSG:3021", "EPSG:32633", "", "SWEREF99", "ESRI:3006", "x3006"] {
        let refused = Crs::from_name(name).unwrap_err().to_string();
        assert!(refused.contains(name) && refused.contains("EPSG:3011"), "{refused}");
    }
}

#[test]
fn swapped_axes_and_a_wrong_system_are_noticed_and_named() {
    let (east, north) = (153_905.093, 6_579_354.448);
    let place = Crs::Sweref99_1800.point(east, north, "here").unwrap();
    assert!((place.lon - 18.0686).abs() < 1e-7 && (place.lat - 59.3293).abs() < 1e-7);
    let said = |crs: Crs, x: f64, y: f64| crs.point(x, y, "ring 1, vertex 7").unwrap_err().to_string();
    let swapped = said(Crs::Sweref99_1800, north, east);
    assert!(swapped.contains("swapped") && swapped.contains("ring 1, vertex 7"), "{swapped}");
    assert!(said(Crs::Degrees, 59.3293, 18.0686).contains("swapped"));
    assert!(said(Crs::Sweref99Tm, east, north).contains("looks like EPSG:3011"));
    assert!(said(Crs::Sweref99_1800, 674_571.866, 6_580_743.008).contains("looks like EPSG:3006"));
    assert!(said(Crs::Sweref99_1800, 18.0686, 59.3293).contains("looks like EPSG:4326"));
    assert!(said(Crs::Sweref99_1800, f64::NAN, north).contains("finite"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn there_and_back_is_within_a_billionth_of_a_degree(lon in 10.5..24.5_f64, lat in 55.0..69.5_f64) {
        for crs in [Crs::Sweref99Tm, Crs::Sweref99_1800] {
            let projection = crs.projection().unwrap();
            let (east, north) = projection.forward(lon, lat);
            let (back_lon, back_lat) = projection.inverse(east, north);
            prop_assert!((back_lon - lon).abs() < 1e-9 && (back_lat - lat).abs() < 1e-9, "{crs} {back_lon} {back_lat}");
        }
    }
}
