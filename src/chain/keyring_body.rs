//! What the links of a keyring chain say, and their bytes.
//!
//! A *recipient* is `[keyring(16), generation, H(box)(32)]`. A *generation body* is `[generation,
//! pk(1216), commit(32), prev_box|nil, recipients, reason]`, recipients strictly ascending by keyring id.
//!
//! | kind | name | payload |
//! |---|---|---|
//! | 1 | create | `[keyring kind, owner(16), paired(16)\|nil, generation body]` |
//! | 2 | add | `[recipient, role]` |
//! | 3 | remove | `[keyring(16), reason]` |
//! | 4 | rotate | generation body |
//! | 5 | role | `[keyring(16), role]` |
//! | 6 | parent | `[recipient\|nil]` |
//! | 7 | add_request | `[keyring(16), role]` |
//! | 8 | delegate | reserved |
//! | 9 | activate | reserved |
//!
//! Keyring kinds: 1 U, 2 I, 3 TM, 4 TA, 5 OA, 6 OD. Roles: 0 holder, 1 keeper. Reasons: 0 routine, 1 member
//! removed, 2 device revoked, 3 suspected compromise, 4 recovery, 5 left.
//!
//! Generations count from 1, whose `prev_box` is nil; a later nil walls off history. The members named at
//! `create` are keepers of `TM` and `OA`, holders elsewhere. `rotate` names exactly the members, each at its own
//! current generation and never at an older one than before.
//!
//! Not known here: whether a link is allowed; see [`crate::keyring`].

use relais_wire::ids::{Bytes32, KeyringId, UnitId, UserId};

use crate::codec::{Reader, Writer, ascending};
use crate::error::ChainError;
use crate::facts::{KeyringKind, Owner};
use crate::limits::{
    ENC_KEY_BYTES, EPOCH_RECIPIENTS_MAX, KEYRING_RECIPIENTS_MAX, LINK_PAYLOAD_BYTES_MAX, PREV_BOX_BYTES_MAX,
};
use crate::link::{ChainType, LinkBody};

/// A keyring that gets a box of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The keyring.
    pub keyring: KeyringId,
    /// Its generation the box is sealed to.
    pub generation: u64,
    /// SHA-256 of the box as stored.
    pub box_hash: Bytes32,
}

impl Recipient {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        r.array(3)?;
        Ok(Self {
            keyring: KeyringId::from_bytes(r.fixed()?),
            generation: r.uint()?,
            box_hash: Bytes32::from_bytes(r.fixed()?),
        })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(3).bin(self.keyring.as_bytes()).uint(self.generation).bin(self.box_hash.as_bytes());
    }

    /// Reads a list, strictly ascending by keyring.
    pub(crate) fn read_all(r: &mut Reader<'_>, max: usize) -> Result<Vec<Self>, ChainError> {
        let all = r.each(max, Self::read)?;
        ascending(&all, |recipient| recipient.keyring)?;
        Ok(all)
    }

    pub(crate) fn write_all(w: &mut Writer, all: &[Self]) {
        w.array(all.len());
        all.iter().for_each(|recipient| recipient.write(w));
    }
}

const _: () = assert!(EPOCH_RECIPIENTS_MAX <= KEYRING_RECIPIENTS_MAX);

/// What a member may do with the keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Holds the seed.
    Holder = 0,
    /// Holds the seed and changes the membership.
    Keeper = 1,
}

impl Role {
    fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        Ok(if r.flag()? { Self::Keeper } else { Self::Holder })
    }
}

/// Why a seed was renewed or a member removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Age or number of uses.
    Routine = 0,
    /// A member was removed.
    Removed = 1,
    /// A device was revoked.
    Device = 2,
    /// A seed may be known to somebody else.
    Compromise = 3,
    /// An account was recovered.
    Recovery = 4,
    /// A member left.
    Left = 5,
}

impl Reason {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        match r.uint()? {
            0 => Ok(Self::Routine),
            1 => Ok(Self::Removed),
            2 => Ok(Self::Device),
            3 => Ok(Self::Compromise),
            4 => Ok(Self::Recovery),
            5 => Ok(Self::Left),
            _ => Err(ChainError::OutOfRange),
        }
    }
}

