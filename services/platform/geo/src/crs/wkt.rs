//! Well-known text of a coordinate system: enough of WKT 1 (ESRI's and OGC's) and WKT 2 to know what it describes.

use super::{Crs, CrsError};
use crate::limits::{WKT_BYTES_MAX, WKT_DEPTH_MAX};

/// Ellipsoids of the two datums; they differ by a tenth of a millimetre.
const SEMI_MAJOR_M: f64 = 6_378_137.0;
const INVERSE_FLATTENING: [f64; 2] = [298.257_222_101, 298.257_223_563];
/// Decimals that programs write differ in the last places.
const TOLERANCE: f64 = 1e-8;

pub(super) fn crs(text: &str) -> Result<Crs, CrsError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.len() > WKT_BYTES_MAX {
        return Err(CrsError::Unreadable(format!("it has {} bytes, {WKT_BYTES_MAX} are allowed", text.len())));
    }
    let mut reader = Reader { rest: text };
    let root = reader.node(0)?;
    match root.keyword.as_str() {
        "PROJCS" | "PROJCRS" | "PROJECTEDCRS" => projected(&root),
        "GEOGCS" | "GEOGCRS" | "GEOGRAPHICCRS" | "GEODCRS" | "GEODETICCRS" => geographic(&root),
        other => Err(found(&root, &format!("it is a {other}"))),
    }
}

fn projected(root: &Node) -> Result<Crs, CrsError> {
    let method = root.find(&["PROJECTION", "METHOD"]).map(|node| letters(node.name())).unwrap_or_default();
    if !["transversemercator", "gausskruger"].contains(&method.as_str()) {
        return Err(found(root, &format!("its projection is {method:?}")));
    }
    datum(root, &["sweref99"])?;
    if let Some(unit) = root.children().filter(|node| ["UNIT", "LENGTHUNIT"].contains(&node.keyword.as_str())).last()
        && unit.number(0).is_none_or(|factor| !near(factor, 1.0))
    {
        return Err(found(root, &format!("its unit is {:?}, not the metre", unit.name())));
    }
    let parameter = |names: &[&str]| {
        let of_name = |node: &&Node| names.contains(&letters(node.name()).as_str());
        root.all("PARAMETER").into_iter().find(of_name).and_then(|node| node.number(0))
    };
    let meridian = parameter(&["centralmeridian", "longitudeofnaturalorigin", "longitudeoforigin"]);
    let scale = parameter(&["scalefactor", "scalefactoratnaturalorigin"]);
    let easting = parameter(&["falseeasting"]);
    let northing = parameter(&["falsenorthing"]).unwrap_or(0.0);
    let latitude = parameter(&["latitudeoforigin", "latitudeofnaturalorigin"]).unwrap_or(0.0);
    let known = Crs::ALL.into_iter().find(|crs| {
        crs.projection().is_some_and(|known| {
            [(meridian, known.central_meridian), (scale, known.scale), (easting, known.false_easting)]
                .into_iter()
                .all(|(given, known)| given.is_some_and(|given| near(given, known)))
        })
    });
    known.filter(|_| near(northing, 0.0) && near(latitude, 0.0)).ok_or_else(|| {
        let shown = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
        let parameters = format!(
            "central meridian {}, scale {}, false easting {}, false northing {northing}, latitude of origin {latitude}",
            shown(meridian),
            shown(scale),
            shown(easting)
        );
        found(root, &parameters)
    })
}

fn geographic(root: &Node) -> Result<Crs, CrsError> {
    datum(root, &["sweref99", "wgs1984", "wgs84", "worldgeodeticsystem1984"])?;
    if let Some(unit) = root.children().filter(|node| ["UNIT", "ANGLEUNIT"].contains(&node.keyword.as_str())).last()
        && unit.number(0).is_none_or(|factor| !near(factor, std::f64::consts::PI / 180.0))
    {
        return Err(found(root, &format!("its unit is {:?}, not the degree", unit.name())));
    }
    Ok(Crs::Degrees)
}

