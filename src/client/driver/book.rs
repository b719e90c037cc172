//! Verified chains, fetched as they are needed, and the pins they are held against.
//!
//! Whatever the validator does not know, it asks here; what is not at hand is noted, fetched, verified, and the
//! question is asked again. A chain that does not continue from what was verified before is an attack.
//!
//! Not known here: seeds and messages.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use relais_chain::directory::Directory;
use relais_chain::facts::{
    DeviceStanding, Facts, GenerationFact, Held, KeyringFact, Mode, Owner, SignerFact, UnitFact, UserFact,
};
use relais_chain::limits::ANCESTRY_MAX;
use relais_chain::link::{ChainType, Tail};
use relais_chain::{ChainError, KeyringChain, UnitChain, UserChain};
use relais_e2ee::objects::ChainName as Pinned;
use relais_wire::chains::{ChainKind, GetLinks};
use relais_wire::ids::{
    Bytes32, DeviceId, KeyringId, LoginId, MsgId, ObjectId, Seq, ThreadId, UnitId, UserId,
};
use relais_wire::limits::PAGE_ENTRIES_MAX;

use super::rpc::Rpc;
use crate::error::{ClientError, Hostile, refuse};

/// Chains that one question may lead to: more than any chain of this protocol can rest on.
const FETCHES_MAX: usize = 8_192;

/// A chain by kind and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChainName {
    /// A user's.
    User(UserId),
    /// A keyring's.
    Keyring(KeyringId),
    /// A unit's.
    Unit(UnitId),
}

impl ChainName {
    const fn kind(self) -> ChainKind {
        match self {
            Self::User(_) => ChainKind::User,
            Self::Keyring(_) => ChainKind::Keyring,
            Self::Unit(_) => ChainKind::Unit,
        }
    }

    fn object(self) -> ObjectId {
        match self {
            Self::User(id) => id.into(),
            Self::Keyring(id) => id.into(),
            Self::Unit(id) => id.into(),
        }
    }

    /// As the pins object names it.
    #[must_use]
    pub const fn pinned(self) -> Pinned {
        match self {
            Self::User(id) => Pinned::new(ChainType::User, *id.as_bytes()),
            Self::Keyring(id) => Pinned::new(ChainType::Keyring, *id.as_bytes()),
            Self::Unit(id) => Pinned::new(ChainType::Unit, *id.as_bytes()),
        }
    }

    /// From the name in the pins object.
    #[must_use]
    pub const fn of_pinned(name: Pinned) -> Self {
        match name.chain_type() {
            ChainType::User => Self::User(UserId::from_bytes(name.id())),
            ChainType::Keyring => Self::Keyring(KeyringId::from_bytes(name.id())),
            ChainType::Unit => Self::Unit(UnitId::from_bytes(name.id())),
        }
    }

    /// From the two fields that name a chain on the wire.
    #[must_use]
    pub fn of(kind: ChainKind, id: ObjectId) -> Self {
        match kind {
            ChainKind::User => Self::User(id.into()),
            ChainKind::Keyring => Self::Keyring(id.into()),
            ChainKind::Unit => Self::Unit(id.into()),
        }
    }
}

/// What was verified of a chain in an earlier run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Hash of its first link.
    pub first: Bytes32,
    /// Its length then.
    pub seq: u64,
    /// Hash of its last link then.
    pub head: Bytes32,
}

/// What a thread remembers for the validator.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) heads: BTreeMap<u64, Bytes32>,
    pub(crate) seen: BTreeSet<MsgId>,
}

/// Verified chains.
#[derive(Debug, Default)]
pub struct Book {
    chains: Directory,
    pins: BTreeMap<ChainName, Pin>,
    /// What the user's other devices verified.
    shared: BTreeMap<ChainName, Pin>,
    missed: RefCell<BTreeSet<ChainName>>,
    /// The recovery that asks in place of a session.
    login: Option<LoginId>,
}

impl Book {
    /// The book of somebody who has no session yet, only a granted recovery: it holds the own chain.
    pub(crate) fn recovering(login: LoginId) -> Self {
        Self { login: Some(login), ..Self::default() }
    }

    /// A book that holds chains against these pins.
    #[must_use]
    pub fn new(pins: BTreeMap<ChainName, Pin>) -> Self {
        Self { pins, ..Self::default() }
    }

