//! From the bodies of commands to records: everything is checked here, and what is wrong is named with its place.

use crate::limits::{
    ABSENCES_MAX, ADDRESS_CHARS_MAX, CAPABILITIES_MAX, CREW_MAX, LAYERS_MAX, LINE_CHARS_MAX, ROUNDS_MAX, SHIFTS_MAX,
    STEP_FUNCTIONS_MAX, STEP_S_MAX, STEP_S_MIN, STEPS_MAX, WAYS_MAX,
};
use narhet_calendar::{Date, Zone};
use narhet_kernel::{Timestamp, id::is_slug};
use narhet_proto::{
    codes::{Channel, FunctionKind},
    events::readiness::{Leave, Opening, PathStep, Roster, Shift},
    wire::{ErrorCode, FieldError, Problem},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::BTreeSet;

/// `put-record`: the gateway names kind and id, the rest is the body of the request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutRecord {
    pub kind: String,
    pub id: String,
    pub record: serde_json::Value,
}

/// `remove-record`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveRecord {
    pub kind: String,
    pub id: String,
    #[serde(default)]
    pub accept: Vec<String>,
}

/// A contact way in the clear, on its way to being sealed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WayInput {
    pub channel: Channel,
    pub address: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FunctionInput {
    pub board: Option<String>,
    pub kind: FunctionKind,
    pub name: String,
    #[serde(default)]
    pub capabilities: Vec<String>,
    #[serde(default)]
    pub contact_ways: Vec<WayInput>,
    pub source: String,
    #[serde(default)]
    pub accept: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RosterInput {
    pub board: Option<String>,
    pub function: String,
    pub name: String,
    pub zone: Option<Zone>,
    pub valid_from: Timestamp,
    pub valid_to: Option<Timestamp>,
    pub layers: Vec<LayerInput>,
    #[serde(default)]
    pub leave: Vec<Leave>,
    #[serde(default)]
    pub overrides: Vec<OverrideInput>,
    #[serde(default)]
    pub accept: Vec<String>,
}

/// An override with its reason in the clear, on its way to being sealed.
#[derive(Debug, Deserialize)]
pub struct OverrideInput {
    pub from: Timestamp,
    pub to: Timestamp,
    pub member: Option<String>,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LayerInput {
    pub name: String,
    pub starts: Date,
    pub turn_days: u16,
    pub crew: Vec<MemberInput>,
    pub shifts: Vec<Shift>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberInput {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub contact_ways: Vec<WayInput>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CentreInput {
    pub board: Option<String>,
    pub name: String,
    pub address: String,
    pub zone: Option<Zone>,
    pub opening: Vec<Opening>,
    pub valid_from: Timestamp,
    pub valid_to: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathInput {
    pub name: String,
    pub steps: Vec<PathStep>,
    #[serde(default = "one")]
    pub rounds: u32,
    pub source: String,
    #[serde(default)]
    pub accept: Vec<String>,
}

const fn one() -> u32 {
    1
}

/// Reads a body; a member that is unknown, missing or of the wrong kind is refused with serde's words, which name it.
pub fn body<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| Problem::at("", error.to_string()))
}

pub fn record<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| Problem::at("", error.to_string()))
}

/// Everything that is wrong with an input.
#[derive(Default)]
pub struct Complaints(Vec<FieldError>);

impl Complaints {
    pub fn add(&mut self, wrong: bool, pointer: impl Into<String>, detail: impl Into<String>) {
        if wrong {
            self.0.push(FieldError { pointer: Some(pointer.into()), parameter: None, detail: detail.into() });
        }
    }

    pub fn slug(&mut self, pointer: impl Into<String>, text: &str) {
        self.add(
            !is_slug(text),
            pointer,
            "not a slug: lower-case letters a-z, digits and single hyphens inside, at most 64",
        );
    }

    pub fn line(&mut self, pointer: impl Into<String>, text: &str) {
        let wrong =
            text.trim().is_empty() || text.chars().count() > LINE_CHARS_MAX || text.chars().any(char::is_control);
        self.add(wrong, pointer, format!("one line of 1 to {LINE_CHARS_MAX} characters is wanted"));
    }

    fn ways(&mut self, pointer: &str, ways: &[WayInput]) {
        self.add(ways.len() > WAYS_MAX, pointer, format!("at most {WAYS_MAX} contact ways are taken"));
        for (index, way) in ways.iter().enumerate() {
            let wrong = way.address.trim().is_empty()
                || way.address.chars().count() > ADDRESS_CHARS_MAX
                || way.address.chars().any(char::is_control);
            self.add(
                wrong,
                format!("{pointer}/{index}/address"),
                format!("1 to {ADDRESS_CHARS_MAX} characters are wanted"),
            );
        }
    }

    pub fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let detail = format!("{} members are not valid; each is listed", self.0.len());
        Err(Problem { errors: self.0, ..Problem::new(ErrorCode::InvalidInput, detail) })
    }
}

