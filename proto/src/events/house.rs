//! Events that every context may record about itself.

use super::Message;
use crate::Sealed;
use serde::{Deserialize, Serialize};

/// The first time a principal decided anything in a context: who the pseudonym is, sealed, so that erasure covers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrincipalSeen<const CONTEXT: u8> {
    pub principal: String,
    pub issuer: Sealed,
    pub subject: Sealed,
}

pub type AreaPrincipalSeen = PrincipalSeen<0>;
pub type DutyPrincipalSeen = PrincipalSeen<1>;
pub type SituationPrincipalSeen = PrincipalSeen<2>;

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
