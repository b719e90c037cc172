//! Says when each message is due, to the tenth of a millisecond: the runtime's own timers count whole
//! milliseconds, which would be charged to the server.
//!
//! Not known here: what is done when something is due.

use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use crate::clock;

/// A place's own beats.
pub(super) struct Beats(mpsc::Receiver<()>);

impl Beats {
    /// Waits for the next one; none comes once all have been given. Losing the wait loses no beat.
    pub(super) async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}

/// Gives out beats from a thread of its own.
pub(super) struct Pacer {
    places: Vec<mpsc::Sender<()>>,
}

impl Pacer {
    /// A pacer for `places` places, each of which is given at most `each` beats.
    pub(super) fn new(places: usize, each: usize) -> (Self, Vec<Beats>) {
        let (places, beats) = (0..places)
            .map(|_| {
                let (send, receive) = mpsc::channel(each.max(1));
                (send, Beats(receive))
            })
            .unzip();
        (Self { places }, beats)
    }

    /// Gives beat *k* to place *k* modulo their number, at `arrivals[k]` after `start`.
    ///
    /// # Errors
    /// No thread can be had.
    pub(super) fn begin(self, start: Instant, arrivals: Vec<Duration>) -> Result<JoinHandle<()>> {
        let give = move || {
            for (after, place) in arrivals.into_iter().zip(self.places.iter().cycle()) {
                sleep_until(start + after);
                // Every place has room for all its beats; one that is gone has failed and says so itself.
                place.try_send(()).ok();
            }
        };
        Builder::new().name("pacer".to_owned()).spawn(give).context("a thread that keeps time")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an arrival is a point in time: nothing else happens to wait for"
)]
pub(super) fn sleep_until(until: Instant) {
    let left = until.saturating_duration_since(clock::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pacer;
    use crate::clock;

    #[tokio::test]
    async fn beats_go_round_and_none_is_early() {
        let (pacer, mut beats) = Pacer::new(2, 2);
        let start = clock::now();
        let arrivals: Vec<_> = [1, 2, 3].map(Duration::from_millis).into();
        let thread = pacer.begin(start, arrivals.clone()).expect("a thread");
        for (number, after) in arrivals.iter().enumerate() {
            beats[number % 2].next().await.expect("a beat");
            assert!(start.elapsed() >= *after);
        }
        thread.join().expect("it ends");
        assert_eq!(beats[0].next().await, None);
        assert_eq!(beats[1].next().await, None);
    }
}
