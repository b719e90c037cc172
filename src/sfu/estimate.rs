//! What a subscriber's path carries: the estimate of this moment, and the least one of the last seconds.
//!
//! Not known here: how an estimate is made; that is congestion control's.

use std::time::Instant;

use crate::allocate::Budget;
use crate::limits::{ESTIMATE_BUCKETS, ESTIMATE_WINDOW, VOICES_BPS};

/// Estimates of one subscriber.
#[derive(Clone, Debug)]
pub(crate) struct Estimates {
    now_bps: u64,
    /// The least of each part of the window, the newest last, and when the part began.
    least: [Option<(Instant, u64)>; ESTIMATE_BUCKETS],
}

impl Estimates {
    /// Begins with what is assumed before anything is known.
    #[must_use]
    pub(crate) fn new(first_bps: u64, now: Instant) -> Self {
        let mut least = [None; ESTIMATE_BUCKETS];
        if let Some(newest) = least.last_mut() {
            *newest = Some((now, first_bps));
        }
        Self { now_bps: first_bps, least }
    }

    /// A new estimate; answers whether it is a big drop, after which sharing out cannot wait.
    pub(crate) fn update(&mut self, bps: u64, now: Instant) -> bool {
        let dropped = bps < self.now_bps - self.now_bps / 4;
        self.now_bps = bps;
        self.roll(now);
        if let Some(Some((_, least))) = self.least.last_mut() {
            *least = bps.min(*least);
        }
        dropped
    }

    /// What pictures may take now.
    pub(crate) fn budget(&mut self, now: Instant) -> Budget {
        self.roll(now);
        let in_window = self.least.iter().flatten();
        let young = in_window.filter(|(since, _)| now.saturating_duration_since(*since) < ESTIMATE_WINDOW);
        let least = young.map(|(_, bps)| *bps).min().unwrap_or(self.now_bps);
        Budget { keep: self.now_bps.saturating_sub(VOICES_BPS), grow: least.saturating_sub(VOICES_BPS) }
    }

    /// Begins a new part of the window when the newest is full.
    fn roll(&mut self, now: Instant) {
        let parts = u32::try_from(ESTIMATE_BUCKETS).unwrap_or(1);
        let full = self
            .least
            .last()
            .copied()
            .flatten()
            .is_none_or(|(since, _)| now.saturating_duration_since(since) >= ESTIMATE_WINDOW / parts);
        if full {
            self.least.rotate_left(1);
            if let Some(newest) = self.least.last_mut() {
                *newest = Some((now, self.now_bps));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Estimates;
    use crate::allocate::Budget;
    use crate::limits::VOICES_BPS;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        Instant::now()
    }

    #[test]
    fn a_dip_counts_for_what_is_new_until_the_window_has_passed() {
        let now = start();
        let ms = |ms| now + Duration::from_millis(ms);
        let mut estimates = Estimates::new(1_000_000, now);
        assert!(estimates.update(500_000, ms(100)), "half of it is a big drop");
        assert!(!estimates.update(2_000_000, ms(600)));
        let of = |keep: u64, grow: u64| Budget { keep: keep - VOICES_BPS, grow: grow - VOICES_BPS };
        assert_eq!(estimates.budget(ms(700)), of(2_000_000, 500_000));
        assert_eq!(
            estimates.budget(ms(2_900)),
            of(2_000_000, 500_000),
            "the part it fell into is still in the window"
        );
        assert_eq!(estimates.budget(ms(3_700)), of(2_000_000, 2_000_000));
    }

    #[test]
    fn voices_come_before_pictures() {
        let now = start();
        let mut estimates = Estimates::new(VOICES_BPS / 2, now);
        assert_eq!(estimates.budget(now), Budget { keep: 0, grow: 0 });
    }
}
