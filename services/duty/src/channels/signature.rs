//! Signatures of what goes out and comes back: HMAC-SHA256 over `<unix seconds>.<body>`, so that an old message cannot be
//! played again.

use super::Secret;
use aws_lc_rs::hmac;
use narhet_kernel::Timestamp;

/// The header that carries `t=<unix seconds>,v1=<hexadecimal>`.
pub const HEADER: &str = "Narhet-Signature";
/// How old a signed receipt may be, and how far ahead: clocks differ and networks wait.
const TOLERANCE_S: i64 = 300;

pub fn sign(secret: &Secret, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.as_second();
    let tag = hmac::sign(&key(secret), &signed(seconds, body));
    format!("t={seconds},v1={}", hex(tag.as_ref()))
}

/// Whether the header is this body's signature, made about now.
pub fn verify(secret: &Secret, header: &str, body: &[u8], now: Timestamp) -> bool {
    let mut parts = header.split(',').filter_map(|part| part.trim().split_once('='));
    let (Some(("t", seconds)), Some(("v1", tag))) = (parts.next(), parts.next()) else { return false };
    let (Ok(seconds), Some(tag)) = (seconds.parse::<i64>(), unhex(tag)) else { return false };
    (now.as_second() - seconds).abs() <= TOLERANCE_S && hmac::verify(&key(secret), &signed(seconds, body), &tag).is_ok()
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.bytes())
}

fn signed(seconds: i64, body: &[u8]) -> Vec<u8> {
    [format!("{seconds}.").as_bytes(), body].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_body_its_secret_and_its_time_only() {
        let (secret, other) = (Secret::new("hemlig"), Secret::new("annan"));
        let at: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        let later = |seconds| at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        let header = sign(&secret, at, b"{}");
        assert!(verify(&secret, &header, b"{}", later(299)));
        assert!(!verify(&secret, &header, b"{ }", at));
        assert!(!verify(&other, &header, b"{}", at));
        assert!(!verify(&secret, &header, b"{}", later(301)), "played again");
        for bad in ["", "t=1", "v1=00,t=1", "t=x,v1=00", "t=1,v1=0", "t=1,v1=åå"] {
            assert!(!verify(&secret, bad, b"{}", at), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_shown_nowhere() {
        assert_eq!(format!("{:?}", Secret::new("hemlig")), "Secret(…)");
    }
}
