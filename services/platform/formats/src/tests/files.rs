//! Makes files of three cells in a row, in each format and system.

use narhet_geo::{Crs, Point};
use rusqlite::Connection;
use shapefile::{
    Polygon, PolygonRing, ShapeWriter,
    dbase::{FieldName, FieldValue, Record, TableWriterBuilder, encoding_rs::WINDOWS_1252 as DBASE_1252},
};
use std::io::{Cursor, Write as _};
use zip::{ZipWriter, write::SimpleFileOptions};

pub const NAMES: [&str; 3] = ["ÅRSTA", "Södra Ängby", "KISTA"];

pub const RT90: &str = r#"PROJCS["RT90_25_gon_W",GEOGCS["GCS_RT_1990",DATUM["D_RT_1990",SPHEROID["Bessel_1841",6377397.155,299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",1500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",15.80827777777778],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;

pub fn prj(crs: Crs) -> &'static str {
    match crs {
        Crs::Degrees => {
            r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#
        }
        Crs::Sweref99Tm => {
            r#"PROJCS["SWEREF99_TM",GEOGCS["GCS_SWEREF99",DATUM["D_SWEREF99",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",15.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#
        }
        Crs::Sweref99_1800 => {
            r#"PROJCS["SWEREF99 18 00",GEOGCS["SWEREF99",DATUM["SWEREF99",SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]],TOWGS84[0,0,0,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.01745329251994328]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",18],PARAMETER["scale_factor",1],PARAMETER["false_easting",150000],PARAMETER["false_northing",0],UNIT["metre",1],AXIS["Y",EAST],AXIS["X",NORTH],AUTHORITY["EPSG","3011"]]"#
        }
    }
}

/// The corners of a cell in degrees, south-west first, counter-clockwise.
pub fn corners(number: usize) -> [[f64; 2]; 4] {
    let west = 18.0 + 0.01 * number as f64;
    let east = 18.0 + 0.01 * (number + 1) as f64;
    [[west, 59.3], [east, 59.3], [east, 59.31], [west, 59.31]]
}

fn converted([lon, lat]: [f64; 2], crs: Crs, swapped: bool) -> [f64; 2] {
    let [x, y] = crs.coordinates(Point::new(lon, lat).unwrap());
    if swapped { [y, x] } else { [x, y] }
}

/// The closed ring of a cell, counter-clockwise.
fn ring(number: usize, convert: impl Fn([f64; 2]) -> [f64; 2]) -> Vec<[f64; 2]> {
    let corners = corners(number);
    corners.into_iter().chain([corners[0]]).map(convert).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Text {
    Utf8,
    Latin1,
}

/// A Shapefile to be written and zipped.
pub struct Zipped<'a> {
    pub crs: Crs,
    pub prj: Option<&'a str>,
    pub encoding: Text,
    pub code_page: Option<&'a str>,
    pub folder: &'a str,
    pub layer: &'a str,
    pub swapped: bool,
    /// Whether the first cell has a lake with an island in it, and whether the lake runs clockwise.
    pub islands: Option<bool>,
}

impl Zipped<'_> {
    pub fn of(crs: Crs) -> Zipped<'static> {
        Zipped {
            crs,
            prj: None,
            encoding: Text::Latin1,
            code_page: None,
            folder: "",
            layer: "stadsdelar",
            swapped: false,
            islands: None,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        zip(&self.entries())
    }

    pub fn entries(&self) -> Vec<(String, Vec<u8>)> {
        let name = |ending: &str| format!("{}{}.{ending}", self.folder, self.layer);
        let mut entries = vec![
            (name("shp"), self.shp()),
            (name("dbf"), self.dbf()),
            (name("prj"), self.prj.unwrap_or(prj(self.crs)).as_bytes().to_vec()),
        ];
        entries.extend(self.code_page.map(|code_page| (name("cpg"), code_page.as_bytes().to_vec())));
        entries
    }

    fn shp(&self) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = ShapeWriter::new(&mut bytes);
        for number in 0..NAMES.len() {
            let points = |ring: Vec<[f64; 2]>| -> Vec<shapefile::Point> {
                ring.into_iter().map(|[x, y]| shapefile::Point::new(x, y)).collect()
            };
            let convert = |pair| converted(pair, self.crs, self.swapped);
            let mut rings = vec![PolygonRing::Outer(points(ring(number, convert)))];
            if let (0, Some(clockwise)) = (number, self.islands) {
                let within = |share: f64| {
                    move |[lon, lat]: [f64; 2]| [18.005 + (lon - 18.005) * share, 59.305 + (lat - 59.305) * share]
                };
                let (lake, island) =
                    (ring(0, |pair| convert(within(0.5)(pair))), ring(0, |pair| convert(within(0.25)(pair))));
                rings.push(if clockwise { PolygonRing::Outer(points(lake)) } else { PolygonRing::Inner(points(lake)) });
                rings.insert(0, PolygonRing::Outer(points(island)));
            }
            writer.write_shape(&Polygon::with_rings(rings)).unwrap();
        }
        writer.finalize().unwrap();
        drop(writer);
        bytes.into_inner()
    }

    fn dbf(&self) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let builder = TableWriterBuilder::new()
            .add_numeric_field(FieldName::try_from("NR").unwrap(), 8, 0)
            .add_character_field(FieldName::try_from("NAME").unwrap(), 40);
        let builder = match self.encoding {
            Text::Utf8 => builder,
            Text::Latin1 => builder.set_encoding(shapefile::dbase::encoding::EncodingRs::from(DBASE_1252)),
        };
        let mut writer = builder.build_with_dest(&mut bytes);
        for (number, name) in NAMES.iter().enumerate() {
            let mut record = Record::default();
            record.insert("NR".to_owned(), FieldValue::Numeric(Some(number as f64)));
            record.insert("NAME".to_owned(), FieldValue::Character(Some((*name).to_owned())));
            writer.write_record(&record).unwrap();
        }
        writer.finalize().unwrap();
        drop(writer);
        bytes.into_inner()
    }
}

