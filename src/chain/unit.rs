//! The unit chain: an organizational unit, its place in the tree, and the people it vouches for.
//!
//! | kind | name | payload | signed by an administrator of |
//! |---|---|---|---|
//! | 1 | genesis | `[parent(16)\|nil, OA(16), H(OA first)(32), founder root(32)]` | the parent; a root: its founder |
//! | 2 | parent | `[parent(16)]` | the unit, and above it the new parent |
//! | 3 | attestation | `[user(16), root(32), standing, name commitment(32), e-mail hash(32)]` | the unit |
//! | 4 | policy | `[OA inherits 0\|1, escrow 0\|1, OA in TM 0\|1]` | the unit |
//! | 5 | revoke | `[user(16)]` | the unit |
//! | 6 | data | `[OD(16), H(OD first)(32)]` | the unit |
//!
//! "Administrator of a unit" is a holder of its `OA` or of the `OA` of any unit above, named as the capacity
//! in the core (ORG-03). A root's genesis has no capacity: its author is the founder, whose root hash it
//! names and who must hold the `OA`. Standing: 0 professional, 1 staff, 2 patient, 3 relative, 4 service.
//! Names and e-mail addresses are commitments, so they stay erasable; the clear text stands beside.
//!
//! The organization's id is the id of its root unit. The hash of a root's genesis is the trust anchor of an
//! installation: a colleague's key is trusted by walking root, `parent`, attestation.
//!
//! Not known here: roles and permissions; those are the server's truth, not the chain's.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, KeyringId, UnitId, UserId};

use crate::codec::{Reader, Writer};
use crate::error::ChainError;
use crate::facts::{
    Facts, KeyringKind, KeyringRef, Mode, Owner, UnitFact, administers, ancestry, check_capacity,
};
use crate::limits::{ANCESTRY_MAX, ATTESTATIONS_MAX, LINK_PAYLOAD_BYTES_MAX};
use crate::link::{ChainType, Link, LinkBody, LinkCore, Signers, Tail, replay};

/// What kind of person (or program) somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Standing {
    /// A health professional.
    Professional = 0,
    /// Staff who is not a professional.
    Staff = 1,
    /// A patient.
    Patient = 2,
    /// A patient's relative or caregiver.
    Relative = 3,
    /// A program.
    Service = 4,
}

impl Standing {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        match r.uint()? {
            0 => Ok(Self::Professional),
            1 => Ok(Self::Staff),
            2 => Ok(Self::Patient),
            3 => Ok(Self::Relative),
            4 => Ok(Self::Service),
            _ => Err(ChainError::OutOfRange),
        }
    }

    /// Whether it is a patient or a relative: both are in a thread by being invited into it.
    #[must_use]
    pub const fn is_lay(self) -> bool {
        matches!(self, Self::Patient | Self::Relative)
    }
}

/// What a unit decided about its keyrings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitPolicy {
    /// The administrators above hold this unit's `OA`.
    pub admins_inherit: bool,
    /// Members may enrol in recovery by administrators.
    pub escrow: bool,
    /// New teams of the unit make its `OA` a member of their `TM`.
    pub admins_in_teams: bool,
}

/// A member the unit vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The member.
    pub user: UserId,
    /// Hash of the member's root link.
    pub root: Bytes32,
    /// What the member is.
    pub standing: Standing,
    /// Commitment to the name.
    pub name: Bytes32,
    /// Hash of the e-mail address.
    pub email: Bytes32,
}

/// What a link of a unit chain says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitBody {
    /// First link.
    Genesis {
        /// The unit above; `None` for a root.
        parent: Option<UnitId>,
        /// The administrators' keyring.
        admins: KeyringRef,
        /// Hash of the founder's root link.
        founder: Bytes32,
    },
    /// The unit moves under another one of its tree.
    Parent {
        /// The new parent.
        parent: UnitId,
    },
    /// The unit vouches for a member.
    Attest(Attestation),
    /// The unit's decisions.
    Policy(UnitPolicy),
    /// The unit no longer vouches for a member.
    Revoke {
        /// The member.
        user: UserId,
    },
    /// The keyring of the unit's patient files.
    Data {
        /// `OD`.
        data: KeyringRef,
    },
}