/// The datum is one of these, on an ellipsoid of theirs, counted from Greenwich.
fn datum(root: &Node, known: &[&str]) -> Result<(), CrsError> {
    let named = root.find(&["DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE"]);
    let name = named.map(|node| letters(node.name())).unwrap_or_default();
    let name = name.strip_prefix('d').filter(|rest| known.contains(rest)).map_or(name.clone(), str::to_owned);
    if !known.iter().any(|known| name.starts_with(known)) {
        let name = named.map_or("missing", Node::name);
        return Err(found(root, &format!("its datum is {name:?}")));
    }
    let ellipsoid = root.find(&["SPHEROID", "ELLIPSOID"]);
    let (axis, flattening) = ellipsoid.map_or((None, None), |node| (node.number(0), node.number(1)));
    let fits = axis.is_some_and(|axis| near(axis, SEMI_MAJOR_M))
        && flattening.is_some_and(|given| INVERSE_FLATTENING.iter().any(|known| near(given, *known)));
    if !fits {
        return Err(found(root, &format!("its ellipsoid is {:?}", ellipsoid.map_or("missing", Node::name))));
    }
    match root.find(&["PRIMEM", "PRIMEMERIDIAN"]).and_then(|node| node.number(0)) {
        Some(meridian) if !near(meridian, 0.0) => Err(found(root, &format!("its prime meridian is at {meridian}"))),
        _ => Ok(()),
    }
}

fn near(given: f64, known: f64) -> bool {
    (given - known).abs() <= TOLERANCE * known.abs().max(1.0)
}

fn found(root: &Node, what: &str) -> CrsError {
    let name: String = root.name().chars().take(super::SHOWN_CHARS_MAX).collect();
    CrsError::Unknown { found: format!("{name:?} ({what})") }
}

/// Letters and digits in lower case: `Transverse_Mercator` and `Transverse Mercator` are one.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// `KEYWORD["text", number, CHILD[…], word]`.
#[derive(Debug)]
struct Node {
    keyword: String,
    values: Vec<Value>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Number(f64),
    Node(Node),
}

impl Node {
    fn name(&self) -> &str {
        match self.values.first() {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn number(&self, index: usize) -> Option<f64> {
        let numbers = self.values.iter().filter_map(|value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        });
        numbers.into_iter().nth(index)
    }

    fn children(&self) -> impl Iterator<Item = &Node> {
        self.values.iter().filter_map(|value| match value {
            Value::Node(node) => Some(node),
            _ => None,
        })
    }

    /// Every node below with this keyword, in the order of the text.
    fn all(&self, keyword: &str) -> Vec<&Node> {
        let mut found = Vec::new();
        for child in self.children() {
            if child.keyword == keyword {
                found.push(child);
            }
            found.extend(child.all(keyword));
        }
        found
    }

    fn find(&self, keywords: &[&str]) -> Option<&Node> {
        keywords.iter().find_map(|keyword| self.all(keyword).into_iter().next())
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn node(&mut self, depth: usize) -> Result<Node, CrsError> {
        if depth > WKT_DEPTH_MAX {
            return Err(CrsError::Unreadable(format!("it nests deeper than {WKT_DEPTH_MAX} levels")));
        }
        let keyword = self.word().to_uppercase();
        if keyword.is_empty() || !self.take(['[', '(']) {
            return Err(self.unexpected());
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value(depth)?);
            if self.take([']', ')']) {
                return Ok(Node { keyword, values });
            }
            if !self.take([',', ';']) {
                return Err(self.unexpected());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, CrsError> {
        self.rest = self.rest.trim_start();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let (text, rest) = quoted.split_once('"').ok_or_else(|| self.unexpected())?;
            self.rest = rest;
            return Ok(Value::Text(text.to_owned()));
        }
        let end = self.rest.find([',', ';', '[', '(', ']', ')']).unwrap_or(self.rest.len());
        let word = self.rest[..end].trim();
        if let Ok(number) = word.parse() {
            self.rest = &self.rest[end..];
            return Ok(Value::Number(number));
        }
        if self.rest[end..].starts_with(['[', '(']) {
            return self.node(depth + 1).map(Value::Node);
        }
        // A bare word, like the direction of an axis.
        self.rest = &self.rest[end..];
        if word.is_empty() { Err(self.unexpected()) } else { Ok(Value::Text(word.to_owned())) }
    }

    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end =
            self.rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn take(&mut self, letters: [char; 2]) -> bool {
        self.rest = self.rest.trim_start();
        let taken = self.rest.starts_with(letters);
        if taken {
            self.rest = &self.rest[1..];
        }
        taken
    }

    fn unexpected(&self) -> CrsError {
        let rest: String = self.rest.chars().take(40).collect();
        CrsError::Unreadable(format!("it is no well-known text at {rest:?}"))
    }
}
