//! The thread chain: folding entries into a state, used alike by the server at append and by every client.
//!
//! Contract: [`ThreadState::check`] verifies an entry against the state without changing it (signature,
//! author, rights, anchor); [`ThreadState::commit`] then checks the position again and takes it in.
//! [`ThreadState::append`] does both. A server may check outside its lock and run only
//! [`HeadState::advance`] with [`Checked::claim`] inside; it takes the entry into its own state after the
//! commit. On any error the state is unchanged.
//!
//! Checks, in this order, so that every implementation gives the same error:
//! 1. envelope and core parse; the thread is this one; it is not closed; `create` comes first and once;
//!    `ctrl_head` on a control entry is the head after the last control entry; `epoch` is the one in force; no
//!    epoch is due (messages); the anchor is not ahead, and equals the head where this position is at hand
//!    (the current one, that of the last control entry, 0); `close` anchors to the current head;
//! 2. `on_behalf` is nil; the kind is known (at append);
//! 3. the author's key at `author_chain_seq` is known, and current (at append); the device is not revoked; the
//!    signature verifies; the `msg_id` is new; the anchor equals the head that stood there;
//! 4. the payload parses, a message's is not over its bound; the author takes part or holds the capacity named;
//!    the act is allowed; at append every generation that an epoch or box is sealed to, and for a message those of
//!    the epoch in force, is current;
//! 5. at commit: step 1 again; the control head is the one the entry was checked against; `aseq` is the last one
//!    of this author on this device plus 1; the signing key is not older than one the author used before.
//!
//! Then `n` grows by one and the head is computed; a control entry moves the control head, `epoch` the epoch.
//!
//! Entries of unknown kinds are hashed and counted when replaying, change nothing else and set
//! [`ThreadState::update_needed`]; appending them is refused.
//!
//! A stub (payload erased or withheld) verifies for a message and for `link_patient`, whose payload is
//! served to one organization's readers only; other control entries need their payload.
//!
//! What replay cannot see: that an entry signed with a key, capacity or generation of an earlier time was in
//! fact appended later. Keys may not go back per author, capacities not before the epoch's generation,
//! generations not below the last epoch's; finer order needs the transparency log.
//!
//! Not known here: ciphertext, seeds, and who is shown what.

use std::collections::BTreeMap;

use relais_wire::ids::{Bytes32, DeviceId, MsgId, ThreadId, UserId};

use crate::control::Control;
use crate::entry::{Anchor, EntryCore, Kind, Priority};
use crate::envelope::Signed;
use crate::error::{ChainError, refuse};
use crate::facts::{DeviceStanding, Facts, Mode};
use crate::hash::LABEL_MSG;
use crate::head::{Claim, HeadState, LastOf};
use crate::limits::{MESSAGE_BYTES_MAX, WRITERS_MAX};
use crate::link::Author;
use crate::roster::{Act, Acting, Roster};

/// A thread's verified state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadState {
    pub(crate) head: HeadState,
    pub(crate) roster: Roster,
    /// Last counter per author and device.
    pub(crate) writers: BTreeMap<(UserId, DeviceId), u64>,
    /// Newest signing key generation per author.
    pub(crate) key_generations: BTreeMap<UserId, u64>,
    pub(crate) update_needed: bool,
}

/// An entry that was verified against a state and may be committed.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its core.
    pub core: EntryCore,
    /// What it says, unless it is a message, an unknown kind or a stub.
    pub control: Option<Control>,
    /// Whether the anchor's head was known and compared. Always, except when replaying an entry that is
    /// anchored before what the verifier remembers.
    pub anchor_checked: bool,
    claim: Claim,
    next: Option<Box<Roster>>,
}

impl Checked {
    /// What the committer checks: [`HeadState::advance`].
    #[must_use]
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Who takes part after this entry, when it changes that.
    #[must_use]
    pub fn next_roster(&self) -> Option<&Roster> {
        self.next.as_deref()
    }
}

/// An entry that was taken in.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its core.
    pub core: EntryCore,
    /// What it says, unless it is a message, an unknown kind or a stub.
    pub control: Option<Control>,
    /// Its position.
    pub n: u64,
    /// The head after it.
    pub head: Bytes32,
    /// Its hash.
    pub entry: Bytes32,
    /// Whether the anchor's head was known and compared.
    pub anchor_checked: bool,
}

