//! One followed stream of one session: the cursor rule.
//!
//! Not known here: the other stream, the queue's bound, and how a page is read.

use std::collections::VecDeque;

use relais_wire::limits::{GATE_BYTES_MAX, GATE_ENTRIES_MAX};
use relais_wire::{OrgId, Seq};

use crate::io::{Entry, ReadNo};

/// A followed stream.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) context: Option<OrgId>,
    /// The last entry put in the queue; everything up to it was, without a hole.
    pub(crate) queued: Seq,
    /// The last entry handed to the transport.
    pub(crate) handed: Seq,
    /// The longest the stream is known to be.
    pub(crate) head: Seq,
    /// The last entry the device says it has applied.
    pub(crate) applied: Seq,
    /// What was last reported of it.
    pub(crate) reported: Seq,
    pub(crate) state: State,
}

/// Where the feed stands.
#[derive(Debug)]
pub(crate) enum State {
    /// The queue is at the head; the next entry goes straight in.
    Live,
    /// Brought up to date after a `Hello` or `Focus`; live entries wait in the gate.
    Replaying(Pull, Gate),
    /// Brought up to date from the store because the queue was dropped or an entry was missing.
    Lagging(Pull),
    /// The client was told to read a snapshot; nothing goes out until it follows again.
    Parked,
}

/// A replay under way.
#[derive(Debug)]
pub(crate) struct Pull {
    pub(crate) reading: Reading,
    /// Whether `CaughtUp` is owed at the end.
    pub(crate) announce: bool,
    /// Pages in a row that the store could not give.
    pub(crate) failed: u32,
}

/// Where the next page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Not asked for: there is no room.
    Idle,
    /// Waits for a turn among the shard's reads.
    Waiting,
    /// Asked for.
    Asked(ReadNo),
    /// The store did not answer; to be asked for again when the time has come.
    Retry,
}

/// Live entries that wait for the end of a replay: one run without a hole.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    entries: VecDeque<Entry>,
    bytes: usize,
}

/// What a delivered entry means for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// It is the next one: queue it.
    Next,
    /// It waits in the gate.
    Held,
    /// The gate is over its bound and was dropped.
    Overflowed,
    /// It was seen before.
    Duplicate,
    /// One is missing before it: the feed lags now.
    Gap,
    /// It will be read from the store.
    Later,
}

impl Feed {
    /// A feed that begins after `at`. If the client says that it has applied everything up to there, that is
    /// news to be reported.
    pub(crate) fn begin(context: Option<OrgId>, at: Seq, head: Seq, claimed: bool) -> Self {
        let pull = Pull { reading: Reading::Idle, announce: true, failed: 0 };
        let state = State::Replaying(pull, Gate::default());
        let reported = if claimed { Seq::ZERO } else { at };
        Self { context, queued: at, handed: at, head: head.max(at), applied: at, reported, state }
    }

    /// A feed that cannot be continued from the client's cursor.
    pub(crate) const fn parked(context: Option<OrgId>, head: Seq) -> Self {
        let state = State::Parked;
        Self { context, queued: head, handed: head, head, applied: head, reported: head, state }
    }

    /// Whether a page is wanted, and not yet asked for.
    pub(crate) fn wants_page(&self) -> bool {
        match &self.state {
            State::Replaying(pull, _) | State::Lagging(pull) => pull.reading == Reading::Idle,
            State::Live | State::Parked => false,
        }
    }

    pub(crate) fn pull(&mut self) -> Option<&mut Pull> {
        match &mut self.state {
            State::Replaying(pull, _) | State::Lagging(pull) => Some(pull),
            State::Live | State::Parked => None,
        }
    }

    pub(crate) fn reading(&self) -> Reading {
        match &self.state {
            State::Replaying(pull, _) | State::Lagging(pull) => pull.reading,
            State::Live | State::Parked => Reading::Idle,
        }
    }

    pub(crate) fn gate_bytes(&self) -> usize {
        match &self.state {
            State::Replaying(_, gate) => gate.bytes,
            State::Live | State::Lagging(_) | State::Parked => 0,
        }
    }

    /// An entry was committed.
    pub(crate) fn deliver(&mut self, entry: &Entry) -> Delivered {
        self.head = self.head.max(entry.seq);
        if entry.seq <= self.queued {
            return Delivered::Duplicate;
        }
        match &mut self.state {
            State::Live if entry.seq == self.queued.next() => Delivered::Next,
            State::Live => {
                self.lag(false);
                Delivered::Gap
            }
            State::Replaying(_, gate) => gate.hold(entry),
            State::Lagging(_) | State::Parked => Delivered::Later,
        }
    }

