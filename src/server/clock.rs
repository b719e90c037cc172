//! The one place where the server reads clocks.
//!
//! Server time is the system's time plus an offset that is zero except in a demonstration, where it starts
//! in the past and is then released to the present.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use relais_wire::ids::INT_MAX;

/// Reads server time. Cloning gives another handle to the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Server time in milliseconds since 1970.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    pub fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_millis()).unwrap_or(INT_MAX);
        now.saturating_add_signed(self.offset_ms.load(Ordering::Relaxed)).min(INT_MAX)
    }

    /// Monotonic time, for timers.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Moves server time to `offset_ms` from the system's. Refused when it would go back: cursors, tickets and
    /// codes count on time going forward.
    pub fn set_offset(&self, offset_ms: i64) -> bool {
        self.offset_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| (offset_ms >= old).then_some(offset_ms))
            .is_ok()
    }

    /// A clock that starts `offset_ms` from the system's.
    #[must_use]
    pub fn starting_at(offset_ms: i64) -> Self {
        Self { offset_ms: Arc::new(AtomicI64::new(offset_ms)) }
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn the_demonstration_clock_only_goes_forward() {
        let clock = Clock::starting_at(-60_000);
        let before = clock.now_ms();
        assert!(clock.set_offset(-30_000));
        assert!(!clock.set_offset(-40_000));
        assert!(clock.now_ms() >= before + 30_000);
    }
}