/// A generation of a keyring: its public key, its commitment, and who got the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationBody {
    /// Number, from 1.
    pub generation: u64,
    /// The X-Wing public key to seal to.
    pub key: Box<[u8; ENC_KEY_BYTES]>,
    /// Commitment to the seed: opening anything checks it.
    pub commit: Bytes32,
    /// The previous seed, sealed under this one; `None` at the first generation or to wall off history.
    pub prev_box: Option<Vec<u8>>,
    /// Exactly the members.
    pub recipients: Vec<Recipient>,
    /// Why.
    pub reason: Reason,
}

impl GenerationBody {
    fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        r.array(6)?;
        let generation = r.uint()?;
        let key = r.fixed::<ENC_KEY_BYTES>().map(Box::new)?;
        let commit = Bytes32::from_bytes(r.fixed()?);
        let prev_box = r.opt(|r| r.bin(PREV_BOX_BYTES_MAX).map(<[u8]>::to_vec))?;
        let recipients = Recipient::read_all(r, KEYRING_RECIPIENTS_MAX)?;
        Ok(Self { generation, key, commit, prev_box, recipients, reason: Reason::read(r)? })
    }

    fn write(&self, w: &mut Writer) {
        w.array(6).uint(self.generation).bin(&self.key[..]).bin(self.commit.as_bytes());
        w.opt_bin(self.prev_box.as_deref());
        Recipient::write_all(w, &self.recipients);
        w.uint(self.reason as u64);
    }
}

/// What a link of a keyring chain says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringBody {
    /// First link.
    Create {
        /// What kind of keyring.
        kind: KeyringKind,
        /// Whose.
        owner: Owner,
        /// For `TA`: the `TM` of the same team.
        paired: Option<KeyringId>,
        /// Generation 1.
        first: GenerationBody,
    },
    /// A new member, boxed the current seed.
    Add {
        /// The member and its box.
        recipient: Recipient,
        /// What it may do.
        role: Role,
    },
    /// A member goes; the keyring is *rotation due* until the next rotation.
    Remove {
        /// The member.
        keyring: KeyringId,
        /// Why.
        reason: Reason,
    },
    /// A new seed for exactly the members.
    Rotate(GenerationBody),
    /// Another role for a member.
    Role {
        /// The member.
        keyring: KeyringId,
        /// Its new role.
        role: Role,
    },
    /// The administrators' keyring above becomes a member, or (`None`) stops being one.
    Parent {
        /// The keyring and its box.
        recipient: Option<Recipient>,
    },
    /// Somebody who may add but cannot box asks those who can.
    AddRequest {
        /// The keyring to add.
        keyring: KeyringId,
        /// Its role.
        role: Role,
    },
}

impl KeyringBody {
    /// The boxes it names: the server takes exactly these from what was staged, in the same commit.
    #[must_use]
    pub fn boxes(&self) -> &[Recipient] {
        match self {
            Self::Create { first: body, .. } | Self::Rotate(body) => &body.recipients,
            Self::Add { recipient, .. } | Self::Parent { recipient: Some(recipient) } => {
                core::slice::from_ref(recipient)
            }
            Self::Remove { .. }
            | Self::Role { .. }
            | Self::Parent { recipient: None }
            | Self::AddRequest { .. } => &[],
        }
    }
}

impl LinkBody for KeyringBody {
    const TYPE: ChainType = ChainType::Keyring;

