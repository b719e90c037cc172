//! Seeds by generation (of a keyring) or epoch (of a thread), and the way back through them.
//!
//! The previous seed travels sealed under the current one: `prev_box = nonce(12) || AES-256-GCM(KDF(seed_g,
//! "kr/prev"), seed_{g-1}) || tag`, `aad = msgpack[1, scope, id(16), g]`. So whoever gets one box can read
//! back to the first generation, or to a wall: a generation whose `prev_box` is nil on purpose. Every seed
//! that comes out is checked against its commitment.
//!
//! Not known here: what the generations are for, and who holds them.

use core::fmt;
use std::collections::BTreeMap;

use relais_chain::codec::Writer;
use relais_wire::ids::Bytes32;

use crate::aead;
use crate::entropy::Entropy;
use crate::error::E2eeError;
use crate::kdf::{derive, label};
use crate::sealed::{SeedOf, check_commit};
use crate::secret::{Secret, Seed};

/// What the signed record says about one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// Commitment to its seed.
    pub commit: Bytes32,
    /// The seed before, sealed under this one; `None` at the first and at a wall.
    pub prev_box: Option<Vec<u8>>,
}

/// Where what was signed about generations is looked up.
pub trait History {
    /// The generation with this number; `None` when there is none or it is not known.
    fn public(&self, generation: u64) -> Option<Public>;
}

impl History for BTreeMap<u64, Public> {
    fn public(&self, generation: u64) -> Option<Public> {
        self.get(&generation).cloned()
    }
}

impl History for relais_chain::keyring::KeyringChain {
    fn public(&self, generation: u64) -> Option<Public> {
        self.generation_at(generation)
            .map(|found| Public { commit: found.commit, prev_box: found.prev_box.clone() })
    }
}

