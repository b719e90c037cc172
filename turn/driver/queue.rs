//! What waits to be written to one stream: whole frames, bounded by age and by bytes. Under loss the oldest data that has
//! not begun to go out is dropped first, because late media is of no use; answers of the protocol are kept.
//!
//! Not known here: sockets, clocks, TLS.

use std::collections::VecDeque;
use std::io::IoSlice;

use crate::limits::{QUEUE_AGE_MS, QUEUE_BYTES, WRITE_PIECES};

/// One frame.
#[derive(Debug)]
struct Frame {
    bytes: Vec<u8>,
    /// When it came, monotonic milliseconds.
    since: u64,
    /// Data may be dropped; an answer of the protocol may not.
    data: bool,
}

/// The stream does not take even what must not be dropped: it is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream's reader has stalled")]
pub struct Stalled;

/// The frames of one stream, oldest first.
#[derive(Debug, Default)]
pub struct Queue {
    frames: VecDeque<Frame>,
    /// Bytes of the first frame that are already written: it is never dropped then, or the framing would be lost.
    begun: usize,
    bytes: usize,
    dropped: u64,
}

impl Queue {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Data frames dropped so far.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds a frame made of these pieces, after dropping what is too old or too much.
    ///
    /// # Errors
    /// [`Stalled`].
    pub fn push(&mut self, now: u64, data: bool, pieces: &[&[u8]]) -> Result<(), Stalled> {
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        self.drop_old(now);
        while self.bytes + len > QUEUE_BYTES {
            if !self.drop_oldest_data() {
                // Only answers and a frame that is half written are left: a client that reads nothing.
                return if data { self.refuse() } else { Err(Stalled) };
            }
        }
        let mut bytes = Vec::with_capacity(len);
        pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        self.bytes += len;
        self.frames.push_back(Frame { bytes, since: now, data });
        Ok(())
    }

    /// The new frame itself is what there is no room for.
    fn refuse(&mut self) -> Result<(), Stalled> {
        self.dropped += 1;
        Ok(())
    }

    /// Drops data that has waited too long and has not begun to go out.
    pub fn drop_old(&mut self, now: u64) {
        let first = usize::from(self.begun > 0);
        let old = |frame: &Frame| frame.data && now.saturating_sub(frame.since) > QUEUE_AGE_MS;
        // Frames are in the order of their age: the first that is young ends the search.
        while self.frames.get(first).is_some_and(old) {
            self.remove(first);
        }
    }

    fn drop_oldest_data(&mut self) -> bool {
        let first = usize::from(self.begun > 0);
        let oldest = self.frames.iter().enumerate().skip(first).find(|(_, frame)| frame.data);
        let at = oldest.map(|(at, _)| at);
        at.is_some_and(|at| {
            self.remove(at);
            true
        })
    }

    fn remove(&mut self, at: usize) {
        if let Some(frame) = self.frames.remove(at) {
            self.bytes -= frame.bytes.len();
            self.dropped += 1;
        }
    }

    /// What to write next.
    #[must_use]
    pub fn pieces(&self) -> Vec<IoSlice<'_>> {
        let mut begun = self.begun;
        let rest = self.frames.iter().take(WRITE_PIECES);
        rest.map(|frame| IoSlice::new(frame.bytes.get(core::mem::take(&mut begun)..).unwrap_or_default()))
            .collect()
    }

    /// What is left of the first frame.
    #[must_use]
    pub fn first(&self) -> Option<&[u8]> {
        self.frames.front().and_then(|frame| frame.bytes.get(self.begun..))
    }

    /// So much of it was written.
    pub fn written(&mut self, mut count: usize) {
        while let Some(frame) = self.frames.front() {
            let left = frame.bytes.len() - self.begun;
            if count < left {
                self.begun += count;
                return;
            }
            count -= left;
            self.begun = 0;
            self.bytes -= frame.bytes.len();
            self.frames.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Queue, Stalled};
    use crate::limits::{QUEUE_AGE_MS, QUEUE_BYTES};

    fn waiting(queue: &Queue) -> Vec<u8> {
        queue.pieces().iter().map(|piece| &**piece).collect::<Vec<_>>().concat()
    }

    #[test]
    fn old_data_is_dropped_and_old_answers_are_not() {
        let mut queue = Queue::default();
        queue.push(0, false, &[b"answer "]).unwrap();
        queue.push(0, true, &[b"old "]).unwrap();
        queue.written(b"answer ".len());
        queue.push(QUEUE_AGE_MS + 1, true, &[b"ne", b"w"]).unwrap();
        assert_eq!((waiting(&queue), queue.dropped()), (b"new".to_vec(), 1));
        let mut queue = Queue::default();
        queue.push(0, false, &[b"answer "]).unwrap();
        queue.push(QUEUE_AGE_MS + 1, true, &[b"new"]).unwrap();
        assert_eq!(waiting(&queue), b"answer new");
    }

    #[test]
    fn a_frame_that_has_begun_to_go_out_is_finished() {
        let mut queue = Queue::default();
        queue.push(0, true, &[b"begun"]).unwrap();
        queue.push(0, true, &[b"other"]).unwrap();
        queue.written(2);
        queue.drop_old(QUEUE_AGE_MS + 1);
        assert_eq!((waiting(&queue), queue.dropped()), (b"gun".to_vec(), 1));
    }

    #[test]
    fn a_client_that_reads_nothing_is_given_up() {
        let mut queue = Queue::default();
        let half = vec![0; QUEUE_BYTES / 2];
        queue.push(0, false, &[&half]).unwrap();
        queue.push(0, false, &[&half]).unwrap();
        assert_eq!(queue.push(0, false, &[b"x"]), Err(Stalled));
        assert_eq!(queue.push(0, true, &[b"x"]), Ok(()));
        assert_eq!(queue.dropped(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_goes_out_are_whole_frames_in_order(
            steps in prop::collection::vec((any::<bool>(), 1_usize..60_000, 0_usize..70_000, 0_u64..400), 1..60),
        ) {
            let mut queue = Queue::default();
            let (mut now, mut out) = (0, Vec::new());
            for (at, (data, len, write, wait)) in steps.into_iter().enumerate() {
                now += wait;
                // Each frame says its length and its number.
                let mut frame = vec![0; len + 8];
                frame[..4].copy_from_slice(&u32::try_from(len).unwrap().to_be_bytes());
                frame[4..8].copy_from_slice(&u32::try_from(at).unwrap().to_be_bytes());
                let pushed = queue.push(now, data, &[&frame]);
                prop_assert!(pushed.is_ok() || !data, "data is dropped and never a reason to give up");
                let ready = waiting(&queue);
                let count = write.min(ready.len());
                out.extend_from_slice(&ready[..count]);
                queue.written(count);
                prop_assert!(queue.bytes <= QUEUE_BYTES);
            }
            out.extend(waiting(&queue));
            let (mut rest, mut last) = (&out[..], None);
            while rest.len() >= 8 {
                let len = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
                let number = u32::from_be_bytes(rest[4..8].try_into().unwrap());
                prop_assert!(last < Some(number));
                last = Some(number);
                // The last write may end within a frame: more frames wait than one call takes.
                rest = rest.get(8 + len..).unwrap_or_default();
            }
        }
    }
}