    /// The chains.
    #[must_use]
    pub const fn chains(&self) -> &Directory {
        &self.chains
    }

    /// Pins of everything that was verified, now or earlier.
    #[must_use]
    pub const fn pins(&self) -> &BTreeMap<ChainName, Pin> {
        &self.pins
    }

    /// Holds a chain also against what another device of the user verified, now and whenever it is read.
    ///
    /// # Errors
    /// An attack: the two devices were shown different chains.
    pub(crate) fn hold_against(&mut self, name: ChainName, pin: Pin) -> Result<(), ClientError> {
        if let Some(own) = self.pins.get(&name) {
            if own.first != pin.first {
                refuse(Hostile::KeySwapped)?;
            } else if own.seq == pin.seq && own.head != pin.head {
                refuse(Hostile::ChainForked)?;
            }
        }
        // A chain at hand that is shorter is not older for that: it is read on when it is next needed.
        if let Some(tail) = self.tail(name).filter(|tail| tail.seq() >= pin.seq) {
            check(tail, &pin)?;
        }
        self.shared.insert(name, pin);
        Ok(())
    }

    fn tail(&self, name: ChainName) -> Option<&Tail> {
        match name {
            ChainName::User(id) => self.chains.user_chain(id).map(UserChain::tail),
            ChainName::Keyring(id) => self.chains.keyring_chain(id).map(KeyringChain::tail),
            ChainName::Unit(id) => self.chains.unit_chain(id).map(UnitChain::tail),
        }
    }

    fn seq(&self, name: ChainName) -> u64 {
        self.tail(name).map_or(0, Tail::seq)
    }

    /// The validator's view, together with the past of a thread.
    pub(crate) const fn asking<'a>(&'a self, thread: ThreadId, past: &'a Past) -> Asking<'a> {
        Asking { book: self, past: Some((thread, past)) }
    }

