//! Answers against `proto/openapi.json`: whatever an answer holds must be described there, and be what it is described as.

use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// Whose operations describe their answers to the last member.
const DESCRIBED_TAGS: [&str; 5] = ["actors", "duty", "incidents", "readiness", "support-cases"];
/// What a schema may say here. A word that nobody checks would be a promise that nobody keeps.
const CHECKED: [&str; 15] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "const",
    "enum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "type",
];
/// What is for the reader, or bounds of texts that only requests have.
const UNCHECKED: [&str; 6] = ["default", "description", "example", "maxLength", "minLength", "pattern"];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(crate::root().join("proto/openapi.json")).expect("the description can be read");
    serde_json::from_str(&text).expect("the description is JSON")
});

/// An operation as it is described.
#[derive(Clone, Copy)]
pub struct Operation {
    pub id: &'static str,
    described: &'static Value,
}

impl Operation {
    /// The one that a request is for.
    pub fn of(method: &str, path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let is_name = |part: &str| part.starts_with('{');
        let fits = |template: &str| {
            let names: Vec<&str> = template.split('/').collect();
            names.len() == parts.len() && names.iter().zip(&parts).all(|(name, part)| is_name(name) || name == part)
        };
        let method = method.to_lowercase();
        let found =
            DOCUMENT["paths"].as_object()?.iter().filter(|(path, item)| fits(path) && item[&method].is_object());
        // `/v1/actors/protected` is itself and no actor.
        let (_, item) = found.min_by_key(|(path, _)| path.split('/').filter(|part| is_name(part)).count())?;
        Some(Self { id: item[&method]["operationId"].as_str()?, described: &item[&method] })
    }

    /// Those under a tag that answer with JSON when all is well.
    pub fn ids_under(tag: &str) -> BTreeSet<&'static str> {
        let all = DOCUMENT["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| item.as_object());
        let tagged = all.flat_map(Map::values).filter(|one| has_tag(one, tag) && well(one).is_some());
        tagged.filter_map(|one| one["operationId"].as_str()).collect()
    }

    /// What of an answer is not as described.
    pub fn faults(self, status: u16, answer: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        if DESCRIBED_TAGS.iter().any(|tag| has_tag(self.described, tag)) {
            let responses = &self.described["responses"];
            let response = resolve(responses.get(status.to_string()).unwrap_or(&responses["default"]));
            let media = if status < 400 { "application/json" } else { "application/problem+json" };
            check(&response["content"][media]["schema"], answer, "", &mut faults);
        }
        faults
    }
}

fn has_tag(operation: &Value, tag: &str) -> bool {
    operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|known| known == tag))
}

/// The schema of a good answer in JSON.
fn well(operation: &Value) -> Option<&Value> {
    let mut all = operation["responses"].as_object()?.iter().filter(|(status, _)| status.starts_with('2'));
    all.find_map(|(_, response)| response["content"]["application/json"].get("schema"))
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            DOCUMENT.pointer(reference.trim_start_matches('#')).expect("every reference leads somewhere")
        }
        None => value,
    }
}

/// What an object may and must have, over all the schemas that it follows at once.
#[derive(Default)]
struct Members<'a> {
    described: BTreeMap<&'a str, &'static Value>,
    required: Vec<&'a str>,
    others: Option<&'static Value>,
}

impl Members<'static> {
    fn gather(&mut self, schema: &'static Value) {
        let schema = resolve(schema);
        schema["allOf"].as_array().into_iter().flatten().for_each(|part| self.gather(part));
        let properties = schema["properties"].as_object().into_iter().flatten();
        self.described.extend(properties.map(|(name, schema)| (name.as_str(), schema)));
        self.required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        self.others = self.others.or_else(|| schema.get("additionalProperties").filter(|others| **others != false));
    }
}

