//! What one chain must know about the others, as a question-and-answer trait, and the two ways of asking.
//!
//! The server answers from its store, a client from what it has verified itself; [`crate::directory`] is the
//! ready-made answer for whoever holds the chains in memory. `None` always means "not known here": fetch the
//! chain and try again; it is never "no".
//!
//! Not known here: where the chains are kept.

use relais_wire::ids::{Bytes32, DeviceId, KeyringId, MsgId, ThreadId, UnitId, UserId};

use crate::error::{ChainError, refuse};
use crate::keys::PublicKey;
use crate::limits::ANCESTRY_MAX;

/// How strictly time-bound facts are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Appending now: keys, capacities and generations must be the current ones. Only the server's append
    /// and a client's check of its own draft use this.
    Append {
        /// The server's time, ms since 1970.
        now_ms: u64,
    },
    /// Verifying what was appended earlier: keys, capacities and generations must have existed and may not
    /// go backwards.
    Replay,
}

impl Mode {
    /// Whether current facts are required.
    #[must_use]
    pub const fn is_append(self) -> bool {
        matches!(self, Self::Append { .. })
    }
}

/// What kind of keyring it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeyringKind {
    /// A user's personal keyring: direct messages, own files, boxes of other keyrings.
    U = 1,
    /// A user's inbox: the threads the user takes part in.
    I = 2,
    /// A team's managers.
    TM = 3,
    /// All of a team.
    TA = 4,
    /// A unit's administrators.
    OA = 5,
    /// A unit's data: patient files it owns.
    OD = 6,
}

impl KeyringKind {
    /// The kind with this number.
    ///
    /// # Errors
    /// [`ChainError::OutOfRange`].
    pub const fn from_number(n: u64) -> Result<Self, ChainError> {
        match n {
            1 => Ok(Self::U),
            2 => Ok(Self::I),
            3 => Ok(Self::TM),
            4 => Ok(Self::TA),
            5 => Ok(Self::OA),
            6 => Ok(Self::OD),
            _ => Err(ChainError::OutOfRange),
        }
    }
}

/// Who a keyring belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A user: `U` and `I`.
    User(UserId),
    /// A unit: everything else.
    Unit(UnitId),
}

impl Owner {
    /// The owner's id as it stands in the link.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        match self {
            Self::User(user) => user.as_bytes(),
            Self::Unit(unit) => unit.as_bytes(),
        }
    }
}

/// A keyring named before its chain is at hand: its id and the hash of its first link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyringRef {
    /// The keyring.
    pub id: KeyringId,
    /// Hash of its `create` link.
    pub first: Bytes32,
}

/// The key that signs for a user at a position of the user's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignerFact {
    /// The key in force.
    pub key: PublicKey,
    /// Its generation, from 1.
    pub generation: u64,
    /// Whether it is still the user's key today.
    pub current: bool,
}

/// What a user's root says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserFact {
    /// Hash of the root link: the user's cryptographic identity.
    pub root: Bytes32,
    /// The personal keyring `U`.
    pub personal: KeyringRef,
    /// The inbox keyring `I`.
    pub inbox: KeyringRef,
}

/// How a device stands at a position of its user's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceStanding {
    /// Not on the chain: an ordinary web session has no link.
    Unlisted,
    /// On the chain, not revoked.
    Live,
    /// Revoked later than the position asked about.
    RevokedSince,
    /// Revoked at or before the position asked about.
    Revoked,
}

/// What a keyring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyringFact {
    /// Its kind.
    pub kind: KeyringKind,
    /// Who it belongs to.
    pub owner: Owner,
    /// For `TA`: the `TM` of the same team.
    pub paired: Option<KeyringId>,
    /// Hash of its first link.
    pub first: Bytes32,
    /// Its newest generation.
    pub generation: u64,
}

/// One generation of a keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationFact {
    /// Position of the link that introduced it.
    pub since_seq: u64,
    /// Whether it is the newest.
    pub current: bool,
}

/// Whether a user holds a keyring's seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// At the position asked about.
    pub at: bool,
    /// Now.
    pub now: bool,
}

