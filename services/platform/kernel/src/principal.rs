//! Who asks: the pseudonym of a person or machine, its roles and the board it acts for.

use crate::BoardId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What somebody may do; DESIGN section 8 has the list, CONTRACT the rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Coordinator,
    DutyOfficer,
    CrisisLead,
    Ckl,
    CrisisChair,
    CrisisBoard,
    CitySecurity,
    Communicator,
    Registrar,
    Liaison,
    Dashboard,
    Auditor,
    Admin,
}

impl Role {
    pub const ALL: [Role; 13] = [
        Role::Coordinator,
        Role::DutyOfficer,
        Role::CrisisLead,
        Role::Ckl,
        Role::CrisisChair,
        Role::CrisisBoard,
        Role::CitySecurity,
        Role::Communicator,
        Role::Registrar,
        Role::Liaison,
        Role::Dashboard,
        Role::Auditor,
        Role::Admin,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Role::Coordinator => "coordinator",
            Role::DutyOfficer => "duty-officer",
            Role::CrisisLead => "crisis-lead",
            Role::Ckl => "ckl",
            Role::CrisisChair => "crisis-chair",
            Role::CrisisBoard => "crisis-board",
            Role::CitySecurity => "city-security",
            Role::Communicator => "communicator",
            Role::Registrar => "registrar",
            Role::Liaison => "liaison",
            Role::Dashboard => "dashboard",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no role is called {0:?}; roles are {list}", list = Role::ALL.map(Role::name).join(", "))]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// Somebody whose token the gateway has checked. Services decide on it; the pseudonym is what events record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// `p-` and 16 hex digits: a keyed hash of issuer and subject, made by the gateway.
    pub id: String,
    pub roles: Vec<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<BoardId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// Token issuer and subject, for the sealed `principal-seen` event; never in another event, never logged.
    pub issuer: String,
    pub subject: String,
    /// In demo mode `admin` may do anything.
    #[serde(default)]
    pub demo: bool,
}

impl Principal {
    /// The house itself: first-start records and what a process causes.
    pub fn house() -> Self {
        Self {
            id: "p-house".to_owned(),
            roles: Vec::new(),
            board: BoardId::new(BoardId::KOMMUNSTYRELSEN),
            partner: None,
            issuer: String::new(),
            subject: String::new(),
            demo: false,
        }
    }

    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether this is `admin` in demo mode, who may do anything.
    pub fn is_demo_admin(&self) -> bool {
        self.demo && self.has(Role::Admin)
    }

    /// The role by which the principal may do something reserved for `allowed`; the first of its own that is allowed.
    pub fn acting_as(&self, allowed: &[Role]) -> Option<Role> {
        self.roles
            .iter()
            .copied()
            .find(|role| allowed.contains(role))
            .or_else(|| self.is_demo_admin().then_some(Role::Admin))
    }

    /// The board that owns what this principal writes: the token's, else kommunstyrelsen.
    pub fn owner(&self) -> BoardId {
        self.board
            .clone()
            .or_else(|| BoardId::new(BoardId::KOMMUNSTYRELSEN))
            .unwrap_or_else(|| unreachable!("kommunstyrelsen is a slug"))
    }
}
