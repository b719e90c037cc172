//! The user chain: a person's signing keys, devices, vault versions and recovery.
//!
//! Author of every link is the user itself, with `author_chain_seq = seq - 1` (0 at the root) and no
//! capacity. Payloads by kind:
//!
//! | kind | name | payload | signed by |
//! |---|---|---|---|
//! | 1 | root | `[pk(32), U(16), H(U first)(32), I(16), H(I first)(32), recovery_pk(32)\|nil]` | `pk` itself |
//! | 2 | device_add | `[device(16), device_pk(32)]` | the current key |
//! | 3 | device_revoke | `[device(16)]` | the current key |
//! | 4 | rotate | `[generation, pk(32), proof(64)]` | the old key; `proof` by the new |
//! | 5 | vault | `[version, hash(32)]` | the current key |
//! | 6 | recovery_renewed | `[recovery_pk(32)]` | the current key |
//! | 7 | recovery_reset | `[generation, pk(32), proof(64), unit(16), approvals]` | the new key |
//! | 8 | attestation | `[unit(16), attestation link hash(32)\|nil]` | the current key |
//! | 9 | delegate | reserved | |
//!
//! `proof` is the new key's signature, label `relais/v1/rotate`, over `user || u64 seq || prev || pk`.
//! `approvals` are exactly two of `[admin(16), admin_chain_seq, capacity, sig(64)]`, ascending by admin, each
//! by a different administrator of `unit` (not the user), label `relais/v1/reset`, over the same bytes. The
//! user must have accepted that unit's attestation earlier. A reset revokes every device.
//!
//! Not known here: names, passwords, what the vault holds.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, DeviceId, UnitId, UserId};

use crate::error::ChainError;
use crate::facts::{DeviceStanding, Facts, Mode, SignerFact, UserFact, administers, check_capacity};
use crate::hash::{LABEL_RESET, LABEL_ROTATE};
use crate::keys::PublicKey;
use crate::limits::{DEVICES_MAX, SIGNING_KEYS_MAX};
use crate::link::{Link, Place, Tail, replay};
use crate::user_body::{Approval, UserBody, key_statement};

/// A signing key and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeySince {
    seq: u64,
    key: PublicKey,
}

/// A device on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its own key.
    pub key: PublicKey,
    /// Position of the link that added it.
    pub since_seq: u64,
    /// Position of the link that revoked it.
    pub revoked_seq: Option<u64>,
}

/// A verified user chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserChain {
    user: UserId,
    tail: Tail,
    fact: UserFact,
    keys: Vec<KeySince>,
    devices: BTreeMap<DeviceId, Device>,
    vault: Option<(u64, Bytes32)>,
    recovery: Option<[u8; 32]>,
    attestations: BTreeMap<UnitId, Bytes32>,
    resets: Vec<u64>,
}

impl UserChain {
    /// Starts a chain from its root link.
    ///
    /// # Errors
    /// Any [`ChainError`]; [`ChainError::MisplacedRoot`] when the link is not a root.
    pub fn start(bytes: &[u8]) -> Result<Self, ChainError> {
        let link = Link::<UserBody>::parse(bytes)?;
        let UserBody::Root { key, personal, inbox, recovery } = link.body else {
            return Err(ChainError::MisplacedRoot);
        };
        let user = link.core.author.user;
        let mut tail = Tail::new(*user.as_bytes());
        tail.check(&link.core.place)?;
        check_self(&link, &tail)?;
        link.verify(&key)?;
        let root = link.signed.link_hash();
        tail.push(root);
        Ok(Self {
            user,
            tail,
            fact: UserFact { root, personal, inbox },
            keys: vec![KeySince { seq: 1, key }],
            devices: BTreeMap::new(),
            vault: None,
            recovery,
            attestations: BTreeMap::new(),
            resets: Vec::new(),
        })
    }

