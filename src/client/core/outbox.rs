//! Messages on their way: written, sealed, sent, acknowledged.
//!
//! A draft keeps its local id for ever. A sealed batch is one exact byte string under one idempotency key: it
//! is sent again unchanged until an answer comes, so nothing is lost or doubled by a lost connection, a lost
//! answer or a lost process. When the server answers that what the batch builds on has changed, the batch is
//! taken apart and sealed anew with new message ids and a new key, at most [`RESEAL_MAX`] times, and only after
//! whoever drives the outbox has looked into the thread ([`Outbox::found`]): what stands there is not sent again.
//! A thread about which the server lied is held as it is: nothing of it leaves, and nothing of it is lost, until
//! [`Outbox::hurry`].
//! One batch per thread is under way at a time: order within a thread is the order of writing.
//!
//! Every change comes with the [`Record`]s that a journal keeps; [`Outbox::restore`] takes them back.
//!
//! Not known here: keys, how a message is sealed, sockets, disks.

use std::collections::{BTreeMap, VecDeque};

use relais_wire::ids::{IdemKey, ThreadId};
use relais_wire::threads::{Append, SignedEntry};
use relais_wire::{Bin, ErrorCode, Refusal};

use crate::limits::{
    DRAFT_BYTES_PER_APPEND, DRAFTS_PER_APPEND, OUTBOX_DRAFTS_MAX, RESEAL_MAX, RESEND_AFTER_MS,
};

/// Local id of a draft; never leaves the device.
pub type DraftId = u64;

/// A message as its author wrote it: an encoded body, before sealing.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Local id.
    pub id: DraftId,
    /// Where it goes.
    pub thread: ThreadId,
    /// The encoded body.
    pub body: Vec<u8>,
}

impl core::fmt::Debug for Draft {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Draft").field("id", &self.id).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// What a journal keeps, in the order it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A draft was written.
    Written(Draft),
    /// Drafts of a thread were sealed into one request.
    Sealed {
        /// Which drafts.
        drafts: Vec<DraftId>,
        /// The exact request.
        append: Append,
    },
    /// The sealed request of a thread was taken apart; its drafts are written ones again.
    Unsealed {
        /// The thread.
        thread: ThreadId,
    },
    /// Drafts are done with: acknowledged by the server, or refused for good and told.
    Done {
        /// Which.
        drafts: Vec<DraftId>,
    },
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Seal these drafts, in this order, and report [`Outbox::sealed`] or [`Outbox::unsealable`].
    Seal {
        /// The thread.
        thread: ThreadId,
        /// The drafts.
        drafts: Vec<Draft>,
    },
    /// Send this request as it is and report [`Outbox::answered`].
    Send(Append),
    /// Nothing until this moment, or until something is written or answered.
    Wait(Option<u64>),
}

/// When there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peek {
    /// Now.
    Now,
    /// At this moment, or only after something was written or answered.
    At(Option<u64>),
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The entries are durable.
    Accepted,
    /// The server refused.
    Refused(Refusal),
    /// It was not sent, or no answer came.
    Lost,
    /// What the server answered, or showed of what it answered about, is a lie.
    Doubted,
}

/// What became of drafts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Still on their way.
    Underway,
    /// Durable on the server.
    Accepted(Vec<DraftId>),
    /// Refused for good.
    Refused(Vec<DraftId>, Refusal),
    /// Refused as stale as often as sealing anew is tried; held from now on.
    Stuck(Refusal),
}

/// Why drafts cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsealable {
    /// It may be possible in a while.
    Now,
    /// The server lied about what they would be sealed to.
    Doubted,
    /// It will never be possible.
    Refused(Refusal),
}

/// The outbox takes no more drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox is full")]
pub struct Full;

#[derive(Clone, Debug)]
struct Batch {
    drafts: Vec<DraftId>,
    append: Append,
}

#[derive(Clone, Debug, Default)]
enum Stage {
    #[default]
    Idle,
    Sealing(Vec<DraftId>),
    Ready(Batch),
    Underway(Batch),
}

