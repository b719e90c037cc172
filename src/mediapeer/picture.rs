//! Generated pictures in the shape of VP8: what they are made of, how they are cut into packets, and how packets become
//! pictures again. There is no codec here: a picture is its first octets, as a codec would write them, and a text that
//! says which one it is.
//!
//! Not known here: keys, connections.

use std::collections::BTreeMap;
use std::time::Instant;

use relais_wire::sframe::{VP8_DELTA_PREFIX_BYTES, VP8_KEY_PREFIX_BYTES, vp8_prefix_bytes};

use crate::limits::{PACKET_OCTETS, REPAIR_FOR, WAITING_PACKETS_MAX};

/// What the generated part of each picture begins with: a test that finds it anywhere has found a leak.
pub const MARK: &[u8] = b"relais generated media";

/// Which picture it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The layer: 0 for the lowest.
    pub layer: u8,
    /// Its number in the layer.
    pub number: u32,
}

impl Label {
    /// The generated part of a picture, so many octets long at least.
    #[must_use]
    pub fn fill(self, octets: usize) -> Vec<u8> {
        let mut out = MARK.to_vec();
        out.push(self.layer);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.resize(octets.max(out.len()), self.layer);
        out
    }

    /// Reads the generated part.
    #[must_use]
    pub fn read(part: &[u8]) -> Option<Self> {
        let (layer, rest) = part.strip_prefix(MARK)?.split_first()?;
        let number = u32::from_be_bytes(*rest.first_chunk()?);
        Some(Self { layer: *layer, number })
    }
}

/// The octets in clear of a picture (RFC 6386 §9.1).
#[must_use]
pub fn prefix(key: bool) -> Vec<u8> {
    if key { KEY_PREFIX.to_vec() } else { DELTA_PREFIX.to_vec() }
}

/// A shown key frame, the start code, and 640 by 360.
const KEY_PREFIX: [u8; VP8_KEY_PREFIX_BYTES] = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];

/// A shown frame that builds on the one before.
const DELTA_PREFIX: [u8; VP8_DELTA_PREFIX_BYTES] = [0x11, 0, 0];

/// Cuts a picture into packets, each with a descriptor (RFC 7741 §4.2) with a 15-bit picture id.
#[must_use]
pub fn cut(frame: &[u8], id: u16, base: u8) -> Vec<Vec<u8>> {
    let [high, low] = (id & 0x7fff).to_be_bytes();
    let parts = frame.chunks(PACKET_OCTETS).enumerate();
    parts
        .map(|(at, part)| {
            let first = if at == 0 { 0x90 } else { 0x80 };
            let mut packet = vec![first, 0xe0, 0x80 | high, low, base, 0];
            packet.extend_from_slice(part);
            packet
        })
        .collect()
}

/// A picture that has arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its octets, those in clear first.
    pub frame: Vec<u8>,
    /// How many are in clear.
    pub prefix: usize,
    /// Whether it is a key frame.
    pub key: bool,
    /// Its picture id.
    pub id: u16,
}

#[derive(Clone, Debug)]
struct Part {
    first: bool,
    last: bool,
    id: u16,
    media: Vec<u8>,
    came: Instant,
}

/// Puts one slot's packets together again, in order: a frame waits for every packet before it.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    parts: BTreeMap<u64, Part>,
    /// The number after the last packet of the last picture; none before the first one, and after what was given up.
    next: Option<u64>,
    waits_since: Option<Instant>,
    /// How often a gap was given up, and the picture stood still until a key frame.
    pub stalls: u64,
}

impl Assembler {
    /// A packet.
    pub fn put(&mut self, seq: u64, last: bool, payload: &[u8], now: Instant) {
        let Some((first, id, media)) = descriptor(payload) else { return };
        if self.next.is_some_and(|next| seq < next) {
            return;
        }
        self.parts.insert(seq, Part { first, last, id, media: media.to_vec(), came: now });
        while self.parts.len() > WAITING_PACKETS_MAX {
            self.parts.pop_first();
        }
    }

    /// The next picture, if it is whole.
    pub fn take(&mut self, now: Instant) -> Option<Whole> {
        let begin = match self.next {
            Some(next) => next,
            // the first key frame that is whole
            None => self
                .parts
                .iter()
                .find(|(seq, part)| is_key(part) && self.end(**seq).is_some())
                .map(|(seq, _)| *seq)?,
        };
        let Some(end) = self.end(begin) else {
            self.wait(now);
            return None;
        };
        self.waits_since = None;
        self.next = Some(end + 1);
        let rest = self.parts.split_off(&(end + 1));
        let parts = std::mem::replace(&mut self.parts, rest);
        let mine: Vec<&Part> = parts.range(begin..).map(|(_, part)| part).collect();
        let frame: Vec<u8> = mine.iter().flat_map(|part| part.media.iter().copied()).collect();
        let first = *frame.first()?;
        let id = mine.first()?.id;
        Some(Whole { prefix: vp8_prefix_bytes(first), key: first & 1 == 0, id, frame })
    }

