//! Events by number, and the lane each travels on.
//!
//! Numbers below 100 are entries of a stream: durable, numbered, never dropped. From 100 on they are hints.
//!
//! Not known here: sequence numbers, which differ between recipients and stand in the header.

use crate::calls::{CallChanged, CallMissed, CallRings, CallStopped};
use crate::codec::{self, DecodeError};
use crate::events::{
    Badge, ChainGrew, EntriesAppended, Invited, MemberWaits, ObjectChanged, Progress, ReadMoved,
    SessionEnded, SessionOpened, ThreadGone, Typing,
};

/// How an event is treated when a connection is slower than what it is told. Earlier lanes go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Rings, revocation, control: first, and worthless after the time in the header.
    Control,
    /// Entries of a stream: never dropped; a session that cannot keep up is served from the store.
    Stream,
    /// Latest wins for each key.
    Keyed,
    /// May be dropped.
    Droppable,
}

/// Any event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// See [`EntriesAppended`].
    EntriesAppended(EntriesAppended),
    /// See [`Invited`].
    Invited(Invited),
    /// See [`ThreadGone`].
    ThreadGone(ThreadGone),
    /// See [`ChainGrew`].
    ChainGrew(ChainGrew),
    /// See [`ReadMoved`].
    ReadMoved(ReadMoved),
    /// See [`SessionOpened`].
    SessionOpened(SessionOpened),
    /// See [`SessionEnded`].
    SessionEnded(SessionEnded),
    /// See [`ObjectChanged`].
    ObjectChanged(ObjectChanged),
    /// See [`MemberWaits`].
    MemberWaits(MemberWaits),
    /// See [`CallMissed`].
    CallMissed(CallMissed),
    /// See [`Badge`].
    Badge(Badge),
    /// See [`Progress`].
    Progress(Progress),
    /// See [`Typing`].
    Typing(Typing),
    /// See [`CallRings`].
    CallRings(CallRings),
    /// See [`CallStopped`].
    CallStopped(CallStopped),
    /// See [`CallChanged`].
    CallChanged(CallChanged),
}

impl From<EntriesAppended> for Event {
    fn from(body: EntriesAppended) -> Self {
        Self::EntriesAppended(body)
    }
}

impl From<Invited> for Event {
    fn from(body: Invited) -> Self {
        Self::Invited(body)
    }
}

impl From<ThreadGone> for Event {
    fn from(body: ThreadGone) -> Self {
        Self::ThreadGone(body)
    }
}

impl From<ChainGrew> for Event {
    fn from(body: ChainGrew) -> Self {
        Self::ChainGrew(body)
    }
}

impl From<ReadMoved> for Event {
    fn from(body: ReadMoved) -> Self {
        Self::ReadMoved(body)
    }
}

impl From<SessionOpened> for Event {
    fn from(body: SessionOpened) -> Self {
        Self::SessionOpened(body)
    }
}

impl From<SessionEnded> for Event {
    fn from(body: SessionEnded) -> Self {
        Self::SessionEnded(body)
    }
}

impl From<ObjectChanged> for Event {
    fn from(body: ObjectChanged) -> Self {
        Self::ObjectChanged(body)
    }
}

impl From<MemberWaits> for Event {
    fn from(body: MemberWaits) -> Self {
        Self::MemberWaits(body)
    }
}

impl From<Badge> for Event {
    fn from(body: Badge) -> Self {
        Self::Badge(body)
    }
}

impl From<Progress> for Event {
    fn from(body: Progress) -> Self {
        Self::Progress(body)
    }
}

impl From<Typing> for Event {
    fn from(body: Typing) -> Self {
        Self::Typing(body)
    }
}

impl From<CallMissed> for Event {
    fn from(body: CallMissed) -> Self {
        Self::CallMissed(body)
    }
}

impl From<CallRings> for Event {
    fn from(body: CallRings) -> Self {
        Self::CallRings(body)
    }
}

impl From<CallStopped> for Event {
    fn from(body: CallStopped) -> Self {
        Self::CallStopped(body)
    }
}

impl From<CallChanged> for Event {
    fn from(body: CallChanged) -> Self {
        Self::CallChanged(body)
    }
}

