//! Addresses in attributes, in clear and obfuscated (RFC 8489 §14.1 and §14.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::attribute::Family;
use super::message::{MAGIC_COOKIE, TransactionId};

/// Bytes of the longest encoded address: family, port and 16 bytes of IPv6.
const ADDRESS_LEN_MAX: usize = 20;

/// An encoded address: the first `len` bytes count.
#[derive(Clone, Copy, Debug)]
pub struct EncodedAddress {
    bytes: [u8; ADDRESS_LEN_MAX],
    len: usize,
}

impl std::ops::Deref for EncodedAddress {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Reads an address in clear (MAPPED-ADDRESS, ALTERNATE-SERVER); `None` when it is malformed.
#[must_use]
pub fn decode_address(value: &[u8]) -> Option<SocketAddr> {
    let (head, ip) = value.split_first_chunk::<4>()?;
    let [_, family, high, low] = *head;
    let ip = match Family::from_number(family)? {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes([high, low])))
}

/// Reads an obfuscated address; `None` when it is malformed.
#[must_use]
pub fn decode_xor_address(value: &[u8], transaction: TransactionId) -> Option<SocketAddr> {
    decode_address(value).map(|address| xor(address, transaction))
}

/// Encodes an address in clear.
#[must_use]
pub fn encode_address(address: SocketAddr) -> EncodedAddress {
    let mut bytes = [0; ADDRESS_LEN_MAX];
    let mut len = 0;
    let mut put = |part: &[u8]| {
        for byte in part {
            if let Some(place) = bytes.get_mut(len) {
                *place = *byte;
                len += 1;
            }
        }
    };
    put(&[0, Family::of(address.ip()) as u8]);
    put(&address.port().to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => put(&ip.octets()),
        IpAddr::V6(ip) => put(&ip.octets()),
    }
    EncodedAddress { bytes, len }
}

/// Encodes an address obfuscated.
#[must_use]
pub fn encode_xor_address(address: SocketAddr, transaction: TransactionId) -> EncodedAddress {
    encode_address(xor(address, transaction))
}

/// Obfuscation is its own inverse.
fn xor(address: SocketAddr, transaction: TransactionId) -> SocketAddr {
    let [a, b, ..] = MAGIC_COOKIE.to_be_bytes();
    let port = address.port() ^ u16::from_be_bytes([a, b]);
    let ip = match address.ip() {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() ^ MAGIC_COOKIE)),
        IpAddr::V6(ip) => {
            let mask = (u128::from(MAGIC_COOKIE) << 96) | transaction.to_bits();
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ mask))
        }
    };
    SocketAddr::new(ip, port)
}
