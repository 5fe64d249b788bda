//! Names of things: streams, boards, and ids that a process derives so that a re-run finds its own event.

use crate::{Role, limits::SLUG_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt};
use uuid::Uuid;

/// A board's stable slug without diacritics: `jarva`, `norra-innerstaden`, `socialnamnden`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoardId(String);

impl BoardId {
    pub const SOCIALNAMNDEN: &'static str = "socialnamnden";
    pub const KOMMUNSTYRELSEN: &'static str = "kommunstyrelsen";
    pub const KRISLEDNINGSNAMNDEN: &'static str = "krisledningsnamnden";
    pub const LANSSTYRELSEN: &'static str = "lansstyrelsen-stockholm";

    /// Takes a slug as it is written; `None` when it is not a slug, or the name of a role: boards and roles stand side by
    /// side in the readers of an event.
    pub fn new(slug: impl Into<String>) -> Option<Self> {
        let slug = slug.into();
        (is_slug(&slug) && slug.parse::<Role>().is_err()).then_some(Self(slug))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BoardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for BoardId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A person whose data is sealed under keys of their own, so that it can be erased. Random, or derived from a pseudonym: it
/// says nothing about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectId(pub Uuid);

impl SubjectId {
    /// The subject that stands for a principal: what `principal-seen` holds is sealed under its keys in every role.
    pub fn of_principal(pseudonym: &str) -> Self {
        Self(derived_id(&format!("principal {pseudonym}"), Uuid::nil(), 0))
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not the id of a subject.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not the id of a subject: a UUID in hyphenated lower case is one")]
pub struct NotASubject;

impl std::str::FromStr for SubjectId {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Uuid::parse_str(text).map_err(|_| NotASubject)?;
        if id.to_string() == text { Ok(Self(id)) } else { Err(NotASubject) }
    }
}

/// `<kind>/<id>`: the `subject` of an event and the unit of expected versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(String);

impl StreamId {
    /// # Panics
    /// When kind or id is empty or the whole is longer than 200 bytes: stream names are made by code, never by input.
    pub fn new(kind: &str, id: &str) -> Self {
        assert!(!kind.is_empty() && !id.is_empty() && kind.len() + id.len() < 200, "stream name out of bounds");
        Self(format!("{kind}/{id}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(kind, _)| kind)
    }

    /// The part after the slash.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the text is a slug: lower-case ASCII letters, digits and single hyphens inside, 1 to 64 bytes.
pub fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= SLUG_BYTES_MAX
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
        && !text.contains("--")
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// The slug of a Swedish name: `"Enskede-Årsta-Vantör"` becomes `enskede-arsta-vantor`.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        let plain = match letter {
            'å' | 'ä' | 'á' | 'à' => 'a',
            'ö' | 'ø' => 'o',
            'é' | 'è' => 'e',
            'ü' => 'u',
            'æ' => 'a',
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '-',
        };
        if plain != '-' || !(slug.is_empty() || slug.ends_with('-')) {
            slug.push(plain);
        }
    }
    slug.truncate(SLUG_BYTES_MAX);
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The id of the `ordinal`th thing that `process` causes on seeing event `source`: UUIDv8 (RFC 9562), BLAKE3-derived,
/// so that the same cause always yields the same id.
pub fn derived_id(process: &str, source: Uuid, ordinal: u32) -> Uuid {
    let mut hasher = blake3::Hasher::new_derive_key("narhet 2026 derived event id");
    hasher.update(process.as_bytes());
    hasher.update(&[0]);
    hasher.update(source.as_bytes());
    hasher.update(&ordinal.to_be_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_lose_their_diacritics_and_nothing_else() {
        for (name, expected) in [
            ("Järva", "jarva"),
            ("Norra innerstaden", "norra-innerstaden"),
            ("Enskede-Årsta-Vantör", "enskede-arsta-vantor"),
            ("Hägersten-Älvsjö", "hagersten-alvsjo"),
            ("  Gamla stan! ", "gamla-stan"),
        ] {
            assert_eq!(slug(name), expected);
            assert!(is_slug(expected));
        }
        for bad in ["", "-a", "a-", "a--b", "Järva", "a b"] {
            assert!(!is_slug(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_same_cause_always_yields_the_same_id() {
        let cause = Uuid::from_u128(7);
        assert_eq!(derived_id("support", cause, 0), derived_id("support", cause, 0));
        assert_ne!(derived_id("support", cause, 0), derived_id("support", cause, 1));
        assert_ne!(derived_id("support", cause, 0), derived_id("other", cause, 0));
        assert_eq!(derived_id("support", cause, 0).get_version_num(), 8);
    }
}
