//! The one place where time is read.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 of this device's clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock of the shell")]
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A clock that does not go back, from its making.
#[derive(Clone, Copy, Debug)]
pub struct Steady(Instant);

impl Steady {
    /// Starts at 0.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the shell")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The server's clock, as far as it is known: this device's and the difference that was seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerClock {
    ahead_ms: i64,
}

impl ServerClock {
    /// The server said its time.
    pub fn told(&mut self, server_ms: u64) {
        let server = i64::try_from(server_ms).unwrap_or(i64::MAX);
        self.ahead_ms = server.saturating_sub(i64::try_from(wall_ms()).unwrap_or(i64::MAX));
    }

    /// Server time now.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        wall_ms().saturating_add_signed(self.ahead_ms)
    }
}
