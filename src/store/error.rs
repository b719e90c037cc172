//! What can go wrong, in four kinds: refused (an answer), overloaded (come back), unavailable (nothing was
//! written, or nobody knows), fatal (the process must end and let recovery decide).

use relais_chain::error::ChainError;
use relais_wire::ids::{Bytes32, Seq, ThreadId};

use crate::facts::chain::{ChainHead, ChainId};

/// Why a commit has no receipt. Except for [`Self::Unknown`], nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A check inside the transaction failed: a race was lost, or the request was wrong.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The queue is full; the caller comes back later.
    #[error("the store is overloaded")]
    Overloaded,
    /// The disk is full. Nothing is lost; commits succeed again when there is space.
    #[error("no space left for the store")]
    DiskFull,
    /// The engine refused a statement for a reason that should not exist: a bug, logged. Nothing was written.
    #[error("internal error of the store")]
    Internal,
    /// The store met an error of the disk or of its own and takes no more commits: the process must end, because
    /// a failed sync cannot be repeated.
    #[error("the store has stopped: {0}")]
    Fatal(Fatal),
    /// The store went away before it answered. The commit may or may not have happened; the idempotency key
    /// decides when it is sent again.
    #[error("the outcome of the commit is not known")]
    Unknown,
}

/// Why the store stopped. It never starts again within the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fatal {
    /// Reading, writing or syncing a file failed.
    #[error("input/output error")]
    Io,
    /// A page did not verify, or the file is not a database of ours.
    #[error("corrupt database")]
    Corrupt,
    /// The committer ended by a bug.
    #[error("internal error")]
    Internal,
    /// A test's fault hook stopped it.
    #[error("stopped by a fault hook")]
    Injected,
    /// It was closed.
    #[error("closed")]
    Closed,
}

/// What was refused. Every variant undoes its own commit only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The idempotency key was used for other bytes.
    #[error("the idempotency key names another request")]
    IdemReused,
    /// A value about the instance is not what the commit was made for.
    #[error("a value of the instance has changed")]
    InstanceChanged,
    /// Something the commit names does not exist.
    #[error("{0:?} does not exist")]
    Missing(Kind),
    /// Something the commit creates exists already.
    #[error("{0:?} exists already")]
    Exists(Kind),
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The session is revoked or over.
    #[error("the session is over")]
    SessionOver,
    /// A version moved on.
    #[error("{kind:?} is at version {actual}")]
    Version {
        /// Of what.
        kind: Kind,
        /// The present version; 0 = none.
        actual: u64,
    },
    /// A chain has another head.
    #[error("the chain has moved on")]
    ChainHead {
        /// Which.
        chain: ChainId,
        /// Its present head.
        actual: Option<ChainHead>,
    },
    /// The thread has moved on since the entry was written or checked: another epoch, another control entry, or
    /// for `close` another head.
    #[error("the thread has moved on to epoch {epoch}")]
    Stale {
        /// Which.
        thread: ThreadId,
        /// Its present epoch.
        epoch: u64,
        /// Number of its last entry.
        n: Seq,
        /// Its present head.
        head: Bytes32,
        /// Head left by its last control entry.
        ctrl_head: Bytes32,
    },
    /// The thread is closed.
    #[error("the thread is closed")]
    Closed,
    /// The author's count does not follow.
    #[error("the author's count must be {expected:?}")]
    AuthorSeq {
        /// What it must be.
        expected: Seq,
    },
    /// The entry may not stand where it would: what the chain says.
    #[error("refused by the chain: {0}")]
    Entry(ChainError),
    /// A box that the link names is not staged, or has another hash.
    #[error("{missing} of the named boxes are not staged")]
    BoxesMissing {
        /// How many.
        missing: usize,
    },
    /// The session's staging area is full.
    #[error("too many staged boxes")]
    StagedTooMuch,
    /// The window of a counter is full.
    #[error("too many tries; again in {retry_after_ms} ms")]
    Throttled {
        /// When the window ends.
        retry_after_ms: u64,
    },
    /// No try is left, or the sign-in is over or in another stage.
    #[error("the sign-in is over")]
    LoginOver,
    /// The invitation is used, withdrawn or over.
    #[error("the invitation is over")]
    InviteOver,
    /// The blob is not complete.
    #[error("the file is not complete")]
    BlobIncomplete,
    /// A thread names the blob.
    #[error("the file is in use")]
    BlobReferenced,
    /// A cursor lies beyond the head.
    #[error("the cursor is ahead of the server")]
    CursorAhead,
    /// A part exceeds its limit, or a number exceeds 2^53-1.
    #[error("{0} is too large")]
    TooLarge(&'static str),
}

/// Kinds of things a refusal can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An account.
    Account,
    /// An e-mail address.
    Email,
    /// The vault, the key index or the pins.
    UserObject,
    /// A recovery record.
    Recovery,
    /// A session.
    Session,
    /// A sign-in under way.
    Login,
    /// A ticket key.
    TicketKey,
    /// A keyring.
    Keyring,
    /// A chain.
    Chain,
    /// A thread.
    Thread,
    /// An entry of a thread.
    Entry,
    /// A participant of a thread.
    Participant,
    /// A unit.
    Unit,
    /// A team.
    Team,
    /// An invitation.
    Invite,
    /// A call.
    Call,
    /// A blob.
    Blob,
    /// An appended entry that an event names.
    Event,
}

/// Why a read has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The queue of reads is full; the caller comes back later.
    #[error("the store is overloaded")]
    Overloaded,
    /// The database could not be read at this place: a page does not verify, or the disk fails.
    #[error("the database is damaged")]
    Damaged,
    /// The store has stopped.
    #[error("the store has stopped: {0}")]
    Stopped(Fatal),
}
