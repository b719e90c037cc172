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
//! may remove itself. After `remove` the keyring is *rotation due*. The last member never goes. A capacity that
//! gives none of these rights is refused: a link rests on no chain that it does not need, least of all its own.
//!
//! Members may be: of `TM`, `TA` and `OA` people's `U`; of `OD` people's `U` and the unit's `OA`; by
//! `parent`, of `TM` the unit's `OA`, of `OA` the `OA` of the unit above. So the graph has no cycles.
//!
//! Not known here: seeds, and whether a box opens.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, KeyringId, UserId};

use crate::error::ChainError;
use crate::facts::{Facts, GenerationFact, KeyringFact, KeyringKind, Mode, Owner};
use crate::keyring_body::{GenerationBody, KeyringBody, Recipient, Role};
use crate::limits::{CHAIN_LINKS_MAX, CHAIN_LINKS_RESERVED, ENC_KEY_BYTES};
use crate::link::{Link, Signers, Tail, replay};

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
    pub(crate) id: KeyringId,
    pub(crate) kind: KeyringKind,
    pub(crate) owner: Owner,
    pub(crate) paired: Option<KeyringId>,
    tail: Tail,
    key: Box<[u8; ENC_KEY_BYTES]>,
    generations: Vec<Generation>,
    pub(crate) members: BTreeMap<KeyringId, Member>,
    pub(crate) parent: Option<KeyringId>,
    pub(crate) requests: BTreeMap<KeyringId, Role>,
    past: Vec<Tenure>,
    rotation_due: bool,
    pub(crate) signers: Signers,
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
            signers: Signers::default(),
        };
        chain.tail.check(&place)?;
        let key_generation = link.verify_author(facts, mode)?;
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
        chain.signers.remember(&link.core.author, key_generation);
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
        let start = |link: &[u8]| Self::start(link, facts, Mode::Replay);
        replay(links, start, |chain, link| chain.append(link, facts, Mode::Replay))
    }

    /// Verifies the next link and takes it in. On an error nothing changes.
    ///
    /// # Errors
    /// Any [`ChainError`].
    pub fn append(&mut self, bytes: &[u8], facts: &dyn Facts, mode: Mode) -> Result<KeyringBody, ChainError> {
        let link = Link::<KeyringBody>::parse(bytes)?;
        self.tail.check(&link.core.place)?;
        let key_generation = link.verify_author(facts, mode)?;
        self.signers.check_key(&link.core.author, key_generation)?;
        self.check_room(&link.body)?;
        let standing = self.standing(&link.core, facts, mode)?;
        let new_owner = self.check(&link.body, standing, facts, mode)?;
        let seq = link.core.place.seq;
        self.tail.push(link.signed.link_hash());
        self.signers.remember(&link.core.author, key_generation);
        self.take(&link.body, seq, new_owner);
        Ok(link.body)
    }

    /// The last places are for taking somebody out.
    fn check_room(&self, body: &KeyringBody) -> Result<(), ChainError> {
        let parts = match body {
            KeyringBody::Remove { .. } => true,
            KeyringBody::Rotate(_) => self.rotation_due,
            KeyringBody::Create { .. }
            | KeyringBody::Add { .. }
            | KeyringBody::AddRequest { .. }
            | KeyringBody::Role { .. }
            | KeyringBody::Parent { .. } => false,
        };
        if parts || self.tail.seq() < CHAIN_LINKS_MAX - CHAIN_LINKS_RESERVED {
            Ok(())
        } else {
            Err(ChainError::ChainFull)
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

    pub(crate) fn member_of(&self, user: UserId) -> Option<(KeyringId, &Member)> {
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

#[cfg(test)]
mod tests {
    use relais_wire::ids::{Bytes32, KeyringId, UnitId};

    use super::KeyringChain;
    use crate::error::ChainError;
    use crate::facts::{KeyringKind, Owner};
    use crate::keyring_body::{GenerationBody, KeyringBody, Reason, Role};
    use crate::limits::{CHAIN_LINKS_MAX, CHAIN_LINKS_RESERVED, ENC_KEY_BYTES};
    use crate::link::{Signers, Tail};

    #[test]
    fn a_chain_that_is_nearly_full_still_lets_somebody_be_taken_out() {
        let id = KeyringId::from_bytes([1; 16]);
        let mut chain = KeyringChain {
            id,
            kind: KeyringKind::TM,
            owner: Owner::Unit(UnitId::from_bytes([2; 16])),
            paired: None,
            tail: Tail::new([1; 16]),
            key: Box::new([0; ENC_KEY_BYTES]),
            generations: Vec::new(),
            members: Default::default(),
            parent: None,
            requests: Default::default(),
            past: Vec::new(),
            rotation_due: false,
            signers: Signers::default(),
        };
        let rotate = KeyringBody::Rotate(GenerationBody {
            generation: 2,
            key: Box::new([0; ENC_KEY_BYTES]),
            commit: Bytes32::from_bytes([0; 32]),
            prev_box: None,
            recipients: Vec::new(),
            reason: Reason::Routine,
        });
        let remove = KeyringBody::Remove { keyring: id, reason: Reason::Left };
        let role = KeyringBody::Role { keyring: id, role: Role::Holder };
        for _ in 0..CHAIN_LINKS_MAX - CHAIN_LINKS_RESERVED {
            assert_eq!(chain.check_room(&rotate), Ok(()));
            chain.tail.push(Bytes32::from_bytes([0; 32]));
        }
        assert_eq!(chain.check_room(&rotate), Err(ChainError::ChainFull));
        assert_eq!(chain.check_room(&role), Err(ChainError::ChainFull));
        assert_eq!(chain.check_room(&remove), Ok(()));
        chain.rotation_due = true;
        assert_eq!(chain.check_room(&rotate), Ok(()));
    }
}
