//! What the links of a user chain say, and their bytes. The table of payloads is in [`crate::user`].
//!
//! Not known here: whether a link is allowed.

use relais_wire::ids::{Bytes32, DeviceId, KeyringId, UnitId, UserId};

use crate::codec::{Reader, Writer, ascending};
use crate::error::ChainError;
use crate::facts::{Capacity, KeyringRef};
use crate::keys::PublicKey;
use crate::limits::LINK_PAYLOAD_BYTES_MAX;
use crate::link::{ChainType, LinkBody, Place, read_capacity, write_capacity};

/// An administrator's approval of a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The administrator.
    pub admin: UserId,
    /// Position of the administrator's own chain whose key signs.
    pub chain_seq: u64,
    /// The administrators' keyring acted in.
    pub capacity: Capacity,
    /// Signature over [`key_statement`] under the label of resets.
    pub sig: [u8; 64],
}

/// What a link of a user chain says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserBody {
    /// First link: key, keyrings, recovery key.
    Root {
        /// The first signing key.
        key: PublicKey,
        /// The personal keyring.
        personal: KeyringRef,
        /// The inbox keyring.
        inbox: KeyringRef,
        /// Public key of the recovery code, when there is one.
        recovery: Option<[u8; 32]>,
    },
    /// A trusted device.
    DeviceAdd {
        /// The device.
        device: DeviceId,
        /// Its own key.
        key: PublicKey,
    },
    /// A device is trusted no more.
    DeviceRevoke {
        /// The device.
        device: DeviceId,
    },
    /// A new signing key, by the old one.
    Rotate {
        /// Number of the new key; the root's is 1.
        generation: u64,
        /// The new key.
        key: PublicKey,
        /// The new key's signature over [`key_statement`].
        proof: [u8; 64],
    },
    /// The vault was re-encrypted under a new key.
    Vault {
        /// Its version, from 1, without holes.
        version: u64,
        /// SHA-256 of the vault as stored.
        hash: Bytes32,
    },
    /// A new recovery code.
    RecoveryRenewed {
        /// Its public key.
        recovery: [u8; 32],
    },
    /// Keys reset by two administrators: loud for every correspondent.
    RecoveryReset {
        /// Number of the new key.
        generation: u64,
        /// The new key.
        key: PublicKey,
        /// The new key's signature over [`key_statement`].
        proof: [u8; 64],
        /// The unit whose administrators approve.
        unit: UnitId,
        /// Exactly two.
        approvals: Vec<Approval>,
    },
    /// The user accepts (or, with `None`, ends) a unit's attestation.
    Attestation {
        /// The unit.
        unit: UnitId,
        /// Hash of the unit's attestation link.
        link: Option<Bytes32>,
    },
}

/// What the proof of a new key and the approvals of a reset sign: `user || u64 seq || prev || pk`.
#[must_use]
pub fn key_statement(place: &Place, key: &PublicKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(88);
    bytes.extend_from_slice(&place.chain_id);
    bytes.extend_from_slice(&place.seq.to_be_bytes());
    bytes.extend_from_slice(place.prev.as_ref().map_or(&[0; 32][..], |hash| hash.as_bytes()));
    bytes.extend_from_slice(&key.to_bytes());
    bytes
}

impl LinkBody for UserBody {
    const TYPE: ChainType = ChainType::User;