/// What a unit's chain says today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFact {
    /// The unit above; `None` for a root.
    pub parent: Option<UnitId>,
    /// Units that were above before: what their administrators signed then stays valid.
    pub former_parents: Vec<UnitId>,
    /// The administrators' keyring.
    pub admins: KeyringId,
}

/// A role the author acts in, when it is not simply the author's own: a keyring, and the position in its
/// chain that the author had seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The team's `TM` or `TA`, or a unit's `OA`.
    pub keyring: KeyringId,
    /// Position in that keyring's chain.
    pub seq: u64,
}

/// Answers about other chains.
pub trait Facts {
    /// The key of `user` in force at position `seq` of the user's chain.
    fn signer(&self, user: UserId, seq: u64) -> Option<SignerFact>;
    /// How a device stands at position `seq` of the user's chain.
    fn device(&self, user: UserId, device: DeviceId, seq: u64) -> Option<DeviceStanding>;
    /// What the user's root says.
    fn user(&self, user: UserId) -> Option<UserFact>;
    /// What a keyring is.
    fn keyring(&self, keyring: KeyringId) -> Option<KeyringFact>;
    /// A generation of a keyring; `None` also when there is no such generation.
    fn generation(&self, keyring: KeyringId, generation: u64) -> Option<GenerationFact>;
    /// Whether `user` holds the keyring, directly or through a keyring inside it, at position `seq` and now.
    fn holds(&self, keyring: KeyringId, user: UserId, seq: u64) -> Option<Held>;
    /// What a unit's chain says.
    fn unit(&self, unit: UnitId) -> Option<UnitFact>;
    /// The head of a thread after its entry `n`, if remembered.
    fn head_at(&self, thread: ThreadId, n: u64) -> Option<Bytes32>;
    /// Whether an entry with this id is already in the thread.
    fn seen(&self, thread: ThreadId, msg_id: MsgId) -> bool;
}

/// Checks that `author` holds `capacity`, now too when appending.
///
/// # Errors
/// [`ChainError::UnknownCapacity`] or [`ChainError::CapacityNotHeld`].
pub fn check_capacity(
    author: UserId,
    capacity: Capacity,
    facts: &dyn Facts,
    mode: Mode,
) -> Result<KeyringFact, ChainError> {
    let keyring = facts.keyring(capacity.keyring).ok_or(ChainError::UnknownCapacity)?;
    let held = facts.holds(capacity.keyring, author, capacity.seq).ok_or(ChainError::UnknownCapacity)?;
    if !held.at || (mode.is_append() && !held.now) {
        refuse(ChainError::CapacityNotHeld)?;
    }
    Ok(keyring)
}

/// The unit and those above it, root last.
///
/// # Errors
/// [`ChainError::UnknownUnit`]; [`ChainError::ParentImpossible`] above [`ANCESTRY_MAX`].
pub fn ancestry(unit: UnitId, facts: &dyn Facts) -> Result<Vec<UnitId>, ChainError> {
    let mut all = Vec::with_capacity(ANCESTRY_MAX);
    let mut next = Some(unit);
    while let Some(unit) = next {
        if all.len() == ANCESTRY_MAX {
            return Err(ChainError::ParentImpossible);
        }
        all.push(unit);
        next = facts.unit(unit).ok_or(ChainError::UnknownUnit)?.parent;
    }
    Ok(all)
}

/// Whether `keyring` is the administrators' keyring of `unit` or of a unit above it (ORG-03); when replaying,
/// of a unit that was above it at some time.
///
/// # Errors
/// [`ChainError::UnknownUnit`].
pub fn administers(
    keyring: KeyringId,
    unit: UnitId,
    facts: &dyn Facts,
    mode: Mode,
) -> Result<bool, ChainError> {
    let mut level = vec![unit];
    for _ in 0..ANCESTRY_MAX {
        let mut above = Vec::new();
        for unit in level {
            let fact = facts.unit(unit).ok_or(ChainError::UnknownUnit)?;
            if fact.admins == keyring {
                return Ok(true);
            }
            above.extend(fact.parent);
            if !mode.is_append() {
                above.extend(fact.former_parents);
            }
        }
        level = above;
        level.sort_unstable();
        level.dedup();
    }
    Ok(false)
}