/// Seals the previous seed under the seed of `of`.
///
/// # Errors
/// Never in practice; the encoder's errors are passed on.
pub fn seal_previous(
    of: SeedOf,
    seed: &Seed,
    previous: &Seed,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, E2eeError> {
    aead::seal(&prev_key(seed), &associated_data(of)?, previous.expose(), entropy)
}

/// Opens the box of the previous seed and checks it.
///
/// # Errors
/// [`E2eeError::PrevBoxRejected`]; [`E2eeError::CommitMismatch`].
pub fn open_previous(
    of: SeedOf,
    seed: &Seed,
    prev_box: &[u8],
    committed: &Bytes32,
) -> Result<Seed, E2eeError> {
    let opened = aead::open(&prev_key(seed), &associated_data(of)?, prev_box)
        .map_err(|_| E2eeError::PrevBoxRejected)?;
    check_commit(Secret::from_slice(&opened).ok_or(E2eeError::PrevBoxRejected)?, committed)
}

fn prev_key(seed: &Seed) -> Secret<32> {
    derive(seed.expose(), label::KEYRING_PREV, &[])
}

fn associated_data(of: SeedOf) -> Result<Vec<u8>, E2eeError> {
    let mut w = Writer::new();
    w.array(4).uint(1).uint(of.scope_number()).bin(of.id.as_bytes()).uint(of.generation);
    Ok(w.finish()?)
}

/// The seeds of one keyring or thread that are at hand.
#[derive(Default)]
pub struct Seeds(BTreeMap<u64, Seed>);

impl Seeds {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Starts with one.
    #[must_use]
    pub fn with(generation: u64, seed: Seed) -> Self {
        Self(BTreeMap::from([(generation, seed)]))
    }

    /// Takes in a seed that was checked against its commitment.
    pub fn insert(&mut self, generation: u64, seed: Seed) {
        self.0.insert(generation, seed);
    }

    /// A seed at hand.
    #[must_use]
    pub fn get(&self, generation: u64) -> Option<&Seed> {
        self.0.get(&generation)
    }

    /// The newest generation at hand.
    #[must_use]
    pub fn newest(&self) -> Option<(u64, &Seed)> {
        self.0.last_key_value().map(|(generation, seed)| (*generation, seed))
    }

    /// The seed of a generation, walking back from the nearest newer one at hand. What is found on the way
    /// is kept.
    ///
    /// # Errors
    /// [`E2eeError::NoSeed`] when nothing at hand is as new, or the record does not know a generation on the
    /// way; [`E2eeError::HistoryWalled`]; [`E2eeError::PrevBoxRejected`]; [`E2eeError::CommitMismatch`].
    pub fn reach(&mut self, of: SeedOf, history: &dyn History) -> Result<&Seed, E2eeError> {
        let (&nearest, _) = self.0.range(of.generation..).next().ok_or(E2eeError::NoSeed)?;
        for generation in (of.generation.saturating_add(1)..=nearest).rev() {
            let here = history.public(generation).ok_or(E2eeError::NoSeed)?;
            let prev_box = here.prev_box.ok_or(E2eeError::HistoryWalled)?;
            let before = history.public(generation - 1).ok_or(E2eeError::NoSeed)?;
            let seed = self.0.get(&generation).ok_or(E2eeError::NoSeed)?;
            let previous = open_previous(SeedOf { generation, ..of }, seed, &prev_box, &before.commit)?;
            self.0.insert(generation - 1, previous);
        }
        self.0.get(&of.generation).ok_or(E2eeError::NoSeed)
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seeds({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use relais_wire::ids::ThreadId;

    use super::{Public, Seeds, open_previous, seal_previous};
    use crate::entropy::ReplayedEntropy;
    use crate::error::E2eeError;
    use crate::sealed::{SeedOf, commit};
    use crate::secret::{Secret, Seed};

    fn of(epoch: u64) -> SeedOf {
        SeedOf::thread(ThreadId::from_bytes([2; 16]), epoch)
    }

    fn seed(epoch: u8) -> Seed {
        Secret::from_bytes([0x40 + epoch; 32])
    }

    /// Epochs 0 to 4, with a wall before `wall`.
    fn history(wall: Option<u8>) -> BTreeMap<u64, Public> {
        let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
        let mut all = BTreeMap::new();
        for epoch in 0..5 {
            let open = epoch > 0 && Some(epoch) != wall;
            let prev_box = open.then(|| {
                seal_previous(of(epoch.into()), &seed(epoch), &seed(epoch - 1), &mut entropy).unwrap()
            });
            all.insert(u64::from(epoch), Public { commit: commit(&seed(epoch)), prev_box });
        }
        all
    }

    #[test]
    fn the_newest_seed_reaches_every_older_one() {
        let mut seeds = Seeds::with(4, seed(4));
        assert!(seeds.reach(of(0), &history(None)).unwrap().same(&seed(0)));
        for epoch in 0..5 {
            assert!(seeds.get(u64::from(epoch)).unwrap().same(&seed(epoch)));
        }
    }

    /// History that was walled off stays closed to whoever came later.
    #[test]
    fn a_wall_is_not_passed() {
        let mut seeds = Seeds::with(4, seed(4));
        let history = history(Some(2));
        assert!(seeds.reach(of(2), &history).is_ok());
        assert_eq!(seeds.reach(of(1), &history).unwrap_err(), E2eeError::HistoryWalled);
        seeds.insert(1, seed(1));
        assert!(seeds.reach(of(0), &history).is_ok(), "an older box still opens what is before the wall");
    }

    #[test]
    fn a_previous_seed_other_than_the_committed_one_is_refused() {
        let mut history = history(None);
        history.get_mut(&2).unwrap().commit = commit(&seed(9));
        let mut seeds = Seeds::with(4, seed(4));
        assert_eq!(seeds.reach(of(0), &history).unwrap_err(), E2eeError::CommitMismatch);
        assert!(seeds.get(2).is_none());
    }

    #[test]
    fn boxes_do_not_move_between_generations_and_nothing_newer_is_reached() {
        let history = history(None);
        let prev = history.get(&3).unwrap().prev_box.clone().unwrap();
        let refused = open_previous(of(4), &seed(3), &prev, &commit(&seed(2))).unwrap_err();
        assert_eq!(refused, E2eeError::PrevBoxRejected);
        let mut seeds = Seeds::with(2, seed(2));
        assert_eq!(seeds.reach(of(3), &history).unwrap_err(), E2eeError::NoSeed);
        let mut missing = history;
        missing.remove(&1);
        assert_eq!(seeds.reach(of(0), &missing).unwrap_err(), E2eeError::NoSeed);
    }
}
