//! Ports of relayed addresses, drawn at random, and where randomness comes from.

use std::ops::RangeInclusive;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Unforeseeable numbers from a seed: HMAC-SHA256 over a counter. Ports and reservation tokens must not be guessed
/// (RFC 8656 §21.1.5), so no quicker generator will do.
#[derive(Debug)]
pub(crate) struct Random {
    key: [u8; 32],
    counter: u64,
}

impl Random {
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self { key, counter: 0 }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 32, "one block has 32 bytes") };
        self.counter = self.counter.wrapping_add(1);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(&self.counter.to_be_bytes());
        let block: [u8; 32] = mac.finalize().into_bytes().into();
        let mut bytes = [0; N];
        for (place, byte) in bytes.iter_mut().zip(block) {
            *place = byte;
        }
        bytes
    }

    /// A number below `bound`; 0 for a bound of 0. The bias of 64 bits against at most 2^16 does not matter.
    fn below(&mut self, bound: u32) -> u32 {
        let drawn = u64::from_be_bytes(self.bytes());
        u32::try_from(drawn % u64::from(bound.max(1))).unwrap_or(0)
    }
}

/// What a port must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any.
    Any,
    /// Even (EVEN-PORT).
    Even,
    /// Even, and the next one free too (EVEN-PORT with R).
    Pair,
}

/// Which ports of one address are taken.
#[derive(Debug)]
pub(crate) struct Ports {
    first: u16,
    count: u32,
    taken: Vec<u64>,
    free: u32,
}

impl Ports {
    pub(crate) fn new(range: &RangeInclusive<u16>) -> Self {
        let first = (*range.start()).max(1);
        let count = u32::from(*range.end()).saturating_sub(u32::from(first)) + 1;
        let count = if range.is_empty() { 0 } else { count };
        Self { first, count, taken: vec![0; count.div_ceil(64) as usize], free: count }
    }

    /// Takes a port (of a pair: both, and the even one is returned). The search starts at a random place and goes on
    /// from there, so that it ends and stays random while there is room.
    pub(crate) fn take(&mut self, random: &mut Random, wanted: Wanted) -> Option<u16> {
        if self.free == 0 {
            return None;
        }
        let start = random.below(self.count);
        let place = (0..self.count).map(|step| (start + step) % self.count).find(|place| match wanted {
            Wanted::Any => self.is_free(*place),
            Wanted::Even => self.is_even(*place) && self.is_free(*place),
            Wanted::Pair => self.is_even(*place) && self.is_free(*place) && self.is_free(*place + 1),
        })?;
        self.set(place, true);
        if wanted == Wanted::Pair {
            self.set(place + 1, true);
        }
        self.port(place)
    }

    pub(crate) fn give_back(&mut self, port: u16) {
        if let Some(place) = u32::from(port).checked_sub(u32::from(self.first))
            && place < self.count
            && !self.is_free(place)
        {
            self.set(place, false);
        }
    }

    pub(crate) const fn in_use(&self) -> u32 {
        self.count - self.free
    }

    fn port(&self, place: u32) -> Option<u16> {
        u16::try_from(u32::from(self.first) + place).ok()
    }

    fn is_even(&self, place: u32) -> bool {
        self.port(place).is_some_and(|port| port.is_multiple_of(2))
    }

    fn is_free(&self, place: u32) -> bool {
        let word = self.taken.get((place / 64) as usize).copied().unwrap_or(u64::MAX);
        place < self.count && word & (1 << (place % 64)) == 0
    }

    fn set(&mut self, place: u32, taken: bool) {
        let Some(word) = self.taken.get_mut((place / 64) as usize) else { return };
        if taken {
            *word |= 1 << (place % 64);
            self.free -= 1;
        } else {
            *word &= !(1 << (place % 64));
            self.free += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Ports, Random, Wanted};

    #[test]
    fn every_port_is_given_once_and_comes_back() {
        let mut random = Random::new([1; 32]);
        let mut ports = Ports::new(&(100..=227));
        let given: BTreeSet<u16> =
            (0..128).map(|_| ports.take(&mut random, Wanted::Any).expect("there are 128")).collect();
        assert!(given.len() == 128 && given.iter().all(|port| (100..=227).contains(port)));
        assert_eq!((ports.take(&mut random, Wanted::Any), ports.in_use()), (None, 128));
        given.iter().for_each(|port| ports.give_back(*port));
        ports.give_back(150);
        ports.give_back(99);
        assert_eq!(ports.in_use(), 0);
    }

    #[test]
    fn pairs_start_even_and_take_both() {
        let mut random = Random::new([2; 32]);
        let mut ports = Ports::new(&(101..=106));
        let pairs: BTreeSet<u16> = std::iter::from_fn(|| ports.take(&mut random, Wanted::Pair)).collect();
        assert_eq!(pairs, BTreeSet::from([102, 104]));
        assert_eq!(ports.take(&mut random, Wanted::Even), Some(106));
        assert_eq!(ports.take(&mut random, Wanted::Any), Some(101));
        assert_eq!(ports.in_use(), 6);
    }

    #[test]
    fn draws_differ() {
        let mut random = Random::new([3; 32]);
        let draws: BTreeSet<[u8; 12]> = (0..100).map(|_| random.bytes()).collect();
        assert_eq!(draws.len(), 100);
        let mut ports = Ports::new(&(1_024..=u16::MAX));
        let first = ports.take(&mut random, Wanted::Any);
        assert_ne!(first, ports.take(&mut random, Wanted::Any).map(|port| port - 1));
    }
}