impl LinkBody for UnitBody {
    const TYPE: ChainType = ChainType::Unit;

    fn kind(&self) -> u64 {
        match self {
            Self::Genesis { .. } => 1,
            Self::Parent { .. } => 2,
            Self::Attest(_) => 3,
            Self::Policy(_) => 4,
            Self::Revoke { .. } => 5,
            Self::Data { .. } => 6,
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        match self {
            Self::Genesis { parent, admins, founder } => {
                w.array(4).opt_bin(parent.as_ref().map(|unit| &unit.as_bytes()[..]));
                w.bin(admins.id.as_bytes()).bin(admins.first.as_bytes()).bin(founder.as_bytes())
            }
            Self::Parent { parent } => w.array(1).bin(parent.as_bytes()),
            Self::Attest(Attestation { user, root, standing, name, email }) => {
                w.array(5).bin(user.as_bytes()).bin(root.as_bytes()).uint(*standing as u64);
                w.bin(name.as_bytes()).bin(email.as_bytes())
            }
            Self::Policy(policy) => w
                .array(3)
                .uint(policy.admins_inherit.into())
                .uint(policy.escrow.into())
                .uint(policy.admins_in_teams.into()),
            Self::Revoke { user } => w.array(1).bin(user.as_bytes()),
            Self::Data { data } => w.array(2).bin(data.id.as_bytes()).bin(data.first.as_bytes()),
        };
        w.finish()
    }

    fn parse(kind: u64, payload: &[u8]) -> Result<Self, ChainError> {
        let mut r = Reader::new(payload, LINK_PAYLOAD_BYTES_MAX)?;
        let body = match kind {
            1 => {
                r.array(4)?;
                let parent = r.opt(|r| r.fixed().map(UnitId::from_bytes))?;
                let admins = read_keyring_ref(&mut r)?;
                Self::Genesis { parent, admins, founder: Bytes32::from_bytes(r.fixed()?) }
            }
            2 => {
                r.array(1)?;
                Self::Parent { parent: UnitId::from_bytes(r.fixed()?) }
            }
            3 => {
                r.array(5)?;
                Self::Attest(Attestation {
                    user: UserId::from_bytes(r.fixed()?),
                    root: Bytes32::from_bytes(r.fixed()?),
                    standing: Standing::read(&mut r)?,
                    name: Bytes32::from_bytes(r.fixed()?),
                    email: Bytes32::from_bytes(r.fixed()?),
                })
            }
            4 => {
                r.array(3)?;
                Self::Policy(UnitPolicy {
                    admins_inherit: r.flag()?,
                    escrow: r.flag()?,
                    admins_in_teams: r.flag()?,
                })
            }
            5 => {
                r.array(1)?;
                Self::Revoke { user: UserId::from_bytes(r.fixed()?) }
            }
            6 => {
                r.array(2)?;
                Self::Data { data: read_keyring_ref(&mut r)? }
            }
            _ => return Err(ChainError::UnknownKind),
        };
        r.end()?;
        Ok(body)
    }
}

fn read_keyring_ref(r: &mut Reader<'_>) -> Result<KeyringRef, ChainError> {
    Ok(KeyringRef { id: KeyringId::from_bytes(r.fixed()?), first: Bytes32::from_bytes(r.fixed()?) })
}

/// A member and the link that vouches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    /// What the unit said.
    pub attestation: Attestation,
    /// Hash of the link that said it.
    pub link: Bytes32,
}

/// A verified unit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitChain {
    unit: UnitId,
    tail: Tail,
    parent: Option<UnitId>,
    former_parents: Vec<UnitId>,
    admins: KeyringRef,
    data: Option<KeyringRef>,
    founder: Bytes32,
    policy: UnitPolicy,
    members: BTreeMap<UserId, Attested>,
    signers: Signers,
}