    /// Verifies a whole chain from its root on.
    ///
    /// # Errors
    /// The error of the first link that is refused.
    pub fn replay<'a>(
        links: impl IntoIterator<Item = &'a [u8]>,
        facts: &dyn Facts,
    ) -> Result<Self, ChainError> {
        replay(links, Self::start, |chain, link| chain.append(link, facts, Mode::Replay))
    }

    /// Verifies the next link and takes it in. On an error nothing changes.
    ///
    /// # Errors
    /// Any [`ChainError`].
    pub fn append(&mut self, bytes: &[u8], facts: &dyn Facts, mode: Mode) -> Result<UserBody, ChainError> {
        let link = Link::<UserBody>::parse(bytes)?;
        self.tail.check(&link.core.place)?;
        check_self(&link, &self.tail)?;
        let new_key = match &link.body {
            UserBody::RecoveryReset { key, .. } => Some(*key),
            UserBody::Root { .. } => return Err(ChainError::MisplacedRoot),
            UserBody::DeviceAdd { .. }
            | UserBody::DeviceRevoke { .. }
            | UserBody::Rotate { .. }
            | UserBody::Vault { .. }
            | UserBody::RecoveryRenewed { .. }
            | UserBody::Attestation { .. } => None,
        };
        link.verify(&new_key.unwrap_or_else(|| self.key()))?;
        self.check(&link, facts, mode)?;
        let seq = link.core.place.seq;
        self.tail.push(link.signed.link_hash());
        self.take(&link.body, seq);
        Ok(link.body)
    }

    fn check(&self, link: &Link<UserBody>, facts: &dyn Facts, mode: Mode) -> Result<(), ChainError> {
        match &link.body {
            UserBody::Root { .. } => Err(ChainError::MisplacedRoot),
            UserBody::DeviceAdd { device, .. } if self.devices.contains_key(device) => {
                Err(ChainError::DeviceExists)
            }
            UserBody::DeviceAdd { .. } if self.devices.len() >= DEVICES_MAX => Err(ChainError::ChainFull),
            UserBody::DeviceRevoke { device } => match self.devices.get(device) {
                None => Err(ChainError::DeviceUnknown),
                Some(Device { revoked_seq: Some(_), .. }) => Err(ChainError::RevokedDevice),
                Some(Device { revoked_seq: None, .. }) => Ok(()),
            },
            UserBody::Rotate { generation, key, proof } => {
                self.check_new_key(&link.core.place, *generation, key, proof)
            }
            UserBody::Vault { version, .. } if *version != self.vault.map_or(0, |(v, _)| v) + 1 => {
                Err(ChainError::WrongGeneration)
            }
            UserBody::RecoveryReset { generation, key, proof, unit, approvals } => {
                self.check_new_key(&link.core.place, *generation, key, proof)?;
                self.check_approvals(&link.core.place, key, *unit, approvals, facts, mode)
            }
            UserBody::Attestation { unit, link: None } if !self.attestations.contains_key(unit) => {
                Err(ChainError::AttestationState)
            }
            UserBody::DeviceAdd { .. }
            | UserBody::Vault { .. }
            | UserBody::RecoveryRenewed { .. }
            | UserBody::Attestation { .. } => Ok(()),
        }
    }

    fn check_new_key(
        &self,
        place: &Place,
        generation: u64,
        key: &PublicKey,
        proof: &[u8; 64],
    ) -> Result<(), ChainError> {
        if generation != self.generation() + 1 {
            return Err(ChainError::WrongGeneration);
        }
        if self.keys.len() >= SIGNING_KEYS_MAX {
            return Err(ChainError::ChainFull);
        }
        if self.keys.iter().any(|old| old.key == *key) {
            return Err(ChainError::KeyReused);
        }
        key.verify(LABEL_ROTATE, &key_statement(place, key), proof).map_err(|_| ChainError::BadProof)
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; the parts of one link and how to check it")]
    fn check_approvals(
        &self,
        place: &Place,
        key: &PublicKey,
        unit: UnitId,
        approvals: &[Approval],
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<(), ChainError> {
        if !self.attestations.contains_key(&unit) {
            return Err(ChainError::NotAuthorized);
        }
        if approvals.len() != 2 || approvals.iter().any(|approval| approval.admin == self.user) {
            return Err(ChainError::ApprovalsMissing);
        }
        for approval in approvals {
            check_capacity(approval.admin, approval.capacity, facts, mode)?;
            if !administers(approval.capacity.keyring, unit, facts, mode)? {
                return Err(ChainError::NotAuthorized);
            }
            let signer = facts.signer(approval.admin, approval.chain_seq).ok_or(ChainError::UnknownSigner)?;
            if mode.is_append() && !signer.current {
                return Err(ChainError::SupersededKey);
            }
            signer.key.verify(LABEL_RESET, &key_statement(place, key), &approval.sig)?;
        }
        Ok(())
    }

    fn take(&mut self, body: &UserBody, seq: u64) {
        match body {
            UserBody::Root { .. } => {}
            UserBody::DeviceAdd { device, key } => {
                self.devices.insert(*device, Device { key: *key, since_seq: seq, revoked_seq: None });
            }
            UserBody::DeviceRevoke { device } => {
                if let Some(device) = self.devices.get_mut(device) {
                    device.revoked_seq = Some(seq);
                }
            }
            UserBody::Rotate { key, .. } => self.keys.push(KeySince { seq, key: *key }),
            UserBody::Vault { version, hash } => self.vault = Some((*version, *hash)),
            UserBody::RecoveryRenewed { recovery } => self.recovery = Some(*recovery),
            UserBody::RecoveryReset { key, .. } => {
                self.keys.push(KeySince { seq, key: *key });
                self.resets.push(seq);
                for device in self.devices.values_mut() {
                    device.revoked_seq.get_or_insert(seq);
                }
            }
            UserBody::Attestation { unit, link: Some(link) } => {
                self.attestations.insert(*unit, *link);
            }
            UserBody::Attestation { unit, link: None } => {
                self.attestations.remove(unit);
            }
        }
    }

    /// Whose chain it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Positions and hashes.
    #[must_use]
    pub const fn tail(&self) -> &Tail {
        &self.tail
    }

    /// What the root says.
    #[must_use]
    pub const fn fact(&self) -> UserFact {
        self.fact
    }

    /// The signing key in force.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.keys.last().expect("a chain starts with a key and never loses one").key
    }

    /// Number of the signing key in force, from 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        u64::try_from(self.keys.len()).expect("a length fits 64 bits")
    }

    /// The signing key in force at a position.
    #[must_use]
    pub fn signer_at(&self, seq: u64) -> Option<SignerFact> {
        if seq == 0 || seq > self.tail.seq() {
            return None;
        }
        let generation = self.keys.iter().take_while(|since| since.seq <= seq).count();
        let since = self.keys.get(generation.checked_sub(1)?)?;
        Some(SignerFact {
            key: since.key,
            generation: u64::try_from(generation).ok()?,
            current: generation == self.keys.len(),
        })
    }

    /// How a device stands at a position.
    #[must_use]
    pub fn device_at(&self, device: DeviceId, seq: u64) -> DeviceStanding {
        match self.devices.get(&device) {
            None => DeviceStanding::Unlisted,
            Some(Device { revoked_seq: None, .. }) => DeviceStanding::Live,
            Some(Device { revoked_seq: Some(revoked), .. }) if *revoked > seq => DeviceStanding::RevokedSince,
            Some(Device { revoked_seq: Some(_), .. }) => DeviceStanding::Revoked,
        }
    }

    /// The devices on the chain, revoked ones included.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices.iter().map(|(id, device)| (*id, device))
    }

    /// Version and hash of the newest vault.
    #[must_use]
    pub const fn vault(&self) -> Option<(u64, Bytes32)> {
        self.vault
    }

    /// Public key of the recovery code.
    #[must_use]
    pub const fn recovery(&self) -> Option<[u8; 32]> {
        self.recovery
    }

    /// The attestation link of a unit that the user accepted.
    #[must_use]
    pub fn attestation(&self, unit: UnitId) -> Option<Bytes32> {
        self.attestations.get(&unit).copied()
    }

    /// Positions at which administrators reset the keys: each makes verified contacts unverified.
    #[must_use]
    pub fn resets(&self) -> &[u64] {
        &self.resets
    }
}

fn check_self(link: &Link<UserBody>, tail: &Tail) -> Result<(), ChainError> {
    let author = &link.core.author;
    if *author.user.as_bytes() != link.core.place.chain_id || author.capacity.is_some() {
        return Err(ChainError::NotAuthorized);
    }
    if author.chain_seq == tail.seq() { Ok(()) } else { Err(ChainError::SeqMismatch) }
}
