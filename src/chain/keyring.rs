//! The keyring chain: who holds a seed, at which generation, and who says so.
//!
//! Who may sign what:
//!
//! | keyring | changes its membership | creates it |
//! |---|---|---|
//! | `U`, `I` | its user; recipients are none for `U`, exactly the user's `U` for `I` | its user |
//! | `TM` | a keeper of it, or an administrator of the unit | an administrator of the unit |
//! | `TA` | a manager (holder of the paired `TM`), or an administrator of the unit | either of them |
//! | `OA` | a keeper of it, or an administrator of a unit above | anybody; the unit's genesis binds it |
//! | `OD` | an administrator of the unit | an administrator of the unit |
//!
//! Administrators and managers act in a *capacity* named in the link's core. Boxing needs the seed: `add`
//! and `rotate` are for members only; who may change the membership without holding the seed signs `remove`
//! and `add_request`, and any member then rotates or adds what was asked. Any member may rotate, any member
//! may remove itself. After `remove` the keyring is *rotation due*. The last member never goes.
//!
//! Members may be: of `TM`, `TA` and `OA` people's `U`; of `OD` people's `U` and the unit's `OA`; by
//! `parent`, of `TM` the unit's `OA`, of `OA` the `OA` of the unit above. So the graph has no cycles.
//!
//! Not known here: seeds, and whether a box opens.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, KeyringId, UnitId, UserId};

use crate::error::{ChainError, refuse};
use crate::facts::{
    Facts, GenerationFact, KeyringFact, KeyringKind, Mode, Owner, administers, check_capacity,
};
use crate::keyring_body::{GenerationBody, KeyringBody, Recipient, Role};
use crate::limits::{ENC_KEY_BYTES, KEYRING_RECIPIENTS_MAX};
use crate::link::{Link, LinkCore, Tail};

/// A keyring that holds the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Generation of the member's keyring that the newest box is sealed to.
    pub generation: u64,
    /// SHA-256 of that box.
    pub box_hash: Bytes32,
    /// What it may do.
    pub role: Role,
    /// Whose keyring it is.
    pub owner: Owner,
    /// Position of the link that made it a member.
    pub since_seq: u64,
}

/// A generation as the chain remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Position of the link that introduced it.
    pub since_seq: u64,
    /// Commitment to the seed.
    pub commit: Bytes32,
    /// The previous seed sealed under this one.
    pub prev_box: Option<Vec<u8>>,
}

/// A membership that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tenure {
    keyring: KeyringId,
    owner: Owner,
    from_seq: u64,
    to_seq: u64,
}

/// A verified keyring chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringChain {
    id: KeyringId,
    kind: KeyringKind,
    owner: Owner,
    paired: Option<KeyringId>,
    tail: Tail,
    key: Box<[u8; ENC_KEY_BYTES]>,
    generations: Vec<Generation>,
    members: BTreeMap<KeyringId, Member>,
    parent: Option<KeyringId>,
    requests: BTreeMap<KeyringId, Role>,
    past: Vec<Tenure>,
    rotation_due: bool,
    /// Newest position relied on, per capacity keyring: older ones are refused.
    capacities: BTreeMap<KeyringId, u64>,
}

/// What the signer of a link may do.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    keeper: bool,
    seed: bool,
    itself: Option<KeyringId>,
}

