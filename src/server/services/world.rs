//! Verified chains: loaded from the store when a decision needs them, kept in memory, and shown to the validator
//! as the facts it asks for. A validator that meets a chain which is not loaded says so; the chain is loaded and
//! the decision is made again from the start.
//!
//! Chains that come from the store were validated when they were appended; loading them again trusts what other
//! chains said at that time (*lenient*), but still verifies every signature and every hash.
//!
//! Not known here: who may append or read.

use core::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock};

use relais_chain::ChainError;
use relais_chain::facts::{
    DeviceStanding, Facts, GenerationFact, Held, KeyringFact, Owner, SignerFact, UnitFact, UserFact,
};
use relais_chain::keyring::KeyringChain;
use relais_chain::limits::ANCESTRY_MAX;
use relais_chain::unit::UnitChain;
use relais_chain::user::UserChain;
use relais_store::facts::chain::{ChainId, Link};
use relais_store::reads::{ChainLinks, UnitById};
use relais_wire::ids::{Bytes32, DeviceId, KeyringId, MsgId, Seq, ThreadId, UnitId, UserId};
use relais_wire::{ErrorCode, Refusal};

use super::context::Ctx;
use super::limits::CHAINS_CACHED;
use super::profile::UnitProfile;
use super::refuse;

/// Steps of loading for one decision: a keyring of 1 000 recipients rests on 2 000 chains, each of which takes a
/// few steps.
const LOADS_MAX: usize = 16_384;

/// Links read at once.
const LINKS_PAGE: u32 = 500;

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
    fn get(&self, id: ChainId) -> Option<Chain> {
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
    units: HashMap<UnitId, UnitFact>,
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

    fn take_missed(&self) -> Vec<ChainId> {
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
        match self.units.get(&unit) {
            Some(row) if self.lenient => Some(row.clone()),
            _ => self.unit_chain(unit).map(|chain| chain.fact()),
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

/// Loads chains and what they rest on; one that does not exist is noted as absent.
///
/// # Errors
/// The store's refusal; `internal` for a stored chain that does not verify.
pub(crate) async fn load(ctx: &Ctx<'_>, world: &mut World, wanted: Vec<ChainId>) -> Result<(), Refusal> {
    let mut open = wanted;
    let mut links: HashMap<ChainId, Vec<Link>> = HashMap::new();
    for _ in 0..LOADS_MAX {
        let Some(id) = open.last().copied() else { return Ok(()) };
        if world.loaded.contains_key(&id) || world.absent.contains(&id) {
            open.pop();
            continue;
        }
        if let Some(chain) = ctx.app.state.chains.get(id) {
            world.loaded.insert(id, chain);
            continue;
        }
        let stored = match links.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(all_links(ctx, id).await?),
        };
        if stored.is_empty() {
            world.absent.insert(id);
            continue;
        }
        match replay(world, id, stored) {
            Ok(chain) => {
                ctx.app.state.chains.put(chain.clone());
                world.loaded.insert(id, chain);
            }
            Err((error, missed)) => rest_on(ctx, world, &mut open, error, missed).await?,
        }
    }
    Err(Refusal::new(ErrorCode::LimitReached))
}

/// Puts what a chain rests on before it. A unit that rests on its own administrators' keyring, which rests on
/// the unit again, is taken from the directory meanwhile.
async fn rest_on(
    ctx: &Ctx<'_>,
    world: &mut World,
    open: &mut Vec<ChainId>,
    error: ChainError,
    missed: Vec<ChainId>,
) -> Result<(), Refusal> {
    let mut moved = false;
    for id in missed {
        match id {
            ChainId::Unit(unit) if open.contains(&id) => {
                let row = ctx.read(UnitById(unit)).await?;
                let fact = row.and_then(|row| {
                    let profile = UnitProfile::decode(row.profile.as_slice())?;
                    let admins = profile.admins;
                    Some(UnitFact { parent: row.parent, former_parents: profile.former_parents, admins })
                });
                if let Some(fact) = fact {
                    moved |= world.units.insert(unit, fact).is_none();
                }
            }
            ChainId::User(_) | ChainId::Keyring(_) if open.contains(&id) => {}
            ChainId::User(_) | ChainId::Keyring(_) | ChainId::Unit(_) => {
                open.push(id);
                moved = true;
            }
        }
    }
    if moved {
        return Ok(());
    }
    tracing::error!(code = error.code(), "a stored chain does not verify");
    Err(Refusal::new(ErrorCode::Internal))
}

fn replay(world: &mut World, id: ChainId, links: &[Link]) -> Result<Chain, (ChainError, Vec<ChainId>)> {
    world.lenient = true;
    world.take_missed();
    let objects = links.iter().map(|link| link.object.as_slice());
    let chain = match id {
        ChainId::User(_) => UserChain::replay(objects, world).map(|chain| Chain::User(Arc::new(chain))),
        ChainId::Keyring(_) => {
            KeyringChain::replay(objects, world).map(|chain| Chain::Keyring(Arc::new(chain)))
        }
        ChainId::Unit(_) => UnitChain::replay(objects, world).map(|chain| Chain::Unit(Arc::new(chain))),
    };
    world.lenient = false;
    let missed = world.take_missed();
    chain.map_err(|error| (error, missed))
}

async fn all_links(ctx: &Ctx<'_>, chain: ChainId) -> Result<Vec<Link>, Refusal> {
    let mut all: Vec<Link> = Vec::new();
    loop {
        let after = all.last().map_or(Seq::ZERO, |link| link.n);
        let page = ctx.read(ChainLinks { chain, after, max: LINKS_PAGE }).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
