//! One followed stream: its cursor, what was received and not yet applied, and when to ask for more.
//!
//! Rules: only entry `received + 1` is taken; an older one is a duplicate; a newer one is a gap, and a gap is
//! closed by pulling from the cursor. A window of entries is handed out, and the cursor moves when they were
//! applied, so that a lost process repeats at most what was not applied and a lost connection repeats nothing.
//!
//! Not known here: sockets, requests, and what an entry says.

use std::collections::VecDeque;

use relais_wire::control::Cursor;
use relais_wire::ids::{Epoch, OrgId, Seq};

use crate::error::{Hostile, refuse};
use crate::limits::{APPLY_WINDOW, BACKOFF_CAP_MS, INBOX_BYTES_MAX, INBOX_ENTRIES_MAX, SNAPSHOT_AGAIN_MS};

/// An entry as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Number in its stream.
    pub seq: u64,
    /// Type of the event.
    pub kind: u16,
    /// Body of the event.
    pub body: Vec<u8>,
}

/// A followed stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The organization; `None` for the personal stream.
    pub org: Option<OrgId>,
    applied: Option<Cursor>,
    received: u64,
    head: u64,
    inbox: VecDeque<Raw>,
    inbox_bytes: usize,
    handed_out: u64,
    behind: bool,
    caught_up: bool,
    /// When a snapshot that could not be read is asked for again, and how often it could not be read.
    again_at: Option<u64>,
    unread: u32,
}

/// A page whose entries do not follow one another, or that is empty below the head it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole;

impl Stream {
    /// Follows from a cursor, or from a snapshot where there is none.
    #[must_use]
    pub fn new(org: Option<OrgId>, cursor: Option<Cursor>) -> Self {
        Self {
            org,
            applied: cursor,
            received: cursor.map_or(0, |at| at.seq.get()),
            head: 0,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            handed_out: cursor.map_or(0, |at| at.seq.get()),
            behind: false,
            caught_up: false,
            again_at: None,
            unread: 0,
        }
    }

    /// The last applied entry.
    #[must_use]
    pub const fn cursor(&self) -> Option<Cursor> {
        self.applied
    }

    /// Whether everything that was there at the start of the connection has been received.
    #[must_use]
    pub const fn is_caught_up(&self) -> bool {
        self.caught_up
    }

    /// A connection ended: what was received and not applied will come again.
    pub fn rewind(&mut self) {
        self.inbox.clear();
        self.inbox_bytes = 0;
        self.received = self.applied.map_or(0, |at| at.seq.get());
        self.behind = false;
        self.caught_up = false;
        self.again_at = None;
    }

    /// The snapshot that the stream waits for could not be read: it is asked for again after a while that grows.
    pub fn could_not_read(&mut self, now: u64) {
        if self.applied.is_none() {
            let pause = SNAPSHOT_AGAIN_MS << self.unread.min(16);
            self.again_at = Some(now + pause.min(BACKOFF_CAP_MS));
            self.unread += 1;
        }
    }

    /// When the snapshot is to be asked for again.
    #[must_use]
    pub const fn again_at(&self) -> Option<u64> {
        self.again_at
    }

    /// Whether the snapshot is to be asked for again now; says so once.
    pub fn is_due(&mut self, now: u64) -> bool {
        self.again_at.take_if(|at| *at <= now).is_some()
    }

    /// Continues from a snapshot's cursor.
    pub fn restart(&mut self, cursor: Cursor) {
        self.unread = 0;
        self.applied = Some(cursor);
        self.handed_out = cursor.seq.get();
        self.head = cursor.seq.get();
        self.rewind();
    }

    /// Forgets the cursor: the stream cannot be continued from it.
    pub fn forget(&mut self) {
        self.applied = None;
        self.handed_out = 0;
        self.head = 0;
        self.rewind();
    }

