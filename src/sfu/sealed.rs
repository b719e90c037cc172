//! The check that a frame is sealed: where the codec's clear bytes end there must be an SFrame header of its sender.
//!
//! It stops a client whose encryption failed to attach from sending a picture that the server could watch. It cannot
//! stop a client that wants to be watched: what is behind the header is ciphertext to this crate, or noise.
//!
//! Not known here: keys; whether a frame can be opened.

use std::collections::VecDeque;

use relais_wire::sframe::{OPUS_PREFIX_BYTES, SframeHeader, TAG_BYTES, sender_of, vp8_prefix_bytes};

use crate::limits::FRAMES_REMEMBERED;

/// What a stream is coded with. Others are not forwarded: nothing is known of their clear bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// RFC 6386 in RFC 7741.
    Vp8,
    /// RFC 6716 in RFC 7587.
    Opus,
}

/// What is known of a packet's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is sealed, or its beginning was.
    Sealed,
    /// Its first packet has no header of its sender; it begins with this packet.
    Unsealed,
    /// It goes on with this packet, and nothing of it is let through.
    Rest,
}

/// The check of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    codec: Codec,
    /// The sender's index in the call.
    sender: u32,
    /// Timestamps of frames and whether they were sealed, the newest last.
    frames: VecDeque<(u32, bool)>,
}

impl Guard {
    /// The check of a stream of the sender with this index.
    #[must_use]
    pub(crate) const fn new(codec: Codec, sender: u32) -> Self {
        Self { codec, sender, frames: VecDeque::new() }
    }

    /// Looks at a packet. A first packet is looked at; others share its verdict. Where the first one is missing so far,
    /// the frame before speaks for this one, and before any frame nothing passes: a stream that begins unsealed leaks
    /// nothing.
    pub(crate) fn check(&mut self, timestamp: u32, marker: bool, payload: &[u8]) -> Verdict {
        let Some(frame) = begins(self.codec, payload) else {
            let same = self.frames.iter().rev().find(|(of, _)| *of == timestamp);
            let sealed = same.or(self.frames.back()).is_some_and(|(_, sealed)| *sealed);
            return if sealed { Verdict::Sealed } else { Verdict::Rest };
        };
        let sealed = self.is_sealed(frame, marker || self.codec == Codec::Opus);
        self.frames.retain(|(of, _)| *of != timestamp);
        self.frames.push_back((timestamp, sealed));
        if self.frames.len() > FRAMES_REMEMBERED {
            self.frames.pop_front();
        }
        if sealed { Verdict::Sealed } else { Verdict::Unsealed }
    }

    /// `whole`: the frame ends with this packet too.
    fn is_sealed(&self, frame: &[u8], whole: bool) -> bool {
        let prefix = match (self.codec, frame.first()) {
            (_, None) => return false,
            (Codec::Vp8, Some(first)) => vp8_prefix_bytes(*first),
            (Codec::Opus, Some(_)) => OPUS_PREFIX_BYTES,
        };
        let Some((header, len)) = frame.get(prefix..).and_then(SframeHeader::parse) else { return false };
        let long_enough = !whole || frame.len() >= prefix.saturating_add(len).saturating_add(TAG_BYTES);
        sender_of(header.key_id) == Some(self.sender) && long_enough
    }
}

/// The frame's first bytes, if the packet is its first; an Opus packet is a frame of its own.
fn begins(codec: Codec, payload: &[u8]) -> Option<&[u8]> {
    match codec {
        Codec::Opus => Some(payload),
        Codec::Vp8 => {
            let (first, _) = payload.split_first()?;
            // S is set and the partition is the first
            (first & 0x17 == 0x10).then(|| payload.get(descriptor_bytes(payload)?..)).flatten()
        }
    }
}

