//! A thread entry's core, and the kinds of entries.
//!
//! Core, 19 fields:
//!
//! `[v=1, kind, thread(16), epoch, msg_id(16), author(16), author_chain_seq, device(16), aseq, anchor_seq,
//! anchor_head(32), ts_ms, on_behalf|nil, sth|nil, blob_refs, priority, notify|nil, ctrl_head(32)|nil,
//! capacity|nil]`
//!
//! | field | meaning |
//! |---|---|
//! | epoch | the epoch in force where the entry stands; an `epoch` entry names the one it replaces |
//! | author, author_chain_seq | who signs, with the key in force at that position of the author's chain |
//! | aseq | counter of this author *on this device* in this thread, from 1, no gaps |
//! | anchor_seq, anchor_head | a head of this thread the author had verified: everything before is frozen |
//! | ts_ms | the author's claim; decides nothing |
//! | on_behalf | `[principal(16), delegation hash(32)]`; must be nil until delegation is supported |
//! | sth | `[size, root(32)]`, the author's latest checkpoint of the transparency log; nil until it exists |
//! | blob_refs | ids of exchanged files, strictly ascending |
//! | priority | 0 normal, 1 high, 2 urgent |
//! | notify | keyrings to notify, strictly ascending; nil for all; never text |
//! | ctrl_head | head of the thread after its last control entry; on control entries only |
//! | capacity | `[keyring(16), seq]`: the participating team the author acts for; nil for itself |
//!
//! Kinds: 1 message, 16 create, 17 policy, 18 add, 19 invite, 20 accept, 21 decline, 22 take, 23 assign, 24
//! return, 25 forward, 26 withdraw, 27 remove, 28 leave, 29 role, 30 link_patient, 31 priority, 32 ack, 33
//! epoch, 34 close, 35 rebox_request, 36 call_join, 37 call_leave. An unknown kind is hashed and has no
//! effect for a reader, and is refused at append.
//!
//! A message's payload is ciphertext; a control entry's payload is in [`crate::control`]. The signature is
//! over `relais/v1/msg` 0 `u32 len(core) || core || SHA-256(payload)`.
//!
//! Not known here: whether an entry is allowed where it stands.

use relais_wire::ids::{BlobId, Bytes32, DeviceId, KeyringId, MsgId, ThreadId, UserId};

use crate::codec::{Reader, Writer, ascending};
use crate::error::ChainError;
use crate::limits::{BLOB_REFS_MAX, CORE_BYTES_MAX, EPOCH_RECIPIENTS_MAX};
use crate::link::{Author, VERSION, read_capacity, write_capacity};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Content, encrypted.
    Message,
    /// First entry: policy, parties, epoch 0.
    Create,
    /// Another policy.
    Policy,
    /// A party joins.
    Add,
    /// A party from outside, or somebody without an account, is invited.
    Invite,
    /// An invitation is accepted.
    Accept,
    /// An invitation is declined.
    Decline,
    /// A manager takes a thread out of the team's triage box.
    Take,
    /// A team's responsible is named.
    Assign,
    /// The thread goes back to the team's triage box.
    Return,
    /// One team hands the thread to another.
    Forward,
    /// A team leaves, or an invitation is taken back.
    Withdraw,
    /// A party is removed.
    Remove,
    /// The author leaves.
    Leave,
    /// A user becomes owner, or stops being one.
    Role,
    /// The thread is linked to a patient file.
    LinkPatient,
    /// The thread's priority.
    Priority,
    /// An urgent message is acknowledged.
    Ack,
    /// A new epoch: a new seed for exactly the participants.
    Epoch,
    /// The thread is finished and immutable (THR-03).
    Close,
    /// A recipient's box does not open.
    ReboxRequest,
    /// A device joins a call.
    CallJoin,
    /// A device leaves a call.
    CallLeave,
    /// A kind of a later version.
    Unknown(u64),
}

