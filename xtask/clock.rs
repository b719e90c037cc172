//! The only place of this package that reads a clock or waits.

use std::time::{Duration, Instant};

/// Now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one function of this package that reads the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits before looking again at something that cannot announce itself, such as a port of another process.
#[expect(clippy::disallowed_methods, reason = "polling another process; bounded by the caller's deadline")]
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// A duration as a person reads it: `0.4 s`, `41 s`, `3 min 12 s`.
#[must_use]
pub fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, show};

    #[test]
    fn durations_read_naturally() {
        assert_eq!(show(Duration::from_millis(440)), "0.4 s");
        assert_eq!(show(Duration::from_secs(41)), "41 s");
        assert_eq!(show(Duration::from_secs(192)), "3 min 12 s");
    }
}
