//! The house's clock: the system's, or in demo mode another time at another speed, the same for every role and restart.

use anyhow::{Context as _, bail};
use narhet_kernel::{Clock, Timestamp, clock::Anchor};
use std::path::Path;

/// The largest speed: a year in nine hours; beyond it timers would fire in heaps.
const RATE_MAX: f64 = 1_000.0;

/// The clock of the house in `data`: what `--clock` says now, else what an earlier start anchored, else real time.
pub fn open(data: &Path, wanted: Option<&str>) -> anyhow::Result<Clock> {
    let path = data.join("clock.json");
    let stored: Option<Anchor> = match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let Some(wanted) = wanted else { return Ok(stored.map_or_else(Clock::system, Clock::house)) };
    let anchor = parse(wanted)?;
    let present = stored.map(|stored| Clock::house(stored).now());
    if let Some(present) = present
        && anchor.house < present
    {
        // The same flag on a restart goes on; only a later instant moves the house.
        if stored.is_some_and(|stored| stored.house == anchor.house && (stored.rate - anchor.rate).abs() < f64::EPSILON)
        {
            return Ok(stored.map_or_else(Clock::system, Clock::house));
        }
        bail!("--clock {} lies before the house's present {present}: recorded time never runs backwards", anchor.house);
    }
    let bytes = serde_json::to_vec(&anchor)?;
    std::fs::create_dir_all(data)?;
    // Beside, then renamed: a kill in between must not leave half an anchor.
    let beside = data.join("clock.json.new");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::File::open(&beside)?.sync_all())
        .and_then(|()| std::fs::rename(&beside, &path))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Clock::house(anchor))
}

fn parse(text: &str) -> anyhow::Result<Anchor> {
    let (instant, rate) =
        text.split_once(['x', '×']).map_or((text, 1.0), |(instant, rate)| (instant, rate.parse().unwrap_or(f64::NAN)));
    // 2023-03-01T00:00Z without seconds is what people write.
    let house: Timestamp =
        instant.parse().with_context(|| format!("{instant:?} is not an instant: write 2026-12-24T13:00:00+01:00"))?;
    if !(rate > 0.0 && rate <= RATE_MAX) {
        bail!("the rate in {text:?} must lie above 0 and at or below {RATE_MAX}");
    }
    Ok(Anchor { house, real: Timestamp::now(), rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_after_a_restart_and_never_back() {
        let data = std::env::temp_dir().join(format!("narhet-clock-{}", narhet_kernel::Uuid::new_v4()));
        let first = open(&data, Some("2023-03-01T00:00Z")).unwrap().now();
        let again = open(&data, None).unwrap().now();
        assert!(again >= first && again.duration_since(first).as_secs() < 60);
        assert!(open(&data, Some("2023-03-01T00:00Z")).unwrap().now() >= again, "the same flag again goes on");
        assert!(open(&data, Some("2023-02-01T00:00Z")).is_err(), "an earlier one is refused");
        let later = open(&data, Some("2023-04-24T00:00:00+02:00x60")).unwrap();
        assert_eq!(later.rate(), 60.0);
        assert!(open(&data, Some("yesterday")).is_err() && open(&data, Some("2024-01-01T00:00Zx0")).is_err());
        std::fs::remove_dir_all(data).unwrap();
    }
}
