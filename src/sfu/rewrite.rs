//! The numbers of a forwarded stream. A subscriber's slot is one stream to its decoder, whatever it is made of: another
//! layer, another person, with packets taken out. So sequence numbers, timestamps and VP8's picture ids are counted
//! on for each subscriber.
//!
//! Not known here: payloads; what belongs into a slot.

use std::collections::VecDeque;
use std::time::Instant;

use crate::limits::GAPS_REMEMBERED;

/// Sequence numbers and timestamps of one slot.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    /// Ticks of its timestamps in a second.
    clock: u32,
    /// From which incoming number on which offset counts; the newest last. Empty until the first [`Numbers::switch`].
    parts: VecDeque<Part>,
    newest_in: u64,
    timestamp_offset: u32,
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    from: u64,
    offset: i64,
}

/// The newest packet that went out.
#[derive(Clone, Copy, Debug)]
struct Last {
    seq: u64,
    timestamp: u32,
    at: Instant,
}

/// A packet's numbers on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// Sequence number, with its rollovers.
    pub(crate) seq: u64,
    /// Timestamp.
    pub(crate) timestamp: u32,
    /// Whether it is the newest so far; a late one is not.
    pub(crate) newest: bool,
}

impl Numbers {
    /// Nothing has gone out. `clock` is 90 000 for pictures and 48 000 for Opus.
    #[must_use]
    pub(crate) const fn new(clock: u32) -> Self {
        Self { clock, parts: VecDeque::new(), newest_in: 0, timestamp_offset: 0, last: None }
    }

    /// The slot's stream goes on with another incoming one, from this packet on: the next number, and a timestamp as
    /// much later as time has passed.
    pub(crate) fn switch(&mut self, seq: u64, timestamp: u32, now: Instant) {
        let (next, at) = match self.last {
            // A first number below 65 536 keeps the rollover counter of SRTP at 0.
            None => (1, timestamp),
            Some(last) => {
                let millis = now.saturating_duration_since(last.at).as_millis();
                let ticks = millis.saturating_mul(u128::from(self.clock)) / 1_000;
                let ticks = u32::try_from(ticks % (1 << 32)).unwrap_or(0).max(1);
                (last.seq.saturating_add(1), last.timestamp.wrapping_add(ticks))
            }
        };
        self.parts.clear();
        self.parts.push_back(Part { from: seq, offset: distance(seq, next) });
        self.newest_in = seq;
        self.timestamp_offset = at.wrapping_sub(timestamp);
    }

    /// The numbers of a packet of the current incoming stream; `None` for one from before the switch, one that was
    /// taken out, or one too late to be placed.
    pub(crate) fn number(&mut self, seq: u64, timestamp: u32, now: Instant) -> Option<Numbered> {
        let offset = self.offset(seq)?;
        let out = Numbered {
            seq: seq.checked_add_signed(offset)?,
            timestamp: timestamp.wrapping_add(self.timestamp_offset),
            newest: self.last.is_none_or(|last| seq.checked_add_signed(offset) > Some(last.seq)),
        };
        self.newest_in = self.newest_in.max(seq);
        if out.newest {
            self.last = Some(Last { seq: out.seq, timestamp: out.timestamp, at: now });
        }
        Some(out)
    }

    /// A packet of the current incoming stream does not go out, and no gap shall be seen where it was. Of a packet that
    /// comes late the gap stays: what came after it has gone out already.
    pub(crate) fn take_out(&mut self, seq: u64) {
        let Some(newest) = self.parts.back().copied() else { return };
        if seq <= self.newest_in || seq < newest.from {
            return;
        }
        self.newest_in = seq;
        self.parts.push_back(Part { from: seq.saturating_add(1), offset: newest.offset.saturating_sub(1) });
        if self.parts.len() > GAPS_REMEMBERED {
            self.parts.pop_front();
        }
    }

