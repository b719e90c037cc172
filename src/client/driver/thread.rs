//! One thread: its verified state, what was read of it, and the seeds of its epochs.
//!
//! Not known here: how entries arrive.

use relais_chain::codec::{Reader, Writer};
use relais_chain::control::Control;
use relais_chain::entry::Kind;
use relais_chain::thread::{Applied, ThreadState};
use relais_chain::{ChainError, Signed, hash};
use relais_e2ee::body::Body;
use relais_e2ee::limits::TITLE_BYTES_MAX;
use relais_e2ee::thread::ThreadKeys;
use relais_wire::ids::{Bytes32, DeviceId, MsgId, ThreadId, UserId};
use relais_wire::threads::StoredEntry;
use zeroize::Zeroizing;

use super::book::Past;
use crate::error::{ClientError, Hostile};
use crate::limits::KEPT_HEADS_MAX;

/// Bytes of a thread's kept state: a snapshot of the largest size and the heads.
const KEPT_BYTES_MAX: usize = relais_chain::limits::SNAPSHOT_BYTES_MAX + 64 * 1024;

/// A thread as this client has verified it.
#[derive(Debug)]
pub struct Thread {
    pub(crate) state: ThreadState,
    pub(crate) keys: ThreadKeys,
    pub(crate) past: Past,
    pub(crate) title: Option<String>,
    pub(crate) epoch_messages: u64,
    pub(crate) epoch_since_ms: u64,
    /// Who asked for a box of the epoch in force and has not been given one.
    pub(crate) asked_box: Option<UserId>,
    /// Entries up to here were there before, or were told in an earlier run: they are no news.
    pub(crate) floor: u64,
    /// Up to where its state was kept.
    pub(crate) kept: u64,
    /// Whether it was once read up to the head that the server told of. Until then it may lack that this user takes
    /// part, or everything, and nothing is written to it.
    pub(crate) is_whole: bool,
}

/// What an entry says.
#[derive(Debug)]
pub enum Content {
    /// A message that could be read.
    Body(Body),
    /// A message from before this user's history begins, or whose content was deleted.
    Unreadable,
    /// A message that does not open under the key its author signed.
    Tampered(ClientError),
    /// A control entry.
    Control(Box<Control>),
    /// An entry of a newer version.
    Unknown,
}

/// An entry as a reader sees it.
#[derive(Debug)]
pub struct Message {
    /// The thread.
    pub thread: ThreadId,
    /// Position.
    pub n: u64,
    /// Its id.
    pub id: MsgId,
    /// Who signed it.
    pub author: UserId,
    /// On which device.
    pub device: DeviceId,
    /// The author's time, ms since 1970.
    pub written_ms: u64,
    /// Server time of the commit, ms since 1970.
    pub committed_ms: u64,
    /// What it says.
    pub content: Content,
}

impl Thread {
    pub(crate) fn new(thread: ThreadId) -> Self {
        let state = ThreadState::new(thread);
        let mut past = Past::default();
        past.heads.insert(0, state.head().head);
        Self {
            state,
            keys: ThreadKeys::new(thread),
            past,
            title: None,
            epoch_messages: 0,
            epoch_since_ms: 0,
            asked_box: None,
            floor: 0,
            kept: 0,
            is_whole: false,
        }
    }

