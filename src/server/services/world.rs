//! Verified chains: loaded from the store when a decision needs them, kept in memory, and shown to the validator
//! as the facts it asks for. A validator that meets a chain which is not loaded says so; the chain is loaded and
//! the decision is made again from the start.
//!
//! Chains that come from the store were validated when they were appended; loading them again ([`super::loading`])
//! trusts who held a keyring at that time (*lenient*), but still verifies every signature and every hash.
//!
//! Not known here: who may append or read.

use core::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock};

use relais_chain::facts::{
    DeviceStanding, Facts, GenerationFact, Held, KeyringFact, Owner, SignerFact, UnitFact, UserFact,
};
use relais_chain::keyring::KeyringChain;
use relais_chain::limits::ANCESTRY_MAX;
use relais_chain::unit::UnitChain;
use relais_chain::user::UserChain;
use relais_chain::{ChainError, Mode};
use relais_store::facts::chain::ChainId;
use relais_wire::ids::{Bytes32, DeviceId, KeyringId, MsgId, ThreadId, UnitId, UserId};
use relais_wire::{ErrorCode, Refusal};

use super::context::Ctx;
use super::limits::{CHAINS_CACHED, LOADS_MAX};
use super::loading::load;
use super::refuse;

/// A verified chain.
#[derive(Clone, Debug)]
pub(crate) enum Chain {
    /// A user's.
    User(Arc<UserChain>),
    /// A keyring's.
    Keyring(Arc<KeyringChain>),
    /// A unit's.
    Unit(Arc<UnitChain>),
}

impl Chain {
    /// Its id.
    pub(crate) fn id(&self) -> ChainId {
        match self {
            Self::User(chain) => ChainId::User(chain.user()),
            Self::Keyring(chain) => ChainId::Keyring(chain.id()),
            Self::Unit(chain) => ChainId::Unit(chain.unit()),
        }
    }

    /// Its length and head.
    pub(crate) fn head(&self) -> (u64, Option<Bytes32>) {
        let tail = match self {
            Self::User(chain) => chain.tail(),
            Self::Keyring(chain) => chain.tail(),
            Self::Unit(chain) => chain.tail(),
        };
        (tail.seq(), tail.head())
    }
}

/// Chains in memory, as they stand in the store.
#[derive(Debug, Default)]
pub(crate) struct ChainCache(RwLock<HashMap<ChainId, Chain>>);

impl ChainCache {
    pub(super) fn get(&self, id: ChainId) -> Option<Chain> {
        self.0.read().ok()?.get(&id).cloned()
    }

    /// Keeps a chain, unless a longer one is kept already.
    pub(crate) fn put(&self, chain: Chain) {
        let Ok(mut map) = self.0.write() else { return };
        if map.len() >= CHAINS_CACHED {
            map.clear();
        }
        let id = chain.id();
        if map.get(&id).is_none_or(|kept| kept.head().0 <= chain.head().0) {
            map.insert(id, chain);
        }
    }

    /// Forgets a chain that turned out to have moved on.
    pub(crate) fn forget(&self, id: ChainId) {
        if let Ok(mut map) = self.0.write() {
            map.remove(&id);
        }
    }
}

/// The chains one decision looks at.
#[derive(Debug, Default)]
pub(crate) struct World {
    loaded: HashMap<ChainId, Chain>,
    /// Chains as they would stand after the links of this request.
    staged: HashMap<ChainId, Chain>,
    absent: HashSet<ChainId>,
    /// The unit whose next link is being looked at.
    aside: Option<(UnitId, UnitFact)>,
    heads: HashMap<(ThreadId, u64), Bytes32>,
    missed: RefCell<BTreeSet<ChainId>>,
    lenient: bool,
}

impl World {
    /// A chain, as far as this decision has come.
    pub(crate) fn chain(&self, id: ChainId) -> Option<&Chain> {
        let found = self.staged.get(&id).or_else(|| self.loaded.get(&id));
        if found.is_none() && !self.absent.contains(&id) {
            self.missed.borrow_mut().insert(id);
        }
        found
    }

