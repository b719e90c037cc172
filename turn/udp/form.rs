//! Addresses and control messages in the kernel's form, written and read as bytes.

use core::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::{Mark, Origin};

/// An address as the kernel writes it: `sockaddr_in` or `sockaddr_in6`.
pub(crate) const NAME_BYTES: usize = size_of::<libc::sockaddr_in6>();
/// See [`NAME_BYTES`].
pub(crate) type Name = [u8; NAME_BYTES];

/// Control messages: four of 24 bytes at most either way (train, TOS, TTL, overflow), or one error with its offender.
pub(crate) const CONTROL_BYTES: usize = 128;
/// See [`CONTROL_BYTES`].
pub(crate) type Control = [u8; CONTROL_BYTES];

const CONTROL_HEADER: usize = size_of::<libc::cmsghdr>();
const _: () = assert!(CONTROL_HEADER == size_of::<usize>() + 2 * size_of::<c_int>());

/// An address as the bytes of the kernel's structure, and how many of them count.
pub(crate) fn write_name(address: SocketAddr) -> (Name, usize) {
    let mut name: Name = [0; NAME_BYTES];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = name.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(2, &address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            put(0, &family(libc::AF_INET).to_ne_bytes());
            put(4, &v4.ip().octets());
            (name, size_of::<libc::sockaddr_in>())
        }
        SocketAddr::V6(v6) => {
            put(0, &family(libc::AF_INET6).to_ne_bytes());
            put(4, &v6.flowinfo().to_ne_bytes());
            put(8, &v6.ip().octets());
            put(24, &v6.scope_id().to_ne_bytes());
            (name, NAME_BYTES)
        }
    }
}

fn family(number: c_int) -> libc::sa_family_t {
    libc::sa_family_t::try_from(number).unwrap_or_default()
}

pub(crate) fn read_name(name: &Name) -> Option<SocketAddr> {
    let port = u16::from_be_bytes(*name.get(2..)?.first_chunk()?);
    let number = libc::sa_family_t::from_ne_bytes(*name.first_chunk()?);
    if number == family(libc::AF_INET) {
        let octets: [u8; 4] = *name.get(4..)?.first_chunk()?;
        Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(octets)), port))
    } else if number == family(libc::AF_INET6) {
        let octets: [u8; 16] = *name.get(8..)?.first_chunk()?;
        let scope = u32::from_ne_bytes(*name.get(24..)?.first_chunk()?);
        Some(SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::from(octets), port, 0, scope)))
    } else {
        None
    }
}

/// The marks of a message as control messages, and how many bytes of them count.
pub(crate) fn write_marks(v6: bool, mark: Mark, segment: Option<u16>) -> (Control, usize) {
    let mut control: Control = [0; CONTROL_BYTES];
    let mut at = 0;
    let mut put = |level: c_int, kind: c_int, data: &[u8]| {
        let length = CONTROL_HEADER + data.len();
        let Some(place) = control.get_mut(at..at + length) else { return };
        let fields = [&length.to_ne_bytes()[..], &level.to_ne_bytes(), &kind.to_ne_bytes(), data];
        place.iter_mut().zip(fields.iter().flat_map(|field| field.iter())).for_each(|(to, from)| *to = *from);
        at += length.next_multiple_of(size_of::<usize>());
    };
    if let Some(segment) = segment {
        put(libc::SOL_UDP, libc::UDP_SEGMENT, &segment.to_ne_bytes());
    }
    let (level, tos, ttl) = if v6 {
        (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, libc::IPV6_HOPLIMIT)
    } else {
        (libc::IPPROTO_IP, libc::IP_TOS, libc::IP_TTL)
    };
    if let Some(value) = mark.tos {
        put(level, tos, &c_int::from(value).to_ne_bytes());
    }
    if let Some(value) = mark.ttl {
        put(level, ttl, &c_int::from(value).to_ne_bytes());
    }
    (control, at)
}

/// What control messages say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) segment: usize,
    pub(crate) ttl: Option<u8>,
    pub(crate) tos: Option<u8>,
    pub(crate) overflow: Option<u32>,
    pub(crate) error: Option<(Origin, u8, u8, u32)>,
}

