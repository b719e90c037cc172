//! The data path: ChannelData (RFC 8656 §12.4) and the bytes that go before a peer's payload.

use std::net::SocketAddr;

use super::address::encode_xor_address;
use super::attribute::AttributeType;
use super::message::{Class, HEADER_LEN, MAGIC_COOKIE, Method, TransactionId, message_type};
use super::padded;

/// Bytes before the payload of ChannelData.
pub const CHANNEL_HEADER_LEN: usize = 4;

/// Bytes of the longest prefix: header, XOR-PEER-ADDRESS of IPv6 and the head of DATA.
const PREFIX_LEN_MAX: usize = HEADER_LEN + 24 + 4;

/// ChannelData as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelData {
    /// The channel.
    pub number: u16,
    /// Bytes of the payload, which starts after [`CHANNEL_HEADER_LEN`].
    pub len: usize,
}

impl ChannelData {
    /// Reads the head of ChannelData in a datagram, which may end with padding (RFC 8656 §12.5); `None` when it is
    /// shorter than it says. Which numbers are channels is for the caller to say.
    #[must_use]
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let (head, rest) = datagram.split_first_chunk::<CHANNEL_HEADER_LEN>()?;
        let [n0, n1, l0, l1] = *head;
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        (len <= rest.len()).then_some(Self { number: u16::from_be_bytes([n0, n1]), len })
    }
}

/// A few bytes that go before a payload, held inline so that the data path allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    bytes: [u8; PREFIX_LEN_MAX],
    len: u8,
}

impl Prefix {
    const fn new() -> Self {
        Self { bytes: [0; PREFIX_LEN_MAX], len: 0 }
    }

    fn put(&mut self, part: &[u8]) {
        let at = usize::from(self.len);
        let place = self.bytes.get_mut(at..at + part.len()).expect("the parts of a prefix fit it");
        place.copy_from_slice(part);
        self.len += u8::try_from(part.len()).expect("the parts of a prefix fit it");
    }
}

impl std::ops::Deref for Prefix {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// The head of ChannelData for a payload; `None` when it is too long for one.
#[must_use]
pub fn channel_header(number: u16, payload_len: usize) -> Option<Prefix> {
    let len = u16::try_from(payload_len).ok()?;
    let mut prefix = Prefix::new();
    prefix.put(&number.to_be_bytes());
    prefix.put(&len.to_be_bytes());
    Some(prefix)
}

/// Everything of a Data indication before its payload, which is its last attribute; `None` when the payload is too
/// long for one.
#[must_use]
pub fn data_indication(transaction: TransactionId, peer: SocketAddr, payload_len: usize) -> Option<Prefix> {
    let address = encode_xor_address(peer, transaction);
    let len = u16::try_from(payload_len).ok()?;
    let body = u16::try_from(4 + address.len() + 4 + padded(payload_len)).ok()?;
    let mut prefix = Prefix::new();
    prefix.put(&message_type(Class::Indication, Method::DATA).to_be_bytes());
    prefix.put(&body.to_be_bytes());
    prefix.put(&MAGIC_COOKIE.to_be_bytes());
    prefix.put(&transaction.0);
    prefix.put(&AttributeType::XOR_PEER_ADDRESS.0.to_be_bytes());
    prefix.put(&u16::try_from(address.len()).ok()?.to_be_bytes());
    prefix.put(&address);
    prefix.put(&AttributeType::DATA.0.to_be_bytes());
    prefix.put(&len.to_be_bytes());
    Some(prefix)
}
