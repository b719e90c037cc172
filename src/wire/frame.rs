//! The fixed header and the split of a message into header and body.
//!
//! ```text
//! offset  size  field
//!      0     1  version, 1
//!      1     1  class: 1 request, 2 reply, 3 event, 4 control
//!      2     2  type, big endian; numbers are never reused
//!      4     1  flags: bit 0 = the reply is a refusal; the rest are 0
//!      5     1  stream: 0 none, 1 the followed organization's, 2 the personal one (events from a stream)
//!      6     2  reserved, 0
//!      8     8  id, big endian: the client's request id (request, reply), the entry's number in its stream
//!               (event from a stream), the time after which it is worthless in ms (event outside a stream,
//!               0 = never), 0 (control)
//!     16     4  length of the body in bytes, big endian
//!     20     …  body, MessagePack
//! ```
//!
//! The header is the only part of an event that differs between recipients: the body behind it is encoded
//! once and shared. A WebSocket message and an HTTP body hold exactly one frame; on a byte stream frames
//! follow one another.
//!
//! Not known here: which types exist.

use crate::ids::INT_MAX;

/// The protocol version this crate speaks.
pub const VERSION: u8 = 1;

/// Bytes of the header.
pub const HEADER_LEN: usize = 20;

const FLAG_REFUSAL: u8 = 1;

/// Who speaks to whom, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Client to server; answered by exactly one reply with the same type and id.
    Request,
    /// Server to client, the answer to a request.
    Reply,
    /// Server to client, unasked.
    Event,
    /// Either way: greeting, heartbeat, resynchronisation.
    Control,
}

/// Which of the two followed streams an event is an entry of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamTag {
    /// The stream of the organization the session has in focus.
    Org,
    /// The personal stream.
    Personal,
}

/// A decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who speaks to whom.
    pub class: Class,
    /// Number of the message type within its class.
    pub kind: u16,
    /// A reply that refuses; its body is a [`crate::Refusal`].
    pub refusal: bool,
    /// The stream an event is an entry of, if it is one.
    pub stream: Option<StreamTag>,
    /// Request id, sequence number or expiry; see the module's table.
    pub id: u64,
}

/// Why bytes are not a frame. Each closes the connection with `malformed` (or `too_large`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Shorter than the header, or than the header says.
    #[error("truncated frame")]
    Truncated,
    /// Bytes after the body.
    #[error("{0} bytes after the frame")]
    Trailing(usize),
    /// Another version than 1.
    #[error("unsupported version {0}")]
    Version(u8),
    /// No such class.
    #[error("unknown class {0}")]
    Class(u8),
    /// A flag, stream tag or reserved byte that has no meaning, or has none in this class.
    #[error("reserved bits are set")]
    Reserved,
    /// An id over 2^53 - 1.
    #[error("integer over 2^53-1")]
    IdTooLarge,
    /// Longer than the bound of this carrier and state.
    #[error("frame of {len} bytes; the limit is {max}")]
    TooLarge {
        /// Bytes of the frame.
        len: usize,
        /// The bound.
        max: usize,
    },
}

impl Header {
    /// A header for a request or its reply.
    #[must_use]
    pub const fn new(class: Class, kind: u16, id: u64) -> Self {
        Self { class, kind, refusal: false, stream: None, id }
    }

    /// The 20 bytes that go before a body of `body_len` bytes.
    #[must_use]
    pub fn encode(&self, body_len: u32) -> [u8; HEADER_LEN] {
        let mut out = [0_u8; HEADER_LEN];
        let (head, rest) = out.split_at_mut(8);
        let (id, len) = rest.split_at_mut(8);
        let kind = self.kind.to_be_bytes();
        let class = match self.class {
            Class::Request => 1,
            Class::Reply => 2,
            Class::Event => 3,
            Class::Control => 4,
        };
        let stream = match self.stream {
            None => 0,
            Some(StreamTag::Org) => 1,
            Some(StreamTag::Personal) => 2,
        };
        head.copy_from_slice(&[
            VERSION,
            class,
            kind[0],
            kind[1],
            u8::from(self.refusal) * FLAG_REFUSAL,
            stream,
            0,
            0,
        ]);
        id.copy_from_slice(&self.id.to_be_bytes());
        len.copy_from_slice(&body_len.to_be_bytes());
        out
    }