pub fn check_function(id: &str, input: &FunctionInput) -> Result<(), Problem> {
    let mut wrong = Complaints::default();
    wrong.slug("/id", id);
    wrong.line("/name", &input.name);
    wrong.line("/source", &input.source);
    wrong.add(
        input.capabilities.len() > CAPABILITIES_MAX,
        "/capabilities",
        format!("at most {CAPABILITIES_MAX} capabilities are taken"),
    );
    for (index, capability) in input.capabilities.iter().enumerate() {
        wrong.slug(format!("/capabilities/{index}"), capability);
    }
    wrong.ways("/contactWays", &input.contact_ways);
    wrong.done()
}

pub fn check_roster(id: &str, input: &RosterInput) -> Result<(), Problem> {
    let mut wrong = Complaints::default();
    wrong.slug("/id", id);
    wrong.line("/name", &input.name);
    let backwards = "it ends before it begins";
    wrong.add(input.valid_to.is_some_and(|to| to <= input.valid_from), "/validTo", backwards);
    wrong.add(input.layers.len() > LAYERS_MAX, "/layers", format!("at most {LAYERS_MAX} layers are taken"));
    let mut members: BTreeSet<&str> = BTreeSet::new();
    for (index, layer) in input.layers.iter().enumerate() {
        check_layer(&mut wrong, &format!("/layers/{index}"), layer, &mut members);
    }
    let many = format!("at most {ABSENCES_MAX} are taken");
    wrong.add(input.leave.len() > ABSENCES_MAX, "/leave", many.as_str());
    wrong.add(input.overrides.len() > ABSENCES_MAX, "/overrides", many);
    let unknown = "no layer has a member with this id";
    for (index, leave) in input.leave.iter().enumerate() {
        wrong.add(!members.contains(leave.member.as_str()), format!("/leave/{index}/member"), unknown);
        wrong.add(leave.to <= leave.from, format!("/leave/{index}/to"), backwards);
    }
    for (index, instead) in input.overrides.iter().enumerate() {
        let at = format!("/overrides/{index}");
        wrong.line(format!("{at}/reason"), &instead.reason);
        wrong.add(instead.to <= instead.from, format!("{at}/to"), backwards);
        let Some(member) = &instead.member else { continue };
        wrong.add(!members.contains(member.as_str()), format!("{at}/member"), unknown);
        let away = |leave: &Leave| leave.member == *member && leave.from < instead.to && instead.from < leave.to;
        wrong.add(input.leave.iter().any(away), format!("{at}/member"), "this member is on leave then");
    }
    wrong.done()
}

