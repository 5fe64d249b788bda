//! From the body of a request to a command free of nonsense: every member by name, type and limit, and everything that is
//! wrong in one answer.

use crate::{
    domain::{
        affected::{AffectedBoard, Lead, affected_boards, propose_lead},
        occurrence::{AheadOfTheClock, Occurrence},
    },
    limits::{DESCRIPTION_CHARS_MAX, PLACE_TEXT_CHARS_MAX, TITLE_CHARS_MAX},
    place::{self, Place},
};
use narhet_kernel::{BoardId, Klass, Timestamp};
use narhet_proto::{
    codes::{IncidentKind, IncidentStatus},
    wire::{ErrorCode, FieldError, Problem},
};
use narhet_responsibility::Responsibility;
use serde_json::{Map, Value};

/// A report whose place is resolved and whose text is still plain; it lives until the text is sealed.
#[derive(Clone, Debug)]
pub struct Reading {
    pub title: String,
    pub description: Option<String>,
    pub kind: IncidentKind,
    pub occurrence: Occurrence,
    pub place: Option<Place>,
    pub place_text: Option<String>,
    pub affected: Vec<AffectedBoard>,
    pub lead: Lead,
    pub needs_support: bool,
    pub exercise: bool,
    pub klass: Klass,
    pub area_version: Option<String>,
}

/// `report-incident`: reads and locates.
pub fn report(body: &str, now: Timestamp, map: &Responsibility) -> Result<Reading, Problem> {
    const MEMBERS: &[&str] = &[
        "title",
        "description",
        "kind",
        "status",
        "occurredAt",
        "place",
        "placeText",
        "affectedBoards",
        "needsSupport",
        "exercise",
        "klass",
    ];
    let mut fields = Fields::of(body, MEMBERS)?;
    let title = fields.required("title", |value| text(value, TITLE_CHARS_MAX));
    let description = fields.optional("description", |value| text(value, DESCRIPTION_CHARS_MAX));
    let place_text = fields.optional("placeText", |value| text(value, PLACE_TEXT_CHARS_MAX));
    let kind = fields.optional("kind", kind).unwrap_or(IncidentKind::Other);
    let status = fields.optional("status", status).unwrap_or(IncidentStatus::Ongoing);
    let occurred_at = fields.optional("occurredAt", instant);
    let needs_support = fields.required("needsSupport", boolean);
    let exercise = fields.optional("exercise", boolean).unwrap_or(false);
    let klass = fields.optional("klass", klass).unwrap_or_default();
    let place = fields.place();
    let named = fields.named_boards(map, occurred_at.unwrap_or(now), now);
    fields.finish()?;

    let occurrence = Occurrence::new(status, occurred_at, now).map_err(refused_time)?;
    let located = place::locate(place, occurrence.decisive_instant(), map);
    let kommunstyrelsen = place::board_name(map, BoardId::KOMMUNSTYRELSEN);
    Ok(Reading {
        title: title.unwrap_or_default(),
        description,
        kind,
        occurrence,
        place_text,
        affected: affected_boards(&located.whereabouts, &named),
        lead: propose_lead(&located.whereabouts, &named, kommunstyrelsen),
        needs_support: needs_support.unwrap_or_default(),
        exercise,
        klass,
        place: located.place,
        area_version: located.area_version,
    })
}

/// `change-status`: which incident, and to what.
pub fn change_status(body: &str) -> Result<(String, IncidentStatus), Problem> {
    let mut fields = Fields::of(body, &["id", "status"])?;
    let id = fields.required("id", |value| text(value, ID_CHARS_MAX));
    let status = fields.required("status", status);
    fields.finish()?;
    Ok((id.unwrap_or_default(), status.unwrap_or(IncidentStatus::Ongoing)))
}

/// A UUID has 36 characters; anything much longer cannot be an id.
pub const ID_CHARS_MAX: usize = 64;

