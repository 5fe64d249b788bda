//! What the context `actors` records: the registry of local actors, their links to areas, and the erasure of persons.

use super::Message;
use narhet_kernel::SubjectId;
use serde::{Deserialize, Serialize};

/// A person's data is erased: every role destroys its own key of the subject. Stream `subject/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectErased {
    pub subject_id: SubjectId,
    /// `gallring`, `rectification` or `objection`.
    pub ground: String,
    /// The decision it rests on, a reference that names nobody.
    pub reference: String,
}

impl Message for SubjectErased {
    const TYPE: &'static str = "se.narhet.actors.subject-erased.v1";
    const PROTO: &'static str = "narhet.actors.v1.SubjectErased";
}
