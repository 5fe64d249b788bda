//! ETags: the version of what was read, for `If-Match`, and a mark of the whole answer, for `If-None-Match`.
//!
//! An answer may change while its version stands: a link follows the map, an owner ends, a person is erased. So the version
//! alone says what an update is based on, and the mark says whether an answer is still the same.

use axum::http::{HeaderMap, header};
use narhet_proto::wire::Problem;
use serde_json::value::RawValue;

/// `"v3-1f2e3d4c5b6a7988"`.
pub fn etag(version: u64, body: &RawValue) -> String {
    let mark = blake3::hash(body.get().as_bytes()).to_hex();
    format!("\"v{version}-{}\"", &mark.as_str()[..16])
}

/// The version in `If-Match`, which an update must carry: `"v3"`, or an ETag as it was given out.
pub fn if_match(headers: &HeaderMap) -> Result<u64, Problem> {
    let wanted = |detail: &str| Problem::parameter("If-Match", detail);
    let value = headers
        .get(header::IF_MATCH)
        .ok_or_else(|| wanted("an update needs If-Match with the ETag of the version you have read"))?;
    let version = |text: &str| {
        let inner = text.trim().strip_prefix("\"v")?.strip_suffix('"')?;
        inner.split_once('-').map_or(inner, |(version, _)| version).parse().ok()
    };
    let read = value.to_str().ok().and_then(version);
    read.ok_or_else(|| wanted("If-Match is not an ETag that was given out here, such as \"v3\""))
}

/// Weak comparison, as RFC 9110 has it for `If-None-Match`.
pub fn none_match_names(headers: &HeaderMap, etag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use narhet_proto::wire::ErrorCode;

    #[test]
    fn an_update_needs_the_etag_it_was_given() {
        let headers = |value: &'static str| HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))]);
        assert_eq!(if_match(&headers("\"v3\"")), Ok(3));
        assert_eq!(if_match(&headers("\"v3-1f2e3d4c5b6a7988\"")), Ok(3));
        for bad in ["", "*", "v3", "\"3\"", "W/\"v3\"", "\"vx\"", "\"v-3\""] {
            assert_eq!(if_match(&headers(bad)).unwrap_err().code, ErrorCode::InvalidInput, "{bad}");
        }
        assert!(if_match(&HeaderMap::new()).is_err());
    }

    #[test]
    fn another_answer_of_the_same_version_has_another_etag() {
        let body = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let (one, other) =
            (etag(3, &body(r#"{"owner":"norrmalm"}"#)), etag(3, &body(r#"{"owner":"norra-innerstaden"}"#)));
        assert_ne!(one, other);
        let given = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(&one).unwrap())]);
        assert!(none_match_names(&given, &one) && !none_match_names(&given, &other));
    }
}
