//! The codec of STUN (RFC 8489) and TURN (RFC 8656): borrowed views of what was received, a writer into the
//! caller's buffer.
//!
//! Not known here: allocations, users, peers that may be reached, time. Nothing is copied or stored.

mod address;
mod attribute;
mod channel;
mod framer;
mod integrity;
mod message;
mod writer;

pub use address::{EncodedAddress, decode_address, decode_xor_address, encode_address, encode_xor_address};
pub use attribute::{AttributeType, ErrorCode, Family};
pub use channel::{CHANNEL_HEADER_LEN, ChannelData, Prefix, channel_header, data_indication};
pub use framer::{FrameError, Framer};
pub(crate) use integrity::same as same_bytes;
pub use integrity::{Integrity, IntegrityKind, fingerprint, hmac_sha1, hmac_sha256};
pub use message::{Attributes, Class, HEADER_LEN, MAGIC_COOKIE, Message, Method, ParseError, TransactionId};
pub use writer::{Full, Writer};

/// Rounds a length up to the next multiple of four, as attributes and stream frames are padded.
#[must_use]
pub const fn padded(len: usize) -> usize {
    len.saturating_add(3) & !3
}