    /// A user's chain.
    pub(crate) fn user_chain(&self, user: UserId) -> Option<&Arc<UserChain>> {
        if let Some(Chain::User(chain)) = self.chain(ChainId::User(user)) { Some(chain) } else { None }
    }

    /// A keyring's chain.
    pub(crate) fn keyring_chain(&self, keyring: KeyringId) -> Option<&Arc<KeyringChain>> {
        if let Some(Chain::Keyring(chain)) = self.chain(ChainId::Keyring(keyring)) {
            Some(chain)
        } else {
            None
        }
    }

    /// A unit's chain.
    pub(crate) fn unit_chain(&self, unit: UnitId) -> Option<&Arc<UnitChain>> {
        if let Some(Chain::Unit(chain)) = self.chain(ChainId::Unit(unit)) { Some(chain) } else { None }
    }

    /// Takes in what a link made of a chain.
    pub(crate) fn stage(&mut self, chain: Chain) {
        self.staged.insert(chain.id(), chain);
    }

    /// The chains that this request changed.
    pub(crate) fn take_staged(&mut self) -> Vec<Chain> {
        self.staged.drain().map(|(_, chain)| chain).collect()
    }

    /// Remembers a thread's head.
    pub(crate) fn put_head(&mut self, thread: ThreadId, n: u64, head: Bytes32) {
        self.heads.insert((thread, n), head);
    }

    /// Whether a chain is loaded, wholly or in part, or known not to exist.
    pub(super) fn has(&self, id: ChainId) -> bool {
        self.loaded.contains_key(&id) || self.absent.contains(&id)
    }

    /// Takes in a chain as it stands in the store.
    pub(super) fn put(&mut self, chain: Chain) {
        self.loaded.insert(chain.id(), chain);
    }

    /// A chain as far as it is loaded.
    pub(super) fn loaded(&self, id: ChainId) -> Option<&Chain> {
        self.loaded.get(&id)
    }

    /// Notes that a chain does not exist.
    pub(super) fn put_absent(&mut self, id: ChainId) {
        self.absent.insert(id);
    }

    /// Verifies the next link of a chain that comes from the store and takes it in.
    ///
    /// # Errors
    /// The rule that does not hold; then nothing changes, and [`Self::take_missed`] says what was asked in vain.
    pub(super) fn take_in(&mut self, id: ChainId, link: &[u8]) -> Result<(), ChainError> {
        self.take_missed();
        self.lenient = true;
        let taken = self.grow(id, link);
        self.lenient = false;
        taken
    }

    /// A chain stands aside while a link of it is looked at, so that it need not be copied; a unit may be asked about
    /// meanwhile, by those above that were below it once.
    fn grow(&mut self, id: ChainId, link: &[u8]) -> Result<(), ChainError> {
        let Some(mut chain) = self.loaded.remove(&id) else {
            let chain = match id {
                ChainId::User(_) => Chain::User(Arc::new(UserChain::start(link)?)),
                ChainId::Keyring(_) => {
                    Chain::Keyring(Arc::new(KeyringChain::start(link, self, Mode::Replay)?))
                }
                ChainId::Unit(_) => Chain::Unit(Arc::new(UnitChain::start(link, self, Mode::Replay)?)),
            };
            if chain.id() != id {
                return Err(ChainError::WrongChain);
            }
            self.loaded.insert(id, chain);
            return Ok(());
        };
        let grown = match &mut chain {
            Chain::User(chain) => Arc::make_mut(chain).append(link, self, Mode::Replay).map(drop),
            Chain::Keyring(chain) => Arc::make_mut(chain).append(link, self, Mode::Replay).map(drop),
            Chain::Unit(chain) => {
                self.aside = Some((chain.unit(), chain.fact()));
                Arc::make_mut(chain).append(link, self, Mode::Replay).map(drop)
            }
        };
        self.aside = None;
        self.loaded.insert(id, chain);
        grown
    }

    pub(super) fn take_missed(&self) -> Vec<ChainId> {
        core::mem::take(&mut *self.missed.borrow_mut()).into_iter().collect()
    }

