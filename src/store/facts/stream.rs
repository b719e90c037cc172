//! Streams: one per (user, context), numbered from 1 without holes.

use relais_wire::ids::{OrgId, Seq, UserId};

use super::{Opaque, thread::Entry};

/// A stream: a user's entries of one context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// Whose.
    pub user: UserId,
    /// An organization, or `None` for the personal context.
    pub context: Option<OrgId>,
}

impl StreamId {
    /// The stream of `user` in `context`.
    #[must_use]
    pub const fn new(user: UserId, context: Option<OrgId>) -> Self {
        Self { user, context }
    }
}

/// What a stream entry carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamBody {
    /// Bytes as they were committed, shared by all recipients.
    Fixed(Opaque),
    /// A thread entry; kept once, in the thread. Whether this reader may see its payload is the service's to say.
    Entry(Box<Entry>),
}

/// One entry of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    /// Position, from 1.
    pub seq: Seq,
    /// When it was committed, in server milliseconds.
    pub at_ms: u64,
    /// What it carries.
    pub body: StreamBody,
}

/// An answer to "what comes after this cursor?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamPage {
    /// The entries after the cursor, at most one page, without a hole.
    Entries {
        /// In order; empty when the cursor is the head.
        entries: Vec<StreamEntry>,
        /// The stream's head in the same snapshot.
        head: Seq,
    },
    /// The cursor cannot be served: the client takes a snapshot and goes on from `head`.
    Resync {
        /// Why.
        reason: ResyncReason,
        /// The stream's head in the same snapshot.
        head: Seq,
    },
}

/// Why a cursor cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResyncReason {
    /// Entries after it are older than what is kept.
    Pruned,
    /// It lies beyond the head: it was made against another history.
    Ahead,
}