impl Event {
    /// Numbers and names of all types, ascending by number.
    pub const ALL: &'static [(u16, &'static str)] = &[
        (1, "EntriesAppended"),
        (2, "Invited"),
        (3, "ThreadGone"),
        (4, "ChainGrew"),
        (5, "ReadMoved"),
        (6, "SessionOpened"),
        (7, "SessionEnded"),
        (8, "ObjectChanged"),
        (9, "MemberWaits"),
        (10, "CallMissed"),
        (100, "Badge"),
        (101, "Progress"),
        (102, "Typing"),
        (103, "CallRings"),
        (104, "CallStopped"),
        (105, "CallChanged"),
    ];

    /// Number on the wire.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Self::EntriesAppended(_) => 1,
            Self::Invited(_) => 2,
            Self::ThreadGone(_) => 3,
            Self::ChainGrew(_) => 4,
            Self::ReadMoved(_) => 5,
            Self::SessionOpened(_) => 6,
            Self::SessionEnded(_) => 7,
            Self::ObjectChanged(_) => 8,
            Self::MemberWaits(_) => 9,
            Self::CallMissed(_) => 10,
            Self::Badge(_) => 100,
            Self::Progress(_) => 101,
            Self::Typing(_) => 102,
            Self::CallRings(_) => 103,
            Self::CallStopped(_) => 104,
            Self::CallChanged(_) => 105,
        }
    }

    /// Decodes a body with this number.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKind`] for a number that is not known (to be skipped), [`DecodeError::Body`] for a body that does not fit.
    pub fn decode(kind: u16, body: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            1 => Self::EntriesAppended(codec::decode(body)?),
            2 => Self::Invited(codec::decode(body)?),
            3 => Self::ThreadGone(codec::decode(body)?),
            4 => Self::ChainGrew(codec::decode(body)?),
            5 => Self::ReadMoved(codec::decode(body)?),
            6 => Self::SessionOpened(codec::decode(body)?),
            7 => Self::SessionEnded(codec::decode(body)?),
            8 => Self::ObjectChanged(codec::decode(body)?),
            9 => Self::MemberWaits(codec::decode(body)?),
            10 => Self::CallMissed(codec::decode(body)?),
            100 => Self::Badge(codec::decode(body)?),
            101 => Self::Progress(codec::decode(body)?),
            102 => Self::Typing(codec::decode(body)?),
            103 => Self::CallRings(codec::decode(body)?),
            104 => Self::CallStopped(codec::decode(body)?),
            105 => Self::CallChanged(codec::decode(body)?),
            other => return Err(DecodeError::UnknownKind(other)),
        })
    }

    /// Body, MessagePack with named fields.
    #[must_use]
    pub fn encode_body(&self) -> Vec<u8> {
        match self {
            Self::EntriesAppended(body) => codec::encode(body),
            Self::Invited(body) => codec::encode(body),
            Self::ThreadGone(body) => codec::encode(body),
            Self::ChainGrew(body) => codec::encode(body),
            Self::ReadMoved(body) => codec::encode(body),
            Self::SessionOpened(body) => codec::encode(body),
            Self::SessionEnded(body) => codec::encode(body),
            Self::ObjectChanged(body) => codec::encode(body),
            Self::MemberWaits(body) => codec::encode(body),
            Self::CallMissed(body) => codec::encode(body),
            Self::Badge(body) => codec::encode(body),
            Self::Progress(body) => codec::encode(body),
            Self::Typing(body) => codec::encode(body),
            Self::CallRings(body) => codec::encode(body),
            Self::CallStopped(body) => codec::encode(body),
            Self::CallChanged(body) => codec::encode(body),
        }
    }

    /// The lane an event of this number travels on; `None` for a number that is not known.
    #[must_use]
    pub const fn lane_of(kind: u16) -> Option<Lane> {
        match kind {
            1..=10 => Some(Lane::Stream),
            103 | 104 => Some(Lane::Control),
            100 | 101 | 105 => Some(Lane::Keyed),
            102 => Some(Lane::Droppable),
            _ => None,
        }
    }

    /// The lane it travels on.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::EntriesAppended(_)
            | Self::Invited(_)
            | Self::ThreadGone(_)
            | Self::ChainGrew(_)
            | Self::ReadMoved(_)
            | Self::SessionOpened(_)
            | Self::SessionEnded(_)
            | Self::ObjectChanged(_)
            | Self::MemberWaits(_)
            | Self::CallMissed(_) => Lane::Stream,
            Self::CallRings(_) | Self::CallStopped(_) => Lane::Control,
            Self::Badge(_) | Self::Progress(_) | Self::CallChanged(_) => Lane::Keyed,
            Self::Typing(_) => Lane::Droppable,
        }
    }
}