    fn offset(&self, seq: u64) -> Option<i64> {
        let mut after = None;
        for part in self.parts.iter().rev() {
            if part.from <= seq {
                // the number just before a part is the one that was taken out
                let taken_out = after.is_some_and(|after: u64| seq.checked_add(1) == Some(after));
                return (!taken_out).then_some(part.offset);
            }
            after = Some(part.from);
        }
        None
    }
}

/// `to − from`, for numbers of streams: far below 2⁶³.
fn distance(from: u64, to: u64) -> i64 {
    let (from, to) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(to).unwrap_or(i64::MAX));
    to.saturating_sub(from)
}

/// VP8's picture id (15 bits, RFC 7741 §4.2) and index of base-layer pictures (8 bits) of one slot. Without them counted
/// on, decoders wait for pictures that never existed, for a second or more, at each change of layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pictures {
    id: Counter<0x7fff>,
    base: Counter<0xff>,
}

impl Pictures {
    /// The slot goes on with another stream whose first picture has these numbers.
    pub(crate) fn switch(&mut self, id: Option<u16>, base: Option<u8>) {
        self.id.switch(id);
        self.base.switch(base.map(u16::from));
    }

    /// A picture's numbers on their way out. `newest` as [`Numbered::newest`] says it.
    pub(crate) fn number(
        &mut self,
        id: Option<u16>,
        base: Option<u8>,
        newest: bool,
    ) -> (Option<u16>, Option<u8>) {
        let id = id.map(|id| self.id.number(id, newest));
        let base = base.map(|base| self.base.number(u16::from(base), newest));
        (id, base.and_then(|base| u8::try_from(base).ok()))
    }
}

/// A number that wraps after `MAX`, which is one less than a power of two.
#[derive(Clone, Debug, Default)]
struct Counter<const MAX: u16> {
    offset: u16,
    last: Option<u16>,
}

impl<const MAX: u16> Counter<MAX> {
    fn switch(&mut self, first: Option<u16>) {
        if let (Some(first), Some(last)) = (first, self.last) {
            self.offset = last.wrapping_add(1).wrapping_sub(first) & MAX;
        }
    }

    fn number(&mut self, value: u16, newest: bool) -> u16 {
        let out = value.wrapping_add(self.offset) & MAX;
        if newest {
            self.last = Some(out);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Numbers, Pictures};

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        Instant::now()
    }

    #[test]
    fn the_first_number_is_small_however_large_the_incoming_one() {
        let now = start();
        let mut numbers = Numbers::new(90_000);
        assert_eq!(numbers.number(70_000, 5, now), None, "nothing before the switch");
        numbers.switch(70_000, 5, now);
        let first = numbers.number(70_000, 5, now).unwrap();
        assert_eq!((first.seq, first.timestamp, first.newest), (1, 5, true));
    }

    #[test]
    fn another_stream_goes_on_where_the_last_one_stopped() {
        let now = start();
        let mut numbers = Numbers::new(90_000);
        numbers.switch(100, 1_000, now);
        numbers.number(100, 1_000, now);
        numbers.number(103, 4_000, now);
        let later = now + Duration::from_millis(40);
        numbers.switch(9_000, 77, later);
        assert_eq!(numbers.number(8_999, 70, later), None, "from before its key frame");
        let first = numbers.number(9_000, 77, later).unwrap();
        assert_eq!((first.seq, first.timestamp), (5, 4_000 + 3_600));
        assert!(!numbers.number(9_000, 77, later).unwrap().newest, "a second time");
    }

    #[test]
    fn what_is_taken_out_leaves_no_gap_and_does_not_come_back() {
        let now = start();
        let mut numbers = Numbers::new(90_000);
        numbers.switch(10, 0, now);
        let seq = |numbers: &mut Numbers, seq| numbers.number(seq, 0, now).map(|out| out.seq);
        assert_eq!(seq(&mut numbers, 10), Some(1));
        numbers.take_out(12);
        numbers.take_out(13);
        assert_eq!(seq(&mut numbers, 14), Some(3));
        assert_eq!(seq(&mut numbers, 11), Some(2), "late, in its own place");
        assert_eq!((seq(&mut numbers, 12), seq(&mut numbers, 13)), (None, None));
        numbers.take_out(11);
        assert_eq!(seq(&mut numbers, 15), Some(4), "nothing to close where something had gone out");
    }