impl KeyringChain {
    /// Starts a chain from its `create` link.
    ///
    /// # Errors
    /// Any [`ChainError`]; [`ChainError::MisplacedRoot`] when the link is of another kind.
    pub fn start(bytes: &[u8], facts: &dyn Facts, mode: Mode) -> Result<Self, ChainError> {
        let link = Link::<KeyringBody>::parse(bytes)?;
        let place = link.core.place;
        let KeyringBody::Create { kind, owner, paired, first } = &link.body else {
            return Err(ChainError::MisplacedRoot);
        };
        let mut chain = Self {
            id: KeyringId::from_bytes(place.chain_id),
            kind: *kind,
            owner: *owner,
            paired: *paired,
            tail: Tail::new(place.chain_id),
            key: first.key.clone(),
            generations: Vec::new(),
            members: BTreeMap::new(),
            parent: None,
            requests: BTreeMap::new(),
            past: Vec::new(),
            rotation_due: false,
            capacities: BTreeMap::new(),
        };
        chain.tail.check(&place)?;
        link.verify_author(facts, mode)?;
        let hash = link.signed.link_hash();
        chain.check_creator(&link.core, &hash, facts, mode)?;
        if first.generation != 1 {
            return Err(ChainError::WrongGeneration);
        }
        if first.prev_box.is_some() {
            return Err(ChainError::PrevBox);
        }
        let role = match kind {
            KeyringKind::TA | KeyringKind::OD => Role::Holder,
            KeyringKind::U | KeyringKind::I | KeyringKind::TM | KeyringKind::OA => Role::Keeper,
        };
        for recipient in &first.recipients {
            let owner = chain.check_recipient(recipient, facts, mode)?;
            let member = Member {
                generation: recipient.generation,
                box_hash: recipient.box_hash,
                role,
                owner,
                since_seq: 1,
            };
            chain.members.insert(recipient.keyring, member);
        }
        chain.check_never_empty()?;
        chain.tail.push(hash);
        chain.remember(&link.core);
        chain.start_generation(first, 1);
        Ok(chain)
    }