impl UnitChain {
    /// Starts a chain from its genesis.
    ///
    /// # Errors
    /// Any [`ChainError`]; [`ChainError::MisplacedRoot`] when the link is of another kind.
    pub fn start(bytes: &[u8], facts: &dyn Facts, mode: Mode) -> Result<Self, ChainError> {
        let link = Link::<UnitBody>::parse(bytes)?;
        let UnitBody::Genesis { parent, admins, founder } = link.body else {
            return Err(ChainError::MisplacedRoot);
        };
        let place = link.core.place;
        let mut chain = Self {
            unit: UnitId::from_bytes(place.chain_id),
            tail: Tail::new(place.chain_id),
            parent,
            former_parents: Vec::new(),
            admins,
            data: None,
            founder,
            policy: UnitPolicy::default(),
            members: BTreeMap::new(),
            signers: Signers::default(),
        };
        chain.tail.check(&place)?;
        let key_generation = link.verify_author(facts, mode)?;
        let author = link.core.author;
        if facts.user(author.user).ok_or(ChainError::UnknownSigner)?.root != founder {
            return Err(ChainError::HashMismatch);
        }
        chain.check_keyring(&admins, KeyringKind::OA, facts)?;
        match (parent, author.capacity) {
            (None, None) => {
                let held = facts.holds(admins.id, author.user, 1).ok_or(ChainError::UnknownCapacity)?;
                if !held.at {
                    return Err(ChainError::CapacityNotHeld);
                }
            }
            (Some(parent), Some(capacity)) => {
                chain.check_place(parent, facts, mode)?;
                check_capacity(author.user, capacity, facts, mode)?;
                if !administers(capacity.keyring, parent, facts, mode)? {
                    return Err(ChainError::NotAuthorized);
                }
            }
            (None, Some(_)) | (Some(_), None) => return Err(ChainError::NotAuthorized),
        }
        chain.signers.remember(&author, key_generation);
        chain.tail.push(link.signed.link_hash());
        Ok(chain)
    }

    /// Verifies a whole chain from its genesis on.
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
    pub fn append(&mut self, bytes: &[u8], facts: &dyn Facts, mode: Mode) -> Result<UnitBody, ChainError> {
        let link = Link::<UnitBody>::parse(bytes)?;
        self.tail.check(&link.core.place)?;
        let key_generation = link.verify_author(facts, mode)?;
        self.signers.check_key(&link.core.author, key_generation)?;
        self.check_administrator(&link.core, facts, mode)?;
        self.check(&link.body, &link.core, facts, mode)?;
        let hash = link.signed.link_hash();
        self.tail.push(hash);
        self.signers.remember(&link.core.author, key_generation);
        self.take(&link.body, hash);
        Ok(link.body)
    }

    fn check_administrator(&self, core: &LinkCore, facts: &dyn Facts, mode: Mode) -> Result<(), ChainError> {
        let capacity = core.author.capacity.ok_or(ChainError::NotAuthorized)?;
        let above = match self.parent {
            Some(parent) => administers(capacity.keyring, parent, facts, mode)?,
            None => false,
        };
        if !above && capacity.keyring != self.admins.id {
            return Err(ChainError::NotAuthorized);
        }
        check_capacity(core.author.user, capacity, facts, mode)?;
        self.signers.check_capacity(capacity)
    }

    /// Whether the unit may stand under another one: no cycle, and not deeper than the tree may be. Both are true or
    /// false of a moment. When replaying, the units above may have moved since, so nothing but the link itself is looked
    /// at: that it was possible was checked when it was appended, and every walk upwards is bounded.
    fn check_place(&self, parent: UnitId, facts: &dyn Facts, mode: Mode) -> Result<(), ChainError> {
        if parent == self.unit {
            return Err(ChainError::ParentImpossible);
        }
        if !mode.is_append() {
            return Ok(());
        }
        let above = ancestry(parent, facts)?;
        if above.contains(&self.unit) || above.len() >= ANCESTRY_MAX {
            return Err(ChainError::ParentImpossible);
        }
        Ok(())
    }

