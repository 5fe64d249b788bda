use super::*;
use crate::testing::temporary_folder;
use aws_lc_rs::{encoding::AsDer as _, rand::SystemRandom, rsa, signature};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header, jwk::Jwk};
use narhet_kernel::{BoardId, Role};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

const ISSUER: &str = "https://idp.example";

struct Keys {
    es256: EncodingKey,
    ed25519: EncodingKey,
    rsa: EncodingKey,
}

fn keys() -> Keys {
    let random = SystemRandom::new();
    let es256 = signature::EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ed25519 = signature::Ed25519KeyPair::generate_pkcs8v1(&random).unwrap();
    let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let rsa_pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    Keys {
        es256: EncodingKey::from_ec_der(es256.as_ref()),
        ed25519: EncodingKey::from_ed_der(ed25519.as_ref()),
        // jsonwebtoken takes PKCS 1, which stands inside PKCS 8.
        rsa: EncodingKey::from_rsa_pem(&pem("PRIVATE KEY", rsa_pkcs8.as_ref())).unwrap(),
    }
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    use base64::engine::general_purpose::STANDARD;
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

fn jwks(keys: &Keys) -> String {
    let jwk = |key: &EncodingKey, algorithm, id: &str| {
        let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
        jwk.common.key_id = Some(id.to_owned());
        jwk.common.key_algorithm = None;
        jwk
    };
    json!({ "keys": [
        jwk(&keys.es256, Algorithm::ES256, "e"),
        jwk(&keys.ed25519, Algorithm::EdDSA, "d"),
        jwk(&keys.rsa, Algorithm::RS256, "r"),
    ]})
    .to_string()
}

fn sign(key: &EncodingKey, algorithm: Algorithm, id: &str, claims: &Value) -> String {
    let header = Header { kid: Some(id.to_owned()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": ISSUER, "sub": "anna", "aud": "narhet", "iat": now, "exp": now + 300,
        "roles": ["coordinator", "some-other-group"], "board": "jarva",
    });
    change(&mut claims);
    claims
}

#[tokio::test]
async fn the_tokens_as_a_table() {
    let folder = temporary_folder();
    let keys = keys();
    let config = Config { issuers: vec![IssuerConfig::new(ISSUER, KeySource::Inline(jwks(&keys)))] };
    let identity = Identity::open(config, &folder, true).unwrap();
    let good = claims(|_| ());
    for (key, algorithm, id) in [
        (&keys.es256, Algorithm::ES256, "e"),
        (&keys.ed25519, Algorithm::EdDSA, "d"),
        (&keys.rsa, Algorithm::RS256, "r"),
        (&keys.rsa, Algorithm::PS256, "r"),
    ] {
        let taken = identity.verify(&sign(key, algorithm, id, &good)).await.unwrap();
        assert_eq!(taken.principal.roles, [Role::Coordinator], "{algorithm:?}");
        assert_eq!(taken.principal.board.as_ref().map(BoardId::as_str), Some("jarva"));
        assert!(taken.principal.demo);
    }
    let es256 = |claims: &Value| sign(&keys.es256, Algorithm::ES256, "e", claims);
    let unsigned = |header: Value| {
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(good.to_string()))
    };
    let now = Timestamp::now().as_second();
    let foreign = super::tests::keys();
    let table = [
        ("another issuer", es256(&claims(|claims| claims["iss"] = json!("https://evil.example")))),
        ("no issuer", es256(&claims(|claims| claims["iss"] = Value::Null))),
        ("expired", es256(&claims(|claims| claims["exp"] = json!(now - 61)))),
        ("never expires", es256(&claims(|claims| claims["exp"] = Value::Null))),
        ("not valid yet", es256(&claims(|claims| claims["nbf"] = json!(now + 120)))),
        ("wrong audience", es256(&claims(|claims| claims["aud"] = json!("other")))),
        ("no role", es256(&claims(|claims| claims["roles"] = json!([])))),
        ("no known role", es256(&claims(|claims| claims["roles"] = json!(["root"])))),
        ("no subject", es256(&claims(|claims| claims["sub"] = json!("")))),
        ("a board that is no id", es256(&claims(|claims| claims["board"] = json!("Järva; DROP")))),
        ("another's key", sign(&foreign.es256, Algorithm::ES256, "e", &good)),
        ("an unknown key", sign(&keys.es256, Algorithm::ES256, "x", &good)),
        ("a key of another kind", sign(&keys.es256, Algorithm::ES256, "r", &good)),
        ("none", unsigned(json!({ "alg": "none", "typ": "JWT" }))),
        ("None", unsigned(json!({ "alg": "None", "kid": "e" }))),
        ("the public key as a secret", {
            let secret = EncodingKey::from_secret(jwks(&keys).as_bytes());
            sign(&secret, Algorithm::HS256, "e", &good)
        }),
        ("garbage", "a.b.c".to_owned()),
        ("nothing", String::new()),
    ];
    for (what, token) in table {
        let refused = identity.verify(&token).await.expect_err(what);
        assert_eq!(refused.code, ErrorCode::Unauthenticated, "{what}");
        assert!(!refused.detail.is_empty() && !refused.detail.contains("anna"), "{what}: {}", refused.detail);
    }
    assert!(identity.verify(&es256(&claims(|claims| claims["exp"] = json!(now - 30)))).await.is_ok(), "skew");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_issuer_may_name_claims_and_roles_its_own_way() {
    let folder = temporary_folder();
    let keys = keys();
    let config: IssuerConfig = serde_json::from_value(json!({
        "issuer": ISSUER, "jwks": { "inline": jwks(&keys) }, "audience": "city",
        "roles-claim": "/realm_access/roles", "board-claim": "namnd", "role-names": { "SDF-samordnare": "coordinator" },
    }))
    .unwrap();
    let identity = Identity::open(Config { issuers: vec![config] }, &folder, false).unwrap();
    let token = claims(|claims| {
        claims["aud"] = json!(["x", "city"]);
        claims["realm_access"] = json!({ "roles": ["SDF-samordnare"] });
        claims["namnd"] = json!("farsta");
    });
    let taken = identity.verify(&sign(&keys.es256, Algorithm::ES256, "e", &token)).await.unwrap();
    assert_eq!(taken.principal.roles, [Role::Coordinator]);
    assert_eq!(taken.principal.board.as_ref().map(BoardId::as_str), Some("farsta"));
    assert!(!taken.principal.demo);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn demo_tokens_are_good_in_demo_mode_only_and_keys_stay() {
    let folder = temporary_folder();
    let issuer = demo::Issuer::open(&folder).unwrap();
    assert_eq!(issuer.issuer(), demo::Issuer::open(&folder).unwrap().issuer());
    let token = issuer.mint(&[Role::Ckl], None, None, "lead", std::time::Duration::from_secs(60)).unwrap();
    let first = Identity::open(Config::default(), &folder, true).unwrap().verify(&token).await.unwrap();
    let again = Identity::open(Config::default(), &folder, true).unwrap().verify(&token).await.unwrap();
    assert_eq!(first.principal.id, again.principal.id);
    assert!(first.principal.id.starts_with("p-") && first.principal.id.len() == 18);
    let real = Identity::open(Config::default(), &folder, false).unwrap();
    assert_eq!(real.verify(&token).await.unwrap_err().code, ErrorCode::Unauthenticated);
    for file in ["node-key", "demo-issuer"] {
        assert_eq!(std::fs::metadata(folder.join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    std::fs::set_permissions(folder.join("node-key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        Identity::open(Config::default(), &folder, false),
        Err(IdentityError::KeyFile(KeyFileError::Open { .. }))
    ));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn fetched_keys_are_kept_and_an_unknown_key_does_not_hammer_the_issuer() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let folder = temporary_folder();
    let keys = keys();
    let fetched = std::sync::Arc::new(AtomicUsize::new(0));
    let (jwks, counted) = (jwks(&keys), std::sync::Arc::clone(&fetched));
    let serve_keys = axum::routing::get(move || async move {
        counted.fetch_add(1, Ordering::SeqCst);
        jwks
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/jwks", serve_keys)).await });
    let there = IssuerConfig::new(ISSUER, KeySource::Url(url));
    let nowhere = IssuerConfig::new("https://gone.example", KeySource::Url("http://127.0.0.1:1/jwks".to_owned()));
    let identity = Identity::open(Config { issuers: vec![there, nowhere] }, &folder, false).unwrap();
    for _ in 0..3 {
        assert!(identity.verify(&sign(&keys.es256, Algorithm::ES256, "e", &claims(|_| ()))).await.is_ok());
        let unknown = identity.verify(&sign(&keys.es256, Algorithm::ES256, "new", &claims(|_| ()))).await;
        assert_eq!(unknown.unwrap_err().code, ErrorCode::Unauthenticated);
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    let gone = claims(|claims| claims["iss"] = json!("https://gone.example"));
    let unreachable = identity.verify(&sign(&keys.es256, Algorithm::ES256, "e", &gone)).await;
    assert_eq!(unreachable.unwrap_err().code, ErrorCode::Unavailable);
    let remote = IssuerConfig::new("x", KeySource::Url("http://idp.example/jwks".to_owned()));
    assert!(Identity::open(Config { issuers: vec![remote] }, &folder, false).is_err(), "plain http, not this machine");
    std::fs::remove_dir_all(folder).unwrap();
}
