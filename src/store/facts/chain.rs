//! Signed chains of users, keyrings and units, the projections read from keyring chains, and boxes.

use relais_wire::ids::{Bytes32, FileId, KeyringId, Seq, ThreadId, UnitId, UserId};

use super::{Opaque, stored_enum};

/// A chain of signed links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChainId {
    /// A user's keys.
    User(UserId),
    /// A keyring's members and generations.
    Keyring(KeyringId),
    /// A unit's genesis, parents and attestations.
    Unit(UnitId),
}

impl ChainId {
    /// Stored number of the kind of chain.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::User(_) => 1,
            Self::Keyring(_) => 2,
            Self::Unit(_) => 3,
        }
    }

    /// The id's bytes.
    #[must_use]
    pub const fn id_bytes(self) -> [u8; 16] {
        match self {
            Self::User(id) => *id.as_bytes(),
            Self::Keyring(id) => *id.as_bytes(),
            Self::Unit(id) => *id.as_bytes(),
        }
    }

    /// Puts a stored id together again.
    #[must_use]
    pub const fn from_parts(kind: u8, id: [u8; 16]) -> Option<Self> {
        match kind {
            1 => Some(Self::User(UserId::from_bytes(id))),
            2 => Some(Self::Keyring(KeyringId::from_bytes(id))),
            3 => Some(Self::Unit(UnitId::from_bytes(id))),
            _ => None,
        }
    }
}

/// Where a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of the last link; the first is 1.
    pub n: Seq,
    /// Its hash.
    pub hash: Bytes32,
}

/// One link as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Position, from 1.
    pub n: Seq,
    /// Hash the next link names.
    pub hash: Bytes32,
    /// The signed object, byte for byte.
    pub object: Opaque,
    /// When the server accepted it, in server milliseconds.
    pub at_ms: u64,
}

stored_enum! {
    /// The kinds of keyring.
    KeyringKind {
        /// `U`: the user alone.
        User = 1,
        /// `I`: the user's inbox.
        Inbox = 2,
        /// `TM`: a team's managers.
        TeamManagers = 3,
        /// `TA`: a whole team.
        TeamAll = 4,
        /// `OA`: a unit's administrators.
        Admins = 5,
        /// `OD`: a unit's data.
        Data = 6,
    }
}

/// Where a keyring stands, projected from its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyring {
    /// Its id.
    pub keyring: KeyringId,
    /// Its kind.
    pub kind: KeyringKind,
    /// The user or unit it belongs to, as bytes of that id; which of the two follows from the kind.
    pub owner: [u8; 16],
    /// Current generation.
    pub generation: u64,
    /// Whether a member was removed by a signer who could not rotate.
    pub rotation_due: bool,
}

/// A member of a keyring, projected from its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyringMember {
    /// The keyring.
    pub keyring: KeyringId,
    /// The member, itself a keyring.
    pub member: KeyringId,
    /// Generation of the member that the seed is boxed to.
    pub generation: u64,
}

/// What a box opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BoxScope {
    /// A generation of a keyring.
    Keyring(KeyringId),
    /// An epoch of a thread.
    Thread(ThreadId),
    /// A content key of a patient file.
    File(FileId),
}

impl BoxScope {
    /// Stored number of the kind of scope.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::Keyring(_) => 1,
            Self::Thread(_) => 2,
            Self::File(_) => 3,
        }
    }

    /// The id's bytes.
    #[must_use]
    pub const fn id_bytes(self) -> [u8; 16] {
        match self {
            Self::Keyring(id) => *id.as_bytes(),
            Self::Thread(id) => *id.as_bytes(),
            Self::File(id) => *id.as_bytes(),
        }
    }

    /// Puts a stored scope together again.
    #[must_use]
    pub const fn from_parts(kind: u8, id: [u8; 16]) -> Option<Self> {
        match kind {
            1 => Some(Self::Keyring(KeyringId::from_bytes(id))),
            2 => Some(Self::Thread(ThreadId::from_bytes(id))),
            3 => Some(Self::File(FileId::from_bytes(id))),
            _ => None,
        }
    }
}

/// Who a box is sealed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BoxTo {
    /// The recipient keyring.
    pub recipient: KeyringId,
    /// Its generation.
    pub generation: u64,
}

/// A sealed seed for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBox {
    /// Generation (keyring), epoch (thread) or key version (file) that it opens.
    pub generation: u64,
    /// Who can open it.
    pub to: BoxTo,
    /// `H(box)` as the link names it; computed by whoever validated the box.
    pub hash: Bytes32,
    /// The sealed seed.
    pub bytes: Opaque,
}
