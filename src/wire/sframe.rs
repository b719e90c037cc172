//! The clear part of a sealed media frame: how many of a codec's bytes stay in clear, and the SFrame header
//! (RFC 9605 §4.3) behind them.
//!
//! A frame on its way is `prefix ‖ header ‖ ciphertext ‖ tag`. The prefix is what a forwarding unit and a jitter
//! buffer must see: whether a VP8 frame is a key frame and how large, what an Opus packet is made of. Prefix and
//! header are authenticated with the frame.
//!
//! Not known here: keys, ciphers, RTP.

/// Octets of the longest header: one of configuration, eight of key id, eight of counter.
pub const HEADER_BYTES_MAX: usize = 17;

/// Octets of the tag behind the ciphertext: AES-256-GCM with SHA-512 (suite 5) keeps all 16.
pub const TAG_BYTES: usize = 16;

/// Octets in clear at the start of a VP8 key frame: the frame tag, the start code and the picture's size
/// (RFC 6386 §9.1).
pub const VP8_KEY_PREFIX_BYTES: usize = 10;

/// Octets in clear at the start of any other VP8 frame: the frame tag.
pub const VP8_DELTA_PREFIX_BYTES: usize = 3;

/// Octets in clear at the start of an Opus packet: the table of contents (RFC 6716 §3.1).
pub const OPUS_PREFIX_BYTES: usize = 1;

/// Who sealed a frame and under which key, and its number under that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SframeHeader {
    /// Key id, see [`key_id`].
    pub key_id: u64,
    /// Counter: unique under one key, in the order of sealing.
    pub counter: u64,
}

/// The key id of a sender's key: the sender's index in the call, then the number of the key, in the last octet.
#[must_use]
pub const fn key_id(sender: u32, generation: u8) -> u64 {
    ((sender as u64) << 8) | generation as u64
}

/// The sender's index in a key id; `None` when the id is none of a call.
#[must_use]
pub fn sender_of(key_id: u64) -> Option<u32> {
    u32::try_from(key_id >> 8).ok()
}

/// Octets in clear of a VP8 frame that begins with this one: its lowest bit is 0 for a key frame.
#[must_use]
pub const fn vp8_prefix_bytes(first: u8) -> usize {
    if first & 1 == 0 { VP8_KEY_PREFIX_BYTES } else { VP8_DELTA_PREFIX_BYTES }
}

impl SframeHeader {
    /// The header's bytes, 1 to 17 of them.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let (key_nibble, key) = field(self.key_id);
        let (counter_nibble, counter) = field(self.counter);
        let mut out = vec![(key_nibble << 4) | counter_nibble];
        out.extend_from_slice(&key);
        out.extend_from_slice(&counter);
        out
    }

    /// Reads a header and says how long it is. `None` where no sender would write these bytes: cut short, or a
    /// number in more octets than it needs.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let (config, rest) = bytes.split_first()?;
        let (key_id, rest) = number(config >> 4, rest)?;
        let (counter, rest) = number(config & 0x0f, rest)?;
        Some((Self { key_id, counter }, bytes.len() - rest.len()))
    }
}

/// A number as its four bits and the octets behind: below 8 it is its bits; otherwise they are 8 plus its octets,
/// less one.
fn field(value: u64) -> (u8, Vec<u8>) {
    let all = value.to_be_bytes();
    if value < 8 {
        let [.., last] = all;
        return (last, Vec::new());
    }
    let octets: Vec<u8> = all.into_iter().skip_while(|octet| *octet == 0).collect();
    let behind = u8::try_from(octets.len()).expect("a u64 has at most eight octets");
    (8 | (behind - 1), octets)
}

fn number(nibble: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    if nibble < 8 {
        return Some((u64::from(nibble), rest));
    }
    let (octets, rest) = rest.split_at_checked(usize::from(nibble & 7) + 1)?;
    let value = octets.iter().fold(0, |value, octet| (value << 8) | u64::from(*octet));
    let shortest = value >= 8 && octets.first().is_some_and(|first| *first != 0);
    shortest.then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HEADER_BYTES_MAX, SframeHeader, key_id, sender_of, vp8_prefix_bytes};

    /// From RFC 9605, appendix C.1 and C.3, and its figure 3.
    #[test]
    fn the_published_headers_are_met() {
        for (key_id, counter, bytes) in [
            (0, 0, "00"),
            (0, 7, "07"),
            (7, 0, "70"),
            (0, 8, "0808"),
            (8, 0, "8008"),
            (0, 0xffff, "09ffff"),
            (0x123, 0x4567, "9901234567"),
            (u64::MAX, u64::MAX, "ffffffffffffffffffffffffffffffffff"),
        ] {
            let header = SframeHeader { key_id, counter };
            assert_eq!(hex::encode(header.to_bytes()), bytes);
            assert_eq!(SframeHeader::parse(&header.to_bytes()), Some((header, bytes.len() / 2)));
        }
    }

    #[test]
    fn a_header_that_nobody_would_write_is_none() {
        // nothing; cut short; 5 in an octet of its own; 1 and 10 in two octets
        for bytes in ["", "a001", "8005", "09000100", "90000a"] {
            assert_eq!(SframeHeader::parse(&hex::decode(bytes).unwrap()), None, "{bytes}");
        }
    }

    #[test]
    fn a_key_id_names_its_sender() {
        assert_eq!(key_id(3, 255), 0x03ff);
        assert_eq!(sender_of(key_id(u32::MAX, 7)), Some(u32::MAX));
        assert_eq!(sender_of(1 << 40), None);
    }

    #[test]
    fn a_key_frame_shows_its_size_and_others_only_their_tag() {
        assert_eq!((vp8_prefix_bytes(0x10), vp8_prefix_bytes(0x11)), (10, 3));
    }

    proptest! {
        #[test]
        fn every_header_comes_back(key_id: u64, counter: u64, behind in proptest::collection::vec(any::<u8>(), 0..4)) {
            let header = SframeHeader { key_id, counter };
            let mut bytes = header.to_bytes();
            let len = bytes.len();
            prop_assert!(len <= HEADER_BYTES_MAX);
            bytes.extend(behind);
            prop_assert_eq!(SframeHeader::parse(&bytes), Some((header, len)));
        }

        #[test]
        fn what_is_read_is_what_would_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Some((header, len)) = SframeHeader::parse(&bytes) {
                prop_assert_eq!(header.to_bytes(), &bytes[..len]);
            }
        }
    }
}
