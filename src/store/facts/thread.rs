//! Threads: their heads, entries and participants.

use relais_chain::head::{HeadState, Phase};
use relais_wire::ids::{Bytes32, DeviceId, InviteId, KeyringId, MsgId, OrgId, Seq, ThreadId, UserId};

use super::{Opaque, stored_enum};

/// A thread and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub thread: ThreadId,
    /// Organization it was created in; `None` for a direct message or a thread between independents.
    pub org: Option<OrgId>,
    /// What it is (discussion, direct message, care channel …): a number of the service's, not the store's.
    pub kind: u8,
    /// Number of the last entry; 0 before the first.
    pub n: Seq,
    /// Hash over everything up to it; before the first entry, the hash of the thread's id.
    pub head: Bytes32,
    /// [`Entry::head`] at the last control entry; before the first, as `head`.
    pub ctrl_head: Bytes32,
    /// Position of the last control entry.
    pub ctrl_n: Seq,
    /// Current epoch.
    pub epoch: u64,
    /// Whether entries may be written.
    pub phase: Phase,
    /// When it was closed, in server milliseconds.
    pub closed_ms: Option<u64>,
    /// When it was created, in server milliseconds.
    pub created_ms: u64,
    /// When its last entry was accepted, in server milliseconds.
    pub last_ms: u64,
}

impl Thread {
    /// The same as the chain's own type.
    #[must_use]
    pub const fn position(&self) -> HeadState {
        HeadState {
            thread: self.thread,
            n: self.n.get(),
            head: self.head,
            ctrl_n: self.ctrl_n.get(),
            ctrl_head: self.ctrl_head,
            epoch: self.epoch,
            phase: self.phase,
        }
    }
}

/// A verified state of a thread ([`relais_chain::thread::ThreadState::to_snapshot`]), kept to be resumed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptState {
    /// Position it was taken at.
    pub n: Seq,
    /// SHA-256 of its bytes.
    pub digest: Bytes32,
    /// The snapshot.
    pub bytes: Opaque,
}

/// One entry, message or control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The thread.
    pub thread: ThreadId,
    /// Position, from 1.
    pub n: Seq,
    /// Head of the thread after this entry.
    pub head: Bytes32,
    /// Hash of the entry itself.
    pub hash: Bytes32,
    /// Kind of entry, as in its core ([`relais_chain::entry::Kind::number`]).
    pub kind: u64,
    /// Its id, unique in the thread.
    pub msg_id: MsgId,
    /// Who signed it.
    pub author: UserId,
    /// On which device.
    pub device: DeviceId,
    /// The author's own count on that device.
    pub aseq: Seq,
    /// The signed core, byte for byte.
    pub core: Opaque,
    /// SHA-256 of the payload, which the entry's hash covers.
    pub payload_hash: Bytes32,
    /// The ciphertext; `None` once its content was dropped. The chain verifies without it.
    pub payload: Option<Opaque>,
    /// The signature.
    pub sig: [u8; 64],
    /// When the server accepted it, in server milliseconds.
    pub at_ms: u64,
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// One person.
    User(UserId),
    /// A team, named by its managers' keyring.
    Team(KeyringId),
    /// Somebody invited who has no account in the thread yet.
    Invite(InviteId),
}

impl Party {
    /// Stored number of the kind of party.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::User(_) => 1,
            Self::Team(_) => 2,
            Self::Invite(_) => 3,
        }
    }

    /// The id's bytes.
    #[must_use]
    pub const fn id_bytes(self) -> [u8; 16] {
        match self {
            Self::User(id) => *id.as_bytes(),
            Self::Team(id) => *id.as_bytes(),
            Self::Invite(id) => *id.as_bytes(),
        }
    }

    /// Puts a stored party together again.
    #[must_use]
    pub const fn from_parts(kind: u8, id: [u8; 16]) -> Option<Self> {
        match kind {
            1 => Some(Self::User(UserId::from_bytes(id))),
            2 => Some(Self::Team(KeyringId::from_bytes(id))),
            3 => Some(Self::Invite(InviteId::from_bytes(id))),
            _ => None,
        }
    }
}

stored_enum! {
    /// Where a participant stands.
    Standing {
        /// Asked, not answered: sees the invitation card only.
        Invited = 1,
        /// Takes part.
        Active = 2,
        /// Left: keeps what was there up to `visible_to`.
        Left = 3,
        /// Said no: sees nothing.
        Declined = 4,
        /// Was removed: sees nothing.
        Removed = 5,
    }
    /// Triage state of a team in a thread; the last of take, assign, return and forward decides.
    Triage {
        /// Nobody took it yet.
        Waiting = 1,
        /// The team took it.
        Taken = 2,
        /// One person is responsible.
        Assigned = 3,
        /// Passed on to another team.
        Forwarded = 4,
    }
}

/// A participant, projected from the thread's control entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub party: Party,
    /// The organization it takes part for, fixed when added; it chooses the stream. `None` = personal.
    pub as_org: Option<OrgId>,
    /// Where it stands.
    pub standing: Standing,
    /// Role in the thread: a number of the service's.
    pub role: u8,
    /// First entry it may read.
    pub visible_from: Seq,
    /// Last entry it may read; `None` = no end.
    pub visible_to: Option<Seq>,
    /// For a team: its triage state.
    pub triage: Option<Triage>,
    /// For a team: who is responsible.
    pub responsible: Option<UserId>,
    /// For an invitation: the key that `accept` must be signed with.
    pub invite_key: Option<Bytes32>,
}

/// How far somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadCursor {
    /// The thread.
    pub thread: ThreadId,
    /// Who.
    pub user: UserId,
    /// Last entry read; zero for none.
    pub upto: Seq,
    /// Last entry that has reached a device of theirs; at least what was read.
    pub delivered: Seq,
    /// When either moved last, in server milliseconds.
    pub at_ms: u64,
}
