//! Where randomness comes from: an argument, so that vectors, tests and simulations can be replayed.
//!
//! Not known here: what is drawn.

use sha2::{Digest as _, Sha256};

/// A source of unpredictable bytes.
pub trait Entropy {
    /// Fills `out`.
    fn fill(&mut self, out: &mut [u8]);
}

/// `N` bytes of it. For ids and nonces; secrets are drawn by [`Secret::random`](crate::Secret::random).
#[must_use]
pub fn draw<const N: usize>(entropy: &mut dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, out: &mut [u8]) {
        getrandom::fill(out).expect("a system without a random generator cannot make keys at all");
    }
}

/// A replayable stream: SHA-256 of seed and counter. For vectors, tests and simulations only.
#[derive(Debug)]
pub struct ReplayedEntropy {
    seed: [u8; 32],
    counter: u64,
}

impl ReplayedEntropy {
    /// The stream of this seed. Dangerous: whoever knows the seed knows every key drawn from it.
    #[must_use]
    pub const fn dangerous_from_seed(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }
}

impl Entropy for ReplayedEntropy {
    fn fill(&mut self, out: &mut [u8]) {
        for part in out.chunks_mut(32) {
            let block =
                Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize();
            self.counter += 1;
            for (to, from) in part.iter_mut().zip(block.iter()) {
                *to = *from;
            }
        }
    }
}

/// The newer generation of random traits, for HPKE.
pub(crate) struct Rng<'a>(pub(crate) &'a mut dyn Entropy);

impl hpke::rand_core::TryRng for Rng<'_> {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_be_bytes(draw(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_be_bytes(draw(self.0)))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(out);
        Ok(())
    }
}

impl hpke::rand_core::TryCryptoRng for Rng<'_> {}

#[cfg(test)]
mod tests {
    use super::{Entropy as _, ReplayedEntropy, SystemEntropy, draw};

    #[test]
    fn a_replayed_stream_repeats_and_differs_by_seed() {
        let mut one = ReplayedEntropy::dangerous_from_seed([1; 32]);
        let mut again = ReplayedEntropy::dangerous_from_seed([1; 32]);
        let mut other = ReplayedEntropy::dangerous_from_seed([2; 32]);
        let (a, b, c) = (draw::<40>(&mut one), draw::<40>(&mut again), draw::<40>(&mut other));
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_ne!(a, draw::<40>(&mut one));
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut a);
        SystemEntropy.fill(&mut b);
        assert_ne!(a, b);
    }
}
