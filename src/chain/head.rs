//! The position of a thread: the few values that a committer checks and advances under its lock, without any
//! signature work.
//!
//! Contract: [`ThreadState::check`](crate::thread::ThreadState::check) does everything else beforehand and
//! gives a [`Claim`]. [`HeadState::advance`] decides at commit. If it answers [`ChainError::Moved`], a
//! control entry came between; check again against the new state.
//!
//! Not known here: parties, policies, payloads.

use relais_wire::ids::{Bytes32, ThreadId};

use crate::entry::{Anchor, EntryCore, Kind};
use crate::error::{ChainError, refuse};
use crate::hash;

/// Whether entries may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Messages and control entries.
    Open = 0,
    /// Participants changed: control entries only, until a new epoch.
    EpochDue = 1,
    /// Nothing, ever again (THR-03).
    Closed = 2,
}

/// Position of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadState {
    /// The thread.
    pub thread: ThreadId,
    /// Entries so far; the last one's position.
    pub n: u64,
    /// The head after entry `n`.
    pub head: Bytes32,
    /// Position of the last control entry.
    pub ctrl_n: u64,
    /// The head after it.
    pub ctrl_head: Bytes32,
    /// The epoch in force.
    pub epoch: u64,
    /// Whether entries may be written.
    pub phase: Phase,
}

/// What the thread knows of an entry's author. Zeros for an author it has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastOf {
    /// Last `aseq` of this author on this device.
    pub aseq: u64,
    /// Newest signing key generation this author used in this thread, on any device.
    pub key_generation: u64,
}

/// What an entry that was checked says about positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it is.
    pub kind: Kind,
    /// Its hash.
    pub entry: Bytes32,
    /// The epoch it names.
    pub epoch: u64,
    /// Its author's counter.
    pub aseq: u64,
    /// Generation of the key that signed it.
    pub key_generation: u64,
    /// Its anchor.
    pub anchor: Anchor,
    /// The control head it names, on control entries.
    pub ctrl_head: Option<Bytes32>,
    /// The control head it was checked against.
    pub against: Bytes32,
    /// The epoch in force after it.
    pub next_epoch: u64,
    /// The phase after it.
    pub next_phase: Phase,
}

impl HeadState {
    /// A thread without entries.
    #[must_use]
    pub fn new(thread: ThreadId) -> Self {
        let head = hash::head_zero(thread);
        Self { thread, n: 0, head, ctrl_n: 0, ctrl_head: head, epoch: 0, phase: Phase::Open }
    }

    /// The checks that a core alone decides. Cheap: worth doing before any signature.
    ///
    /// # Errors
    /// 6xx errors; [`ChainError::WrongThread`]; [`ChainError::MisplacedCreate`].
    pub fn check(&self, core: &EntryCore) -> Result<(), ChainError> {
        if core.thread != self.thread {
            return Err(ChainError::WrongThread);
        }
        self.check_place(core.kind, core.epoch, core.anchor, core.ctrl_head)
    }

    fn check_place(
        &self,
        kind: Kind,
        epoch: u64,
        anchor: Anchor,
        ctrl_head: Option<Bytes32>,
    ) -> Result<(), ChainError> {
        if self.phase == Phase::Closed {
            refuse(ChainError::Closed)?;
        }
        if (kind == Kind::Create) != (self.n == 0) {
            return Err(ChainError::MisplacedCreate);
        }
        if ctrl_head.is_some_and(|named| named != self.ctrl_head) {
            refuse(ChainError::StaleCtrlHead)?;
        }
        if epoch != self.epoch {
            refuse(ChainError::StaleEpoch)?;
        }
        if kind == Kind::Message && self.phase == Phase::EpochDue {
            refuse(ChainError::EpochDue)?;
        }
        if anchor.seq > self.n {
            refuse(ChainError::AnchorAhead)?;
        }
        if self.known_head(anchor.seq).is_some_and(|head| head != anchor.head) {
            refuse(ChainError::AnchorMismatch)?;
        }
        let is_current = anchor.seq == self.n && anchor.head == self.head;
        if kind == Kind::Close && !is_current { refuse(ChainError::StaleAnchor) } else { Ok(()) }
    }

    /// The head at a position, where this alone knows it.
    #[must_use]
    pub fn known_head(&self, seq: u64) -> Option<Bytes32> {
        if seq == self.n {
            Some(self.head)
        } else if seq == self.ctrl_n {
            Some(self.ctrl_head)
        } else if seq == 0 {
            Some(hash::head_zero(self.thread))
        } else {
            None
        }
    }

    /// The position after this entry, if it may stand here.
    ///
    /// # Errors
    /// 6xx errors; [`ChainError::KeyGoesBack`]; [`ChainError::MisplacedCreate`].
    pub fn advance(&self, claim: &Claim, last: LastOf) -> Result<Self, ChainError> {
        self.check_place(claim.kind, claim.epoch, claim.anchor, claim.ctrl_head)?;
        if claim.against != self.ctrl_head {
            return Err(ChainError::Moved);
        }
        if claim.aseq <= last.aseq {
            refuse(ChainError::AseqReplayed)?;
        }
        if claim.aseq > last.aseq + 1 {
            refuse(ChainError::AseqGap)?;
        }
        if claim.key_generation < last.key_generation {
            refuse(ChainError::KeyGoesBack)?;
        }
        let n = self.n + 1;
        let head = hash::head(&self.head, n, &claim.entry);
        let (ctrl_n, ctrl_head) =
            if claim.ctrl_head.is_some() { (n, head) } else { (self.ctrl_n, self.ctrl_head) };
        let (epoch, phase) = if claim.ctrl_head.is_some() {
            (claim.next_epoch, claim.next_phase)
        } else {
            (self.epoch, self.phase)
        };
        Ok(Self { thread: self.thread, n, head, ctrl_n, ctrl_head, epoch, phase })
    }
}