    #[test]
    fn pictures_are_counted_on() {
        let mut pictures = Pictures::default();
        pictures.switch(Some(32_766), Some(254));
        assert_eq!(pictures.number(Some(32_767), Some(255), true), (Some(32_767), Some(255)));
        pictures.switch(Some(5), Some(9));
        assert_eq!(pictures.number(Some(5), Some(9), true), (Some(0), Some(0)));
        assert_eq!(pictures.number(Some(6), None, true), (Some(1), None));
        assert_eq!(pictures.number(None, None, true), (None, None), "a stream without them");
    }

    /// What happens to a stream: a packet goes out or is taken out, or another stream follows.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Packet { jump: u64, taken_out: bool },
        Switch { seq: u64 },
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            9 => (1..4_u64, prop::bool::weighted(0.2)).prop_map(|(jump, taken_out)| Step::Packet { jump, taken_out }),
            1 => (0..1_000_000_u64).prop_map(|seq| Step::Switch { seq }),
        ]
    }

    proptest! {
        /// No number goes out for two packets, order is kept, and of a stream without loss nothing is missing.
        #[test]
        fn numbers_are_unique_ordered_and_without_gaps(steps in proptest::collection::vec(any_step(), 1..200), late in proptest::collection::vec(any::<prop::sample::Index>(), 0..20)) {
            let now = start();
            let mut numbers = Numbers::new(90_000);
            let mut at = 500;
            numbers.switch(at, 0, now);
            let mut sent: BTreeMap<u64, u64> = BTreeMap::new();
            let mut of_stream: Vec<(u64, bool)> = Vec::new();
            // the number of the switch itself never comes
            let (mut lost, mut newest) = (1, 0);
            for step in steps {
                match step {
                    Step::Packet { jump, taken_out: true } => {
                        at += jump;
                        lost += jump - 1;
                        numbers.take_out(at);
                        of_stream.push((at, true));
                    }
                    Step::Packet { jump, taken_out: false } => {
                        at += jump;
                        let out = numbers.number(at, 0, now).unwrap();
                        prop_assert!(out.newest && out.seq > newest);
                        newest = out.seq;
                        prop_assert_eq!(sent.insert(out.seq, at), None);
                        lost += jump - 1;
                        of_stream.push((at, false));
                    }
                    Step::Switch { seq } => {
                        at = seq;
                        numbers.switch(at, 0, now);
                        let out = numbers.number(at, 0, now).unwrap();
                        prop_assert_eq!(out.seq, newest + 1, "no gap where streams meet");
                        newest = out.seq;
                        sent.insert(out.seq, at);
                        of_stream = vec![(at, false)];
                    }
                }
            }
            prop_assert!(newest <= u64::try_from(sent.len()).unwrap() + lost, "only what was lost is missing");
            // whatever comes again gets its old number or none
            for index in late {
                if of_stream.is_empty() { continue; }
                let (seq, taken_out) = *index.get(&of_stream);
                if let Some(out) = numbers.number(seq, 0, now) {
                    prop_assert!(!taken_out);
                    prop_assert_eq!(sent.get(&out.seq), Some(&seq));
                }
            }
        }

        #[test]
        fn timestamps_go_forward_over_a_switch(ts: u32, other: u32, ms in 0..100_000_u64) {
            let now = start();
            let later = now + Duration::from_millis(ms);
            let mut numbers = Numbers::new(48_000);
            numbers.switch(0, ts, now);
            let before = numbers.number(0, ts, now).unwrap().timestamp;
            numbers.switch(0, other, later);
            let after = numbers.number(0, other, later).unwrap().timestamp;
            prop_assert_eq!(u64::from(after.wrapping_sub(before)), (ms * 48).max(1));
        }
    }
}
