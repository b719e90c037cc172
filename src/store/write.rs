//! The closed list of what can change. Each write says what it refuses; a refusal undoes the whole commit.
//!
//! Not known here: SQL, and why somebody may do it.

use relais_chain::head::Claim;
#[cfg(doc)]
use relais_chain::head::HeadState;
use relais_wire::ids::{
    BlobId, Bytes32, CallId, DeviceId, InviteId, KeyringId, LoginId, MsgId, OrgId, Seq, SessionId, ThreadId,
    UserId,
};

use crate::commit::NewEvent;
use crate::facts::{
    Opaque, Personal,
    account::{Account, Recovery, UserObject, Wrap, WrapKind},
    call::Call,
    chain::{BoxScope, BoxTo, ChainId, Keyring, KeyringMember, SealedBox},
    directory::{Group, Invite, Membership, Person, Team, Unit},
    session::{Login, LoginStage, Session, TicketKey},
    stream::StreamId,
    thread::{KeptState, Participant, Party},
};

/// A change of facts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Write {
    /// A value about the instance as a whole.
    Instance(InstanceKey, Opaque),
    /// Adds a ticket key.
    PutTicketKey(TicketKey),
    /// Removes the ticket keys below this number.
    DropTicketKeysBelow(u64),
    /// An account.
    Account(AccountWrite),
    /// A session.
    Session(SessionWrite),
    /// Appends a signed link to a chain.
    AppendLink(AppendLink),
    /// Sets the projection of a keyring's chain.
    PutKeyring(Keyring),
    /// Adds a member, or sets the generation it is boxed to.
    PutKeyringMember(KeyringMember),
    /// Takes a member out.
    DropKeyringMember(KeyringId, KeyringId),
    /// Boxes.
    Boxes(BoxWrite),
    /// Creates a thread, empty. Refused when the id is taken.
    CreateThread(NewThread),
    /// Appends an entry. The committer numbers it.
    Append(Box<Append>),
    /// Adds a participant or replaces its row.
    PutParticipant(ThreadId, Participant),
    /// Removes the row of a participant that never became one (an invitation that was accepted).
    DropParticipant(ThreadId, Party),
    /// Drops the content of an entry; core, payload hash and signature stay, and the chain still verifies.
    DropPayload(ThreadId, Seq),
    /// The directory.
    Directory(DirectoryWrite),
    /// Files.
    Blob(BlobWrite),
    /// Calls.
    Call(CallWrite),
}

macro_rules! into_write {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Write {
            fn from(write: $from) -> Self {
                Self::$variant(write.into())
            }
        }
    )*};
}
into_write! {
    AccountWrite => Account, SessionWrite => Session, AppendLink => AppendLink, BoxWrite => Boxes,
    NewThread => CreateThread, Append => Append, DirectoryWrite => Directory, BlobWrite => Blob,
    CallWrite => Call,
}

/// Names of values about the instance. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstanceKey {
    /// The root unit's id, the anchor of trust.
    RootUnit,
    /// Public key of the transparency and audit logs.
    LogKey,
    /// Public key the server's OPAQUE half answers with, to notice a changed key file.
    OpaqueKey,
    /// Name and settings an administrator changed, encoded by the service.
    Settings,
}

impl InstanceKey {
    /// Stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::RootUnit => 1,
            Self::LogKey => 2,
            Self::OpaqueKey => 3,
            Self::Settings => 4,
        }
    }
}

/// A change of an account.
#[derive(Clone, Debug)]
pub enum AccountWrite {
    /// Creates it; `version` and `suspended_ms` of the value are ignored. Refused when the id is taken.
    Create(Account),
    /// Adds an address, normalised by the service. Refused when any account has it.
    AddEmail {
        /// Whose.
        user: UserId,
        /// The address.
        email: Personal,
    },
    /// Takes an address away.
    RemoveEmail {
        /// Whose.
        user: UserId,
        /// The address.
        email: Personal,
    },
    /// Replaces the OPAQUE record.
    SetRecord {
        /// Whose.
        user: UserId,
        /// The new record.
        record: Opaque,
    },
    /// Changes name and language.
    SetProfile {
        /// Whose.
        user: UserId,
        /// The new name.
        name: Personal,
        /// BCP 47 tag.
        locale: String,
    },
    /// Suspends or readmits.
    SetSuspended {
        /// Whose.
        user: UserId,
        /// Whether it is suspended from now on.
        suspended: bool,
    },
    /// Replaces an object under compare-and-swap: `expect` is the present version, 0 for none yet; the new one is
    /// `expect + 1`. Refused with the present version otherwise.
    PutObject {
        /// Whose.
        user: UserId,
        /// Which.
        object: UserObject,
        /// Version that is replaced.
        expect: u64,
        /// The new ciphertext.
        bytes: Opaque,
    },
    /// Adds or replaces a wrap of the vault key.
    PutWrap {
        /// Whose.
        user: UserId,
        /// The wrap.
        wrap: Wrap,
    },
    /// Removes the wraps of a kind, all slots.
    DropWraps {
        /// Whose.
        user: UserId,
        /// Of which kind.
        kind: WrapKind,
    },
    /// Sets or replaces the recovery record.
    PutRecovery {
        /// Whose.
        user: UserId,
        /// The record.
        recovery: Recovery,
    },
    /// Says from when on the server's half is given. Refused when the recovery code has another key by now.
    ReleaseRecovery {
        /// Whose.
        user: UserId,
        /// The key that signed.
        auth_key: Bytes32,
        /// When, in server milliseconds.
        at_ms: u64,
    },
}

