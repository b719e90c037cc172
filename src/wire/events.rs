//! What the server says unasked. Entries of a stream are durable and numbered; the others are hints.
//!
//! Not known here: who receives them.

use serde::{Deserialize, Serialize};

use crate::account::ObjectKind;
use crate::chains::ChainKind;
use crate::ids::{DeviceId, InviteId, ObjectId, OrgId, Seq, SessionId, ThreadId, UnitId, UserId};
use crate::scalar::{Bin, Millis, Private};
use crate::threads::{ReadMark, StoredEntry};

/// Entries were appended to a thread the user takes part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EntriesAppended {
    /// The thread.
    pub thread: ThreadId,
    /// In order.
    pub entries: Vec<StoredEntry>,
}

/// The user was asked into a thread from outside their organization (THR-04): nothing else of it is served
/// until they accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Invited {
    /// The thread.
    pub thread: ThreadId,
    /// The control entry that invites.
    pub entry: StoredEntry,
}

/// A thread is gone for the user: they declined, or the invitation was withdrawn (THR-05).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ThreadGone {
    /// The thread.
    pub thread: ThreadId,
}

/// Links were appended to a chain the user follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChainGrew {
    /// Kind of the chain.
    pub chain: ChainKind,
    /// Id of the chain.
    pub id: ObjectId,
    /// Length of the chain after them.
    pub n: Seq,
    /// In order.
    pub links: Vec<Bin>,
}

/// The user saw entries on another device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReadMoved {
    /// The thread.
    pub thread: ThreadId,
    /// Entries seen.
    pub read: Seq,
}

/// The user signed in on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionOpened {
    /// The session.
    pub session: SessionId,
    /// Its device.
    pub device: DeviceId,
    /// Server time.
    pub at: Millis,
}

/// A session of the user ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionEnded {
    /// The session.
    pub session: SessionId,
}

/// An object of the user changed on another device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ObjectChanged {
    /// Which.
    pub object: ObjectKind,
    /// Its version now.
    pub version: Seq,
}

/// Somebody accepted an invitation and waits for an administrator's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MemberWaits {
    /// The unit.
    pub unit: UnitId,
    /// Who.
    pub user: UserId,
    /// The name.
    pub name: Private,
    /// The invitation.
    pub invite: InviteId,
}

/// Something is new in a context that is not followed. Says nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Badge {
    /// The organization; absent: the personal context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
}

/// How far somebody has come in a thread. Only the latest one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Progress {
    /// The thread.
    pub thread: ThreadId,
    /// Who, and how far.
    pub mark: ReadMark,
}

/// Somebody writes. Worth nothing after a few seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Typing {
    /// The thread.
    pub thread: ThreadId,
    /// Who.
    pub user: UserId,
}