    fn check(
        &self,
        body: &UnitBody,
        core: &LinkCore,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<(), ChainError> {
        match body {
            UnitBody::Genesis { .. } => Err(ChainError::MisplacedRoot),
            UnitBody::Parent { parent } => {
                self.check_place(*parent, facts, mode)?;
                if self.parent.is_none() {
                    return Err(ChainError::ParentImpossible);
                }
                let capacity = core.author.capacity.ok_or(ChainError::NotAuthorized)?;
                let both = administers(capacity.keyring, *parent, facts, mode)?;
                if both { Ok(()) } else { Err(ChainError::NotAuthorized) }
            }
            UnitBody::Attest(attestation) => {
                let known = facts.user(attestation.user).ok_or(ChainError::UnknownSigner)?;
                if known.root != attestation.root {
                    return Err(ChainError::HashMismatch);
                }
                let again =
                    self.members.get(&attestation.user).is_some_and(|a| a.attestation == *attestation);
                if again {
                    return Err(ChainError::AttestationState);
                }
                if self.members.len() >= ATTESTATIONS_MAX { Err(ChainError::ChainFull) } else { Ok(()) }
            }
            UnitBody::Policy(_) => Ok(()),
            UnitBody::Revoke { user } if self.members.contains_key(user) => Ok(()),
            UnitBody::Revoke { .. } => Err(ChainError::AttestationState),
            UnitBody::Data { .. } if self.data.is_some() => Err(ChainError::MisplacedRoot),
            UnitBody::Data { data } => self.check_keyring(data, KeyringKind::OD, facts),
        }
    }

    fn check_keyring(
        &self,
        named: &KeyringRef,
        kind: KeyringKind,
        facts: &dyn Facts,
    ) -> Result<(), ChainError> {
        let fact = facts.keyring(named.id).ok_or(ChainError::UnknownKeyring)?;
        if fact.kind != kind || fact.owner != Owner::Unit(self.unit) {
            return Err(ChainError::RecipientKind);
        }
        if fact.first == named.first { Ok(()) } else { Err(ChainError::HashMismatch) }
    }

    fn take(&mut self, body: &UnitBody, link: Bytes32) {
        match body {
            UnitBody::Genesis { .. } => {}
            UnitBody::Parent { parent } => self.former_parents.extend(self.parent.replace(*parent)),
            UnitBody::Attest(attestation) => {
                self.members.insert(attestation.user, Attested { attestation: *attestation, link });
            }
            UnitBody::Policy(policy) => self.policy = *policy,
            UnitBody::Revoke { user } => {
                self.members.remove(user);
            }
            UnitBody::Data { data } => self.data = Some(*data),
        }
    }

    /// The unit.
    #[must_use]
    pub const fn unit(&self) -> UnitId {
        self.unit
    }

    /// Positions and hashes; the hash at 1 of a root unit is the installation's trust anchor.
    #[must_use]
    pub const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// What other chains may ask.
    #[must_use]
    pub fn fact(&self) -> UnitFact {
        let former_parents = self.former_parents.clone();
        UnitFact { parent: self.parent, former_parents, admins: self.admins.id }
    }

    /// The administrators' keyring.
    #[must_use]
    pub const fn admins(&self) -> KeyringRef {
        self.admins
    }

    /// The keyring of the unit's patient files.
    #[must_use]
    pub const fn data(&self) -> Option<KeyringRef> {
        self.data
    }

    /// Hash of the founder's root link.
    #[must_use]
    pub const fn founder(&self) -> Bytes32 {
        self.founder
    }

    /// The unit's decisions.
    #[must_use]
    pub const fn policy(&self) -> UnitPolicy {
        self.policy
    }

    /// A member the unit vouches for.
    #[must_use]
    pub fn member(&self, user: UserId) -> Option<&Attested> {
        self.members.get(&user)
    }

    /// All members the unit vouches for.
    pub fn members(&self) -> impl Iterator<Item = &Attested> {
        self.members.values()
    }
}