    fn kind(&self) -> u64 {
        match self {
            Self::Root { .. } => 1,
            Self::DeviceAdd { .. } => 2,
            Self::DeviceRevoke { .. } => 3,
            Self::Rotate { .. } => 4,
            Self::Vault { .. } => 5,
            Self::RecoveryRenewed { .. } => 6,
            Self::RecoveryReset { .. } => 7,
            Self::Attestation { .. } => 8,
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        match self {
            Self::Root { key, personal, inbox, recovery } => {
                w.array(6).bin(&key.to_bytes());
                w.bin(personal.id.as_bytes()).bin(personal.first.as_bytes());
                w.bin(inbox.id.as_bytes()).bin(inbox.first.as_bytes());
                w.opt_bin(recovery.as_ref().map(|key| &key[..]))
            }
            Self::DeviceAdd { device, key } => w.array(2).bin(device.as_bytes()).bin(&key.to_bytes()),
            Self::DeviceRevoke { device } => w.array(1).bin(device.as_bytes()),
            Self::Rotate { generation, key, proof } => {
                w.array(3).uint(*generation).bin(&key.to_bytes()).bin(proof)
            }
            Self::Vault { version, hash } => w.array(2).uint(*version).bin(hash.as_bytes()),
            Self::RecoveryRenewed { recovery } => w.array(1).bin(recovery),
            Self::RecoveryReset { generation, key, proof, unit, approvals } => {
                w.array(5).uint(*generation).bin(&key.to_bytes()).bin(proof).bin(unit.as_bytes());
                w.array(approvals.len());
                for approval in approvals {
                    w.array(4).bin(approval.admin.as_bytes()).uint(approval.chain_seq);
                    write_capacity(&mut w, Some(approval.capacity));
                    w.bin(&approval.sig);
                }
                &mut w
            }
            Self::Attestation { unit, link } => {
                w.array(2).bin(unit.as_bytes()).opt_bin(link.as_ref().map(|hash| &hash.as_bytes()[..]))
            }
        };
        w.finish()
    }

    fn parse(kind: u64, payload: &[u8]) -> Result<Self, ChainError> {
        let mut r = Reader::new(payload, LINK_PAYLOAD_BYTES_MAX)?;
        let body = match kind {
            1 => read_root(&mut r)?,
            2 => {
                r.array(2)?;
                Self::DeviceAdd { device: DeviceId::from_bytes(r.fixed()?), key: read_key(&mut r)? }
            }
            3 => {
                r.array(1)?;
                Self::DeviceRevoke { device: DeviceId::from_bytes(r.fixed()?) }
            }
            4 => {
                r.array(3)?;
                Self::Rotate { generation: r.uint()?, key: read_key(&mut r)?, proof: r.fixed()? }
            }
            5 => {
                r.array(2)?;
                Self::Vault { version: r.uint()?, hash: Bytes32::from_bytes(r.fixed()?) }
            }
            6 => {
                r.array(1)?;
                Self::RecoveryRenewed { recovery: read_key(&mut r)?.to_bytes() }
            }
            7 => read_reset(&mut r)?,
            8 => {
                r.array(2)?;
                let unit = UnitId::from_bytes(r.fixed()?);
                Self::Attestation { unit, link: r.opt(|r| r.fixed().map(Bytes32::from_bytes))? }
            }
            9 => return Err(ChainError::ReservedKind),
            _ => return Err(ChainError::UnknownKind),
        };
        r.end()?;
        Ok(body)
    }
}

fn read_key(r: &mut Reader<'_>) -> Result<PublicKey, ChainError> {
    PublicKey::from_bytes(&r.fixed()?)
}

fn read_keyring_ref(r: &mut Reader<'_>) -> Result<KeyringRef, ChainError> {
    Ok(KeyringRef { id: KeyringId::from_bytes(r.fixed()?), first: Bytes32::from_bytes(r.fixed()?) })
}

fn read_root(r: &mut Reader<'_>) -> Result<UserBody, ChainError> {
    r.array(6)?;
    Ok(UserBody::Root {
        key: read_key(r)?,
        personal: read_keyring_ref(r)?,
        inbox: read_keyring_ref(r)?,
        recovery: r.opt(read_key)?.map(|key| key.to_bytes()),
    })
}

fn read_reset(r: &mut Reader<'_>) -> Result<UserBody, ChainError> {
    r.array(5)?;
    let generation = r.uint()?;
    let key = read_key(r)?;
    let proof = r.fixed()?;
    let unit = UnitId::from_bytes(r.fixed()?);
    let approvals = r.each(2, |r| {
        r.array(4)?;
        Ok(Approval {
            admin: UserId::from_bytes(r.fixed()?),
            chain_seq: r.uint()?,
            capacity: read_capacity(r)?,
            sig: r.fixed()?,
        })
    })?;
    ascending(&approvals, |approval| approval.admin)?;
    Ok(UserBody::RecoveryReset { generation, key, proof, unit, approvals })
}
