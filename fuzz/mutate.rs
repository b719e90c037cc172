//! How an input is changed: a few small steps, from a seeded generator, so that a run can be repeated.

/// The longest input that mutation makes. Above it nothing new is found for the formats here, only time is spent.
pub const INPUT_BYTES_MAX: usize = 4096;

/// Bytes that begin a MessagePack value of every kind, and edges of integers.
const MARKERS: &[u8] = &[
    0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x93, 0x94, 0x9a, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4,
    0xc5, 0xc6, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd3, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf,
    0xe0, 0xff,
];

/// splitmix64: small, repeatable, good enough for choosing what to change.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that gives the same numbers for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        self.number().checked_rem(bound).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        let [byte, ..] = self.number().to_le_bytes();
        byte
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// Changes `input` in one to eight steps; `other` is a second input to borrow from.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(8) {
        step(input, other, random);
    }
    input.truncate(INPUT_BYTES_MAX);
}

fn step(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len() + 1).min(input.len());
    let len = 1 + random.below(16);
    match random.below(9) {
        0 => change(input, at, |byte, random| byte ^ (1 << random.below(8)), random),
        1 => change(input, at, |_, random| random.byte(), random),
        2 => change(input, at, |_, random| random.pick(MARKERS).copied().unwrap_or_default(), random),
        3 => change(
            input,
            at,
            |byte, random| byte.wrapping_add(if random.below(2) == 0 { 1 } else { 255 }),
            random,
        ),
        4 => {
            let marker = random.pick(MARKERS).copied().unwrap_or_default();
            input.insert(at, marker);
        }
        5 => {
            input.drain(at..(at + len).min(input.len()));
        }
        6 => {
            let piece = slice(input, at, len).to_vec();
            input.splice(at..at, piece);
        }
        7 => {
            let from = random.below(other.len() + 1);
            let piece = slice(other, from, len * 4).to_vec();
            let end = (at + piece.len()).min(input.len());
            input.splice(at..end, piece);
        }
        _ => {
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(slice(other, from, INPUT_BYTES_MAX));
        }
    }
}

fn change(input: &mut [u8], at: usize, new: impl Fn(u8, &mut Random) -> u8, random: &mut Random) {
    if let Some(byte) = input.get_mut(at) {
        *byte = new(*byte, random);
    }
}

fn slice(bytes: &[u8], at: usize, len: usize) -> &[u8] {
    bytes.get(at..at.saturating_add(len).min(bytes.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{INPUT_BYTES_MAX, Random, mutate};

    #[test]
    fn a_seed_gives_the_same_inputs_again() {
        let run = |seed| {
            let mut random = Random::new(seed);
            let mut input = b"relais".to_vec();
            (0..200)
                .map(|_| {
                    mutate(&mut input, b"other", &mut random);
                    input.clone()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn inputs_vary_and_stay_bounded_even_from_nothing() {
        let mut random = Random::new(3);
        let mut seen = BTreeSet::new();
        let mut input = Vec::new();
        for _ in 0..2000 {
            let other = vec![7; random.below(2 * INPUT_BYTES_MAX)];
            mutate(&mut input, &other, &mut random);
            assert!(input.len() <= INPUT_BYTES_MAX);
            seen.insert(input.clone());
        }
        assert!(seen.len() > 1500, "{}", seen.len());
    }
}