    /// The stream has grown without a delivery. Whether it has to be read.
    pub(crate) fn grown(&mut self, head: Seq) -> bool {
        self.head = self.head.max(head);
        let behind = matches!(self.state, State::Live) && self.head > self.queued;
        if behind {
            self.lag(false);
        }
        behind
    }

    /// What was queued and not handed on is lost: begin again after what was.
    pub(crate) fn rewind(&mut self, announce_lost: bool) {
        let lost = self.queued > self.handed || self.head > self.queued;
        self.queued = self.handed;
        match &self.state {
            State::Parked => {}
            State::Live if lost || announce_lost => self.lag(announce_lost),
            State::Live => {}
            State::Replaying(pull, _) | State::Lagging(pull) => {
                let announce = pull.announce || announce_lost;
                self.lag(announce);
            }
        }
    }

    fn lag(&mut self, announce: bool) {
        self.state = State::Lagging(Pull { reading: Reading::Idle, announce, failed: 0 });
    }

    /// The next entry out of the gate, if it follows what is queued.
    pub(crate) fn release(&mut self) -> Option<Entry> {
        let queued = self.queued;
        let State::Replaying(_, gate) = &mut self.state else { return None };
        while gate.entries.front().is_some_and(|entry| entry.seq <= queued) {
            gate.pop();
        }
        let follows = gate.entries.front().is_some_and(|entry| entry.seq == queued.next());
        if follows { gate.pop() } else { None }
    }

    /// Ends the replay if the queue is at the head. Whether `CaughtUp` is owed; `None` while it goes on.
    pub(crate) fn caught_up(&mut self) -> Option<bool> {
        if self.queued < self.head {
            return None;
        }
        let announce = self.pull()?.announce;
        self.state = State::Live;
        Some(announce)
    }

    /// Gives up: the client must read a snapshot.
    pub(crate) fn park(&mut self) {
        self.queued = self.handed;
        self.state = State::Parked;
    }

    /// What the device says it has applied. More than was handed over cannot be true.
    pub(crate) fn note_applied(&mut self, seq: Seq) {
        if !matches!(self.state, State::Parked) {
            self.applied = self.applied.max(seq.min(self.handed));
        }
    }

    /// The mark to report, once.
    pub(crate) fn take_report(&mut self) -> Option<Seq> {
        let news = self.applied > self.reported;
        self.reported = self.applied;
        news.then_some(self.applied)
    }

    pub(crate) fn check(&self) {
        assert!(self.handed <= self.queued, "more was handed over than queued");
        assert!(self.applied <= self.handed, "more was applied than handed over");
        assert!(self.reported <= self.applied, "more was reported than applied");
        match &self.state {
            State::Live => assert!(self.queued >= self.head, "live and behind"),
            State::Replaying(_, gate) => gate.check(),
            State::Lagging(_) | State::Parked => {}
        }
    }
}

impl Gate {
    fn hold(&mut self, entry: &Entry) -> Delivered {
        let follows = self.entries.back().is_none_or(|last| entry.seq == last.seq.next());
        if !follows && self.entries.back().is_some_and(|last| entry.seq <= last.seq) {
            return Delivered::Duplicate;
        }
        let over = self.entries.len() >= GATE_ENTRIES_MAX
            || self.bytes.saturating_add(entry.body.len()) > GATE_BYTES_MAX;
        if over || !follows {
            // What was held is in the store; the replay goes on until it gets there.
            *self = Self::default();
            return if over { Delivered::Overflowed } else { Delivered::Later };
        }
        self.bytes += entry.body.len();
        self.entries.push_back(entry.clone());
        Delivered::Held
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.body.len();
        Some(entry)
    }

    fn check(&self) {
        assert!(
            self.entries.len() <= GATE_ENTRIES_MAX && self.bytes <= GATE_BYTES_MAX,
            "gate over its bound"
        );
        let contiguous =
            self.entries.iter().zip(self.entries.iter().skip(1)).all(|(a, b)| b.seq == a.seq.next());
        assert!(contiguous, "hole in the gate");
        assert_eq!(
            self.bytes,
            self.entries.iter().map(|entry| entry.body.len()).sum::<usize>(),
            "bytes of the gate"
        );
    }
}
