//! Following streams, pulling pages of them, snapshots and the list of threads beyond them.
//!
//! A stream belongs to a user and a context: one organization, or none (personal). Its entries are numbered
//! from 1 without holes.
//!
//! Not known here: what a live session does with them.

use serde::{Deserialize, Serialize};

use crate::control::Cursor;
use crate::directory::{OrgCard, TeamCard};
use crate::ids::{OrgId, Seq, ThreadId};
use crate::scalar::{Bin, Millis};
use crate::threads::ThreadCard;

/// Switches the followed organization (ACC-11), or continues it after a snapshot. Replay follows the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Focus {
    /// The organization; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
    /// Where to continue; absent: at the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cursor: Option<Cursor>,
}

/// Continues the personal stream after a snapshot. Replay follows the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FollowPersonal {
    /// Where to continue.
    pub cursor: Cursor,
}

/// Answer to [`Focus`] and [`FollowPersonal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Following {
    /// Head of the stream.
    pub head: Seq,
}

/// Asks for a page of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Pull {
    /// The organization; absent: the personal stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
    /// The last entry already known.
    pub after: Cursor,
    /// How many at most.
    pub max: u32,
}

/// Answer to [`Pull`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StreamPage {
    /// In order, the first one numbered `after + 1`.
    pub entries: Vec<StreamItem>,
    /// Head of the stream.
    pub head: Seq,
}

/// One entry of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StreamItem {
    /// Its number.
    pub seq: Seq,
    /// Type of the event.
    pub kind: u16,
    /// Body of the event, MessagePack.
    pub body: Bin,
}

/// Asks for the state of a context, page by page, cut at one cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetSnapshot {
    /// The organization; absent: the personal context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
    /// From the page before; absent: the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub page: Option<Bin>,
}

/// Answer to [`GetSnapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Snapshot {
    /// The cursor the snapshot was cut at.
    pub cursor: Cursor,
    /// First page of an organization: its card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgCard>,
    /// First page of an organization: the asker's teams in it.
    pub teams: Vec<TeamCard>,
    /// Threads, newest first.
    pub threads: Vec<ThreadCard>,
    /// Asks for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<Bin>,
    /// Last page: the place of the last thread named, where there are older ones than a snapshot holds. They are
    /// read with [`ListThreads`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub older: Option<ThreadPlace>,
}

/// A place in a list of threads, which goes from the newest to the oldest: the time of a thread's last entry, and of
/// the same moment the greater id first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ThreadPlace {
    /// Server time of the last entry.
    pub at: Millis,
    /// The thread.
    pub thread: ThreadId,
}

/// Asks for a page of the threads of a context that a snapshot of it would name if it held all (THR-11, THR-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ListThreads {
    /// The organization; absent: the personal context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgId>,
    /// Only threads after this place; absent: from the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub before: Option<ThreadPlace>,
    /// How many at most.
    pub max: u32,
}

/// Answer to [`ListThreads`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ThreadList {
    /// Newest first. May be fewer than were asked for, or none, where there are more all the same.
    pub threads: Vec<ThreadCard>,
    /// Where the list goes on; absent: this is its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<ThreadPlace>,
}
