//! Files that are made here, by other libraries than those that read them, and the city's own.

mod files;
mod real;

use super::*;
use files::*;
use narhet_geo::Point;

const WANTED: Wanted<'_> = Wanted { layer: None, properties: &["name", "approximate"], features_max: 1_000 };

fn names(layer: &Layer) -> Vec<&str> {
    layer.records.iter().map(|record| record.properties["name"].as_str()).collect()
}

fn said(bytes: &[u8]) -> String {
    read(bytes, &WANTED).unwrap_err().to_string()
}

/// Whether a shape has its corners where the cell was drawn, to a tenth of a millimetre.
fn is_cell(shape: &Shape, number: usize) -> bool {
    let geojson = shape.to_geojson();
    let ring = geojson["coordinates"][0].as_array().unwrap();
    let near = |[lon, lat]: [f64; 2]| {
        ring.iter().any(|at| {
            let (x, y) = (at[0].as_f64().unwrap(), at[1].as_f64().unwrap());
            (x - lon).abs() < 1e-9 && (y - lat).abs() < 1e-9
        })
    };
    ring.len() == 5 && corners(number).into_iter().all(near)
}

#[test]
fn every_format_in_every_system_gives_the_same_named_polygons() {
    for crs in Crs::ALL {
        for (format, bytes) in [
            (Format::Shapefile, Zipped::of(crs).bytes()),
            (Format::GeoPackage, geopackage_of(crs, &["stadsdelar"])),
            (Format::GeoJson, geojson_of(crs)),
        ] {
            let layer = read(&bytes, &WANTED).unwrap();
            assert_eq!((layer.format, layer.crs), (format, crs));
            assert_eq!(names(&layer), NAMES, "{format} {crs}");
            for (number, record) in layer.records.iter().enumerate() {
                assert!(is_cell(record.shape.as_ref().unwrap(), number), "{format} {crs} {record:?}");
            }
        }
    }
}

#[test]
fn what_neighbours_share_in_metres_they_share_bit_for_bit_in_degrees() {
    for crs in [Crs::Sweref99Tm, Crs::Sweref99_1800] {
        for bytes in [Zipped::of(crs).bytes(), geopackage_of(crs, &["a"]), geojson_of(crs)] {
            let layer = read(&bytes, &WANTED).unwrap();
            let features: Vec<(String, Shape)> = layer
                .records
                .into_iter()
                .map(|record| (record.properties["name"].clone(), record.shape.unwrap()))
                .collect();
            assert!(narhet_geo::coverage(&features).is_exact());
        }
    }
}

#[test]
fn text_is_read_in_utf_8_and_latin_1_with_or_without_a_code_page() {
    for (encoding, code_page) in [
        (Text::Latin1, None),
        (Text::Latin1, Some("ISO-8859-1")),
        (Text::Latin1, Some("1252\r\n")),
        (Text::Utf8, None),
        (Text::Utf8, Some("UTF-8")),
    ] {
        let zipped = Zipped { encoding, code_page, ..Zipped::of(Crs::Sweref99_1800) };
        assert_eq!(names(&read(&zipped.bytes(), &WANTED).unwrap()), NAMES, "{encoding:?} {code_page:?}");
    }
    let wrong = Zipped { encoding: Text::Latin1, code_page: Some("UTF-8"), ..Zipped::of(Crs::Degrees) };
    assert!(said(&wrong.bytes()).contains("record 1 is not in UTF-8"), "{}", said(&wrong.bytes()));
    let unknown = Zipped { code_page: Some("KOI8-R"), ..Zipped::of(Crs::Degrees) };
    assert!(said(&unknown.bytes()).contains("KOI8-R"));
}