/// Octets of the VP8 payload descriptor (RFC 7741 §4.2).
fn descriptor_bytes(payload: &[u8]) -> Option<usize> {
    if payload.first()? & 0x80 == 0 {
        return Some(1);
    }
    let extensions = payload.get(1)?;
    let mut len = 2;
    if extensions & 0x80 != 0 {
        len += if payload.get(2)? & 0x80 == 0 { 1 } else { 2 };
    }
    if extensions & 0x40 != 0 {
        len += 1;
    }
    if extensions & 0x30 != 0 {
        len += 1;
    }
    Some(len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_wire::sframe::{SframeHeader, key_id};

    use super::{Codec, Guard, Verdict};

    const SENDER: u32 = 7;

    fn header(sender: u32) -> Vec<u8> {
        SframeHeader { key_id: key_id(sender, 1), counter: 300 }.to_bytes()
    }

    /// A VP8 packet: descriptor with a 15-bit picture id, then the frame's bytes.
    fn vp8(start: bool, frame: &[u8]) -> Vec<u8> {
        let mut payload = vec![if start { 0x90 } else { 0x80 }, 0xe0, 0x80, 1, 2, 3];
        payload.extend_from_slice(frame);
        payload
    }

    fn delta(sender: u32) -> Vec<u8> {
        [&[0x11, 0, 0][..], &header(sender), &[9; 40]].concat()
    }

    #[test]
    fn a_sealed_frame_passes_with_all_its_packets() {
        let mut guard = Guard::new(Codec::Vp8, SENDER);
        let key = [&[0x10; 10][..], &header(SENDER), &[9; 40]].concat();
        assert_eq!(guard.check(1, false, &vp8(true, &key)), Verdict::Sealed);
        assert_eq!(guard.check(1, true, &vp8(false, &[1; 30])), Verdict::Sealed);
        assert_eq!(guard.check(2, true, &vp8(true, &delta(SENDER))), Verdict::Sealed);
    }

    #[test]
    fn a_frame_in_clear_is_dropped_with_all_its_packets() {
        let mut guard = Guard::new(Codec::Vp8, SENDER);
        assert_eq!(
            guard.check(1, false, &vp8(false, &[1; 30])),
            Verdict::Rest,
            "nothing before the first header"
        );
        assert_eq!(guard.check(2, false, &vp8(true, &[0xff; 60])), Verdict::Unsealed);
        assert_eq!(guard.check(2, true, &vp8(false, &[1; 30])), Verdict::Rest);
        assert_eq!(guard.check(3, true, &vp8(true, &delta(SENDER))), Verdict::Sealed);
        assert_eq!(guard.check(2, true, &vp8(false, &[1; 30])), Verdict::Rest, "late, and still unsealed");
        assert_eq!(guard.check(4, false, &vp8(false, &[1; 30])), Verdict::Sealed, "its first packet is late");
    }

    #[test]
    fn a_header_of_somebody_else_is_none() {
        let mut guard = Guard::new(Codec::Vp8, SENDER);
        assert_eq!(guard.check(1, true, &vp8(true, &delta(SENDER + 1))), Verdict::Unsealed);
    }

    #[test]
    fn an_opus_packet_is_a_frame() {
        let mut guard = Guard::new(Codec::Opus, SENDER);
        let voice = [&[0x78][..], &header(SENDER), &[9; 16]].concat();
        assert_eq!(guard.check(1, false, &voice), Verdict::Sealed);
        assert_eq!(
            guard.check(2, false, &voice[..voice.len() - 1]),
            Verdict::Unsealed,
            "no room for the tag"
        );
        assert_eq!(guard.check(3, false, &[0x78]), Verdict::Unsealed);
        assert_eq!(guard.check(4, false, &[]), Verdict::Unsealed);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(packets in proptest::collection::vec((any::<u32>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..60), opus: bool) {
            let mut guard = Guard::new(if opus { Codec::Opus } else { Codec::Vp8 }, SENDER);
            for (timestamp, marker, payload) in packets {
                guard.check(timestamp, marker, &payload);
            }
        }

        /// Coded pictures are close to random: a frame in clear passes about once in as many as there are senders.
        #[test]
        fn noise_is_seldom_taken_for_sealed(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 60..61), 200..201)) {
            let mut guard = Guard::new(Codec::Vp8, SENDER);
            let passed = frames.iter().zip(0..).filter(|(frame, at)| guard.check(*at, true, &vp8(true, frame)) == Verdict::Sealed);
            prop_assert!(passed.count() < 20);
        }
    }
}
