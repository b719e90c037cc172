//! Counters of the server.
//!
//! Not known here: users. No label ever names a person, a thread or an address.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that code increments; the scrape endpoint renders them.
#[derive(Debug, Default)]
pub struct Metrics {
    hints_dropped: AtomicU64,
}

impl Metrics {
    /// A hint to a shard found its channel full.
    pub fn hint_dropped(&self) {
        self.hints_dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How often that happened.
    #[must_use]
    pub fn hints_dropped(&self) -> u64 {
        self.hints_dropped.load(Ordering::Relaxed)
    }
}
