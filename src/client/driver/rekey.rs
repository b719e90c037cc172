//! Renewing keys that somebody has to renew: keyrings after a removal or a member's new key, and boxes that a
//! participant could not open. Whether anything is due is computed from signed links, never taken from the
//! server's word (SEC-07).
//!
//! Not known here: when a client looks; see [`crate::core::chores`].

use relais_chain::facts::{Capacity, Facts as _, Owner};
use relais_chain::keyring::KeyringChain;
use relais_chain::keyring_body::{KeyringBody, Reason, Role};
use relais_e2ee::entropy::SystemEntropy;
use relais_e2ee::keyring::{self, Target};
use relais_e2ee::thread::Due;
use relais_wire::ids::{KeyringId, ThreadId, UserId};

use super::book::ChainName;
use super::client::{Client, Update};
use super::organization::signer;
use super::ring::box_error;
use crate::core::chores::Chore;
use crate::error::ClientError;

/// What became of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// This client made it.
    Here,
    /// It was due, and somebody else made it first.
    ElsewhereFirst,
    /// Nothing is due.
    NotDue,
    /// It is due, and this user has no part in it or not its keys: another member will.
    NotOurs,
}

impl Client {
    /// Renews every keyring of these that must be renewed: somebody was removed from it, one of its members has a
    /// newer key, or somebody was asked in by a manager without the seed. A connected client does the same by
    /// itself for keyrings that change.
    ///
    /// # Errors
    /// The connection's; an attack.
    pub async fn rotate_due(
        &mut self,
        keyrings: &[KeyringId],
    ) -> Result<Vec<(KeyringId, Renewed)>, ClientError> {
        self.ready().await?;
        let mut done = Vec::with_capacity(keyrings.len());
        for keyring in keyrings {
            self.read_members(*keyring).await?;
            done.push((*keyring, self.renew_keyring(*keyring).await?));
        }
        Ok(done)
    }

    /// Takes somebody out of a keyring this user manages (a team's `TM` or `TA`, a unit's `OA` or `OD`), and
    /// renews it where this user holds its seed; otherwise the next member online does.
    ///
    /// # Errors
    /// The server's refusals; [`ClientError::NotFound`] for somebody who is not in it.
    pub async fn remove_from_keyring(
        &mut self,
        keyring: KeyringId,
        user: UserId,
    ) -> Result<Renewed, ClientError> {
        self.ready().await?;
        self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await?;
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let member = chain.members().find(|(_, member)| member.owner == Owner::User(user));
        let member = member.map(|(id, _)| id).ok_or(ClientError::NotFound)?;
        let capacity = self.keeper_capacity(keyring).await?;
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let body = KeyringBody::Remove { keyring: member, reason: Reason::Removed };
        let by = signer(&self.account, capacity, self.now_ms());
        let made = keyring::without_seed(chain, &body, &by).map_err(box_error)?;
        self.append_link(keyring, made).await?;
        self.renew_keyring(keyring).await
    }

    /// Asks the other participants for a box of the epoch in force: this user's does not open. Whoever is online
    /// first makes a new epoch.
    ///
    /// # Errors
    /// The server's refusals; [`ClientError::NotPossible`] for somebody who reads through a team.
    pub async fn request_box(&mut self, id: ThreadId) -> Result<(), ClientError> {
        let inbox = self.account.inbox().id;
        let personal = self.account.personal().id;
        self.act(id, async |_, thread| {
            let roster = thread.state.roster();
            let own = [inbox, personal].into_iter().find(|own| roster.epoch().recipients.contains_key(own));
            let keyring = own.ok_or(ClientError::NotPossible("a team's box is asked for by nobody alone"))?;
            Ok(relais_chain::control::Control::ReboxRequest { keyring, epoch: roster.epoch().number })
        })
        .await
    }

    /// Notes what a keyring that has just been read needs of this client.
    pub(crate) fn notice_keyring(&mut self, keyring: KeyringId) {
        let Some(chain) = self.book.chains().keyring_chain(keyring) else { return };
        if self.is_due(chain) && self.seed_capacity(chain).is_some() {
            self.chores.notice(self.clock.ms(), Chore::Keyring(keyring));
        }
    }