    /// The validator's view of the chains alone.
    pub(crate) const fn facts(&self) -> Asking<'_> {
        Asking { book: self, past: None }
    }

    /// Chains that were asked for and are not at hand, or not far enough.
    pub(crate) fn take_missed(&self) -> Vec<ChainName> {
        core::mem::take(&mut *self.missed.borrow_mut()).into_iter().collect()
    }

    /// Has a chain at hand, fetching it if it is not.
    ///
    /// # Errors
    /// Those of [`Self::refresh`].
    pub(crate) async fn need(&mut self, rpc: &Rpc, name: ChainName) -> Result<(), ClientError> {
        if self.tail(name).is_some() { Ok(()) } else { self.refresh(rpc, name).await }
    }

    /// Fetches what a chain has grown by, verifying it and whatever it rests on.
    ///
    /// # Errors
    /// An attack; the connection's errors.
    pub(crate) async fn refresh(&mut self, rpc: &Rpc, name: ChainName) -> Result<(), ClientError> {
        let mut stack = vec![name];
        let mut fetched = HashMap::new();
        let read = self.read_on(rpc, &mut stack, &mut fetched).await;
        if read.is_err() {
            // What was taken in and not held against its pin must not be found at hand the next time.
            for name in stack.iter().filter(|name| fetched.contains_key(&name.object())) {
                self.forget(*name);
            }
        }
        read
    }

    fn forget(&mut self, name: ChainName) {
        match name {
            ChainName::User(id) => self.chains.drop_user(id),
            ChainName::Keyring(id) => self.chains.drop_keyring(id),
            ChainName::Unit(id) => self.chains.drop_unit(id),
        }
    }

    #[expect(clippy::map_entry, reason = "what is inserted is fetched in between")]
    async fn read_on(
        &mut self,
        rpc: &Rpc,
        stack: &mut Vec<ChainName>,
        fetched: &mut HashMap<ObjectId, VecDeque<Vec<u8>>>,
    ) -> Result<(), ClientError> {
        let mut fetches = 0;
        while let Some(top) = stack.last().copied() {
            let key = top.object();
            if !fetched.contains_key(&key) {
                fetches += 1;
                if fetches > FETCHES_MAX {
                    return Err(ClientError::link(ChainError::ChainFull));
                }
                let links = self.fetch(rpc, top).await?;
                fetched.insert(key, links);
            }
            let queue = fetched.entry(key).or_default();
            let mut rests_on = Vec::new();
            while let Some(link) = queue.front() {
                match self.apply(top, link) {
                    Ok(()) => drop(queue.pop_front()),
                    Err(error) => {
                        rests_on = self.take_missed();
                        rests_on.retain(|missed| !stack.contains(missed));
                        if rests_on.is_empty() {
                            return Err(ClientError::link(error));
                        }
                        break;
                    }
                }
            }
            self.missed.borrow_mut().clear();
            if rests_on.is_empty() {
                self.check_pin(top)?;
                stack.pop();
                continue;
            }
            for missed in rests_on {
                // What was fetched in this round and is still not enough will not get better.
                if fetched.get(&missed.object()).is_some_and(VecDeque::is_empty) {
                    fetched.remove(&missed.object());
                }
                stack.push(missed);
            }
        }
        Ok(())
    }

    async fn fetch(&self, rpc: &Rpc, name: ChainName) -> Result<VecDeque<Vec<u8>>, ClientError> {
        let mut all = VecDeque::new();
        let mut after = self.seq(name);
        loop {
            let ask = GetLinks {
                chain: name.kind(),
                id: name.object(),
                after: Seq::new(after).map_err(|_| ClientError::TooLarge)?,
                max: PAGE_ENTRIES_MAX,
                login: self.login,
            };
            let page = rpc.call(ask).await?;
            let told = page.n.get();
            let held = [self.pins.get(&name), self.shared.get(&name)];
            let pinned = held.into_iter().flatten().map(|pin| pin.seq).max().unwrap_or(0);
            if told < self.seq(name).max(pinned) {
                refuse(Hostile::ChainRolledBack)?;
            }
            let known = self.tail(name).and_then(Tail::head);
            if told == self.seq(name) && known.is_some_and(|head| head != page.head) {
                refuse(Hostile::ChainForked)?;
            }
            if page.links.is_empty() && after < told {
                return Err(Hostile::ChainRolledBack.into());
            }
            after += u64::try_from(page.links.len()).unwrap_or(u64::MAX);
            all.extend(page.links.into_iter().map(|link| link.0));
            if after >= told {
                return Ok(all);
            }
        }
    }

    /// Verifies a link and takes it in.
    fn apply(&mut self, name: ChainName, link: &[u8]) -> Result<(), ChainError> {
        let asking = self.facts();
        match name {
            ChainName::User(id) => {
                let chain = match self.chains.user_chain(id).cloned() {
                    Some(mut chain) => {
                        chain.append(link, &asking, Mode::Replay)?;
                        chain
                    }
                    None => UserChain::start(link)?,
                };
                if chain.user() != id {
                    return Err(ChainError::WrongChain);
                }
                self.chains.put_user(chain);
            }
            ChainName::Keyring(id) => {
                let chain = match self.chains.keyring_chain(id).cloned() {
                    Some(mut chain) => {
                        chain.append(link, &asking, Mode::Replay)?;
                        chain
                    }
                    None => KeyringChain::start(link, &asking, Mode::Replay)?,
                };
                if chain.id() != id {
                    return Err(ChainError::WrongChain);
                }
                self.chains.put_keyring(chain);
            }
            ChainName::Unit(id) => {
                let chain = match self.chains.unit_chain(id).cloned() {
                    Some(mut chain) => {
                        chain.append(link, &asking, Mode::Replay)?;
                        chain
                    }
                    None => UnitChain::start(link, &asking, Mode::Replay)?,
                };
                if chain.unit() != id {
                    return Err(ChainError::WrongChain);
                }
                self.chains.put_unit(chain);
            }
        }
        Ok(())
    }

    /// Holds a chain against its pin and moves the pin.
    fn check_pin(&mut self, name: ChainName) -> Result<(), ClientError> {
        let Some(tail) = self.tail(name) else { return Ok(()) };
        let (Some(first), Some(head)) = (tail.hash_at(1), tail.head()) else { return Ok(()) };
        for pin in [self.pins.get(&name), self.shared.get(&name)].into_iter().flatten() {
            check(tail, pin)?;
        }
        let pin = Pin { first, seq: tail.seq(), head };
        self.pins.insert(name, pin);
        Ok(())
    }

    /// Asks a question of the validator, fetching what it misses until it has an answer.
    ///
    /// # Errors
    /// The attack that `wrong` makes of the validator's refusal; those of [`Self::refresh`].
    pub(crate) async fn decide<T>(
        &mut self,
        rpc: &Rpc,
        wrong: impl Fn(ChainError) -> ClientError,
        mut question: impl FnMut(&Self) -> Result<T, ChainError>,
    ) -> Result<T, ClientError> {
        for _ in 0..64 {
            self.missed.borrow_mut().clear();
            match question(self) {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let missed = self.take_missed();
                    if missed.is_empty() {
                        return Err(wrong(error));
                    }
                    let before: u64 = missed.iter().map(|name| self.seq(*name)).sum();
                    for name in &missed {
                        self.refresh(rpc, *name).await?;
                    }
                    if missed.iter().map(|name| self.seq(*name)).sum::<u64>() == before {
                        return Err(wrong(error));
                    }
                }
            }
        }
        Err(ClientError::link(ChainError::ChainFull))
    }
}