/// Kinds and their numbers, in order.
const KINDS: [(Kind, u64); 23] = [
    (Kind::Message, 1),
    (Kind::Create, 16),
    (Kind::Policy, 17),
    (Kind::Add, 18),
    (Kind::Invite, 19),
    (Kind::Accept, 20),
    (Kind::Decline, 21),
    (Kind::Take, 22),
    (Kind::Assign, 23),
    (Kind::Return, 24),
    (Kind::Forward, 25),
    (Kind::Withdraw, 26),
    (Kind::Remove, 27),
    (Kind::Leave, 28),
    (Kind::Role, 29),
    (Kind::LinkPatient, 30),
    (Kind::Priority, 31),
    (Kind::Ack, 32),
    (Kind::Epoch, 33),
    (Kind::Close, 34),
    (Kind::ReboxRequest, 35),
    (Kind::CallJoin, 36),
    (Kind::CallLeave, 37),
];

impl Kind {
    /// The kind with this number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        KINDS.iter().find(|(_, n)| *n == number).map_or(Self::Unknown(number), |(kind, _)| *kind)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u64 {
        if let Self::Unknown(number) = self {
            return number;
        }
        KINDS.iter().find(|(kind, _)| *kind == self).map_or(0, |(_, number)| *number)
    }

    /// Whether it names the control head and advances it. Messages and calls do not; of an unknown kind its
    /// core tells.
    #[must_use]
    pub const fn is_control(self) -> bool {
        !matches!(self, Self::Message | Self::CallJoin | Self::CallLeave | Self::Unknown(_))
    }
}

/// How much an entry or a thread matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Priority {
    /// Ordinary.
    #[default]
    Normal = 0,
    /// Read soon.
    High = 1,
    /// Needs an acknowledgement.
    Urgent = 2,
}

impl Priority {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ChainError> {
        match r.uint()? {
            0 => Ok(Self::Normal),
            1 => Ok(Self::High),
            2 => Ok(Self::Urgent),
            _ => Err(ChainError::OutOfRange),
        }
    }
}

/// A head of the thread that the author had verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its position; 0 before the first entry.
    pub seq: u64,
    /// The head after that entry.
    pub head: Bytes32,
}

/// A checkpoint of the transparency log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Entries in the log.
    pub size: u64,
    /// Its root hash.
    pub root: Bytes32,
}

/// Whom the author stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnBehalf {
    /// The absent colleague.
    pub principal: UserId,
    /// Hash of the delegation link.
    pub delegation: Bytes32,
}

/// A thread entry's core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryCore {
    /// What it is.
    pub kind: Kind,
    /// The thread.
    pub thread: ThreadId,
    /// The epoch in force.
    pub epoch: u64,
    /// Made by the author, unique in the thread.
    pub msg_id: MsgId,
    /// Who signs, and in which capacity.
    pub author: Author,
    /// The author's device.
    pub device: DeviceId,
    /// Counter of this author on this device in this thread, from 1.
    pub aseq: u64,
    /// A verified head.
    pub anchor: Anchor,
    /// The author's claim of the time, ms since 1970.
    pub ts_ms: u64,
    /// Whom the author stands in for.
    pub on_behalf: Option<OnBehalf>,
    /// The author's latest log checkpoint.
    pub sth: Option<Checkpoint>,
    /// Exchanged files, ascending.
    pub blobs: Vec<BlobId>,
    /// How much it matters.
    pub priority: Priority,
    /// Keyrings to notify, ascending; `None` for all.
    pub notify: Option<Vec<KeyringId>>,
    /// Head after the last control entry; on control entries only.
    pub ctrl_head: Option<Bytes32>,
}