    /// Takes an entry.
    pub fn receive(&mut self, raw: Raw) {
        self.head = self.head.max(raw.seq);
        if self.applied.is_none() || raw.seq <= self.received {
            return;
        }
        let full = self.inbox.len() >= INBOX_ENTRIES_MAX || self.inbox_bytes >= INBOX_BYTES_MAX;
        if full || raw.seq != self.received + 1 {
            self.behind = true;
            return;
        }
        self.received = raw.seq;
        self.inbox_bytes += raw.body.len();
        self.inbox.push_back(raw);
    }

    /// Takes a pulled page.
    ///
    /// # Errors
    /// [`Hole`] when the page is not what was asked for.
    pub fn receive_page(&mut self, page: Vec<Raw>, head: u64) -> Result<(), Hole> {
        self.head = self.head.max(head);
        self.behind = false;
        let before = self.received;
        let mut last = None;
        for raw in page {
            if last.is_some_and(|last: u64| raw.seq != last + 1)
                || raw.seq > self.received + 1 && !self.behind
            {
                refuse(Hostile::StreamHole).map_err(|_| Hole)?;
                // Without this check: whatever comes next is the next entry.
                self.received = raw.seq.saturating_sub(1);
            }
            last = Some(raw.seq);
            self.receive(raw);
        }
        // A page of entries that came live meanwhile is no hole; an empty one below its own head is.
        if last.is_none() && head > before {
            return Err(Hole);
        }
        self.behind |= self.received < self.head;
        Ok(())
    }

    /// The server said where the stream ends.
    pub fn told_head(&mut self, head: u64) {
        self.head = self.head.max(head);
        self.behind |= self.caught_up && self.received < self.head;
    }

    /// The server said that everything up to `seq` was sent.
    pub fn told_caught_up(&mut self, seq: u64) {
        self.caught_up = true;
        self.told_head(seq);
    }

    /// Where to pull from, when there is a gap and room for what comes.
    #[must_use]
    pub fn wants_pull(&self) -> Option<Cursor> {
        let epoch = self.applied?.epoch;
        let after = Seq::new(self.received).unwrap_or(Seq::ZERO);
        (self.behind && self.inbox.is_empty() && self.received < self.head)
            .then_some(Cursor { epoch, seq: after })
    }

    /// The next entry to apply; nothing while a whole window is being applied.
    pub fn hand_out(&mut self) -> Option<Raw> {
        let applied = self.applied?.seq.get();
        if self.handed_out.saturating_sub(applied) >= APPLY_WINDOW {
            return None;
        }
        while let Some(raw) = self.inbox.pop_front() {
            self.inbox_bytes = self.inbox_bytes.saturating_sub(raw.body.len());
            if raw.seq > self.handed_out {
                self.handed_out = raw.seq;
                return Some(raw);
            }
        }
        None
    }

    /// Everything up to `seq` was applied, durably where anything is kept. What was not handed out is ignored.
    pub fn applied(&mut self, epoch: Epoch, seq: u64) -> bool {
        let Some(cursor) = self.applied.as_mut() else { return false };
        if seq > self.handed_out || cursor.epoch != epoch || seq <= cursor.seq.get() {
            return false;
        }
        let Ok(seq) = Seq::new(seq) else { return false };
        cursor.seq = seq;
        true
    }

