//! The layers of a track: the same picture in up to three sizes (or, of a screen, rates), which of them arrive, and
//! which one a subscriber is served.
//!
//! Not known here: packets, bandwidth.

use std::time::{Duration, Instant};

/// One layer of a track; a track without layers has the lowest alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The smallest picture, `q`.
    Low,
    /// Twice its sides, `h`.
    Mid,
    /// Four times its sides, `f`.
    High,
}

impl Layer {
    /// Every layer, the lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Mid, Self::High];

    /// Its name in an offer (RFC 8851).
    #[must_use]
    pub const fn rid(self) -> &'static str {
        match self {
            Self::Low => "q",
            Self::Mid => "h",
            Self::High => "f",
        }
    }

    /// The layer of a name; `None` for any other name.
    #[must_use]
    pub fn of_rid(rid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.rid() == rid)
    }

    /// The layer whose picture is at least so high, of a camera that sends 180, 360 and 720 lines.
    #[must_use]
    pub const fn for_height(lines: u16) -> Self {
        match lines {
            0..=180 => Self::Low,
            181..=360 => Self::Mid,
            _ => Self::High,
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Low => 0,
            Self::Mid => 1,
            Self::High => 2,
        }
    }
}

/// Something for each layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerLayer<T>([T; 3]);

impl<T> PerLayer<T> {
    /// The lowest layer's first.
    pub const fn new(all: [T; 3]) -> Self {
        Self(all)
    }

    /// A layer's.
    #[must_use]
    pub fn get(&self, layer: Layer) -> &T {
        let [low, mid, high] = &self.0;
        [low, mid, high].into_iter().nth(layer.index()).unwrap_or(low)
    }

    /// A layer's, to be changed.
    pub fn get_mut(&mut self, layer: Layer) -> &mut T {
        let [low, mid, high] = &mut self.0;
        match layer {
            Layer::Low => low,
            Layer::Mid => mid,
            Layer::High => high,
        }
    }
}

/// What is known of one layer's arrival.
#[derive(Clone, Copy, Debug, Default)]
struct Arrival {
    last: Option<Instant>,
    octets: u64,
    bps: u64,
}

/// Which layers of a track arrive, and at what rate.
#[derive(Clone, Debug)]
pub struct Arrivals {
    active_for: Duration,
    layers: PerLayer<Arrival>,
    counted_since: Option<Instant>,
}

/// How long octets are counted before they change a rate.
const RATE_WINDOW: Duration = Duration::from_millis(500);

/// What each layer is taken to need before it has been counted, in bits per second.
const USUAL_BPS: PerLayer<u64> = PerLayer::new([150_000, 500_000, 1_500_000]);

impl Arrivals {
    /// Nothing has arrived; a layer counts as active for so long after a packet.
    #[must_use]
    pub fn new(active_for: Duration) -> Self {
        Self { active_for, layers: PerLayer::default(), counted_since: None }
    }

    /// A packet of a layer with media in it; answers whether the layer had not been active.
    pub fn arrived(&mut self, layer: Layer, octets: usize, now: Instant) -> bool {
        let was = self.is_active(layer, now);
        let arrival = self.layers.get_mut(layer);
        arrival.last = Some(now);
        arrival.octets = arrival.octets.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX));
        !was
    }

    /// Brings the rates up to date: half of the new count, half of what was.
    pub fn look(&mut self, now: Instant) {
        let since = *self.counted_since.get_or_insert(now);
        let span = now.saturating_duration_since(since);
        if span < RATE_WINDOW {
            return;
        }
        self.counted_since = Some(now);
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        for layer in Layer::ALL {
            let arrival = self.layers.get_mut(layer);
            let counted = arrival.octets.saturating_mul(8_000) / millis;
            arrival.octets = 0;
            if counted > 0 {
                arrival.bps = if arrival.bps == 0 { counted } else { arrival.bps.midpoint(counted) };
            }
        }
    }

    /// Whether a layer arrives.
    #[must_use]
    pub fn is_active(&self, layer: Layer, now: Instant) -> bool {
        let last = self.layers.get(layer).last;
        last.is_some_and(|last| now.saturating_duration_since(last) < self.active_for)
    }

    /// What the layers that arrive need, in bits per second; `None` for those that do not. Never falls from one layer
    /// to the next.
    #[must_use]
    pub fn rates(&self, now: Instant) -> PerLayer<Option<u64>> {
        let mut rates = PerLayer::default();
        let mut least = 0;
        for layer in Layer::ALL {
            if self.is_active(layer, now) {
                let counted = self.layers.get(layer).bps;
                let bps = if counted == 0 { *USUAL_BPS.get(layer) } else { counted };
                least = bps.max(least);
                *rates.get_mut(layer) = Some(least);
            }
        }
        rates
    }

    /// The layer to serve: the highest one that arrives and is not above the target. While there is none, nothing is
    /// served: a layer above the target does not fit.
    #[must_use]
    pub fn serve(&self, target: Layer, now: Instant) -> Option<Layer> {
        Layer::ALL.into_iter().rev().find(|layer| *layer <= target && self.is_active(*layer, now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Arrivals, Layer};

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        Instant::now()
    }

    const FOR: Duration = Duration::from_millis(700);

    #[test]
    fn the_highest_layer_that_arrives_is_served_and_never_one_above() {
        let now = start();
        let mut arrivals = Arrivals::new(FOR);
        assert_eq!(arrivals.serve(Layer::High, now), None);
        assert!(arrivals.arrived(Layer::Low, 100, now));
        assert!(!arrivals.arrived(Layer::Low, 100, now), "it was active already");
        assert_eq!(arrivals.serve(Layer::High, now), Some(Layer::Low), "the publisher has not come up yet");
        arrivals.arrived(Layer::High, 100, now + FOR / 2);
        assert_eq!(arrivals.serve(Layer::High, now + FOR / 2), Some(Layer::High));
        assert_eq!(arrivals.serve(Layer::Mid, now + FOR / 2), Some(Layer::Low));
        assert_eq!(arrivals.serve(Layer::Mid, now + FOR), None, "only a layer above the target is left");
    }

    #[test]
    fn a_rate_follows_what_arrives() {
        let mut now = start();
        let mut arrivals = Arrivals::new(FOR);
        arrivals.look(now);
        for _ in 0..40 {
            now += Duration::from_millis(100);
            arrivals.arrived(Layer::Mid, 1_250, now);
            arrivals.look(now);
        }
        let bps = arrivals.rates(now).get(Layer::Mid).unwrap();
        assert!((95_000..=125_000).contains(&bps), "{bps}");
        assert_eq!(*arrivals.rates(now).get(Layer::Low), None);
    }

    proptest! {
        #[test]
        fn what_is_served_arrives_and_is_not_above_the_target(
            packets in proptest::collection::vec((0..3_usize, 0..2_000_u64), 0..30), target in 0..3_usize, at in 0..3_000_u64,
        ) {
            let zero = start();
            let mut arrivals = Arrivals::new(FOR);
            for (layer, ms) in packets {
                arrivals.arrived(Layer::ALL[layer], 1, zero + Duration::from_millis(ms));
            }
            let (target, now) = (Layer::ALL[target], zero + Duration::from_millis(at));
            match arrivals.serve(target, now) {
                Some(layer) => {
                    prop_assert!(layer <= target && arrivals.is_active(layer, now));
                    prop_assert!(Layer::ALL.into_iter().all(|other| other <= layer || other > target || !arrivals.is_active(other, now)));
                }
                None => prop_assert!(Layer::ALL.into_iter().all(|layer| layer > target || !arrivals.is_active(layer, now))),
            }
        }
    }
}
