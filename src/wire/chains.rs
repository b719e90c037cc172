//! Signed chains and sealed boxes: reading them, adding to them.
//!
//! Links are opaque here; their layout and rules are those of the chain crate. A link that names boxes is
//! appended after the boxes were staged with [`PutBoxes`]; the commit takes them together or not at all.
//!
//! Not known here: what a link says, or who may add it.

use serde::{Deserialize, Serialize};

use crate::ids::{Bytes32, IdemKey, KeyringId, LoginId, ObjectId, Seq};
use crate::scalar::{Bin, Millis};

/// Kind of a chain. Threads have requests of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ChainKind {
    /// A user's chain; its id is the user's.
    User,
    /// A keyring's chain; its id is the keyring's.
    Keyring,
    /// A unit's chain; its id is the unit's.
    Unit,
}

/// A link and the chain it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainLink {
    /// Kind of the chain.
    pub chain: ChainKind,
    /// Id of the chain.
    pub id: ObjectId,
    /// The signed link, as it was made.
    pub link: Bin,
}

/// Asks for a part of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetLinks {
    /// Kind of the chain.
    pub chain: ChainKind,
    /// Id of the chain.
    pub id: ObjectId,
    /// The last link already known; 0 for all.
    pub after: Seq,
    /// How many at most.
    pub max: u32,
    /// In place of a session: a recovery that was granted, for the chain of its own user only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub login: Option<LoginId>,
}

/// Answer to [`GetLinks`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Links {
    /// Links in order.
    pub links: Vec<Bin>,
    /// Length of the chain.
    pub n: Seq,
    /// Hash of its last link.
    pub head: Bytes32,
}

/// Appends links, all or none; several chains may be named (a team's two keyrings come into being together).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AppendLinks {
    /// Idempotency key.
    pub idem: IdemKey,
    /// The links, in an order in which each is valid after those before it.
    pub links: Vec<ChainLink>,
}

/// Answer to [`AppendLinks`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LinksAppended {
    /// Position and head of each chain after the commit, in the order of the request's links.
    pub heads: Vec<ChainHead>,
}

/// Where a chain stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainHead {
    /// Length of the chain.
    pub n: Seq,
    /// Hash of its last link.
    pub head: Bytes32,
}

/// What a box opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum BoxScope {
    /// A generation of a keyring.
    Keyring,
    /// An epoch of a thread.
    Thread,
}

/// A seed sealed to a keyring's public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SealedBox {
    /// What it opens.
    pub scope: BoxScope,
    /// Id of the keyring or thread.
    pub id: ObjectId,
    /// Generation or epoch of the seed.
    pub generation: u32,
    /// The keyring it is sealed to.
    pub recipient: KeyringId,
    /// The generation of that keyring.
    pub recipient_generation: u32,
    /// HPKE encapsulation and ciphertext.
    pub bytes: Bin,
}

/// Stages boxes for a link or epoch that follows within ten minutes, in as many requests as needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutBoxes {
    /// The boxes; one that is already staged is replaced.
    pub boxes: Vec<SealedBox>,
}

/// Answer to [`PutBoxes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BoxesStaged {
    /// Bytes staged by this session now.
    pub bytes: u32,
    /// Server time at which they are dropped.
    pub expires: Millis,
}

/// Asks for the boxes that a keyring of the asker can open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetBoxes {
    /// What they open.
    pub scope: BoxScope,
    /// Id of the keyring or thread.
    pub id: ObjectId,
    /// First generation or epoch.
    pub from: u32,
    /// Last generation or epoch.
    pub to: u32,
    /// The recipient keyring: the asker's `U` or `I`, or a keyring the asker is a member of.
    pub recipient: KeyringId,
}

/// Answer to [`GetBoxes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Boxes {
    /// Ascending by generation.
    pub boxes: Vec<SealedBox>,
}