impl Applied {
    /// Compares with the position and head that the server told.
    ///
    /// # Errors
    /// [`ChainError::WrongPosition`] or [`ChainError::HeadMismatch`].
    pub fn expect(&self, n: u64, head: &Bytes32) -> Result<(), ChainError> {
        if self.n != n {
            refuse(ChainError::WrongPosition)?;
        }
        if self.head == *head { Ok(()) } else { refuse(ChainError::HeadMismatch) }
    }
}

impl ThreadState {
    /// A thread without entries; the first must be `create`.
    #[must_use]
    pub fn new(thread: ThreadId) -> Self {
        Self {
            head: HeadState::new(thread),
            roster: Roster::empty(),
            writers: BTreeMap::new(),
            key_generations: BTreeMap::new(),
            update_needed: false,
        }
    }

    /// Verifies an entry against this state.
    ///
    /// # Errors
    /// Any [`ChainError`].
    pub fn check(&self, facts: &dyn Facts, bytes: &[u8], mode: Mode) -> Result<Checked, ChainError> {
        let signed = Signed::parse(bytes)?;
        let core = EntryCore::parse(signed.core())?;
        self.head.check(&core)?;
        self.check_support(&core, mode)?;
        let key_generation = verify_author(&signed, &core, facts, mode)?;
        if facts.seen(core.thread, core.msg_id) {
            refuse(ChainError::MsgIdReused)?;
        }
        let anchor_checked = self.check_anchor(&core, facts, mode)?;
        let control = parse_control(&signed, &core, mode)?;
        let next = self.judge(&core, control.as_ref(), facts, mode)?;
        let after = next.as_deref().unwrap_or(&self.roster);
        let claim = Claim {
            kind: core.kind,
            entry: signed.entry_hash(),
            epoch: core.epoch,
            aseq: core.aseq,
            key_generation,
            anchor: core.anchor,
            ctrl_head: core.ctrl_head,
            against: self.head.ctrl_head,
            next_epoch: after.epoch().number,
            next_phase: after.phase(),
        };
        Ok(Checked { core, control, anchor_checked, claim, next })
    }

    /// Takes in an entry that was checked.
    ///
    /// # Errors
    /// Those of [`HeadState::advance`]; then nothing changes.
    pub fn commit(&mut self, checked: Checked) -> Result<Applied, ChainError> {
        let Checked { core, control, anchor_checked, claim, next } = checked;
        let head = self.head.advance(&claim, self.last_of(core.author.user, core.device))?;
        self.head = head;
        self.writers.insert((core.author.user, core.device), core.aseq);
        self.key_generations.insert(core.author.user, claim.key_generation);
        if let Some(next) = next {
            self.roster = *next;
        }
        self.update_needed |= matches!(core.kind, Kind::Unknown(_));
        Ok(Applied { core, control, n: head.n, head: head.head, entry: claim.entry, anchor_checked })
    }

    /// Verifies an entry and takes it in.
    ///
    /// # Errors
    /// Any [`ChainError`]; then nothing changes.
    pub fn append(&mut self, facts: &dyn Facts, bytes: &[u8], mode: Mode) -> Result<Applied, ChainError> {
        self.check(facts, bytes, mode).and_then(|checked| self.commit(checked))
    }

    /// The core of an author's next entry, anchored to the current head; the caller fills in the rest
    /// (checkpoint, blobs, priority, notified keyrings) and signs.
    #[must_use]
    pub fn draft(
        &self,
        kind: Kind,
        author: Author,
        device: DeviceId,
        msg_id: MsgId,
        ts_ms: u64,
    ) -> EntryCore {
        EntryCore {
            kind,
            thread: self.head.thread,
            epoch: self.head.epoch,
            msg_id,
            author,
            device,
            aseq: self.next_aseq(author.user, device),
            anchor: Anchor { seq: self.head.n, head: self.head.head },
            ts_ms,
            on_behalf: None,
            sth: None,
            blobs: Vec::new(),
            priority: Priority::Normal,
            notify: None,
            ctrl_head: kind.is_control().then_some(self.head.ctrl_head),
        }
    }

    fn check_support(&self, core: &EntryCore, mode: Mode) -> Result<(), ChainError> {
        if core.on_behalf.is_some() {
            return Err(ChainError::DelegationUnsupported);
        }
        if !mode.is_append() {
            return Ok(());
        }
        if matches!(core.kind, Kind::Unknown(_)) {
            return Err(ChainError::UnknownKind);
        }
        let is_new = !self.writers.contains_key(&(core.author.user, core.device));
        if is_new && self.writers.len() >= WRITERS_MAX { Err(ChainError::ThreadFull) } else { Ok(()) }
    }