    fn kind(&self) -> u64 {
        match self {
            Self::Create { .. } => 1,
            Self::Add { .. } => 2,
            Self::Remove { .. } => 3,
            Self::Rotate(_) => 4,
            Self::Role { .. } => 5,
            Self::Parent { .. } => 6,
            Self::AddRequest { .. } => 7,
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        match self {
            Self::Create { kind, owner, paired, first } => {
                w.array(4).uint(*kind as u64).bin(owner.bytes());
                w.opt_bin(paired.as_ref().map(|id| &id.as_bytes()[..]));
                first.write(&mut w);
            }
            Self::Add { recipient, role } => {
                w.array(2);
                recipient.write(&mut w);
                w.uint(*role as u64);
            }
            Self::Remove { keyring, reason } => {
                w.array(2).bin(keyring.as_bytes()).uint(*reason as u64);
            }
            Self::Rotate(body) => body.write(&mut w),
            Self::Role { keyring, role } | Self::AddRequest { keyring, role } => {
                w.array(2).bin(keyring.as_bytes()).uint(*role as u64);
            }
            Self::Parent { recipient } => {
                w.array(1);
                match recipient {
                    Some(recipient) => recipient.write(&mut w),
                    None => drop(w.nil()),
                }
            }
        }
        w.finish()
    }

    fn parse(kind: u64, payload: &[u8]) -> Result<Self, ChainError> {
        let mut r = Reader::new(payload, LINK_PAYLOAD_BYTES_MAX)?;
        let body = match kind {
            1 => read_create(&mut r)?,
            2 => {
                r.array(2)?;
                Self::Add { recipient: Recipient::read(&mut r)?, role: Role::read(&mut r)? }
            }
            3 => {
                r.array(2)?;
                Self::Remove { keyring: read_id(&mut r)?, reason: Reason::read(&mut r)? }
            }
            4 => Self::Rotate(GenerationBody::read(&mut r)?),
            5 => {
                r.array(2)?;
                Self::Role { keyring: read_id(&mut r)?, role: Role::read(&mut r)? }
            }
            6 => {
                r.array(1)?;
                Self::Parent { recipient: r.opt(Recipient::read)? }
            }
            7 => {
                r.array(2)?;
                Self::AddRequest { keyring: read_id(&mut r)?, role: Role::read(&mut r)? }
            }
            8 | 9 => return Err(ChainError::ReservedKind),
            _ => return Err(ChainError::UnknownKind),
        };
        r.end()?;
        Ok(body)
    }
}

fn read_id(r: &mut Reader<'_>) -> Result<KeyringId, ChainError> {
    r.fixed().map(KeyringId::from_bytes)
}

fn read_create(r: &mut Reader<'_>) -> Result<KeyringBody, ChainError> {
    r.array(4)?;
    let kind = KeyringKind::from_number(r.uint()?)?;
    let owner = r.fixed()?;
    let owner = match kind {
        KeyringKind::U | KeyringKind::I => Owner::User(UserId::from_bytes(owner)),
        KeyringKind::TM | KeyringKind::TA | KeyringKind::OA | KeyringKind::OD => {
            Owner::Unit(UnitId::from_bytes(owner))
        }
    };
    let paired = r.opt(read_id)?;
    if paired.is_some() != (kind == KeyringKind::TA) {
        return Err(ChainError::OutOfRange);
    }
    Ok(KeyringBody::Create { kind, owner, paired, first: GenerationBody::read(r)? })
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::{Bytes32, KeyringId};

    use super::{GenerationBody, KeyringBody, Reason, Recipient};
    use crate::error::ChainError;
    use crate::limits::{ENC_KEY_BYTES, KEYRING_RECIPIENTS_MAX, LINK_PAYLOAD_BYTES_MAX};
    use crate::link::LinkBody as _;

    fn rotation(recipients: usize) -> KeyringBody {
        let recipient = |n: usize| {
            let mut id = [0xff; 16];
            id[..8].copy_from_slice(&n.to_be_bytes());
            Recipient {
                keyring: KeyringId::from_bytes(id),
                generation: u64::from(u32::MAX),
                box_hash: Bytes32::from_bytes([1; 32]),
            }
        };
        KeyringBody::Rotate(GenerationBody {
            generation: 2,
            key: Box::new([2; ENC_KEY_BYTES]),
            commit: Bytes32::from_bytes([3; 32]),
            prev_box: Some(vec![4; 60]),
            recipients: (0..recipients).map(recipient).collect(),
            reason: Reason::Routine,
        })
    }

    #[test]
    fn a_thousand_recipients_fit_and_one_more_does_not() {
        let full = rotation(KEYRING_RECIPIENTS_MAX);
        let bytes = full.to_bytes().unwrap();
        assert!(bytes.len() <= LINK_PAYLOAD_BYTES_MAX, "{}", bytes.len());
        assert_eq!(KeyringBody::parse(4, &bytes).unwrap(), full);
        let over = rotation(KEYRING_RECIPIENTS_MAX + 1).to_bytes().unwrap();
        assert_eq!(KeyringBody::parse(4, &over).unwrap_err(), ChainError::TooMany);
    }
}