impl EntryCore {
    /// Parses a core.
    ///
    /// # Errors
    /// 1xx errors; [`ChainError::CtrlHeadMisplaced`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ChainError> {
        let mut r = Reader::new(bytes, CORE_BYTES_MAX)?;
        let arity = r.list(usize::MAX)?;
        if r.uint()? != VERSION {
            return Err(ChainError::UnknownVersion);
        }
        if arity != 19 {
            return Err(ChainError::WrongArity);
        }
        let kind = Kind::from_number(r.uint()?);
        let thread = ThreadId::from_bytes(r.fixed()?);
        let epoch = r.uint()?;
        let msg_id = MsgId::from_bytes(r.fixed()?);
        let user = UserId::from_bytes(r.fixed()?);
        let chain_seq = r.uint()?;
        let device = DeviceId::from_bytes(r.fixed()?);
        let aseq = r.uint()?;
        let anchor = Anchor { seq: r.uint()?, head: Bytes32::from_bytes(r.fixed()?) };
        let ts_ms = r.uint()?;
        let on_behalf = r.opt(read_on_behalf)?;
        let sth = r.opt(read_checkpoint)?;
        let blobs = r.each(BLOB_REFS_MAX, |r| r.fixed().map(BlobId::from_bytes))?;
        ascending(&blobs, |blob| *blob)?;
        let priority = Priority::read(&mut r)?;
        let notify = r.opt(|r| r.each(EPOCH_RECIPIENTS_MAX, |r| r.fixed().map(KeyringId::from_bytes)))?;
        ascending(notify.as_deref().unwrap_or_default(), |keyring| *keyring)?;
        let ctrl_head = r.opt(|r| r.fixed().map(Bytes32::from_bytes))?;
        let author = Author { user, chain_seq, capacity: r.opt(read_capacity)? };
        if !matches!(kind, Kind::Unknown(_)) && ctrl_head.is_some() != kind.is_control() {
            return Err(ChainError::CtrlHeadMisplaced);
        }
        Ok(Self {
            kind,
            thread,
            epoch,
            msg_id,
            author,
            device,
            aseq,
            anchor,
            ts_ms,
            on_behalf,
            sth,
            blobs,
            priority,
            notify,
            ctrl_head,
        })
    }

    /// The core's bytes.
    ///
    /// # Errors
    /// When a value has no encoding, or the core is above its limit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ChainError> {
        let mut w = Writer::new();
        w.array(19).uint(VERSION).uint(self.kind.number()).bin(self.thread.as_bytes()).uint(self.epoch);
        w.bin(self.msg_id.as_bytes()).bin(self.author.user.as_bytes()).uint(self.author.chain_seq);
        w.bin(self.device.as_bytes()).uint(self.aseq);
        w.uint(self.anchor.seq).bin(self.anchor.head.as_bytes()).uint(self.ts_ms);
        match &self.on_behalf {
            Some(whom) => w.array(2).bin(whom.principal.as_bytes()).bin(whom.delegation.as_bytes()),
            None => w.nil(),
        };
        match &self.sth {
            Some(sth) => w.array(2).uint(sth.size).bin(sth.root.as_bytes()),
            None => w.nil(),
        };
        w.array(self.blobs.len());
        for blob in &self.blobs {
            w.bin(blob.as_bytes());
        }
        w.uint(self.priority as u64);
        match &self.notify {
            Some(keyrings) => {
                w.array(keyrings.len());
                for keyring in keyrings {
                    w.bin(keyring.as_bytes());
                }
            }
            None => drop(w.nil()),
        }
        w.opt_bin(self.ctrl_head.as_ref().map(|head| &head.as_bytes()[..]));
        write_capacity(&mut w, self.author.capacity);
        let bytes = w.finish()?;
        if bytes.len() > CORE_BYTES_MAX { Err(ChainError::TooLong) } else { Ok(bytes) }
    }

    /// Whether it names the control head and advances it.
    #[must_use]
    pub const fn is_control(&self) -> bool {
        self.ctrl_head.is_some()
    }
}

fn read_on_behalf(r: &mut Reader<'_>) -> Result<OnBehalf, ChainError> {
    r.array(2)?;
    Ok(OnBehalf { principal: UserId::from_bytes(r.fixed()?), delegation: Bytes32::from_bytes(r.fixed()?) })
}

fn read_checkpoint(r: &mut Reader<'_>) -> Result<Checkpoint, ChainError> {
    r.array(2)?;
    Ok(Checkpoint { size: r.uint()?, root: Bytes32::from_bytes(r.fixed()?) })
}
