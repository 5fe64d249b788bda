//! Who asks: bearer tokens checked against configured issuers, and the pseudonym that everything behind the gateway sees.
//!
//! Asymmetric signatures only, one audience, expiry by the real clock whatever time the house keeps. What is wrong with a
//! token is told in general words: enough to repair it, nothing about keys or other people.

pub mod claims;
pub mod demo;
pub mod key_file;
pub mod key_set;

use crate::limits::{TOKEN_BYTES_MAX, TOKEN_SKEW_S};
use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind};
use key_file::KeyFileError;
use key_set::{KeySet, KeySource};
use narhet_kernel::{Principal, Timestamp};
use narhet_proto::wire::{ErrorCode, Problem};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

/// The only algorithms that are taken (CONTRACT); nothing symmetric, never `none`.
pub const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// Whose tokens are taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    #[serde(default)]
    pub issuers: Vec<IssuerConfig>,
}

/// One issuer, and how its tokens say what we need to know.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IssuerConfig {
    /// `iss`, compared byte by byte.
    pub issuer: String,
    #[serde(default = "default_audience")]
    pub audience: String,
    pub jwks: KeySource,
    /// Claim names; one that starts with `/` is a JSON pointer (`/realm_access/roles`).
    #[serde(default = "default_roles_claim")]
    pub roles_claim: String,
    #[serde(default = "default_board_claim")]
    pub board_claim: String,
    #[serde(default = "default_partner_claim")]
    pub partner_claim: String,
    /// The issuer's names of our roles, where they differ: group name → role name.
    #[serde(default)]
    pub role_names: BTreeMap<String, String>,
}

fn default_audience() -> String {
    demo::AUDIENCE.to_owned()
}
fn default_roles_claim() -> String {
    "roles".to_owned()
}
fn default_board_claim() -> String {
    "board".to_owned()
}
fn default_partner_claim() -> String {
    "partner".to_owned()
}

impl IssuerConfig {
    /// An issuer with the contract's claim names.
    pub fn new(issuer: impl Into<String>, jwks: KeySource) -> Self {
        Self {
            issuer: issuer.into(),
            audience: default_audience(),
            jwks,
            roles_claim: default_roles_claim(),
            board_claim: default_board_claim(),
            partner_claim: default_partner_claim(),
            role_names: BTreeMap::new(),
        }
    }
}

/// Opening the gateway's identity failed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("the keys of issuer {issuer} cannot be used: {reason}")]
    Keys { issuer: String, reason: String },
    #[error("issuer {0} is configured twice")]
    Twice(String),
    #[error("issuer {issuer}: role-names maps {name:?} to {role:?}, which is no role")]
    RoleName { issuer: String, name: String, role: String },
}

/// Somebody whose token is good, and until when.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub principal: Principal,
    /// Real time, skew included: streams end then.
    pub expires: Timestamp,
}

/// Checks tokens and makes pseudonyms.
pub struct Identity {
    issuers: BTreeMap<String, Issuer>,
    node_key: [u8; 32],
    demo: Option<demo::Issuer>,
}

struct Issuer {
    config: IssuerConfig,
    keys: KeySet,
}

impl Identity {
    /// Opens the node key in `keys_folder` and, in demo mode, the demo issuer beside it.
    pub fn open(config: Config, keys_folder: &Path, demo_mode: bool) -> Result<Self, IdentityError> {
        let node_key = key_file::node_key(keys_folder)?;
        let demo = if demo_mode { Some(demo::Issuer::open(keys_folder)?) } else { None };
        let mut issuers = BTreeMap::new();
        for config in config.issuers.into_iter().chain(demo.as_ref().map(demo::Issuer::config)) {
            claims::check_role_names(&config)?;
            let keys = KeySet::open(&config.jwks)
                .map_err(|reason| IdentityError::Keys { issuer: config.issuer.clone(), reason })?;
            let issuer = config.issuer.clone();
            if issuers.insert(issuer.clone(), Issuer { config, keys }).is_some() {
                return Err(IdentityError::Twice(issuer));
            }
        }
        Ok(Self { issuers, node_key, demo })
    }

    /// The demo issuer, in demo mode.
    pub fn demo(&self) -> Option<&demo::Issuer> {
        self.demo.as_ref()
    }

    /// Checks the value of an `Authorization` header.
    pub async fn authenticate(&self, authorization: Option<&[u8]>) -> Result<Authenticated, Problem> {
        let header = authorization.ok_or_else(|| refuse("send a token: Authorization: Bearer …"))?;
        let token = std::str::from_utf8(header)
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| refuse("the Authorization header is not a bearer token"))?;
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refuse("the token is longer than any token"));
        }
        self.verify(token).await
    }

    /// Checks a token.
    pub async fn verify(&self, token: &str) -> Result<Authenticated, Problem> {
        // "none" and unheard-of names do not even parse as an algorithm.
        let header = jsonwebtoken::decode_header(token)
            .map_err(|_| refuse("the token cannot be read, or its algorithm is none that is taken"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refuse("the token's algorithm is not taken: RS256, PS256, ES256 or EdDSA"));
        }
        // Read before the signature is checked, only to find whose keys to check it with.
        let unchecked: Map<String, Value> =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| refuse("the token cannot be read"))?;
        let issuer = unchecked
            .get("iss")
            .and_then(Value::as_str)
            .and_then(|issuer| self.issuers.get(issuer))
            .ok_or_else(|| refuse("the token's issuer is not one that is trusted here"))?;
        let key = issuer.keys.find(header.kid.as_deref(), header.alg).await?;
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation(&issuer.config, header.alg))
            .map_err(|error| refuse(reason(error.kind())))?;
        claims::authenticated(&issuer.config, &decoded.claims, &self.node_key, self.demo.is_some())
    }
}

fn validation(config: &IssuerConfig, algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = TOKEN_SKEW_S;
    validation.validate_nbf = true;
    validation.set_audience(&[&config.audience]);
    validation.set_issuer(&[&config.issuer]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation
}

/// Why a token was not taken, in words that help its owner and nobody else.
fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired: get a new one",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidAudience => "the token is meant for another audience",
        ErrorKind::InvalidIssuer => "the token's issuer is not one that is trusted here",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks one of exp, aud, iss, sub",
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        _ => "the token is not valid",
    }
}

pub(crate) fn refuse(detail: &str) -> Problem {
    Problem::new(ErrorCode::Unauthenticated, detail)
}

#[cfg(test)]
mod tests;