    /// Notes that a member's own keyring has changed: those it is in may be stale.
    pub(crate) fn notice_member(&mut self, member: KeyringId) {
        let chains = self.book.chains();
        let within: Vec<KeyringId> =
            chains.keyring_chains().filter(|c| c.member(member).is_some()).map(KeyringChain::id).collect();
        for keyring in within {
            self.notice_keyring(keyring);
        }
    }

    /// Notes that a participant asked for a box.
    pub(crate) fn notice_rebox(&mut self, thread: ThreadId) {
        self.chores.notice(self.clock.ms(), Chore::Rebox(thread));
    }

    /// Does the chores whose moment has come.
    pub(crate) async fn do_chores(&mut self) {
        while let Some(chore) = self.chores.take(self.clock.ms()) {
            let result = match chore {
                Chore::Keyring(keyring) => self.do_keyring(keyring).await,
                Chore::Rebox(thread) => self.do_rebox(thread).await,
            };
            match result {
                Ok(Renewed::NotDue) => {}
                Ok(renewed) => self.updates.push_back(Update::Renewed(chore, renewed)),
                Err(error) => {
                    let thread = if let Chore::Rebox(thread) = chore { Some(thread) } else { None };
                    if error.is_transient() {
                        self.chores.notice(self.clock.ms(), chore);
                    }
                    self.updates.push_back(Update::Trouble(thread, error));
                }
            }
        }
    }

    async fn do_keyring(&mut self, keyring: KeyringId) -> Result<Renewed, ClientError> {
        self.ready().await?;
        let due = self.book.chains().keyring_chain(keyring).is_some_and(|chain| self.is_due(chain));
        self.read_members(keyring).await?;
        let renewed = self.renew_keyring(keyring).await?;
        Ok(if due && renewed == Renewed::NotDue { Renewed::ElsewhereFirst } else { renewed })
    }

    async fn do_rebox(&mut self, id: ThreadId) -> Result<Renewed, ClientError> {
        self.sync_thread(id, None).await?;
        let asked = self.threads.get(&id).and_then(|thread| thread.asked_box);
        let Some(by) = asked else { return Ok(Renewed::ElsewhereFirst) };
        let reads = self.threads.get(&id).is_some_and(|thread| self.author(&thread.state).is_ok());
        if by == self.user() || !reads {
            return Ok(Renewed::NotOurs);
        }
        let mut thread = self.threads.remove(&id).ok_or(ClientError::NotFound)?;
        let mut state = thread.state.clone();
        let mut entries = Vec::new();
        let made = self.renew_epoch(&mut thread, &mut state, Due::Age, &mut entries).await;
        self.threads.insert(id, thread);
        made?;
        match self.append_now(id, entries).await {
            Ok(()) => Ok(Renewed::Here),
            Err(ClientError::Refused(refusal)) => {
                self.catch_up_after(id, &refusal).await?;
                let open = self.threads.get(&id).is_some_and(|thread| thread.asked_box.is_some());
                if open { Err(ClientError::Refused(refusal)) } else { Ok(Renewed::ElsewhereFirst) }
            }
            Err(error) => Err(error),
        }
    }

    fn is_due(&self, chain: &KeyringChain) -> bool {
        chain.rotation_due()
            || chain.requests().next().is_some()
            || !chain.stale_members(self.book.chains()).is_empty()
    }

    /// A keyring and the keyrings in it, as they are now.
    async fn read_members(&mut self, keyring: KeyringId) -> Result<(), ClientError> {
        self.book.refresh(&self.rpc, ChainName::Keyring(keyring)).await?;
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let asked = chain.requests().map(|(id, _)| id);
        let members: Vec<KeyringId> = chain.members().map(|(id, _)| id).chain(asked).collect();
        for member in members {
            self.book.refresh(&self.rpc, ChainName::Keyring(member)).await?;
        }
        Ok(())
    }