#[derive(Clone, Debug, Default)]
struct Lane {
    queue: VecDeque<Draft>,
    stage: Stage,
    reseals: u32,
    not_before: u64,
    /// Nothing of it leaves until somebody says [`Outbox::hurry`].
    held: bool,
}

impl Lane {
    const fn is_at_rest(&self) -> bool {
        matches!(self.stage, Stage::Sealing(_) | Stage::Underway(_)) || self.held
    }
}

/// The drafts of one account. See the module for its rules.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    lanes: BTreeMap<ThreadId, Lane>,
    next_id: DraftId,
    drafts: usize,
}

impl Outbox {
    /// An outbox from what its journal kept.
    #[must_use]
    pub fn restore(records: impl IntoIterator<Item = Record>) -> Self {
        let mut outbox = Self::default();
        for record in records {
            outbox.replay(record);
        }
        outbox.lanes.retain(|_, lane| !lane.queue.is_empty());
        outbox
    }

    fn replay(&mut self, record: Record) {
        match record {
            Record::Written(draft) => {
                self.next_id = self.next_id.max(draft.id + 1);
                self.drafts += 1;
                self.lanes.entry(draft.thread).or_default().queue.push_back(draft);
            }
            Record::Sealed { drafts, append } => {
                let lane = self.lanes.entry(append.thread).or_default();
                lane.stage = Stage::Ready(Batch { drafts, append });
            }
            Record::Unsealed { thread } => self.lanes.entry(thread).or_default().stage = Stage::Idle,
            Record::Done { drafts } => self.forget(&drafts),
        }
    }

    fn forget(&mut self, done: &[DraftId]) {
        for lane in self.lanes.values_mut() {
            let before = lane.queue.len();
            lane.queue.retain(|draft| !done.contains(&draft.id));
            if lane.queue.len() != before {
                self.drafts -= before - lane.queue.len();
                lane.stage = Stage::Idle;
                lane.reseals = 0;
            }
        }
    }

