//! Following streams, pulling pages of them, snapshots.
//!
//! A stream belongs to a user and a context: one organization, or none (personal). Its entries are numbered
//! from 1 without holes.
//!
//! Not known here: what a live session does with them.

use serde::{Deserialize, Serialize};

use crate::control::Cursor;
use crate::directory::{OrgCard, TeamCard};
use crate::ids::{OrgId, Seq};
use crate::scalar::Bin;
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
}