    /// Whether everything that `holds` would follow is loaded; notes what is not.
    fn nested_loaded(&self, chain: &KeyringChain, depth: usize) -> bool {
        let mut whole = true;
        for (id, owner) in chain.ever_members() {
            if matches!(owner, Owner::Unit(_)) && depth < ANCESTRY_MAX {
                whole &= self.keyring_chain(id).is_some_and(|inner| self.nested_loaded(inner, depth + 1));
            }
        }
        whole
    }

    fn among(
        &self,
        holders: impl Iterator<Item = (KeyringId, Owner)>,
        user: UserId,
        depth: usize,
        now: bool,
    ) -> bool {
        holders.into_iter().any(|(id, owner)| match owner {
            Owner::User(holder) => holder == user,
            Owner::Unit(_) => depth < ANCESTRY_MAX && self.inside(id, user, depth + 1, now),
        })
    }

    fn inside(&self, keyring: KeyringId, user: UserId, depth: usize, now: bool) -> bool {
        let Some(chain) = self.keyring_chain(keyring) else { return false };
        let holders: Vec<_> = if now {
            chain.members().map(|(id, member)| (id, member.owner)).collect()
        } else {
            chain.ever_members().collect()
        };
        self.among(holders.into_iter(), user, depth, now)
    }
}

impl Facts for World {
    fn signer(&self, user: UserId, seq: u64) -> Option<SignerFact> {
        self.user_chain(user)?.signer_at(seq)
    }

    fn device(&self, user: UserId, device: DeviceId, seq: u64) -> Option<DeviceStanding> {
        Some(self.user_chain(user)?.device_at(device, seq))
    }

    fn user(&self, user: UserId) -> Option<UserFact> {
        self.user_chain(user).map(|chain| chain.fact())
    }

    fn keyring(&self, keyring: KeyringId) -> Option<KeyringFact> {
        self.keyring_chain(keyring).map(|chain| chain.fact())
    }

    fn generation(&self, keyring: KeyringId, generation: u64) -> Option<GenerationFact> {
        self.keyring_chain(keyring)?.generation_fact(generation)
    }

    fn holds(&self, keyring: KeyringId, user: UserId, seq: u64) -> Option<Held> {
        if self.lenient {
            return Some(Held { at: true, now: true });
        }
        let chain = self.keyring_chain(keyring)?;
        if seq == 0 || seq > chain.tail().seq() || !self.nested_loaded(chain, 0) {
            return None;
        }
        if let Owner::User(owner) = chain.owner() {
            return Some(Held { at: owner == user, now: owner == user });
        }
        let at: Vec<_> = chain.tenures(seq).collect();
        let at = self.among(at.into_iter(), user, 0, false);
        Some(Held { at, now: self.inside(keyring, user, 0, true) })
    }

    fn unit(&self, unit: UnitId) -> Option<UnitFact> {
        match &self.aside {
            Some((aside, fact)) if *aside == unit => Some(fact.clone()),
            Some(_) | None => self.unit_chain(unit).map(|chain| chain.fact()),
        }
    }

    /// The store refuses an id that was used; asking for each would cost a read per message.
    fn seen(&self, _thread: ThreadId, _msg_id: MsgId) -> bool {
        false
    }

    fn head_at(&self, thread: ThreadId, n: u64) -> Option<Bytes32> {
        self.heads.get(&(thread, n)).copied()
    }
}

/// Makes a decision, loading what it turns out to need, until it no longer misses anything.
///
/// # Errors
/// The chain's refusal, or the store's.
pub(crate) async fn decide<T>(
    ctx: &Ctx<'_>,
    world: &mut World,
    wanted: Vec<ChainId>,
    mut decide: impl FnMut(&mut World) -> Result<T, ChainError>,
) -> Result<T, Refusal> {
    load(ctx, world, wanted).await?;
    for _ in 0..LOADS_MAX {
        world.staged.clear();
        world.take_missed();
        let outcome = decide(world);
        let missed = world.take_missed();
        match outcome {
            Err(error) if missed.is_empty() => return Err(refuse::chain(error)),
            Err(_) => load(ctx, world, missed).await?,
            Ok(decided) => return Ok(decided),
        }
    }
    Err(Refusal::new(ErrorCode::LimitReached))
}