/// A change of sessions and sign-ins that counts as a fact.
#[derive(Clone, Debug)]
pub enum SessionWrite {
    /// Opens a session. Refused when the id is taken.
    Open(Session),
    /// Revokes one session. Refused when it does not exist.
    Revoke(SessionId),
    /// Revokes all sessions of a user, but perhaps one, and ends every sign-in and recovery of theirs that is
    /// under way: what was proved with the old credentials opens nothing any more.
    RevokeAll {
        /// Whose.
        user: UserId,
        /// The one that stays.
        except: Option<SessionId>,
    },
    /// Revokes all sessions of a user that were opened on a device, also those that nobody has seen yet.
    RevokeDevice {
        /// Whose.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// Ends a sign-in under way; refused when it is gone, so that it is used once.
    CloseLogin(LoginId),
}

/// A link to append. The chain grows only from the head the signer saw.
#[derive(Clone, Debug)]
pub struct AppendLink {
    /// The chain.
    pub chain: ChainId,
    /// Hash of the link before; `None` starts the chain. Refused with the present head otherwise.
    pub prev: Option<Bytes32>,
    /// Hash of this link.
    pub hash: Bytes32,
    /// The signed object, byte for byte.
    pub object: Opaque,
}

/// A change of boxes.
#[derive(Clone, Debug)]
pub enum BoxWrite {
    /// Moves boxes from a session's staging area to their place. Every hash that the link names must be staged,
    /// or the commit is refused and the staged set stays.
    Take {
        /// Whose staging area.
        session: SessionId,
        /// What they open.
        scope: BoxScope,
        /// Generation, epoch or key version.
        generation: u64,
        /// What the link names: recipient and hash.
        expect: Vec<(BoxTo, Bytes32)>,
    },
    /// Deletes a recipient's boxes of a scope (decline, remove).
    Drop {
        /// What they open.
        scope: BoxScope,
        /// Whose.
        recipient: KeyringId,
    },
}

/// A thread to create.
#[derive(Clone, Copy, Debug)]
pub struct NewThread {
    /// Its id, made by its author.
    pub thread: ThreadId,
    /// The organization it is created in.
    pub org: Option<OrgId>,
    /// What it is.
    pub kind: u8,
}

/// An entry to append: checked by [`relais_chain::thread::ThreadState::check`], numbered by the committer, which
/// runs [`HeadState::advance`] on the claim (THR-05).
#[derive(Clone, Debug)]
pub struct Append {
    /// The thread.
    pub thread: ThreadId,
    /// Its id; refused when used in this thread before.
    pub msg_id: MsgId,
    /// Who signed it.
    pub author: UserId,
    /// On which device.
    pub device: DeviceId,
    /// What the checked entry says about positions.
    pub claim: Claim,
    /// The signed core.
    pub core: Opaque,
    /// SHA-256 of the payload.
    pub payload_hash: Bytes32,
    /// The ciphertext or the clear control payload.
    pub payload: Opaque,
    /// The signature.
    pub sig: [u8; 64],
}

/// A change of the directory. `version` of the values is ignored: it counts by itself.
#[derive(Clone, Debug)]
pub enum DirectoryWrite {
    /// Creates or replaces a unit.
    PutUnit(Unit),
    /// Creates or replaces a team.
    PutTeam(Team),
    /// Creates or replaces a person's card.
    PutPerson(Person),
    /// Removes a person's card from an organization.
    DropPerson(UserId, Option<OrgId>),
    /// Creates or replaces a membership.
    PutMembership(Membership),
    /// Ends a membership.
    DropMembership(Group, UserId),
    /// Creates an invitation. Refused when the id or the token is taken.
    PutInvite(Invite),
    /// Replaces what an invitation leads to, for as long as it is not used. Refused when it is unknown or used.
    PutInviteDetails(InviteId, Opaque),
    /// Uses an invitation. Refused when it is unknown, used, withdrawn or over.
    UseInvite(InviteId, UserId),
    /// Withdraws an invitation. Refused when it is unknown or used.
    WithdrawInvite(InviteId),
}

/// A change of a blob's record.
#[derive(Clone, Debug)]
pub enum BlobWrite {
    /// Announces an upload. Refused when the id is taken.
    Begin {
        /// Its id.
        blob: BlobId,
        /// Who uploads it.
        owner: UserId,
    },
    /// All bytes are durable. Refused when it was not announced or is complete already.
    Complete {
        /// Its id.
        blob: BlobId,
        /// Bytes of ciphertext.
        size: u64,
        /// SHA-256 of the whole.
        hash: Bytes32,
    },
    /// A thread names it. Refused unless it is complete.
    Reference {
        /// Its id.
        blob: BlobId,
        /// The thread.
        thread: ThreadId,
        /// At which entry, as the committer will number it.
        n: Seq,
    },
    /// Forgets a blob, whose bytes the caller then removes. Refused while a thread names it.
    Drop(BlobId),
}

/// A change of calls.
#[derive(Clone, Debug)]
pub enum CallWrite {
    /// A call begins. Refused when the id was ever used.
    Start(Call),
    /// A call stands otherwise. Refused for one that is over.
    Change {
        /// Its id.
        call: CallId,
        /// When it ended, if it did.
        ended_ms: Option<u64>,
        /// How it stands.
        state: Opaque,
    },
}

/// Upkeep, the closed list that needs no audit line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Chore {
    /// A device has applied a stream up to here. Moves forward only; refused beyond the head.
    Applied {
        /// The stream.
        stream: StreamId,
        /// The device.
        device: DeviceId,
        /// Last entry applied.
        upto: Seq,
    },
    /// A user has read a thread up to here. Moves forward only; refused beyond the thread's last entry. What was
    /// read has been delivered.
    Read {
        /// The thread.
        thread: ThreadId,
        /// Who.
        user: UserId,
        /// Last entry read.
        upto: Seq,
        /// What the user's own devices are told where it moved; the receipt has its positions, none where it did
        /// not move.
        told: Option<NewEvent>,
    },
    /// Entries of a thread have reached a device of a user up to here. Moves forward only; refused beyond the
    /// thread's last entry.
    Delivered {
        /// The thread.
        thread: ThreadId,
        /// Whose device; which one is not kept.
        user: UserId,
        /// Last entry delivered.
        upto: Seq,
    },
    /// A session was seen.
    TouchSession(SessionId),
    /// A sign-in under way begins or moves on; replaces an earlier state of the same id.
    PutLogin(Box<Login>),
    /// Counts one try of a code. Refused (and the tries stay at zero) when none is left.
    SpendTry(LoginId),
    /// Moves a sign-in on only from this stage and state: of two at once, one is refused. Tries that were spent
    /// meanwhile stay spent as long as the stage is the same.
    AdvanceLogin {
        /// Which.
        login: LoginId,
        /// The stage it must be in.
        from: LoginStage,
        /// The state it must be in.
        seen: Opaque,
        /// Its new state.
        to: Box<Login>,
    },
    /// Counts against a limit that survives restarts. Refused, counting nothing, when the window is full.
    Charge {
        /// Keyed hash of what is limited (an address, an account); never the thing itself.
        key: Bytes32,
        /// How often within the window.
        limit: u32,
        /// Length of the window, in milliseconds.
        window_ms: u64,
    },
    /// Forgets a counter, after a success.
    Discharge(Bytes32),
    /// Puts boxes into a session's staging area. Refused beyond [`crate::limits::STAGED_BYTES_MAX`].
    StageBoxes {
        /// Whose area.
        session: SessionId,
        /// What they open.
        scope: BoxScope,
        /// The boxes.
        boxes: Vec<SealedBox>,
    },
    /// Keeps a verified state of a thread, so that a service need not fold the whole thread again. A cache: an
    /// older state than the one kept is ignored.
    KeepThreadState(ThreadId, Box<KeptState>),
    /// Removes what is over: old idempotency keys, stream entries, staged boxes, sign-ins, counters; one bounded
    /// round.
    Sweep,
}
