//! Full-jitter back-off: each delay is uniform between nothing and a bound that doubles, so that a ward that
//! lost its server does not return in step.
//!
//! Not known here: clocks, and where the seed comes from.

/// The delays of one connection.
#[derive(Clone, Debug)]
pub struct Backoff {
    state: u64,
    attempts: u32,
    base_ms: u64,
    cap_ms: u64,
}

impl Backoff {
    /// Delays below `cap_ms`, drawn from `seed`.
    #[must_use]
    pub const fn new(seed: u64, base_ms: u64, cap_ms: u64) -> Self {
        Self { state: seed, attempts: 0, base_ms, cap_ms }
    }

    /// The next delay in milliseconds.
    pub fn next_delay(&mut self) -> u64 {
        let factor = 1_u64.checked_shl(self.attempts).unwrap_or(u64::MAX);
        let bound = self.base_ms.saturating_mul(factor).min(self.cap_ms);
        self.attempts = (self.attempts + 1).min(32);
        self.draw() % (bound + 1)
    }

    /// Starts anew after a connection that lived.
    pub const fn reset(&mut self) {
        self.attempts = 0;
    }

    /// SplitMix64: good enough to spread, and one line to reproduce.
    const fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Backoff;

    proptest! {
        #[test]
        fn no_delay_is_over_the_cap_or_over_its_step(seed: u64, cap in 1_000_u64..60_000) {
            let mut backoff = Backoff::new(seed, 100, cap);
            for step in 0..70_u32 {
                let bound = 100_u64.saturating_mul(1_u64.checked_shl(step.min(32)).unwrap_or(u64::MAX)).min(cap);
                prop_assert!(backoff.next_delay() <= bound);
            }
        }
    }

    #[test]
    fn a_thousand_clients_do_not_return_in_step() {
        let mut delays: Vec<u64> = (0..1_000)
            .map(|seed| {
                let mut backoff = Backoff::new(seed, 100, 30_000);
                (0..10).map(|_| backoff.next_delay()).last().expect("ten were drawn")
            })
            .collect();
        delays.sort_unstable();
        delays.dedup();
        assert!(delays.len() > 900, "only {} different delays", delays.len());
        assert!(delays.first().is_some_and(|first| *first < 1_500), "jitter is full, not half");
    }

    #[test]
    fn a_connection_that_lived_starts_anew() {
        let mut backoff = Backoff::new(1, 100, 30_000);
        for _ in 0..10 {
            backoff.next_delay();
        }
        backoff.reset();
        assert!(backoff.next_delay() <= 100);
    }
}
