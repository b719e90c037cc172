//! Threads: appending entries, reading them, read marks.
//!
//! An entry is `[core, payload, sig]`. For a message the payload is ciphertext; for a control entry it is the
//! control object in clear. The server assigns `n` and the head; the author's signature does not cover them.
//!
//! Not known here: what a core or payload says.

use serde::{Deserialize, Serialize};

use crate::ids::{Bytes32, IdemKey, OrgId, Seq, TeamId, ThreadId, UserId};
use crate::scalar::{Bin, Millis};

/// A signed entry as its author made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignedEntry {
    /// Positional array, signed.
    pub core: Bin,
    /// Ciphertext or control object; its hash is signed.
    pub payload: Bin,
    /// Ed25519 signature.
    pub sig: Bin,
}

/// Appends entries to a thread, all or none. The first entry of a new thread is `create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Append {
    /// Idempotency key. Any change of an entry takes a new one.
    pub idem: IdemKey,
    /// The thread.
    pub thread: ThreadId,
    /// In order.
    pub entries: Vec<SignedEntry>,
}

/// Answer to [`Append`]: the entries are durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Appended {
    /// One for each entry.
    pub receipts: Vec<Receipt>,
}

/// The server's signed word that an entry has its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Receipt {
    /// Position in the thread; the first entry is 1.
    pub n: Seq,
    /// Head after it.
    pub head: Bytes32,
    /// Server time.
    pub at: Millis,
    /// Ed25519 signature of the server over thread, n, head and time (label `relais/v1/receipt`).
    pub sig: Bin,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StoredEntry {
    /// Position in the thread; the first entry is 1.
    pub n: Seq,
    /// Server time of the commit.
    pub at: Millis,
    /// As signed.
    pub core: Bin,
    /// Absent where the content was deleted; the chain still verifies with `payload_hash`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payload: Option<Bin>,
    /// SHA-256 of the payload, where that is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub payload_hash: Option<Bytes32>,
    /// As signed.
    pub sig: Bin,
}

/// Asks where a thread stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetThread {
    /// The thread.
    pub thread: ThreadId,
}

/// Asks for entries. What was removed from the asker's sight is not in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetEntries {
    /// The thread.
    pub thread: ThreadId,
    /// First position wanted, or last when reading backward.
    pub from: Seq,
    /// How many at most.
    pub max: u32,
    /// Towards older entries.
    pub backward: bool,
}

/// Answer to [`GetEntries`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Entries {
    /// Ascending by position.
    pub entries: Vec<StoredEntry>,
    /// Entries the thread has: the position of the last one.
    pub len: Seq,
    /// Head of the thread.
    pub head: Bytes32,
}

/// Says that everything up to `n` was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MarkRead {
    /// The thread.
    pub thread: ThreadId,
    /// The last position seen. Going back has no effect.
    pub n: Seq,
}

/// Asks how far the participants have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetReads {
    /// The thread.
    pub thread: ThreadId,
}

/// Answer to [`GetReads`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reads {
    /// One for each participant the asker may see.
    pub marks: Vec<ReadMark>,
}

/// How far one person has come in a thread. Which device is never said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReadMark {
    /// The person.
    pub user: UserId,
    /// Entries that have reached one of their devices.
    pub delivered: Seq,
    /// Entries seen.
    pub read: Seq,
}

/// Where a participant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum PartyState {
    /// Asked, has not answered (THR-04).
    Invited,
    /// Takes part.
    Active,
    /// Left (THR-07).
    Left,
    /// Declined (THR-05).
    Declined,
    /// Was removed.
    Removed,
}

/// Somebody, or a team, in a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Party {
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub user: Option<UserId>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub team: Option<TeamId>,
    /// The organization they take part for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub as_org: Option<OrgId>,
    /// Where they stand.
    pub state: PartyState,
}

/// A thread in a list: no box, no body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ThreadCard {
    /// The thread.
    pub thread: ThreadId,
    /// Entries it has.
    pub len: Seq,
    /// Its head.
    pub head: Bytes32,
    /// The head of its control entries, which the next control entry names.
    pub ctrl_head: Bytes32,
    /// The current epoch.
    pub epoch: u32,
    /// The first entry the asker may read.
    pub first: Seq,
    /// Entries the asker has seen.
    pub read: Seq,
    /// Server time of the last entry.
    pub at: Millis,
    /// Whether it is closed.
    pub closed: bool,
    /// The asker's own standing.
    pub state: PartyState,
    /// Some of the participants.
    pub parties: Vec<Party>,
    /// How many more there are.
    pub more_parties: u32,
}
