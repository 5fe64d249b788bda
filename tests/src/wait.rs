//! Waiting on conditions, never on time.

use std::time::{Duration, Instant};

/// Longer than anything healthy takes on two busy cores; reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Polls until `condition` gives something.
///
/// # Panics
/// When it has not after [`PATIENCE`]; `what` says what was waited for.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut condition: impl FnMut() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