    /// What a later run goes on from: the verified state, the last heads, and what is counted of the epoch.
    pub(crate) fn keep(&self) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let snapshot = self.state.to_snapshot().map_err(|_| ClientError::TooLarge)?;
        let mut w = Writer::new();
        w.array(7).uint(1).bin(&snapshot);
        match &self.title {
            Some(title) => w.str(title),
            None => w.nil(),
        };
        w.uint(self.epoch_messages).uint(self.epoch_since_ms);
        w.opt_bin(self.asked_box.as_ref().map(|user| &user.as_bytes()[..]));
        let heads: Vec<_> = self.past.heads.iter().rev().take(KEPT_HEADS_MAX).collect();
        w.array(heads.len());
        for (n, head) in heads {
            w.array(2).uint(*n).bin(head.as_bytes());
        }
        w.finish().map(Zeroizing::new).map_err(|_| ClientError::TooLarge)
    }

    /// Goes on from what [`Self::keep`] made. `None` for bytes that are not that.
    pub(crate) fn resume(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes, KEPT_BYTES_MAX).ok()?;
        r.array(7).ok()?;
        if r.uint().ok()? != 1 {
            return None;
        }
        let snapshot = r.bin(KEPT_BYTES_MAX).ok()?;
        let state = ThreadState::from_snapshot(snapshot, &hash::sha256(snapshot)).ok()?;
        let title = r.opt(|r| r.str(TITLE_BYTES_MAX).map(ToOwned::to_owned)).ok()?;
        let (epoch_messages, epoch_since_ms) = (r.uint().ok()?, r.uint().ok()?);
        let asked_box = r.opt(Reader::fixed).ok()?.map(UserId::from_bytes);
        let heads = r
            .each(KEPT_HEADS_MAX, |r| {
                r.array(2)?;
                Ok((r.uint()?, Bytes32::from_bytes(r.fixed()?)))
            })
            .ok()?;
        r.end().ok()?;
        let (id, n) = (state.thread(), state.head().n);
        let mut past = Past { heads: heads.into_iter().collect(), ..Past::default() };
        past.heads.insert(0, ThreadState::new(id).head().head);
        if past.heads.get(&n) != Some(&state.head().head) {
            return None;
        }
        let keys = ThreadKeys::resumed(id, state.roster().epoch());
        Some(Self {
            state,
            keys,
            past,
            title,
            epoch_messages,
            epoch_since_ms,
            asked_box,
            floor: n,
            kept: n,
            is_whole: false,
        })
    }

    /// The verified state.
    #[must_use]
    pub const fn state(&self) -> &ThreadState {
        &self.state
    }

    /// The title, as the last message that named one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Takes note of an entry that the state took in.
    pub(crate) fn note(&mut self, applied: &Applied, committed_ms: u64) {
        self.past.heads.insert(applied.n, applied.head);
        self.past.seen.insert(applied.core.msg_id);
        match &applied.control {
            Some(control) => {
                if matches!(control, Control::Create(_) | Control::Epoch(_)) {
                    self.asked_box = None;
                    self.epoch_messages = 0;
                    self.epoch_since_ms = committed_ms;
                }
                // An older epoch is behind the history wall, or opens with the one in force.
                let current = self.state.roster().epoch().number;
                if matches!(control, Control::ReboxRequest { epoch, .. } if *epoch == current) {
                    self.asked_box = Some(applied.core.author.user);
                }
                self.keys.note(control);
            }
            None if applied.core.kind == Kind::Message => self.epoch_messages += 1,
            None => {}
        }
    }

    /// Compares an entry that is known already with the one that was served again.
    pub(crate) fn check_known(&self, entry: &StoredEntry) -> Result<(), ClientError> {
        let n = entry.n.get();
        let (Some(before), Some(known)) =
            (n.checked_sub(1).and_then(|n| self.past.heads.get(&n)), self.past.heads.get(&n))
        else {
            return Ok(());
        };
        let hash = Signed::parse(&bytes_of(entry)?).map_err(ClientError::entry)?.entry_hash();
        if hash::head(before, n, &hash) == *known { Ok(()) } else { Err(Hostile::ThreadForked.into()) }
    }
}

/// An entry as one signed object; a stub where its content was dropped.
pub(crate) fn bytes_of(entry: &StoredEntry) -> Result<Vec<u8>, ClientError> {
    let wrong = ClientError::entry;
    let sig = <[u8; 64]>::try_from(entry.sig.as_slice()).map_err(|_| wrong(ChainError::WrongLength))?;
    match (&entry.payload, &entry.payload_hash) {
        (Some(payload), _) => {
            Signed::whole(entry.core.0.clone(), payload.0.clone(), sig).to_bytes().map_err(wrong)
        }
        (None, Some(hash)) => {
            let mut w = Writer::new();
            w.array(4).bin(&entry.core.0).nil().bin(&sig).bin(hash.as_bytes());
            w.finish().map_err(wrong)
        }
        (None, None) => Err(wrong(ChainError::PayloadMissing)),
    }
}