/// The members of a JSON object, taken one by one; what is wrong is collected and answered at once.
pub struct Fields {
    members: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Refuses what is no JSON object, and notes members that are not among the known ones.
    pub fn of(body: &str, known: &[&str]) -> Result<Fields, Problem> {
        let members = match serde_json::from_str(body) {
            Ok(Value::Object(members)) => members,
            Ok(Value::Null) => Map::new(),
            Ok(_) => return Err(Problem::at("", "the body is not a JSON object")),
            Err(error) => return Err(Problem::at("", format!("the body is not JSON that can be read: {error}"))),
        };
        let mut fields = Fields { members, errors: Vec::new() };
        let unknown: Vec<String> =
            fields.members.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
        for name in unknown {
            fields.wrong(&format!("/{}", escaped(&name)), format!("no such member; known are {}", known.join(", ")));
        }
        Ok(fields)
    }

    /// A member that must be there. `None` means that an error is noted.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        match self.take(name) {
            Some(value) => self.read(&format!("/{name}"), value, read),
            None => {
                self.wrong(&format!("/{name}"), format!("\"{name}\" is missing"));
                None
            }
        }
    }

    /// A member that may be absent or null.
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        let value = self.take(name)?;
        self.read(&format!("/{name}"), value, read)
    }

    /// Takes a member that is there and not null.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    pub fn wrong(&mut self, pointer: &str, detail: impl Into<String>) {
        self.errors.push(FieldError { pointer: Some(pointer.to_owned()), parameter: None, detail: detail.into() });
    }

    pub fn read<T>(&mut self, pointer: &str, value: Value, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        read(value).map_err(|detail| self.wrong(pointer, detail)).ok()
    }

    /// Everything that was wrong, if anything was.
    pub fn finish(self) -> Result<(), Problem> {
        let Some(first) = self.errors.first() else { return Ok(()) };
        let detail = match self.errors.len() {
            1 => first.detail.clone(),
            count => format!("{count} things are wrong; the first: {}", first.detail),
        };
        Err(Problem { errors: self.errors, ..Problem::new(ErrorCode::InvalidInput, detail) })
    }
}

/// Text that is there and within its limit. Control characters are refused, line breaks and tabs are text.
pub fn text(value: Value, chars_max: usize) -> Result<String, String> {
    let Value::String(text) = value else { return Err(format!("not a text but {}", json_kind(&value))) };
    let text = text.trim();
    if text.is_empty() {
        return Err("empty; write something, or leave the member out where it may be left out".to_owned());
    }
    let count = text.chars().count();
    if count > chars_max {
        return Err(format!("{count} characters, at most {chars_max} are taken"));
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err("holds control characters".to_owned());
    }
    Ok(text.to_owned())
}

pub fn boolean(value: Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("not true or false but {}", json_kind(&value)))
}

pub fn instant(value: Value) -> Result<Timestamp, String> {
    let Some(text) = value.as_str() else { return Err(format!("not an instant but {}", json_kind(&value))) };
    text.parse().map_err(|_| "not an instant of RFC 3339 such as 2026-11-20T20:00:00+01:00 or …Z".to_owned())
}

fn kind(value: Value) -> Result<IncidentKind, String> {
    code(&value, IncidentKind::from_code, || IncidentKind::ALL.iter().map(|kind| kind.code()).collect())
}

pub fn status(value: Value) -> Result<IncidentStatus, String> {
    code(&value, IncidentStatus::from_code, || IncidentStatus::ALL.iter().map(|status| status.code()).collect())
}

fn code<T>(value: &Value, from: fn(&str) -> Option<T>, all: impl Fn() -> Vec<&'static str>) -> Result<T, String> {
    value.as_str().and_then(from).ok_or_else(|| format!("not a known code; known are {}", all().join(", ")))
}

fn klass(value: Value) -> Result<Klass, String> {
    let Some(text) = value.as_str() else { return Err(format!("not a class but {}", json_kind(&value))) };
    text.parse().map_err(|error: narhet_kernel::klass::NotAKlass| error.to_string())
}

fn refused_time(refused: AheadOfTheClock) -> Problem {
    let detail = format!(
        "the event occurs at {}, after the house's present {}: report it as \"expected\", or correct occurredAt",
        refused.occurred_at, refused.now
    );
    let error = FieldError { pointer: Some("/occurredAt".to_owned()), parameter: None, detail: detail.clone() };
    Problem { errors: vec![error], ..Problem::refused("occurred-at-not-ahead", detail) }
}

pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A name inside a JSON pointer (RFC 6901), cut to what a reader needs.
fn escaped(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}
