//! KLASSA tags: how much confidentiality, correctness and availability a piece of information needs.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{fmt, str::FromStr};

/// Confidentiality (k), correctness (r) and availability (t), each 0-3; level 4 may not enter at all (DESIGN section 2).
/// Written `k1r2t1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Klass {
    pub k: u8,
    pub r: u8,
    pub t: u8,
}

impl Klass {
    /// What an event is when nobody says otherwise.
    pub const DEFAULT: Klass = Klass { k: 1, r: 2, t: 1 };
    /// Boards, areas and calendars: public facts that must be right and there.
    pub const PUBLIC: Klass = Klass { k: 0, r: 2, t: 2 };
}

impl Default for Klass {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Klass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}r{}t{}", self.k, self.r, self.t)
    }
}

/// The text is not a class of the form `k1r2t1` with levels 0-3.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a class: write k, r and t with a level 0-3 each, as in k1r2t1")]
pub struct NotAKlass(pub String);

impl FromStr for Klass {
    type Err = NotAKlass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [b'k', k @ b'0'..=b'3', b'r', r @ b'0'..=b'3', b't', t @ b'0'..=b'3'] => {
                Ok(Klass { k: k - b'0', r: r - b'0', t: t - b'0' })
            }
            _ => Err(NotAKlass(text.chars().take(20).collect())),
        }
    }
}

impl Serialize for Klass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Klass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
