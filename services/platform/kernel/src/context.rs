//! The contexts that own a log each.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A bounded context: one service, one log, one partition of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    Area,
    Duty,
    Situation,
    Actors,
}

impl Context {
    /// Every context, in the order in which a house starts them.
    pub const ALL: [Context; 4] = [Context::Area, Context::Duty, Context::Situation, Context::Actors];

    /// Whether its log has something as soon as its house has been started once. A view of such a context that has nothing
    /// yet has not been read, and nothing may be decided on it.
    pub const fn speaks_first(self) -> bool {
        !matches!(self, Context::Situation)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Context::Area => "area",
            Context::Duty => "duty",
            Context::Situation => "situation",
            Context::Actors => "actors",
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text does not name a context.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no context is called {0:?}")]
pub struct UnknownContext(pub String);

impl FromStr for Context {
    type Err = UnknownContext;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Context::ALL.into_iter().find(|context| context.name() == text).ok_or_else(|| UnknownContext(text.to_owned()))
    }
}
