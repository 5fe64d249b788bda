//! Events that every context may record about itself.

use super::Message;
use crate::Sealed;
use narhet_kernel::SubjectId;
use serde::{Deserialize, Serialize};

/// The first time a principal decided anything in a context: who the pseudonym is, sealed, so that erasure covers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrincipalSeen<const CONTEXT: u8> {
    pub principal: String,
    pub issuer: Sealed,
    pub subject: Sealed,
}

/// A role has destroyed its own key of an erased subject; recorded so that every start does it again, whatever key file it
/// was given. Stream `subject/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectForgotten<const CONTEXT: u8> {
    pub subject_id: SubjectId,
}

pub type AreaPrincipalSeen = PrincipalSeen<0>;
pub type DutyPrincipalSeen = PrincipalSeen<1>;
pub type SituationPrincipalSeen = PrincipalSeen<2>;
pub type ActorsPrincipalSeen = PrincipalSeen<3>;

pub type AreaSubjectForgotten = SubjectForgotten<0>;
pub type DutySubjectForgotten = SubjectForgotten<1>;
pub type SituationSubjectForgotten = SubjectForgotten<2>;

impl Message for AreaPrincipalSeen {
    const TYPE: &'static str = "se.narhet.area.principal-seen.v1";
    const PROTO: &'static str = "narhet.v1.PrincipalSeen";
}
impl Message for DutyPrincipalSeen {
    const TYPE: &'static str = "se.narhet.duty.principal-seen.v1";
    const PROTO: &'static str = "narhet.v1.PrincipalSeen";
}
impl Message for SituationPrincipalSeen {
    const TYPE: &'static str = "se.narhet.situation.principal-seen.v1";
    const PROTO: &'static str = "narhet.v1.PrincipalSeen";
}
impl Message for ActorsPrincipalSeen {
    const TYPE: &'static str = "se.narhet.actors.principal-seen.v1";
    const PROTO: &'static str = "narhet.v1.PrincipalSeen";
}

impl Message for AreaSubjectForgotten {
    const TYPE: &'static str = "se.narhet.area.subject-forgotten.v1";
    const PROTO: &'static str = "narhet.v1.SubjectForgotten";
}
impl Message for DutySubjectForgotten {
    const TYPE: &'static str = "se.narhet.duty.subject-forgotten.v1";
    const PROTO: &'static str = "narhet.v1.SubjectForgotten";
}
impl Message for SituationSubjectForgotten {
    const TYPE: &'static str = "se.narhet.situation.subject-forgotten.v1";
    const PROTO: &'static str = "narhet.v1.SubjectForgotten";
}
