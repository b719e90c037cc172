//! Rates: of answers to prefixes that have proven nothing, and of what an allocation relays.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;

use crate::config::Budget;
use crate::limits::BUDGET_PLACES;

/// A token bucket on the core's time, in thousandths so that no fraction is lost.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    milli: u64,
    at_ms: u64,
}

impl Bucket {
    fn take(&mut self, now_ms: u64, count: u64, burst: u64, per_s: u64) -> bool {
        let gained = now_ms.saturating_sub(self.at_ms).saturating_mul(per_s);
        self.milli = self.milli.saturating_add(gained).min(burst.saturating_mul(1_000));
        self.at_ms = self.at_ms.max(now_ms);
        let wanted = count.saturating_mul(1_000);
        let enough = self.milli >= wanted;
        if enough {
            self.milli -= wanted;
        }
        enough
    }
}

/// The network that somebody who has proven nothing is counted by: /24 or /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    v6: bool,
    bits: u64,
}

impl Network {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self { v6: false, bits: u64::from(ip.to_bits() >> 8) },
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                let bits = [a, b, c, d].iter().fold(0, |bits, part| (bits << 16) | u64::from(*part));
                Self { v6: true, bits }
            }
        }
    }
}

/// Budgets of answers. A fixed table: an attacker with many addresses makes it no larger, at worst prefixes share
/// a budget; which do is not foreseeable.
#[derive(Debug)]
pub(crate) struct Budgets {
    budget: Budget,
    places: Vec<Bucket>,
    hasher: RandomState,
}

impl Budgets {
    pub(crate) fn new(budget: Budget) -> Self {
        let full = Bucket { milli: u64::from(budget.burst) * 1_000, at_ms: 0 };
        Self { budget, places: vec![full; BUDGET_PLACES], hasher: RandomState::new() }
    }

    pub(crate) fn take(&mut self, now_ms: u64, ip: IpAddr) -> bool {
        let place = self.hasher.hash_one(Network::of(ip)) % (BUDGET_PLACES as u64);
        let place = usize::try_from(place).ok().and_then(|place| self.places.get_mut(place));
        let bucket = place.expect("a remainder is below the number of places");
        bucket.take(now_ms, 1, u64::from(self.budget.burst), u64::from(self.budget.per_s))
    }
}

/// What one allocation may relay. Bursts of one second.
#[derive(Debug)]
pub(crate) struct Meter {
    packets_per_s: Option<u32>,
    bytes_per_s: Option<u32>,
    packets: Bucket,
    bytes: Bucket,
}

impl Meter {
    pub(crate) fn new(now_ms: u64, packets_per_s: Option<u32>, bytes_per_s: Option<u32>) -> Self {
        let full = |rate: Option<u32>| Bucket { milli: u64::from(rate.unwrap_or(0)) * 1_000, at_ms: now_ms };
        Self { packets_per_s, bytes_per_s, packets: full(packets_per_s), bytes: full(bytes_per_s) }
    }

    /// Whether one packet of that many bytes may pass.
    pub(crate) fn take(&mut self, now_ms: u64, len: usize) -> bool {
        let packets = self.packets_per_s.is_none_or(|rate| {
            let rate = u64::from(rate);
            self.packets.take(now_ms, 1, rate, rate)
        });
        packets
            && self.bytes_per_s.is_none_or(|rate| {
                let rate = u64::from(rate);
                self.bytes.take(now_ms, len as u64, rate.max(65_536), rate)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::{Budgets, Meter, Network};
    use crate::config::Budget;

    #[test]
    fn a_prefix_spends_its_own_budget_and_gets_it_back() {
        let mut budgets = Budgets::new(Budget { burst: 2, per_s: 1 });
        let (a, same, other) = ("192.0.2.1", "192.0.2.200", "198.51.100.1");
        let mut take = |ms, ip: &str| budgets.take(ms, ip.parse().expect("an address"));
        assert!(take(0, a) && take(0, same) && !take(0, a));
        assert!(take(0, other), "another prefix (these two do not share a place but once in 8192)");
        assert!(!take(999, same) && take(1_000, a) && !take(1_000, same));
    }

    #[test]
    fn networks_are_24_and_64_bits_wide() {
        let of = |ip: &str| Network::of(ip.parse().expect("an address"));
        assert_eq!(of("192.0.2.1"), of("192.0.2.255"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn a_meter_bounds_packets_and_bytes() {
        let mut meter = Meter::new(0, Some(2), None);
        assert!(meter.take(0, 1_000) && meter.take(0, 1_000) && !meter.take(0, 1_000));
        assert!(meter.take(500, 1_000));
        let mut meter = Meter::new(0, None, Some(100_000));
        assert!(meter.take(0, 60_000) && !meter.take(0, 60_000) && meter.take(200, 60_000));
        let mut meter = Meter::new(0, None, None);
        assert!((0..10_000).all(|_| meter.take(0, 65_535)));
    }
}
