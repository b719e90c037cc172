//! Rates and percentiles.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;

/// One measurement.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Figure {
    /// Durable commits per second.
    pub(crate) rate: f64,
    /// Median time from asking to the answer, in milliseconds.
    pub(crate) p50_ms: f64,
    /// The same for the slowest hundredth.
    pub(crate) p99_ms: f64,
}

impl Figure {
    /// From the time each commit took.
    pub(crate) fn of(mut times: Vec<Duration>, elapsed: Duration) -> Self {
        times.sort_unstable();
        let at = |hundredths: usize| {
            let index = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
            times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
        Self { rate: f64::from(count) / elapsed.as_secs_f64(), p50_ms: at(50), p99_ms: at(99) }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell = format!("{:.0} ({:.2}/{:.2})", self.rate, self.p50_ms, self.p99_ms);
        write!(f, "{cell:>22}")
    }
}

/// The middle one by rate.
pub(crate) fn median(all: &[Figure]) -> Figure {
    let mut all = all.to_vec();
    all.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// The clock of the measurement.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program does")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