fn check_layer<'a>(wrong: &mut Complaints, at: &str, layer: &'a LayerInput, members: &mut BTreeSet<&'a str>) {
    wrong.line(format!("{at}/name"), &layer.name);
    wrong.add(!(1..=366).contains(&layer.turn_days), format!("{at}/turnDays"), "a turn has 1 to 366 days");
    wrong.add(layer.crew.len() > CREW_MAX, format!("{at}/crew"), format!("at most {CREW_MAX} members are taken"));
    wrong.add(
        layer.shifts.len() > SHIFTS_MAX,
        format!("{at}/shifts"),
        format!("at most {SHIFTS_MAX} shifts are taken"),
    );
    for (index, member) in layer.crew.iter().enumerate() {
        let at = format!("{at}/crew/{index}");
        wrong.slug(format!("{at}/id"), &member.id);
        wrong.line(format!("{at}/name"), &member.name);
        wrong.ways(&format!("{at}/contactWays"), &member.contact_ways);
        let known = !members.insert(&member.id);
        wrong.add(known, format!("{at}/id"), "a member stands once in a roster: give each its own id");
    }
    for (index, shift) in layer.shifts.iter().enumerate() {
        wrong.add(shift.weekdays.is_empty(), format!("{at}/shifts/{index}/weekdays"), "at least one weekday is wanted");
    }
}

pub fn check_centre(id: &str, input: &CentreInput) -> Result<(), Problem> {
    let mut wrong = Complaints::default();
    wrong.slug("/id", id);
    wrong.line("/name", &input.name);
    wrong.line("/address", &input.address);
    wrong.add(input.valid_to <= input.valid_from, "/validTo", "it ends before it begins");
    wrong.add(
        input.opening.is_empty() || input.opening.len() > SHIFTS_MAX,
        "/opening",
        format!("1 to {SHIFTS_MAX} are wanted"),
    );
    for (index, opening) in input.opening.iter().enumerate() {
        wrong.add(opening.weekdays.is_empty(), format!("/opening/{index}/weekdays"), "at least one weekday is wanted");
    }
    wrong.done()
}

/// A path names functions that exist: `known` says which.
pub fn check_path(id: &str, input: &PathInput, known: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let mut wrong = Complaints::default();
    wrong.slug("/id", id);
    wrong.line("/name", &input.name);
    wrong.line("/source", &input.source);
    wrong.add(!(1..=ROUNDS_MAX).contains(&input.rounds), "/rounds", format!("1 to {ROUNDS_MAX} rounds are taken"));
    wrong.add(input.steps.len() > STEPS_MAX, "/steps", format!("at most {STEPS_MAX} steps are taken"));
    check_steps(&mut wrong, &input.steps, known);
    wrong.done()
}

pub fn check_steps(wrong: &mut Complaints, steps: &[PathStep], known: impl Fn(&str) -> bool) {
    for (index, step) in steps.iter().enumerate() {
        let at = format!("/steps/{index}");
        let seconds = STEP_S_MIN..=STEP_S_MAX;
        let range = format!("{STEP_S_MIN} to {STEP_S_MAX} seconds are taken");
        wrong.add(!seconds.contains(&step.acknowledge_within_s), format!("{at}/acknowledgeWithinS"), range.as_str());
        wrong.add(step.next_way_after_s.is_some_and(|s| !seconds.contains(&s)), format!("{at}/nextWayAfterS"), range);
        let count = step.functions.len();
        wrong.add(
            count == 0 || count > STEP_FUNCTIONS_MAX,
            format!("{at}/functions"),
            format!("1 to {STEP_FUNCTIONS_MAX} functions are wanted"),
        );
        for (number, function) in step.functions.iter().enumerate() {
            wrong.add(
                !known(function),
                format!("{at}/functions/{number}"),
                "there is no such function: record it first",
            );
        }
    }
}

/// Whether two members of a roster can swap: both are in it and the giver is on duty then.
pub fn member<'a>(roster: &'a Roster, id: &str) -> Option<&'a narhet_proto::events::readiness::Member> {
    roster.layers.iter().flat_map(|layer| &layer.crew).find(|member| member.id == id)
}