/// Holds a chain against a pin.
fn check(tail: &Tail, pin: &Pin) -> Result<(), ClientError> {
    if tail.hash_at(1) != Some(pin.first) {
        refuse(Hostile::KeySwapped)
    } else if tail.seq() < pin.seq {
        refuse(Hostile::ChainRolledBack)
    } else if tail.check_pin(pin.seq, &pin.head).is_err() {
        refuse(Hostile::ChainForked)
    } else {
        Ok(())
    }
}

/// The validator's view of a book: notes what is not at hand.
pub(crate) struct Asking<'a> {
    book: &'a Book,
    past: Option<(ThreadId, &'a Past)>,
}

impl Asking<'_> {
    fn miss<T>(&self, name: ChainName, answer: Option<T>) -> Option<T> {
        if answer.is_none() {
            self.book.missed.borrow_mut().insert(name);
        }
        answer
    }

    /// Whether everything that membership of a keyring leads through is at hand.
    fn nested(&self, keyring: KeyringId, depth: usize) -> bool {
        let name = ChainName::Keyring(keyring);
        let Some(chain) = self.miss(name, self.book.chains.keyring_chain(keyring)) else { return false };
        depth >= ANCESTRY_MAX
            || chain
                .ever_members()
                .filter(|(_, owner)| matches!(owner, Owner::Unit(_)))
                .fold(true, |all, (inner, _)| self.nested(inner, depth + 1) && all)
    }
}

impl Facts for Asking<'_> {
    fn signer(&self, user: UserId, seq: u64) -> Option<SignerFact> {
        self.miss(ChainName::User(user), self.book.chains.signer(user, seq))
    }

    fn device(&self, user: UserId, device: DeviceId, seq: u64) -> Option<DeviceStanding> {
        self.miss(ChainName::User(user), self.book.chains.device(user, device, seq))
    }

    fn user(&self, user: UserId) -> Option<UserFact> {
        self.miss(ChainName::User(user), self.book.chains.user(user))
    }

    fn keyring(&self, keyring: KeyringId) -> Option<KeyringFact> {
        self.miss(ChainName::Keyring(keyring), self.book.chains.keyring(keyring))
    }

    fn generation(&self, keyring: KeyringId, generation: u64) -> Option<GenerationFact> {
        self.miss(ChainName::Keyring(keyring), self.book.chains.generation(keyring, generation))
    }

    fn holds(&self, keyring: KeyringId, user: UserId, seq: u64) -> Option<Held> {
        if !self.nested(keyring, 0) {
            return None;
        }
        self.miss(ChainName::Keyring(keyring), self.book.chains.holds(keyring, user, seq))
    }

    fn unit(&self, unit: UnitId) -> Option<UnitFact> {
        self.miss(ChainName::Unit(unit), self.book.chains.unit(unit))
    }

    fn head_at(&self, thread: ThreadId, n: u64) -> Option<Bytes32> {
        let (known, past) = self.past?;
        if known == thread { past.heads.get(&n).copied() } else { None }
    }

    fn seen(&self, thread: ThreadId, msg_id: MsgId) -> bool {
        self.past.is_some_and(|(known, past)| known == thread && past.seen.contains(&msg_id))
    }
}
