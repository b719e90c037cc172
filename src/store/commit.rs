//! One durable decision: all of it or nothing. Numbers (stream positions, thread positions, audit indexes) are
//! allocated inside the transaction, so that races lose cleanly and nothing has a hole.
//!
//! Not known here: whether the decision is allowed. Services permit and validate; the store checks only what can
//! change between their look and the commit.

use relais_wire::ids::{Bytes32, IdemKey, MsgId, Seq, SessionId, ThreadId, UserId};
use serde::{Deserialize, Serialize};

use crate::facts::{Opaque, audit::AuditLine, chain::ChainId, stream::StreamId};
use crate::write::{Chore, InstanceKey, Write};

/// What is handed to the committer.
#[derive(Clone, Debug)]
pub enum Commit {
    /// A fact. It cannot be built without an audit line (AUD-03).
    Domain(Box<Domain>),
    /// Upkeep from a closed list that leaves no audit line: cursors, touches, counters, staged boxes, sweeping.
    Housekeeping {
        /// Server time, in milliseconds.
        at_ms: u64,
        /// What to do, in order; all or nothing.
        chores: Vec<Chore>,
    },
}

/// The parts of a domain commit. Order of effects: idempotency, guards, writes in order, events, audit.
#[derive(Clone, Debug)]
pub struct Domain {
    /// The client's key, for requests that have one.
    pub idem: Option<Idem>,
    /// Server time, in milliseconds; every row written carries it.
    pub at_ms: u64,
    /// What must still hold.
    pub guards: Vec<Guard>,
    /// What changes.
    pub writes: Vec<Write>,
    /// What is told to whom.
    pub events: Vec<NewEvent>,
    /// What the audit logs say; at least one line.
    pub audit: NonEmpty<AuditLine>,
}

impl Domain {
    /// A commit that writes its audit line and nothing else yet.
    #[must_use]
    pub fn new(at_ms: u64, audit: AuditLine) -> Self {
        Self {
            idem: None,
            at_ms,
            guards: Vec::new(),
            writes: Vec::new(),
            events: Vec::new(),
            audit: NonEmpty::new(audit),
        }
    }

    /// Makes it idempotent.
    #[must_use]
    pub fn idem(mut self, idem: Idem) -> Self {
        self.idem = Some(idem);
        self
    }

    /// Adds a guard.
    #[must_use]
    pub fn guard(mut self, guard: Guard) -> Self {
        self.guards.push(guard);
        self
    }

    /// Adds a write.
    #[must_use]
    pub fn write(mut self, write: impl Into<Write>) -> Self {
        self.writes.push(write.into());
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn event(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Adds a further audit line.
    #[must_use]
    pub fn audit(mut self, line: AuditLine) -> Self {
        self.audit.push(line);
        self
    }
}

impl From<Domain> for Commit {
    fn from(domain: Domain) -> Self {
        Self::Domain(Box::new(domain))
    }
}

/// A list that has at least one element, by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonEmpty<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// A list of one.
    pub const fn new(first: T) -> Self {
        Self { first, rest: Vec::new() }
    }

    /// Appends.
    pub fn push(&mut self, item: T) {
        self.rest.push(item);
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        core::iter::once(&self.first).chain(&self.rest)
    }

    /// How many; at least 1.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rest.len() + 1
    }
}

/// An idempotency key. One key names one exact byte string for seven days; refusals are never remembered.
#[derive(Clone, Debug)]
pub struct Idem {
    /// Who asked; keys of different users are unrelated.
    pub user: UserId,
    /// The client's key.
    pub key: IdemKey,
    /// Hash of the exact request bytes. Another hash under the same key is refused.
    pub request: Bytes32,
    /// What the service wants back on a replay (ids it drew, an encoded reply), at most
    /// [`crate::limits::NOTE_BYTES_MAX`].
    pub note: Opaque,
}

/// Something that must still hold inside the transaction. A failed guard undoes its own commit only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The account exists and is not suspended.
    AccountActive(UserId),
    /// The account's row is at this version.
    AccountVersion(UserId, u64),
    /// The session exists, is not revoked and has not ended.
    SessionLive(SessionId),
    /// The chain's last link has this hash; `None` = the chain does not exist.
    ChainHead(ChainId, Option<Bytes32>),
    /// The value about the instance is this one; `None` = there is none.
    Instance(InstanceKey, Option<Opaque>),
}

/// One thing told to one or more streams. The body is stored once.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The recipients' streams; a stream named twice gets it once.
    pub to: Vec<StreamId>,
    /// What they are told.
    pub body: EventBody,
}

/// What an event carries.
#[derive(Clone, Debug)]
pub enum EventBody {
    /// These bytes, encoded once and shared.
    Fixed(Opaque),
    /// The thread entry that this commit appends, counted over its [`Write::Append`]s from 0. Nothing is copied:
    /// readers get the stored entry with the `n`, `head` and time the committer gave it.
    Appended(usize),
}

/// What a commit came to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Receipt {
    /// One per [`Write::Append`], in order.
    pub entries: Vec<EntryReceipt>,
    /// One list per event, in order. On a replay: one list with the asking user's own streams only.
    pub streams: Vec<Vec<(StreamId, Seq)>>,
    /// One per audit line, in order: its index in its log.
    pub audit: Vec<u64>,
    /// The note kept with the idempotency key.
    pub note: Opaque,
    /// Whether this is the stored answer of an earlier commit: nothing was written now and nothing needs
    /// delivering.
    pub replayed: bool,
}

/// Where an appended entry ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryReceipt {
    /// The thread.
    pub thread: ThreadId,
    /// The entry's id.
    pub msg_id: MsgId,
    /// Its position.
    pub n: Seq,
    /// The thread's head after it.
    pub head: Bytes32,
    /// When it was accepted, in server milliseconds.
    pub at_ms: u64,
}
