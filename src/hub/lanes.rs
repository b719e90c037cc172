//! The queue of one connection: five lanes, each with its own order and its own way to be full.
//!
//! Not known here: which frames there are, and when the transport has room.

use std::collections::VecDeque;

use bytes::Bytes;
use relais_wire::frame::HEADER_LEN;
use relais_wire::{Header, Seq, StreamTag};

use crate::io::Key;
use crate::limits::{CONTROL_QUEUE_BYTES, DROPPABLE_MAX, KEYED_MAX};

/// What must be noted when a frame leaves the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing.
    Plain,
    /// A heartbeat: the answer is due from now on.
    Ping,
    /// A reply: its request is no longer under way.
    Reply,
    /// An entry of a stream.
    Entry(StreamTag, Seq),
    /// `CaughtUp` of a stream.
    CaughtUp(StreamTag),
    /// `Resync` of a stream.
    Resync(StreamTag),
}

/// A frame that waits.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) header: Header,
    pub(crate) body: Bytes,
    pub(crate) mark: Mark,
}

impl Queued {
    pub(crate) fn len(&self) -> usize {
        self.body.len().saturating_add(HEADER_LEN)
    }
}

/// The control lane is over its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ControlFull;

/// The lanes, earliest first: control, replies, stream, keyed, droppable.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    control: VecDeque<Queued>,
    replies: VecDeque<Queued>,
    stream: VecDeque<Queued>,
    keyed: VecDeque<(Key, Queued)>,
    droppable: VecDeque<Queued>,
    control_bytes: usize,
    /// Bytes of replies and stream, which the queue bound is about.
    paced_bytes: usize,
    hint_bytes: usize,
}

impl Lanes {
    /// Everything queued.
    pub(crate) const fn bytes(&self) -> usize {
        self.control_bytes + self.paced_bytes + self.hint_bytes
    }

    /// Replies and stream entries queued.
    pub(crate) const fn paced_bytes(&self) -> usize {
        self.paced_bytes
    }

    pub(crate) fn replies(&self) -> usize {
        self.replies.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty()
            && self.replies.is_empty()
            && self.stream.is_empty()
            && self.keyed.is_empty()
            && self.droppable.is_empty()
    }

    pub(crate) fn push_control(&mut self, frame: Queued) -> Result<(), ControlFull> {
        let len = frame.len();
        // One frame always fits, so that the bound is about piling up.
        if self.control_bytes > 0 && self.control_bytes + len > CONTROL_QUEUE_BYTES {
            return Err(ControlFull);
        }
        self.control_bytes += len;
        self.control.push_back(frame);
        Ok(())
    }

    pub(crate) fn push_reply(&mut self, frame: Queued) {
        self.paced_bytes += frame.len();
        self.replies.push_back(frame);
    }

    pub(crate) fn push_stream(&mut self, frame: Queued) {
        self.paced_bytes += frame.len();
        self.stream.push_back(frame);
    }

    /// Replaces the value of its key in place, or appends. Whether something was dropped for it.
    pub(crate) fn push_keyed(&mut self, key: Key, frame: Queued) -> bool {
        self.hint_bytes += frame.len();
        if let Some((_, old)) =
            self.keyed.iter_mut().find(|(known, old)| *known == key && old.header.kind == frame.header.kind)
        {
            self.hint_bytes -= old.len();
            *old = frame;
            return true;
        }
        self.keyed.push_back((key, frame));
        if self.keyed.len() <= KEYED_MAX {
            return false;
        }
        if let Some((_, oldest)) = self.keyed.pop_front() {
            self.hint_bytes -= oldest.len();
        }
        true
    }

    /// Appends while there is room. Whether something was dropped for it.
    pub(crate) fn push_droppable(&mut self, frame: Queued) -> bool {
        self.hint_bytes += frame.len();
        self.droppable.push_back(frame);
        if self.droppable.len() <= DROPPABLE_MAX {
            return false;
        }
        if let Some(oldest) = self.droppable.pop_front() {
            self.hint_bytes -= oldest.len();
        }
        true
    }

    /// The next frame to go, and how many of the control lane were too old for it.
    pub(crate) fn pop(&mut self, now: u64) -> (Option<Queued>, u64) {
        let mut expired = 0;
        while let Some(frame) = self.control.pop_front() {
            self.control_bytes -= frame.len();
            let expires_at =
                if frame.header.class == relais_wire::Class::Event { frame.header.id } else { 0 };
            if expires_at == 0 || now < expires_at {
                return (Some(frame), expired);
            }
            expired += 1;
        }
        if let Some(frame) = self.replies.pop_front().or_else(|| self.stream.pop_front()) {
            self.paced_bytes -= frame.len();
            return (Some(frame), expired);
        }
        let hint = self.keyed.pop_front().map(|(_, frame)| frame).or_else(|| self.droppable.pop_front());
        if let Some(frame) = &hint {
            self.hint_bytes -= frame.len();
        }
        (hint, expired)
    }

    /// Throws away what is queued of one stream, or of both.
    pub(crate) fn clear_stream(&mut self, which: Option<StreamTag>) {
        let mut freed = 0;
        self.stream.retain(|frame| {
            let tag = match frame.mark {
                Mark::Entry(tag, _) | Mark::CaughtUp(tag) | Mark::Resync(tag) => Some(tag),
                Mark::Plain | Mark::Ping | Mark::Reply => None,
            };
            // `Resync` tells what nothing else will tell again, so that only a new `Focus` removes it.
            let removed = match which {
                Some(which) => tag == Some(which),
                None => !matches!(frame.mark, Mark::Resync(_)),
            };
            if removed {
                freed += frame.len();
            }
            !removed
        });
        self.paced_bytes -= freed;
    }

    /// Whether `CaughtUp` of the stream is queued.
    pub(crate) fn announces(&self, tag: StreamTag) -> bool {
        self.stream.iter().any(|frame| frame.mark == Mark::CaughtUp(tag))
    }

    /// Gives the memory of a burst back.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    /// The sums are those of the frames.
    pub(crate) fn check(&self) {
        let sum = |queue: &VecDeque<Queued>| queue.iter().map(Queued::len).sum::<usize>();
        assert_eq!(self.control_bytes, sum(&self.control), "bytes of the control lane");
        assert_eq!(self.paced_bytes, sum(&self.replies) + sum(&self.stream), "bytes of replies and stream");
        let keyed: usize = self.keyed.iter().map(|(_, frame)| frame.len()).sum();
        assert_eq!(self.hint_bytes, keyed + sum(&self.droppable), "bytes of hints");
        assert!(self.keyed.len() <= KEYED_MAX && self.droppable.len() <= DROPPABLE_MAX, "bounds of hints");
    }
}
