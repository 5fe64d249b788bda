//! The issuer of demo mode: an ES256 key of the node's own, so that a fresh clone has tokens and a real house never does.

use super::{
    IssuerConfig,
    key_file::{self, KeyFileError},
    key_set::KeySource,
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use narhet_kernel::{BoardId, Role, Timestamp};
use serde::Serialize;
use std::{path::Path, time::Duration};

/// What tokens for this house are meant for.
pub const AUDIENCE: &str = "narhet";
const KEY_FILE: &str = "demo-issuer";

/// Mints tokens in demo mode.
pub struct Issuer {
    name: String,
    key_id: String,
    signing: EncodingKey,
    jwks: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    roles: &'a [Role],
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<&'a BoardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<&'a str>,
}

impl Issuer {
    /// Opens the key in `keys_folder` (`DATA/keys/gateway`), or makes it.
    pub fn open(keys_folder: &Path) -> Result<Self, KeyFileError> {
        let pkcs8 = key_file::open_or_make(keys_folder, KEY_FILE, make_key)?;
        let damaged = |reason| KeyFileError::Damaged { path: keys_folder.join(KEY_FILE), reason };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)
            .map_err(|_| damaged("not a P-256 key in PKCS 8"))?;
        // The public key is 0x04, then x and y of 32 bytes each.
        let public = pair.public_key().as_ref();
        let (x, y) =
            public.strip_prefix(&[4]).filter(|xy| xy.len() == 64).ok_or_else(|| damaged("no point"))?.split_at(32);
        let key_id = blake3::hash(public).to_hex()[..16].to_owned();
        let jwks = serde_json::json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": key_id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }]});
        Ok(Self {
            name: format!("urn:narhet:demo:{key_id}"),
            key_id,
            signing: EncodingKey::from_ec_der(&pkcs8),
            jwks: jwks.to_string(),
        })
    }

    /// `urn:narhet:demo:<node>`; the node is named by its key.
    pub fn issuer(&self) -> &str {
        &self.name
    }

    /// What a gateway needs to take this issuer's tokens.
    pub fn config(&self) -> IssuerConfig {
        IssuerConfig::new(&self.name, KeySource::Inline(self.jwks.clone()))
    }

    /// A token for `subject` that ends after `ttl`, real time.
    pub fn mint(
        &self,
        roles: &[Role],
        board: Option<&BoardId>,
        partner: Option<&str>,
        subject: &str,
        ttl: Duration,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = Timestamp::now().as_second();
        let exp = now.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
        let claims = Claims { iss: &self.name, sub: subject, aud: AUDIENCE, iat: now, exp, roles, board, partner };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &self.signing)
    }
}

#[cfg(test)]
impl Issuer {
    /// A token that ends at a second of the real clock, which may be past.
    pub fn mint_until(&self, roles: &[Role], subject: &str, exp: i64) -> Result<String, jsonwebtoken::errors::Error> {
        let claims =
            Claims { iss: &self.name, sub: subject, aud: AUDIENCE, iat: exp, exp, roles, board: None, partner: None };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &claims, &self.signing)
    }
}

fn make_key() -> Result<Vec<u8>, KeyFileError> {
    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map(|document| document.as_ref().to_vec())
        .map_err(|_| KeyFileError::NoKey)
}
