//! Verified chains held in memory, answering [`Facts`]: what a client keeps, and what the server builds for
//! the few chains that one decision touches.
//!
//! Not known here: where the links come from; each `add_*` verifies what it is given.

use std::collections::{HashMap, HashSet};

use relais_wire::ids::{Bytes32, DeviceId, KeyringId, MsgId, ThreadId, UnitId, UserId};

use crate::error::ChainError;
use crate::facts::{
    DeviceStanding, Facts, GenerationFact, Held, KeyringFact, Mode, Owner, SignerFact, UnitFact, UserFact,
};
use crate::keyring::KeyringChain;
use crate::keyring_body::KeyringBody;
use crate::limits::ANCESTRY_MAX;
use crate::unit::{UnitBody, UnitChain};
use crate::user::UserChain;
use crate::user_body::UserBody;

/// Chains by id. The number held is the caller's to bound.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    users: HashMap<UserId, UserChain>,
    keyrings: HashMap<KeyringId, KeyringChain>,
    units: HashMap<UnitId, UnitChain>,
    heads: HashMap<(ThreadId, u64), Bytes32>,
    seen: HashSet<(ThreadId, MsgId)>,
}

impl Directory {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Verifies a link of a user chain and takes it in; a root starts the chain.
    ///
    /// # Errors
    /// Any [`ChainError`]; then nothing changes.
    pub fn user_link(&mut self, user: UserId, bytes: &[u8], mode: Mode) -> Result<UserBody, ChainError> {
        if let Some(mut chain) = self.users.get(&user).cloned() {
            let body = chain.append(bytes, self, mode)?;
            self.users.insert(user, chain);
            return Ok(body);
        }
        let chain = UserChain::start(bytes)?;
        if chain.user() != user {
            return Err(ChainError::WrongChain);
        }
        let body = UserBody::Root {
            key: chain.key(),
            personal: chain.fact().personal,
            inbox: chain.fact().inbox,
            recovery: chain.recovery(),
        };
        self.users.insert(user, chain);
        Ok(body)
    }

    /// Verifies a link of a keyring chain and takes it in; `create` starts the chain.
    ///
    /// # Errors
    /// Any [`ChainError`]; then nothing changes.
    pub fn keyring_link(&mut self, keyring: KeyringId, bytes: &[u8], mode: Mode) -> Result<(), ChainError> {
        if let Some(mut chain) = self.keyrings.remove(&keyring) {
            // A keyring's own chain is never asked about while it is checked, except by its own capacity,
            // which is refused; so it may be out of the map meanwhile.
            let result = chain.append(bytes, self, mode).map(|_: KeyringBody| ());
            self.keyrings.insert(keyring, chain);
            return result;
        }
        let chain = KeyringChain::start(bytes, self, mode)?;
        if chain.id() != keyring {
            return Err(ChainError::WrongChain);
        }
        self.keyrings.insert(keyring, chain);
        Ok(())
    }

    /// Verifies a link of a unit chain and takes it in; a genesis starts the chain.
    ///
    /// # Errors
    /// Any [`ChainError`]; then nothing changes.
    pub fn unit_link(&mut self, unit: UnitId, bytes: &[u8], mode: Mode) -> Result<(), ChainError> {
        if let Some(mut chain) = self.units.get(&unit).cloned() {
            let _: UnitBody = chain.append(bytes, self, mode)?;
            self.units.insert(unit, chain);
            return Ok(());
        }
        let chain = UnitChain::start(bytes, self, mode)?;
        if chain.unit() != unit {
            return Err(ChainError::WrongChain);
        }
        self.units.insert(unit, chain);
        Ok(())
    }

    /// Takes in a chain that was verified before.
    pub fn put_user(&mut self, chain: UserChain) {
        self.users.insert(chain.user(), chain);
    }

    /// Takes in a chain that was verified before.
    pub fn put_keyring(&mut self, chain: KeyringChain) {
        self.keyrings.insert(chain.id(), chain);
    }

    /// Takes in a chain that was verified before.
    pub fn put_unit(&mut self, chain: UnitChain) {
        self.units.insert(chain.unit(), chain);
    }

    /// Forgets a user's chain.
    pub fn drop_user(&mut self, user: UserId) {
        self.users.remove(&user);
    }