#[test]
fn a_shapefile_is_found_in_folders_and_among_others_by_its_name() {
    let nested = Zipped { folder: "leverans/2026 åäö/", ..Zipped::of(Crs::Sweref99Tm) };
    assert_eq!(names(&read(&nested.bytes(), &WANTED).unwrap()), NAMES);
    let mut two = Zipped::of(Crs::Sweref99Tm).entries();
    two.extend(Zipped { folder: "annat/", layer: "OMRADEN", ..Zipped::of(Crs::Sweref99_1800) }.entries());
    two.push(("__MACOSX/._stadsdelar.shp".to_owned(), b"rubbish".to_vec()));
    let two = zip(&two);
    assert!(said(&two).contains("choose one by name: OMRADEN, stadsdelar"), "{}", said(&two));
    let chosen = read(&two, &Wanted { layer: Some("omraden"), ..WANTED }).unwrap();
    assert_eq!(chosen.crs, Crs::Sweref99_1800);
    let none = read(&two, &Wanted { layer: Some("vägar"), ..WANTED }).unwrap_err().to_string();
    assert!(none.contains("vägar") && none.contains("OMRADEN"), "{none}");
}

#[test]
fn what_a_shapefile_lacks_or_has_wrong_is_named_with_what_to_do() {
    let without = |ending: &str| {
        let entries = Zipped::of(Crs::Sweref99_1800).entries();
        zip(&entries.into_iter().filter(|(name, _)| !name.ends_with(ending)).collect::<Vec<_>>())
    };
    assert!(said(&without(".prj")).contains("add the .prj of EPSG:3006"), "{}", said(&without(".prj")));
    assert!(said(&without(".dbf")).contains("stadsdelar.dbf"));
    assert!(said(&without(".shp")).contains("no .shp"));
    let rt90 = Zipped { prj: Some(RT90), ..Zipped::of(Crs::Sweref99_1800) };
    assert!(
        said(&rt90.bytes()).contains("RT90") && said(&rt90.bytes()).contains("EPSG:3011"),
        "{}",
        said(&rt90.bytes())
    );
    let cut = |ending: &str, bytes: usize| {
        let mut entries = Zipped::of(Crs::Sweref99_1800).entries();
        let (_, content) = entries.iter_mut().find(|(name, _)| name.ends_with(ending)).unwrap();
        content.truncate(content.len() - bytes);
        said(&zip(&entries))
    };
    assert!(cut(".shp", 3).contains("beyond the end"));
    assert!(cut(".dbf", 30).contains("not all there"), "{}", cut(".dbf", 30));
    let zip = Zipped::of(Crs::Degrees).bytes();
    assert!(said(&zip[..zip.len() / 2]).contains("zip archive"));
}

#[test]
fn a_wrong_system_and_swapped_axes_are_named_with_feature_and_place() {
    let fault = |bytes: &[u8]| {
        let layer = read(bytes, &WANTED).unwrap();
        assert_eq!(names(&layer), NAMES, "all are read, each with its fault");
        layer.records[1].shape.clone().unwrap_err().to_string()
    };
    let wrong = Zipped { prj: Some(prj(Crs::Sweref99Tm)), ..Zipped::of(Crs::Sweref99_1800) };
    assert!(fault(&wrong.bytes()).contains("looks like EPSG:3011"), "{}", fault(&wrong.bytes()));
    for crs in Crs::ALL {
        let swapped = Zipped { swapped: true, ..Zipped::of(crs) };
        let fault = fault(&swapped.bytes());
        assert!(fault.contains("swapped") && fault.contains("ring 1, vertex 1"), "{fault}");
    }
    assert!(fault(&geojson_with(Crs::Sweref99Tm, true)).contains("swapped"));
}

#[test]
fn rings_are_nested_by_where_they_lie_whichever_way_they_run() {
    for clockwise_holes in [false, true] {
        let zipped = Zipped { islands: Some(clockwise_holes), ..Zipped::of(Crs::Sweref99Tm) };
        let layer = read(&zipped.bytes(), &WANTED).unwrap();
        let geojson = layer.records[0].shape.as_ref().unwrap().to_geojson();
        let rings: Vec<usize> =
            geojson["coordinates"].as_array().unwrap().iter().map(|part| part.as_array().unwrap().len()).collect();
        assert_eq!((geojson["type"].as_str().unwrap(), rings), ("MultiPolygon", vec![2, 1]), "a lake with an island");
    }
}

