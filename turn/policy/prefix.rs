//! Prefixes of addresses, compared as numbers.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// The text is no `address/length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an address, or an address with a prefix length")]
pub struct PrefixError;

/// All addresses of one family that start with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix {
    v6: bool,
    bits: u128,
    len: u8,
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix(/{})", self.len)
    }
}

impl Prefix {
    /// One address.
    #[must_use]
    pub fn host(ip: IpAddr) -> Self {
        Self::new(ip, if ip.is_ipv4() { 32 } else { 128 }).expect("the length is the family's")
    }

    /// The prefix of that many bits.
    ///
    /// # Errors
    /// The length is longer than the address.
    pub fn new(ip: IpAddr, len: u8) -> Result<Self, PrefixError> {
        let width = if ip.is_ipv4() { 32 } else { 128 };
        if len > width {
            return Err(PrefixError);
        }
        Ok(Self { v6: ip.is_ipv6(), bits: bits(ip) & mask(len), len })
    }

    /// Bits that are compared.
    #[must_use]
    pub const fn bit_len(&self) -> u8 {
        self.len
    }

    /// Whether it is one address.
    #[must_use]
    pub const fn is_host(&self) -> bool {
        self.len == if self.v6 { 128 } else { 32 }
    }

    /// Whether the address is in it. An address of the other family never is.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        ip.is_ipv6() == self.v6 && bits(ip) & mask(self.len) == self.bits
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let Some((ip, len)) = text.split_once('/') else {
            return text.parse().map(Self::host).map_err(|_| PrefixError);
        };
        Self::new(ip.parse().map_err(|_| PrefixError)?, len.parse().map_err(|_| PrefixError)?)
    }
}

impl From<&(IpAddr, u8)> for Prefix {
    fn from((ip, len): &(IpAddr, u8)) -> Self {
        Self::new(*ip, *len).unwrap_or_else(|_| Self::host(*ip))
    }
}

/// The address's bits, left-aligned.
const fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => (ip.to_bits() as u128) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn mask(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0)
}
