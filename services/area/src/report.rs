//! What whoever imports is told: the same before (a rehearsal), after, and when asked again.

use crate::domain::{Plan, Recording, Refusal};
use narhet_kernel::Timestamp;
use narhet_proto::events::area::AcceptedDefect;
use narhet_responsibility::Division;
use serde::Serialize;

/// The reply to an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// By `validFrom`.
    pub divisions: Vec<DivisionLine>,
    /// Areas in all divisions.
    pub areas: usize,
    /// Features in the boundaries.
    pub features: usize,
    pub warnings: Vec<String>,
    /// Every hole and overlap of the boundaries.
    pub defects: Vec<DefectLine>,
    /// Ids of the holes and overlaps that are accepted.
    pub accepted: Vec<String>,
    /// What keeps the import from being recorded; only a rehearsal has any.
    pub refused: Vec<RefusalLine>,
}

/// A division of the import.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DivisionLine {
    /// Null in a rehearsal, unless it is recorded already.
    pub id: Option<String>,
    pub valid_from: Timestamp,
    /// The names of its areas.
    pub areas: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
}

/// A hole or overlap.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefectLine {
    pub id: String,
    pub kind: String,
    pub area_m2: f64,
    pub width_m: f64,
    pub between: Vec<String>,
    /// `[lon, lat]` of a point inside.
    pub at: Vec<f64>,
    /// `limit`, `id`, or null when it is not accepted.
    pub accepted: Option<String>,
}

/// One reason against an import.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalLine {
    pub pointer: &'static str,
    pub detail: String,
    /// The hole or overlap, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
}

impl Report {
    /// What would be recorded.
    pub fn of_plan(plan: &Plan, recording: &Recording) -> Report {
        let refused = plan.refused.iter().chain(&recording.refused);
        let mut report = Report {
            divisions: recording
                .divisions
                .iter()
                .map(|outcome| DivisionLine {
                    id: outcome.already.then(|| outcome.id.to_string()),
                    valid_from: outcome.valid_from,
                    areas: outcome.areas.clone(),
                    supersedes: outcome.supersedes.clone(),
                })
                .collect(),
            features: plan.features,
            warnings: recording.warnings.clone(),
            refused: refused.clone().map(refusal_line).collect(),
            ..Report::default()
        };
        report.list_defects(&plan.defects);
        report.list_defects(&recording.lost);
        let refused_defects = refused.filter_map(|refusal| match refusal {
            Refusal::Defect(defect) | Refusal::LostLand(defect) => {
                Some(DefectLine { accepted: None, ..defect_line(defect) })
            }
            _ => None,
        });
        report.defects.extend(refused_defects);
        report.finished()
    }

    /// What is recorded of these divisions.
    pub fn of_recorded(divisions: &[&Division]) -> Report {
        let mut report = Report::default();
        for division in divisions {
            let recorded = &division.recorded;
            report.divisions.push(DivisionLine {
                id: Some(recorded.division_id.clone()),
                valid_from: recorded.valid_from,
                areas: division.areas.iter().map(|area| area.area.name.clone()).collect(),
                supersedes: recorded.supersedes.clone(),
            });
            report.features = report.features.max(recorded.features as usize);
            for warning in &recorded.warnings {
                if !report.warnings.contains(warning) {
                    report.warnings.push(warning.clone());
                }
            }
            report.list_defects(&recorded.defects);
        }
        report.finished()
    }

    fn list_defects(&mut self, defects: &[AcceptedDefect]) {
        for defect in defects {
            if self.defects.iter().all(|listed| listed.id != defect.id) {
                self.defects.push(defect_line(defect));
                self.accepted.push(defect.id.clone());
            }
        }
    }

    fn finished(mut self) -> Report {
        self.divisions.sort_by_key(|division| division.valid_from);
        self.areas = self.divisions.iter().map(|division| division.areas.len()).sum();
        self
    }
}

fn defect_line(defect: &AcceptedDefect) -> DefectLine {
    DefectLine {
        id: defect.id.clone(),
        kind: defect.kind.clone(),
        area_m2: defect.area_m2,
        width_m: defect.width_m,
        between: defect.between.clone(),
        at: defect.at.clone(),
        accepted: Some(defect.accepted_by.clone()),
    }
}

fn refusal_line(refusal: &Refusal) -> RefusalLine {
    let defect = match refusal {
        Refusal::Defect(defect) | Refusal::LostLand(defect) => Some(defect.id.clone()),
        _ => None,
    };
    RefusalLine { pointer: refusal.pointer(), detail: refusal.to_string(), defect }
}
