//! How far somebody has read: the only cursor there is.

use crate::Context;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{collections::BTreeMap, fmt, str::FromStr};
use uuid::Uuid;

/// The identity of one log, made with its folder and renewed by `narhet fork`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoreId(pub Uuid);

impl StoreId {
    /// The first eight hex digits of the random part, as cursors carry it.
    pub fn short(self) -> u32 {
        let bytes = self.0.as_bytes();
        u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]])
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in one context's log: everything up to and including `position` (0 = nothing yet) of the log `store`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark {
    pub position: u64,
    /// [`StoreId::short`] of the log it was read from, so that a fork is noticed.
    pub store: u32,
}

/// A mark for each context. Text form: `area.12.9f3c2b1a_situation.7.11aa22bb` (contexts in order, `-` when empty).
#[derive(Clone, Debug, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub struct Vector(BTreeMap<Context, Mark>);

impl Vector {
    pub fn new() -> Self {
        Self::default()
    }

    /// The position reached in `context`; 0 when nothing has been read.
    pub fn position(&self, context: Context) -> u64 {
        self.0.get(&context).map_or(0, |mark| mark.position)
    }

    pub fn mark(&self, context: Context) -> Option<Mark> {
        self.0.get(&context).copied()
    }

    pub fn set(&mut self, context: Context, mark: Mark) {
        self.0.insert(context, mark);
    }

    pub fn with(mut self, context: Context, mark: Mark) -> Self {
        self.set(context, mark);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = (Context, Mark)> + '_ {
        self.0.iter().map(|(context, mark)| (*context, *mark))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything in `other` has been read here too, from the same logs.
    pub fn covers(&self, other: &Vector) -> bool {
        other.iter().filter(|(_, mark)| mark.position > 0).all(|(context, wanted)| {
            self.mark(context).is_some_and(|own| own.store == wanted.store && own.position >= wanted.position)
        })
    }

    /// Whether a cause at `mark` needs no more waiting for: it has been read, or its log was given up for another one
    /// (`narhet fork`), so that it will never come.
    pub fn has_seen(&self, context: Context, mark: Mark) -> bool {
        mark.position == 0
            || self.mark(context).is_some_and(|own| own.store != mark.store || own.position >= mark.position)
    }

    /// The least vector that covers both.
    pub fn join(&mut self, other: &Vector) {
        for (context, mark) in other.iter() {
            if mark.position >= self.position(context) {
                self.set(context, mark);
            }
        }
    }
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        for (index, (context, mark)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("_")?;
            }
            write!(f, "{context}.{}.{:08x}", mark.position, mark.store)?;
        }
        Ok(())
    }
}

/// The text is not a cursor that this house has given out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a cursor: take it unchanged from `cursor`, `next` or an SSE id")]
pub struct NotACursor;

impl FromStr for Vector {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut vector = Vector::new();
        if text == "-" {
            return Ok(vector);
        }
        for part in text.split('_') {
            let mut fields = part.split('.');
            let (Some(context), Some(position), Some(store), None) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                return Err(NotACursor);
            };
            let context: Context = context.parse().map_err(|_| NotACursor)?;
            let position: u64 = position.parse().map_err(|_| NotACursor)?;
            if store.len() != 8 || vector.mark(context).is_some() {
                return Err(NotACursor);
            }
            let store = u32::from_str_radix(store, 16).map_err(|_| NotACursor)?;
            vector.set(context, Mark { position, store });
        }
        Ok(vector)
    }
}

impl Serialize for Vector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_form() {
        let vector = Vector::new()
            .with(Context::Situation, Mark { position: 7, store: 0x11aa_22bb })
            .with(Context::Area, Mark { position: 12, store: 3 });
        assert_eq!(vector.to_string(), "area.12.00000003_situation.7.11aa22bb");
        assert_eq!(vector.to_string().parse(), Ok(vector));
        assert_eq!("-".parse(), Ok(Vector::new()));
        for bad in
            ["", "area", "area.1", "area.x.00000000", "area.1.0", "mars.1.00000000", "area.1.00000000_area.2.00000000"]
        {
            assert_eq!(bad.parse::<Vector>(), Err(NotACursor), "{bad:?}");
        }
    }

    #[test]
    fn join_is_the_least_vector_that_covers_both() {
        let mark = |position| Mark { position, store: 1 };
        let a = Vector::new().with(Context::Area, mark(3)).with(Context::Duty, mark(1));
        let b = Vector::new().with(Context::Area, mark(2)).with(Context::Situation, mark(5));
        let mut joined = a.clone();
        joined.join(&b);
        assert!(joined.covers(&a) && joined.covers(&b));
        assert_eq!(joined.position(Context::Area), 3);
        assert!(!a.covers(&b));
    }

    #[test]
    fn a_cursor_of_another_log_is_not_covered_and_its_causes_are_not_waited_for() {
        let of = |store, position| Vector::new().with(Context::Area, Mark { position, store });
        assert!(of(1, 5).covers(&of(1, 5)) && !of(1, 5).covers(&of(2, 3)) && of(1, 0).covers(&of(2, 0)));
        assert!(of(1, 5).has_seen(Context::Area, Mark { position: 5, store: 1 }));
        assert!(!of(1, 5).has_seen(Context::Area, Mark { position: 6, store: 1 }));
        assert!(of(1, 5).has_seen(Context::Area, Mark { position: 60, store: 2 }));
        assert!(!Vector::new().has_seen(Context::Area, Mark { position: 1, store: 2 }));
    }
}
