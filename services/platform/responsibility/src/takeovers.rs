//! Takeovers of responsibility and the crisis board: what was recorded, and what is in force when.

use crate::ledger::Responsibility;
use narhet_kernel::{Timestamp, Uuid};
use narhet_proto::{
    codes::TakeoverGround,
    events::{
        Named,
        takeover::{CrisisBoardActivated, CrisisBoardEnded, TakeoverRecorded, TakeoverReported, TakeoverReturned},
    },
};
use serde::Serialize;

/// What is recorded, each in position order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Takeovers {
    takeovers: Vec<Takeover>,
    activations: Vec<Activation>,
}

/// A takeover with everything recorded about it since.
#[derive(Clone, Debug)]
pub struct Takeover {
    pub position: u64,
    pub event_id: Uuid,
    pub said: TakeoverRecorded,
    reports: Vec<(u64, TakeoverReported)>,
    /// Each later one corrects those before.
    returns: Vec<(u64, TakeoverReturned)>,
}

/// A time that krisledningsnämnden is in function.
#[derive(Clone, Debug)]
pub struct Activation {
    pub position: u64,
    pub event_id: Uuid,
    pub said: CrisisBoardActivated,
    /// Each later one corrects those before.
    ends: Vec<(u64, CrisisBoardEnded)>,
}

impl Takeover {
    /// When the responsibility went back, as known at a position; `None` while it has not.
    pub fn valid_to(&self, known: u64) -> Option<Timestamp> {
        self.returns.iter().rev().find(|(position, _)| *position <= known).map(|(_, returned)| returned.valid_to)
    }

    /// Whether it holds at an instant, as known at a position.
    pub fn in_force(&self, at: Timestamp, known: u64) -> bool {
        self.position <= known && self.said.valid_from <= at && self.valid_to(known).is_none_or(|end| at < end)
    }

    pub(crate) fn has_area(&self, area: &str) -> bool {
        self.said.areas.iter().any(|held| held.id == area)
    }

    /// When it was reported to a body (`council`, `crisis-board`), as known at a position.
    pub fn reported(&self, to: &str, known: u64) -> Option<Timestamp> {
        let to_it = |(position, report): &&(u64, TakeoverReported)| *position <= known && report.to == to;
        self.reports.iter().find(to_it).map(|(_, report)| report.reported_at)
    }
}

impl Activation {
    /// Until when the board was in function, as known at a position.
    pub fn valid_to(&self, known: u64) -> Option<Timestamp> {
        self.ends.iter().rev().find(|(position, _)| *position <= known).map(|(_, ended)| ended.valid_to)
    }
}

impl Takeovers {
    pub(crate) fn record(&mut self, position: u64, event_id: Uuid, said: TakeoverRecorded) {
        self.takeovers.push(Takeover { position, event_id, said, reports: Vec::new(), returns: Vec::new() });
    }

    pub(crate) fn report(&mut self, position: u64, report: TakeoverReported) {
        if let Some(takeover) = self.of(&report.takeover_id) {
            takeover.reports.push((position, report));
        }
    }

    pub(crate) fn give_back(&mut self, position: u64, returned: TakeoverReturned) {
        if let Some(takeover) = self.of(&returned.takeover_id) {
            takeover.returns.push((position, returned));
        }
    }

    pub(crate) fn activate(&mut self, position: u64, event_id: Uuid, said: CrisisBoardActivated) {
        self.activations.push(Activation { position, event_id, said, ends: Vec::new() });
    }

    pub(crate) fn end(&mut self, position: u64, ended: CrisisBoardEnded) {
        let of_it = |activation: &&mut Activation| activation.said.activation_id == ended.activation_id;
        if let Some(activation) = self.activations.iter_mut().find(of_it) {
            activation.ends.push((position, ended));
        }
    }

    fn of(&mut self, id: &str) -> Option<&mut Takeover> {
        self.takeovers.iter_mut().find(|takeover| takeover.said.takeover_id == id)
    }

    /// The takeovers of areas that are known, in position order.
    pub(crate) fn of_areas(&self, known: u64) -> impl Iterator<Item = &Takeover> {
        self.takeovers.iter().filter(move |takeover| takeover.position <= known && !takeover.said.areas.is_empty())
    }
}

/// A takeover as `GET /v1/takeovers` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeoverView {
    pub id: String,
    pub ground: TakeoverGround,
    pub by: Named,
    pub from: Vec<Named>,
    pub areas: Vec<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    pub valid_from: Timestamp,
    /// Null until its return is recorded.
    pub valid_to: Option<Timestamp>,
    pub decided_at: Timestamp,
    pub reference: String,
    pub urgent: bool,
    pub report_due: Timestamp,
    /// When it was reported to kommunfullmäktige.
    pub reported_at: Option<Timestamp>,
    /// Owed to kommunfullmäktige and not reported in time.
    pub overdue: bool,
    /// When the chair's urgent decision was reported to krisledningsnämnden; null while it has not been, and where none is owed.
    pub reported_to_crisis_board_at: Option<Timestamp>,
}