pub fn zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn geojson_of(crs: Crs) -> Vec<u8> {
    geojson_with(crs, false)
}

pub fn geojson_with(crs: Crs, swapped: bool) -> Vec<u8> {
    let features = NAMES.iter().enumerate().map(|(number, name)| {
        let ring = ring(number, |pair| converted(pair, crs, swapped));
        serde_json::json!({ "type": "Feature", "properties": { "name": name, "other": [1, 2] }, "geometry": { "type": "Polygon", "coordinates": [ring] } })
    });
    let mut document = serde_json::json!({ "type": "FeatureCollection", "features": features.collect::<Vec<_>>() });
    if crs != Crs::Degrees {
        let name = format!("urn:ogc:def:crs:EPSG::{}", crs.epsg());
        document["crs"] = serde_json::json!({ "type": "name", "properties": { "name": name } });
    }
    document.to_string().into_bytes()
}

pub fn geopackage_of(crs: Crs, tables: &[&str]) -> Vec<u8> {
    let code = i64::from(crs.epsg());
    geopackage(tables, code, "EPSG", code, false, |pair| converted(pair, crs, false))
}

/// A GeoPackage with these layers, all alike; as a view it has no table behind its layer.
pub fn geopackage(
    tables: &[&str],
    srs_id: i64,
    organization: &str,
    code: i64,
    as_view: bool,
    convert: impl Fn([f64; 2]) -> [f64; 2],
) -> Vec<u8> {
    let mut database = Connection::open_in_memory().unwrap();
    database
        .execute_batch(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT);
             CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, srs_id INTEGER);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);",
        )
        .unwrap();
    database
        .execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('x', ?1, ?2, ?3, 'undefined')", (srs_id, organization, code))
        .unwrap();
    for table in tables {
        let inner = if as_view { format!("{table}_inner") } else { (*table).to_owned() };
        database
            .execute_batch(&format!(
                "CREATE TABLE \"{inner}\" (fid INTEGER PRIMARY KEY, \"Name\" TEXT, the_geom BLOB, area REAL)"
            ))
            .unwrap();
        if as_view {
            database.execute_batch(&format!("CREATE VIEW \"{table}\" AS SELECT * FROM \"{inner}\"")).unwrap();
        }
        database.execute("INSERT INTO gpkg_contents VALUES (?1, 'features', ?1, ?2)", (table, srs_id)).unwrap();
        database
            .execute(
                "INSERT INTO gpkg_geometry_columns VALUES (?1, 'the_geom', 'MULTIPOLYGON', ?2, 0, 0)",
                (table, srs_id),
            )
            .unwrap();
        for (number, name) in NAMES.iter().enumerate() {
            let blob = blob(i32::try_from(srs_id).unwrap(), number, &ring(number, &convert));
            database
                .execute(&format!("INSERT INTO \"{inner}\" (\"Name\", the_geom) VALUES (?1, ?2)"), (name, blob))
                .unwrap();
        }
    }
    database.serialize("main").unwrap().to_vec()
}

/// One polygon: without envelope and little-endian, with one and big-endian and Z, or in a MultiPolygon.
fn blob(srs_id: i32, number: usize, ring: &[[f64; 2]]) -> Vec<u8> {
    let mut blob = b"GP\0".to_vec();
    let big = number == 1;
    let float = |value: f64| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let integer = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    blob.push(if big { 0b0010 } else { 0b0001 });
    blob.extend(if big { srs_id.to_be_bytes() } else { srs_id.to_le_bytes() });
    if big {
        blob.extend([0.0, 1.0, 2.0, 3.0].into_iter().flat_map(float));
    }
    let order = u8::from(!big);
    if number == 2 {
        blob.push(order);
        blob.extend(integer(6).into_iter().chain(integer(1)));
    }
    blob.push(order);
    blob.extend(integer(if big { 1_003 } else { 3 }));
    blob.extend(integer(1).into_iter().chain(integer(u32::try_from(ring.len()).unwrap())));
    for [x, y] in ring {
        blob.extend(float(*x).into_iter().chain(float(*y)));
        if big {
            blob.extend(float(7.0));
        }
    }
    blob
}