    /// Records that rebuild this outbox, for a journal that starts a new file.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        for lane in self.lanes.values() {
            records.extend(lane.queue.iter().cloned().map(Record::Written));
            if let Stage::Ready(batch) | Stage::Underway(batch) = &lane.stage {
                records.push(Record::Sealed { drafts: batch.drafts.clone(), append: batch.append.clone() });
            }
        }
        records.sort_by_key(|record| match record {
            Record::Written(draft) => (0, draft.id),
            Record::Sealed { .. } | Record::Unsealed { .. } | Record::Done { .. } => (1, 0),
        });
        records
    }

    /// Drafts that are not acknowledged yet.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.drafts
    }

    /// Whether everything written has been acknowledged.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.drafts == 0
    }

    /// Takes a message. It is safe once the record is durable.
    ///
    /// # Errors
    /// [`Full`].
    pub fn write(&mut self, thread: ThreadId, body: Vec<u8>) -> Result<(DraftId, Record), Full> {
        if self.drafts >= OUTBOX_DRAFTS_MAX {
            return Err(Full);
        }
        let draft = Draft { id: self.next_id, thread, body };
        self.next_id += 1;
        self.drafts += 1;
        self.lanes.entry(thread).or_default().queue.push_back(draft.clone());
        Ok((draft.id, Record::Written(draft)))
    }

    /// What to do now.
    pub fn next(&mut self, now: u64) -> Next {
        let mut wake = None;
        for (thread, lane) in &mut self.lanes {
            if lane.queue.is_empty() || lane.is_at_rest() {
                continue;
            }
            if now < lane.not_before {
                wake = Some(wake.map_or(lane.not_before, |at: u64| at.min(lane.not_before)));
                continue;
            }
            if let Stage::Ready(batch) = core::mem::take(&mut lane.stage) {
                let append = batch.append.clone();
                lane.stage = Stage::Underway(batch);
                return Next::Send(append);
            }
            let drafts = one_request(&lane.queue);
            lane.stage = Stage::Sealing(drafts.iter().map(|draft| draft.id).collect());
            return Next::Seal { thread: *thread, drafts };
        }
        Next::Wait(wake)
    }

    /// What [`Self::next`] would say, without beginning it.
    #[must_use]
    pub fn peek(&self, now: u64) -> Peek {
        let mut wake = None;
        for lane in self.lanes.values() {
            if lane.queue.is_empty() || lane.is_at_rest() {
                continue;
            }
            if now >= lane.not_before {
                return Peek::Now;
            }
            wake = Some(wake.map_or(lane.not_before, |at: u64| at.min(lane.not_before)));
        }
        Peek::At(wake)
    }

    /// The request of a thread that is under way.
    #[must_use]
    pub fn underway(&self, thread: ThreadId) -> Option<&Append> {
        match self.lanes.get(&thread).map(|lane| &lane.stage) {
            Some(Stage::Underway(batch)) => Some(&batch.append),
            Some(Stage::Idle | Stage::Sealing(_) | Stage::Ready(_)) | None => None,
        }
    }

    /// The first `count` of the drafts asked for were sealed into these entries (an epoch may come first).
    /// The record must be durable before the request is sent.
    pub fn sealed(
        &mut self,
        thread: ThreadId,
        count: usize,
        idem: IdemKey,
        entries: Vec<SignedEntry>,
    ) -> Option<Record> {
        let lane = self.lanes.get_mut(&thread)?;
        let Stage::Sealing(mut drafts) = core::mem::take(&mut lane.stage) else { return None };
        drafts.truncate(count);
        let append = Append { idem, thread, entries };
        lane.stage = Stage::Ready(Batch { drafts: drafts.clone(), append: append.clone() });
        Some(Record::Sealed { drafts, append })
    }

    /// The drafts cannot be sealed: they are tried again after a while, held, or given up.
    pub fn unsealable(&mut self, thread: ThreadId, now: u64, why: Unsealable) -> (Fate, Option<Record>) {
        let Some(lane) = self.lanes.get_mut(&thread) else { return (Fate::Underway, None) };
        let Stage::Sealing(drafts) = core::mem::take(&mut lane.stage) else { return (Fate::Underway, None) };
        match why {
            Unsealable::Refused(refusal) => return self.give_up(drafts, refusal),
            Unsealable::Doubted => lane.held = true,
            Unsealable::Now => lane.not_before = now + RESEND_AFTER_MS,
        }
        (Fate::Underway, None)
    }

    /// What came of the request of a thread.
    pub fn answered(&mut self, thread: ThreadId, now: u64, answer: Answer) -> (Fate, Option<Record>) {
        let Some(lane) = self.lanes.get_mut(&thread) else { return (Fate::Underway, None) };
        let Stage::Underway(batch) = core::mem::take(&mut lane.stage) else { return (Fate::Underway, None) };
        match answer {
            Answer::Accepted => {
                self.forget(&batch.drafts);
                self.drop_idle(thread);
                (Fate::Accepted(batch.drafts.clone()), Some(Record::Done { drafts: batch.drafts }))
            }
            Answer::Lost => {
                lane.stage = Stage::Ready(batch);
                lane.not_before = now + RESEND_AFTER_MS;
                (Fate::Underway, None)
            }
            Answer::Doubted => {
                lane.stage = Stage::Ready(batch);
                lane.held = true;
                (Fate::Underway, None)
            }
            Answer::Refused(refusal) if refusal.code.is_transient() => {
                lane.stage = Stage::Ready(batch);
                lane.not_before = now + refusal.retry_after.map_or(RESEND_AFTER_MS, |after| after.get());
                (Fate::Underway, None)
            }
            Answer::Refused(refusal) if builds_on_the_past(&refusal) && lane.reseals < RESEAL_MAX => {
                lane.reseals += 1;
                (Fate::Underway, Some(Record::Unsealed { thread }))
            }
            Answer::Refused(refusal) if refusal.code == ErrorCode::Stale => {
                lane.stage = Stage::Ready(batch);
                lane.held = true;
                (Fate::Stuck(refusal), None)
            }
            Answer::Refused(refusal) => self.give_up(batch.drafts, refusal),
        }
    }

    /// Entries of a thread's request that stand in the thread, whatever was answered or not: their drafts are
    /// durable. To be asked before anything is sealed anew.
    pub fn found(
        &mut self,
        thread: ThreadId,
        stands_there: impl Fn(&SignedEntry) -> bool,
    ) -> (Fate, Option<Record>) {
        let batch = match self.lanes.get(&thread).map(|lane| &lane.stage) {
            Some(Stage::Ready(batch) | Stage::Underway(batch)) => batch,
            Some(Stage::Idle | Stage::Sealing(_)) | None => return (Fate::Underway, None),
        };
        // Each draft is one entry; an epoch may stand before the first.
        let entries = batch.append.entries.iter().rev().zip(batch.drafts.iter().rev());
        let mut drafts: Vec<DraftId> =
            entries.filter(|(entry, _)| stands_there(entry)).map(|(_, draft)| *draft).collect();
        if drafts.is_empty() {
            return (Fate::Underway, None);
        }
        drafts.reverse();
        self.forget(&drafts);
        self.drop_idle(thread);
        (Fate::Accepted(drafts.clone()), Some(Record::Done { drafts }))
    }

    /// Gives up what is held of a thread.
    pub fn abandon(&mut self, thread: ThreadId, refusal: Refusal) -> (Fate, Option<Record>) {
        match self.lanes.get(&thread) {
            Some(Lane { held: true, stage: Stage::Ready(batch), .. }) => {
                let drafts = batch.drafts.clone();
                self.give_up(drafts, refusal)
            }
            Some(_) | None => (Fate::Underway, None),
        }
    }

    /// The request of a thread could not be kept: it must not leave, its drafts are written ones again.
    pub fn not_kept(&mut self, thread: ThreadId) {
        if let Some(lane) = self.lanes.get_mut(&thread)
            && matches!(lane.stage, Stage::Ready(_))
        {
            lane.stage = Stage::Idle;
        }
    }

    /// The last message could not be kept: it was never written.
    pub fn take_back(&mut self, id: DraftId) {
        for lane in self.lanes.values_mut() {
            if matches!(lane.queue.back(), Some(draft) if draft.id == id) {
                lane.queue.pop_back();
                self.drafts -= 1;
            }
        }
        self.lanes.retain(|_, lane| !lane.queue.is_empty());
    }

    /// Whether a request of this thread was made that is not known to have been answered.
    #[must_use]
    pub fn has_request(&self, thread: ThreadId) -> bool {
        let stage = self.lanes.get(&thread).map(|lane| &lane.stage);
        matches!(stage, Some(Stage::Ready(_) | Stage::Underway(_)))
    }

    /// Whether there are drafts, and all of them are held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.drafts > 0 && self.lanes.values().all(|lane| lane.held || lane.queue.is_empty())
    }

    /// A connection came back: whatever waits for it goes now, and what is held is tried again.
    pub fn hurry(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.not_before = 0;
            if core::mem::take(&mut lane.held) {
                lane.reseals = 0;
            }
        }
    }

    fn give_up(&mut self, drafts: Vec<DraftId>, refusal: Refusal) -> (Fate, Option<Record>) {
        self.forget(&drafts);
        self.lanes.retain(|_, lane| !lane.queue.is_empty());
        (Fate::Refused(drafts.clone(), refusal), Some(Record::Done { drafts }))
    }

    fn drop_idle(&mut self, thread: ThreadId) {
        if self.lanes.get(&thread).is_some_and(|lane| lane.queue.is_empty()) {
            self.lanes.remove(&thread);
        }
    }
}