    /// Verifies a whole chain from its first link on.
    ///
    /// # Errors
    /// The error of the first link that is refused.
    pub fn replay<'a>(
        links: impl IntoIterator<Item = &'a [u8]>,
        facts: &dyn Facts,
    ) -> Result<Self, ChainError> {
        let mut links = links.into_iter();
        let first = links.next().ok_or(ChainError::MisplacedRoot)?;
        let mut chain = Self::start(first, facts, Mode::Replay)?;
        for link in links {
            chain.append(link, facts, Mode::Replay)?;
        }
        Ok(chain)
    }

    /// Verifies the next link and takes it in. On an error nothing changes.
    ///
    /// # Errors
    /// Any [`ChainError`].
    pub fn append(&mut self, bytes: &[u8], facts: &dyn Facts, mode: Mode) -> Result<KeyringBody, ChainError> {
        let link = Link::<KeyringBody>::parse(bytes)?;
        self.tail.check(&link.core.place)?;
        link.verify_author(facts, mode)?;
        let standing = self.standing(&link.core, facts, mode)?;
        let new_owner = self.check(&link.body, standing, facts, mode)?;
        let seq = link.core.place.seq;
        self.tail.push(link.signed.link_hash());
        self.remember(&link.core);
        self.take(&link.body, seq, new_owner);
        Ok(link.body)
    }

    fn check_creator(
        &self,
        core: &LinkCore,
        hash: &Bytes32,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<(), ChainError> {
        let author = &core.author;
        match (self.kind, self.owner) {
            (KeyringKind::U | KeyringKind::I, Owner::User(user)) => {
                if author.user != user || author.capacity.is_some() {
                    return Err(ChainError::NotAuthorized);
                }
                let fact = facts.user(user).ok_or(ChainError::UnknownSigner)?;
                let named = if self.kind == KeyringKind::U { fact.personal } else { fact.inbox };
                if named.id != self.id || named.first != *hash {
                    return Err(ChainError::HashMismatch);
                }
                Ok(())
            }
            (KeyringKind::OA, Owner::Unit(_)) if author.capacity.is_none() => Ok(()),
            (_, Owner::Unit(unit)) => {
                let capacity = author.capacity.ok_or(ChainError::NotAuthorized)?;
                let held = check_capacity(author.user, capacity, facts, mode)?;
                if self.paired == Some(capacity.keyring) {
                    let own_team = held.kind == KeyringKind::TM && held.owner == self.owner;
                    return if own_team { Ok(()) } else { Err(ChainError::NotAuthorized) };
                }
                if let Some(paired) = self.paired {
                    let managers = facts.keyring(paired).ok_or(ChainError::UnknownKeyring)?;
                    if managers.kind != KeyringKind::TM || managers.owner != self.owner {
                        return Err(ChainError::RecipientKind);
                    }
                }
                if administers(capacity.keyring, unit, facts, mode)? {
                    Ok(())
                } else {
                    Err(ChainError::NotAuthorized)
                }
            }
            (_, Owner::User(_)) => Err(ChainError::NotAuthorized),
        }
    }

    /// What the author of a link may do here.
    fn standing(&self, core: &LinkCore, facts: &dyn Facts, mode: Mode) -> Result<Standing, ChainError> {
        let author = &core.author;
        if let Owner::User(user) = self.owner {
            let own = author.user == user && author.capacity.is_none();
            return if own {
                Ok(Standing { keeper: true, seed: true, itself: None })
            } else {
                Err(ChainError::NotAuthorized)
            };
        }
        let mut standing = Standing::default();
        if let Some((id, member)) = self.member_of(author.user) {
            standing.seed = true;
            standing.itself = Some(id);
            standing.keeper =
                member.role == Role::Keeper && matches!(self.kind, KeyringKind::TM | KeyringKind::OA);
        }
        if let (Some(capacity), Owner::Unit(unit)) = (author.capacity, self.owner) {
            check_capacity(author.user, capacity, facts, mode)?;
            if self.capacities.get(&capacity.keyring).is_some_and(|newest| capacity.seq < *newest) {
                return Err(ChainError::StaleCapacity);
            }
            let administers =
                capacity.keyring != self.id && administers(capacity.keyring, unit, facts, mode)?;
            standing.keeper |= administers || self.paired == Some(capacity.keyring);
            standing.seed |= self.members.contains_key(&capacity.keyring);
        }
        if !standing.keeper && !standing.seed {
            refuse(ChainError::NotAuthorized)?;
        }
        Ok(standing)
    }

    /// Checks a link that is not the first; answers the owner of a keyring that is added.
    fn check(
        &self,
        body: &KeyringBody,
        standing: Standing,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Option<Owner>, ChainError> {
        match body {
            KeyringBody::Create { .. } => Err(ChainError::MisplacedRoot),
            KeyringBody::Rotate(body) => self.check_rotate(body, standing, facts, mode).map(|()| None),
            KeyringBody::Add { .. }
            | KeyringBody::Remove { .. }
            | KeyringBody::Role { .. }
            | KeyringBody::Parent { .. }
            | KeyringBody::AddRequest { .. }
                if matches!(self.owner, Owner::User(_)) =>
            {
                Err(ChainError::NotForThisKind)
            }
            KeyringBody::Add { recipient, role } => {
                let asked = self.requests.get(&recipient.keyring) == Some(role);
                if !standing.seed {
                    return Err(ChainError::NotSeedHolder);
                }
                if !standing.keeper && !asked {
                    refuse(ChainError::NotAuthorized)?;
                }
                self.check_addable(recipient.keyring)?;
                self.check_recipient(recipient, facts, mode).map(Some)
            }
            KeyringBody::AddRequest { keyring, .. } => {
                require_keeper(standing)?;
                self.check_addable(*keyring)?;
                if self.requests.len() >= KEYRING_RECIPIENTS_MAX {
                    return Err(ChainError::TooMany);
                }
                self.recipient_owner(*keyring, facts).map(|_| None)
            }
            KeyringBody::Remove { keyring, .. } => self.check_remove(*keyring, standing).map(|()| None),
            KeyringBody::Role { keyring, role } => self.check_role(*keyring, *role, standing).map(|()| None),
            KeyringBody::Parent { recipient } => self.check_parent(recipient.as_ref(), standing, facts, mode),
        }
    }

    fn check_rotate(
        &self,
        body: &GenerationBody,
        standing: Standing,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<(), ChainError> {
        if !standing.seed {
            return Err(ChainError::NotSeedHolder);
        }
        if body.generation != self.generation() + 1 {
            return Err(ChainError::WrongGeneration);
        }
        let exact = body.recipients.len() == self.members.len()
            && body.recipients.iter().all(|recipient| self.members.contains_key(&recipient.keyring));
        if !exact {
            refuse(ChainError::RecipientsMismatch)?;
        }
        for recipient in &body.recipients {
            let named = self.members.get(&recipient.keyring).map_or(0, |member| member.generation);
            if recipient.generation < named {
                return Err(ChainError::GenerationGoesBack);
            }
            check_generation(recipient, facts, mode)?;
        }
        Ok(())
    }

    fn check_remove(&self, keyring: KeyringId, standing: Standing) -> Result<(), ChainError> {
        let member = self.members.get(&keyring).ok_or(ChainError::NotMember)?;
        if standing.itself != Some(keyring) {
            require_keeper(standing)?;
        }
        if self.parent == Some(keyring) {
            return Err(ChainError::NotForThisKind);
        }
        if self.members.len() == 1 || (self.is_last_keeper(keyring, member) && self.parent.is_none()) {
            return Err(ChainError::LastMember);
        }
        Ok(())
    }

    fn check_role(&self, keyring: KeyringId, role: Role, standing: Standing) -> Result<(), ChainError> {
        require_keeper(standing)?;
        let member = self.members.get(&keyring).ok_or(ChainError::NotMember)?;
        if !matches!(self.kind, KeyringKind::TM | KeyringKind::OA) || self.parent == Some(keyring) {
            return Err(ChainError::NotForThisKind);
        }
        if role == Role::Holder && self.is_last_keeper(keyring, member) && self.parent.is_none() {
            return Err(ChainError::LastMember);
        }
        Ok(())
    }

    fn check_parent(
        &self,
        recipient: Option<&Recipient>,
        standing: Standing,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Option<Owner>, ChainError> {
        require_keeper(standing)?;
        let (KeyringKind::TM | KeyringKind::OA, Owner::Unit(unit)) = (self.kind, self.owner) else {
            return Err(ChainError::NotForThisKind);
        };
        let Some(recipient) = recipient else {
            let parent = self.parent.ok_or(ChainError::NotMember)?;
            let others_keep =
                self.members.iter().any(|(id, member)| *id != parent && member.role == Role::Keeper);
            return if others_keep { Ok(None) } else { Err(ChainError::LastMember) };
        };
        if !standing.seed {
            return Err(ChainError::NotSeedHolder);
        }
        if self.parent.is_some() {
            return Err(ChainError::AlreadyMember);
        }
        self.check_addable(recipient.keyring)?;
        let above = if self.kind == KeyringKind::TM { Some(unit) } else { parent_of(unit, facts)? };
        let above = above.ok_or(ChainError::ParentImpossible)?;
        let admins = facts.unit(above).ok_or(ChainError::UnknownUnit)?.admins;
        if recipient.keyring != admins {
            return Err(ChainError::RecipientKind);
        }
        check_generation(recipient, facts, mode)?;
        Ok(Some(Owner::Unit(above)))
    }

    fn check_addable(&self, keyring: KeyringId) -> Result<(), ChainError> {
        if self.members.contains_key(&keyring) {
            return Err(ChainError::AlreadyMember);
        }
        if self.members.len() >= KEYRING_RECIPIENTS_MAX { Err(ChainError::TooMany) } else { Ok(()) }
    }

    fn check_never_empty(&self) -> Result<(), ChainError> {
        let right = match self.kind {
            KeyringKind::U => self.members.is_empty(),
            KeyringKind::I => self.members.len() == 1,
            KeyringKind::TM | KeyringKind::TA | KeyringKind::OA | KeyringKind::OD => !self.members.is_empty(),
        };
        if right { Ok(()) } else { Err(ChainError::RecipientsMismatch) }
    }

    /// Checks a recipient that becomes a member; answers whose keyring it is.
    fn check_recipient(
        &self,
        recipient: &Recipient,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Owner, ChainError> {
        let owner = self.recipient_owner(recipient.keyring, facts)?;
        check_generation(recipient, facts, mode)?;
        Ok(owner)
    }

    fn recipient_owner(&self, keyring: KeyringId, facts: &dyn Facts) -> Result<Owner, ChainError> {
        let fact = facts.keyring(keyring).ok_or(ChainError::UnknownKeyring)?;
        let allowed = match (self.kind, fact.kind, fact.owner) {
            (KeyringKind::U, ..) => false,
            (KeyringKind::I, KeyringKind::U, owner) => owner == self.owner,
            (
                KeyringKind::TM | KeyringKind::TA | KeyringKind::OA | KeyringKind::OD,
                KeyringKind::U,
                Owner::User(_),
            ) => true,
            (KeyringKind::OD, KeyringKind::OA, owner) => owner == self.owner,
            (_, _, _) => false,
        };
        if allowed { Ok(fact.owner) } else { Err(ChainError::RecipientKind) }
    }

    fn is_last_keeper(&self, keyring: KeyringId, member: &Member) -> bool {
        matches!(self.kind, KeyringKind::TM | KeyringKind::OA)
            && member.role == Role::Keeper
            && !self.members.iter().any(|(id, other)| *id != keyring && other.role == Role::Keeper)
    }

    fn remember(&mut self, core: &LinkCore) {
        if let Some(capacity) = core.author.capacity {
            self.capacities.insert(capacity.keyring, capacity.seq);
        }
    }

    fn start_generation(&mut self, body: &GenerationBody, seq: u64) {
        self.key.clone_from(&body.key);
        self.generations.push(Generation {
            since_seq: seq,
            commit: body.commit,
            prev_box: body.prev_box.clone(),
        });
    }

    fn take(&mut self, body: &KeyringBody, seq: u64, new_owner: Option<Owner>) {
        match (body, new_owner) {
            (KeyringBody::Add { recipient, role }, Some(owner)) => {
                self.requests.remove(&recipient.keyring);
                self.join(recipient, *role, owner, seq);
            }
            (KeyringBody::Parent { recipient: Some(recipient) }, Some(owner)) => {
                self.join(recipient, Role::Keeper, owner, seq);
                self.parent = Some(recipient.keyring);
            }
            (KeyringBody::Parent { recipient: None }, _) => {
                if let Some(parent) = self.parent.take() {
                    self.part(parent, seq);
                }
            }
            (KeyringBody::Remove { keyring, .. }, _) => self.part(*keyring, seq),
            (KeyringBody::Rotate(body), _) => {
                self.start_generation(body, seq);
                self.rotation_due = false;
                for recipient in &body.recipients {
                    if let Some(member) = self.members.get_mut(&recipient.keyring) {
                        member.generation = recipient.generation;
                        member.box_hash = recipient.box_hash;
                    }
                }
            }
            (KeyringBody::Role { keyring, role }, _) => {
                if let Some(member) = self.members.get_mut(keyring) {
                    member.role = *role;
                }
            }
            (KeyringBody::AddRequest { keyring, role }, _) => {
                self.requests.insert(*keyring, *role);
            }
            // A first link is never taken in here; a membership without an owner was refused before.
            (KeyringBody::Create { .. } | KeyringBody::Add { .. } | KeyringBody::Parent { .. }, _) => {}
        }
    }

    fn join(&mut self, recipient: &Recipient, role: Role, owner: Owner, since_seq: u64) {
        let Recipient { keyring, generation, box_hash } = *recipient;
        self.members.insert(keyring, Member { generation, box_hash, role, owner, since_seq });
    }

    fn part(&mut self, keyring: KeyringId, seq: u64) {
        if let Some(member) = self.members.remove(&keyring) {
            let (owner, from_seq) = (member.owner, member.since_seq);
            self.past.push(Tenure { keyring, owner, from_seq, to_seq: seq });
            self.rotation_due = true;
        }
    }

    fn member_of(&self, user: UserId) -> Option<(KeyringId, &Member)> {
        self.members
            .iter()
            .find(|(_, member)| member.owner == Owner::User(user))
            .map(|(id, member)| (*id, member))
    }

    /// The keyring.
    #[must_use]
    pub const fn id(&self) -> KeyringId {
        self.id
    }

    /// Positions and hashes.
    #[must_use]
    pub const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// What other chains may ask.
    #[must_use]
    pub fn fact(&self) -> KeyringFact {
        KeyringFact {
            kind: self.kind,
            owner: self.owner,
            paired: self.paired,
            first: self.tail.hash_at(1).expect("a chain has its first link"),
            generation: self.generation(),
        }
    }

    /// Number of the newest generation.
    #[must_use]
    pub fn generation(&self) -> u64 {
        u64::try_from(self.generations.len()).expect("a length fits 64 bits")
    }

    /// The X-Wing public key of the newest generation.
    #[must_use]
    pub fn key(&self) -> &[u8; ENC_KEY_BYTES] {
        &self.key
    }

    /// A generation, from 1.
    #[must_use]
    pub fn generation_at(&self, generation: u64) -> Option<&Generation> {
        self.generations.get(usize::try_from(generation.checked_sub(1)?).ok()?)
    }

    /// A generation as a fact.
    #[must_use]
    pub fn generation_fact(&self, generation: u64) -> Option<GenerationFact> {
        let found = self.generation_at(generation)?;
        Some(GenerationFact { since_seq: found.since_seq, current: generation == self.generation() })
    }

    /// The members.
    pub fn members(&self) -> impl Iterator<Item = (KeyringId, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    /// One member.
    #[must_use]
    pub fn member(&self, keyring: KeyringId) -> Option<&Member> {
        self.members.get(&keyring)
    }

    /// The administrators' keyring that is a member by `parent`.
    #[must_use]
    pub const fn parent(&self) -> Option<KeyringId> {
        self.parent
    }

    /// Keyrings that somebody asked to add.
    pub fn requests(&self) -> impl Iterator<Item = (KeyringId, Role)> {
        self.requests.iter().map(|(id, role)| (*id, *role))
    }

    /// Whether a member went since the last rotation.
    #[must_use]
    pub const fn rotation_due(&self) -> bool {
        self.rotation_due
    }

    /// Members whose own keyring has a newer generation than their box: the keyring is stale.
    #[must_use]
    pub fn stale_members(&self, facts: &dyn Facts) -> Vec<KeyringId> {
        let is_stale = |id: &KeyringId, member: &Member| {
            facts.generation(*id, member.generation).is_some_and(|fact| !fact.current)
        };
        self.members.iter().filter(|(id, member)| is_stale(id, member)).map(|(id, _)| *id).collect()
    }

    /// Whether a keyring was a member after the link at `seq`.
    #[must_use]
    pub fn was_member(&self, keyring: KeyringId, seq: u64) -> bool {
        self.tenures(seq).any(|(id, _)| id == keyring)
    }

    /// Keyrings that were members after the link at `seq`, and whose they are.
    pub fn tenures(&self, seq: u64) -> impl Iterator<Item = (KeyringId, Owner)> {
        let now = self.members.iter().filter(move |(_, member)| member.since_seq <= seq);
        let past = self.past.iter().filter(move |tenure| tenure.from_seq <= seq && seq < tenure.to_seq);
        now.map(|(id, member)| (*id, member.owner)).chain(past.map(|tenure| (tenure.keyring, tenure.owner)))
    }

    /// Every keyring that ever was a member, and whose it is.
    pub fn ever_members(&self) -> impl Iterator<Item = (KeyringId, Owner)> {
        let past = self.past.iter().map(|tenure| (tenure.keyring, tenure.owner));
        self.members.iter().map(|(id, member)| (*id, member.owner)).chain(past)
    }

    /// Whose keyring it is.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }
}

fn require_keeper(standing: Standing) -> Result<(), ChainError> {
    if standing.keeper { Ok(()) } else { refuse(ChainError::NotAuthorized) }
}

fn parent_of(unit: UnitId, facts: &dyn Facts) -> Result<Option<UnitId>, ChainError> {
    facts.unit(unit).map(|fact| fact.parent).ok_or(ChainError::UnknownUnit)
}

/// Checks the generation a box is sealed to: the newest when appending, an existing one in any case.
pub(crate) fn check_generation(
    recipient: &Recipient,
    facts: &dyn Facts,
    mode: Mode,
) -> Result<GenerationFact, ChainError> {
    let fact =
        facts.generation(recipient.keyring, recipient.generation).ok_or(ChainError::UnknownGeneration)?;
    if mode.is_append() && !fact.current {
        refuse(ChainError::StaleGeneration)?;
    }
    Ok(fact)
}
