//! What is to be sent: datagrams in order, each made of a copied head, a body that stays where it is, and a copied
//! tail; and how they gather into trains of one destination and size.
//!
//! Not known here: sockets, and what is in a datagram.

use core::ops::Range;
use std::net::SocketAddr;

use crate::limits::{OUTBOX_DATAGRAMS, SCRATCH_BYTES};
#[cfg(any(test, all(feature = "batched", target_os = "linux")))]
use crate::limits::{TRAIN_BYTES, TRAIN_DATAGRAMS};

/// Fields of the IP header that a sender may choose for a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// DSCP and ECN; the socket's own where `None`.
    pub tos: Option<u8>,
    /// TTL or hop limit; the socket's own where `None`.
    pub ttl: Option<u8>,
    /// Whether routers must not fragment it (IPv4's DF bit); an engine that cannot say so ignores it, see
    /// [`crate::Engine::can_forbid_fragments`].
    pub dont_fragment: bool,
}

/// The outbox takes no more until it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox is full")]
pub struct Full;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) to: SocketAddr,
    pub(crate) mark: Mark,
    scratch: usize,
    head: usize,
    tail: usize,
    body: usize,
    body_len: usize,
}

#[cfg(any(test, all(feature = "batched", target_os = "linux")))]
impl Entry {
    pub(crate) const fn len(&self) -> usize {
        self.head + self.body_len + self.tail
    }

    /// Whether `next` can stand in a train that begins with `self` and whose last datagram so far is `last`.
    fn carries(&self, last: &Self, next: &Self) -> bool {
        let fits = 0 < next.len() && next.len() <= self.len() && last.len() == self.len();
        fits && next.to == self.to && next.mark == self.mark
    }
}

/// Datagrams on their way out of one socket.
#[derive(Debug, Default)]
pub struct Outbox {
    entries: Vec<Entry>,
    scratch: Vec<u8>,
    #[cfg(all(feature = "batched", target_os = "linux"))]
    pub(crate) headers: crate::linux::SendHeaders,
    pub(crate) whole: Vec<u8>,
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing waits in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Datagrams that wait in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a datagram of `head`, the bytes of `body` (a range of what is later given to [`crate::Socket::send`]), and
    /// `tail`. Head and tail are copied, the body is not.
    ///
    /// # Errors
    /// [`Full`]: send first.
    pub fn push(
        &mut self,
        to: SocketAddr,
        mark: Mark,
        head: &[u8],
        body: Range<usize>,
        tail: &[u8],
    ) -> Result<(), Full> {
        let scratch = self.scratch.len();
        if self.entries.len() >= OUTBOX_DATAGRAMS || scratch + head.len() + tail.len() > SCRATCH_BYTES {
            return Err(Full);
        }
        self.scratch.extend_from_slice(head);
        self.scratch.extend_from_slice(tail);
        let body_len = body.len();
        let (head, tail) = (head.len(), tail.len());
        self.entries.push(Entry { to, mark, scratch, head, tail, body: body.start, body_len });
        Ok(())
    }

    /// Forgets what is in it.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.scratch.clear();
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The three pieces of a datagram; `None` where its body does not lie in `bytes`.
    pub(crate) fn pieces<'a>(&'a self, entry: &Entry, bytes: &'a [u8]) -> Option<[&'a [u8]; 3]> {
        let split = entry.scratch + entry.head;
        let head = self.scratch.get(entry.scratch..split)?;
        let tail = self.scratch.get(split..split + entry.tail)?;
        Some([head, bytes.get(entry.body..entry.body + entry.body_len)?, tail])
    }

    #[cfg(any(test, all(feature = "batched", target_os = "linux")))]
    /// The longest train that begins with this entry: consecutive datagrams to one destination with one mark, all of
    /// one size but for a last one that may be shorter. Never empty while there is such an entry.
    pub(crate) fn train(&self, first: usize) -> Range<usize> {
        let Some((begin, rest)) = self.entries.get(first..).and_then(<[Entry]>::split_first) else {
            return first..first;
        };
        let (mut end, mut bytes, mut last) = (first + 1, begin.len(), begin);
        for next in rest {
            bytes += next.len();
            if end - first >= TRAIN_DATAGRAMS || bytes > TRAIN_BYTES || !begin.carries(last, next) {
                break;
            }
            (end, last) = (end + 1, next);
        }
        first..end
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::{Full, Mark, Outbox};
    use crate::limits::{OUTBOX_DATAGRAMS, TRAIN_BYTES, TRAIN_DATAGRAMS};

    fn to(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn trains(outbox: &Outbox) -> Vec<core::ops::Range<usize>> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < outbox.len() {
            let train = outbox.train(at);
            at = train.end;
            all.push(train);
        }
        all
    }

    proptest! {
        #[test]
        fn trains_cover_every_datagram_once_and_keep_the_kernels_rules(
            datagrams in prop::collection::vec((0_u16..3, 0_usize..1_500, any::<bool>()), 0..200),
        ) {
            let mut outbox = Outbox::new();
            for (port, len, dont_fragment) in &datagrams {
                let mark = Mark { dont_fragment: *dont_fragment, ..Mark::default() };
                outbox.push(to(*port), mark, &[], 0..*len, &[]).unwrap();
            }
            let mut next = 0;
            for train in trains(&outbox) {
                prop_assert_eq!(train.start, next);
                next = train.end;
                let entries = &outbox.entries()[train];
                let sizes: Vec<usize> = entries.iter().map(super::Entry::len).collect();
                prop_assert!(entries.len() <= TRAIN_DATAGRAMS && sizes.iter().sum::<usize>() <= TRAIN_BYTES);
                prop_assert!(entries.iter().all(|e| e.to == entries[0].to && e.mark == entries[0].mark));
                let (last, full) = sizes.split_last().unwrap();
                prop_assert!(full.iter().all(|size| *size == sizes[0]) && *last <= sizes[0]);
                prop_assert!(sizes.len() == 1 || *last > 0);
            }
            prop_assert_eq!(next, outbox.len());
        }
    }

    #[test]
    fn equal_datagrams_to_one_place_are_one_train() {
        let mut outbox = Outbox::new();
        for len in [100, 100, 100, 40, 100] {
            outbox.push(to(1), Mark::default(), &[1, 2, 3, 4], 0..len, &[]).unwrap();
        }
        assert_eq!(trains(&outbox), [0..4, 4..5]);
    }

    #[test]
    fn a_full_outbox_says_so_and_is_empty_again_afterwards() {
        let mut outbox = Outbox::new();
        for _ in 0..OUTBOX_DATAGRAMS {
            outbox.push(to(1), Mark::default(), &[0; 64], 0..0, &[]).unwrap();
        }
        assert_eq!(outbox.push(to(1), Mark::default(), &[], 0..0, &[]), Err(Full));
        outbox.clear();
        assert!(outbox.push(to(1), Mark::default(), &[0; 64], 0..0, &[]).is_ok());
    }
}