    /// What was handed out and not applied is asked for again.
    pub fn drop_handed_out(&mut self) {
        let applied = self.applied.map_or(0, |at| at.seq.get());
        if self.handed_out > applied {
            self.handed_out = applied;
            self.inbox.clear();
            self.inbox_bytes = 0;
            self.received = applied;
            self.behind = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_wire::control::Cursor;
    use relais_wire::ids::{Epoch, Seq};

    use super::{Hole, Raw, Stream};

    const EPOCH: Epoch = Epoch::from_bytes([1; 16]);

    fn at(seq: u64) -> Option<Cursor> {
        Some(Cursor { epoch: EPOCH, seq: Seq::new(seq).unwrap() })
    }

    fn raw(seq: u64) -> Raw {
        Raw { seq, kind: 1, body: vec![0; 8] }
    }

    fn apply_all(stream: &mut Stream, seen: &mut Vec<u64>) {
        while let Some(raw) = stream.hand_out() {
            seen.push(raw.seq);
            assert!(stream.applied(EPOCH, raw.seq));
        }
    }

    #[test]
    fn only_the_next_entry_is_taken_and_a_gap_is_pulled() {
        let mut stream = Stream::new(None, at(4));
        stream.receive(raw(4));
        stream.receive(raw(6));
        assert_eq!(stream.hand_out(), None);
        assert_eq!(stream.wants_pull(), at(4));
        stream.receive_page(vec![raw(5), raw(6)], 6).unwrap();
        let mut seen = Vec::new();
        apply_all(&mut stream, &mut seen);
        assert_eq!(seen, [5, 6]);
        assert_eq!(stream.cursor(), at(6));
        assert_eq!(stream.wants_pull(), None);
    }

    #[test]
    fn a_page_with_a_hole_is_refused() {
        let mut stream = Stream::new(None, at(0));
        stream.told_caught_up(5);
        assert_eq!(stream.receive_page(vec![raw(2)], 5), Err(Hole));
        assert_eq!(stream.receive_page(vec![], 5), Err(Hole));
        assert_eq!(stream.receive_page(vec![raw(1), raw(3)], 5), Err(Hole));
    }

    #[test]
    fn a_page_that_live_entries_have_overtaken_is_no_hole() {
        let mut stream = Stream::new(None, at(0));
        stream.told_caught_up(9);
        (1..=5).for_each(|seq| stream.receive(raw(seq)));
        // Asked after 0; cut by its bytes after 2.
        stream.receive_page(vec![raw(1), raw(2)], 9).unwrap();
        let mut seen = Vec::new();
        apply_all(&mut stream, &mut seen);
        assert_eq!((seen, stream.wants_pull()), (vec![1, 2, 3, 4, 5], at(5)));
    }

    #[test]
    fn what_was_not_applied_comes_again_after_a_break_and_is_applied_once() {
        let mut stream = Stream::new(None, at(0));
        stream.receive(raw(1));
        let first = stream.hand_out().unwrap();
        stream.rewind();
        stream.receive(raw(1));
        assert_eq!(stream.hand_out(), None, "it is being applied already");
        assert!(stream.applied(EPOCH, first.seq));
        assert!(!stream.applied(EPOCH, first.seq), "once");
        assert_eq!(stream.cursor(), at(1));
    }

    #[test]
    fn what_could_not_be_applied_is_asked_for_again() {
        let mut stream = Stream::new(None, at(0));
        stream.receive(raw(1));
        assert!(stream.hand_out().is_some());
        stream.drop_handed_out();
        assert_eq!(stream.wants_pull(), at(0));
        stream.receive_page(vec![raw(1)], 1).unwrap();
        assert_eq!(stream.hand_out().map(|raw| raw.seq), Some(1));
    }

    proptest! {
        // Whatever is lost, doubled or reordered on the way, every entry is applied once and in order.
        #[test]
        fn every_entry_is_applied_once_and_in_order(
            arrivals in proptest::collection::vec((1_u64..40, 0_u8..8), 0..200),
        ) {
            let mut stream = Stream::new(None, at(0));
            let mut seen = Vec::new();
            for (seq, act) in arrivals {
                match act {
                    0 => stream.rewind(),
                    1 => stream.told_caught_up(seq),
                    _ => stream.receive(raw(seq)),
                }
                if act % 2 == 0 {
                    apply_all(&mut stream, &mut seen);
                }
            }
            stream.told_caught_up(40);
            apply_all(&mut stream, &mut seen);
            while let Some(after) = stream.wants_pull() {
                let from = after.seq.get() + 1;
                stream.receive_page((from..=40.min(from + 6)).map(raw).collect(), 40).unwrap();
                apply_all(&mut stream, &mut seen);
            }
            prop_assert_eq!(seen, (1..=40).collect::<Vec<_>>());
        }
    }
}
