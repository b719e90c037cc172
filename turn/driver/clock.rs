//! The only place of this package that reads a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use relais_turn::Now;

/// Monotonic time since the start of a shard, and the calendar's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place of this package that reads the clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Now; read once for each batch of datagrams.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place of this package that reads the clock")]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { ms, unix_s: unix.as_secs() }
    }
}