/// Whether krisledningsnämnden is in function, as `GET /v1/crisis-board` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrisisBoardView {
    pub in_function: bool,
    /// The latest time in function at or before the instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationView>,
}

/// One time in function.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationView {
    pub id: String,
    pub valid_from: Timestamp,
    pub valid_to: Option<Timestamp>,
    pub decided_by: String,
    pub decided_at: Timestamp,
    pub reference: String,
}

impl Responsibility {
    /// Everything recorded about takeovers, as known at a position, latest start first; `at` says what is overdue by then.
    pub fn takeovers(&self, at: Timestamp, known: u64) -> Vec<TakeoverView> {
        let known_ones = self.takeovers.takeovers.iter().filter(|takeover| takeover.position <= known);
        let mut views: Vec<TakeoverView> = known_ones.map(|takeover| view(takeover, at, known)).collect();
        views.sort_by(|one, other| other.valid_from.cmp(&one.valid_from).then_with(|| one.id.cmp(&other.id)));
        views
    }

    /// Every recorded takeover, in the order of recording.
    pub fn recorded_takeovers(&self) -> impl Iterator<Item = &Takeover> {
        self.takeovers.takeovers.iter()
    }

    /// One takeover, by its id.
    pub fn takeover(&self, id: &str) -> Option<&Takeover> {
        self.takeovers.takeovers.iter().find(|takeover| takeover.said.takeover_id == id)
    }

    /// One takeover as shown.
    pub fn takeover_view(&self, id: &str, at: Timestamp, known: u64) -> Option<TakeoverView> {
        self.takeover(id).filter(|takeover| takeover.position <= known).map(|takeover| view(takeover, at, known))
    }

    /// The time in function that an instant falls in, as known at a position.
    pub fn crisis_board_activation(&self, at: Timestamp, known: u64) -> Option<&Activation> {
        let holds = |activation: &&Activation| {
            activation.position <= known
                && activation.said.valid_from <= at
                && activation.valid_to(known).is_none_or(|end| at < end)
        };
        self.takeovers.activations.iter().rev().find(holds)
    }

    /// The times in function that do not end at or before an instant, as known at a position: those to come too.
    pub fn crisis_board_activations_after(&self, at: Timestamp, known: u64) -> impl Iterator<Item = &Activation> {
        self.takeovers.activations.iter().filter(move |activation| {
            let begins = activation.said.valid_from;
            activation.position <= known && activation.valid_to(known).is_none_or(|end| at < end && begins < end)
        })
    }

    /// The crisis board at an instant, as known at a position.
    pub fn crisis_board(&self, at: Timestamp, known: u64) -> CrisisBoardView {
        let past = |activation: &&Activation| activation.position <= known && activation.said.valid_from <= at;
        let latest = self.takeovers.activations.iter().filter(past).max_by_key(|activation| activation.said.valid_from);
        let view = |activation: &Activation| ActivationView {
            id: activation.said.activation_id.clone(),
            valid_from: activation.said.valid_from,
            valid_to: activation.valid_to(known),
            decided_by: activation.said.decided_by.clone(),
            decided_at: activation.said.decided_at,
            reference: activation.said.reference.clone(),
        };
        CrisisBoardView { in_function: self.crisis_board_activation(at, known).is_some(), activation: latest.map(view) }
    }

    /// A time in function by its id.
    pub fn activation(&self, id: &str) -> Option<&Activation> {
        self.takeovers.activations.iter().find(|activation| activation.said.activation_id == id)
    }
}

fn view(takeover: &Takeover, at: Timestamp, known: u64) -> TakeoverView {
    let said = &takeover.said;
    let reported_at = takeover.reported("council", known);
    TakeoverView {
        id: said.takeover_id.clone(),
        ground: said.ground,
        by: said.by.clone(),
        from: said.from.clone(),
        areas: said.areas.clone(),
        activity: said.activity.clone(),
        valid_from: said.valid_from,
        valid_to: takeover.valid_to(known),
        decided_at: said.decided_at,
        reference: said.reference.clone(),
        urgent: said.urgent,
        report_due: said.report_due,
        reported_at,
        overdue: said.report_due < at && reported_at.is_none_or(|reported_at| at < reported_at),
        reported_to_crisis_board_at: takeover.reported("crisis-board", known),
    }
}