    /// Whether it waits for a key frame.
    #[must_use]
    pub const fn needs_key(&self) -> bool {
        self.next.is_none()
    }

    /// The number of the last packet of the picture that begins here, if all of it is there.
    fn end(&self, begin: u64) -> Option<u64> {
        for (expected, (seq, part)) in (begin..).zip(self.parts.range(begin..)) {
            if *seq != expected || part.first != (*seq == begin) {
                return None;
            }
            if part.last {
                return Some(*seq);
            }
        }
        None
    }

    /// Gives up what does not come.
    fn wait(&mut self, now: Instant) {
        if self.parts.is_empty() {
            self.waits_since = None;
            return;
        }
        let since = *self.waits_since.get_or_insert(now);
        let newest = self.parts.last_key_value().map_or(now, |(_, part)| part.came);
        if now.saturating_duration_since(since) >= REPAIR_FOR && newest > since {
            self.stalls += 1;
            self.next = None;
            self.waits_since = None;
        }
    }
}

fn is_key(part: &Part) -> bool {
    part.first && part.media.first().is_some_and(|first| first & 1 == 0)
}

/// Whether a packet is a picture's first, its picture id, and what is behind the descriptor that [`cut`] writes.
fn descriptor(payload: &[u8]) -> Option<(bool, u16, &[u8])> {
    let ([first, extensions, high, low, _, _], media) = payload.split_first_chunk()?;
    let ours = first & 0x80 != 0 && *extensions == 0xe0 && high & 0x80 != 0;
    ours.then(|| (first & 0x10 != 0, u16::from_be_bytes([high & 0x7f, *low]), media))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Assembler, Label, cut, prefix};
    use crate::limits::{PACKET_OCTETS, REPAIR_FOR};

    fn frame(key: bool, number: u32, octets: usize) -> Vec<u8> {
        [prefix(key), Label { layer: 1, number }.fill(octets)].concat()
    }

    /// The packets of three pictures, numbered from 1 on, and whether each ends its picture.
    fn packets() -> Vec<(u64, bool, Vec<u8>)> {
        let frames = [(true, 3 * PACKET_OCTETS), (false, 10), (false, 2 * PACKET_OCTETS)];
        let mut out = Vec::new();
        for ((key, octets), id) in frames.into_iter().zip(7..) {
            let cut = cut(&frame(key, u32::from(id), octets), id, 0);
            let count = cut.len();
            for (at, packet) in cut.into_iter().enumerate() {
                out.push((u64::try_from(out.len()).unwrap() + 1, at + 1 == count, packet));
            }
        }
        out
    }

    #[test]
    fn pictures_come_out_whole_and_in_order_whatever_the_order_of_packets() {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        let now = Instant::now();
        let mut mixed = packets();
        mixed.reverse();
        let mut assembler = Assembler::default();
        for (seq, last, packet) in mixed {
            assembler.put(seq, last, &packet, now);
        }
        let ids: Vec<(u16, bool, Option<u32>)> = std::iter::from_fn(|| assembler.take(now))
            .map(|it| (it.id, it.key, Label::read(&it.frame[it.prefix..]).map(|label| label.number)))
            .collect();
        assert_eq!(ids, [(7, true, Some(7)), (8, false, Some(8)), (9, false, Some(9))]);
    }

    #[test]
    fn a_gap_is_waited_for_and_then_given_up_until_a_key_frame() {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        let mut now = Instant::now();
        let mut assembler = Assembler::default();
        let missing = 5;
        for (seq, last, packet) in packets().iter().filter(|(seq, ..)| *seq != missing) {
            assembler.put(*seq, *last, packet, now);
        }
        assert!(assembler.take(now).is_some_and(|it| it.key));
        assert!(assembler.take(now).is_none());
        now += REPAIR_FOR + Duration::from_millis(1);
        assembler.put(9, false, &[0; 4], now);
        let (_, last, packet) = &packets()[5];
        assembler.put(20, *last, packet, now);
        assert!(assembler.take(now).is_none());
        assert!(assembler.needs_key() && assembler.stalls == 1);
        for (seq, last, packet) in packets() {
            assembler.put(seq + 30, last, &packet, now);
        }
        assert!(assembler.take(now).is_some_and(|it| it.key), "goes on with the next key frame");
    }
}