fn check(schema: &'static Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = resolve(schema);
    let mut fault = |text: String| faults.push(format!("{}: {text}", if at.is_empty() { "/" } else { at }));
    if *schema == true {
        return;
    }
    let Some(words) = schema.as_object().filter(|words| words.keys().any(|word| CHECKED.contains(&word.as_str())))
    else {
        return fault("nothing is said about it".to_owned());
    };
    for word in words.keys().filter(|word| ![&CHECKED[..], &UNCHECKED].concat().contains(&word.as_str())) {
        fault(format!("nobody checks {word:?}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        fault(format!("{value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|codes| !codes.contains(value)) {
        fault(format!("{value} is not one of {}", schema["enum"]));
    }
    if !is_of(&schema["type"], value) {
        return fault(format!("{value} is not of type {}", schema["type"]));
    }
    if let Some(number) = value.as_f64() {
        let outside = schema["minimum"].as_f64().is_some_and(|least| number < least)
            || schema["maximum"].as_f64().is_some_and(|most| number > most);
        if outside {
            fault(format!("{value} is outside its bounds"));
        }
    }
    if let Some(text) = value.as_str()
        && !has_format(&schema["format"], text)
    {
        fault(format!("{value} is not a {}", schema["format"]));
    }
    if let Some(items) = value.as_array() {
        let count = items.len() as u64;
        if schema["minItems"].as_u64().is_some_and(|least| count < least)
            || schema["maxItems"].as_u64().is_some_and(|most| count > most)
        {
            fault(format!("{count} are outside its bounds"));
        }
        for (index, item) in items.iter().enumerate() {
            check(&schema["items"], item, &format!("{at}/{index}"), faults);
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        check_choices(choices, value, at, faults);
    } else if let Some(object) = value.as_object() {
        check_members(schema, object, at, faults);
    }
}

fn check_choices(choices: &'static [Value], value: &Value, at: &str, faults: &mut Vec<String>) {
    let each = choices.iter().map(|choice| {
        let mut faults = Vec::new();
        check(choice, value, at, &mut faults);
        faults
    });
    // The choice that it comes nearest to says what is wrong.
    faults.extend(each.min_by_key(Vec::len).unwrap_or_default());
}

fn check_members(schema: &'static Value, object: &Map<String, Value>, at: &str, faults: &mut Vec<String>) {
    let mut members = Members::default();
    members.gather(schema);
    for name in members.required.iter().filter(|name| !object.contains_key(**name)) {
        faults.push(format!("{at}/{name}: is missing"));
    }
    for (name, value) in object {
        let at = format!("{at}/{name}");
        match members.described.get(name.as_str()).copied().or(members.others) {
            Some(schema) => check(schema, value, &at, faults),
            None => faults.push(format!("{at}: is not described")),
        }
    }
}

fn is_of(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match types {
        Value::Null => true,
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    }
}

fn has_format(format: &Value, text: &str) -> bool {
    match format.as_str() {
        None => true,
        // As the description says, times are UTC.
        Some("date-time") => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
        Some("date") => text.parse::<jiff::civil::Date>().is_ok(),
        Some("uri") => reqwest::Url::parse(text).is_ok(),
        // Bytes that are no JSON.
        Some("binary") => true,
        Some("uuid") => text.parse::<uuid::Uuid>().is_ok(),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(schema: Value, value: Value) -> Vec<String> {
        let mut faults = Vec::new();
        check(Box::leak(Box::new(schema)), &value, "", &mut faults);
        faults
    }

    #[test]
    fn every_example_is_as_it_is_described() {
        let operations = DOCUMENT["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap());
        for (_, operation) in operations.filter(|(_, one)| DESCRIBED_TAGS.iter().any(|tag| has_tag(one, tag))) {
            let answers = operation["responses"].as_object().unwrap().values().map(resolve);
            let bodies = answers.chain(operation.get("requestBody"));
            for (media, body) in bodies.filter_map(|body| body["content"].as_object()).flatten() {
                let mut faults = Vec::new();
                check(&body["schema"], &body["example"], "", &mut faults);
                // Times come in with any offset.
                faults.retain(|fault| !fault.contains("+01:00"));
                assert_eq!(faults, [""; 0], "{} {media}", operation["operationId"]);
            }
        }
    }

    #[test]
    fn whatever_is_not_as_described_is_found_and_named() {
        let named = json!({ "$ref": "#/components/schemas/Named" });
        let either = json!({ "oneOf": [named, { "type": "null" }] });
        let both = json!({ "allOf": [named, { "type": "object", "properties": { "more": { "type": "integer" } } }] });
        let good = json!({ "id": "jarva", "name": "Järva" });
        for (schema, value) in [(&named, &good), (&either, &good), (&either, &Value::Null), (&both, &good)] {
            assert_eq!(faults(schema.clone(), value.clone()), [""; 0]);
        }
        let time = json!({ "type": ["string", "null"], "format": "date-time" });
        for (schema, value, expected) in [
            (named.clone(), json!({ "id": "jarva" }), "/name: is missing"),
            (named, json!({ "id": 1, "name": "Järva" }), "/id: 1 is not of type \"string\""),
            (either, json!({ "id": "jarva", "name": "Järva", "x": 1 }), "/x: is not described"),
            (both, json!({ "id": "jarva", "name": "Järva", "more": "x" }), "/more: \"x\" is not of type \"integer\""),
            (json!({ "type": "object" }), json!({ "x": 1 }), "/x: is not described"),
            (json!({ "type": "array" }), json!([1]), "/0: nothing is said about it"),
            (json!({ "type": "array", "items": { "enum": ["a"] } }), json!(["b"]), "/0: \"b\" is not one of [\"a\"]"),
            (json!({ "const": true }), json!(false), "/: false is not true"),
            (json!({ "type": "integer", "minimum": 1 }), json!(0), "/: 0 is outside its bounds"),
            (time, json!("2026-11-20T22:00:00+01:00"), "/: \"2026-11-20T22:00:00+01:00\" is not a \"date-time\""),
            (json!({ "type": "string", "contentEncoding": "x" }), json!(""), "/: nobody checks \"contentEncoding\""),
        ] {
            assert_eq!(faults(schema, value), [expected]);
        }
        assert_eq!(Operation::of("POST", "/v1/actors/protected").unwrap().id, "listProtected");
        assert!(Operation::of("GET", "/nowhere").is_none());
    }
}
