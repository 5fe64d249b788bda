//! From an issuer's claims to a principal.

use super::{Authenticated, IdentityError, IssuerConfig, refuse};
use crate::limits::TOKEN_SKEW_S;
use narhet_kernel::{BoardId, Principal, Role, Timestamp};
use narhet_proto::wire::Problem;
use serde_json::{Map, Value};

/// A partner's id is a slug like a board's; longer names are not ids.
const PARTNER_BYTES_MAX: usize = 64;

/// Refuses a mapping to a role that does not exist: found at start, not at the first token.
pub(super) fn check_role_names(config: &IssuerConfig) -> Result<(), IdentityError> {
    for (name, role) in &config.role_names {
        role.parse::<Role>().map_err(|_| IdentityError::RoleName {
            issuer: config.issuer.clone(),
            name: name.clone(),
            role: role.clone(),
        })?;
    }
    Ok(())
}

/// The principal that checked claims stand for.
pub(super) fn authenticated(
    config: &IssuerConfig,
    claims: &Map<String, Value>,
    node_key: &[u8; 32],
    demo: bool,
) -> Result<Authenticated, Problem> {
    let subject = claims
        .get("sub")
        .and_then(Value::as_str)
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| refuse("the token names no subject"))?;
    let roles = roles(config, find(claims, &config.roles_claim));
    if roles.is_empty() {
        return Err(refuse("the token carries no role that is known here"));
    }
    let board = match find(claims, &config.board_claim) {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_str()
                .and_then(BoardId::new)
                .ok_or_else(|| refuse("the token's board claim is not a board's id"))?,
        ),
    };
    let partner = match find(claims, &config.partner_claim) {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_str()
                .filter(|partner| (1..=PARTNER_BYTES_MAX).contains(&partner.len()))
                .ok_or_else(|| refuse("the token's partner claim is not a partner's id"))?
                .to_owned(),
        ),
    };
    let principal = Principal {
        id: pseudonym(node_key, &config.issuer, subject),
        roles,
        board,
        partner,
        issuer: config.issuer.clone(),
        subject: subject.to_owned(),
        demo,
    };
    Ok(Authenticated { principal, expires: expires(claims)? })
}

/// A claim by name, or by JSON pointer when the name starts with a slash.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let Some(path) = name.strip_prefix('/') else {
        return claims.get(name);
    };
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let value = claims.get(first)?;
    if rest.is_empty() { Some(value) } else { value.pointer(&format!("/{rest}")) }
}

/// Roles that are known here; an issuer's other groups mean nothing to us and are left out.
fn roles(config: &IssuerConfig, claim: Option<&Value>) -> Vec<Role> {
    let names: Vec<&str> = match claim {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(names)) => names.split([' ', ',']).collect(),
        _ => Vec::new(),
    };
    let mut roles: Vec<Role> = names
        .into_iter()
        .filter_map(|name| config.role_names.get(name).map_or(name, String::as_str).parse().ok())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn expires(claims: &Map<String, Value>) -> Result<Timestamp, Problem> {
    let seconds = claims.get("exp").and_then(Value::as_f64).ok_or_else(|| refuse("the token does not expire"))?;
    // The cast saturates; beyond the range of time a token lasts for ever, as the signature check has found it to.
    let seconds = (seconds as i64).saturating_add(TOKEN_SKEW_S.cast_signed());
    Ok(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

/// `p-` and 16 hex digits of a keyed hash of issuer and subject: the same person every time, and nobody can say who
/// without the node's key.
pub(super) fn pseudonym(node_key: &[u8; 32], issuer: &str, subject: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(node_key);
    hasher.update(issuer.as_bytes()).update(b"|").update(subject.as_bytes());
    format!("p-{}", &hasher.finalize().to_hex()[..16])
}