    /// Compares the anchor with the head that stood there.
    fn check_anchor(&self, core: &EntryCore, facts: &dyn Facts, mode: Mode) -> Result<bool, ChainError> {
        let seq = core.anchor.seq;
        let known = self.head.known_head(seq).or_else(|| facts.head_at(core.thread, seq));
        match known {
            Some(head) if head == core.anchor.head => Ok(true),
            Some(_) => refuse(ChainError::AnchorMismatch).map(|()| false),
            None if mode.is_append() => Err(ChainError::AnchorUnknown),
            None => Ok(false),
        }
    }

    /// Whether the author may do this here; answers the roster after it when that changes.
    fn judge(
        &self,
        core: &EntryCore,
        control: Option<&Control>,
        facts: &dyn Facts,
        mode: Mode,
    ) -> Result<Option<Box<Roster>>, ChainError> {
        if matches!(core.kind, Kind::Unknown(_)) {
            return Ok(None);
        }
        let who = if core.kind == Kind::Create {
            Acting { id: core.author.user, user: None, team: None }
        } else {
            self.roster.acting(core, facts, mode)?
        };
        let act = Act { core, who, facts, mode };
        match control {
            None if core.kind == Kind::Message => self.roster.check_message(&act).map(|()| None),
            None => act.who.takes_part().map(|()| None),
            Some(control) => {
                let mut next = Box::new(self.roster.clone());
                next.apply(&act, control)?;
                Ok(Some(next))
            }
        }
    }

    fn last_of(&self, user: UserId, device: DeviceId) -> LastOf {
        LastOf {
            aseq: self.writers.get(&(user, device)).copied().unwrap_or(0),
            key_generation: self.key_generations.get(&user).copied().unwrap_or(0),
        }
    }

    /// The thread.
    #[must_use]
    pub const fn thread(&self) -> ThreadId {
        self.head.thread
    }

    /// The position.
    #[must_use]
    pub const fn head(&self) -> &HeadState {
        &self.head
    }

    /// Who takes part, under which policy and epoch.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The counter that an author's next entry from a device must carry.
    #[must_use]
    pub fn next_aseq(&self, user: UserId, device: DeviceId) -> u64 {
        self.last_of(user, device).aseq + 1
    }

    /// Whether an entry of an unknown kind was met: this software is too old for this thread.
    #[must_use]
    pub const fn update_needed(&self) -> bool {
        self.update_needed
    }
}

/// Verifies signature, key and device; answers the generation of the key.
fn verify_author(
    signed: &Signed,
    core: &EntryCore,
    facts: &dyn Facts,
    mode: Mode,
) -> Result<u64, ChainError> {
    let (user, seq) = (core.author.user, core.author.chain_seq);
    let signer = facts.signer(user, seq).ok_or(ChainError::UnknownSigner)?;
    if mode.is_append() && !signer.current {
        return Err(ChainError::SupersededKey);
    }
    match facts.device(user, core.device, seq).ok_or(ChainError::UnknownSigner)? {
        DeviceStanding::Revoked => return Err(ChainError::RevokedDevice),
        DeviceStanding::RevokedSince if mode.is_append() => return Err(ChainError::RevokedDevice),
        DeviceStanding::RevokedSince | DeviceStanding::Unlisted | DeviceStanding::Live => {}
    }
    signed.verify(&signer.key, LABEL_MSG)?;
    Ok(signer.generation)
}

/// The payload of a control entry; `None` for messages, unknown kinds and stubs that need none.
fn parse_control(signed: &Signed, core: &EntryCore, mode: Mode) -> Result<Option<Control>, ChainError> {
    let is_opaque = matches!(core.kind, Kind::Message | Kind::Unknown(_));
    match signed.payload() {
        Some(payload) if is_opaque && payload.len() > MESSAGE_BYTES_MAX => Err(ChainError::TooLong),
        Some(_) if is_opaque => Ok(None),
        Some(payload) => Control::parse(core.kind, payload).map(Some),
        None if !mode.is_append() && (is_opaque || core.kind == Kind::LinkPatient) => Ok(None),
        None => Err(ChainError::PayloadMissing),
    }
}