/// The first drafts of a queue, as many as one request carries.
fn one_request(queue: &VecDeque<Draft>) -> Vec<Draft> {
    let mut room = DRAFT_BYTES_PER_APPEND;
    let fits = |draft: &&Draft| {
        let left = room.checked_sub(draft.body.len());
        room = left.unwrap_or(0);
        left.is_some()
    };
    let mut drafts: Vec<Draft> = queue.iter().take(DRAFTS_PER_APPEND).take_while(fits).cloned().collect();
    // One that is larger than any request is refused where it is sealed, and told.
    if drafts.is_empty() {
        drafts.extend(queue.front().cloned());
    }
    drafts
}

/// Whether the same drafts, sealed anew on what is current, may be accepted: a newer epoch, keyring
/// generation or head, or a position in the chain (6xx) that moved on. A closed thread (601) is not one.
fn builds_on_the_past(refusal: &Refusal) -> bool {
    let moved = refusal.chain_code.is_some_and(|code| (602..=613).contains(&code) || code == 404);
    matches!(refusal.code, ErrorCode::Stale | ErrorCode::Conflict | ErrorCode::BoxMissing)
        || (refusal.code == ErrorCode::ChainRefused && moved)
}

/// An entry as the wire carries it.
#[must_use]
pub fn signed_entry(core: &[u8], payload: &[u8], sig: &[u8]) -> SignedEntry {
    SignedEntry { core: Bin::from(core), payload: Bin::from(payload), sig: Bin::from(sig) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_wire::ids::{IdemKey, ThreadId};
    use relais_wire::threads::Append;
    use relais_wire::{ErrorCode, Refusal};

    use super::{Answer, DraftId, Fate, Next, Outbox, Record, signed_entry};
    use crate::limits::RESEAL_MAX;

    const THREAD: ThreadId = ThreadId::from_bytes([1; 16]);

    fn key(n: u8) -> IdemKey {
        IdemKey::from_bytes([n; 16])
    }

    /// Seals whatever is asked for; the entry's payload is the drafts' bodies.
    fn seal(outbox: &mut Outbox, n: u8) -> (Append, Record) {
        let Next::Seal { thread, drafts } = outbox.next(u64::MAX) else { panic!("nothing to seal") };
        let entries = drafts.iter().map(|draft| signed_entry(&[n], &draft.body, &[])).collect();
        let record = outbox.sealed(thread, drafts.len(), key(n), entries).expect("it was asked for");
        let Next::Send(append) = outbox.next(u64::MAX) else { panic!("nothing to send") };
        (append, record)
    }

    fn stale() -> Answer {
        Answer::Refused(Refusal::new(ErrorCode::Stale))
    }

    #[test]
    fn a_lost_answer_sends_the_same_bytes_again() {
        let mut outbox = Outbox::default();
        outbox.write(THREAD, vec![1]).unwrap();
        let (first, _) = seal(&mut outbox, 7);
        assert_eq!(outbox.answered(THREAD, 0, Answer::Lost), (Fate::Underway, None));
        assert!(matches!(outbox.next(0), Next::Wait(Some(_))));
        outbox.hurry();
        assert_eq!(outbox.next(0), Next::Send(first));
    }

    #[test]
    fn stale_seals_anew_with_another_key_and_keeps_the_draft_five_times() {
        let mut outbox = Outbox::default();
        let (id, _) = outbox.write(THREAD, vec![1]).unwrap();
        for n in 0..u8::try_from(RESEAL_MAX).unwrap() {
            let (append, _) = seal(&mut outbox, n);
            assert_eq!(append.idem, key(n));
            let (fate, record) = outbox.answered(THREAD, 0, stale());
            assert_eq!((fate, record), (Fate::Underway, Some(Record::Unsealed { thread: THREAD })));
        }
        let (last, _) = seal(&mut outbox, 99);
        let fate = outbox.answered(THREAD, 0, stale());
        assert_eq!(fate, (Fate::Stuck(Refusal::new(ErrorCode::Stale)), None));
        // It is held, not lost: with the next connection it is tried again.
        assert_eq!((outbox.next(u64::MAX), outbox.is_held()), (Next::Wait(None), true));
        outbox.hurry();
        assert_eq!(outbox.next(0), Next::Send(last));
        assert!(matches!(
            outbox.answered(THREAD, 0, stale()),
            (Fate::Underway, Some(Record::Unsealed { .. }))
        ));
        assert_eq!((outbox.len(), id), (1, 0));
    }

    #[test]
    fn what_is_held_can_be_given_up() {
        let mut outbox = Outbox::default();
        let (id, _) = outbox.write(THREAD, vec![1]).unwrap();
        seal(&mut outbox, 1);
        outbox.answered(THREAD, 0, Answer::Doubted);
        let refusal = Refusal::new(ErrorCode::Stale);
        assert_eq!(outbox.abandon(THREAD, refusal.clone()).0, Fate::Refused(vec![id], refusal));
        assert!(outbox.is_empty() && !outbox.is_held());
    }

    #[test]
    fn what_the_server_lied_about_is_held_unchanged_until_the_next_connection() {
        let mut outbox = Outbox::default();
        outbox.write(THREAD, vec![1]).unwrap();
        outbox.write(THREAD, vec![2]).unwrap();
        let (append, _) = seal(&mut outbox, 1);
        assert_eq!(outbox.answered(THREAD, 0, Answer::Doubted), (Fate::Underway, None));
        assert_eq!((outbox.next(u64::MAX), outbox.len()), (Next::Wait(None), 2));
        outbox.hurry();
        assert_eq!(outbox.next(0), Next::Send(append));
    }

    #[test]
    fn what_stands_in_the_thread_is_not_sent_a_second_time() {
        let mut outbox = Outbox::default();
        let (id, _) = outbox.write(THREAD, vec![1]).unwrap();
        let Next::Seal { thread, drafts } = outbox.next(0) else { panic!("nothing to seal") };
        let entries = vec![signed_entry(b"epoch", &[], &[]), signed_entry(b"first", &[], &[])];
        outbox.sealed(thread, drafts.len(), key(1), entries);
        let Next::Send(_) = outbox.next(0) else { panic!("nothing to send") };
        let (next, _) = outbox.write(THREAD, vec![2]).unwrap();
        // The answer is lost, or says that it builds on the past: the thread knows better.
        assert_eq!(outbox.found(THREAD, |entry| entry.core.0 == b"other"), (Fate::Underway, None));
        let (fate, record) = outbox.found(THREAD, |entry| entry.core.0 == b"first");
        assert_eq!((fate, record), (Fate::Accepted(vec![id]), Some(Record::Done { drafts: vec![id] })));
        assert_eq!(outbox.answered(THREAD, 0, stale()), (Fate::Underway, None));
        let Next::Seal { drafts, .. } = outbox.next(0) else { panic!("the next one is sealed") };
        assert_eq!(drafts.iter().map(|draft| draft.id).collect::<Vec<_>>(), [next]);
    }

    #[test]
    fn what_could_not_be_kept_does_not_leave() {
        let mut outbox = Outbox::default();
        outbox.write(THREAD, vec![1]).unwrap();
        let Next::Seal { thread, .. } = outbox.next(0) else { panic!("nothing to seal") };
        outbox.sealed(thread, 1, key(1), vec![signed_entry(&[], &[], &[])]);
        outbox.not_kept(THREAD);
        assert!(matches!(outbox.next(0), Next::Seal { .. }), "sealed anew, under another key");
        let (id, _) = outbox.write(THREAD, vec![2]).unwrap();
        outbox.take_back(id);
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn a_closed_thread_refuses_for_good() {
        let mut outbox = Outbox::default();
        let (id, _) = outbox.write(THREAD, vec![1]).unwrap();
        seal(&mut outbox, 1);
        let refusal = Refusal { chain_code: Some(601), ..Refusal::new(ErrorCode::Closed) };
        let (fate, record) = outbox.answered(THREAD, 0, Answer::Refused(refusal.clone()));
        assert_eq!(fate, Fate::Refused(vec![id], refusal));
        assert_eq!(record, Some(Record::Done { drafts: vec![id] }));
    }

    #[test]
    fn a_request_leaves_room_for_an_epoch_and_fits_into_the_largest_frame() {
        let asked = |bytes: usize| {
            let mut outbox = Outbox::default();
            for _ in 0..20 {
                outbox.write(THREAD, vec![0; bytes]).unwrap();
            }
            let Next::Seal { drafts, .. } = outbox.next(0) else { panic!("nothing to seal") };
            drafts.len()
        };
        assert_eq!(asked(1), relais_wire::limits::ENTRIES_PER_APPEND - 1);
        assert_eq!(asked(30 * 1024), 4, "four of 30 KiB are 120 KiB");
        assert_eq!(asked(1024 * 1024), 1, "sealing it says that it is too large");
    }

    #[test]
    fn a_process_that_died_after_sealing_sends_the_same_bytes() {
        let mut outbox = Outbox::default();
        let (_, written) = outbox.write(THREAD, vec![1]).unwrap();
        let (append, sealed) = seal(&mut outbox, 3);
        let mut again = Outbox::restore([written, sealed]);
        assert_eq!(again.next(0), Next::Send(append));
        let (_, record) = again.answered(THREAD, 0, Answer::Accepted);
        assert_eq!(record, Some(Record::Done { drafts: vec![0] }));
    }

    /// A server that knows idempotency keys, behind a line that loses requests and answers.
    #[derive(Default)]
    struct Server {
        accepted: Vec<(IdemKey, Vec<Vec<u8>>)>,
    }

    impl Server {
        fn append(&mut self, append: &Append) {
            if self.accepted.iter().all(|(idem, _)| *idem != append.idem) {
                let bodies = append.entries.iter().map(|entry| entry.payload.0.clone()).collect();
                self.accepted.push((append.idem, bodies));
            }
        }
    }

    proptest! {
        // Whatever is lost on the way and whenever the process dies, each draft arrives once and in order.
        #[test]
        fn nothing_is_lost_doubled_or_reordered(acts in proptest::collection::vec(0_u8..7, 1..120)) {
            let (mut outbox, mut journal, mut server) = (Outbox::default(), Vec::new(), Server::default());
            let (mut written, mut n): (Vec<Vec<u8>>, u8) = (Vec::new(), 0);
            let mut step = |outbox: &mut Outbox, journal: &mut Vec<Record>, act: u8| {
                match outbox.next(u64::MAX) {
                    Next::Seal { thread, drafts } => {
                        n = n.wrapping_add(1);
                        let entries = drafts.iter().map(|d| signed_entry(&[], &d.body, &[])).collect();
                        journal.extend(outbox.sealed(thread, drafts.len(), key(n), entries));
                    }
                    Next::Send(append) => {
                        if act != 3 && act != 5 {
                            server.append(&append); // otherwise the request was lost, or refused
                        }
                        let answer = match act {
                            3 | 4 => Answer::Lost,
                            5 => Answer::Refused(Refusal::new(ErrorCode::Overloaded)),
                            _ => Answer::Accepted,
                        };
                        journal.extend(outbox.answered(append.thread, 0, answer).1);
                    }
                    Next::Wait(_) => return false,
                }
                true
            };
            for act in acts {
                match act {
                    0 | 1 => {
                        let body = written.len().to_be_bytes().to_vec();
                        let (_, record) = outbox.write(THREAD, body.clone()).unwrap();
                        journal.push(record);
                        written.push(body);
                    }
                    2 => outbox = Outbox::restore(journal.clone()),
                    act => {
                        step(&mut outbox, &mut journal, act);
                    }
                }
            }
            outbox = Outbox::restore(journal.clone());
            while step(&mut outbox, &mut journal, 6) {}
            let arrived: Vec<Vec<u8>> = server.accepted.into_iter().flat_map(|(_, bodies)| bodies).collect();
            prop_assert_eq!(arrived, written);
            prop_assert!(outbox.is_empty());
            let none: Vec<DraftId> = Vec::new();
            prop_assert_eq!(Outbox::restore(journal).records().len(), none.len());
        }
    }
}