    /// Forgets a keyring's chain.
    pub fn drop_keyring(&mut self, keyring: KeyringId) {
        self.keyrings.remove(&keyring);
    }

    /// Forgets a unit's chain.
    pub fn drop_unit(&mut self, unit: UnitId) {
        self.units.remove(&unit);
    }

    /// Remembers a thread's head, so that anchors at it can be checked.
    pub fn put_head(&mut self, thread: ThreadId, n: u64, head: Bytes32) {
        self.heads.insert((thread, n), head);
    }

    /// Remembers an entry's id, so that it is not used twice.
    pub fn put_seen(&mut self, thread: ThreadId, msg_id: MsgId) {
        self.seen.insert((thread, msg_id));
    }

    /// A user's chain.
    #[must_use]
    pub fn user_chain(&self, user: UserId) -> Option<&UserChain> {
        self.users.get(&user)
    }

    /// A keyring's chain.
    #[must_use]
    pub fn keyring_chain(&self, keyring: KeyringId) -> Option<&KeyringChain> {
        self.keyrings.get(&keyring)
    }

    /// Every keyring's chain at hand.
    pub fn keyring_chains(&self) -> impl Iterator<Item = &KeyringChain> {
        self.keyrings.values()
    }

    /// A unit's chain.
    #[must_use]
    pub fn unit_chain(&self, unit: UnitId) -> Option<&UnitChain> {
        self.units.get(&unit)
    }

    /// Whether `user` is among these holders, directly or through a keyring inside. `at` follows members of
    /// any time inside nested keyrings, `now` only of today.
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

    /// Whether every keyring that membership leads through is here: what is not known is not answered with no.
    fn knows_inside(&self, chain: &KeyringChain, depth: usize) -> bool {
        chain.ever_members().filter(|(_, owner)| matches!(owner, Owner::Unit(_))).all(|(id, _)| {
            let inner = self.keyrings.get(&id);
            depth >= ANCESTRY_MAX || inner.is_some_and(|inner| self.knows_inside(inner, depth + 1))
        })
    }

    fn inside(&self, keyring: KeyringId, user: UserId, depth: usize, now: bool) -> bool {
        let Some(chain) = self.keyrings.get(&keyring) else { return false };
        if now {
            let holders: Vec<_> = chain.members().map(|(id, member)| (id, member.owner)).collect();
            return self.among(holders.into_iter(), user, depth, true);
        }
        let holders: Vec<_> = chain.ever_members().collect();
        self.among(holders.into_iter(), user, depth, false)
    }
}

impl Facts for Directory {
    fn signer(&self, user: UserId, seq: u64) -> Option<SignerFact> {
        self.users.get(&user)?.signer_at(seq)
    }

    fn device(&self, user: UserId, device: DeviceId, seq: u64) -> Option<DeviceStanding> {
        Some(self.users.get(&user)?.device_at(device, seq))
    }

    fn user(&self, user: UserId) -> Option<UserFact> {
        self.users.get(&user).map(UserChain::fact)
    }

    fn keyring(&self, keyring: KeyringId) -> Option<KeyringFact> {
        self.keyrings.get(&keyring).map(KeyringChain::fact)
    }

    fn generation(&self, keyring: KeyringId, generation: u64) -> Option<GenerationFact> {
        self.keyrings.get(&keyring)?.generation_fact(generation)
    }

    fn holds(&self, keyring: KeyringId, user: UserId, seq: u64) -> Option<Held> {
        let chain = self.keyrings.get(&keyring)?;
        if seq == 0 || seq > chain.tail().seq() {
            return None;
        }
        if let Owner::User(owner) = chain.owner() {
            return Some(Held { at: owner == user, now: owner == user });
        }
        if !self.knows_inside(chain, 0) {
            return None;
        }
        let at: Vec<_> = chain.tenures(seq).collect();
        let at = self.among(at.into_iter(), user, 0, false);
        Some(Held { at, now: self.inside(keyring, user, 0, true) })
    }

    fn unit(&self, unit: UnitId) -> Option<UnitFact> {
        self.units.get(&unit).map(UnitChain::fact)
    }

    fn head_at(&self, thread: ThreadId, n: u64) -> Option<Bytes32> {
        self.heads.get(&(thread, n)).copied()
    }

    fn seen(&self, thread: ThreadId, msg_id: MsgId) -> bool {
        self.seen.contains(&(thread, msg_id))
    }
}
