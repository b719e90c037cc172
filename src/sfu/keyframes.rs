//! When a publisher is asked for a key frame: once for everybody who waits, and not more often than it could answer.
//!
//! Not known here: who waits, and how the request travels.

use std::time::Instant;

use crate::limits::{KEYFRAME_INTERVAL, KEYFRAME_RETRIES_MAX, KEYFRAME_RETRY_FIRST, KEYFRAME_RETRY_LATER};

/// Requests for key frames of one layer of one track.
#[derive(Clone, Debug, Default)]
pub(crate) struct Throttle {
    last: Option<Instant>,
    /// Requests since the last key frame.
    unanswered: u32,
}

impl Throttle {
    /// Somebody needs a key frame; answers whether to ask now. Nothing is remembered: whoever still needs one asks
    /// again with the next packet.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let wait = match self.unanswered {
            0 => KEYFRAME_INTERVAL,
            1 => KEYFRAME_RETRY_FIRST,
            _ => KEYFRAME_RETRY_LATER,
        };
        // a publisher that does not answer at all is asked at the slowest pace from then on
        let wait = if self.unanswered > KEYFRAME_RETRIES_MAX { 2 * KEYFRAME_RETRY_LATER } else { wait };
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < wait) {
            return false;
        }
        self.last = Some(now);
        self.unanswered = self.unanswered.saturating_add(1);
        true
    }

    /// A key frame has arrived.
    pub(crate) fn answered(&mut self) {
        self.unanswered = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::Throttle;
    use crate::limits::KEYFRAME_RETRY_FIRST;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        Instant::now()
    }

    #[test]
    fn the_first_is_asked_for_at_once_and_repeated_slower_and_slower() {
        let zero = start();
        let mut throttle = Throttle::default();
        let asked: Vec<u64> =
            (0..10_000).step_by(10).filter(|ms| throttle.ask(zero + Duration::from_millis(*ms))).collect();
        assert_eq!(asked, [0, 250, 1_250, 2_250, 3_250, 4_250, 6_250, 8_250]);
    }

    #[test]
    fn after_a_key_frame_the_interval_counts_again() {
        let zero = start();
        let mut throttle = Throttle::default();
        assert!(throttle.ask(zero));
        throttle.answered();
        assert!(!throttle.ask(zero + Duration::from_millis(490)));
        assert!(throttle.ask(zero + Duration::from_millis(500)));
    }

    proptest! {
        /// However many ask, and however fast: a flood is one request.
        #[test]
        fn a_flood_is_bounded(asks in proptest::collection::vec((0..20_u64, any::<bool>()), 1..400)) {
            let (mut now, mut asked) = (start(), Vec::new());
            let mut throttle = Throttle::default();
            for (ms, answered) in asks {
                now += Duration::from_millis(ms);
                if throttle.ask(now) {
                    asked.push(now);
                }
                if answered {
                    throttle.answered();
                }
            }
            prop_assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= KEYFRAME_RETRY_FIRST));
        }
    }
}