    /// In what capacity this user holds the seed of a keyring: as itself, or through a keyring inside it.
    #[expect(clippy::option_option, reason = "not at all, as itself, or in a capacity")]
    fn seed_capacity(&self, chain: &KeyringChain) -> Option<Option<Capacity>> {
        if chain.member(self.account.personal().id).is_some() {
            return Some(None);
        }
        let chains = self.book.chains();
        chain.members().find_map(|(id, member)| {
            let held = matches!(member.owner, Owner::Unit(_))
                && chains.holds(id, self.user(), 1).is_some_and(|held| held.now);
            let seq = chains.keyring_chain(id)?.tail().seq();
            held.then_some(Some(Capacity { keyring: id, seq }))
        })
    }

    /// In what capacity this user manages a keyring.
    async fn keeper_capacity(&mut self, keyring: KeyringId) -> Result<Option<Capacity>, ClientError> {
        let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let keeper = chain.member(self.account.personal().id).is_some_and(|own| own.role == Role::Keeper);
        if keeper && chain.fact().paired.is_none() {
            return Ok(None);
        }
        let (paired, owner) = (chain.fact().paired, chain.owner());
        if let Some(managers) = paired {
            self.book.refresh(&self.rpc, ChainName::Keyring(managers)).await?;
            let seq = self.book.chains().keyring_chain(managers).map_or(0, |chain| chain.tail().seq());
            let held = self.book.chains().holds(managers, self.user(), seq);
            if held.is_some_and(|held| held.now) {
                return Ok(Some(Capacity { keyring: managers, seq }));
            }
        }
        let Owner::Unit(unit) = owner else {
            return Err(ClientError::NotPossible("a person's keyring has nobody else in it"));
        };
        self.admin_of(unit).await.map(Some)
    }

    /// Does what is due for a keyring that was just read.
    async fn renew_keyring(&mut self, keyring: KeyringId) -> Result<Renewed, ClientError> {
        let mut renewed = Renewed::NotDue;
        for _ in 0..crate::limits::REANCHOR_MAX {
            let chain = self.book.chains().keyring_chain(keyring).ok_or(ClientError::NotFound)?;
            if !self.is_due(chain) {
                return Ok(renewed);
            }
            let generation = chain.generation();
            match self.renew_once(keyring).await {
                Ok(()) => renewed = Renewed::Here,
                Err(ClientError::NoKey) => return Ok(Renewed::NotOurs),
                // Somebody else wrote to the chain first: what is due now is in the chain.
                Err(ClientError::Refused(refusal)) => {
                    self.read_members(keyring).await?;
                    let grown = self.book.chains().keyring_chain(keyring);
                    if grown.is_none_or(|chain| chain.generation() == generation && self.is_due(chain)) {
                        return Err(ClientError::Refused(refusal));
                    }
                    renewed = Renewed::ElsewhereFirst;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(renewed)
    }

    /// One link: the rotation, or where none is due the adding of somebody who was asked in.
    async fn renew_once(&mut self, keyring: KeyringId) -> Result<(), ClientError> {
        let seeds = self.ring.reach(&self.rpc, &mut self.book, &self.account, keyring).await?;
        let chains = self.book.chains();
        let chain = chains.keyring_chain(keyring).ok_or(ClientError::NotFound)?;
        let seed = seeds.get(chain.generation()).ok_or(ClientError::NoKey)?.duplicate();
        let capacity = self.seed_capacity(chain).ok_or(ClientError::NoKey)?;
        let by = signer(&self.account, capacity, self.rpc.http.now_ms());
        if !chain.rotation_due() && chain.stale_members(chains).is_empty() {
            let Some((newcomer, role)) = chain.requests().next() else { return Ok(()) };
            let target = chains.keyring_chain(newcomer).ok_or(ClientError::NotFound)?;
            let target = Target::of(target).map_err(box_error)?;
            let made =
                keyring::add(chain, &seed, &target, role, &by, &mut SystemEntropy).map_err(box_error)?;
            return self.append_link(keyring, made).await;
        }
        let reason = if chain.rotation_due() { Reason::Removed } else { Reason::Routine };
        let (made, fresh) = keyring::rotate(chain, Some(&seed), chains, reason, &by, &mut SystemEntropy)
            .map_err(box_error)?;
        let generation = chain.generation() + 1;
        self.append_link(keyring, made).await?;
        self.ring.made(keyring, generation, fresh);
        Ok(())
    }
}