    fn decode(bytes: &[u8; HEADER_LEN]) -> Result<(Self, usize), FrameError> {
        let [version, class, k0, k1, flags, stream, r0, r1, rest @ ..] = *bytes;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let class = match class {
            1 => Class::Request,
            2 => Class::Reply,
            3 => Class::Event,
            4 => Class::Control,
            other => return Err(FrameError::Class(other)),
        };
        let stream = match stream {
            0 => None,
            1 => Some(StreamTag::Org),
            2 => Some(StreamTag::Personal),
            _ => return Err(FrameError::Reserved),
        };
        let refusal = flags == FLAG_REFUSAL;
        let flags_fit = flags == 0 || (refusal && class == Class::Reply);
        if !flags_fit || r0 != 0 || r1 != 0 || (stream.is_some() && class != Class::Event) {
            return Err(FrameError::Reserved);
        }
        let [i0, i1, i2, i3, i4, i5, i6, i7, l0, l1, l2, l3] = rest;
        let id = u64::from_be_bytes([i0, i1, i2, i3, i4, i5, i6, i7]);
        if id > INT_MAX {
            return Err(FrameError::IdTooLarge);
        }
        let len = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        Ok((Self { class, kind: u16::from_be_bytes([k0, k1]), refusal, stream, id }, len))
    }
}

/// Header and body of one frame, the body borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The header.
    pub header: Header,
    /// The body: MessagePack.
    pub body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Splits a message that must hold exactly one frame of at most `max` bytes.
    ///
    /// # Errors
    /// [`FrameError`], without having allocated anything.
    pub fn parse(message: &'a [u8], max: usize) -> Result<Self, FrameError> {
        let (frame, rest) = Self::parse_prefix(message, max)?;
        if rest.is_empty() { Ok(frame) } else { Err(FrameError::Trailing(rest.len())) }
    }

    /// Splits the first frame off a byte stream and returns what follows it.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] when more bytes are needed; another [`FrameError`] when no more will help.
    pub fn parse_prefix(bytes: &'a [u8], max: usize) -> Result<(Self, &'a [u8]), FrameError> {
        let (head, rest) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(FrameError::Truncated)?;
        let (header, len) = Header::decode(head)?;
        let total = len.saturating_add(HEADER_LEN);
        if total > max {
            return Err(FrameError::TooLarge { len: total, max });
        }
        let (body, rest) = rest.split_at_checked(len).ok_or(FrameError::Truncated)?;
        Ok((Self { header, body }, rest))
    }
}

/// Header and body in one buffer.
///
/// # Panics
/// Never for bodies that an encoder of this crate made: they are far below 4 GiB.
#[must_use]
pub fn encode_frame(header: &Header, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).expect("bodies are bounded far below 4 GiB");
    let mut out = Vec::with_capacity(HEADER_LEN + body.len());
    out.extend_from_slice(&header.encode(len));
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Class, Frame, FrameError, HEADER_LEN, Header, StreamTag, encode_frame};

    fn any_header() -> impl Strategy<Value = Header> {
        (0_u8..6, any::<u16>(), 0_u64..(1 << 53)).prop_map(|(shape, kind, id)| match shape {
            0 => Header::new(Class::Request, kind, id),
            1 => Header::new(Class::Reply, kind, id),
            2 => Header { refusal: true, ..Header::new(Class::Reply, kind, id) },
            3 => Header { stream: Some(StreamTag::Org), ..Header::new(Class::Event, kind, id) },
            4 => Header { stream: Some(StreamTag::Personal), ..Header::new(Class::Event, kind, id) },
            _ => Header::new(Class::Control, kind, id),
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(header in any_header(), body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let bytes = encode_frame(&header, &body);
            let frame = Frame::parse(&bytes, 1024).unwrap();
            prop_assert_eq!(frame.header, header);
            prop_assert_eq!(frame.body, &body[..]);
        }

        #[test]
        fn any_bytes_are_a_frame_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(frame) = Frame::parse(&bytes, 1024) {
                prop_assert_eq!(encode_frame(&frame.header, frame.body), bytes);
            }
        }
    }

    #[test]
    fn a_length_that_lies_is_refused_before_anything_is_allocated() {
        let mut bytes = encode_frame(&Header::new(Class::Request, 1, 1), &[0xc0]);
        bytes[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(Frame::parse(&bytes, 65_536), Err(FrameError::TooLarge { max: 65_536, .. })));
        bytes[16..20].copy_from_slice(&2_u32.to_be_bytes());
        assert_eq!(Frame::parse(&bytes, 65_536), Err(FrameError::Truncated));
        bytes[16..20].copy_from_slice(&0_u32.to_be_bytes());
        assert_eq!(Frame::parse(&bytes, 65_536), Err(FrameError::Trailing(1)));
    }

    #[test]
    fn reserved_bits_are_refused_so_that_they_can_be_given_a_meaning() {
        let good = encode_frame(&Header::new(Class::Request, 1, 1), &[]);
        for (at, value) in [(4, 1), (4, 2), (5, 1), (5, 3), (6, 1), (7, 1)] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(Frame::parse(&bytes, 1024), Err(FrameError::Reserved), "byte {at} = {value}");
        }
        assert_eq!(good.len(), HEADER_LEN);
    }
}