#[test]
fn a_zip_bomb_is_refused_by_the_limit() {
    let mut entries = Zipped::of(Crs::Sweref99_1800).entries();
    for (name, content) in &mut entries {
        if name.ends_with(".shp") {
            content.resize(usize::try_from(limits::UNPACKED_BYTES_MAX).unwrap() + 1, 0);
        }
    }
    let bomb = zip(&entries);
    assert!(bomb.len() < 1_000_000, "{} bytes", bomb.len());
    assert!(matches!(read(&bomb, &WANTED), Err(FormatError::Unpacked { .. })));
    let many: Vec<_> = (0..=limits::ZIP_ENTRIES_MAX).map(|number| (format!("{number}.txt"), Vec::new())).collect();
    assert!(matches!(read(&zip(&many), &WANTED), Err(FormatError::ZipEntries { .. })));
    let prj = "PROJCS[".repeat(20_000);
    let long = Zipped { prj: Some(&prj), ..Zipped::of(Crs::Degrees) };
    assert!(matches!(read(&long.bytes(), &WANTED), Err(FormatError::Unpacked { .. })));
}

#[test]
fn counts_that_lie_cost_nothing() {
    let mut entries = Zipped::of(Crs::Sweref99_1800).entries();
    let (_, shp) = entries.iter_mut().find(|(name, _)| name.ends_with(".shp")).unwrap();
    shp[100 + 8 + 36..100 + 8 + 44].fill(0x7f);
    let layer = read(&zip(&entries), &WANTED).unwrap();
    let fault = layer.records[0].shape.clone().unwrap_err().to_string();
    assert!(fault.contains("do not fit"), "{fault}");
    assert!(layer.records[1].shape.is_ok());
    assert!(wkb::polygons(&[1, 3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(wkb::polygons(&[1, 6, 0, 0, 0, 1, 0, 0, 0, 1, 6, 0, 0, 0]).is_err());
}

#[test]
fn a_geopackage_gives_its_only_layer_or_the_chosen_one_and_nothing_that_runs() {
    let two = geopackage_of(Crs::Sweref99Tm, &["omraden", "stadsdelar"]);
    assert!(said(&two).contains("omraden, stadsdelar"));
    let chosen = read(&two, &Wanted { layer: Some("STADSDELAR"), ..WANTED }).unwrap();
    assert_eq!(names(&chosen), NAMES);
    let unknown = geopackage(&["a"], 3021, "EPSG", 3021, false, |[x, y]| [x, y]);
    assert!(said(&unknown).contains("EPSG:3021"), "{}", said(&unknown));
    let undefined = geopackage(&["a"], -1, "NONE", -1, false, |[x, y]| [x, y]);
    assert!(said(&undefined).contains("coordinate system"), "{}", said(&undefined));
    let view = geopackage(&["a"], 4326, "EPSG", 4326, true, |[x, y]| [x, y]);
    assert!(said(&view).contains("not an ordinary table"), "{}", said(&view));
    let mut open = geopackage_of(Crs::Degrees, &["a"]);
    open[18..20].fill(2);
    assert_eq!(read(&open, &WANTED).unwrap_err(), FormatError::GeoPackageOpen);
    let whole = geopackage_of(Crs::Degrees, &["a"]);
    for end in [16, 100, 1_000, whole.len() / 2, whole.len() - 1] {
        assert!(read(&whole[..end], &WANTED).is_err(), "cut at {end}");
    }
}

#[test]
fn geojson_honours_a_known_crs_and_refuses_an_unknown_one() {
    let text = String::from_utf8(geojson_of(Crs::Sweref99_1800)).unwrap();
    assert!(said(text.replace("3011", "3010").as_bytes()).contains("EPSG:3010"));
    for (text, said_of_it) in [
        ("{}", "missing field `type`"),
        (r#"{"type":"Feature"}"#, "its type is \"Feature\""),
        (r#"{"type":"FeatureCollection","features":[{"geometry":[NaN]}]}"#, "not a GeoJSON"),
        (r#"{"type":"FeatureCollection","features":[]}"#, "no features"),
    ] {
        assert!(said(text.as_bytes()).contains(said_of_it), "{}", said(text.as_bytes()));
    }
    let few = Wanted { features_max: 2, ..WANTED };
    for bytes in [geojson_of(Crs::Degrees), Zipped::of(Crs::Degrees).bytes(), geopackage_of(Crs::Degrees, &["a"])] {
        assert!(matches!(read(&bytes, &few), Err(FormatError::TooMany { limit: 2, .. })));
    }
}

#[test]
fn a_file_of_another_kind_is_refused_with_what_to_do() {
    for (bytes, said_of_it) in [
        (&b""[..], "empty"),
        (b"<?xml version=\"1.0\"?><gml/>", "GML"),
        (b"[1, 2]", "FeatureCollection is an object"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x00\x00\x27\x0a\x00\x00", "zip it together"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"stadsdel;omrade", "none of them"),
    ] {
        assert!(said(bytes).contains(said_of_it), "{}", said(bytes));
    }
    assert_eq!(detect(b"\xef\xbb\xbf \n{"), Ok(Format::GeoJson));
}

#[test]
fn a_broken_feature_is_named_and_the_others_are_read() {
    let bowtie = r#"{"type":"FeatureCollection","approximate":true,"features":[
        {"type":"Feature","properties":{"Name":"A","approximate":true},"geometry":{"type":"Polygon","coordinates":[[[18,59],[18.1,59.1],[18.1,59],[18,59.1],[18,59]]]}},
        {"type":"Feature","properties":{"name":7},"geometry":{"type":"Point","coordinates":[18,59]}},
        {"type":"Feature","properties":null,"geometry":null},
        {"type":"Feature","properties":{"name":"D"},"geometry":{"type":"Polygon","coordinates":[[[18,59],[18.1,59],[18.1,59.1],[18,59]]]}}]}"#;
    let layer = read(bowtie.as_bytes(), &WANTED).unwrap();
    assert!(layer.approximate && layer.records[0].properties["approximate"] == "true");
    let faults: Vec<String> =
        layer.records.iter().filter_map(|record| record.shape.as_ref().err()).map(ToString::to_string).collect();
    assert!(faults[0].contains("crosses") && faults[0].contains("18.05"), "{faults:?}");
    assert!(faults[1].contains("Point") && faults[2].contains("no geometry"));
    assert_eq!(layer.records[1].properties["name"], "7");
    assert!(layer.records[3].shape.is_ok() && layer.records[2].properties.is_empty());
}

/// Hostile: a polygon of 50,000 rings whose order is broken at one place; all of them stood in the error.
#[test]
fn a_shape_whose_rings_are_in_no_order_is_named_by_the_first_ring_and_briefly() {
    let rings = 50_000_i32;
    let mut content = vec![0; 36];
    content[0] = 5;
    content.extend([rings, rings * 4].into_iter().flat_map(i32::to_le_bytes));
    let start = |ring: i32| if ring == 7 { 0 } else { ring * 4 };
    content.extend((0..rings).flat_map(|ring| start(ring).to_le_bytes()));
    content.resize(content.len() + 64 * usize::try_from(rings).unwrap(), 0);
    let said = shapefile::shape(&content, Crs::Degrees).unwrap_err().to_string();
    assert!(said.contains("its ring 7 begins at vertex 24 and ends at 0"), "{said}");
    assert!(said.len() < 200, "{} bytes", said.len());
    content[44] = 1;
    let said = shapefile::shape(&content, Crs::Degrees).unwrap_err().to_string();
    assert!(said.contains("first ring begins at vertex 1"), "{said}");
}

/// Hostile: features that are each within the limit and together more than memory.
#[test]
fn the_vertices_of_all_features_together_have_a_limit() {
    let [west, south] = corners(0)[0];
    let one = Ok(Shape::point(Point::new(west, south).unwrap()));
    let mut vertices = limits::FILE_VERTICES_MAX - 1;
    assert_eq!(check_vertices(&mut vertices, &one), Ok(()));
    assert_eq!(check_vertices(&mut vertices, &Err(GeometryFault::Missing)), Ok(()));
    assert_eq!(check_vertices(&mut vertices, &one), Err(FormatError::TooManyVertices));
    assert!(FormatError::TooManyVertices.to_string().contains("4000000 vertices"));
}
