//! What was received: a fixed arena of slots, and for each filled slot where it came from and how it divides into
//! datagrams.
//!
//! Not known here: sockets, and what is in a datagram.

use core::ops::Range;
use std::net::SocketAddr;

use crate::limits::{SLOT_BYTES, SLOT_STRIDE, SLOTS};

/// One filled slot: a datagram, or a train of them from one sender that the kernel put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who sent it.
    pub from: SocketAddr,
    /// The TTL or hop limit it came with, where the socket was asked to tell.
    pub ttl: Option<u8>,
    /// DSCP and ECN it came with, where the socket was asked to tell.
    pub tos: Option<u8>,
    start: usize,
    len: usize,
    segment: usize,
}

impl Arrival {
    /// The datagrams, as ranges of the inbox's bytes. All are of one size, but the last may be shorter. A datagram
    /// without content is one empty range.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        let (start, len, segment) = (self.start, self.len, self.segment.max(1));
        let count = if len == 0 { 1 } else { len.div_ceil(segment) };
        (0..count).map(move |at| {
            let begin = at * segment;
            start + begin..start + (begin + segment).min(len)
        })
    }
}

/// The arena a thread receives into. Filled by [`crate::Socket::receive`], several times if there is room, and emptied
/// by [`Inbox::clear`] when nothing refers to its bytes any more.
#[derive(Debug)]
pub struct Inbox {
    bytes: Box<[u8]>,
    arrivals: Vec<Arrival>,
    /// Slots that were written to, whether an arrival came of it or not: the next datagram goes behind them.
    used: usize,
    truncated: u64,
    overflowed: u64,
    #[cfg(all(feature = "batched", target_os = "linux"))]
    pub(crate) headers: crate::linux::ReceiveHeaders,
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Inbox {
    /// An empty arena of [`SLOTS`] slots. The memory of a slot is only touched once something arrives in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: vec![0; SLOTS * SLOT_STRIDE].into_boxed_slice(),
            arrivals: Vec::with_capacity(SLOTS),
            used: 0,
            truncated: 0,
            overflowed: 0,
            #[cfg(all(feature = "batched", target_os = "linux"))]
            headers: crate::linux::ReceiveHeaders::default(),
        }
    }

    /// All bytes; the ranges of [`Arrival::datagrams`] lie in here.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is in it.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// Slots that are still free.
    #[must_use]
    pub fn free(&self) -> usize {
        SLOTS.saturating_sub(self.used)
    }

    /// Datagrams that were longer than a slot, since the inbox was made. They are dropped, never handed out short.
    #[must_use]
    pub const fn truncated(&self) -> u64 {
        self.truncated
    }

    /// Datagrams that kernels dropped for want of room in a receive buffer, since the inbox was made. An estimate:
    /// sockets report it with the next datagram, and only where they were asked to.
    #[must_use]
    pub const fn overflowed(&self) -> u64 {
        self.overflowed
    }

    /// Forgets what is in it.
    pub fn clear(&mut self) {
        self.arrivals.clear();
        self.used = 0;
    }

    /// The bytes of the next free slots, one after the other, and where the first begins.
    pub(crate) fn room(&mut self) -> (usize, &mut [u8]) {
        let start = self.used * SLOT_STRIDE;
        (start, self.bytes.get_mut(start..).unwrap_or_default())
    }

    /// So many of the free slots were written to.
    pub(crate) const fn used(&mut self, slots: usize) {
        self.used += slots;
    }

    /// Takes a slot that was filled as the next arrival; `at` is where it begins.
    pub(crate) fn took(&mut self, at: usize, filled: Filled) {
        if filled.truncated || filled.len > SLOT_BYTES {
            self.truncated += 1;
            return;
        }
        self.arrivals.push(Arrival {
            from: filled.from,
            ttl: filled.ttl,
            tos: filled.tos,
            start: at,
            len: filled.len,
            segment: if filled.segment == 0 { filled.len } else { filled.segment },
        });
    }

    #[cfg(all(feature = "batched", target_os = "linux"))]
    pub(crate) fn overflowed_by(&mut self, datagrams: u32) {
        self.overflowed += u64::from(datagrams);
    }
}

/// What an engine says of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled {
    pub(crate) from: SocketAddr,
    pub(crate) len: usize,
    /// Size of one datagram of the train; 0 where it is a single one.
    pub(crate) segment: usize,
    pub(crate) truncated: bool,
    pub(crate) ttl: Option<u8>,
    pub(crate) tos: Option<u8>,
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Filled, Inbox};
    use crate::limits::{SLOT_STRIDE, SLOTS};

    fn filled(len: usize, segment: usize) -> Filled {
        let from = SocketAddr::from(([192, 0, 2, 1], 7));
        Filled { from, len, segment, truncated: false, ttl: None, tos: None }
    }

    fn datagrams(len: usize, segment: usize) -> Vec<core::ops::Range<usize>> {
        let mut inbox = Inbox::new();
        inbox.took(0, filled(len, segment));
        inbox.arrivals()[0].datagrams().collect()
    }

    #[test]
    fn a_train_divides_into_equal_datagrams_and_a_shorter_last_one() {
        assert_eq!(datagrams(10, 4), [0..4, 4..8, 8..10]);
        assert_eq!(datagrams(8, 4), [0..4, 4..8]);
        assert_eq!(datagrams(5, 0), std::slice::from_ref(&(0..5)));
        assert_eq!(datagrams(0, 0), std::slice::from_ref(&(0..0)));
    }

    #[test]
    fn a_datagram_that_did_not_fit_is_counted_and_not_handed_out() {
        let mut inbox = Inbox::new();
        inbox.took(0, Filled { truncated: true, ..filled(9, 0) });
        assert_eq!((inbox.arrivals().len(), inbox.truncated()), (0, 1));
    }

    #[test]
    fn a_slot_that_nothing_came_of_is_not_used_again_before_it_is_cleared() {
        let mut inbox = Inbox::new();
        inbox.took(0, Filled { truncated: true, ..filled(9, 0) });
        inbox.took(SLOT_STRIDE, filled(4, 0));
        inbox.used(2);
        assert_eq!((inbox.room().0, inbox.free()), (2 * SLOT_STRIDE, SLOTS - 2));
        inbox.clear();
        assert_eq!((inbox.room().0, inbox.free()), (0, SLOTS));
    }
}