impl Told {
    pub(crate) fn read(mut control: &[u8]) -> Self {
        let mut told = Self::default();
        while let Some((level, kind, data, rest)) = split_control(control) {
            told.take(level, kind, data);
            control = rest;
        }
        told
    }

    fn take(&mut self, level: c_int, kind: c_int, data: &[u8]) {
        let number = data.first_chunk().map(|bytes| c_int::from_ne_bytes(*bytes));
        match (level, kind) {
            (libc::SOL_UDP, libc::UDP_GRO) => {
                self.segment = number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
            }
            // One byte, unlike its IPv6 sibling.
            (libc::IPPROTO_IP, libc::IP_TOS) => self.tos = data.first().copied(),
            (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                self.ttl = number.and_then(|number| u8::try_from(number).ok());
            }
            (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => {
                self.tos = number.and_then(|number| u8::try_from(number).ok());
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                self.overflow = data.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
            }
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {
                self.error = read_error(data);
            }
            _ => {}
        }
    }
}

/// `sock_extended_err`: errno, then origin, type, code and padding of one byte each, then info.
fn read_error(data: &[u8]) -> Option<(Origin, u8, u8, u32)> {
    let &[origin, kind, code, _] = data.get(4..8)?.first_chunk()?;
    let info = u32::from_ne_bytes(*data.get(8..)?.first_chunk()?);
    match origin {
        libc::SO_EE_ORIGIN_LOCAL => Some((Origin::Local, 0, 0, info)),
        libc::SO_EE_ORIGIN_ICMP => Some((Origin::Icmp4, kind, code, info)),
        libc::SO_EE_ORIGIN_ICMP6 => Some((Origin::Icmp6, kind, code, info)),
        _ => None,
    }
}

/// The first control message (level, type, data) and what follows it.
fn split_control(control: &[u8]) -> Option<(c_int, c_int, &[u8], &[u8])> {
    let length = usize::from_ne_bytes(*control.first_chunk()?);
    let level = c_int::from_ne_bytes(*control.get(size_of::<usize>()..)?.first_chunk()?);
    let kind = c_int::from_ne_bytes(*control.get(size_of::<usize>() + size_of::<c_int>()..)?.first_chunk()?);
    let data = control.get(CONTROL_HEADER..length)?;
    let next = length.checked_next_multiple_of(size_of::<usize>())?;
    Some((level, kind, data, control.get(next..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use core::ffi::c_int;
    use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};

    use proptest::prelude::*;

    use super::{Told, read_name, write_marks, write_name};
    use crate::{Mark, Origin};

    proptest! {
        #[test]
        fn addresses_survive_the_kernels_form(v4 in any::<[u8; 4]>(), v6 in any::<[u8; 16]>(), port: u16, scope: u32) {
            let v6 = SocketAddrV6::new(Ipv6Addr::from(v6), port, 0, scope);
            for address in [SocketAddr::from((v4, port)), SocketAddr::V6(v6)] {
                prop_assert_eq!(read_name(&write_name(address).0), Some(address));
            }
        }

        #[test]
        fn any_control_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Told::read(&bytes);
        }
    }

    #[test]
    fn marks_are_read_back_as_they_were_written() {
        let mark = Mark { tos: Some(0xb8), ttl: Some(63), dont_fragment: false };
        for v6 in [false, true] {
            let (control, length) = write_marks(v6, mark, Some(1_200));
            let told = Told::read(&control[..length]);
            assert_eq!(told.ttl, Some(63));
            assert_eq!(told.tos, Some(0xb8));
        }
        assert_eq!(write_marks(false, Mark::default(), None).1, 0);
    }

    #[test]
    fn an_error_is_read_with_its_type_and_code() {
        let mut message = Vec::new();
        message.extend((16_usize + 16).to_ne_bytes());
        message.extend([libc::IPPROTO_IP, libc::IP_RECVERR].map(c_int::to_ne_bytes).concat());
        message.extend(libc::ECONNREFUSED.to_ne_bytes());
        message.extend([libc::SO_EE_ORIGIN_ICMP, 3, 4, 0]);
        message.extend(1_280_u32.to_ne_bytes());
        message.extend([0; 4]);
        assert_eq!(Told::read(&message).error, Some((Origin::Icmp4, 3, 4, 1_280)));
    }
}
