//! What time it is: the system's clock, a house that runs at another time and speed, or a test's hand.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// The house's clock; cheap to clone. Instants have microsecond precision, as stored times do.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    House(Anchor),
    Manual(Arc<AtomicI64>),
}

/// Where house time and real time met, and how fast the house has run since.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    pub house: Timestamp,
    pub real: Timestamp,
    /// House seconds for each real second; 1 is real speed.
    pub rate: f64,
}

impl Anchor {
    fn at(&self, real: Timestamp) -> Timestamp {
        let real_elapsed = real.duration_since(self.real).as_secs_f64().max(0.0);
        let elapsed = SignedDuration::try_from_secs_f64(real_elapsed * self.rate).unwrap_or(SignedDuration::MAX);
        self.house.checked_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}

impl Clock {
    pub const fn system() -> Self {
        Self(Kind::System)
    }

    pub const fn house(anchor: Anchor) -> Self {
        Self(Kind::House(anchor))
    }

    /// A clock that stands still until [`Clock::set`] moves it; for tests and simulation.
    pub fn manual(start: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(AtomicI64::new(start.as_microsecond()))))
    }

    /// Moves a manual clock; every clone sees it.
    ///
    /// # Panics
    /// On any other kind: nobody sets the real time.
    pub fn set(&self, instant: Timestamp) {
        match &self.0 {
            Kind::Manual(micros) => micros.store(instant.as_microsecond(), Ordering::SeqCst),
            Kind::System | Kind::House(_) => panic!("only a manual clock can be set"),
        }
    }

    pub fn now(&self) -> Timestamp {
        let instant = match &self.0 {
            Kind::System => Timestamp::now(),
            Kind::House(anchor) => anchor.at(Timestamp::now()),
            Kind::Manual(micros) => {
                return Timestamp::from_microsecond(micros.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX);
            }
        };
        Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
    }

    /// How many house seconds pass in a real one.
    pub fn rate(&self) -> f64 {
        match &self.0 {
            Kind::House(anchor) => anchor.rate,
            Kind::System | Kind::Manual(_) => 1.0,
        }
    }
}
