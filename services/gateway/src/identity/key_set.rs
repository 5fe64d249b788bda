//! The public keys of one issuer: given with the configuration, or fetched and kept for a while.

use super::{ALGORITHMS, refuse};
use crate::limits::{JWKS_BYTES_MAX, JWKS_FETCH_TIMEOUT, JWKS_FRESH, JWKS_REFETCH_MIN};
use futures::StreamExt as _;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use narhet_proto::wire::{ErrorCode, Problem};
use serde::Deserialize;
use std::{path::PathBuf, str::FromStr as _, sync::Arc, time::Instant};
use tokio::sync::Mutex;

/// Where an issuer's JWKS is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    Inline(String),
    File(PathBuf),
    /// `https`, or `http` on this machine.
    Url(String),
}

/// The keys of one issuer.
pub(super) enum KeySet {
    Fixed(Arc<Vec<Key>>),
    Fetched { url: String, client: reqwest::Client, cache: Mutex<Cache> },
}

/// A key that may check a signature of one of our algorithms.
pub(super) struct Key {
    id: Option<String>,
    family: Family,
    /// When the key says which algorithm it is for, no other may be used with it.
    algorithm: Option<Algorithm>,
    decoding: DecodingKey,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    Ed25519,
}

#[derive(Default)]
pub(super) struct Cache {
    keys: Arc<Vec<Key>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

impl KeySet {
    pub(super) fn open(source: &KeySource) -> Result<Self, String> {
        let fixed = |text: &str| parse(text).map(|keys| KeySet::Fixed(Arc::new(keys)));
        match source {
            KeySource::Inline(text) => fixed(text),
            KeySource::File(path) => {
                fixed(&std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?)
            }
            KeySource::Url(url) => Ok(KeySet::Fetched {
                url: checked_url(url)?,
                client: reqwest::Client::builder()
                    .timeout(JWKS_FETCH_TIMEOUT)
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .map_err(|error| error.to_string())?,
                cache: Mutex::default(),
            }),
        }
    }

    /// The key that a token's header names.
    pub(super) async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Problem> {
        let unknown = || refuse("the token is signed with a key its issuer does not have");
        match self {
            KeySet::Fixed(keys) => choose(keys, id, algorithm).ok_or_else(unknown),
            KeySet::Fetched { url, client, cache } => {
                // The lock is held while fetching, so that a crowd of callers fetches once.
                let mut cache = cache.lock().await;
                let fresh = cache.fetched.is_some_and(|at| at.elapsed() < JWKS_FRESH);
                let found = choose(&cache.keys, id, algorithm);
                if let Some(key) = found.as_ref().filter(|_| fresh) {
                    return Ok(key.clone());
                }
                if cache.tried.is_none_or(|at| at.elapsed() >= JWKS_REFETCH_MIN) {
                    cache.tried = Some(Instant::now());
                    match fetch(client, url).await {
                        Ok(keys) => {
                            *cache = Cache { keys: Arc::new(keys), fetched: Some(Instant::now()), tried: cache.tried };
                            return choose(&cache.keys, id, algorithm).ok_or_else(unknown);
                        }
                        Err(reason) => tracing::warn!(url, reason, "an issuer's keys could not be fetched"),
                    }
                }
                // Keys that were good ten minutes ago still are, while their issuer cannot be reached.
                match (found, cache.fetched) {
                    (Some(key), _) => Ok(key),
                    (None, Some(_)) => Err(unknown()),
                    (None, None) => Err(Problem::new(ErrorCode::Unavailable, "the token's issuer cannot be reached")),
                }
            }
        }
    }
}

/// Only a key of the right family, for this use, with this id; without an id the issuer must have just one such key.
fn choose(keys: &[Key], id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let family = match algorithm {
        Algorithm::ES256 => Family::P256,
        Algorithm::EdDSA => Family::Ed25519,
        _ => Family::Rsa,
    };
    let mut fitting = keys.iter().filter(|key| {
        key.family == family
            && key.algorithm.is_none_or(|named| named == algorithm)
            && (id.is_none() || key.id.as_deref() == id)
    });
    let first = fitting.next()?;
    fitting.next().is_none().then(|| first.decoding.clone())
}

/// Keys of other kinds and uses are left out; a set without a usable one is an error.
fn parse(text: &str) -> Result<Vec<Key>, String> {
    let set: JwkSet = serde_json::from_str(text).map_err(|error| format!("not a JWKS: {error}"))?;
    let keys: Vec<Key> = set.keys.iter().filter_map(usable).collect();
    if keys.is_empty() { Err("no key for RS256, PS256, ES256 or EdDSA in the JWKS".to_owned()) } else { Ok(keys) }
}

fn usable(jwk: &Jwk) -> Option<Key> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let family = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Family::Rsa,
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Family::P256,
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Family::Ed25519,
        _ => return None,
    };
    let algorithm = match jwk.common.key_algorithm {
        None => None,
        Some(named) => {
            Some(Algorithm::from_str(&named.to_string()).ok().filter(|algorithm| ALGORITHMS.contains(algorithm))?)
        }
    };
    Some(Key { id: jwk.common.key_id.clone(), family, algorithm, decoding: DecodingKey::from_jwk(jwk).ok()? })
}

fn checked_url(url: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
    let local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match parsed.scheme() {
        "https" => Ok(url.to_owned()),
        "http" if local => Ok(url.to_owned()),
        _ => Err(format!("{url}: keys are fetched over https, or http on this machine")),
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<Key>, String> {
    let response = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
    let mut stream = response.map_err(|error| error.to_string())?.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
        if bytes.len() > JWKS_BYTES_MAX {
            return Err(format!("the JWKS is larger than {JWKS_BYTES_MAX} bytes"));
        }
    }
    parse(std::str::from_utf8(&bytes).map_err(|error| error.to_string())?)
}
